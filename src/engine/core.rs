//! The engine without its log: an epoch's records go in, a transaction comes out. Synchronous, no clock, no I/O: time is the batch's.
//!
//! ```text
//! begin(clock) -> apply(batch) -> seal() -> Transaction -> promote(), and while it is committed the next one begins
//!                                                                 [committed]     publish()
//!                                                                 [not committed] roll_back(): as if it had never been
//! ```
//!
//! Applying a record only stores rows; views are computed at the seal (see `seal`).

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;
use xxhash_rust::xxh3::xxh3_64;

use super::decode::{Decoder, Told, TopicRoute};
use super::incarnations::Incarnations;
use super::keeping::{self, Floors};
use super::log::Transaction;
use super::outbox::Outbox;
use super::published::Published;
use super::report::EpochReport;
use super::route;
use super::shard::Shard;
use super::topics::{SourceTopics, TopicNames};
use crate::entities::Put;
use crate::entities::order::OrderState;
use crate::entities::rules::Rules;
use crate::envelope::{Batch, Record};
use crate::events::Topic;
use crate::facts::{Change, Fact, Moment, Place, Row, SourceId, Subject, TopicId};
use crate::sources::{Adapter, Common, Reading};

/// A source as the engine runs it.
#[derive(Clone)]
pub struct SourceRuntime {
    pub common: Common,
    pub adapter: Arc<dyn Adapter>,
}

/// What the engine is set up with.
#[derive(Clone)]
pub struct EngineSettings {
    pub sources: Arc<[SourceRuntime]>,
    pub rules: Arc<Rules>,
    /// Of all that views are computed from beside rows.
    pub fingerprint: u64,
    pub names: TopicNames,
    /// Number of shards: the partitions of changelog and exchange. Fixed for an application.
    pub shards: u16,
    /// Request topics that go live with the first epoch of a fresh application.
    pub live_at_start: Vec<Topic>,
    /// The largest record that may be written, in bytes.
    pub record_bytes_max: usize,
    /// So many orders stay whole in memory, those that were touched last; the others rest packed.
    pub orders_whole: usize,
}

impl EngineSettings {
    pub(super) fn orders_whole_by_shard(&self) -> usize {
        self.orders_whole.div_ceil(usize::from(self.shards).max(1))
    }
}

/// The engine without its log.
pub struct Core {
    pub(super) settings: EngineSettings,
    pub(super) topics: Arc<[Arc<str>]>,
    routes: Arc<[TopicRoute]>,
    pub(super) source_topics: SourceTopics,
    pub(super) shards: Vec<Shard>,
    pub(super) outbox: Outbox,
    pub(super) tick: Moment,
    /// The tick before the open epoch.
    last_tick: Moment,
    pub(super) report: EpochReport,
    pub(super) incarnations: Incarnations,
    /// As they were before the open epoch.
    incarnations_before: Incarnations,
    pub(super) floors: Floors,
    under_way: Option<UnderWay>,
    published: Arc<Published>,
}

/// The epoch that is promoted and not settled.
struct UnderWay {
    tick_before: Moment,
    incarnations_before: Incarnations,
    /// `None`: it laid no floor.
    floors_before: Option<Floors>,
    report: EpochReport,
}

impl Core {
    /// `topics` in the order in which the log indexes them; each belongs to the source that names it.
    pub fn new(settings: EngineSettings, topics: Arc<[Arc<str>]>) -> Self {
        let source_of = |topic: &str| settings.sources.iter().position(|source| source.adapter.topics().iter().any(|name| name == topic));
        let routes =
            topics.iter().map(|topic| TopicRoute { id: TopicId::of(topic), source: source_of(topic).unwrap_or(usize::MAX) }).collect();
        let published = Arc::new(Published::new(settings.rules.clone(), SourceTopics::new(&topics)));
        let orders_whole = settings.orders_whole_by_shard();
        Self {
            shards: (0..settings.shards).map(|_| Shard::new(orders_whole)).collect(),
            source_topics: SourceTopics::new(&topics),
            settings,
            topics,
            routes,
            outbox: Outbox::default(),
            tick: Moment::default(),
            last_tick: Moment::default(),
            report: EpochReport::default(),
            incarnations: Incarnations::default(),
            incarnations_before: Incarnations::default(),
            floors: Floors::default(),
            under_way: None,
            published,
        }
    }

    /// Views that queries read: changed only by [`Self::publish`].
    pub fn published(&self) -> Arc<Published> {
        self.published.clone()
    }

    /// When a view would next change by the clock alone.
    pub fn wake_at(&self) -> Option<Moment> {
        self.shards.iter().filter_map(|shard| shard.wakes.earliest()).min()
    }

