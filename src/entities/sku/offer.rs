//! What a channel's shopfront shows of a product (journey.md, "Products and offers"): the owner's product row, the regular price of the
//! channel's list, and the lowest valid price below it.
//!
//! - **Valid** is a price of the channel's list and currency, for one piece of the sales unit, in the channel's tax mode where that is set,
//!   while now is within its first and last day, as the channel's zone has its days: a bare end date is the whole day.
//! - **Regular** is, of the valid ones, one without an end before one that ends; then the one that began last; then the one for the larger
//!   quantity, then the lower. Prices of the product itself come before those of the product that it is a variation of.
//! - **Offer price** is the lowest valid one below it: of the list's other prices in the same tax mode, and of offers: an amount, or a
//!   percentage off the regular price.
//!
//! Prices have days as moments at the midnight of their list's zone, without the zone. The day is read as the UTC date 13 hours later, which is
//! right for all zones from UTC-10 to UTC+13. Offers have moments.

use std::cmp::Reverse;

use jiff::civil::Date;
use jiff::tz::{Offset, TimeZone};

use super::kit;
use super::state::SkuState;
use crate::entities::KeptRow;
use crate::entities::rules::{Authority, Channel, Rules};
use crate::facts::sku::{Offer, Price, Product};
use crate::facts::time::Span;
use crate::facts::{Amount, Moment, Quantity, RowKey, Sku, SkuRow, SourceId, Text};

/// What one channel shows of a product.
#[derive(Clone, Debug, PartialEq)]
pub struct ChannelOffer<'a> {
    /// The channel.
    pub channel: &'a Channel,
    /// The product, as its owner reports it.
    pub product: &'a Product,
    /// Blocked by its owner now, or deleted there.
    pub blocked: bool,
    /// The regular price, now.
    pub price: Option<&'a Price>,
    /// The lowest valid price below it, now.
    pub reduced: Option<Reduced>,
    /// Of a kit: what is in one of it.
    pub parts: Vec<(Sku, Quantity)>,
}

/// A price below the regular one, and while it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reduced {
    /// Of one piece.
    pub amount: Amount,
    /// The first moment at which it holds; `None`: it always did.
    pub from: Option<Moment>,
    /// The first moment at which it holds no more.
    pub until: Option<Moment>,
}

/// The product as its owner reports it, and whether the row is deleted.
pub fn product<'a>(state: &'a SkuState, rules: &Rules) -> Option<(&'a Product, bool)> {
    let products = state.of_kind(SkuRow::PRODUCT).filter(|(key, _)| rules.counts_from(Authority::Products, key.source));
    let rows = products.filter_map(|(_, kept)| match kept.content() {
        Some(SkuRow::Product(product)) => Some((product.as_ref(), kept.is_deleted())),
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
pub fn offers<'a>(state: &'a SkuState, rules: &'a Rules, tick: Moment) -> (Vec<ChannelOffer<'a>>, Option<Moment>) {
    let Some((product, gone)) = product(state, rules) else { return (Vec::new(), None) };
    let mut next = product.blocked_from.filter(|from| *from > tick);
    let mut offers = Vec::with_capacity(rules.channels.len());
    let blocked = product.blocked || gone || product.blocked_from.is_some_and(|from| from <= tick);
    let parts: Vec<(Sku, Quantity)> = kit::parts(state, rules).map(|part| (part.part.clone(), part.pieces)).collect();
    for channel in &rules.channels {
        let shown = shown(channel, state, rules, tick);
        next = earlier(next, shown.changes);
        offers.push(ChannelOffer { channel, product, blocked, price: shown.regular, reduced: shown.reduced, parts: parts.clone() });
    }
    (offers, next)
}

/// A channel's prices at a moment.
#[derive(Debug, Default)]
pub struct Shown<'a> {
    /// The regular price.
    pub regular: Option<&'a Price>,
    /// The lowest valid price below it.
    pub reduced: Option<Reduced>,
    /// When they next change by the clock.
    pub changes: Option<Moment>,
}

impl Shown<'_> {
    /// What a customer is asked for one piece.
    pub fn asked(&self) -> Option<Amount> {
        self.reduced.as_ref().map(|reduced| reduced.amount).or(self.regular.map(|price| price.amount))
    }
}

/// A price row, and while it holds.
struct Dated<'a> {
    price: &'a Price,
    own: bool,
    from: Moment,
    until: Moment,
}

