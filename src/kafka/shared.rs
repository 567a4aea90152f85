//! What the threads share: the batch that is being filled, where reading stands, and which partitions are ours.

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

/// A partition: the place of its topic among those subscribed (sources, then the exchange), and its number.
pub(super) type Place = (u16, i32);

/// Rung by librdkafka's threads when a queue is not empty any more.
#[derive(Default)]
pub(super) struct Bell {
    rung: Mutex<bool>,
    heard: Condvar,
}

impl Bell {
    pub(super) fn ring(&self) {
        *self.rung.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.heard.notify_one();
    }

    /// Waits until it is rung, or has been since last waited for.
    pub(super) fn wait(&self, time: Duration) {
        let rung = self.rung.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.heard.wait_timeout_while(rung, time, |rung| !*rung);
        *waited.unwrap_or_else(PoisonError::into_inner).0 = false;
    }
}

pub(super) struct Shared {
    pub settings: KafkaSettings,
    /// Sources, then the exchange.
    pub topics: Arc<[Arc<str>]>,
    pub health: Arc<KafkaHealth>,
    state: Mutex<State>,
    /// Rung when there is something to read.
    pub bell: Arc<Bell>,
    /// The reader waits here for room in the batch.
    pub room: Condvar,
    /// `next_batch` waits here for records.
    pub ready: Notify,
    /// Held while a transaction runs: a revoke waits for it, so that none is cut in the middle by a rebalance.
    pub gate: Mutex<()>,
}

pub(super) struct State {
    pub filling: Batch,
    /// When the first record of `filling` came.
    pub first_at: Option<Instant>,
    /// `None`: reading has not begun.
    pub limits: Option<Limits>,
    pub fault: Option<Fault>,
    pub closed: bool,
    /// The threads are to end.
    pub ending: bool,
    /// All partitions are assigned and their positions checked: what is read from now on counts.
    pub started: bool,
    pub owned: BTreeSet<Place>,
    /// Raised whenever partitions were taken away, or an epoch was not committed: what was read before belongs to no transaction any more.
    pub generation: u64,
    /// The generation that the last batch handed over belongs to.
    pub handed: u64,
    /// Where reading begins again after an epoch that was not committed. Empty before the start.
    pub base: Positions,
    /// Where reading stands: the next offset to come, at least.
    pub next: Positions,
    /// Asks the reader to go back to `base`.
    pub go_back: bool,
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

    pub(super) fn topic_place(&self, topic: &str) -> Option<u16> {
        self.topics.iter().position(|name| &**name == topic).and_then(|place| u16::try_from(place).ok())
    }

    pub(super) fn topic(&self, place: Place) -> &Arc<str> {
        &self.topics[usize::from(place.0)]
    }

    /// Keeps the first fault, and wakes whoever is to tell of it.
    pub(super) fn fail(&self, fault: Fault) {
        tracing::error!(fault = ?fault, "reading from Kafka has stopped");
        self.lock().fault.get_or_insert(fault);
        self.ready.notify_one();
    }

    pub(super) fn is_ending(&self) -> bool {
        let state = self.lock();
        state.ending || state.closed
    }
}

impl State {
    /// No more may be read into the batch.
    pub(super) fn is_full(&self) -> bool {
        match &self.limits {
            None => true,
            Some(limits) => self.filling.len() >= limits.records_max || self.filling.bytes() >= limits.bytes_max,
        }
    }

    /// Forgets what was read and not handed over.
    pub(super) fn forget_read(&mut self) {
        let clock = self.filling.clock;
        self.filling.clear(clock);
        self.first_at = None;
        self.next = self.base.clone();
    }
}

/// One offset for each partition, found by index: it is asked for with every record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Positions(Vec<Vec<i64>>);

impl Positions {
    pub(super) fn get(&self, (topic, partition): Place) -> Option<i64> {
        let partition = usize::try_from(partition).ok()?;
        self.0.get(usize::from(topic))?.get(partition).copied().filter(|offset| *offset >= 0)
    }

    pub(super) fn set(&mut self, (topic, partition): Place, offset: i64) {
        let (topic, Ok(partition)) = (usize::from(topic), usize::try_from(partition)) else { return };
        if self.0.len() <= topic {
            self.0.resize_with(topic + 1, Vec::new);
        }
        let offsets = &mut self.0[topic];
        if offsets.len() <= partition {
            offsets.resize(partition + 1, -1);
        }
        offsets[partition] = offset;
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (Place, i64)> + '_ {
        self.0.iter().enumerate().flat_map(|(topic, offsets)| {
            let known = offsets.iter().enumerate().filter(|(_, offset)| **offset >= 0);
            known.map(move |(partition, offset)| ((topic as u16, partition as i32), *offset))
        })
    }
}
