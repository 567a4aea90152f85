//! Topics as other writers leave them: compressed in every way, full of aborted transactions, dated in the next century or not at all.

use std::time::{Duration, Instant};

use rdkafka::ClientConfig;
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use waybill::engine::log::{CommitOutcome, Log, Transaction};

use crate::app::{App, WAIT, copy, record};
use crate::cluster::{alter, cluster};

fn writer(properties: &[(&str, &str)]) -> BaseProducer {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", &cluster().bootstrap).set("linger.ms", "20");
    properties.iter().for_each(|(name, value)| _ = config.set(*name, *value));
    config.create().unwrap()
}

/// Writes records of these numbers, as [`App::feed`] does; `at`: their timestamp.
fn write(producer: &BaseProducer, app: &App, numbers: std::ops::Range<usize>, partition: Option<i32>, at: Option<i64>) {
    for number in numbers {
        let text = number.to_string();
        let headers = OwnedHeaders::new().insert(Header { key: "n", value: Some(&text) });
        let topic = app.source();
        let mut record = BaseRecord::to(&topic).key(&text).payload(&text).headers(headers);
        (record.partition, record.timestamp) = (partition, at);
        while let Err((_, back)) = producer.send(record) {
            producer.poll(Duration::from_millis(10));
            record = back;
        }
    }
}

/// A client that was built without a codec can't read what others write with it, and stands still (confluentinc/librdkafka#4951, fede1024/rust-rdkafka#201).
#[tokio::test]
#[ignore = "needs Java and Maven"]
async fn records_of_every_compression_are_read() {
    let app = App::new("codecs", 2).await;
    for (place, codec) in ["none", "gzip", "snappy", "lz4", "zstd"].into_iter().enumerate() {
        let producer = writer(&[("compression.type", codec)]);
        write(&producer, &app, place * 200..(place + 1) * 200, None, None);
        producer.flush(WAIT).unwrap();
    }
    // The broker may compress anew what others have written.
    alter(&app.source(), "compression.type", "zstd");
    let producer = writer(&[("compression.type", "lz4")]);
    write(&producer, &app, 1_000..1_200, None, None);
    producer.flush(WAIT).unwrap();
    let mut log = app.running().await;
    copy(&app, &mut log, 1_200).await;
    app.assert_exactly_once(1_200);
    log.close().await;
}

/// Nothing of an aborted transaction is read (confluentinc/librdkafka#3020), and any number of them in a row stops nobody (confluentinc/librdkafka#2993):
/// a source's connector that is killed again and again leaves such topics.
#[tokio::test]
#[ignore = "needs Java and Maven"]
async fn a_topic_full_of_aborted_transactions_is_read_past_them() {
    let app = App::new("aborted", 1).await;
    let producer = writer(&[("transactional.id", "aborted-writer"), ("queue.buffering.max.messages", "1000000")]);
    producer.init_transactions(WAIT).unwrap();
    let transaction = |numbers: std::ops::Range<usize>, commits: bool| {
        producer.begin_transaction().unwrap();
        write(&producer, &app, numbers, None, None);
        // Else the client drops what it has not sent yet, and nothing is aborted.
        producer.flush(WAIT).unwrap();
        if commits { producer.commit_transaction(WAIT) } else { producer.abort_transaction(WAIT) }.unwrap();
    };
    transaction(0..10, true);
    for _ in 0..60 {
        transaction(900_000..905_000, false);
    }
    transaction(10..20, true);
    for _ in 0..3 {
        transaction(900_000..900_010, false);
    }
    let mut log = app.running().await;
    copy(&app, &mut log, 20).await;
    app.assert_exactly_once(20);
    // What follows the last record is no lag, and a new process goes on behind it.
    let (health, begun) = (log.health(), Instant::now());
    let source = app.source();
    while !health.report().partitions.iter().any(|found| found.topic == source && found.lag == 0) {
        assert!(begun.elapsed() < WAIT, "{:?}", health.report());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    log.close().await;
    transaction(20..30, true);
    let mut log = app.running().await;
    copy(&app, &mut log, 10).await;
    app.assert_exactly_once(30);
    log.close().await;
}

/// Timestamps of producers that took nanoseconds or seconds for milliseconds (apache/kafka#13709), of 1970, below it (apache/kafka#2117), at the end of
/// all numbers. One such partition holds up no other (laminardb/laminardb#388), nor do the others hold it.
#[tokio::test]
#[ignore = "needs Java and Maven"]
async fn timestamps_that_cannot_be_hold_up_nobody() {
    let app = App::new("timestamps", 8).await;
    alter(&app.source(), "message.timestamp.after.max.ms", &i64::MAX.to_string());
    let producer = writer(&[]);
    let nanoseconds = 1_772_446_504_000_000_000;
    for (partition, at) in
        [Some(nanoseconds), Some(1_772_446_504), Some(1), Some(i64::MAX), None, Some(nanoseconds / 1_000)].into_iter().enumerate()
    {
        write(&producer, &app, partition * 50..(partition + 1) * 50, Some(partition as i32), at);
    }
    producer.flush(WAIT).unwrap();
    let mut log = app.running().await;
    let begun = Instant::now();
    copy(&app, &mut log, 300).await;
    println!("read after {:?}", begun.elapsed());
    // One by one, to the partitions in turn.
    for number in 300..320 {
        write(&producer, &app, number..number + 1, Some(number as i32 % 8), if number % 3 == 0 { Some(nanoseconds) } else { None });
        producer.flush(WAIT).unwrap();
        copy(&app, &mut log, 1).await;
    }
    println!("all read after {:?}", begun.elapsed());
    assert!(begun.elapsed() < Duration::from_secs(25), "{:?}", begun.elapsed());
    app.assert_exactly_once(320);
    log.close().await;
}

/// Compaction and aborted transactions leave no record at a changelog's end, only the place of one (quixio/quix-streams#1017): the restore ends all the same.
#[tokio::test]
#[ignore = "needs Java and Maven"]
async fn a_changelog_that_ends_without_a_record_is_restored() {
    let app = App::new("no-tail", 1).await;
    let mut log = app.running().await;
    let topic = app.settings.changelog_topic.clone();
    let commit = Transaction { records: vec![record(&topic, Some(1), "a", "1")], offsets: vec![] };
    assert_eq!(log.commit(commit).await.unwrap(), CommitOutcome::Committed);
    let producer = writer(&[("transactional.id", "no-tail-writer")]);
    producer.init_transactions(WAIT).unwrap();
    for _ in 0..3 {
        producer.begin_transaction().unwrap();
        for partition in 1..3 {
            producer.send(BaseRecord::to(&topic).partition(partition).key("ghost").payload("never")).map_err(|(error, _)| error).unwrap();
        }
        producer.flush(WAIT).unwrap();
        producer.abort_transaction(WAIT).unwrap();
    }
    for (partition, expected) in [(1, 1), (2, 0), (3, 0)] {
        let (mut found, begun) = (0, Instant::now());
        log.changelog(partition, &mut |_, _| found += 1).await.unwrap();
        assert_eq!(found, expected, "partition {partition}");
        assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    }
    log.close().await;
}
