//! What is not to be sold any more though counts may still hold it: claims not taken, and despatches that no line names.
//!
//! Sums are running sums; walked is only what is newer than a count.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Add;

use super::counts::{AsOf, Counts, How, Regime};
use super::shares;
use super::state::SkuState;
use super::sums::{Departure, Left, Place};
use crate::entities::rules::{Channel, Rules};
use crate::facts::sku::Demand;
use crate::facts::time::Span;
use crate::facts::{Moment, Quantity, RowKey, SkuRow, SourceId, Text, Version};

/// Which pools a quantity burdens.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Burdened {
    /// Those that hold the location of this code.
    Holding(Text),
    /// That of the channel.
    Of(Text),
}

impl Burdened {
    pub fn is(&self, channel: &Channel, pool: &BTreeSet<&str>) -> bool {
        match self {
            Self::Holding(code) => pool.contains(code.as_str()),
            Self::Of(name) => *name == channel.name,
        }
    }

    pub fn place(rules: &Rules, place: &Place) -> Self {
        burdened(rules, place.location.as_deref(), &place.channel)
    }
}

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Burden {
    pub claims: Quantity,
    pub unresolved: Quantity,
}

impl Add for Burden {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self { claims: self.claims + other.claims, unresolved: self.unresolved + other.unresolved }
    }
}

/// A despatch that no line names shows in no booking: where counts wait for bookings, it counts as booked this long before the count.
pub(super) const UNNAMED_SPAN: Span = Span::days(2);

/// All burdens, by what they burden.
pub(super) fn burdens(state: &SkuState, rules: &Rules, counts: &Counts<'_>) -> BTreeMap<Burdened, Burden> {
    let mut burdens: BTreeMap<Burdened, Burden> = BTreeMap::new();
    for (place, quantity) in &state.sums().open {
        let claims = *quantity - set_aside(state, rules, counts, place);
        burdens.entry(Burdened::place(rules, place)).or_default().claims += claims;
    }
    for location in state.sums().departed_from() {
        let as_of = match counts.regime(rules, &location) {
            Regime::Uncounted => continue,
            Regime::Never => None,
            Regime::AsOf(as_of) => Some(as_of),
        };
        match rules.location(&location) {
            Some(known) => {
                let burden = burdens.entry(Burdened::Holding(known.code.clone())).or_default();
                let gone = departed(state, &location, as_of.as_ref());
                *burden = *burden + gone;
            }
            None => {
                for (departure, quantity) in state.sums().departed_since(&location, Moment::MIN) {
                    if let Some(demand) = state.demand(&departure.row) {
                        burdens.entry(burdened(rules, demand.location.as_deref(), &demand.channel)).or_default().claims += quantity;
                    }
                }
            }
        }
    }
    burdens
}

fn burdened(rules: &Rules, location: Option<&str>, channel: &Text) -> Burdened {
    match location.and_then(|location| rules.location(location)) {
        Some(location) => Burdened::Holding(location.code.clone()),
        None => Burdened::Of(channel.clone()),
    }
}

/// What counts of basis `free` leave out of the claims that wait at a place.
fn set_aside(state: &SkuState, rules: &Rules, counts: &Counts<'_>, place: &Place) -> Quantity {
    let mut oldest: BTreeMap<SourceId, AsOf> = BTreeMap::new();
    for code in codes_of(rules, place) {
        if let Some(as_of) = counts.as_of(&code).filter(|as_of| as_of.is_free())
            && oldest.get(&as_of.source).is_none_or(|before| as_of.t0 < before.t0)
        {
            oldest.insert(as_of.source, *as_of);
        }
    }
    oldest
        .values()
        .map(|as_of| {
            let of = Left::Aside(as_of.source, place.clone());
            let all = state.sums().left.get(&of).copied().unwrap_or_default();
            let newer = state.sums().shares_since(&of, as_of.t0).filter(|(share, _)| !as_of.not_newer(share.since, None));
            all - newer.map(|(_, quantity)| quantity).sum()
        })
        .sum()
}

/// The locations whose counts may hold what waits at a place: its own, else all of its channel's pool.
fn codes_of(rules: &Rules, place: &Place) -> Vec<Text> {
    match place.location.as_deref().and_then(|location| rules.location(location)) {
        Some(location) => vec![location.code.clone()],
        None => rules.channel(&place.channel).map(|channel| channel.pool.clone()).unwrap_or_default(),
    }
}

