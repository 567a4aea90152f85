//! What ERP and warehouse keep of an order: records, documents, totals.

use serde::{Deserialize, Serialize};

use super::{LineRef, Word};
use crate::facts::{Amount, Moment, Quantity, Sku, Text};

/// How far the ERP's record has got.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ErpState {
    /// Entered, not approved.
    Pending,
    /// Approved: the goods may be sent.
    Approved,
    /// Approved, and finished.
    Closed,
    /// Cancelled in the ERP.
    Cancelled,
    /// Approved, and posted.
    Posted,
}

/// The ERP's record of an order (`return_order = false`). Key: document type + number. A deleted row is `gone`, not cancelled.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ErpRecord {
    /// The document's number.
    pub document: Text,
    /// How far it has got.
    pub state: Word<ErpState>,
    /// By the ERP's clock; `None`: not told.
    pub created_at: Option<Moment>,
}

/// Which kind of document a [`CrossReference`] is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum DocumentKind {
    /// The record of the order ([`ErpRecord::document`]).
    Order,
    /// A return authorisation ([`super::ReturnLine::rma`]).
    Return,
}

/// What a system calls a document beside the name that its other rows have for it: what its interface, or people, ask for. Key: kind + id.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CrossReference {
    /// Which kind of document it is.
    pub of: DocumentKind,
    /// Its number, for people.
    pub number: Text,
    /// Its id, for the system's interface.
    pub id: Text,
}

/// A line of the ERP's record. Key: document + line number.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ErpLine {
    /// The document's number.
    pub document: Text,
    /// The shop's line id, where the ERP keeps it.
    pub order_line: Option<Text>,
    /// What is on the line.
    pub sku: Sku,
    /// The ERP's own id of it, where others of its rows name goods by that alone ([`crate::facts::ids::ItemId`]).
    pub item: Option<Text>,
    /// Pieces on the line now.
    pub quantity: Quantity,
    /// Where it is to be sent from, as the ERP spells it; `None`: not told.
    pub location: Option<Text>,
    /// A supplier sends it.
    pub drop_ship: bool,
    /// The ERP's own shipped total.
    pub shipped: Quantity,
    /// The ERP's own invoiced total.
    pub invoiced: Quantity,
    /// Value of the line in the ERP, tax inside, where it tells one: compared with the order's (`erp-differs`).
    pub gross: Option<Amount>,
    /// The ERP will deliver no more of it.
    pub closed: bool,
    /// Cost of one piece, in the ERP's own currency; `None`: not told.
    pub unit_cost: Option<Amount>,
}

impl ErpLine {
    /// A line of which nothing is shipped or invoiced yet.
    pub fn new(document: Text, sku: Sku, quantity: Quantity) -> Self {
        Self {
            document,
            order_line: None,
            sku,
            item: None,
            quantity,
            location: None,
            drop_ship: false,
            shipped: Quantity::ZERO,
            invoiced: Quantity::ZERO,
            gross: None,
            closed: false,
            unit_cost: None,
        }
    }
}

/// What a posted document records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum PostedKind {
    /// Goods that left.
    Shipment,
    /// Goods that were invoiced.
    Invoice,
    /// Goods that came back.
    ReturnReceipt,
    /// Goods that were credited.
    CreditNote,
}

/// A line of a posted document of the ERP. Key: kind + document + line number.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ErpPosted {
    /// What the document records.
    pub kind: PostedKind,
    /// The posted document's number.
    pub document: Text,
    /// The open document that it was posted from.
    pub from: Text,
    /// What is on the line.
    pub sku: Sku,
    /// Signed: a correction is negative.
    pub quantity: Quantity,
    /// Of a credit note: what it credits, tax inside; `None`: not told.
    pub gross: Option<Amount>,
}

/// How far the warehouse's order has got.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WarehouseState {
    /// Received, nothing allocated in full.
    New,
    /// Stock is set aside for it.
    Allocated,
    /// Being picked.
    Picking,
    /// Picked, not packed.
    Picked,
    /// Packed, not despatched.
    Packed,
    /// A part has left.
    PartDespatched,
    /// All has left.
    Despatched,
    /// Stopped for now by the warehouse.
    Held,
    /// Cancelled: no more will leave.
    Cancelled,
    /// Finished: no more will leave.
    Closed,
}

/// The warehouse's order. Key: the warehouse's order number.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WarehouseOrder {
    /// The warehouse's location, as it spells it; empty: not told.
    pub location: Text,
    /// How far it has got.
    pub state: Word<WarehouseState>,
}

/// How many pieces the warehouse's order has now: the answer to a lowered total. Key: the warehouse's order number.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WarehouseTotal {
    /// The warehouse's location, as it spells it; empty: not told.
    pub location: Text,
    /// Pieces on the order now, in all.
    pub pieces: Quantity,
}

/// A line of the warehouse's order. Key: the warehouse's order number + line or SKU.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WarehouseLine {
    /// The warehouse's order number.
    pub order: Text,
    /// The warehouse's location, as it spells it; empty: not told.
    pub location: Text,
    /// The order's line, or the SKU.
    pub line: LineRef,
    /// What the warehouse is to send in all; `None`: it does not repeat what it was asked for (rows.md, "Cancelled, rule by rule").
    pub quantity: Option<Quantity>,
    /// Set aside and not yet despatched: what has left since is in `despatched`, and is none of this.
    pub allocated: Quantity,
    /// When the allocation was made, by the warehouse's clock.
    pub allocated_at: Option<Moment>,
    /// The warehouse's own despatched total of this line, where the same record tells one.
    pub despatched: Option<Quantity>,
    /// What the warehouse will not send, where it names the quantity.
    pub cancelled: Option<Quantity>,
    /// The warehouse will send no more of it: the rest is closed short.
    pub closed: bool,
}

impl WarehouseLine {
    /// A line of which nothing is allocated or despatched yet.
    pub fn new(order: Text, line: LineRef, quantity: Quantity) -> Self {
        Self {
            order,
            location: Text::default(),
            line,
            quantity: Some(quantity),
            allocated: Quantity::ZERO,
            allocated_at: None,
            despatched: None,
            cancelled: None,
            closed: false,
        }
    }
}
