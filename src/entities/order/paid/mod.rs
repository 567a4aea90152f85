//! Stage *paid*: payments and refunds, by tender, and what the refunds are for.

mod credits;
mod payments;
mod refunds;
mod tender;

pub use credits::{CreditedLine, Credits};
pub use refunds::RefundView;
pub use tender::{Capture, Foreign, TenderPaid};

use super::input::{Contradiction, Input};
use super::placed::Placed;
use crate::facts::Amount;
use crate::facts::order::{Tender, Terms};

/// Payments and refunds of an order, in its currency.
#[derive(Clone, Debug)]
pub struct Paid<'a> {
    /// In the order in which a refund is spread over them.
    pub tenders: Vec<TenderPaid>,
    /// Each capture, by tender and then the earliest first.
    pub captures: Vec<Capture>,
    /// Captured in all.
    pub captured: Amount,
    /// Authorised and not yet captured, neither expired nor voided.
    pub authorised_open: Amount,
    /// Refunded in all: paid, or under way; disputes included.
    pub refunded: Amount,
    /// The part of `refunded` that is paid, and not only under way.
    pub paid_back: Amount,
    /// Disputed by the payer's bank, open or lost.
    pub disputed: Amount,
    /// Some dispute is not decided.
    pub dispute_open: bool,
    /// The systems that report all refunds agree.
    pub refunds_agree: bool,
    /// All refund rows, also those that do not count.
    pub refunds: Vec<RefundView<'a>>,
    /// What refunds are for, as far as rows say it.
    pub credits: Credits,
    /// How the order is paid is known: there is a payment row, the terms need none, or nothing has to be paid.
    pub known: bool,
    /// On account, or cash on delivery: goods leave before they are paid.
    pub pays_later: bool,
    /// Payments and refunds in another currency than the order's: they do not count.
    pub foreign: Vec<Foreign>,
    /// Rows that contradict each other.
    pub contradictions: Vec<Contradiction>,
}

/// Reads payments and refunds.
pub(super) fn stage<'a>(input: &Input<'a>, placed: &Placed<'a>) -> Paid<'a> {
    let (mut foreign, mut contradictions) = (Vec::new(), Vec::new());
    let payments = payments::read(input, placed, &mut foreign, &mut contradictions);
    let captured_by: Vec<Tender> =
        payments.tenders.iter().filter(|tender| tender.captured.is_positive()).map(|tender| tender.tender).collect();
    let refunds = refunds::read(input, placed, &captured_by, &mut foreign, &mut contradictions);
    let credits = credits::read(input, placed, &refunds.views, &mut contradictions);
    let mut tenders = payments.tenders;
    for (tender, amount) in refunds.by_tender {
        match tenders.iter_mut().find(|there| there.tender == tender) {
            Some(there) => there.refunded = amount,
            None => tenders.push(TenderPaid { tender, captured: Amount::ZERO, refunded: amount, reference: String::new() }),
        }
    }
    tenders.sort_by_key(|tender| tender.tender);
    let mut captures = payments.captures;
    captures.sort_by_key(|capture| capture.tender);
    for refund in refunds.views.iter().filter(|refund| refund.counts) {
        if let Some(capture) = captures.iter_mut().find(|capture| capture.tender == refund.tender && capture.is_named(refund.capture)) {
            capture.refunded += refund.amount;
        }
    }
    Paid {
        captured: tenders.iter().map(|tender| tender.captured).sum(),
        refunded: tenders.iter().map(|tender| tender.refunded).sum(),
        tenders,
        captures,
        authorised_open: payments.authorised_open,
        paid_back: refunds.paid,
        disputed: refunds.disputed,
        dispute_open: refunds.dispute_open,
        refunds_agree: refunds.agree,
        refunds: refunds.views,
        credits,
        known: placed.header.is_some_and(|header| header.terms != Terms::Prepaid || header.total.is_zero() || payments.any),
        pays_later: payments.later || placed.header.is_some_and(|header| header.terms != Terms::Prepaid),
        foreign,
        contradictions,
    }
}

/// *Complete*: all lines are there, the address is there, and how the order is paid is known.
pub(super) fn complete(placed: &Placed<'_>, paid: &Paid<'_>) -> bool {
    placed.whole.holds && placed.has_address() && paid.known
}

impl<'a> Paid<'a> {
    /// What the shop itself has refunded, paid or under way, according to its own rows.
    pub(super) fn refunds_of_shop(&self, placed: &Placed<'_>) -> impl Iterator<Item = &RefundView<'a>> {
        self.refunds.iter().filter(move |refund| Some(refund.source) == placed.shop && (refund.success || refund.pending))
    }

    /// What the shop itself has refunded for goods, according to its own rows, with the fee that it kept of that.
    pub(super) fn refunded_for_goods(&self, placed: &Placed<'_>) -> Amount {
        if placed.shop.is_none() {
            return Amount::ZERO;
        }
        let for_no_goods = self.credits.goodwill + self.credits.shipping + self.credits.duty;
        self.refunds_of_shop(placed).map(|refund| refund.amount).sum::<Amount>() + self.credits.fee - for_no_goods
    }

    /// By line: the pieces that credits name, with what they credit for them.
    pub(super) fn credited_lines(&self) -> Vec<CreditedLine> {
        if self.credits.by_erp { vec![CreditedLine::default(); self.credits.lines.len()] } else { self.credits.lines.clone() }
    }
}
