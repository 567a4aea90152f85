//! Single records of any topic, when a person asks for them: at their places, or all since a moment. It joins no group and commits nothing.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use rdkafka::message::{BorrowedMessage, Message};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use super::headers;
use super::settings::KafkaSettings;
use crate::envelope::{RawRecord, RecordPlace};
use crate::facts::Moment;

const ASK_TIMEOUT: Duration = Duration::from_secs(5);
const POLL: Duration = Duration::from_millis(200);
/// How long the records of one partition may take; a search through a topic.
const PARTITION_TIME: Duration = Duration::from_secs(15);
const SEARCH_TIME: Duration = Duration::from_secs(60);
/// Records between two that are wanted are read over up to so many; beyond that reading begins anew.
const GAP_MAX: i64 = 2_000;

fn raw(message: &BorrowedMessage<'_>) -> RawRecord {
    RawRecord {
        key: message.key().map(<[u8]>::to_vec),
        value: message.payload().map(<[u8]>::to_vec),
        headers: headers::of(message).map(|(name, value)| (name.to_vec(), value.map(<[u8]>::to_vec))).collect(),
        timestamp: Moment(message.timestamp().to_millis().unwrap_or_default()),
    }
}

/// The committed records at these places, in their order; `None`: the topic does not keep it any more, or is not there.
///
/// # Errors
/// The brokers do not answer.
pub fn at_places(settings: &KafkaSettings, places: &[RecordPlace]) -> Result<Vec<Option<RawRecord>>, KafkaError> {
    let consumer: BaseConsumer = settings.sampler().create()?;
    let mut wanted: BTreeMap<(&str, i32), Vec<i64>> = BTreeMap::new();
    places.iter().for_each(|place| wanted.entry((place.topic.as_str(), place.partition)).or_default().push(place.offset));
    let mut found = BTreeMap::new();
    for ((topic, partition), mut offsets) in wanted {
        offsets.sort_unstable();
        offsets.dedup();
        of_partition(&consumer, topic, partition, &offsets, &mut |offset, record| _ = found.insert((topic, partition, offset), record))?;
    }
    Ok(places.iter().map(|place| found.get(&(place.topic.as_str(), place.partition, place.offset)).cloned()).collect())
}

/// Reads these offsets of a partition, in order.
fn of_partition(
    consumer: &BaseConsumer,
    topic: &str,
    partition: i32,
    offsets: &[i64],
    take: &mut dyn FnMut(i64, RawRecord),
) -> Result<(), KafkaError> {
    let (low, high) = match consumer.fetch_watermarks(topic, partition, ASK_TIMEOUT) {
        Ok(ends) => ends,
        Err(error) if is_not_there(&error) => return Ok(()),
        Err(error) => return Err(error),
    };
    let mut wanted = offsets.iter().copied().filter(|offset| (low..high).contains(offset)).peekable();
    let begin = |offset: i64| {
        let mut from = TopicPartitionList::new();
        from.add_partition_offset(topic, partition, Offset::Offset(offset))?;
        consumer.assign(&from)
    };
    let Some(first) = wanted.peek().copied() else { return Ok(()) };
    begin(first)?;
    let begun = Instant::now();
    while begun.elapsed() < PARTITION_TIME {
        let at = match consumer.poll(POLL) {
            Some(Ok(message)) => {
                if wanted.peek() == Some(&message.offset()) {
                    take(message.offset(), raw(&message));
                }
                message.offset()
            }
            Some(Err(KafkaError::PartitionEOF(_))) => break,
            Some(Err(error)) if error.rdkafka_error_code() == Some(Code::AutoOffsetReset) => break,
            Some(Err(error)) => return Err(error),
            None => continue,
        };
        while wanted.next_if(|offset| *offset <= at).is_some() {}
        match wanted.peek().copied() {
            None => break,
            Some(next) if next > at + GAP_MAX => begin(next)?,
            Some(_) => {}
        }
    }
    consumer.unassign()
}

fn is_not_there(error: &KafkaError) -> bool {
    matches!(error.rdkafka_error_code(), Some(Code::UnknownTopicOrPartition | Code::UnknownTopic | Code::UnknownPartition))
}

/// Gives the committed records of a topic that were written since a moment, partition by partition, until `take` says that it has enough.
///
/// # Errors
/// The topic does not exist, or the brokers do not answer in time.
pub fn since(settings: &KafkaSettings, topic: &str, moment: Moment, take: &mut dyn FnMut(RawRecord) -> bool) -> Result<(), KafkaError> {
    let consumer: BaseConsumer = settings.sampler().create()?;
    let metadata = consumer.fetch_metadata(Some(topic), ASK_TIMEOUT)?;
    let partitions = metadata.topics().first().map_or(0, |found| found.partitions().len()) as i32;
    if partitions == 0 {
        return Err(KafkaError::MetadataFetch(Code::UnknownTopicOrPartition));
    }
    let begun = Instant::now();
    for partition in 0..partitions {
        let mut from = TopicPartitionList::new();
        from.add_partition_offset(topic, partition, Offset::Offset(moment.0.max(0)))?;
        let found = consumer.offsets_for_times(from, ASK_TIMEOUT)?;
        // Nothing was written since: its end.
        let Some(Offset::Offset(first)) = found.find_partition(topic, partition).map(|found| found.offset()) else { continue };
        let mut from = TopicPartitionList::new();
        from.add_partition_offset(topic, partition, Offset::Offset(first))?;
        consumer.assign(&from)?;
        loop {
            match consumer.poll(POLL) {
                Some(Ok(message)) if !take(raw(&message)) => return Ok(()),
                Some(Ok(_)) | None => {}
                Some(Err(KafkaError::PartitionEOF(_))) => break,
                Some(Err(error)) => return Err(error),
            }
            if begun.elapsed() > SEARCH_TIME {
                return Err(KafkaError::MetadataFetch(Code::OperationTimedOut));
            }
        }
    }
    Ok(())
}