/// What left a location that the rules know, and is not in its count. `None`: it was never counted there.
fn departed(state: &SkuState, location: &Text, as_of: Option<&AsOf>) -> Burden {
    let mut burden = Burden::default();
    let Some(as_of) = as_of else {
        for (departure, quantity) in state.sums().departed_since(location, Moment::MIN) {
            burden = burden + depart(state, departure, quantity);
        }
        return burden;
    };
    if as_of.how == How::Booked {
        burden.claims = not_booked(state, location, as_of);
        let since = as_of.clock_limit() + Span(-UNNAMED_SPAN.0);
        let own = state.sums().departed_since(location, since).filter(|(departure, _)| departure.row.kind == SkuRow::DESPATCHED);
        return own.fold(burden, |burden, (departure, quantity)| burden + depart(state, departure, quantity));
    }
    for (departure, quantity) in state.sums().departed_since(location, as_of.walk_from()) {
        burden = burden + depart(state, departure, quantity - taken(state, departure, quantity, as_of));
    }
    burden
}

/// How much of a departure the count leaves out.
pub(super) fn taken(state: &SkuState, departure: &Departure, quantity: Quantity, as_of: &AsOf) -> Quantity {
    let (teller, version) = told_by(state, departure);
    if as_of.how != How::Booked && as_of.takes(departure.at, teller, version.as_ref()) {
        return quantity;
    }
    let Some(demand) = state.demand(&departure.row) else { return Quantity::ZERO };
    let said = if as_of.how == How::Booked { &demand.booked } else { &demand.allocated };
    if as_of.how != How::Booked && !as_of.is_free() {
        return Quantity::ZERO;
    }
    shares::taken_of(demand, departure.part, said, as_of.source, |said| as_of.not_newer(said.at, said.version.as_ref()))
}

/// Of all that left for lines, what the counting system has not booked by its count.
fn not_booked(state: &SkuState, location: &Text, as_of: &AsOf) -> Quantity {
    let of = Left::Booked(as_of.source, location.clone());
    let all = state.sums().departed.get(location).copied().unwrap_or_default();
    let booked = state.sums().left.get(&of).copied().unwrap_or_default();
    let newer = state.sums().shares_since(&of, as_of.walk_from()).filter(|(share, _)| {
        let demand = state.demand(&share.row);
        let row = demand.and_then(|demand| demand.booked.iter().find(|row| row.source == as_of.source && row.at == share.since));
        !as_of.not_newer(share.since, row.and_then(|row| row.version.as_ref()))
    });
    all - booked + newer.map(|(_, quantity)| quantity).sum()
}

/// Who tells of a departure, and the position of that row.
fn told_by(state: &SkuState, departure: &Departure) -> (SourceId, Option<Version>) {
    match state.demand(&departure.row).and_then(|demand| demand.despatched.get(departure.part as usize)) {
        Some(part) => (part.source, part.version),
        None => (departure.row.source, state.row(&departure.row).and_then(|kept| kept.upserted.as_ref()).map(|upserted| upserted.version)),
    }
}

/// What a departure burdens: a line's, or the warehouse's own as far as no line names it.
fn depart(state: &SkuState, departure: &Departure, quantity: Quantity) -> Burden {
    let Departure { location, row, .. } = departure;
    if row.kind == SkuRow::DESPATCHED {
        let unresolved = (quantity - named(state, location, row)).floor_zero();
        Burden { unresolved, ..Burden::default() }
    } else {
        Burden { claims: quantity, ..Burden::default() }
    }
}

/// How much of a warehouse's own despatch lines name.
pub(super) fn named(state: &SkuState, location: &Text, row: &RowKey) -> Quantity {
    state.sums().named.get(&(location.clone(), row.id.clone())).copied().unwrap_or_default()
}

impl SkuState {
    /// A line that is there.
    pub(super) fn demand(&self, key: &RowKey) -> Option<&Demand> {
        match self.row(key).filter(|_| key.kind == SkuRow::DEMAND)?.live()? {
            SkuRow::Demand(demand) => Some(demand),
            _ => None,
        }
    }
}
