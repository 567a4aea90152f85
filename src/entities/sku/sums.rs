//! Running sums over a SKU's rows. They depend on the rows alone, never on rules, counts or time: so they hold through any change of these,
//! and a restore rebuilds them row by row.
//!
//! A demand line is taken apart into
//!
//! - its **open rest**, claim less despatched: one sum for each place that lines wait at, the lines in the order of placing beside it, so that
//!   those which are not covered (the latest) are found without walking the others;
//! - its **departures**: each part of a despatch that is for the line, ordered by location and time, so that those which a count does not
//!   leave out yet (the newest few) are found without walking the others;
//! - what counting systems **leave out** of the rest (set aside) and of the departures (booked out), each in order of time, for the same
//!   reason: see [`super::shares`].
//!
//! `claim - taken` of a line is its rest and its departures not taken: the same, as the claim is never less than what was despatched.
//! The warehouse's own despatch rows are departures too; what lines *name* of them is subtracted, for the lines carry it.

use super::backorders::Cut;
use imbl::OrdMap;

use super::shares;
use crate::entities::Kept;
use crate::entities::keyed_rows::RunningSums;
use crate::facts::sku::{Demand, Despatched, Movement};
use crate::facts::time::Span;
use crate::facts::{Moment, Quantity, RowKey, SkuRow, SourceId, Text};

/// Where a line waits for goods: its location as its order spells it, if known; and its channel.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    pub location: Option<Text>,
    pub channel: Text,
}

/// A part of a despatch, in the order in which counts come to leave it out.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Departure {
    /// As the warehouse spells it.
    pub location: Text,
    pub at: Moment,
    /// The warehouse's own row, or the demand line that it is for.
    pub row: RowKey,
    /// Which of the line's despatches.
    pub part: u32,
}

impl Departure {
    /// Sorts before every departure of the location from `at` on.
    pub fn first(location: &Text, at: Moment) -> Self {
        Self { location: location.clone(), at, row: first_row(), part: 0 }
    }

    /// Sorts after every departure of the location.
    pub fn last(location: &Text) -> Self {
        Self { location: location.clone(), at: Moment::MAX, row: last_row(), part: u32::MAX }
    }
}

/// Sorts before every row.
pub(super) fn first_row() -> RowKey {
    RowKey { kind: 0, source: SourceId(0), id: Text::default() }
}

fn last_row() -> RowKey {
    RowKey { kind: u8::MAX, source: SourceId(u16::MAX), id: Text::default() }
}

/// Whom a share of a line is left out by, and of what: of the rest at a place (set aside), or of what left a location (booked out).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Left {
    Aside(SourceId, Place),
    Booked(SourceId, Text),
}

/// One share that a counting system leaves out, since a moment.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Share {
    pub of: Left,
    pub since: Moment,
    pub row: RowKey,
    /// Which of the row's shares.
    pub part: u32,
}

/// A line with an open rest, in the order of placing.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Waiting {
    pub place: Place,
    pub placed_at: Moment,
    pub row: RowKey,
}

/// A stretch of time in which lines were placed. A coarse one holds 256 of the next finer kind, so that thousands of lines are summed up by
/// looking at a few.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stretch {
    pub place: Place,
    /// Place in [`STRETCHES`].
    pub fineness: u8,
    pub begins: Moment,
}

/// Powers of two of milliseconds: 50 days, 5 hours, 66 seconds, a quarter of a second.
pub const STRETCHES: [u32; 4] = [32, 24, 16, 8];

impl Stretch {
    pub fn of(place: &Place, fineness: u8, at: Moment) -> Self {
        let bits = STRETCHES.get(usize::from(fineness)).copied().unwrap_or_default();
        Self { place: place.clone(), fineness, begins: Moment(at.0 >> bits << bits) }
    }

    pub fn span(fineness: u8) -> Span {
        Span(1 << STRETCHES.get(usize::from(fineness)).copied().unwrap_or_default())
    }
}

