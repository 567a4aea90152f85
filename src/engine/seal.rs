//! The seal of an epoch: each changed entity is computed once, wave by wave, so that an epoch is a fixed point and no fact is left in memory.
//!
//! ```text
//! names ──rows──> orders ──demand──> SKUs
//!                        └─summary─> customers
//! ```
//!
//! What a wave yields for a later one is applied in the same epoch. Nothing goes against the order.

use std::sync::Arc;

use super::core::Core;
use super::log::Transaction;
use super::outbox::EpochTag;
use super::published::LINKS_MAX;
use super::state::{EpochRecord, StateKey, encode, frame};
use crate::entities::order::{OrderState, view, yields};
use crate::events::{Emission, Outlet, SealContext, Topic, exceptions, order_status};
use crate::facts::{Cause, Change, Fact, Moment, OrderKey, Row, Version};

/// Seals the open epoch and gives all that it writes.
pub(super) fn seal(core: &mut Core) -> Transaction {
    names(core);
    orders(core);
    skus(core);
    customers(core);
    state(core);
    let topics: Arc<[Arc<str>]> = core.topics.clone();
    let exchange = core.settings.names.exchange.clone();
    let shards = core.shards.iter().enumerate();
    let touched = shards.filter(|(_, shard)| shard.touched()).map(|(index, shard)| (index, shard.exchange_next, shard.epoch.number + 1));
    core.outbox.transaction(&topics, &exchange, touched)
}

/// Names pass on the rows that came under them, link by link; the wave runs until nothing moves, five links at most.
fn names(core: &mut Core) {
    for _ in 0..LINKS_MAX {
        let mut moved = Vec::new();
        for shard in &mut core.shards {
            for index in 0..shard.names.staged_len() {
                if let Some((name, staged)) = shard.names.staged_at(index)
                    && staged.due
                {
                    let before = moved.len();
                    staged.state.forward(name, &mut moved);
                    core.report.names_forwarded += (moved.len() - before) as u64;
                }
            }
        }
        if moved.is_empty() {
            break;
        }
        for fact in moved {
            core.store(fact);
        }
    }
}

/// Collects the events of one wave: they are encoded once the borrow of the shards has ended.
#[derive(Default)]
struct Wave {
    emissions: Vec<(usize, Vec<Emission>, Vec<Cause>)>,
    facts: Vec<Fact>,
}

fn orders(core: &mut Core) {
    let mut wave = Wave::default();
    let rules = core.settings.rules.clone();
    for (index, shard) in core.shards.iter_mut().enumerate() {
        let live = live_topics(shard);
        let context = SealContext { rules: &rules, tick: core.tick, generation: shard.epoch.generation, live: &|topic| live.contains(&topic) };
        for place in 0..shard.orders.staged_len() {
            let Some((key, staged)) = shard.orders.staged_at(place) else { continue };
            if !staged.due {
                continue;
            }
            core.report.orders_sealed += 1;
            let causes = staged.causes.to_vec();
            let mut outlet = Outlet::new(context, staged.state.revision + 1, causes.clone());
            staged.next = order(key, &mut staged.state, &mut outlet, &mut wave.facts);
            if outlet.changed {
                staged.state.revision += 1;
                staged.dirty = true;
            }
            wave.emissions.push((index, outlet.emissions, causes));
        }
    }
    finish(core, wave);
}

/// Seals one order: view, requests, statements, what it yields. The result: when its view would next change by the clock.
fn order(key: &OrderKey, state: &mut OrderState, outlet: &mut Outlet<'_>, facts: &mut Vec<Fact>) -> Option<Moment> {
    let OrderState { rows, ledgers, said, told, exceptions: open, .. } = state;
    let view = view::view(key, rows, ledgers, outlet.context.rules, outlet.context.tick);
    let by_clock = crate::events::order::seal_order(&view, ledgers, outlet);
    order_status::emit(&view, said, outlet);
    exceptions::emit(&view, open, said, outlet);
    let version = Version::derived(outlet.context.generation, outlet.revision);
    let cause = outlet.causes.first().copied();
    yields::differences(&view, outlet.context.rules, told, |subject, row_key, row: Option<Row>| {
        outlet.changed = true;
        facts.push(Fact {
            subject,
            key: row_key,
            change: row.map_or(Change::Delete, Change::Upsert),
            version,
            cause: cause.unwrap_or(Cause::NONE),
            at: outlet.context.tick,
        });
    });
    [view.next_change, by_clock].into_iter().flatten().min()
}

