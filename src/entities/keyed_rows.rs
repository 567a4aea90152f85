//! The rows of an entity that has no bound: a SKU has tens of thousands of open lines, a walk-in customer a million orders.
//!
//! Each row is a record of the changelog of its own. Copies share the rows' structure, and only what is put to a copy is made anew: an epoch
//! works on a copy. Running sums over the rows are kept beside them, so that a seal need not walk all rows.

use std::sync::Arc;

use imbl::{OrdMap, OrdSet};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{KeptRow, Put};
use crate::facts::time::Span;
use crate::facts::{Cause, Moment, RowKey, SourceId, Text, Version};

/// Sums over an entity's rows, brought along with each change: a row enters as it is put, and leaves, as it was, before it is replaced.
///
/// They depend on the rows alone, never on rules or time: so a restore builds them row by row.
pub trait RunningSums<R>: Clone + Default {
    /// Row kinds whose deleted rows mean nothing: their content is dropped at once.
    const DROPPED_WHEN_DELETED: &'static [u8];

    /// Lets a row enter the sums.
    fn enter(&mut self, key: &RowKey, kept: &KeptRow<R>);

    /// Lets a row leave the sums, as it was when it entered.
    fn leave(&mut self, key: &RowKey, kept: &KeptRow<R>);

    /// Does nothing but the deletion mark of the row matter any more? Then it goes after the tombstone time.
    fn is_mark(key: &RowKey, kept: &KeptRow<R>) -> bool;
}

/// Rows by key, each a record of the changelog, and the sums over them.
#[derive(Clone, Debug)]
pub struct KeyedRows<R, S> {
    rows: OrdMap<RowKey, Arc<KeptRow<R>>>,
    sums: S,
    /// Rows of which only a mark is left, and since when.
    marks: OrdSet<(Moment, RowKey)>,
    /// Rows to be written to the changelog.
    touched: Vec<RowKey>,
}

impl<R, S: Default> Default for KeyedRows<R, S> {
    fn default() -> Self {
        Self { rows: OrdMap::new(), sums: S::default(), marks: OrdSet::new(), touched: Vec::new() }
    }
}

impl<R: Clone + PartialEq + Serialize + DeserializeOwned, S: RunningSums<R>> KeyedRows<R, S> {
    /// Puts a row (`None`: its deletion) when its version is newer than the one there.
    pub fn put(&mut self, key: &RowKey, row: Option<R>, version: Version, cause: Cause, at: Moment) -> Put {
        let mut kept = self.rows.get(key).map(|kept| KeptRow::clone(kept)).unwrap_or_default();
        let put = match row {
            Some(row) => kept.upsert(row, version, cause, at),
            None => kept.delete(version, cause, at),
        };
        if put.is_stale() {
            return put;
        }
        if kept.is_deleted() && S::DROPPED_WHEN_DELETED.contains(&key.kind) {
            kept.settle(at);
        }
        self.replace(key.clone(), Some(kept));
        put
    }

    /// Drops the content of a row that can't change the view any more, and leaves a mark.
    pub fn settle(&mut self, key: &RowKey, tick: Moment) {
        if let Some(kept) = self.rows.get(key) {
            let mut kept = KeptRow::clone(kept);
            kept.settle(tick);
            self.replace(key.clone(), Some(kept));
        }
    }

    /// Removes the rows of which only a mark is left, since at least the tombstone time.
    pub fn drop_marks(&mut self, tombstone: Span, tick: Moment) {
        while let Some((at, key)) = self.marks.get_min().cloned()
            && at + tombstone <= tick
        {
            self.replace(key, None);
        }
    }

    fn replace(&mut self, key: RowKey, kept: Option<KeptRow<R>>) {
        self.set(key.clone(), kept);
        self.touched.push(key);
    }

    /// Sets or removes a row, and brings the sums along.
    fn set(&mut self, key: RowKey, kept: Option<KeptRow<R>>) {
        if let Some(before) = self.rows.get(&key) {
            self.sums.leave(&key, before);
            if let Some(mark) = mark::<R, S>(&key, before) {
                self.marks.remove(&mark);
            }
        }
        let Some(kept) = kept else {
            self.rows.remove(&key);
            return;
        };
        self.sums.enter(&key, &kept);
        self.marks.extend(mark::<R, S>(&key, &kept));
        self.rows.insert(key, Arc::new(kept));
    }

    /// Has a record beside the rows written to the changelog.
    pub fn touch(&mut self, key: RowKey) {
        self.touched.push(key);
    }

    /// Rows changed, settled or removed since last asked: sorted, each once.
    pub fn take_touched(&mut self) -> Vec<RowKey> {
        let mut touched = std::mem::take(&mut self.touched);
        touched.sort_unstable();
        touched.dedup();
        touched
    }

    /// The row's record; `None`: the row is gone, write a tombstone.
    pub fn bytes(&self, key: &RowKey) -> Option<Vec<u8>> {
        postcard::to_stdvec(self.rows.get(key)?.as_ref()).ok()
    }

    /// Puts a row that a restore read; a later record of the same row replaces it.
    pub fn load(&mut self, key: RowKey, bytes: &[u8]) -> Result<(), postcard::Error> {
        let kept = postcard::from_bytes(bytes)?;
        self.set(key, Some(kept));
        Ok(())
    }

    /// The row of this key.
    pub fn get(&self, key: &RowKey) -> Option<&KeptRow<R>> {
        self.rows.get(key).map(AsRef::as_ref)
    }

    /// Rows of one kind, in the order of source and id.
    pub fn of_kind(&self, kind: u8) -> impl Iterator<Item = (&RowKey, &KeptRow<R>)> {
        let first = RowKey { kind, source: SourceId(0), id: Text::default() };
        self.rows.range(first..).take_while(move |(key, _)| key.kind == kind).map(|(key, kept)| (key, kept.as_ref()))
    }

    /// Rows from this key on, sorted.
    pub fn from(&self, first: &RowKey) -> impl Iterator<Item = (&RowKey, &KeptRow<R>)> {
        self.rows.range(first.clone()..).map(|(key, kept)| (key, kept.as_ref()))
    }

    /// The keys of all rows, sorted.
    pub fn keys(&self) -> impl Iterator<Item = &RowKey> {
        self.rows.keys()
    }

    /// The sums over all rows.
    pub fn sums(&self) -> &S {
        &self.sums
    }

    /// How many rows there are, marks included.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Is there neither a row nor a mark?
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

/// The mark of a row, if nothing else of it matters.
fn mark<R, S: RunningSums<R>>(key: &RowKey, kept: &KeptRow<R>) -> Option<(Moment, RowKey)> {
    let deletion = kept.deletion.as_ref().filter(|_| S::is_mark(key, kept))?;
    Some((deletion.at, key.clone()))
}
