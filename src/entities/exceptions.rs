//! The exceptions that exist: one entry each. From this table come what a person is asked to do, which decisions settle an exception, and the
//! tables in `docs/specification/exceptions.md`.
//!
//! An exception is a statement, open while it holds. Where `after` names a duration it opens only when that has passed; durations are keys of
//! `[durations]`.

use super::durations::DurationKey;

/// One kind of exception.
pub struct ExceptionKind {
    /// Its name: the first part of the statement's key.
    pub kind: &'static str,
    /// The theme it stands under in the specification.
    pub group: &'static str,
    /// What it is about.
    pub opens: &'static str,
    /// The key in `[durations]` of how long it has to last before the exception opens; `None`: it opens at once.
    pub after: Option<&'static str>,
    /// What a person does about it.
    pub to_do: &'static str,
    /// What ends it.
    pub closes: &'static str,
    /// Decisions that settle it; none: only the facts do.
    pub choices: &'static [&'static str],
}

macro_rules! kinds {
    ($($group:literal { $($kind:literal: $opens:literal $(after $after:ident)?; $to_do:literal; $closes:literal $(; [$($choice:literal),+])? .)+ })+) => {
        &[$($(ExceptionKind {
            kind: $kind,
            group: $group,
            opens: $opens,
            after: kinds!(@after $($after)?),
            to_do: $to_do,
            closes: $closes,
            choices: &[$($($choice),+)?],
        },)+)+]
    };
    (@after) => { None };
    (@after $after:ident) => { Some(stringify!($after)) };
}

