//! The state of the connection to Kafka, for `/readyz`: written by the log's threads, read by anyone.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::telemetry::say;

/// A partition that has records to read, and is not read for so long, is called stuck.
const STUCK_AFTER: Duration = Duration::from_secs(60);

/// The state of the connection to Kafka, shared between the log and `/readyz`.
#[derive(Debug, Default)]
pub struct KafkaHealth {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    doing: &'static str,
    brokers_down_since: Option<Instant>,
    last_error: Option<String>,
    assigned: usize,
    expected: usize,
    /// Brokers have answered since the start.
    reached: bool,
    /// Source topics that are not there yet; `None`: not asked yet.
    absent: Option<Vec<String>>,
    partitions: BTreeMap<(String, i32), Progress>,
}

#[derive(Clone, Debug)]
struct Progress {
    position: i64,
    end: i64,
    moved_at: Instant,
}

/// What `/readyz` shows.
#[derive(Clone, Debug, Serialize)]
pub struct HealthReport {
    /// Brokers answer, all partitions are assigned, and none is stuck.
    pub ready: bool,
    /// What the log does now, in a few words.
    pub doing: &'static str,
    /// For how long no broker has answered, in seconds.
    pub brokers_down_seconds: Option<u64>,
    /// The last error of the Kafka client: places and codes, no record's content.
    pub last_error: Option<String>,
    /// Partitions that the group has assigned to this instance.
    pub partitions_assigned: usize,
    /// All partitions of the topics that are read.
    pub partitions_expected: usize,
    /// Brokers have answered since the start.
    pub reached: bool,
    /// Source topics that are not there yet: each is read once it appears. `None`: not asked yet.
    pub topics_absent: Option<Vec<String>>,
    /// Each partition that is read.
    pub partitions: Vec<PartitionReport>,
}

/// How far one partition is read.
#[derive(Clone, Debug, Serialize)]
pub struct PartitionReport {
    /// The topic's name.
    pub topic: String,
    /// The partition's number.
    pub partition: i32,
    /// The next offset to read.
    pub position: i64,
    /// The partition's end, records of open transactions included.
    pub end: i64,
    /// Records (and markers) from the position to the end.
    pub lag: i64,
    /// There are records to read, and none was read for a minute.
    pub stuck: bool,
}

impl KafkaHealth {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The state as it is now.
    pub fn report(&self) -> HealthReport {
        let inner = self.lock();
        let partitions: Vec<_> = inner.partitions.iter().map(|((topic, partition), progress)| progress.report(topic, *partition)).collect();
        let assigned = inner.assigned >= inner.expected && inner.expected > 0;
        HealthReport {
            ready: inner.brokers_down_since.is_none() && assigned && !partitions.iter().any(|partition| partition.stuck),
            doing: inner.doing,
            brokers_down_seconds: inner.brokers_down_since.map(|since| since.elapsed().as_secs()),
            last_error: inner.last_error.clone(),
            partitions_assigned: inner.assigned,
            partitions_expected: inner.expected,
            reached: inner.reached,
            topics_absent: inner.absent.clone(),
            partitions,
        }
    }

    pub(super) fn doing(&self, what: &'static str) {
        self.lock().doing = what;
    }

    pub(super) fn error(&self, text: &str) {
        self.lock().last_error = Some(text.to_owned());
    }

    pub(super) fn last_error(&self) -> Option<String> {
        self.lock().last_error.clone()
    }

    pub(super) fn brokers_down(&self) {
        self.lock().brokers_down_since.get_or_insert_with(Instant::now);
    }

    pub(super) fn brokers_answer(&self) {
        let was_down = {
            let mut inner = self.lock();
            inner.reached = true;
            inner.brokers_down_since.take()
        };
        if let Some(since) = was_down {
            say::brokers_answer_again(since.elapsed());
        }
    }

    /// Source topics that are not there yet.
    pub(super) fn absent(&self, topics: Vec<String>) {
        self.lock().absent = Some(topics);
    }

    pub(super) fn assigned(&self, assigned: usize, expected: usize) {
        let mut inner = self.lock();
        (inner.assigned, inner.expected) = (assigned, expected);
    }

    pub(super) fn progress(&self, topic: &str, partition: i32, position: i64, end: i64) {
        let now = Instant::now();
        let mut inner = self.lock();
        let known = inner.partitions.entry((topic.to_owned(), partition)).or_insert(Progress { position, end, moved_at: now });
        // Everything is read that was there at the last look: records that came since do not make it stuck.
        if known.position != position || position >= known.end {
            known.moved_at = now;
        }
        (known.position, known.end) = (position, end);
    }
}

impl Progress {
    fn report(&self, topic: &str, partition: i32) -> PartitionReport {
        PartitionReport {
            topic: topic.to_owned(),
            partition,
            position: self.position,
            end: self.end,
            lag: (self.end - self.position).max(0),
            stuck: self.position < self.end && self.moved_at.elapsed() >= STUCK_AFTER,
        }
    }
}
