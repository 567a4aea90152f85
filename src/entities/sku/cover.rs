//! Which orders a channel's stock does not cover: claims are covered in the order of placing, so the latest are named.

use super::burden::Burdened;
use super::state::SkuState;
use super::stock::{ChannelStock, pool};
use super::sums::Place;
use crate::entities::rules::{Channel, Rules};
use crate::facts::{Moment, OrderKey, Quantity, Text};

/// So many orders are named.
const NAMED_MAX: usize = 20;

/// Orders that are not covered.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Uncovered {
    /// (order, its public number), the latest first.
    pub named: Vec<(OrderKey, Text)>,
    /// Lines that are not covered, the named ones included.
    pub lines: u64,
}

/// The lines that what is missing falls on, the latest first. Minute by minute: only the last minute is walked line by line.
pub fn uncovered(channel: &Channel, figure: &ChannelStock, state: &SkuState, rules: &Rules) -> Uncovered {
    let mut missing = -figure.free;
    let mut found = Uncovered::default();
    let pool = pool(channel, rules);
    let places: Vec<&Place> = state.sums().open.keys().filter(|place| Burdened::place(rules, place).is(channel, &pool)).collect();
    let mut before = Moment::MAX;
    while missing.is_positive() {
        let latest = places.iter().filter_map(|place| latest_minute(state, place, before)).max();
        let Some(minute) = latest else { break };
        let here: Vec<(Quantity, u64)> =
            places.iter().filter_map(|place| state.sums().minutes.get(&((*place).clone(), minute)).copied()).collect();
        let sum: Quantity = here.iter().map(|(sum, _)| *sum).sum();
        if sum <= missing && found.named.len() >= NAMED_MAX {
            found.lines += here.iter().map(|(_, lines)| lines).sum::<u64>();
            missing -= sum;
        } else {
            missing = lines_of(state, &places, minute, missing, &mut found);
        }
        before = minute;
    }
    found
}

fn latest_minute(state: &SkuState, place: &Place, before: Moment) -> Option<Moment> {
    let range = (place.clone(), Moment::MIN)..(place.clone(), before);
    state.sums().minutes.range(range).next_back().map(|((_, minute), _)| *minute)
}

/// One minute, line by line, the latest first. Returns what is still missing.
fn lines_of(state: &SkuState, places: &[&Place], minute: Moment, mut missing: Quantity, found: &mut Uncovered) -> Quantity {
    let mut lines: Vec<_> = places.iter().map(|place| state.sums().waiting_in(place, minute).peekable()).collect();
    while missing.is_positive() {
        let latest = lines.iter_mut().filter_map(|lines| {
            let (waiting, _) = lines.peek()?;
            Some(((waiting.placed_at, waiting.row.clone()), lines))
        });
        let Some((_, lines)) = latest.max_by(|a, b| a.0.cmp(&b.0)) else { break };
        let Some((waiting, rest)) = lines.next() else { break };
        missing -= rest;
        found.lines += 1;
        if let Some(demand) = state.demand(&waiting.row)
            && found.named.len() < NAMED_MAX
            && !found.named.iter().any(|(order, _)| *order == demand.order)
        {
            found.named.push((demand.order.clone(), demand.number.clone()));
        }
    }
    missing
}
