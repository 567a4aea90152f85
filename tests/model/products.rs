//! Reference model, products: what a channel's shopfront must show of a SKU now (journey.md, "Products and offers").

use rust_decimal::Decimal;
use waybill::facts::sku::Price;
use waybill::facts::time::Span;
use waybill::facts::{Moment, SkuRow};

use crate::fold::Kept;
use crate::stock::Channel;
use crate::world::ERP;

#[derive(Clone, Debug, PartialEq)]
pub struct Shown {
    pub name: String,
    pub parent: Option<String>,
    pub options: Vec<(String, String)>,
    pub blocked: bool,
    /// The list's price; `Err`: several hold at once.
    pub regular: Result<Option<Decimal>, ()>,
    pub offer: Option<Decimal>,
}

/// `None`: no product is known.
pub fn shown(kept: &[Kept<SkuRow>], channel: &Channel, tick: Moment) -> Option<Shown> {
    let product = kept.iter().find_map(|kept| match &kept.row {
        SkuRow::Product(product) if kept.source == ERP => Some(product),
        _ => None,
    })?;
    let valid: Vec<&Price> = kept
        .iter()
        .filter_map(|kept| match &kept.row {
            SkuRow::Price(price) if kept.source == ERP && kept.gone.is_none() => Some(price),
            _ => None,
        })
        .filter(|price| price.list == channel.price_list && price.minimum.decimal() <= Decimal::ONE)
        // A bare end date is the whole day.
        .filter(|price| price.from.is_none_or(|from| from <= tick) && price.to.is_none_or(|to| tick < to + Span::days(1)))
        .collect();
    let regular = match valid.as_slice() {
        [] => Ok(None),
        [one] => Ok(Some(one.amount.decimal())),
        _ => Err(()),
    };
    let offer = regular.ok().flatten().and_then(|regular| offer(kept, channel, tick, regular));
    Some(Shown {
        name: product.name.to_string(),
        parent: product.parent.as_ref().map(ToString::to_string),
        options: product.options.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect(),
        blocked: product.blocked || product.blocked_from.is_some_and(|from| from <= tick),
        regular,
        offer,
    })
}

/// The lowest valid one below the regular price.
fn offer(kept: &[Kept<SkuRow>], channel: &Channel, tick: Moment, regular: Decimal) -> Option<Decimal> {
    kept.iter()
        .filter_map(|kept| match &kept.row {
            SkuRow::Offer(offer) if kept.gone.is_none() => Some(offer),
            _ => None,
        })
        .filter(|offer| offer.active && offer.from.is_none_or(|from| from <= tick) && offer.until.is_none_or(|until| tick < until))
        .filter(|offer| offer.channels.is_empty() || offer.channels.iter().any(|name| name == channel.name))
        .filter_map(|offer| {
            let amount = offer.amount.map(|amount| amount.decimal());
            let reduced =
                offer.percent.map(|percent| crate::order::share(regular, Decimal::ONE_HUNDRED - percent.decimal(), Decimal::ONE_HUNDRED));
            amount.into_iter().chain(reduced).min()
        })
        .filter(|price| *price < regular)
        .min()
}
