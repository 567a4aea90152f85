//! What a SKU tells other SKUs: derived rows, owned by Waybill itself, told when they change.
//!
//! A kit and its parts: see [`super::kit`]. A variation tells the product that it is one of; that product tells its variations its prices and
//! offers, which hold for them where they have none of their own.

use super::kit;
use super::state::SkuState;
use super::stock::ChannelStock;
use crate::entities::Kept;
use crate::entities::rules::{Authority, Rules};
use crate::facts::ids::join_key;
use crate::facts::sku::Variation;
use crate::facts::{RowKey, Sku, SkuRow, SourceId, Text};

/// Takes what is told: to whom, which row, and how it stands (`None`: withdrawn).
pub struct Tell<'t>(pub &'t mut dyn FnMut(&Sku, RowKey, Option<SkuRow>));

impl Tell<'_> {
    pub(super) fn row(&mut self, to: &Sku, kind: u8, id: Text, row: Option<SkuRow>) {
        (self.0)(to, RowKey { kind, source: SourceId::WAYBILL, id }, row);
    }
}

impl SkuState {
    /// Tells other SKUs what has changed for them since the last seal.
    pub fn tell(&mut self, sku: &Sku, rules: &Rules, figures: &[ChannelStock], mut tell: Tell<'_>) {
        kit::tell(sku, self, rules, figures, &mut tell);
        self.tell_parent(sku, rules, &mut tell);
        self.tell_variations(sku, rules, &mut tell);
    }

    fn tell_parent(&mut self, sku: &Sku, rules: &Rules, tell: &mut Tell<'_>) {
        if !self.unsealed.offers {
            return;
        }
        let product = super::offer::product(self, rules).filter(|(_, gone)| !gone);
        let parent = product.and_then(|(product, _)| product.parent.clone()).filter(|parent| parent != sku.as_str());
        if parent == self.told.parent {
            return;
        }
        if let Some(before) = self.told.parent.as_deref().and_then(Sku::new) {
            tell.row(&before, SkuRow::VARIATION, sku.as_str().into(), None);
        }
        if let Some(now) = parent.as_deref().and_then(Sku::new) {
            tell.row(&now, SkuRow::VARIATION, sku.as_str().into(), Some(SkuRow::Variation(Variation { sku: sku.clone() })));
        }
        self.told.parent = parent;
    }

    fn tell_variations(&self, sku: &Sku, rules: &Rules, tell: &mut Tell<'_>) {
        let own = |key: &RowKey| key.source != SourceId::WAYBILL && rules.counts_from(Authority::Prices, key.source);
        let changed: Vec<RowKey> = if self.unsealed.variations {
            let rows = self.of_kind(SkuRow::PRICE).chain(self.of_kind(SkuRow::OFFER));
            rows.map(|(key, _)| key.clone()).filter(own).collect()
        } else {
            self.unsealed.prices.iter().filter(|key| own(key)).cloned().collect()
        };
        for (_, kept) in self.of_kind(SkuRow::VARIATION) {
            let Some(SkuRow::Variation(variation)) = kept.content() else { continue };
            for key in &changed {
                let row = self.row(key).and_then(Kept::live).filter(|_| kept.gone.is_none()).cloned();
                tell.row(&variation.sku, key.kind, join_key(&[sku.as_str(), &key.source.0.to_string(), &key.id]), row);
            }
        }
    }
}
