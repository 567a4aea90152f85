//! `despatch-notices`: what left the house, by parcel, for the shop and the ERP (each with its own ledger). A notice ledger.
//!
//! - Due is each parcel's content, as far as its rows could be put to lines of the order.
//! - Pieces that the receiver's own shipped total has already are put to the oldest parcels and entered without a notice.
//! - A notice waits for a tracking number for 30 minutes, then goes without; the number follows by a further step.
//! - A parcel that left is notified though the order is not complete; to the ERP once it has a record.
//! - When a parcel has less than was notified, a `correct` notice has the lower totals.
//! - Where a despatch names only a SKU, all lines of that SKU count together: to which of them pieces are put may change when something is
//!   cancelled later, and that makes no notice.
//! - What the receiver itself has sent is entered without a notice, and so is each change of it.
//! - What was handed over at a counter is notified to the ERP alone.

use serde::{Deserialize, Serialize};

use super::body::{LineNames, NoticeAction, OrderRef, Receiver, RequestBody, RequestHead};
use super::gate::RequestGate;
use super::outlet::Outlet;
use super::request::{self, Request, WhyTopic};
use super::totals::{self, NoticeTotals};
use crate::entities::ledger::{NoticeLedger, NoticeLedgers};
use crate::entities::order::OrderView;
use crate::entities::order::figures::LineView;
use crate::entities::order::sent::ParcelView;
use crate::entities::rules::{Role, Rules};
use crate::entities::small_map::SmallMap;
use crate::entities::topics::Topic;
use crate::facts::ids::join_key;
use crate::facts::order::{Header, Origin};
use crate::facts::{Moment, Quantity, Text};

/// Notice to the shop or the ERP: what left the house in a parcel, so that it can book, invoice and capture. Each order, receiver and
/// parcel has one ledger.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DespatchNotice {
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
    /// The warehouse's despatch number.
    pub parcel: Text,
    /// The location that sent it, by the code of the system that counts there.
    pub location: Text,
    /// The carrier, in the warehouse's word.
    pub carrier: Text,
    /// The carrier's service, in the warehouse's word.
    pub service: Text,
    /// Tracking number; null while unknown: it follows by a further step.
    pub tracking: Option<Text>,
    /// When the parcel left, by the warehouse's clock.
    pub despatched_at: Moment,
    /// Lines of the parcel.
    pub lines: Vec<NoticeLine>,
}

impl RequestBody for DespatchNotice {
    const TOPIC: Topic = Topic::DespatchNotices;

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

/// What the parcel holds of an order line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NoticeLine {
    /// The shop's id of the order line.
    pub line: Text,
    /// SKU of the goods: trimmed, Unicode NFC, upper case.
    pub sku: Text,
    /// How else the line is called.
    #[serde(flatten)]
    pub names: LineNames,
    /// This step's difference: what the receiver is to book.
    pub quantity: Quantity,
    /// In this parcel after this step, what the receiver knew by itself included.
    pub total: Quantity,
}

impl Request for DespatchNotice {
    type Ledger = NoticeLedgers;

    fn emit(view: &OrderView<'_>, ledgers: &mut NoticeLedgers, outlet: &mut Outlet<'_>) {
        let (rules, tick) = (outlet.context.rules, outlet.context.tick);
        let Some(header) = view.placed.header else { return };
        for receiver in receivers(view, header, rules) {
            let mut parcels = parcel_notices(view, ledgers, receiver, rules);
            forget_unnotified(&parcels, receiver, ledgers, outlet);
            // Mostly all that has left was told at seals before.
            parcels.retain(|notice| !notice.is_told(view, ledgers));
            parcels.iter().for_each(|notice| notice.enter_covered(view, ledgers, outlet));
            for notice in &parcels {
                let Some(totals) = notice.lower(view, ledgers) else { continue };
                if notice.its_own {
                    totals::enter(ledgers, &notice.slot, totals, outlet);
                } else if gate_of_lowering(view).open() {
                    let ledger = ledgers.entry(notice.slot.clone()).or_default();
                    notice.send(view, header, totals, NoticeAction::Correct, ledger, outlet);
                }
            }
            for notice in &parcels {
                let Some(parcel) = notice.parcel.filter(|_| notice.is_due(view, ledgers)) else { continue };
                if !gate(view, parcel, receiver, rules, tick).open() {
                    outlet.set_timer(gives_up_tracking(parcel, rules));
                    continue;
                }
                let totals = notice.higher(view, ledgers);
                let ledger = ledgers.entry(notice.slot.clone()).or_default();
                notice.send(view, header, totals, NoticeAction::Notify, ledger, outlet);
            }
        }
    }

