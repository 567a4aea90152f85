//! Facts that are about the keeping of rows: where a row lives, and which rows a record speaks of all at once.

use serde::{Deserialize, Serialize};

use super::{Row, SourceId, Subject, Text};

/// What a source says of a row that it may give to another entity later, without a word to the one that had it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Housed {
    /// Whose row it is: an order, or a name.
    pub subject: Subject,
    pub row: Row,
}

/// Entities that keep rows, by kind: row kinds are numbered by them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Keeper {
    /// Orders, and the names that lead to them.
    Orders,
    Skus,
    Customers,
}

/// Rows that a record may speak of all at once: of one source and kind, whose ids begin alike.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RowSet {
    pub source: SourceId,
    pub keeper: Keeper,
    pub kind: u8,
    /// Empty: all of the kind.
    pub prefix: Text,
}

/// What is said of a set. The fact's version is the floor: rows of the set with a lower version are no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Floor {
    /// Nothing older is left: a table was emptied, or all that there is stands in the same record.
    Laid,
    /// A snapshot has read all that there is, at the fact's place. A deletion means nothing by itself, and what is not there still less: older
    /// rows stay as they are, and orders learn which of theirs were left out.
    Read,
    /// A row of a list that comes in parts. It lays the floor once all its rows were told.
    Listed {
        /// From 1.
        row: u32,
        rows: u32,
    },
}

impl Floor {
    /// The kind of a floor's [`super::RowKey`].
    pub const KIND: u8 = 254;
    /// A list of more rows is none.
    pub const ROWS_MAX: u32 = 10_000_000;
}