/// Every kind of an order or an alias, group by group.
pub const KINDS: &[ExceptionKind] = kinds! {
    "order" {
        "order-incomplete": "a header without all its lines, an address or a payment" after order_incomplete;
            "look whether the source has stopped sending; nothing is requested for this order until it is whole";
            "the order is complete".
        "totals-differ": "lines and charges differ from the total beyond rounding";
            "find the charge that no system reported and map it; no money is requested for this order until the sums agree";
            "the sums agree, or a decision"; ["accept"].
        "rows-contradict": "rows that cannot all be true: a negative quantity, a line that disappeared after its despatch, a parent without parts";
            "correct the source that is wrong; nothing is requested for this order until its rows agree";
            "the rows agree".
        "bundle-part": "a part of a bundle of a fixed price whose share is not known";
            "give the part a list price, or set its value by a decision; until then the price stands with the bundle as a whole";
            "the share is known, or a decision"; ["accept"].
        "erp-record-missing": "the ERP was asked to record the order, and has no record" after erp_record_missing;
            "look at the ERP's import of orders";
            "the record is there, or the order is cancelled".
        "erp-record-gone": "the ERP deleted its record, and nothing of it is posted" after erp_record_gone;
            "restore the document, or say that it was cancelled";
            "posted rows are there, the record is back, or a decision"; ["cancelled", "restored"].
        "erp-duplicate": "the ERP has two live records of the order";
            "delete one of them; no go-ahead is made while there are two";
            "one is left".
        "erp-differs": "the ERP's record differs from what it was asked for" after erp_differs;
            "align the record with the order";
            "they are equal, or a decision"; ["accept"].
        "unpaid": "payment does not cover what is owed" after unpaid;
            "remind the customer, or cancel the order";
            "paid, or cancelled".
        "despatched-unpaid": "goods left, the customer pays before, and less is captured than they are worth" after despatched_unpaid;
            "capture the payment before its authorisation is gone";
            "captured".
        "currency-differs": "a payment or a refund is in another currency than the order";
            "correct the row at its source, or convert it by hand; no money is requested for this order until then";
            "the row is corrected, or a decision"; ["accept"].
        "over-refunded": "more is refunded than is due, beyond the tolerance";
            "accept the difference as goodwill, or claim it back";
            "due and refunded are equal, or a decision"; ["accept"].
        "refund-overasked": "more was requested than is due or refunded, beyond the tolerance";
            "recall the request, if it is not paid yet";
            "the request is recalled (a decision), or more is due"; ["recalled"].
    }
    "warehouse, parcels" {
        "release-unanswered": "a go-ahead was made, and the warehouse has no order" after release_unanswered;
            "look at the warehouse's import of orders";
            "the warehouse has it".
        "unknown-location": "a row names a location that the configuration does not know";
            "give the location an entry, or its code an alias";
            "the location is known".
        "held-after-release": "the order is held after its go-ahead, and not yet despatched";
            "call the warehouse: a hold does not take the go-ahead back";
            "the hold is lifted, the order cancelled or despatched".
        "cancelled-but-despatched": "cancelled pieces left the house";
            "stop the parcel, or await the return";
            "the pieces came back, or a decision: the customer keeps and pays them"; ["kept"].
        "short-closed": "warehouse or ERP will not deliver all, and the shop has not cancelled" after short_closed;
            "tell the customer, and cancel the rest in the shop";
            "the shop cancels, or a decision"; ["accept"].
        "over-despatched": "more left the house than was ordered";
            "bill it, give it, or call it back";
            "it came back, or a decision"; ["accept"].
        "other-item-despatched": "goods left that are not on the order";
            "confirm the substitute, or call it back";
            "a decision"; ["accept"].
        "despatch-corrected": "a receiver shows more despatched than is true, and still does after it was sent a correction" after despatch_corrected;
            "undo the shipment there";
            "the receiver's rows agree".
        "mirror-only": "the shop or the ERP shows goods as sent that a warehouse was asked for and has not reported" after mirror_only;
            "look which of the two is right, and whether the warehouse's feed has stopped; only what the warehouse reports counts";
            "both say so, or neither".
        "parcel-late": "no scan of a parcel, or its promised date passed" after parcel_late;
            "ask the carrier";
            "a scan, or the delivery".
        "parcel-lost": "the carrier marks it as lost, or no longer scans it" after parcel_lost;
            "send it again by a new order, or refund it: the decision asks for its money";
            "found, or a decision"; ["resend", "refund"].
        "returned-to-sender": "a parcel came back without an authorisation";
            "send it again by a new order, or refund it: the decision asks for its money";
            "a new parcel, or a decision"; ["resend", "refund"].
        "completion-withdrawn": "the order was completed, then the scan that delivered it was withdrawn";
            "look, and reopen the order by hand where it was closed";
            "delivered again, or a decision"; ["accept"].
    }
    "returns" {
        "goods-not-settled": "goods came back, and are neither counted as stock nor written off" after goods_not_settled;
            "inspect them, and say what becomes of them";
            "a newer count, the warehouse reports what became of them, or a decision"; ["accept"].
        "return-unlogged": "goods came back that nobody authorised" after return_unlogged;
            "authorise the return, or send the goods back; nothing is refunded before";
            "authorised, or a decision"; ["accept"].
        "return-over": "more came back than was authorised, or than had left";
            "authorise the rest, or send it back: at most what was authorised, received and despatched counts";
            "authorised, or a decision"; ["accept"].
        "return-not-received": "a return was authorised, and its goods do not come (`return_not_received_refunded` where it is refunded already)" after return_not_received;
            "ask the customer, or close the authorisation";
            "received, closed or withdrawn".
        "return-condition": "the warehouse rejects what came back";
            "refund it (a part: say how many pieces), or reject the return: nothing of it is refunded or reversed before";
            "a decision"; ["refund", "reject"].
        "return-without-order": "a counter or a warehouse has received a return that names no order";
            "find the order, and name it by the decision `link`: the return then counts as if it had named the order";
            "the alias leads to an order, since its system links it or by a decision"; ["link"].
        "return-other-item": "goods came back that are not on the order";
            "decide what becomes of the goods, and whether they are refunded";
            "a decision"; ["accept"].
    }
    "data" {
        "orphan-rows": "rows whose order is unknown" after orphan_rows;
            "find the order that this alias belongs to, and why its shop has not sent it";
            "the alias leads to an order, since its system links it or by a decision"; ["link"].
        "alias-claimed-twice": "two orders claim one alias, as a number or a document";
            "correct the reference of the order that it does not belong to; rows under the alias wait until then";
            "only one of them claims it".
        "snapshot-missing": "rows of an open order that a whole new snapshot of their source leaves out" after snapshot_missing;
            "look whether the source has lost them, or its snapshot was set to leave them out; they count as they last stood";
            "they are seen again or deleted, the order is over, or a decision"; ["accept"].
        "unknown-word": "a status or condition word without a meaning";
            "give the word a meaning in the source's table of words";
            "the word has a meaning".
    }
};

