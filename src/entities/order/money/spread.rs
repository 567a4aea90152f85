//! A sum given back by tender, and by the captures of each.

use crate::entities::order::paid::{Paid, TenderPaid};
use crate::facts::order::Tender;
use crate::facts::{Amount, Text};

/// What is captured, refunded and due by one tender.
#[derive(Clone, Debug)]
pub struct TenderView {
    /// The tender.
    pub tender: Tender,
    /// Captured by it.
    pub captured: Amount,
    /// Refunded by it.
    pub refunded: Amount,
    /// The part of what is due that goes back by it.
    pub due: Amount,
    /// The gateway's reference of the largest capture.
    pub reference: String,
}

/// A capture, and what went back to it.
#[derive(Clone, Debug)]
pub struct CaptureView {
    /// By which means.
    pub tender: Tender,
    /// The id of its transaction, or of the payment that it stands for.
    pub id: Text,
    /// The provider's reference; empty: not told.
    pub reference: Text,
    /// What was taken.
    pub amount: Amount,
    /// What went back to it.
    pub refunded: Amount,
}

/// A sum by tender and by capture.
#[derive(Clone, Debug)]
pub struct Spread {
    /// In the order of the view's tenders; store credit that pays for a return last, where nothing was captured by it.
    pub tenders: Vec<(Tender, Amount)>,
    /// In the order of the view's captures.
    pub captures: Vec<Amount>,
}

/// Spreads what is due over the tenders: first what was already refunded by each of them; the rest over card and bank, store credit, gift card, each
/// up to what it captured.
pub(super) fn due_by_tender(due: Amount, paid: &Paid<'_>, exchanged: Amount) -> Vec<TenderView> {
    let mut rest = due;
    let mut tenders: Vec<TenderView> = Vec::with_capacity(paid.tenders.len());
    let mut all = paid.tenders.clone();
    if exchanged.is_positive() {
        match all.iter_mut().find(|tender| tender.tender == Tender::Exchange) {
            Some(there) => there.refunded += exchanged,
            None => {
                all.push(TenderPaid { tender: Tender::Exchange, captured: Amount::ZERO, refunded: exchanged, reference: String::new() })
            }
        }
    }
    for tender in &all {
        let due = tender.refunded.min(rest);
        rest -= due;
        let (captured, refunded) = (tender.captured, tender.refunded);
        tenders.push(TenderView { tender: tender.tender, captured, refunded, due, reference: tender.reference.clone() });
    }
    for tender in &mut tenders {
        let part = (tender.captured - tender.due).floor_zero().min(rest);
        tender.due += part;
        rest -= part;
    }
    tenders
}

/// Refunds that name no capture go back to the earliest capture of their tender that has room.
pub(super) fn captures(paid: &Paid<'_>) -> Vec<CaptureView> {
    let mut views: Vec<CaptureView> = Vec::with_capacity(paid.captures.len());
    for tender in &paid.tenders {
        let of_tender = || paid.captures.iter().filter(|capture| capture.tender == tender.tender);
        let mut rest = (tender.refunded - of_tender().map(|capture| capture.refunded).sum()).floor_zero();
        for capture in of_tender() {
            let part = (capture.amount - capture.refunded).floor_zero().min(rest);
            rest -= part;
            let (id, reference) = (capture.id.clone(), capture.reference.clone());
            views.push(CaptureView { tender: tender.tender, id, reference, amount: capture.amount, refunded: capture.refunded + part });
        }
    }
    views
}

/// A sum over the tenders: what each was refunded; then what is to be credit at the shop; then the rest over the tenders in their order (card and
/// bank first), each up to what was captured in it.
pub(super) fn spread(all: &[TenderView], from: &[CaptureView], store_credit: Amount, sum: Amount) -> Spread {
    let refunded: Amount = all.iter().map(|tender| tender.refunded).sum();
    let mut rest = (sum - refunded).floor_zero();
    let as_credit: Amount = all.iter().filter(|tender| tender.tender == Tender::StoreCredit).map(|tender| tender.refunded).sum();
    let mut credit = (store_credit - as_credit).floor_zero().min(rest);
    rest -= credit;
    let mut tenders: Vec<(Tender, Amount)> = Vec::with_capacity(all.len() + 1);
    for tender in all {
        let credited = if tender.tender == Tender::StoreCredit { std::mem::take(&mut credit) } else { Amount::ZERO };
        let more = rest.min((tender.captured - tender.refunded - credited).floor_zero());
        rest -= more;
        tenders.push((tender.tender, tender.refunded + credited + more));
    }
    if credit.is_positive() {
        tenders.push((Tender::StoreCredit, credit));
    }
    by_capture(tenders, from)
}

/// Sums of tenders over their captures.
pub(super) fn by_capture(tenders: Vec<(Tender, Amount)>, from: &[CaptureView]) -> Spread {
    let mut captures = Vec::with_capacity(from.len());
    let mut given: Vec<(Tender, Amount)> = Vec::new();
    for capture in from {
        let of_tender = tenders.iter().find(|(tender, _)| *tender == capture.tender).map_or(Amount::ZERO, |(_, sum)| *sum);
        let there = from.iter().filter(|other| other.tender == capture.tender).map(|other| other.refunded).sum();
        let before = given.iter().filter(|(tender, _)| *tender == capture.tender).map(|(_, sum)| *sum).sum::<Amount>();
        let more = (of_tender - there - before).floor_zero().min((capture.amount - capture.refunded).floor_zero());
        given.push((capture.tender, more));
        captures.push(capture.refunded + more);
    }
    Spread { tenders, captures }
}
