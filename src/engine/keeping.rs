//! Facts about the keeping of rows: homes (where a row lives) and floors (what is no more).

use hashbrown::HashMap;

use super::core::Core;
use super::names;
use super::route;
use crate::entities::floor::{FloorState, Laid, Rise};
use crate::entities::home::{Gone, Verdict};
use crate::entities::{Kept, Put};
use crate::facts::ids::join_key;
use crate::facts::order::LeftOut;
use crate::facts::{
    Change, Fact, Housed, Keeper, Link, Moment, Name, OrderKey, OrderRow, Row, RowKey, RowSet, SourceId, Subject, Text, Version,
};

/// Of each source, keeper and kind: beginnings of ids, and what was said of the rows that have them.
type Sets = HashMap<(SourceId, Keeper, u8), Vec<(Text, Laid)>>;

/// The floors that are laid, and the newest whole snapshots, as sealed.
#[derive(Clone, Debug, Default)]
pub(super) struct Floors {
    laid: Sets,
    read: Sets,
}

impl Floors {
    pub(super) fn raise(&mut self, set: &RowSet, state: &FloorState) {
        for (sets, newest) in [(&mut self.laid, state.laid()), (&mut self.read, state.read())] {
            let Some(newest) = newest else { continue };
            let known = sets.entry((set.source, set.keeper, set.kind)).or_default();
            match known.iter_mut().find(|(prefix, _)| *prefix == set.prefix) {
                Some((_, known)) => *known = newest,
                None => known.push((set.prefix.clone(), newest)),
            }
        }
    }

    /// What follows for a row that is told late: its deletion, where a floor was laid above it; that a snapshot left it out.
    pub(super) fn above(&self, fact: &Fact, tick: Moment) -> Option<Fact> {
        if self.laid.is_empty() && self.read.is_empty() {
            return None;
        }
        if let Some(laid) = newest_over(&self.laid, fact) {
            return Some(deletion(fact.subject.clone(), fact.key.clone(), laid));
        }
        let Subject::Order(order) = &fact.subject else { return None };
        newest_over(&self.read, fact).map(|read| left_out(order.clone(), &fact.key, read, tick))
    }
}

/// The newest that was said of a set that the row is of, if that is newer than the row.
fn newest_over(sets: &Sets, fact: &Fact) -> Option<Laid> {
    let keeper = match fact.subject {
        Subject::Order(_) | Subject::Name(_) => Keeper::Orders,
        Subject::Sku(_) => Keeper::Skus,
        Subject::Customer(_) => Keeper::Customers,
        Subject::Home(_) | Subject::Set(_) => return None,
    };
    let of_kind = sets.get(&(fact.key.source, keeper, fact.key.kind))?;
    let over = |(prefix, said): &&(Text, Laid)| fact.key.id.starts_with(prefix.as_str()) && said.version > fact.version;
    of_kind.iter().filter(over).map(|(_, said)| *said).max_by_key(|said| said.version)
}

/// Tells an order that a snapshot left one of its rows out, and when Waybill learned of it.
fn left_out(order: OrderKey, row: &RowKey, read: Laid, tick: Moment) -> Fact {
    let id = join_key(&[&row.kind.to_string(), &row.id]);
    let told = LeftOut { kind: row.kind, id: row.id.clone(), read: read.version };
    Fact {
        subject: Subject::Order(order),
        key: RowKey { kind: OrderRow::LEFT_OUT, source: row.source, id },
        change: Change::Upsert(Row::Order(OrderRow::LeftOut(told))),
        version: Version { upsert: true, ..read.version },
        cause: read.cause,
        at: tick,
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

/// Deletes the rows below the floors that the open epoch has laid, and tells orders which of their rows a whole snapshot left out.
pub(super) fn sweep(core: &mut Core) {
    let (mut laid, mut read): (Vec<(RowSet, Laid)>, Vec<(RowSet, Laid)>) = (Vec::new(), Vec::new());
    for shard in &mut core.shards {
        for index in 0..shard.sets.staged_len() {
            if let Some((set, staged)) = shard.sets.staged_at(index)
                && std::mem::take(&mut staged.due)
            {
                laid.extend(staged.state.laid().map(|floor| (set.clone(), floor)));
                read.extend(staged.state.read().map(|read| (set.clone(), read)));
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
    for (set, read) in read {
        let mut below = below(core, &set, read.version);
        below.sort_unstable();
        for (subject, key) in below {
            // A row that waits for its order is told of once it has one.
            if let Subject::Order(order) = subject {
                core.store(left_out(order, &key, read, core.tick));
            }
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
    !kept.is_deleted() && kept.upserted.as_ref().is_some_and(|upserted| upserted.version < floor)
}