/// A channel's prices at a moment.
pub fn shown<'a>(channel: &Channel, state: &'a SkuState, rules: &Rules, at: Moment) -> Shown<'a> {
    let prices: Vec<Dated<'a>> = dated(channel, state, rules);
    let offers: Vec<&Offer> = of_channel(channel, state, rules).collect();
    let moments = prices.iter().flat_map(|dated| [dated.from, dated.until]);
    let moments = moments.chain(offers.iter().flat_map(|offer| [offer.from.unwrap_or(Moment::MIN), offer.until.unwrap_or(Moment::MAX)]));
    let changes = moments.filter(|moment| *moment > at && *moment != Moment::MAX).min();

    let mut valid: Vec<&Dated<'a>> = prices.iter().filter(|dated| dated.from <= at && at < dated.until).collect();
    if valid.iter().any(|dated| dated.own) {
        valid.retain(|dated| dated.own);
    }
    let Some(regular) = valid.iter().max_by_key(|dated| rank(dated)).map(|dated| dated.price) else {
        return Shown { changes, ..Shown::default() };
    };
    let of_list = valid.iter().filter(|dated| dated.price.tax_inside == regular.tax_inside).map(|dated| Reduced {
        amount: dated.price.amount,
        from: Some(dated.from).filter(|from| *from != Moment::MIN),
        until: Some(dated.until).filter(|until| *until != Moment::MAX),
    });
    let now = offers.iter().filter(|offer| offer.from.is_none_or(|from| from <= at) && offer.until.is_none_or(|until| at < until));
    let of_offers = now.filter_map(|offer| Some(Reduced { amount: reduced(offer, regular)?, from: offer.from, until: offer.until }));
    let below = of_list.chain(of_offers).filter(|reduced| reduced.amount < regular.amount);
    let lowest = below.min_by_key(|reduced| (reduced.amount, reduced.until.unwrap_or(Moment::MAX)));
    Shown { regular: Some(regular), reduced: lowest, changes }
}

/// The price and offer rows that count.
pub fn price_rows<'a>(state: &'a SkuState, rules: &Rules) -> impl Iterator<Item = (&'a RowKey, &'a KeptRow<SkuRow>)> {
    let rows = state.of_kind(SkuRow::PRICE).chain(state.of_kind(SkuRow::OFFER));
    rows.filter(|(key, _)| key.source == SourceId::WAYBILL || rules.counts_from(Authority::Prices, key.source))
}

fn dated<'a>(channel: &Channel, state: &'a SkuState, rules: &Rules) -> Vec<Dated<'a>> {
    // `check` rejects an unknown zone.
    let zone = TimeZone::get(&channel.zone).unwrap_or(TimeZone::UTC);
    let unit = product(state, rules).map_or("", |(product, _)| product.sales_unit.as_str());
    let tax = rules.stock.prices_include_tax.get(&channel.name);
    let mut found = Vec::new();
    for (key, kept) in price_rows(state, rules) {
        let Some(SkuRow::Price(price)) = kept.live() else { continue };
        let of_unit = price.unit.is_empty() || unit.is_empty() || price.unit == unit;
        let of_list = price.list == channel.price_list && price.currency == channel.currency && price.minimum <= Quantity::from_int(1);
        if !of_unit || !of_list || tax.is_some_and(|inside| *inside != price.tax_inside) {
            continue;
        }
        let from = price.from.and_then(|from| begins(from, &zone)).unwrap_or(Moment::MIN);
        let until = price.to.and_then(|to| ends(to, &zone)).unwrap_or(Moment::MAX);
        found.push(Dated { price, own: key.source != SourceId::WAYBILL, from, until });
    }
    found
}

fn of_channel<'a>(channel: &Channel, state: &'a SkuState, rules: &Rules) -> impl Iterator<Item = &'a Offer> {
    let (name, currency) = (channel.name.clone(), channel.currency);
    price_rows(state, rules).filter_map(move |(_, kept)| match kept.live() {
        Some(SkuRow::Offer(offer)) => {
            let here = offer.channels.is_empty() || offer.channels.contains(&name);
            (offer.active && here && offer.currency.is_none_or(|of| of == currency)).then_some(offer.as_ref())
        }
        _ => None,
    })
}

/// What an offer asks for one piece: the lower of its amount and of the regular price less its percentage, rounded half up.
fn reduced(offer: &Offer, regular: &Price) -> Option<Amount> {
    let percent = offer.percent.filter(|percent| percent.is_positive());
    let whole = Quantity::from_int(100);
    let off = percent.map(|percent| regular.amount.share((whole - percent).floor_zero(), whole, regular.currency));
    [offer.amount, off].into_iter().flatten().min()
}

fn rank<'a>(dated: &Dated<'a>) -> (bool, Moment, Quantity, Reverse<Amount>) {
    (dated.until == Moment::MAX, dated.from, dated.price.minimum, Reverse(dated.price.amount))
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
