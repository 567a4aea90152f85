//! `fulfilment-requests`: the go-ahead to a warehouse, by location. A document ledger with totals by line.
//!
//! For each line the total to send from a location is what is wanted, less what other locations have been asked for.
//!
//! | what | conditions |
//! | --- | --- |
//! | a lower total, `cancel` | that a go-ahead was made for this location |
//! | `release`, any raise of a total, another address or method while something is to be sent | complete, recorded, approved, secured, no hold, ship-to address, location known, the warehouse there knows the SKU, one record in the ERP, the order it replaces is cancelled; no other location has still to confirm that it sends less of the line |
//!
//! A warehouse that cannot change an order (`fixed_orders` of its location) is never asked for a `change`. Its order is cancelled, with what has left as
//! totals; once it has ended all that it has, or a person says that it did, what is still to be sent is released under a number of its own, which leads back to the order.
//!
//! While the conditions of a raise are shut, lower totals are requested by themselves. A condition that shuts later takes nothing back.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::body::{LineNames, OrderRef, RequestBody, RequestHead, digest};
use super::gate::RequestGate;
use super::outlet::Outlet;
use super::request::{self, Request, WhyTopic};
use super::totals::{self, NoticeTotals};
use crate::entities::ledger::{DocumentLedger, DocumentLedgers};
use crate::entities::order::OrderView;
use crate::entities::order::answered::{has_ended, holds_to_what_was_asked, reported};
use crate::entities::order::figures::LineView;
use crate::entities::order::worth::worth;
use crate::entities::rules::{Role, Rules};
use crate::entities::topics::Topic;
use crate::facts::ids::RequestNumber;
use crate::facts::order::{Address, Advice, ChargeKind, Header, Personal};
use crate::facts::{Amount, Currency, Moment, Quantity, Text};

/// What is asked of a location.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FulfilmentAction {
    /// Nothing is asked of the location so far.
    Release,
    /// Other totals, or another address.
    Change,
    /// Nothing is to be sent.
    Cancel,
}

/// Go-ahead to a warehouse: what a location is to send of an order in all. A further step replaces the one before. Each order and location
/// has one ledger.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FulfilmentRequest {
    /// Which step of which ledger it is.
    #[serde(flatten)]
    pub head: RequestHead,
    /// What is asked of the location.
    pub action: FulfilmentAction,
    /// Which order it is about.
    #[serde(flatten)]
    pub order: OrderRef,
    /// The sales channel, as the configuration names it.
    pub channel: Text,
    /// When the customer placed the order, by the shop's clock.
    pub placed_at: Moment,
    /// When that happened which made the request due: the business time of the order's newest row, by its source's clock.
    pub occurred_at: Moment,
    /// When the customer was promised the goods; null: nothing was promised.
    pub promised_at: Option<Moment>,
    /// The number under which the warehouse is to have the order: its public number; where the warehouse cannot change an order, one of this release's
    /// own (`number~location~step`). Of a cancellation: the number to cancel.
    pub request_number: Text,
    /// Of a release: the request number that it takes the place of; else null.
    pub replaces: Option<Text>,
    /// The warehouse's own number of its order at this location; empty while it has none.
    pub warehouse_number: Text,
    /// The location that sends, by the code of the system that counts there.
    pub location: Text,
    /// Shipping method, in the shop's word.
    pub shipping_method: Text,
    /// May the order be sent in parts?
    pub advice: Advice,
    /// Where the goods go; null where none is needed.
    pub ship_to: Option<Address>,
    /// Whom the invoice names; null while unknown.
    pub bill_to: Option<Address>,
    /// The customer's email address, as the shop has it; null: not told.
    pub email: Option<Personal>,
    /// What the customer wrote to the shop; empty: nothing.
    pub note: Personal,
    /// Of every amount in this event: the currency that the customer was charged in.
    pub currency: Currency,
    /// What the customer owes for carriage, tax inside.
    pub shipping: Amount,
    /// The part of `shipping` that is tax.
    pub shipping_tax: Amount,
    /// Why pieces are cancelled, in the words of the systems that did; empty: nothing is, or nobody says why.
    pub reasons: Vec<Text>,
    /// All lines ever asked of this location.
    pub lines: Vec<FulfilmentLine>,
}

impl RequestBody for FulfilmentRequest {
    const TOPIC: Topic = Topic::FulfilmentRequests;

    fn head(&mut self) -> &mut RequestHead {
        &mut self.head
    }

