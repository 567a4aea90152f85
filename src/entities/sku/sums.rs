//! Running sums over a SKU's rows. They depend on the rows alone, never on rules, counts or time.
//!
//! A demand line enters by its parts:
//!
//! - its **open rest**, claim less despatched: one sum for each place that lines wait at. The lines stand beside it in the order of placing, so
//!   that those which are not covered (the latest) are found without walking the others;
//! - its **departures**: each part of a despatch that is for the line, ordered by location and time, so that those which a count does not
//!   exclude yet (the newest few) are found without walking the others;
//! - what counting systems **leave out** of the rest (allocated) and of the departures (posted), each in order of time, for the same
//!   reason: see [`super::shares`].
//!
//! `claim - taken` of a line is its rest and its departures not taken: the same, as the claim is never less than what was despatched.
//! The warehouse's own despatch rows are departures too; what lines *name* of them is subtracted, for the lines carry it.

use std::ops::Bound;

use imbl::OrdMap;

use super::keys::{
    Cut, Departure, LeftOutBy, MovementKey, STRETCHES, Share, Stretch, WaitingLine, WaitingPlace, departures, first_row, last_row, rest,
};
use super::shares;
use crate::entities::KeptRow;
use crate::entities::keyed_rows::RunningSums;
use crate::facts::sku::Demand;
use crate::facts::{Moment, Quantity, RowKey, SkuRow, Text};

/// The sums of one SKU.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StockSums {
    /// Claims not despatched yet, by place.
    pub open: OrdMap<WaitingPlace, Quantity>,
    /// The same by line.
    pub waiting: OrdMap<WaitingLine, Quantity>,
    /// The same by stretches of the time of placing, coarse and fine: how much, of how many lines.
    pub placed: OrdMap<Stretch, (Quantity, u64)>,
    /// All that left, by location and time.
    pub departures: OrdMap<Departure, Quantity>,
    /// What lines name of all that left a location.
    pub departed: OrdMap<Text, Quantity>,
    /// What counting systems leave out in all.
    pub left: OrdMap<LeftOutBy, Quantity>,
    /// ... by share.
    pub shares: OrdMap<Share, Quantity>,
    /// (location, key of the warehouse's row) -> how much of it is of lines.
    pub named: OrdMap<(Text, Text), Quantity>,
    /// The counting systems' own movements.
    pub moves: OrdMap<MovementKey, Quantity>,
    /// What each shop still subtracts itself.
    pub held: OrdMap<(Text, Text), Quantity>,
}

/// How a row enters a sum or leaves it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    Enter,
    Leave,
}

impl Step {
    fn of(self, quantity: Quantity) -> Quantity {
        if self == Self::Enter { quantity } else { -quantity }
    }

    fn set<K: Ord + Clone>(self, map: &mut OrdMap<K, Quantity>, key: K, quantity: Quantity) {
        match self {
            Self::Enter => map.insert(key, quantity),
            Self::Leave => map.remove(&key),
        };
    }
}

/// Adds to a sum; a sum of nothing is not kept.
fn add<K: Ord + Clone>(sums: &mut OrdMap<K, Quantity>, key: K, difference: Quantity) {
    let sum = sums.get(&key).copied().unwrap_or_default() + difference;
    if sum.is_zero() {
        sums.remove(&key);
    } else {
        sums.insert(key, sum);
    }
}

impl RunningSums<SkuRow> for StockSums {
    const DROPPED_WHEN_DELETED: &'static [u8] = &[SkuRow::DEMAND, SkuRow::RETURNED];

    fn enter(&mut self, key: &RowKey, kept: &KeptRow<SkuRow>) {
        self.step(Step::Enter, key, kept);
    }

    fn leave(&mut self, key: &RowKey, kept: &KeptRow<SkuRow>) {
        self.step(Step::Leave, key, kept);
    }

    /// Deleted counts, products and despatches still mean something.
    fn is_mark(key: &RowKey, kept: &KeptRow<SkuRow>) -> bool {
        let speaks = matches!(key.kind, SkuRow::COUNT | SkuRow::PRODUCT | SkuRow::DESPATCHED | SkuRow::KIT_PART);
        kept.is_deleted() && (kept.upserted.is_none() || !speaks)
    }
}

impl StockSums {
    fn step(&mut self, step: Step, key: &RowKey, kept: &KeptRow<SkuRow>) {
        match kept.content() {
            // The warehouse's despatch stays what it is when its row is deleted: what left the house has left it.
            Some(SkuRow::Despatched(own)) => step.set(&mut self.departures, Departure::own(key, own), own.quantity),
            Some(SkuRow::Demand(demand)) if !kept.is_deleted() => self.demand(step, key, demand),
            Some(SkuRow::Movement(movement)) if !kept.is_deleted() => {
                step.set(&mut self.moves, MovementKey::of(key, movement), movement.quantity);
            }
            Some(SkuRow::Holding(holding)) if !kept.is_deleted() => {
                add(&mut self.held, (holding.shop.clone(), holding.stock.clone()), step.of(holding.quantity))
            }
            _ => {}
        }
    }

