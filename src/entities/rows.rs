//! The newest version of each row of a small entity.

use serde::{Deserialize, Serialize};

use crate::facts::{Cause, Moment, RowKey, SourceId, Version};

/// A row as it is kept: its content, and which record said so.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stored<R> {
    pub version: Version,
    pub cause: Cause,
    pub at: Moment,
    /// The source deleted it; `row` is what it last said. The mark is kept for `tombstone_days`, so that a late repeat can't revive the row.
    pub deleted: bool,
    /// `None` only when a delete was all that ever came.
    pub row: Option<R>,
}

/// What became of a row that was put.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Put {
    /// It is the newest now, and says something else than before.
    Changed,
    /// It is the newest now, with the content there was: the version must be kept, the view can't have changed.
    Same,
    /// An older version, or a repeat: nothing happened.
    Stale,
}

/// Rows by key, sorted. An order has a few dozen at most, so a sorted vector beats a map.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rows<R>(Vec<(RowKey, Stored<R>)>);

impl<R> Default for Rows<R> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<R: PartialEq> Rows<R> {
    /// Puts a row (`None`: its deletion) when its version is newer than the one there.
    pub fn put(&mut self, key: RowKey, row: Option<R>, version: Version, cause: Cause, at: Moment) -> Put {
        match self.0.binary_search_by(|(k, _)| k.cmp(&key)) {
            Err(place) => {
                let deleted = row.is_none();
                self.0.insert(place, (key, Stored { version, cause, at, deleted, row }));
                Put::Changed
            }
            Ok(place) => {
                let stored = &mut self.0[place].1;
                if version <= stored.version {
                    return Put::Stale;
                }
                stored.version = version;
                stored.cause = cause;
                let deleted = row.is_none();
                let same = stored.deleted == deleted && (deleted || stored.row == row) && stored.at == at;
                stored.deleted = deleted;
                stored.at = at;
                if row.is_some() {
                    stored.row = row;
                }
                if same { Put::Same } else { Put::Changed }
            }
        }
    }

    pub fn get(&self, key: &RowKey) -> Option<&Stored<R>> {
        self.0.binary_search_by(|(k, _)| k.cmp(key)).ok().map(|place| &self.0[place].1)
    }

    pub fn iter(&self) -> impl Iterator<Item = (&RowKey, &Stored<R>)> {
        self.0.iter().map(|(key, stored)| (key, stored))
    }

    /// Rows of one kind, in the order of source and id.
    pub fn of_kind(&self, kind: u8) -> impl Iterator<Item = (&RowKey, &Stored<R>)> {
        let start = self.0.partition_point(|(key, _)| key.kind < kind);
        self.0[start..].iter().take_while(move |(key, _)| key.kind == kind).map(|(key, stored)| (key, stored))
    }

    /// Rows of one kind and source.
    pub fn of(&self, kind: u8, source: SourceId) -> impl Iterator<Item = (&RowKey, &Stored<R>)> {
        self.of_kind(kind).filter(move |(key, _)| key.source == source)
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