    fn corrects(&self) -> bool {
        self.action != FulfilmentAction::Release
    }

    fn content(&self) -> u64 {
        let mut wanted = self.clone();
        wanted.occurred_at = wanted.placed_at;
        (wanted.order.erp_number, wanted.order.erp_id, wanted.warehouse_number, wanted.reasons) = Default::default();
        (wanted.promised_at, wanted.bill_to, wanted.email, wanted.note) = Default::default();
        (wanted.request_number, wanted.replaces) = Default::default();
        (wanted.shipping, wanted.shipping_tax) = Default::default();
        for line in &mut wanted.lines {
            (line.names, line.description, line.to_send, line.gross, line.tax) = Default::default();
        }
        digest(&wanted)
    }
}

/// What to send of an order line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FulfilmentLine {
    /// The shop's id of the order line.
    pub line: Text,
    /// SKU of the goods: trimmed, Unicode NFC, upper case.
    pub sku: Text,
    /// How else the line is called.
    #[serde(flatten)]
    pub names: LineNames,
    /// The line's text, by the shop.
    pub description: Text,
    /// To send from this location in all, despatched pieces included.
    pub total: Quantity,
    /// Difference to the total of the step before, of either sign.
    pub difference: Quantity,
    /// Of the total, what has not left from this location yet.
    pub to_send: Quantity,
    /// What the customer owes for the total, tax inside.
    pub gross: Amount,
    /// The part of `gross` that is tax.
    pub tax: Amount,
}

impl Request for FulfilmentRequest {
    type Ledger = DocumentLedgers;

    fn emit(view: &OrderView<'_>, ledgers: &mut DocumentLedgers, outlet: &mut Outlet<'_>) {
        let rules = outlet.context.rules;
        let Some(header) = view.placed.header else { return };
        for location in locations(view, ledgers, rules) {
            let asked = ledgers.get(&location).cloned().unwrap_or_default();
            let wanted = wanted_from(view, ledgers, rules, &location);
            let may_raise = || gate(view, header, rules, &location).open() && outlet.may_ask();
            let Some(totals) = to_ask(view, header, &asked, &location, wanted, may_raise) else { continue };
            let (action, totals) = match rules.has_fixed_orders(&location) {
                false => (action(&asked.totals, &totals), totals),
                true => match of_fixed(view, &asked, &location, totals) {
                    Fixed::Ask(action, totals) => (action, totals),
                    Fixed::Wait => continue,
                    Fixed::Enter(totals) => {
                        ledgers.entry(location).or_default().enter_totals(totals);
                        outlet.changed = true;
                        continue;
                    }
                },
            };
            let mut body = wanted_body(view, header, &location, &asked.totals, &totals);
            body.complete(view, header);
            body.action = action;
            body.head.step = asked.step + 1;
            (body.request_number, body.replaces) = numbers(header, rules, &location, &asked, action);
            let content = digest_of(view, header, &body.location, &totals);
            if !outlet.request(view.key, body) {
                continue;
            }
            let reported = reported(view, &location);
            let asked = ledgers.entry(location).or_default();
            asked.step += 1;
            asked.asked = content;
            asked.cancelled = action == FulfilmentAction::Cancel;
            asked.enter_totals(totals);
            asked.asked_at = Some(outlet.context.tick);
            // A release after a cancel needs an answer of its own.
            if action == FulfilmentAction::Release {
                asked.released = asked.step;
                // An order that ended by a person's word alone is never reported.
                asked.releases = asked.releases.min(reported) + 1;
                asked.first_asked_at = asked.asked_at;
            }
        }
    }

    fn why(view: &OrderView<'_>, ledgers: &DocumentLedgers, rules: &Rules, _: Moment) -> Vec<WhyTopic> {
        let Some(header) = view.placed.header.filter(|_| rules.has(Role::Wms)) else { return Vec::new() };
        let mut topics: Vec<WhyTopic> = Vec::new();
        for location in locations(view, ledgers, rules) {
            let asked = ledgers.get(&location).cloned().unwrap_or_default();
            let wanted = wanted_from(view, ledgers, rules, &location);
            // Lower totals were requested already: only a raise can wait.
            let gate = gate(view, header, rules, &location).and_replaced(view, rules, &location, &asked);
            topics.push(WhyTopic::new(Self::TOPIC, location, pieces(&wanted), pieces(&asked.totals), gate));
        }
        if topics.is_empty() && view.lines.iter().any(|line| line.erp.ships && line.sent.wanted.is_positive()) {
            let due = "the lines that ship".to_string();
            topics.push(WhyTopic::new(Self::TOPIC, Text::default(), due, pieces(&NoticeTotals::new()), gate(view, header, rules, "")));
        }
        topics
    }
}

