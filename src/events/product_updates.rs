//! `product-updates`: what the shopfront must show of a product. A statement, keyed by channel + SKU.
//!
//! For each channel, once the owner of products has told of it. Prices, offers and blocks begin and end by the
//! clock alone.

use serde::{Deserialize, Serialize};

use super::body::Statement;
use super::outlet::Outlet;
use crate::entities::sku::{Offer, SkuState, offer};
use crate::entities::topics::Topic;
use crate::facts::ids::join_key;
use crate::facts::{Amount, Currency, Moment, Quantity, Sku, Text};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProductUpdate {
    pub id: String,
    pub channel: Text,
    pub sku: Text,
    pub sku_text: Text,
    pub name: Text,
    pub parent: Option<Text>,
    pub options: Vec<(Text, Text)>,
    /// Not for sale.
    pub blocked: bool,
    pub category: Text,
    pub currency: Currency,
    /// The price list's regular price; `None` while there is none.
    pub regular_price: Option<Amount>,
    /// Both prices have tax inside, or tax is added.
    pub tax_inside: bool,
    /// The lowest valid price below it, now.
    pub offer_price: Option<Amount>,
    /// While the offer price holds: from its first moment to the first at which it holds no more; `None` is open.
    pub offer_from: Option<Moment>,
    pub offer_until: Option<Moment>,
    /// Of a kit: what is in one of it.
    pub parts: Vec<ProductPart>,
}

impl Statement for ProductUpdate {
    const TOPIC: Topic = Topic::ProductUpdates;

    fn set_id(&mut self, id: String) {
        self.id = id;
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProductPart {
    pub sku: Text,
    pub pieces: Quantity,
}

/// Says what each channel shows. `Some` when it was looked at: then, when it next changes by the clock alone.
pub(super) fn say(sku: &Sku, state: &mut SkuState, outlet: &mut Outlet<'_>) -> Option<Option<Moment>> {
    let tick = outlet.context.tick;
    if !state.offers_due(tick) {
        return None;
    }
    let (offers, next) = offer::offers(state, outlet.context.rules, tick);
    let updates = offers.iter().map(|offer| (join_key(&[&offer.channel.name, sku.as_str()]), body(offer, sku))).collect();
    outlet.statements::<ProductUpdate>(&mut state.said, updates);
    Some(next)
}

fn body(offer: &Offer<'_>, sku: &Sku) -> ProductUpdate {
    let product = offer.product;
    let reduced = offer.reduced.as_ref();
    let part = |(sku, pieces): &(Sku, Quantity)| ProductPart { sku: sku.as_str().into(), pieces: *pieces };
    ProductUpdate {
        id: String::new(),
        channel: offer.channel.name.clone(),
        sku: sku.as_str().into(),
        sku_text: product.sku_text.clone(),
        name: product.name.clone(),
        parent: product.parent.clone(),
        options: product.options.clone(),
        blocked: offer.blocked,
        category: product.category.clone(),
        currency: offer.channel.currency,
        regular_price: offer.price.map(|price| price.amount),
        tax_inside: offer.price.is_some_and(|price| price.tax_inside),
        offer_price: reduced.map(|reduced| reduced.amount),
        offer_from: reduced.and_then(|reduced| reduced.from),
        offer_until: reduced.and_then(|reduced| reduced.until),
        parts: offer.parts.iter().map(part).collect(),
    }
}