/// A movement of the counting system's own, in the order of time.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moved {
    pub location: Text,
    pub bucket: Text,
    pub at: Moment,
    pub row: RowKey,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sums {
    /// Claims not despatched yet, by place.
    pub open: OrdMap<Place, Quantity>,
    /// The same by line, and by stretches of the time of placing, coarse and fine: how much, of how many lines.
    pub waiting: OrdMap<Waiting, Quantity>,
    pub placed: OrdMap<Stretch, (Quantity, u64)>,
    pub departures: OrdMap<Departure, Quantity>,
    /// What lines name of all that left a location.
    pub departed: OrdMap<Text, Quantity>,
    /// What counting systems leave out: in all, and each share.
    pub left: OrdMap<Left, Quantity>,
    pub shares: OrdMap<Share, Quantity>,
    /// (location, key of the warehouse's row) -> how much of it lines say to be theirs.
    pub named: OrdMap<(Text, Text), Quantity>,
    /// The counting systems' own movements.
    pub moves: OrdMap<Moved, Quantity>,
    /// What each shop still subtracts itself.
    pub held: OrdMap<Text, Quantity>,
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

/// The minute in which something happened, by its beginning.
pub fn minute_of(moment: Moment) -> Moment {
    let minute = Span::minutes(1).0;
    Moment(moment.0.saturating_sub(moment.0.rem_euclid(minute)))
}

/// What is still to be sent of a line.
pub fn rest(demand: &Demand) -> Quantity {
    (demand.claim - demand.despatched.iter().map(|part| part.quantity).sum()).floor_zero()
}

pub fn place(demand: &Demand) -> Place {
    Place { location: demand.location.clone(), channel: demand.channel.clone() }
}

/// The departures of a demand line, in the order of its row.
pub fn departures<'a>(key: &'a RowKey, demand: &'a Demand) -> impl Iterator<Item = (Departure, Quantity)> + 'a {
    (0..).zip(&demand.despatched).map(|(part, despatch)| {
        let (location, at) = (despatch.location.clone(), despatch.despatched_at);
        (Departure { location, at, row: key.clone(), part }, despatch.quantity)
    })
}

pub fn own_departure(key: &RowKey, own: &Despatched) -> Departure {
    Departure { location: own.location.clone(), at: own.despatched_at, row: key.clone(), part: 0 }
}

impl RunningSums<SkuRow> for Sums {
    const DROPPED_WHEN_DELETED: &'static [u8] = &[SkuRow::DEMAND, SkuRow::RETURNED];

    fn enter(&mut self, key: &RowKey, kept: &Kept<SkuRow>) {
        self.step(Step::Enter, key, kept);
    }

    fn leave(&mut self, key: &RowKey, kept: &Kept<SkuRow>) {
        self.step(Step::Leave, key, kept);
    }

    /// Deleted counts, products and despatches still mean something.
    fn is_mark(key: &RowKey, kept: &Kept<SkuRow>) -> bool {
        let speaks = matches!(key.kind, SkuRow::COUNT | SkuRow::PRODUCT | SkuRow::DESPATCHED | SkuRow::KIT_PART);
        kept.is_deleted() && (kept.upserted.is_none() || !speaks)
    }
}

impl Sums {
    fn step(&mut self, step: Step, key: &RowKey, kept: &Kept<SkuRow>) {
        match kept.content() {
            // The warehouse's despatch stays what it is when its row is deleted: what left the house has left it.
            Some(SkuRow::Despatched(own)) => step.set(&mut self.departures, own_departure(key, own), own.quantity),
            Some(SkuRow::Demand(demand)) if !kept.is_deleted() => self.demand(step, key, demand),
            Some(SkuRow::Movement(movement)) if !kept.is_deleted() => {
                step.set(&mut self.moves, moved(key, movement), movement.quantity);
            }
            Some(SkuRow::Holding(holding)) if !kept.is_deleted() => add(&mut self.held, holding.shop.clone(), step.of(holding.quantity)),
            _ => {}
        }
    }

    fn demand(&mut self, step: Step, key: &RowKey, demand: &Demand) {
        let (place, rest) = (place(demand), rest(demand));
        add(&mut self.open, place.clone(), step.of(rest));
        if rest.is_positive() {
            for fineness in (0..).take(STRETCHES.len()) {
                self.placed(step, Stretch::of(&place, fineness, demand.placed_at), rest);
            }
            step.set(&mut self.waiting, Waiting { place: place.clone(), placed_at: demand.placed_at, row: key.clone() }, rest);
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
            let behind = (std::ops::Bound::Excluded(Departure::last(&location)), std::ops::Bound::Unbounded);
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
    pub fn shares_since(&self, of: &Left, from: Moment) -> impl Iterator<Item = (&Share, Quantity)> {
        let first = Share { of: of.clone(), since: from, row: first_row(), part: 0 };
        let last = Share { of: of.clone(), since: Moment::MAX, row: last_row(), part: u32::MAX };
        self.shares.range(first..=last).map(|(share, quantity)| (share, *quantity))
    }

    /// Movements at a location and bucket at `from` or later.
    pub fn moved_since(&self, location: &Text, bucket: &Text, from: Moment) -> impl Iterator<Item = (&Moved, Quantity)> {
        let bound = |at, row| Moved { location: location.clone(), bucket: bucket.clone(), at, row };
        self.moves.range(bound(from, first_row())..=bound(Moment::MAX, last_row())).map(|(moved, quantity)| (moved, *quantity))
    }

    /// Lines that wait at a place, from one place in the order of placing up to another.
    pub(super) fn waiting_between(&self, place: &Place, from: &Cut, until: Option<&Cut>) -> impl Iterator<Item = &Waiting> {
        let bound = |placed_at, row| Waiting { place: place.clone(), placed_at, row };
        let from = bound(from.placed_at, from.row.clone());
        let until = until.map_or(bound(Moment::MAX, last_row()), |until| bound(until.placed_at, until.row.clone()));
        self.waiting.range(from..until).map(|(waiting, _)| waiting)
    }

    /// Lines that wait at a place, placed from `from` and before `until`: the latest first.
    pub fn waiting_in(&self, place: &Place, from: Moment, until: Moment) -> impl Iterator<Item = (&Waiting, Quantity)> {
        let bound = |placed_at, row| Waiting { place: place.clone(), placed_at, row };
        let range = bound(from, first_row())..bound(until, first_row());
        self.waiting.range(range).rev().map(|(waiting, rest)| (waiting, *rest))
    }
}

fn moved(key: &RowKey, movement: &Movement) -> Moved {
    let (location, bucket) = (movement.location.clone(), movement.bucket.clone());
    Moved { location, bucket, at: movement.moved_at, row: key.clone() }
}
