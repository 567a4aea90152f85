//! The engine without its log: an epoch's records go in, a transaction comes out. Pure: no clock, no I/O, no waiting. Time is the batch's.
//!
//! ```text
//! begin(clock) -> apply(batch) -> seal() -> Transaction -> promote(), and while it is committed the next epoch begins
//!                                                                 [committed]     publish()
//!                                                                 [not committed] roll_back(): as if it had never been
//! ```
//!
//! Applying a record only stores rows ([`super::store`]); views are computed at the seal ([`super::seal`]).

use std::collections::BTreeMap;
use std::sync::Arc;

use super::decode::{Decoded, Decoder, Said, TopicRoute};
use super::incarnations::Incarnations;
use super::letters::RefusedRecord;
use super::log::Transaction;
use super::outbox::Outbox;
use super::published::Published;
use super::reads::Reads;
use super::report::EpochReport;
use super::restate::{self, Restating};
use super::settings::EngineSettings;
use super::shard::Shard;
use super::store::Store;
use super::topics::SourceTopics;
use super::watermarks::Watermarks;
use super::{acts, held_index, put, seal};
use crate::envelope::{Batch, DecodeError, Record, record_digest};
use crate::facts::{Cause, Fact, Moment};
use crate::sources::Reading;

/// The engine without its log.
pub struct Core {
    pub(super) store: Store,
    /// Names of the source topics, in the order in which records name them.
    pub(super) topics: Arc<[Arc<str>]>,
    routes: Arc<[TopicRoute]>,
    source_topics: SourceTopics,
    outbox: Outbox,
    pub(super) incarnations: Incarnations,
    /// As they were before the open epoch.
    incarnations_before: Incarnations,
    pub(super) reads: Reads,
    /// As they were before the open epoch.
    reads_before: Reads,
    /// The tick before the open epoch.
    last_tick: Moment,
    under_way: Option<UnderWay>,
    published: Arc<Published>,
    /// The rules or the program have changed: everything is computed anew before a record is read.
    restating: Option<Restating>,
}

/// The epoch that is promoted and not settled.
struct UnderWay {
    tick_before: Moment,
    incarnations_before: Incarnations,
    reads_before: Reads,
    /// `None`: the epoch raised no delete watermark.
    watermarks_before: Option<Watermarks>,
    report: EpochReport,
}

impl Core {
    /// `topics` in the order in which the log indexes them; each belongs to the source that names it.
    pub fn new(settings: EngineSettings, topics: Arc<[Arc<str>]>) -> Self {
        let routes = TopicRoute::all(&settings, &topics);
        let published = Arc::new(Published::new(settings.rules.clone(), SourceTopics::new(&topics)));
        Self {
            store: Store::new(settings),
            source_topics: SourceTopics::new(&topics),
            topics,
            routes,
            outbox: Outbox::default(),
            incarnations: Incarnations::default(),
            incarnations_before: Incarnations::default(),
            reads: Reads::default(),
            reads_before: Reads::default(),
            last_tick: Moment::default(),
            under_way: None,
            published,
            restating: None,
        }
    }

    /// Views that queries read: changed only by [`Self::publish`].
    pub fn published(&self) -> Arc<Published> {
        self.published.clone()
    }

    /// When a view changes next although no record arrives.
    pub fn next_timer(&self) -> Option<Moment> {
        self.store.next_timer()
    }

    /// The last epoch's tick.
    pub fn tick(&self) -> Moment {
        self.store.tick
    }

    /// Opens an epoch at a moment before the last tick, at which every view is computed anew: an operator has said that the clock was wrong.
    pub fn begin_again_at(&mut self, clock: Moment) {
        self.store.tick = clock;
        for shard in &mut self.store.shards {
            shard.set_time_back(clock);
        }
        self.begin(clock);
        for shard in &mut self.store.shards {
            shard.noted_at_most(clock, &self.store.desk.state.holds);
        }
        self.store.desk.set_time_back(clock);
        self.store.letters.set_time_back(clock);
    }

    /// Opens an epoch: its tick is the clock, or the latest tick of any shard where that is later, so that time never goes back.
    pub fn begin(&mut self, clock: Moment) {
        self.last_tick = self.store.tick;
        self.incarnations_before = self.incarnations.clone();
        self.reads_before = self.reads.clone();
        self.store.begin(self.last_tick.max(clock));
    }

    /// The rules or the program have changed since the state was written.
    pub(super) fn rules_have_changed(&mut self) {
        self.restating = Some(Restating::Round(0));
    }

    /// Is everything to be computed by changed rules before the next record is read?
    pub fn restating(&self) -> bool {
        self.restating.is_some()
    }

