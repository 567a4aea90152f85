//! What a shop tells beside the order itself: how far its books have got, what it has sent, that a key was given once more.

use serde::{Deserialize, Serialize};

use crate::facts::{Moment, OrderKey, Quantity, Text};

/// How far the shop's own books have got with a line. Key: the shop's line id. Owner: the shop, as mirror but for what it cancels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LineProgress {
    /// Cancelled by the shop's word.
    pub cancelled: Quantity,
    /// Credited by credit memo or refund line; what was not returned of it is cancelled (journey, Orders).
    pub credited: Quantity,
    /// The shop's own shipped total: what despatch-notices need not tell it again.
    pub shipped: Quantity,
    /// The shop's own received-back total, where it keeps one apart from `credited`.
    pub received: Option<Quantity>,
}

/// Since when the shop's shipped total of a line is what it is: a row that is saved once more for another reason changes nothing of this. Key: the
/// shop's line id.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ShippedSince {
    /// The total, as in [`LineProgress::shipped`].
    pub shipped: Quantity,
}

/// Goods that the shop itself has sent. Key: the shop's id of the shipment. Its lines, its place and its parcels' numbers come in rows of their own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Shipment {
    /// Its number, for people.
    pub number: Text,
    /// By the shop's clock.
    pub shipped_at: Moment,
}

/// A line of a shop's shipment. Key: the shop's id of the line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ShipmentLine {
    /// The shop's id of the shipment.
    pub shipment: Text,
    /// The shop's id of the order's line: of goods, of a sale, or of a bundle whose parts are sent together.
    pub line: Text,
    /// Pieces that left.
    pub quantity: Quantity,
}

/// From where a shop's shipment left. Key: the shop's id of the shipment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ShipmentPlace {
    /// As the shop spells it.
    pub location: Text,
}

/// The order that had this order's key before: its shop has deleted it and given the key once more. Put by Waybill itself. Key: none.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KeyReused {
    /// The number of the order before.
    pub number: Text,
    /// Something was requested of it.
    pub requested: bool,
}

/// What became of the order that this one replaces. Key: that order's key. Owner: the shop.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Predecessor {
    /// The order that was replaced.
    pub order: OrderKey,
    /// The shop has cancelled it wholly.
    pub cancelled: bool,
}

/// The person of the order asks to be forgotten. Key: the customer that asks, or none where the shop names the order. It stays when its row is deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Forgotten {
    /// An order that was placed later is a new relation.
    pub asked_at: Moment,
}
