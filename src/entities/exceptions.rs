//! The exceptions that exist: one entry each. From this table come what a person is asked to do, which decisions settle an exception, and the
//! tables in `docs/specification/exceptions.md`.
//!
//! An exception is a statement, open while it holds. Where `after` names a duration it opens only when that has passed; durations are keys of
//! `[durations]`. What is wrong is found where its entity is computed: `order/findings/`, `sku/findings.rs`, `events/alias.rs`,
//! `events/customer_exceptions.rs`.

use super::durations::DurationKey;

/// What an exception is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    /// An order.
    Order,
    /// What another system calls an order.
    Alias,
    /// A SKU.
    Sku,
    /// A customer.
    Customer,
    /// The whole application: there is one of each kind.
    Application,
}

/// One kind of exception.
pub struct ExceptionKind {
    /// Its name: the first part of the statement's key.
    pub kind: &'static str,
    /// What it is about. Two entities may have kinds of one name.
    pub about: About,
    /// The theme it stands under in the specification.
    pub theme: &'static str,
    /// What is wrong.
    pub opens: &'static str,
    /// The key in `[durations]` of how long it has to last before the exception opens; `None`: it opens at once.
    pub after: Option<&'static str>,
    /// What a person does about it.
    pub to_do: &'static str,
    /// What ends it.
    pub closes: &'static str,
    /// Decisions that settle it; none: only the facts do.
    pub decisions: &'static [&'static str],
}

impl ExceptionKind {
    /// A decision for this choice may name an amount of money. Where goods are refunded or sent again it names pieces: what they are worth follows.
    pub fn takes_amount(&self, choice: &str) -> bool {
        let by_pieces = ["parcel-lost", "returned-to-sender", "return-condition", "return-not-received"].contains(&self.kind);
        !(by_pieces && matches!(choice, "refund" | "resend") || ["stopped", "restocked", "written-off"].contains(&choice))
    }
}

macro_rules! exceptions {
    ($($theme:literal {
        $($kind:literal of $about:ident $(, after $after:ident)? {
            opens: $opens:literal,
            to_do: $to_do:literal,
            closes: $closes:literal,
            $(decisions: [$($decision:literal),+],)?
        })+
    })+) => {
        &[$($(ExceptionKind {
            kind: $kind,
            about: About::$about,
            theme: $theme,
            opens: $opens,
            after: exceptions!(@after $($after)?),
            to_do: $to_do,
            closes: $closes,
            decisions: &[$($($decision),+)?],
        },)+)+]
    };
    (@after) => { None };
    (@after $after:ident) => { Some(stringify!($after)) };
}

