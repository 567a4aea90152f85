//! librdkafka alone: a consumer, a transactional producer, one loop.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::Message;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use rdkafka::{Offset, TopicPartitionList};
use waybill::kafka::KafkaSettings;

use crate::{Args, Done};

const ASK: Duration = Duration::from_secs(20);

pub fn run(args: &Args, settings: &KafkaSettings) -> Done {
    let (consumer, producer) = (consumer(args, settings), producer(settings));
    producer.init_transactions(ASK).unwrap();
    let out = format!("{}.out", settings.application_id);
    let value = vec![b'x'; args.out_bytes];
    let (mut done, mut owed) = (Done::default(), 0.0);
    // The first record is waited for: joining the group is not what is measured.
    let first = Instant::now();
    while consumer.poll(Duration::from_millis(100)).is_none() {
        assert!(first.elapsed() < ASK * 3, "no records");
    }
    let begun = Instant::now();
    let mut idle = false;
    while begun.elapsed() < Duration::from_secs(args.seconds) && !idle {
        producer.begin_transaction().unwrap();
        let (until, mut ends) = (Instant::now() + Duration::from_millis(args.commit_ms), BTreeMap::new());
        while Instant::now() < until {
            let Some(message) = consumer.poll(until.saturating_duration_since(Instant::now())) else { continue };
            let message = message.unwrap();
            done.read += 1;
            owed += args.out_per_input;
            while owed >= 1.0 {
                owed -= 1.0;
                done.written += 1;
                send(&producer, &out, message.key().unwrap_or_default(), &value);
            }
            ends.insert((topic(args, message.topic()), message.partition()), message.offset() + 1);
        }
        idle = ends.is_empty();
        let committing = Instant::now();
        commit(&consumer, &producer, &ends);
        done.committing += committing.elapsed();
        done.transactions += 1;
    }
    done.took = begun.elapsed();
    done
}

fn topic<'a>(args: &'a Args, name: &str) -> &'a str {
    args.input.iter().find(|topic| *topic == name).unwrap()
}

fn send(producer: &BaseProducer, topic: &str, key: &[u8], value: &[u8]) {
    let mut record = BaseRecord::<[u8], [u8]>::to(topic).key(key).payload(value);
    while let Err((_, back)) = producer.send(record) {
        producer.poll(Duration::from_millis(1));
        record = back;
    }
}

fn commit(consumer: &BaseConsumer, producer: &BaseProducer, ends: &BTreeMap<(&str, i32), i64>) {
    if !ends.is_empty() {
        let mut list = TopicPartitionList::new();
        for ((topic, partition), end) in ends {
            list.add_partition_offset(topic, *partition, Offset::Offset(*end)).unwrap();
        }
        producer.send_offsets_to_transaction(&list, &consumer.group_metadata().unwrap(), ASK).unwrap();
    }
    while producer.in_flight_count() > 0 {
        producer.poll(Duration::from_millis(1));
    }
    producer.commit_transaction(ASK).unwrap();
}

fn consumer(args: &Args, settings: &KafkaSettings) -> BaseConsumer {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", &settings.bootstrap).set("group.id", &settings.application_id);
    config.set("isolation.level", "read_committed").set("auto.offset.reset", "earliest").set("enable.auto.commit", "false");
    config.set("check.crcs", "true").set("fetch.queue.backoff.ms", "5");
    let consumer: BaseConsumer = config.create().unwrap();
    consumer.subscribe(&args.input.iter().map(String::as_str).collect::<Vec<_>>()).unwrap();
    consumer
}

fn producer(settings: &KafkaSettings) -> BaseProducer {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", &settings.bootstrap).set("transactional.id", format!("{}-0", settings.application_id));
    config.set("compression.type", "lz4").set("partitioner", "murmur2_random").set("linger.ms", "2").set("retry.backoff.ms", "10");
    config.set("queue.buffering.max.messages", "2000000").set("delivery.report.only.error", "true");
    config.create().unwrap()
}