    fn why(view: &OrderView<'_>, ledgers: &NoticeLedgers, rules: &Rules, tick: Moment) -> Vec<WhyTopic> {
        let mut topics = Vec::new();
        let Some(header) = view.placed.header else { return topics };
        for receiver in receivers(view, header, rules) {
            for notice in parcel_notices(view, ledgers, receiver, rules) {
                let ledger = ledgers.get(&notice.slot);
                let known: Quantity = ledger.map(|ledger| ledger.totals.values().copied().sum()).unwrap_or_default();
                let due = format!("{} pieces", notice.content(view).into_values().sum::<Quantity>());
                let requested = format!("{known} pieces in {} steps", ledger.map_or(0, |ledger| ledger.step));
                let gate = match notice.parcel {
                    Some(parcel) if notice.lower(view, ledgers).is_none() => gate(view, parcel, receiver, rules, tick),
                    _ => gate_of_lowering(view),
                };
                topics.push(WhyTopic::new(Self::TOPIC, notice.slot, due, requested, gate));
            }
        }
        topics
    }
}

/// Who is notified: of a sale at a counter the ERP alone, for the shop reported it itself.
fn receivers(view: &OrderView<'_>, header: &Header, rules: &Rules) -> impl Iterator<Item = Receiver> {
    let at_counter = header.origin == Origin::Pos;
    request::receivers(view, rules).filter(move |receiver| !at_counter || *receiver == Receiver::Erp)
}

/// A parcel, and what one receiver knows of it by itself.
struct ParcelNotice<'v, 'a> {
    /// The despatch number.
    key: Text,
    /// `None`: it was notified, and no row is about it any more.
    parcel: Option<&'v ParcelView<'a>>,
    receiver: Receiver,
    /// The key of its ledger.
    slot: Text,
    /// By line: the part of the parcel that the receiver's own shipped total covers.
    covered: NoticeTotals,
    /// The receiver itself has sent it: it knows of each change, and corrects itself.
    its_own: bool,
}

/// The line, by id; with the others of its SKU where some despatch names only that.
fn pool<'v>(view: &'v OrderView<'_>, line: &str) -> Vec<&'v str> {
    match request::line(view, line) {
        Some(of) if !of.sent.pooled => vec![of.id],
        _ => totals::of_article(view, line),
    }
}

impl ParcelNotice<'_, '_> {
    /// By line, what is in the parcel.
    fn content(&self, view: &OrderView<'_>) -> NoticeTotals {
        let mut totals = NoticeTotals::new();
        for (line, quantity) in self.parcel.iter().flat_map(|parcel| &parcel.lines) {
            if let Some(line) = view.lines.get(*line) {
                *totals.entry(Text::from(line.id)).or_insert(Quantity::ZERO) += *quantity;
            }
        }
        totals
    }

    /// What the receiver was notified of.
    fn known(&self, ledgers: &NoticeLedgers) -> NoticeTotals {
        totals::notified(ledgers, &self.slot)
    }

    /// The pools of lines that the parcel holds, or was notified to hold.
    fn pools<'v>(&self, view: &'v OrderView<'_>, ledgers: &NoticeLedgers) -> Vec<Vec<&'v str>> {
        let mut pools: Vec<Vec<&'v str>> = Vec::new();
        for line in self.content(view).into_keys().chain(self.known(ledgers).into_keys()) {
            let pool = pool(view, &line);
            if !pool.is_empty() && !pools.contains(&pool) {
                pools.push(pool);
            }
        }
        pools
    }

    /// The totals with less than was notified, where there is less; `None`: nothing is to be taken back.
    fn lower(&self, view: &OrderView<'_>, ledgers: &NoticeLedgers) -> Option<NoticeTotals> {
        totals::lowered(&self.known(ledgers), &self.content(view), &self.pools(view, ledgers))
    }

