//! The seal of an epoch: each changed entity is computed once, wave by wave, so that an epoch is a fixed point and no fact is left in memory.
//!
//! ```text
//! floors ─deletions─> all below
//! names ──rows──> orders ──demand──> SKUs
//!                        └─summary─> customers
//! ```
//!
//! What a wave yields for a later one is applied in the same epoch. SKUs tell other SKUs (a kit its parts, a part its kits) and answer orders
//! (a warehouse does not know the SKU, a count holds what came back): their waves are repeated for those that have heard something, until
//! nothing is due any more. An order that would ask for goods of SKUs that hear of it only now waits for the second round.

use std::hash::Hash;
use std::sync::Arc;

use foldhash::fast::RandomState;
use hashbrown::HashSet;

use super::core::Core;
use super::crew;
use super::log::Transaction;
use super::outbox::{EpochTag, StateOut};
use super::resting::Rests;
use super::shard::Shard;
use super::state::{EpochRecord, StateKey, encode, frame};
use super::table::Table;
use crate::entities::customer::CustomerState;
use crate::entities::name::NameState;
use crate::entities::order::{OrderState, view, yields};
use crate::entities::rules::{Role, Rules};
use crate::entities::sku::SkuState;
use crate::events::{Emission, Outlet, SealContext, Topic, exceptions, order_status, seal_customer, seal_name, seal_order, seal_sku};
use crate::facts::{Cause, Change, CustomerKey, Fact, Moment, Name, OrderKey, Row, Sku, Version};

/// Seals the open epoch and gives all that it writes.
pub(super) fn seal(core: &mut Core) -> Transaction {
    sources_begun(core);
    super::keeping::sweep(core);
    super::names::pass_on(core);
    let names = wave(core, |shard| &mut shard.names, |report| &mut report.names_sealed);
    let (orders, skus) = orders_and_skus(core);
    let customers = wave(core, |shard| &mut shard.customers, |report| &mut report.customers_sealed);
    let tick = core.tick.to_string();
    let numbers = core.shards.iter().map(|shard| shard.epoch.number + 1);
    let epochs: Vec<String> = numbers.enumerate().map(|(shard, number)| format!("{shard}:{number}")).collect();
    for (shard, emissions, causes) in [names, orders, skus, customers].into_iter().flatten() {
        for emission in &emissions {
            *core.report.events.entry(emission.topic).or_default() += 1;
        }
        let tag = EpochTag { epoch: &epochs[shard], tick: &tick };
        core.outbox.events(&core.settings.names, &core.source_topics, tag, emissions, &causes);
    }
    state(core);
    let topics: Arc<[Arc<str>]> = core.topics.clone();
    let exchange = core.settings.names.exchange.clone();
    let shards = core.shards.iter().enumerate();
    let touched = shards.filter(|(_, shard)| shard.touched()).map(|(index, shard)| (index, shard.exchange_next, shard.epoch.number + 1));
    core.outbox.transaction(&topics, &exchange, touched, |partition| core.incarnations.note(partition))
}

/// Keeps which sources have begun again.
fn sources_begun(core: &mut Core) {
    for (source, begun) in core.incarnations.take_found() {
        let index = usize::from(source.0) % core.shards.len();
        core.shards[index].noted = true;
        let mut state = StateOut::new(&core.settings.names, index);
        state.put(&StateKey::Begun(source), |bytes, scratch| Some(encode(bytes, &begun, scratch)));
        core.outbox.state(state, &mut core.report);
    }
}

/// How often orders are computed in an epoch: what an order tells its SKUs, and what they answer, is settled in the second round.
const ORDER_ROUNDS: u32 = 3;

/// How often SKUs are computed in an epoch: a kit of kits is five deep at most.
const SKU_ROUNDS: u32 = 5;

/// The waves of orders and of SKUs, until nothing is due any more.
fn orders_and_skus(core: &mut Core) -> (Vec<Emitted>, Vec<Emitted>) {
    let (mut orders, mut told) = (Vec::new(), Vec::new());
    for _ in 0..ORDER_ROUNDS {
        if !core.shards.iter().any(|shard| shard.orders.staged().any(|(_, staged)| staged.due)) {
            break;
        }
        said_again(&mut orders, wave(core, |shard| &mut shard.orders, |report| &mut report.orders_sealed));
        said_again(&mut told, skus(core));
    }
    said_again(&mut told, skus(core));
    let tick = core.tick;
    for shard in &mut core.shards {
        shard.orders.put_off(tick);
    }
    (orders, told)
}

