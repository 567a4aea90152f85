//! Writes the changed state of an epoch: orders and aliases whole, SKUs and customers by row, and one epoch record a shard.

use imbl::OrdMap;
use imbl::ordmap::DiffItem;

use super::incarnations::Incarnations;
use super::outbox::Outbox;
use super::restate;
use super::shard::Shard;
use super::state::{EpochRecord, StateKey, encode, frame};
use super::state_out::StateOut;
use super::store::Store;
use super::workers;
use crate::facts::Moment;

/// Writes at which times sources began again, if the open epoch found any.
pub(super) fn sources_begun(store: &mut Store, incarnations: &mut Incarnations, outbox: &mut Outbox) {
    for (source, begun) in incarnations.take_found() {
        let index = usize::from(source.0) % store.shards.len();
        store.shards[index].noted = true;
        let mut state = StateOut::new(&store.settings, index);
        state.with(&mut store.shards[index].in_pieces, |state| {
            state.put(&StateKey::Begun(source), |bytes, scratch| Some(encode(bytes, &begun, scratch)));
        });
        outbox.state(state, &mut store.report);
    }
}

/// Writes the desk, if it has changed, and the rules where the epoch is the first under them. In the first shard.
pub(super) fn desk(store: &mut Store, rules: bool, outbox: &mut Outbox) {
    let changed = store.desk.changed();
    if !changed && !rules {
        return;
    }
    store.shards[0].noted = true;
    let mut state = StateOut::new(&store.settings, 0);
    state.with(&mut store.shards[0].in_pieces, |state| {
        if changed {
            state.put(&StateKey::Desk, |bytes, scratch| Some(encode(bytes, &store.desk.state, scratch)));
        }
        if rules {
            let lines = restate::lines(&store.settings.rules);
            state.put(&StateKey::Rules, |bytes, scratch| Some(encode(bytes, &lines, scratch)));
        }
    });
    outbox.state(state, &mut store.report);
}

/// Writes the dead letters, their causes and the exceptions' cases that have changed. In the first shard.
pub(super) fn letters_and_cases(store: &mut Store, outbox: &mut Outbox) {
    let (before, after) = (store.letters.index.before(), &store.letters.index.state);
    let letters = changes(&before.letters, &after.letters);
    let causes = changes(&before.causes, &after.causes);
    let cases = changes(&store.cases.before().0, &store.cases.state.0);
    if letters.is_empty() && causes.is_empty() && cases.is_empty() {
        return;
    }
    let Store { shards, settings, report, .. } = store;
    shards[0].noted = true;
    let mut state = StateOut::new(settings, 0);
    state.with(&mut shards[0].in_pieces, |state| {
        for (place, letter) in letters {
            state.put(&StateKey::Letter(*place), |bytes, scratch| letter.map(|letter| encode(bytes, letter, scratch)));
        }
        for (id, cause) in causes {
            state.put(&StateKey::LetterCause(*id), |bytes, scratch| cause.map(|cause| encode(bytes, cause, scratch)));
        }
        for (key, case) in cases {
            state.put(&StateKey::Case(key.clone()), |bytes, scratch| case.map(|case| encode(bytes, case, scratch)));
        }
    });
    outbox.state(state, report);
}

/// What is new or differs, and what is gone.
fn changes<'s, K: Ord + Clone, V: PartialEq + Clone>(before: &'s OrdMap<K, V>, after: &'s OrdMap<K, V>) -> Vec<(&'s K, Option<&'s V>)> {
    let change = |item| match item {
        DiffItem::Add(key, value) | DiffItem::Update { new: (key, value), .. } => (key, Some(value)),
        DiffItem::Remove(key, _) => (key, None),
    };
    before.diff(after).map(change).collect()
}

/// Writes the state that changed, shard by shard on several threads.
pub(super) fn changed(store: &mut Store, outbox: &mut Outbox) {
    let Store { shards, report, settings, tick, restating, .. } = store;
    let (settings, fingerprint, tick) = (&*settings, (!*restating).then_some(settings.fingerprint), *tick);
    workers::run_each(
        shards,
        |shard| shard.staged_len(),
        |index, shard| {
            let mut out = StateOut::new(settings, index);
            if shard.touched() {
                let mut in_pieces = std::mem::take(&mut shard.in_pieces);
                out.with(&mut in_pieces, |out| of_shard(shard, out, fingerprint, tick));
                shard.in_pieces = in_pieces;
            }
            out
        },
        |_, out| outbox.state(out, report),
    );
}

fn of_shard(shard: &mut Shard, out: &mut StateOut, fingerprint: Option<u64>, tick: Moment) {
    for place in 0..shard.orders.staged_len() {
        let Some((key, staged)) = shard.orders.staged_at(place) else { continue };
        if staged.sealed && staged.state.timer_at != staged.next {
            staged.state.timer_at = staged.next;
            staged.dirty = true;
        }
        if !staged.dirty {
            continue;
        }
        out.put(&StateKey::Order(key.clone()), |bytes, scratch| Some(encode(bytes, &staged.state, scratch)));
    }
    for (alias, staged) in shard.aliases.staged().filter(|(_, staged)| staged.dirty) {
        out.put(&StateKey::Alias(alias.clone()), |bytes, scratch| Some(encode(bytes, &staged.state, scratch)));
    }
    for place in 0..shard.skus.staged_len() {
        let Some((sku, staged)) = shard.skus.staged_at(place) else { continue };
        if !staged.dirty {
            continue;
        }
        for row in staged.state.take_touched() {
            let key = StateKey::SkuRow(sku.clone(), row.clone());
            out.put(&key, |bytes, _| staged.state.row_bytes(&row).map(|payload| frame(bytes, &payload)));
        }
        out.put(&StateKey::SkuHead(sku.clone()), |bytes, _| Some(frame(bytes, &staged.state.head_bytes())));
    }
    for place in 0..shard.customers.staged_len() {
        let Some((customer, staged)) = shard.customers.staged_at(place) else { continue };
        if !staged.dirty {
            continue;
        }
        for row in staged.state.take_touched() {
            let key = StateKey::CustomerRow(customer.clone(), row.clone());
            out.put(&key, |bytes, _| staged.state.row_bytes(&row).map(|payload| frame(bytes, &payload)));
        }
        out.put(&StateKey::CustomerHead(customer.clone()), |bytes, _| Some(frame(bytes, &staged.state.head_bytes())));
    }
    for (key, staged) in shard.row_owners.staged().filter(|(_, staged)| staged.dirty) {
        out.put(&StateKey::RowOwner(key.clone()), |bytes, scratch| Some(encode(bytes, &staged.state, scratch)));
    }
    for (set, staged) in shard.watermarks.staged().filter(|(_, staged)| staged.dirty) {
        out.put(&StateKey::Watermark(set.clone()), |bytes, scratch| Some(encode(bytes, &staged.state, scratch)));
    }
    let number = shard.epoch.number + 1;
    for topic in &shard.going_live {
        out.put(&StateKey::Live(*topic as u8), |bytes, scratch| Some(encode(bytes, &number, scratch)));
    }
    let fingerprint = fingerprint.unwrap_or(shard.epoch.fingerprint);
    let record = EpochRecord { number, tick, generation: shard.epoch.generation, fingerprint };
    out.put(&StateKey::Epoch, |bytes, scratch| Some(encode(bytes, &record, scratch)));
}
