//! The seal of an epoch: each changed entity is computed once, wave by wave, so that an epoch is a fixed point and no fact is left in memory.
//!
//! ```text
//! delete watermarks ─deletions─> all below
//! aliases ──rows──> orders ──demand──> SKUs
//!                          └─summary─> customers ──rows──> customers ──forgotten──> orders
//! ```
//!
//! The facts that a wave derives for a later one are stored in the same epoch. SKUs send facts to other SKUs (a kit to its parts, a part to its
//! kits) and to orders (a warehouse does not know the SKU, a count holds what came back). So the waves of orders and SKUs are repeated for those
//! that got new facts, until none is due any more. An order whose SKUs learn of it only now asks for goods in the second round. Customers pass rows on to
//! each other ([`super::people`]) before they are sealed; if an order is told that its person is forgotten, its wave is repeated before that.

use std::hash::Hash;

use foldhash::fast::RandomState;
use hashbrown::HashSet;

use super::cases::Cases;
use super::desk::DeskState;
use super::incarnations::Incarnations;
use super::outbox::{EpochTag, Outbox};
use super::packed::Pack;
use super::report::EpochReport;
use super::shard::Shard;
use super::store::Store;
use super::table::EntityTable;
use super::topics::SourceTopics;
use super::{aliases, bulk_deletes, held_index, people, workers, write_state};
use crate::entities::alias::AliasState;
use crate::entities::customer::CustomerState;
use crate::entities::held::{Held, HeldWhy, Holds};
use crate::entities::ledger::SumLedger;
use crate::entities::order::{OrderState, derived, view};
use crate::entities::rules::{Role, Rules};
use crate::entities::sku::SkuState;
use crate::events::{self, Emission, Flow, Outlet, SealContext, Topic, desk, seal_alias, seal_customer, seal_order, seal_sku};
use crate::facts::{Alias, Amount, Cause, Change, CustomerKey, Fact, Moment, OrderKey, OrderRow, Row, Sku, Subject, Version};

/// Seals the open epoch: all that it writes stands in the outbox.
pub(super) fn seal(store: &mut Store, incarnations: &mut Incarnations, source_topics: &SourceTopics, outbox: &mut Outbox) {
    write_state::sources_begun(store, incarnations, outbox);
    bulk_deletes::sweep(store);
    aliases::pass_on(store);
    // Before orders are computed: what they would ask for on behalf of a person who is forgotten in this epoch is not asked for.
    people::pass_on(store);
    let aliases = wave(store, |shard| &mut shard.aliases, |report| &mut report.aliases_sealed);
    let (mut orders, skus, flows) = until_customers(store);
    limit_refunds(store, &mut orders, flows);
    let customers = wave(store, |shard| &mut shard.customers, |report| &mut report.customers_sealed);
    people::put_off(store);
    let tick = store.tick.to_string();
    let numbers = store.shards.iter().map(|shard| shard.epoch.number + 1);
    let epochs: Vec<String> = numbers.enumerate().map(|(shard, number)| format!("{shard}:{number}")).collect();
    for Emitted { shard, emissions, causes } in [aliases, orders, skus, customers].into_iter().flatten() {
        for emission in &emissions {
            *store.report.events.entry(emission.topic).or_default() += 1;
            close_case(&mut store.cases.state, emission);
        }
        let tag = EpochTag { epoch: &epochs[shard], tick: &tick };
        outbox.events(&store.settings.names, source_topics, tag, emissions, &causes);
    }
    go_live(store);
    let desk = say_desk(store);
    desk.iter().for_each(|emission| close_case(&mut store.cases.state, emission));
    let tag = EpochTag { epoch: &epochs[0], tick: &tick };
    outbox.events(&store.settings.names, source_topics, tag, desk, &[]);
    let first_under_these_rules = store.rules_end || store.shards[0].begins;
    write_state::desk(store, first_under_these_rules, outbox);
    write_state::letters_and_cases(store, outbox);
    write_state::changed(store, outbox);
}

/// What people noted about an exception is kept while it is open.
fn close_case(cases: &mut Cases, emission: &Emission) {
    if emission.topic == Topic::Exceptions && emission.body.is_none() {
        cases.close(&emission.key);
    }
}

