//! Room 3, the waist: Waybill's own language.
//!
//! A **fact** says how one canonical row stands: a keyed upsert or delete, with the [`Version`] its source gave it and the
//! [`Cause`] (the Kafka record) it came from. Before this room nothing knows a view; after it nothing knows a system: a fact names its
//! source only as a [`SourceId`], to tell owners of rows apart and to look up the *role* that configuration gave it.
//!
//! Every value is checked when it is made ([`Amount`], [`Quantity`], [`Sku`], [`Currency`], [`Moment`]), so that the rooms behind never check again.

pub mod customer;
pub mod ids;
pub mod money;
pub mod order;
pub mod role;
pub mod set;
pub mod sku;
pub mod time;
pub mod version;

pub use customer::CustomerRow;
pub use ids::{Cause, CustomerKey, Digest, Name, OrderKey, Sku, SourceId, Text, TopicId};
pub use money::{Amount, Currency, Quantity};
pub use order::OrderRow;
pub use role::Role;
pub use set::{Floor, Housed, Keeper, RowSet};
pub use sku::SkuRow;
pub use time::Moment;
pub use version::{Place, Version};

use serde::{Deserialize, Serialize};

/// Whom a fact concerns: the entity that keeps its row.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Subject {
    /// An order, by the key of the system that it was placed in.
    Order(OrderKey),
    /// An order under a name that another system gave it; the name's link leads to the order. A fact for a name carries an order's row.
    Name(Name),
    Sku(Sku),
    Customer(CustomerKey),
    /// The row of this key, wherever it lives.
    Home(RowKey),
    /// Many rows, wherever they live.
    Set(RowSet),
}

/// A canonical row, by the kind of entity that keeps it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Row {
    Order(OrderRow),
    Sku(SkuRow),
    Customer(CustomerRow),
    /// Where a name leads: to an order, or to another name (five links at most).
    Link(Link),
    /// A row, and whose it is now.
    Housed(Box<Housed>),
    /// What older rows of a set are worth now.
    Floor(Floor),
}

/// The target of a name's link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Link {
    Order(OrderKey),
    Name(Name),
}

impl Link {
    /// The kind of a link's [`RowKey`].
    pub const KIND: u8 = 255;
}

/// What became of the row.
///
/// A deletion means nothing by itself: the entity keeps the row's last content beside the mark, and the view says what a deleted row of its
/// kind means (a deleted document of the ERP is `gone`, with its quantities).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Change {
    Upsert(Row),
    Delete,
    /// The source gave the row to another entity: here it is as if it had never been told, and nothing older brings it back.
    Withdraw,
}

/// Which row of its entity: its kind (a canonical table and field group), the source that owns it, and the source's own key within the entity.
///
/// A row that comes in parts (field groups with versions of their own) has one kind for each group.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RowKey {
    pub kind: u8,
    pub source: SourceId,
    pub id: Text,
}

/// A keyed, versioned statement in our language.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fact {
    pub subject: Subject,
    pub key: RowKey,
    pub change: Change,
    pub version: Version,
    pub cause: Cause,
    /// Business time by the source's clock, else its commit time, else the Kafka record's timestamp (rows.md, "`at`").
    pub at: Moment,
}