    /// The totals after a notice: what is in the parcel, but over all parcels never more than was despatched (a piece that moved to another parcel
    /// after its notice is not notified twice).
    fn higher(&self, view: &OrderView<'_>, ledgers: &NoticeLedgers) -> NoticeTotals {
        totals::raised_within(&self.known(ledgers), &self.content(view), &self.pools(view, ledgers), |_, pool: &[&str]| {
            let despatched: Quantity = view.lines.iter().filter(|line| pool.contains(&line.id)).map(|line| line.sent.despatched).sum();
            let notified: Quantity =
                ledgers.iter().filter(|(slot, _)| is_of(slot, self.receiver)).map(|(_, ledger)| totals::sum(&ledger.totals, pool)).sum();
            despatched - notified
        })
    }

    /// There are pieces that the receiver was not notified of, or the tracking number is another than in its last notice.
    fn is_due(&self, view: &OrderView<'_>, ledgers: &NoticeLedgers) -> bool {
        let known = self.known(ledgers);
        let pieces = self.higher(view, ledgers).iter().any(|(line, total)| *total > known.get(line).copied().unwrap_or_default());
        pieces || ledgers.get(&self.slot).is_some_and(|ledger| self.is_renamed(ledger))
    }

    /// The receiver was notified of just what is in the parcel: there is nothing to add, to take back or to enter.
    fn is_told(&self, view: &OrderView<'_>, ledgers: &NoticeLedgers) -> bool {
        ledgers.get(&self.slot).is_some_and(|ledger| ledger.totals == self.content(view) && !self.is_renamed(ledger))
    }

    /// The tracking number is another than in the last notice.
    fn is_renamed(&self, ledger: &NoticeLedger) -> bool {
        let tracking = self.parcel.and_then(|parcel| parcel.tracking);
        tracking.is_some_and(|tracking| ledger.step > 0 && ledger.detail != tracking)
    }

    /// Enters, without a notice, what the receiver knows by itself.
    fn enter_covered(&self, view: &OrderView<'_>, ledgers: &mut NoticeLedgers, outlet: &mut Outlet<'_>) {
        let entered = totals::raised(&self.known(ledgers), &self.covered, &self.pools(view, ledgers));
        totals::enter(ledgers, &self.slot, entered, outlet);
    }

    fn send(
        &self,
        view: &OrderView<'_>,
        header: &Header,
        totals: NoticeTotals,
        action: NoticeAction,
        ledger: &mut NoticeLedger,
        outlet: &mut Outlet<'_>,
    ) {
        let body = body(view, header, self, &totals, action, ledger);
        if !outlet.request(view.key, body) {
            return;
        }
        ledger.step += 1;
        ledger.totals.extend(totals);
        if let Some(parcel) = self.parcel {
            ledger.detail = parcel.tracking.unwrap_or_default().into();
        }
        if action == NoticeAction::Correct {
            ledger.corrected_at = Some(outlet.context.tick);
        }
    }
}

/// Drops what was entered without a notice for a parcel that has no rows any more: the pieces are in another one now.
fn forget_unnotified(parcels: &[ParcelNotice<'_, '_>], receiver: Receiver, ledgers: &mut NoticeLedgers, outlet: &mut Outlet<'_>) {
    let before = ledgers.len();
    ledgers.retain(|slot, ledger| ledger.step > 0 || !is_of(slot, receiver) || parcels.iter().any(|notice| notice.slot == *slot));
    outlet.changed |= ledgers.len() < before;
}

/// Is it the key of a ledger of this receiver?
fn is_of(slot: &str, receiver: Receiver) -> bool {
    slot.split('|').next() == Some(receiver.name())
}