    /// Opens an epoch that computes by changed rules, and reads nothing. No time has passed since the last epoch but a millisecond, by which what is
    /// held now is later than what anybody has said.
    pub fn begin_restating(&mut self) {
        let round = match self.restating {
            Some(Restating::Round(round)) => round,
            _ => restate::ROUNDS_MAX,
        };
        let tick = if round == 0 { Moment(self.store.tick.0 + 1) } else { self.store.tick };
        self.last_tick = self.store.tick;
        self.incarnations_before = self.incarnations.clone();
        self.store.begin_desk();
        let shards = self.store.shards.len().max(1);
        self.store.begin_with(tick, restate::ENTITIES_MAX.div_ceil(shards));
        let ends = round >= restate::ROUNDS_MAX || !self.store.shards.iter().any(Shard::touched);
        (self.store.restating, self.store.rules_end) = (!ends, ends);
        if ends {
            self.store.shards.iter_mut().for_each(|shard| shard.noted = true);
        }
        self.restating = Some(if ends { Restating::Ends } else { Restating::Round(round + 1) });
    }

    /// Decode -> facts -> route -> rows, nothing more. A record that does not decode becomes a dead letter, and the partition goes on.
    pub fn apply(&mut self, batch: &Batch) {
        let (sources, routes) = (self.store.settings.sources.clone(), self.routes.clone());
        let topics = self.topics.clone();
        let decoder = Decoder { sources: &sources, topics: &topics, routes: &routes };
        decoder.each_chunk(batch, |records, chunk| {
            let mut facts = chunk.facts.into_iter();
            for (record, decoded) in batch.range(records).zip(chunk.decoded) {
                self.outbox.has_read(&record);
                let report = &mut self.store.report;
                report.records += 1;
                report.bytes += (record.key.map_or(0, <[u8]>::len) + record.value.map_or(0, <[u8]>::len)) as u64;
                if let Some(decoded) = decoded {
                    self.store_decoded(&record, decoded, &mut facts);
                }
            }
        });
    }

    /// Stores the facts of a record: the next ones of `facts`.
    fn store_decoded(&mut self, record: &Record<'_>, decoded: Decoded, facts: &mut impl Iterator<Item = Fact>) {
        let facts = facts.take(decoded.facts);
        let Self { store, incarnations, outbox, .. } = self;
        if let Some(Said::Act(said)) = decoded.said {
            let report = store.report.sources.entry(said.own_source).or_default();
            report.understood += 1;
            report.newest_millis = report.newest_millis.max(record.timestamp.0);
            let read = acts::ReadAgain { source: decoded.source, position: decoded.position, reading: decoded.reading };
            return acts::carry_out(store, incarnations, outbox, record, *said, &read, facts);
        }
        let source = store.settings.sources[decoded.source].common.id;
        let partition = (record.topic_index, record.partition);
        let standing = decoded.position.map(|position| incarnations.of(source, partition, &position, record.timestamp));
        let report = store.report.sources.entry(decoded.source).or_default();
        report.newest_millis = report.newest_millis.max(record.timestamp.0);
        report.oldest_millis = Some(report.oldest_millis.map_or(record.timestamp.0, |oldest| oldest.min(record.timestamp.0)));
        let place = Cause { topic: self.routes[record.topic_index as usize].id, partition: record.partition, offset: record.offset };
        match decoded.reading {
            Ok(reading) => {
                match reading {
                    Reading::Understood => report.understood += 1,
                    Reading::Skipped(skip) => report.skipped(skip),
                }
                // Somebody has set the source's offsets back: it can be read now.
                store.letters.close(&place);
            }
            Err(error) => {
                let letter = RefusedRecord {
                    source: &store.settings.sources[decoded.source].common.name,
                    topic: record.topic,
                    place,
                    written_at: record.timestamp,
                    digest: record_digest(record.key, record.value),
                    bytes: record.key.map_or(0, <[u8]>::len) + record.value.map_or(0, <[u8]>::len),
                    incarnation: incarnations.newest(source, partition),
                    standing,
                    error: &error,
                };
                store.letters.refused(&letter, store.tick);
                self.refused(record, decoded.source, &error);
            }
        }
        let done = put::put_record(&mut self.store, decoded.source, standing.unwrap_or_default(), facts);
        if let Some(Said::Decision(decision)) = decoded.said {
            acts::decided(&self.store, &mut self.outbox, record, &decision, done);
        }
    }

    /// A record could not be decoded: it becomes a dead letter.
    fn refused(&mut self, record: &Record<'_>, source: usize, error: &DecodeError) {
        let report = self.store.report.sources.entry(source).or_default();
        report.decode_errors += 1;
        report
            .first_decode_error
            .get_or_insert_with(|| format!("{}[{}]@{}: {}", record.topic, record.partition, record.offset, error.summary()));
        self.outbox.dead_letter(&self.store.settings, source, record, error);
    }

