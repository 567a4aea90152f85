//! `despatch-notices`: what left the house, by parcel, for the shop and the ERP (each with its own ledger). A notice ledger.
//!
//! Due is each parcel's content, as far as it is resolved to lines of the order. What the receiver's own shipped total has already is put to
//! the oldest parcels and entered as told, without a notice. A notice waits for a tracking number for 30 minutes, then goes without; the
//! number follows by a further step. A parcel that left is told though the order is not complete; the ERP hears of it once it has a record.
//! A lower total asks nothing.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::order::earlier;
use super::request::{self, Gates};
use super::why::WhyTopic;
use super::{NoticeAction, Outlet, Receiver, Topic};
use crate::entities::ledger::NoticeLedger;
use crate::entities::order::OrderView;
use crate::entities::order::view::{LineView, ParcelView};
use crate::entities::rules::{Role, Rules};
use crate::facts::ids::join_key;
use crate::facts::order::Header;
use crate::facts::{Moment, Quantity, Text};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DespatchNotice {
    pub id: String,
    pub ledger_key: Text,
    pub step: u32,
    pub receiver: Receiver,
    pub action: NoticeAction,
    pub order: Text,
    pub number: Text,
    /// The receiver's own number of the order: the ERP's document, the shop's order id.
    pub receiver_number: Text,
    /// The despatch number.
    pub parcel: Text,
    pub location: Text,
    pub carrier: Text,
    pub service: Text,
    pub tracking: Option<Text>,
    pub despatched_at: Moment,
    pub lines: Vec<NoticeLine>,
}
super::body!(DespatchNotice, DespatchNotices);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NoticeLine {
    pub line: Text,
    pub sku: Text,
    /// This step's difference.
    pub quantity: Quantity,
    /// In this parcel after this step.
    pub total: Quantity,
}

type Ledgers = BTreeMap<Text, NoticeLedger>;

/// Makes the notices that are due. Returns when the next one stops waiting for its tracking number.
pub fn emit(view: &OrderView<'_>, ledgers: &mut Ledgers, outlet: &mut Outlet<'_>) -> Option<Moment> {
    let (rules, tick) = (outlet.context.rules, outlet.context.tick);
    let header = view.header?;
    let mut next = None;
    for receiver in request::receivers(view, rules) {
        let parcels = told_by_parcel(view, receiver);
        parcels.iter().for_each(|told| told.enter_covered(ledgers, outlet));
        for told in &parcels {
            if !told.is_due(view, ledgers) {
                continue;
            }
            if !gates(view, told.parcel, receiver, rules, tick).open() {
                next = earlier(next, gives_up_tracking(told.parcel, rules).filter(|moment| *moment > tick));
                continue;
            }
            let totals = told.totals_due(view, ledgers);
            let ledger = ledgers.entry(told.slot.clone()).or_default();
            let body = notice(view, header, told, &totals, ledger);
            ledger.step += 1;
            ledger.totals.extend(totals);
            ledger.detail = told.parcel.tracking.unwrap_or_default().into();
            let key = body.ledger_key.clone();
            outlet.request(&view.key.0, &key, body.step, Some(receiver), body);
        }
    }
    next
}

pub fn why(view: &OrderView<'_>, ledgers: &Ledgers, rules: &Rules, tick: Moment) -> Vec<WhyTopic> {
    let mut topics = Vec::new();
    for receiver in request::receivers(view, rules).filter(|_| view.header.is_some()) {
        for told in told_by_parcel(view, receiver) {
            let ledger = ledgers.get(&told.slot);
            let known: Quantity = ledger.map(|ledger| ledger.totals.values().copied().sum()).unwrap_or_default();
            let due = format!("{} pieces", told.content(view).into_values().sum::<Quantity>());
            let requested = format!("{known} pieces in {} steps", ledger.map_or(0, |ledger| ledger.step));
            let gates = gates(view, told.parcel, receiver, rules, tick);
            topics.push(request::why_topic(Topic::DespatchNotices, told.slot, due, requested, gates));
        }
    }
    topics
}

/// A parcel, and what one receiver knows of it by itself.
struct Told<'v, 'a> {
    parcel: &'v ParcelView<'a>,
    receiver: Receiver,
    /// The key of its ledger.
    slot: Text,
    /// By line: the part of the parcel that the receiver's own shipped total covers.
    covered: BTreeMap<Text, Quantity>,
}

impl Told<'_, '_> {
    /// By line, what is in the parcel.
    fn content(&self, view: &OrderView<'_>) -> BTreeMap<Text, Quantity> {
        let mut totals = BTreeMap::new();
        for (line, quantity) in &self.parcel.lines {
            if let Some(line) = view.lines.get(*line) {
                *totals.entry(Text::from(line.id)).or_insert(Quantity::ZERO) += *quantity;
            }
        }
        totals
    }

    /// By line, the total to have told: what is in the parcel, but over all parcels never more than was despatched (a piece that moved to
    /// another parcel after it was told is not told twice).
    fn totals_due(&self, view: &OrderView<'_>, ledgers: &Ledgers) -> BTreeMap<Text, Quantity> {
        let mut totals = self.content(view);
        for (line, total) in &mut totals {
            let known = total_of(ledgers.get(&self.slot), line);
            let despatched = view.lines.iter().find(|known| known.id == line.as_str()).map_or(Quantity::ZERO, |line| line.d);
            let room = (despatched - self.told_in_all(ledgers, line)).floor_zero();
            *total = (*total).min(known + room).max(known);
        }
        totals
    }

