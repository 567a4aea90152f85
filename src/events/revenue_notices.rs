//! `revenue-notices`: expected revenue for finance, never a posting. A book ledger: signed differences.

use serde::{Deserialize, Serialize};

use crate::facts::{Amount, Currency, Text};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RevenueNotice {
    pub id: String,
    pub ledger_key: Text,
    pub step: u32,
    pub order: Text,
    pub number: Text,
    pub channel: Text,
    pub currency: Currency,
    /// Expected revenue after this step: sum of g(w) over the lines, and the charges that stay.
    pub total: Revenue,
    /// This step's difference, of either sign.
    pub amount: Revenue,
}
super::body!(RevenueNotice, RevenueNotices);

#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Revenue {
    pub net: Amount,
    pub tax: Amount,
    pub gross: Amount,
}
