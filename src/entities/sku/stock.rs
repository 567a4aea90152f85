//! What a channel may sell of a SKU (journey.md, "Stock"; basis `on_hand`).
//!
//! ```text
//! free     = sum of counts over the pool's sellable locations - claims not taken - unresolved despatches
//! shown    = max(0, free - safety stock)
//! to write = shown + what the shop still subtracts itself
//! ```
//!
//! - **Counts** come only from the system that is set to count the location, in sellable buckets. A deleted count is zero: the system says
//!   that it has none there. A SKU never counted in a pool has no figure there.
//! - **Taken**: a despatch is in the count when the end of its minute is not after the count's moment (warehouses tell despatches to the
//!   minute: a count is never assumed to hold what it may not hold). With several buckets, the oldest count decides: which bucket the goods
//!   left is not known.
//! - **Unresolved**: a despatch of the warehouse's own that no line names yet, or the part of it that none does.
//! - A line burdens each pool that holds its location; while it has none, or one that no rule knows, the pool of its channel. What has left
//!   burdens where it left from. A despatch from a location unknown to the rules stays with its line, and burdens nothing by itself.
//! - A count of basis `free` leaves out allocated goods too; what is allocated is not told yet, so such a figure is low, never high.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::state::SkuState;
use crate::entities::rules::{Channel, Rules};
use crate::facts::sku::Basis;
use crate::facts::{Moment, Quantity, RowKey, Sku, SkuRow, Text};

/// A count that counts.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Counted {
    /// The location's code in the rules.
    pub location: Text,
    pub bucket: Text,
    pub quantity: Quantity,
    pub basis: Basis,
    pub t0: Moment,
}

/// The figure of a SKU in one channel.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ChannelStock {
    pub channel: Text,
    pub counts: Vec<Counted>,
    pub claims_open: Quantity,
    pub unresolved: Quantity,
    pub free: Quantity,
    pub safety_stock: Quantity,
    pub shown: Quantity,
    pub held_by_shop: Quantity,
    pub to_write: Quantity,
    pub shop_figure: Option<Quantity>,
}

/// Up to when the count of a location leaves out what left it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TakenUntil {
    /// Nobody counts there: what left is in no figure.
    Always,
    /// Departures before this moment.
    Moment(Moment),
    Never,
}

/// The counts that count, by location.
#[derive(Debug, Default)]
pub(super) struct Counts<'a>(BTreeMap<&'a str, Vec<Counted>>);

impl<'a> Counts<'a> {
    pub(super) fn of(state: &SkuState, rules: &'a Rules) -> Self {
        let mut counts: BTreeMap<&'a str, Vec<Counted>> = BTreeMap::new();
        for (key, kept) in state.of_kind(SkuRow::COUNT) {
            let Some(SkuRow::Count(count)) = kept.content() else { continue };
            let Some(location) = rules.location(&count.location).filter(|location| location.counted_by == Some(key.source)) else {
                continue;
            };
            let here = counts.entry(&location.code).or_default();
            if location.sellable_buckets.is_empty() || location.sellable_buckets.contains(&count.bucket) {
                let quantity = if kept.gone.is_some() { Quantity::ZERO } else { count.quantity };
                let (location, bucket) = (location.code.clone(), count.bucket.clone());
                here.push(Counted { location, bucket, quantity, basis: count.basis, t0: count.t0 });
            }
        }
        Self(counts)
    }

    /// `location` as a warehouse or an order spells it.
    pub(super) fn taken_until(&self, rules: &Rules, location: &str) -> TakenUntil {
        match rules.location(location) {
            Some(location) if location.counted_by.is_none() => TakenUntil::Always,
            Some(location) => {
                let t0 = self.0.get(location.code.as_str()).and_then(|counts| counts.iter().map(|count| count.t0).min());
                t0.map_or(TakenUntil::Never, |t0| TakenUntil::Moment(minute_of(t0)))
            }
            None => TakenUntil::Never,
        }
    }
}

/// The beginning of the moment's minute: what left before it has its minute's end at or before the moment.
fn minute_of(moment: Moment) -> Moment {
    Moment(moment.0.saturating_sub(moment.0.rem_euclid(60_000)))
}

/// Which pools a quantity burdens.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Burdened {
    /// Those that hold the location of this code.
    Holding(Text),
    /// That of the channel.
    Of(Text),
}

#[derive(Clone, Copy, Debug, Default)]
struct Burden {
    claims: Quantity,
    unresolved: Quantity,
}

/// The figures of all channels whose pool holds a location where this SKU was counted, in the order of the rules.
pub fn stock(sku: &Sku, state: &SkuState, rules: &Rules) -> Vec<ChannelStock> {
    let counts = Counts::of(state, rules);
    if counts.0.is_empty() {
        return Vec::new();
    }
    let burdens = burdens(state, rules, &counts);
    rules.channels.iter().filter_map(|channel| figure(sku, channel, state, rules, &counts, &burdens)).collect()
}

