//! Room 5: view differences -> events. One file an event: its body, and when it is due.
//!
//! A **statement** says how something stands now: keyed by what it speaks of, newest wins, silent when what it would say has the digest of
//! what was said. A **request** makes somebody move money or goods, or write to a person: it has a gate and a ledger, a step and running totals.
//! Each body's contract is an Avro schema under `schemas/`; a test holds type and schema together.

mod customer;
pub mod customer_history;
pub mod despatch_notices;
pub mod exceptions;
pub mod fulfilment_requests;
pub mod journal_entries;
pub mod marketing_profiles;
mod name;
pub mod notifications;
pub mod order;
pub mod order_completions;
pub mod order_reversals;
pub mod order_status;
mod outlet;
pub mod product_updates;
pub mod receipt_notices;
pub mod refund_requests;
mod request;
pub mod revenue_notices;
pub mod sales_orders;
#[cfg(test)]
mod samples;
mod sku;
pub mod sku_exceptions;
pub mod stock_updates;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod totals;
pub mod why;

pub use customer::seal_customer;
pub use name::seal_name;
pub use order::seal_order;
pub use sku::seal_sku;

pub use outlet::{Emission, Outlet, SealContext, digest, request_id};

use serde::Serialize;

/// Every derived topic. The numbers are part of the state's format (`Said`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
#[repr(u8)]
pub enum Topic {
    // Statements: newest state for a key, compacted.
    MarketingProfiles = 1,
    ProductUpdates = 2,
    StockUpdates = 3,
    OrderStatus = 4,
    CustomerHistory = 5,
    Exceptions = 6,
    // Requests: gated, ledgered, never twice.
    SalesOrders = 11,
    RevenueNotices = 12,
    FulfilmentRequests = 13,
    DespatchNotices = 14,
    Notifications = 15,
    OrderCompletions = 16,
    ReceiptNotices = 17,
    RefundRequests = 18,
    JournalEntries = 19,
    OrderReversals = 20,
}

impl Topic {
    pub const ALL: [Self; 16] = [
        Self::MarketingProfiles,
        Self::ProductUpdates,
        Self::StockUpdates,
        Self::OrderStatus,
        Self::CustomerHistory,
        Self::Exceptions,
        Self::SalesOrders,
        Self::RevenueNotices,
        Self::FulfilmentRequests,
        Self::DespatchNotices,
        Self::Notifications,
        Self::OrderCompletions,
        Self::ReceiptNotices,
        Self::RefundRequests,
        Self::JournalEntries,
        Self::OrderReversals,
    ];

    /// The topic's name without the configured prefix.
    pub fn name(self) -> &'static str {
        match self {
            Self::MarketingProfiles => "marketing-profiles",
            Self::ProductUpdates => "product-updates",
            Self::StockUpdates => "stock-updates",
            Self::OrderStatus => "order-status",
            Self::CustomerHistory => "customer-history",
            Self::Exceptions => "exceptions",
            Self::SalesOrders => "sales-orders",
            Self::RevenueNotices => "revenue-notices",
            Self::FulfilmentRequests => "fulfilment-requests",
            Self::DespatchNotices => "despatch-notices",
            Self::Notifications => "notifications",
            Self::OrderCompletions => "order-completions",
            Self::ReceiptNotices => "receipt-notices",
            Self::RefundRequests => "refund-requests",
            Self::JournalEntries => "journal-entries",
            Self::OrderReversals => "order-reversals",
        }
    }

    /// Statement topics are compacted; request topics keep their records for ever by default.
    pub fn is_statement(self) -> bool {
        (self as u8) < 11
    }

    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|topic| topic.name() == name)
    }
}

/// The body of an event. `id` is its first field, empty until the outlet sets it: the digest of a statement leaves it out.
pub trait Body: Serialize {
    const TOPIC: Topic;
    fn set_id(&mut self, id: String);

    /// The digest by which a statement knows what was said already. A body leaves out what alone is no reason to say it again.
    fn content(&self) -> u64 {
        digest(self)
    }
}

/// What the seal of a SKU, a customer or a name came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sealed {
    /// Something was said: the revision is raised, and the head must be written.
    pub changed: bool,
    /// When the view next changes by the clock alone.
    pub next: Option<crate::facts::Moment>,
}

/// Implements [`Body`] for a struct with a field `id: String`.
macro_rules! body {
    ($type:ty, $topic:ident) => {
        impl $crate::events::Body for $type {
            const TOPIC: $crate::events::Topic = $crate::events::Topic::$topic;
            fn set_id(&mut self, id: String) {
                self.id = id;
            }
        }
    };
}
pub(crate) use body;

/// Who hears a request that goes to more than one system: part of the ledger key, and the header `receiver`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Receiver {
    Shop,
    Erp,
}

impl Receiver {
    pub fn name(self) -> &'static str {
        match self {
            Self::Shop => "shop",
            Self::Erp => "erp",
        }
    }
}

/// Is a notice the plain one, or does it take something back?
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NoticeAction {
    Notify,
    /// A lower total than told before.
    Correct,
}
