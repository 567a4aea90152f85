//! `exceptions`: what a person must look at. A statement, keyed by kind + entity + number: open while it holds, a tombstone when it is closed.
//!
//! The view of an order finds what is wrong; here it is opened once its time has come, kept with the moment since when, and closed again.
//!
//! | kind | opens when | a person |
//! | --- | --- | --- |
//! | `order-incomplete` | header without all lines, address or payment, after a while | looks whether the source stopped sending |
//! | `totals-differ` | lines + charges differ from the total beyond rounding | finds the unknown charge, maps it |
//! | `rows-contradict` | rows that cannot all be true | corrects the source |
//! | `over-refunded` | more is refunded than is due, beyond the tolerance | accepts as goodwill, or claims back |
//! | `refund-overasked` | more was requested than is due or refunded, beyond the tolerance | recalls the request |
//! | `unknown-word` | a status or condition word without a meaning | maps it |

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Outlet;
use crate::entities::order::OrderView;
use crate::entities::order::state::Said;
use crate::entities::order::view::Finding;
use crate::facts::ids::join_key;
use crate::facts::{Amount, Currency, Moment, Text};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExceptionNotice {
    pub id: String,
    /// `order-incomplete`, `totals-differ` ...
    pub kind: Text,
    /// The order, SKU or name that it is about.
    pub entity: Text,
    pub number: Text,
    /// The order's public number, where there is one.
    pub order_number: Option<Text>,
    pub since: Moment,
    /// What is wrong, in a sentence.
    pub sentence: Text,
    /// What a person does about it.
    pub to_do: Text,
    pub at_risk: Option<Amount>,
    pub currency: Option<Currency>,
    /// The records that cause it: `topic[partition]@offset`, the topic by its number in hex.
    pub causes: Vec<Text>,
}
super::body!(ExceptionNotice, Exceptions);

/// Opens what is found and due, closes what is no longer. `open`: kind | number, and since when; it survives restarts with the order.
pub fn emit(view: &OrderView<'_>, open: &mut BTreeMap<Text, Moment>, said: &mut Said, outlet: &mut Outlet<'_>) {
    let tick = outlet.context.tick;
    let due = |finding: &&Finding| finding.opens_at.is_none_or(|opens_at| opens_at <= tick);
    let mut found: Vec<(Text, &Finding)> = Vec::new();
    for finding in view.findings.iter().filter(due) {
        let slot = join_key(&[finding.kind, &finding.number]);
        if !found.iter().any(|(there, _)| *there == slot) {
            found.push((slot, finding));
        }
    }
    let over: Vec<Text> = open.keys().filter(|slot| !found.iter().any(|(there, _)| there == *slot)).cloned().collect();
    for slot in over {
        open.remove(&slot);
        outlet.changed = true;
        if let Some((kind, number)) = slot.split_once('|') {
            outlet.statement::<ExceptionNotice>(said, key(view, kind, &decoded(number)), None);
        }
    }
    for (slot, finding) in found {
        let since = *open.entry(slot).or_insert_with(|| finding.opens_at.unwrap_or(tick));
        outlet.statement(said, key(view, finding.kind, &finding.number), Some(notice(view, finding, since)));
    }
}

fn key(view: &OrderView<'_>, kind: &str, number: &str) -> Text {
    join_key(&[kind, &view.key.0, number])
}

/// A part of a key as it was before it was joined.
fn decoded(part: &str) -> String {
    part.replace("%7C", "|").replace("%25", "%")
}

fn notice(view: &OrderView<'_>, finding: &Finding, since: Moment) -> ExceptionNotice {
    let causes = finding.causes.iter().map(|cause| format!("{:08x}[{}]@{}", cause.topic.0, cause.partition, cause.offset).into());
    ExceptionNotice {
        id: String::new(),
        kind: finding.kind.into(),
        entity: view.key.0.clone(),
        number: finding.number.as_str().into(),
        order_number: view.header.map(|header| header.number.clone()),
        since,
        sentence: finding.sentence.as_str().into(),
        to_do: to_do(finding.kind).into(),
        at_risk: finding.at_risk,
        currency: finding.at_risk.map(|_| view.money.currency),
        causes: causes.collect(),
    }
}

fn to_do(kind: &str) -> &'static str {
    match kind {
        "order-incomplete" => "look whether the source has stopped sending; nothing is requested for this order until it is whole",
        "totals-differ" => "find the charge that nobody told of and map it; no money is requested for this order until the sums agree",
        "rows-contradict" => "correct the source that is wrong; nothing is requested for this order until its rows agree",
        "over-refunded" => "accept the difference as goodwill, or claim it back",
        "refund-overasked" => "recall the request, if it is not paid yet",
        "unknown-word" => "give the word a meaning in the source's table of words",
        _ => "look at the rows that are named",
    }
}
