//! Plays a history to the real engine on the log in memory, in some order, cut into some epochs, with crashes, and keeps all that it wrote.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use serde_json::Value as Json;
use waybill::engine::memory::{Broker, CrashPoint, MemoryLog, TopicConfig};
use waybill::engine::{Engine, LogError, OutRecord, Turn};
use waybill::events::Topic;
use waybill::facts::Moment;
use waybill::facts::time::Span;

use crate::world::{self, BEGIN, Entry};

/// All rows are there so long before the look at the end: what is asked about an order that Waybill has not had for long is asked by then.
pub const HAD_FOR: Span = Span::minutes(15);

/// What breaks in the turn after a slice of records.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Break {
    /// The answer to the commit never came, and nothing of it is visible.
    Unanswered,
    /// The broker aborted it.
    Aborted,
    /// It was committed, and the process died before it knew.
    Died,
    /// The process ended between two epochs.
    Restarted,
    /// ... and the group's offsets were forgotten meanwhile: all is read again.
    OffsetsLost,
    /// The group was rebalanced: reading begins again at the committed offsets, whatever is under way.
    Rebalanced,
    /// A second process of the slot took over; the first wants to go on, and must not.
    TakenOver,
    /// The clock went back by an hour, for one turn.
    ClockBack,
}

/// How a history is played.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Entries in the order in which they come; one that stands twice comes twice.
    pub arrival: Vec<usize>,
    /// How many of them come before each turn; what is left over comes before the last one.
    pub slices: Vec<usize>,
    /// What breaks, by slice.
    pub breaks: BTreeMap<usize, Break>,
    /// Time goes on from slice to slice, or stands at the end from the beginning.
    pub clock_moves: bool,
    /// The most that one epoch reads.
    pub epoch_records: usize,
    /// An epoch is worked on while the one before is being committed, as on Kafka.
    pub settles_late: bool,
}

impl Plan {
    /// All at once, in one epoch.
    pub fn plain(entries: usize) -> Self {
        Self {
            arrival: (0..entries).collect(),
            slices: vec![entries],
            breaks: BTreeMap::new(),
            clock_moves: false,
            epoch_records: usize::MAX,
            settles_late: false,
        }
    }
}

/// Everything that a read-committed reader has seen at the end.
#[derive(Default)]
pub struct Seen {
    /// The newest statement of each key, without id; a withdrawn one was never made.
    pub statements: BTreeMap<(Topic, String), Json>,
    /// Requests by topic and ledger key, in order.
    pub ledgers: BTreeMap<(Topic, String), Vec<Json>>,
    /// All came in one epoch, at the moment at which it is looked at: nothing was awaited.
    pub at_once: bool,
    /// What must never be.
    pub faults: Vec<String>,
    /// When each entry first came, by its place in the history.
    pub arrived: Vec<Option<Moment>>,
    ids: BTreeSet<String>,
    pub events: usize,
}

fn now<T>(future: impl Future<Output = T>) -> T {
    let mut future = std::pin::pin!(future);
    match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("the log in memory never waits"),
    }
}

struct Player<'h> {
    history: &'h [Entry],
    broker: Broker,
    engine: Option<Engine<MemoryLog>>,
    topics: Arc<[Arc<str>]>,
    epoch_records: usize,
    settles_late: bool,
}

impl Player<'_> {
    fn start(&mut self) -> Result<(), String> {
        self.engine = None;
        let config = world::config();
        let (exchange, changelog) = (config.own_topic("exchange").into(), config.own_topic("changelog").into());
        let mut log = MemoryLog::open(&self.broker, &config.application.id, self.topics.clone(), exchange, changelog);
        if self.settles_late {
            log.settle_late();
        }
        let mut limits = config.limits();
        limits.records_max = self.epoch_records;
        let (engine, _) = now(Engine::start(config.engine(), log, limits, ())).map_err(|error| format!("start: {error}"))?;
        self.engine = Some(engine);
        Ok(())
    }

    /// Turns until there is nothing left to do.
    fn rest(&mut self) -> Result<(), String> {
        let engine = self.engine.as_mut().ok_or("no engine")?;
        for _ in 0..400 {
            match now(engine.turn()).map_err(|error| format!("turn: {error}"))? {
                Turn::Idle | Turn::Closed => return Ok(()),
                Turn::Committed | Turn::Submitted | Turn::Dropped => {}
            }
        }
        Err("the engine never comes to rest: 400 epochs without a new record".to_owned())
    }

    fn send(&self, entry: &Entry) {
        let value = postcard::to_allocvec(&entry.record).expect("a record encodes");
        let topic: Arc<str> = world::topic(entry.source).into();
        let at = self.broker.now();
        self.broker.produce(OutRecord { topic, partition: Some(0), key: None, value: Some(value), headers: Vec::new() }, at);
    }

    fn produce(&self, entries: &[usize]) {
        for &index in entries {
            self.send(&self.history[index]);
        }
    }

    fn break_off(&mut self, what: Break) -> Result<(), String> {
        let engine = self.engine.as_mut().ok_or("no engine")?;
        let point = match what {
            Break::Unanswered => Some(CrashPoint::AfterProduce),
            Break::Aborted => Some(CrashPoint::Aborted),
            Break::Died => Some(CrashPoint::AfterCommit),
            _ => None,
        };
        if let Some(point) = point {
            engine.log_mut().crash_next(point);
            now(engine.turn()).map_err(|error| format!("turn: {error}"))?;
        }
        match what {
            Break::Unanswered | Break::Aborted => return Ok(()),
            Break::Rebalanced => {
                // A record may be under way, or read and not handed over yet.
                now(engine.turn()).map_err(|error| format!("turn: {error}"))?;
                engine.log_mut().rebalance();
                return Ok(());
            }
            Break::ClockBack => {
                let before = self.broker.now();
                self.broker.set_now(Moment(before.0 - 3_600_000));
                now(engine.turn()).map_err(|error| format!("turn: {error}"))?;
                self.broker.set_now(before);
                return Ok(());
            }
            Break::TakenOver => return self.take_over(),
            Break::Died | Break::Restarted | Break::OffsetsLost => {}
        }
        self.engine = None;
        if what == Break::OffsetsLost {
            self.broker.forget_offsets(&world::config().application.id);
        }
        self.start()
    }
}

