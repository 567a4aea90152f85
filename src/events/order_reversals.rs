//! `order-reversals`: goods that came back and are settled, for the ERP and the shop. A notice ledger.

use serde::{Deserialize, Serialize};

use super::{NoticeAction, Receiver};
use crate::facts::{Quantity, Text};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OrderReversal {
    pub id: String,
    pub ledger_key: Text,
    pub step: u32,
    pub receiver: Receiver,
    pub action: NoticeAction,
    pub order: Text,
    pub number: Text,
    pub receiver_number: Text,
    /// Nothing of the order is kept.
    pub whole: bool,
    pub lines: Vec<ReversalLine>,
}
super::body!(OrderReversal, OrderReversals);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReversalLine {
    pub line: Text,
    pub sku: Text,
    pub quantity: Quantity,
    pub total: Quantity,
    /// Of the total: back in stock, written off.
    pub to_stock: Quantity,
    pub written_off: Quantity,
}
