//! Small clients for the simulated systems around Waybill on a real Kafka: create topics, produce records, read what is committed.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::{ClientContext, DefaultClientContext};
use rdkafka::config::{ClientConfig, RDKafkaLogLevel};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use rdkafka::message::{BorrowedMessage, Header, Message, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, DeliveryResult, Producer, ProducerContext};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use super::headers;
use super::rebalance::log_line;
use super::serve::{CountsServed, Served, serve_producer};

const ASK_TIMEOUT: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(5);

/// Creates the topics that do not exist yet. They keep their records for ever, because records may have old timestamps.
pub async fn create_topics(
    bootstrap: &str,
    client: &BTreeMap<String, String>,
    names: &[String],
    partitions: i32,
) -> Result<(), KafkaError> {
    let admin: AdminClient<DefaultClientContext> = base(bootstrap, client).create()?;
    let options = AdminOptions::new().request_timeout(Some(ASK_TIMEOUT)).operation_timeout(Some(ASK_TIMEOUT));
    let new = |name| NewTopic::new(name, partitions, TopicReplication::Fixed(-1)).set("retention.ms", "-1");
    let new: Vec<_> = names.iter().map(|name| new(name)).collect();
    for result in admin.create_topics(&new, &options).await? {
        match result {
            Ok(_) | Err((_, Code::TopicAlreadyExists)) => {}
            Err((_, code)) => return Err(KafkaError::AdminOp(code)),
        }
    }
    Ok(())
}

/// True: all of these topics exist.
pub fn all_exist(bootstrap: &str, client: &BTreeMap<String, String>, names: &[&str]) -> Result<bool, KafkaError> {
    let consumer: BaseConsumer = base(bootstrap, client).create()?;
    // A question without a name creates no topic.
    let metadata = consumer.fetch_metadata(None, ASK_TIMEOUT)?;
    Ok(names.iter().all(|name| metadata.topics().iter().any(|topic| topic.name() == *name && !topic.partitions().is_empty())))
}

/// The first of these topics that has records; topics that do not exist have none.
pub fn first_with_records(bootstrap: &str, client: &BTreeMap<String, String>, names: &[String]) -> Result<Option<String>, KafkaError> {
    let consumer: BaseConsumer = base(bootstrap, client).create()?;
    // A question without a name creates no topic.
    let metadata = consumer.fetch_metadata(None, ASK_TIMEOUT)?;
    for topic in metadata.topics().iter().filter(|topic| names.iter().any(|name| name == topic.name())) {
        for partition in topic.partitions() {
            let (low, high) = consumer.fetch_watermarks(topic.name(), partition.id(), ASK_TIMEOUT)?;
            if high > low {
                return Ok(Some(topic.name().to_owned()));
            }
        }
    }
    Ok(None)
}

/// Writes records as the systems' connectors do: idempotent, Java's partitioner, no transactions.
pub struct PlainProducer {
    producer: BaseProducer<Deliveries>,
}

/// Keeps the first record that could not be delivered.
#[derive(Default)]
struct Deliveries {
    failed: Mutex<Option<KafkaError>>,
    served: Served,
}

impl ClientContext for Deliveries {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, text: &str) {
        self.served.note();
        log_line(level, facility, text);
    }

    // Brokers that are away: whoever waits for the record gets its error.
    fn error(&self, _: KafkaError, _: &str) {
        self.served.note();
    }
}

impl CountsServed for Deliveries {
    fn served(&self) -> &Served {
        &self.served
    }
}

impl ProducerContext for Deliveries {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        self.served.note();
        if let Err((error, _)) = result {
            self.failed.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_with(|| error.clone());
        }
    }
}

/// A record that was read. Records of a partition come in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TailRecord {
    /// The topic's name.
    pub topic: Arc<str>,
    /// The partition's number.
    pub partition: i32,
    /// Its place in the partition.
    pub offset: i64,
    /// Milliseconds since 1970.
    pub timestamp_ms: i64,
    /// The key's bytes.
    pub key: Option<Vec<u8>>,
    /// The value's bytes; `None`: a tombstone.
    pub value: Option<Vec<u8>>,
    /// Names and values, in order.
    pub headers: Vec<(String, Vec<u8>)>,
}

impl PlainProducer {
    /// A producer for the brokers at `bootstrap`, with further client properties.
    pub fn new(bootstrap: &str, client: &BTreeMap<String, String>) -> Result<Self, KafkaError> {
        let mut config = base(bootstrap, client);
        config.set("enable.idempotence", "true").set("acks", "all").set("partitioner", "murmur2_random");
        config.set("linger.ms", "2").set("compression.type", "lz4").set("delivery.report.only.error", "true");
        Ok(Self { producer: config.create_with_context(Deliveries::default())? })
    }

