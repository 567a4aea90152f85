//! What was fetched of one partition and is not in the next batch yet.
//!
//! Each partition has a queue of its own, so that the reader can take from those that are behind and leave those that are ahead, whose
//! fetching librdkafka then rests by itself. Nothing is paused: that would throw away what was fetched.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rdkafka::consumer::base_consumer::PartitionQueue;
use rdkafka::error::KafkaError;
use rdkafka::message::{BorrowedMessage, Headers, Message};

use super::rebalance::{GroupConsumer, ReaderContext};
use super::shared::{Place, Shared};
use crate::engine::in_step::Standing;
use crate::envelope::Batch;
use crate::facts::Moment;

/// Taken from a partition's queue at once. More: more is copied that must be dropped when reading goes back. Less: the partitions are looked over
/// more often.
const RECORDS_MAX: usize = 512;
const BYTES_MAX: usize = 256 << 10;

pub(super) struct Ahead {
    pub place: Place,
    queue: PartitionQueue<ReaderContext>,
    batch: Batch,
    /// How many of the batch's records are taken.
    taken: usize,
    standing: Standing,
}

impl Ahead {
    /// Splits the partition's queue from the consumer's. What was fetched before stands in the consumer's, which must be emptied first.
    pub(super) fn split(shared: &Shared, consumer: &Arc<GroupConsumer>, place: Place) -> Option<Self> {
        let mut queue = consumer.split_partition_queue(shared.topic(place), place.1)?;
        let bell = Arc::clone(&shared.bell);
        queue.set_nonempty_callback(move || bell.ring());
        let batch = Batch::new(Arc::clone(&shared.topics), Moment::default());
        Some(Self { place, queue, batch, taken: 0, standing: Standing::default() })
    }

    /// Nothing is known any more of what comes next: reading has gone back.
    pub(super) fn forget(&mut self) {
        self.batch.clear(Moment::default());
        self.taken = 0;
        self.standing = Standing::default();
    }

    /// Fetches from its queue when all is taken that was fetched before.
    pub(super) fn fill(&mut self) -> Result<(), KafkaError> {
        if self.taken < self.batch.len() {
            return Ok(());
        }
        self.batch.clear(Moment::default());
        self.taken = 0;
        let mut result = Ok(());
        while self.batch.len() < RECORDS_MAX && self.batch.bytes() < BYTES_MAX {
            match self.queue.poll(Duration::ZERO) {
                None => break,
                Some(Ok(message)) => {
                    self.standing.at_end = false;
                    keep(&mut self.batch, self.place, &message);
                }
                Some(Err(KafkaError::PartitionEOF(_))) => self.standing.at_end = true,
                Some(Err(error)) => {
                    result = Err(error);
                    break;
                }
            }
        }
        self.look();
        result
    }

    /// A record that was fetched before the queue was split.
    pub(super) fn push(&mut self, message: &BorrowedMessage<'_>) {
        self.standing.at_end = false;
        keep(&mut self.batch, self.place, message);
        self.look();
    }

    fn look(&mut self) {
        self.standing.next = self.batch.at(self.taken).map(|(_, timestamp)| timestamp);
        self.standing.dry_since = match self.standing.next {
            Some(_) => None,
            None => self.standing.dry_since.or_else(|| Some(Instant::now())),
        };
    }

    pub(super) fn standing(&self) -> Standing {
        self.standing
    }

    /// The next record's offset, unless it is newer than `up_to`.
    pub(super) fn next(&self, up_to: Moment) -> Option<i64> {
        let (offset, timestamp) = self.batch.at(self.taken)?;
        (timestamp <= up_to).then_some(offset)
    }

    /// Takes the next record; `to`: and puts it there.
    pub(super) fn take(&mut self, to: Option<&mut Batch>) {
        let timestamp = self.batch.at(self.taken).map(|(_, timestamp)| timestamp);
        if let Some(to) = to {
            to.copy_from(&self.batch, self.taken);
        }
        self.taken += 1;
        self.standing.reached = self.standing.reached.max(timestamp);
        self.look();
    }
}

fn keep(batch: &mut Batch, place: Place, message: &BorrowedMessage<'_>) {
    let timestamp = Moment(message.timestamp().to_millis().unwrap_or_default());
    let offset = message.offset();
    match message.headers() {
        None => batch.push(place.0, place.1, offset, timestamp, message.key(), message.payload(), std::iter::empty()),
        Some(headers) => {
            let pairs = (0..headers.count()).filter_map(|index| headers.try_get(index));
            let pairs = pairs.map(|header| (header.key, header.value.unwrap_or_default()));
            batch.push(place.0, place.1, offset, timestamp, message.key(), message.payload(), pairs);
        }
    }
}