/// The entry of a kind.
pub fn kind(name: &str) -> Option<&'static ExceptionKind> {
    KINDS.iter().find(|kind| kind.kind == name)
}

/// Every kind of a SKU.
pub const OF_SKUS: &[ExceptionKind] = kinds! {
    "stock and prices" {
        "oversold": "more is claimed than is there, and the SKU can't be backordered";
            "buy in, move stock, or cancel the orders that are named, the latest first";
            "nothing is claimed beyond what is there".
        "negative-count": "a system counts below zero";
            "correct the count in the system that is named; it is used as it is";
            "the count is zero or more".
        "counts-differ": "another system's count of a location differs from the one that counts" after counts_differ;
            "count, and correct the system that is wrong; only the location's own counter is used";
            "equal within the tolerance".
        "count-stale": "a source has not counted for longer than its `counts_every`";
            "look whether the feed of counts has stopped";
            "a newer count".
        "shop-stock-differs": "a shop shows another figure than it was last sent, with nothing under way" after shop_stock_differs;
            "look whether whoever writes stock to the shop has stopped";
            "equal".
        "unknown-location": "goods are counted at a location that the configuration does not know";
            "give the location an entry, or its code an alias: an entry alone sells nothing there";
            "the location is known, or nothing is counted there".
        "unknown-sku": "an order's line names a SKU that no source of products knows" after unknown_sku;
            "map the SKU, or create the product";
            "the product is there, or nothing is wanted of it any more".
        "rows-contradict": "a kit contains itself";
            "correct what is in the kit in the source of products";
            "it does not any more".
        "price-differs": "a line has another price than its channel showed when it was placed";
            "honour the price, or cancel the line";
            "the price is as shown, the line is over, or a decision"; ["honour", "cancel"].
    }
};

/// What a person does about an exception of this kind.
pub fn to_do(name: &str) -> &'static str {
    kind(name).map_or("look at the rows that are named", |kind| kind.to_do)
}

/// The table as documentation, group by group.
pub fn page() -> String {
    let mut page = String::new();
    let mut group = "";
    for kind in KINDS.iter().chain(OF_SKUS) {
        if kind.group != group {
            group = kind.group;
            page.push_str(&format!(
                "\n## {group}\n\n| kind | opens when | after | a person | closes when | decisions |\n|{}\n",
                " --- |".repeat(6)
            ));
        }
        let lasts = kind.after.and_then(DurationKey::of);
        let after = lasts.map_or_else(|| "at once".to_owned(), |after| format!("{} (`{}`)", after.default(), after.key));
        let choices: Vec<String> = kind.choices.iter().map(|choice| format!("`{choice}`")).collect();
        page.push_str(&format!(
            "| `{}` | {} | {after} | {} | {} | {} |\n",
            kind.kind,
            kind.opens,
            kind.to_do,
            kind.closes,
            choices.join(", ")
        ));
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_stands_once_and_says_what_to_do() {
        for (kinds, i) in [KINDS, OF_SKUS].into_iter().flat_map(|kinds| (0..kinds.len()).map(move |i| (kinds, i))) {
            let kind = &kinds[i];
            assert!(kinds[..i].iter().all(|before| before.kind != kind.kind), "{} stands twice", kind.kind);
            assert!(kind.after.is_none_or(|after| DurationKey::of(after).is_some()), "{} waits for no duration", kind.kind);
            assert!(!kind.to_do.ends_with('.') && kind.to_do.len() > 10 && kind.closes.contains("decision") != kind.choices.is_empty());
        }
        assert_eq!(to_do("never-heard-of"), "look at the rows that are named");
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
