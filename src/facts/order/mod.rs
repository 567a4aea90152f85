//! Rows of an order (rows.md, "Facts and the fields the gates need"). Quantities are base units and totals for their key, never deltas.
//!
//! A source's record becomes one or more of these rows. A row that comes in parts is told as several kinds (`Header` and `ShipTo`;
//! `Despatch` and `Tracking`; `WarehouseOrder` and `WarehouseTotal`): each kind is a field group with a version of its own.
//!
//! The numbers of [`OrderRow::kind`] and the order of the fields are part of the state's format.

mod goods;
mod money;
mod returns;
mod shop;
mod systems;
mod tender;
mod values;

pub use goods::*;
pub use money::*;
pub use returns::*;
pub use shop::*;
pub use systems::*;
pub use values::*;

use serde::{Deserialize, Serialize};

use super::{Amount, Currency, CustomerKey, Digest, Moment, OrderKey, Quantity, Sku, SourceId, Text, Version};

/// A row type that stands under one kind of its own: `rows.live::<Despatch>()` finds its rows.
pub trait OrderRowType: Sized {
    /// The `kind` of its [`super::RowKey`].
    const KIND: u8;

    /// The row's content, if it is of this type.
    fn of(row: &OrderRow) -> Option<&Self>;
}

/// Makes the enum, the numbers, the names and the typed access from one list. A line: number, constant, variant,
/// what it holds, name for people; `shared` where another kind holds the same type, so that the type alone does not tell the kind.
macro_rules! rows {
    ($($number:literal $constant:ident $variant:ident($holds:ty) $name:literal $($shared:ident)?;)*) => {
        /// A row of an order.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[non_exhaustive]
        #[allow(missing_docs)] // Each variant is documented at the type that it holds.
        pub enum OrderRow {
            $($variant($holds),)*
        }

        #[allow(missing_docs)]
        impl OrderRow {
            $(pub const $constant: u8 = $number;)*

            /// The `kind` of the row's [`super::RowKey`].
            pub fn kind(&self) -> u8 {
                match self {
                    $(Self::$variant(_) => Self::$constant,)*
                }
            }

            /// A row's kind in words, for people.
            pub fn kind_name(kind: u8) -> &'static str {
                match kind {
                    $($number => $name,)*
                    _ => "row",
                }
            }
        }

        $(rows!(@typed $constant $variant $($shared)?);)*
    };
    (@typed $constant:ident $variant:ident shared) => {};
    (@typed $constant:ident $variant:ident) => {
        impl OrderRowType for $variant {
            const KIND: u8 = OrderRow::$constant;

            fn of(row: &OrderRow) -> Option<&Self> {
                match row {
                    OrderRow::$variant(row) => Some(row),
                    _ => None,
                }
            }
        }
    };
}

