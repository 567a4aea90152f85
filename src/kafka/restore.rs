//! Reads one partition of the changelog, committed records only, up to the end that it has when asked.
//!
//! The end is that of *all* records. While a transaction is open (a dead predecessor's, until the broker aborts it), a reader of committed records
//! sees an earlier end, and would miss an epoch that is committed and not yet marked. So the restorer first waits until the committed records reach
//! that end, at most for the transaction timeout. Then it reads, and the end that librdkafka reports is final.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use rdkafka::consumer::Consumer;
use rdkafka::error::KafkaError;
use rdkafka::message::Message;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use tokio::sync::mpsc;

use super::clients::PlainConsumer;
use super::fault::{Fault, ReadError, while_reading};
use super::prober::Prober;
use super::shared::Shared;
use crate::engine::log::LogError;
use crate::envelope::Batch;
use crate::facts::Moment;

const ASK_TIMEOUT: Duration = Duration::from_secs(5);
const LOOK_EVERY: Duration = Duration::from_millis(20);
const POLL: Duration = Duration::from_millis(200);
/// Records go to the engine in chunks of this size; a few are on the way at a time.
const CHUNK_RECORDS: usize = 8_192;
const CHUNK_BYTES: usize = 2 << 20;
const CHUNKS_WAITING: usize = 4;

/// Reads changelog partitions, one after the other.
pub(super) struct Restorer {
    shared: Arc<Shared>,
    prober: Prober,
    consumer: Arc<PlainConsumer>,
}

impl Restorer {
    pub(super) fn new(shared: Arc<Shared>, prober: Prober, consumer: PlainConsumer) -> Self {
        Self { shared, prober, consumer: Arc::new(consumer) }
    }

    /// Starts reading in a thread of its own. The chunks come through the channel, which closes at the end.
    pub(super) fn read(self: Arc<Self>, partition: i32) -> std::io::Result<mpsc::Receiver<Result<Batch, LogError>>> {
        let (send, receive) = mpsc::channel(CHUNKS_WAITING);
        thread::Builder::new().name(format!("waybill-restore-{partition}")).spawn(move || {
            if let Err(error) = self.read_all(partition, &send) {
                let _ = send.blocking_send(Err(error));
            }
        })?;
        Ok(receive)
    }

    fn read_all(&self, partition: i32, send: &mpsc::Sender<Result<Batch, LogError>>) -> Result<(), LogError> {
        let topic = &*self.shared.settings.changelog_topic;
        let ends = self.prober.ends_of(topic, partition)?;
        if ends.low >= ends.high {
            return Ok(());
        }
        self.wait_until_stable(partition, ends.high)?;
        let mut from = TopicPartitionList::new();
        from.add_partition_offset(topic, partition, Offset::Beginning).map_err(|error| unreadable(topic, partition, &error.to_string()))?;
        self.consumer.assign(&from).map_err(|error| unreadable(topic, partition, &error.to_string()))?;
        let read = self.chunks(partition, send);
        self.consumer.unassign().map_err(|error| unreadable(topic, partition, &error.to_string()))?;
        read
    }

    /// Waits until the committed records reach the end: then no transaction is open below it.
    fn wait_until_stable(&self, partition: i32, end: i64) -> Result<(), LogError> {
        let topic = &*self.shared.settings.changelog_topic;
        let limit = self.shared.settings.timeouts.transaction + ASK_TIMEOUT;
        let begun = Instant::now();
        loop {
            let ask = || self.consumer.fetch_watermarks(topic, partition, ASK_TIMEOUT);
            let (_, stable) = self.prober.until_answered(topic, ask)?;
            if stable >= end {
                return Ok(());
            }
            if begun.elapsed() > limit {
                return Err(LogError::Restore(format!(
                    "{topic}[{partition}]: a transaction has been open for more than {} s (committed records reach offset {stable}, the end is \
                     {end}). Find and abort it (kafka-transactions find-hanging, then abort), and start again",
                    limit.as_secs()
                )));
            }
            self.shared.health.doing("waiting for an open transaction on the changelog");
            thread::sleep(LOOK_EVERY);
        }
    }

    fn chunks(&self, partition: i32, send: &mpsc::Sender<Result<Batch, LogError>>) -> Result<(), LogError> {
        let topics: Arc<[Arc<str>]> = Arc::from([Arc::clone(&self.shared.settings.changelog_topic)]);
        let fresh = || Batch::new(Arc::clone(&topics), Moment::default());
        let mut chunk = fresh();
        loop {
            match self.consumer.poll(POLL) {
                Some(Ok(message)) if message.partition() == partition => {
                    chunk.push(0, partition, message.offset(), Moment::default(), message.key(), message.payload(), std::iter::empty());
                }
                Some(Err(KafkaError::PartitionEOF(at))) if at == partition => {
                    let _ = send.blocking_send(Ok(chunk));
                    return Ok(());
                }
                Some(Err(error)) => self.check(partition, &error)?,
                Some(Ok(_)) | None => {}
            }
            if self.shared.is_ending() {
                return Err(LogError::Closed("asked to end while the state was being restored".into()));
            }
            if (chunk.len() >= CHUNK_RECORDS || chunk.bytes() >= CHUNK_BYTES)
                && send.blocking_send(Ok(std::mem::replace(&mut chunk, fresh()))).is_err()
            {
                // The engine has ended and wants no more.
                return Ok(());
            }
        }
    }

    fn check(&self, partition: i32, error: &KafkaError) -> Result<(), LogError> {
        let Some(code) = error.rdkafka_error_code() else { return Ok(()) };
        let detail = format!("{}[{partition}]: {error}", self.shared.settings.changelog_topic);
        match while_reading(code, &detail) {
            ReadError::Passes => Ok(()),
            ReadError::Renew(detail) => Err(Fault::client_failed(&detail).into()),
            ReadError::Fault(fault) => Err(fault.into()),
        }
    }
}

fn unreadable(topic: &str, partition: i32, detail: &str) -> LogError {
    LogError::Restore(format!("the changelog {topic}[{partition}] can't be read: {detail}. Start again"))
}