/// Every kind, theme by theme.
pub const EXCEPTIONS: &[ExceptionKind] = exceptions! {
    "order" {
        "order-incomplete" of Order, after order_incomplete {
            opens: "a header without all its lines, an address or a payment",
            to_do: "look whether the source has stopped sending; nothing is requested for this order until it is whole",
            closes: "the order is complete",
        }
        "totals-differ" of Order {
            opens: "lines and charges differ from the total beyond rounding",
            to_do: "find the charge that no system reported and map it; no money is requested for this order until the sums agree. Accepted: the difference counts as a charge, and the order goes on",
            closes: "the sums agree, or a decision",
            decisions: ["accept"],
        }
        "rows-contradict" of Order {
            opens: "rows that contradict each other: a negative quantity, a line deleted after its despatch, a bundle without parts",
            to_do: "correct the source that is wrong; nothing is requested for this order until its rows agree",
            closes: "the rows agree",
        }
        "bundle-part" of Order {
            opens: "a part of a bundle of a fixed price whose share is not known",
            to_do: "give the part a list price, or set its value by a decision; until then only the bundle as a whole has a price",
            closes: "the share is known, or a decision",
            decisions: ["accept"],
        }
        "erp-record-missing" of Order, after erp_record_missing {
            opens: "the ERP was asked to record the order, and has no record",
            to_do: "look at the ERP's import of orders",
            closes: "the record is there, or the order is cancelled",
        }
        "erp-record-gone" of Order, after erp_record_gone {
            opens: "the ERP deleted its record, and nothing of it is posted",
            to_do: "restore the document, or say that it was cancelled",
            closes: "posted rows are there, the record is back, or a decision",
            decisions: ["cancelled", "restored"],
        }
        "erp-duplicate" of Order {
            opens: "the ERP has two live records of the order",
            to_do: "delete one of them; no go-ahead is made while there are two",
            closes: "one is left",
        }
        "erp-differs" of Order, after erp_differs {
            opens: "the ERP's record differs from what it was asked for",
            to_do: "align the record with the order",
            closes: "they are equal, or a decision",
            decisions: ["accept"],
        }
        "unpaid" of Order, after unpaid {
            opens: "payment does not cover what is owed",
            to_do: "remind the customer, or cancel the order",
            closes: "paid, or cancelled",
        }
        "despatched-unpaid" of Order, after despatched_unpaid {
            opens: "goods of a prepaid order were despatched, and less is captured and not given back than they are worth",
            to_do: "capture the payment before its authorisation is gone",
            closes: "captured",
        }
        "currency-differs" of Order {
            opens: "a payment or a refund is in another currency than the order",
            to_do: "correct the row at its source; no money is requested for this order until then. Accepted: a payment counts for nothing, and the order goes on; a refund still shuts the gate",
            closes: "the row is corrected, or a decision",
            decisions: ["accept"],
        }
        "over-refunded" of Order {
            opens: "more is refunded than is due, beyond the tolerance",
            to_do: "accept the difference as goodwill (a later return is paid beside it), or claim it back",
            closes: "due and refunded are equal, or a decision",
            decisions: ["accept"],
        }
        "refund-unpaid" of Order, after refund_unpaid {
            opens: "a refund was requested, or is under way, and is not paid",
            to_do: "pay it, or ask whoever should; the law gives 14 days",
            closes: "paid, or less is due",
        }
        "refund-failed" of Order {
            opens: "a refund has failed, and its money is still due",
            to_do: "pay it by other means: a second request is not made for it",
            closes: "paid by any means, or less is due",
        }
        "overpaid" of Order, after overpaid {
            opens: "more is captured than the order is worth",
            to_do: "refund it by the decision, which requests it; or accept it, which leaves it with the customer's account",
            closes: "captured and worth are equal, it is refunded, or a decision",
            decisions: ["refund", "accept"],
        }
        "dispute-open" of Order {
            opens: "the payer's bank disputes a payment",
            to_do: "answer the bank; nothing is refunded meanwhile",
            closes: "won or lost",
        }
        "credit-note-differs" of Order {
            opens: "the ERP's credit note is above what its goods are worth",
            to_do: "correct the note, or give the rest as goodwill; the worth of the goods is refunded. Accepted: it is only closed",
            closes: "equal, or a decision",
            decisions: ["accept"],
        }
        "customer-account-open" of Order, after customer_account_open {
            opens: "all that was sent is delivered, and it is not paid: cash at the door that was not handed over (`invoice_open` where it is on account)",
            to_do: "ask the carrier or the customer for the money",
            closes: "paid, or less is owed",
        }
        "refund-unmatched" of Order, after refund_unmatched {
            opens: "a refund names a payment that the order does not have",
            to_do: "look whose payment it is; the refund counts for this order until its row says otherwise",
            closes: "the payment is there, the row is corrected, or a decision",
            decisions: ["accept"],
        }
        "books-differ" of Order, after books_differ {
            opens: "the keeper of the books has posted otherwise to an account than the order's rows come to",
            to_do: "compare the entries that are named with `waybill books ORDER`, and correct them in the ledger",
            closes: "they are equal, or a decision",
            decisions: ["accept"],
        }
        "cost-missing" of Order, after cost_missing {
            opens: "goods left, and no system has told their cost: their entries of cost wait",
            to_do: "give the item a cost in the ERP",
            closes: "the cost is known",
        }
        "refund-overasked" of Order {
            opens: "more was requested than is due or refunded, beyond the tolerance",
            to_do: "recall the request, if it is not paid yet",
            closes: "the request is recalled (a decision), or more is due",
            decisions: ["recalled"],
        }
    }
    "warehouse, parcels" {
        "release-unanswered" of Order, after release_unanswered {
            opens: "a go-ahead was made, and the warehouse has no order; or one that cannot change its order was asked to cancel it, and has not said that it did",
            to_do: "look at the warehouse's import of orders. Once it has cancelled what it was asked to: decide `stopped`, and what is wanted is asked for anew",
            closes: "the warehouse has it, or a decision: it has cancelled what it was asked to",
            decisions: ["stopped"],
        }
        "unknown-location" of Order {
            opens: "a row names a location that the configuration does not know",
            to_do: "give the location an entry, or its code an alias",
            closes: "the location is known",
        }
        "held-after-release" of Order {
            opens: "the order is held after its go-ahead, and not yet despatched",
            to_do: "call the warehouse: a hold does not take the go-ahead back",
            closes: "the hold is lifted, the order cancelled or despatched",
        }
        "cancelled-but-despatched" of Order {
            opens: "cancelled pieces were despatched",
            to_do: "stop the parcel, or await the return",
            closes: "the pieces came back, or a decision: the customer keeps and pays them",
            decisions: ["kept"],
        }
        "short-closed" of Order, after short_closed {
            opens: "warehouse or ERP will not deliver all, and the shop has not cancelled",
            to_do: "tell the customer, and cancel the rest in the shop",
            closes: "the shop cancels, or a decision",
            decisions: ["accept"],
        }
        "over-despatched" of Order {
            opens: "more was despatched than ordered",
            to_do: "bill it, let the customer keep it, or call it back",
            closes: "it came back, or a decision",
            decisions: ["accept"],
        }
        "other-item-despatched" of Order {
            opens: "goods were despatched that are not on the order",
            to_do: "confirm the substitute, or call it back",
            closes: "a decision",
            decisions: ["accept"],
        }
        "despatch-corrected" of Order, after despatch_corrected {
            opens: "a receiver shows more despatched than is true, and still does after it was sent a correction",
            to_do: "undo the shipment there",
            closes: "the receiver's rows agree",
        }
        "mirror-only" of Order, after mirror_only {
            opens: "the shop or the ERP shows goods as sent, and the warehouse that was asked to send them has not reported it; or systems tell different refunds, or have not told theirs, and more is due",
            to_do: "look which of them is right, and whether a feed has stopped; of goods only what the warehouse reports counts. Accepted: goods still do not count; money that waits is requested",
            closes: "both show the same, or a decision",
            decisions: ["accept"],
        }
        "cancel-unanswered" of Order, after cancel_unanswered {
            opens: "pieces were cancelled after their go-ahead, and the warehouse has not answered; their money waits for it",
            to_do: "ask the warehouse whether it has stopped them, and look at its feed",
            closes: "the warehouse answers, they were despatched, or a decision: it will not send them",
            decisions: ["stopped"],
        }
        "parcel-late" of Order, after parcel_late {
            opens: "no scan of a parcel, or its promised date passed",
            to_do: "ask the carrier",
            closes: "a scan, or the delivery",
        }
        "parcel-lost" of Order, after parcel_lost {
            opens: "the carrier marks it as lost, or no longer scans it",
            to_do: "send it again by a new order, or refund it: the decision asks for its money",
            closes: "found, or a decision",
            decisions: ["resend", "refund"],
        }
        "returned-to-sender" of Order {
            opens: "a parcel came back without an authorisation",
            to_do: "send it again by a new order, or refund it: the decision asks for its money",
            closes: "a new parcel, or a decision",
            decisions: ["resend", "refund"],
        }
        "completion-withdrawn" of Order {
            opens: "the order was completed, then the scan that delivered it was withdrawn",
            to_do: "look what happened, and reopen the order by hand where it was closed",
            closes: "delivered again, or a decision",
            decisions: ["accept"],
        }
    }
    "returns" {
        "goods-not-settled" of Order, after goods_not_settled {
            opens: "goods came back, and are neither counted as stock nor written off",
            to_do: "inspect them, and say what becomes of them: `restocked` or `written-off`, of the line's pieces in all. Accepted: it is only closed",
            closes: "a newer count, the warehouse reports what became of them, or a decision",
            decisions: ["restocked", "written-off", "accept"],
        }
        "return-unlogged" of Order, after return_unlogged {
            opens: "goods came back without an authorisation",
            to_do: "authorise the return, or send the goods back; nothing is refunded before",
            closes: "authorised, or a decision",
            decisions: ["accept"],
        }
        "return-over" of Order {
            opens: "more came back than was authorised or despatched",
            to_do: "authorise the rest, or send it back: at most what was authorised, received and despatched counts",
            closes: "authorised, or a decision",
            decisions: ["accept"],
        }
        "return-not-received" of Order, after return_not_received {
            opens: "a return was authorised, and its goods do not come (`return_not_received_refunded` where it is refunded already)",
            to_do: "ask the customer, or close the authorisation. Where a proof was agreed upon and has come: the decision refunds it",
            closes: "received, closed or withdrawn, or a decision",
            decisions: ["refund"],
        }
        "exchange-open" of Order, after exchange_open {
            opens: "goods came back to be exchanged, and no other goods are sent for them",
            to_do: "send them; or refund: the decision asks for the money; or accept, where another order that Waybill does not know of has them",
            closes: "the new goods are on an order, or a decision",
            decisions: ["refund", "accept"],
        }
        "return-condition" of Order {
            opens: "the warehouse rejects what came back",
            to_do: "refund it (a part: say how many pieces), or reject the return: nothing of it is refunded or reversed before",
            closes: "a decision",
            decisions: ["refund", "reject"],
        }
        "return-without-order" of Alias {
            opens: "a counter or a warehouse has received a return that names no order",
            to_do: "find the order, and name it by the decision `link`: the return then counts as if it had named the order",
            closes: "the alias leads to an order, since its system links it or by a decision",
            decisions: ["link"],
        }
        "return-other-item" of Order {
            opens: "goods came back that are not on the order",
            to_do: "decide what becomes of the goods, and whether they are refunded",
            closes: "a decision",
            decisions: ["accept"],
        }
    }
    "data" {
        "orphan-rows" of Alias, after orphan_rows {
            opens: "rows whose order is unknown",
            to_do: "find the order that this alias belongs to, and why its shop has not sent it",
            closes: "the alias leads to an order, since its system links it or by a decision",
            decisions: ["link"],
        }
        "alias-claimed-twice" of Alias {
            opens: "two orders claim one alias: two systems give the same number, or one does for its stores and some row names the number alone",
            to_do: "say which order the rows are about by the decision `link`, or correct the reference; rows under the alias wait until then",
            closes: "only one of them claims it, no row waits any more, or a decision",
            decisions: ["link"],
        }
        "key-reused" of Order {
            opens: "the shop has deleted an order and given its key to another one",
            to_do: "look whether anything was done for the order before: what the systems were asked for it is not taken back. Nothing is requested for the new one if anything was requested for that: enter it in the shop once more",
            closes: "a decision",
            decisions: ["accept"],
        }
        "snapshot-missing" of Order, after snapshot_missing {
            opens: "rows of an open order that a complete new snapshot of their source does not contain",
            to_do: "look whether the source has lost them, or its snapshot is set to skip them; they count as they were last sent",
            closes: "they are seen again or deleted, the order is over, or a decision",
            decisions: ["accept"],
        }
        "unknown-word" of Order {
            opens: "a status or condition word without a meaning",
            to_do: "give the word a meaning in the source's table of words",
            closes: "the word has a meaning",
        }
    }
    "held requests" {
        "requests-suspended" of Application {
            opens: "a change of the configuration or of the program alone would make requests; all of one topic are named with number and sum",
            to_do: "look at `waybill held`, then `waybill rules accept` sends them, and `waybill rules discard` writes them off",
            closes: "a decision, or nothing of it is due any more",
            decisions: ["accept", "discard"],
        }
        "in-flight" of Application {
            opens: "refunds that were due before `refund-requests` went live, and that no row shows as paid",
            to_do: "look at `waybill held`, then `waybill in-flight adopt` requests them, and `waybill in-flight settle` writes them off",
            closes: "they are paid, or a decision",
            decisions: ["adopt", "settle"],
        }
        "refund-limit" of Application {
            opens: "refunds pass a limit by hour, by sum or by share of a day's captures: from then on all refund requests wait",
            to_do: "find out why so much is paid back; then `waybill refunds release` lets all of it go",
            closes: "a decision",
            decisions: ["release"],
        }
    }
    "customers" {
        "identity-conflict" of Customer {
            opens: "merges of customers in a circle, or one customer that is merged into two others; none of them is joined",
            to_do: "find out which of the merges is right, and dismiss one that is not; or take it back in the system that is named",
            closes: "no merge contradicts another, or a decision",
            decisions: ["dismiss"],
        }
        "erasure-incomplete" of Customer, after erasure_incomplete {
            opens: "a person asked to be forgotten, and a source has written the account or an old consent again since",
            to_do: "erase the person in the system that is named; accepted: it is somebody else by now",
            closes: "the source has deleted it or made it anonymous, or a decision",
            decisions: ["accept"],
        }
    }
    "stock and prices" {
        "oversold" of Sku {
            opens: "more is claimed than is there, and the SKU can't be backordered",
            to_do: "buy in, move stock, or cancel the orders that are named, the latest first",
            closes: "nothing is claimed beyond what is there",
        }
        "negative-count" of Sku {
            opens: "a system counts below zero",
            to_do: "correct the count in the system that is named; it is used as it is",
            closes: "the count is zero or more",
        }
        "counts-differ" of Sku, after counts_differ {
            opens: "another system's count of a location differs from the one that counts",
            to_do: "count, and correct the system that is wrong; only the location's own counter is used",
            closes: "equal within the tolerance",
        }
        "count-stale" of Sku {
            opens: "a source has not counted for longer than its `counts_every`",
            to_do: "look whether the feed of counts has stopped",
            closes: "a newer count",
        }
        "shop-stock-differs" of Sku, after shop_stock_differs {
            opens: "a shop shows another figure than it was last sent, with nothing under way",
            to_do: "look whether whoever writes stock to the shop has stopped",
            closes: "equal",
        }
        "shop-oversells" of Sku, after shop_oversells {
            opens: "a shop's own reservations add more to its figure than can be taken from it: what is to be written is below zero",
            to_do: "set the shop's reservations right (Magento: `inventory:reservation:list-inconsistencies`, then `create-compensations`); where it takes no figure below zero it sells more than there is until then",
            closes: "the figure is zero or more",
        }
        "unknown-location" of Sku {
            opens: "goods are counted at a location that the configuration does not know",
            to_do: "give the location an entry, or its code an alias: an entry alone sells nothing there",
            closes: "the location is known, or nothing is counted there",
        }
        "unknown-sku" of Sku, after unknown_sku {
            opens: "an order's line names a SKU that no source of products knows",
            to_do: "map the SKU, or create the product",
            closes: "the product is there, or nothing is wanted of it any more",
        }
        "rows-contradict" of Sku {
            opens: "a kit contains itself",
            to_do: "correct what is in the kit in the source of products",
            closes: "the kit does not contain itself any more",
        }
        "price-differs" of Sku {
            opens: "a line has another price than its channel showed when it was placed",
            to_do: "honour the price, or cancel the line",
            closes: "the price is as shown, the line is over, or a decision",
            decisions: ["honour", "cancel"],
        }
    }
};

