//! Stage *money*: what the customer owes, and what is due back (journey.md, "Money: what is refunded").
//!
//! ```text
//! owed     = sum of the value of kept pieces + charges that stay, at least 0
//! entitled = value of all lines as ordered + all charges - owed
//! due      = max(0, min(entitled, captured - owed))
//! ```

use super::back::Back;
use super::input::Input;
use super::kept::Kept;
use super::paid::{Paid, RefundView};
use super::placed::{Placed, PlacedLine};
use crate::facts::order::{Charge, Tender};
use crate::facts::{Amount, Currency, Quantity};

/// The order's money, in its currency.
#[derive(Clone, Debug)]
pub struct Money<'a> {
    /// The order's currency; all amounts are in it.
    pub currency: Currency,
    /// The header's total.
    pub total: Amount,
    /// Sum of all lines and charges as ordered.
    pub value: Amount,
    /// Header's total - lines - charges, where that is only rounding.
    pub rounding: Amount,
    /// Captured from the customer in all.
    pub captured: Amount,
    /// Authorised and not yet captured, neither expired nor voided.
    pub authorised_open: Amount,
    /// What the customer owes for kept pieces and charges that stay.
    pub owed: Amount,
    /// What the customer need not pay any more: value of the order - owed.
    pub entitled: Amount,
    /// What the customer has to get back in all.
    pub due: Amount,
    /// What the customer has got back in all: paid, or under way.
    pub refunded: Amount,
    /// The systems that report all refunds agree.
    pub refunds_agree: bool,
    /// Captured, refunded and due by tender.
    pub tenders: Vec<TenderView>,
    /// The charges, and which of them stay.
    pub charges: Vec<ChargeView<'a>>,
    /// All refund rows, also those that do not count.
    pub refunds: Vec<RefundView<'a>>,
    /// Of each line, the cancelled or returned pieces whose value the refunded money covers.
    pub refunded_pieces: Vec<Quantity>,
    /// Lines + charges agree with the total, and no payment or refund is in another currency. Otherwise no money is requested.
    pub sound: bool,
}

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

/// A charge, and whether the customer still owes it.
#[derive(Clone, Debug)]
pub struct ChargeView<'a> {
    /// kind + number.
    pub id: &'a str,
    /// The shop's row.
    pub charge: &'a Charge,
    /// The customer still owes it: it is not removed, and some piece is kept or charges are never refunded.
    pub stays: bool,
}

/// Computes the order's money from its quantities and payments.
pub(super) fn stage<'a>(input: &Input<'a>, placed: &Placed<'a>, paid: &Paid<'a>, back: &Back<'a>, kept: &Kept) -> Money<'a> {
    let anything_kept = placed.lines.is_empty() || kept.lines.iter().any(|line| line.pieces.is_positive());
    let charges: Vec<ChargeView<'a>> = placed
        .charges
        .iter()
        .map(|charge| ChargeView {
            id: charge.id,
            charge: charge.charge,
            stays: !charge.charge.removed && (anything_kept || !input.rules.refund_charges),
        })
        .collect();
    let of_lines: Amount = placed.lines.iter().zip(&kept.lines).map(|(line, kept)| line.value_of(kept.pieces)).sum();
    let of_charges: Amount = charges.iter().filter(|charge| charge.stays).map(|charge| charge.charge.gross).sum();
    let owed = (of_lines + of_charges).floor_zero();
    let entitled = placed.totals.value + placed.totals.rounding - owed;
    let due = entitled.min(paid.captured - owed).floor_zero();
    Money {
        currency: placed.currency,
        total: placed.header.map_or(Amount::ZERO, |header| header.total),
        value: placed.totals.value,
        rounding: placed.totals.rounding,
        captured: paid.captured,
        authorised_open: paid.authorised_open,
        owed,
        entitled,
        due,
        refunded: paid.refunded,
        refunds_agree: paid.refunds_agree,
        tenders: spread_due(due, paid),
        charges,
        refunds: paid.refunds.clone(),
        refunded_pieces: refunded_pieces(paid.refunded, &placed.lines, back, kept),
        sound: placed.header.is_some() && placed.totals.agree && paid.foreign.is_empty(),
    }
}

/// Spreads what is due over the tenders: first what was already refunded by each of them; the rest over card and bank, store credit, gift card, each
/// up to what it captured.
fn spread_due(due: Amount, paid: &Paid<'_>) -> Vec<TenderView> {
    let mut rest = due;
    let mut tenders: Vec<TenderView> = Vec::with_capacity(paid.tenders.len());
    for tender in &paid.tenders {
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

/// Pieces whose value the refunded money covers: cancelled ones first, then returned ones, earlier lines first.
fn refunded_pieces(refunded: Amount, lines: &[PlacedLine<'_>], back: &Back<'_>, kept: &Kept) -> Vec<Quantity> {
    let mut left = refunded;
    let mut pieces: Vec<Quantity> = Vec::with_capacity(lines.len());
    for (line, kept) in lines.iter().zip(&kept.lines) {
        let value = line.value_of(line.ordered) - line.value_of(line.ordered - kept.stopped);
        pieces.push(covered(&mut left, kept.stopped, value));
    }
    for (i, line) in lines.iter().enumerate() {
        let (sent, returned) = (line.ordered - kept.lines[i].stopped, back.lines[i].returned);
        let value = line.value_of(sent) - line.value_of(sent - returned);
        pieces[i] += covered(&mut left, returned, value);
    }
    pieces
}

/// How many of `pieces`, together worth `value`, the remaining money covers: whole pieces only.
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
