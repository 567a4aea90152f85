//! Drives retailer, log and engine through virtual time.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::{EventFile, Facts, Killed};
use crate::engine::memory::{Broker, CrashPoint, MemoryLog, Tail, TopicConfig};
use crate::engine::{
    Audit, Engine, EngineSettings, EpochReport, EpochTimes, Limits, Observer, OutRecord, Restored, SourceRuntime, TopicNames, Turn,
};
use crate::error::Error;
use crate::events::Topic;
use crate::facts::Moment;
use crate::facts::time::Span;
use crate::retailer::judge::{Failure, Invariant, Judge};
use crate::retailer::setup::Setup;
use crate::retailer::{HeardEvent, Retailer, Settings, SourceRecord, topics};

/// Sums over all epochs.
#[derive(Default)]
struct Sums {
    epochs: u64,
    /// Records of committed epochs, by what came of them: together they must be all that were sent.
    records: u64,
    dead_letters: u64,
    decode_errors: Vec<String>,
}

impl Observer for Sums {
    fn committed(&mut self, report: &EpochReport, _: EpochTimes) {
        self.epochs += 1;
        for source in report.sources.values() {
            self.dead_letters += source.decode_errors;
            self.records += source.understood + source.housekeeping + source.unknown_tables.values().sum::<u64>() + source.decode_errors;
            self.decode_errors.extend(source.first_decode_error.clone().filter(|_| self.decode_errors.len() < DECODE_ERRORS_SHOWN));
        }
    }

    fn not_committed(&mut self) {}
}

const DECODE_ERRORS_SHOWN: usize = 5;
const PARTITIONS: i32 = 4;
const RECORD_BYTES_MAX: usize = 900_000;
/// The clock goes on for so long after the last thing has happened: what only waits for time to pass is emitted then.
const AFTERMATH: Span = Span::hours(30);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Looked {
    No,
    Once,
}

/// A run of the demo.
pub struct Play {
    retailer: Retailer,
    judge: Judge,
    broker: Broker,
    tail: Tail,
    topics: BTreeMap<Arc<str>, Topic>,
    settings: EngineSettings,
    sources: Arc<[Arc<str>]>,
    engine: Option<Engine<MemoryLog, Sums>>,
    plan: Settings,
    now: Moment,
    /// The least that the clock moves: one epoch's worth of time.
    pace: Span,
    sums: Sums,
    /// Records that were written to the topics that are read.
    written: u64,
    working: Duration,
    killed: Option<Killed>,
    /// The day whose night is checked next, and how far that has got; nights checked, and what was wrong.
    midnight: Moment,
    looked: Looked,
    nights: u32,
    by_night: Vec<Failure>,
    /// Sees each record of the systems before it is written.
    spy: Option<Spy>,
    /// Where the derived events are written.
    events: Option<EventFile>,
    /// Breaks what it likes: changes a record, or (false) loses it.
    #[cfg(test)]
    tamper: Option<Tamper>,
}

#[cfg(test)]
pub type Tamper = Box<dyn FnMut(&mut SourceRecord) -> bool>;

/// Hears every record that the systems write, in order.
pub type Spy = Box<dyn FnMut(&SourceRecord)>;

impl Play {
    /// Sets the stage: topics, configuration, an engine on a fresh log.
    pub async fn begin(plan: Settings) -> Result<Self, Error> {
        let in_hurry = plan.hurry.is_on();
        let config = Setup { systems: plan.systems, in_hurry, charges_stay: plan.charges_stay, ..Setup::new("in-memory:0") }.config()?;
        let names = TopicNames::new(&config.application.topic_prefix);
        let broker = Broker::new();
        let plain = TopicConfig { partitions: PARTITIONS, compacted: false };
        topics().into_iter().for_each(|topic| broker.create(topic, plain));
        let topics: BTreeMap<Arc<str>, Topic> = names.derived().map(|(topic, name)| (name.clone(), topic)).collect();
        topics.keys().chain([&names.dead_letters]).for_each(|topic| broker.create(topic, plain));
        let shards = config.application.shards;
        for (topic, compacted) in [(&names.changelog, true), (&names.exchange, false)] {
            broker.create(topic, TopicConfig { partitions: i32::from(shards), compacted });
        }
        let heard: Vec<Arc<str>> = topics.keys().chain([&names.dead_letters]).cloned().collect();
        let tail = broker.tail(&heard);
        let sources: Arc<[Arc<str>]> = config.source_topics().map(|(topic, _)| topic.into()).collect();
        [&names.decisions, &names.acts, &names.audit].into_iter().for_each(|topic| broker.create(topic, plain));
        let settings = EngineSettings {
            sources: config
                .sources
                .iter()
                .map(|source| SourceRuntime { common: source.common.clone(), adapter: source.adapter.clone() })
                .collect(),
            fingerprint: config.fingerprint(),
            rules: Arc::new(config.rules),
            names,
            shards,
            live_at_start: config.live_at_start,
            record_bytes_max: RECORD_BYTES_MAX,
            orders_whole: config.application.orders_whole,
        };
        let pace = Span::seconds(if plan.orders > 2_000 { 180 } else { 45 });
        let (now, pace) = (plan.opening, plan.hurry.span(pace));
        let (retailer, judge, sums) = (Retailer::new(plan.clone()), Judge::new(), Sums::default());
        let (engine, working, killed, spy) = (None, Duration::ZERO, None, None);
        let mut play = Self {
            retailer,
            judge,
            broker,
            tail,
            topics,
            settings,
            sources,
            engine,
            plan,
            now,
            pace,
            sums,
            written: 0,
            working,
            killed,
            midnight: Moment(now.0 - now.0.rem_euclid(86_400_000)) + Span::days(1),
            looked: Looked::No,
            nights: 0,
            by_night: Vec::new(),
            spy,
            events: None,
            #[cfg(test)]
            tamper: None,
        };
        play.start_engine().await?;
        Ok(play)
    }

