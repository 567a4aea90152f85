//! Payments, from the source that counts: its running totals, and the transactions that it lists.

use super::tender::{Capture, Foreign, TenderPaid};
use crate::entities::RowOf;
use crate::entities::order::authority::payments_count_from;
use crate::entities::order::clock::Clock;
use crate::entities::order::input::{Contradiction, Input};
use crate::entities::order::placed::Placed;
use crate::facts::order::{Payment, PaymentTransaction, Tender, TransactionKind};
use crate::facts::{Amount, Moment, Text};

/// What was paid, by tender.
#[derive(Default)]
pub(super) struct Payments {
    pub tenders: Vec<TenderPaid>,
    /// Each capture, the earliest first; running totals stand for one.
    pub captures: Vec<Capture>,
    pub authorised_open: Amount,
    /// There is a payment row, in any currency.
    pub any: bool,
    /// The tender of some payment is on account or cash on delivery. Shops without terms in the header show it this way.
    pub later: bool,
}

impl Payments {
    fn capture(&mut self, capture: Capture) {
        match self.tenders.iter_mut().find(|there| there.tender == capture.tender) {
            Some(there) => there.captured += capture.amount,
            None => {
                self.tenders.push(TenderPaid {
                    tender: capture.tender,
                    captured: capture.amount,
                    refunded: Amount::ZERO,
                    reference: String::new(),
                });
            }
        }
        self.captures.push(capture);
    }

    /// Names each tender's largest capture.
    fn name(mut self) -> Self {
        for tender in &mut self.tenders {
            let of_tender = self.captures.iter().filter(|capture| capture.tender == tender.tender);
            // Of equal ones the first.
            let largest =
                of_tender.fold(None::<&Capture>, |most, next| Some(most.filter(|most| most.amount >= next.amount).unwrap_or(next)));
            tender.reference = largest.map(|capture| capture.reference.to_string()).unwrap_or_default();
        }
        self
    }
}

/// The transactions that a source lists, in the order's currency and successful.
struct Listed<'a> {
    captures: Vec<(&'a str, &'a PaymentTransaction, Amount)>,
    /// References of captures whose amount the source does not keep.
    references: Vec<&'a Text>,
    /// What each authorisation still holds; `None`: the source lists none.
    held: Option<Amount>,
}

