//! Plans from a seed: any order that design allows, repeats, a new snapshot, cuts into epochs, crashes.

use std::collections::BTreeMap;

use crate::chance::Chance;
use crate::drive::{Break, Plan};
use crate::world::{Entry, Order};

/// A plan for these entries. Rows versioned by arrival keep their order and never come twice.
pub fn plan(entries: &[Entry], seed: u64) -> Plan {
    let mut chance = Chance::new(seed ^ 0x0091_a700);
    let repeats = |index: &usize| entries[*index].record.order != Order::Arrival;
    let mut arrival: Vec<usize> = (0..entries.len()).collect();
    if chance.percent(80) {
        for index in (0..entries.len()).filter(repeats) {
            if chance.percent(10) {
                arrival.push(index);
            }
        }
        match chance.below(3) {
            0 => chance.shuffle(&mut arrival),
            1 => jitter(&mut chance, &mut arrival),
            _ => {}
        }
        in_order_of_arrival(entries, &mut arrival);
    }
    if chance.percent(15) {
        // The connector takes its snapshot anew.
        let source = chance.below(6) as usize;
        arrival.extend((0..entries.len()).filter(repeats).filter(|index| entries[*index].source == source));
    }
    let mut slices = Vec::new();
    let cuts = chance.below(12) + 1;
    for _ in 0..cuts {
        slices.push(chance.below(2 * arrival.len() as u64 / cuts + 2) as usize);
    }
    let mut breaks = BTreeMap::new();
    let kinds = [Break::Unanswered, Break::Aborted, Break::Died, Break::Restarted, Break::OffsetsLost];
    for _ in 0..chance.below(4) {
        breaks.insert(chance.below(cuts + 1) as usize, *chance.pick(&kinds));
    }
    let epoch_records = if chance.percent(30) { chance.between(1, 9) as usize } else { usize::MAX };
    Plan { arrival, slices, breaks, clock_moves: chance.percent(50), epoch_records, settles_late: chance.percent(50) }
}

/// Most things come nearly in order.
fn jitter(chance: &mut Chance, arrival: &mut [usize]) {
    for i in 0..arrival.len() {
        if chance.percent(30) {
            let other = (i + chance.below(12) as usize).min(arrival.len() - 1);
            arrival.swap(i, other);
        }
    }
}

/// Puts the rows that are versioned by arrival alone back into the order in which they were written, in the places where they stand.
fn in_order_of_arrival(entries: &[Entry], arrival: &mut [usize]) {
    let places: Vec<usize> = (0..arrival.len()).filter(|place| entries[arrival[*place]].record.order == Order::Arrival).collect();
    let mut told: Vec<usize> = places.iter().map(|place| arrival[*place]).collect();
    told.sort_unstable();
    for (place, index) in places.into_iter().zip(told) {
        arrival[place] = index;
    }
}
