//! The engine's only way to the outside: a log of topics with transactions. It has two implementations, `kafka` (librdkafka) and
//! [`super::memory`].

use std::sync::Arc;
use std::time::Duration;

use crate::envelope::Batch;
use crate::facts::Moment;

/// How much one epoch may read.
#[derive(Clone, Debug)]
pub struct Limits {
    /// The most records.
    pub records_max: usize,
    /// The most bytes of keys, values and headers.
    pub bytes_max: usize,
    /// An epoch closes so long after its first record was read, full or not. Longer: more latency. Shorter: more transactions.
    pub linger: Duration,
    /// When the next timer is due: at this moment a batch is handed over even if it is empty.
    pub timer_at: Option<Moment>,
    /// The state's last tick: no batch is handed over while the clock is minutes behind it ([`super::clock`]).
    pub tick: Moment,
}

/// What `next_batch` found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// The batch holds records, or is empty because a timer is due.
    Batch,
    /// Settle the transaction that is under way first: its outcome is known, or decides what is read next.
    Settle,
    /// The log is asked to end (SIGTERM): commit nothing more.
    Closed,
}

/// A record to be written.
#[derive(Clone, Debug, PartialEq)]
pub struct OutRecord {
    /// The topic's name.
    pub topic: Arc<str>,
    /// `None`: the key's partition by Java's partitioner (murmur2).
    pub partition: Option<i32>,
    /// The key's bytes.
    pub key: Option<Vec<u8>>,
    /// The value's bytes; `None`: a tombstone.
    pub value: Option<Vec<u8>>,
    /// Names and values, in order.
    pub headers: Vec<(&'static str, Vec<u8>)>,
}

impl OutRecord {
    /// Bytes of key, value and headers.
    pub fn bytes(&self) -> usize {
        let headers: usize = self.headers.iter().map(|(name, value)| name.len() + value.len() + 8).sum();
        self.key.as_ref().map_or(0, Vec::len) + self.value.as_ref().map_or(0, Vec::len) + headers
    }
}

/// A position to commit, or committed: the next offset to read of a partition, with a text beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offset {
    /// The topic's name.
    pub topic: Arc<str>,
    /// The partition's number.
    pub partition: i32,
    /// `None`: nothing was ever committed.
    pub next: Option<i64>,
    /// At most 4 KiB, which a restore reads back.
    pub metadata: String,
}

/// Stands beside an offset of which nothing is to be said. What Waybill commits has always a text beside it: what has none, another program has set.
pub const NOTHING_BESIDE: &str = "-";

/// Everything that an epoch writes. It is committed as a whole, or not at all.
#[derive(Clone, Debug, Default)]
pub struct Transaction {
    /// Events, state and dead letters.
    pub records: Vec<OutRecord>,
    /// How far the epoch has read, and the epochs' numbers beside the exchange's offsets.
    pub offsets: Vec<Offset>,
}

/// What became of a transaction. An *unknown* result never leaves the log: the log finds it out, or ends the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommitOutcome {
    /// All of it is visible.
    Committed,
    /// Nothing of it is visible, and reading is back at the committed offsets: drop the epoch; its records come again.
    NotCommitted,
}

/// Why the log can't go on. The sentence says what happened, where, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// Another process uses this slot: there is proof of it. This one must end and never make a new producer.
    #[error("{0}")]
    Fenced(String),
    /// An offset out of range, a topic that was recreated, access refused: an operator must look. No record is skipped.
    #[error("{0}")]
    Stop(String),
    /// State and offsets do not belong together.
    #[error("{0}")]
    Restore(String),
    /// This process can't go on, and a new one can: it goes on from what was committed.
    #[error("{0}")]
    Restart(String),
    /// The log was asked to end before it had begun, or while brokers did not answer. Nothing is wrong.
    #[error("{0}")]
    Closed(String),
}

