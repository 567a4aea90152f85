//! `notifications`: mails to the customer. A once ledger: at most once for each order, parcel or return; kind; and what the kind counts by.

use serde::{Deserialize, Serialize};

use crate::facts::order::{Personal, Tender};
use crate::facts::{Amount, Currency, Quantity, Text};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    Confirmed,
    PartCancelled,
    Cancelled,
    Despatched,
    Delivered,
    ReturnReceived,
    RefundMade,
}

impl Kind {
    pub fn name(self) -> &'static str {
        match self {
            Self::Confirmed => "confirmed",
            Self::PartCancelled => "part-cancelled",
            Self::Cancelled => "cancelled",
            Self::Despatched => "despatched",
            Self::Delivered => "delivered",
            Self::ReturnReceived => "return-received",
            Self::RefundMade => "refund-made",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Notification {
    pub id: String,
    pub ledger_key: Text,
    pub step: u32,
    pub kind: Kind,
    pub order: Text,
    pub number: Text,
    pub channel: Text,
    pub brand: Text,
    /// Whom to write to.
    pub to: Personal,
    pub currency: Currency,
    pub lines: Vec<MailLine>,
    /// The order's total, what will be refunded, or what was, as the kind has it.
    pub amount: Option<Amount>,
    pub by_tender: Vec<(Tender, Amount)>,
    pub parcel: Option<Text>,
    pub carrier: Option<Text>,
    pub tracking: Option<Text>,
    /// Pieces still to come after this parcel.
    pub still_to_come: Option<Quantity>,
}
super::body!(Notification, Notifications);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MailLine {
    pub sku: Text,
    pub description: Text,
    pub quantity: Quantity,
}