/// The locations that are asked now, or were: by the code that counts there, in the order of their codes.
fn locations(view: &OrderView<'_>, ledgers: &DocumentLedgers, rules: &Rules) -> BTreeSet<Text> {
    let assigned = view.lines.iter().filter(|line| line.erp.ships).filter_map(|line| warehouse_of(line, rules));
    assigned.chain(ledgers.keys().cloned()).collect()
}

/// The location that a line is sent from, where a warehouse system works there; other places are not asked.
fn warehouse_of(line: &LineView<'_>, rules: &Rules) -> Option<Text> {
    let location = rules.location(line.erp.location?)?;
    location.wms.is_some().then(|| location.code.clone())
}

/// By line, what the location is to send in all: what is wanted less what others were asked for, where the line is assigned to it. A line that
/// was moved away keeps here what left from here; the new location gets the rest once the old one has confirmed. A line whose
/// location is not known any more stays where it was requested.
fn wanted_from(view: &OrderView<'_>, ledgers: &DocumentLedgers, rules: &Rules, location: &str) -> NoticeTotals {
    let mut totals = NoticeTotals::new();
    let asked = ledgers.get(location);
    for (index, line) in view.lines.iter().enumerate().filter(|(_, line)| line.erp.ships) {
        let here = asked.map_or(Quantity::ZERO, |asked| totals::of(&asked.totals, line.id));
        let elsewhere: Quantity =
            ledgers.iter().filter(|(other, _)| other.as_str() != location).map(|(_, other)| totals::of(&other.totals, line.id)).sum();
        let rest = (line.sent.wanted - elsewhere).floor_zero();
        // Pieces that left although they were cancelled are wanted again: they are not to be sent once more.
        let may_rise = line.sent.wanted > line.sent.despatched && !line.erp.not_stocked && !held_elsewhere(view, ledgers, location, index);
        let total = match warehouse_of(line, rules) {
            Some(assigned) if assigned == location => {
                if may_rise {
                    rest
                } else {
                    rest.min(here)
                }
            }
            Some(_) => rest.min(here).min(left_from(line, location)),
            None => rest.min(here),
        };
        let ever = asked.is_some_and(|asked| asked.totals.contains_key(line.id));
        if total.is_positive() || ever {
            totals.insert(line.id.into(), total);
        }
    }
    // A missing row cancels nothing: what was requested for its line stays.
    for (line, total) in asked.into_iter().flat_map(|asked| &asked.totals) {
        if !view.lines.iter().any(|known| known.id == line.as_str()) {
            totals.insert(line.clone(), *total);
        }
    }
    totals
}

/// Another location was asked to send less of the line, and has not confirmed it: it may still send what this one would be asked for.
fn held_elsewhere(view: &OrderView<'_>, ledgers: &DocumentLedgers, location: &str, line: usize) -> bool {
    let mut others = ledgers.iter().filter(|(other, _)| other.as_str() != location);
    others.any(|(other, asked)| !holds_to_what_was_asked(view, asked, other, line))
}

fn left_from(line: &LineView<'_>, location: &str) -> Quantity {
    line.sent.parts.iter().filter(|part| part.location == location).map(|part| part.quantity).sum()
}

/// The totals to ask for now, when they or the rest of the content differ from what was asked; `None`: nothing to ask.
fn to_ask(
    view: &OrderView<'_>,
    header: &Header,
    asked: &DocumentLedger,
    location: &str,
    wanted: NoticeTotals,
    may_raise: impl FnOnce() -> bool,
) -> Option<NoticeTotals> {
    let raise = wanted.iter().any(|(line, total)| *total > totals::of(&asked.totals, line));
    let lower = wanted.iter().any(|(line, total)| *total < totals::of(&asked.totals, line));
    let to_send = wanted.iter().any(|(line, total)| *total > despatched(view, line));
    let differs = || to_send && asked.step > 0 && digest_of(view, header, location, &wanted) != asked.asked;
    if (raise || (!lower && differs())) && may_raise() {
        return Some(wanted);
    }
    let lowered = |(line, total): (Text, Quantity)| {
        let total = total.min(totals::of(&asked.totals, &line));
        (line, total)
    };
    (lower && asked.step > 0).then(|| wanted.into_iter().map(lowered).collect())
}

