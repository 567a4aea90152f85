//! Records per second on a real Kafka, over the simulated retailer's native records of some weeks, retained in their topics.
//!
//! | kind | what it is |
//! | --- | --- |
//! | `engine` | the whole engine on `KafkaLog`, as `waybill run` has it: counted are the source records of committed epochs |
//! | `log` | the same reads and writes through `KafkaLog`, without the engine |
//! | `bare` | the limit: the same reads and writes by librdkafka alone, in one loop |
//!
//! What is to be written is taken from a run of the engine that is not counted: `log` and `bare` write the very same records (events, state),
//! in the same order, to as many partitions, spread evenly over what they read, in transactions that read as long as the engine's linger. Each
//! run has a group and topics of its own, and goes on for so many seconds, or until the input is used up.
//!
//!     cargo bench --bench throughput
//!     cargo bench --bench throughput -- --orders 5000 --rounds 1 --kinds bare,log,engine

#![allow(clippy::unwrap_used)] // A measurement ends at the first thing that goes wrong.

mod bare;
#[allow(dead_code)] // Shared with the tests, which use more of it.
#[path = "../../tests/broker/cluster.rs"]
mod cluster;
mod engine;
#[allow(dead_code)] // Shared with the other benches.
#[path = "../input/mod.rs"]
mod input;
mod log;
#[path = "../../tests/broker/proxy.rs"]
#[allow(dead_code)]
mod proxy;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use clap::Parser;
use waybill::cli::broker;
use waybill::config::Config;
use waybill::engine::log::{LogError, OutRecord};
use waybill::kafka::admin::{self, OwnTopic, TopicKind, TopicPlan};
use waybill::kafka::client::PlainProducer;
use waybill::kafka::{KafkaHealth, KafkaSettings};

use input::Input;

/// As the program has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[derive(Clone, Debug, Parser)]
pub struct Args {
    /// A Kafka that runs already, without the retailer's topics; else one is started (Java, Maven).
    #[arg(long)]
    pub bootstrap: Option<String>,
    /// The retailer's orders: 65 records each.
    #[arg(long, default_value_t = 20_000)]
    pub orders: u32,
    /// Of each source topic.
    #[arg(long, default_value_t = 3)]
    pub partitions: i32,
    /// How long an epoch, or a transaction of the others, reads before it is sealed and committed.
    #[arg(long, default_value_t = 100)]
    pub linger_ms: u64,
    /// Of an epoch, instead of what `waybill run` has by default.
    #[arg(long)]
    pub records_max: Option<usize>,
    #[arg(long, default_value_t = 30)]
    pub seconds: u64,
    #[arg(long, default_value_t = 3)]
    pub rounds: usize,
    /// Which, alternating.
    #[arg(long, value_delimiter = ',', default_value = "bare,engine")]
    pub kinds: Vec<String>,
    /// Given by `cargo bench`.
    #[arg(long, hide = true)]
    bench: bool,
}

impl Args {
    fn linger(&self) -> Duration {
        Duration::from_millis(self.linger_ms)
    }
}

/// What one run has done.
#[derive(Clone, Copy, Debug, Default)]
pub struct Done {
    pub read: usize,
    pub written: usize,
    pub bytes: usize,
    pub transactions: usize,
    pub took: Duration,
    /// From the first call of a commit to its end, all together.
    pub committing: Duration,
    /// What the process and its broker had of the processors meanwhile: says more than the rate where others use them too.
    pub client_cpu: Duration,
    pub broker_cpu: Duration,
}

impl Done {
    fn rate(&self) -> f64 {
        self.read as f64 / self.took.as_secs_f64()
    }
}

/// What the engine made of the input: to be written by the others.
pub struct Output {
    /// Records read for it.
    pub read: usize,
    pub records: Vec<OutRecord>,
    /// Before the names of the topics.
    pub prefix: String,
}

impl Output {
    /// A topic's name in another run.
    pub fn topic(&self, record: &OutRecord, config: &Config) -> String {
        format!("{}{}", config.application.topic_prefix, &record.topic[self.prefix.len()..])
    }
}

