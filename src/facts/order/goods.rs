//! What left the house: despatches, their parcels' labels, carriers' scans.

use serde::{Deserialize, Serialize};

use super::{LineRef, Word};
use crate::facts::{Moment, Quantity, Text};

/// What left the house. Key: despatch number + line or SKU (+ lot).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Despatch {
    pub despatch: Text,
    pub line: LineRef,
    pub quantity: Quantity,
    pub location: Text,
    pub despatched_at: Moment,
    pub carrier: Text,
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
    pub despatch: Text,
    pub carrier: Text,
    pub number: Text,
    /// The number of the label that this one replaces, where the row names it.
    pub replaces: Option<Text>,
}

/// What a scan means, in rank order: at equal times the later in this list is the newer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ScanMeaning {
    /// The scan of the same key was a mistake: it counts no more.
    Withdrawn,
    Label,
    Transit,
    Delayed,
    OutForDelivery,
    Collect,
    Attempted,
    Returning,
    Lost,
    Delivered,
}

/// A carrier's scan. Key: carrier + tracking number + time + code.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scan {
    pub tracking: Text,
    pub meaning: Word<ScanMeaning>,
    pub scanned_at: Moment,
}
