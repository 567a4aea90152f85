//! The only seam to the outside: a log of topics with transactions. Two implementations: `kafka` (librdkafka), and an in-memory log.

use std::sync::Arc;
use std::time::Duration;

use crate::envelope::Batch;
use crate::facts::Moment;

/// How much one epoch may read.
#[derive(Clone, Debug)]
pub struct Limits {
    pub records_max: usize,
    pub bytes_max: usize,
    /// An epoch closes so long after its first record came, full or not: latency on one side, cost of a transaction on the other.
    pub linger: Duration,
    /// With nothing to read, an empty batch is handed over when the clock reaches this moment: a view changes by the clock alone.
    pub timer_at: Option<Moment>,
}

/// What `next_batch` found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// The batch holds records, or is empty because `timer_at` has come.
    Batch,
    /// Nothing is handed over before the transaction that is under way is settled: its outcome is there, or decides what is read next.
    Settle,
    /// Asked to end (SIGTERM): finish, commit nothing more.
    Closed,
}

/// A record to be written.
#[derive(Clone, Debug, PartialEq)]
pub struct OutRecord {
    pub topic: Arc<str>,
    /// `None`: Java's partitioner (murmur2) by key.
    pub partition: Option<i32>,
    pub key: Option<Vec<u8>>,
    /// `None` is a tombstone.
    pub value: Option<Vec<u8>>,
    pub headers: Vec<(&'static str, Vec<u8>)>,
}

impl OutRecord {
    /// Bytes of key, value and headers.
    pub fn bytes(&self) -> usize {
        let headers: usize = self.headers.iter().map(|(name, value)| name.len() + value.len() + 8).sum();
        self.key.as_ref().map_or(0, Vec::len) + self.value.as_ref().map_or(0, Vec::len) + headers
    }
}

/// A position to commit, or committed: the next offset to read of a partition, with at most 4 KiB of text kept beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offset {
    pub topic: Arc<str>,
    pub partition: i32,
    /// `None`: nothing was ever committed.
    pub next: Option<i64>,
    pub metadata: String,
}

/// All that an epoch writes: all or nothing.
#[derive(Clone, Debug, Default)]
pub struct Transaction {
    pub records: Vec<OutRecord>,
    pub offsets: Vec<Offset>,
}

/// What became of a transaction. An *unknown* result never gets out of the log: it finds out, or ends the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommitOutcome {
    Committed,
    /// Nothing of it is visible, and the positions are back at the committed offsets: drop the epoch, its records come again.
    NotCommitted,
}

/// Why the log can't go on. Each says what to do.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// Another process has this slot, or the broker gave it up: exit with a code of its own, never start a new producer.
    #[error("{0}")]
    Fenced(String),
    /// An offset out of range, a topic made anew, an authorisation error: nothing is skipped silently.
    #[error("{0}")]
    Stop(String),
    /// State and offsets do not belong together.
    #[error("{0}")]
    Restore(String),
}

/// The log of topics that Waybill reads and writes.
///
/// Given: records of a partition in order, each at least once until its offset is committed; only committed records of others.
/// Owed: transactions are atomic, for records and offsets together; `CommitOutcome` is the truth.
#[allow(async_fn_in_trait)] // One engine drives one log on one thread: its futures need not be `Send`.
pub trait Log {
    /// The source topics, in the order of `Record::topic_index`.
    fn topics(&self) -> Arc<[Arc<str>]>;

    /// The committed position of each partition of the source topics and of the exchange topic, stable (no open transaction of ours pending on it).
    async fn committed(&mut self) -> Result<Vec<Offset>, LogError>;

    /// Reads one partition of the changelog, committed records only, from its beginning up to the end that it had when asked
    /// (the end of all records, also of open transactions that are then waited for).
    async fn changelog(&mut self, partition: i32, each: &mut dyn FnMut(&[u8], Option<&[u8]>)) -> Result<(), LogError>;

    /// Sets where reading begins; a partition with `next: None` is read from its earliest record.
    async fn start(&mut self, from: &[Offset]) -> Result<(), LogError>;

    /// Waits for records and fills `batch` (cleared first; `batch.clock` is set) with what one epoch may read.
    ///
    /// Partitions are read in step: of those that have records behind their positions always the one whose next is the oldest by its timestamp,
    /// so that a first start on topics that hold months reads them as they were written. A promise of effort, not of order: timestamps are the
    /// writers' own, and a partition that has nothing to give holds the others back for a moment at most.
    async fn next_batch(&mut self, limits: &Limits, batch: &mut Batch) -> Result<Next, LogError>;

    /// Hands over a transaction: all of it is committed, or nothing. `Some`: it is settled at once. `None`: it is under way, reading goes on
    /// meanwhile, and `settled` gives the outcome; no other may be handed over before.
    async fn submit(&mut self, transaction: Transaction) -> Result<Option<CommitOutcome>, LogError>;

    /// Waits for the outcome of the transaction under way.
    async fn settled(&mut self) -> Result<CommitOutcome, LogError>;

    /// Commits all of it or nothing, and waits for the outcome.
    async fn commit(&mut self, transaction: Transaction) -> Result<CommitOutcome, LogError> {
        match self.submit(transaction).await? {
            Some(outcome) => Ok(outcome),
            None => self.settled().await,
        }
    }
}