    /// Lets somebody see every record that the systems write: to keep a run's input, and play it elsewhere.
    pub fn with_spy(mut self, spy: Spy) -> Self {
        self.spy = Some(spy);
        self
    }

    /// Writes every derived event and every dead letter to a file.
    pub fn with_events(mut self, events: Option<EventFile>) -> Self {
        self.events = events;
        self
    }

    #[cfg(test)]
    pub fn with_tamper(mut self, tamper: Tamper) -> Self {
        self.tamper = Some(tamper);
        self
    }

    async fn start_engine(&mut self) -> Result<Restored, Error> {
        let names = &self.settings.names;
        let log = MemoryLog::open(&self.broker, "waybill-demo", self.sources.clone(), names.exchange.clone(), names.changelog.clone());
        let limits =
            Limits { records_max: 20_000, bytes_max: 32 << 20, linger: Duration::ZERO, timer_at: None, tick: crate::facts::Moment::MIN };
        let (engine, restored) = Engine::start(self.settings.clone(), log, limits, std::mem::take(&mut self.sums)).await?;
        self.engine = Some(engine);
        Ok(restored)
    }

    /// Orders placed, and planned.
    pub fn progress(&self) -> (usize, usize) {
        (self.retailer.placed(), self.plan.orders as usize)
    }

    /// A moment of the run, for the progress bar.
    pub fn now(&self) -> Moment {
        self.now
    }

    pub fn is_killed(&self) -> bool {
        self.killed.is_some()
    }

    /// Runs until nobody waits for anything any more; calls `each` after each moment.
    pub async fn run(&mut self, mut each: impl FnMut(&Self)) -> Result<Facts, Error> {
        let began = Instant::now();
        loop {
            while self.moment().await? {
                each(self);
                self.night();
                if self.killed.is_none() && self.retailer.placed() * 2 > self.plan.orders as usize {
                    self.kill().await?;
                    each(self);
                }
            }
            self.now = self.now + AFTERMATH;
            self.exchange().await?;
            if self.retailer.next_at().is_none() {
                break;
            }
        }
        if let Some(events) = &mut self.events {
            events.finish()?;
        }
        Ok(self.facts(began.elapsed()))
    }

    /// With fault injection, at night when all is quiet: compares every SKU, twice; judges and forgets the orders that are over.
    fn night(&mut self) {
        if self.plan.faults.is_none() {
            return;
        }
        let hour = |hour: i64| self.midnight + Span::hours(hour);
        match self.looked {
            Looked::No if self.now >= hour(4) => {
                self.judge.suspect_stock(&self.retailer.truth());
                self.retailer.settle(&mut self.judge);
                self.looked = Looked::Once;
            }
            Looked::Once if self.now >= hour(6) => {
                self.by_night.extend(self.judge.convict_stock(&self.retailer.truth()));
                self.nights += 1;
                self.midnight = Moment(self.now.0 - self.now.0.rem_euclid(86_400_000)) + Span::days(1);
                self.looked = Looked::No;
            }
            _ => {}
        }
    }

    /// On to when something is due next; false when nothing is.
    async fn moment(&mut self) -> Result<bool, Error> {
        let Some(next) = self.retailer.next_at() else { return Ok(false) };
        let look = self.midnight + Span::hours(if self.looked == Looked::No { 4 } else { 6 });
        let stop = if self.plan.faults.is_some() && look > self.now { look } else { Moment(i64::MAX) };
        let due = self.engine.as_ref().filter(|_| self.plan.faults.is_some()).and_then(|engine| engine.core().next_timer());
        // A process that runs wakes by itself when something is due, and not with the next record: in a small shop that may be hours later.
        let wakes = due.filter(|due| *due > self.now).map_or(Moment(i64::MAX), |due| due.max(self.now + self.pace));
        self.now = next.max(self.now + self.pace).min(wakes).min(stop);
        self.exchange().await?;
        Ok(true)
    }

