//! What credited pieces are settled at: what the credit says, in the place of what they are worth.

use crate::entities::order::back::Back;
use crate::entities::order::cancelled::Cancelled;
use crate::entities::order::kept::Kept;
use crate::entities::order::paid::{CreditedLine, Paid};
use crate::entities::order::placed::Placed;
use crate::facts::{Amount, Moment, Quantity};

/// Differences between what credits say and what the pieces are worth that are back.
pub(super) struct Settled {
    /// Of all lines, where it is only rounding: credited less worth.
    pub rounding: Amount,
    /// Credited above the worth: goodwill.
    pub above: Amount,
    /// Credited below it: a fee.
    pub below: Amount,
    /// The worth of pieces that the shop shows as credited and no row of its own covers, and when the newest was credited.
    pub uncovered: Option<(Amount, Option<Moment>)>,
}

pub(super) fn settle(placed: &Placed<'_>, paid: &Paid<'_>, cancelled: &Cancelled, back: &Back<'_>, kept: &Kept) -> Settled {
    let lines = &placed.lines[..];
    let none = Amount::ZERO;
    let mut all = Settled { rounding: none, above: none, below: none, uncovered: None };
    // Pieces that the shop's books show as credited and no row names, and whether all of them are back.
    let (mut unnamed, mut unnamed_pieces, mut unnamed_back) = (none, Quantity::ZERO, true);
    for (i, line) in lines.iter().enumerate().filter(|(_, line)| !line.is_bundle) {
        let named = paid.credits.lines[i];
        let gone = (kept.lines[i].stopped + back.lines[i].returned).min(line.ordered);
        let pieces = named.pieces.min(gone);
        if pieces.is_positive() {
            let told = named.gross.share(pieces, named.pieces, line.currency);
            // Beside other pieces that are back they are worth a minor unit more or less, as they are counted first or last.
            let (first, last) = (line.worth_of(pieces), line.worth_of(gone) - line.worth_of(gone - pieces));
            let worth = told.max(first.min(last)).min(first.max(last));
            all.differ(told - worth, line.currency.minor_unit().times(pieces));
        }
        let named = if paid.credits.by_erp { CreditedLine::default() } else { named };
        let rest = (cancelled.lines[i].credited.min(line.ordered) - named.pieces).floor_zero();
        if rest.is_positive() {
            unnamed += line.worth_of(named.pieces.min(line.ordered) + rest) - line.worth_of(named.pieces.min(line.ordered));
            unnamed_pieces += rest;
            unnamed_back &= gone >= named.pieces + rest;
        }
    }
    let goods = paid.credits.goods;
    let tolerance = placed.currency.minor_unit().times(unnamed_pieces);
    let by_hand: Amount = by_hand(placed, paid);
    if unnamed_pieces.is_zero() {
        return all;
    }
    if goods.is_positive() && (goods - unnamed).abs() <= tolerance {
        // A memo of which only the head is read.
        if unnamed_back {
            all.differ(goods - unnamed, tolerance);
        }
        return all;
    }
    let open = unnamed - goods - by_hand;
    if open <= tolerance {
        return all;
    }
    if by_hand.is_positive() && goods.is_zero() && paid.credits.paid_by.is_empty() {
        // The shop has refunded the pieces, by rows that say nothing, for less than they are worth.
        all.below += if unnamed_back { open } else { none };
    } else {
        all.uncovered = Some((open, cancelled.lines.iter().filter_map(|line| line.credited_at).max()));
    }
    all
}

/// What the shop has refunded by rows of which no credit says what they are for.
fn by_hand(placed: &Placed<'_>, paid: &Paid<'_>) -> Amount {
    let rows =
        paid.refunds.iter().enumerate().filter(|(place, row)| Some(row.source) == placed.shop && !paid.credits.paid_by.contains(place));
    rows.filter(|(_, row)| row.success || row.pending).map(|(_, row)| row.amount).sum()
}

impl Settled {
    fn differ(&mut self, difference: Amount, tolerance: Amount) {
        if difference.abs() <= tolerance {
            self.rounding += difference;
        } else if difference.is_positive() {
            self.above += difference;
        } else {
            self.below += -difference;
        }
    }
}
