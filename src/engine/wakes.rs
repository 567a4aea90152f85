//! When which entity's view would next change by the clock alone. Rebuilt by restore; read at an epoch's opening, changed when it is sealed,
//! and back again when it is not committed.

use std::collections::BTreeSet;

use foldhash::fast::RandomState;
use hashbrown::HashMap;

use crate::facts::{Moment, Subject};

#[derive(Debug, Default)]
pub struct Wakes {
    by_moment: BTreeSet<(Moment, Subject)>,
    moments: HashMap<Subject, Moment, RandomState>,
}

impl Wakes {
    /// Sets (or, by `None`, clears) the moment of an entity, and gives what it was.
    pub fn set(&mut self, subject: Subject, next: Option<Moment>) -> Option<Moment> {
        let old = self.moments.get(&subject).copied();
        if old == next {
            return old;
        }
        if let Some(old) = old {
            self.by_moment.remove(&(old, subject.clone()));
        }
        match next {
            Some(next) => {
                self.by_moment.insert((next, subject.clone()));
                self.moments.insert(subject, next);
            }
            None => {
                self.moments.remove(&subject);
            }
        }
        old
    }

    pub fn earliest(&self) -> Option<Moment> {
        self.by_moment.first().map(|(moment, _)| *moment)
    }

    /// Entities whose moment has come, earliest first; they stay until their moment is set anew.
    pub fn due(&self, tick: Moment) -> impl Iterator<Item = &Subject> {
        self.by_moment.iter().take_while(move |(moment, _)| *moment <= tick).map(|(_, subject)| subject)
    }
}
