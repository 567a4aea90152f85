//! The order's money (journey.md, "Money: what is refunded").
//!
//! ```text
//! owed     = sum of g(k) + charges that stay, at least 0
//! entitled = value of all lines as ordered + all charges - owed
//! due  D   = max(0, min(entitled, captured - owed))
//! F        = the larger of: the largest total of a source that reports all refunds; the sum of those that report their own,
//!            equal references once; for each tender
//! ```

use super::authority::tells_of_payments;
use super::findings::{Clock, Findings};
use super::lines::Placed;
use super::view::{ChargeView, LineView, Money, RefundView, TenderView};
use crate::entities::Rows;
use crate::entities::rules::{ReportsRefunds, Rules};
use crate::facts::order::{Payment, RefundState, Tender, Word};
use crate::facts::{Amount, Cause, OrderRow, Quantity, SourceId, Text};

/// The charges of the shop; `stays` is set once it is known what is kept.
pub(super) fn charges<'a>(rows: &'a Rows<OrderRow>, shop: Option<SourceId>) -> Vec<ChargeView<'a>> {
    let Some(shop) = shop else { return Vec::new() };
    rows.of(OrderRow::CHARGE, shop)
        .filter_map(|(key, stored)| match &stored.row {
            Some(OrderRow::Charge(charge)) if !stored.deleted => Some(ChargeView { id: &key.id, charge, stays: !charge.removed }),
            _ => None,
        })
        .collect()
}

/// Lines + charges against the header's total: the rest of rounding goes to the largest line.
pub(super) struct Totals {
    pub value: Amount,
    pub rounding: Amount,
    /// They agree, a rounding rest apart.
    pub agree: bool,
}

/// Compares, and puts the rounding rest to the largest line (the earlier of equals).
pub(super) fn reconcile(placed: &Placed<'_>, lines: &mut [LineView<'_>], charges: &[ChargeView<'_>]) -> Totals {
    let of_lines: Amount = lines.iter().map(|line| line.gross).sum();
    let all: Amount = charges.iter().map(|charge| charge.charge.gross).sum();
    let staying: Amount = charges.iter().filter(|charge| !charge.charge.removed).map(|charge| charge.charge.gross).sum();
    let Some(header) = placed.header else { return Totals { value: of_lines + all, rounding: Amount::ZERO, agree: false } };
    let unit = placed.currency.minor_unit();
    let tolerance: Amount = lines.iter().map(|_| unit).sum();
    // A charge that was taken away after placing may or may not be in the header's total still.
    let rests = [header.total - of_lines - all, header.total - of_lines - staying];
    let rest = if rests[1].abs() < rests[0].abs() { rests[1] } else { rests[0] };
    let agree = rest.is_zero() || rest.abs() <= tolerance;
    if agree && !rest.is_zero() {
        let largest = (0..lines.len()).max_by_key(|&i| (lines[i].gross, std::cmp::Reverse(i)));
        if let Some(line) = largest.and_then(|i| lines.get_mut(i)) {
            line.gross += rest;
        }
    }
    Totals { value: of_lines + all, rounding: if agree { rest } else { Amount::ZERO }, agree }
}

/// What was paid, by tender.
#[derive(Default)]
struct Paid {
    tenders: Vec<TenderView>,
    /// The largest single capture of each tender, whose reference stands for it.
    largest: Vec<Amount>,
    authorised_open: Amount,
}

impl Paid {
    fn tender(&mut self, tender: Tender) -> usize {
        if let Some(place) = self.tenders.iter().position(|there| there.tender == tender) {
            return place;
        }
        let zero = Amount::ZERO;
        self.tenders.push(TenderView { tender, captured: zero, refunded: zero, due: zero, reference: String::new() });
        self.largest.push(zero);
        self.tenders.len() - 1
    }

    fn add(&mut self, payment: &Payment, clock: &mut Clock) {
        let place = self.tender(payment.tender);
        self.tenders[place].captured += payment.captured;
        if payment.captured > self.largest[place] || self.tenders[place].reference.is_empty() {
            self.largest[place] = payment.captured;
            self.tenders[place].reference = payment.reference.to_string();
        }
        let expired = payment.expires_at.is_some_and(|at| clock.reached(at));
        if !payment.failed && !expired {
            self.authorised_open += (payment.authorised - payment.captured).floor_zero();
        }
    }
}

/// A row in another currency: its id, what it says, and its record.
type Foreign = (Text, String, Cause);

