//! `customer-history`: one line for each thing that happened to a customer's orders. A statement, keyed by person + order + kind + number.
//!
//! Only orders that changed are looked at. A line that its order has no more becomes a tombstone; so do all lines of an order that now belongs to
//! somebody else. Of a customer that was merged into another all lines are the other's. Of one whose address another account holds, the CRM finds the lines
//! there, and the person's own account keeps its proven ones.

use compact_str::format_compact;
use serde::{Deserialize, Serialize};

use super::body::Statement;
use super::outlet::Outlet;
use crate::entities::customer::{CustomerState, EmittedOfOrder, Person};
use crate::entities::topics::Topic;
use crate::facts::customer::{HistoryKind, HistoryLine, OrderSummary};
use crate::facts::ids::join_key;
use crate::facts::{Amount, Currency, CustomerKey, Moment, Quantity, Text};

/// Statement: one thing that happened to a customer's order, in its newest state. Keyed by person, order, kind and part.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CustomerHistory {
    /// `topic|key|generation|revision`: no two events share one. The same as the header `id`.
    pub id: String,
    /// The customer's key: `account|source|id`, or `guest|brand|digest of the email`.
    pub person: Text,
    /// The order's key, `source|id` of the shop that it was placed in.
    pub order: Text,
    /// The order's public number, by the shop; the other systems refer to it.
    pub number: Text,
    /// What happened.
    pub kind: HistoryKind,
    /// Distinguishes several of one kind: a parcel, a return, a refund; empty where there is one.
    pub part: Text,
    /// When it happened, by the clock of the system that reported it.
    pub date: Moment,
    /// Pieces it was about.
    pub lines: Vec<HistoryPiece>,
    /// Of every amount in this event: the currency that the customer was charged in.
    pub currency: Currency,
    /// What it was worth, tax inside.
    pub amount: Amount,
    /// How it stands, in a word.
    pub state: Text,
    /// For the CRM. Not where the person is written to under another key, which has the line too.
    pub for_business: bool,
    /// For the customer's own account: only orders that are proven to be his.
    pub for_customer: bool,
}

impl Statement for CustomerHistory {
    const TOPIC: Topic = Topic::CustomerHistory;
}

/// Pieces it was about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HistoryPiece {
    /// SKU of the goods: trimmed, Unicode NFC, upper case.
    pub sku: Text,
    /// How many.
    pub quantity: Quantity,
}

/// Emits the lines of one order, by its key: a withdrawn order has no content left to read it from.
pub(super) fn emit(customer: &CustomerKey, order: &Text, person: &Person, state: &mut CustomerState, outlet: &mut Outlet<'_>) {
    let key = |kind: HistoryKind, part: &str| format_compact!("{}|{}|{}", customer.0, order, join_key(&[kind.name(), part]));
    let EmittedOfOrder(before) = state.emitted_of(order);
    let summary = state.order(order).filter(|summary| person.shows(summary));
    let stands = |kind: HistoryKind, part: &Text| {
        summary.is_some_and(|summary| summary.history.iter().any(|line| line.kind == kind && line.number == *part))
    };
    let (mut emitted, gone): (Vec<_>, Vec<_>) = before.into_iter().partition(|(kind, part, _)| stands(*kind, part));
    let mut gone: Vec<Text> = gone.iter().map(|(kind, part, _)| key(*kind, part)).collect();
    gone.sort_unstable();
    gone.into_iter().for_each(|key| outlet.withdraw(Topic::CustomerHistory, key));
    for (summary, line) in summary.into_iter().flat_map(|summary| summary.history.iter().map(move |line| (summary, line))) {
        let place = emitted.binary_search_by(|(kind, part, _)| (kind, part).cmp(&(&line.kind, &line.number)));
        let last = place.ok().map(|place| emitted[place].2);
        let digest = outlet.emit_unless(last, || key(line.kind, &line.number), body(customer, person, summary, line));
        match (place, digest) {
            (Ok(place), Some(digest)) => emitted[place].2 = digest,
            (Err(place), Some(digest)) => emitted.insert(place, (line.kind, line.number.clone(), digest)),
            (_, None) => {}
        }
    }
    state.set_emitted_of(order, EmittedOfOrder(emitted));
}

fn body(customer: &CustomerKey, person: &Person, summary: &OrderSummary, line: &HistoryLine) -> CustomerHistory {
    CustomerHistory {
        id: String::new(),
        person: customer.0.clone(),
        order: summary.order.0.clone(),
        number: summary.number.clone(),
        kind: line.kind,
        part: line.number.clone(),
        date: line.date,
        lines: line.lines.iter().map(|(sku, quantity)| HistoryPiece { sku: sku.as_str().into(), quantity: *quantity }).collect(),
        currency: summary.currency,
        amount: line.amount,
        state: line.state.clone(),
        for_business: !person.joins.is_joined(),
        for_customer: summary.proven,
    }
}