fn action(asked: &NoticeTotals, totals: &NoticeTotals) -> FulfilmentAction {
    let none = |totals: &NoticeTotals| totals.values().all(|total| total.is_zero());
    match (none(asked), none(totals)) {
        (_, true) => FulfilmentAction::Cancel,
        (true, false) => FulfilmentAction::Release,
        (false, false) => FulfilmentAction::Change,
    }
}

/// What is asked of a warehouse that cannot change an order.
enum Fixed {
    Ask(FulfilmentAction, NoticeTotals),
    /// It has to end what it has first; or nothing has changed that it can send by.
    Wait,
    /// It has ended what it has, and nothing more is to be sent: there is nothing to ask.
    Enter(NoticeTotals),
}

/// `totals`: what the location is to send in all.
fn of_fixed(view: &OrderView<'_>, asked: &DocumentLedger, location: &str, totals: NoticeTotals) -> Fixed {
    let ended = has_ended(view, asked, location);
    if asked.step > 0 && !asked.cancelled && !ended {
        let left = |(line, total): (&Text, &Quantity)| {
            let left = request::line(view, line).map_or(Quantity::ZERO, |known| left_from(known, location));
            (line.clone(), left.min(*total))
        };
        return Fixed::Ask(FulfilmentAction::Cancel, asked.totals.iter().map(left).collect());
    }
    let raise = totals.iter().any(|(line, total)| *total > totals::of(&asked.totals, line));
    match raise {
        false if totals != asked.totals => Fixed::Enter(totals),
        false => Fixed::Wait,
        true if asked.step > 0 && !ended => Fixed::Wait,
        true => Fixed::Ask(FulfilmentAction::Release, totals),
    }
}

/// The number of the request, and the one that it takes the place of.
fn numbers(header: &Header, rules: &Rules, location: &str, asked: &DocumentLedger, action: FulfilmentAction) -> (Text, Option<Text>) {
    if !rules.has_fixed_orders(location) {
        return (header.number.clone(), None);
    }
    let number = |step: u32| RequestNumber::of(&header.number, location, step);
    match action {
        FulfilmentAction::Release => (number(asked.step + 1), (asked.released > 0).then(|| number(asked.released))),
        FulfilmentAction::Change | FulfilmentAction::Cancel => (number(asked.released), None),
    }
}

impl RequestGate {
    /// ... and a warehouse that cannot change an order has ended the one before.
    fn and_replaced(self, view: &OrderView<'_>, rules: &Rules, location: &str, asked: &DocumentLedger) -> Self {
        let waits = rules.has_fixed_orders(location) && asked.cancelled && !has_ended(view, asked, location);
        self.when("replaced", !waits, || ("the warehouse's word that it has cancelled the order before".into(), rules.bringer(Role::Wms)))
    }
}

/// The conditions of a go-ahead and of any raise.
fn gate(view: &OrderView<'_>, header: &Header, rules: &Rules, location: &str) -> RequestGate {
    let conditions = &view.gates;
    let duplicate = view.findings.iter().any(|finding| finding.kind == "erp-duplicate");
    let placed = |line: &LineView<'_>| {
        !line.erp.ships || line.sent.wanted.is_zero() || line.erp.location.is_some_and(|place| rules.location(place).is_some())
    };
    let whole = header.advice == Advice::Whole;
    // An order that is to be sent whole is released when every line of it can be.
    let located = if whole || location.is_empty() { view.lines.iter().all(placed) } else { true };
    let mut here = view.lines.iter().filter(|line| {
        line.erp.ships && line.sent.wanted > line.sent.despatched && (whole || warehouse_of(line, rules).as_deref() == Some(location))
    });
    let lacking: Vec<&str> = here.clone().filter(|line| line.erp.not_stocked).map(|line| line.sku.as_str()).collect();
    let stocked = lacking.is_empty() || (!whole && here.any(|line| !line.erp.not_stocked));
    RequestGate::of_order(view)
        .and(&conditions.recorded)
        .and(&conditions.approved)
        .and(&conditions.secured)
        .and(&conditions.not_held)
        .and(&conditions.ship_to)
        .and(&conditions.not_replaced)
        .and(&conditions.in_place)
        .when("one-record", !duplicate, || ("one live record of the order".into(), rules.bringer(Role::Erp)))
        .when("stocked", stocked, || (format!("{} among the warehouse's items", lacking.join(", ")), rules.bringer(Role::Wms)))
        .when("location", located, || ("a known location for every line".into(), rules.bringer(Role::Erp)))
}