    /// Everything that systems write by now, what the engine makes of it, and what they hear.
    async fn exchange(&mut self) -> Result<(), Error> {
        self.write();
        self.work().await?;
        self.listen()
    }

    /// What systems write by now goes into the log.
    fn write(&mut self) {
        self.broker.set_now(self.now);
        #[cfg_attr(not(test), expect(unused_mut, reason = "a test may break it"))]
        for mut record in self.retailer.step(self.now, &[]) {
            #[cfg(test)]
            if self.tamper.as_mut().is_some_and(|tamper| !tamper(&mut record)) {
                continue;
            }
            if let Some(spy) = &mut self.spy {
                spy(&record);
            }
            // Topics that no adapter has a use for are not read: what is in them would stay for ever.
            if !self.sources.iter().any(|topic| **topic == *record.topic) {
                continue;
            }
            self.written += 1;
            let written =
                OutRecord { topic: record.topic.into(), partition: None, key: record.key, value: record.value, headers: Vec::new() };
            self.broker.produce(written, record.timestamp);
        }
    }

    async fn work(&mut self) -> Result<(), Error> {
        let began = Instant::now();
        if let Some(engine) = &mut self.engine {
            while engine.turn().await? != Turn::Idle {}
        }
        self.working += began.elapsed();
        Ok(())
    }

    fn listen(&mut self) -> Result<(), Error> {
        let delivered = self.tail.poll();
        if let Some(events) = &mut self.events {
            delivered.iter().try_for_each(|event| events.write(event))?;
        }
        let heard: Vec<HeardEvent<'_>> = delivered
            .iter()
            .filter_map(|event| {
                let topic = *self.topics.get(&event.topic)?;
                let key = std::str::from_utf8(event.key.as_deref().unwrap_or_default()).unwrap_or_default();
                Some(HeardEvent { topic, key, id: event.header("id").unwrap_or_default(), body: event.value.as_deref() })
            })
            .collect();
        self.judge.set_now(self.now);
        heard.iter().for_each(|event| self.judge.hear(event));
        self.retailer.step(self.now, &heard);
        Ok(())
    }

    /// The process dies with a transaction open; another one takes its place.
    async fn kill(&mut self) -> Result<(), Error> {
        let Some(mut engine) = self.engine.take() else { return Ok(()) };
        let before = engine.core().digests();
        // Records wait: the epoch that holds them is cut short after its records are written, before it is committed.
        engine.log_mut().crash_next(CrashPoint::AfterProduce);
        self.now = self.now + self.pace;
        self.write();
        engine.turn().await?;
        let sums = engine.observer();
        self.sums =
            Sums { epochs: sums.epochs, records: sums.records, dead_letters: sums.dead_letters, decode_errors: sums.decode_errors.clone() };
        drop(engine.into_log());
        let began = Instant::now();
        let restored = self.start_engine().await?;
        let took = began.elapsed();
        let after = self.engine.as_ref().map(|engine| engine.core().digests()).unwrap_or_default();
        let changed = before.keys().chain(after.keys()).find(|entity| before.get(*entity) != after.get(*entity)).cloned();
        let (at, entities) = (self.now, before.len());
        if self.plan.faults.is_some() {
            // No other engine will take this one's place: its state's log is of no use any more, and would be as large as the state.
            self.broker.abandon(&self.settings.names.changelog);
        }
        self.killed = Some(Killed { at, records: restored.records, bytes: restored.bytes, took, entities, changed });
        self.work().await?;
        self.listen()
    }

    fn facts(&self, wall: Duration) -> Facts {
        let silent = Sums::default();
        let sums = self.engine.as_ref().map_or(&silent, |engine| engine.observer());
        let mut facts = Facts::of(&self.retailer, &self.judge, &self.plan, self.now);
        if sums.records != self.written {
            let sentence = format!(
                "source topics: {} records were written, {} were read in committed epochs: none may be lost, none read twice",
                self.written, sums.records
            );
            facts.failures.insert(0, Failure { invariant: Invariant::Events, sentence });
        }
        facts.failures.extend(self.by_night.iter().cloned());
        let audit = self.engine.as_ref().map(|engine| Audit::of(&engine.core().published())).unwrap_or_default();
        facts.failures.extend(audit.wrong().into_iter().map(|sentence| Failure { invariant: Invariant::Counts, sentence }));
        if let Some(faults) = &mut facts.faults {
            faults.nights = self.nights;
        }
        let (dead_letters, decode_errors, epochs) = (sums.dead_letters, sums.decode_errors.clone(), sums.epochs);
        Facts { dead_letters, decode_errors, epochs, wall, engine: self.working, killed: self.killed.clone(), ..facts }
    }
}
