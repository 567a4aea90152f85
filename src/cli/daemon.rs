//! The daemon on a real Kafka: the engine on a thread of its own, HTTP and signals beside it.
//!
//! ```text
//! main thread     signals ──> closer ──> the log hands over no more batches
//!                 HTTP    ──> committed views, metrics, readiness
//! engine thread   prepare topics -> restore -> epochs -> closed
//! ```
//!
//! The process is alive or gone: a thread that panics ends it, and so does HTTP when it ends by itself. Only a query that panics ends nothing but its
//! own connection.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{oneshot, watch};

use super::broker;
use super::desk::DeskOfKafka;
use super::observer::EpochReporter;
use super::shared::DaemonContext;
use crate::config::Config;
use crate::engine::{Engine, LogError};
use crate::error::{Error, exit};
use crate::facts::Moment;
use crate::http::{BrokerState, CommittedViews, DayBook, Readiness, Server, Service, SourceState, Status, Views};
use crate::kafka::{KafkaHealth, KafkaLog, KafkaSettings, admin, end_now};
use crate::telemetry::say;

/// The name of the thread that answers queries.
const HTTP_THREAD: &str = "http";
/// How often the log's state of brokers and lag is copied into readiness and metrics.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How often the books of all orders are looked through.
const AUDIT_EVERY: Duration = Duration::from_secs(600);
/// ... and for the first time so long after the restore: a start leaves no hole of ten minutes in what is watched.
const FIRST_AUDIT: Duration = Duration::from_secs(20);
/// How long an epoch under way may take to end after SIGTERM.
const EPOCH_PATIENCE: Duration = Duration::from_secs(25);

pub fn run(config: Config) -> Result<(), Error> {
    end_with_a_panic();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .thread_name(HTTP_THREAD)
        .enable_all()
        .build()
        .map_err(Error::system("starting the runtime"))?;
    runtime.block_on(serve(config))
}

/// From now on a panic of any thread ends the process, whoever would have caught it: rayon's workers, tasks, and the log's own threads.
fn end_with_a_panic() {
    let shown = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        shown(panic);
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        let thread = std::thread::current();
        if thread.name() == Some(HTTP_THREAD) {
            return say::query_panicked(&place);
        }
        say::panicked(thread.name().unwrap_or("without a name"), &place, exit::RESTART);
        end_now(exit::RESTART);
    }));
}

async fn serve(config: Config) -> Result<(), Error> {
    let (shared, _waiting) = DaemonContext::new(config)?;
    let views = CommittedViews::default();
    let http = match shared.config.http.listen {
        Some(address) => Some(Server::bind(address).await?),
        None => None,
    };
    let (done, ended) = oneshot::channel();
    let engine = {
        let (shared, views) = (shared.clone(), views.clone());
        std::thread::Builder::new()
            .name("engine".to_owned())
            .spawn(move || {
                let result = work(&shared, &views);
                // The other side is gone only when the process is ending already.
                let _ = done.send(result);
            })
            .map_err(Error::system("starting the engine's thread"))?
    };
    let desk = Arc::new(DeskOfKafka(shared.clone()));
    let (status, metrics) = (Arc::clone(&shared.status), Arc::clone(&shared.metrics));
    let day_book: Arc<dyn DayBook> = Arc::new(EntriesOfKafka(shared.clone()));
    let service = Service {
        views: Arc::new(views),
        status,
        metrics,
        inbox: Some(desk.clone()),
        day_book: Some(day_book),
        letters: Some(desk.clone()),
        audit: Some(desk),
    };
    let (stop, stopped) = oneshot::channel::<()>();
    let mut answering = http.map(|server| {
        tokio::spawn(server.serve(service, async {
            let _ = stopped.await;
        }))
    });
    let http_ended = async {
        match &mut answering {
            Some(answering) => drop(answering.await),
            None => std::future::pending().await,
        }
    };
    let result = tokio::select! {
        result = ended => result.unwrap_or_else(|_| Err(gone("the engine"))),
        () = http_ended => {
            let error = gone("HTTP");
            say::stopped(&error);
            // What is committed stays, and the engine's thread would not end by itself.
            end_now(error.exit_code());
        }
    };
    drop(stop);
    if let Some(answering) = answering {
        // Connections that are open get a moment; the process ends all the same.
        let _ = tokio::time::timeout(Duration::from_secs(2), answering).await;
    }
    // Its result is here: joining does not wait.
    let _ = engine.join();
    match result {
        // It was asked to end, and did.
        Err(Error::Log(LogError::Closed(why))) => {
            say::closed(&why);
            Ok(())
        }
        Err(error) => {
            say::stopped(&error);
            Err(error)
        }
        Ok(()) => Ok(()),
    }
}

