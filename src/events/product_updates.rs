//! `product-updates`: what the shopfront must show of a product. A statement, keyed by channel + SKU.
//!
//! For each channel, once the owner of products has a row of it. Prices, offers and blocks begin and end by the clock alone.

use serde::{Deserialize, Serialize};

use super::body::Statement;
use super::outlet::Outlet;
use crate::entities::sku::{ChannelOffer, SkuState, offer};
use crate::entities::topics::Topic;
use crate::facts::ids::join_key;
use crate::facts::{Amount, Currency, Moment, Quantity, Sku, Text};

/// Statement for a channel's shop: what to show of a product. Newest wins. Keyed by channel and SKU.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProductUpdate {
    /// `topic|key|generation|revision`: no two events share one. The same as the header `id`.
    pub id: String,
    /// The sales channel, as the configuration names it.
    pub channel: Text,
    /// SKU of the goods: trimmed, Unicode NFC, upper case.
    pub sku: Text,
    /// The SKU as the product's source spells it.
    pub sku_text: Text,
    /// Name for customers, by the product's source.
    pub name: Text,
    /// SKU of the product that this is a variation of; null if none.
    pub parent: Option<Text>,
    /// Options of a variation: pairs of name and value.
    pub options: Vec<(Text, Text)>,
    /// Not for sale.
    pub blocked: bool,
    /// Category, in the word of the product's source; empty if none.
    pub category: Text,
    /// Of the price: the channel's.
    pub currency: Currency,
    /// The price list's regular price of one sales unit; null while there is none.
    pub regular_price: Option<Amount>,
    /// Both prices have tax inside; else tax is added.
    pub tax_inside: bool,
    /// The lowest valid price below the regular one, now; null while there is none.
    pub offer_price: Option<Amount>,
    /// The first moment of the offer price; null if it is open.
    pub offer_from: Option<Moment>,
    /// The first moment at which the offer price holds no more; null if it is open.
    pub offer_until: Option<Moment>,
    /// Parts of a kit; empty if it is none.
    pub parts: Vec<ProductPart>,
}

impl Statement for ProductUpdate {
    const TOPIC: Topic = Topic::ProductUpdates;
}

/// What is in one kit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProductPart {
    /// SKU of the part.
    pub sku: Text,
    /// Of the part in one kit.
    pub pieces: Quantity,
}

/// Emits what each channel shows. `Some` when it was computed: then, when it next changes by the clock alone.
pub(super) fn emit(sku: &Sku, state: &mut SkuState, outlet: &mut Outlet<'_>) -> Option<Option<Moment>> {
    let tick = outlet.context.tick;
    if !state.offers_due(tick) {
        return None;
    }
    let (offers, next) = offer::offers(state, outlet.context.rules, tick);
    let updates = offers.iter().map(|offer| (join_key(&[&offer.channel.name, sku.as_str()]), body(offer, sku))).collect();
    outlet.emit_all::<ProductUpdate>(&mut state.last_emitted, updates);
    Some(next)
}

fn body(offer: &ChannelOffer<'_>, sku: &Sku) -> ProductUpdate {
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
