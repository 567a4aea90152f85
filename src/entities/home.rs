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
