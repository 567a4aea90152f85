//! A shop's catalogue: product, price, offer and what the shop never sells, from the values that stand under the shop's own id of the product.
//!
//! Values come from several tables, in any order. Once the one that names the SKU is there, the SKU has the rows; they are the shop's, as if it had
//! written them under the SKU. When another SKU is named, the one before has them no more.

use super::fact::DerivedRow;
use crate::entities::sku::state::SkuState;
use crate::facts::sku::{CatalogueValue, Holding, Offer, Price, Product};
use crate::facts::{Quantity, RowKey, Sku, SkuRow, SourceId, Text};

/// The rows of the SKU that this id of a product is, when a value has changed; and that SKU.
pub(super) fn for_sku(id: &Sku, state: &SkuState) -> (Vec<DerivedRow>, Option<Text>) {
    let before = state.last_derived.catalogue.clone();
    if !state.unsealed.catalogue {
        return (Vec::new(), before);
    }
    let Some((key, _)) = state.of_kind(SkuRow::CATALOGUE).next() else { return (Vec::new(), before) };
    let source = key.source;
    let values: Vec<&CatalogueValue> = state
        .of_kind(SkuRow::CATALOGUE)
        .filter_map(|(_, kept)| match kept.live() {
            Some(SkuRow::Catalogue(value)) => Some(value),
            _ => None,
        })
        .collect();
    let named = values.iter().find_map(|value| if let CatalogueValue::Sku(text) = value { Some(text) } else { None });
    let now = named.filter(|text| Sku::new(text).is_some());
    let rows = now.map(|text| rows(text, &values));
    let mut facts = Vec::new();
    if let Some(left) = before.as_deref().and_then(Sku::new).filter(|left| now.and_then(|text| Sku::new(text)).as_ref() != Some(left)) {
        facts.extend(facts_of(&left, id, source, Rows::default()));
    }
    if let (Some(sku), Some(rows)) = (now.and_then(|text| Sku::new(text)), rows) {
        facts.extend(facts_of(&sku, id, source, rows));
    }
    (facts, now.cloned())
}

/// What the SKU has; `None`: not this.
#[derive(Default)]
struct Rows {
    product: Option<Product>,
    price: Option<Price>,
    offer: Option<Offer>,
    kept_back: Option<(Text, Quantity)>,
}

fn rows(sku_text: &Text, values: &[&CatalogueValue]) -> Rows {
    let mut product = Product { sku_text: sku_text.clone(), ..Product::default() };
    let (mut rows, mut special) = (Rows::default(), special_price());
    for value in values {
        match value {
            CatalogueValue::Sku(_) => {}
            CatalogueValue::Name(name) => product.name = name.clone(),
            CatalogueValue::Price { amount, currency, tax_inside } => {
                special.currency = Some(*currency);
                rows.price = Some(Price {
                    list: Text::default(),
                    currency: *currency,
                    amount: *amount,
                    tax_inside: *tax_inside,
                    unit: Text::default(),
                    minimum: Quantity::from_int(1),
                    from: None,
                    to: None,
                });
            }
            CatalogueValue::SpecialPrice(amount) => special.amount = Some(*amount),
            CatalogueValue::SpecialFrom(from) => special.from = Some(*from),
            CatalogueValue::SpecialUntil(until) => special.until = Some(*until),
            CatalogueValue::Disabled(disabled) => product.blocked = *disabled,
            CatalogueValue::Stock { shop, backorder_allowed, untracked, kept_back } => {
                product.backorder_allowed = backorder_allowed.unwrap_or(false);
                product.untracked = untracked.unwrap_or(false);
                rows.kept_back = kept_back.filter(|pieces| pieces.is_positive()).map(|pieces| (shop.clone(), pieces));
            }
        }
    }
    rows.offer = Some(special).filter(|special| special.amount.is_some() && special.currency.is_some());
    Rows { product: Some(product), ..rows }
}

fn facts_of(sku: &Sku, id: &Sku, source: SourceId, rows: Rows) -> Vec<DerivedRow> {
    let held = rows.kept_back.map(|(shop, quantity)| SkuRow::Holding(Holding { shop, stock: Text::default(), quantity }));
    let of_kinds = [
        (SkuRow::PRODUCT, rows.product.map(|product| SkuRow::Product(Box::new(product)))),
        (SkuRow::PRICE, rows.price.map(SkuRow::Price)),
        (SkuRow::OFFER, rows.offer.map(|offer| SkuRow::Offer(Box::new(offer)))),
        (SkuRow::HOLDING, held),
    ];
    let fact = |(kind, row)| {
        let of_waybill = DerivedRow::sku(sku, kind, id.as_str().into(), row);
        DerivedRow { key: RowKey { source, ..of_waybill.key.clone() }, ..of_waybill }
    };
    of_kinds.into_iter().map(fact).collect()
}

/// A special price: it holds in all channels, for as long as its dates say.
fn special_price() -> Offer {
    Offer {
        name: "special price".into(),
        amount: None,
        currency: None,
        percent: None,
        from: None,
        until: None,
        active: true,
        channels: Vec::new(),
    }
}
