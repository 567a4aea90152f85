//! What refunds are for of which no row says it.
//!
//! Money that went back is first for what the customer had to get by then: pieces that were cancelled, credited, or authorised to come back until a day
//! after it (some systems know only the date), what was paid twice. What names our own request is for what was requested. The rest is goodwill where
//! the shop or a counter has given it, unless it is just what pieces are worth that are to come back later: then it was paid ahead for them. Goodwill
//! that nobody has named is believed up to half of what the order is worth; what is above that only a person can call goodwill (`over-refunded`,
//! decision `accept`).

use crate::entities::order::back::Back;
use crate::entities::order::cancelled::Cancelled;
use crate::entities::order::decisions::Decisions;
use crate::entities::order::paid::{Paid, RefundView};
use crate::entities::order::placed::{Placed, PlacedLine};
use crate::entities::order::returning::Returning;
use crate::entities::order::sent::Sent;
use crate::entities::rules::{Role, Rules};
use crate::facts::time::Span;
use crate::facts::{Amount, Moment, Quantity};

/// What the refunds are for that no row speaks of.
#[derive(Default)]
pub(super) struct RefundPurpose {
    pub goodwill: Amount,
    /// Its parts, each with the moment of its refund.
    pub goodwill_parts: Vec<(Moment, Amount)>,
    /// The part of `goodwill` that a person's decision calls so.
    pub decided: Amount,
    /// Of what was paid above the value of the order.
    pub surplus: Amount,
    /// At most so much was refunded for pieces that are authorised to come back and are not here yet.
    pub ahead: Amount,
}

/// Worth that the customer has to get back from this moment on.
struct Claim {
    at: Moment,
    worth: Amount,
}

#[allow(clippy::too_many_arguments)] // A stage names each stage that it reads.
pub(super) fn find(
    rules: &Rules,
    decisions: &Decisions<'_>,
    placed: &Placed<'_>,
    paid: &Paid<'_>,
    cancelled: &Cancelled,
    returning: &Returning<'_>,
    sent: &Sent<'_>,
    back: &Back<'_>,
    (surplus, charges_back): (Amount, Amount),
) -> RefundPurpose {
    let mut found = RefundPurpose::default();
    if !paid.refunded.is_positive() {
        return found;
    }
    let claims = claims(placed, cancelled, returning, sent, back);
    let here: Amount = placed.lines.iter().zip(&back.lines).map(|(line, back)| line.value_of(back.returned.min(line.ordered))).sum();
    found.ahead = (claims.awaited - here - charges_back).floor_zero();
    // Rows that a credit speaks of have their purpose; so have their mirrors in other systems.
    let mut rows = unexplained(paid);
    if rows.is_empty() {
        return found;
    }
    rows.sort_by_key(|row| (row.at, row.source, row.id));
    let slack = Span::days(1);
    let of_goods = (paid.credits.money + paid.credits.fee - paid.credits.goodwill - paid.credits.shipping - paid.credits.duty).floor_zero();
    let room_at = |at: Moment| -> Amount {
        let until = claims.list.iter().filter(|claim| claim.at <= at + slack).map(|claim| claim.worth).sum::<Amount>();
        (until - of_goods).floor_zero() + surplus
    };
    let all: Amount = claims.list.iter().map(|claim| claim.worth).sum::<Amount>() + surplus;
    let decided = decisions.about("over-refunded", "").filter(|decision| decision.choice == "accept");
    let mut accepted = decided.and_then(|decision| decision.amount);
    let believed = (placed.totals.value.decimal() / rust_decimal::Decimal::TWO).max(rust_decimal::Decimal::ZERO);
    let mut left = (paid.refunded - paid.disputed - paid.credits.money).floor_zero();
    let mut used = Amount::ZERO;
    let mut own = own_rows(placed, paid, rules);
    for row in rows {
        let by_shop = told_by_shop(row, &mut own);
        let amount = row.amount.min(left);
        left -= amount;
        let room = (room_at(row.at) - used).floor_zero();
        let mut rest = if row.request.is_some() { Amount::ZERO } else { (amount - room).floor_zero() };
        let later = claims.list.iter().any(|claim| claim.at > row.at + slack && claim.worth == rest) || (all - used - amount).is_zero();
        if later {
            rest = Amount::ZERO;
        }
        used += amount - rest;
        if rest.is_zero() {
            continue;
        }
        let by_decision = match &mut accepted {
            Some(sum) if rest <= *sum => {
                *sum -= rest;
                true
            }
            Some(_) => false,
            // A decision that names no amount was made about what was there.
            None => decided.is_some_and(|decision| row.at <= decision.decided_at),
        };
        if by_decision || (by_shop && (found.goodwill + rest).decimal() <= believed) {
            found.goodwill += rest;
            found.goodwill_parts.push((row.at, rest));
            found.decided += if by_decision { rest } else { Amount::ZERO };
        } else {
            used += rest;
        }
    }
    let for_pieces = all - surplus;
    found.surplus = (used - for_pieces).floor_zero().min(surplus);
    found
}

struct Claims {
    list: Vec<Claim>,
    /// Worth of all pieces that are authorised to come back.
    awaited: Amount,
    /// Of each line, the pieces that some claim is about.
    claimed: Vec<Quantity>,
}