/// What goods are sent by: which pieces, where to, by which method. A change of anything else is no reason to ask again:
/// [`FulfilmentRequest::complete`] adds it.
fn wanted_body(view: &OrderView<'_>, header: &Header, location: &str, asked: &NoticeTotals, totals: &NoticeTotals) -> FulfilmentRequest {
    let line = |(line, total): (&Text, &Quantity)| FulfilmentLine {
        line: line.clone(),
        sku: request::sku_of(view, line),
        names: LineNames::default(),
        description: Text::default(),
        total: *total,
        difference: *total - totals::of(asked, line),
        to_send: Quantity::ZERO,
        gross: Amount::ZERO,
        tax: Amount::ZERO,
    };
    FulfilmentRequest {
        head: RequestHead::new(view.key, &[location], 0),
        action: FulfilmentAction::Release,
        request_number: Text::default(),
        replaces: None,
        order: OrderRef::of_shop(view, header),
        channel: header.channel.clone(),
        placed_at: header.placed_at,
        occurred_at: header.placed_at,
        promised_at: None,
        warehouse_number: Text::default(),
        location: location.into(),
        shipping_method: header.shipping_method.clone(),
        advice: header.advice,
        ship_to: view.placed.ship_to.cloned(),
        bill_to: None,
        email: None,
        note: Personal::default(),
        currency: view.money.currency,
        shipping: Amount::ZERO,
        shipping_tax: Amount::ZERO,
        reasons: Vec::new(),
        lines: totals.iter().map(line).collect(),
    }
}

/// What was asked was asked with the person in it.
pub(super) fn forget_person(before: &OrderView<'_>, after: &OrderView<'_>, ledgers: &mut DocumentLedgers) {
    let (Some(had), Some(has)) = (before.placed.header, after.placed.header) else { return };
    ledgers.retain(|location, asked| {
        if asked.asked == digest_of(before, had, location, &asked.totals) {
            asked.asked = digest_of(after, has, location, &asked.totals);
        }
        true
    });
}

impl FulfilmentRequest {
    /// Adds what is no reason to ask again.
    fn complete(&mut self, view: &OrderView<'_>, header: &Header) {
        let lowered = self.lines.iter().filter(|line| line.difference.is_negative()).filter_map(|line| request::line(view, &line.line));
        let mut reasons: Vec<Text> = lowered.flat_map(|line| request::cancelled_because(view, line)).collect();
        reasons.sort();
        reasons.dedup();
        for line in &mut self.lines {
            let known = request::line(view, &line.line);
            let left = known.map_or(Quantity::ZERO, |known| left_from(known, &self.location));
            let worth = known.map(|known| worth(known, line.total)).unwrap_or_default();
            line.names = LineNames::new(view, &line.line);
            line.description = known.map(|known| known.line.description.clone()).unwrap_or_default();
            line.to_send = (line.total - left).floor_zero();
            (line.gross, line.tax) = (worth.gross, worth.tax);
        }
        let charges = view.placed.charges.iter().map(|charge| charge.charge);
        let carriage = charges.filter(|charge| charge.kind == ChargeKind::Shipping && !charge.removed);
        (self.shipping, self.shipping_tax) = (carriage.clone().map(|charge| charge.gross).sum(), carriage.map(|charge| charge.tax).sum());
        let order = view.sent.warehouse.iter().find(|order| order.location == self.location);
        self.warehouse_number = order.map(|order| order.number.into()).unwrap_or_default();
        (self.reasons, self.order) = (reasons, OrderRef::new(view, header));
        (self.promised_at, self.occurred_at) = (header.promised_at, request::occurred_at(view, header));
        (self.bill_to, self.email, self.note) = (view.placed.bill_to.cloned(), header.email.clone(), header.note.clone());
    }
}

/// Digest of what is asked: the content without differences, so that it does not depend on the way there.
fn digest_of(view: &OrderView<'_>, header: &Header, location: &str, totals: &NoticeTotals) -> u64 {
    digest(&wanted_body(view, header, location, totals, totals))
}

fn despatched(view: &OrderView<'_>, line: &str) -> Quantity {
    request::line(view, line).map_or(Quantity::ZERO, |known| known.sent.despatched)
}

fn pieces(totals: &NoticeTotals) -> String {
    format!("{} pieces", totals.values().copied().sum::<Quantity>())
}
