//! Rows of a customer: accounts, consent, and a summary of each order. No address of a person is kept here, only digests.

use serde::{Deserialize, Serialize};

use super::order::Personal;
use super::{Amount, Currency, Digest, Moment, OrderKey, Quantity, Sku, Text};

/// A row of a customer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum CustomerRow {
    /// An account of the person.
    Account(CustomerAccount),
    /// An answer of the person.
    Consent(Consent),
    /// What an order of the person comes to.
    Order(Box<OrderSummary>),
}

impl CustomerRow {
    /// The kind of [`Self::Account`].
    pub const ACCOUNT: u8 = 1;
    /// The kind of [`Self::Consent`].
    pub const CONSENT: u8 = 2;
    /// The kind of [`Self::Order`].
    pub const ORDER: u8 = 3;

    /// The number of its kind.
    pub fn kind(&self) -> u8 {
        match self {
            Self::Account(_) => Self::ACCOUNT,
            Self::Consent(_) => Self::CONSENT,
            Self::Order(_) => Self::ORDER,
        }
    }
}

/// An account at a shop or the CRM's record of it. Key: the source's id.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CustomerAccount {
    /// The brand that it is an account of.
    pub brand: Text,
    /// Digest of its address.
    pub email: Option<Digest>,
    /// When it was made.
    pub created_at: Option<Moment>,
    /// One account for many people: joins nobody.
    pub collective: bool,
}

/// Whether a person wants to be written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ConsentState {
    /// Agreed.
    Yes,
    /// Refused.
    No,
    /// Asked, and not answered or confirmed yet.
    Pending,
    /// Never asked: not a "no", overwrites nothing.
    Unset,
}

/// What the consent is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Purpose {
    /// Mails of the brand.
    Mail,
    /// Telling marketing what the person bought.
    Profiling,
}

/// Consent of an address, for a channel and brand. Key: address digest + channel + brand + purpose. The newest explicit change wins by its own time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Consent {
    /// Digest of the address.
    pub address: Digest,
    /// `email`, `sms` ...
    pub channel: Text,
    /// The brand that asked.
    pub brand: Text,
    /// What for.
    pub purpose: Purpose,
    /// The answer.
    pub state: ConsentState,
    /// When the person gave it, where the source knows.
    pub changed_at: Option<Moment>,
}

/// What happened to an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HistoryKind {
    /// It was placed.
    Purchase,
    /// A parcel left.
    Despatch,
    /// A parcel was delivered.
    Delivery,
    /// Pieces came back.
    Return,
    /// Money was paid back.
    Refund,
    /// Pieces were cancelled.
    Cancellation,
}

impl HistoryKind {
    /// As in the key of its statement.
    pub fn name(self) -> &'static str {
        match self {
            Self::Purchase => "purchase",
            Self::Despatch => "despatch",
            Self::Delivery => "delivery",
            Self::Return => "return",
            Self::Refund => "refund",
            Self::Cancellation => "cancellation",
        }
    }
}

/// One line of a customer's history: the newest state of one thing that happened to one order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HistoryLine {
    /// What happened.
    pub kind: HistoryKind,
    /// Tells several of one kind apart: parcel, return, refund step; empty for the purchase.
    pub number: Text,
    /// When.
    pub date: Moment,
    /// Which pieces.
    pub lines: Vec<(Sku, Quantity)>,
    /// Their value, or the money.
    pub amount: Amount,
    /// In a word, for people: `part-cancelled`, `received` ...
    pub state: Text,
}

/// An order as its customer has it: derived by the order. Key: the order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OrderSummary {
    /// The order.
    pub order: OrderKey,
    /// Its public number.
    pub number: Text,
    /// Its brand.
    pub brand: Text,
    /// When it was placed.
    pub placed_at: Moment,
    /// Its currency.
    pub currency: Currency,
    /// Counts as an order: not a test, not wholly cancelled.
    pub counts: bool,
    /// What the customer keeps and paid: captured less refunded.
    pub spend: Amount,
    /// Pieces returned and accepted.
    pub returned: Quantity,
    /// Placed while signed in: shown in the customer's own account.
    pub proven: bool,
    /// Digest of the order's address, for consent.
    pub email: Option<Digest>,
    /// That address itself, where the configuration lets profiles have it; else `None`.
    pub address: Option<Personal>,
    /// What happened to it.
    pub history: Vec<HistoryLine>,
}
