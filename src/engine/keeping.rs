//! Facts about the keeping of rows: homes (where a row lives) and floors (what is no more).

use hashbrown::HashMap;

use super::core::Core;
use super::names;
use super::route;
use crate::entities::floor::{Laid, Rise};
use crate::entities::home::{Gone, Verdict};
use crate::entities::{Kept, Put};
use crate::facts::{Change, Fact, Housed, Keeper, Link, Name, Row, RowKey, RowSet, SourceId, Subject, Text, Version};

/// The floors that are laid, as sealed.
#[derive(Clone, Debug, Default)]
pub(super) struct Floors(HashMap<(SourceId, Keeper, u8), Vec<(Text, Laid)>>);

impl Floors {
    pub(super) fn raise(&mut self, set: &RowSet, laid: Option<Laid>) {
        let Some(laid) = laid else { return };
        let floors = self.0.entry((set.source, set.keeper, set.kind)).or_default();
        match floors.iter_mut().find(|(prefix, _)| *prefix == set.prefix) {
            Some((_, known)) => *known = laid,
            None => floors.push((set.prefix.clone(), laid)),
        }
    }

    /// The deletion of a row that is told late: a floor was laid above it.
    pub(super) fn above(&self, fact: &Fact) -> Option<Fact> {
        if self.0.is_empty() {
            return None;
        }
        let keeper = match fact.subject {
            Subject::Order(_) | Subject::Name(_) => Keeper::Orders,
            Subject::Sku(_) => Keeper::Skus,
            Subject::Customer(_) => Keeper::Customers,
            Subject::Home(_) | Subject::Set(_) => return None,
        };
        let floors = self.0.get(&(fact.key.source, keeper, fact.key.kind))?;
        let over = |(prefix, laid): &&(Text, Laid)| fact.key.id.starts_with(prefix.as_str()) && laid.version > fact.version;
        let laid = floors.iter().filter(over).map(|(_, laid)| *laid).max_by_key(|laid| laid.version)?;
        Some(deletion(fact.subject.clone(), fact.key.clone(), laid))
    }
}

fn deletion(subject: Subject, key: RowKey, laid: Laid) -> Fact {
    let Laid { version, cause, at } = laid;
    Fact { subject, key, change: Change::Delete, version: Version { upsert: false, ..version }, cause, at }
}

/// A row of a home: the home says where it goes, and from where it is taken.
pub(super) fn at_home(core: &mut Core, fact: Fact) -> Put {
    let Fact { subject, key, change, version, cause, at } = fact;
    let shard = &mut core.shards[route::of(&subject, core.settings.shards)];
    let staged = shard.homes.stage(&key);
    let before = staged.state.clone();
    let (verdict, housed) = match change {
        Change::Upsert(Row::Housed(housed)) => (staged.state.lives(&housed.subject, version), Some(housed)),
        Change::Upsert(_) => return Put::Stale,
        Change::Delete | Change::Withdraw => (staged.state.deleted(Gone { version, cause, at }), None),
    };
    let changed = staged.state != before;
    staged.dirty |= changed;
    match (verdict, housed) {
        (Verdict::Lives { taken_from, then }, Some(housed)) => {
            if let Some(from) = taken_from {
                let key = key.clone();
                take_from(
                    core,
                    Fact { subject: from, key, change: Change::Delete, version: Version { upsert: false, ..version }, cause, at },
                );
            }
            let Housed { subject, row } = *housed;
            let put = core.store(Fact { subject: subject.clone(), key: key.clone(), change: Change::Upsert(row), version, cause, at });
            if let Some(Gone { version, cause, at }) = then {
                core.store(Fact { subject, key, change: Change::Delete, version, cause, at });
            }
            put
        }
        (Verdict::Leaves(subject), _) => core.store(Fact { subject, key, change: Change::Delete, version, cause, at }),
        // A deletion whose row was never told waits.
        _ if changed => Put::Same,
        _ => Put::Stale,
    }
}