/// What several rounds say of one key is said once, as it stands in the end; what they ask for stands.
fn said_again(emitted: &mut Vec<Emitted>, again: Vec<Emitted>) {
    let statements = again.iter().flat_map(|(_, emissions, _)| emissions).filter(|emission| emission.topic.is_statement());
    let said: HashSet<(Topic, &str), RandomState> = statements.map(|emission| (emission.topic, &*emission.key)).collect();
    if !said.is_empty() {
        for (_, before, _) in emitted.iter_mut() {
            before.retain(|before| !said.contains(&(before.topic, &*before.key)));
        }
    }
    drop(said);
    emitted.extend(again);
}

/// The wave of SKUs, until nothing is due any more.
fn skus(core: &mut Core) -> Vec<Emitted> {
    let mut emitted = wave(core, |shard| &mut shard.skus, |report| &mut report.skus_sealed);
    for _ in 1..SKU_ROUNDS {
        if !core.shards.iter().any(|shard| shard.skus.staged().any(|(_, staged)| staged.due)) {
            return emitted;
        }
        said_again(&mut emitted, wave(core, |shard| &mut shard.skus, |report| &mut report.skus_sealed));
    }
    let tick = core.tick;
    for shard in &mut core.shards {
        shard.skus.put_off(tick);
    }
    emitted
}