    /// A digest of each entity's state, by kind and key: a restore must bring back the same.
    pub fn digests(&self) -> BTreeMap<String, u64> {
        self.store.digests()
    }

    /// Nothing was read and no timer is due: there is nothing to commit.
    pub fn is_idle(&self) -> bool {
        self.store.report.records == 0 && !self.store.desk.speaks() && !self.store.shards.iter().any(Shard::touched)
    }

    /// Closes the epoch: computes views and gives all that the epoch writes, events, state and offsets.
    pub fn seal(&mut self) -> Transaction {
        self.reads.write(&self.topics, &mut self.store, &mut self.outbox);
        seal::seal(&mut self.store, &mut self.incarnations, &self.source_topics, &mut self.outbox);
        self.store.report.events_too_large = self.outbox.fit(&self.store.settings, self.store.tick);
        let exchange = &self.store.settings.names.exchange;
        let touched = self.store.shards.iter().enumerate().filter(|(_, shard)| shard.touched());
        let touched = touched.map(|(index, shard)| (index, shard.exchange_next, shard.epoch.number + 1));
        self.outbox.transaction(&self.topics, exchange, touched, |partition| self.incarnations.note(partition))
    }

    /// The epoch is sealed and handed over: the next one builds on it. At most one epoch is under way, so the one before must be settled.
    pub fn promote(&mut self) {
        let Store { shards, watermarks, tick, settings, report, desk, letters, cases, restating, rules_end, .. } = &mut self.store;
        let fingerprint = (!*restating).then_some(settings.fingerprint);
        let mut watermarks_before = None;
        for shard in shards {
            for (set, staged) in shard.watermarks.staged() {
                watermarks_before.get_or_insert_with(|| watermarks.clone());
                watermarks.raise(set, &staged.state);
            }
            shard.promote(*tick, fingerprint);
        }
        desk.promote();
        letters.index.promote();
        cases.promote();
        (*restating, *rules_end) = (false, false);
        self.outbox.clear();
        self.under_way = Some(UnderWay {
            tick_before: self.last_tick,
            incarnations_before: std::mem::take(&mut self.incarnations_before),
            reads_before: std::mem::take(&mut self.reads_before),
            watermarks_before,
            report: std::mem::take(report),
        });
        self.last_tick = *tick;
    }

    /// The promoted epoch is committed: queries see it. Gives what it held.
    pub fn publish(&mut self) -> EpochReport {
        let mut news = false;
        for shard in &mut self.store.shards {
            news |= shard.publish(&self.published);
        }
        if self.restating == Some(Restating::Ends) {
            self.restating = None;
            news = true;
        }
        self.store.desk.publish(news);
        self.publish_desk();
        self.published.letters(self.store.letters.index.publish());
        self.published.cases(self.store.cases.publish());
        let report = self.under_way.take().map(|under_way| under_way.report).unwrap_or_default();
        self.published.epoch(report.tick);
        report
    }

    /// Shows queries what is held, and the exceptions about it.
    pub(super) fn publish_desk(&self) {
        let desk = &self.store.desk;
        if desk.speaks() {
            self.published.desk(held_index::groups(self.store.shards.iter().map(|shard| &shard.held)));
        }
        self.published.live(&self.store.shards[0].live);
        self.published.desk_exceptions(&desk.state);
    }

    /// The promoted epoch is not committed: its records come again, and those of the epoch that was built on it. Nothing is left of either.
    pub fn roll_back(&mut self) {
        self.drop_epoch();
        for shard in &mut self.store.shards {
            shard.demote();
        }
        self.store.desk.demote();
        self.store.letters.index.demote();
        self.store.cases.demote();
        if self.restating.is_some() {
            self.restating = Some(Restating::Round(1));
        }
        if let Some(under_way) = self.under_way.take() {
            self.store.tick = under_way.tick_before;
            self.last_tick = self.store.tick;
            self.incarnations = under_way.incarnations_before;
            self.reads = under_way.reads_before;
            if let Some(watermarks) = under_way.watermarks_before {
                self.store.watermarks = watermarks;
            }
        }
    }

    /// The open epoch is dropped: nothing of it is left.
    pub fn drop_epoch(&mut self) {
        for shard in &mut self.store.shards {
            shard.drop_stage();
        }
        self.outbox.clear();
        self.store.desk.drop_epoch();
        self.store.letters.index.drop_epoch();
        self.store.cases.drop_epoch();
        self.store.flows.clear();
        (self.store.restating, self.store.rules_end) = (false, false);
        self.incarnations = std::mem::take(&mut self.incarnations_before);
        self.reads = std::mem::take(&mut self.reads_before);
        self.store.tick = self.last_tick;
        self.store.report = EpochReport::default();
    }
}
