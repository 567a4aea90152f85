//! The newest version of each row of a small entity.

use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Gone, Kept, Told};
use crate::facts::{Cause, Moment, RowKey, SourceId, Version};

/// A row as it is kept: its content, and which record said so.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stored<R> {
    pub version: Version,
    pub cause: Cause,
    pub at: Moment,
    /// The source deleted it; `row` is what it last said. The mark is kept for `tombstone_days`, so that a late repeat can't revive the row.
    pub deleted: bool,
    /// `None` when a delete was all that ever came, or the row was withdrawn.
    pub row: Option<R>,
    /// The version of `row` while it is deleted: an upsert that comes late, older than the deletion, still tells what was deleted.
    pub said: Option<Box<Version>>,
}

/// When there is no more room, so much is made for further rows.
const ROOM: usize = 4;

/// What became of a row that was put.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Put {
    /// An older version, or a repeat: nothing happened.
    Stale,
    /// It is the newest now, with the content there was: the version must be kept, the view can't have changed.
    Same,
    /// It is the newest now, and says something else than before.
    Changed,
}

/// Rows by key, sorted. An order has a few dozen at most, so a sorted vector beats a map. A copy shares the rows, and only those that are put to it
/// are made anew: each epoch works on copies.
#[derive(Clone, Debug, PartialEq)]
pub struct Rows<R>(Vec<Arc<(RowKey, Stored<R>)>>);

impl<R> Default for Rows<R> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<R: PartialEq> Stored<R> {
    fn put(&mut self, row: Option<R>, version: Version, cause: Cause, at: Moment) -> Put {
        if version <= self.version {
            return if row.is_some() { self.recall(row, version) } else { Put::Stale };
        }
        let deleted = row.is_none();
        let same = self.deleted == deleted && (deleted || self.row == row) && self.at == at;
        if !deleted {
            self.row = row;
            self.said = None;
        } else if !self.deleted {
            self.said = Some(Box::new(self.version));
        }
        self.version = version;
        self.cause = cause;
        self.deleted = deleted;
        self.at = at;
        if same { Put::Same } else { Put::Changed }
    }

    /// An upsert older than the deletion: what the row last said, when it is newer than what is remembered. So the order in which the two
    /// arrive does not show.
    fn recall(&mut self, row: Option<R>, version: Version) -> Put {
        if !self.deleted || version == self.version || self.said.as_ref().is_some_and(|said| version <= **said) {
            return Put::Stale;
        }
        let same = self.row == row;
        self.row = row;
        self.said = Some(Box::new(version));
        if same { Put::Same } else { Put::Changed }
    }
}

/// As pairs of key and row are written.
impl<R: Serialize> Serialize for Rows<R> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(|row| &**row))
    }
}

impl<'de, R: Deserialize<'de>> Deserialize<'de> for Rows<R> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let rows = Vec::<(RowKey, Stored<R>)>::deserialize(deserializer)?;
        Ok(Self(rows.into_iter().map(Arc::new).collect()))
    }
}

impl<R: Clone + PartialEq> Rows<R> {
    /// Puts a row (`None`: its deletion) when its version is newer than the one there.
    pub fn put(&mut self, key: RowKey, row: Option<R>, version: Version, cause: Cause, at: Moment) -> Put {
        match self.place(&key) {
            Err(place) => {
                let deleted = row.is_none();
                // An order stays long after its last row came: room for twice as many would stay with it.
                if self.0.len() == self.0.capacity() {
                    self.0.reserve_exact(ROOM);
                }
                self.0.insert(place, Arc::new((key, Stored { version, cause, at, deleted, row, said: None })));
                Put::Changed
            }
            Ok(place) => Arc::make_mut(&mut self.0[place]).1.put(row, version, cause, at),
        }
    }

    /// The row is another entity's from this version on: its content goes, and an older telling doesn't bring it back.
    pub fn withdraw(&mut self, key: RowKey, version: Version, cause: Cause, at: Moment) -> Put {
        let stored = Stored { version, cause, at, deleted: true, row: None, said: Some(Box::new(version)) };
        match self.place(&key) {
            Err(place) => self.0.insert(place, Arc::new((key, stored))),
            Ok(place) if version <= self.0[place].1.version => return Put::Stale,
            Ok(place) => self.0[place] = Arc::new((key, stored)),
        }
        Put::Changed
    }

