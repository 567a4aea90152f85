//! librdkafka alone: a consumer, a transactional producer, one loop.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::{Header, Message, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use rdkafka::{Offset, TopicPartitionList};
use waybill::cli::broker;
use waybill::config::Config;
use waybill::engine::log::OutRecord;
use waybill::kafka::KafkaSettings;

use crate::{Args, Done, Output};

const ASK: Duration = Duration::from_secs(20);

/// What a transaction read: the next offset of each partition.
type Ends<'a> = BTreeMap<(&'a str, i32), i64>;

pub fn run(args: &Args, config: &Config, input: usize, output: &Output) -> Done {
    let settings = broker::settings(config);
    let (consumer, producer) = (consumer(&settings), producer(&settings));
    producer.init_transactions(ASK).unwrap();
    let mut topics: HashMap<&str, String> = HashMap::new();
    for record in &output.records {
        topics.entry(&record.topic).or_insert_with(|| output.topic(record, config));
    }
    let ratio = output.records.len() as f64 / output.read as f64;
    let (mut done, mut begun) = (Done::default(), None::<Instant>);
    let joining = Instant::now();
    while done.read < input && begun.is_none_or(|begun| begun.elapsed() < Duration::from_secs(args.seconds)) {
        producer.begin_transaction().unwrap();
        let (until, mut ends) = (Instant::now() + args.linger(), Ends::new());
        while done.read < input && Instant::now() < until {
            let Some(message) = consumer.poll(until.saturating_duration_since(Instant::now())) else { continue };
            let message = message.unwrap();
            // The first record is waited for: joining the group is not what is measured.
            begun.get_or_insert_with(Instant::now);
            done.read += 1;
            while done.written < (done.read as f64 * ratio) as usize {
                let record = &output.records[done.written % output.records.len()];
                done.written += 1;
                done.bytes += record.bytes();
                send(&producer, &topics[&*record.topic], record);
            }
            let topic = settings.source_topics.iter().find(|topic| ***topic == *message.topic()).unwrap();
            ends.insert((topic, message.partition()), message.offset() + 1);
        }
        let committing = Instant::now();
        commit(&consumer, &producer, &settings, &ends, done.transactions);
        let Some(begun) = begun else {
            assert!(joining.elapsed() < ASK * 3, "no records");
            continue;
        };
        done.committing += committing.elapsed();
        done.transactions += 1;
        done.took = begun.elapsed();
    }
    done
}

fn send(producer: &BaseProducer, topic: &str, record: &OutRecord) {
    let mut out = BaseRecord::<[u8], [u8]>::to(topic);
    (out.partition, out.key, out.payload) = (record.partition, record.key.as_deref(), record.value.as_deref());
    if !record.headers.is_empty() {
        let headers = OwnedHeaders::new_with_capacity(record.headers.len());
        let add = |headers: OwnedHeaders, (key, value): &(&'static str, Vec<u8>)| headers.insert(Header { key, value: Some(value) });
        out.headers = Some(record.headers.iter().fold(headers, add));
    }
    while let Err((_, back)) = producer.send(out) {
        producer.poll(Duration::from_millis(1));
        out = back;
    }
}

/// The offsets of what was read, and those of the shards with their epochs' numbers.
fn commit(consumer: &BaseConsumer, producer: &BaseProducer, settings: &KafkaSettings, ends: &Ends<'_>, number: usize) {
    if !ends.is_empty() {
        let mut list = TopicPartitionList::new();
        for ((topic, partition), end) in ends {
            list.add_partition_offset(topic, *partition, Offset::Offset(*end)).unwrap();
        }
        for assigned in consumer.assignment().unwrap().elements_for_topic(&settings.exchange_topic) {
            let mut element = list.add_partition(&settings.exchange_topic, assigned.partition());
            element.set_offset(Offset::Offset(0)).unwrap();
            element.set_metadata(number.to_string());
        }
        producer.send_offsets_to_transaction(&list, &consumer.group_metadata().unwrap(), ASK).unwrap();
    }
    // Asleep, as Waybill's own writer: a poll of a millisecond is a busy loop in the binding.
    while producer.in_flight_count() > 0 {
        std::thread::sleep(Duration::from_millis(1));
        producer.poll(Duration::ZERO);
    }
    producer.commit_transaction(ASK).unwrap();
}

fn consumer(settings: &KafkaSettings) -> BaseConsumer {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", &settings.bootstrap).set("group.id", &settings.application_id);
    config.set("isolation.level", "read_committed").set("auto.offset.reset", "earliest").set("enable.auto.commit", "false");
    config.set("check.crcs", "true").set("fetch.queue.backoff.ms", "5");
    let consumer: BaseConsumer = config.create().unwrap();
    let topics: Vec<&str> = settings.source_topics.iter().chain([&settings.exchange_topic]).map(|topic| &**topic).collect();
    consumer.subscribe(&topics).unwrap();
    consumer
}

fn producer(settings: &KafkaSettings) -> BaseProducer {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", &settings.bootstrap).set("transactional.id", settings.instance());
    config.set("compression.type", "lz4").set("partitioner", "murmur2_random").set("linger.ms", "2").set("retry.backoff.ms", "10");
    config.set("queue.buffering.max.messages", "2000000").set("queue.buffering.max.kbytes", "2097151");
    config.set("delivery.report.only.error", "true");
    config.create().unwrap()
}
