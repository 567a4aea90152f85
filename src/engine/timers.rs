//! Timers: when which entity's view changes next although no record arrives.
//!
//! One timer an entity, set when the entity is sealed, and set back when its epoch is not committed. Due timers are read when an epoch opens. They
//! are not state: a restore sets them again.

use std::collections::BTreeSet;

use foldhash::fast::RandomState;
use hashbrown::HashMap;

use crate::facts::{Moment, Subject};

/// The timers of one shard.
#[derive(Debug, Default)]
pub struct Timers {
    by_moment: BTreeSet<(Moment, Subject)>,
    moments: HashMap<Subject, Moment, RandomState>,
}

impl Timers {
    /// Sets an entity's timer (`None` clears it), and gives what it was before.
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

    /// When the next timer is due.
    pub fn earliest(&self) -> Option<Moment> {
        self.by_moment.first().map(|(moment, _)| *moment)
    }

    /// Entities whose timers are due, earliest first. A timer stays until it is set again.
    pub fn due(&self, tick: Moment) -> impl Iterator<Item = &Subject> {
        self.by_moment.iter().take_while(move |(moment, _)| *moment <= tick).map(|(_, subject)| subject)
    }
}
