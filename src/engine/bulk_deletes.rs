//! Bulk deletes: one statement of a source about many rows.
//!
//! A TRUNCATE, or a complete list, deletes every row of a set (source, kind, prefix of the id) that it does not name. We keep one delete watermark
//! for each set: the statement's version. At the end of the epoch one scan deletes the set's rows below it; a row that arrives later and is older
//! is deleted on arrival ([`super::watermarks`]). A snapshot that read a whole set deletes nothing: orders are told which of their rows it left out. If
//! it left out most of them, it was not to read them, and nobody is told.

use super::store::Store;
use super::watermarks::{deletion, left_out};
use crate::entities::watermark::WatermarkProgress;
use crate::entities::{KeptRow, Put};
use crate::facts::{Cause, Change, EntityKind, Fact, Provenance, Row, RowKey, RowSet, Subject, Version};

/// A snapshot that leaves out fewer rows is taken for a whole one.
const LEFT_OUT_MIN: usize = 10;

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
        if is_of_a_part(store, &set, snapshot) {
            let shard = store.shard_of(&Subject::Set(set.clone()));
            shard.watermarks.stage(&set).state.read_a_part();
            store.report.snapshots_of_a_part += 1;
            continue;
        }
        for (subject, key) in rows_below(store, &set, snapshot.version) {
            // For a row that waits in an alias this follows when it arrives at its order.
            if let Subject::Order(order) = subject {
                store.put(left_out(order, &key, snapshot, store.tick));
            }
        }
    }
}

/// A snapshot that leaves out most rows was not to read them: somebody had some rows read again (`additional-conditions` of a signal), or the connector
/// leaves rows out (`snapshot.select.statement.overrides`). Debezium marks the last row of each as it marks that of a whole table. Looked at are the
/// rows of the marked row's own partition: there the snapshot is read to its end. Of a few rows nothing can be said.
fn is_of_a_part(store: &Store, set: &RowSet, snapshot: Provenance) -> bool {
    if set.entity != EntityKind::Orders {
        return false;
    }
    let (mut read, mut left_out) = (0, 0);
    let here = |cause: Cause| (cause.topic, cause.partition) == (snapshot.cause.topic, snapshot.cause.partition);
    let mut count = |version: Version| if version < snapshot.version { left_out += 1 } else { read += 1 };
    for shard in &store.shards {
        for (_, state) in shard.orders.all() {
            let rows =
                state.rows.of(set.kind, set.source).filter(|(key, stored)| !stored.deleted && key.id.starts_with(set.prefix.as_str()));
            rows.filter(|(_, stored)| here(stored.cause)).for_each(|(_, stored)| count(stored.version));
        }
        for (_, state) in shard.aliases.all() {
            let rows = state.waiting().filter(|(key, _)| key.kind == set.kind && key.source == set.source);
            let upserted = rows.filter_map(|(_, kept)| kept.upserted.as_ref());
            upserted.filter(|upserted| here(upserted.cause)).for_each(|upserted| count(upserted.version));
        }
    }
    left_out >= LEFT_OUT_MIN && left_out > read
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
