//! A row with its content and its deletion side by side, each with the version, cause and moment of its record.
//!
//! Which of two records wins: see [`super::newest`]. What a deleted row means is for the view to say.
//!
//! **Settled** rows can't change the view any more, whatever their content was: the content is dropped, version and mark stay for the tombstone
//! time, so that a late repeat finds a newer version and does nothing. A *newer* version brings the whole row back: rows are totals.

use serde::{Deserialize, Serialize};

use super::Put;
use super::newest::{Arrival, Known};
use crate::facts::{Cause, Moment, Version};

/// The newest content of a row, and its record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Upserted<R> {
    /// The record's version.
    pub version: Version,
    /// The record.
    pub cause: Cause,
    /// When it was written, by its source.
    pub at: Moment,
    /// The content.
    pub row: R,
}

/// The newest deletion of a row, and its record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Deletion {
    /// The record's version.
    pub version: Version,
    /// The record.
    pub cause: Cause,
    /// When the row was deleted; of a settled row, the tick at which it was settled.
    pub at: Moment,
    /// Content of this version or an older one is of no use any more.
    pub settled: bool,
}

/// The newest that is known of a row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KeptRow<R> {
    /// `None`: no upsert came yet, or its content is of no use any more.
    pub upserted: Option<Upserted<R>>,
    /// The deletion, while no newer upsert is known.
    pub deletion: Option<Deletion>,
}

impl<R> Default for KeptRow<R> {
    fn default() -> Self {
        Self { upserted: None, deletion: None }
    }
}

impl<R> KeptRow<R> {
    /// The newest content, deleted or not.
    pub fn content(&self) -> Option<&R> {
        self.upserted.as_ref().map(|upserted| &upserted.row)
    }

    /// The content, unless the row is deleted.
    pub fn live(&self) -> Option<&R> {
        if self.is_deleted() { None } else { self.content() }
    }

    /// Is the row deleted, or settled?
    pub fn is_deleted(&self) -> bool {
        self.deletion.is_some()
    }

    /// The record that its content came in.
    pub fn cause(&self) -> Option<Cause> {
        self.upserted.as_ref().map(|upserted| upserted.cause)
    }

    /// When its newest record was written.
    pub fn written_at(&self) -> Option<Moment> {
        self.deletion.as_ref().map(|deletion| deletion.at).max(self.upserted.as_ref().map(|upserted| upserted.at))
    }

    /// What is known of it by versions; `None`: nothing yet.
    fn known(&self) -> Option<Known> {
        let content = self.upserted.as_ref().map(|upserted| upserted.version);
        let deletion = self.deletion.as_ref();
        let newest = content.max(deletion.map(|deletion| deletion.version))?;
        let settled = deletion.filter(|deletion| deletion.settled).map(|deletion| deletion.version);
        Some(Known { newest, deleted: deletion.is_some(), content: content.max(settled) })
    }

    fn arrival(&self, upsert: bool, version: Version) -> Arrival {
        self.known().map_or(Arrival::Newest, |known| known.arrival(upsert, version))
    }

    /// Puts a deletion.
    pub fn delete(&mut self, version: Version, cause: Cause, at: Moment) -> Put {
        if self.arrival(false, version) == Arrival::Stale {
            return Put::Stale;
        }
        let same = self.deletion.as_ref().is_some_and(|deletion| deletion.at == at);
        let settled = self.deletion.as_ref().is_some_and(|deletion| deletion.settled);
        self.deletion = Some(Deletion { version, cause, at, settled });
        if same { Put::Same } else { Put::Changed }
    }

    /// The row is another entity's from this version on: its content goes, and an older upsert doesn't bring it back.
    pub fn withdraw(&mut self, version: Version, cause: Cause, at: Moment) -> Put {
        if self.arrival(false, version) == Arrival::Stale {
            return Put::Stale;
        }
        *self = Self { upserted: None, deletion: Some(Deletion { version, cause, at, settled: true }) };
        Put::Changed
    }