    fn demand(&mut self, step: Step, key: &RowKey, demand: &Demand) {
        let (place, rest) = (WaitingPlace::of(demand), rest(demand));
        add(&mut self.open, place.clone(), step.of(rest));
        if rest.is_positive() {
            for fineness in (0..).take(STRETCHES.len()) {
                self.placed(step, Stretch::of(&place, fineness, demand.placed_at), rest);
            }
            step.set(&mut self.waiting, WaitingLine { place: place.clone(), placed_at: demand.placed_at, row: key.clone() }, rest);
        }
        for despatch in &demand.despatched {
            add(&mut self.named, (despatch.location.clone(), despatch.key.clone()), step.of(despatch.quantity));
            add(&mut self.departed, despatch.location.clone(), step.of(despatch.quantity));
        }
        for (departure, quantity) in departures(key, demand) {
            step.set(&mut self.departures, departure, quantity);
        }
        for (part, share) in (0..).zip(shares::of(demand, &place)) {
            add(&mut self.left, share.of.clone(), step.of(share.quantity));
            step.set(&mut self.shares, Share { of: share.of, since: share.since, row: key.clone(), part }, share.quantity);
        }
    }

    fn placed(&mut self, step: Step, stretch: Stretch, rest: Quantity) {
        let (sum, lines) = self.placed.get(&stretch).copied().unwrap_or_default();
        let lines = if step == Step::Enter { lines + 1 } else { lines.saturating_sub(1) };
        if lines == 0 {
            self.placed.remove(&stretch);
        } else {
            self.placed.insert(stretch, (sum + step.of(rest), lines));
        }
    }

    /// The locations that departures name, as spelt.
    pub fn departed_from(&self) -> Vec<Text> {
        let mut found: Vec<Text> = Vec::new();
        let mut next = self.departures.get_min().map(|(departure, _)| departure.location.clone());
        while let Some(location) = next {
            let behind = (Bound::Excluded(Departure::last(&location)), Bound::Unbounded);
            next = self.departures.range(behind).next().map(|(departure, _)| departure.location.clone());
            found.push(location);
        }
        found
    }

    /// Departures from `location` at `from` or later.
    pub fn departed_since(&self, location: &Text, from: Moment) -> impl Iterator<Item = (&Departure, Quantity)> {
        self.departures
            .range(Departure::first(location, from)..=Departure::last(location))
            .map(|(departure, quantity)| (departure, *quantity))
    }

    /// Departures from `location` before `until`.
    pub fn departed_before(&self, location: &Text, until: Moment) -> impl Iterator<Item = &Departure> {
        self.departures.range(Departure::first(location, Moment::MIN)..Departure::first(location, until)).map(|(departure, _)| departure)
    }

    /// Shares of one kind that are left out since `from` or later.
    pub fn shares_since(&self, of: &LeftOutBy, from: Moment) -> impl Iterator<Item = (&Share, Quantity)> {
        let first = Share { of: of.clone(), since: from, row: first_row(), part: 0 };
        let last = Share { of: of.clone(), since: Moment::MAX, row: last_row(), part: u32::MAX };
        self.shares.range(first..=last).map(|(share, quantity)| (share, *quantity))
    }

    /// Movements at a location and bucket at `from` or later.
    pub fn moved_since(&self, location: &Text, bucket: &Text, from: Moment) -> impl Iterator<Item = (&MovementKey, Quantity)> {
        let bound = |at, row| MovementKey { location: location.clone(), bucket: bucket.clone(), at, row };
        self.moves.range(bound(from, first_row())..=bound(Moment::MAX, last_row())).map(|(moved, quantity)| (moved, *quantity))
    }

    /// Lines that wait at a place, from one place in the order of placing up to another.
    pub(super) fn waiting_between(&self, place: &WaitingPlace, from: &Cut, until: Option<&Cut>) -> impl Iterator<Item = &WaitingLine> {
        let bound = |placed_at, row| WaitingLine { place: place.clone(), placed_at, row };
        let from = bound(from.placed_at, from.row.clone());
        let until = until.map_or(bound(Moment::MAX, last_row()), |until| bound(until.placed_at, until.row.clone()));
        self.waiting.range(from..until).map(|(waiting, _)| waiting)
    }

    /// Lines that wait at a place, placed from `from` and before `until`: the latest first.
    pub fn waiting_in(&self, place: &WaitingPlace, from: Moment, until: Moment) -> impl Iterator<Item = (&WaitingLine, Quantity)> {
        let bound = |placed_at, row| WaitingLine { place: place.clone(), placed_at, row };
        let range = bound(from, first_row())..bound(until, first_row());
        self.waiting.range(range).rev().map(|(waiting, rest)| (waiting, *rest))
    }
}
