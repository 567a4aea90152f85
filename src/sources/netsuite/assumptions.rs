//! What NetSuite's words mean, and what its records don't say by themselves. Each assumption stands here and nowhere else.
//!
//! | assumed | because |
//! | --- | --- |
//! | the further of two states that one body tells is its state | a recorded body has the text in `status.id` and the letter in `orderStatus.id`; which of them moves past B is not documented |
//! | an absent `itemReceive` is yes | REST lists only what is checked, SuiteScript lists all lines |
//! | an invoice or cash sale without `createdFrom` takes its goods from stock | such a document has no fulfilment |
//! | a refund or receipt that is there was made | neither record has a state of its own |
//! | the primary book of an account has the id 1 | books beside it repeat its entries in other currencies or by other rules |
//! | dates between points are day first | no country writes month.day |
//!
//! Letters, type names and camel words were seen in public code and recorded bodies; the words of each letter are those of an English account. A
//! localised text is no word here: the letter beside it counts, and an account that tells texts alone is an `unknown-word`.

use crate::facts::Text;
use crate::facts::order::{ErpState, ReturnState, Tender, Word};

/// The records that become rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    SalesOrder,
    Fulfilment,
    Invoice,
    CashSale,
    ReturnAuthorisation,
    Receipt,
    CreditMemo,
    CashRefund,
    CustomerRefund,
    Deposit,
    Item,
    Customer,
    Journal,
}

/// Type names in letters alone: as SuiteScript and REST write them, as SuiteQL does, and as people name topics.
const KINDS: &[(Kind, &[&str])] = &[
    (Kind::SalesOrder, &["salesorder", "salesord"]),
    (Kind::Fulfilment, &["itemfulfillment", "itemfulfilment", "itemship", "fulfillment", "fulfilment"]),
    (Kind::Invoice, &["invoice", "custinvc"]),
    (Kind::CashSale, &["cashsale"]),
    (Kind::ReturnAuthorisation, &["returnauthorization", "returnauthorisation", "rtnauth", "rma"]),
    (Kind::Receipt, &["itemreceipt", "itemrcpt"]),
    (Kind::CreditMemo, &["creditmemo", "custcred"]),
    (Kind::CashRefund, &["cashrefund", "cashrfnd"]),
    (Kind::CustomerRefund, &["customerrefund", "custrfnd"]),
    (Kind::Deposit, &["customerdeposit", "custdep"]),
    (
        Kind::Item,
        &[
            "item",
            "inventoryitem",
            "serializedinventoryitem",
            "lotnumberedinventoryitem",
            "assemblyitem",
            "serializedassemblyitem",
            "lotnumberedassemblyitem",
            "kititem",
            "noninventoryitem",
            "noninventorysaleitem",
            "noninventoryresaleitem",
            "serviceitem",
            "servicesaleitem",
            "serviceresaleitem",
            "downloaditem",
            "giftcertificateitem",
        ],
    ),
    (Kind::Customer, &["customer"]),
    (Kind::Journal, &["journal", "journalentry"]),
];

/// Types that are known and become no rows.
const PASSED_OVER: &[&str] = &[
    "account",
    "assemblybuild",
    "assemblyunbuild",
    "contact",
    "customerpayment",
    "custpymt",
    "depositapplication",
    "deppappl",
    "depappl",
    "discountitem",
    "employee",
    "estimate",
    "fulfillmentrequest",
    "inventoryadjustment",
    "invadjst",
    "inventorycostrevaluation",
    "inventorycount",
    "inventorytransfer",
    "invtrnfr",
    "itemgroup",
    "lead",
    "location",
    "opportunity",
    "prospect",
    "purchaseorder",
    "purchord",
    "task",
    "transferorder",
    "trnford",
    "trnfrord",
    "vendor",
    "vendorbill",
    "vendorcredit",
    "vendorreturnauthorization",
    "workorder",
];

/// What a word says of a record's type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Named {
    Read(Kind),
    PassedOver(Text),
}

/// Letters alone, in lower case.
fn letters(text: &str) -> String {
    text.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

/// The type of this name, in any spelling and number (`salesOrder`, `sales-orders`, `SalesOrd`, `Sales Order`).
pub(super) fn named(text: &str) -> Option<Named> {
    let name = letters(text);
    let one = name.strip_suffix('s').unwrap_or(&name);
    let is = |known: &&str| **known == *name || **known == *one;
    if let Some((kind, _)) = KINDS.iter().find(|(_, names)| names.iter().any(is)) {
        return Some(Named::Read(*kind));
    }
    PASSED_OVER.iter().find(|known| is(known)).map(|known| Named::PassedOver((*known).into()))
}

/// What is known of each letter: the letter, how far it is, and its words in letters alone.
type Letters = [(char, u32, &'static [&'static str])];

