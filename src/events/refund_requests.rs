//! `refund-requests`: money back to the customer, to the cent, by tender. A sum ledger: `total` after the step, `amount` of the step. The receiver
//! pays `total` less what is refunded already.
//!
//! **When.** A request is made when more is due than was settled before, which is the larger of the highest total ever requested and what is refunded
//! already. Then `total` is what is due, and `amount` is that less what was settled before. So a refund by hand, or our own that comes back as a row,
//! asks nothing more; and when less is due later, nothing is asked back.
//!
//! **Tenders.** First each tender has what it was refunded already. The rest of the total goes to the tenders in their order, each up to what was
//! captured in it. The step's amounts are the differences between this split of the total and the same split of what was settled before, so they
//! always add up to `amount`. A return for credit at the shop goes to that tender, whatever was captured. `by_capture` splits each tender further: the
//! earliest capture first, each up to what it took.

use serde::{Deserialize, Serialize};

use super::body::{LineNames, OrderRef, RequestBody, RequestHead};
use super::gate::RequestGate;
use super::outlet::Outlet;
use super::request::{self, Request, WhyTopic};
use crate::entities::held::{Held, HeldWhy};
use crate::entities::ledger::{LineRefunded, SumLedger};
use crate::entities::order::OrderView;
use crate::entities::order::back::ReturnView;
use crate::entities::order::figures::LineView;
use crate::entities::order::findings::Finding;
use crate::entities::order::money::{AT_COUNTER, CREDITED, CaptureView, REFUNDS, Spread, Waiting};
use crate::entities::order::worth::{Worth, worth};
use crate::entities::rules::{ReportsRefunds, Role, Rules};
use crate::entities::topics::Topic;
use crate::facts::order::{Header, Tender};
use crate::facts::{Amount, Currency, Moment, Quantity, SourceId, Text};

/// Why money is paid back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// Pieces came back and were accepted.
    Return,
    /// Pieces were cancelled before they left.
    Cancel,
    /// Charges that do not stay.
    Shipping,
    /// Paid above what is owed, or what the other reasons do not explain.
    Other,
}

/// Request to finance, or to the shop that can refund: money back to the customer. Pay `total` less what is refunded already. Each order
/// has one ledger.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RefundRequest {
    /// Which step of which ledger it is.
    #[serde(flatten)]
    pub head: RequestHead,
    /// Which order it is about.
    #[serde(flatten)]
    pub order: OrderRef,
    /// The sales channel, as the configuration names it.
    pub channel: Text,
    /// The brand that the customer bought from, as the configuration names it.
    pub brand: Text,
    /// The customer's key: `account|source|id`, or `guest|brand|digest of the email`; null: nobody known.
    pub customer: Option<Text>,
    /// When that happened which made the refund due: the business time of the order's newest row, by its source's clock.
    pub occurred_at: Moment,
    /// Of every amount in this event: the currency that the customer was charged in.
    pub currency: Currency,
    /// What shall have been refunded in all after this step.
    pub total: Amount,
    /// `total` less the larger of what was requested and what is refunded already; above 0.
    pub amount: Amount,
    /// The total by tender.
    pub by_tender: Vec<TenderPart>,
    /// The totals by capture. What goes back by a tender that took nothing (credit at the shop) is in none.
    pub by_capture: Vec<CapturePart>,
    /// What the total is made of; its parts add up to it.
    pub by_reason: Vec<ReasonPart>,
    /// What the total is made of, by line; charges apart. Cancelled pieces that nobody had paid for are in none.
    pub by_line: Vec<LinePart>,
    /// Numbers of the authorisations that the returns were logged under.
    pub rmas: Vec<Text>,
    /// The ids under which the authorising system's interface has them, in the same order; the number where it has no other id.
    pub rma_ids: Vec<Text>,
}

impl RequestBody for RefundRequest {
    const TOPIC: Topic = Topic::RefundRequests;

    fn head(&mut self) -> &mut RequestHead {
        &mut self.head
    }

