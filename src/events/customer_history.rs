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
use crate::entities::last_emitted::LastEmitted;
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

    fn set_id(&mut self, id: String) {
        self.id = id;
    }
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
    let before = state.emitted_of(order);
    let key = |kind: HistoryKind, part: &str| format_compact!("{}|{}|{}", customer.0, order, join_key(&[kind.name(), part]));
    let mut last = LastEmitted::default();
    for (kind, part, digest) in &before.0 {
        last.note(Topic::CustomerHistory, key(*kind, part), *digest);
    }
    let mut bodies: Vec<(Text, CustomerHistory)> = Vec::new();
    if let Some(summary) = state.order(order).filter(|summary| person.shows(summary)) {
        let lines = summary.history.iter().map(|line| (key(line.kind, &line.number), body(customer, person, summary, line)));
        bodies.extend(lines);
    }
    let mut parts: Vec<(HistoryKind, Text)> = bodies.iter().map(|(_, body)| (body.kind, body.part.clone())).collect();
    parts.sort_unstable();
    parts.dedup();
    outlet.emit_all(&mut last, bodies);
    let digest = |kind, part: &Text| last.digest(Topic::CustomerHistory, &key(kind, part));
    let now = parts.into_iter().filter_map(|(kind, part)| digest(kind, &part).map(|digest| (kind, part, digest))).collect();
    state.set_emitted_of(order, EmittedOfOrder(now));
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