/// The log of topics that Waybill reads and writes.
///
/// What an implementation owes:
/// - `next_batch` gives the records of a partition in order, each at least once until its offset is committed, and of other writers' transactions
///   only committed records.
/// - A transaction is atomic, records and offsets together, and its [`CommitOutcome`] is the truth.
///
/// One epoch by hand, on the log in memory:
///
/// ```
/// use std::sync::Arc;
/// use std::time::Duration;
///
/// use waybill::engine::memory::{Broker, MemoryLog, TopicConfig};
/// use waybill::engine::{CommitOutcome, Limits, Log, LogError, Offset, OutRecord, Transaction};
/// use waybill::envelope::Batch;
/// use waybill::facts::Moment;
///
/// fn record(topic: &str, value: &str) -> OutRecord {
///     OutRecord { topic: topic.into(), partition: None, key: Some(b"1001".to_vec()), value: Some(value.into()), headers: vec![] }
/// }
///
/// async fn one_epoch() -> Result<(), LogError> {
///     let broker = Broker::new();
///     for topic in ["orders", "statements", "exchange", "changelog"] {
///         broker.create(topic, TopicConfig { partitions: 1, compacted: false });
///     }
///     broker.produce(record("orders", "placed"), Moment(0));
///
///     let mut log = MemoryLog::open(&broker, "example", Arc::from([Arc::from("orders")]), "exchange".into(), "changelog".into());
///     let committed = log.committed().await?;
///     log.start(&committed).await?;
///
///     let limits = Limits { records_max: 100, bytes_max: 1 << 20, linger: Duration::ZERO, timer_at: None, tick: Moment(0) };
///     let mut batch = Batch::new(log.topics(), Moment(0));
///     log.next_batch(&limits, &mut batch).await?;
///     assert_eq!(batch.iter().map(|record| record.value).collect::<Vec<_>>(), [Some(&b"placed"[..])]);
///
///     // What follows from the records and how far they are read: both are committed, or neither.
///     let mut statements = broker.tail(&["statements".into()]);
///     let read = Offset { topic: "orders".into(), partition: 0, next: Some(1), metadata: String::new() };
///     let epoch = Transaction { records: vec![record("statements", "order 1001 is placed")], offsets: vec![read] };
///     assert_eq!(log.commit(epoch).await?, CommitOutcome::Committed);
///     assert_eq!(statements.poll().len(), 1);
///     assert_eq!(broker.committed("example", "orders")[0].next, Some(1));
///     Ok(())
/// }
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(one_epoch()).unwrap();
/// ```
#[allow(async_fn_in_trait)] // One engine drives one log on one thread: its futures need not be `Send`.
pub trait Log {
    /// The source topics, in the order of `Record::topic_index`.
    fn topics(&self) -> Arc<[Arc<str>]>;

    /// The committed position of each partition of the source topics and of the exchange, once no open transaction of ours changes it.
    async fn committed(&mut self) -> Result<Vec<Offset>, LogError>;

    /// Reads one partition of the changelog, committed records only, from its beginning up to the end that it had when asked. If there are open
    /// transactions below that end, it waits until they are over.
    async fn changelog(&mut self, partition: i32, each: &mut dyn FnMut(&[u8], Option<&[u8]>)) -> Result<(), LogError>;

    /// The offsets that a partition holds now: of its earliest record, and the one after its last.
    async fn holds(&mut self, topic: &str, partition: i32) -> Result<std::ops::Range<i64>, LogError>;

    /// Sets where reading begins. A partition with `next: None` is read from its earliest record.
    async fn start(&mut self, from: &[Offset]) -> Result<(), LogError>;

    /// Waits for records and fills `batch` (cleared first; `batch.clock` is set) with what one epoch may read.
    ///
    /// Partitions are read in step ([`super::in_step`]): always the one whose next record has the oldest timestamp, so that a first start on topics
    /// that hold months reads them as they were written. Do not rely on this order: timestamps are the writers' own, and the others wait for a slow
    /// partition only for a moment.
    async fn next_batch(&mut self, limits: &Limits, batch: &mut Batch) -> Result<Next, LogError>;

    /// Hands over a transaction. `Some`: it is settled already. `None`: it is under way and reading goes on; `settled` gives the outcome. No other
    /// transaction may be handed over before that.
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
