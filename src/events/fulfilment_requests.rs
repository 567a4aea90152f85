//! `fulfilment-requests`: the go-ahead to a warehouse, by location. A document ledger with totals by line.

use serde::{Deserialize, Serialize};

use crate::facts::order::{Address, Advice};
use crate::facts::{Quantity, Text};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    Release,
    Change,
    Cancel,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FulfilmentRequest {
    pub id: String,
    pub ledger_key: Text,
    pub step: u32,
    pub action: Action,
    pub order: Text,
    pub number: Text,
    pub channel: Text,
    /// The location that sends.
    pub location: Text,
    pub shipping_method: Text,
    pub advice: Advice,
    pub ship_to: Option<Address>,
    pub lines: Vec<FulfilmentLine>,
}
super::body!(FulfilmentRequest, FulfilmentRequests);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FulfilmentLine {
    pub line: Text,
    pub sku: Text,
    /// To send from this location in all, in base units.
    pub total: Quantity,
    /// Difference to the total of the step before.
    pub difference: Quantity,
}
