//! The living retailer on the wall clock: writes records as they fall due, hears what Waybill says, reacts, and is judged in the end.

use std::collections::{BTreeMap, VecDeque};
use std::io::Write;
use std::time::{Duration, Instant};

use super::{FLUSH_LIMIT, unreachable};
use crate::engine::TopicNames;
use crate::error::Error;
use crate::events::Topic;
use crate::facts::Moment;
use crate::kafka::client::{PlainProducer, TailReader, TailRecord, all_exist};
use crate::retailer::demo::{Facts, OnKafka};
use crate::retailer::judge::{Failure, Invariant, Judge};
use crate::retailer::setup::Setup;
use crate::retailer::{HeardEvent, Outside, Retailer, Settings, SourceRecord, topics};

/// How long it may take, once the stage is set.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// Nothing was heard and nothing is due for so long: Waybill has settled.
    pub settle: Duration,
    /// The end, whatever is still going on; also of the wait for Waybill's topics.
    pub limit: Duration,
}

/// The shop's database, as a client that reads SQL.
pub type Database = Box<dyn Write>;

/// Looks for Waybill's topics so often, until they are there.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// The caller's `each` runs at least so often.
const TURN_MAX: Duration = Duration::from_millis(100);
const DECODE_ERRORS_SHOWN: usize = 5;
/// No system answers sooner, however great the hurry. If answers came within an epoch, a second application on the same topics would read request and
/// answer together, and would have nothing to request.
const ANSWERS_AFTER: Duration = Duration::from_millis(400);

/// A run.
pub struct Live {
    brokers: String,
    plan: Settings,
    patience: Patience,
    retailer: Retailer,
    judge: Judge,
    wires: Wires,
    tail: TailReader,
    /// Derived topics by name; `None` is `dead-letters`.
    heard_in: BTreeMap<String, Option<Topic>>,
    /// What was read and is not answered yet, and when it was read.
    waiting: VecDeque<(Instant, TailRecord)>,
    began: Instant,
    /// When something was last due or heard.
    stirred: Instant,
    heard: u64,
    dead_letters: u64,
    decode_errors: Vec<String>,
}

impl Live {
    /// Waits for Waybill's topics, and opens the shop: now. `each` is told while it waits.
    pub fn begin(
        setup: &Setup,
        mut plan: Settings,
        patience: Patience,
        database: Option<Database>,
        mut each: impl FnMut() -> Result<(), Error>,
    ) -> Result<Self, Error> {
        let (brokers, client) = (setup.bootstrap.clone(), BTreeMap::new());
        let names = TopicNames::new(&setup.own_prefix());
        let mut heard_in: BTreeMap<String, Option<Topic>> = names.derived().map(|(topic, name)| (name.to_string(), Some(topic))).collect();
        heard_in.insert(names.dead_letters.to_string(), None);
        let derived: Vec<&str> = heard_in.keys().map(String::as_str).collect();
        let waiting = Instant::now();
        while !all_exist(&brokers, &client, &derived).map_err(unreachable(&brokers))? {
            if waiting.elapsed() > patience.limit {
                let sentence = format!("Waybill's topics ({}...) did not come into being", setup.own_prefix());
                return Err(Error::Unavailable(sentence));
            }
            each()?;
            std::thread::sleep(LOOK_EVERY);
        }
        let tail = TailReader::new(&brokers, &client, &derived).map_err(unreachable(&brokers))?;
        let wires = Wires::new(setup, database)?;
        plan.opening = Moment(jiff::Timestamp::now().as_millisecond());
        let (retailer, now) = (Retailer::new(plan.clone()), Instant::now());
        let (judge, dead_letters, decode_errors) = (Judge::new(), 0, Vec::new());
        Ok(Self {
            brokers,
            plan,
            patience,
            retailer,
            judge,
            wires,
            tail,
            heard_in,
            waiting: VecDeque::new(),
            began: now,
            stirred: now,
            heard: 0,
            dead_letters,
            decode_errors,
        })
    }

    /// The true time. It is the wall clock's at the opening, and from then on goes evenly.
    pub fn now(&self) -> Moment {
        Moment(self.plan.opening.0 + self.began.elapsed().as_millis() as i64)
    }

    /// Orders placed so far, and planned.
    pub fn progress(&self) -> (usize, usize) {
        (self.retailer.placed(), self.plan.orders as usize)
    }

    /// Events heard so far.
    pub fn heard(&self) -> u64 {
        self.heard
    }

    /// Goes on until all stories are over and Waybill has settled, then judges. `each` is told often; its error ends the run.
    pub fn run(mut self, mut each: impl FnMut(&Self) -> Result<(), Error>) -> Result<Facts, Error> {
        let settled = loop {
            self.turn()?;
            each(&self)?;
            if self.retailer.next_at().is_none() && self.stirred.elapsed() > self.patience.settle {
                break true;
            }
            if self.began.elapsed() > self.patience.limit {
                break false;
            }
        };
        self.wires.producer.flush(FLUSH_LIMIT).map_err(unreachable(&self.brokers))?;
        Ok(self.facts(settled))
    }

