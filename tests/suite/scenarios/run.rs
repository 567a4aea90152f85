//! Plays a story to the real engine on the log in memory, and reads what a client of committed records would.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::language::Line;
use super::retailer::topic_of;
use super::rows::{StoryFact, Teller};
use waybill::config::Config;
use waybill::engine::memory::{Broker, CrashPoint, MemoryLog, Tail, TopicConfig};
use waybill::engine::{Engine, Limits, OutRecord, Turn};
use waybill::events::Topic;
use waybill::facts::Moment;
use waybill::http::{CommittedViews, Views};

/// A story's line as a record: who writes it, when, and what it means.
#[derive(Clone)]
pub struct StoryRecord {
    pub line: usize,
    pub who: String,
    pub at: Moment,
    pub facts: Vec<StoryFact>,
    pub ends_epoch: bool,
}

/// The records of a story.
pub fn records(lines: &[Line], config: &Config) -> Result<Vec<StoryRecord>, String> {
    let mut teller = Teller::new(lines);
    let mut records = Vec::new();
    for line in lines {
        if line.who != "time" && !config.sources.iter().any(|source| source.common.name == line.who) {
            return Err(format!("line {}: there is no system \"{}\"", line.number, line.who));
        }
        let facts = teller.tell(line)?;
        records.push(StoryRecord { line: line.number, who: line.who.clone(), at: line.at, facts, ends_epoch: line.ends_epoch });
    }
    Ok(records)
}

/// Records that are read in one epoch, at a moment.
pub struct Epoch {
    pub clock: Moment,
    pub records: Vec<StoryRecord>,
}

/// How a story is played.
pub struct Plan {
    pub epochs: Vec<Epoch>,
    /// The engine dies with this epoch's transaction open, and another takes its place.
    pub crash: Option<usize>,
}

impl Plan {
    /// As it was told.
    pub fn plain(records: &[StoryRecord]) -> Self {
        let mut epochs = Vec::new();
        let mut open = Vec::new();
        for record in records {
            open.push(record.clone());
            if record.ends_epoch {
                epochs.push(Epoch { clock: record.at, records: std::mem::take(&mut open) });
            }
        }
        Self { epochs, crash: None }
    }
}

/// An event as a client read it.
#[derive(Clone, Debug)]
pub struct Heard {
    pub topic: Topic,
    pub key: String,
    pub id: String,
    pub receiver: Option<String>,
    /// The customer that has by now what was stated here.
    pub moved_to: Option<String>,
    /// `None`: withdrawn.
    pub body: Option<Value>,
}

/// All events up to a moment, and what queries answer then.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// In the order of their partitions, and so of each ledger and each key.
    pub heard: Vec<Heard>,
    /// By order number.
    pub orders: BTreeMap<String, Value>,
    pub skus: BTreeMap<String, Value>,
    /// Of orders, by their number: what is posted, what each account stands at, the invariants.
    pub books: BTreeMap<String, Value>,
    /// Ledgers of each order, by its key.
    pub ledgers: BTreeMap<String, Value>,
    pub dead_letters: usize,
}

impl Outcome {
    /// Statements as they stand: newest by key; what was withdrawn is not there.
    pub fn statements(&self, topic: Topic) -> BTreeMap<&str, &Value> {
        let mut newest: BTreeMap<&str, &Value> = BTreeMap::new();
        for heard in self.heard.iter().filter(|heard| heard.topic == topic) {
            match &heard.body {
                Some(body) => newest.insert(&heard.key, body),
                None => newest.remove(heard.key.as_str()),
            };
        }
        newest
    }

    pub fn requests(&self, topic: Topic) -> impl Iterator<Item = &Heard> {
        self.heard.iter().filter(move |heard| heard.topic == topic)
    }
}

/// A story being played.
pub struct Play<'c> {
    config: &'c Config,
    broker: Broker,
    sources: Arc<[Arc<str>]>,
    tail: Tail,
    topics: BTreeMap<Arc<str>, Topic>,
    engine: Engine<MemoryLog>,
    heard: Vec<Heard>,
    dead_letters: usize,
    orders: BTreeSet<String>,
    skus: BTreeSet<String>,
}

async fn start(config: &Config, broker: &Broker, sources: &Arc<[Arc<str>]>) -> Result<Engine<MemoryLog>, String> {
    let settings = config.engine();
    let (exchange, changelog) = (settings.names.exchange.clone(), settings.names.changelog.clone());
    let log = MemoryLog::open(broker, &config.application.id, sources.clone(), exchange, changelog);
    let limits =
        Limits { records_max: 10_000, bytes_max: 32 << 20, linger: Duration::ZERO, timer_at: None, tick: waybill::facts::Moment::MIN };
    Ok(Engine::start(settings, log, limits, ()).await.map_err(|error| error.to_string())?.0)
}

