//! What a channel's shopfront shows of a product (journey.md, "Products and offers"): the owner's product row and the regular price of the
//! channel's list.
//!
//! A price holds when it is of the channel's list and currency, for one piece, and now is within its first and last day, as the channel's
//! zone has its days. Of several the one that began last is the regular price; then the one for the larger quantity, then the lower.
//!
//! Prices tell days as moments at the midnight of their list's zone; which zone that was is not told. The day is read as the UTC date 13
//! hours later, which is right for all zones from UTC-10 to UTC+13.

use std::cmp::Reverse;

use jiff::civil::Date;
use jiff::tz::{Offset, TimeZone};

use super::state::SkuState;
use crate::entities::rules::{Authority, Channel, Rules};
use crate::facts::sku::{Price, Product};
use crate::facts::time::Span;
use crate::facts::{Moment, Quantity, Sku, SkuRow, Text};

/// What one channel shows.
#[derive(Clone, Debug, PartialEq)]
pub struct Offer<'a> {
    pub channel: &'a Channel,
    pub product: &'a Product,
    /// Blocked by its owner, or deleted there.
    pub blocked: bool,
    pub price: Option<&'a Price>,
}

/// The product as its owner tells it, and whether the row is deleted.
pub fn product<'a>(state: &'a SkuState, rules: &Rules) -> Option<(&'a Product, bool)> {
    let products = state.of_kind(SkuRow::PRODUCT).filter(|(key, _)| rules.counts_from(Authority::Products, key.source));
    let rows = products.filter_map(|(_, kept)| match kept.content() {
        Some(SkuRow::Product(product)) => Some((product.as_ref(), kept.gone.is_some())),
        _ => None,
    });
    rows.min_by_key(|(_, gone)| *gone)
}

/// The SKU as people spell it: the owner's way, else anybody's, else the key.
pub fn spelling(sku: &Sku, state: &SkuState, rules: &Rules) -> Text {
    let anybody = || {
        state.of_kind(SkuRow::PRODUCT).find_map(|(_, kept)| match kept.content() {
            Some(SkuRow::Product(product)) => Some(product.sku_text.clone()),
            _ => None,
        })
    };
    let known = product(state, rules).map(|(product, _)| product.sku_text.clone()).or_else(anybody);
    known.filter(|text| !text.is_empty()).unwrap_or_else(|| sku.as_str().into())
}

/// What each channel shows at this tick, and when that next changes by the clock alone.
pub fn offers<'a>(state: &'a SkuState, rules: &'a Rules, tick: Moment) -> (Vec<Offer<'a>>, Option<Moment>) {
    let Some((product, gone)) = product(state, rules) else { return (Vec::new(), None) };
    let mut next = None;
    let mut offers = Vec::with_capacity(rules.channels.len());
    for channel in &rules.channels {
        let (price, changes) = regular_price(channel, state, rules, tick);
        next = earlier(next, changes);
        offers.push(Offer { channel, product, blocked: product.blocked || gone, price });
    }
    (offers, next)
}

fn regular_price<'a>(channel: &Channel, state: &'a SkuState, rules: &Rules, tick: Moment) -> (Option<&'a Price>, Option<Moment>) {
    // `check` refuses an unknown zone.
    let zone = TimeZone::get(&channel.zone).unwrap_or(TimeZone::UTC);
    let mut next = None;
    let mut best: Option<&'a Price> = None;
    for (key, kept) in state.of_kind(SkuRow::PRICE) {
        let Some(SkuRow::Price(price)) = kept.live() else { continue };
        if !rules.counts_from(Authority::Prices, key.source) || !is_of(price, channel) {
            continue;
        }
        let from = price.from.and_then(|from| begins(from, &zone)).unwrap_or(Moment::MIN);
        let until = price.to.and_then(|to| ends(to, &zone)).unwrap_or(Moment::MAX);
        next = [from, until].into_iter().filter(|at| *at > tick && *at != Moment::MAX).fold(next, |next, at| earlier(next, Some(at)));
        if from <= tick && tick < until && best.is_none_or(|best| rank(price) > rank(best)) {
            best = Some(price);
        }
    }
    (best, next)
}

fn is_of(price: &Price, channel: &Channel) -> bool {
    price.list == channel.price_list && price.currency == channel.currency && price.minimum <= Quantity::from_int(1)
}

fn rank(price: &Price) -> impl Ord {
    (price.from, price.minimum, Reverse(price.amount))
}

fn earlier(a: Option<Moment>, b: Option<Moment>) -> Option<Moment> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

/// The civil date that a moment at some zone's midnight stands for.
fn day_of(midnight: Moment) -> Option<Date> {
    let shifted = jiff::Timestamp::from_millisecond((midnight + Span::hours(13)).0).ok()?;
    Some(Offset::UTC.to_datetime(shifted).date())
}

fn midnight_of(day: Date, zone: &TimeZone) -> Option<Moment> {
    Moment::checked(zone.to_timestamp(day.at(0, 0, 0, 0)).ok()?.as_millisecond())
}

fn begins(from: Moment, zone: &TimeZone) -> Option<Moment> {
    midnight_of(day_of(from)?, zone)
}

/// The end of the last day. A date without a tomorrow is open.
fn ends(to: Moment, zone: &TimeZone) -> Option<Moment> {
    midnight_of(day_of(to)?.tomorrow().ok()?, zone)
}
