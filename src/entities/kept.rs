//! A row of an entity, with what deletion and settling leave of it.
//!
//! The newest upsert and the newest delete are kept side by side, each with its own version, so that any order of arrival ends in the same
//! state: a delete that overtakes its upsert still finds the content beside it when that comes, and an upsert newer than the delete revives
//! the row. What a deleted row means is the view's to say.
//!
//! **Settled** rows can't change the view any more, whatever they said: their content is dropped, version and mark stay for the tombstone
//! time, so that a late repeat finds a newer version and does nothing. A *newer* version brings the whole row back: rows are totals.

use serde::{Deserialize, Serialize};

use super::Put;
use crate::facts::{Cause, Moment, Version};

/// What a record said of the row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Told<R> {
    pub version: Version,
    pub cause: Cause,
    pub at: Moment,
    pub row: R,
}

/// That the row is gone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Gone {
    pub version: Version,
    pub cause: Cause,
    /// When it was deleted; of a settled row, the tick at which it was settled.
    pub at: Moment,
    /// Content of this version or an older one is of no use any more.
    pub settled: bool,
}

/// The newest that is known of a row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Kept<R> {
    pub told: Option<Told<R>>,
    pub gone: Option<Gone>,
}

impl<R> Default for Kept<R> {
    fn default() -> Self {
        Self { told: None, gone: None }
    }
}

impl<R> Kept<R> {
    /// The newest content, deleted or not.
    pub fn content(&self) -> Option<&R> {
        self.told.as_ref().map(|told| &told.row)
    }

    /// The content, unless the row is deleted.
    pub fn live(&self) -> Option<&R> {
        if self.gone.is_some() { None } else { self.content() }
    }

    /// Puts what the source deleted.
    pub fn delete(&mut self, version: Version, cause: Cause, at: Moment) -> Put {
        let newest = self.told.as_ref().map(|told| told.version).max(self.gone.as_ref().map(|gone| gone.version));
        if newest.is_some_and(|newest| version <= newest) {
            return Put::Stale;
        }
        let same = self.gone.as_ref().is_some_and(|gone| gone.at == at);
        let settled = self.gone.as_ref().is_some_and(|gone| gone.settled);
        self.gone = Some(Gone { version, cause, at, settled });
        if same { Put::Same } else { Put::Changed }
    }

    /// The row is another entity's from this version on: its content goes, and an older telling doesn't bring it back.
    pub fn withdraw(&mut self, version: Version, cause: Cause, at: Moment) -> Put {
        let newest = self.told.as_ref().map(|told| told.version).max(self.gone.as_ref().map(|gone| gone.version));
        if newest.is_some_and(|newest| version <= newest) {
            return Put::Stale;
        }
        *self = Self { told: None, gone: Some(Gone { version, cause, at, settled: true }) };
        Put::Changed
    }

    /// Drops the content and leaves the mark: the row can't change the view any more. Nothing to do where no version was ever known.
    pub fn settle(&mut self, tick: Moment) {
        let told = self.told.take().map(|told| (told.version, told.cause));
        let gone = self.gone.take().map(|gone| (gone.version, gone.cause));
        self.gone = told.max(gone).map(|(version, cause)| Gone { version, cause, at: tick, settled: true });
    }
}

impl<R: PartialEq> Kept<R> {
    /// Puts what a source says of the row now.
    pub fn upsert(&mut self, row: R, version: Version, cause: Cause, at: Moment) -> Put {
        if self.gone.as_ref().is_some_and(|gone| gone.settled && version <= gone.version) {
            return Put::Stale;
        }
        if self.told.as_ref().is_some_and(|told| version <= told.version) {
            return Put::Stale;
        }
        let same = self.gone.is_none() && self.told.as_ref().is_some_and(|told| told.row == row && told.at == at);
        self.told = Some(Told { version, cause, at, row });
        if self.gone.as_ref().is_some_and(|gone| gone.version < version) {
            self.gone = None;
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
            let mut kept = Kept::default();
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
    fn a_deletion_that_is_told_again_changes_nothing_of_the_row() {
        let mut kept = Kept::default();
        kept.upsert("three pieces", version(1, true), CAUSE, Moment(0));
        assert_eq!(kept.delete(version(2, false), CAUSE, Moment(5)), Put::Changed);
        assert_eq!(kept.delete(version(3, false), CAUSE, Moment(5)), Put::Same);
        assert_eq!(kept.delete(version(4, false), CAUSE, Moment(6)), Put::Changed, "its time is another");
    }

    #[test]
    fn a_settled_row_ignores_repeats_and_comes_back_whole_with_a_newer_version() {
        let mut kept = Kept::default();
        kept.upsert("three pieces", version(5, true), CAUSE, Moment(0));
        kept.settle(Moment(9));
        assert_eq!(kept.upsert("three pieces", version(5, true), CAUSE, Moment(0)), Put::Stale);
        assert_eq!(kept.upsert("two pieces", version(4, true), CAUSE, Moment(0)), Put::Stale);
        assert_eq!(kept.content(), None);
        assert_eq!(kept.upsert("four pieces", version(6, true), CAUSE, Moment(0)), Put::Changed);
        assert_eq!(kept.live(), Some(&"four pieces"));
    }
}
