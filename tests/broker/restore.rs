//! Reading the changelog back.

use std::time::{Duration, Instant};

use rdkafka::config::ClientConfig;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use waybill::engine::log::{CommitOutcome, Log, LogError, Transaction};
use waybill::kafka::KafkaLog;

use crate::app::{App, record};
use crate::cluster::cluster;

async fn changelog(log: &mut KafkaLog, partition: i32) -> Result<Vec<(String, Option<String>)>, LogError> {
    let mut read = Vec::new();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    log.changelog(partition, &mut |key, value| read.push((text(key), value.map(text)))).await?;
    Ok(read)
}

/// A transaction of somebody else's on the changelog, left open: the broker aborts it after `timeout`.
fn leave_open(app: &App, timeout: Duration) -> BaseProducer {
    let producer: BaseProducer = ClientConfig::new()
        .set("bootstrap.servers", &cluster().bootstrap)
        .set("transactional.id", format!("{}-foreign", app.name))
        .set("transaction.timeout.ms", timeout.as_millis().to_string())
        .create()
        .unwrap();
    producer.init_transactions(Duration::from_secs(10)).unwrap();
    producer.begin_transaction().unwrap();
    producer.send(BaseRecord::to(&app.settings.changelog_topic).partition(1).key("ghost").payload("never")).unwrap();
    producer.flush(Duration::from_secs(10)).unwrap();
    producer
}

#[tokio::test]
#[ignore = "needs Java and Maven"]
async fn restore_waits_for_an_open_transaction_and_sees_all_that_is_committed() {
    let app = App::new("restore-waits", 1).await;
    let mut log = app.running().await;
    let topic = app.settings.changelog_topic.clone();
    let commit = |records| Transaction { records, offsets: vec![] };
    assert_eq!(log.commit(commit(vec![record(&topic, Some(1), "a", "1")])).await.unwrap(), CommitOutcome::Committed);
    let foreign = leave_open(&app, Duration::from_secs(3));
    // Committed, and hidden behind the open one.
    assert_eq!(log.commit(commit(vec![record(&topic, Some(1), "b", "2")])).await.unwrap(), CommitOutcome::Committed);
    let begun = Instant::now();
    let read = changelog(&mut log, 1).await.unwrap();
    println!("the open transaction held the restore for {:?}", begun.elapsed());
    assert!(begun.elapsed() > Duration::from_millis(800), "it waited");
    let expected = [("a", "1"), ("b", "2")].map(|(key, value)| (key.to_owned(), Some(value.to_owned())));
    assert_eq!(read, expected);
    assert!(changelog(&mut log, 0).await.unwrap().is_empty(), "an empty partition is no wait");
    drop(foreign);
    log.close().await;
}

#[tokio::test]
#[ignore = "needs Java and Maven"]
async fn restore_refuses_when_a_transaction_stays_open() {
    let app = App::new("restore-refuses", 1).await;
    let mut log = app.running().await;
    let _foreign = leave_open(&app, Duration::from_secs(60));
    let begun = Instant::now();
    let refused = changelog(&mut log, 1).await;
    println!("refused after {:?}", begun.elapsed());
    assert!(matches!(&refused, Err(LogError::Restore(text)) if text.contains("a transaction has been open")), "{refused:?}");
    log.close().await;
}

#[tokio::test]
#[ignore = "needs Java and Maven"]
async fn restore_is_fast() {
    const RECORDS: usize = 400_000;
    let app = App::new("restore-fast", 1).await;
    let mut log = app.running().await;
    let topic = app.settings.changelog_topic.clone();
    let value = "x".repeat(200);
    for from in (0..RECORDS).step_by(50_000) {
        let records = (from..from + 50_000).map(|key| record(&topic, Some((key % 4) as i32), &key.to_string(), &value)).collect();
        assert_eq!(log.commit(Transaction { records, offsets: vec![] }).await.unwrap(), CommitOutcome::Committed);
    }
    let begun = Instant::now();
    let mut count = 0;
    for partition in 0..4 {
        log.changelog(partition, &mut |_, _| count += 1).await.unwrap();
    }
    let took = begun.elapsed();
    assert_eq!(count, RECORDS);
    println!("restore: {RECORDS} records of 200 bytes in {took:?}: {:.0} records/s", RECORDS as f64 / took.as_secs_f64());
    log.close().await;
}
