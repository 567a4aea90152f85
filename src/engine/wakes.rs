//! When which entity's view would next change by the clock alone. Rebuilt by restore; read at an epoch's opening, changed at its publication,
//! so that an epoch that is dropped leaves no trace.

use std::collections::{BTreeSet, HashMap};

use crate::facts::{Moment, Subject};

#[derive(Debug, Default)]
pub struct Wakes {
    by_moment: BTreeSet<(Moment, Subject)>,
    moments: HashMap<Subject, Moment>,
}

impl Wakes {
    /// Sets (or, by `None`, clears) the moment of an entity.
    pub fn set(&mut self, subject: Subject, next: Option<Moment>) {
        if let Some(old) = self.moments.remove(&subject) {
            self.by_moment.remove(&(old, subject.clone()));
        }
        if let Some(next) = next {
            self.moments.insert(subject.clone(), next);
            self.by_moment.insert((next, subject));
        }
    }

    /// Sets it, where the entity was computed.
    pub fn renew(&mut self, subject: Subject, computed: Option<Option<Moment>>) {
        if let Some(next) = computed {
            self.set(subject, next);
        }
    }

    pub fn earliest(&self) -> Option<Moment> {
        self.by_moment.first().map(|(moment, _)| *moment)
    }

    /// Entities whose moment has come, earliest first; they stay until their moment is set anew.
    pub fn due(&self, tick: Moment) -> impl Iterator<Item = &Subject> {
        self.by_moment.iter().take_while(move |(moment, _)| *moment <= tick).map(|(_, subject)| subject)
    }
}
