//! Commit and abort, who is fenced, and results that never arrive.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use waybill::engine::log::{CommitOutcome, Log, LogError, Next};
use waybill::facts::Moment;
use waybill::kafka::client::{PlainProducer, TailReader};

use crate::app::{App, copy, empty_batch, limits, next, settings};
use crate::cluster::{cluster, signal};
use crate::proxy::Lose;

#[tokio::test]
#[ignore = "needs Java and Maven"]
async fn records_and_offsets_are_committed_together_and_read_back() {
    let app = App::new("together", 2).await;
    app.feed(0, 1000);
    let mut log = app.running().await;
    copy(&app, &mut log, 1000).await;
    let committed = log.committed().await.unwrap();
    let sum: i64 = committed.iter().filter(|offset| *offset.topic == *app.source()).map(|offset| offset.next.unwrap()).sum();
    assert_eq!(sum, 1000);
    let shard = committed.iter().find(|offset| offset.topic == app.settings.exchange_topic && offset.partition == 0).unwrap();
    assert!(shard.metadata.parse::<u64>().unwrap() >= 2, "the epoch's number comes back: {shard:?}");
    let untouched = committed.iter().find(|offset| offset.topic == app.settings.exchange_topic && offset.partition == 1).unwrap();
    assert_eq!((untouched.next, untouched.metadata.as_str()), (None, ""));
    app.assert_exactly_once(1000);
    log.close().await;
}