    /// Drops the content and leaves the mark: the row can't change the view any more. Nothing to do where no version was ever known.
    pub fn settle(&mut self, tick: Moment) {
        let upserted = self.upserted.take().map(|upserted| (upserted.version, upserted.cause));
        let deletion = self.deletion.take().map(|deletion| (deletion.version, deletion.cause));
        self.deletion = upserted.max(deletion).map(|(version, cause)| Deletion { version, cause, at: tick, settled: true });
    }
}

impl<R: PartialEq> KeptRow<R> {
    /// Puts the row as its source has it now.
    pub fn upsert(&mut self, row: R, version: Version, cause: Cause, at: Moment) -> Put {
        let arrival = self.arrival(true, version);
        if arrival == Arrival::Stale {
            // Of a settled row nothing is known any more that it could differ from.
            return if self.content().is_some_and(|kept| *kept != row) { Put::PassedOver } else { Put::Stale };
        }
        let same = !self.is_deleted() && self.upserted.as_ref().is_some_and(|upserted| upserted.row == row && upserted.at == at);
        self.upserted = Some(Upserted { version, cause, at, row });
        if arrival == Arrival::Newest {
            self.deletion = None;
        }
        if same { Put::Same } else { Put::Changed }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::{Place, TopicId};

    const CAUSE: Cause = Cause { topic: TopicId(1), partition: 0, offset: 0 };

    fn version(n: u64, upsert: bool) -> Version {
        Version { incarnation: 0, place: Place::Position([n, 0, 0]), upsert, adapter: 0 }
    }

    #[test]
    fn any_order_of_arrival_ends_in_the_same_row() {
        type Step = (u64, Option<&'static str>);
        let steps: [Step; 3] = [(1, Some("old")), (2, Some("last")), (3, None)];
        for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
            let mut kept = KeptRow::default();
            for (n, row) in order.map(|i| steps[i]) {
                match row {
                    Some(row) => kept.upsert(row, version(n, true), CAUSE, Moment(0)),
                    None => kept.delete(version(n, false), CAUSE, Moment(0)),
                };
            }
            assert_eq!(kept.content(), Some(&"last"), "{order:?}");
            assert!(kept.live().is_none(), "{order:?}");
        }
    }

    #[test]
    fn a_deletion_that_is_repeated_changes_nothing_of_the_row() {
        let mut kept = KeptRow::default();
        kept.upsert("three pieces", version(1, true), CAUSE, Moment(0));
        assert_eq!(kept.delete(version(2, false), CAUSE, Moment(5)), Put::Changed);
        assert_eq!(kept.delete(version(3, false), CAUSE, Moment(5)), Put::Same);
        assert_eq!(kept.delete(version(4, false), CAUSE, Moment(6)), Put::Changed, "its time is another");
    }

    #[test]
    fn a_settled_row_ignores_repeats_and_comes_back_whole_with_a_newer_version() {
        let mut kept = KeptRow::default();
        kept.upsert("three pieces", version(5, true), CAUSE, Moment(0));
        kept.settle(Moment(9));
        assert_eq!(kept.upsert("three pieces", version(5, true), CAUSE, Moment(0)), Put::Stale);
        assert_eq!(kept.upsert("two pieces", version(4, true), CAUSE, Moment(0)), Put::Stale);
        assert_eq!(kept.content(), None);
        assert_eq!(kept.upsert("four pieces", version(6, true), CAUSE, Moment(0)), Put::Changed);
        assert_eq!(kept.live(), Some(&"four pieces"));
        assert_eq!(kept.upsert("two pieces", version(4, true), CAUSE, Moment(0)), Put::PassedOver, "it says something else");
        assert_eq!(kept.upsert("four pieces", version(6, true), CAUSE, Moment(0)), Put::Stale, "a repeat");
    }
}