    fn money(&self) -> Option<(Amount, Currency)> {
        Some((self.amount, self.currency))
    }
}

/// The part of one tender.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TenderPart {
    /// How it was paid, and is paid back.
    pub tender: Tender,
    /// What shall have been refunded by this tender in all.
    pub total: Amount,
    /// This step's part.
    pub amount: Amount,
    /// The gateway's reference of the capture, of several that of the largest: `by_capture` has each.
    pub reference: Text,
}

/// The part of one capture: money goes back to where it came from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CapturePart {
    /// How it was paid, and is paid back.
    pub tender: Tender,
    /// The system's id of the capture: of its transaction, else of the payment.
    pub capture: Text,
    /// The gateway's reference of the capture; empty: not told.
    pub reference: Text,
    /// What shall have been refunded to this capture in all.
    pub total: Amount,
    /// This step's part.
    pub amount: Amount,
}

/// The part of one reason.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReasonPart {
    /// Why it is paid back.
    pub reason: Reason,
    /// Part of the event's `total`.
    pub total: Amount,
}

/// Cancelled and returned pieces of an order line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LinePart {
    /// The shop's id of the order line.
    pub line: Text,
    /// SKU of the goods: trimmed, Unicode NFC, upper case.
    pub sku: Text,
    /// How else the line is called.
    #[serde(flatten)]
    pub names: LineNames,
    /// Why pieces are cancelled or come back, in the words of the systems that say so; empty: not told.
    pub reasons: Vec<Text>,
    /// Cancelled and stopped, or returned and accepted, in all.
    pub quantity: Quantity,
    /// Their value without tax.
    pub net: Amount,
    /// Tax in it.
    pub tax: Amount,
    /// Their value, tax inside.
    pub gross: Amount,
    /// Difference of `quantity` to the step before, of either sign.
    pub difference: Quantity,
    /// Difference of `net` to the step before.
    pub difference_net: Amount,
    /// Difference of `tax` to the step before.
    pub difference_tax: Amount,
    /// Difference of `gross` to the step before.
    pub difference_gross: Amount,
}

impl Request for RefundRequest {
    type Ledger = SumLedger;

    fn emit(view: &OrderView<'_>, ledger: &mut SumLedger, outlet: &mut Outlet<'_>) {
        let rules = outlet.context.rules;
        let Some(header) = view.placed.header else { return };
        note_captured(view, ledger, outlet);
        let open = has_receiver(view, rules) && gate(view, ledger, rules).open();
        withhold(view, ledger, open, outlet);
        if to_request(view, ledger) <= settled(view, ledger) || !open {
            return;
        }
        let body = body(view, header, ledger);
        let (total, by_tender) = (body.total, body.by_tender.iter().map(|part| (part.tender, part.total)).collect());
        let of_line = |part: &LinePart| LineRefunded { quantity: part.quantity, gross: part.gross, tax: part.tax };
        let by_line = body.by_line.iter().map(|part| (part.line.clone(), of_line(part))).collect();
        if outlet.request(view.key, body) {
            if outlet.flow.refunds > 0 {
                outlet.flow.before.get_or_insert_with(|| Box::new((view.key.clone(), ledger.clone())));
            }
            ledger.step += 1;
            ledger.total = total;
            ledger.by_tender = by_tender;
            ledger.by_line = by_line;
            ledger.asked_at = Some(outlet.context.tick);
        }
    }

    fn why(view: &OrderView<'_>, ledger: &SumLedger, rules: &Rules, _: Moment) -> Vec<WhyTopic> {
        if view.placed.header.is_none() || !has_receiver(view, rules) {
            return Vec::new();
        }
        let show = |amount: Amount| view.money.show(amount);
        let mut requested = format!("{}, refunded {}", show(ledger.total), show(view.money.refunded));
        if ledger.withheld.is_positive() {
            requested.push_str(&format!("; {} withheld: entered, not sent", show(ledger.withheld)));
        }
        let topic = WhyTopic::new(Self::TOPIC, Text::default(), show(view.money.due), requested, gate(view, ledger, rules));
        vec![topic.waiting_for(waits(view, rules))]
    }
}

