//! The fact, and the parts that it is made of.

use serde::{Deserialize, Serialize};

use super::{Alias, Cause, CustomerKey, CustomerRow, Moment, OrderKey, OrderRow, RowSet, Sku, SkuRow, SourceId, Text, Version, Watermark};

/// Which entity a fact is for: the one that keeps its row.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Subject {
    /// An order, by the key of the system that it was placed in.
    Order(OrderKey),
    /// An order, by an alias that another system gave it; the alias's link leads to the order. A fact for an alias carries an order's row.
    Alias(Alias),
    /// A SKU.
    Sku(Sku),
    /// A customer.
    Customer(CustomerKey),
    /// The row of this key, whoever owns it.
    RowOwner(RowKey),
    /// Many rows, whoever owns them.
    Set(RowSet),
    /// The whole application: what a person says of requests that are held.
    Desk,
}

/// A canonical row, by the kind of entity that keeps it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Row {
    /// Of an order.
    Order(OrderRow),
    /// Of a SKU.
    Sku(SkuRow),
    /// Of a customer.
    Customer(CustomerRow),
    /// Where an alias leads: to an order, or to another alias (eight links at most).
    Link(Link),
    /// A row, and who owns it now.
    Owned(Box<OwnedRow>),
    /// What a record says of older rows of a set.
    Watermark(Watermark),
}

/// A row that its source may move to another owner later, without naming the one that had it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OwnedRow {
    /// Whose row it is: an order, or an alias.
    pub subject: Subject,
    /// The row.
    pub row: Row,
}

/// The target of an alias's link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Link {
    /// An order.
    Order(OrderKey),
    /// Another alias, which leads on.
    Alias(Alias),
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
    /// The row as its source has it now.
    Upsert(Row),
    /// The source deleted the row.
    Delete,
    /// The source gave the row to another entity: here it is as if it had never been there, and no older record brings it back.
    Withdraw,
}

/// Which row of its entity: its kind (a canonical table and field group), the source that owns it, and the source's own key within the entity.
///
/// A row that comes in parts (field groups with versions of their own) has one kind for each group.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RowKey {
    /// A canonical table and field group, as numbered by [`OrderRow`], [`SkuRow`] or [`CustomerRow`].
    pub kind: u8,
    /// The source that owns the row.
    pub source: SourceId,
    /// The source's own key of the row within its entity.
    pub id: Text,
}

/// A keyed, versioned statement in our language: how one row stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fact {
    /// The entity that it is for.
    pub subject: Subject,
    /// The row.
    pub key: RowKey,
    /// What became of the row.
    pub change: Change,
    /// Which of two facts about the row is the newer.
    pub version: Version,
    /// The record that it came from.
    pub cause: Cause,
    /// Business time by the source's clock, else its commit time, else the Kafka record's timestamp (rows.md, "`at`").
    pub at: Moment,
}

/// Where a statement about a row comes from.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Provenance {
    /// The record's version.
    pub version: Version,
    /// The record.
    pub cause: Cause,
    /// When it was written, by its source.
    pub at: Moment,
}