impl<'c> Play<'c> {
    pub async fn begin(config: &'c Config, records: &[StoryRecord]) -> Result<Self, String> {
        let mut play = Self::open(config, 1).await?;
        play.note_subjects(records);
        Ok(play)
    }

    /// A broker with the topics of this configuration, the sources' with so many partitions, and an engine that reads them.
    pub async fn open(config: &'c Config, partitions: i32) -> Result<Self, String> {
        let settings = config.engine();
        let (broker, names) = (Broker::new(), &settings.names);
        let sources: Arc<[Arc<str>]> = config.source_topics().map(|(topic, _)| topic.into()).collect();
        let plain = TopicConfig { partitions: 1, compacted: false };
        let topics: BTreeMap<Arc<str>, Topic> = names.derived().map(|(topic, name)| (name.clone(), topic)).collect();
        sources.iter().for_each(|topic| broker.create(topic, TopicConfig { partitions, ..plain }));
        topics.keys().chain([&names.dead_letters]).for_each(|topic| broker.create(topic, plain));
        for (topic, compacted) in [(&names.changelog, true), (&names.exchange, false)] {
            broker.create(topic, TopicConfig { partitions: i32::from(settings.shards), compacted });
        }
        let listened: Vec<Arc<str>> = topics.keys().cloned().chain([names.dead_letters.clone()]).collect();
        let tail = broker.tail(&listened);
        let engine = start(config, &broker, &sources).await?;
        Ok(Self {
            config,
            broker,
            sources,
            tail,
            topics,
            engine,
            heard: Vec::new(),
            dead_letters: 0,
            orders: BTreeSet::new(),
            skus: BTreeSet::new(),
        })
    }

    /// A record of a system, as it stands in its topic, at the broker's time.
    pub fn write(&self, record: OutRecord) {
        self.broker.produce(record, self.broker.now());
    }

    /// Lets the engine read all that is written.
    pub async fn read_all(&mut self) -> Result<(), String> {
        while self.turn().await? == Turn::Committed {}
        self.listen();
        Ok(())
    }

    /// What queries answer now.
    pub fn views(&self) -> CommittedViews {
        let views = CommittedViews::default();
        views.open(self.engine.core().published().clone());
        views
    }

    /// What must be zero in any story: the invariants of the books, requests that are due and were not made, counts that do not add up.
    pub fn audit(&self) -> Result<(), String> {
        let wrong = self.views().audit().wrong();
        if wrong.is_empty() { Ok(()) } else { Err(wrong.join("; ")) }
    }

    /// All events so far.
    pub fn heard(&self) -> &[Heard] {
        &self.heard
    }

    /// How many records could not be read so far.
    pub fn dead_letters(&self) -> usize {
        self.dead_letters
    }

    /// The orders and SKUs of the story: what is asked of the views at its end.
    fn note_subjects(&mut self, records: &[StoryRecord]) {
        use waybill::facts::{OrderRow, Row, Subject};
        for fact in records.iter().flat_map(|record| &record.facts) {
            match (&fact.subject, &fact.row) {
                (Subject::Sku(sku), _) => drop(self.skus.insert(sku.as_str().to_owned())),
                (Subject::Order(_), Some(Row::Order(OrderRow::Header(header)))) => drop(self.orders.insert(header.number.to_string())),
                (_, Some(Row::Order(OrderRow::Line(line)))) => drop(self.skus.insert(line.sku.as_str().to_owned())),
                _ => {}
            }
        }
    }

    /// Time goes on: whatever waits for the clock alone is looked at in its turn.
    pub async fn wait_until(&mut self, moment: Moment) -> Result<(), String> {
        let mut turns = 0;
        while let Some(wake) = self.engine.core().next_timer().filter(|wake| *wake <= moment) {
            self.broker.set_now(wake);
            self.turn().await?;
            turns += 1;
            if turns > 10_000 {
                return Err(format!("the clock wakes the engine again and again at {wake}"));
            }
        }
        self.broker.set_now(moment);
        Ok(())
    }

    async fn turn(&mut self) -> Result<Turn, String> {
        self.engine.turn().await.map_err(|error| error.to_string())
    }

    /// The clock jumps to the epoch's moment, and what waited for it is looked at in one turn: for many orders at once.
    pub async fn day(&mut self, epoch: &Epoch) -> Result<(), String> {
        self.broker.set_now(epoch.clock);
        self.write_all(&epoch.records)?;
        self.read_all().await
    }