impl Player<'_> {
    /// A second process starts in the slot while the first still runs.
    fn take_over(&mut self) -> Result<(), String> {
        let mut first = self.engine.take().ok_or("no engine")?;
        self.start()?;
        loop {
            match now(first.turn()) {
                Ok(Turn::Idle | Turn::Closed) => return Ok(()),
                Ok(Turn::Submitted) => {}
                Ok(Turn::Committed | Turn::Dropped) => return Err("the first process has committed beside the second".to_owned()),
                Err(LogError::Fenced(_)) => return Ok(()),
                Err(error) => return Err(format!("the first process: {error}")),
            }
        }
    }
}

/// Plays `history` by `plan` until `end`, and returns all that was seen.
pub fn play(history: &[Entry], plan: &Plan, end: Moment) -> Result<Seen, String> {
    let config = world::config();
    let broker = Broker::new();
    let plain = TopicConfig { partitions: 1, compacted: false };
    let names: Vec<(Topic, Arc<str>)> = Topic::ALL.map(|topic| (topic, config.own_topic(topic.name()).into())).to_vec();
    let dead: Arc<str> = config.own_topic("dead-letters").into();
    let topics: Arc<[Arc<str>]> = config.source_topics().map(|(topic, _)| topic.into()).collect();
    for name in names.iter().map(|(_, name)| name).chain([&dead]).chain(topics.iter()) {
        broker.create(name, plain);
    }
    let shards = i32::from(config.application.shards);
    broker.create(&config.own_topic("changelog"), TopicConfig { partitions: shards, compacted: true });
    broker.create(&config.own_topic("exchange"), TopicConfig { partitions: shards, compacted: false });
    let mut tail = broker.tail(&names.iter().map(|(_, name)| name.clone()).chain([dead.clone()]).collect::<Vec<_>>());
    // A reader that never reads on: lost offsets can then be read again from the first record.
    let _keeper = broker.tail(&topics);
    let read_until = Moment(end.0 - HAD_FOR.0);
    broker.set_now(if plan.clock_moves { BEGIN } else { read_until });

    let mut player = Player {
        history,
        broker: broker.clone(),
        engine: None,
        topics,
        epoch_records: plan.epoch_records,
        settles_late: plan.settles_late,
    };
    player.start()?;
    let mut arrived: Vec<Option<Moment>> = vec![None; history.len()];
    let mut from: usize = 0;
    for (number, size) in plan.slices.iter().copied().chain([usize::MAX]).enumerate() {
        let to = from.saturating_add(size).min(plan.arrival.len());
        player.produce(&plan.arrival[from..to]);
        for &index in &plan.arrival[from..to] {
            arrived[index].get_or_insert(broker.now());
        }
        from = to;
        if let Some(what) = plan.breaks.get(&number) {
            player.break_off(*what)?;
        }
        player.rest()?;
        if plan.clock_moves {
            let share = (read_until - BEGIN).0 / (plan.slices.len() as i64 + 1) * (number as i64 + 1);
            broker.set_now(Moment(BEGIN.0 + share));
        }
    }
    broker.set_now(read_until);
    player.rest()?;
    let at_once = plan.slices == [history.len()] && !plan.clock_moves && plan.breaks.is_empty();
    let mut seen = Seen { at_once, arrived, ..Seen::default() };
    seen.read(&names, &dead, tail.poll());
    broker.set_now(end);
    player.rest()?;
    // The reference model knows which mails are due once all has been read, not which become due as time passes.
    let no_mails: Vec<_> = names.iter().filter(|(topic, _)| *topic != Topic::Notifications).cloned().collect();
    seen.read(&no_mails, &dead, tail.poll());
    // A restart says nothing.
    player.start()?;
    player.rest()?;
    let more = tail.poll();
    if let Some(first) = more.first() {
        let before = String::from_utf8_lossy(first.key.as_deref().unwrap_or_default()).into_owned();
        let before = seen.statements.iter().find(|((topic, key), _)| first.topic.ends_with(topic.name()) && *key == before);
        let after = String::from_utf8_lossy(first.value.as_deref().unwrap_or_default());
        seen.faults
            .push(format!("a restart at the end, without a new record, says more to {}:\n  {after}\n  before: {before:?}", first.topic));
    }
    seen.read(&names, &dead, more);
    seen.check_ledgers();
    Ok(seen)
}

