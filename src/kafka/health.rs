//! The state of the connection to Kafka, for `/readyz`: written by the log's threads, read by anyone.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use serde::Serialize;

use super::gate::RecordGate;
use super::refusal::Refusal;
use crate::telemetry::say;

/// Records wait, and nothing of any partition was read or committed for so long: reading stands still.
const STUCK_AFTER: Duration = Duration::from_secs(60);
/// Records were read, and nothing was committed for so long. An epoch takes a tenth of a second, the largest some seconds.
const STALLED_AFTER: Duration = Duration::from_secs(10);
/// A partition's committed records end before its last one for so long: some transaction is not ended. Connectors end theirs within a minute.
const HELD_AFTER: Duration = Duration::from_secs(30);
/// An outage that is shorter is not said to be over.
const WORTH_SAYING: Duration = Duration::from_secs(2);
/// The same error of the client, or the same cause, is said once in this time.
const SAY_EVERY: Duration = Duration::from_secs(30);

/// The state of the connection to Kafka, shared between the log and `/readyz`.
#[derive(Debug, Default)]
pub struct KafkaHealth {
    inner: Mutex<Inner>,
    gate: OnceLock<Arc<dyn RecordGate>>,
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
    clock_doubt: Option<String>,
    partitions: BTreeMap<(String, i32), Progress>,
    /// Something was read of any partition, or committed.
    moved_at: Option<Instant>,
    /// Since when records that were read wait for their commit.
    uncommitted_since: Option<Instant>,
    /// When something was committed last.
    committed_at: Option<Instant>,
    /// Why the last epoch was not committed; `None` after a commit.
    cause: Option<Refusal>,
    not_committed: BTreeMap<&'static str, u64>,
    /// What the log waits for that is not a broker: in a sentence.
    waits_for: Option<String>,
    /// Errors by code: when each was said last, and how often it came since.
    said: BTreeMap<i64, (Instant, u64)>,
}

#[derive(Clone, Debug)]
struct Progress {
    position: i64,
    committed: i64,
    end: i64,
    /// The end of committed records, and since when reading stands there although the partition goes on.
    held: Option<(i64, Instant)>,
}

/// What `/readyz` shows.
#[derive(Clone, Debug, Serialize)]
pub struct HealthReport {
    /// Brokers answer, all partitions are assigned, and what is read is committed.
    pub ready: bool,
    /// What stands in the way, in a sentence; `None`: nothing, or brokers that do not answer.
    pub waits_for: Option<String>,
    /// For how long nothing was committed although records wait; 0: none waits.
    pub uncommitted_seconds: u64,
    /// Epochs that were not committed, by cause.
    pub not_committed: Vec<(&'static str, u64)>,
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
    /// Why the clock is not believed: nothing is committed meanwhile.
    pub clock_doubt: Option<String>,
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
    /// The next offset that is not committed.
    pub committed: i64,
    /// Records from the committed position to the end. Markers of transactions count only while records stand before them.
    pub lag: i64,
    /// A transaction of its writer is not ended: the offset that committed records reach, and for how many seconds.
    pub held: Option<(i64, u64)>,
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
        let lag = partitions.iter().any(|partition| partition.held.is_none() && partition.lag > 0);
        let gated = || self.gate.get().and_then(|gate| gate.waits_for());
        let waits_for =
            inner.waits_for.clone().or_else(gated).or_else(|| inner.unassigned()).or_else(|| inner.stalled()).or_else(|| inner.stuck(lag));
        HealthReport {
            ready: inner.brokers_down_since.is_none() && assigned && waits_for.is_none(),
            waits_for,
            uncommitted_seconds: inner.uncommitted().map_or(0, |time| time.as_secs()),
            not_committed: inner.not_committed.iter().map(|(label, count)| (*label, *count)).collect(),
            doing: inner.doing,
            brokers_down_seconds: inner.brokers_down_since.map(|since| since.elapsed().as_secs()),
            last_error: inner.last_error.clone(),
            partitions_assigned: inner.assigned,
            partitions_expected: inner.expected,
            reached: inner.reached,
            topics_absent: inner.absent.clone(),
            clock_doubt: inner.clock_doubt.clone(),
            partitions,
        }
    }