/// What was captured is what the transactions say. Where the running totals say more, some transaction is missing, and the rest is theirs.
pub(super) fn read(
    input: &Input<'_>,
    placed: &Placed<'_>,
    foreign: &mut Vec<Foreign>,
    contradictions: &mut Vec<Contradiction>,
) -> Payments {
    let mut paid = Payments::default();
    let mut totals: Vec<(&str, &Payment, Moment)> = Vec::new();
    for each in input.rows.live::<Payment>().filter(|each| payments_count_from(input.rules, each.key.source, placed.shop)) {
        let (id, payment) = (&each.key.id, each.row);
        paid.any = true;
        paid.later |= !payment.failed && matches!(payment.tender, Tender::OnAccount | Tender::CashOnDelivery);
        if let Some(currency) = payment.currency.filter(|currency| *currency != placed.currency) {
            let sentence = format!("payment {id} is in {currency}");
            foreign.push(Foreign { id: id.clone(), sentence, refund: false, cause: each.stored.cause });
        } else if payment.captured.is_negative() || payment.authorised.is_negative() {
            let sentence = format!("payment {id} is below zero ({})", payment.captured.min(payment.authorised));
            contradictions.push(Contradiction::new(&format!("payment {id}"), sentence, each.stored.cause));
        } else {
            totals.push((id, payment, each.stored.at));
        }
    }
    let listed = listed(input, placed, contradictions);
    paid.any |= !listed.captures.is_empty() || listed.held.is_some();
    let mut open: Amount = totals.iter().map(|(_, payment, _)| still_authorised(payment, &input.clock)).sum();
    let of_totals: Amount = totals.iter().map(|(_, payment, _)| payment.captured).sum();
    let of_listed: Amount = listed.captures.iter().map(|(_, _, amount)| *amount).sum();
    let tender_of = |transaction: &PaymentTransaction| {
        let of_payment = || totals.iter().max_by_key(|(_, payment, _)| payment.captured).map(|(_, payment, _)| payment.tender);
        transaction.tender.or_else(of_payment).unwrap_or(Tender::Card)
    };
    for (id, transaction, amount) in &listed.captures {
        let (tender, reference) = (tender_of(transaction), transaction.reference.clone());
        paid.capture(Capture { tender, id: (*id).into(), reference, amount: *amount, at: transaction.made_at, refunded: Amount::ZERO });
    }
    // Of the running totals first what is above the listed captures of the same tender, then the rest, whatever its tender.
    let mut rest = (of_totals - of_listed).floor_zero();
    let parts: Vec<Amount> = totals
        .iter()
        .map(|(_, payment, _)| {
            let same: Amount = listed
                .captures
                .iter()
                .filter(|(_, transaction, _)| tender_of(transaction) == payment.tender)
                .map(|(_, _, amount)| *amount)
                .sum();
            (payment.captured - same).floor_zero()
        })
        .collect();
    for ((id, payment, at), part) in totals.iter().zip(parts) {
        let amount = part.min(rest);
        rest -= amount;
        if amount.is_positive() || of_listed.is_zero() {
            let reference = match listed.references.as_slice() {
                // The one capture of a source that keeps no amounts.
                [reference] if totals.iter().filter(|(_, other, _)| other.captured.is_positive()).count() == 1 => (*reference).clone(),
                _ => payment.reference.clone(),
            };
            paid.capture(Capture { tender: payment.tender, id: (*id).into(), reference, amount, at: *at, refunded: Amount::ZERO });
        }
    }
    if let Some(held) = listed.held {
        open = held;
    } else {
        // The running totals are older than what was captured since.
        open = (open - (of_listed - of_totals).floor_zero()).floor_zero();
    }
    paid.authorised_open = open;
    paid.name()
}

fn still_authorised(payment: &Payment, clock: &Clock) -> Amount {
    let expired = payment.expires_at.is_some_and(|at| clock.reached(at));
    if payment.failed || expired { Amount::ZERO } else { (payment.authorised - payment.captured).floor_zero() }
}

fn listed<'a>(input: &Input<'a>, placed: &Placed<'_>, contradictions: &mut Vec<Contradiction>) -> Listed<'a> {
    let mut listed = Listed { captures: Vec::new(), references: Vec::new(), held: None };
    let of_source =
        || input.rows.live::<PaymentTransaction>().filter(|each| payments_count_from(input.rules, each.key.source, placed.shop));
    let in_currency = |row: &PaymentTransaction| row.currency.is_none_or(|currency| currency == placed.currency);
    for RowOf { key, stored, row } in of_source().filter(|each| !each.row.failed && in_currency(each.row)) {
        let Some(amount) = row.amount else {
            if row.kind == TransactionKind::Capture && !row.reference.is_empty() {
                listed.references.push(&row.reference);
            }
            continue;
        };
        if amount.is_negative() {
            let sentence = format!("transaction {} is below zero ({amount})", key.id);
            contradictions.push(Contradiction::new(&format!("transaction {}", key.id), sentence, stored.cause));
            continue;
        }
        match row.kind {
            TransactionKind::Capture => listed.captures.push((&key.id, row, amount)),
            TransactionKind::Authorisation => {
                let child = |kind: TransactionKind| {
                    of_source().filter(move |each| each.row.kind == kind && !each.row.failed && each.row.parent == key.id)
                };
                let captured: Amount = child(TransactionKind::Capture).filter_map(|each| each.row.amount).sum();
                let voided = child(TransactionKind::Void).next().is_some();
                let held = if voided { Amount::ZERO } else { (amount - captured).floor_zero() };
                *listed.held.get_or_insert_default() += held;
            }
            TransactionKind::Void => {}
        }
    }
    listed.captures.sort_by_key(|(id, row, _)| (row.made_at, *id));
    listed
}