    fn told_in_all(&self, ledgers: &Ledgers, line: &str) -> Quantity {
        let own = |slot: &Text| slot.split('|').next() == Some(self.receiver.name());
        ledgers.iter().filter(|(slot, _)| own(slot)).map(|(_, ledger)| total_of(Some(ledger), line)).sum()
    }

    /// Pieces that the receiver has not been told, or another tracking number than it was told.
    fn is_due(&self, view: &OrderView<'_>, ledgers: &Ledgers) -> bool {
        let known = ledgers.get(&self.slot);
        let pieces = self.totals_due(view, ledgers).iter().any(|(line, total)| *total > total_of(known, line));
        let renamed = |tracking: &str| known.is_some_and(|ledger| ledger.step > 0 && ledger.detail != tracking);
        pieces || self.parcel.tracking.is_some_and(renamed)
    }

    /// Enters as told what the receiver knows by itself.
    fn enter_covered(&self, ledgers: &mut Ledgers, outlet: &mut Outlet<'_>) {
        for (line, covered) in &self.covered {
            if *covered > total_of(ledgers.get(&self.slot), line) {
                ledgers.entry(self.slot.clone()).or_default().totals.insert(line.clone(), *covered);
                outlet.changed = true;
            }
        }
    }
}

/// The order's parcels, oldest first, with the receiver's own shipped totals laid over them.
fn told_by_parcel<'v, 'a>(view: &'v OrderView<'a>, receiver: Receiver) -> Vec<Told<'v, 'a>> {
    let mut own: Vec<Quantity> = view.lines.iter().map(|line| shipped(line, receiver)).collect();
    let mut parcels: Vec<&ParcelView<'_>> = view.parcels.iter().collect();
    parcels.sort_by_key(|parcel| (parcel.despatched_at, parcel.key));
    let mut lay = |parcel: &'v ParcelView<'a>| {
        let mut covered = BTreeMap::new();
        for (index, quantity) in &parcel.lines {
            let (Some(line), Some(own)) = (view.lines.get(*index), own.get_mut(*index)) else { continue };
            let part = (*own).min(*quantity).floor_zero();
            *own -= part;
            if part.is_positive() {
                *covered.entry(Text::from(line.id)).or_insert(Quantity::ZERO) += part;
            }
        }
        Told { parcel, receiver, slot: join_key(&[receiver.name(), parcel.key]), covered }
    };
    parcels.into_iter().map(&mut lay).collect()
}

/// The receiver's own shipped total of a line.
fn shipped(line: &LineView<'_>, receiver: Receiver) -> Quantity {
    match receiver {
        Receiver::Shop => line.shop_shipped,
        Receiver::Erp => line.erp_shipped,
    }
}

fn total_of(ledger: Option<&NoticeLedger>, line: &str) -> Quantity {
    ledger.and_then(|ledger| ledger.totals.get(line)).copied().unwrap_or_default()
}

/// When a notice goes without a tracking number.
fn gives_up_tracking(parcel: &ParcelView<'_>, rules: &Rules) -> Option<Moment> {
    parcel.tracking.is_none().then(|| parcel.despatched_at + rules.durations.tracking_for_notice)
}

fn gates(view: &OrderView<'_>, parcel: &ParcelView<'_>, receiver: Receiver, rules: &Rules, tick: Moment) -> Gates {
    // Of a whole order, what could not be put to a line never will be: the rest is told.
    let resolved = !parcel.unresolved || view.conditions.complete.holds;
    let tracked = gives_up_tracking(parcel, rules).is_none_or(|moment| moment <= tick);
    let gates = Gates::default().and(&view.conditions.not_test).consistent(view);
    let gates = if receiver == Receiver::Erp { gates.and(&view.conditions.recorded) } else { gates };
    gates.when("resolved", resolved, || ("the order lines that the parcel's rows name".into(), request::bringer(rules, Role::Shop))).when(
        "tracking",
        tracked,
        || ("the parcel's tracking number".into(), request::bringer(rules, Role::Wms)),
    )
}

fn notice(
    view: &OrderView<'_>,
    header: &Header,
    told: &Told<'_, '_>,
    totals: &BTreeMap<Text, Quantity>,
    ledger: &NoticeLedger,
) -> DespatchNotice {
    let (parcel, receiver) = (told.parcel, told.receiver);
    let line = |(id, total): (&Text, &Quantity)| NoticeLine {
        line: id.clone(),
        sku: view.lines.iter().find(|line| line.id == id.as_str()).map(|line| line.sku.as_str().into()).unwrap_or_default(),
        quantity: *total - total_of(Some(ledger), id),
        total: *total,
    };
    DespatchNotice {
        id: String::new(),
        ledger_key: request::ledger_key(view.key, &[receiver.name(), parcel.key]),
        step: ledger.step + 1,
        receiver,
        action: NoticeAction::Notify,
        order: view.key.0.clone(),
        number: header.number.clone(),
        receiver_number: request::receiver_number(view, receiver),
        parcel: parcel.key.into(),
        location: parcel.location.into(),
        carrier: parcel.carrier.into(),
        service: parcel.service.into(),
        tracking: parcel.tracking.map(Text::from),
        despatched_at: parcel.despatched_at,
        lines: totals.iter().map(line).collect(),
    }
}
