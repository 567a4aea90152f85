//! Running sums over a SKU's rows. They depend on the rows alone, never on rules, counts or time: so they hold through any change of these,
//! and a restore rebuilds them row by row.
//!
//! A demand line is taken apart into
//!
//! - its **open rest**, claim less despatched: one sum for each place that lines wait at;
//! - its **departures**: each part of a despatch that is for the line, ordered by location and time, so that those which a count does not
//!   leave out yet (the newest few) are found without walking the others.
//!
//! `claim - taken` of a line is its rest and its departures not taken: the same, as the claim is never less than what was despatched.
//! The warehouse's own despatch rows are departures too; what lines *name* of them is subtracted, for the lines carry it.

use imbl::{OrdMap, OrdSet};

use crate::entities::Kept;
use crate::facts::sku::{Demand, Despatched};
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
        Self { location: location.clone(), at, row: RowKey { kind: 0, source: SourceId(0), id: Text::default() }, part: 0 }
    }

    /// Sorts after every departure of the location.
    pub fn last(location: &Text) -> Self {
        let row = RowKey { kind: u8::MAX, source: SourceId(u16::MAX), id: Text::default() };
        Self { location: location.clone(), at: Moment::MAX, row, part: u32::MAX }
    }
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sums {
    /// Claims not despatched yet, by place.
    pub open: OrdMap<Place, Quantity>,
    pub departures: OrdMap<Departure, Quantity>,
    /// (location, key of the warehouse's row) -> how much of it lines say to be theirs.
    pub named: OrdMap<(Text, Text), Quantity>,
    /// What each shop still subtracts itself.
    pub held: OrdMap<Text, Quantity>,
    /// Rows of which only a mark is left, and since when.
    pub marks: OrdSet<(Moment, RowKey)>,
}

/// How a row enters a sum or leaves it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Step {
    Enter,
    Leave,
}

impl Step {
    fn of(self, quantity: Quantity) -> Quantity {
        if self == Self::Enter { quantity } else { -quantity }
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

/// What is still to be sent of a line.
pub fn rest(demand: &Demand) -> Quantity {
    (demand.claim - demand.despatched.iter().map(|part| part.quantity).sum()).floor_zero()
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

/// Only a mark of the row is of use. Deleted counts, products and despatches still mean something.
fn is_mark(key: &RowKey, kept: &Kept<SkuRow>) -> bool {
    let nothing_left = kept.told.is_none() || matches!(key.kind, SkuRow::PRICE | SkuRow::HOLDING | SkuRow::SHOP_FIGURE);
    kept.gone.is_some() && nothing_left
}

impl Sums {
    /// Lets a row enter the sums, or leave them as it was when it entered.
    pub fn step(&mut self, step: Step, key: &RowKey, kept: &Kept<SkuRow>) {
        if let Some(gone) = &kept.gone
            && is_mark(key, kept)
        {
            let mark = (gone.at, key.clone());
            if step == Step::Enter {
                self.marks.insert(mark)
            } else {
                self.marks.remove(&mark)
            };
        }
        match kept.content() {
            // The warehouse's despatch stays what it is when its row is deleted: what left the house has left it.
            Some(SkuRow::Despatched(own)) => self.depart(step, own_departure(key, own), own.quantity),
            Some(SkuRow::Demand(demand)) if kept.gone.is_none() => self.demand(step, key, demand),
            Some(SkuRow::Holding(holding)) if kept.gone.is_none() => add(&mut self.held, holding.shop.clone(), step.of(holding.quantity)),
            _ => {}
        }
    }

    fn demand(&mut self, step: Step, key: &RowKey, demand: &Demand) {
        let place = Place { location: demand.location.clone(), channel: demand.channel.clone() };
        add(&mut self.open, place, step.of(rest(demand)));
        for despatch in &demand.despatched {
            add(&mut self.named, (despatch.location.clone(), despatch.key.clone()), step.of(despatch.quantity));
        }
        for (departure, quantity) in departures(key, demand) {
            self.depart(step, departure, quantity);
        }
    }

    fn depart(&mut self, step: Step, departure: Departure, quantity: Quantity) {
        match step {
            Step::Enter => self.departures.insert(departure, quantity),
            Step::Leave => self.departures.remove(&departure),
        };
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
}
