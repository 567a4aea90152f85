//! The newest records of a topic, for `waybill check`: it looks at what the systems really write before anything is started.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use rdkafka::message::Message;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use super::headers;
use super::settings::KafkaSettings;
use crate::envelope::Batch;
use crate::facts::Moment;

const ASK_TIMEOUT: Duration = Duration::from_secs(5);
const POLL: Duration = Duration::from_millis(200);

/// About so many of the topic's newest committed records, from all of its partitions; fewer where they do not come in time. It joins no group and
/// commits nothing.
///
/// # Errors
/// The topic does not exist, or the brokers do not answer.
pub fn newest(settings: &KafkaSettings, topic: &Arc<str>, records: usize, time: Duration) -> Result<Batch, KafkaError> {
    let consumer: BaseConsumer = settings.sampler().create()?;
    let metadata = consumer.fetch_metadata(Some(topic), ASK_TIMEOUT)?;
    let partitions = metadata.topics().first().map_or(0, |found| found.partitions().len());
    if partitions == 0 {
        return Err(KafkaError::MetadataFetch(Code::UnknownTopicOrPartition));
    }
    let of_each = records.div_ceil(partitions) as i64;
    let (mut from, mut unread) = (TopicPartitionList::new(), BTreeSet::new());
    for partition in 0..partitions as i32 {
        let (low, high) = consumer.fetch_watermarks(topic, partition, ASK_TIMEOUT)?;
        if high > low {
            from.add_partition_offset(topic, partition, Offset::Offset(low.max(high - of_each)))?;
            unread.insert(partition);
        }
    }
    let mut batch = Batch::new(Arc::from([Arc::clone(topic)]), Moment::default());
    if unread.is_empty() {
        return Ok(batch);
    }
    consumer.assign(&from)?;
    let begun = Instant::now();
    while !unread.is_empty() && begun.elapsed() < time && batch.len() < records {
        match consumer.poll(POLL) {
            Some(Ok(message)) => {
                let timestamp = Moment(message.timestamp().to_millis().unwrap_or_default());
                batch.push(0, message.partition(), message.offset(), timestamp, message.key(), message.payload(), headers::of(&message));
            }
            Some(Err(KafkaError::PartitionEOF(partition))) => _ = unread.remove(&partition),
            Some(Err(error)) => return Err(error),
            None => {}
        }
    }
    Ok(batch)
}
