//! What a SKU tells other SKUs, and orders: derived rows, owned by Waybill itself, told when they change.
//!
//! A kit and its parts: see [`super::kit`]. A variation tells the product that it is one of; that product tells its variations its prices and
//! offers, which hold for them where they have none of their own.
//!
//! An order that wants the SKU hears while a warehouse does not know it, and while it waits for goods that may be sold before they are there; one that
//! waits for returned goods hears once a count holds them.

use super::counts::Counts;
use super::kit;
use super::state::SkuState;
use super::stock::ChannelStock;
use crate::entities::Kept;
use crate::entities::rules::{Authority, Rules};
use crate::facts::ids::join_key;
use crate::facts::order::{self, NotStocked};
use crate::facts::sku::Variation;
use crate::facts::{OrderKey, OrderRow, Row, RowKey, Sku, SkuRow, SourceId, Subject, Text};

/// Takes what is told: to whom, which row, and how it stands (`None`: withdrawn).
pub struct Tell<'t>(pub &'t mut dyn FnMut(Subject, RowKey, Option<Row>));

impl Tell<'_> {
    pub(super) fn row(&mut self, to: &Sku, kind: u8, id: Text, row: Option<SkuRow>) {
        (self.0)(Subject::Sku(to.clone()), RowKey { kind, source: SourceId::WAYBILL, id }, row.map(Row::Sku));
    }

    pub(super) fn order(&mut self, to: &OrderKey, kind: u8, id: Text, row: Option<OrderRow>) {
        (self.0)(Subject::Order(to.clone()), RowKey { kind, source: SourceId::WAYBILL, id }, row.map(Row::Order));
    }
}

impl SkuState {
    /// Tells other SKUs what has changed for them since the last seal.
    pub fn tell(&mut self, sku: &Sku, rules: &Rules, figures: &[ChannelStock], mut tell: Tell<'_>) {
        kit::tell(sku, self, rules, figures, &mut tell);
        self.tell_parent(sku, rules, &mut tell);
        self.tell_variations(sku, rules, &mut tell);
        self.tell_not_stocked(sku, &mut tell);
        self.tell_counted(sku, rules, &mut tell);
        super::backorders::tell(sku, self, rules, figures, &mut tell);
    }

    /// Which warehouses do not know it: each order that wants it, when that has changed; a new one only where there is such a warehouse.
    fn tell_not_stocked(&self, sku: &Sku, tell: &mut Tell<'_>) {
        let items = self.of_kind(SkuRow::WAREHOUSE_ITEM).map(|(key, kept)| match kept.live() {
            Some(SkuRow::WarehouseItem(item)) => (key.source, !item.known),
            // It knew the item, and knows it no more.
            _ => (key.source, true),
        });
        let items: Vec<(SourceId, bool)> = items.collect();
        let told = |key: &RowKey, all: bool, tell: &mut Tell<'_>| {
            // A kit's parts are on no line of the order.
            let Some(demand) = self.demand(key).filter(|demand| demand.via.is_empty()) else { return };
            for (warehouse, lacks) in items.iter().filter(|(_, lacks)| all || *lacks) {
                let row = OrderRow::NotStocked(NotStocked { sku: sku.clone(), warehouse: *warehouse });
                let id = join_key(&[sku.as_str(), &warehouse.0.to_string()]);
                tell.order(&demand.order, OrderRow::NOT_STOCKED, id, lacks.then_some(row));
            }
        };
        if self.unsealed.items {
            self.of_kind(SkuRow::DEMAND).for_each(|(key, _)| told(key, true, tell));
        } else if !items.is_empty() {
            self.unsealed.rows.iter().filter(|key| key.kind == SkuRow::DEMAND).for_each(|key| told(key, false, tell));
        }
    }

    /// The orders whose returned goods a newer count holds. What has no count, a kit, needs none: its parts have theirs.
    fn tell_counted(&self, sku: &Sku, rules: &Rules, tell: &mut Tell<'_>) {
        if !self.unsealed.returned && !self.unsealed.counts {
            return;
        }
        let waiting = || self.of_kind(SkuRow::RETURNED).filter_map(|(_, kept)| kept.live());
        if waiting().next().is_none() {
            return;
        }
        let counts = Counts::of(self, rules);
        let uncounted = kit::is_kit(self, rules) || super::offer::product(self, rules).is_some_and(|(product, _)| product.untracked);
        for row in waiting() {
            let SkuRow::Returned(row) = row else { continue };
            let code = rules.location(&row.location).map_or("", |location| location.code.as_str());
            if uncounted || counts.as_of(code).is_some_and(|as_of| as_of.t0 >= row.received_at) {
                let counted = OrderRow::Counted(order::Counted { received_at: row.received_at });
                tell.order(&row.order, OrderRow::COUNTED, join_key(&[sku.as_str(), &row.receipt]), Some(counted));
            }
        }
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
                let row = self.row(key).and_then(Kept::live).filter(|_| !kept.is_deleted()).cloned();
                tell.row(&variation.sku, key.kind, join_key(&[sku.as_str(), &key.source.0.to_string(), &key.id]), row);
            }
        }
    }
}
