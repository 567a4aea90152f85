//! Amounts of one tender, and rows in another currency.

use crate::facts::order::Tender;
use crate::facts::{Amount, Cause, Moment, Text};

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

/// Money that was taken at once.
#[derive(Clone, Debug)]
pub struct Capture {
    /// By which means.
    pub tender: Tender,
    /// The id of its transaction, or of the payment that it stands for.
    pub id: Text,
    /// The provider's reference; empty: not told.
    pub reference: Text,
    /// What was taken.
    pub amount: Amount,
    /// When it was taken; of a running total, when that was written last.
    pub at: Moment,
    /// What refunds that name this capture have given back.
    pub refunded: Amount,
}

impl Capture {
    /// Is this the name of the capture: the id of its transaction, or its reference?
    pub fn is_named(&self, name: &str) -> bool {
        !name.is_empty() && (self.id == name || self.reference == name)
    }
}

/// A payment or refund in another currency than the order's.
#[derive(Clone, Debug)]
pub struct Foreign {
    /// The row's id.
    pub id: Text,
    /// What it is, for people: `payment 7 is in USD`.
    pub sentence: String,
    /// It is a refund: as long as nobody says what it comes to in the order's currency, no money is requested.
    pub refund: bool,
    /// The record of the row.
    pub cause: Cause,
}

/// Value that the shop itself keeps for the customer, which finance need not know of.
pub(super) fn is_stored(tender: Tender) -> bool {
    matches!(tender, Tender::StoreCredit | Tender::GiftCard | Tender::Exchange)
}
