//! Rows of a customer: accounts, consent, a summary of each order, and what systems say of the person: merged with another, to be forgotten. No address
//! of a person is kept here, only digests. The rows by which customers answer each other stand in [`super::joins`].

use serde::{Deserialize, Serialize};

use super::joins::{AddressHolder, Contact, Leads, ToldErasure};
use super::order::{Decision, Personal};
use super::{Amount, Currency, CustomerKey, Digest, Moment, OrderKey, Quantity, Sku, Text};

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
    /// The customer was merged into another.
    Merge(Merge),
    /// The person asks to be forgotten.
    Erasure(Erasure),
    /// What somebody has decided about an exception of the customer.
    Decision(Box<Decision>),
    /// Another customer leads here; its key is the row's id. Derived.
    Member,
    /// Where the customer that this one leads to leads itself. Derived.
    Leads(Leads),
    /// An account that has the address of this guest. Derived.
    Contact(Contact),
    /// Who is written to at the address of this account, if not the account itself. Derived.
    AddressHolder(AddressHolder),
    /// A customer that this one is joined with asks to be forgotten. Derived.
    ToldErasure(ToldErasure),
    /// A row of a customer that leads here. Derived.
    Joined(Box<CustomerRow>),
}

impl CustomerRow {
    /// The kind of [`Self::Account`].
    pub const ACCOUNT: u8 = 1;
    /// The kind of [`Self::Consent`].
    pub const CONSENT: u8 = 2;
    /// The kind of [`Self::Order`].
    pub const ORDER: u8 = 3;
    /// The kind of [`Self::Merge`].
    pub const MERGE: u8 = 4;
    /// The kind of [`Self::Erasure`].
    pub const ERASURE: u8 = 5;
    /// The kind of [`Self::Decision`].
    pub const DECISION: u8 = 6;
    /// The kind of [`Self::Member`].
    pub const MEMBER: u8 = 7;
    /// The kind of [`Self::Leads`].
    pub const LEADS: u8 = 8;
    /// The kind of [`Self::Contact`].
    pub const CONTACT: u8 = 9;
    /// The kind of [`Self::AddressHolder`].
    pub const ADDRESS_HOLDER: u8 = 10;
    /// The kind of [`Self::ToldErasure`].
    pub const TOLD_ERASURE: u8 = 11;
    /// The kind of a [`Self::Joined`] row is so much above the kind of the row in it.
    pub const JOINED: u8 = 100;

    /// The number of its kind.
    pub fn kind(&self) -> u8 {
        match self {
            Self::Account(_) => Self::ACCOUNT,
            Self::Consent(_) => Self::CONSENT,
            Self::Order(_) => Self::ORDER,
            Self::Merge(_) => Self::MERGE,
            Self::Erasure(_) => Self::ERASURE,
            Self::Decision(_) => Self::DECISION,
            Self::Member => Self::MEMBER,
            Self::Leads(_) => Self::LEADS,
            Self::Contact(_) => Self::CONTACT,
            Self::AddressHolder(_) => Self::ADDRESS_HOLDER,
            Self::ToldErasure(_) => Self::TOLD_ERASURE,
            Self::Joined(row) => Self::JOINED.saturating_add(row.kind()),
        }
    }

    /// The row itself, the customer's own or another's that leads to it.
    pub fn told(&self) -> &Self {
        match self {
            Self::Joined(row) => row,
            own => own,
        }
    }
}

/// The customer was merged into another, which is kept: a system says that the two are one person. Key: the kept customer, or none where the source has one
/// merge of each customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Merge {
    /// The customer that is left.
    pub kept: CustomerKey,
}

/// The person asks to be forgotten. It is not taken back by a deletion of the row. Key: none, the newest counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Erasure {
    /// What happened until then is forgotten; what follows is a new relation.
    pub asked_at: Moment,
    /// Who passed it on, for people: a webhook, a login. No name of the person.
    pub by: Text,
    /// Digest of the address, where the source tells it.
    pub email: Option<Digest>,
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
    /// The person has asked to be forgotten since: nothing else of it is told.
    pub forgotten: bool,
    /// Digest of the order's address, for consent.
    pub email: Option<Digest>,
    /// That address itself, where the configuration lets profiles have it; else `None`.
    pub address: Option<Personal>,
    /// What happened to it.
    pub history: Vec<HistoryLine>,
}
