//! What the threads share: the batch that is being filled, how far each partition is read, and which partitions this instance owns.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use super::fault::Fault;
use super::health::KafkaHealth;
use super::settings::KafkaSettings;
use crate::engine::log::Limits;
use crate::envelope::Batch;
use crate::facts::Moment;
use crate::telemetry::say;

/// A partition of a topic that the group subscribes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Partition {
    /// The topic's place among those subscribed: sources, then the exchange.
    pub topic: u16,
    pub number: i32,
}

/// Committed offsets, each with the text beside it.
pub(super) type Committed = BTreeMap<Partition, (Option<i64>, String)>;

/// Wakes the reader: librdkafka's threads ring it when a queue has got something to read.
#[derive(Default)]
pub(super) struct Bell {
    rung: Mutex<bool>,
    ring: Condvar,
}

impl Bell {
    pub(super) fn ring(&self) {
        *self.rung.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.ring.notify_one();
    }

    /// Waits until it is rung; returns at once if it was rung since the last wait.
    pub(super) fn wait(&self, time: Duration) {
        let rung = self.rung.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.ring.wait_timeout_while(rung, time, |rung| !*rung);
        *waited.unwrap_or_else(PoisonError::into_inner).0 = false;
    }
}

/// What the threads share. The state is behind a lock that is held for moments only.
pub(super) struct Shared {
    pub settings: KafkaSettings,
    /// Sources, then the exchange.
    pub topics: Arc<[Arc<str>]>,
    pub health: Arc<KafkaHealth>,
    state: Mutex<State>,
    /// The reader waits here for something to read.
    pub bell: Arc<Bell>,
    /// The reader waits here for room in the batch.
    pub room: Condvar,
    /// `next_batch` waits here for records.
    pub ready: Notify,
    /// Ends of partitions that the client's statistics have shown and the reader has not looked at.
    ends: Mutex<Vec<(Partition, i64)>>,
    /// This process's name, which no other has: its mark in Kafka ([`super::mark`]).
    pub process: String,
}

/// The state of the log between its threads.
pub(super) struct State {
    /// The next batch.
    pub filling: Batch,
    /// When the first record of `filling` was read.
    pub first_at: Option<Instant>,
    /// `None`: reading has not begun.
    pub limits: Option<Limits>,
    /// Why reading has stopped for good.
    pub fault: Option<Fault>,
    /// Asked to end: `next_batch` hands over nothing more.
    pub closed: bool,
    /// The threads must end.
    pub ending: bool,
    /// All partitions are assigned and their positions checked: what is read from now on counts.
    pub started: bool,
    /// The group's consumer has subscribed: so must one that takes its place.
    pub subscribed: bool,
    /// The number of the consumer whose callbacks count. One that was replaced still has partitions revoked while it closes.
    pub consumer: u64,
    /// Partitions that the group has assigned to this instance.
    pub owned: BTreeSet<Partition>,
    /// When the group has last assigned partitions.
    pub assigned_at: Option<Instant>,
    /// The group has assigned partitions of topics that are not subscribed to: it has given back an older assignment.
    pub foreign: bool,
    /// Raised whenever partitions were revoked, or an epoch was not committed: records read before it must not be committed any more.
    pub generation: u64,
    /// The generation of the batch that was handed over last.
    pub handed: u64,
    /// Where reading begins again after an epoch that was not committed. Empty before the start.
    pub base: Positions,
    /// How far each partition is read: the lowest offset that may come next.
    pub next: Positions,
    /// Where it is known that nothing but transactions' markers stands between `next` and here.
    pub read_to: Positions,
    /// Asks the reader to go back to `base`.
    pub go_back: bool,
    /// Source topics that are not there yet, by their place among those subscribed.
    pub absent: BTreeSet<u16>,
    /// A topic has appeared: asks the reader to subscribe to it too.
    pub subscribe: bool,
    /// The consumer knows its group's coordinator and talks to it, by its statistics.
    pub coordinated: bool,
    /// Since when brokers answer, and the consumer is not in its group, or does not have all its partitions.
    pub left_out_since: Option<Instant>,
    /// Asks the reader to replace the consumer, and why.
    pub renew: Option<String>,
}

