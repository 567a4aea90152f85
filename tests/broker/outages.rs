//! Outages that are longer than the group's session, topics and partitions that change, transactions of others that hang.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use rdkafka::admin::{AdminClient, AdminOptions, NewPartitions};
use rdkafka::client::DefaultClientContext;
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use waybill::engine::log::{CommitOutcome, Log, LogError};
use waybill::kafka::KafkaLog;
use waybill::kafka::client::TailReader;

use crate::app::{App, WAIT, copy, empty_batch, limits, next};
use crate::cluster::{cluster, signal};

const LONG: Duration = Duration::from_secs(60);

fn admin() -> AdminClient<DefaultClientContext> {
    ClientConfig::new().set("bootstrap.servers", &cluster().bootstrap).create().unwrap()
}

/// A producer of transactions that is not Waybill's.
fn foreign(app: &App) -> BaseProducer {
    let producer: BaseProducer = ClientConfig::new()
        .set("bootstrap.servers", &cluster().bootstrap)
        .set("transactional.id", format!("{}-foreign", app.name))
        .set("transaction.timeout.ms", "600000")
        .create()
        .unwrap();
    producer.init_transactions(WAIT).unwrap();
    producer.begin_transaction().unwrap();
    producer
}

/// Waits until it holds of the log's report.
async fn until(log: &KafkaLog, what: &str, holds: impl Fn(&waybill::kafka::HealthReport) -> bool) {
    let (health, begun) = (log.health(), Instant::now());
    while !holds(&health.report()) {
        assert!(begun.elapsed() < LONG, "{what}: {:?}", health.report());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// The session is ten seconds here. The same log goes on, twice.
#[tokio::test]
#[ignore = "needs Java and Maven"]
async fn a_broker_away_for_longer_than_the_session_costs_time_and_no_record() {
    let app = App::new("session-over", 2).await;
    app.feed(0, 3000);
    let mut log = app.running().await;
    let (mut batch, mut done) = (empty_batch(&log), 0);
    for epoch in 1..=2 {
        next(&mut log, &mut batch).await.unwrap();
        signal("-STOP");
        std::thread::spawn(|| {
            std::thread::sleep(Duration::from_secs(14));
            signal("-CONT");
        });
        let begun = Instant::now();
        let outcome = log.commit(app.epoch(&batch, epoch)).await.unwrap();
        println!("{outcome:?} after {:?}", begun.elapsed());
        done += if outcome == CommitOutcome::Committed { batch.len() } else { 0 };
    }
    copy(&app, &mut log, 3000 - done).await;
    app.assert_exactly_once(3000);
    log.close().await;
}

#[tokio::test]
#[ignore = "needs Java and Maven"]
async fn a_topic_of_its_own_that_is_deleted_is_named_and_never_made_by_the_broker() {
    let app = App::new("own-deleted", 1).await;
    app.feed(0, 10);
    let mut log = app.running().await;
    copy(&app, &mut log, 10).await;
    admin().delete_topics(&[&app.out()], &AdminOptions::new()).await.unwrap()[0].as_ref().unwrap();
    app.feed(10, 20);
    let (mut batch, begun) = (empty_batch(&log), Instant::now());
    let mut epoch = 100;
    let stopped = loop {
        let read = match tokio::time::timeout(LONG, log.next_batch(&limits(), &mut batch)).await.expect("it is noticed") {
            Err(error) => break error,
            Ok(_) => log.commit(app.epoch(&batch, epoch)).await,
        };
        match read {
            Err(error) => break error,
            Ok(_) => epoch += 1,
        }
    };
    println!("{stopped} after {:?}", begun.elapsed());
    assert!(matches!(&stopped, LogError::Stop(text) if text.contains(&app.out()) && text.contains("deleted")), "{stopped}");
    assert!(TailReader::new(&cluster().bootstrap, &BTreeMap::new(), &[&app.out()]).is_err(), "the broker has made it anew");
    log.close().await;
}

/// A member that comes back within its session gets the assignment that it had.
#[tokio::test]
#[ignore = "needs Java and Maven"]
async fn a_partition_more_and_a_restart_at_once_is_ready_within_seconds() {
    let app = App::new("partition-more", 1).await;
    app.feed(0, 50);
    let mut log = app.running().await;
    copy(&app, &mut log, 50).await;
    log.close().await;
    admin().create_partitions(&[NewPartitions::new(&app.source(), 3)], &AdminOptions::new()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(500)).await;
    app.feed(50, 200);
    let begun = Instant::now();
    let mut log = app.running().await;
    println!("ready after {:?}", begun.elapsed());
    assert!(begun.elapsed() < Duration::from_secs(15), "{:?}", begun.elapsed());
    copy(&app, &mut log, 150).await;
    app.assert_exactly_once(200);
    log.close().await;
}

#[tokio::test]
#[ignore = "needs Java and Maven"]
async fn a_transaction_on_the_groups_offsets_is_named_and_its_end_ends_the_wait() {
    let app = App::new("offsets-held", 1).await;
    app.feed(0, 10);
    let mut log = app.running().await;
    copy(&app, &mut log, 10).await;
    log.close().await;
    let asker: BaseConsumer =
        ClientConfig::new().set("bootstrap.servers", &cluster().bootstrap).set("group.id", &app.name).create().unwrap();
    let producer = foreign(&app);
    let mut held = TopicPartitionList::new();
    held.add_partition_offset(&app.source(), 0, Offset::Offset(10)).unwrap();
    producer.send_offsets_to_transaction(&held, &asker.group_metadata().unwrap(), WAIT).unwrap();
    let mut log = app.open();
    let health = log.health();
    let watching = async {
        let begun = Instant::now();
        let named = |why: &str| why.contains("transaction") && why.contains(&app.source()) && why.contains("find-hanging");
        while !health.report().waits_for.as_deref().is_some_and(named) {
            assert!(begun.elapsed() < LONG, "{:?}", health.report());
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        assert!(!health.report().ready);
        producer.abort_transaction(WAIT).unwrap();
    };
    let (committed, ()) = tokio::join!(log.committed(), watching);
    committed.unwrap();
    assert_eq!(log.health().report().waits_for, None);
    log.close().await;
}

/// The end of each transaction takes an offset and is never handed out.
#[tokio::test]
#[ignore = "needs Java and Maven"]
async fn the_lag_of_a_transactional_source_comes_to_nothing() {
    let app = App::new("markers", 1).await;
    let mut log = app.running().await;
    let producer = foreign(&app);
    for number in 0..3 {
        let text = number.to_string();
        let headers = rdkafka::message::OwnedHeaders::new().insert(rdkafka::message::Header { key: "n", value: Some(&text) });
        producer.send(BaseRecord::to(&app.source()).key(&text).payload(&text).headers(headers)).unwrap();
    }
    producer.commit_transaction(WAIT).unwrap();
    copy(&app, &mut log, 3).await;
    let source = app.source();
    until(&log, "no lag", |report| report.partitions.iter().any(|found| found.topic == source && found.end == 4 && found.lag == 0)).await;
    log.close().await;
}