fn main() -> Result<(), LogError> {
    waybill::allocator::keep_freed_memory();
    let args = Args::parse();
    let input = Input::of(args.orders);
    let bootstrap = args.bootstrap.clone().unwrap_or_else(|| cluster::cluster().bootstrap.clone());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(fill(&input, &bootstrap, &args))?;
    let mut results: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    let trial = config("trial", &bootstrap, &args);
    runtime.block_on(own_topics(&trial))?;
    // The first run makes the broker warm, too.
    let whole = Args { seconds: u64::MAX, ..args.clone() };
    let (done, output) = runtime.block_on(engine::run(&whole, &trial, input.records, true))?;
    tell("not counted: engine", &done);
    for round in 0..args.rounds {
        for kind in &args.kinds {
            let config = config(&format!("{kind}-{round}"), &bootstrap, &args);
            runtime.block_on(own_topics(&config))?;
            let before = cpu_times(&args);
            let mut done = match kind.as_str() {
                "bare" => bare::run(&args, &config, input.records, &output),
                "log" => runtime.block_on(log::run(&args, &config, input.records, &output))?,
                "engine" => runtime.block_on(engine::run(&args, &config, input.records, false))?.0,
                other => panic!("no kind {other}: bare, log, engine"),
            };
            let after = cpu_times(&args);
            (done.client_cpu, done.broker_cpu) = (after.0 - before.0, after.1 - before.1);
            tell(&format!("round {round}: {kind}"), &done);
            results.entry(kind).or_default().push(done.rate());
        }
    }
    let median = |kind: &str| {
        let mut rates = results.get(kind)?.clone();
        rates.sort_by(f64::total_cmp);
        Some(rates[rates.len() / 2])
    };
    for kind in &args.kinds {
        let median_rate = median(kind).unwrap_or_default();
        let share = median("bare").map(|bare| format!(", {:.2} of bare", median_rate / bare)).unwrap_or_default();
        println!("{kind}: median {median_rate:.0} records/s{share}");
    }
    Ok(())
}

fn tell(what: &str, done: &Done) {
    let (read, transactions) = (done.read.max(1) as f64, done.transactions.max(1) as f64);
    println!(
        "{what}: {:.0} records/s; {} read in {:.1} s; {:.2} written for each, {:.0} bytes; {} transactions, {:.0} ms each, {:.0} ms of them the commit; \
         microseconds of processors for each: {:.1} here, {:.1} in the broker",
        done.rate(),
        done.read,
        done.took.as_secs_f64(),
        done.written as f64 / read,
        done.bytes as f64 / read,
        done.transactions,
        done.took.as_secs_f64() * 1e3 / transactions,
        done.committing.as_secs_f64() * 1e3 / transactions,
        done.client_cpu.as_secs_f64() * 1e6 / read,
        done.broker_cpu.as_secs_f64() * 1e6 / read,
    );
}

/// Processor time so far: of this process, and of the broker that it started.
fn cpu_times(args: &Args) -> (Duration, Duration) {
    let of = |process: &str| {
        // User and system time are the 14th and 15th field, the 12th and 13th after the name in brackets, in hundredths of a second.
        let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
        let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace().skip(11).take(2);
        Duration::from_millis(fields.filter_map(|field| field.parse::<u64>().ok()).sum::<u64>() * 10)
    };
    let broker = if args.bootstrap.is_none() { of(&cluster::cluster().pid.to_string()) } else { Duration::ZERO };
    (of("self"), broker)
}

/// The configuration of a run: its own group, its own topics.
fn config(name: &str, bootstrap: &str, args: &Args) -> Config {
    let mut config = input::config(bootstrap);
    config.application.id = format!("bench-{name}");
    config.application.topic_prefix = format!("bench-{name}.");
    config.epochs.linger = args.linger();
    if let Some(records_max) = args.records_max {
        (config.epochs.records_max, config.epochs.bytes_max) = (records_max, 1 << 30);
    }
    config
}

async fn fill(input: &Input, bootstrap: &str, args: &Args) -> Result<(), LogError> {
    let own = |topic: &Arc<str>| OwnTopic { name: topic.to_string(), partitions: args.partitions, kind: TopicKind::Requests };
    let plan = TopicPlan { own: input.topics.iter().map(own).collect(), sources: vec![], required: vec![], replication: None };
    prepare(&broker::settings(&config("fill", bootstrap, args)), &plan).await?;
    let producer = PlainProducer::new(bootstrap, &BTreeMap::new()).unwrap();
    for record in input.iter() {
        producer.send(&input.topics[usize::from(record.topic)], record.key, record.value, &[], Some(record.timestamp)).unwrap();
    }
    producer.flush(Duration::from_secs(120)).unwrap();
    let bytes = input.bytes() / input.records;
    println!("{} native records of {bytes} bytes in {} topics of {} partitions", input.records, input.topics.len(), args.partitions);
    Ok(())
}

async fn own_topics(config: &Config) -> Result<(), LogError> {
    prepare(&broker::settings(config), &broker::plan(config)).await
}

async fn prepare(settings: &KafkaSettings, plan: &TopicPlan) -> Result<(), LogError> {
    admin::prepare(settings, plan, &Arc::new(KafkaHealth::default()), |_, _| ()).await
}
