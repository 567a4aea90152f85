//! Versions: which of two states of a row is the newer, however they arrive.
//!
//! Compared in this order: incarnation of the source, then the place (a log's position; or a stamp and the adapter's rule for ties; or the
//! place in the topic), then upsert over delete (a change of key gives both at one position), then the adapter's revision, which a correction of
//! the adapter raises: it beats only the same record read before. Equal in all: a repeat, which changes nothing.
//! Versions of different sources are never compared: a row has one owner.

use serde::{Deserialize, Serialize};

/// Where in its source's order a state of a row stands. All of one table's places are of one variant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Place {
    /// No source: a derived fact.
    Derived {
        /// Of the shard.
        generation: u32,
        /// Of the entity that derives it.
        revision: u64,
    },
    /// A log's position, most significant part first: MariaDB (file, pos, row); SQL Server (commit LSN, change LSN, serial), packed by the adapter. Its
    /// last 32 bits tell changes apart that share the rest: 16 bits for [`Place::with_ordinal`], and 16 bits for what the source counts by.
    Position([u64; 3]),
    /// A modified time, with the adapter's fixed rule for ties.
    Stamp {
        /// The modified time, in milliseconds.
        millis: i64,
        /// The rank of the body's state.
        rank: u32,
        /// A digest of the body's bytes.
        tie: u64,
    },
    /// No version at all: the place in the topic. (Partitions of one key never differ while the topic keeps its number of partitions.)
    Arrival {
        /// The record's partition.
        partition: i32,
        /// The record's offset.
        offset: i64,
    },
}

impl Place {
    /// The bits of a position's last part that tell changes of one event apart.
    pub const APART: u64 = 0xffff_ffff;

    /// What the source counts the changes of one event by, as far as there is room.
    pub fn apart(count: u64) -> u64 {
        count.min(0xffff)
    }

    /// The place in the log that all changes of one event share. What tells these apart says which is the newer of one row, and nothing of two rows:
    /// each row's changes are counted by themselves.
    #[must_use]
    pub fn of_event(self) -> Self {
        match self {
            Self::Position([a, b, c]) => Self::Position([a, b, c & !Self::APART]),
            other => other,
        }
    }

    /// The same position, of the change that comes so late among those of its row: it stands above what the source counts by.
    #[must_use]
    pub fn with_ordinal(self, ordinal: u16) -> Self {
        match self {
            Self::Position([a, b, c]) => Self::Position([a, b, c | u64::from(ordinal) << 16]),
            other => other,
        }
    }
}

/// The version of a row. Field order is comparison order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Version {
    /// Raised when the source begins again (rebuilt, restored, failed over) and its positions jump back; kept with the partition's offset.
    pub incarnation: u16,
    /// Where in the source's order it stands.
    pub place: Place,
    /// At one position an upsert beats a delete.
    pub upsert: bool,
    /// The adapter's revision: raised when the meaning that it gives to a record changes.
    pub adapter: u16,
}

/// What tells the log of one server from that of another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LogMark {
    /// A digest of the server's id and of the name of its log's files; 0: the source does not say.
    pub server: u32,
    /// The global transaction id: a digest of its domain (MariaDB) or of the server that gave it (MySQL), and its number there.
    pub gtid: Option<(u32, u64)>,
}

/// What tells changes of one position apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RowMark {
    /// A digest of the record's key.
    pub key: u64,
    /// A digest of the row as it stood before; 0: it was not there, or the source does not say.
    pub before: u32,
    /// A digest of the row as it stands after; 0: it is gone.
    pub after: u32,
    /// The change's place in its transaction, where the source tells it (`provide.transaction.metadata`).
    pub order: Option<u64>,
}

impl Version {
    /// The version of a fact that an entity of `revision` in a shard of `generation` derives.
    pub fn derived(generation: u32, revision: u64) -> Self {
        Self { incarnation: 0, place: Place::Derived { generation, revision }, upsert: true, adapter: 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(incarnation: u16, pos: u64, upsert: bool, adapter: u16) -> Version {
        Version { incarnation, place: Place::Position([1, pos, 0]), upsert, adapter }
    }

    #[test]
    fn a_correction_of_the_adapter_beats_only_the_same_record() {
        assert!(at(0, 7, true, 2) > at(0, 7, true, 1));
        assert!(at(0, 8, true, 1) > at(0, 7, true, 2));
    }

    #[test]
    fn a_new_incarnation_beats_every_position_and_an_upsert_beats_the_delete_beside_it() {
        assert!(at(1, 1, true, 0) > at(0, 900, true, 9));
        assert!(at(0, 7, true, 0) > at(0, 7, false, 3));
    }
}