/// What was settled before: the larger of what was requested and what is refunded already.
fn settled(view: &OrderView<'_>, ledger: &SumLedger) -> Amount {
    ledger.total.max(view.money.refunded)
}

/// What shall have been requested in all: what is due, less what a person has to let go first, or has written off.
fn to_request(view: &OrderView<'_>, ledger: &SumLedger) -> Amount {
    (view.money.due - ledger.withheld).floor_zero()
}

/// Limits on refunds are measured by what is captured: the difference to the last seal is noted.
fn note_captured(view: &OrderView<'_>, ledger: &mut SumLedger, outlet: &mut Outlet<'_>) {
    let captured = view.money.captured - ledger.captured;
    if !captured.is_zero() {
        ledger.captured = view.money.captured;
        outlet.changed = true;
        outlet.flow.captured += captured;
        outlet.flow.currency = Some(view.money.currency);
    }
}

/// Withholds what a change of rules alone makes due, and what is due before the topic is live, until a person settles it. What is refunded meanwhile,
/// or not due any more, is not withheld either.
fn withhold(view: &OrderView<'_>, ledger: &mut SumLedger, open: bool, outlet: &mut Outlet<'_>) {
    const TOPIC: Topic = Topic::RefundRequests;
    let key = |why| (why, TOPIC, view.key.0.clone());
    for why in [HeldWhy::Rules, HeldWhy::BeforeLive] {
        let Some(accepted) = outlet.said(&key(why)) else { continue };
        let amount = outlet.held.remove(&key(why)).and_then(|held| held.money).map_or(Amount::ZERO, |(amount, _)| amount);
        outlet.changed = true;
        if accepted {
            ledger.withheld = (ledger.withheld - amount).floor_zero();
        }
    }
    let due = view.money.due;
    let rise = (due - ledger.due).floor_zero();
    if ledger.due != due {
        ledger.due = due;
        outlet.changed = true;
    }
    let most = (due - settled(view, ledger)).floor_zero();
    let before = ledger.withheld;
    let mut withheld = before.min(most);
    let live = outlet.is_live(TOPIC);
    let waits_for_limit = outlet.held.contains_key(&key(HeldWhy::Limit));
    if (!live || outlet.restating) && open && !waits_for_limit {
        withheld = most;
    } else if live && outlet.restating && has_receiver(view, outlet.context.rules) {
        withheld = (withheld + rise).min(most);
    }
    if withheld == before {
        return;
    }
    ledger.withheld = withheld;
    outlet.changed = true;
    if withheld > before {
        let key = key(if live { HeldWhy::Rules } else { HeldWhy::BeforeLive });
        let held = outlet.held.get(&key).and_then(|held| held.money).map_or(Amount::ZERO, |(amount, _)| amount);
        let money = Some((held + withheld - before, view.money.currency));
        let since = outlet.context.tick;
        outlet.hold(key, Held { since, content: 0, whole: false, corrects: false, money, discarded: false });
        return;
    }
    for key in [key(HeldWhy::Rules), key(HeldWhy::BeforeLive)] {
        let Some((amount, _)) = outlet.held.get_mut(&key).and_then(|held| held.money.as_mut()) else { continue };
        *amount = (*amount).min(withheld);
        if amount.is_zero() {
            outlet.held.remove(&key);
        }
    }
}

/// Finance, or the shop where it makes refunds itself.
pub(super) fn has_receiver(view: &OrderView<'_>, rules: &Rules) -> bool {
    let shop = view.placed.shop.and_then(|shop| rules.source(shop));
    rules.has(Role::Finance) || shop.is_some_and(|shop| shop.reports_refunds != ReportsRefunds::None)
}

