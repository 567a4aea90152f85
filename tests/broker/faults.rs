//! Errors that must stop the log, each with a sentence about what to do; and topics that are not as they should be.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use rdkafka::admin::{AdminClient, AdminOptions};
use rdkafka::client::DefaultClientContext;
use rdkafka::config::ClientConfig;
use waybill::engine::log::{Log, LogError, Offset, Transaction};
use waybill::kafka::admin::{self, OwnTopic, TopicKind, TopicPlan, TopicProblem};
use waybill::kafka::client::PlainProducer;
use waybill::kafka::{KafkaHealth, KafkaLog};

use crate::app::{App, WAIT, copy, empty_batch, limits, plan, record, settings};
use crate::cluster::cluster;

async fn delete(topic: &str) {
    let admin: AdminClient<DefaultClientContext> = ClientConfig::new().set("bootstrap.servers", &cluster().bootstrap).create().unwrap();
    admin.delete_topics(&[topic], &AdminOptions::new()).await.unwrap()[0].as_ref().unwrap();
}

async fn recreate(app: &App) {
    let source = OwnTopic { name: app.source(), partitions: 1, kind: TopicKind::Requests };
    let plan = TopicPlan { own: vec![source], sources: vec![], required: vec![], replication: None };
    // Its name is free a moment after the deletion.
    tokio::time::sleep(Duration::from_millis(500)).await;
    admin::prepare(&app.settings, &plan, &Arc::new(KafkaHealth::default()), |_, _| ()).await.unwrap();
}

#[tokio::test]
#[ignore = "needs Java and Maven"]
async fn a_topic_made_anew_while_stopped_is_refused_at_the_start() {
    let app = App::new("anew-stopped", 1).await;
    app.feed(0, 100);
    let mut log = app.running().await;
    copy(&app, &mut log, 100).await;
    log.close().await;
    delete(&app.source()).await;
    recreate(&app).await;
    app.feed(0, 5);
    let mut log = app.open();
    // The broker forgets the group's offsets of a deleted topic: without offsets it is a first start; with those we know it must not go on.
    let _ = log.committed().await.unwrap();
    let ours = Offset { topic: app.settings.source_topics[0].clone(), partition: 0, next: Some(100), metadata: String::new() };
    let refused = log.start(&[ours]).await;
    assert!(matches!(&refused, Err(LogError::Stop(text)) if text.contains("recreated")), "{refused:?}");
    log.close().await;
}

#[tokio::test]
#[ignore = "needs Java and Maven"]
async fn a_topic_made_anew_while_running_stops_the_log() {
    let app = App::new("anew-running", 1).await;
    app.feed(0, 100);
    let mut log = app.running().await;
    copy(&app, &mut log, 100).await;
    delete(&app.source()).await;
    recreate(&app).await;
    app.feed(0, 5);
    let mut batch = empty_batch(&log);
    let stopped = tokio::time::timeout(WAIT * 2, log.next_batch(&limits(), &mut batch)).await.expect("it is noticed");
    println!("{stopped:?}");
    assert!(matches!(&stopped, Err(LogError::Stop(_))), "{stopped:?}; {} records", batch.len());
    log.close().await;
}

#[tokio::test]
#[ignore = "needs Java and Maven"]
async fn records_deleted_before_they_were_read_stop_the_log() {
    let app = App::new("deleted", 1).await;
    app.feed(0, 100);
    let admin: AdminClient<DefaultClientContext> = ClientConfig::new().set("bootstrap.servers", &cluster().bootstrap).create().unwrap();
    let mut below = rdkafka::TopicPartitionList::new();
    below.add_partition_offset(&app.source(), 0, rdkafka::Offset::Offset(50)).unwrap();
    admin.delete_records(&below, &AdminOptions::new()).await.unwrap();
    let mut log = app.open();
    log.committed().await.unwrap();
    let at = |next| Offset { topic: app.settings.source_topics[0].clone(), partition: 0, next, metadata: String::new() };
    let refused = log.start(&[at(Some(10))]).await;
    assert!(matches!(&refused, Err(LogError::Stop(text)) if text.contains("skips no records")), "{refused:?}");
    // A first start has no position: it takes what is there.
    log.start(&[at(None)]).await.unwrap();
    let mut batch = empty_batch(&log);
    log.next_batch(&limits(), &mut batch).await.unwrap();
    assert_eq!(batch.iter().next().unwrap().offset, 50);
    log.close().await;
}

#[tokio::test]
#[ignore = "needs Java and Maven"]
async fn a_record_too_large_for_its_topic_stops_with_its_name() {
    let app = App::new("large", 1).await;
    let mut log = app.running().await;
    // Without repetition: what is compressed counts.
    let value: String = (0..9 << 20)
        .scan(1u32, |state, _| {
            *state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            Some(char::from(b'0' + (*state >> 26) as u8))
        })
        .collect();
    let refused = log.commit(Transaction { records: vec![record(&app.out(), None, "k", &value)], offsets: vec![] }).await;
    assert!(matches!(&refused, Err(LogError::Stop(text)) if text.contains("large.out")), "{refused:?}");
    log.close().await;
}

