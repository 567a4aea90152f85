//! The whole engine on the log in memory, with a source whose records are facts as they are.

mod begin;
mod cases;
mod held;
mod incarnations;
mod letters;
mod people;
mod row_owners;
mod set_back;
mod sizes;
mod sku_wave;
mod snapshots;
mod timers;

use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use serde::{Deserialize, Serialize};

use super::memory::{Broker, CrashPoint, MemoryLog, Tail, TopicConfig};
use super::{Engine, EngineSettings, Limits, LogError, OutRecord, Restored, SourceRuntime, TopicNames, Turn};
use crate::entities::order::testing::{PLACED, Story, rules};
use crate::entities::rules::Rules;
use crate::envelope::{DecodeError, Record};
use crate::events::Topic;
use crate::facts::ids::Digester;
use crate::facts::time::Span;
use crate::facts::{Cause, Change, Fact, LogMark, Moment, OrderKey, OrderRow, Row, RowMark, SourceId, Subject};
use crate::sources::decisions::DecisionsAdapter;
use crate::sources::{Adapter, Common, FactsOut, Reading};

const APPLICATION: &str = "bench";
const SOURCE_TOPIC: &str = "facts";
const SHARDS: u16 = 16;

/// A record of the source: its facts, and when it was written to the source's log, if it says so.
#[derive(Serialize, Deserialize)]
struct FactsRecord {
    written_at: Option<Moment>,
    facts: Vec<Fact>,
}

/// Reads records that hold facts.
struct AsTheyAre;

impl Adapter for AsTheyAre {
    fn revision(&self) -> u16 {
        0
    }

    fn topics(&self) -> Vec<String> {
        vec![SOURCE_TOPIC.to_owned()]
    }

    fn translate(&self, record: &Record<'_>, out: &mut FactsOut<'_>) -> Result<Reading, DecodeError> {
        let read = postcard::from_bytes(record.value.unwrap_or_default());
        let FactsRecord { written_at, facts } = read.map_err(|_| DecodeError::new("value", "facts", "something else"))?;
        let cause = out.cause;
        if let Some(fact) = facts.first() {
            out.set_position(fact.version.place, written_at, true);
        }
        if let Some((before, after)) = record.header("row").and_then(|row| row.split_once(',')) {
            let digest = |text: &str| text.parse().expect("a digest");
            out.set_marks(LogMark::default(), RowMark { key: 1, before: digest(before), after: digest(after), order: None });
        }
        if record.header("refuse").is_some() {
            return Err(DecodeError::new("lines[3].price", "an amount of money", "12,50"));
        }
        out.facts.extend(facts.into_iter().map(|fact| Fact { cause, ..fact }));
        Ok(Reading::Understood)
    }
}

/// The log in memory never waits.
fn now<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("the log in memory waits"),
    }
}

/// An application that is started, fed, killed, and started again.
struct Bench {
    broker: Broker,
    engine: Option<Engine<MemoryLog>>,
    tail: Tail,
    /// Keeps the source's records for a second reading.
    _keeper: Tail,
    now: Moment,
    /// What the next start is set up with.
    rules: Rules,
    fingerprint: u64,
    live_at_start: Vec<Topic>,
    record_bytes_max: usize,
}

impl Bench {
    fn new() -> Self {
        let broker = Broker::new();
        let names = TopicNames::new("t.");
        let plain = TopicConfig { partitions: 1, compacted: false };
        broker.create(SOURCE_TOPIC, plain);
        names.derived().for_each(|(_, name)| broker.create(name, plain));
        [&names.dead_letters, &names.decisions, &names.acts, &names.audit].into_iter().for_each(|name| broker.create(name, plain));
        for (name, compacted) in [(&names.changelog, true), (&names.exchange, false)] {
            broker.create(name, TopicConfig { partitions: i32::from(SHARDS), compacted });
        }
        let tail = broker.tail(&[names.of(Topic::SalesOrders).clone()]);
        let keeper = broker.tail(&[SOURCE_TOPIC.into()]);
        broker.set_now(PLACED);
        let live_at_start = Topic::ALL.into_iter().filter(|topic| !topic.is_statement()).collect();
        let (rules, record_bytes_max) = (rules(), 1 << 20);
        Self { broker, engine: None, tail, _keeper: keeper, now: PLACED, rules, fingerprint: 1, live_at_start, record_bytes_max }
    }