/// Payments of the shop, in the order's currency; two rows of one reference are one fact (the one that captured more).
fn payments<'a>(rows: &'a Rows<OrderRow>, rules: &Rules, placed: &Placed<'_>, foreign: &mut Vec<Foreign>) -> Vec<&'a Payment> {
    let mut payments: Vec<&'a Payment> = Vec::new();
    for (key, stored) in rows.of_kind(OrderRow::PAYMENT) {
        let Some(OrderRow::Payment(payment)) = &stored.row else { continue };
        if stored.deleted || !tells_of_payments(rules, key.source, placed.shop) {
            continue;
        }
        if payment.currency != placed.currency {
            foreign.push((key.id.clone(), format!("payment {} is in {}", key.id, payment.currency), stored.cause));
            continue;
        }
        let same = |there: &&&mut &Payment| {
            !payment.reference.is_empty() && there.reference == payment.reference && there.tender == payment.tender
        };
        match payments.iter_mut().find(|there| same(&there)) {
            Some(there) => {
                if (payment.captured, payment.authorised) > (there.captured, there.authorised) {
                    *there = payment;
                }
            }
            None => payments.push(payment),
        }
    }
    payments
}

/// Refunds as they are told: those that count (success or pending, by a source that reports), and all the others for show.
struct Refunds<'a> {
    views: Vec<RefundView<'a>>,
    by_tender: Vec<(Tender, Amount)>,
    agree: bool,
}

struct Told<'a> {
    place: usize,
    source: SourceId,
    reports: ReportsRefunds,
    tender: Tender,
    amount: Amount,
    reference: &'a str,
}

/// What one side (a source that reports all; all that report their own) tells.
struct Side {
    by_tender: Vec<(Tender, Amount)>,
    total: Amount,
    places: Vec<usize>,
}

impl Side {
    fn of<'t, 'a: 't>(told: impl Iterator<Item = &'t Told<'a>>) -> Self {
        let mut side = Self { by_tender: Vec::new(), total: Amount::ZERO, places: Vec::new() };
        let mut references: Vec<&str> = Vec::new();
        for refund in told {
            if !refund.reference.is_empty() {
                if references.contains(&refund.reference) {
                    continue;
                }
                references.push(refund.reference);
            }
            add(&mut side.by_tender, refund.tender, refund.amount);
            side.total += refund.amount;
            side.places.push(refund.place);
        }
        side
    }
}

fn add(sums: &mut Vec<(Tender, Amount)>, tender: Tender, amount: Amount) {
    match sums.iter_mut().find(|(there, _)| *there == tender) {
        Some((_, sum)) => *sum += amount,
        None => sums.push((tender, amount)),
    }
}

fn refunds<'a>(rows: &'a Rows<OrderRow>, rules: &Rules, placed: &Placed<'_>, foreign: &mut Vec<Foreign>) -> Refunds<'a> {
    let mut views = Vec::new();
    let mut told: Vec<Told<'a>> = Vec::new();
    for (key, stored) in rows.of_kind(OrderRow::REFUND) {
        let Some(OrderRow::Refund(row)) = &stored.row else { continue };
        if stored.deleted {
            continue;
        }
        let success = row.state == Word::Known(RefundState::Success);
        let pending = row.state == Word::Known(RefundState::Pending);
        let reports = rules.source(key.source).map_or(ReportsRefunds::None, |source| source.reports_refunds);
        if row.currency != placed.currency {
            foreign.push((key.id.clone(), format!("refund {} is in {}", key.id, row.currency), stored.cause));
        } else if (success || pending) && reports != ReportsRefunds::None {
            let (place, reference) = (views.len(), row.reference.as_str());
            told.push(Told { place, source: key.source, reports, tender: row.tender, amount: row.amount, reference });
        }
        views.push(RefundView {
            source: key.source,
            id: &key.id,
            tender: row.tender,
            amount: row.amount,
            success,
            pending,
            request: row.request.as_deref(),
            at: row.refunded_at,
            counts: false,
        });
    }
    one_tender_each(&mut told);
    let mut sides: Vec<Side> = Vec::new();
    let mut agree = true;
    let own = Side::of(told.iter().filter(|refund| refund.reports == ReportsRefunds::Own));
    for source in rules.sources.iter().filter(|source| source.reports_refunds == ReportsRefunds::All) {
        let side = Side::of(told.iter().filter(|refund| refund.source == source.id));
        agree &= side.total >= own.total && sides.first().is_none_or(|first| first.total == side.total);
        sides.push(side);
    }
    sides.push(own);
    let mut by_tender: Vec<(Tender, Amount)> = Vec::new();
    for (tender, amount) in sides.iter().flat_map(|side| &side.by_tender) {
        match by_tender.iter_mut().find(|(there, _)| there == tender) {
            Some((_, largest)) => *largest = (*largest).max(*amount),
            None => by_tender.push((*tender, *amount)),
        }
    }
    // The rows that are shown as the refunds: of the side that tells most, the first of equals.
    let most = sides.iter().rev().max_by_key(|side| side.total);
    for &place in most.map_or(&[][..], |side| &side.places) {
        views[place].counts = true;
    }
    Refunds { views, by_tender, agree }
}

