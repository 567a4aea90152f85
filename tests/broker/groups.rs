//! What others do to the group and the cluster while it runs: its offsets set, its member removed, its topics short of replicas, its process frozen.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;
use std::time::{Duration, Instant};

use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::producer::{BaseProducer, Producer};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use waybill::engine::log::{CommitOutcome, Log, LogError};

use crate::app::{App, WAIT, copy, empty_batch, next};
use crate::cluster::{alter, cluster};

/// Another program commits an offset for the group, in a transaction and as no member of it: the broker takes that also while the group is there.
fn commits_for(app: &App, offset: i64) {
    let config = |name: &str, value: &str| ClientConfig::new().set("bootstrap.servers", &cluster().bootstrap).set(name, value).clone();
    let asker: BaseConsumer = config("group.id", &app.name).create().unwrap();
    let producer: BaseProducer = config("transactional.id", &format!("{}-other", app.name)).create().unwrap();
    producer.init_transactions(WAIT).unwrap();
    producer.begin_transaction().unwrap();
    let mut offsets = TopicPartitionList::new();
    offsets.add_partition_offset(&app.source(), 0, Offset::Offset(offset)).unwrap();
    producer.send_offsets_to_transaction(&offsets, &asker.group_metadata().unwrap(), WAIT).unwrap();
    producer.commit_transaction(WAIT).unwrap();
}

/// A tool resets the group's offsets under the running process (confluentinc/confluent-kafka-dotnet#1792): it goes on from where it is, and what it commits
/// stands. One that finds them moved when it takes over is told, with no text of its own beside them.
#[tokio::test]
#[ignore = "needs Java and Maven"]
async fn offsets_that_another_program_sets_move_no_running_process() {
    let app = App::new("offsets-set", 1).await;
    app.feed(0, 50);
    let mut log = app.running().await;
    copy(&app, &mut log, 50).await;
    for offset in [0, 1_000] {
        commits_for(&app, offset);
        let from = if offset == 0 { 50 } else { 60 };
        app.feed(from, from + 10);
        copy(&app, &mut log, 10).await;
    }
    app.assert_exactly_once(70);
    let committed = log.committed().await.unwrap();
    assert!(committed.iter().any(|offset| *offset.topic == *app.source() && offset.next == Some(70)), "{committed:?}");
    commits_for(&app, 1_000);
    log.close().await;
    let mut log = app.open();
    let committed = log.committed().await.unwrap();
    let moved = committed.iter().find(|offset| *offset.topic == *app.source()).unwrap();
    assert_eq!((moved.next, moved.metadata.as_str()), (Some(1_000), ""));
    let refused = log.start(&committed).await;
    assert!(matches!(&refused, Err(LogError::Stop(text)) if text.contains("next offset 1000")), "{refused:?}");
    log.close().await;
}

/// A request of Kafka's own protocol, version 3 of `LeaveGroup`: the static member is removed, as `removeMembersFromConsumerGroup` of Kafka's admin
/// client and its `kafka-streams-application-reset` do.
fn remove_member(app: &App) {
    let text = |into: &mut Vec<u8>, text: &str| {
        into.extend((text.len() as i16).to_be_bytes());
        into.extend(text.as_bytes());
    };
    let mut body = Vec::new();
    for number in [13_i16, 3] {
        body.extend(number.to_be_bytes());
    }
    body.extend(7_i32.to_be_bytes());
    text(&mut body, "test");
    text(&mut body, &app.name);
    body.extend(1_i32.to_be_bytes());
    text(&mut body, "");
    text(&mut body, &app.settings.instance());
    let mut stream = TcpStream::connect(&cluster().bootstrap).unwrap();
    stream.write_all(&(body.len() as i32).to_be_bytes()).unwrap();
    stream.write_all(&body).unwrap();
    let mut size = [0; 4];
    stream.read_exact(&mut size).unwrap();
    let mut answer = vec![0; i32::from_be_bytes(size) as usize];
    stream.read_exact(&mut answer).unwrap();
    // Correlation, throttling, then the error.
    assert_eq!(answer[8..10], [0, 0], "{answer:?}");
}

#[tokio::test]
#[ignore = "needs Java and Maven"]
async fn a_member_that_a_tool_removes_joins_again_and_loses_nothing() {
    let app = App::new("removed", 2).await;
    app.feed(0, 600);
    let mut log = app.running().await;
    let (mut batch, mut done) = (empty_batch(&log), 0);
    for epoch in 1..=3 {
        next(&mut log, &mut batch).await.unwrap();
        // With records read and not committed.
        remove_member(&app);
        let outcome = log.commit(app.epoch(&batch, epoch)).await.unwrap();
        println!("{outcome:?}");
        done += if outcome == CommitOutcome::Committed { batch.len() } else { 0 };
        app.feed(600 + 100 * (epoch as usize - 1), 600 + 100 * epoch as usize);
    }
    copy(&app, &mut log, 900 - done).await;
    app.assert_exactly_once(900);
    log.close().await;
}

