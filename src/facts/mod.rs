//! Room 3, the waist: Waybill's own language.
//!
//! A **fact** says how one canonical row stands: a keyed upsert or delete, with the [`Version`] its source gave it and the
//! [`Cause`] (the Kafka record) it came from. Before this room nothing knows a view; after it nothing knows a system: a fact names its
//! source only as a [`SourceId`], to tell owners of rows apart and to look up the *role* that configuration gave it.
//!
//! Every value is checked when it is made ([`Amount`], [`Quantity`], [`Sku`], [`Currency`], [`Moment`]), so that the rooms behind never check again.

pub mod customer;
pub mod fact;
pub mod ids;
pub mod joins;
pub mod money;
pub mod order;
pub mod role;
pub mod set;
pub mod shown;
pub mod sku;
pub mod time;
pub mod version;

pub use customer::CustomerRow;
pub use fact::{Change, Fact, Link, OwnedRow, Provenance, Row, RowKey, Subject};
pub use ids::{Alias, Cause, CustomerKey, Digest, OrderKey, Sku, SourceId, Text, TopicId};
pub use money::{Amount, Currency, Quantity};
pub use order::OrderRow;
pub use role::Role;
pub use set::{EntityKind, RowSet, Watermark};
pub use shown::{ShownFact, shown};
pub use sku::SkuRow;
pub use time::Moment;
pub use version::{LogMark, Place, RowMark, Version};