/// A part of the process ended without a result.
fn gone(what: &str) -> Error {
    LogError::Restart(format!("{what} has ended by itself. A new process goes on from what was committed")).into()
}

/// Reads entries from their topic, by a client of its own.
struct EntriesOfKafka(DaemonContext);

impl DayBook for EntriesOfKafka {
    fn day(&self, day: &str, csv: bool) -> Result<String, String> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| error.to_string())?;
        runtime.block_on(super::books::of_day(&self.0.config, day, csv)).map_err(|error| error.to_string())
    }
}

/// The engine's thread: waits for the broker and the topics, restores, works until it is asked to end.
fn work(shared: &DaemonContext, views: &CommittedViews) -> Result<(), Error> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Error::system("starting the engine's runtime"))?;
    runtime.block_on(async {
        let settings = KafkaSettings {
            gate: broker::gate(&shared.config)?,
            encoder: broker::encoder(&shared.config)?,
            ..broker::settings(&shared.config)
        };
        let log = KafkaLog::open(settings)?;
        let (health, closer) = (log.health(), log.closer());
        let mut ending = shared.ending.clone();
        let closing = tokio::spawn(async move {
            if ending.wait_for(|ending| *ending).await.is_ok() {
                closer.close();
            }
        });
        let looking = tokio::spawn(look(Arc::clone(&health), shared.clone(), views.clone()));
        let mut ending = shared.ending.clone();
        let result = tokio::select! {
            result = epochs(shared, views, log, &health) => result,
            () = given_up(&mut ending, &shared.status) => Ok(()),
        };
        closing.abort();
        looking.abort();
        result
    })
}

/// Returns when the process was asked to end and has waited long enough. Before the restore has ended that is at once, since no epoch is under way;
/// else after the time that an epoch may take.
async fn given_up(ending: &mut watch::Receiver<bool>, status: &Status) {
    // The sender lives as long as the process: an error can only mean that it is ending.
    let _ = ending.wait_for(|ending| *ending).await;
    if status.now().restore.done {
        tokio::time::sleep(EPOCH_PATIENCE).await;
    }
}

async fn epochs(shared: &DaemonContext, views: &CommittedViews, log: KafkaLog, health: &Arc<KafkaHealth>) -> Result<(), Error> {
    let config = &shared.config;
    let report_missing = |missing: &[String], waits: bool| {
        if waits {
            say::waiting_for_topics(missing)
        } else {
            say::without_topics(missing)
        }
        shared.status.update(|readiness| note_missing(config, readiness, missing));
    };
    admin::prepare(&broker::settings(config), &broker::plan(config), health, report_missing).await?;
    let names = config.sources.iter().map(|source| source.common.name.to_string()).collect();
    let observer = EpochReporter::new(Arc::clone(&shared.metrics), Arc::clone(&shared.status), names);
    let began = Instant::now();
    let mut settings = config.engine();
    if let Some((topic, bytes)) =
        admin::takes(&broker::settings(config), &broker::plan(config)).await.filter(|(_, bytes)| *bytes < settings.record_bytes_max)
    {
        say::topic_takes_less(&topic, bytes, settings.record_bytes_max);
        settings.record_bytes_max = bytes;
    }
    let (mut engine, restored) = Engine::start(settings, log, config.limits(), observer).await?;
    views.open(engine.core().published());
    let shards = u32::from(config.application.shards);
    say::restored(shards, restored.records, began.elapsed());
    if restored.fingerprint_changed {
        say::rules_changed(&restored.rules_changed);
    }
    let (_, live) = engine.core().published().held();
    let missing: Vec<&str> = config.live_at_start.iter().filter(|topic| !live.contains(topic)).map(|topic| topic.name()).collect();
    if !restored.fresh && !missing.is_empty() {
        say::not_live(&missing.join(", "));
    }
    for (partition, read, next) in &restored.moved {
        say::offset_moved(partition, *read, *next);
    }
    if restored.read_again > 0 {
        say::read_again(restored.read_again);
    }
    shared.metrics.restored(restored.records, began.elapsed());
    shared.status.update(|readiness| {
        readiness.restore.shards_total = shards;
        readiness.restore.shards_done = shards;
        readiness.restore.records = restored.records;
        readiness.restore.done = true;
    });
    engine.run().await?;
    say::ended(engine.core().published().epochs());
    engine.into_log().close().await;
    Ok(())
}

