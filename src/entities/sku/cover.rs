//! Which orders a channel's stock does not cover: claims are covered in the order of placing, so the latest are named.

use super::keys::{Cut, STRETCHES, Stretch, WaitingPlace, first_row};
use super::reserved::ReservedIn;
use super::state::SkuState;
use super::stock::{ChannelStock, pool};
use super::sums::StockSums;
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
    /// From here on, in the order of placing, no line is covered.
    pub from: Option<Cut>,
}

/// The lines that what is missing falls on, the latest first. Stretch by stretch of the time of placing: only the last one is walked line by
/// line.
pub fn uncovered(channel: &Channel, figure: &ChannelStock, state: &SkuState, rules: &Rules) -> Uncovered {
    let pool = pool(channel, rules);
    let here = |place: &&WaitingPlace| ReservedIn::place(rules, place).is(channel, &pool, rules);
    let places = state.sums().open.keys().filter(here).collect();
    let mut walk = Walk { sums: state.sums(), state, places, missing: -figure.free, found: Uncovered::default() };
    walk.stretches(0, Moment::MIN, Moment::MAX);
    walk.found
}

struct Walk<'s> {
    state: &'s SkuState,
    sums: &'s StockSums,
    places: Vec<&'s WaitingPlace>,
    missing: Quantity,
    found: Uncovered,
}

impl Walk<'_> {
    /// The stretches of one fineness from `from` and before `until`, the latest first.
    fn stretches(&mut self, fineness: u8, from: Moment, until: Moment) {
        if usize::from(fineness) == STRETCHES.len() {
            return self.lines(from, until);
        }
        let mut before = until;
        while self.missing.is_positive() {
            let Some(begins) = self.places.iter().filter_map(|place| self.latest(place, fineness, from, before)).max() else { break };
            let held = |place: &&WaitingPlace| self.sums.placed.get(&Stretch { place: (*place).clone(), fineness, begins }).copied();
            let (sum, lines) = self.places.iter().filter_map(held).fold((Quantity::ZERO, 0), |all, one| (all.0 + one.0, all.1 + one.1));
            if sum <= self.missing && self.found.named.len() >= NAMED_MAX {
                self.found.lines += lines;
                self.found.from = Some(Cut { placed_at: begins, row: first_row() });
                self.missing -= sum;
            } else {
                self.stretches(fineness + 1, begins, begins + Stretch::span(fineness));
            }
            before = begins;
        }
    }

    fn latest(&self, place: &WaitingPlace, fineness: u8, from: Moment, before: Moment) -> Option<Moment> {
        let bound = |begins| Stretch { place: place.clone(), fineness, begins };
        self.sums.placed.range(bound(from)..bound(before)).next_back().map(|(stretch, _)| stretch.begins)
    }

    /// Line by line, the latest first.
    fn lines(&mut self, from: Moment, until: Moment) {
        let mut lines: Vec<_> = self.places.iter().map(|place| self.sums.waiting_in(place, from, until).peekable()).collect();
        while self.missing.is_positive() {
            let latest = lines.iter_mut().filter_map(|lines| {
                let (waiting, _) = lines.peek()?;
                Some(((waiting.placed_at, waiting.row.clone()), lines))
            });
            let Some((waiting, rest)) = latest.max_by(|a, b| a.0.cmp(&b.0)).and_then(|(_, lines)| lines.next()) else { break };
            self.missing -= rest;
            self.found.lines += 1;
            self.found.from = Some(Cut { placed_at: waiting.placed_at, row: waiting.row.clone() });
            if self.found.named.len() < NAMED_MAX
                && let Some(demand) = self.state.demand(&waiting.row)
                && !self.found.named.iter().any(|(order, _)| *order == demand.order)
            {
                self.found.named.push((demand.order.clone(), demand.number.clone()));
            }
        }
    }
}
