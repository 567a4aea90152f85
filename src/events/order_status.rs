//! `order-status`: how an order stands, for the account page and customer service. A statement, keyed by the order.

use serde::{Deserialize, Serialize};

use crate::entities::order::view::{OrderStage, PaymentWord, ReturnStage};
use crate::facts::{Moment, Quantity, Text};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OrderStatus {
    pub id: String,
    pub order: Text,
    pub number: Text,
    pub channel: Text,
    pub stage: OrderStage,
    pub payment: PaymentWord,
    pub return_stage: ReturnStage,
    pub flags: Vec<Text>,
    pub lines: Vec<StatusLine>,
    pub parcels: Vec<StatusParcel>,
    pub promised_at: Option<Moment>,
    /// For the customer, in a sentence.
    pub text: Text,
}
super::body!(OrderStatus, OrderStatus);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StatusLine {
    pub line: Text,
    pub sku: Text,
    pub ordered: Quantity,
    pub wanted: Quantity,
    pub despatched: Quantity,
    pub delivered: Quantity,
    pub returned: Quantity,
    pub refunded: Quantity,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StatusParcel {
    pub parcel: Text,
    pub carrier: Text,
    pub tracking: Option<Text>,
    /// Newest scan's word; `despatched` before the first.
    pub stage: Text,
    pub despatched_at: Moment,
    pub delivered_at: Option<Moment>,
    pub assumed: bool,
}
