//! Entities of one kind and shard: sealed ones, and those that the open epoch has touched.
//!
//! The epoch works on copies (the *stage*); dropping the stage is its roll-back. A copy is cheap: it shares its rows with what it is a copy of. A
//! sealed epoch is *promoted*: its copies take the places of the entities, which are kept beside them until the log has answered. If the epoch is
//! committed, the copies are shown to queries; if not, what was kept is put back.
//!
//! Entities that were not touched for long are packed (see [`MaybePacked`]); a touch unpacks them.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::hash::Hash;
use std::sync::Arc;

use foldhash::fast::RandomState;
use hashbrown::HashMap;
use indexmap::IndexMap;
use smallvec::SmallVec;

use super::packed::{MaybePacked, Pack};
use crate::entities::Put;
use crate::facts::{Cause, Moment};

/// At most so many causes are named in an event's header: the first ones of the epoch.
const CAUSES_MAX: usize = 16;

/// An entity that the open epoch has touched.
#[derive(Debug)]
pub struct Staged<S> {
    /// The copy that the epoch works on.
    pub state: S,
    /// Records of this epoch that changed it.
    pub causes: SmallVec<[Cause; 4]>,
    /// Something changed that its view is computed from, and it is not computed yet.
    pub due: bool,
    /// Its view was computed in this epoch.
    pub sealed: bool,
    /// Its state must be written.
    pub dirty: bool,
    /// When its timer is due next, known after its seal.
    pub next: Option<Moment>,
}

