//! The keys under which the running sums of a SKU stand. Their order is the order in which sums are walked.

use serde::{Deserialize, Serialize};

use crate::facts::sku::{Demand, Despatched, Movement};
use crate::facts::time::Span;
use crate::facts::{Moment, Quantity, RowKey, SourceId, Text};

/// Where a line waits for goods: its location as its order spells it, if known; and its channel.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct WaitingPlace {
    /// As the order spells it.
    pub location: Option<Text>,
    /// The order's channel.
    pub channel: Text,
}

impl WaitingPlace {
    /// Where this line waits.
    pub fn of(demand: &Demand) -> Self {
        Self { location: demand.location.clone(), channel: demand.channel.clone() }
    }
}

/// A line with an open rest, in the order of placing.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct WaitingLine {
    /// Where it waits.
    pub place: WaitingPlace,
    /// When its order was placed.
    pub placed_at: Moment,
    /// Its demand row.
    pub row: RowKey,
}

/// A part of a despatch, in the order in which counts come to exclude it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Departure {
    /// As the warehouse spells it.
    pub location: Text,
    /// When it left.
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

    /// Of a warehouse's own despatch row.
    pub fn own(key: &RowKey, own: &Despatched) -> Self {
        Self { location: own.location.clone(), at: own.despatched_at, row: key.clone(), part: 0 }
    }
}

/// The departures of a demand line, in the order of its row.
pub fn departures<'a>(key: &'a RowKey, demand: &'a Demand) -> impl Iterator<Item = (Departure, Quantity)> + 'a {
    (0..).zip(&demand.despatched).map(|(part, despatch)| {
        let (location, at) = (despatch.location.clone(), despatch.despatched_at);
        (Departure { location, at, row: key.clone(), part }, despatch.quantity)
    })
}

/// Who excludes a share of a line from his counts, and of what: of the rest at a place, because he has allocated it; or of what left a location,
/// because he has posted it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LeftOutBy {
    /// He has allocated pieces that wait at this place.
    Allocated(SourceId, WaitingPlace),
    /// He has posted pieces that left this location.
    Posted(SourceId, Text),
}

/// One share that a counting system excludes, since a moment.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Share {
    /// Who excludes it, and of what.
    pub of: LeftOutBy,
    /// Since when.
    pub since: Moment,
    /// The demand row.
    pub row: RowKey,
    /// Which of the row's shares.
    pub part: u32,
}

/// A stretch of time in which lines were placed. A coarse one holds 256 of the next finer kind, so that thousands of lines are summed up by
/// looking at a few.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stretch {
    /// Where its lines wait.
    pub place: WaitingPlace,
    /// Index in [`STRETCHES`].
    pub fineness: u8,
    /// When it begins.
    pub begins: Moment,
}

/// Powers of two of milliseconds: 50 days, 5 hours, 66 seconds, a quarter of a second.
pub const STRETCHES: [u32; 4] = [32, 24, 16, 8];

impl Stretch {
    /// The stretch of this fineness that holds the moment.
    pub fn of(place: &WaitingPlace, fineness: u8, at: Moment) -> Self {
        let bits = STRETCHES.get(usize::from(fineness)).copied().unwrap_or_default();
        Self { place: place.clone(), fineness, begins: Moment(at.0 >> bits << bits) }
    }

    /// How long a stretch of this fineness is.
    pub fn span(fineness: u8) -> Span {
        Span(1 << STRETCHES.get(usize::from(fineness)).copied().unwrap_or_default())
    }
}

/// A movement of the counting system's own, in the order of time.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct MovementKey {
    /// As the source spells it.
    pub location: Text,
    /// As the source spells it.
    pub bucket: Text,
    /// When the goods moved.
    pub at: Moment,
    /// The movement's row.
    pub row: RowKey,
}

impl MovementKey {
    /// Of a movement row.
    pub fn of(key: &RowKey, movement: &Movement) -> Self {
        let (location, bucket) = (movement.location.clone(), movement.bucket.clone());
        Self { location, bucket, at: movement.moved_at, row: key.clone() }
    }
}

/// A place in the order of placing: the lines from here on are not covered.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Cut {
    /// When the line's order was placed.
    pub placed_at: Moment,
    /// The line's demand row.
    pub row: RowKey,
}

/// Sorts before every row.
pub(super) fn first_row() -> RowKey {
    RowKey { kind: 0, source: SourceId(0), id: Text::default() }
}

/// Sorts after every row.
pub(super) fn last_row() -> RowKey {
    RowKey { kind: u8::MAX, source: SourceId(u16::MAX), id: Text::default() }
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
