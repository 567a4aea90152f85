//! `marketing-profiles`: what marketing may know of a person. A statement, keyed by person + brand. Orders and spend only with consent to profiling.

use serde::{Deserialize, Serialize};

use crate::facts::customer::ConsentState;
use crate::facts::{Amount, Currency, Moment, Quantity, Text};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Segment {
    First,
    Returning,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MarketingProfile {
    pub id: String,
    /// The customer's key.
    pub person: Text,
    pub brand: Text,
    pub consent: Vec<ConsentPart>,
    /// `None` without consent to profiling.
    pub purchases: Option<Purchases>,
}
super::body!(MarketingProfile, MarketingProfiles);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ConsentPart {
    /// Digest of the address, hex.
    pub address: Text,
    pub channel: Text,
    pub state: ConsentState,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Purchases {
    pub orders: u64,
    /// Net of refunds, by currency.
    pub spend: Vec<(Currency, Amount)>,
    pub first_order_at: Option<Moment>,
    pub last_order_at: Option<Moment>,
    pub returned: Quantity,
    pub segment: Option<Segment>,
}