impl<S> Staged<S> {
    /// Marks what became of a row that was put.
    pub fn mark(&mut self, put: Put, cause: Cause) {
        match put {
            Put::Changed => self.touch(cause),
            Put::Same => self.dirty = true,
            Put::Stale | Put::PassedOver => {}
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

    /// Its timer is due: the view is computed, and the state is written only if it changed.
    pub fn fire(&mut self) {
        self.due = true;
    }
}

/// An entity of a sealed epoch of which it is not known yet whether it is committed.
#[derive(Debug)]
struct Promoted<K, S> {
    key: K,
    /// What the epoch made of it.
    state: Arc<S>,
    before: Option<Sealed<S>>,
    /// Its timer before; `None`: the timer is as it was, for the view was not computed.
    next_before: Option<Option<Moment>>,
}

/// An entity as a sealed epoch left it.
#[derive(Clone, Debug)]
struct Sealed<S> {
    state: MaybePacked<S>,
    /// The promotion that touched it last.
    touched: u64,
}

/// Entities of one kind and shard.
#[derive(Debug)]
pub struct EntityTable<K, S> {
    /// As the newest sealed epoch left them.
    sealed: HashMap<K, Sealed<S>, RandomState>,
    /// Those that are whole, about in the order of their last touch, with the promotion of that touch. Empty where all stay whole.
    whole: VecDeque<(K, u64)>,
    /// How many stay whole at most.
    whole_max: usize,
    /// Promotions so far.
    promotions: u64,
    /// Those that the newest sealed epoch has changed, until it is committed.
    promoted: Vec<Promoted<K, S>>,
    /// In the order of first touch, so that what is emitted does not depend on a hash.
    staged: IndexMap<K, Staged<S>, RandomState>,
}

impl<K: Hash + Eq + Clone, S: Pack> EntityTable<K, S> {
    /// A table whose entities are always whole.
    pub fn new() -> Self {
        Self::packing(usize::MAX)
    }

    /// A table that keeps this many entities whole, those that were touched last, and packs the others.
    pub fn packing(whole_max: usize) -> Self {
        Self {
            sealed: HashMap::default(),
            whole: VecDeque::new(),
            whole_max,
            promotions: 0,
            promoted: Vec::new(),
            staged: IndexMap::default(),
        }
    }

    /// The entity as the open epoch sees it.
    pub fn get(&mut self, key: &K) -> Option<&S> {
        match self.staged.get_index_of(key) {
            Some(index) => Some(&self.staged[index].state),
            None => self.unpacked(key),
        }
    }

    /// The sealed entity, whole from now on.
    fn unpacked(&mut self, key: &K) -> Option<&S> {
        let sealed = self.sealed.get_mut(key)?;
        if let MaybePacked::Bytes(bytes) = &sealed.state {
            sealed.state = MaybePacked::Whole(Arc::new(S::unpack(bytes)));
            sealed.touched = self.promotions;
            self.whole.push_back((key.clone(), self.promotions));
        }
        match &sealed.state {
            MaybePacked::Whole(state) => Some(state),
            MaybePacked::Bytes(_) => None,
        }
    }

    /// The entity's copy in the open epoch, made at its first touch.
    pub fn stage(&mut self, key: &K) -> &mut Staged<S> {
        let index = match self.staged.get_index_of(key) {
            Some(index) => index,
            None => {
                let state = self.unpacked(key).cloned().unwrap_or_default();
                let staged = Staged { state, causes: SmallVec::new(), due: false, sealed: false, dirty: false, next: None };
                self.staged.insert_full(key.clone(), staged).0
            }
        };
        &mut self.staged[index]
    }

    /// Every entity, as the open epoch sees it.
    pub fn all(&self) -> impl Iterator<Item = (&K, Cow<'_, S>)> {
        let sealed = self.sealed.iter().filter(|(key, _)| !self.staged.contains_key(*key));
        let sealed = sealed.map(|(key, sealed)| (key, sealed.state.view()));
        sealed.chain(self.staged.iter().map(|(key, staged)| (key, Cow::Borrowed(&staged.state))))
    }

    /// How many entities the open epoch has touched.
    pub fn staged_len(&self) -> usize {
        self.staged.len()
    }

    /// The `index`th entity touched in this epoch.
    pub fn staged_at(&mut self, index: usize) -> Option<(&K, &mut Staged<S>)> {
        self.staged.get_index_mut(index)
    }

    /// Each entity that the open epoch has touched.
    pub fn staged(&self) -> impl Iterator<Item = (&K, &Staged<S>)> {
        self.staged.iter()
    }

    /// Drops the open epoch's copies.
    pub fn drop_stage(&mut self) {
        self.staged.clear();
    }

    /// An entity that ends as it was sealed last needs no new record: the rows that came have gone on already.
    pub fn spare_unchanged(&mut self)
    where
        S: PartialEq,
    {
        for (key, staged) in &mut self.staged {
            staged.dirty &= self.sealed.get(key).is_none_or(|sealed| *sealed.state.view() != staged.state);
        }
    }

    /// An entity that is still due after all rounds of its wave is computed again in the next epoch.
    pub fn put_off(&mut self, tick: Moment) {
        for staged in self.staged.values_mut().filter(|staged| staged.due) {
            (staged.sealed, staged.next) = (true, Some(tick));
        }
    }

    /// Makes the open epoch's copies what the next epoch finds. An entity whose view was not computed (it kept a newer version of the same content)
    /// keeps its timer. `set_timer` sets an entity's timer and gives what it was before.
    pub fn promote(&mut self, mut set_timer: impl FnMut(&K, Option<Moment>) -> Option<Moment>) {
        self.promotions += 1;
        for (key, staged) in self.staged.drain(..) {
            if !staged.dirty && !staged.due && !staged.sealed {
                continue;
            }
            let state = Arc::new(staged.state);
            let next_before = staged.sealed.then(|| set_timer(&key, staged.next));
            let sealed = Sealed { state: MaybePacked::Whole(state.clone()), touched: self.promotions };
            let before = self.sealed.insert(key.clone(), sealed);
            let was_whole = before.as_ref().is_some_and(|before| matches!(before.state, MaybePacked::Whole(_)));
            if !was_whole && self.whole_max < usize::MAX {
                self.whole.push_back((key.clone(), self.promotions));
            }
            self.promoted.push(Promoted { key, state, before, next_before });
        }
    }

    /// The sealed epoch is committed: shows each entity that it changed to `each`, as it was before and as it is.
    pub fn publish(&mut self, mut each: impl FnMut(&K, Option<&S>, &Arc<S>)) {
        for promoted in self.promoted.drain(..) {
            let before = promoted.before.as_ref().map(|before| before.state.view());
            each(&promoted.key, before.as_deref(), &promoted.state);
        }
    }

    /// Packs the entities that were not touched for longest, while more than `whole_max` are whole, and shows them to `each`. Call it when every
    /// sealed epoch is committed.
    pub fn pack_idle(&mut self, mut each: impl FnMut(&K, &MaybePacked<S>)) {
        while self.whole.len() > self.whole_max {
            let Some((key, promotion)) = self.whole.pop_front() else { return };
            let Some(sealed) = self.sealed.get_mut(&key) else { continue };
            let MaybePacked::Whole(state) = &sealed.state else { continue };
            if sealed.touched > promotion {
                self.whole.push_back((key, sealed.touched));
                continue;
            }
            let Some(packed) = state.pack() else { continue };
            sealed.state = MaybePacked::Bytes(packed);
            each(&key, &sealed.state);
        }
    }

    /// The sealed epoch is not committed: what stood before it stands again. `set_timer` as in [`Self::promote`].
    pub fn demote(&mut self, mut set_timer: impl FnMut(&K, Option<Moment>)) {
        for promoted in self.promoted.drain(..).rev() {
            if let Some(next_before) = promoted.next_before {
                set_timer(&promoted.key, next_before);
            }
            match promoted.before {
                Some(before) => self.sealed.insert(promoted.key, before),
                None => self.sealed.remove(&promoted.key),
            };
        }
    }

    /// Puts (part of) an entity that a restore read.
    pub fn restore(&mut self, key: K, change: impl FnOnce(&mut S)) {
        let sealed = self.sealed.entry(key).or_insert_with(|| Sealed { state: MaybePacked::Whole(Arc::default()), touched: 0 });
        if let MaybePacked::Whole(state) = &mut sealed.state {
            change(Arc::make_mut(state));
        }
    }

    /// Puts an entity that a restore read, packed as it was read.
    pub fn restore_packed(&mut self, key: K, bytes: &[u8]) {
        self.sealed.insert(key, Sealed { state: MaybePacked::Bytes(bytes.into()), touched: 0 });
    }

    /// As the newest sealed epoch left them.
    pub fn iter(&self) -> impl Iterator<Item = (&K, &MaybePacked<S>)> {
        self.sealed.iter().map(|(key, sealed)| (key, &sealed.state))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Pack for u8 {}

    impl Pack for u32 {
        fn pack(&self) -> Option<Arc<[u8]>> {
            Some(Arc::new(self.to_le_bytes()))
        }

        fn unpack(bytes: &[u8]) -> Self {
            Self::from_le_bytes(bytes.try_into().expect("four bytes"))
        }
    }

    fn put(table: &mut EntityTable<&'static str, u32>, key: &'static str, value: u32) {
        let staged = table.stage(&key);
        (staged.state, staged.sealed, staged.next) = (value, true, Some(Moment(value.into())));
    }

    /// A source repeats a row with a newer version: the version is kept, and nothing is computed.
    #[test]
    fn an_entity_that_is_not_computed_keeps_its_timer() {
        let mut table: EntityTable<&'static str, u32> = EntityTable::new();
        put(&mut table, "a", 1);
        table.promote(|_, _| None);
        table.publish(|_, _, _| {});
        table.stage(&"a").mark(Put::Same, Cause::NONE);
        table.promote(|key, next| panic!("the timer of {key} is set to {next:?}"));
        table.demote(|key, next| panic!("the timer of {key} is set to {next:?}"));
        assert_eq!(table.get(&"a"), Some(&1));
    }

    #[test]
    fn an_epoch_stands_on_the_one_before_until_that_is_not_committed() {
        let mut table: EntityTable<&'static str, u32> = EntityTable::new();
        put(&mut table, "a", 1);
        table.promote(|_, _| None);
        table.publish(|key, before, state| assert_eq!((*key, before, **state), ("a", None, 1)));
        put(&mut table, "a", 2);
        put(&mut table, "b", 2);
        let mut timers = Vec::new();
        table.promote(|key, next| {
            timers.push((*key, next));
            (*key == "a").then_some(Moment(1))
        });
        assert_eq!(timers, [("a", Some(Moment(2))), ("b", Some(Moment(2)))]);
        let sealed = table.get(&"a").copied().unwrap_or_default();
        put(&mut table, "a", sealed + 10);
        assert_eq!(table.get(&"a"), Some(&12), "built on what is sealed and not committed yet");

        table.drop_stage();
        let mut timers = Vec::new();
        table.demote(|key, next| timers.push((*key, next)));
        assert_eq!(table.get(&"a"), Some(&1));
        assert_eq!(table.get(&"b"), None);
        assert_eq!(timers, [("b", None), ("a", Some(Moment(1)))], "their timers are as before");
        table.publish(|key, _, _| panic!("{key} of an epoch that was not committed is shown"));
    }

    /// Whole or packed: it is what it was, it can be built on, and an epoch that is not committed leaves it so.
    #[test]
    fn an_entity_that_was_not_touched_for_long_is_packed() {
        let mut table: EntityTable<&'static str, u32> = EntityTable::packing(2);
        let mut packed = Vec::new();
        let mut epoch = |table: &mut EntityTable<&'static str, u32>, key, value| {
            put(table, key, value);
            table.promote(|_, _| None);
            table.publish(|_, _, _| {});
            packed.clear();
            table.pack_idle(|key, entity| packed.push((*key, *entity.view())));
            packed.clone()
        };
        assert_eq!(epoch(&mut table, "a", 1), []);
        assert_eq!(epoch(&mut table, "b", 2), []);
        assert_eq!(epoch(&mut table, "a", 3), []);
        assert_eq!(epoch(&mut table, "c", 4), [("b", 2)], "a was touched after b");
        assert_eq!(table.get(&"b"), Some(&2));
        assert_eq!(table.all().map(|(_, state)| *state).sum::<u32>(), 9);

        assert_eq!(epoch(&mut table, "d", 5), [("c", 4), ("a", 3)]);
        let before = table.stage(&"a").state;
        put(&mut table, "a", 6);
        table.promote(|_, _| None);
        table.demote(|_, _| {});
        assert_eq!((before, table.get(&"a")), (3, Some(&3)));
    }

    /// A row that a new snapshot repeats must be written, for its version is newer; nothing is computed, and no timer is lost.
    #[test]
    fn a_row_that_is_only_repeated_keeps_the_timer() {
        let cause = Cause { topic: crate::facts::TopicId(1), partition: 0, offset: 7 };
        let timers = |put| {
            let mut table: EntityTable<u8, u8> = EntityTable::new();
            let staged = table.stage(&1);
            staged.mark(put, cause);
            staged.sealed = staged.due;
            let mut timers = Vec::new();
            table.promote(|key, next| {
                timers.push((*key, next));
                None
            });
            (timers, table.iter().count())
        };
        assert_eq!(timers(Put::Same), (vec![], 1));
        assert_eq!(timers(Put::Changed), (vec![(1, None)], 1));
        assert_eq!(timers(Put::Stale), (vec![], 0));
    }
}
