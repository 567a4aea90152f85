//! Which counts count, and what they exclude (journey.md, "Stock").
//!
//! - Counts come only from the system that is set to count the location. A deleted count is zero: the system has none there.
//!   Where a shop counts, its own figure is the count.
//! - Sellable is a property of location and bucket: pieces in other buckets, and at locations in transit, are counted and not sold.
//! - With several buckets the oldest count decides what is excluded: which bucket the goods left is not known.
//!
//! Which despatches from its location a count excludes depends on who reports them:
//!
//! | the location is counted by | a despatch is in the count when |
//! | --- | --- |
//! | nobody | always: what left is in no figure |
//! | the system that reports its despatches | its row is not newer: by the log's position, where both rows have one; else by the clock: when the end of its minute is not after the count's moment (warehouses report despatches to the minute, and a count is never assumed to hold what it may not hold) |
//! | the system that reports its despatches, and another one reports this one (a till's sale) | as with a posting delay: its own, else a day |
//! | another one, with a posting delay | it happened so long before the count |
//! | another one that posts by rows of its own (an ERP that posts at night, a shop) | such a row is there, and not newer than the count |
//!
//! A count of basis `free` also excludes what its system has allocated to a line, once that is not newer than the count, whoever reports that it left.

use std::collections::BTreeMap;

use serde::Serialize;

use super::keys::minute_of;
use super::state::SkuState;
use crate::entities::KeptRow;
use crate::entities::rules::{Authority, Location, Role, Rules};
use crate::facts::sku::Basis;
use crate::facts::time::Span;
use crate::facts::{Cause, Moment, Place, Quantity, RowKey, SkuRow, SourceId, Text, Version};

/// A count that is part of a figure.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SellableCount {
    /// The location's code in the rules.
    pub location: Text,
    /// As the counting system names it.
    pub bucket: Text,
    /// What was counted.
    pub quantity: Quantity,
    /// What it excludes.
    pub basis: Basis,
    /// The moment that it holds for.
    pub counted_at: Moment,
    /// The counting system's own movements after the count.
    pub moved: Quantity,
    /// The record that it came in.
    #[serde(skip)]
    pub cause: Option<Cause>,
}

/// A count as any system reports it, whoever is set to count there.
pub(super) struct ReportedCount<'a> {
    pub location: &'a Location,
    pub source: SourceId,
    /// As the source spells the place.
    pub spelt: &'a Text,
    pub bucket: Text,
    pub quantity: Quantity,
    pub basis: Basis,
    pub counted_at: Moment,
    /// When its newest row was written.
    pub at: Moment,
    pub version: Version,
    pub cause: Cause,
}

/// All counts of locations that the rules know.
pub(super) fn reported<'a>(state: &'a SkuState, rules: &'a Rules) -> impl Iterator<Item = ReportedCount<'a>> {
    let counts = state.of_kind(SkuRow::COUNT).filter_map(|(key, kept)| one(key, kept, rules));
    let figures = state.of_kind(SkuRow::SHOP_FIGURE).filter_map(|(key, kept)| one(key, kept, rules));
    // A shop's figure is a count where the shop counts; elsewhere it is what was written to it.
    counts.chain(figures.filter(|count| count.location.counted_by == Some(count.source)))
}

fn one<'a>(key: &RowKey, kept: &'a KeptRow<SkuRow>, rules: &'a Rules) -> Option<ReportedCount<'a>> {
    let upserted = kept.upserted.as_ref()?;
    let (spelt, bucket, quantity, basis, counted_at) = match &upserted.row {
        SkuRow::Count(count) => (&count.location, count.bucket.clone(), count.quantity, count.basis, count.counted_at),
        SkuRow::ShopFigure(figure) => (&figure.location, Text::default(), figure.quantity, figure.basis, upserted.at),
        _ => return None,
    };
    let location = rules.location(spelt)?;
    let (mut quantity, mut at, mut counted_at) = (quantity, upserted.at, counted_at);
    // What a complete list left out it has counted too, as zero: movements from before it are in that.
    if let Some(deletion) = &kept.deletion {
        (quantity, at, counted_at) = (Quantity::ZERO, deletion.at, counted_at.max(deletion.at));
    }
    let (version, cause) = (upserted.version, upserted.cause);
    Some(ReportedCount { location, source: key.source, spelt, bucket, quantity, basis, counted_at, at, version, cause })
}