const SALES: &Letters = &[
    ('A', 0, &["pendingapproval"]),
    ('B', 1, &["pendingfulfillment"]),
    ('D', 2, &["partiallyfulfilled"]),
    ('E', 3, &["pendingbillingpartiallyfulfilled", "pendingbillingpartfulfilled", "pendingbillpartfulfilled"]),
    ('F', 4, &["pendingbilling"]),
    ('G', 5, &["billed", "fullybilled"]),
    ('H', 6, &["closed"]),
    ('C', 7, &["cancelled", "canceled"]),
];

const RETURNS: &Letters = &[
    ('A', 0, &["pendingapproval"]),
    ('B', 1, &["pendingreceipt"]),
    ('D', 2, &["partiallyreceived"]),
    ('E', 3, &["pendingrefundpartiallyreceived", "pendingrefundpartreceived"]),
    ('F', 4, &["pendingrefund"]),
    ('G', 5, &["refunded"]),
    ('H', 6, &["closed"]),
    ('C', 7, &["cancelled", "canceled"]),
];

const FULFILMENTS: &Letters = &[('A', 0, &["picked"]), ('B', 1, &["packed"]), ('C', 2, &["shipped"])];

/// Of other records only this matters.
const OTHERS: &Letters = &[('V', 1, &["voided", "void"])];

fn letters_of(kind: Kind) -> &'static Letters {
    match kind {
        Kind::SalesOrder => SALES,
        Kind::ReturnAuthorisation => RETURNS,
        Kind::Fulfilment => FULFILMENTS,
        _ => OTHERS,
    }
}

/// The state that some of these words tell, and how far it is: the furthest of them; `None`: none of them has a meaning. Words are letters (`B`), texts
/// (`Pending Fulfillment`), camel words (`pendingFulfillment`), or one of these behind the type (`SalesOrd:B`, `Sales Order : Billed`).
pub(super) fn state<'w>(kind: Kind, words: impl Iterator<Item = &'w str>) -> Option<(char, u32)> {
    let read = |word: &str| {
        let word = letters(word.rsplit(':').next().unwrap_or(word));
        let mut known = letters_of(kind).iter();
        known.find(|(letter, _, names)| (word.len() == 1 && word.starts_with(letter.to_ascii_lowercase())) || names.contains(&&*word))
    };
    words.filter_map(read).map(|(letter, rank, _)| (*letter, *rank)).max_by_key(|(_, rank)| *rank)
}

/// The letter of an order that was closed by hand: nothing more of it is delivered, whether its lines say so or not.
pub(super) const CLOSED: char = 'H';

/// An order whose goods have all left (F) is not posted before it is billed (G).
pub(super) fn erp_state(letter: char) -> Word<ErpState> {
    match letter {
        'A' => Word::Known(ErpState::Pending),
        'B' | 'D' | 'E' | 'F' => Word::Known(ErpState::Approved),
        'G' => Word::Known(ErpState::Posted),
        'H' => Word::Known(ErpState::Closed),
        'C' => Word::Known(ErpState::Cancelled),
        other => Word::Unknown(Text::from_iter([other])),
    }
}

pub(super) fn return_state(letter: char) -> Word<ReturnState> {
    match letter {
        'A' => Word::Known(ReturnState::Asked),
        'B' | 'D' | 'E' | 'F' => Word::Known(ReturnState::Approved),
        'G' => Word::Known(ReturnState::Posted),
        'H' => Word::Known(ReturnState::Closed),
        'C' => Word::Known(ReturnState::Withdrawn),
        other => Word::Unknown(Text::from_iter([other])),
    }
}

/// What a line's item type says of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ItemType {
    /// Something that is sold.
    Sold,
    /// A discount on the line above.
    Discount,
    /// Carriage, tax, texts, sums: nothing that is sold.
    Other,
}

pub(super) fn item_type(word: &str) -> ItemType {
    match &*letters(word) {
        "discount" | "markup" => ItemType::Discount,
        "shipitem" | "taxitem" | "taxgroup" | "subtotal" | "description" | "payment" | "group" | "endgroup" | "expense" | "othcharge"
        | "othercharge" | "discountitem" => ItemType::Other,
        _ => ItemType::Sold,
    }
}

