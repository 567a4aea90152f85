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
    /// Of which line, and how many pieces; `None`: it is for charges.
    of: Option<(usize, Quantity)>,
    why: Why,
}

/// Why the customer has to get it back. What a credit names is first for pieces that the shop shows as credited, cancelled ones come last.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Why {
    Cancelled,
    Authorised,
    Credited,
    Charges,
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
    let claims = claims.without_named(&placed.lines, paid);
    // Money of credits that name no line, and that of charges which they name.
    let of_goods = if paid.credits.money.is_positive() { paid.credits.goods } else { Amount::ZERO };
    let room_at = |at: Moment| -> Amount {
        let until = claims.list.iter().filter(|claim| claim.at <= at + slack).map(|claim| claim.worth).sum::<Amount>();
        (until - of_goods).floor_zero() + surplus
    };
    let all: Amount = (claims.list.iter().map(|claim| claim.worth).sum::<Amount>() - of_goods).floor_zero() + surplus;
    let decided = decisions.about("over-refunded", "").filter(|decision| decision.choice == "accept");
    let mut accepted = decided.and_then(|decision| decision.amount);
    let believed = (placed.totals.value.decimal() / rust_decimal::Decimal::TWO).max(rust_decimal::Decimal::ZERO);
    let mut left = (paid.refunded - paid.disputed - paid.credits.money).floor_zero();
    let mut used = Amount::ZERO;
    let pieces: Quantity = claims.list.iter().filter_map(|claim| claim.of).map(|(_, pieces)| pieces).sum();
    let rounding = placed.currency.minor_unit().times(pieces);
    let mut own = own_rows(placed, paid, rules);
    for row in rows {
        let by_shop = told_by_shop(row, &mut own);
        let amount = row.amount.min(left);
        left -= amount;
        let room = (room_at(row.at) - used).floor_zero();
        let mut rest = if row.request.is_some() { Amount::ZERO } else { (amount - room).floor_zero() };
        let later = claims.list.iter().any(|claim| claim.at > row.at + slack && claim.worth == rest) || (all - used - amount).is_zero();
        // What credits round by is nobody's gift.
        if later || rest <= rounding {
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
    fn add(&mut self, lines: &[PlacedLine<'_>], i: usize, pieces: Quantity, (at, why): (Moment, Why)) -> Amount {
        let line = &lines[i];
        let before = self.claimed[i];
        let after = (before + pieces.floor_zero()).min(line.ordered).max(before);
        self.claimed[i] = after;
        let worth = line.value_of(line.ordered - before) - line.value_of(line.ordered - after);
        if after > before {
            self.list.push(Claim { at, worth, of: Some((i, after - before)), why });
        }
        worth
    }

    /// Without the pieces that credits name, credited ones first, of each kind the latest: these are paid by the refunds that the credits name, and by no other.
    fn without_named(mut self, lines: &[PlacedLine<'_>], paid: &Paid<'_>) -> Self {
        if !paid.credits.money.is_positive() {
            return self;
        }
        let mut named: Vec<Quantity> = paid.credits.lines.iter().map(|line| line.pieces).collect();
        let mut shipping = paid.credits.shipping + paid.credits.duty;
        self.list.sort_by_key(|claim| (claim.why, claim.at));
        for claim in self.list.iter_mut().rev() {
            let Some((i, pieces)) = claim.of else {
                let part = claim.worth.min(shipping);
                (claim.worth, shipping) = (claim.worth - part, shipping - part);
                continue;
            };
            let part = pieces.min(named[i]);
            named[i] -= part;
            claim.worth = (claim.worth - lines[i].worth_of(part)).floor_zero();
            if part == pieces {
                claim.worth = Amount::ZERO;
            }
        }
        self
    }
}

fn claims(placed: &Placed<'_>, cancelled: &Cancelled, returning: &Returning<'_>, sent: &Sent<'_>, back: &Back<'_>) -> Claims {
    let lines = &placed.lines[..];
    let mut claims = Claims { list: Vec::new(), awaited: Amount::ZERO, claimed: vec![Quantity::ZERO; lines.len()] };
    let goods = || (0..lines.len()).filter(|&i| !lines[i].is_bundle);
    // Where one row tells what was cancelled and what was credited since, nobody says when it was cancelled.
    let credited_since = cancelled.lines.iter().any(|line| line.credited_at.is_some() && line.credited_at >= sent.cancelled_at);
    let cancelled_at = sent.cancelled_at.filter(|_| !credited_since).unwrap_or(Moment::MIN);
    for i in goods() {
        claims.add(lines, i, lines[i].ordered - sent.lines[i].wanted, (cancelled_at, Why::Cancelled));
    }
    let of_cancelled = claims.claimed.clone();
    let mut authorised: Vec<_> = returning.authorised.iter().chain(&back.refunded_parcels).collect();
    authorised.sort_by_key(|row| (row.approved_at.unwrap_or(row.at), row.source, row.rma, row.id));
    // Pieces of which it is not settled whether they may come back.
    let mut asked = false;
    for row in authorised.into_iter().filter(|row| row.for_money() && (row.counts() || row.asked())) {
        let mut rest = row.quantity;
        for &line in row.targets.iter().filter(|&&line| !lines[line].is_bundle) {
            let pieces = rest.min(lines[line].ordered - claims.claimed[line]).floor_zero();
            rest -= pieces;
            let worth = claims.add(lines, line, pieces, (row.approved_at.unwrap_or(row.at), Why::Authorised));
            claims.awaited += if row.counts() { worth } else { Amount::ZERO };
            asked |= !row.counts() && pieces.is_positive();
        }
    }
    for i in goods() {
        // Pieces that were cancelled in the shop's books are credited apart from those that came back.
        let of_unsent = of_cancelled[i].min(sent.lines[i].credited_unsent);
        let pieces = cancelled.lines[i].credited - of_unsent - (claims.claimed[i] - of_cancelled[i]);
        // When each of them was credited nobody says: the total has one moment, that of the newest.
        claims.add(lines, i, pieces, (Moment::MIN, Why::Credited));
    }
    // Charges come back with the last piece, and those that were taken away at once.
    let all = goods().all(|i| claims.claimed[i] >= lines[i].ordered) && !lines.is_empty();
    let of =
        |removed: bool| placed.charges.iter().filter(|charge| charge.charge.removed == removed).map(|charge| charge.charge.gross).sum();
    if let Some(at) = claims.list.iter().map(|claim| claim.at).max().filter(|_| all) {
        let worth = of(false);
        claims.list.push(Claim { at, worth, of: None, why: Why::Charges });
        claims.awaited += if asked { Amount::ZERO } else { worth };
    }
    claims.list.push(Claim { at: Moment::MIN, worth: of(true), of: None, why: Why::Charges });
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