#[tokio::test]
#[ignore = "needs Java and Maven"]
async fn another_instance_is_named_and_left_in_peace() {
    let app = App::new("two", 2).await;
    app.feed(0, 10);
    let mut first = app.running().await;
    let mut other = App { name: app.name.clone(), settings: settings("two", &cluster().bootstrap) };
    other.settings.slot = "1".to_owned();
    other.settings.timeouts.assignment = Duration::from_secs(2);
    let mut second = other.open();
    let committed = second.committed().await.unwrap();
    let refused = second.start(&committed).await;
    assert!(matches!(&refused, Err(LogError::Stop(text)) if text.contains("runs as one instance")), "{refused:?}");
    second.close().await;
    copy(&app, &mut first, 10).await;
    app.assert_exactly_once(10);
    first.close().await;
}

#[tokio::test]
#[ignore = "needs Java and Maven"]
async fn topics_are_created_checked_and_waited_for() {
    let settings = settings("topics", &cluster().bootstrap);
    let mut plan = plan("topics");
    plan.sources = vec![Arc::from("topics.source")];
    plan.required = plan.sources.clone();
    let missing = admin::describe(&settings, &plan).await.unwrap();
    assert_eq!(missing.len(), 5, "{missing:?}");
    let sources_there = OwnTopic { name: "topics.source".into(), partitions: 1, kind: TopicKind::Requests };
    let create = TopicPlan { own: vec![sources_there], sources: vec![], required: vec![], replication: None };
    let health = Arc::new(KafkaHealth::default());
    let (asked, told) = std::sync::mpsc::channel();
    let waiting = admin::prepare(&settings, &plan, &health, |names, waits| asked.send((names.to_vec(), waits)).unwrap());
    let creating = async {
        while told.try_recv().map(|(names, waits): (Vec<String>, bool)| assert_eq!((names.len(), waits), (1, true))).is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        admin::prepare(&settings, &create, &health, |_, _| ()).await.unwrap();
    };
    let (prepared, ()) = tokio::join!(waiting, creating);
    prepared.unwrap();
    assert_eq!(admin::describe(&settings, &plan).await.unwrap(), []);
    plan.own[1].partitions = 8;
    plan.own[0].kind = TopicKind::Statements;
    let differing = admin::describe(&settings, &plan).await.unwrap();
    assert!(differing.contains(&TopicProblem::Partitions { topic: "topics.exchange".into(), wanted: 8, found: 4 }), "{differing:?}");
    assert!(
        differing.iter().any(|finding| matches!(finding, TopicProblem::Setting { topic, .. } if topic == "topics.out")),
        "{differing:?}"
    );
    assert!(matches!(admin::prepare(&settings, &plan, &health, |_, _| ()).await, Err(LogError::Stop(_))));
}

/// A table that nobody has written to yet has no topic.
#[tokio::test]
#[ignore = "needs Java and Maven"]
async fn a_source_topic_that_appears_later_is_read_without_a_restart() {
    let mut app = App::new("later", 1).await;
    let later: Arc<str> = Arc::from("later.memo");
    app.settings.source_topics = [Arc::clone(&later), Arc::from(app.source())].into();
    let mut plan = plan("later");
    plan.sources = app.settings.source_topics.to_vec();
    let told = std::sync::Mutex::new(Vec::new());
    let health = Arc::new(KafkaHealth::default());
    admin::prepare(&app.settings, &plan, &health, |names, waits| told.lock().unwrap().push((names.to_vec(), waits))).await.unwrap();
    assert_eq!(*told.lock().unwrap(), [(vec!["later.memo".to_owned()], false)], "named, and not waited for");
    app.feed(0, 10);
    let mut log = app.running().await;
    copy(&app, &mut log, 10).await;
    assert_eq!(log.health().report().topics_absent, Some(vec!["later.memo".to_owned()]));
    let memo = OwnTopic { name: later.to_string(), partitions: 2, kind: TopicKind::Requests };
    let create = TopicPlan { own: vec![memo], sources: vec![], required: vec![], replication: None };
    admin::prepare(&app.settings, &create, &health, |_, _| ()).await.unwrap();
    let producer = PlainProducer::new(&cluster().bootstrap, &BTreeMap::new()).unwrap();
    for number in 10..20 {
        let text = number.to_string();
        producer.send(&later, Some(text.as_bytes()), Some(text.as_bytes()), &[("n", text.as_bytes())], None).unwrap();
    }
    producer.flush(WAIT).unwrap();
    copy(&app, &mut log, 10).await;
    app.assert_exactly_once(20);
    assert_eq!(log.health().report().topics_absent, Some(vec![]));
    log.close().await;
    // A restart finds the offsets of both.
    app.feed(20, 25);
    let mut log = app.running().await;
    copy(&app, &mut log, 5).await;
    app.assert_exactly_once(25);
    log.close().await;
}

#[tokio::test]
#[ignore = "needs Java and Maven"]
async fn brokers_that_are_away_show_in_the_health_and_closing_ends_the_wait() {
    let mut log = KafkaLog::open(settings("away", "127.0.0.1:9")).unwrap();
    let (health, closer) = (log.health(), log.closer());
    let watching = async {
        while health.report().brokers_down_seconds.is_none() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert!(!health.report().ready);
        println!("{:?}", health.report().last_error);
        closer.close();
    };
    let (ended, ()) = tokio::join!(log.committed(), watching);
    assert!(matches!(ended, Err(LogError::Closed(_))), "{ended:?}");
    log.close().await;
}
