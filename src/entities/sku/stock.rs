//! What a channel may sell of a SKU (journey.md, "Stock").
//!
//! ```text
//! free     = sum over the pool's sellable locations of (count + own movements after it) - claims not taken - unresolved despatches
//! shown    = max(0, free - safety stock)
//! to write = shown + what the shop still subtracts itself
//! ```
//!
//! - **Counts**, and what they exclude: see [`super::counts`]. A SKU never counted in a pool has no figure there.
//! - **Unresolved**: a despatch of the warehouse's own that no line names yet, or the part of it that none does.
//! - A line is reserved in each pool that holds its location; while it has none, or one that no rule knows, in the pool of its channel, for each channel that sells
//!   from that pool. What has left is reserved where it left from. A despatch from a location unknown to the rules stays with its line: it reserves nothing by itself.
//! - **A kit** has no count: its figure is the least over its parts; its lines claim the parts (see [`super::kit`]).
//! - **A shop that counts its own goods** is written nothing: its figure stays what it is.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::counts::{SellableCount, StockCounts};
use super::kit;
use super::reserved::{Reserved, ReservedIn, reserved};
use super::state::SkuState;
use crate::entities::rules::{Channel, Rules};
use crate::facts::sku::Expected;
use crate::facts::{Moment, Quantity, Sku, SkuRow, Text};

/// The figure of a SKU in one channel.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ChannelStock {
    /// The channel's name.
    pub channel: Text,
    /// The counts that it is made of.
    pub counts: Vec<SellableCount>,
    /// The counting systems' own movements after their counts.
    pub moved: Quantity,
    /// Claims of open lines that no count excludes yet.
    pub claims_open: Quantity,
    /// Despatched pieces that no line names, and no count excludes yet.
    pub unresolved: Quantity,
    /// What may be sold; below zero: so many pieces are missing.
    pub free: Quantity,
    /// Never shown.
    pub safety_stock: Quantity,
    /// What the shop should show.
    pub shown: Quantity,
    /// What the shop still subtracts itself.
    pub held_by_shop: Quantity,
    /// What the shop is to be given.
    pub to_write: Quantity,
    /// What the shop has now, by its own record.
    pub shop_figure: Option<Quantity>,
    /// It is a kit: no counts, no claims of its own.
    pub kit: bool,
    /// The next receipt that is expected at a location of the pool.
    pub next_expected: Option<(Moment, Quantity)>,
}

/// The figures of all channels whose pool holds a location where this SKU was counted, in the order of the rules.
pub fn stock(sku: &Sku, state: &SkuState, rules: &Rules) -> Vec<ChannelStock> {
    figures(sku, state, rules, &StockCounts::of(state, rules))
}

/// The same from these counts.
pub(super) fn figures(sku: &Sku, state: &SkuState, rules: &Rules, counts: &StockCounts<'_>) -> Vec<ChannelStock> {
    if kit::is_kit(state, rules) {
        return rules.channels.iter().filter_map(|channel| of_kit(sku, channel, state, rules)).collect();
    }
    if counts.is_empty() {
        return Vec::new();
    }
    let reserved = reserved(state, rules, counts);
    rules.channels.iter().filter_map(|channel| figure(sku, channel, state, rules, counts, &reserved)).collect()
}

/// Codes of the locations that a channel sells from.
pub(super) fn pool<'a>(channel: &Channel, rules: &'a Rules) -> BTreeSet<&'a str> {
    channel.pool.iter().filter_map(|code| rules.location(code)).map(|location| location.code.as_str()).collect()
}

/// What is reserved in a channel's pool.
fn reserved_in(channel: &Channel, pool: &BTreeSet<&str>, rules: &Rules, reserved: &BTreeMap<ReservedIn, Reserved>) -> Reserved {
    let here = reserved.iter().filter(|(place, _)| place.is(channel, pool, rules));
    here.fold(Reserved::default(), |sum, (_, part)| sum + *part)
}

fn figure(
    sku: &Sku,
    channel: &Channel,
    state: &SkuState,
    rules: &Rules,
    counts: &StockCounts<'_>,
    reserved: &BTreeMap<ReservedIn, Reserved>,
) -> Option<ChannelStock> {
    let pool = pool(channel, rules);
    if !pool.iter().any(|code| counts.has(code)) {
        return None;
    }
    let Reserved { claims, unresolved } = reserved_in(channel, &pool, rules, reserved);
    let counts: Vec<SellableCount> = pool.iter().flat_map(|code| counts.at(code)).cloned().collect();
    let counted: Quantity = counts.iter().map(|count| count.quantity).sum();
    let moved: Quantity = counts.iter().map(|count| count.moved).sum();
    let free = counted + moved - claims - unresolved;
    let figure = ChannelStock { counts, moved, claims_open: claims, unresolved, ..bare(sku, channel, free) };
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
    let held_by_shop = held_by_shop(channel, state, rules);
    let shop_figure = shop_figure(channel, pool, state, rules);
    let to_write = match shop_figure {
        Some(own) if counts_itself(channel, pool, rules) => own,
        // Below zero where the shop holds back less than nothing: a person is told (`shop-oversells`), and the figure is not cut.
        _ => figure.shown + held_by_shop,
    };
    ChannelStock { held_by_shop, to_write, shop_figure, next_expected: next_expected(pool, state, rules), ..figure }
}

/// What the shop subtracts when it sells through this channel: what it holds back in the channel's stock.
fn held_by_shop(channel: &Channel, state: &SkuState, rules: &Rules) -> Quantity {
    let of_shop = || rules.channels.iter().filter(|other| other.shop == channel.shop);
    let takes_its_goods = |other: &Channel| other.takes_orders && (other.name == channel.name || other.pool == channel.pool);
    let here = |stock: &Text| match (stock.is_empty(), channel.stock_id.is_empty()) {
        (true, _) => true,
        (_, false) => *stock == channel.stock_id,
        // A stock that another channel of the shop has named is that one's. One that nobody has named is where the shop's orders are, and is not
        // subtracted from goods that none of them can take.
        (_, true) => of_shop().any(takes_its_goods) && !of_shop().any(|other| other.stock_id == *stock),
    };
    state.sums().held.iter().filter(|((shop, stock), _)| *shop == channel.shop && here(stock)).map(|(_, quantity)| *quantity).sum()
}

/// Does the channel's shop count all that the channel sells? Then its figure is the count.
pub(super) fn counts_itself(channel: &Channel, pool: &BTreeSet<&str>, rules: &Rules) -> bool {
    let counted_by = |code: &&str| rules.location(code).and_then(|location| location.counted_by);
    !pool.is_empty() && pool.iter().all(|code| counted_by(code).is_some_and(|source| rules.name_of(source) == channel.shop))
}

/// What the shop has by its own records: over its locations that are in the pool, or that the rules do not know.
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