/// The entry of a kind.
pub fn kind(about: About, name: &str) -> Option<&'static ExceptionKind> {
    EXCEPTIONS.iter().find(|kind| kind.about == about && kind.kind == name)
}

/// What a person does about an exception of this kind.
pub fn to_do(about: About, name: &str) -> &'static str {
    kind(about, name).map_or("look at the rows that are named", |kind| kind.to_do)
}

/// The table as documentation, theme by theme.
pub fn page() -> String {
    let mut page = String::new();
    let mut theme = "";
    for kind in EXCEPTIONS {
        if kind.theme != theme {
            theme = kind.theme;
            page.push_str(&format!(
                "\n## {theme}\n\n| kind | opens when | after | a person | closes when | decisions |\n|{}\n",
                " --- |".repeat(6)
            ));
        }
        let lasts = kind.after.and_then(DurationKey::of);
        let after = lasts.map_or_else(|| "at once".to_owned(), |after| format!("{} (`{}`)", after.default(), after.key));
        let decisions: Vec<String> = kind.decisions.iter().map(|decision| format!("`{decision}`")).collect();
        page.push_str(&format!(
            "| `{}` | {} | {after} | {} | {} | {} |\n",
            kind.kind,
            kind.opens,
            kind.to_do,
            kind.closes,
            decisions.join(", ")
        ));
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_stands_once_and_says_what_to_do() {
        for (i, kind) in EXCEPTIONS.iter().enumerate() {
            let same = |before: &ExceptionKind| (before.about, before.kind) == (kind.about, kind.kind);
            assert!(!EXCEPTIONS[..i].iter().any(same), "{} stands twice", kind.kind);
            assert!(kind.after.is_none_or(|after| DurationKey::of(after).is_some()), "{} waits for no duration", kind.kind);
            assert!(!kind.to_do.ends_with('.') && kind.to_do.len() > 10 && kind.closes.contains("decision") != kind.decisions.is_empty());
        }
        assert_eq!(to_do(About::Order, "never-heard-of"), "look at the rows that are named");
    }

    const BEGIN: &str =
        "<!-- generated from src/entities/exceptions.rs: edit that table, then `WAYBILL_BLESS=1 cargo test --lib exceptions` -->\n";
    const END: &str = "\n<!-- end of the generated part -->\n";

    /// `WAYBILL_BLESS=1` writes the generated part anew.
    #[test]
    fn the_specification_has_the_table() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/specification/exceptions.md");
        let file = std::fs::read_to_string(path).expect("the specification");
        let (before, rest) = file.split_once(BEGIN).expect("where the generated part begins");
        let (_, after) = rest.split_once(END).expect("where the generated part ends");
        let wanted = format!("{before}{BEGIN}{}{END}{after}", page());
        if std::env::var_os("WAYBILL_BLESS").is_some() {
            std::fs::write(path, &wanted).expect("written");
        } else {
            assert_eq!(file, wanted, "run this test with WAYBILL_BLESS=1");
        }
    }
}
