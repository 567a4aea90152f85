//! Which part of a line a counting system excludes from its count, and since when: a function of the line's row alone.
//!
//! The quantities that a system has allocated or posted are put to the line's pieces in the order in which they leave: first to what has left, the earliest first,
//! then to what is still to be sent. Pieces are numbered from 0, so each quantity is a stretch of that row of pieces:
//!
//! ```text
//! pieces      |- despatch 1 -|- despatch 2 -|---- rest ----|
//! allocated   |------ at 10:00 ------|- at 11:00 -|
//! posted      |- at 23:00 -|
//! ```
//!
//! Allocated counts for the *rest* (a despatched piece is looked at by itself: [`taken_of`]); posted counts for the *departures*, by the
//! location that they left.

use super::keys::{LeftOutBy, WaitingPlace, rest};
use crate::facts::sku::{Allocation, Demand};
use crate::facts::{Moment, Quantity, SourceId, Text};

/// A stretch of a line's pieces that a counting system excludes since a moment.
pub struct LeftOutShare {
    /// Who excludes it, and of what.
    pub of: LeftOutBy,
    /// Since when.
    pub since: Moment,
    /// How many pieces.
    pub quantity: Quantity,
}

/// All stretches of a line.
pub fn of(demand: &Demand, place: &WaitingPlace) -> Vec<LeftOutShare> {
    if demand.allocated.is_empty() && demand.posted.is_empty() {
        return Vec::new();
    }
    let mut all = Vec::new();
    let departed = departures(demand);
    let gone: Quantity = departed.iter().map(|(_, _, quantity)| *quantity).sum();
    for source in sources(&demand.allocated) {
        for (from, until, since) in stretches(&demand.allocated, source) {
            let quantity = overlap(from, until, gone, gone + rest(demand));
            push(&mut all, LeftOutBy::Allocated(source, place.clone()), since, quantity);
        }
    }
    for source in sources(&demand.posted) {
        for (from, until, since) in stretches(&demand.posted, source) {
            let mut begin = Quantity::ZERO;
            for (_, location, quantity) in &departed {
                let part = overlap(from, until, begin, begin + *quantity);
                push(&mut all, LeftOutBy::Posted(source, (*location).clone()), since, part);
                begin += *quantity;
            }
        }
    }
    all
}

fn push(all: &mut Vec<LeftOutShare>, of: LeftOutBy, since: Moment, quantity: Quantity) {
    if quantity.is_positive() {
        all.push(LeftOutShare { of, since, quantity });
    }
}

/// How much of one of a line's despatches the statements of `source` exclude, of those that `counts` lets count.
pub fn taken_of(demand: &Demand, part: u32, statements: &[Allocation], source: SourceId, counts: impl Fn(&Allocation) -> bool) -> Quantity {
    let counted: Vec<Allocation> = statements.iter().filter(|statement| counts(statement)).cloned().collect();
    let total = stretches(&counted, source).last().map_or(Quantity::ZERO, |(_, until, _)| *until);
    let mut begin = Quantity::ZERO;
    for (index, _, quantity) in departures(demand) {
        if index == part as usize {
            return overlap(Quantity::ZERO, total, begin, begin + quantity);
        }
        begin += quantity;
    }
    Quantity::ZERO
}

/// (place in the row, location, quantity) of what has left, the earliest first.
fn departures(demand: &Demand) -> Vec<(usize, &Text, Quantity)> {
    let mut departed: Vec<usize> = (0..demand.despatched.len()).collect();
    departed.sort_by_key(|index| (demand.despatched[*index].despatched_at, *index));
    departed.into_iter().map(|index| (index, &demand.despatched[index].location, demand.despatched[index].quantity)).collect()
}

fn sources(statements: &[Allocation]) -> Vec<SourceId> {
    let mut sources: Vec<SourceId> = statements.iter().map(|statement| statement.source).collect();
    sources.sort_unstable();
    sources.dedup();
    sources
}

/// The statements of a source as stretches (from, until, since), the earliest first. A quantity below zero takes back the last pieces before it.
fn stretches(statements: &[Allocation], source: SourceId) -> Vec<(Quantity, Quantity, Moment)> {
    let mut ordered: Vec<&Allocation> = statements.iter().filter(|statement| statement.source == source).collect();
    ordered.sort_by_key(|statement| statement.at);
    let mut stretches: Vec<(Quantity, Quantity, Moment)> = Vec::new();
    for statement in ordered {
        let end = stretches.last().map_or(Quantity::ZERO, |(_, until, _)| *until);
        let until = (end + statement.quantity).floor_zero();
        if until < end {
            stretches.retain(|(from, _, _)| *from < until);
            if let Some(last) = stretches.last_mut() {
                last.1 = until;
            }
        } else if until > end {
            stretches.push((end, until, statement.at));
        }
    }
    stretches
}

/// How much of [begin, end) lies in [from, until).
fn overlap(begin: Quantity, end: Quantity, from: Quantity, until: Quantity) -> Quantity {
    (end.min(until) - begin.max(from)).floor_zero()
}