    /// What may hold records back: asked for each report.
    pub(super) fn gated_by(&self, gate: &Arc<dyn RecordGate>) {
        // Said once, when the log is opened.
        let _ = self.gate.set(Arc::clone(gate));
    }

    pub(super) fn doing(&self, what: &'static str) {
        self.lock().doing = what;
    }

    /// What the log waits for, in a sentence; `None`: it waits no more.
    pub(super) fn waits_for(&self, what: Option<String>) {
        self.lock().waits_for = what;
    }

    /// Why the clock is not believed, if it is not.
    pub(super) fn doubts_clock(&self, doubt: Option<String>) {
        self.lock().clock_doubt = doubt;
    }

    pub(super) fn error(&self, text: &str) {
        self.lock().last_error = Some(text.to_owned());
    }

    pub(super) fn last_error(&self) -> Option<String> {
        self.lock().last_error.clone()
    }

    pub(super) fn brokers_down(&self) {
        let mut inner = self.lock();
        inner.brokers_down_since.get_or_insert_with(Instant::now);
    }

    pub(super) fn brokers_answer(&self) {
        let was_down = {
            let mut inner = self.lock();
            inner.reached = true;
            inner.brokers_down_since.take()
        };
        // While a broker starts, clients come back one by one.
        if let Some(time) = was_down.map(|since| since.elapsed()).filter(|time| *time >= WORTH_SAYING) {
            say::brokers_answer_again(time);
        }
    }

    /// Source topics that are not there yet.
    pub(super) fn absent(&self, topics: Vec<String>) {
        self.lock().absent = Some(topics);
    }

    pub(super) fn brokers_are_down(&self) -> bool {
        self.lock().brokers_down_since.is_some()
    }

    pub(super) fn assigned(&self, assigned: usize, expected: usize) {
        let mut inner = self.lock();
        (inner.assigned, inner.expected) = (assigned, expected);
    }

    /// Whether this error may be said now, and how often it came since it was said last. The same one again and again would fill the disk.
    pub(super) fn may_say(&self, code: i64) -> Option<u64> {
        let mut inner = self.lock();
        let now = Instant::now();
        match inner.said.get_mut(&code) {
            Some((at, repeated)) if now.duration_since(*at) < SAY_EVERY => {
                *repeated += 1;
                None
            }
            known => {
                let repeated = known.map_or(0, |(_, repeated)| *repeated);
                inner.said.insert(code, (now, 0));
                Some(repeated)
            }
        }
    }

    /// Records were read: from now on they wait for their commit.
    pub(super) fn records_wait(&self) {
        let mut inner = self.lock();
        inner.uncommitted_since.get_or_insert_with(Instant::now);
        inner.moved_at = Some(Instant::now());
    }

    /// An epoch is committed; whether records that were read meanwhile still wait.
    pub(super) fn committed(&self, more_wait: bool) {
        let mut inner = self.lock();
        let now = Instant::now();
        inner.uncommitted_since = more_wait.then_some(now);
        (inner.committed_at, inner.moved_at, inner.cause) = (Some(now), Some(now), None);
    }

    /// All that was read is committed, unless an epoch failed that no record caused.
    pub(super) fn all_committed(&self) {
        let mut inner = self.lock();
        if inner.cause.is_none() {
            inner.uncommitted_since = None;
        }
    }

    /// An epoch was not committed. True: it is to be said, since the cause is new or was last said long ago.
    pub(super) fn not_committed(&self, cause: Refusal) -> bool {
        let mut inner = self.lock();
        *inner.not_committed.entry(cause.label).or_default() += 1;
        inner.uncommitted_since.get_or_insert_with(Instant::now);
        let is_new = inner.cause.as_ref().is_none_or(|known| known.label != cause.label);
        inner.cause = Some(cause);
        drop(inner);
        // Places among the codes of Kafka's errors, none of which is so low.
        self.may_say(i64::MIN).is_some() || is_new
    }