rows! {
    1 HEADER Header(Box<Header>) "order";
    2 SHIP_TO ShipTo(Box<Address>) "ship-to" shared;
    3 BILL_TO BillTo(Box<Address>) "bill-to" shared;
    4 LINE Line(Box<Line>) "line";
    5 LINE_PROGRESS LineProgress(LineProgress) "line progress";
    6 CHARGE Charge(Charge) "charge";
    7 PAYMENT Payment(Payment) "payment";
    8 HOLD Hold(Hold) "hold";
    9 ERP_RECORD ErpRecord(ErpRecord) "ERP record";
    10 ERP_LINE ErpLine(Box<ErpLine>) "ERP line";
    11 ERP_POSTED ErpPosted(ErpPosted) "ERP posting";
    12 WAREHOUSE_ORDER WarehouseOrder(WarehouseOrder) "warehouse order";
    13 WAREHOUSE_TOTAL WarehouseTotal(WarehouseTotal) "warehouse total";
    14 DESPATCH Despatch(Box<Despatch>) "despatch";
    15 TRACKING Tracking(Tracking) "tracking";
    16 SCAN Scan(Scan) "scan";
    17 RETURN_LINE ReturnLine(Box<ReturnLine>) "return line";
    18 RECEIPT Receipt(Box<Receipt>) "receipt";
    19 DISPOSITION Disposition(Disposition) "disposition";
    20 REFUND Refund(Box<Refund>) "refund";
    21 RETURN_DOCUMENT ReturnDocument(ReturnDocument) "return document";
    22 WAREHOUSE_LINE WarehouseLine(Box<WarehouseLine>) "warehouse line";
    23 CANCELLATION Cancellation(Cancellation) "cancellation";
    24 DECISION Decision(Box<Decision>) "decision";
    25 PREDECESSOR Predecessor(Predecessor) "predecessor";
    26 NOT_STOCKED NotStocked(NotStocked) "not stocked";
    27 COUNTED Counted(Counted) "counted";
    28 LEFT_OUT LeftOut(LeftOut) "left out";
    29 BACKORDERED Backordered(Backordered) "backordered";
    30 SHIPMENT Shipment(Shipment) "shipment";
    31 SHIPMENT_LINE ShipmentLine(ShipmentLine) "line of a shipment";
    32 SHIPMENT_PLACE ShipmentPlace(ShipmentPlace) "place of a shipment";
    33 SHIPPED_SINCE ShippedSince(ShippedSince) "shipped since";
    34 KEY_REUSED KeyReused(KeyReused) "key reused";
    35 CREDIT Credit(Credit) "credit";
    36 CREDIT_LINE CreditLine(Box<CreditLine>) "credit line";
    37 TRANSACTION PaymentTransaction(Box<PaymentTransaction>) "transaction";
    38 DISPUTE Dispute(Dispute) "dispute";
    39 POSTING Posting(Box<Posting>) "posting";
    40 CROSS_REFERENCE CrossReference(CrossReference) "cross-reference";
    41 FORGOTTEN Forgotten(Forgotten) "forgotten";
}

impl OrderRow {
    /// The SKU of the goods in a row of the ERP.
    pub fn goods(&self) -> Option<&Sku> {
        match self {
            Self::ErpLine(row) => Some(&row.sku),
            Self::ErpPosted(row) => Some(&row.sku),
            Self::ReturnLine(row) => match &row.line {
                LineRef::Sku(sku) => Some(sku),
                LineRef::Line(_) => None,
            },
            _ => None,
        }
    }

    /// ... to be replaced.
    pub fn goods_mut(&mut self) -> Option<&mut Sku> {
        match self {
            Self::ErpLine(row) => Some(&mut row.sku),
            Self::ErpPosted(row) => Some(&mut row.sku),
            Self::ReturnLine(row) => match &mut row.line {
                LineRef::Sku(sku) => Some(sku),
                LineRef::Line(_) => None,
            },
            _ => None,
        }
    }

    /// Does the row name a person, or say where one lives?
    pub fn has_person(&self) -> bool {
        match self {
            Self::Header(row) => row.email.is_some() || row.note != Personal::default(),
            Self::ShipTo(row) | Self::BillTo(row) => **row != row.without_person(),
            _ => false,
        }
    }

    /// Names, addresses, telephone numbers and what the person wrote are gone; country and region stay, since tax is owed there.
    pub fn forget_person(&mut self) {
        match self {
            Self::Header(row) => (row.email, row.note) = (None, Personal::default()),
            Self::ShipTo(row) | Self::BillTo(row) => **row = row.without_person(),
            _ => {}
        }
    }

    /// The row's word that has no meaning: what it speaks of, and the word as its source wrote it.
    pub fn unknown_word(&self) -> Option<(&'static str, &Text)> {
        Some(match self {
            Self::Header(row) => ("order state", row.state.unknown()?),
            Self::ErpRecord(row) => ("state of its record", row.state.unknown()?),
            Self::WarehouseOrder(row) => ("state of its warehouse order", row.state.unknown()?),
            Self::Scan(row) => ("tracking code", row.meaning.unknown()?),
            Self::ReturnLine(row) => ("state of a return", row.state.unknown()?),
            Self::ReturnDocument(row) => ("state of a return", row.state.unknown()?),
            Self::Receipt(row) => ("condition of returned goods", row.condition.unknown()?),
            Self::Refund(row) => ("state of a refund", row.state.unknown()?),
            Self::Dispute(row) => ("state of a dispute", row.state.unknown()?),
            _ => return None,
        })
    }
}

