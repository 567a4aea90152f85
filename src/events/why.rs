//! Why something was requested, or not yet: for each request topic what is due, what was requested, and every condition, with the row that a
//! shut one waits for and who brings it. The conditions are the very lists that the events ask before they send.

use serde::Serialize;

use super::{
    Topic, despatch_notices, fulfilment_requests, journal_entries, notifications, order_completions, order_reversals, receipt_notices,
    refund_requests, revenue_notices, sales_orders,
};
use crate::entities::ledger::Ledgers;
use crate::entities::order::OrderView;
use crate::entities::order::view::Gate;
use crate::entities::rules::Rules;
use crate::facts::{Moment, Text};

/// One ledger of one request topic, for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WhyTopic {
    pub topic: Topic,
    /// The part of the ledger key after the order: a receiver, a parcel, a kind of mail; empty where the order has one ledger.
    pub part: Text,
    /// What should have been requested by now, were every condition fulfilled.
    pub due: String,
    /// What has been requested.
    pub requested: String,
    /// All conditions hold.
    pub open: bool,
    #[serde(serialize_with = "gates")]
    pub conditions: Vec<Gate>,
    /// Rows that are not there yet and would raise what is due.
    #[serde(serialize_with = "gates")]
    pub waits: Vec<Gate>,
}

fn gates<S: serde::Serializer>(gates: &[Gate], serializer: S) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct Condition<'a> {
        name: &'a str,
        holds: bool,
        waits_for: &'a str,
        brings: &'a str,
        since: Option<Moment>,
    }
    serializer.collect_seq(gates.iter().map(|gate| Condition {
        name: gate.name,
        holds: gate.holds,
        waits_for: &gate.waits_for,
        brings: &gate.brings,
        since: gate.since,
    }))
}

/// Every request topic of an order. `tick`: the moment to which conditions of time are measured.
pub fn why(view: &OrderView<'_>, ledgers: &Ledgers, rules: &Rules, tick: Moment) -> Vec<WhyTopic> {
    let mut topics = Vec::new();
    topics.extend(sales_orders::why(view, &ledgers.sales_order, rules));
    topics.extend(revenue_notices::why(view, &ledgers.revenue, rules));
    topics.extend(fulfilment_requests::why(view, &ledgers.fulfilment, rules));
    topics.extend(despatch_notices::why(view, &ledgers.despatch, rules, tick));
    topics.extend(notifications::why(view, &ledgers.notified, rules, tick));
    topics.extend(order_completions::why(view, &ledgers.completion, rules));
    topics.extend(receipt_notices::why(view, &ledgers.receipt, rules));
    topics.extend(refund_requests::why(view, &ledgers.refund, rules));
    topics.extend(journal_entries::why(view, &ledgers.journal, rules));
    topics.extend(order_reversals::why(view, &ledgers.reversal, rules));
    topics
}