/// Takes a row out as if it had never been told; where rows can't be taken from, it is deleted.
fn take_from(core: &mut Core, deletion: Fact) {
    let from = match &deletion.subject {
        Subject::Order(order) => Link::Order(order.clone()),
        Subject::Name(name) if name.scope != Name::TRACKING => Link::Name(name.clone()),
        _ => {
            core.store(deletion);
            return;
        }
    };
    // A repeat may just wait in a name on its way to where the row is already.
    while names::take(core, &from, &deletion.key).is_some() {}
}

/// What a source says of many rows. They are looked for at the seal, when all that the epoch read is there.
pub(super) fn lay(core: &mut Core, fact: Fact) -> Put {
    let Fact { subject, change: Change::Upsert(Row::Floor(floor)), version, cause, at, .. } = fact else { return Put::Stale };
    let shard = &mut core.shards[route::of(&subject, core.settings.shards)];
    let Subject::Set(set) = subject else { return Put::Stale };
    let staged = shard.sets.stage(&set);
    let put = match staged.state.put(&floor, version, cause, at) {
        Rise::None => Put::Stale,
        Rise::Told => Put::Same,
        Rise::Laid => Put::Changed,
    };
    staged.mark(put, cause);
    put
}

/// Deletes the rows below the floors that the open epoch has laid.
pub(super) fn sweep(core: &mut Core) {
    let mut laid: Vec<(RowSet, Laid)> = Vec::new();
    for shard in &mut core.shards {
        for index in 0..shard.sets.staged_len() {
            if let Some((set, staged)) = shard.sets.staged_at(index)
                && std::mem::take(&mut staged.due)
                && let Some(floor) = staged.state.laid()
            {
                laid.push((set.clone(), floor));
            }
        }
    }
    for (set, floor) in laid {
        let mut below = below(core, &set, floor.version);
        // What is emitted does not depend on a hash.
        below.sort_unstable();
        for (subject, key) in below {
            core.store(deletion(subject, key, floor));
        }
    }
}

/// Rows of the set that stand, and are older.
fn below(core: &Core, set: &RowSet, floor: Version) -> Vec<(Subject, RowKey)> {
    let mut found = Vec::new();
    let is_of = |key: &RowKey| key.kind == set.kind && key.source == set.source && key.id.starts_with(set.prefix.as_str());
    for shard in &core.shards {
        match set.keeper {
            Keeper::Skus => {
                for (sku, state) in shard.skus.all() {
                    let rows = state.of_kind(set.kind).filter(|(key, kept)| is_of(key) && stands_below(kept, floor));
                    found.extend(rows.map(|(key, _)| (Subject::Sku(sku.clone()), key.clone())));
                }
            }
            Keeper::Customers => {
                for (customer, state) in shard.customers.all() {
                    let rows = state.of_kind(set.kind).filter(|(key, kept)| is_of(key) && stands_below(kept, floor));
                    found.extend(rows.map(|(key, _)| (Subject::Customer(customer.clone()), key.clone())));
                }
            }
            Keeper::Orders => {
                for (order, state) in shard.orders.all() {
                    let rows = state.rows.of(set.kind, set.source);
                    let rows = rows.filter(|(key, stored)| is_of(key) && !stored.deleted && stored.version < floor);
                    found.extend(rows.map(|(key, _)| (Subject::Order(order.clone()), key.clone())));
                }
                for (name, state) in shard.names.all() {
                    let rows = state.waiting().filter(|(key, kept)| is_of(key) && stands_below(kept, floor));
                    found.extend(rows.map(|(key, _)| (Subject::Name(name.clone()), key.clone())));
                }
            }
        }
    }
    found
}

fn stands_below<R>(kept: &Kept<R>, floor: Version) -> bool {
    kept.gone.is_none() && kept.told.as_ref().is_some_and(|told| told.version < floor)
}
