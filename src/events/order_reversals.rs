//! `order-reversals`: goods that came back and are settled, for the ERP and the shop. A notice ledger.
//!
//! Due is, by line, what was accepted and is settled: counted back in, written off, sent back to the customer, or no goods were expected. When the
//! rest of the order ends only later (its last pieces are cancelled), a further step says that the whole order is reversed. When less is settled than
//! the receiver was notified of, a `correct` notice has the lower totals.

use serde::{Deserialize, Serialize};

use super::body::{LineNames, NoticeAction, OrderRef, Receiver, RequestBody, RequestHead};
use super::gate::RequestGate;
use super::outlet::Outlet;
use super::request::{self, Request, WhyTopic};
use super::totals::{self, NoticeTotals};
use crate::entities::ledger::{NoticeLedger, NoticeLedgers};
use crate::entities::order::OrderView;
use crate::entities::order::figures::LineView;
use crate::entities::order::worth::worth;
use crate::entities::rules::{Role, Rules};
use crate::entities::topics::Topic;
use crate::facts::order::Header;
use crate::facts::{Amount, Currency, Moment, Quantity, Text};

/// Notice to the ERP and the shop: goods that came back and are settled. Each order and receiver has one ledger.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OrderReversal {
    /// Which step of which ledger it is.
    #[serde(flatten)]
    pub head: RequestHead,
    /// Who is to act. Each has a ledger of its own. The same as the header `receiver`.
    pub receiver: Receiver,
    /// Does it add, or take back?
    pub action: NoticeAction,
    /// Which order it is about.
    #[serde(flatten)]
    pub order: OrderRef,
    /// The receiver's own number of the order: the shop's order id, the ERP's document number (empty while it has none).
    pub receiver_number: Text,
    /// The id under which the receiver's interface has the order; its number where it has no other id; empty while it has none.
    pub receiver_id: Text,
    /// The sales channel, as the configuration names it.
    pub channel: Text,
    /// When that happened which made the notice due: the business time of the order's newest row, by its source's clock.
    pub occurred_at: Moment,
    /// Of every amount in this event: the currency that the customer was charged in.
    pub currency: Currency,
    /// Nothing of the order is kept.
    pub whole: bool,
    /// Lines of which something is reversed.
    pub lines: Vec<ReversalLine>,
}

impl RequestBody for OrderReversal {
    const TOPIC: Topic = Topic::OrderReversals;

    fn head(&mut self) -> &mut RequestHead {
        &mut self.head
    }

    fn receiver(&self) -> Option<Receiver> {
        Some(self.receiver)
    }

    fn corrects(&self) -> bool {
        self.action == NoticeAction::Correct
    }
}

/// Reversed pieces of an order line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReversalLine {
    /// The shop's id of the order line.
    pub line: Text,
    /// SKU of the goods: trimmed, Unicode NFC, upper case.
    pub sku: Text,
    /// How else the line is called.
    #[serde(flatten)]
    pub names: LineNames,
    /// Why they come back, in the words of who authorised it; empty: not told.
    pub reasons: Vec<Text>,
    /// This step's difference.
    pub quantity: Quantity,
    /// What the difference is worth, tax inside.
    pub gross: Amount,
    /// The part of `gross` that is tax.
    pub tax: Amount,
    /// Reversed in all after this step.
    pub total: Quantity,
    /// What the total is worth, tax inside.
    pub total_gross: Amount,
    /// The part of `total_gross` that is tax.
    pub total_tax: Amount,
    /// Of the total: back in stock.
    pub to_stock: Quantity,
    /// Of the total: damaged or lost.
    pub written_off: Quantity,
}

/// What the ledger keeps as detail once the receiver was notified that nothing of the order is kept.
const WHOLE: &str = "whole";

impl Request for OrderReversal {
    type Ledger = NoticeLedgers;

    fn emit(view: &OrderView<'_>, ledgers: &mut NoticeLedgers, outlet: &mut Outlet<'_>) {
        let rules = outlet.context.rules;
        let Some(header) = view.placed.header else { return };
        if ledgers.is_empty() && view.lines.iter().all(|line| settled(line).is_zero()) {
            return;
        }
        for receiver in request::receivers(view, rules) {
            let known = ledgers.get(receiver.name()).cloned().unwrap_or_default();
            let (there, articles) = settled_by_article(view, &known);
            let lowered = totals::lowered(&known.totals, &there, &articles);
            let raised = totals::raised(&known.totals, &there, &articles);
            let ends = known.step > 0 && known.detail != WHOLE && whole(view);
            let (action, totals, gate) = match lowered {
                Some(totals) => (NoticeAction::Correct, totals, RequestGate::of_lowering().consistent(view)),
                None if raised != known.totals || ends => (NoticeAction::Notify, raised, gate(view)),
                None => continue,
            };
            if !gate.open() {
                continue;
            }
            let body = reversal(view, header, receiver, action, &known, &totals);
            let (step, whole) = (body.head.step, body.whole);
            if !outlet.request(view.key, body) {
                continue;
            }
            let ledger = ledgers.entry(receiver.name().into()).or_default();
            ledger.step = step;
            ledger.totals = totals;
            ledger.detail = if whole { WHOLE.into() } else { Text::default() };
        }
    }