fn gate(view: &OrderView<'_>, ledger: &SumLedger, rules: &Rules) -> RequestGate {
    let money = &view.money;
    let told = |waiting: &Waiting, of: &str| {
        (format!("the refund of {} that {of}", money.show(waiting.amount)), rules.name_of(waiting.source).to_owned())
    };
    // A decision about the exception that speaks of it opens the gate, as far as it covers what is open now.
    let decided = |number: &str| {
        let about = |finding: &&Finding| finding.kind == "mirror-only" && finding.number == number;
        view.findings.iter().find(about).is_some_and(|finding| finding.decided)
    };
    let credited = money.held.credited.as_ref().filter(|_| !decided(CREDITED));
    let counter = money.held.at_counter.as_ref().filter(|_| !decided(AT_COUNTER));
    RequestGate::of_money(view)
        .when("captured", money.captured.is_positive(), || ("a captured payment".into(), rules.bringer(Role::Shop)))
        .when("refunds-agree", money.refunds_agree || decided(REFUNDS), || {
            ("the same refunds in every system that reports all of them".into(), behind(view, rules))
        })
        .when("credited", credited.is_none(), || credited.map(|waiting| told(waiting, "the shop shows as credited")).unwrap_or_default())
        .when("paid-at-the-counter", counter.is_none(), || {
            counter.map(|waiting| told(waiting, "the counter pays where it takes goods back")).unwrap_or_default()
        })
        .when("no-dispute", !money.dispute_open, || ("the end of the dispute".into(), rules.bringer(Role::Finance)))
        .when("above-rounding", !is_rounding(view, ledger), || ("more than rounding, or the rest of the pieces".into(), String::new()))
}

/// The system whose refunds lag behind those of the others.
fn behind(view: &OrderView<'_>, rules: &Rules) -> String {
    let told = |source: SourceId| -> Amount {
        let rows = view.money.refunds.iter().filter(|refund| refund.source == source && (refund.success || refund.pending));
        rows.map(|refund| refund.amount).sum()
    };
    let all = rules.sources.iter().filter(|source| source.reports_refunds == ReportsRefunds::All);
    all.min_by_key(|source| told(source.id)).map(|source| source.name.to_string()).unwrap_or_default()
}

/// What is due above what was settled before is only rounding, of pieces some of which are back or cancelled: the shop rounds otherwise.
fn is_rounding(view: &OrderView<'_>, ledger: &SumLedger) -> bool {
    let before = settled(view, ledger);
    before.is_positive() && view.money.due > before && view.money.due - before <= view.tolerance()
}