    /// Serves delivery reports; an error if a record was lost.
    pub fn poll(&self) -> Result<(), KafkaError> {
        serve_producer(&self.producer);
        match &*self.producer.context().failed.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(error) => Err(error.clone()),
            None => Ok(()),
        }
    }

    /// Hands a record over; it is sent in the background. `timestamp_ms`: `None` is the producer's clock.
    pub fn send(
        &self,
        topic: &str,
        key: Option<&[u8]>,
        value: Option<&[u8]>,
        headers: &[(&str, &[u8])],
        timestamp_ms: Option<i64>,
    ) -> Result<(), KafkaError> {
        let mut record = BaseRecord::<[u8], [u8]>::to(topic);
        (record.key, record.payload, record.timestamp) = (key, value, timestamp_ms);
        if !headers.is_empty() {
            let add = |all: OwnedHeaders, (key, value): &(&str, &[u8])| all.insert(Header { key, value: Some(*value) });
            record.headers = Some(headers.iter().fold(OwnedHeaders::new_with_capacity(headers.len()), add));
        }
        loop {
            match self.producer.send(record) {
                Ok(()) => return Ok(()),
                Err((KafkaError::MessageProduction(Code::QueueFull), back)) => record = back,
                Err((error, _)) => return Err(error),
            }
            self.producer.poll(POLL);
        }
    }

    /// Waits until all records are delivered; an error if one of all that were sent was lost.
    pub fn flush(&self, limit: Duration) -> Result<(), KafkaError> {
        let begun = std::time::Instant::now();
        while self.producer.in_flight_count() > 0 {
            if begun.elapsed() > limit {
                return Err(KafkaError::Flush(Code::OperationTimedOut));
            }
            super::clients::pause(&self.producer);
        }
        self.poll()
    }
}

/// Reads topics from their beginning as they grow, committed records only. It belongs to no group and commits nothing.
pub struct TailReader {
    consumer: BaseConsumer,
    topics: Vec<Arc<str>>,
}

impl TailReader {
    /// All partitions that the topics have now.
    pub fn new(bootstrap: &str, client: &BTreeMap<String, String>, topics: &[&str]) -> Result<Self, KafkaError> {
        let mut config = base(bootstrap, client);
        // librdkafka wants the name of a group; it is never joined.
        config.set("group.id", "waybill-tail").set("enable.auto.commit", "false").set("enable.auto.offset.store", "false");
        config.set("isolation.level", "read_committed").set("auto.offset.reset", "earliest");
        config.set("fetch.wait.max.ms", "50").set("fetch.queue.backoff.ms", "5");
        let consumer: BaseConsumer = config.create()?;
        let mut all = TopicPartitionList::new();
        for topic in topics {
            let metadata = consumer.fetch_metadata(Some(topic), ASK_TIMEOUT)?;
            let partitions = metadata.topics().first().map_or(0, |found| found.partitions().len());
            if partitions == 0 {
                return Err(KafkaError::MetadataFetch(Code::UnknownTopicOrPartition));
            }
            for partition in 0..partitions {
                all.add_partition_offset(topic, partition as i32, Offset::Beginning)?;
            }
        }
        consumer.assign(&all)?;
        Ok(Self { consumer, topics: topics.iter().map(|topic| Arc::from(*topic)).collect() })
    }

    /// Records that have arrived: waits up to `wait` for the first one, and takes what else is there, up to a thousand.
    pub fn poll(&self, wait: Duration) -> Result<Vec<TailRecord>, KafkaError> {
        const TAKE_MAX: usize = 1000;
        let mut records = Vec::new();
        let mut wait = wait;
        while records.len() < TAKE_MAX {
            match self.consumer.poll(wait) {
                None => break,
                Some(Ok(message)) => records.extend(self.record(&message)),
                Some(Err(error)) if passes(&error) => {}
                Some(Err(error)) => return Err(error),
            }
            wait = Duration::ZERO;
        }
        Ok(records)
    }

    fn record(&self, message: &BorrowedMessage<'_>) -> Option<TailRecord> {
        let topic = self.topics.iter().find(|topic| ***topic == *message.topic())?;
        Some(TailRecord {
            topic: Arc::clone(topic),
            partition: message.partition(),
            offset: message.offset(),
            timestamp_ms: message.timestamp().to_millis().unwrap_or_default(),
            key: message.key().map(<[u8]>::to_vec),
            value: message.payload().map(<[u8]>::to_vec),
            headers: headers::of(message)
                .map(|(name, value)| (String::from_utf8_lossy(name).into_owned(), value.unwrap_or_default().to_vec()))
                .collect(),
        })
    }
}

/// Errors after which librdkafka goes on by itself.
fn passes(error: &KafkaError) -> bool {
    matches!(
        error.rdkafka_error_code(),
        Some(
            Code::AllBrokersDown
                | Code::BrokerTransportFailure
                | Code::OperationTimedOut
                | Code::RequestTimedOut
                | Code::LeaderNotAvailable
                | Code::NotLeaderForPartition
        )
    )
}

fn base(bootstrap: &str, client: &BTreeMap<String, String>) -> ClientConfig {
    let mut config = ClientConfig::new();
    for (name, value) in client {
        config.set(name, value);
    }
    config.set("bootstrap.servers", bootstrap).set("socket.nagle.disable", "true");
    config
}