    fn write_all(&self, records: &[StoryRecord]) -> Result<(), String> {
        for record in records.iter().filter(|record| !record.facts.is_empty()) {
            let value = postcard::to_stdvec(&record.facts).map_err(|error| error.to_string())?;
            let key = record.line.to_string().into_bytes();
            let topic = topic_of(&record.who).into();
            self.broker.produce(OutRecord { topic, partition: None, key: Some(key), value: Some(value), headers: Vec::new() }, record.at);
        }
        Ok(())
    }

    /// Writes the epoch's records and lets the engine read them.
    pub async fn epoch(&mut self, epoch: &Epoch, crash: bool) -> Result<(), String> {
        self.wait_until(epoch.clock).await?;
        self.write_all(&epoch.records)?;
        if crash {
            self.engine.log_mut().crash_next(CrashPoint::AfterProduce);
            self.turn().await?;
            self.engine = start(self.config, &self.broker, &self.sources).await?;
        }
        self.read_all().await
    }

    fn listen(&mut self) {
        for event in self.tail.poll() {
            let Some(topic) = self.topics.get(&event.topic) else {
                self.dead_letters += 1;
                continue;
            };
            let text = |bytes: &Option<Vec<u8>>| String::from_utf8_lossy(bytes.as_deref().unwrap_or_default()).into_owned();
            self.heard.push(Heard {
                topic: *topic,
                key: text(&event.key),
                id: event.header("id").unwrap_or_default().to_owned(),
                receiver: event.header("receiver").map(str::to_owned),
                moved_to: event.header("moved-to").map(str::to_owned),
                body: event.value.as_deref().map(|body| serde_json::from_slice(body).expect("a body is JSON")),
            });
        }
    }

    /// All events so far, and what queries answer now.
    pub fn outcome(&mut self) -> Outcome {
        self.listen();
        let published = self.engine.core().published();
        let views = self.views();
        let ledgers = published.orders().map(|(key, state)| {
            let ledgers = serde_json::to_value(&state.ledgers).expect("ledgers have a JSON form");
            (key.0.to_string(), ledgers)
        });
        Outcome {
            heard: self.heard.clone(),
            orders: self.orders.iter().filter_map(|number| Some((number.clone(), without_rows(views.order(number, None)?)))).collect(),
            skus: self.skus.iter().filter_map(|sku| Some((sku.clone(), figures(views.stock(sku)?)?))).collect(),
            books: self.orders.iter().filter_map(|number| Some((number.clone(), views.books(number)?))).collect(),
            ledgers: ledgers.collect(),
            dead_letters: self.dead_letters,
        }
    }
}

/// A SKU that is only mentioned has no figures to compare.
fn figures(answer: Value) -> Option<Value> {
    let empty = answer["channels"].as_array().is_none_or(Vec::is_empty) && answer["product"].is_null();
    (!empty).then_some(answer)
}

/// Plays a whole plan.
pub fn play(config: &Config, records: &[StoryRecord], plan: &Plan) -> Result<Outcome, String> {
    block_on(async {
        let mut play = Play::begin(config, records).await?;
        for (index, epoch) in plan.epochs.iter().enumerate() {
            play.epoch(epoch, plan.crash == Some(index)).await?;
        }
        play.audit()?;
        Ok(play.outcome())
    })
}

/// Plays a story as it was told, and looks at it at these moments too, each after all that was told by then.
pub fn play_with_looks(config: &Config, records: &[StoryRecord], looks: &[Moment]) -> Result<(Vec<Outcome>, Outcome), String> {
    block_on(async {
        let mut play = Play::begin(config, records).await?;
        let mut looks = looks.iter().copied().peekable();
        let mut seen = Vec::new();
        for epoch in Plan::plain(records).epochs {
            while let Some(look) = looks.next_if(|look| *look < epoch.clock) {
                play.wait_until(look).await?;
                seen.push(play.outcome());
            }
            play.epoch(&epoch, false).await?;
        }
        for look in looks {
            play.wait_until(look).await?;
            seen.push(play.outcome());
        }
        play.audit()?;
        Ok((seen, play.outcome()))
    })
}

pub fn block_on<T>(work: impl Future<Output = Result<T, String>>) -> Result<T, String> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().map_err(|error| error.to_string())?;
    runtime.block_on(work)
}

/// Without the list of rows: from which record each came is about the way, not about how the order stands.
fn without_rows(mut answer: Value) -> Value {
    if let Some(members) = answer.as_object_mut() {
        members.remove("rows");
        if let Some(Value::Array(several)) = members.get_mut("several") {
            several.iter_mut().for_each(|order| *order = without_rows(order.take()));
        }
    }
    answer
}
