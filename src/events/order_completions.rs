//! `order-completions`: every wanted piece is delivered; for the ERP and the shop. A notice ledger.

use serde::{Deserialize, Serialize};

use super::Receiver;
use crate::facts::{Moment, Quantity, Text};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OrderCompletion {
    pub id: String,
    pub ledger_key: Text,
    pub step: u32,
    pub receiver: Receiver,
    pub order: Text,
    pub number: Text,
    pub receiver_number: Text,
    /// When the last piece was delivered, by the carrier's clock.
    pub delivered_at: Moment,
    /// Some parcel had no final scan and counts as delivered by time.
    pub assumed: bool,
    pub lines: Vec<CompletionLine>,
}
super::body!(OrderCompletion, OrderCompletions);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CompletionLine {
    pub line: Text,
    pub sku: Text,
    pub delivered: Quantity,
}