    /// Opens an epoch: its tick is the clock, or the latest tick of any shard where that is later, so that time never goes back.
    pub fn begin(&mut self, clock: Moment) {
        self.last_tick = self.tick;
        self.incarnations_before = self.incarnations.clone();
        self.tick = self.tick.max(clock);
        self.report = EpochReport { tick: self.tick, ..EpochReport::default() };
        for shard in &mut self.shards {
            let due: Vec<Subject> = shard.wakes.due(self.tick).cloned().collect();
            for subject in due {
                match &subject {
                    Subject::Order(key) => shard.orders.stage(key).wake(),
                    Subject::Name(name) => shard.names.stage(name).wake(),
                    Subject::Sku(sku) => shard.skus.stage(sku).wake(),
                    Subject::Customer(key) => shard.customers.stage(key).wake(),
                    // Neither has a view.
                    Subject::Home(_) | Subject::Set(_) => {}
                }
            }
        }
    }

    /// Decode -> facts -> route -> rows, nothing more. A record that can't be read becomes a dead letter, and the partition goes on.
    pub fn apply(&mut self, batch: &Batch) {
        let (sources, routes) = (self.settings.sources.clone(), self.routes.clone());
        let decoder = Decoder { sources: &sources, routes: &routes };
        decoder.each_piece(batch, |records, piece| {
            let mut facts = piece.facts.into_iter();
            for (record, told) in batch.range(records).zip(piece.told) {
                self.outbox.has_read(&record);
                self.report.records += 1;
                self.report.bytes += (record.key.map_or(0, <[u8]>::len) + record.value.map_or(0, <[u8]>::len)) as u64;
                if let Some(told) = told {
                    self.hear(&record, told, &mut facts);
                }
            }
        });
    }

    /// Stores the facts of a record, the next ones of `facts`.
    fn hear(&mut self, record: &Record<'_>, told: Told, facts: &mut impl Iterator<Item = Fact>) {
        let source = &self.settings.sources[told.source];
        let partition = (record.topic_index, record.partition);
        let incarnation = told.standing.map_or(0, |standing| self.incarnations.of(source.common.id, partition, standing));
        let report = self.report.sources.entry(told.source).or_default();
        report.newest_millis = report.newest_millis.max(record.timestamp.0);
        match told.reading {
            Ok(Reading::Understood) => report.understood += 1,
            Ok(Reading::Skipped(skip)) => report.skipped(skip),
            Err(error) => {
                report.decode_errors += 1;
                report.first_decode_error.get_or_insert_with(|| error.summary());
                self.outbox.dead_letter(&self.settings.names, &source.common.name, source.adapter.revision(), record, &error);
            }
        }
        for mut fact in facts.take(told.facts) {
            if incarnation > 0 && matches!(fact.version.place, Place::Position(_)) {
                fact.version.incarnation = incarnation;
            }
            let row = match &fact.change {
                Change::Upsert(Row::Housed(housed)) => Some(&housed.row),
                Change::Upsert(row) => Some(row),
                Change::Delete | Change::Withdraw => None,
            };
            let unknown = matches!(row, Some(Row::Order(row)) if row.unknown_word().is_some());
            if self.store(fact) == Put::Changed && unknown {
                self.report.sources.entry(told.source).or_default().unknown_words += 1;
            }
        }
    }

    /// Puts a fact's row to its entity in the open epoch, if it is newer than what is there.
    pub(super) fn store(&mut self, fact: Fact) -> Put {
        self.store_waiting(fact, self.tick)
    }

    /// ... of a row that has waited for its order since the tick `since`, and may have to wait on.
    pub(super) fn store_waiting(&mut self, fact: Fact, since: Moment) -> Put {
        match fact.subject {
            Subject::Home(_) => return keeping::at_home(self, fact),
            Subject::Set(_) => return keeping::lay(self, fact),
            _ => {}
        }
        let above = self.floors.above(&fact, self.tick);
        let put = self.store_row(fact, since);
        match above {
            Some(above) => self.store_row(above, since).max(put),
            None => put,
        }
    }