fn skus(core: &mut Core) {
    let mut wave = Wave::default();
    let rules = core.settings.rules.clone();
    for (index, shard) in core.shards.iter_mut().enumerate() {
        let context = SealContext { rules: &rules, tick: core.tick, generation: shard.epoch.generation, live: &|_| true };
        for place in 0..shard.skus.staged_len() {
            let Some((sku, staged)) = shard.skus.staged_at(place) else { continue };
            if !staged.due {
                continue;
            }
            core.report.skus_sealed += 1;
            let causes = staged.causes.to_vec();
            let mut outlet = Outlet::new(context, staged.state.revision + 1, causes.clone());
            staged.next = crate::events::sku::seal_sku(sku, &mut staged.state, &mut outlet).next;
            if outlet.changed {
                staged.state.revision += 1;
                staged.dirty = true;
            }
            wave.emissions.push((index, outlet.emissions, causes));
        }
    }
    finish(core, wave);
}

fn customers(core: &mut Core) {
    let mut wave = Wave::default();
    let rules = core.settings.rules.clone();
    for (index, shard) in core.shards.iter_mut().enumerate() {
        let context = SealContext { rules: &rules, tick: core.tick, generation: shard.epoch.generation, live: &|_| true };
        for place in 0..shard.customers.staged_len() {
            let Some((key, staged)) = shard.customers.staged_at(place) else { continue };
            if !staged.due {
                continue;
            }
            core.report.customers_sealed += 1;
            let causes = staged.causes.to_vec();
            let mut outlet = Outlet::new(context, staged.state.revision + 1, causes.clone());
            staged.next = crate::events::customer::seal_customer(key, &mut staged.state, &mut outlet).next;
            if outlet.changed {
                staged.state.revision += 1;
                staged.dirty = true;
            }
            wave.emissions.push((index, outlet.emissions, causes));
        }
    }
    finish(core, wave);
}

fn live_topics(shard: &super::shard::Shard) -> Vec<Topic> {
    Topic::ALL.into_iter().filter(|topic| topic.is_statement() || shard.is_live(*topic)).collect()
}

/// Hands a wave's facts to the later waves and its events to the outbox.
fn finish(core: &mut Core, wave: Wave) {
    for fact in wave.facts {
        core.store(fact);
    }
    for (shard, emissions, causes) in wave.emissions {
        let tag = EpochTag { shard, number: core.shards[shard].epoch.number + 1, tick: core.tick };
        for emission in emissions {
            *core.report.events.entry(emission.topic).or_default() += 1;
            core.outbox.event(&core.settings.names, &core.source_topics, tag, emission, &causes);
        }
    }
}

/// Writes what changed: orders and names whole, SKUs and customers by row, and one epoch record for each shard that the epoch touches.
fn state(core: &mut Core) {
    let Core { shards, outbox, report, settings, tick, .. } = core;
    let names = &settings.names;
    for (index, shard) in shards.iter_mut().enumerate().filter(|(_, shard)| shard.touched()) {
        for (key, staged) in shard.orders.staged().filter(|(_, staged)| staged.dirty) {
            outbox.state(names, report, index, &StateKey::Order(key.clone()), |bytes| Some(encode(bytes, &staged.state)));
        }
        for (name, staged) in shard.names.staged().filter(|(_, staged)| staged.dirty) {
            outbox.state(names, report, index, &StateKey::Name(name.clone()), |bytes| Some(encode(bytes, &staged.state)));
        }
        for place in 0..shard.skus.staged_len() {
            let Some((sku, staged)) = shard.skus.staged_at(place) else { continue };
            if !staged.dirty {
                continue;
            }
            for row in staged.state.take_touched() {
                let key = StateKey::SkuRow(sku.clone(), row.clone());
                outbox.state(names, report, index, &key, |bytes| staged.state.row_bytes(&row).map(|payload| frame(bytes, &payload)));
            }
            let key = StateKey::SkuHead(sku.clone());
            outbox.state(names, report, index, &key, |bytes| Some(frame(bytes, &staged.state.head_bytes())));
        }
        for place in 0..shard.customers.staged_len() {
            let Some((customer, staged)) = shard.customers.staged_at(place) else { continue };
            if !staged.dirty {
                continue;
            }
            for row in staged.state.take_touched() {
                let key = StateKey::CustomerRow(customer.clone(), row.clone());
                outbox.state(names, report, index, &key, |bytes| staged.state.row_bytes(&row).map(|payload| frame(bytes, &payload)));
            }
            let key = StateKey::CustomerHead(customer.clone());
            outbox.state(names, report, index, &key, |bytes| Some(frame(bytes, &staged.state.head_bytes())));
        }
        let number = shard.epoch.number + 1;
        for topic in &shard.going_live {
            outbox.state(names, report, index, &StateKey::Live(*topic as u8), |bytes| Some(encode(bytes, &number)));
        }
        let record = EpochRecord { number, tick: *tick, generation: shard.epoch.generation, fingerprint: settings.fingerprint };
        outbox.state(names, report, index, &StateKey::Epoch, |bytes| Some(encode(bytes, &record)));
    }
}