/// How it shows that a despatch is excluded from the count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum How {
    /// By the despatch's own row and moment, so long after it.
    ByTime(Span),
    /// Only by a row of the counting system's own.
    Posted,
}

/// A location's count as of a moment.
#[derive(Clone, Copy, Debug)]
pub(super) struct AsOf {
    pub source: SourceId,
    pub counted_at: Moment,
    /// Its position in the source's log, if it has one.
    position: Option<Version>,
    pub how: How,
    pub basis: Basis,
    /// Its system reports despatches from here itself: what another one reports (a till) it has posted so long after.
    others: Option<Span>,
}

/// A clock and a log of one system may differ by so much: rows that a position orders are looked at one by one this far back.
const LOG_SPAN: Span = Span::days(1);

/// A counting system that has no rows of its own for despatches (or not for those of a till), and no `posting_delay`: a day is what nightly
/// jobs need at most.
const DELAY_BY_DEFAULT: Span = Span::days(1);

impl AsOf {
    /// By the clock, what left before this moment is excluded.
    pub fn clock_limit(&self) -> Moment {
        match self.how {
            How::ByTime(delay) => minute_of(self.counted_at + Span(-delay.0)),
            How::Posted => minute_of(self.counted_at),
        }
    }

    /// What happened before this moment is surely excluded; what is later is looked at one by one.
    pub fn walk_from(&self) -> Moment {
        let limit = self.clock_limit() + Span(-self.others.unwrap_or_default().0);
        if self.position.is_some() { limit + Span(-LOG_SPAN.0) } else { limit }
    }

    /// Does the count exclude a despatch of that moment? `version`: of the row in which `reporter` reports it.
    pub fn takes(&self, at: Moment, reporter: SourceId, version: Option<&Version>) -> bool {
        let own = reporter == self.source && self.how == How::ByTime(Span(0));
        // Only a log's position orders the two; a place in a topic says nothing of what its system wrote first.
        match version.filter(|row| own && self.position.is_some() && is_position(row)) {
            Some(row) => self.not_newer(at, Some(row)),
            None => match self.others.filter(|_| reporter != self.source) {
                Some(delay) => at < minute_of(self.counted_at + Span(-delay.0)),
                None => at < self.clock_limit(),
            },
        }
    }

    /// Is a statement of the counting system itself (posted, allocated) not newer than its count? Equal counts as taken: one transaction
    /// writes both.
    pub fn not_newer(&self, at: Moment, version: Option<&Version>) -> bool {
        match (&self.position, version) {
            (Some(count), Some(row)) if is_position(row) => {
                // A row that one event tells several times is not newer than a count that it tells once.
                let event = |version: &Version| (version.incarnation, version.place.of_event());
                event(row) <= event(count) || at == self.counted_at
            }
            _ => at <= self.counted_at,
        }
    }

    /// Does it exclude allocated pieces too?
    pub fn is_free(&self) -> bool {
        self.basis == Basis::Free
    }
}

fn is_position(version: &Version) -> bool {
    matches!(version.place, Place::Position(_))
}

/// How the count of a location stands to what left it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Regime {
    /// Nobody counts there: what left is in no figure.
    Uncounted,
    /// Not counted yet, or the rules do not know the place.
    Never,
    AsOf(AsOf),
}

struct Here {
    counted: Vec<SellableCount>,
    as_of: Option<AsOf>,
}

/// The counts that count, by location.
#[derive(Default)]
pub(super) struct StockCounts<'a>(BTreeMap<&'a str, Here>);

impl<'a> StockCounts<'a> {
    /// The counts of a SKU.
    pub fn of(state: &SkuState, rules: &'a Rules) -> Self {
        let mut counts: BTreeMap<&'a str, Here> = BTreeMap::new();
        for count in reported(state, rules) {
            if count.location.counted_by != Some(count.source) {
                continue;
            }
            let code = rules.location(count.spelt).map_or("", |location| location.code.as_str());
            let here = counts.entry(code).or_insert_with(|| Here { counted: Vec::new(), as_of: None });
            if !is_sellable(rules, count.location, &count.bucket) {
                continue;
            }
            let moved = moved(state, rules, &count);
            let as_of = AsOf {
                source: count.source,
                counted_at: count.counted_at,
                position: Some(count.version).filter(is_position),
                how: how(rules, count.location, count.source),
                basis: count.basis,
                others: others(rules, count.location, count.source),
            };
            let ReportedCount { bucket, quantity, basis, counted_at, cause, .. } = count;
            here.counted.push(SellableCount { location: code.into(), bucket, quantity, basis, counted_at, moved, cause: Some(cause) });
            if here.as_of.is_none_or(|before| as_of.counted_at < before.counted_at) {
                here.as_of = Some(as_of);
            }
        }
        Self(counts)
    }

