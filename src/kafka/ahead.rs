//! Records that were fetched of one partition and are not in the next batch yet.
//!
//! Each partition has a queue of its own. So the reader can take from partitions that are behind and leave those that are ahead: when a queue is
//! full, librdkafka stops fetching for it. No partition is paused: pausing would throw away what was fetched.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rdkafka::consumer::base_consumer::PartitionQueue;
use rdkafka::error::KafkaError;
use rdkafka::message::{BorrowedMessage, Message};

use super::gate::RecordGate;
use super::headers;
use super::rebalance::{GroupConsumer, ReaderContext};
use super::shared::{Partition, Shared};
use crate::engine::in_step::PartitionHead;
use crate::envelope::Batch;
use crate::facts::Moment;

/// How much is taken from a partition's queue at once. More: more is copied that must be dropped when reading goes back. Less: the partitions are
/// compared more often.
const RECORDS_MAX: usize = 512;
const BYTES_MAX: usize = 256 << 10;

/// One partition's queue, and what was taken from it and is not in the batch yet.
pub(super) struct Ahead {
    pub partition: Partition,
    queue: PartitionQueue<ReaderContext>,
    batch: Batch,
    /// How many of the batch's records are taken.
    taken: usize,
    head: PartitionHead,
    gate: Option<Arc<dyn RecordGate>>,
    /// The next record may not pass the gate yet.
    held: bool,
}

impl Ahead {
    /// Splits the partition's queue from the consumer's. What was fetched before stands in the consumer's, which must be emptied first.
    pub(super) fn split(shared: &Shared, consumer: &Arc<GroupConsumer>, partition: Partition) -> Option<Self> {
        let mut queue = consumer.split_partition_queue(shared.topic(partition), partition.number)?;
        let bell = Arc::clone(&shared.bell);
        queue.set_nonempty_callback(move || bell.ring());
        let batch = Batch::new(Arc::clone(&shared.topics), Moment::default());
        // Records of the exchange are the engine's own.
        let gate = shared.settings.gate.clone().filter(|_| usize::from(partition.topic) < shared.settings.source_topics.len());
        Some(Self { partition, queue, batch, taken: 0, head: PartitionHead::default(), gate, held: false })
    }

    /// Drops everything: reading has gone back.
    pub(super) fn forget(&mut self) {
        self.batch.clear(Moment::default());
        self.taken = 0;
        self.head = PartitionHead::default();
        self.held = false;
    }

    /// Takes from the queue, once everything that was taken before is in a batch.
    pub(super) fn fill(&mut self) -> Result<(), KafkaError> {
        if self.taken < self.batch.len() {
            if self.held {
                self.look();
            }
            return Ok(());
        }
        self.batch.clear(Moment::default());
        self.taken = 0;
        let mut result = Ok(());
        while self.batch.len() < RECORDS_MAX && self.batch.bytes() < BYTES_MAX {
            match self.queue.poll(Duration::ZERO) {
                None => break,
                Some(Ok(message)) => {
                    self.head.at_end = false;
                    copy(&mut self.batch, self.partition, &message);
                }
                Some(Err(KafkaError::PartitionEOF(_))) => self.head.at_end = true,
                Some(Err(error)) => {
                    result = Err(error);
                    break;
                }
            }
        }
        self.look();
        result
    }

    /// Adds a record that was fetched before the partition had a queue of its own.
    pub(super) fn push(&mut self, message: &BorrowedMessage<'_>) {
        self.head.at_end = false;
        copy(&mut self.batch, self.partition, message);
        self.look();
    }

    /// Nothing that was fetched waits here.
    pub(super) fn is_empty(&self) -> bool {
        self.taken >= self.batch.len()
    }

    /// Notes what is known of the next record. One that may not pass the gate is as if it had not been fetched yet.
    fn look(&mut self) {
        let next = self.batch.at(self.taken).map(|(_, timestamp)| timestamp);
        self.held = next.is_some() && !self.passes();
        self.head.next = next.filter(|_| !self.held);
        self.head.dry_since = match self.head.next {
            Some(_) => None,
            None => self.head.dry_since.or_else(|| Some(Instant::now())),
        };
    }

    fn passes(&self) -> bool {
        let Some(gate) = &self.gate else { return true };
        self.batch.range(self.taken..self.taken + 1).all(|record| gate.may_pass(&record))
    }

    pub(super) fn head(&self) -> PartitionHead {
        self.head
    }

    /// The next record's offset, unless it is newer than `up_to`.
    pub(super) fn next(&self, up_to: Moment) -> Option<i64> {
        let (offset, timestamp) = self.batch.at(self.taken)?;
        (timestamp <= up_to && !self.held).then_some(offset)
    }

    /// Takes the next record, and puts it into a batch if one is given.
    pub(super) fn take(&mut self, to: Option<&mut Batch>) {
        let timestamp = self.batch.at(self.taken).map(|(_, timestamp)| timestamp);
        if let Some(to) = to {
            to.copy_from(&self.batch, self.taken);
        }
        self.taken += 1;
        self.head.reached = self.head.reached.max(timestamp);
        self.look();
    }
}

fn copy(batch: &mut Batch, partition: Partition, message: &BorrowedMessage<'_>) {
    let timestamp = Moment(message.timestamp().to_millis().unwrap_or_default());
    let offset = message.offset();
    batch.push(partition.topic, partition.number, offset, timestamp, message.key(), message.payload(), headers::of(message));
}
