//! The row owner index: whose row it is, for rows that a source may move to another order without naming the old one.
//!
//! A warehouse books a return to the wrong order and corrects it; finance names another order number for a refund. Each time the record says
//! whose the row *is*, not whose it was. The index keeps the owner of each such row; the row itself stands with its owner.
//!
//! | a record | does this |
//! | --- | --- |
//! | newer, names another owner | the row is taken from the old owner, as if it had never been there, and put to the new one |
//! | older, names another owner than the newest record | nothing |
//! | a deletion, which need not name an owner | goes to the owner; where none is known yet, it waits here |
//!
//! So any order of arrival ends in the same state.

use serde::{Deserialize, Serialize};

use crate::facts::{Provenance, Subject, Version};

/// The owner of one row. Small: one record of the changelog.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RowOwnerState {
    owner: Option<(Subject, Version)>,
    /// The newest deletion.
    deletion: Option<Provenance>,
}

/// What is to be done with a record of the row.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// Nothing: the record is older than what is known, or waits here.
    Nothing,
    /// The row goes to the owner that the record names.
    Put {
        /// The row is taken from this owner first.
        taken_from: Option<Subject>,
        /// A newer deletion, which follows.
        then: Option<Provenance>,
    },
    /// The deletion goes to this owner.
    Delete(Subject),
}

impl RowOwnerState {
    /// An upsert of the row that names this owner.
    pub fn upserted(&mut self, owner: &Subject, version: Version) -> Verdict {
        let then = self.deletion.filter(|deletion| deletion.version > version);
        match &mut self.owner {
            Some((known, newest)) if version <= *newest => {
                if known == owner {
                    Verdict::Put { taken_from: None, then }
                } else {
                    Verdict::Nothing
                }
            }
            known => {
                let before = known.replace((owner.clone(), version));
                let taken_from = before.map(|(before, _)| before).filter(|before| before != owner);
                Verdict::Put { taken_from, then }
            }
        }
    }

    /// A deletion of the row.
    pub fn deleted(&mut self, deletion: Provenance) -> Verdict {
        if self.deletion.as_ref().is_some_and(|known| deletion.version <= known.version) {
            return Verdict::Nothing;
        }
        self.deletion = Some(deletion);
        match &self.owner {
            Some((owner, newest)) if deletion.version > *newest => Verdict::Delete(owner.clone()),
            _ => Verdict::Nothing,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::{Cause, Moment, OrderKey, Place};

    fn version(place: u64) -> Version {
        Version { incarnation: 0, place: Place::Position([place, 0, 0]), upsert: true, adapter: 0 }
    }

    fn order(id: &str) -> Subject {
        Subject::Order(OrderKey::new("magento", id))
    }

    fn deletion(place: u64) -> Provenance {
        Provenance { version: version(place), cause: Cause::NONE, at: Moment(0) }
    }

    #[test]
    fn a_row_is_taken_from_its_old_owner_and_an_older_record_does_nothing() {
        let mut state = RowOwnerState::default();
        assert_eq!(state.upserted(&order("1"), version(3)), Verdict::Put { taken_from: None, then: None });
        assert_eq!(state.upserted(&order("2"), version(2)), Verdict::Nothing, "an older record names another order");
        assert_eq!(state.upserted(&order("1"), version(2)), Verdict::Put { taken_from: None, then: None });
        assert_eq!(state.upserted(&order("2"), version(4)), Verdict::Put { taken_from: Some(order("1")), then: None });
    }

    #[test]
    fn a_deletion_waits_for_the_row_that_it_is_newer_than_and_for_no_other() {
        let mut state = RowOwnerState::default();
        assert_eq!(state.deleted(deletion(5)), Verdict::Nothing, "the owner is not known yet");
        assert_eq!(state.deleted(deletion(4)), Verdict::Nothing, "an older one");
        assert_eq!(state.upserted(&order("1"), version(3)), Verdict::Put { taken_from: None, then: Some(deletion(5)) });
        assert_eq!(state.upserted(&order("1"), version(6)), Verdict::Put { taken_from: None, then: None }, "upserted after its deletion");
        assert_eq!(state.deleted(deletion(7)), Verdict::Delete(order("1")));
    }
}