/// Shows for each source which of its topics are not there, and how it stands.
fn note_missing(config: &Config, readiness: &mut Readiness, missing: &[String]) {
    for source in &config.sources {
        let topics: Vec<String> = missing.iter().filter(|topic| source.topics.contains(topic)).cloned().collect();
        if let Some(status) = readiness.sources.get_mut(source.common.name.as_str()) {
            status.state = match topics.len() {
                1.. if source.required => SourceState::TopicsMissing,
                absent if absent == source.topics.len() => SourceState::Waiting,
                _ => SourceState::Reading,
            };
            status.topics_missing = topics;
        }
    }
}

/// Copies what the log knows of the brokers, the topics and the lag.
async fn look(health: Arc<KafkaHealth>, shared: DaemonContext, views: CommittedViews) {
    let DaemonContext { config, metrics, status, .. } = shared;
    let mut next_audit = None;
    loop {
        if next_audit.is_none() && status.now().restore.done {
            next_audit = Some(Instant::now() + FIRST_AUDIT);
        }
        if next_audit.is_some_and(|next| Instant::now() >= next) {
            next_audit = Some(Instant::now() + AUDIT_EVERY);
            // All orders are computed: not on the server's own thread.
            let (views, metrics) = (views.clone(), Arc::clone(&metrics));
            tokio::task::spawn_blocking(move || {
                let audit = views.audit();
                for ((invariant, currency), off) in &audit.books_off {
                    metrics.books_off(invariant, currency, *off);
                }
                metrics.counted(&audit.counts);
                metrics.audited(Moment(jiff::Timestamp::now().as_millisecond()));
            });
        }
        for (kind, open) in views.exceptions_open() {
            metrics.exceptions_open(&kind, open);
        }
        let outstanding = views.letters().by_source();
        for source in &config.sources {
            metrics.dead_letters(&source.common.name, outstanding.get(&source.common.name).copied().unwrap_or_default());
        }
        let held = views.groups_held().0;
        metrics.requests_held(held.iter().map(|group| (group.why.name(), group.topic.name(), group.requests)));
        let report = health.report();
        status.update(|readiness| {
            readiness.clock.clone_from(&report.clock_doubt);
            readiness.broker = match report.brokers_down_seconds {
                Some(seconds) => BrokerState::Unreachable {
                    error: report.last_error.clone().unwrap_or_else(|| report.doing.to_owned()),
                    since: Moment(jiff::Timestamp::now().as_millisecond() - seconds as i64 * 1_000),
                },
                None if report.reached || readiness.restore.done => BrokerState::Reached,
                None => BrokerState::Connecting,
            };
            if let Some(absent) = &report.topics_absent {
                note_missing(&config, readiness, absent);
            }
            readiness.stalled.clone_from(&report.waits_for);
            for source in &config.sources {
                let held: Vec<String> = report
                    .partitions
                    .iter()
                    .filter(|partition| source.topics.contains(&partition.topic))
                    .filter_map(|found| {
                        let (offset, seconds) = found.held?;
                        Some(format!("{}[{}] from offset {offset} on, for {seconds} s", found.topic, found.partition))
                    })
                    .collect();
                metrics.held(&source.common.name, held.len() as i64);
                let lag = report
                    .partitions
                    .iter()
                    .filter(|partition| source.topics.contains(&partition.topic))
                    .map(|partition| partition.lag)
                    .sum();
                let newest = readiness.sources.get(source.common.name.as_str()).and_then(|status| status.last_record_at);
                metrics.lag(&source.common.name, lag, newest, Moment(jiff::Timestamp::now().as_millisecond()));
                if let Some(status) = readiness.sources.get_mut(source.common.name.as_str()) {
                    status.lag_records = lag;
                    status.held_by_transactions = held;
                }
            }
        });
        metrics.uncommitted(report.uncommitted_seconds, &report.not_committed);
        let now = status.now();
        metrics.ready(now.ready());
        metrics.broker_reached(now.broker == BrokerState::Reached);
        tokio::time::sleep(LOOK_EVERY).await;
    }
}
