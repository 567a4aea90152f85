//! Bulk deletes: one statement of a source about many rows.
//!
//! A TRUNCATE, or a complete list, deletes every row of a set (source, kind, prefix of the id) that it does not name. We keep one delete watermark
//! for each set: the statement's version. At the end of the epoch one scan deletes the set's rows below it; a row that arrives later and is older
//! is deleted on arrival ([`super::watermarks`]). A snapshot that read a whole set deletes nothing: orders are told which of their rows it left out.

use super::store::Store;
use super::watermarks::{deletion, left_out};
use crate::entities::watermark::WatermarkProgress;
use crate::entities::{KeptRow, Put};
use crate::facts::{Change, EntityKind, Fact, Provenance, Row, RowKey, RowSet, Subject, Version};

/// Puts a statement about many rows. The rows are looked for at the seal, when everything is stored that the epoch read.
pub(super) fn put(store: &mut Store, fact: Fact) -> Put {
    let Fact { subject, change: Change::Upsert(Row::Watermark(watermark)), version, cause, at, .. } = fact else { return Put::Stale };
    let shard = store.shard_of(&subject);
    let Subject::Set(set) = subject else { return Put::Stale };
    let staged = shard.watermarks.stage(&set);
    let put = match staged.state.put(&watermark, version, cause, at) {
        WatermarkProgress::None => Put::Stale,
        WatermarkProgress::Part => Put::Same,
        WatermarkProgress::Raised => Put::Changed,
    };
    staged.mark(put, cause);
    put
}

/// Deletes the rows below the watermarks that the open epoch has raised, and tells orders which of their rows a snapshot left out.
pub(super) fn sweep(store: &mut Store) {
    let (mut deletes, mut snapshots): (Vec<(RowSet, Provenance)>, Vec<(RowSet, Provenance)>) = (Vec::new(), Vec::new());
    for shard in &mut store.shards {
        for index in 0..shard.watermarks.staged_len() {
            if let Some((set, staged)) = shard.watermarks.staged_at(index)
                && std::mem::take(&mut staged.due)
            {
                deletes.extend(staged.state.raised().map(|watermark| (set.clone(), watermark)));
                snapshots.extend(staged.state.read().map(|snapshot| (set.clone(), snapshot)));
            }
        }
    }
    for (set, watermark) in deletes {
        for (subject, key) in rows_below(store, &set, watermark.version) {
            store.put(deletion(subject, key, watermark));
        }
    }
    for (set, snapshot) in snapshots {
        for (subject, key) in rows_below(store, &set, snapshot.version) {
            // For a row that waits in an alias this follows when it arrives at its order.
            if let Subject::Order(order) = subject {
                store.put(left_out(order, &key, snapshot, store.tick));
            }
        }
    }
}

/// Rows of the set that are not deleted and older than this version. Sorted, so that what is emitted does not depend on a hash.
fn rows_below(store: &Store, set: &RowSet, version: Version) -> Vec<(Subject, RowKey)> {
    let mut found = Vec::new();
    let is_of = |key: &RowKey| key.kind == set.kind && key.source == set.source && key.id.starts_with(set.prefix.as_str());
    for shard in &store.shards {
        match set.entity {
            EntityKind::Skus => {
                for (sku, state) in shard.skus.all() {
                    let rows = state.of_kind(set.kind).filter(|(key, kept)| is_of(key) && is_below(kept, version));
                    found.extend(rows.map(|(key, _)| (Subject::Sku(sku.clone()), key.clone())));
                }
            }
            EntityKind::Customers => {
                for (customer, state) in shard.customers.all() {
                    let rows = state.of_kind(set.kind).filter(|(key, kept)| is_of(key) && is_below(kept, version));
                    found.extend(rows.map(|(key, _)| (Subject::Customer(customer.clone()), key.clone())));
                }
            }
            EntityKind::Orders => {
                for (order, state) in shard.orders.all() {
                    let rows = state.rows.of(set.kind, set.source);
                    let rows = rows.filter(|(key, stored)| is_of(key) && !stored.deleted && stored.version < version);
                    found.extend(rows.map(|(key, _)| (Subject::Order(order.clone()), key.clone())));
                }
                for (alias, state) in shard.aliases.all() {
                    let rows = state.waiting().filter(|(key, kept)| is_of(key) && is_below(kept, version));
                    found.extend(rows.map(|(key, _)| (Subject::Alias(alias.clone()), key.clone())));
                }
            }
        }
    }
    found.sort_unstable();
    found
}

fn is_below<R>(kept: &KeptRow<R>, version: Version) -> bool {
    !kept.is_deleted() && kept.upserted.as_ref().is_some_and(|upserted| upserted.version < version)
}