/// A topic takes no records of this size any more: somebody has set it so while it runs. A new process knows it from the start, and writes what is larger
/// cut, as dead letters: the supervisor may start one.
#[tokio::test]
#[ignore = "needs Java and Maven"]
async fn a_topic_that_takes_less_than_before_asks_for_a_new_process() {
    let app = App::new("takes-less", 1).await;
    app.feed(0, 100);
    let mut log = app.running().await;
    copy(&app, &mut log, 100).await;
    alter(&app.out(), "max.message.bytes", "40");
    app.feed(100, 110);
    let mut batch = empty_batch(&log);
    next(&mut log, &mut batch).await.unwrap();
    let refused = log.commit(app.epoch(&batch, 200)).await;
    assert!(
        matches!(&refused, Err(LogError::Restart(text)) if text.contains(&app.out()) && text.contains("max.message.bytes")),
        "{refused:?}"
    );
    log.close().await;
    alter(&app.out(), "max.message.bytes", "1000000");
    let mut log = app.running().await;
    copy(&app, &mut log, 10).await;
    app.assert_exactly_once(110);
    log.close().await;
}

/// Nothing was written for so long that the broker has forgotten the transactional id (apache/kafka#17822; here after twelve seconds, a week by default).
#[tokio::test]
#[ignore = "needs Java and Maven"]
async fn an_application_that_was_idle_for_long_goes_on() {
    let app = App::new("idle", 1).await;
    app.feed(0, 20);
    let mut log = app.running().await;
    copy(&app, &mut log, 20).await;
    tokio::time::sleep(Duration::from_secs(16)).await;
    app.feed(20, 40);
    let begun = Instant::now();
    copy(&app, &mut log, 20).await;
    println!("went on after {:?}; last error: {:?}", begun.elapsed(), log.health().report().last_error);
    app.assert_exactly_once(40);
    log.close().await;
}

/// The whole process stands still (SIGSTOP, a frozen virtual machine) for longer than its transaction and its session may take.
#[tokio::test]
#[ignore = "needs Java and Maven"]
async fn a_process_that_stood_still_past_every_timeout_goes_on() {
    let app = App::new("frozen", 2).await;
    app.feed(0, 1_000);
    let mut log = app.running().await;
    let mut batch = empty_batch(&log);
    next(&mut log, &mut batch).await.unwrap();
    let me = std::process::id();
    let script = format!("sleep 0.05; kill -STOP {me}; sleep 18; kill -CONT {me}");
    let mut freezer = Command::new("sh").args(["-c", &script]).spawn().unwrap();
    // It stands still somewhere in here.
    let (mut done, mut epoch) = (0, 0);
    while done < 1_000 {
        epoch += 1;
        let outcome = log.commit(app.epoch(&batch, epoch)).await.unwrap();
        done += if outcome == CommitOutcome::Committed { batch.len() } else { 0 };
        if done < 1_000 {
            next(&mut log, &mut batch).await.unwrap();
        }
        if freezer.try_wait().unwrap().is_none() && done >= 500 {
            freezer.wait().unwrap();
        }
    }
    freezer.wait().unwrap();
    app.feed(1_000, 1_100);
    let begun = Instant::now();
    copy(&app, &mut log, 100).await;
    println!("went on after {:?}", begun.elapsed());
    app.assert_exactly_once(1_100);
    log.close().await;
}

/// A broker that allows no session of this length (`group.max.session.timeout.ms`): it will allow none a minute later either.
#[tokio::test]
#[ignore = "needs Java and Maven"]
async fn a_session_that_the_broker_refuses_is_an_error_with_its_name() {
    let mut app = App::new("session-refused", 1).await;
    app.settings.timeouts.session = Duration::from_secs(2_000);
    app.settings.client = BTreeMap::from([("max.poll.interval.ms".to_owned(), "2000000".to_owned())]);
    let mut log = app.open();
    let committed = log.committed().await.unwrap();
    let begun = Instant::now();
    let refused = log.start(&committed).await;
    println!("{refused:?} after {:?}", begun.elapsed());
    assert!(matches!(&refused, Err(LogError::Stop(text)) if text.contains("group.max.session.timeout.ms")), "{refused:?}");
    log.close().await;
}
