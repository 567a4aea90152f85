//! What left the house: despatches, their parcels' labels, carriers' scans.

use serde::{Deserialize, Serialize};

use super::{LineRef, Word};
use crate::facts::{Moment, Quantity, Text};

/// What left the house. Key: despatch number + line or SKU (+ lot).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Despatch {
    /// The despatch's number.
    pub despatch: Text,
    /// The order's line, or the SKU.
    pub line: LineRef,
    /// Pieces that left.
    pub quantity: Quantity,
    /// Where from, as the source spells it; empty: not told.
    pub location: Text,
    /// By the source's clock.
    pub despatched_at: Moment,
    /// The carrier's name, as the source spells it; empty: not told.
    pub carrier: Text,
    /// The carrier's service, as the source spells it; empty: not told.
    pub service: Text,
    /// Where the despatch row itself names it; else a `Tracking` row does, later.
    pub tracking: Option<Text>,
}

impl Despatch {
    /// Goods that left, of which nobody says with which carrier.
    pub fn new(despatch: Text, line: LineRef, quantity: Quantity, despatched_at: Moment) -> Self {
        let (location, carrier, service) = (Text::default(), Text::default(), Text::default());
        Self { despatch, line, quantity, location, despatched_at, carrier, service, tracking: None }
    }
}

/// The tracking number of a despatch's parcel. Key: despatch number.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tracking {
    /// The despatch's number.
    pub despatch: Text,
    /// The carrier's name, as the source spells it; empty: not told.
    pub carrier: Text,
    /// The tracking number on the label.
    pub number: Text,
    /// The number of the label that this one replaces, where the row names it.
    pub replaces: Option<Text>,
    /// The despatch may have several parcels: the number stands beside the others and replaces none.
    pub beside: bool,
}

/// What a scan means, in rank order: at equal times the later in this list is the newer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ScanMeaning {
    /// The scan of the same key was a mistake: it counts no more.
    Withdrawn,
    /// The carrier knows of the parcel and does not have it yet.
    Label,
    /// On its way.
    Transit,
    /// On its way, later than planned.
    Delayed,
    /// With the driver who is to deliver it.
    OutForDelivery,
    /// Waits at a counter for the customer.
    Collect,
    /// Delivery was tried and failed.
    Attempted,
    /// On its way back to the sender, or back there.
    Returning,
    /// The carrier has lost it.
    Lost,
    /// The customer has it.
    Delivered,
}

/// A carrier's scan. Key: carrier + tracking number + time + code.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scan {
    /// The tracking number.
    pub tracking: Text,
    /// What the carrier's code means.
    pub meaning: Word<ScanMeaning>,
    /// By the carrier's clock.
    pub scanned_at: Moment,
}
