//! What a channel may sell of a SKU (journey.md, "Stock").
//!
//! ```text
//! free     = sum over the pool's sellable locations of (count + own movements after it) - claims not taken - unresolved despatches
//! shown    = max(0, free - safety stock)
//! to write = shown + what the shop still subtracts itself
//! ```
//!
//! - **Counts**, and what they leave out: see [`super::counts`]. A SKU never counted in a pool has no figure there.
//! - **Unresolved**: a despatch of the warehouse's own that no line names yet, or the part of it that none does.
//! - A line burdens each pool that holds its location; while it has none, or one that no rule knows, the pool of its channel. What has left
//!   burdens where it left from. A despatch from a location unknown to the rules stays with its line, and burdens nothing by itself.
//! - **A kit** has no count: its figure is the least over its parts; its lines claim the parts (see [`super::kit`]).
//! - **A shop that counts its own goods** is written nothing: its figure stays what it is.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::burden::{Burden, Burdened, burdens};
pub use super::counts::Counted;
use super::counts::Counts;
use super::kit;
use super::state::SkuState;
use crate::entities::rules::{Channel, Rules};
use crate::facts::sku::Expected;
use crate::facts::{Moment, Quantity, Sku, SkuRow, Text};

/// The figure of a SKU in one channel.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ChannelStock {
    pub channel: Text,
    pub counts: Vec<Counted>,
    /// The counting systems' own movements after their counts.
    pub moved: Quantity,
    pub claims_open: Quantity,
    pub unresolved: Quantity,
    pub free: Quantity,
    pub safety_stock: Quantity,
    pub shown: Quantity,
    pub held_by_shop: Quantity,
    pub to_write: Quantity,
    pub shop_figure: Option<Quantity>,
    /// It is a kit: no counts, no claims of its own.
    pub kit: bool,
    /// The next receipt that is expected at a location of the pool.
    pub next_expected: Option<(Moment, Quantity)>,
}

/// The figures of all channels whose pool holds a location where this SKU was counted, in the order of the rules.
pub fn stock(sku: &Sku, state: &SkuState, rules: &Rules) -> Vec<ChannelStock> {
    if kit::is_kit(state, rules) {
        return rules.channels.iter().filter_map(|channel| of_kit(sku, channel, state, rules)).collect();
    }
    let counts = Counts::of(state, rules);
    if counts.is_empty() {
        return Vec::new();
    }
    let burdens = burdens(state, rules, &counts);
    rules.channels.iter().filter_map(|channel| figure(sku, channel, state, rules, &counts, &burdens)).collect()
}

/// Codes of the locations that a channel sells from.
pub(super) fn pool<'a>(channel: &Channel, rules: &'a Rules) -> BTreeSet<&'a str> {
    channel.pool.iter().filter_map(|code| rules.location(code)).map(|location| location.code.as_str()).collect()
}

/// What burdens a channel's pool.
pub(super) fn burden_of(channel: &Channel, pool: &BTreeSet<&str>, burdens: &BTreeMap<Burdened, Burden>) -> Burden {
    let here = burdens.iter().filter(|(burdened, _)| burdened.is(channel, pool));
    here.fold(Burden::default(), |sum, (_, part)| sum + *part)
}

fn figure(
    sku: &Sku,
    channel: &Channel,
    state: &SkuState,
    rules: &Rules,
    counts: &Counts<'_>,
    burdens: &BTreeMap<Burdened, Burden>,
) -> Option<ChannelStock> {
    let pool = pool(channel, rules);
    if !pool.iter().any(|code| counts.has(code)) {
        return None;
    }
    let burden = burden_of(channel, &pool, burdens);
    let counts: Vec<Counted> = pool.iter().flat_map(|code| counts.at(code)).cloned().collect();
    let counted: Quantity = counts.iter().map(|count| count.quantity).sum();
    let moved: Quantity = counts.iter().map(|count| count.moved).sum();
    let free = counted + moved - burden.claims - burden.unresolved;
    let figure = ChannelStock { counts, moved, claims_open: burden.claims, unresolved: burden.unresolved, ..bare(sku, channel, free) };
    Some(written(figure, channel, &pool, state, rules))
}

fn of_kit(sku: &Sku, channel: &Channel, state: &SkuState, rules: &Rules) -> Option<ChannelStock> {
    let figure = ChannelStock { kit: true, ..bare(sku, channel, kit::least(state, rules, &channel.name)?) };
    Some(written(figure, channel, &pool(channel, rules), state, rules))
}

fn bare(sku: &Sku, channel: &Channel, free: Quantity) -> ChannelStock {
    let safety_stock = channel.safety_by_sku.iter().find(|(of, _)| of == sku).map_or(channel.safety_stock, |(_, quantity)| *quantity);
    ChannelStock {
        channel: channel.name.clone(),
        counts: Vec::new(),
        moved: Quantity::ZERO,
        claims_open: Quantity::ZERO,
        unresolved: Quantity::ZERO,
        free,
        safety_stock,
        shown: (free - safety_stock).floor_zero(),
        held_by_shop: Quantity::ZERO,
        to_write: Quantity::ZERO,
        shop_figure: None,
        kit: false,
        next_expected: None,
    }
}

/// What the channel's shop is to be given.
fn written(figure: ChannelStock, channel: &Channel, pool: &BTreeSet<&str>, state: &SkuState, rules: &Rules) -> ChannelStock {
    let held_by_shop = state.sums().held.get(&channel.shop).copied().unwrap_or_default();
    let shop_figure = shop_figure(channel, pool, state, rules);
    let to_write = match shop_figure {
        Some(own) if counts_itself(channel, pool, rules) => own,
        _ => (figure.shown + held_by_shop).floor_zero(),
    };
    ChannelStock { held_by_shop, to_write, shop_figure, next_expected: next_expected(pool, state, rules), ..figure }
}

/// Does the channel's shop count all that the channel sells? Then its figure is the count.
pub(super) fn counts_itself(channel: &Channel, pool: &BTreeSet<&str>, rules: &Rules) -> bool {
    let counted_by = |code: &&str| rules.location(code).and_then(|location| location.counted_by);
    !pool.is_empty() && pool.iter().all(|code| counted_by(code).is_some_and(|source| rules.name_of(source) == channel.shop))
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

fn next_expected(pool: &BTreeSet<&str>, state: &SkuState, rules: &Rules) -> Option<(Moment, Quantity)> {
    let expected = state.of_kind(SkuRow::EXPECTED).filter_map(|(_, kept)| match kept.live() {
        Some(SkuRow::Expected(Expected { location, quantity, expected_at })) if quantity.is_positive() => {
            let here = location.is_empty() || rules.location(location).is_some_and(|location| pool.contains(location.code.as_str()));
            here.then_some((*expected_at, *quantity))
        }
        _ => None,
    });
    let expected: Vec<(Moment, Quantity)> = expected.collect();
    let first = expected.iter().map(|(at, _)| *at).min()?;
    Some((first, expected.iter().filter(|(at, _)| *at == first).map(|(_, quantity)| *quantity).sum()))
}
