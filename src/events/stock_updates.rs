//! `stock-updates`: what a channel's shop must show, and write, for a SKU. A statement, keyed by channel + SKU.

use serde::{Deserialize, Serialize};

use crate::facts::sku::Basis;
use crate::facts::{Moment, Quantity, Text};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StockUpdate {
    pub id: String,
    pub channel: Text,
    pub sku: Text,
    /// As the product's source spells it.
    pub sku_text: Text,
    pub counts: Vec<CountPart>,
    /// Sum of claims that no count leaves out yet.
    pub claims_open: Quantity,
    /// Despatched pieces whose order is not known yet and which no count leaves out yet.
    pub unresolved: Quantity,
    pub free: Quantity,
    pub safety_stock: Quantity,
    /// max(0, free - safety stock).
    pub shown: Quantity,
    /// What the shop still subtracts itself.
    pub held_by_shop: Quantity,
    /// shown + held by the shop: the figure to write.
    pub to_write: Quantity,
    /// The shop's last seen figure, for a compare-and-set.
    pub shop_figure: Option<Quantity>,
    pub backorder_allowed: bool,
}
super::body!(StockUpdate, StockUpdates);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CountPart {
    pub location: Text,
    pub bucket: Text,
    pub quantity: Quantity,
    pub basis: Basis,
    /// The moment that the count holds for.
    pub t0: Moment,
}
