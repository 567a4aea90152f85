//! What was paid by one tender, and what is in another currency.

use crate::facts::order::Tender;
use crate::facts::{Amount, Cause, Text};

/// One tender: what was taken by it, and what went back.
#[derive(Clone, Debug)]
pub struct TenderPaid {
    pub tender: Tender,
    pub captured: Amount,
    pub refunded: Amount,
    /// The gateway's reference of the largest capture.
    pub reference: String,
}

/// A payment or refund in another currency: its id, what it says, and its record.
#[derive(Clone, Debug)]
pub struct Foreign {
    pub id: Text,
    pub sentence: String,
    pub cause: Cause,
}