impl Shared {
    pub(super) fn new(settings: KafkaSettings, topics: Arc<[Arc<str>]>, health: Arc<KafkaHealth>) -> Self {
        let filling = Batch::new(Arc::clone(&settings.source_topics), Moment::default());
        let state = State {
            filling,
            first_at: None,
            limits: None,
            fault: None,
            closed: false,
            ending: false,
            started: false,
            subscribed: false,
            consumer: 0,
            owned: BTreeSet::new(),
            assigned_at: None,
            foreign: false,
            generation: 0,
            handed: 0,
            base: Positions::default(),
            next: Positions::default(),
            read_to: Positions::default(),
            go_back: false,
            absent: BTreeSet::new(),
            subscribe: false,
            coordinated: true,
            left_out_since: None,
            renew: None,
        };
        let process = format!("{:016x}", RandomState::new().hash_one(std::process::id()));
        Self {
            settings,
            topics,
            health,
            state: Mutex::new(state),
            bell: Arc::default(),
            room: Condvar::new(),
            ready: Notify::new(),
            ends: Mutex::default(),
            process,
        }
    }

    pub(super) fn set_ends(&self, ends: Vec<(Partition, i64)>) {
        *self.ends.lock().unwrap_or_else(PoisonError::into_inner) = ends;
    }

    /// The ends that were noted since the last call.
    pub(super) fn take_ends(&self) -> Vec<(Partition, i64)> {
        std::mem::take(&mut *self.ends.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The state; a thread that panicked while it held it leaves it whole enough to end in order.
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A topic's place among those subscribed.
    pub(super) fn topic_index(&self, topic: &str) -> Option<u16> {
        self.topics.iter().position(|name| &**name == topic).and_then(|place| u16::try_from(place).ok())
    }

    /// The topics that are there: what the group subscribes to.
    pub(super) fn present(&self) -> Vec<&str> {
        let state = self.lock();
        let there =
            self.topics.iter().enumerate().filter(|(index, _)| !u16::try_from(*index).is_ok_and(|index| state.absent.contains(&index)));
        there.map(|(_, topic)| &**topic).collect()
    }

    /// Notes which source topics are not there yet.
    pub(super) fn set_absent(&self, absent: BTreeSet<u16>) {
        let names = absent.iter().filter_map(|index| self.topics.get(usize::from(*index))).map(ToString::to_string).collect();
        self.lock().absent = absent;
        self.health.absent(names);
    }

    /// The name of the partition's topic.
    pub(super) fn topic(&self, partition: Partition) -> &Arc<str> {
        &self.topics[usize::from(partition.topic)]
    }

    /// `topic[number]`: how errors name a partition.
    pub(super) fn name(&self, partition: Partition) -> String {
        format!("{}[{}]", self.topic(partition), partition.number)
    }

    /// Stops the log for good: keeps the first fault, which the next call of the engine returns.
    pub(super) fn fail(&self, fault: Fault) {
        say::reading_stopped(fault.sentence());
        self.lock().fault.get_or_insert(fault);
        self.ready.notify_one();
    }

    /// Why the log has stopped, if it has.
    pub(super) fn fault(&self) -> Option<Fault> {
        self.lock().fault.clone()
    }

    pub(super) fn is_ending(&self) -> bool {
        let state = self.lock();
        state.ending || state.closed
    }

    /// The body of a thread. If it ends while the log goes on, by a panic or however, the log stops: half a log would stand there and look alive.
    pub(super) fn guarded(&self, name: &'static str, body: impl FnOnce()) {
        let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(body));
        let ending = self.lock().ending;
        if ended.is_err() || !ending {
            self.fail(Fault::Restart(format!("the thread {name} has ended. A new process goes on from what was committed")));
        }
    }
}

impl State {
    /// The batch may hold no more.
    pub(super) fn is_full(&self) -> bool {
        match &self.limits {
            None => true,
            Some(limits) => self.filling.len() >= limits.records_max || self.filling.bytes() >= limits.bytes_max,
        }
    }

    /// All partitions that are read are assigned to this instance.
    pub(super) fn is_whole(&self) -> bool {
        self.base.iter().all(|(partition, _)| self.owned.contains(&partition))
    }

    /// How far a partition is read, and how far that is committed: behind the markers that follow, where they are known.
    pub(super) fn read_to_of(&self, partition: Partition) -> Option<(i64, i64)> {
        let (next, base) = (self.next.get(partition)?, self.base.get(partition).unwrap_or(0));
        let read_to = self.read_to.get(partition).unwrap_or(next).max(next);
        Some((read_to, if base >= next { read_to.max(base) } else { base }))
    }