    /// Was the SKU never counted by whoever is set to count?
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Was the SKU counted at the location of this code?
    pub fn has(&self, code: &str) -> bool {
        self.0.contains_key(code)
    }

    /// The counts at the location of this code.
    pub fn at(&self, code: &str) -> &[SellableCount] {
        self.0.get(code).map_or(&[], |here| &here.counted)
    }

    /// What the counts of this location are as of.
    pub fn as_of(&self, code: &str) -> Option<&AsOf> {
        self.0.get(code)?.as_of.as_ref()
    }

    /// Where one system counts everywhere, by its own reports: its newest count.
    pub fn newest_of_one(&self) -> Option<&AsOf> {
        let mut all = self.0.values().filter_map(|here| here.as_of.as_ref());
        let first = all.next()?;
        let one = all.clone().all(|as_of| as_of.source == first.source);
        let newest = all.fold(first, |newest, as_of| if as_of.counted_at > newest.counted_at { as_of } else { newest });
        (one && newest.how == How::ByTime(Span(0))).then_some(newest)
    }

    /// How the count of a location stands to what left it. `location` as a warehouse or an order spells it.
    pub fn regime(&self, rules: &Rules, location: &str) -> Regime {
        match rules.location(location) {
            Some(location) if location.counted_by.is_none() => Regime::Uncounted,
            Some(location) => self.as_of(&location.code).map_or(Regime::Never, |as_of| Regime::AsOf(*as_of)),
            None => Regime::Never,
        }
    }

    /// Before which moment the count of a location surely excludes what left it: it may be forgotten.
    pub fn forgotten_before(&self, rules: &Rules, location: &str) -> Moment {
        match self.regime(rules, location) {
            Regime::Uncounted => Moment::MAX,
            Regime::Never => Moment::MIN,
            Regime::AsOf(as_of) => as_of.walk_from(),
        }
    }
}

/// Can pieces in this bucket be sold?
pub(super) fn is_sellable(rules: &Rules, location: &Location, bucket: &Text) -> bool {
    !rules.stock.in_transit.contains(&location.code) && (location.sellable_buckets.is_empty() || location.sellable_buckets.contains(bucket))
}

/// The counting system's own movements after its count: only of one that counts now and then and reports what moved in between.
fn moved(state: &SkuState, rules: &Rules, count: &ReportedCount<'_>) -> Quantity {
    if !rules.stock.of(count.source).movements {
        return Quantity::ZERO;
    }
    let names = std::iter::once(&count.location.code).chain(&count.location.aliases);
    names
        .flat_map(|name| state.sums().moved_since(name, &count.bucket, count.counted_at))
        .filter(|(moved, _)| moved.row.source == count.source && moved.at > count.counted_at)
        .map(|(_, quantity)| quantity)
        .sum()
}

/// Does the counting system itself report what leaves the location?
fn reports_own(rules: &Rules, location: &Location, source: SourceId) -> bool {
    match location.wms {
        Some(wms) => wms == source,
        None => rules.counts_from(Authority::Despatches, source),
    }
}

/// ... and how long after a till's sale its count excludes it; `None`: there are no tills.
fn others(rules: &Rules, location: &Location, source: SourceId) -> Option<Span> {
    let till = rules.has(Role::Pos) && !rules.plays(source, Role::Pos);
    (till && reports_own(rules, location, source)).then(|| rules.stock.of(source).posting_delay.unwrap_or(DELAY_BY_DEFAULT))
}

/// How a despatch from the location shows in the counts of `source`.
fn how(rules: &Rules, location: &Location, source: SourceId) -> How {
    let own = reports_own(rules, location, source);
    let posts = [Role::Erp, Role::Shop, Role::Pos].into_iter().any(|role| rules.plays(source, role));
    match rules.stock.of(source).posting_delay {
        _ if own => How::ByTime(Span(0)),
        Some(delay) => How::ByTime(delay),
        None if posts => How::Posted,
        None => How::ByTime(DELAY_BY_DEFAULT),
    }
}
