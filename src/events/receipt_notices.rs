//! `receipt-notices`: what came back, for the ERP that authorised it and the shop. A notice ledger by return.

use serde::{Deserialize, Serialize};

use super::{NoticeAction, Receiver};
use crate::facts::{Quantity, Text};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReceiptNotice {
    pub id: String,
    pub ledger_key: Text,
    pub step: u32,
    pub receiver: Receiver,
    pub action: NoticeAction,
    pub order: Text,
    pub number: Text,
    /// The authorisation.
    pub rma: Text,
    pub lines: Vec<ReceiptLine>,
}
super::body!(ReceiptNotice, ReceiptNotices);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReceiptLine {
    pub line: Text,
    pub sku: Text,
    /// This step's difference.
    pub quantity: Quantity,
    /// Received under this authorisation after this step.
    pub total: Quantity,
    /// `sellable`, `damaged`, `unspoken` ... or the warehouse's own word.
    pub condition: Text,
    pub location: Text,
    pub bucket: Text,
}