/// Rows of one reference are one refund: its tender is what a source that reports all refunds calls it.
fn one_tender_each(told: &mut [Told<'_>]) {
    for i in 0..told.len() {
        if told[i].reports == ReportsRefunds::Own && !told[i].reference.is_empty() {
            let same = |other: &&Told<'_>| other.reports == ReportsRefunds::All && other.reference == told[i].reference;
            if let Some(tender) = told.iter().find(same).map(|other| other.tender) {
                told[i].tender = tender;
            }
        }
    }
}

/// Spreads D over the tenders: what was refunded by each of them first, then card and bank, store credit, gift card, each up to what was
/// captured in it.
fn spread_due(due: Amount, tenders: &mut [TenderView]) {
    let mut rest = due;
    for tender in tenders.iter_mut() {
        tender.due = tender.refunded.min(rest);
        rest -= tender.due;
    }
    for tender in tenders.iter_mut() {
        let part = (tender.captured - tender.due).floor_zero().min(rest);
        tender.due += part;
        rest -= part;
    }
}

/// The money of an order whose quantities are known; sets which charges stay.
#[allow(clippy::too_many_arguments)] // Each is a part of the sum that is being made.
pub(super) fn money<'a>(
    rows: &'a Rows<OrderRow>,
    rules: &Rules,
    placed: &Placed<'_>,
    lines: &[LineView<'_>],
    charges: &mut [ChargeView<'_>],
    totals: &Totals,
    clock: &mut Clock,
    findings: &mut Findings,
) -> (Money, Vec<RefundView<'a>>) {
    let kept = lines.is_empty() || lines.iter().any(|line| line.k.is_positive());
    let mut owed: Amount = lines.iter().map(|line| line.g(line.k)).sum();
    for charge in charges.iter_mut() {
        charge.stays = !charge.charge.removed && (kept || !rules.refund_charges);
        if charge.stays {
            owed += charge.charge.gross;
        }
    }
    let owed = owed.floor_zero();
    let mut foreign = Vec::new();
    let mut paid = Paid::default();
    for payment in payments(rows, rules, placed, &mut foreign) {
        paid.add(payment, clock);
    }
    let refunds = refunds(rows, rules, placed, &mut foreign);
    for (tender, amount) in refunds.by_tender {
        let place = paid.tender(tender);
        paid.tenders[place].refunded = amount;
    }
    let sound = placed.header.is_some() && totals.agree && foreign.is_empty();
    if placed.header.is_some() {
        for (number, sentence, cause) in foreign {
            findings.add("currency-differs", &number, format!("{sentence}, the order in {}", placed.currency), None, Some(cause));
        }
    }
    let mut tenders = paid.tenders;
    tenders.sort_by_key(|tender| tender.tender);
    let captured: Amount = tenders.iter().map(|tender| tender.captured).sum();
    let entitled = totals.value + totals.rounding - owed;
    let due = entitled.min(captured - owed).floor_zero();
    spread_due(due, &mut tenders);
    let money = Money {
        currency: placed.currency,
        total: placed.header.map_or(Amount::ZERO, |header| header.total),
        value: totals.value,
        rounding: totals.rounding,
        captured,
        authorised_open: paid.authorised_open,
        owed,
        entitled,
        due,
        refunded: tenders.iter().map(|tender| tender.refunded).sum(),
        refunds_agree: refunds.agree,
        tenders,
        sound,
    };
    (money, refunds.views)
}

/// Pieces whose refund is paid, as far as F reaches: the cancelled ones first, then the returned, earlier lines first.
pub(super) fn refunded_pieces(money: &Money, lines: &mut [LineView<'_>]) {
    let mut left = money.refunded;
    for line in lines.iter_mut() {
        let value = line.g(line.n) - line.g(line.n - line.stopped);
        line.refunded = covered(&mut left, line.stopped, value);
    }
    for line in lines.iter_mut() {
        let back = line.n - line.stopped;
        let value = line.g(back) - line.g(back - line.r);
        line.refunded += covered(&mut left, line.r, value);
    }
}

/// How many of `pieces` worth `value` the money that is left covers, whole pieces only.
fn covered(left: &mut Amount, pieces: Quantity, value: Amount) -> Quantity {
    if !left.is_positive() || !pieces.is_positive() {
        return Quantity::ZERO;
    }
    if value <= *left {
        *left -= value;
        return pieces;
    }
    let part = (left.decimal() * pieces.decimal() / value.decimal()).floor();
    *left = Amount::ZERO;
    Quantity::new(part).unwrap_or_default()
}