/// An entity as a wave computes it.
trait Sealable<K> {
    fn revision(&mut self) -> &mut u64;
    /// Computes the view, says and requests what follows, and yields facts for later waves. The result: when the view would next change by the clock.
    fn seal(&mut self, key: &K, outlet: &mut Outlet<'_>, facts: &mut Vec<Fact>) -> Option<Moment>;
}

impl Sealable<Name> for NameState {
    fn revision(&mut self) -> &mut u64 {
        &mut self.revision
    }
    fn seal(&mut self, key: &Name, outlet: &mut Outlet<'_>, _: &mut Vec<Fact>) -> Option<Moment> {
        seal_name(key, self, outlet).next
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

/// What one entity's seal emits, and of which shard it is.
type Emitted = (usize, Vec<Emission>, Vec<Cause>);

/// What the seal of a shard's entities of one kind gives.
#[derive(Default)]
struct Sealed {
    emitted: Vec<(Vec<Emission>, Vec<Cause>)>,
    /// For entities of later waves.
    facts: Vec<Fact>,
    entities: u64,
}

/// Computes every due entity of one kind once, shard by shard on several threads, then puts what they yield to the entities of later waves.
fn wave<K, S>(
    core: &mut Core,
    table: fn(&mut Shard) -> &mut Table<K, S>,
    count: fn(&mut super::report::EpochReport) -> &mut u64,
) -> Vec<Emitted>
where
    K: Hash + Eq + Clone + Send,
    S: Sealable<K> + Rests + Send,
{
    let (mut emitted, mut facts) = (Vec::new(), Vec::new());
    let (rules, tick, report) = (&*core.settings.rules, core.tick, &mut core.report);
    crew::share_each(
        &mut core.shards,
        |shard| table(shard).staged_len(),
        |_, shard| seal_shard(shard, table, rules, tick),
        |index, sealed| {
            *count(report) += sealed.entities;
            emitted.extend(sealed.emitted.into_iter().map(|(emissions, causes)| (index, emissions, causes)));
            facts.extend(sealed.facts);
        },
    );
    for fact in facts {
        core.store(fact);
    }
    emitted
}

fn seal_shard<K, S>(shard: &mut Shard, table: fn(&mut Shard) -> &mut Table<K, S>, rules: &Rules, tick: Moment) -> Sealed
where
    K: Hash + Eq + Clone,
    S: Sealable<K> + Rests,
{
    let live = live_topics(shard);
    let context = SealContext { rules, tick, generation: shard.epoch.generation, live: &|topic| live.contains(&topic) };
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
        staged.next = staged.state.seal(key, &mut outlet, &mut sealed.facts);
        staged.due = outlet.again;
        if outlet.changed {
            *staged.state.revision() += 1;
            staged.dirty = true;
        }
        if !outlet.emissions.is_empty() {
            sealed.emitted.push((outlet.emissions, outlet.causes));
        }
    }
    sealed
}

fn live_topics(shard: &Shard) -> Vec<Topic> {
    Topic::ALL.into_iter().filter(|topic| topic.is_statement() || shard.is_live(*topic)).collect()
}

/// One order: view, requests, statements, what it yields to its SKUs and its customer.
fn order(key: &OrderKey, state: &mut OrderState, outlet: &mut Outlet<'_>, facts: &mut Vec<Fact>) -> Option<Moment> {
    let OrderState { rows, ledgers, said, told, exceptions: open, since, .. } = state;
    let view = view(key, rows, ledgers, *since, outlet.context.rules, outlet.context.tick);
    let (version, cause) = (Version::derived(outlet.context.generation, outlet.revision), outlet.causes.first().copied());
    let (rules, tick) = (outlet.context.rules, outlet.context.tick);
    let before = facts.len();
    outlet.unheard = yields::differences(&view, rows, rules, told, |subject, row_key, row: Option<Row>| {
        let change = row.map_or(Change::Delete, Change::Upsert);
        facts.push(Fact { subject, key: row_key, change, version, cause: cause.unwrap_or(Cause::NONE), at: tick });
    }) && rules.has(Role::Wms);
    outlet.changed |= facts.len() > before;
    let by_clock = seal_order(&view, ledgers, outlet);
    order_status::emit(&view, said, outlet);
    exceptions::emit(&view, open, said, outlet);
    [view.next_change, by_clock].into_iter().flatten().min()
}

/// Writes what changed, shard by shard on several threads.
fn state(core: &mut Core) {
    let Core { shards, outbox, report, settings, tick, .. } = core;
    let (names, fingerprint, tick) = (&settings.names, settings.fingerprint, *tick);
    crew::share_each(
        shards,
        |shard| shard.staged_len(),
        |index, shard| {
            let mut out = StateOut::new(names, index);
            if shard.touched() {
                state_of(shard, &mut out, fingerprint, tick);
            }
            out
        },
        |_, out| outbox.state(out, report),
    );
}

/// Orders and names whole, SKUs and customers by row, and one epoch record.
fn state_of(shard: &mut Shard, out: &mut StateOut, fingerprint: u64, tick: Moment) {
    for place in 0..shard.orders.staged_len() {
        let Some((key, staged)) = shard.orders.staged_at(place) else { continue };
        if staged.sealed && staged.state.wakes_at != staged.next {
            staged.state.wakes_at = staged.next;
            staged.dirty = true;
        }
        if !staged.dirty {
            continue;
        }
        out.put(&StateKey::Order(key.clone()), |bytes, scratch| Some(encode(bytes, &staged.state, scratch)));
    }
    for (name, staged) in shard.names.staged().filter(|(_, staged)| staged.dirty) {
        out.put(&StateKey::Name(name.clone()), |bytes, scratch| Some(encode(bytes, &staged.state, scratch)));
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
    for (key, staged) in shard.homes.staged().filter(|(_, staged)| staged.dirty) {
        out.put(&StateKey::Home(key.clone()), |bytes, scratch| Some(encode(bytes, &staged.state, scratch)));
    }
    for (set, staged) in shard.sets.staged().filter(|(_, staged)| staged.dirty) {
        out.put(&StateKey::Set(set.clone()), |bytes, scratch| Some(encode(bytes, &staged.state, scratch)));
    }
    let number = shard.epoch.number + 1;
    for topic in &shard.going_live {
        out.put(&StateKey::Live(*topic as u8), |bytes, scratch| Some(encode(bytes, &number, scratch)));
    }
    let record = EpochRecord { number, tick, generation: shard.epoch.generation, fingerprint };
    out.put(&StateKey::Epoch, |bytes, scratch| Some(encode(bytes, &record, scratch)));
}
