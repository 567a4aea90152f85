//! `product-updates`: what the shopfront must show of a product. A statement, keyed by channel + SKU.

use serde::{Deserialize, Serialize};

use crate::facts::{Amount, Currency, Text};

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
    pub tax_inside: bool,
}
super::body!(ProductUpdate, ProductUpdates);