/// If the refunds of this epoch pass a limit, they are held: ledgers are put back, and nothing of them is sent.
fn limit_refunds(store: &mut Store, orders: &mut [Emitted], flows: Vec<Flow>) {
    let (limits, tick) = (store.settings.rules.refund_limits, store.tick);
    if !store.desk.add(limits, &flows, tick) {
        return count_refunds(&mut store.report, &flows);
    }
    for emitted in orders {
        emitted.emissions.retain(|emission| emission.topic != Topic::RefundRequests);
    }
    // The last first: of several steps of one order the ledger before the first is put back.
    for flow in flows.into_iter().rev() {
        let (Some(before), Some(currency)) = (flow.before, flow.currency) else { continue };
        let (key, before) = *before;
        let staged = store.shard_of(&Subject::Order(key.clone())).orders.stage(&key);
        let refund = &mut staged.state.ledgers.refund;
        let (due, captured) = (refund.due, refund.captured);
        *refund = SumLedger { due, captured, ..before };
        let waiting = (HeldWhy::Limit, Topic::RefundRequests, key.0.clone());
        let before = staged.state.held.get(&waiting).and_then(|held| held.money).map_or(Amount::ZERO, |(amount, _)| amount);
        let money = Some((before + flow.asked, currency));
        staged.state.held.insert(waiting, Held { since: tick, content: 0, whole: true, corrects: false, money, discarded: false });
        staged.dirty = true;
    }
}

/// Refund requests that leave with this epoch.
fn count_refunds(report: &mut EpochReport, flows: &[Flow]) {
    for flow in flows.iter().filter(|flow| flow.refunds > 0) {
        let Some(currency) = flow.currency else { continue };
        let asked = report.refunds.entry(currency).or_default();
        asked.number += u64::from(flow.refunds);
        asked.sum += flow.asked;
    }
}

/// The exceptions about what is held, where that has changed.
fn say_desk(store: &mut Store) -> Vec<Emission> {
    if !store.desk.speaks() {
        return Vec::new();
    }
    store.desk.speak();
    let groups = held_index::groups(store.shards.iter().map(|shard| &shard.held));
    let shard = &store.shards[0];
    let (generation, refunds_live) = (shard.epoch.generation, shard.is_live(Topic::RefundRequests));
    let context = SealContext { rules: &store.settings.rules, tick: store.tick, generation, live: &|_| true };
    let DeskState { holds, last_emitted, open, revision, .. } = &mut store.desk.state;
    let mut outlet = Outlet::new(context, *revision + 1, Vec::new());
    desk::emit(&groups, holds, refunds_live, open, last_emitted, &mut outlet);
    if outlet.changed {
        *revision += 1;
    }
    outlet.emissions
}

/// Topics that a person has made live are live from this epoch on: what it requests itself is still entered only.
fn go_live(store: &mut Store) {
    let topics = std::mem::take(&mut store.desk.going_live);
    for shard in &mut store.shards {
        for topic in &topics {
            if !shard.is_live(*topic) {
                shard.going_live.push(*topic);
            }
        }
    }
}

/// How often orders are computed in an epoch at most. An order sends facts to its SKUs; facts that they send back are computed in the second round.
const ORDER_ROUNDS: u32 = 3;

/// How often SKUs are computed in an epoch at most: a kit of kits is five deep at most.
const SKU_ROUNDS: u32 = 5;

/// How often customers tell orders something in an epoch at most. An order answers with its summary, and a second time there is nothing to tell.
const CUSTOMER_ROUNDS: u32 = 3;

/// All waves before that of customers, and what customers pass on.
fn until_customers(store: &mut Store) -> (Vec<Emitted>, Vec<Emitted>, Vec<Flow>) {
    let (mut of_orders, mut of_skus, mut flows) = orders_and_skus(store);
    for _ in 0..CUSTOMER_ROUNDS {
        if !people::pass_on(store) {
            return (of_orders, of_skus, flows);
        }
        let (orders, skus, further) = orders_and_skus(store);
        add_round(&mut of_orders, orders);
        add_round(&mut of_skus, skus);
        flows.extend(further);
    }
    (of_orders, of_skus, flows)
}

/// The waves of orders and of SKUs, until none is due any more.
fn orders_and_skus(store: &mut Store) -> (Vec<Emitted>, Vec<Emitted>, Vec<Flow>) {
    let (mut of_orders, mut of_skus) = (Vec::new(), Vec::new());
    for _ in 0..ORDER_ROUNDS {
        if !store.shards.iter().any(|shard| shard.orders.staged().any(|(_, staged)| staged.due)) {
            break;
        }
        add_round(&mut of_orders, wave(store, |shard| &mut shard.orders, |report| &mut report.orders_sealed));
        add_round(&mut of_skus, skus(store));
    }
    add_round(&mut of_skus, skus(store));
    let tick = store.tick;
    for shard in &mut store.shards {
        shard.orders.put_off(tick);
    }
    (of_orders, of_skus, std::mem::take(&mut store.flows))
}

