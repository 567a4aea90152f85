//! A derived fact of a SKU.

use crate::facts::{OrderKey, OrderRow, Row, RowKey, Sku, SkuRow, SourceId, Subject, Text};

/// A row for another SKU or an order, owned by Waybill itself.
#[derive(Clone, Debug, PartialEq)]
pub struct DerivedRow {
    /// The entity that it is for.
    pub to: Subject,
    /// Which row.
    pub key: RowKey,
    /// The row as it stands now; `None`: withdrawn.
    pub row: Option<Row>,
}

impl DerivedRow {
    /// For another SKU.
    pub(super) fn sku(to: &Sku, kind: u8, id: Text, row: Option<SkuRow>) -> Self {
        Self { to: Subject::Sku(to.clone()), key: RowKey { kind, source: SourceId::WAYBILL, id }, row: row.map(Row::Sku) }
    }

    /// For an order.
    pub(super) fn order(to: &OrderKey, kind: u8, id: Text, row: Option<OrderRow>) -> Self {
        Self { to: Subject::Order(to.clone()), key: RowKey { kind, source: SourceId::WAYBILL, id }, row: row.map(Row::Order) }
    }
}
