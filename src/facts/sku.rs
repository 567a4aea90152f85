//! Rows of a SKU: counts, what shops hold back, demand, own movements, product and prices.

use serde::{Deserialize, Serialize};

use super::order::Decision;
use super::{Amount, Currency, Moment, OrderKey, Quantity, Sku, SourceId, Text, Version};

/// A row of a SKU.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum SkuRow {
    /// What a system counts.
    Count(Count),
    /// What a shop subtracts itself.
    Holding(Holding),
    /// The figure that a shop has.
    ShopFigure(ShopFigure),
    /// What left, by the warehouse's own record.
    Despatched(Despatched),
    /// A line of an order.
    Demand(Box<Demand>),
    /// The product or variation.
    Product(Box<Product>),
    /// A price of a list.
    Price(Price),
    /// What moved between counts.
    Movement(Movement),
    /// A reduced price.
    Offer(Box<Offer>),
    /// A part of this kit.
    KitPart(KitPart),
    /// A kit that this part is used in.
    UsedIn(UsedIn),
    /// What a part of this kit has free.
    PartFigure(PartFigure),
    /// Whether a warehouse knows the SKU.
    WarehouseItem(WarehouseItem),
    /// Goods on order.
    Expected(Expected),
    /// What a person decided.
    Decision(Box<Decision>),
    /// A variation of this product.
    Variation(Variation),
    /// Returned goods that wait for their count.
    Returned(Box<Returned>),
    /// A value of a shop's catalogue, under the shop's id of the product.
    Catalogue(CatalogueValue),
}

impl SkuRow {
    /// The kind of [`Self::Count`].
    pub const COUNT: u8 = 1;
    /// The kind of [`Self::Holding`].
    pub const HOLDING: u8 = 2;
    /// The kind of [`Self::ShopFigure`].
    pub const SHOP_FIGURE: u8 = 3;
    /// The kind of [`Self::Despatched`].
    pub const DESPATCHED: u8 = 4;
    /// The kind of [`Self::Demand`].
    pub const DEMAND: u8 = 5;
    /// The kind of [`Self::Product`].
    pub const PRODUCT: u8 = 6;
    /// The kind of [`Self::Price`].
    pub const PRICE: u8 = 7;
    /// The kind of [`Self::Movement`].
    pub const MOVEMENT: u8 = 8;
    /// The kind of [`Self::Offer`].
    pub const OFFER: u8 = 9;
    /// The kind of [`Self::KitPart`].
    pub const KIT_PART: u8 = 10;
    /// The kind of [`Self::UsedIn`].
    pub const USED_IN: u8 = 11;
    /// The kind of [`Self::PartFigure`].
    pub const PART_FIGURE: u8 = 12;
    /// The kind of [`Self::WarehouseItem`].
    pub const WAREHOUSE_ITEM: u8 = 13;
    /// The kind of [`Self::Expected`].
    pub const EXPECTED: u8 = 14;
    /// The kind of [`Self::Decision`].
    pub const DECISION: u8 = 15;
    /// The kind of [`Self::Variation`].
    pub const VARIATION: u8 = 16;
    /// The kind of [`Self::Returned`].
    pub const RETURNED: u8 = 17;
    /// The kind of [`Self::Catalogue`].
    pub const CATALOGUE: u8 = 18;
    /// The largest of them.
    pub const LAST: u8 = Self::CATALOGUE;

    /// The number of its kind.
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
            Self::Catalogue(_) => Self::CATALOGUE,
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
    /// Where, as the source spells it.
    pub location: Text,
    /// A part of the location's stock, as the source names it (`main`, `damaged` ...); empty: all.
    pub bucket: Text,
    /// Pieces.
    pub quantity: Quantity,
    /// What the count excludes.
    pub basis: Basis,
    /// The moment the count holds for: given by the system, else its record's timestamp.
    pub counted_at: Moment,
}

/// What a shop subtracts itself from the figure it was given. Key: reservation id (rows that are summed), or location (a total).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Holding {
    /// Configured name of the shop.
    pub shop: Text,
    /// Which of the shop's stocks it is held back in, where it keeps several; empty: it keeps one.
    pub stock: Text,
    /// Positive: held back. Magento's reservation of -3 holds back 3.
    pub quantity: Quantity,
}

/// The figure that a shop now has for the SKU. Key: the shop's location.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ShopFigure {
    /// Configured name of the shop.
    pub shop: Text,
    /// Where, as the shop spells it.
    pub location: Text,
    /// Pieces.
    pub quantity: Quantity,
    /// What the figure leaves out, where the shop's is the count of its location.
    pub basis: Basis,
}

/// What left the house, straight from the warehouse's record, before anybody knows whose order it was. Key: despatch number + SKU (+ lot).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Despatched {
    /// Where from, as the warehouse spells it.
    pub location: Text,
    /// Pieces.
    pub quantity: Quantity,
    /// When.
    pub despatched_at: Moment,
}

/// A line of an order that needs stock: derived by the order. Key: order | line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Demand {
    /// The order.
    pub order: OrderKey,
    /// The order's public number, for people.
    pub number: Text,
    /// The channel it was placed in.
    pub channel: Text,
    /// When it was placed.
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
    /// Of one piece.
    pub amount: Amount,
    /// The order's currency.
    pub currency: Currency,
    /// Whether tax is inside.
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
    /// Since when.
    pub at: Moment,
    /// Of the row that says so, where it is a position in the source's log.
    pub version: Option<Version>,
}

