//! Pieces to subtract from the counts: open demand that the counts do not exclude yet, and despatches that are not matched to an order line.
//!
//! The sums over all rows are kept ([`super::sums`]); only what is newer than a count is walked.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Add;

use super::counts::{AsOf, How, Regime, StockCounts};
use super::keys::{Departure, LeftOutBy, WaitingPlace};
use super::shares;
use super::state::SkuState;
use crate::entities::rules::{Channel, Rules};
use crate::facts::sku::{Allocation, Demand};
use crate::facts::time::Span;
use crate::facts::{Moment, Quantity, RowKey, SkuRow, SourceId, Text, Version};

/// In which pools a quantity is reserved.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum ReservedIn {
    /// In each pool that holds the location of this code.
    Location(Text),
    /// In the pool of this channel, whoever else sells from the same one.
    Channel(Text),
}

impl ReservedIn {
    /// Is it reserved in this channel's pool?
    pub fn is(&self, channel: &Channel, pool: &BTreeSet<&str>, rules: &Rules) -> bool {
        match self {
            Self::Location(code) => pool.contains(code.as_str()),
            Self::Channel(name) => {
                *name == channel.name || rules.channels.iter().any(|other| other.name == *name && is_one(other, channel))
            }
        }
    }

    /// Where the claims of lines that wait at a place are reserved.
    pub fn place(rules: &Rules, place: &WaitingPlace) -> Self {
        Self::of(rules, place.location.as_deref(), &place.channel)
    }

    /// At the location, where the rules know it; else in the channel's pool.
    fn of(rules: &Rules, location: Option<&str>, channel: &Text) -> Self {
        match location.and_then(|location| rules.location(location)) {
            Some(location) => Self::Location(location.code.clone()),
            None => Self::Channel(channel.clone()),
        }
    }
}

/// Do two channels sell from the same locations?
fn is_one(one: &Channel, other: &Channel) -> bool {
    let within = |one: &Channel, other: &Channel| one.pool.iter().all(|code| other.pool.contains(code));
    !one.pool.is_empty() && within(one, other) && within(other, one)
}

/// Pieces that are reserved.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Reserved {
    /// Of lines, as far as counts do not exclude them.
    pub claims: Quantity,
    /// Of the warehouse's own despatches that no line names.
    pub unresolved: Quantity,
}

impl Add for Reserved {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self { claims: self.claims + other.claims, unresolved: self.unresolved + other.unresolved }
    }
}

/// A despatch that no line names is never posted for a line: where counts exclude what was posted, it counts as posted this long before the count.
pub(super) const UNNAMED_SPAN: Span = Span::days(2);

/// All that is reserved, by where.
pub(super) fn reserved(state: &SkuState, rules: &Rules, counts: &StockCounts<'_>) -> BTreeMap<ReservedIn, Reserved> {
    let mut reserved: BTreeMap<ReservedIn, Reserved> = BTreeMap::new();
    for (place, quantity) in &state.sums().open {
        let claims = *quantity - allocated(state, rules, counts, place);
        reserved.entry(ReservedIn::place(rules, place)).or_default().claims += claims;
    }
    for location in state.sums().departed_from() {
        let as_of = match counts.regime(rules, &location) {
            Regime::Uncounted => continue,
            Regime::Never => None,
            Regime::AsOf(as_of) => Some(as_of),
        };
        match rules.location(&location) {
            Some(known) => {
                let sum = reserved.entry(ReservedIn::Location(known.code.clone())).or_default();
                *sum = *sum + departed(state, &location, as_of.as_ref());
            }
            None => {
                for (departure, quantity) in state.sums().departed_since(&location, Moment::MIN) {
                    if let Some(demand) =
                        state.demand(&departure.row).filter(|demand| !booked_somewhere(state, rules, counts, departure, demand))
                    {
                        let place = ReservedIn::of(rules, demand.location.as_deref(), &demand.channel);
                        reserved.entry(place).or_default().claims += quantity;
                    }
                }
            }
        }
    }
    reserved
}

/// What counts of basis `free` exclude of the claims that wait at a place.
fn allocated(state: &SkuState, rules: &Rules, counts: &StockCounts<'_>, place: &WaitingPlace) -> Quantity {
    let mut oldest: BTreeMap<SourceId, AsOf> = BTreeMap::new();
    for code in codes_of(rules, place) {
        if let Some(as_of) = counts.as_of(&code).filter(|as_of| as_of.is_free())
            && oldest.get(&as_of.source).is_none_or(|before| as_of.counted_at < before.counted_at)
        {
            oldest.insert(as_of.source, *as_of);
        }
    }
    oldest
        .values()
        .map(|as_of| {
            let of = LeftOutBy::Allocated(as_of.source, place.clone());
            let all = state.sums().left.get(&of).copied().unwrap_or_default();
            let newer = state.sums().shares_since(&of, as_of.counted_at).filter(|(share, _)| !as_of.not_newer(share.since, None));
            all - newer.map(|(_, quantity)| quantity).sum()
        })
        .sum()
}

/// The locations whose counts may hold what waits at a place: its own, else all of its channel's pool.
fn codes_of(rules: &Rules, place: &WaitingPlace) -> Vec<Text> {
    match place.location.as_deref().and_then(|location| rules.location(location)) {
        Some(location) => vec![location.code.clone()],
        None => rules.channel(&place.channel).map(|channel| channel.pool.clone()).unwrap_or_default(),
    }
}