/// The wave of SKUs, until none is due any more.
fn skus(store: &mut Store) -> Vec<Emitted> {
    let mut emitted = wave(store, |shard| &mut shard.skus, |report| &mut report.skus_sealed);
    for _ in 1..SKU_ROUNDS {
        if !store.shards.iter().any(|shard| shard.skus.staged().any(|(_, staged)| staged.due)) {
            return emitted;
        }
        add_round(&mut emitted, wave(store, |shard| &mut shard.skus, |report| &mut report.skus_sealed));
    }
    let tick = store.tick;
    for shard in &mut store.shards {
        shard.skus.put_off(tick);
    }
    emitted
}

/// Adds what a further round emitted. If several rounds emit a statement for one key, only the last is kept. Requests are all kept.
fn add_round(emitted: &mut Vec<Emitted>, round: Vec<Emitted>) {
    let statements = round.iter().flat_map(|one| &one.emissions).filter(|emission| emission.topic.is_statement());
    let stated: HashSet<(Topic, &str), RandomState> = statements.map(|emission| (emission.topic, &*emission.key)).collect();
    if !stated.is_empty() {
        for before in emitted.iter_mut() {
            before.emissions.retain(|before| !stated.contains(&(before.topic, &*before.key)));
        }
    }
    drop(stated);
    emitted.extend(round);
}

/// An entity as a wave computes it.
trait Sealable<K> {
    fn revision(&mut self) -> &mut u64;
    /// Computes the view, emits statements and requests, and derives facts for later waves. The result: when the entity's timer is due next.
    fn seal(&mut self, key: &K, outlet: &mut Outlet<'_>, facts: &mut Vec<Fact>) -> Option<Moment>;
}

impl Sealable<Alias> for AliasState {
    fn revision(&mut self) -> &mut u64 {
        &mut self.revision
    }
    fn seal(&mut self, key: &Alias, outlet: &mut Outlet<'_>, _: &mut Vec<Fact>) -> Option<Moment> {
        seal_alias(key, self, outlet).next
    }
}

impl Sealable<OrderKey> for OrderState {
    fn revision(&mut self) -> &mut u64 {
        &mut self.revision
    }
    fn seal(&mut self, key: &OrderKey, outlet: &mut Outlet<'_>, facts: &mut Vec<Fact>) -> Option<Moment> {
        order(key, self, outlet, facts)
    }
}

impl Sealable<Sku> for SkuState {
    fn revision(&mut self) -> &mut u64 {
        &mut self.revision
    }
    fn seal(&mut self, key: &Sku, outlet: &mut Outlet<'_>, facts: &mut Vec<Fact>) -> Option<Moment> {
        seal_sku(key, self, outlet, facts).next
    }
}

impl Sealable<CustomerKey> for CustomerState {
    fn revision(&mut self) -> &mut u64 {
        &mut self.revision
    }
    fn seal(&mut self, key: &CustomerKey, outlet: &mut Outlet<'_>, _: &mut Vec<Fact>) -> Option<Moment> {
        seal_customer(key, self, outlet).next
    }
}

/// What one entity's seal emits.
struct Emitted {
    shard: usize,
    emissions: Vec<Emission>,
    causes: Vec<Cause>,
}

/// What the seal of a shard's entities of one kind gives.
#[derive(Default)]
struct Sealed {
    emitted: Vec<(Vec<Emission>, Vec<Cause>)>,
    /// For entities of later waves.
    facts: Vec<Fact>,
    entities: u64,
    /// Money that moved.
    flows: Vec<Flow>,
}

/// Computes every due entity of one kind once, shard by shard on several threads, then stores the facts that they derive for later waves.
fn wave<K, S>(store: &mut Store, table: fn(&mut Shard) -> &mut EntityTable<K, S>, count: fn(&mut EpochReport) -> &mut u64) -> Vec<Emitted>
where
    K: Hash + Eq + Clone + Send,
    S: Sealable<K> + Pack + Send,
{
    let (mut emitted, mut facts) = (Vec::new(), Vec::new());
    let (tick, report, flows) = (store.tick, &mut store.report, &mut store.flows);
    let means = Means { rules: &store.settings.rules, holds: &store.desk.state.holds, restating: store.restating };
    workers::run_each(
        &mut store.shards,
        |shard| table(shard).staged_len(),
        |_, shard| seal_shard(shard, table, means, tick),
        |index, sealed| {
            *count(report) += sealed.entities;
            emitted.extend(sealed.emitted.into_iter().map(|(emissions, causes)| Emitted { shard: index, emissions, causes }));
            facts.extend(sealed.facts);
            flows.extend(sealed.flows);
        },
    );
    for fact in facts {
        store.put(fact);
    }
    emitted
}

/// What every seal of an epoch knows.
#[derive(Clone, Copy)]
struct Means<'a> {
    rules: &'a Rules,
    holds: &'a Holds,
    restating: bool,
}

