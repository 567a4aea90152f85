//! What a variation derives for its product, and a product for its variations.
//!
//! A variation names itself to the product that it is one of. That product passes its prices and offers on to its variations; there they hold
//! where the variation has none of its own.

use super::fact::DerivedRow;
use crate::entities::KeptRow;
use crate::entities::rules::{Authority, Rules};
use crate::entities::sku::offer;
use crate::entities::sku::state::SkuState;
use crate::facts::ids::join_key;
use crate::facts::sku::Variation;
use crate::facts::{RowKey, Sku, SkuRow, SourceId, Text};

/// For the product that it is a variation of, when that has changed; and that product, as last derived.
pub(super) fn for_product(sku: &Sku, state: &SkuState, rules: &Rules) -> (Vec<DerivedRow>, Option<Text>) {
    let before = &state.last_derived.parent;
    if !state.unsealed.offers {
        return (Vec::new(), before.clone());
    }
    let product = offer::product(state, rules).filter(|(_, gone)| !gone);
    let parent = product.and_then(|(product, _)| product.parent.clone()).filter(|parent| parent != sku.as_str());
    if parent == *before {
        return (Vec::new(), parent);
    }
    let fact = |to: &Sku, row| DerivedRow::sku(to, SkuRow::VARIATION, sku.as_str().into(), row);
    let left = before.as_deref().and_then(Sku::new).map(|before| fact(&before, None));
    let joined = parent.as_deref().and_then(Sku::new).map(|now| fact(&now, Some(SkuRow::Variation(Variation { sku: sku.clone() }))));
    (left.into_iter().chain(joined).collect(), parent)
}

/// For its variations: prices and offers that changed; all of them, when its variations changed.
pub(super) fn for_variations(sku: &Sku, state: &SkuState, rules: &Rules) -> Vec<DerivedRow> {
    let own = |key: &RowKey| key.source != SourceId::WAYBILL && rules.counts_from(Authority::Prices, key.source);
    let changed: Vec<RowKey> = if state.unsealed.variations {
        let rows = state.of_kind(SkuRow::PRICE).chain(state.of_kind(SkuRow::OFFER));
        rows.map(|(key, _)| key.clone()).filter(own).collect()
    } else {
        state.unsealed.prices.iter().filter(|key| own(key)).cloned().collect()
    };
    let mut facts = Vec::new();
    for (_, kept) in state.of_kind(SkuRow::VARIATION) {
        let Some(SkuRow::Variation(variation)) = kept.content() else { continue };
        for key in &changed {
            let row = state.row(key).and_then(KeptRow::live).filter(|_| !kept.is_deleted()).cloned();
            facts.push(DerivedRow::sku(&variation.sku, key.kind, join_key(&[sku.as_str(), &key.source.0.to_string(), &key.id]), row));
        }
    }
    facts
}
