//! `order-completions`: every wanted piece is delivered; for the ERP and the shop. A notice ledger.
//!
//! Due once something is wanted and all that is wanted is in delivered parcels. Parcels that count as delivered by time alone are included if so
//! configured. Lines that are added later and delivered make a further step.

use serde::{Deserialize, Serialize};

use super::body::{LineNames, OrderRef, Receiver, RequestBody, RequestHead};
use super::gate::RequestGate;
use super::outlet::Outlet;
use super::request::{self, Request, WhyTopic};
use super::totals::{self, NoticeTotals};
use crate::entities::ledger::{NoticeLedger, NoticeLedgers};
use crate::entities::order::OrderView;
use crate::entities::order::sent::ParcelView;
use crate::entities::order::worth;
use crate::entities::rules::{Role, Rules};
use crate::entities::topics::Topic;
use crate::facts::order::Header;
use crate::facts::{Moment, Quantity, Text};

/// Notice to the ERP and the shop: every wanted piece is delivered. Each order and receiver has one ledger.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OrderCompletion {
    /// Which step of which ledger it is.
    #[serde(flatten)]
    pub head: RequestHead,
    /// Who is to act. Each has a ledger of its own. The same as the header `receiver`.
    pub receiver: Receiver,
    /// Which order it is about.
    #[serde(flatten)]
    pub order: OrderRef,
    /// The receiver's own number of the order: the shop's order id, the ERP's document number (empty while it has none).
    pub receiver_number: Text,
    /// The id under which the receiver's interface has the order; its number where it has no other id; empty while it has none.
    pub receiver_id: Text,
    /// When the last piece was delivered, by the carrier's clock.
    pub delivered_at: Moment,
    /// Some parcel had no final scan and counts as delivered by time.
    pub assumed: bool,
    /// Lines of which something is delivered.
    pub lines: Vec<CompletionLine>,
}

impl RequestBody for OrderCompletion {
    const TOPIC: Topic = Topic::OrderCompletions;

    fn head(&mut self) -> &mut RequestHead {
        &mut self.head
    }

    fn receiver(&self) -> Option<Receiver> {
        Some(self.receiver)
    }
}

/// Delivered pieces of an order line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CompletionLine {
    /// The shop's id of the order line.
    pub line: Text,
    /// SKU of the goods: trimmed, Unicode NFC, upper case.
    pub sku: Text,
    /// How else the line is called.
    #[serde(flatten)]
    pub names: LineNames,
    /// Delivered in all.
    pub delivered: Quantity,
    /// This step's difference.
    pub quantity: Quantity,
}

impl Request for OrderCompletion {
    type Ledger = NoticeLedgers;

    fn emit(view: &OrderView<'_>, ledgers: &mut NoticeLedgers, outlet: &mut Outlet<'_>) {
        let rules = outlet.context.rules;
        let (Some(header), true) = (view.placed.header, all_delivered(view, rules)) else { return };
        let totals = delivered(view, rules);
        for receiver in request::receivers(view, rules) {
            let known = totals::notified(ledgers, receiver.name());
            let rises = totals.iter().any(|(line, total)| *total > totals::of(&known, line));
            if !rises || !gate(view, rules).open() {
                continue;
            }
            let mut ledger = ledgers.get(receiver.name()).cloned().unwrap_or_default();
            ledger.step += 1;
            for (line, total) in &totals {
                let notified = ledger.totals.entry(line.clone()).or_default();
                *notified = (*notified).max(*total);
            }
            let body = completion(view, header, receiver, &known, &ledger);
            if outlet.request(view.key, body) {
                ledgers.insert(receiver.name().into(), ledger);
            }
        }
    }

    fn why(view: &OrderView<'_>, ledgers: &NoticeLedgers, rules: &Rules, _: Moment) -> Vec<WhyTopic> {
        let topic = |receiver: Receiver| {
            let notified: Quantity = ledgers.get(receiver.name()).map(|ledger| ledger.totals.values().copied().sum()).unwrap_or_default();
            let wanted: Quantity = view.lines.iter().map(|line| line.sent.wanted).sum();
            WhyTopic::new(Self::TOPIC, receiver.name().into(), format!("{wanted} pieces"), format!("{notified} pieces"), gate(view, rules))
        };
        request::receivers(view, rules).filter(|_| view.placed.header.is_some()).map(topic).collect()
    }
}

fn gate(view: &OrderView<'_>, rules: &Rules) -> RequestGate {
    let missing = || {
        let open = view.sent.parcels.iter().filter(|parcel| !is_final(parcel, rules)).map(|parcel| parcel.key);
        let open: Vec<&str> = open.collect();
        let waits = if open.is_empty() { "the despatch of what is wanted".into() } else { format!("the delivery of {}", open.join(", ")) };
        (waits, rules.bringer(Role::Carrier))
    };
    RequestGate::of_order(view).and(&view.gates.recorded).and(&view.gates.not_held).when("delivered", all_delivered(view, rules), missing)
}

fn is_final(parcel: &ParcelView<'_>, rules: &Rules) -> bool {
    parcel.delivered_at.is_some() && (rules.assumed_completes || !parcel.assumed)
}

fn all_delivered(view: &OrderView<'_>, rules: &Rules) -> bool {
    let delivered = delivered(view, rules);
    worth::wanted(view) && view.lines.iter().all(|line| delivered.get(line.id).copied().unwrap_or_default() >= line.sent.wanted)
}

/// Delivered pieces by line; without those of parcels that are delivered by time alone, unless these are included.
fn delivered(view: &OrderView<'_>, rules: &Rules) -> NoticeTotals {
    let mut totals: NoticeTotals = view.lines.iter().map(|line| (line.id.into(), line.sent.delivered)).collect();
    let assumed = view.sent.parcels.iter().filter(|parcel| parcel.delivered_at.is_some() && !is_final(parcel, rules));
    for (index, quantity) in assumed.flat_map(|parcel| &parcel.lines) {
        if let Some(total) = view.lines.get(*index).and_then(|line| totals.get_mut(line.id)) {
            *total = (*total - *quantity).floor_zero();
        }
    }
    totals
}

fn completion(view: &OrderView<'_>, header: &Header, receiver: Receiver, known: &NoticeTotals, ledger: &NoticeLedger) -> OrderCompletion {
    let delivered = view.sent.parcels.iter().filter_map(|parcel| parcel.delivered_at).max();
    let line = |(id, total): (&Text, &Quantity)| CompletionLine {
        sku: request::sku_of(view, id),
        names: LineNames::new(view, id),
        line: id.clone(),
        delivered: *total,
        quantity: *total - totals::of(known, id),
    };
    OrderCompletion {
        head: RequestHead::new(view.key, &[receiver.name()], ledger.step),
        receiver,
        order: OrderRef::new(view, header),
        receiver_number: request::receiver_number(view, receiver),
        receiver_id: request::receiver_id(view, receiver),
        delivered_at: delivered.unwrap_or(header.placed_at),
        assumed: view.sent.parcels.iter().any(|parcel| parcel.assumed && parcel.delivered_at.is_some()),
        lines: ledger.totals.iter().filter(|(_, total)| total.is_positive()).map(line).collect(),
    }
}
