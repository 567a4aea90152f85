//! Rows of a SKU: counts, what shops hold back, demand, own movements, product and prices.

use serde::{Deserialize, Serialize};

use super::{Amount, Currency, Moment, OrderKey, Quantity, Text};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum SkuRow {
    Count(Count),
    Holding(Holding),
    ShopFigure(ShopFigure),
    Despatched(Despatched),
    Demand(Box<Demand>),
    Product(Box<Product>),
    Price(Price),
}

impl SkuRow {
    pub const COUNT: u8 = 1;
    pub const HOLDING: u8 = 2;
    pub const SHOP_FIGURE: u8 = 3;
    pub const DESPATCHED: u8 = 4;
    pub const DEMAND: u8 = 5;
    pub const PRODUCT: u8 = 6;
    pub const PRICE: u8 = 7;

    pub fn kind(&self) -> u8 {
        match self {
            Self::Count(_) => Self::COUNT,
            Self::Holding(_) => Self::HOLDING,
            Self::ShopFigure(_) => Self::SHOP_FIGURE,
            Self::Despatched(_) => Self::DESPATCHED,
            Self::Demand(_) => Self::DEMAND,
            Self::Product(_) => Self::PRODUCT,
            Self::Price(_) => Self::PRICE,
        }
    }
}

/// What a count leaves out (journey, Stock).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// What the counting system has booked out.
    OnHand,
    /// That, and what it has allocated or committed.
    Free,
}

/// What one system holds of the SKU at a location and bucket. Key: location + bucket.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Count {
    pub location: Text,
    pub bucket: Text,
    pub quantity: Quantity,
    pub basis: Basis,
    /// The moment the count holds for: given by the system, else its record's timestamp.
    pub t0: Moment,
}

/// What a shop subtracts itself from the figure it was given. Key: reservation id (rows that are summed), or location (a total).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Holding {
    /// Configured name of the shop.
    pub shop: Text,
    /// Positive: held back. Magento's reservation of -3 holds back 3.
    pub quantity: Quantity,
}

/// The figure that a shop now has for the SKU. Key: the shop's location.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ShopFigure {
    pub shop: Text,
    pub location: Text,
    pub quantity: Quantity,
}

/// What left the house, straight from the warehouse's record, before anybody knows whose order it was. Key: despatch number + SKU (+ lot).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Despatched {
    pub location: Text,
    pub quantity: Quantity,
    pub despatched_at: Moment,
}

/// A line of an order that needs stock: derived by the order. Key: order | line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Demand {
    pub order: OrderKey,
    /// The order's public number, for people.
    pub number: Text,
    pub channel: Text,
    pub placed_at: Moment,
    /// Where the line is to be sent from, once known.
    pub location: Option<Text>,
    /// max(ordered - cancelled, despatched), in base units.
    pub claim: Quantity,
    /// Which despatches of which quantity this line has had.
    pub despatched: Vec<DemandDespatch>,
}

/// A despatch, or a part of it, that an order has told to be for one of its lines.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DemandDespatch {
    /// The key of the warehouse's [`Despatched`] row.
    pub key: Text,
    pub location: Text,
    pub quantity: Quantity,
    pub despatched_at: Moment,
}

/// The product or variation. Key: the ERP's item and variant. Owner: the ERP; shops bring rows of their own for their ids.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Product {
    /// The SKU as the source spells it.
    pub sku_text: Text,
    pub name: Text,
    /// The SKU of the product that this is a variation of.
    pub parent: Option<Text>,
    /// Option name and value: ("Size", "M").
    pub options: Vec<(Text, Text)>,
    pub blocked: bool,
    pub category: Text,
    pub backorder_allowed: bool,
}

/// A price of one list. Key: list + currency + unit + minimum + from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Price {
    pub list: Text,
    pub currency: Currency,
    pub amount: Amount,
    pub tax_inside: bool,
    /// Least quantity it holds for, in sales units.
    pub minimum: Quantity,
    /// Civil dates of the list's zone, as moments at its midnight; `None` is open.
    pub from: Option<Moment>,
    /// Last day inclusive.
    pub to: Option<Moment>,
}