    /// Would putting a state of this version change nothing?
    pub fn is_stale(&self, key: &RowKey, upsert: bool, version: Version) -> bool {
        self.get(key).is_some_and(|stored| {
            let known = if upsert && stored.deleted { stored.said.as_deref() } else { Some(&stored.version) };
            known.is_some_and(|known| version <= *known)
        })
    }

    /// Takes a row out as if it had never been told: the name that it came under leads elsewhere.
    pub fn take(&mut self, key: &RowKey) -> Option<Kept<R>> {
        let place = self.place(key).ok()?;
        let Stored { version, cause, at, deleted, row, said } = Arc::unwrap_or_clone(self.0.remove(place)).1;
        if !deleted {
            return Some(Kept { told: row.map(|row| Told { version, cause, at, row }), gone: None });
        }
        let told = row.zip(said).map(|(row, said)| Told { version: *said, cause, at, row });
        Some(Kept { told, gone: Some(Gone { version, cause, at, settled: false }) })
    }

    fn place(&self, key: &RowKey) -> Result<usize, usize> {
        self.0.binary_search_by(|row| row.0.cmp(key))
    }

    pub fn get(&self, key: &RowKey) -> Option<&Stored<R>> {
        self.place(key).ok().map(|place| &self.0[place].1)
    }

    pub fn iter(&self) -> impl Iterator<Item = (&RowKey, &Stored<R>)> {
        self.0.iter().map(|row| (&row.0, &row.1))
    }

    /// Rows of one kind, in the order of source and id.
    pub fn of_kind(&self, kind: u8) -> impl Iterator<Item = (&RowKey, &Stored<R>)> {
        let start = self.0.partition_point(|row| row.0.kind < kind);
        self.0[start..].iter().take_while(move |row| row.0.kind == kind).map(|row| (&row.0, &row.1))
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::facts::{Place, Text, TopicId};

    /// A newer version that says nothing new is kept, and nobody has to look: a snapshot reads all rows once more.
    #[test]
    fn the_same_said_again_is_no_change() {
        let mut rows = Rows::default();
        let mut put = |place, row: Option<u8>| {
            let version = Version { incarnation: 0, place: Place::Position([place, 0, 0]), upsert: row.is_some(), adapter: 0 };
            let key = RowKey { kind: 1, source: SourceId(1), id: Text::default() };
            rows.put(key, row, version, Cause { topic: TopicId(1), partition: 0, offset: place as i64 }, Moment(7))
        };
        assert_eq!(
            [put(1, Some(5)), put(2, Some(5)), put(2, Some(5)), put(3, Some(6))],
            [Put::Changed, Put::Same, Put::Stale, Put::Changed]
        );
        assert_eq!([put(4, None), put(5, None), put(6, Some(6))], [Put::Changed, Put::Same, Put::Changed]);
    }

    proptest! {
        /// Upserts and deletes of one row, in any order and repeated, leave the same content, mark and version.
        #[test]
        fn the_order_of_arrival_never_shows(changes in prop::collection::vec((0u64..6, any::<bool>()), 1..8).prop_shuffle()) {
            let put_all = |changes: &[(u64, bool)]| {
                let mut rows = Rows::default();
                for (place, upsert) in changes {
                    let version = Version { incarnation: 0, place: Place::Position([*place, 0, 0]), upsert: *upsert, adapter: 0 };
                    let cause = Cause { topic: TopicId(1), partition: 0, offset: *place as i64 * 2 + i64::from(*upsert) };
                    let key = RowKey { kind: 1, source: SourceId(1), id: Text::default() };
                    let stale = rows.is_stale(&key, *upsert, version);
                    let put = rows.put(key, upsert.then_some(*place), version, cause, Moment(*place as i64));
                    assert_eq!(stale, put == Put::Stale);
                }
                rows
            };
            let mut sorted = changes.clone();
            sorted.sort_unstable();
            let mut twice = changes.clone();
            twice.extend(sorted.iter().rev());
            prop_assert_eq!(put_all(&changes), put_all(&sorted));
            prop_assert_eq!(put_all(&twice), put_all(&sorted));
        }
    }
}