fn seal_shard<K, S>(shard: &mut Shard, table: fn(&mut Shard) -> &mut EntityTable<K, S>, means: Means<'_>, tick: Moment) -> Sealed
where
    K: Hash + Eq + Clone,
    S: Sealable<K> + Pack,
{
    let live = live_topics(shard);
    let context = SealContext { rules: means.rules, tick, generation: shard.epoch.generation, live: &|topic| live & bit(topic) != 0 };
    let mut sealed = Sealed::default();
    let table = table(shard);
    for place in 0..table.staged_len() {
        let Some((key, staged)) = table.staged_at(place) else { continue };
        if !staged.due {
            continue;
        }
        (staged.due, staged.sealed) = (false, true);
        sealed.entities += 1;
        let mut outlet = Outlet::new(context, *staged.state.revision() + 1, staged.causes.to_vec());
        (outlet.holds, outlet.restating) = (Some(means.holds), means.restating);
        staged.next = staged.state.seal(key, &mut outlet, &mut sealed.facts);
        staged.due = outlet.again;
        if outlet.changed {
            *staged.state.revision() += 1;
            staged.dirty = true;
        }
        if outlet.flow.currency.is_some() {
            sealed.flows.push(outlet.flow);
        }
        if !outlet.emissions.is_empty() {
            sealed.emitted.push((outlet.emissions, outlet.causes));
        }
    }
    sealed
}

/// A set of topics by their numbers: asked for at each request, and made for each shard of each wave.
fn live_topics(shard: &Shard) -> u64 {
    let live = Topic::ALL.into_iter().filter(|topic| topic.is_statement() || shard.is_live(*topic));
    live.fold(0, |set, topic| set | bit(topic))
}

fn bit(topic: Topic) -> u64 {
    1 << (topic as u8)
}

/// The person of an order is forgotten once nothing of it is to be sent: rows name nobody any more. True: they did.
fn forget_person(key: &OrderKey, state: &mut OrderState, rules: &Rules, tick: Moment) -> bool {
    let OrderState { rows, ledgers, since, .. } = state;
    if rows.of_kind(OrderRow::FORGOTTEN).next().is_none() || !rows.has_person() {
        return false;
    }
    let before = view(key, rows, ledgers, *since, rules, tick);
    if !before.forgotten.gone {
        return false;
    }
    let mut without = rows.clone();
    without.forget_person();
    let after = view(key, &without, ledgers, *since, rules, tick);
    events::forget_person(&before, &after, ledgers, rules);
    state.rows = without;
    true
}

/// One order: view, requests, statements, facts for its SKUs and its customer.
fn order(key: &OrderKey, state: &mut OrderState, outlet: &mut Outlet<'_>, facts: &mut Vec<Fact>) -> Option<Moment> {
    outlet.changed |= forget_person(key, state, outlet.context.rules, outlet.context.tick);
    let OrderState { rows, ledgers, held, last_emitted, derived: derived_before, exceptions: open, since, .. } = state;
    let view = view(key, rows, ledgers, *since, outlet.context.rules, outlet.context.tick);
    let (version, cause) = (Version::derived(outlet.context.generation, outlet.revision), outlet.causes.first().copied());
    let (rules, tick) = (outlet.context.rules, outlet.context.tick);
    let before = facts.len();
    outlet.waits_for_skus = derived::differences(&view, rows, rules, derived_before, |subject, row_key, row: Option<Row>| {
        let change = row.map_or(Change::Delete, Change::Upsert);
        facts.push(Fact { subject, key: row_key, change, version, cause: cause.unwrap_or(Cause::NONE), at: tick });
    }) && rules.has(Role::Wms);
    outlet.changed |= facts.len() > before;
    outlet.held = std::mem::take(held);
    let next = seal_order(&view, ledgers, last_emitted, open, outlet);
    *held = std::mem::take(&mut outlet.held);
    next
}