    /// How far a partition is read and committed, and its end; `stable`: where its committed records end, if reading stands before the end.
    pub(super) fn progress(&self, topic: &str, partition: i32, [position, committed, end]: [i64; 3], stable: Option<i64>) {
        let now = Instant::now();
        let mut inner = self.lock();
        let known = inner.partitions.entry((topic.to_owned(), partition)).or_insert(Progress { position, committed, end, held: None });
        let moved = known.position != position;
        (known.position, known.committed, known.end) = (position, committed, end);
        known.held = match (stable, known.held) {
            (Some(stable), Some((at, since))) if stable < end && at == stable => Some((at, since)),
            (Some(stable), _) if stable < end => Some((stable, now)),
            _ => None,
        };
        if moved || inner.moved_at.is_none() {
            inner.moved_at = Some(now);
        }
    }
}

impl Inner {
    fn uncommitted(&self) -> Option<Duration> {
        Some(self.uncommitted_since?.elapsed())
    }

    /// Nothing is read while another member of the group has some of the partitions, or while the group is rebalanced.
    fn unassigned(&self) -> Option<String> {
        let missing = self.expected.saturating_sub(self.assigned);
        (missing > 0).then(|| format!("the group has not assigned {missing} of {} partitions to this process yet", self.expected))
    }

    /// Nothing could be committed for longer than a few epochs, although records wait.
    fn stalled(&self) -> Option<String> {
        let time = self.uncommitted().filter(|time| *time >= STALLED_AFTER)?;
        let cause = self.cause.as_ref().map_or("the epoch is still being computed or written", |cause| &cause.sentence);
        Some(format!("nothing could be committed for {} s although records wait: {cause}", time.as_secs()))
    }

    /// Records wait, and none of any partition is read.
    fn stuck(&self, lag: bool) -> Option<String> {
        let time = self.moved_at.filter(|_| lag)?.elapsed();
        (time >= STUCK_AFTER)
            .then(|| format!("nothing was read for {} s although records wait: the Kafka client brings none", time.as_secs()))
    }
}

impl Progress {
    fn report(&self, topic: &str, partition: i32) -> PartitionReport {
        let held = self.held.filter(|(at, since)| self.position >= *at && since.elapsed() >= HELD_AFTER);
        PartitionReport {
            topic: topic.to_owned(),
            partition,
            position: self.position,
            end: self.end,
            committed: self.committed,
            lag: (self.end - self.committed).max(0),
            held: held.map(|(at, since)| (at, since.elapsed().as_secs())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_committed_shows_with_its_cause_and_a_commit_ends_it() {
        let health = KafkaHealth::default();
        health.assigned(1, 1);
        health.records_wait();
        assert!(health.report().ready, "a commit takes a moment");
        let cause = || Refusal::new("clock", "the clocks differ");
        assert!(health.not_committed(cause()), "said at once");
        assert!(!health.not_committed(cause()), "and not again and again");
        health.lock().uncommitted_since = Instant::now().checked_sub(STALLED_AFTER);
        let report = health.report();
        assert!(!report.ready && report.waits_for.as_deref().is_some_and(|why| why.contains("the clocks differ")), "{report:?}");
        assert_eq!((report.uncommitted_seconds, report.not_committed), (10, vec![("clock", 2)]));
        health.committed(false);
        let report = health.report();
        assert!(report.ready && report.waits_for.is_none() && report.uncommitted_seconds == 0, "{report:?}");
    }

    #[test]
    fn the_lag_counts_from_what_is_committed_and_a_held_partition_is_named() {
        let health = KafkaHealth::default();
        health.assigned(1, 1);
        health.progress("orders", 0, [9, 5, 9], None);
        assert_eq!(health.report().partitions[0].lag, 4);
        health.progress("orders", 0, [9, 9, 12], Some(9));
        assert_eq!(health.report().partitions[0].held, None, "a transaction takes its time");
        health.lock().partitions.values_mut().for_each(|progress| progress.held = Instant::now().checked_sub(HELD_AFTER).map(|at| (9, at)));
        health.progress("orders", 0, [9, 9, 12], Some(9));
        let report = health.report();
        assert_eq!((report.partitions[0].held, report.ready), (Some((9, 30)), true), "the other partitions go on");
    }
}
