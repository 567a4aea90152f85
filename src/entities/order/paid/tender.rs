//! Amounts of one tender, and rows in another currency.

use crate::facts::order::Tender;
use crate::facts::{Amount, Cause, Text};

/// Captured and refunded by one tender.
#[derive(Clone, Debug)]
pub struct TenderPaid {
    /// The tender.
    pub tender: Tender,
    /// Captured by it.
    pub captured: Amount,
    /// Refunded by it: paid, or under way.
    pub refunded: Amount,
    /// The gateway's reference of the largest capture.
    pub reference: String,
}

/// A payment or refund in another currency than the order's.
#[derive(Clone, Debug)]
pub struct Foreign {
    /// The row's id.
    pub id: Text,
    /// What it is, for people: `payment 7 is in USD`.
    pub sentence: String,
    /// The record of the row.
    pub cause: Cause,
}