/// The document that goods were moved for is no order of a customer's: a transfer, a purchase, a vendor return. Told as a type (`TrnfrOrd`) or as the
/// beginning of a text (`Transfer Order #TO1`).
pub(super) fn is_of_a_customer(order_type: &str) -> bool {
    let word = letters(order_type);
    let others = ["trnfrord", "transferorder", "invtrnfr", "purchord", "purchaseorder", "vendauth", "vendorreturn", "workord", "workorder"];
    !others.iter().any(|other| word.starts_with(other))
}

/// The book that is compared; the others show the same transactions once more.
pub(super) fn is_primary_book(id_or_name: &str) -> bool {
    matches!(&*letters(id_or_name), "" | "1") || letters(id_or_name).starts_with("primary")
}

/// Payment methods that are no card; the account names them at will.
pub(super) const TENDERS: &[(&str, Tender)] = &[
    ("ach", Tender::Bank),
    ("bank transfer", Tender::Bank),
    ("cash", Tender::Cash),
    ("check", Tender::Bank),
    ("cheque", Tender::Bank),
    ("direct debit", Tender::Bank),
    ("eft", Tender::Bank),
    ("gift card", Tender::GiftCard),
    ("gift certificate", Tender::GiftCard),
    ("store credit", Tender::StoreCredit),
    ("wire", Tender::Bank),
    ("wire transfer", Tender::Bank),
];

/// Currencies as accounts name them when they are set up; an account may rename them.
pub(super) const CURRENCIES: &[(&str, &str)] = &[
    ("australian dollar", "AUD"),
    ("british pound", "GBP"),
    ("canadian dollar", "CAD"),
    ("danish krone", "DKK"),
    ("euro", "EUR"),
    ("japanese yen", "JPY"),
    ("norwegian krone", "NOK"),
    ("polish zloty", "PLN"),
    ("pound sterling", "GBP"),
    ("swedish krona", "SEK"),
    ("swiss franc", "CHF"),
    ("uk pound", "GBP"),
    ("us dollar", "USD"),
    ("usa", "USD"),
];

/// Links from a document to the one that was made from it, in the link tables. `Payment` and `DepAppl` say only what was paid with what.
pub(super) fn is_made_from(link_type: &str) -> bool {
    matches!(&*letters(link_type), "ordbill" | "shiprcpt" | "orddep" | "saleret" | "deprfnd")
}

/// A record whose type nobody tells (a REST body whose links were taken out, on a topic of another name), by members that only this type has.
/// `has` says whether the body has the member.
pub(super) fn by_members(has: impl Fn(&str) -> bool) -> Option<Kind> {
    let all = |names: &[&str]| names.iter().all(|name| has(name));
    Some(match () {
        () if all(&["shipstatus"]) => Kind::Fulfilment,
        () if all(&["itemid"]) && (has("locations") || has("displayname") || has("upccode") || has("price")) => Kind::Item,
        () if all(&["salesorder", "payment"]) => Kind::Deposit,
        () if all(&["customer", "apply", "total"]) => Kind::CustomerRefund,
        () if all(&["apply", "item", "amountremaining"]) => Kind::CreditMemo,
        () if all(&["paymentoperation", "createdfrom", "item"]) => Kind::CashRefund,
        () if all(&["entityid"]) && (has("isperson") || has("email")) => Kind::Customer,
        () if all(&["ordertype", "orderid", "item"]) => Kind::Receipt,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_spellings_of_one_state() {
        for word in ["B", "Pending Fulfillment", "pendingFulfillment", "SalesOrd:B", "Sales Order : Pending Fulfillment"] {
            assert_eq!(state(Kind::SalesOrder, [word].into_iter()), Some(('B', 1)), "{word}");
        }
        assert_eq!(state(Kind::SalesOrder, ["B", "Billed"].into_iter()), Some(('G', 5)), "the further one");
        assert_eq!(
            state(Kind::SalesOrder, ["Ausführung ausstehend", "B"].into_iter()),
            Some(('B', 1)),
            "the letter beside a localised text"
        );
        assert_eq!(state(Kind::Fulfilment, ["Kommissioniert"].into_iter()), None);
        assert_eq!(state(Kind::ReturnAuthorisation, ["pendingRefundPartReceived"].into_iter()), Some(('E', 3)));
    }

    #[test]
    fn types_are_known_in_every_spelling() {
        for name in ["salesOrder", "salesorder", "SalesOrd", "Sales Order", "sales-orders", "SALESORDERS"] {
            assert_eq!(named(name), Some(Named::Read(Kind::SalesOrder)), "{name}");
        }
        assert_eq!(named("item-fulfilments"), Some(Named::Read(Kind::Fulfilment)));
        assert_eq!(named("TrnfrOrd"), Some(Named::PassedOver("trnfrord".into())));
        assert_eq!(named("widget"), None);
    }
}