/// Where an order came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// The web shop.
    Web,
    /// A till.
    Pos,
    /// The ERP: an order that was entered there.
    Erp,
    /// A marketplace.
    Market,
}

/// When the customer pays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Terms {
    /// Before anything is sent.
    Prepaid,
    /// Invoice, terms: secured without money.
    OnAccount,
    /// In cash, when the parcel arrives.
    CashOnDelivery,
}

/// May the order be sent in parts?
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Advice {
    /// It may be sent in parts.
    #[default]
    Partial,
    /// Only all at once.
    Whole,
}

/// What the shop says of the order as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ShopState {
    /// Placed, being paid, being worked on, complete: all that the quantities say better.
    Open,
    /// Wholly cancelled.
    Cancelled,
    /// Wholly credited, or closed.
    Closed,
}

/// The order as placed. Key: the shop's order id. Owner: the shop (POS, ERP for its own orders).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Header {
    /// The public number, by which the other systems refer to the order.
    pub number: Text,
    /// The channel's name in the configuration.
    pub channel: Text,
    /// The brand's name in the configuration.
    pub brand: Text,
    /// The part of the shop that it was placed in (a store view), as the shop names it: numbers may be unique only within one. Empty: the shop has none.
    pub store: Text,
    /// Where the order was placed.
    pub origin: Origin,
    /// By the shop's clock.
    pub placed_at: Moment,
    /// The currency that the customer was charged in.
    pub currency: Currency,
    /// What the customer owes for all lines and charges, tax inside.
    pub total: Amount,
    /// The shop's unit prices (`Line::unit_price`) include tax; `gross` amounts always do.
    pub prices_include_tax: bool,
    /// Number of sale lines, where the header gives it.
    pub lines_expected: Option<u32>,
    /// Sum of ordered quantities of sale lines, where the header gives it.
    pub quantity_expected: Option<Quantity>,
    /// The lines came in the same record: the set is whole.
    pub whole: bool,
    /// A test order.
    pub test: bool,
    /// The shop's word for the method of payment; empty: not told.
    pub payment_method: Text,
    /// When the customer pays.
    pub terms: Terms,
    /// Account id at the shop; else the guest by the digest of his email and the brand; else nobody.
    pub customer: Option<CustomerKey>,
    /// The customer's email address, as the shop has it.
    pub email: Option<Personal>,
    /// Digest of that address, for whatever must not hold the address itself.
    pub email_digest: Option<Digest>,
    /// A line ships, so an address is needed.
    pub ships: bool,
    /// The shop's word for the shipping method; empty: not told.
    pub shipping_method: Text,
    /// Whether it may be sent in parts.
    pub advice: Advice,
    /// When the customer was promised the goods; `None`: nothing was promised.
    pub promised_at: Option<Moment>,
    /// The order that this one replaces, if any.
    pub replaces: Option<OrderKey>,
    /// The order that replaces this one, if any.
    pub replaced_by: Option<OrderKey>,
    /// What the shop says of the whole order.
    pub state: Word<ShopState>,
    /// The shop's own word for the state.
    pub raw_state: Text,
    /// Codes of coupons that were used, with commas between them; empty: none, or not told.
    pub coupon: Text,
    /// What the customer wrote to the shop; empty: nothing.
    pub note: Personal,
}

impl Header {
    /// A prepaid web order that ships, of which nothing else is known.
    pub fn new(number: Text, placed_at: Moment, currency: Currency, total: Amount) -> Self {
        Self {
            number,
            channel: Text::default(),
            brand: Text::default(),
            store: Text::default(),
            origin: Origin::Web,
            placed_at,
            currency,
            total,
            prices_include_tax: false,
            lines_expected: None,
            quantity_expected: None,
            whole: false,
            test: false,
            payment_method: Text::default(),
            terms: Terms::Prepaid,
            customer: None,
            email: None,
            email_digest: None,
            ships: true,
            shipping_method: Text::default(),
            advice: Advice::Partial,
            promised_at: None,
            replaces: None,
            replaced_by: None,
            state: Word::Known(ShopState::Open),
            raw_state: Text::default(),
            coupon: Text::default(),
            note: Personal::default(),
        }
    }
}

