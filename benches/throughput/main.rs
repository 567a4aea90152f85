//! Records per second on a real Kafka.
//!
//! `bare` is the limit: librdkafka doing nothing but the reads and writes of a run, in transactions of the same length. `log` does the same
//! through [`KafkaLog`], which shows what that costs. Both read the same retained input from its beginning, under a group of their own.
//!
//!     cargo bench --bench throughput -- --rounds 3 --seconds 30

#![allow(clippy::unwrap_used)] // A measurement ends at the first thing that goes wrong.

mod bare;
#[allow(dead_code)] // Shared with the tests, which use more of it.
#[path = "../../tests/broker/cluster.rs"]
mod cluster;
mod log;
#[path = "../../tests/broker/proxy.rs"]
#[allow(dead_code)]
mod proxy;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use clap::Parser;
use waybill::engine::log::LogError;
use waybill::kafka::admin::{self, OwnTopic, TopicKind, TopicPlan};
use waybill::kafka::client::PlainProducer;
use waybill::kafka::{KafkaHealth, KafkaSettings, KafkaTimeouts};

#[derive(Clone, Debug, Parser)]
pub struct Args {
    /// A Kafka that runs already; else one is started (Java, Maven).
    #[arg(long)]
    pub bootstrap: Option<String>,
    /// Input topics, with commas; else one is made and filled.
    #[arg(long, value_delimiter = ',')]
    pub input: Vec<String>,
    /// Records to fill the input with.
    #[arg(long, default_value_t = 3_000_000)]
    pub input_records: usize,
    #[arg(long, default_value_t = 800)]
    pub input_bytes: usize,
    #[arg(long, default_value_t = 3)]
    pub partitions: i32,
    /// Records written for each record read.
    #[arg(long, default_value_t = 1.0)]
    pub out_per_input: f64,
    #[arg(long, default_value_t = 120)]
    pub out_bytes: usize,
    /// How long a transaction reads before it is committed.
    #[arg(long, default_value_t = 100)]
    pub commit_ms: u64,
    #[arg(long, default_value_t = 30)]
    pub seconds: u64,
    #[arg(long, default_value_t = 3)]
    pub rounds: usize,
    /// `bare`, `log`, or both, alternating.
    #[arg(long, value_delimiter = ',', default_value = "bare,log")]
    pub kinds: Vec<String>,
    /// Given by `cargo bench`.
    #[arg(long, hide = true)]
    bench: bool,
}

/// What one run has done.
#[derive(Clone, Copy, Debug, Default)]
pub struct Done {
    pub read: usize,
    pub written: usize,
    pub transactions: usize,
    pub took: Duration,
    /// From the first call of a commit (offsets) to its end, all together.
    pub committing: Duration,
}

fn main() -> Result<(), LogError> {
    let mut args = Args::parse();
    let bootstrap = args.bootstrap.clone().unwrap_or_else(|| cluster::cluster().bootstrap.clone());
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(prepare(&mut args, &bootstrap))?;
    let mut results: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    for round in 0..args.rounds {
        for kind in &args.kinds {
            let settings = settings(&format!("bench-{}-{kind}-{round}", std::process::id()), &bootstrap, &args);
            runtime.block_on(own_topics(&settings))?;
            let done = match kind.as_str() {
                "bare" => bare::run(&args, &settings),
                _ => runtime.block_on(log::run(&args, settings))?,
            };
            let rate = done.read as f64 / done.took.as_secs_f64();
            println!(
                "round {round} {kind}: {rate:.0} records/s read, {:.0} written/s, {} transactions, {:.1} ms a commit, {:.1} s",
                done.written as f64 / done.took.as_secs_f64(),
                done.transactions,
                done.committing.as_secs_f64() * 1e3 / done.transactions.max(1) as f64,
                done.took.as_secs_f64()
            );
            results.entry(kind.clone()).or_default().push(rate);
        }
    }
    for (kind, mut rates) in results {
        rates.sort_by(f64::total_cmp);
        println!("{kind}: median {:.0} records/s of {rates:.0?}", rates[rates.len() / 2]);
    }
    Ok(())
}

async fn prepare(args: &mut Args, bootstrap: &str) -> Result<(), LogError> {
    if !args.input.is_empty() {
        return Ok(());
    }
    let topic = format!("bench-input-{}", std::process::id());
    let own = OwnTopic { name: topic.clone(), partitions: args.partitions, kind: TopicKind::Requests };
    let plan = TopicPlan { own: vec![own], sources: vec![], replication: None };
    args.input = vec![topic.clone()];
    admin::prepare(&settings("bench", bootstrap, args), &plan, &Arc::new(KafkaHealth::default()), |_| ()).await?;
    let producer = PlainProducer::new(bootstrap, &BTreeMap::new()).unwrap();
    // Text that compresses about as change events do.
    let value: Vec<u8> = (0..args.input_bytes).map(|at| b"{\"after\":{\"qty\":1}"[at % 18] ^ u8::from(at % 97 == 0)).collect();
    for number in 0..args.input_records {
        producer.send(&topic, Some(number.to_string().as_bytes()), Some(&value), &[], None).unwrap();
    }
    producer.flush(Duration::from_secs(120)).unwrap();
    println!("{} records of {} bytes in {topic}", args.input_records, args.input_bytes);
    Ok(())
}

fn settings(name: &str, bootstrap: &str, args: &Args) -> KafkaSettings {
    KafkaSettings {
        bootstrap: bootstrap.to_owned(),
        application_id: name.to_owned(),
        slot: "0".to_owned(),
        client: BTreeMap::new(),
        source_topics: args.input.iter().map(|topic| Arc::from(topic.as_str())).collect(),
        exchange_topic: Arc::from(format!("{name}.exchange")),
        changelog_topic: Arc::from(format!("{name}.changelog")),
        timeouts: KafkaTimeouts::default(),
    }
}

/// The topics that a run writes: its own, so that all rounds begin alike.
async fn own_topics(settings: &KafkaSettings) -> Result<(), LogError> {
    let own = |topic: &str, partitions, kind| OwnTopic { name: format!("{}.{topic}", settings.application_id), partitions, kind };
    let own = vec![own("out", 3, TopicKind::Requests), own("exchange", 4, TopicKind::Exchange), own("changelog", 4, TopicKind::Changelog)];
    let plan = TopicPlan { own, sources: vec![], replication: None };
    admin::prepare(settings, &plan, &Arc::new(KafkaHealth::default()), |_| ()).await
}