    /// Starts the application; one that runs ends as a crash would end it.
    fn start(&mut self) -> Result<Restored, LogError> {
        self.engine = None;
        let common = Common {
            name: "facts".into(),
            id: SourceId::of("facts"),
            channel: "".into(),
            brand: "".into(),
            stores: Vec::new(),
            number_scope: "order-number".into(),
            counts: None,
            zone: jiff::tz::TimeZone::UTC,
            digester: Digester::new(b"secret"),
        };
        let settings = EngineSettings {
            sources: [
                SourceRuntime { common: common.clone(), adapter: Arc::new(AsTheyAre) },
                SourceRuntime {
                    common: Common { name: "waybill".into(), id: SourceId::WAYBILL, ..common },
                    adapter: DecisionsAdapter::new("t."),
                },
            ]
            .into(),
            rules: Arc::new(self.rules.clone()),
            fingerprint: self.fingerprint,
            names: TopicNames::new("t."),
            shards: SHARDS,
            live_at_start: self.live_at_start.clone(),
            record_bytes_max: self.record_bytes_max,
            orders_whole: 1,
        };
        let (exchange, changelog) = (settings.names.exchange.clone(), settings.names.changelog.clone());
        let topics: Arc<[Arc<str>]> = [SOURCE_TOPIC, "t.decisions", "t.acts"].map(Arc::from).into();
        let log = MemoryLog::open(&self.broker, APPLICATION, topics, exchange, changelog);
        let limits = Limits {
            records_max: 1_000,
            bytes_max: 1 << 26,
            linger: std::time::Duration::ZERO,
            timer_at: None,
            tick: crate::facts::Moment::MIN,
        };
        let (engine, restored) = now(Engine::start(settings, log, limits, ()))?;
        self.engine = Some(engine);
        Ok(restored)
    }

    fn turn(&mut self) -> Turn {
        let engine = self.engine.as_mut().expect("the application runs");
        now(engine.turn()).expect("the log in memory has no faults")
    }

    fn rest(&mut self) {
        while matches!(self.turn(), Turn::Committed | Turn::Dropped) {}
    }

    fn crash_next(&mut self, point: CrashPoint) {
        self.engine.as_mut().expect("the application runs").log_mut().crash_next(point);
    }

    fn send(&mut self, facts: Vec<Fact>) {
        self.write(FactsRecord { written_at: None, facts });
    }

    fn write(&mut self, record: FactsRecord) {
        self.write_with(record, Vec::new());
    }

    fn write_with(&mut self, record: FactsRecord, headers: Vec<(&'static str, Vec<u8>)>) {
        // Nothing is written to the source's log later than it comes.
        self.now = (self.now + Span::minutes(1)).max(record.written_at.unwrap_or(Moment::MIN));
        let value = postcard::to_stdvec(&record).expect("facts encode");
        let record = OutRecord { topic: SOURCE_TOPIC.into(), partition: None, key: None, value: Some(value), headers };
        self.broker.set_now(self.now);
        self.broker.produce(record, self.now);
    }

    /// An order that is whole and paid: it is due in the ERP.
    fn order(&mut self, number: usize) {
        let mut story = Story::new("GBP");
        story.key = OrderKey::new("magento", &number.to_string());
        story.header("68.44").line("A", "TEE", 3, "63.44", "10.57").charge("5.00", "0.83").captured("68.44");
        self.send(facts(&story));
    }

    /// The orders that the ERP was asked to create since last asked, sorted.
    fn created(&mut self) -> Vec<usize> {
        let keys = self.tail.poll().into_iter().filter_map(|request| String::from_utf8(request.key?).ok());
        let number = |key: String| key.rsplit(|sign: char| !sign.is_ascii_digit()).next().and_then(|number| number.parse().ok());
        let mut orders: Vec<usize> = keys.filter_map(number).collect();
        orders.sort_unstable();
        orders
    }
}

fn facts(story: &Story) -> Vec<Fact> {
    let fact = |(key, row, version, at): &(_, Option<OrderRow>, _, _)| Fact {
        subject: Subject::Order(story.key.clone()),
        key: crate::facts::RowKey::clone(key),
        change: row.clone().map_or(Change::Delete, |row| Change::Upsert(Row::Order(row))),
        version: *version,
        cause: Cause::NONE,
        at: *at,
    };
    story.facts.iter().map(fact).collect()
}