/// Nobody says from where it left (a place that is named and not known is another thing: a person is told of it). The system that reports it counts the places that it can have left from itself, and writes the count of one of them
/// with the despatch: once one of these counts is not older, the piece is in no figure any more.
fn booked_somewhere(state: &SkuState, rules: &Rules, counts: &StockCounts<'_>, departure: &Departure, demand: &Demand) -> bool {
    if !departure.location.is_empty() {
        return false;
    }
    let (reporter, version) = reported_by(state, departure);
    let places = codes_of(rules, &WaitingPlace::of(demand));
    let mut own = places.iter().filter_map(|code| counts.as_of(code)).filter(|as_of| as_of.source == reporter && as_of.how != How::Posted);
    own.any(|as_of| as_of.takes(departure.at, reporter, version.as_ref()))
}

/// What left a location that the rules know, and is not in its count. `None`: it was never counted there.
fn departed(state: &SkuState, location: &Text, as_of: Option<&AsOf>) -> Reserved {
    let mut reserved = Reserved::default();
    let Some(as_of) = as_of else {
        for (departure, quantity) in state.sums().departed_since(location, Moment::MIN) {
            reserved = reserved + of_departure(state, departure, quantity);
        }
        return reserved;
    };
    if as_of.how == How::Posted {
        reserved.claims = if as_of.is_free() { not_left_out(state, location, as_of) } else { not_posted(state, location, as_of) };
        let since = as_of.clock_limit() + Span(-UNNAMED_SPAN.0);
        let own = state.sums().departed_since(location, since).filter(|(departure, _)| departure.row.kind == SkuRow::DESPATCHED);
        return own.fold(reserved, |reserved, (departure, quantity)| reserved + of_departure(state, departure, quantity));
    }
    for (departure, quantity) in state.sums().departed_since(location, as_of.walk_from()) {
        reserved = reserved + of_departure(state, departure, quantity - taken(state, departure, quantity, as_of));
    }
    reserved
}

/// How much of a departure the count excludes.
pub(super) fn taken(state: &SkuState, departure: &Departure, quantity: Quantity, as_of: &AsOf) -> Quantity {
    let (reporter, version) = reported_by(state, departure);
    if as_of.how != How::Posted && as_of.takes(departure.at, reporter, version.as_ref()) {
        return quantity;
    }
    let Some(demand) = state.demand(&departure.row) else { return Quantity::ZERO };
    let counts = |statement: &Allocation| as_of.not_newer(statement.at, statement.version.as_ref());
    let by = |statements: &[Allocation]| shares::taken_of(demand, departure.part, statements, as_of.source, counts);
    match (as_of.how, as_of.is_free()) {
        (How::Posted, false) => by(&demand.posted),
        // It was set aside before it was posted, and is in no count from then on.
        (How::Posted, true) => by(&demand.posted).max(by(&demand.allocated)),
        (How::ByTime(_), true) => by(&demand.allocated),
        (How::ByTime(_), false) => Quantity::ZERO,
    }
}

/// Of all that left for lines, what a count of free pieces of a posting system still holds. One by one: what was set aside and what was posted are the
/// same pieces, so that no sum of both tells it.
fn not_left_out(state: &SkuState, location: &Text, as_of: &AsOf) -> Quantity {
    let for_lines = state.sums().departed_since(location, Moment::MIN).filter(|(departure, _)| departure.row.kind != SkuRow::DESPATCHED);
    for_lines.map(|(departure, quantity)| quantity - taken(state, departure, quantity, as_of)).sum()
}

/// Of all that left for lines, what the counting system has not posted by its count.
fn not_posted(state: &SkuState, location: &Text, as_of: &AsOf) -> Quantity {
    let of = LeftOutBy::Posted(as_of.source, location.clone());
    let all = state.sums().departed.get(location).copied().unwrap_or_default();
    let posted = state.sums().left.get(&of).copied().unwrap_or_default();
    let newer = state.sums().shares_since(&of, as_of.walk_from()).filter(|(share, _)| {
        let demand = state.demand(&share.row);
        let row = demand.and_then(|demand| demand.posted.iter().find(|row| row.source == as_of.source && row.at == share.since));
        !as_of.not_newer(share.since, row.and_then(|row| row.version.as_ref()))
    });
    all - posted + newer.map(|(_, quantity)| quantity).sum()
}

/// The source that reports a departure, and the version of its row.
fn reported_by(state: &SkuState, departure: &Departure) -> (SourceId, Option<Version>) {
    match state.demand(&departure.row).and_then(|demand| demand.despatched.get(departure.part as usize)) {
        Some(part) => (part.source, part.version),
        None => {
            let row = state.row(&departure.row).and_then(|kept| kept.upserted.as_ref());
            (departure.row.source, row.map(|upserted| upserted.version))
        }
    }
}

/// What a departure reserves: a claim of its line, or the part of the warehouse's own despatch that no line names.
fn of_departure(state: &SkuState, departure: &Departure, quantity: Quantity) -> Reserved {
    let Departure { location, row, .. } = departure;
    if row.kind == SkuRow::DESPATCHED {
        let unresolved = (quantity - named(state, location, row)).floor_zero();
        Reserved { unresolved, ..Reserved::default() }
    } else {
        Reserved { claims: quantity, ..Reserved::default() }
    }
}

/// How much of a warehouse's own despatch lines name.
pub(super) fn named(state: &SkuState, location: &Text, row: &RowKey) -> Quantity {
    state.sums().named.get(&(location.clone(), row.id.clone())).copied().unwrap_or_default()
}