    /// Partitions that are read and committed up to their last record, where markers follow: up to where.
    pub(super) fn behind_markers(&self) -> Vec<(Partition, i64)> {
        if self.go_back {
            return Vec::new();
        }
        let behind = self.read_to.iter().filter(|(partition, read_to)| {
            let base = self.base.get(*partition).unwrap_or(0);
            self.owned.contains(partition) && self.next.get(*partition).is_some_and(|next| next <= base) && *read_to > base
        });
        behind.collect()
    }

    /// Drops what was read and not handed over.
    fn forget_read(&mut self) {
        let clock = self.filling.clock;
        self.filling.clear(clock);
        self.first_at = None;
        self.next = self.base.clone();
        self.read_to = Positions::default();
    }

    /// What was read until now, handed over or not, must not be committed any more. The reader goes back to the committed positions; nobody waits for
    /// it: what is in the batch after that was read from there.
    pub(super) fn read_again(&mut self) {
        self.generation += 1;
        self.forget_read();
        self.go_back = true;
    }

    /// The group assigns a partition. Gives where it is read from; `None`: it is new, and read from its earliest record.
    pub(super) fn assign(&mut self, partition: Partition) -> Option<i64> {
        self.owned.insert(partition);
        self.base.get(partition)
    }

    /// The group takes partitions away. A commit that is under way is not waited for: Kafka lets no offsets of a member's older generation into a
    /// transaction, so it fails, or was there before the group went on.
    pub(super) fn revoke(&mut self, partitions: impl IntoIterator<Item = Partition>) {
        for partition in partitions {
            self.owned.remove(&partition);
        }
        self.read_again();
    }

    /// An epoch that was read in this generation may still be committed.
    pub(super) fn may_commit<'p>(&self, generation: u64, partitions: impl IntoIterator<Item = &'p Partition>) -> bool {
        self.generation == generation && partitions.into_iter().all(|partition| self.owned.contains(partition))
    }

    /// An epoch that was read in this generation is committed. If the group was rebalanced meanwhile, reading began again before its end.
    pub(super) fn committed(&mut self, generation: u64, offsets: impl IntoIterator<Item = (Partition, i64)>) {
        for (partition, next) in offsets {
            self.base.set(partition, next);
        }
        if self.generation != generation {
            self.read_again();
        }
    }

    /// Records were read that are not committed.
    pub(super) fn has_uncommitted(&self) -> bool {
        self.go_back || self.next.iter().any(|(partition, next)| self.base.get(partition).is_none_or(|base| next > base))
    }

    /// Where reading begins again, and the generation for which that holds.
    pub(super) fn targets(&self) -> (u64, Vec<(Partition, Option<i64>)>) {
        (self.generation, self.owned.iter().map(|partition| (*partition, self.base.get(*partition))).collect())
    }

    /// The reader is back where it was asked to be, unless it was asked again meanwhile.
    pub(super) fn is_back(&mut self, generation: u64) {
        self.go_back &= self.generation != generation;
    }
}

/// One offset for each partition, found by index, for it is looked up with every record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Positions(Vec<Vec<i64>>);

impl Positions {
    pub(super) fn get(&self, Partition { topic, number }: Partition) -> Option<i64> {
        let partition = usize::try_from(number).ok()?;
        self.0.get(usize::from(topic))?.get(partition).copied().filter(|offset| *offset >= 0)
    }

    pub(super) fn set(&mut self, Partition { topic, number }: Partition, offset: i64) {
        let (topic, Ok(partition)) = (usize::from(topic), usize::try_from(number)) else { return };
        if self.0.len() <= topic {
            self.0.resize_with(topic + 1, Vec::new);
        }
        let offsets = &mut self.0[topic];
        if offsets.len() <= partition {
            offsets.resize(partition + 1, -1);
        }
        offsets[partition] = offset;
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (Partition, i64)> + '_ {
        self.0.iter().enumerate().flat_map(|(topic, offsets)| {
            let known = offsets.iter().enumerate().filter(|(_, offset)| **offset >= 0);
            known.map(move |(number, offset)| (Partition { topic: topic as u16, number: number as i32 }, *offset))
        })
    }
}
