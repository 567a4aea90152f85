//! Stage *paid*: what the shop has taken, and what was paid back, by tender.

mod payments;
mod refunds;
mod tender;

pub use refunds::RefundView;
pub use tender::{Foreign, TenderPaid};

use super::input::Input;
use super::placed::Placed;
use crate::facts::Amount;
use crate::facts::order::Terms;

/// Payments and refunds of an order, in its currency.
#[derive(Clone, Debug)]
pub struct Paid<'a> {
    /// In the order in which a refund is spread over them.
    pub tenders: Vec<TenderPaid>,
    pub captured: Amount,
    /// Authorised and not yet captured, neither expired nor voided.
    pub authorised_open: Amount,
    pub refunded: Amount,
    /// The systems that report all refunds agree.
    pub refunds_agree: bool,
    pub refunds: Vec<RefundView<'a>>,
    /// A payment row, or terms that need none, or nothing to pay.
    pub known: bool,
    /// On account, or at the door: goods leave before they are paid.
    pub pays_later: bool,
    /// Rows in another currency than the order's: they count for nothing.
    pub foreign: Vec<Foreign>,
}

/// Reads payments and refunds.
pub(super) fn stage<'a>(input: &Input<'a>, placed: &Placed<'a>) -> Paid<'a> {
    let mut foreign = Vec::new();
    let payments = payments::read(input, placed, &mut foreign);
    let refunds = refunds::read(input, placed, &mut foreign);
    let mut tenders = payments.tenders;
    for (tender, amount) in refunds.by_tender {
        match tenders.iter_mut().find(|there| there.tender == tender) {
            Some(there) => there.refunded = amount,
            None => tenders.push(TenderPaid { tender, captured: Amount::ZERO, refunded: amount, reference: String::new() }),
        }
    }
    tenders.sort_by_key(|tender| tender.tender);
    Paid {
        captured: tenders.iter().map(|tender| tender.captured).sum(),
        refunded: tenders.iter().map(|tender| tender.refunded).sum(),
        tenders,
        authorised_open: payments.authorised_open,
        refunds_agree: refunds.agree,
        refunds: refunds.views,
        known: placed.header.is_some_and(|header| header.terms != Terms::Prepaid || header.total.is_zero() || payments.any),
        pays_later: payments.later || placed.header.is_some_and(|header| header.terms != Terms::Prepaid),
        foreign,
    }
}

/// *Complete*: the lines are whole, the address is there, and how it is paid is known.
pub(super) fn complete(placed: &Placed<'_>, paid: &Paid<'_>) -> bool {
    placed.whole.holds && placed.has_address() && paid.known
}