impl Seen {
    fn read(&mut self, names: &[(Topic, Arc<str>)], dead: &Arc<str>, records: Vec<waybill::engine::memory::Delivered>) {
        for record in records {
            if record.topic == *dead {
                self.faults.push(format!("a dead letter: {}", record.header("waybill-error").unwrap_or_default()));
                continue;
            }
            let Some((topic, _)) = names.iter().find(|(_, name)| *name == record.topic) else { continue };
            self.events += 1;
            let id = record.header("id").unwrap_or_default().to_owned();
            if id.is_empty() || !self.ids.insert(id.clone()) {
                self.faults.push(format!("the id {id:?} stands twice"));
            }
            let key = String::from_utf8_lossy(record.key.as_deref().unwrap_or_default()).into_owned();
            let mut body: Option<Json> = record.value.as_deref().map(|value| serde_json::from_slice(value).expect("a body is JSON"));
            if let Some(body) = &mut body {
                let told = body.as_object_mut().and_then(|fields| fields.remove("id"));
                if told.as_ref().and_then(Json::as_str) != Some(&id) {
                    self.faults.push(format!("id {id} in the header, {told:?} in the body"));
                }
            }
            match (topic.is_statement(), body) {
                (true, Some(body)) => {
                    self.statements.insert((*topic, key), body);
                }
                (true, None) => {
                    self.statements.remove(&(*topic, key));
                }
                (false, Some(body)) => {
                    let ledger = body["ledger_key"].as_str().unwrap_or_default().to_owned();
                    self.ledgers.entry((*topic, ledger)).or_default().push(body);
                }
                (false, None) => self.faults.push(format!("a request without a body: {id}")),
            }
        }
    }

    /// Steps from 1 without gaps; totals that are the sum of the differences; nothing once twice.
    fn check_ledgers(&mut self) {
        let mut faults = Vec::new();
        for ((topic, key), steps) in &self.ledgers {
            for (place, body) in steps.iter().enumerate() {
                if body["step"].as_u64() != Some(place as u64 + 1) {
                    faults.push(format!("{topic:?} steps: {key} step {} stands at place {}", body["step"], place + 1));
                }
            }
            if *topic == Topic::Notifications && steps.len() > 1 {
                faults.push(format!("{topic:?} twice: {key} the same mail {} times", steps.len()));
            }
            let creates = steps.iter().filter(|body| body["action"] == "create").count();
            if *topic == Topic::SalesOrders && creates > 1 {
                faults.push(format!("{topic:?} created twice: {key} {creates} times"));
            }
            faults.extend(running_totals(*topic, key, steps));
        }
        self.faults.append(&mut faults);
    }
}

/// A line's total in a step is its total in the step before plus the step's difference.
fn running_totals(topic: Topic, key: &str, steps: &[Json]) -> Vec<String> {
    let difference = match topic {
        Topic::FulfilmentRequests => "difference",
        Topic::DespatchNotices => "quantity",
        _ => return Vec::new(),
    };
    let mut faults = Vec::new();
    let mut totals: BTreeMap<String, f64> = BTreeMap::new();
    let number = |json: &Json| json.as_str().and_then(|text| text.parse::<f64>().ok()).unwrap_or(f64::NAN);
    for body in steps {
        for line in body["lines"].as_array().into_iter().flatten() {
            let name = line["line"].as_str().unwrap_or_default().to_owned();
            let before = totals.insert(name.clone(), number(&line["total"])).unwrap_or(0.0);
            let after = before + number(&line[difference]);
            // What a receiver has come to know by itself is in a notice's total, and in no difference.
            let known = topic == Topic::DespatchNotices && number(&line["total"]) > after;
            if (after - number(&line["total"])).abs() > 1e-9 && !known {
                faults.push(format!(
                    "{topic:?} totals do not add up: {key} line {name} from {before} by {} to {}",
                    line[difference], line["total"]
                ));
            }
        }
    }
    faults
}