/// A postal address, by the shop. Personal data.
///
/// Key: order + kind.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Address {
    /// Name of the person.
    pub name: Personal,
    /// Given name, where the source keeps it apart; else empty.
    pub first_name: Personal,
    /// Family name, where the source keeps it apart; else empty.
    pub last_name: Personal,
    /// Name of the company; empty if none.
    pub company: Personal,
    /// Street lines, a newline between them.
    pub street: Personal,
    /// Town.
    pub city: Personal,
    /// State, county or province; empty if none.
    pub region: Text,
    /// Postal code.
    pub postcode: Personal,
    /// ISO 3166-1 alpha-2 code.
    pub country: Text,
    /// Telephone number; empty if none.
    pub phone: Personal,
    /// Email address; empty if none.
    pub email: Personal,
    /// Number under which the person or company is registered for tax; empty if none.
    pub tax_number: Personal,
}

impl Address {
    fn without_person(&self) -> Self {
        Self { region: self.region.clone(), country: self.country.clone(), ..Self::default() }
    }
}

/// Which part a line plays: the row that carries the price is the sale, the leaf rows are the goods.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LineRole {
    /// Carries the price; its goods are leaf lines that name it as parent.
    Sale,
    /// Goods of a parent line; worth nothing by itself.
    Leaf,
    /// Both: an ordinary line.
    Both,
    /// A comment: no goods, no money.
    Text,
}

/// What kind of thing a line sells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LineKind {
    /// Goods that can be held.
    Goods,
    /// A gift card, sold as an item.
    GiftCard,
    /// A service: nothing to send.
    Service,
    /// A tip: nothing to send.
    Tip,
}

/// How a line reaches the customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Needs {
    /// By parcel.
    Ship,
    /// The customer collects it at a counter.
    Collect,
    /// Without a parcel: a download, a code.
    Digital,
    /// The customer took it along when it was sold.
    Taken,
    /// A supplier sends it; no warehouse of ours does.
    DropShip,
}

/// An order line. Key: the shop's line id.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// Rank within the order: pooled quantities go to earlier lines first.
    pub position: u32,
    /// The shop's id of the line that this one is part of; `None`: of no other.
    pub parent: Option<Text>,
    /// Whether the line carries price, goods, both or neither.
    pub role: LineRole,
    /// What is sold.
    pub sku: Sku,
    /// The SKU as its source spells it.
    pub sku_text: Text,
    /// The name of the goods on the order; empty: not told.
    pub description: Text,
    /// Pieces ordered; cancellations do not lower it.
    pub ordered: Quantity,
    /// What the customer owes for the whole line after discounts, tax inside.
    pub gross: Amount,
    /// The part of `gross` that is tax.
    pub tax: Amount,
    /// What kind of thing is sold.
    pub kind: LineKind,
    /// How it reaches the customer.
    pub needs: Needs,
    /// Where it is to be sent from or was sold, as the shop spells it; `None`: not told.
    pub location: Option<Text>,
    /// Cost of one piece, in the currency of unit costs; `None`: not known.
    pub unit_cost: Option<Amount>,
    /// Stock is kept of it; an untracked line ships and claims nothing.
    pub tracked: bool,
    /// Pieces of these goods in one piece of the parent: of a leaf in a bundle; 1 for all others.
    pub per_parent: Quantity,
    /// The list price of one piece of a bundle's part, by which the bundle's price is shared; `None`: not known.
    pub list_price: Option<Amount>,
    /// How many rows of goods the line has, where it says so: of a bundle, before they are all there.
    pub parts: Option<u32>,
    /// The price of one piece that the shop showed when the order was placed, tax as in the order's prices.
    pub unit_price: Option<Amount>,
    /// Of a bundle: its parts carry the prices. Of a part: it carries a price of its own, even where a discount has left nothing of it.
    pub priced_by_parts: bool,
}

