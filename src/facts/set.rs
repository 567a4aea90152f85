//! Sets of rows, and what a record says of a whole set.

use serde::{Deserialize, Serialize};

use super::{SourceId, Text};

/// The kinds of entities that keep rows. Row kinds are numbered for each of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum EntityKind {
    /// Orders, and the aliases that lead to them.
    Orders,
    /// SKUs.
    Skus,
    /// Customers.
    Customers,
}

/// Rows that one record may be about: of one source and kind, whose ids begin alike.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RowSet {
    /// The source that owns them.
    pub source: SourceId,
    /// The entities that keep them.
    pub entity: EntityKind,
    /// Their kind.
    pub kind: u8,
    /// How their ids begin; empty: all of the kind.
    pub prefix: Text,
}

/// What a record says of a set of rows. The fact's version is the delete watermark: rows of the set with a lower version are deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Watermark {
    /// Nothing older is left: a table was emptied, or the same record holds all rows that there are.
    Raised,
    /// A snapshot has read all rows of the set, at the fact's place. Older rows stay as they are, since even a deletion of a row means nothing by
    /// itself; orders learn which of their rows it left out.
    Read,
    /// A row of a list that comes in parts. It raises the watermark once all its rows have arrived.
    Listed {
        /// From 1.
        row: u32,
        /// How many rows the list has.
        rows: u32,
    },
}

impl Watermark {
    /// The kind of a watermark's [`super::RowKey`].
    pub const KIND: u8 = 254;
    /// A list of more rows is none.
    pub const ROWS_MAX: u32 = 10_000_000;
}