    fn store_row(&mut self, fact: Fact, since: Moment) -> Put {
        let shard = &mut self.shards[route::of(&fact.subject, self.settings.shards)];
        let cause = fact.cause;
        let put = match (fact.subject, fact.change) {
            (Subject::Order(key), change) => {
                let upsert = matches!(change, Change::Upsert(_));
                let known = shard.orders.get(&key).map(|order| &order.rows);
                // Of its own derived facts Waybill withdraws some that were never told to this order.
                let untold = || fact.key.source == SourceId::WAYBILL && known.is_none_or(|rows| rows.get(&fact.key).is_none());
                if known.is_some_and(|rows| rows.is_stale(&fact.key, upsert, fact.version)) || (!upsert && untold()) {
                    Put::Stale
                } else {
                    let staged = shard.orders.stage(&key);
                    let OrderState { rows, since: kept_since, .. } = &mut staged.state;
                    if rows.is_empty() && *kept_since == Moment::default() {
                        *kept_since = self.tick;
                    }
                    let put = match change {
                        Change::Upsert(Row::Order(row)) => rows.put(fact.key, Some(row), fact.version, cause, fact.at),
                        Change::Withdraw => rows.withdraw(fact.key, fact.version, cause, fact.at),
                        _ => rows.put(fact.key, None, fact.version, cause, fact.at),
                    };
                    staged.mark(put, cause);
                    put
                }
            }
            (Subject::Name(name), change) => {
                let staged = shard.names.stage(&name);
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
            (Subject::Home(_) | Subject::Set(_), _) => Put::Stale,
        };
        match put {
            Put::Stale => self.report.facts_stale += 1,
            Put::Changed | Put::Same => self.report.facts_new += 1,
        }
        put
    }

    /// Each entity's state in digest, by what it is and its key: what a restore must bring back, to the row.
    pub fn digests(&self) -> BTreeMap<String, u64> {
        fn whole<S: Serialize>(state: &S) -> u64 {
            xxh3_64(&postcard::to_stdvec(state).unwrap_or_default())
        }
        fn by_rows(rows: impl Iterator<Item = Option<Vec<u8>>>, head: Vec<u8>) -> u64 {
            xxh3_64(&rows.flatten().flatten().chain(head).collect::<Vec<_>>())
        }
        let mut all = BTreeMap::new();
        for shard in &self.shards {
            all.extend(shard.orders.iter().map(|(key, state)| (format!("order {}", key.0), whole(&*state.look()))));
            all.extend(shard.names.iter().map(|(name, state)| (format!("name {name}"), whole(&*state.look()))));
            all.extend(shard.homes.iter().map(|(row, state)| (format!("home of row {row:?}"), whole(&*state.look()))));
            all.extend(shard.sets.iter().map(|(set, state)| (format!("floor of {set:?}"), whole(&*state.look()))));
            for (sku, state) in shard.skus.iter().map(|(sku, state)| (sku, state.look())) {
                all.insert(format!("SKU {sku}"), by_rows(state.row_keys().map(|key| state.row_bytes(key)), state.head_bytes()));
            }
            for (customer, state) in shard.customers.iter().map(|(customer, state)| (customer, state.look())) {
                all.insert(
                    format!("customer {}", customer.0),
                    by_rows(state.row_keys().map(|key| state.row_bytes(key)), state.head_bytes()),
                );
            }
        }
        all
    }

    /// Nothing was read and nothing is due: there is nothing to commit.
    pub fn is_idle(&self) -> bool {
        self.report.records == 0 && !self.shards.iter().any(Shard::touched)
    }

    /// Closes the epoch: views, events, state, offsets. See `seal`.
    pub fn seal(&mut self) -> Transaction {
        super::seal::seal(self)
    }

    /// A record of the transaction is beyond what may be written: which, and how large. Known before anything is produced.
    pub fn oversize(&self, transaction: &Transaction) -> Option<String> {
        let max = self.settings.record_bytes_max;
        let record = transaction.records.iter().find(|record| record.bytes() > max)?;
        let key = record.key.as_deref().map(String::from_utf8_lossy).unwrap_or_default();
        Some(format!(
            "a record of {} bytes for {} (key {key:?}) is larger than {max} bytes: raise kafka.record_bytes_max and the topic's max.message.bytes",
            record.bytes(),
            record.topic
        ))
    }

    /// The epoch is sealed and handed over: the next one builds on it. At most one epoch is under way, so the one before must be settled.
    pub fn promote(&mut self) {
        let mut floors_before = None;
        for shard in &mut self.shards {
            for (set, staged) in shard.sets.staged() {
                floors_before.get_or_insert_with(|| self.floors.clone());
                self.floors.raise(set, &staged.state);
            }
            shard.promote(self.tick, self.settings.fingerprint);
        }
        self.outbox.clear();
        self.under_way = Some(UnderWay {
            tick_before: self.last_tick,
            incarnations_before: std::mem::take(&mut self.incarnations_before),
            floors_before,
            report: std::mem::take(&mut self.report),
        });
        self.last_tick = self.tick;
    }

    /// The promoted epoch is committed: queries see it. Gives what it held.
    pub fn publish(&mut self) -> EpochReport {
        for shard in &mut self.shards {
            shard.publish(&self.published);
        }
        let report = self.under_way.take().map(|under_way| under_way.report).unwrap_or_default();
        self.published.epoch(report.tick);
        report
    }

    /// The promoted epoch is not committed: its records come again, and those of the epoch that was built on it. Nothing is left of both.
    pub fn roll_back(&mut self) {
        self.drop_epoch();
        for shard in &mut self.shards {
            shard.demote();
        }
        if let Some(under_way) = self.under_way.take() {
            self.tick = under_way.tick_before;
            self.last_tick = self.tick;
            self.incarnations = under_way.incarnations_before;
            if let Some(floors) = under_way.floors_before {
                self.floors = floors;
            }
        }
    }

    /// The open epoch is dropped: nothing of it is left.
    pub fn drop_epoch(&mut self) {
        for shard in &mut self.shards {
            shard.drop_stage();
        }
        self.outbox.clear();
        self.incarnations = std::mem::take(&mut self.incarnations_before);
        self.tick = self.last_tick;
        self.report = EpochReport::default();
    }
}
