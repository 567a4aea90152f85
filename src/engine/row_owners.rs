//! Rows that change owner.
//!
//! Some sources move a receipt or a refund to another order without naming the old one. For these rows we keep which entity has the row
//! ([`crate::entities::row_owner`]). When the row moves, it is removed from the old owner and put to the new one; older records say nothing.

use super::aliases;
use super::store::Store;
use crate::entities::Put;
use crate::entities::row_owner::Verdict;
use crate::facts::{Alias, Change, Fact, Link, OwnedRow, Provenance, Row, Subject, Version};

/// Puts a row that names its owner, or the deletion of one, which need not.
pub(super) fn put(store: &mut Store, fact: Fact) -> Put {
    let Fact { subject, key, change, version, cause, at } = fact;
    let staged = store.shard_of(&subject).row_owners.stage(&key);
    let before = staged.state.clone();
    let (verdict, owned) = match change {
        Change::Upsert(Row::Owned(owned)) => (staged.state.upserted(&owned.subject, version), Some(owned)),
        Change::Upsert(_) => return Put::Stale,
        Change::Delete | Change::Withdraw => (staged.state.deleted(Provenance { version, cause, at }), None),
    };
    let changed = staged.state != before;
    staged.dirty |= changed;
    match (verdict, owned) {
        (Verdict::Put { taken_from, then }, Some(owned)) => {
            if let Some(old_owner) = taken_from {
                let version = Version { upsert: false, ..version };
                remove(store, Fact { subject: old_owner, key: key.clone(), change: Change::Delete, version, cause, at });
            }
            let OwnedRow { subject, row } = *owned;
            let put = store.put(Fact { subject: subject.clone(), key: key.clone(), change: Change::Upsert(row), version, cause, at });
            if let Some(Provenance { version, cause, at }) = then {
                store.put(Fact { subject, key, change: Change::Delete, version, cause, at });
            }
            put
        }
        (Verdict::Delete(owner), _) => store.put(Fact { subject: owner, key, change: Change::Delete, version, cause, at }),
        // A deletion that arrives before its row waits.
        _ if changed => Put::Same,
        _ => Put::Stale,
    }
}

/// Removes a row from its old owner as if it had never arrived there; from an entity that gives no rows back, by this deletion.
fn remove(store: &mut Store, deletion: Fact) {
    let from = match &deletion.subject {
        Subject::Order(order) => Link::Order(order.clone()),
        Subject::Alias(alias) if alias.scope != Alias::TRACKING => Link::Alias(alias.clone()),
        _ => {
            store.put(deletion);
            return;
        }
    };
    // A repeat may just wait in an alias on its way to where the row is already.
    while aliases::take(store, &from, &deletion.key).is_some() {}
}
