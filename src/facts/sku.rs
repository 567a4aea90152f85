//! Rows of a SKU: counts, what shops hold back, demand, own movements, product and prices.

use serde::{Deserialize, Serialize};

use super::order::Decision;
use super::{Amount, Currency, Moment, OrderKey, Quantity, Sku, SourceId, Text, Version};

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
    Movement(Movement),
    Offer(Box<Offer>),
    KitPart(KitPart),
    UsedIn(UsedIn),
    PartFigure(PartFigure),
    WarehouseItem(WarehouseItem),
    Expected(Expected),
    Decision(Box<Decision>),
    Variation(Variation),
    Returned(Box<Returned>),
}

impl SkuRow {
    pub const COUNT: u8 = 1;
    pub const HOLDING: u8 = 2;
    pub const SHOP_FIGURE: u8 = 3;
    pub const DESPATCHED: u8 = 4;
    pub const DEMAND: u8 = 5;
    pub const PRODUCT: u8 = 6;
    pub const PRICE: u8 = 7;
    pub const MOVEMENT: u8 = 8;
    pub const OFFER: u8 = 9;
    pub const KIT_PART: u8 = 10;
    pub const USED_IN: u8 = 11;
    pub const PART_FIGURE: u8 = 12;
    pub const WAREHOUSE_ITEM: u8 = 13;
    pub const EXPECTED: u8 = 14;
    pub const DECISION: u8 = 15;
    pub const VARIATION: u8 = 16;
    pub const RETURNED: u8 = 17;
    /// The largest of them.
    pub const LAST: u8 = Self::RETURNED;

    pub fn kind(&self) -> u8 {
        match self {
            Self::Count(_) => Self::COUNT,
            Self::Holding(_) => Self::HOLDING,
            Self::ShopFigure(_) => Self::SHOP_FIGURE,
            Self::Despatched(_) => Self::DESPATCHED,
            Self::Demand(_) => Self::DEMAND,
            Self::Product(_) => Self::PRODUCT,
            Self::Price(_) => Self::PRICE,
            Self::Movement(_) => Self::MOVEMENT,
            Self::Offer(_) => Self::OFFER,
            Self::KitPart(_) => Self::KIT_PART,
            Self::UsedIn(_) => Self::USED_IN,
            Self::PartFigure(_) => Self::PART_FIGURE,
            Self::WarehouseItem(_) => Self::WAREHOUSE_ITEM,
            Self::Expected(_) => Self::EXPECTED,
            Self::Decision(_) => Self::DECISION,
            Self::Variation(_) => Self::VARIATION,
            Self::Returned(_) => Self::RETURNED,
        }
    }
}

/// What a count leaves out (journey, Stock).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Basis {
    /// What the counting system has posted as gone.
    #[default]
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
    /// What the figure leaves out, where the shop's is the count of its location.
    pub basis: Basis,
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
    /// What counting systems say to have allocated to this line: a count of basis `free` excludes it. What has left counts as allocated before
    /// it left.
    pub allocated: Vec<Allocation>,
    /// What counting systems have posted for this line by rows of their own, where another system reports the despatch.
    pub posted: Vec<Allocation>,
    /// What the customer was shown, to be compared with the prices of that moment.
    pub price: Option<LinePrice>,
    /// The kits through which the line came to this part, the outermost first; empty for an order's own line.
    pub via: Vec<Sku>,
}

/// The price of one piece as the order has it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LinePrice {
    pub amount: Amount,
    pub currency: Currency,
    pub tax_inside: bool,
}

/// Pieces of a line that a counting system leaves out of its count since a moment: the warehouse allocated them, the shop committed them when
/// the order was placed in it, or the ERP has posted their shipment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Allocation {
    /// The counting system that says so.
    pub source: SourceId,
    /// Where; empty: wherever the line is.
    pub location: Text,
    /// Signed: an undone shipment is below zero.
    pub quantity: Quantity,
    pub at: Moment,
    /// Of the row that says so, where it is a position in the source's log.
    pub version: Option<Version>,
}

/// A despatch, or a part of it, that an order has told to be for one of its lines.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DemandDespatch {
    /// The key of the warehouse's [`Despatched`] row.
    pub key: Text,
    pub location: Text,
    pub quantity: Quantity,
    pub despatched_at: Moment,
    /// Who tells of it.
    pub source: SourceId,
    /// Of the row that tells of it, where it is a position in the source's log.
    pub version: Option<Version>,
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
    /// Not for sale from this moment on.
    pub blocked_from: Option<Moment>,
    /// No stock is kept of it: it can always be sold.
    pub untracked: bool,
    /// The unit that it is sold in; empty: not told.
    pub sales_unit: Text,
}

/// A movement between counts, from a source that counts now and then and sends deltas between. Key: the source's id of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Movement {
    pub location: Text,
    pub bucket: Text,
    /// Signed: pieces that came (or, below zero, went).
    pub quantity: Quantity,
    pub moved_at: Moment,
    /// `receipt`, `adjustment`, `transfer`, `despatch` ...: as the source says.
    pub cause: Text,
}

/// A reduced price for a time. Key: the offer's id.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Offer {
    pub name: Text,
    /// The price of one piece, or a percentage off the regular price; of both the lower counts.
    pub amount: Option<Amount>,
    pub currency: Option<Currency>,
    pub percent: Option<Quantity>,
    pub from: Option<Moment>,
    /// The first moment at which it holds no more.
    pub until: Option<Moment>,
    pub active: bool,
    /// Channels that it holds for; empty: all.
    pub channels: Vec<Text>,
}

/// That this SKU is a kit, and what is in one of it. Key: the part's SKU. A kit has no count: its figure is the least over its parts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KitPart {
    pub part: Sku,
    pub pieces: Quantity,
}

/// The same fact, told to the part: which kit it is used in. Key: the kit's SKU.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UsedIn {
    pub kit: Sku,
    pub pieces: Quantity,
    /// The kits that this kit is itself used in, directly or not.
    pub above: Vec<Sku>,
}

/// That another SKU is a variation of this one, told by it: prices and offers of this one hold for it too. Derived. Key: the variation's SKU.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Variation {
    pub sku: Sku,
}

/// Sellable goods that an order got back and that wait for their count, told by the order. Derived. Key: order + the receipt's row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Returned {
    pub order: OrderKey,
    /// The receipt's row.
    pub receipt: Text,
    pub location: Text,
    pub received_at: Moment,
}

/// What a part tells the kits it is used in: its free pieces in a channel. Derived. Key: part + channel.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PartFigure {
    pub part: Sku,
    pub channel: Text,
    /// `None`: never counted.
    pub free: Option<Quantity>,
}

/// Whether a warehouse knows the SKU. Key: the warehouse's item. A source that sends none: every SKU counts as known.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WarehouseItem {
    pub known: bool,
    pub blocked: bool,
}

/// Goods that are on order. Key: the ERP's purchase line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Expected {
    pub location: Text,
    /// Still to come.
    pub quantity: Quantity,
    pub expected_at: Moment,
}

/// A price of one list. Key: list + currency + unit + minimum + from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Price {
    pub list: Text,
    pub currency: Currency,
    pub amount: Amount,
    pub tax_inside: bool,
    /// The unit it is the price of; empty: the sales unit.
    pub unit: Text,
    /// Least quantity it holds for, in sales units.
    pub minimum: Quantity,
    /// Civil dates of the list's zone, as moments at its midnight; `None` is open.
    pub from: Option<Moment>,
    /// Last day inclusive.
    pub to: Option<Moment>,
}
