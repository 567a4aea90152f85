//! What the threads share: the batch that is being filled, how far each partition is read, and which partitions this instance owns.

use std::collections::BTreeSet;
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
    /// Held while a transaction runs: a revoke waits for it, so that none is cut in the middle by a rebalance.
    pub gate: Mutex<()>,
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
    /// Partitions that the group has assigned to this instance.
    pub owned: BTreeSet<Partition>,
    /// Raised whenever partitions were revoked, or an epoch was not committed: records read before it must not be committed any more.
    pub generation: u64,
    /// The generation of the batch that was handed over last.
    pub handed: u64,
    /// Where reading begins again after an epoch that was not committed. Empty before the start.
    pub base: Positions,
    /// How far each partition is read: the lowest offset that may come next.
    pub next: Positions,
    /// Asks the reader to go back to `base`.
    pub go_back: bool,
    /// Source topics that are not there yet, by their place among those subscribed.
    pub absent: BTreeSet<u16>,
    /// A topic has appeared: asks the reader to subscribe to it too.
    pub subscribe: bool,
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
            owned: BTreeSet::new(),
            generation: 0,
            handed: 0,
            base: Positions::default(),
            next: Positions::default(),
            go_back: false,
            absent: BTreeSet::new(),
            subscribe: false,
        };
        Self {
            settings,
            topics,
            health,
            state: Mutex::new(state),
            bell: Arc::default(),
            room: Condvar::new(),
            ready: Notify::new(),
            gate: Mutex::new(()),
        }
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

    pub(super) fn is_ending(&self) -> bool {
        let state = self.lock();
        state.ending || state.closed
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

    /// Drops what was read and not handed over.
    pub(super) fn forget_read(&mut self) {
        let clock = self.filling.clock;
        self.filling.clear(clock);
        self.first_at = None;
        self.next = self.base.clone();
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
