//! The store: every entity of the application, in its shards, with what the open epoch has changed of them.
//!
//! [`Store::put`] puts one row to one entity, if the row is newer than what the entity has. What moves several rows stands in files above it:
//! [`super::aliases`] (rows go on to the order that an alias leads to), [`super::row_owners`] (rows that change owner) and
//! [`super::bulk_deletes`] (one statement about many rows).

use std::collections::BTreeMap;

use serde::Serialize;
use xxhash_rust::xxh3::xxh3_64;

use super::cases::Cases;
use super::desk::Desk;
use super::letters::Letters;
use super::report::EpochReport;
use super::rewind::Rewindable;
use super::route;
use super::settings::EngineSettings;
use super::shard::Shard;
use super::watermarks::Watermarks;
use crate::entities::Put;
use crate::entities::order::{OrderState, PutRow};
use crate::events::Flow;
use crate::facts::{Alias, Change, Fact, Link, Moment, OrderKey, Provenance, Row, RowKey, SourceId, Subject, Version};

/// All entities.
pub(super) struct Store {
    pub settings: EngineSettings,
    pub shards: Vec<Shard>,
    pub watermarks: Watermarks,
    /// The open epoch's tick.
    pub tick: Moment,
    /// What the open epoch holds.
    pub report: EpochReport,
    /// What waits for a person, and what people have said of it.
    pub desk: Desk,
    /// Dead letters that nobody has dealt with.
    pub letters: Letters,
    /// Notes to open exceptions, and their owners.
    pub cases: Rewindable<Cases>,
    /// The open epoch computes anew what rules or program have changed, and reads no records: what it would request is held.
    pub restating: bool,
    /// The open epoch is the last of these.
    pub rules_end: bool,
    /// Money that moved in the open epoch.
    pub flows: Vec<Flow>,
}

impl Store {
    pub fn new(settings: EngineSettings) -> Self {
        let orders = settings.orders_whole_of_shard();
        Self {
            shards: (0..settings.shards).map(|_| Shard::new(orders)).collect(),
            settings,
            watermarks: Watermarks::default(),
            tick: Moment::default(),
            report: EpochReport::default(),
            desk: Desk::default(),
            letters: Letters::default(),
            cases: Rewindable::default(),
            restating: false,
            rules_end: false,
            flows: Vec::new(),
        }
    }

    /// The shard that keeps the entity.
    pub fn shard_of(&mut self, subject: &Subject) -> &mut Shard {
        &mut self.shards[route::of(subject, self.settings.shards)]
    }

    /// Puts a fact's row to its order, alias, SKU or customer in the open epoch, if it is newer than what is there.
    pub fn put(&mut self, fact: Fact) -> Put {
        self.put_waiting(fact, self.tick)
    }

    /// ... a row that has waited for its order since the tick `since`, and may have to wait on.
    pub fn put_waiting(&mut self, fact: Fact, since: Moment) -> Put {
        // The row's deletion, if it is older than a bulk delete that arrived before it; or that a snapshot left it out.
        let follows = self.watermarks.above(&fact, self.tick);
        let put = self.put_row(fact, since);
        match follows {
            Some(follows) => self.put_row(follows, since).max(put),
            None => put,
        }
    }

    fn put_row(&mut self, fact: Fact, since: Moment) -> Put {
        let tick = self.tick;
        let shard = self.shard_of(&fact.subject);
        let cause = fact.cause;
        let put = match (fact.subject, fact.change) {
            (Subject::Order(key), change) => {
                let upsert = matches!(change, Change::Upsert(_));
                let known = shard.orders.get(&key).map(|order| &order.rows);
                // Waybill withdraws some of its own derived facts without knowing whether this order ever had them.
                let unknown = || fact.key.source == SourceId::WAYBILL && known.is_none_or(|rows| rows.get(&fact.key).is_none());
                if known.is_some_and(|rows| rows.is_stale(&fact.key, upsert, fact.version)) || (!upsert && unknown()) {
                    if let Change::Upsert(Row::Order(row)) = &change
                        && known.and_then(|rows| rows.get(&fact.key)?.row.as_ref()) != Some(row)
                    {
                        self.report.facts_passed_over += 1;
                    }
                    Put::Stale
                } else {
                    let staged = shard.orders.stage(&key);
                    let state: &mut OrderState = &mut staged.state;
                    if state.rows.is_empty() && state.since == Moment::default() {
                        state.since = tick;
                    }
                    let (source, version, at) = (fact.key.source, fact.version, fact.at);
                    let PutRow { put, former } = match change {
                        Change::Upsert(Row::Order(row)) => state.put(fact.key, Some(row), version, cause, at, tick),
                        Change::Withdraw => PutRow { put: state.rows.withdraw(fact.key, version, cause, at), former: None },
                        _ => state.put(fact.key, None, version, cause, at, tick),
                    };
                    staged.mark(put, cause);
                    if let Some(number) = former {
                        self.number_let_go(&key, &number, Provenance { version: Version { upsert: false, ..version }, cause, at }, source);
                    }
                    put
                }
            }
            (Subject::Alias(alias), change) => {
                let staged = shard.aliases.stage(&alias);
                let put = staged.state.put(fact.key, change, fact.version, cause, fact.at, since);
                staged.mark(put, cause);
                put
            }
            (Subject::Sku(sku), change) => {
                let staged = shard.skus.stage(&sku);
                let put = staged.state.put(fact.key, change, fact.version, cause, fact.at);
                staged.mark(put, cause);
                put
            }
            (Subject::Customer(key), change) => {
                let staged = shard.customers.stage(&key);
                let put = staged.state.put(fact.key, change, fact.version, cause, fact.at);
                staged.mark(put, cause);
                put
            }
            // These say where rows belong and which are deleted; they hold no row of a view.
            (Subject::RowOwner(_) | Subject::Set(_) | Subject::Desk, _) => Put::Stale,
        };
        match put {
            Put::Stale => self.report.facts_stale += 1,
            Put::PassedOver => {
                self.report.facts_stale += 1;
                self.report.facts_passed_over += 1;
            }
            Put::Changed | Put::Same => self.report.facts_new += 1,
        }
        put
    }