/// The order's parcels, oldest first, with the part of each that the receiver's own shipped totals cover (first what it was notified of, then what is
/// new); then those that were notified and have no rows any more.
fn parcel_notices<'v, 'a>(
    view: &'v OrderView<'a>,
    ledgers: &NoticeLedgers,
    receiver: Receiver,
    rules: &Rules,
) -> Vec<ParcelNotice<'v, 'a>> {
    let mut own: SmallMap<&str, Quantity> = SmallMap::new();
    for line in view.lines.iter().filter(|line| !line.is_bundle) {
        *own.entry(line.sku.as_str()).or_default() += shipped(line, receiver);
    }
    let mut parcels: Vec<&ParcelView<'_>> = view.sent.parcels.iter().collect();
    parcels.sort_by_key(|parcel| (parcel.despatched_at, parcel.key));
    let mut all: Vec<ParcelNotice<'v, 'a>> = Vec::new();
    for parcel in parcels {
        let slot = join_key(&[receiver.name(), parcel.key]);
        let known = totals::notified(ledgers, &slot);
        let mut covered = NoticeTotals::new();
        // What the receiver itself has sent it knows, whether or not its totals say so yet: they are rows of another table.
        let its_own = match receiver {
            Receiver::Shop => view.placed.shop == Some(parcel.source),
            Receiver::Erp => rules.plays(parcel.source, Role::Erp),
        };
        for (index, quantity) in &parcel.lines {
            let Some(line) = view.lines.get(*index) else { continue };
            let Some(own) = own.get_mut(line.sku.as_str()) else { continue };
            let part = if its_own { *quantity } else { (*own).min(*quantity).floor_zero() };
            *own -= (*own).min(totals::of(&known, line.id).max(*quantity)).floor_zero();
            if part.is_positive() {
                *covered.entry(Text::from(line.id)).or_insert(Quantity::ZERO) += part;
            }
        }
        all.push(ParcelNotice { key: parcel.key.into(), parcel: Some(parcel), receiver, slot, covered, its_own });
    }
    for (key, slot) in request::notified_before(receiver, ledgers) {
        if !all.iter().any(|notice| notice.slot == slot) {
            all.push(ParcelNotice { key, parcel: None, receiver, slot, covered: NoticeTotals::new(), its_own: false });
        }
    }
    all
}

/// The receiver's own shipped total of a line.
fn shipped(line: &LineView<'_>, receiver: Receiver) -> Quantity {
    match receiver {
        Receiver::Shop => line.sent.shop_shipped,
        Receiver::Erp => line.erp.shipped,
    }
}

/// When a notice goes without a tracking number.
fn gives_up_tracking(parcel: &ParcelView<'_>, rules: &Rules) -> Option<Moment> {
    (parcel.tracking.is_none() && !parcel.handed_over).then(|| parcel.despatched_at + rules.durations.tracking_for_notice)
}

/// Taking back asks for nothing but rows that do not contradict each other.
fn gate_of_lowering(view: &OrderView<'_>) -> RequestGate {
    RequestGate::of_lowering().consistent(view)
}

fn gate(view: &OrderView<'_>, parcel: &ParcelView<'_>, receiver: Receiver, rules: &Rules, tick: Moment) -> RequestGate {
    // Of a whole order, what could not be put to a line never will be: the notice has the rest.
    let resolved = !parcel.unresolved || view.gates.complete.holds;
    let tracked = gives_up_tracking(parcel, rules).is_none_or(|moment| moment <= tick);
    let gate = RequestGate::default().and(&view.gates.not_test).consistent(view);
    let gate = if receiver == Receiver::Erp { gate.and(&view.gates.recorded) } else { gate };
    gate.when("resolved", resolved, || ("the order lines that the parcel's rows name".into(), rules.bringer(Role::Shop))).when(
        "tracking",
        tracked,
        || ("the parcel's tracking number".into(), rules.bringer(Role::Wms)),
    )
}

fn body(
    view: &OrderView<'_>,
    header: &Header,
    notice: &ParcelNotice<'_, '_>,
    totals: &NoticeTotals,
    action: NoticeAction,
    ledger: &NoticeLedger,
) -> DespatchNotice {
    let (parcel, receiver) = (notice.parcel, notice.receiver);
    let text = |of: fn(&ParcelView<'_>) -> Text| parcel.map(of).unwrap_or_default();
    let line = |(id, total): (&Text, &Quantity)| NoticeLine {
        line: id.clone(),
        sku: request::sku_of(view, id),
        names: LineNames::new(view, id),
        quantity: *total - totals::of(&ledger.totals, id),
        total: *total,
    };
    DespatchNotice {
        head: RequestHead::new(view.key, &[receiver.name(), &notice.key], ledger.step + 1),
        receiver,
        action,
        order: OrderRef::new(view, header),
        receiver_number: request::receiver_number(view, receiver),
        receiver_id: request::receiver_id(view, receiver),
        parcel: notice.key.clone(),
        location: text(|parcel| parcel.location.into()),
        carrier: text(|parcel| parcel.carrier.into()),
        service: text(|parcel| parcel.service.into()),
        tracking: parcel.and_then(|parcel| parcel.tracking).map(Text::from),
        // A parcel without rows has no time of its own.
        despatched_at: parcel.map_or(header.placed_at, |parcel| parcel.despatched_at),
        lines: totals.iter().map(line).collect(),
    }
}
