//! `customer-history`: one line for each thing that happened to a customer's orders. A statement, keyed by person + order + kind + number.

use serde::{Deserialize, Serialize};

use crate::facts::customer::HistoryKind;
use crate::facts::{Amount, Currency, Moment, Quantity, Text};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CustomerHistory {
    pub id: String,
    pub person: Text,
    pub order: Text,
    pub number: Text,
    pub kind: HistoryKind,
    /// Tells several of one kind apart: parcel, return, refund.
    pub part: Text,
    pub date: Moment,
    pub lines: Vec<HistoryPiece>,
    pub currency: Currency,
    pub amount: Amount,
    pub state: Text,
    /// For the CRM.
    pub for_business: bool,
    /// For the customer's own account: only orders that are proven to be his.
    pub for_customer: bool,
}
super::body!(CustomerHistory, CustomerHistory);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HistoryPiece {
    pub sku: Text,
    pub quantity: Quantity,
}