    /// Another order has this order's key: the number of the one before leads to it no more, and rows under the number come back and wait.
    fn number_let_go(&mut self, order: &OrderKey, number: &str, by: Provenance, source: SourceId) {
        let scope = self.settings.sources.iter().find(|known| known.common.id == source).map(|known| known.common.number_scope.clone());
        let alias = Alias::new(scope.as_deref().unwrap_or(Alias::ORDER_NUMBER), number);
        let key = RowKey { kind: Link::KIND, source, id: order.0.clone() };
        let Provenance { version, cause, at } = by;
        self.put(Fact { subject: Subject::Alias(alias), key, change: Change::Delete, version, cause, at });
    }

    /// Opens an epoch at this tick: entities whose timer is due are computed again at the seal.
    pub fn begin(&mut self, tick: Moment) {
        self.begin_desk();
        self.begin_with(tick, usize::MAX);
        if self.desk.settles() {
            let mut found = false;
            for Shard { held, orders, .. } in &mut self.shards {
                for key in held.settled(&self.desk.state.holds) {
                    orders.stage(key).fire();
                    found = true;
                }
            }
            self.desk.settled(found);
        }
    }

    /// Opens an epoch of what belongs to the whole application.
    pub fn begin_desk(&mut self) {
        self.desk.begin();
        self.letters.index.begin();
        self.cases.begin();
    }

    /// ... of each shard at most so many, the earliest; the others stay due.
    pub fn begin_with(&mut self, tick: Moment, of_shard_max: usize) {
        self.tick = tick;
        self.report = EpochReport { tick, ..EpochReport::default() };
        for shard in &mut self.shards {
            let due: Vec<Subject> = shard.timers.due(tick).take(of_shard_max).cloned().collect();
            for subject in due {
                match &subject {
                    Subject::Order(key) => shard.orders.stage(key).fire(),
                    Subject::Alias(alias) => shard.aliases.stage(alias).fire(),
                    Subject::Sku(sku) => shard.skus.stage(sku).fire(),
                    Subject::Customer(key) => shard.customers.stage(key).fire(),
                    // Neither has a view.
                    Subject::RowOwner(_) | Subject::Set(_) | Subject::Desk => {}
                }
            }
        }
    }

    /// When the next timer is due.
    pub fn next_timer(&self) -> Option<Moment> {
        let now = self.desk.is_due().then_some(self.tick);
        now.or_else(|| self.shards.iter().filter_map(|shard| shard.timers.earliest()).min())
    }

    /// A digest of each entity's state, by kind and key: a restore must bring back the same.
    pub fn digests(&self) -> BTreeMap<String, u64> {
        fn whole<S: Serialize>(state: &S) -> u64 {
            xxh3_64(&postcard::to_stdvec(state).unwrap_or_default())
        }
        fn by_rows(rows: impl Iterator<Item = Option<Vec<u8>>>, head: Vec<u8>) -> u64 {
            xxh3_64(&rows.flatten().flatten().chain(head).collect::<Vec<_>>())
        }
        let mut all = BTreeMap::from([("desk".to_owned(), whole(&self.desk.state))]);
        let letters = &self.letters.index.state;
        all.extend(letters.letters.iter().map(|(place, letter)| (format!("dead letter {place:?}"), whole(letter))));
        all.extend(letters.causes.iter().map(|(id, cause)| (format!("cause {id:08x}"), whole(cause))));
        all.extend(self.cases.state.0.iter().map(|(key, case)| (format!("case {key}"), whole(case))));
        for shard in &self.shards {
            all.extend(shard.orders.iter().map(|(key, state)| (format!("order {}", key.0), whole(&*state.view()))));
            all.extend(shard.aliases.iter().map(|(alias, state)| (format!("alias {alias}"), whole(&*state.view()))));
            all.extend(shard.row_owners.iter().map(|(row, state)| (format!("owner of row {row:?}"), whole(&*state.view()))));
            all.extend(shard.watermarks.iter().map(|(set, state)| (format!("delete watermark of {set:?}"), whole(&*state.view()))));
            for (sku, state) in shard.skus.iter().map(|(sku, state)| (sku, state.view())) {
                all.insert(format!("SKU {sku}"), by_rows(state.row_keys().map(|key| state.row_bytes(key)), state.head_bytes()));
            }
            for (customer, state) in shard.customers.iter().map(|(customer, state)| (customer, state.view())) {
                all.insert(
                    format!("customer {}", customer.0),
                    by_rows(state.row_keys().map(|key| state.row_bytes(key)), state.head_bytes()),
                );
            }
        }
        all
    }
}
