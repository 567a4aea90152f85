//! Room 5: view differences -> events. One file an event: its body, and when it is due.
//!
//! A **statement** says how something stands now. It is keyed by what it is about, the newest wins, and it is not emitted again while its content is
//! the same. A **request** makes somebody move money or goods, or write to a person. It has a gate and a ledger, a step and running totals. Each
//! body's contract is an Avro schema under `schemas/`, which a test writes from the type.
//!
//! A new request topic is a file of this folder that implements [`request::Request`], a line in the list below, and an entry in
//! [`crate::entities::topics`].

/// Calls a macro with every request topic: the ledger of an order that it enters, and the body, which implements [`request::Request`]. The seal and
/// `why` walk this list, in this sequence.
macro_rules! requests {
    ($walk:ident) => {
        $walk! {
            sales_order: crate::events::sales_orders::SalesOrder,
            revenue: crate::events::revenue_notices::RevenueNotice,
            fulfilment: crate::events::fulfilment_requests::FulfilmentRequest,
            despatch: crate::events::despatch_notices::DespatchNotice,
            completion: crate::events::order_completions::OrderCompletion,
            receipt: crate::events::receipt_notices::ReceiptNotice,
            refund: crate::events::refund_requests::RefundRequest,
            journal: crate::events::journal_entries::JournalEntry,
            reversal: crate::events::order_reversals::OrderReversal,
            announced: crate::events::return_announcements::ReturnAnnouncement,
            sold: crate::events::sales_lines::SalesLine,
            notified: crate::events::notifications::Notification,
        }
    };
}

pub mod alias;
pub mod audit;
mod body;
pub mod counts;
mod customer;
pub mod customer_exceptions;
pub mod customer_history;
pub mod day_book;
pub mod desk;
pub mod despatch_notices;
pub mod exceptions;
pub mod fulfilment_requests;
mod gate;
pub mod journal_entries;
pub mod marketing_profiles;
pub mod notifications;
pub mod order;
pub mod order_completions;
pub mod order_reversals;
pub mod order_status;
mod outlet;
pub mod product_updates;
pub mod receipt_notices;
pub mod refund_requests;
pub mod request;
pub mod return_announcements;
pub mod revenue_notices;
pub mod sales_lines;
pub mod sales_orders;
#[cfg(test)]
pub(crate) mod samples;
mod sealed;
mod sku;
pub mod sku_exceptions;
pub mod stock_updates;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod totals;
pub mod why;

pub use alias::seal_alias;
pub use body::{LineNames, NoticeAction, OrderRef, Receiver, RequestBody, RequestHead, Statement, digest};
pub use customer::seal_customer;
pub use gate::RequestGate;
pub use order::{forget_person, seal_order};
pub use outlet::{Emission, Flow, Outlet, SealContext, request_id};
pub use sealed::Sealed;
pub use sku::seal_sku;

pub use crate::entities::topics::Topic;