impl Claims {
    /// Claims pieces of a line that no other claim is about; gives their worth.
    fn add(&mut self, lines: &[PlacedLine<'_>], i: usize, pieces: Quantity, at: Moment) -> Amount {
        let line = &lines[i];
        let before = self.claimed[i];
        let after = (before + pieces.floor_zero()).min(line.ordered).max(before);
        self.claimed[i] = after;
        let worth = line.value_of(line.ordered - before) - line.value_of(line.ordered - after);
        if worth.is_positive() {
            self.list.push(Claim { at, worth });
        }
        worth
    }
}

fn claims(placed: &Placed<'_>, cancelled: &Cancelled, returning: &Returning<'_>, sent: &Sent<'_>, back: &Back<'_>) -> Claims {
    let lines = &placed.lines[..];
    let mut claims = Claims { list: Vec::new(), awaited: Amount::ZERO, claimed: vec![Quantity::ZERO; lines.len()] };
    let goods = || (0..lines.len()).filter(|&i| !lines[i].is_bundle);
    for i in goods() {
        claims.add(lines, i, lines[i].ordered - sent.lines[i].wanted, sent.cancelled_at.unwrap_or(Moment::MIN));
    }
    let mut authorised: Vec<_> = returning.authorised.iter().chain(&back.refunded_parcels).collect();
    authorised.sort_by_key(|row| (row.approved_at.unwrap_or(row.at), row.source, row.rma, row.id));
    for row in authorised.into_iter().filter(|row| row.for_money() && (row.counts() || row.asked())) {
        let mut rest = row.quantity;
        for &line in row.targets.iter().filter(|&&line| !lines[line].is_bundle) {
            let pieces = rest.min(lines[line].ordered - claims.claimed[line]).floor_zero();
            rest -= pieces;
            let worth = claims.add(lines, line, pieces, row.approved_at.unwrap_or(row.at));
            claims.awaited += if row.counts() { worth } else { Amount::ZERO };
        }
    }
    for i in goods() {
        let of_line = &cancelled.lines[i];
        let pieces = of_line.credited - claims.claimed[i];
        claims.add(lines, i, pieces, of_line.credited_at.unwrap_or(Moment::MIN));
    }
    // Charges come back with the last piece, and those that were taken away at once.
    let all = goods().all(|i| claims.claimed[i] >= lines[i].ordered) && !lines.is_empty();
    let of =
        |removed: bool| placed.charges.iter().filter(|charge| charge.charge.removed == removed).map(|charge| charge.charge.gross).sum();
    if let Some(at) = claims.list.iter().map(|claim| claim.at).max().filter(|_| all) {
        let worth = of(false);
        claims.list.push(Claim { at, worth });
        claims.awaited += worth;
    }
    claims.list.push(Claim { at: Moment::MIN, worth: of(true) });
    claims
}

/// Refunds that the shop or a counter has made, of which no credit says what they are for. People give goodwill there: what finance pays too much by
/// itself is none.
fn own_rows<'v, 'a>(placed: &Placed<'_>, paid: &'v Paid<'a>, rules: &Rules) -> Vec<&'v RefundView<'a>> {
    let made =
        |row: &RefundView<'_>| (row.success || row.pending) && (Some(row.source) == placed.shop || rules.plays(row.source, Role::Pos));
    let rows = paid.refunds.iter().enumerate().filter(|(place, _)| !paid.credits.paid_by.contains(place));
    rows.map(|(_, row)| row).filter(|row| made(row)).collect()
}

/// Is it one of these, or does one of them tell the same?
fn told_by_shop(row: &RefundView<'_>, own: &mut Vec<&RefundView<'_>>) -> bool {
    let same = |other: &&RefundView<'_>| other.source == row.source && other.id == row.id;
    let alike = |other: &&RefundView<'_>| other.amount == row.amount;
    let named = |other: &&RefundView<'_>| alike(other) && !row.reference.is_empty() && other.reference == row.reference;
    let place = own.iter().position(same).or_else(|| own.iter().position(named)).or_else(|| own.iter().position(alike));
    place.map(|place| own.remove(place)).is_some()
}

/// Rows that count, of which no credit says what they are for: neither by their id, nor by the reference or the amount of a row of another system that
/// a credit names.
fn unexplained<'v, 'a>(paid: &'v Paid<'a>) -> Vec<&'v RefundView<'a>> {
    let mut rows: Vec<&RefundView<'a>> = Vec::new();
    let mut mirrored: Vec<&RefundView<'a>> =
        paid.credits.paid_by.iter().map(|&place| &paid.refunds[place]).filter(|row| !row.counts).collect();
    for (place, row) in paid.refunds.iter().enumerate().filter(|(_, row)| row.counts) {
        if paid.credits.paid_by.contains(&place) {
            continue;
        }
        let same_reference =
            |other: &&RefundView<'_>| !row.reference.is_empty() && other.reference == row.reference && other.amount == row.amount;
        let mirror = mirrored.iter().position(same_reference).or_else(|| mirrored.iter().position(|other| other.amount == row.amount));
        match mirror {
            Some(mirror) => drop(mirrored.remove(mirror)),
            None => rows.push(row),
        }
    }
    rows
}
