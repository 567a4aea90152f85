//! Entities of one kind and shard: committed ones, and those that the open epoch has touched.
//!
//! The epoch works on copies (the *stage*): dropping the stage is the roll-back, publishing it is the isolation. A copy is cheap: orders and
//! names are small, SKUs and customers share their rows' structure.

use std::hash::Hash;
use std::sync::Arc;

use foldhash::fast::RandomState;
use hashbrown::HashMap;
use indexmap::IndexMap;
use smallvec::SmallVec;

use crate::entities::Put;
use crate::facts::{Cause, Moment};

/// At most so many causes are named in an event's header: the first ones of the epoch.
const CAUSES_MAX: usize = 16;

/// An entity that the open epoch has touched.
#[derive(Debug)]
pub struct Staged<S> {
    pub state: S,
    /// Records of this epoch that changed it.
    pub causes: SmallVec<[Cause; 4]>,
    /// Something changed that its view is computed from, and it is not computed yet.
    pub due: bool,
    /// Its view was computed in this epoch.
    pub sealed: bool,
    /// Its state must be written.
    pub dirty: bool,
    /// When its view would next change by the clock alone, known after its seal.
    pub next: Option<Moment>,
}

impl<S> Staged<S> {
    /// Marks what became of a row that was put.
    pub fn mark(&mut self, put: Put, cause: Cause) {
        match put {
            Put::Changed => self.touch(cause),
            Put::Same => self.dirty = true,
            Put::Stale => {}
        }
    }

    /// Marks a change of the rows, caused by this record.
    pub fn touch(&mut self, cause: Cause) {
        self.due = true;
        self.dirty = true;
        if self.causes.len() < CAUSES_MAX && !self.causes.contains(&cause) {
            self.causes.push(cause);
        }
    }

    /// The clock has reached the moment at which the view may change: it is computed, and written only if it did.
    pub fn wake(&mut self) {
        self.due = true;
    }
}

/// Entities of one kind and shard.
#[derive(Debug)]
pub struct Table<K, S> {
    committed: HashMap<K, Arc<S>, RandomState>,
    /// In the order of first touch, so that what is emitted does not depend on a hash.
    staged: IndexMap<K, Staged<S>, RandomState>,
}

impl<K: Hash + Eq + Clone, S: Clone + Default> Table<K, S> {
    pub fn new() -> Self {
        Self { committed: HashMap::default(), staged: IndexMap::default() }
    }

    /// The entity as the open epoch sees it.
    pub fn get(&self, key: &K) -> Option<&S> {
        self.staged.get(key).map(|staged| &staged.state).or_else(|| self.committed.get(key).map(AsRef::as_ref))
    }

    /// The entity's copy in the open epoch, made at its first touch.
    pub fn stage(&mut self, key: &K) -> &mut Staged<S> {
        if !self.staged.contains_key(key) {
            let state = self.committed.get(key).map(|state| S::clone(state)).unwrap_or_default();
            self.staged.insert(key.clone(), Staged { state, causes: SmallVec::new(), due: false, sealed: false, dirty: false, next: None });
        }
        // Inserted just above when it was not there.
        &mut self.staged[key]
    }

    pub fn staged_len(&self) -> usize {
        self.staged.len()
    }

    /// The `index`th entity touched in this epoch.
    pub fn staged_at(&mut self, index: usize) -> Option<(&K, &mut Staged<S>)> {
        self.staged.get_index_mut(index)
    }

    pub fn staged(&self) -> impl Iterator<Item = (&K, &Staged<S>)> {
        self.staged.iter()
    }

    /// Drops the open epoch's copies.
    pub fn drop_stage(&mut self) {
        self.staged.clear();
    }

    /// What stands as it is committed needs no new record: what came has gone on already.
    pub fn spare_unchanged(&mut self)
    where
        S: PartialEq,
    {
        for (key, staged) in &mut self.staged {
            staged.dirty &= self.committed.get(key).is_none_or(|committed| **committed != staged.state);
        }
    }

    /// Makes the open epoch's copies the committed ones, and shows each to `each`, with when its view would next change: `None` for one that was
    /// not computed (its rows were told once more), whose moment stays as it was.
    pub fn publish(&mut self, mut each: impl FnMut(&K, &Arc<S>, Option<Option<Moment>>)) {
        for (key, staged) in self.staged.drain(..) {
            if !staged.dirty && !staged.due && !staged.sealed {
                continue;
            }
            let state = Arc::new(staged.state);
            each(&key, &state, (staged.sealed || staged.due).then_some(staged.next));
            self.committed.insert(key, state);
        }
    }

    /// Puts an entity that a restore read.
    pub fn restore(&mut self, key: K, change: impl FnOnce(&mut S)) {
        let entry = self.committed.entry(key).or_default();
        change(Arc::make_mut(entry));
    }

    pub fn committed(&self) -> impl Iterator<Item = (&K, &Arc<S>)> {
        self.committed.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::TopicId;

    /// A row that is told once more, by a new snapshot, must be written, for its version is newer; nothing is computed, and no deadline is lost.
    #[test]
    fn what_was_only_told_once_more_keeps_its_moment() {
        let cause = Cause { topic: TopicId(1), partition: 0, offset: 7 };
        let published = |put| {
            let mut table: Table<u8, u8> = Table::new();
            table.stage(&1).mark(put, cause);
            let mut shown = Vec::new();
            table.publish(|key, _, next| shown.push((*key, next)));
            shown
        };
        assert_eq!(published(Put::Same), [(1, None)]);
        assert_eq!(published(Put::Changed), [(1, Some(None))]);
        assert_eq!(published(Put::Stale), []);
    }
}