fn figure(
    sku: &Sku,
    channel: &Channel,
    state: &SkuState,
    rules: &Rules,
    counts: &Counts<'_>,
    burdens: &BTreeMap<Burdened, Burden>,
) -> Option<ChannelStock> {
    let pool: BTreeSet<&str> = channel.pool.iter().filter_map(|code| rules.location(code)).map(|location| location.code.as_str()).collect();
    if !pool.iter().any(|code| counts.0.contains_key(code)) {
        return None;
    }
    let counts: Vec<Counted> = pool.iter().filter_map(|code| counts.0.get(code)).flatten().cloned().collect();
    let mut burden = Burden::default();
    for (burdened, part) in burdens {
        let here = match burdened {
            Burdened::Holding(code) => pool.contains(code.as_str()),
            Burdened::Of(name) => *name == channel.name,
        };
        if here {
            burden.claims += part.claims;
            burden.unresolved += part.unresolved;
        }
    }
    let counted: Quantity = counts.iter().map(|count| count.quantity).sum();
    let free = counted - burden.claims - burden.unresolved;
    let safety_stock = safety_stock(channel, sku);
    let shown = (free - safety_stock).floor_zero();
    let held_by_shop = state.sums().held.get(&channel.shop).copied().unwrap_or_default();
    Some(ChannelStock {
        channel: channel.name.clone(),
        counts,
        claims_open: burden.claims,
        unresolved: burden.unresolved,
        free,
        safety_stock,
        shown,
        held_by_shop,
        to_write: (shown + held_by_shop).floor_zero(),
        shop_figure: shop_figure(channel, &pool, state, rules),
    })
}

fn safety_stock(channel: &Channel, sku: &Sku) -> Quantity {
    channel.safety_by_sku.iter().find(|(of, _)| of == sku).map_or(channel.safety_stock, |(_, quantity)| *quantity)
}

/// What the shop last said that it has: over its locations that are in the pool, or that are its own affair.
fn shop_figure(channel: &Channel, pool: &BTreeSet<&str>, state: &SkuState, rules: &Rules) -> Option<Quantity> {
    let figures = state.of_kind(SkuRow::SHOP_FIGURE).filter_map(|(_, kept)| match kept.live() {
        Some(SkuRow::ShopFigure(figure)) if figure.shop == channel.shop => Some(figure),
        _ => None,
    });
    let here = figures.filter(|figure| rules.location(&figure.location).is_none_or(|location| pool.contains(location.code.as_str())));
    here.map(|figure| figure.quantity).reduce(|sum, quantity| sum + quantity)
}

/// What is not to be sold any more though counts may still hold it.
fn burdens(state: &SkuState, rules: &Rules, counts: &Counts<'_>) -> BTreeMap<Burdened, Burden> {
    let mut burdens: BTreeMap<Burdened, Burden> = BTreeMap::new();
    for (place, quantity) in &state.sums().open {
        burdens.entry(burdened(rules, place.location.as_deref(), &place.channel)).or_default().claims += *quantity;
    }
    for location in state.sums().departed_from() {
        let from = match counts.taken_until(rules, &location) {
            TakenUntil::Always => continue,
            TakenUntil::Moment(from) => from,
            TakenUntil::Never => Moment::MIN,
        };
        let departed = state.sums().departed_since(&location, from);
        match rules.location(&location) {
            Some(known) => {
                let burden = burdens.entry(Burdened::Holding(known.code.clone())).or_default();
                departed.for_each(|(departure, quantity)| burden.depart(state, &departure.location, &departure.row, quantity));
            }
            None => departed.for_each(|(departure, quantity)| {
                if let Some(SkuRow::Demand(demand)) = state.row(&departure.row).and_then(|kept| kept.live()) {
                    burdens.entry(burdened(rules, demand.location.as_deref(), &demand.channel)).or_default().claims += quantity;
                }
            }),
        }
    }
    burdens
}

impl Burden {
    /// What left a known location: a line's, or the warehouse's own as far as no line names it.
    fn depart(&mut self, state: &SkuState, location: &Text, row: &RowKey, quantity: Quantity) {
        if row.kind == SkuRow::DESPATCHED {
            let named = state.sums().named.get(&(location.clone(), row.id.clone())).copied().unwrap_or_default();
            self.unresolved += (quantity - named).floor_zero();
        } else {
            self.claims += quantity;
        }
    }
}

fn burdened(rules: &Rules, location: Option<&str>, channel: &Text) -> Burdened {
    match location.and_then(|location| rules.location(location)) {
        Some(location) => Burdened::Holding(location.code.clone()),
        None => Burdened::Of(channel.clone()),
    }
}