    fn why(view: &OrderView<'_>, ledgers: &NoticeLedgers, rules: &Rules, _: Moment) -> Vec<WhyTopic> {
        let back: Quantity = view.lines.iter().map(|line| line.back.returned).sum();
        if view.placed.header.is_none() || back.is_zero() {
            return Vec::new();
        }
        let settled: Quantity = view.lines.iter().map(settled).sum();
        let topic = |receiver: Receiver| {
            let notified: Quantity = ledgers.get(receiver.name()).map(|ledger| ledger.totals.values().copied().sum()).unwrap_or_default();
            let (due, requested) = (format!("{settled} pieces"), format!("{notified} pieces"));
            let topic = WhyTopic::new(Self::TOPIC, receiver.name().into(), due, requested, gate(view));
            let word = || ("the warehouse's report on the goods, or the next count".into(), rules.bringer(Role::Wms));
            topic.waiting_for(RequestGate::default().when("settled", settled >= back, word))
        };
        request::receivers(view, rules).map(topic).collect()
    }
}

/// What is settled, by line, of the lines with settled or notified pieces; and these lines by article: a row that names only the article may be put
/// to another of its lines later.
fn settled_by_article<'v>(view: &'v OrderView<'_>, known: &NoticeLedger) -> (NoticeTotals, Vec<Vec<&'v str>>) {
    let mut there = NoticeTotals::new();
    let mut articles: Vec<Vec<&str>> = Vec::new();
    for line in &view.lines {
        let settled = settled(line);
        if settled.is_zero() && !known.totals.contains_key(line.id) {
            continue;
        }
        there.insert(line.id.into(), settled);
        if !articles.iter().any(|article| article.contains(&line.id)) {
            articles.push(totals::of_article(view, line.id));
        }
    }
    (there, articles)
}

fn gate(view: &OrderView<'_>) -> RequestGate {
    RequestGate::of_order(view)
}

/// Accepted pieces whose goods are settled.
fn settled(line: &LineView<'_>) -> Quantity {
    (line.back.settled_stock + line.back.settled_written_off + line.back.settled_other).min(line.back.returned)
}

/// Nothing of the order is kept.
fn whole(view: &OrderView<'_>) -> bool {
    view.lines.iter().all(|line| line.kept.pieces.is_zero())
}

fn reversal(
    view: &OrderView<'_>,
    header: &Header,
    receiver: Receiver,
    action: NoticeAction,
    known: &NoticeLedger,
    totals: &NoticeTotals,
) -> OrderReversal {
    let line = |(index, line): (usize, &LineView<'_>)| {
        let total = *totals.get(line.id)?;
        let before = totals::of(&known.totals, line.id);
        let quantity = total - before;
        // What came back is worth what the customer owes less without it.
        let sold = line.ordered - line.kept.stopped;
        let of = |pieces: Quantity| worth(line, sold).less(worth(line, sold - pieces));
        let (whole, part) = (of(total), of(total).less(of(before)));
        let reversed = ReversalLine {
            line: line.id.into(),
            sku: line.sku.as_str().into(),
            names: LineNames::at(view, index),
            reasons: request::returned_because(view, index),
            quantity,
            gross: part.gross,
            tax: part.tax,
            total,
            total_gross: whole.gross,
            total_tax: whole.tax,
            to_stock: line.back.settled_stock,
            written_off: line.back.settled_written_off,
        };
        (total.is_positive() || !quantity.is_zero()).then_some(reversed)
    };
    OrderReversal {
        head: RequestHead::new(view.key, &[receiver.name()], known.step + 1),
        receiver,
        action,
        order: OrderRef::new(view, header),
        receiver_number: request::receiver_number(view, receiver),
        receiver_id: request::receiver_id(view, receiver),
        channel: header.channel.clone(),
        occurred_at: request::occurred_at(view, header),
        currency: view.money.currency,
        whole: whole(view),
        lines: view.lines.iter().enumerate().filter_map(line).collect(),
    }
}