#[tokio::test]
#[ignore = "needs Java and Maven"]
async fn a_clock_alone_wakes_and_closing_ends() {
    let app = App::new("clock", 1).await;
    let mut log = app.running().await;
    let mut batch = empty_batch(&log);
    log.next_batch(&waybill::engine::log::Limits { timer_at: Some(Moment(0)), ..limits() }, &mut batch).await.unwrap();
    assert!(batch.is_empty() && batch.clock > Moment(0));
    let closer = log.closer();
    let waiting = async { log.next_batch(&limits(), &mut batch).await.unwrap() };
    let (found, ()) = tokio::join!(waiting, async { closer.close() });
    assert_eq!(found, Next::Closed);
    let begun = Instant::now();
    log.close().await;
    println!("closing took {:?}", begun.elapsed());
    assert!(begun.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
#[ignore = "needs Java and Maven"]
async fn a_second_process_in_the_slot_fences_the_first() {
    let app = App::new("zombie", 1).await;
    app.feed(0, 10);
    let mut first = app.running().await;
    let mut batch = empty_batch(&first);
    next(&mut first, &mut batch).await.unwrap();
    let mut second = app.open();
    second.committed().await.unwrap();
    let refused = first.commit(app.epoch(&batch, 1)).await;
    assert!(matches!(refused, Err(LogError::Fenced(_))), "{refused:?}");
    let begun = Instant::now();
    let committed = second.committed().await.unwrap();
    second.start(&committed).await.unwrap();
    println!("the second had all partitions after {:?}", begun.elapsed());
    copy(&app, &mut second, 10).await;
    app.assert_exactly_once(10);
    let told = tokio::time::timeout(Duration::from_secs(15), first.next_batch(&limits(), &mut batch)).await.expect("the first is told");
    assert!(matches!(told, Err(LogError::Fenced(_))), "as a member too: {told:?}");
}

/// A stranger joins the group and leaves: what was read before is not committed, and comes again.
#[tokio::test]
#[ignore = "needs Java and Maven"]
async fn a_revoke_drops_the_epoch_and_its_records_come_again() {
    let app = App::new("revoke", 4).await;
    app.feed(0, 2000);
    let mut log = app.running().await;
    let mut batch = empty_batch(&log);
    next(&mut log, &mut batch).await.unwrap();
    assert_eq!(log.commit(app.epoch(&batch, 1)).await.unwrap(), CommitOutcome::Committed);
    let kept = batch.len();
    next(&mut log, &mut batch).await.unwrap();
    let stranger: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", &cluster().bootstrap)
        .set("group.id", &app.name)
        .set("partition.assignment.strategy", "cooperative-sticky")
        .set("enable.auto.commit", "false")
        .set("session.timeout.ms", "6000")
        .create()
        .unwrap();
    stranger.subscribe(&[&app.source(), &app.settings.exchange_topic]).unwrap();
    let begun = Instant::now();
    while stranger.assignment().unwrap().count() == 0 {
        assert!(begun.elapsed() < Duration::from_secs(20), "the stranger is given partitions");
        let _ = stranger.poll(Duration::from_millis(50));
    }
    assert_eq!(log.commit(app.epoch(&batch, 2)).await.unwrap(), CommitOutcome::NotCommitted);
    drop(stranger);
    copy(&app, &mut log, 2000 - kept).await;
    app.assert_exactly_once(2000);
    log.close().await;
}

async fn lost(name: &str, lose: Lose, expected: CommitOutcome) {
    let mut app = App::new(name, 2).await;
    app.settings = settings(name, &cluster().proxied);
    app.feed(0, 1500);
    let mut log = app.running().await;
    let mut batch = empty_batch(&log);
    next(&mut log, &mut batch).await.unwrap();
    assert_eq!(log.commit(app.epoch(&batch, 1)).await.unwrap(), CommitOutcome::Committed);
    let mut done = batch.len();
    next(&mut log, &mut batch).await.unwrap();
    cluster().proxy.lose(lose);
    let begun = Instant::now();
    let outcome = log.commit(app.epoch(&batch, 2)).await.unwrap();
    println!("{lose:?}: {outcome:?} after {:?}", begun.elapsed());
    assert!(cluster().proxy.lost() > 0, "the end of the transaction went through the proxy");
    assert_eq!(outcome, expected);
    done += if outcome == CommitOutcome::Committed { batch.len() } else { 0 };
    if lose == Lose::Hold {
        next(&mut log, &mut batch).await.unwrap();
        let late = cluster().proxy.deliver_held();
        println!("late EndTxn answered with {late:?}");
        assert!(late.iter().all(|code| *code != 0), "a late EndTxn is refused: {late:?}");
        assert_eq!(log.commit(app.epoch(&batch, 3)).await.unwrap(), CommitOutcome::Committed);
        done += batch.len();
    }
    copy(&app, &mut log, 1500 - done).await;
    app.assert_exactly_once(1500);
    log.close().await;
}

#[tokio::test]
#[ignore = "needs Java and Maven"]
async fn a_commit_that_never_arrived_is_found_not_committed() {
    lost("lost-request", Lose::Request, CommitOutcome::NotCommitted).await;
}

#[tokio::test]
#[ignore = "needs Java and Maven"]
async fn a_commit_whose_answer_was_lost_is_found_committed() {
    lost("lost-answer", Lose::Answer, CommitOutcome::Committed).await;
}

#[tokio::test]
#[ignore = "needs Java and Maven"]
async fn a_commit_that_arrives_late_ends_no_other_transaction() {
    lost("lost-late", Lose::Hold, CommitOutcome::NotCommitted).await;
}

/// The broker stands still in the middle of a commit, and goes on.
#[tokio::test]
#[ignore = "needs Java and Maven"]
async fn a_broker_that_stands_still_costs_time_and_no_record() {
    let app = App::new("still", 2).await;
    app.feed(0, 1500);
    let mut log = app.running().await;
    let health = log.health();
    let mut batch = empty_batch(&log);
    next(&mut log, &mut batch).await.unwrap();
    signal("-STOP");
    std::thread::spawn(|| {
        std::thread::sleep(Duration::from_secs(8));
        signal("-CONT");
    });
    let begun = Instant::now();
    let outcome = log.commit(app.epoch(&batch, 1)).await;
    println!("{outcome:?} after {:?}; last error: {:?}", begun.elapsed(), health.report().last_error);
    let done = if outcome.unwrap() == CommitOutcome::Committed { batch.len() } else { 0 };
    copy(&app, &mut log, 1500 - done).await;
    app.assert_exactly_once(1500);
    // One of its clients may notice the outage only now; the prober finds out that it is over.
    let begun = Instant::now();
    while health.report().brokers_down_seconds.is_some() {
        assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", health.report());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    log.close().await;
}

#[tokio::test]
#[ignore = "needs Java and Maven"]
async fn the_plain_client_writes_headers_keys_tombstones_and_times() {
    let app = App::new("plain", 1).await;
    let producer = PlainProducer::new(&cluster().bootstrap, &BTreeMap::new()).unwrap();
    producer.send(&app.source(), Some(b"k"), None, &[("a", b"1"), ("a", b"2")], Some(1_700_000_000_000)).unwrap();
    producer.flush(Duration::from_secs(10)).unwrap();
    let reader = TailReader::new(&cluster().bootstrap, &BTreeMap::new(), &[&app.source()]).unwrap();
    let read = reader.poll(Duration::from_secs(10)).unwrap();
    assert_eq!(read.len(), 1);
    assert_eq!((read[0].key.as_deref(), read[0].value.as_deref(), read[0].timestamp_ms), (Some(&b"k"[..]), None, 1_700_000_000_000));
    assert_eq!(read[0].headers, [("a".to_owned(), b"1".to_vec()), ("a".to_owned(), b"2".to_vec())]);
}
