//! `despatch-notices`: what left the house, by parcel, for the shop and the ERP (each with its own ledger). A notice ledger.

use serde::{Deserialize, Serialize};

use super::{NoticeAction, Receiver};
use crate::facts::{Moment, Quantity, Text};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DespatchNotice {
    pub id: String,
    pub ledger_key: Text,
    pub step: u32,
    pub receiver: Receiver,
    pub action: NoticeAction,
    pub order: Text,
    pub number: Text,
    /// The receiver's own number of the order: the ERP's document, the shop's order id.
    pub receiver_number: Text,
    /// The despatch number.
    pub parcel: Text,
    pub location: Text,
    pub carrier: Text,
    pub service: Text,
    pub tracking: Option<Text>,
    pub despatched_at: Moment,
    pub lines: Vec<NoticeLine>,
}
super::body!(DespatchNotice, DespatchNotices);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NoticeLine {
    pub line: Text,
    pub sku: Text,
    /// This step's difference.
    pub quantity: Quantity,
    /// In this parcel after this step.
    pub total: Quantity,
}
