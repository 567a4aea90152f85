//! Homes: where a row lives whose source may give it to another order without a word to the one that had it.
//!
//! A return that the warehouse books to the wrong order and corrects, a refund that finance names another number for: the record says whose
//! the row *is*, not whose it was. A home keeps whose it was last; the row itself lives with its order.
//!
//! - Newer, and of another entity: the row is taken from where it was, as if it had never been told there, and given to the new one.
//! - Older, and of another entity than the newest: it says nothing any more.
//! - A deletion, which need not say whose the row is, goes to where it lives; one that comes before its row waits here.
//!
//! So any order of arrival ends the same.

use serde::{Deserialize, Serialize};

use crate::facts::{Cause, Moment, Subject, Version};

/// A row's home. Small: one record of the changelog, whole.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct HomeState {
    lives: Option<(Subject, Version)>,
    /// The newest deletion.
    gone: Option<Gone>,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Gone {
    pub version: Version,
    pub cause: Cause,
    pub at: Moment,
}

/// What is to be done with what was told of the row.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// Nothing: it is older than what is known, or waits here.
    Nothing,
    /// It goes to the entity that it names, after it was taken from where it lived; then the deletion, if a newer one is known.
    Lives { taken_from: Option<Subject>, then: Option<Gone> },
    /// The deletion goes there.
    Leaves(Subject),
}

impl HomeState {
    /// What a source says: the row is this entity's.
    pub fn lives(&mut self, subject: &Subject, version: Version) -> Verdict {
        let then = self.gone.filter(|gone| gone.version > version);
        match &mut self.lives {
            Some((known, newest)) if version <= *newest => {
                if known == subject {
                    Verdict::Lives { taken_from: None, then }
                } else {
                    Verdict::Nothing
                }
            }
            known => {
                let before = known.replace((subject.clone(), version));
                let taken_from = before.map(|(before, _)| before).filter(|before| before != subject);
                Verdict::Lives { taken_from, then }
            }
        }
    }

    /// The row is deleted.
    pub fn deleted(&mut self, gone: Gone) -> Verdict {
        if self.gone.as_ref().is_some_and(|known| gone.version <= known.version) {
            return Verdict::Nothing;
        }
        self.gone = Some(gone);
        match &self.lives {
            Some((subject, newest)) if gone.version > *newest => Verdict::Leaves(subject.clone()),
            _ => Verdict::Nothing,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::{OrderKey, Place};

    fn version(place: u64) -> Version {
        Version { incarnation: 0, place: Place::Position([place, 0, 0]), upsert: true, adapter: 0 }
    }

    fn order(id: &str) -> Subject {
        Subject::Order(OrderKey::new("magento", id))
    }

    fn gone(place: u64) -> Gone {
        Gone { version: version(place), cause: Cause::NONE, at: Moment(0) }
    }

    #[test]
    fn a_row_is_taken_from_where_it_was_and_what_is_older_says_nothing() {
        let mut home = HomeState::default();
        assert_eq!(home.lives(&order("1"), version(3)), Verdict::Lives { taken_from: None, then: None });
        assert_eq!(home.lives(&order("2"), version(2)), Verdict::Nothing, "an older word of another order");
        assert_eq!(home.lives(&order("1"), version(2)), Verdict::Lives { taken_from: None, then: None });
        assert_eq!(home.lives(&order("2"), version(4)), Verdict::Lives { taken_from: Some(order("1")), then: None });
    }

    #[test]
    fn a_deletion_waits_for_the_row_that_it_is_newer_than_and_for_no_other() {
        let mut home = HomeState::default();
        assert_eq!(home.deleted(gone(5)), Verdict::Nothing, "nobody knows yet whose the row is");
        assert_eq!(home.deleted(gone(4)), Verdict::Nothing, "an older one");
        assert_eq!(home.lives(&order("1"), version(3)), Verdict::Lives { taken_from: None, then: Some(gone(5)) });
        assert_eq!(home.lives(&order("1"), version(6)), Verdict::Lives { taken_from: None, then: None }, "told anew after it was deleted");
        assert_eq!(home.deleted(gone(7)), Verdict::Leaves(order("1")));
    }
}