/// Rows that would raise what is due: a warehouse's answer to a cancellation, a receipt, an approval.
fn waits(view: &OrderView<'_>, rules: &Rules) -> RequestGate {
    let sum = |of: fn(&LineView<'_>) -> Quantity| view.lines.iter().map(of).sum::<Quantity>();
    let unstopped = sum(|line| line.unstopped());
    let awaited = sum(|line| (line.back.authorised.min(line.sent.despatched) - line.back.accepted).floor_zero());
    let unauthorised = sum(|line| (line.back.accepted - line.back.authorised).floor_zero());
    RequestGate::default()
        .when("stopped", unstopped.is_zero(), || {
            (format!("the warehouse's answer to the cancellation of {unstopped} pieces"), rules.bringer(Role::Wms))
        })
        .when("received", awaited.is_zero(), || (format!("the receipt of {awaited} pieces"), rules.bringer(Role::Wms)))
        .when("authorised", unauthorised.is_zero(), || {
            (format!("an authorisation for {unauthorised} pieces that came back"), rules.bringer(Role::Erp))
        })
}

fn body(view: &OrderView<'_>, header: &Header, ledger: &SumLedger) -> RefundRequest {
    let (total, before) = (to_request(view, ledger), settled(view, ledger));
    let after = view.money.spread(total);
    let earlier = spread_before(view, ledger, before, &after);
    let rmas = rmas(view);
    RefundRequest {
        head: RequestHead::new(view.key, &[], ledger.step + 1),
        order: OrderRef::new(view, header),
        channel: header.channel.clone(),
        brand: header.brand.clone(),
        customer: header.customer.as_ref().map(|customer| customer.0.clone()),
        occurred_at: request::occurred_at(view, header),
        currency: view.money.currency,
        total,
        amount: total - before,
        by_tender: tender_parts(view, &earlier, &after),
        by_capture: capture_parts(view, &earlier, &after),
        by_reason: reason_parts(view, total),
        by_line: paid_pieces(view, total)
            .into_iter()
            .enumerate()
            .filter_map(|(at, stopped)| line_part(view, at, stopped, ledger))
            .collect(),
        rma_ids: rmas.iter().map(|(_, id)| id.clone()).collect(),
        rmas: rmas.into_iter().map(|(rma, _)| rma).collect(),
    }
}

/// What was settled before this step: what went back, and the part of what was asked for that did not, by the tenders that were named then. Store
/// credit that was agreed upon since takes no share of it.
fn spread_before(view: &OrderView<'_>, ledger: &SumLedger, before: Amount, after: &Spread) -> Spread {
    let refunded =
        |tender: Tender| view.money.tenders.iter().filter(|there| there.tender == tender).map(|there| there.refunded).sum::<Amount>();
    let mut rest = (before - view.money.tenders.iter().map(|tender| tender.refunded).sum()).floor_zero();
    let part = |&(tender, most): &(Tender, Amount)| {
        let asked = ledger.by_tender.get(&tender).copied().unwrap_or(Amount::ZERO);
        let part = (asked.min(most) - refunded(tender)).floor_zero().min(rest);
        rest -= part;
        (tender, refunded(tender) + part)
    };
    let tenders = after.tenders.iter().map(part).collect();
    if rest.is_zero() { view.money.by_capture(tenders) } else { view.money.spread(before) }
}

/// The tenders that carry a part of the total.
fn tender_parts(view: &OrderView<'_>, before: &Spread, after: &Spread) -> Vec<TenderPart> {
    let reference = |tender| view.money.tenders.iter().find(|there| there.tender == tender).map(|there| there.reference.as_str());
    let part = |&(tender, total): &(Tender, Amount)| {
        let earlier = before.tenders.iter().filter(|(there, _)| *there == tender).map(|(_, sum)| *sum).sum();
        TenderPart { tender, total, amount: total - earlier, reference: reference(tender).unwrap_or_default().into() }
    };
    after.tenders.iter().map(part).filter(|part| !part.total.is_zero()).collect()
}

/// The captures that carry a part of the total.
fn capture_parts(view: &OrderView<'_>, before: &Spread, after: &Spread) -> Vec<CapturePart> {
    let captures = view.money.captures.iter().zip(before.captures.iter().zip(&after.captures));
    let part = |(capture, (before, total)): (&CaptureView, (&Amount, &Amount))| CapturePart {
        tender: capture.tender,
        capture: capture.id.clone(),
        reference: capture.reference.clone(),
        total: *total,
        amount: *total - *before,
    };
    captures.map(part).filter(|part| !part.total.is_zero()).collect()
}

/// What the total is made of. What the customer need not pay and had not paid is taken from what was cancelled, then from shipping, then from what came
/// back; what they do not explain is `other`.
fn reason_parts(view: &OrderView<'_>, total: Amount) -> Vec<ReasonPart> {
    let sum = |of: fn(&LineView<'_>) -> Worth| view.lines.iter().map(|line| of(line).gross).sum::<Amount>();
    let shipping: Amount = view.money.charges.iter().map(|charge| charge.given_back).sum();
    let mut reasons = [(Reason::Cancel, sum(cancelled)), (Reason::Shipping, shipping), (Reason::Return, sum(returned))];
    let mut unpaid = (reasons.iter().map(|(_, amount)| *amount).sum::<Amount>() - total).floor_zero();
    for (_, amount) in &mut reasons {
        let part = (*amount).min(unpaid).floor_zero();
        *amount -= part;
        unpaid -= part;
    }
    let mut rest = total;
    let mut parts = Vec::new();
    for reason in [Reason::Cancel, Reason::Return, Reason::Shipping] {
        let amount: Amount = reasons.iter().filter(|(of, _)| *of == reason).map(|(_, amount)| *amount).sum();
        let total = amount.min(rest).floor_zero();
        rest -= total;
        parts.push(ReasonPart { reason, total });
    }
    parts.push(ReasonPart { reason: Reason::Other, total: rest });
    parts.retain(|part| !part.total.is_zero());
    parts
}

/// Of each line, the cancelled pieces that were paid for: those of the last lines were not.
fn paid_pieces(view: &OrderView<'_>, total: Amount) -> Vec<Quantity> {
    let of_reasons: Amount = view.lines.iter().map(|line| cancelled(line).plus(returned(line)).gross).sum();
    let charges: Amount = view.money.charges.iter().map(|charge| charge.given_back).sum();
    let mut unpaid = (of_reasons + charges - total).floor_zero();
    let mut pieces: Vec<Quantity> = view.lines.iter().map(|line| line.kept.stopped).collect();
    for (line, pieces) in view.lines.iter().zip(&mut pieces).rev() {
        let one = Quantity::from_int(1);
        while *pieces >= one && unpaid.is_positive() {
            let stopped = |pieces: Quantity| worth(line, line.ordered).less(worth(line, line.ordered - pieces)).gross;
            let last = stopped(*pieces) - stopped(*pieces - one);
            if last > unpaid {
                break;
            }
            unpaid -= last;
            *pieces -= one;
        }
    }
    pieces
}

/// The worth of the pieces that were cancelled and stopped.
fn cancelled(line: &LineView<'_>) -> Worth {
    worth(line, line.ordered).less(worth(line, line.ordered - line.kept.stopped))
}

/// The worth of the pieces that were returned.
fn returned(line: &LineView<'_>) -> Worth {
    worth(line, line.ordered - line.kept.stopped).less(worth(line, line.kept.pieces))
}

fn line_part(view: &OrderView<'_>, at: usize, stopped: Quantity, ledger: &SumLedger) -> Option<LinePart> {
    let line = &view.lines[at];
    let worth = worth(line, line.ordered).less(worth(line, line.ordered - stopped)).plus(returned(line));
    let quantity = stopped + line.back.returned;
    let before = ledger.by_line.get(line.id).copied().unwrap_or_default();
    let difference = worth.less(Worth { gross: before.gross, tax: before.tax });
    let mut reasons = if stopped.is_positive() { request::cancelled_because(view, line) } else { Vec::new() };
    reasons.extend(request::returned_because(view, at).into_iter().filter(|_| line.back.returned.is_positive()));
    // A line of which less is due than the step before said is told too.
    (quantity.is_positive() || before.quantity.is_positive()).then(|| LinePart {
        line: line.id.into(),
        sku: line.sku.as_str().into(),
        names: LineNames::at(view, at),
        reasons,
        quantity,
        net: worth.net(),
        tax: worth.tax,
        gross: worth.gross,
        difference: quantity - before.quantity,
        difference_net: difference.net(),
        difference_tax: difference.tax,
        difference_gross: difference.gross,
    })
}

/// Authorisations under which something of a line came back and was accepted: number and id.
fn rmas(view: &OrderView<'_>) -> Vec<(Text, Text)> {
    let back = |index: Option<usize>| index.and_then(|index| view.lines.get(index)).is_some_and(|line| line.back.returned.is_positive());
    let counts = |returned: &&ReturnView<'_>| returned.lines.iter().any(|line| line.for_money && back(line.line));
    let id = |returned: &ReturnView<'_>| returned.reference.map_or_else(|| returned.rma.into(), |names| names.id.clone());
    let mut rmas: Vec<(Text, Text)> = view.back.returns.iter().filter(counts).map(|returned| (returned.rma.into(), id(returned))).collect();
    rmas.sort();
    rmas.dedup();
    rmas
}