    /// Waits for what comes next: a record that is due, or an event.
    fn turn(&mut self) -> Result<(), Error> {
        let due = self.retailer.next_at().map_or(TURN_MAX, |at| Duration::from_millis((at.0 - self.now().0).max(0) as u64));
        let answered = self.waiting.front().map_or(TURN_MAX, |(read, _)| ANSWERS_AFTER.saturating_sub(read.elapsed()));
        let read = self.tail.poll(due.min(answered).min(TURN_MAX)).map_err(unreachable(&self.brokers))?;
        let instant = Instant::now();
        self.waiting.extend(read.into_iter().map(|record| (instant, record)));
        if !self.waiting.is_empty() || self.retailer.next_at().is_some() {
            self.stirred = instant;
        }
        let ripe = self.waiting.partition_point(|(read, _)| instant.duration_since(*read) >= ANSWERS_AFTER);
        let records: Vec<TailRecord> = self.waiting.drain(..ripe).map(|(_, record)| record).collect();
        let heard: Vec<HeardEvent<'_>> = records.iter().filter_map(|record| self.event(record)).collect();
        self.heard += heard.len() as u64;
        for record in records.iter().filter(|record| self.heard_in.get(&*record.topic) == Some(&None)) {
            self.dead_letters += 1;
            if self.decode_errors.len() < DECODE_ERRORS_SHOWN {
                // Not its text: that may hold a person's data.
                self.decode_errors.push(format!(
                    "a record of {} ({}[{}]@{})",
                    header(record, "waybill-source"),
                    record.topic,
                    record.partition,
                    record.offset
                ));
            }
        }
        heard.iter().for_each(|event| self.judge.hear(event));
        let now = self.now();
        self.retailer.step_to(now, &heard, &mut self.wires);
        self.wires.fared()
    }

    fn event<'a>(&self, record: &'a TailRecord) -> Option<HeardEvent<'a>> {
        let topic = (*self.heard_in.get(&*record.topic)?)?;
        let key = std::str::from_utf8(record.key.as_deref().unwrap_or_default()).unwrap_or_default();
        Some(HeardEvent { topic, key, id: header(record, "id"), body: record.value.as_deref() })
    }

    fn facts(&self, settled: bool) -> Facts {
        let mut facts = Facts::of(&self.retailer, &self.judge, &self.plan, self.now());
        if !settled {
            let sentence = format!("after {} s something was still going on: the run was cut off", self.patience.limit.as_secs());
            facts.failures.insert(0, Failure { invariant: Invariant::Orders, sentence });
        }
        let kafka = OnKafka { hurry: self.plan.hurry, transactions: self.wires.transactions(), killed: None };
        let (dead_letters, decode_errors, wall) = (self.dead_letters, self.decode_errors.clone(), self.began.elapsed());
        Facts { dead_letters, decode_errors, wall, kafka: Some(kafka), ..facts }
    }
}

fn header<'a>(record: &'a TailRecord, name: &str) -> &'a str {
    let value = record.headers.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_slice());
    std::str::from_utf8(value.unwrap_or_default()).unwrap_or_default()
}

/// Where the systems write: Kafka, and the shop's database if it has one.
struct Wires {
    brokers: String,
    producer: PlainProducer,
    /// The full name of each topic.
    names: BTreeMap<&'static str, String>,
    database: Option<Database>,
    transactions: u64,
    failed: Option<Error>,
}

impl Wires {
    fn new(setup: &Setup, mut database: Option<Database>) -> Result<Self, Error> {
        let producer = PlainProducer::new(&setup.bootstrap, &BTreeMap::new()).map_err(unreachable(&setup.bootstrap))?;
        let names = topics().into_iter().map(|topic| (topic, format!("{}{topic}", setup.prefix))).collect();
        if let Some(database) = &mut database {
            // Times are UTC, and names have accents.
            database.write_all(b"SET NAMES utf8mb4;\nSET time_zone = '+00:00';\n").map_err(Error::system(WRITING_SQL))?;
        }
        Ok(Self { brokers: setup.bootstrap.clone(), producer, names, database, transactions: 0, failed: None })
    }

    /// The first thing that could not be written.
    fn fared(&mut self) -> Result<(), Error> {
        self.producer.poll().map_err(unreachable(&self.brokers))?;
        self.failed.take().map_or(Ok(()), Err)
    }

    fn transactions(&self) -> Option<u64> {
        self.database.as_ref().map(|_| self.transactions)
    }
}

const WRITING_SQL: &str = "writing the shop's SQL";

impl Outside for Wires {
    fn send(&mut self, record: SourceRecord) {
        let Some(topic) = self.names.get(record.topic).filter(|_| self.failed.is_none()) else { return };
        let sent = self.producer.send(topic, record.key.as_deref(), record.value.as_deref(), &[], Some(record.timestamp.0));
        self.failed = sent.map_err(unreachable(&self.brokers)).err();
    }

    fn transaction(&mut self, statements: &[String]) {
        let Some(database) = self.database.as_mut().filter(|_| self.failed.is_none()) else { return };
        let text = format!("BEGIN;\n{}\nCOMMIT;\n", statements.join("\n"));
        let written = database.write_all(text.as_bytes()).and_then(|()| database.flush());
        self.failed = written.map_err(Error::system(WRITING_SQL)).err();
        self.transactions += 1;
    }
}