/// A despatch, or a part of it, that is for a line by the rows of its order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DemandDespatch {
    /// The key of the warehouse's [`Despatched`] row.
    pub key: Text,
    /// Where from, as the warehouse spells it.
    pub location: Text,
    /// Pieces of the line.
    pub quantity: Quantity,
    /// When.
    pub despatched_at: Moment,
    /// The source that reports it.
    pub source: SourceId,
    /// Of the row that reports it, where it is a position in the source's log.
    pub version: Option<Version>,
}

/// The product or variation. Key: the ERP's item and variant. Owner: the ERP; shops bring rows of their own for their ids.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Product {
    /// The SKU as the source spells it.
    pub sku_text: Text,
    /// For people.
    pub name: Text,
    /// The SKU of the product that this is a variation of.
    pub parent: Option<Text>,
    /// Option name and value: ("Size", "M").
    pub options: Vec<(Text, Text)>,
    /// Not for sale.
    pub blocked: bool,
    /// As the source names it.
    pub category: Text,
    /// May be sold before it is there.
    pub backorder_allowed: bool,
    /// Not for sale from this moment on.
    pub blocked_from: Option<Moment>,
    /// No stock is kept of it: it can always be sold.
    pub untracked: bool,
    /// The unit that it is sold in; empty: not known.
    pub sales_unit: Text,
}

/// A movement between counts, from a source that counts now and then and sends deltas between. Key: the source's id of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Movement {
    /// Where, as the source spells it.
    pub location: Text,
    /// As the source names it.
    pub bucket: Text,
    /// Signed: pieces that came (or, below zero, went).
    pub quantity: Quantity,
    /// When.
    pub moved_at: Moment,
    /// `receipt`, `adjustment`, `transfer`, `despatch` ...: in the source's word.
    pub cause: Text,
}

/// A reduced price for a time. Key: the offer's id.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Offer {
    /// For people.
    pub name: Text,
    /// The price of one piece, or a percentage off the regular price; of both the lower counts.
    pub amount: Option<Amount>,
    /// Of the amount; `None`: any.
    pub currency: Option<Currency>,
    /// The percentage off.
    pub percent: Option<Quantity>,
    /// The first moment at which it holds; `None`: it always did.
    pub from: Option<Moment>,
    /// The first moment at which it holds no more.
    pub until: Option<Moment>,
    /// Whether it is switched on.
    pub active: bool,
    /// Channels that it holds for; empty: all.
    pub channels: Vec<Text>,
}

/// That this SKU is a kit, and what is in one of it. Key: the part's SKU. A kit has no count: its figure is the least over its parts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KitPart {
    /// The part.
    pub part: Sku,
    /// How many pieces of it are in one kit.
    pub pieces: Quantity,
}

/// The same for the part: which kit it is used in. Derived by the kit. Key: the kit's SKU.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UsedIn {
    /// The kit.
    pub kit: Sku,
    /// How many pieces are in one kit.
    pub pieces: Quantity,
    /// The kits that this kit is itself used in, directly or not.
    pub above: Vec<Sku>,
}

/// That another SKU is a variation of this one: prices and offers of this one hold for it too. Derived by the variation. Key: its SKU.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Variation {
    /// The variation.
    pub sku: Sku,
}

/// A value of a shop's catalogue. The shop keeps a product's SKU, name, price and stock settings in tables of their own, each under its id of the
/// product: they stand in an entity of that id, which derives the SKU's rows from them. Key: the field.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum CatalogueValue {
    /// Which SKU it is.
    Sku(Text),
    /// What people call it.
    Name(Text),
    /// The price of one piece, in the catalogue's currency.
    Price {
        /// Of one piece.
        amount: Amount,
        /// The catalogue's.
        currency: Currency,
        /// Whether tax is inside.
        tax_inside: bool,
    },
    /// A reduced price of one piece.
    SpecialPrice(Amount),
    /// The first moment at which that holds.
    SpecialFrom(Moment),
    /// The first moment at which it holds no more.
    SpecialUntil(Moment),
    /// Not for sale.
    Disabled(bool),
    /// Settings of its stock; `None`: as the shop's configuration has it.
    Stock {
        /// Configured name of the shop.
        shop: Text,
        /// May be sold before it is there.
        backorder_allowed: Option<bool>,
        /// No stock is kept of it.
        untracked: Option<bool>,
        /// Pieces that the shop never sells.
        kept_back: Option<Quantity>,
    },
}

/// Sellable goods that an order got back and that wait for their count. Derived by the order. Key: order + the receipt's row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Returned {
    /// The order that it comes from.
    pub order: OrderKey,
    /// The receipt's row.
    pub receipt: Text,
    /// Where it was received.
    pub location: Text,
    /// When it was received.
    pub received_at: Moment,
}

/// What is free of a part in a channel, for the kits it is used in. Derived by the part. Key: part + channel.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PartFigure {
    /// The part.
    pub part: Sku,
    /// The channel.
    pub channel: Text,
    /// `None`: never counted.
    pub free: Option<Quantity>,
}

/// Whether a warehouse knows the SKU. Key: the warehouse's item. A source that sends none: every SKU counts as known.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WarehouseItem {
    /// The warehouse knows it.
    pub known: bool,
    /// The warehouse does not send it.
    pub blocked: bool,
}

/// Goods that are on order. Key: the ERP's purchase line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Expected {
    /// Where it is expected; empty: not said.
    pub location: Text,
    /// Still to come.
    pub quantity: Quantity,
    /// When.
    pub expected_at: Moment,
}

/// A price of one list. Key: list + currency + unit + minimum + from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Price {
    /// The price list.
    pub list: Text,
    /// Its currency.
    pub currency: Currency,
    /// Of one unit.
    pub amount: Amount,
    /// Whether tax is inside.
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
