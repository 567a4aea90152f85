//! One application on the cluster: its topics, its settings, and what a reader sees that is not the application.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use waybill::engine::log::{CommitOutcome, Limits, Log, LogError, Next, Offset, OutRecord, Transaction};
use waybill::envelope::Batch;
use waybill::facts::Moment;
use waybill::kafka::admin::{self, OwnTopic, TopicKind, TopicPlan};
use waybill::kafka::client::{PlainProducer, TailReader, TailRecord};
use waybill::kafka::{KafkaHealth, KafkaLog, KafkaSettings, KafkaTimeouts};

use crate::cluster::cluster;

pub const SHARDS: i32 = 4;
pub const WAIT: Duration = Duration::from_secs(30);

/// Names are the test's own, so that tests share the broker.
pub struct App {
    pub name: String,
    pub settings: KafkaSettings,
}

impl App {
    pub async fn new(name: &str, source_partitions: i32) -> Self {
        let app = Self { name: name.to_owned(), settings: settings(name, &cluster().bootstrap) };
        let source = OwnTopic { name: app.source(), partitions: source_partitions, kind: TopicKind::Requests };
        let mut plan = plan(name);
        plan.own.push(source);
        admin::prepare(&app.settings, &plan, &Arc::new(KafkaHealth::default()), |_, _| ()).await.unwrap();
        app
    }

    pub fn source(&self) -> String {
        format!("{}.source", self.name)
    }

    pub fn out(&self) -> String {
        format!("{}.out", self.name)
    }

    pub fn open(&self) -> KafkaLog {
        KafkaLog::open(self.settings.clone()).unwrap()
    }

    /// Opened, restored and started from what is committed.
    pub async fn running(&self) -> KafkaLog {
        let mut log = self.open();
        let committed = log.committed().await.unwrap();
        log.start(&committed).await.unwrap();
        log
    }

    /// Writes records `from..to`, their numbers as keys and values.
    pub fn feed(&self, from: usize, to: usize) {
        let producer = PlainProducer::new(&cluster().bootstrap, &BTreeMap::new()).unwrap();
        for number in from..to {
            let text = number.to_string();
            producer.send(&self.source(), Some(text.as_bytes()), Some(text.as_bytes()), &[("n", text.as_bytes())], None).unwrap();
        }
        producer.flush(WAIT).unwrap();
    }

    /// An epoch that copies the batch, and notes the epoch's number in the changelog and beside the first shard's offset.
    pub fn epoch(&self, batch: &Batch, number: u64) -> Transaction {
        let mut ends: BTreeMap<(Arc<str>, i32), i64> = BTreeMap::new();
        let mut records = vec![record(&self.settings.changelog_topic, Some(0), "epoch", &number.to_string())];
        for read in batch.iter() {
            let text = std::str::from_utf8(read.value.unwrap()).unwrap();
            assert_eq!(read.header("n"), Some(text));
            records.push(record(&self.out(), None, text, text));
            ends.insert((Arc::clone(read.topic), read.partition), read.offset + 1);
        }
        let mut offsets: Vec<_> = ends
            .into_iter()
            .map(|((topic, partition), next)| Offset { topic, partition, next: Some(next), metadata: String::new() })
            .collect();
        let exchange = Arc::clone(&self.settings.exchange_topic);
        offsets.push(Offset { topic: exchange, partition: 0, next: None, metadata: number.to_string() });
        Transaction { records, offsets }
    }

    /// All that a reader of committed records sees in the topic of results, once it has seen `count` (or the time is over).
    pub fn results(&self, count: usize) -> Vec<TailRecord> {
        let out = self.out();
        let reader = TailReader::new(&cluster().bootstrap, &BTreeMap::new(), &[&out]).unwrap();
        let (mut all, begun) = (Vec::new(), Instant::now());
        while all.len() < count && begun.elapsed() < WAIT {
            all.extend(reader.poll(Duration::from_millis(200)).unwrap());
        }
        // What is too much shows too.
        all.extend(reader.poll(Duration::from_millis(700)).unwrap());
        all
    }

    /// Each of the numbers `0..count` once, and nothing else.
    pub fn assert_exactly_once(&self, count: usize) {
        let mut numbers: Vec<usize> = self
            .results(count)
            .iter()
            .map(|record| std::str::from_utf8(record.value.as_deref().unwrap()).unwrap().parse().unwrap())
            .collect();
        numbers.sort_unstable();
        assert_eq!(numbers.len(), count, "lost or doubled records");
        assert!(numbers.iter().copied().eq(0..count), "lost and doubled records");
    }
}

pub fn plan(name: &str) -> TopicPlan {
    let own = |topic: &str, partitions, kind| OwnTopic { name: format!("{name}.{topic}"), partitions, kind };
    TopicPlan {
        own: vec![
            own("out", 3, TopicKind::Requests),
            own("exchange", SHARDS, TopicKind::Exchange),
            own("changelog", SHARDS, TopicKind::Changelog),
            own("clock", 1, TopicKind::Clock),
        ],
        sources: vec![],
        required: vec![],
        replication: None,
    }
}

/// Short times, so that what is waited for in a test takes seconds.
pub fn settings(name: &str, bootstrap: &str) -> KafkaSettings {
    KafkaSettings {
        bootstrap: bootstrap.to_owned(),
        application_id: name.to_owned(),
        slot: "0".to_owned(),
        client: BTreeMap::new(),
        source_topics: Arc::from([Arc::from(format!("{name}.source"))]),
        exchange_topic: Arc::from(format!("{name}.exchange")),
        changelog_topic: Arc::from(format!("{name}.changelog")),
        own_topics: ["out", "exchange", "changelog"].map(|topic| Arc::from(format!("{name}.{topic}"))).into(),
        clock_topic: Arc::from(format!("{name}.clock")),
        gate: None,
        encoder: None,
        timeouts: KafkaTimeouts {
            request: Duration::from_millis(1500),
            delivery: Duration::from_secs(2),
            transaction: Duration::from_secs(5),
            session: Duration::from_secs(10),
            commit: Duration::from_secs(6),
            assignment: Duration::from_secs(20),
            ..KafkaTimeouts::default()
        },
    }
}

pub fn limits() -> Limits {
    Limits { records_max: 500, bytes_max: 1 << 20, linger: Duration::from_millis(20), timer_at: None, tick: waybill::facts::Moment::MIN }
}

pub fn empty_batch(log: &KafkaLog) -> Batch {
    Batch::new(log.topics(), Moment::default())
}

pub fn record(topic: &str, partition: Option<i32>, key: &str, value: &str) -> OutRecord {
    OutRecord { topic: Arc::from(topic), partition, key: Some(key.into()), value: Some(value.into()), headers: vec![("h", b"1".to_vec())] }
}

/// The next batch that holds records.
pub async fn next(log: &mut KafkaLog, batch: &mut Batch) -> Result<(), LogError> {
    let read = tokio::time::timeout(WAIT, log.next_batch(&limits(), batch)).await.expect("records come");
    assert_eq!(read?, Next::Batch);
    Ok(())
}

/// Reads and commits until `count` records are committed.
pub async fn copy(app: &App, log: &mut KafkaLog, count: usize) {
    let (mut batch, mut done, mut epoch) = (empty_batch(log), 0, 0);
    while done < count {
        next(log, &mut batch).await.unwrap();
        epoch += 1;
        if log.commit(app.epoch(&batch, epoch)).await.unwrap() == CommitOutcome::Committed {
            done += batch.len();
        }
    }
    assert_eq!(done, count);
}
