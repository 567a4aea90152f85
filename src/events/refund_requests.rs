//! `refund-requests`: money back to the customer, to the cent, by tender. A sum ledger: `total` after the step, `amount` of the step.
//! The receiver pays `total` less what is refunded already.

use serde::{Deserialize, Serialize};

use crate::facts::order::Tender;
use crate::facts::{Amount, Currency, Quantity, Text};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    Return,
    Cancel,
    Shipping,
    /// Paid above what is owed, or what the other reasons do not explain.
    Other,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RefundRequest {
    pub id: String,
    pub ledger_key: Text,
    pub step: u32,
    pub order: Text,
    pub number: Text,
    pub channel: Text,
    pub currency: Currency,
    /// What shall have been refunded in all.
    pub total: Amount,
    /// total - the larger of what was requested and what is refunded already.
    pub amount: Amount,
    pub by_tender: Vec<TenderPart>,
    /// What the total is made of.
    pub by_reason: Vec<ReasonPart>,
    /// What the total is made of, by line; running totals.
    pub by_line: Vec<LinePart>,
    /// Authorisations that the returns in it were logged under.
    pub rmas: Vec<Text>,
}
super::body!(RefundRequest, RefundRequests);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TenderPart {
    pub tender: Tender,
    /// Running total.
    pub total: Amount,
    pub amount: Amount,
    /// The gateway's reference of the capture.
    pub reference: Text,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReasonPart {
    pub reason: Reason,
    pub total: Amount,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LinePart {
    pub line: Text,
    pub sku: Text,
    pub quantity: Quantity,
    pub net: Amount,
    pub tax: Amount,
    pub gross: Amount,
}