impl Line {
    /// A line of goods that ship, without tax, of which nothing else is known.
    pub fn new(sku: Sku, ordered: Quantity, gross: Amount) -> Self {
        Self {
            position: 0,
            parent: None,
            role: LineRole::Both,
            sku_text: sku.as_str().into(),
            description: Text::default(),
            sku,
            ordered,
            gross,
            tax: Amount::ZERO,
            kind: LineKind::Goods,
            needs: Needs::Ship,
            location: None,
            unit_cost: None,
            tracked: true,
            per_parent: Quantity::from_int(1),
            list_price: None,
            parts: None,
            unit_price: None,
            priced_by_parts: false,
        }
    }
}

/// What a charge is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChargeKind {
    /// Carriage.
    Shipping,
    /// Gift wrapping and the like.
    Wrapping,
    /// Duty and import tax.
    Duty,
    /// Handling, and fees of a payment method.
    Handling,
    /// A tip.
    Tip,
    /// Rounding of the total.
    Rounding,
}

/// A charge of the order. Key: kind + number.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Charge {
    /// What it is for.
    pub kind: ChargeKind,
    /// What the customer owes for it, tax inside.
    pub gross: Amount,
    /// The part of `gross` that is tax.
    pub tax: Amount,
    /// The shop took the charge away.
    pub removed: bool,
}

/// Somebody stopped the order. Key: who + reason. In force while `active`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Hold {
    /// Why, in its source's words.
    pub reason: Text,
    /// Still in force; `false`: the hold was lifted.
    pub active: bool,
}

/// What an authority of its own says is cancelled of a line, as a total. Key: line + who. Owner: shop, ERP or warehouse.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cancellation {
    /// The line, or the SKU.
    pub line: LineRef,
    /// Pieces cancelled so far.
    pub total: Quantity,
    /// The warehouse has stopped it: these pieces can't be sent any more.
    pub stopped: bool,
    /// Why, in its source's words; empty: not told.
    pub reason: Text,
}

/// That a warehouse does not know a SKU of the order (or sends it no more), as that SKU has heard. Derived. Key: SKU + the warehouse's source.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NotStocked {
    /// The SKU that is not known there.
    pub sku: Sku,
    /// The warehouse's source.
    pub warehouse: SourceId,
}

/// That a count of the location holds returned goods, told by their SKU. Derived. Key: that of the receipt's row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Counted {
    /// As the receipt said it when the count was found newer.
    pub received_at: Moment,
}

/// That a line waits for goods which are sold before they are there, told by their SKU. Derived. Key: SKU + the line's row there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Backordered {
    /// The shop's line id.
    pub line: Text,
}

/// That a snapshot which read all of its source's rows did not find one of the order's. Derived. Key: that row's kind and id, under its source.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LeftOut {
    /// [`OrderRow::kind`] of the row that is missing.
    pub kind: u8,
    /// The id in that row's key.
    pub id: Text,
    /// Of the snapshot: a row that is newer was seen since.
    pub read: Version,
}

/// What a person decided about an exception. A fact like any other, so that it survives restarts and replays. Key: exception's kind + number.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    /// The kind of the exception that it settles, as in `unknown-word`.
    pub kind: Text,
    /// Tells several exceptions of one kind apart; empty where an entity has only one.
    pub number: Text,
    /// One of the exception's choices, as in `accept`, `cancel`, `resend`, `refund`.
    pub choice: Text,
    /// The amount decided; `None`: the choice needs none.
    pub amount: Option<Amount>,
    /// The lines that it concerns, each with pieces; empty: all.
    pub lines: Vec<(LineRef, Quantity)>,
    /// Who decided: a login, no person's data beyond that.
    pub who: Text,
    /// The reason that was given.
    pub why: Text,
    /// By the clock of whoever recorded it.
    pub decided_at: Moment,
}
