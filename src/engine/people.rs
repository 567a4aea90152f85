//! What customers pass on: to each other who is one person with whom, and rows; to orders that their person is forgotten. In rounds, until nobody has
//! anything left to pass on. Only then are customers sealed, so that no statement shows a step on the way.

use super::shard::Shard;
use super::store::Store;
use super::workers;
use crate::entities::customer::passing;
use crate::entities::rules::Rules;
use crate::facts::{Cause, Change, Fact, Moment, Subject, Version};

/// In a chain of merges each round goes one further. What is left then is passed on in the next epoch.
const ROUNDS_MAX: usize = 32;

/// Passes on until nobody has anything left. True: orders were told something.
pub(super) fn pass_on(store: &mut Store) -> bool {
    let mut told_orders = false;
    for round in 0..ROUNDS_MAX {
        let facts = round_of(store, round == 0);
        if facts.is_empty() {
            return told_orders;
        }
        for fact in facts {
            told_orders |= matches!(fact.subject, Subject::Order(_));
            store.put(fact);
        }
    }
    told_orders
}

/// What all customers pass on that have something to: in the first round those that are computed anew for another reason than a row, too.
fn round_of(store: &mut Store, first: bool) -> Vec<Fact> {
    let mut facts = Vec::new();
    let (rules, tick) = (&*store.settings.rules, store.tick);
    workers::run_each(
        &mut store.shards,
        |shard| shard.customers.staged_len(),
        |_, shard| of_shard(shard, rules, tick, first),
        |_, of_shard| facts.extend(of_shard),
    );
    facts
}

fn of_shard(shard: &mut Shard, rules: &Rules, tick: Moment, first: bool) -> Vec<Fact> {
    let generation = shard.epoch.generation;
    let (mut facts, mut passed) = (Vec::new(), Vec::new());
    for place in 0..shard.customers.staged_len() {
        let Some((customer, staged)) = shard.customers.staged_at(place) else { continue };
        let has_news = staged.state.is_fresh() || (first && staged.due);
        if !has_news {
            continue;
        }
        passing::pass_on(customer, &mut staged.state, rules, &mut passed);
        if passed.is_empty() {
            continue;
        }
        // What stands for the customer is another one now, so what is stated of it may be too.
        staged.due = true;
        staged.dirty = true;
        staged.state.revision += 1;
        let version = Version::derived(generation, staged.state.revision);
        let cause = staged.causes.first().copied().unwrap_or(Cause::NONE);
        facts.extend(passed.drain(..).map(|fact| {
            let change = fact.row.map_or(Change::Delete, Change::Upsert);
            Fact { subject: fact.subject, key: fact.key, change, version, cause, at: fact.at.unwrap_or(tick) }
        }));
    }
    facts
}

/// Customers that have something left to pass on do it in the next epoch.
pub(super) fn put_off(store: &mut Store) {
    let tick = store.tick;
    for shard in &mut store.shards {
        for place in 0..shard.customers.staged_len() {
            if let Some((_, staged)) = shard.customers.staged_at(place)
                && staged.state.is_fresh()
            {
                staged.due = true;
            }
        }
        shard.customers.put_off(tick);
    }
}
