//! The engine on its log, as `waybill run` has it.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use waybill::config::Config;
use waybill::engine::log::{CommitOutcome, Limits, Log, LogError, Next, Offset, OutRecord, Transaction};
use waybill::engine::{Engine, EpochReport, EpochTimes, Observer};
use waybill::envelope::Batch;
use waybill::kafka::KafkaLog;

use crate::{Args, Done, Output};
use waybill::cli::broker;

/// Runs until the input is used up, or the time is. With `keep` it keeps what was written.
pub async fn run(args: &Args, config: &Config, input: usize, keep: bool) -> Result<(Done, Output), LogError> {
    let log = KafkaLog::open(broker::settings(config))?;
    let seen = Arc::new(Mutex::new(Seen::default()));
    let (seconds, linger) = (Duration::from_secs(args.seconds), args.linger());
    let watched = Watched {
        log,
        seen: Arc::clone(&seen),
        keep: keep.then(Vec::new),
        input,
        seconds,
        linger,
        handed: 0,
        under_way: UnderWay::default(),
    };
    let (mut engine, _) = Engine::start(config.engine(), watched, config.limits(), Times(Arc::clone(&seen))).await?;
    engine.run().await?;
    let watched = engine.into_log();
    watched.log.close().await;
    let seen = seen.lock().unwrap();
    assert_eq!(seen.decode_errors, 0, "every record can be read");
    let each = |time: Duration| time.as_secs_f64() * 1e6 / seen.done.read.max(1) as f64;
    println!(
        "  microseconds a record: apply {:.2}, seal {:.2}, commit {:.2}",
        each(seen.times.apply),
        each(seen.times.seal),
        each(seen.times.commit)
    );
    let share = |count: u64| count as f64 / seen.done.read.max(1) as f64;
    let [orders, skus, customers, names, state, bytes] = seen.work.map(share);
    println!(
        "  for each record: computed {orders:.2} orders, {skus:.2} SKUs, {customers:.2} customers, {names:.2} names; {state:.2} state records of {:.0} bytes",
        bytes / state
    );
    let prefix = config.application.topic_prefix.clone();
    Ok((seen.done, Output { read: seen.done.read, records: watched.keep.unwrap_or_default(), prefix }))
}

#[derive(Default)]
struct Seen {
    done: Done,
    /// The first record came when the first batch did, less its linger: joining the group is not what is measured.
    begun: Option<Instant>,
    times: EpochTimes,
    decode_errors: u64,
    /// Orders, SKUs, customers, names computed; records and bytes of state.
    work: [u64; 6],
}

/// Where the time of committed epochs went.
struct Times(Arc<Mutex<Seen>>);

impl Observer for Times {
    fn committed(&mut self, report: &EpochReport, times: EpochTimes) {
        let mut seen = self.0.lock().unwrap();
        seen.times.apply += times.apply;
        seen.times.seal += times.seal;
        seen.times.commit += times.commit;
        let work = [
            report.orders_sealed,
            report.skus_sealed,
            report.customers_sealed,
            report.aliases_sealed,
            report.state_records,
            report.state_bytes,
        ];
        seen.work.iter_mut().zip(work).for_each(|(sum, of_epoch)| *sum += of_epoch);
        seen.decode_errors += report.sources.values().map(|source| source.decode_errors).sum::<u64>();
    }

    fn not_committed(&mut self) {
        panic!("nothing disturbs this run");
    }
}

/// The log, counted.
struct Watched {
    log: KafkaLog,
    seen: Arc<Mutex<Seen>>,
    keep: Option<Vec<OutRecord>>,
    input: usize,
    seconds: Duration,
    linger: Duration,
    /// Records handed to the engine and not submitted yet.
    handed: usize,
    under_way: UnderWay,
}

impl Log for Watched {
    fn topics(&self) -> Arc<[Arc<str>]> {
        self.log.topics()
    }

    async fn committed(&mut self) -> Result<Vec<Offset>, LogError> {
        self.log.committed().await
    }

    async fn changelog(&mut self, partition: i32, each: &mut dyn FnMut(&[u8], Option<&[u8]>)) -> Result<(), LogError> {
        self.log.changelog(partition, each).await
    }

    async fn holds(&mut self, topic: &str, partition: i32) -> Result<std::ops::Range<i64>, LogError> {
        self.log.holds(topic, partition).await
    }

    async fn start(&mut self, from: &[Offset]) -> Result<(), LogError> {
        self.log.start(from).await
    }

    async fn next_batch(&mut self, limits: &Limits, batch: &mut Batch) -> Result<Next, LogError> {
        {
            let seen = self.seen.lock().unwrap();
            if seen.done.read + self.under_way.read >= self.input || seen.begun.is_some_and(|begun| begun.elapsed() > self.seconds) {
                return Ok(Next::Closed);
            }
        }
        let next = self.log.next_batch(limits, batch).await?;
        self.handed = batch.len();
        self.seen.lock().unwrap().begun.get_or_insert_with(|| Instant::now() - self.linger);
        Ok(next)
    }

    async fn submit(&mut self, transaction: Transaction) -> Result<Option<CommitOutcome>, LogError> {
        let (records, bytes) = (transaction.records.len(), transaction.records.iter().map(OutRecord::bytes).sum::<usize>());
        if let Some(kept) = &mut self.keep {
            kept.extend(transaction.records.iter().cloned());
        }
        self.under_way = UnderWay { since: Some(Instant::now()), read: std::mem::take(&mut self.handed), written: records, bytes };
        self.log.submit(transaction).await
    }

    async fn settled(&mut self) -> Result<CommitOutcome, LogError> {
        let outcome = self.log.settled().await?;
        let under_way = std::mem::take(&mut self.under_way);
        let mut seen = self.seen.lock().unwrap();
        let begun = seen.begun;
        let done = &mut seen.done;
        done.committing += under_way.since.map_or(Duration::ZERO, |since| since.elapsed());
        done.took = begun.map_or(Duration::ZERO, |begun| begun.elapsed());
        done.transactions += 1;
        done.read += under_way.read;
        done.written += under_way.written;
        done.bytes += under_way.bytes;
        Ok(outcome)
    }
}

/// The transaction that is being committed.
#[derive(Default)]
struct UnderWay {
    since: Option<Instant>,
    read: usize,
    written: usize,
    bytes: usize,
}
