//! What a SKU derives for the orders that want it, or that got it back.

use super::fact::DerivedRow;
use crate::entities::rules::Rules;
use crate::entities::sku::counts::StockCounts;
use crate::entities::sku::state::SkuState;
use crate::entities::sku::{kit, offer};
use crate::facts::ids::join_key;
use crate::facts::order::{Counted, NotStocked};
use crate::facts::sku::Returned;
use crate::facts::{OrderRow, RowKey, Sku, SkuRow, SourceId};

/// Which warehouses do not know the SKU. Every order that wants it, when that has changed; an order's new line only where there is such a
/// warehouse.
pub(super) fn not_stocked(sku: &Sku, state: &SkuState) -> Vec<DerivedRow> {
    let items = state.of_kind(SkuRow::WAREHOUSE_ITEM).map(|(key, kept)| match kept.live() {
        Some(SkuRow::WarehouseItem(item)) => (key.source, !item.known),
        // It knew the item, and knows it no more.
        _ => (key.source, true),
    });
    let items: Vec<(SourceId, bool)> = items.collect();
    let of_line = |key: &RowKey, all: bool| {
        // A kit's parts are on no line of the order.
        let demand = state.demand(key).filter(|demand| demand.via.is_empty());
        let facts = demand.into_iter().flat_map(|demand| {
            items.iter().filter(move |(_, lacks)| all || *lacks).map(|(warehouse, lacks)| {
                let row = OrderRow::NotStocked(NotStocked { sku: sku.clone(), warehouse: *warehouse });
                let id = join_key(&[sku.as_str(), &warehouse.0.to_string()]);
                DerivedRow::order(&demand.order, OrderRow::NOT_STOCKED, id, lacks.then_some(row))
            })
        });
        facts.collect::<Vec<_>>()
    };
    if state.unsealed.items {
        state.of_kind(SkuRow::DEMAND).flat_map(|(key, _)| of_line(key, true)).collect()
    } else if items.is_empty() {
        Vec::new()
    } else {
        state.unsealed.rows.iter().filter(|key| key.kind == SkuRow::DEMAND).flat_map(|key| of_line(key, false)).collect()
    }
}

/// The orders whose returned goods a newer count holds. What has no count, a kit, needs none: its parts have theirs.
pub(super) fn counted(sku: &Sku, state: &SkuState, rules: &Rules, counts: &StockCounts<'_>) -> Vec<DerivedRow> {
    if !state.unsealed.returned && !state.unsealed.counts {
        return Vec::new();
    }
    let uncounted = kit::is_kit(state, rules) || offer::product(state, rules).is_some_and(|(product, _)| product.untracked);
    let waiting = state.of_kind(SkuRow::RETURNED).filter_map(|(_, kept)| match kept.live() {
        Some(SkuRow::Returned(row)) => Some(row.as_ref()),
        _ => None,
    });
    let holds = |row: &&Returned| {
        let code = rules.location(&row.location).map_or("", |location| location.code.as_str());
        uncounted || counts.as_of(code).is_some_and(|as_of| as_of.counted_at >= row.received_at)
    };
    let fact = |row: &Returned| {
        let counted = OrderRow::Counted(Counted { received_at: row.received_at });
        DerivedRow::order(&row.order, OrderRow::COUNTED, join_key(&[sku.as_str(), &row.receipt]), Some(counted))
    };
    waiting.filter(holds).map(fact).collect()
}
