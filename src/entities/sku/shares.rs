//! Which part of a line a counting system leaves out of its count, and since when: a function of the line's row alone.
//!
//! What a system says of a line is put to the line's pieces in the order in which they leave: first to what has left, the earliest first,
//! then to what is still to be sent. Pieces are numbered from 0, so each statement is a stretch of that row of pieces:
//!
//! ```text
//! pieces      |- despatch 1 -|- despatch 2 -|---- rest ----|
//! set aside   |------ at 10:00 ------|- at 11:00 -|
//! booked out  |- at 23:00 -|
//! ```
//!
//! Set aside counts for the *rest* (a despatched piece is looked at by itself: [`taken_of`]); booked out counts for the *departures*, by the
//! location that they left.

use super::sums::{Left, Place, rest};
use crate::facts::sku::{Allocation, Demand};
use crate::facts::{Moment, Quantity, SourceId, Text};

/// A stretch of a line's pieces that is left out by somebody since a moment.
pub struct LeftOut {
    pub of: Left,
    pub since: Moment,
    pub quantity: Quantity,
}

/// All stretches of a line.
pub fn of(demand: &Demand, place: &Place) -> Vec<LeftOut> {
    if demand.allocated.is_empty() && demand.booked.is_empty() {
        return Vec::new();
    }
    let mut all = Vec::new();
    let departed = departures(demand);
    let gone: Quantity = departed.iter().map(|(_, _, quantity)| *quantity).sum();
    for source in sources(&demand.allocated) {
        for (from, until, since) in stretches(&demand.allocated, source) {
            let quantity = overlap(from, until, gone, gone + rest(demand));
            push(&mut all, Left::Aside(source, place.clone()), since, quantity);
        }
    }
    for source in sources(&demand.booked) {
        for (from, until, since) in stretches(&demand.booked, source) {
            let mut begin = Quantity::ZERO;
            for (_, location, quantity) in &departed {
                let part = overlap(from, until, begin, begin + *quantity);
                push(&mut all, Left::Booked(source, (*location).clone()), since, part);
                begin += *quantity;
            }
        }
    }
    all
}

fn push(all: &mut Vec<LeftOut>, of: Left, since: Moment, quantity: Quantity) {
    if quantity.is_positive() {
        all.push(LeftOut { of, since, quantity });
    }
}

/// How much of one of a line's despatches statements of `source` leave out, of those that `counts` lets count.
pub fn taken_of(demand: &Demand, part: u32, said: &[Allocation], source: SourceId, counts: impl Fn(&Allocation) -> bool) -> Quantity {
    let counted: Vec<Allocation> = said.iter().filter(|said| counts(said)).cloned().collect();
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

fn sources(said: &[Allocation]) -> Vec<SourceId> {
    let mut sources: Vec<SourceId> = said.iter().map(|said| said.source).collect();
    sources.sort_unstable();
    sources.dedup();
    sources
}

/// What a source said, as stretches (from, until, since), the earliest first. What is below zero takes back what was said last before it.
fn stretches(said: &[Allocation], source: SourceId) -> Vec<(Quantity, Quantity, Moment)> {
    let mut ordered: Vec<&Allocation> = said.iter().filter(|said| said.source == source).collect();
    ordered.sort_by_key(|said| said.at);
    let mut stretches: Vec<(Quantity, Quantity, Moment)> = Vec::new();
    for said in ordered {
        let end = stretches.last().map_or(Quantity::ZERO, |(_, until, _)| *until);
        let until = (end + said.quantity).floor_zero();
        if until < end {
            stretches.retain(|(from, _, _)| *from < until);
            if let Some(last) = stretches.last_mut() {
                last.1 = until;
            }
        } else if until > end {
            stretches.push((end, until, said.at));
        }
    }
    stretches
}

/// How much of [a, b) lies in [from, until).
fn overlap(a: Quantity, b: Quantity, from: Quantity, until: Quantity) -> Quantity {
    (b.min(until) - a.max(from)).floor_zero()
}
