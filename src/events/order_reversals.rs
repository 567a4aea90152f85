//! `order-reversals`: goods that came back and are settled, for the ERP and the shop. A notice ledger.
//!
//! Due is, by line, what was accepted and is settled: back in a count, written off, sent back, or none was expected. When the rest of the order ends only later (its last
//! pieces are cancelled), a further step says that it is reversed whole. Less than was told is corrected: the notice has the lower totals.

use serde::{Deserialize, Serialize};

use super::request::{self, Gates};
use super::why::WhyTopic;
use super::{NoticeAction, Outlet, Receiver, Topic};
use crate::entities::ledger::NoticeLedger;
use crate::entities::order::OrderView;
use crate::entities::order::view::LineView;
use crate::entities::rules::Rules;
use crate::entities::small_map::SmallMap;
use crate::facts::order::Header;
use crate::facts::{Quantity, Sku, Text};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OrderReversal {
    pub id: String,
    pub ledger_key: Text,
    pub step: u32,
    pub receiver: Receiver,
    pub action: NoticeAction,
    pub order: Text,
    pub number: Text,
    pub receiver_number: Text,
    /// Nothing of the order is kept.
    pub whole: bool,
    pub lines: Vec<ReversalLine>,
}
super::body!(OrderReversal, OrderReversals);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReversalLine {
    pub line: Text,
    pub sku: Text,
    pub quantity: Quantity,
    pub total: Quantity,
    /// Of the total: back in stock, written off.
    pub to_stock: Quantity,
    pub written_off: Quantity,
}

type Ledgers = SmallMap<Text, NoticeLedger>;

/// What the ledger keeps as detail once the receiver was told that nothing of the order is kept.
const WHOLE: &str = "whole";

/// Makes the notices that are due.
pub fn emit(view: &OrderView<'_>, ledgers: &mut Ledgers, outlet: &mut Outlet<'_>) {
    let rules = outlet.context.rules;
    let Some(header) = view.header else { return };
    if ledgers.is_empty() && view.lines.iter().all(|line| settled(line).is_zero()) {
        return;
    }
    for receiver in request::receivers(view, rules) {
        let known = ledgers.get(receiver.name()).cloned().unwrap_or_default();
        let (lowered, raised) = (lowered(view, &known), raised(view, &known));
        let ends = known.step > 0 && known.detail != WHOLE && whole(view);
        let (action, totals, gates) = match lowered {
            Some(totals) => (NoticeAction::Correct, totals, Gates::of_lowering().consistent(view)),
            None if raised != known.totals || ends => (NoticeAction::Notify, raised, gates(view)),
            None => continue,
        };
        if !gates.open() {
            continue;
        }
        let body = reversal(view, header, receiver, action, &known, &totals);
        let ledger = ledgers.entry(receiver.name().into()).or_default();
        ledger.step = body.step;
        ledger.totals = totals;
        ledger.detail = if body.whole { WHOLE.into() } else { Text::default() };
        let key = body.ledger_key.clone();
        outlet.request(&view.key.0, &key, body.step, Some(receiver), body);
    }
}

type Totals = SmallMap<Text, Quantity>;

/// Pieces settled, and pieces told, of the lines of the same article: which of them a row that names only the article is for may change.
fn of_article(view: &OrderView<'_>, known: &Totals, sku: &Sku) -> (Quantity, Quantity) {
    let lines = || view.lines.iter().filter(|line| line.sku == sku);
    (lines().map(settled).sum(), lines().filter_map(|line| known.get(line.id)).copied().sum())
}

/// The totals with less than was told of an article, where less is settled; `None`: nothing is to be taken back.
fn lowered(view: &OrderView<'_>, known: &NoticeLedger) -> Option<Totals> {
    let mut totals = known.totals.clone();
    let mut lowered = false;
    for line in &view.lines {
        let (settled_all, told_all) = of_article(view, &totals, line.sku);
        if let Some(total) = totals.get_mut(line.id) {
            let less = (told_all - settled_all).min(*total - settled(line)).floor_zero();
            *total -= less;
            lowered |= less.is_positive();
        }
    }
    lowered.then_some(totals)
}

/// The totals with what is settled and not told yet.
fn raised(view: &OrderView<'_>, known: &NoticeLedger) -> Totals {
    let mut totals = known.totals.clone();
    for line in &view.lines {
        let (settled_all, told_all) = of_article(view, &totals, line.sku);
        let before = totals.get(line.id).copied().unwrap_or_default();
        let more = (settled_all - told_all).min(settled(line) - before).floor_zero();
        if more.is_positive() {
            totals.insert(line.id.into(), before + more);
        }
    }
    totals
}

pub fn why(view: &OrderView<'_>, ledgers: &Ledgers, rules: &Rules) -> Vec<WhyTopic> {
    let back: Quantity = view.lines.iter().map(|line| line.r).sum();
    if view.header.is_none() || back.is_zero() {
        return Vec::new();
    }
    let settled: Quantity = view.lines.iter().map(settled).sum();
    let topic = |receiver: Receiver| {
        let told: Quantity = ledgers.get(receiver.name()).map(|ledger| ledger.totals.values().copied().sum()).unwrap_or_default();
        let mut topic = request::why_topic(
            Topic::OrderReversals,
            receiver.name().into(),
            format!("{settled} pieces"),
            format!("{told} pieces"),
            gates(view),
        );
        let unsettled = Gates::default()
            .when("settled", settled >= back, || ("the warehouse's word on the goods, or the next count".into(), "the warehouse".into()));
        topic.waits = unsettled.into_list();
        topic
    };
    request::receivers(view, rules).map(topic).collect()
}

fn gates(view: &OrderView<'_>) -> Gates {
    Gates::of_order(view)
}

/// Accepted pieces whose goods are settled.
fn settled(line: &LineView<'_>) -> Quantity {
    (line.settled_stock + line.settled_written_off + line.settled_other).min(line.r)
}

/// Nothing of the order is kept.
fn whole(view: &OrderView<'_>) -> bool {
    view.lines.iter().all(|line| line.k.is_zero())
}

fn reversal(
    view: &OrderView<'_>,
    header: &Header,
    receiver: Receiver,
    action: NoticeAction,
    known: &NoticeLedger,
    totals: &Totals,
) -> OrderReversal {
    let line = |line: &LineView<'_>| {
        let total = *totals.get(line.id)?;
        let quantity = total - known.totals.get(line.id).copied().unwrap_or_default();
        let told = ReversalLine {
            line: line.id.into(),
            sku: line.sku.as_str().into(),
            quantity,
            total,
            to_stock: line.settled_stock,
            written_off: line.settled_written_off,
        };
        (total.is_positive() || !quantity.is_zero()).then_some(told)
    };
    OrderReversal {
        id: String::new(),
        ledger_key: request::ledger_key(view.key, &[receiver.name()]),
        step: known.step + 1,
        receiver,
        action,
        order: view.key.0.clone(),
        number: header.number.clone(),
        receiver_number: request::receiver_number(view, receiver),
        whole: whole(view),
        lines: view.lines.iter().filter_map(line).collect(),
    }
}
