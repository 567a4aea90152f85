//! [`KafkaLog`]: the engine's side of the log. It gives the threads work and waits for their answers.

use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::broker_clock::BelievedClock;
use super::clients;
use super::group::Group;
use super::health::KafkaHealth;
use super::prober::Prober;
use super::reader::ReaderThread;
use super::restore::Restorer;
use super::settings::KafkaSettings;
use super::shared::{Partition, Positions, Shared, State};
use super::watchdog::{Watchdog, end_process};
use super::writer::{Command, WriterThread};
use crate::engine::log::{CommitOutcome, Limits, Log, LogError, Next, Offset, Transaction};
use crate::envelope::Batch;
use crate::facts::Moment;
use crate::telemetry::say;

/// How long to wait at most. Longer: an application that has nothing to do sees later that its clock was set.
const AT_MOST: Duration = Duration::from_secs(5);
/// How often to look for a change that wakes nobody.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// An assignment that is not complete may be followed by another so soon.
const ASSIGNMENT_SETTLES: Duration = Duration::from_secs(1);
/// How often to look whether the clock is believed again.
const CLOCK_AGAIN: Duration = Duration::from_millis(200);
/// How long a command waits for a clock that is believed.
const CLOCK_PATIENCE: Duration = Duration::from_secs(20);

/// The log on Kafka: one instance of one application.
pub struct KafkaLog {
    shared: Arc<Shared>,
    group: Arc<Group>,
    prober: Prober,
    restorer: Option<Arc<Restorer>>,
    commands: Option<mpsc::Sender<Command>>,
    under_way: Option<UnderWay>,
    watchdog: Watchdog,
    threads: Vec<JoinHandle<()>>,
    clock: BelievedClock,
    /// Dropped: the broker is asked for its time no more.
    asking: Option<mpsc::Sender<()>>,
}

/// The transaction that the writer works on.
struct UnderWay {
    /// The generation that its records were read in. Once there is a newer one, it is not known where reading goes on.
    generation: u64,
    answer: oneshot::Receiver<Result<CommitOutcome, LogError>>,
    /// The answer, once it has come.
    outcome: Option<Result<CommitOutcome, LogError>>,
}

impl UnderWay {
    /// Waits for the writer's answer and keeps it: a caller that stops waiting loses nothing.
    async fn answered(&mut self) {
        if self.outcome.is_none() {
            self.outcome = Some((&mut self.answer).await.unwrap_or_else(|_| Err(writer_gone())));
        }
    }
}

fn writer_gone() -> LogError {
    LogError::Restart("the thread that writes to Kafka has ended. A new process goes on from what was committed".into())
}

/// Ends a log from outside: `next_batch` answers `Closed`. Cheap to clone.
#[derive(Clone)]
pub struct Closer {
    shared: Arc<Shared>,
    watchdog: Watchdog,
}

impl Closer {
    /// Asks for an orderly end. If it takes longer than `timeouts.close`, the process ends with [`crate::error::exit::CLOSING`].
    pub fn close(&self) {
        self.shared.lock().closed = true;
        self.watchdog.close_within(self.shared.settings.timeouts.close);
        self.shared.ready.notify_one();
        self.shared.room.notify_all();
    }
}

impl KafkaLog {
    /// Makes the clients and their threads. It asks nothing of the network yet, so that [`KafkaLog::health`] can report while brokers do not answer.
    ///
    /// Errors: settings that can't be right, or that librdkafka refuses.
    pub fn open(settings: KafkaSettings) -> Result<Self, LogError> {
        settings.check()?;
        let health = Arc::new(KafkaHealth::default());
        health.doing("starting");
        let topics = settings.subscribed();
        let shared = Arc::new(Shared::new(settings, topics, Arc::clone(&health)));
        if let Some(gate) = &shared.settings.gate {
            health.gated_by(gate);
            let bell = Arc::clone(&shared.bell);
            gate.on_opened(Box::new(move || bell.ring()));
        }
        let group = Arc::new(Group::new(Arc::clone(&shared)));
        let prober = Prober::new(Arc::clone(&shared))?;
        let health_seen = Arc::clone(&shared.health);
        let threadless = |error: std::io::Error| LogError::Restart(format!("the system starts no more threads: {error}"));
        let watchdog = Watchdog::new(end_process(), Box::new(move || health_seen.brokers_are_down())).map_err(threadless)?;
        let (commands, writer) =
            WriterThread::spawn(Arc::clone(&shared), Arc::clone(&group), prober.clone(), watchdog.clone()).map_err(threadless)?;
        let reader = ReaderThread::spawn(Arc::clone(&shared), Arc::clone(&group), prober.clone(), watchdog.clone())?;
        let probing = prober.clone().spawn().map_err(threadless)?;
        let clock = BelievedClock::new(Arc::clone(&health));
        let (asking, asks) = clock.ask(&shared.settings)?;
        Ok(Self {
            shared,
            group,
            prober,
            restorer: None,
            commands: Some(commands),
            under_way: None,
            watchdog,
            threads: vec![writer, reader, probing, asks],
            clock,
            asking: Some(asking),
        })
    }

    /// The state of the connection to Kafka, for `/readyz`.
    pub fn health(&self) -> Arc<KafkaHealth> {
        Arc::clone(&self.shared.health)
    }

    /// The handle that ends it from outside (SIGTERM).
    pub fn closer(&self) -> Closer {
        Closer { shared: Arc::clone(&self.shared), watchdog: self.watchdog.clone() }
    }

    /// This machine's clock, once the broker's was compared with it.
    ///
    /// # Errors
    /// The clock is not believed.
    pub async fn clock(&self) -> Result<Moment, LogError> {
        let until = Instant::now() + CLOCK_PATIENCE;
        loop {
            match self.clock.now(Moment::MIN) {
                Some(clock) => return Ok(clock),
                None if Instant::now() >= until => {
                    let doubt = self.clock.doubt().unwrap_or_else(|| "the broker does not tell its time".to_owned());
                    return Err(LogError::Stop(doubt));
                }
                None => tokio::time::sleep(CLOCK_AGAIN).await,
            }
        }
    }

    /// Ends the threads and the clients. The group keeps this slot's partitions for it (static membership) until the session ends.
    pub async fn close(mut self) {
        self.closer().close();
        self.shared.lock().ending = true;
        self.shared.room.notify_all();
        (self.commands, self.asking) = (None, None);
        let threads = std::mem::take(&mut self.threads);
        let (watchdog, restorer) = (self.watchdog.clone(), self.restorer.take());
        // Dropping a client can hang: not on the engine's thread, and under the watchdog's deadline.
        let ended = tokio::task::spawn_blocking(move || {
            threads.into_iter().for_each(|thread| drop(thread.join()));
            drop(restorer);
            drop(self);
        });
        let _ = ended.await;
        watchdog.end();
    }

    /// Gives the writer a command; its answer comes through the channel.
    fn command<T>(&self, command: impl FnOnce(oneshot::Sender<T>) -> Command) -> Result<oneshot::Receiver<T>, LogError> {
        let (answer, answered) = oneshot::channel();
        let commands = self.commands.as_ref().ok_or_else(writer_gone)?;
        commands.send(command(answer)).map_err(|_| writer_gone())?;
        Ok(answered)
    }

    /// Runs a blocking question on a thread of its own.
    async fn blocking<T: Send + 'static>(&self, ask: impl FnOnce(Prober) -> Result<T, LogError> + Send + 'static) -> Result<T, LogError> {
        let prober = self.prober.clone();
        let asked = tokio::task::spawn_blocking(move || ask(prober)).await;
        asked.map_err(|error| LogError::Restart(format!("a thread that asks Kafka has ended: {error}")))?
    }

    /// Where each partition is read from: the position given, or its earliest record. A position that its partition does not hold is an error.
    async fn positions(&self, from: &[Offset]) -> Result<Positions, LogError> {
        let of = |offset: &Offset| Some(Partition { topic: self.shared.topic_index(&offset.topic)?, number: offset.partition });
        let given: Vec<(Partition, i64)> = from.iter().filter_map(|offset| Some((of(offset)?, offset.next?))).collect();
        self.blocking(move |prober| {
            let mut positions = Positions::default();
            for partition in prober.all_partitions()? {
                let ends = prober.ends(partition)?;
                let position = given.iter().find(|(given, _)| *given == partition).map_or(ends.low, |(_, next)| *next);
                prober.check_position(partition, position, ends)?;
                positions.set(partition, position);
            }
            Ok(positions)
        })
        .await
    }

    /// Another member of the group that is not in this instance's slot, by name.
    async fn another(&self) -> Result<Option<String>, LogError> {
        self.blocking(|prober| prober.another_instance()).await
    }

    /// Waits until no other instance of the application is a member of the group: joining beside it would take partitions from it.
    async fn wait_until_alone(&self, until: Instant) -> Result<(), LogError> {
        loop {
            match self.another().await? {
                None => break,
                Some(other) if Instant::now() >= until => return Err(not_alone(&self.shared.settings, &other)),
                Some(other) => self.shared.health.waits_for(Some(format!("another instance is a member of the group: {other}"))),
            }
            self.pause(Duration::from_millis(500)).await?;
        }
        self.shared.health.waits_for(None);
        Ok(())
    }

    /// Waits until the group has assigned all partitions to this instance. A member that comes back within its session gets the assignment that it had,
    /// whatever it subscribes to now: if that is not what is to be read, it leaves the group and joins it anew.
    async fn wait_for_assignment(&self, until: Instant) -> Result<(), LogError> {
        self.shared.health.doing("waiting for the group's partitions");
        loop {
            let (missing, settled) = {
                let state = self.shared.lock();
                let missing = state.base.iter().filter(|(partition, _)| !state.owned.contains(partition)).count();
                if missing == 0 && !state.foreign {
                    return Ok(());
                }
                (missing, state.assigned_at.is_some_and(|at| at.elapsed() >= ASSIGNMENT_SETTLES))
            };
            let is_late = Instant::now() >= until;
            if settled || is_late {
                let another = self.another().await?;
                match another {
                    Some(other) if is_late => return Err(not_alone(&self.shared.settings, &other)),
                    None if is_late => return Err(unassigned(&self.shared.settings, missing)),
                    Some(_) => {}
                    None => self.join_anew(until).await?,
                }
            }
            self.pause(LOOK_EVERY).await?;
        }
    }

    /// Leaves the group, although its members keep their places when a process ends, and joins it again.
    async fn join_anew(&self, until: Instant) -> Result<(), LogError> {
        say::joining_anew();
        self.group.unsubscribe();
        while !self.shared.lock().owned.is_empty() && Instant::now() < until {
            self.pause(LOOK_EVERY).await?;
        }
        {
            let mut state = self.shared.lock();
            (state.foreign, state.assigned_at) = (false, None);
        }
        // The request to leave is sent once the partitions are given back.
        self.pause(LOOK_EVERY * 4).await?;
        self.group.subscribe().map_err(|error| clients::misconfigured(&error))
    }

    /// Waits a little, unless the log is closed or has failed.
    async fn pause(&self, time: Duration) -> Result<(), LogError> {
        let _ = tokio::time::timeout(time, self.shared.ready.notified()).await;
        let state = self.shared.lock();
        match &state.fault {
            Some(fault) => Err(fault.clone().into()),
            None if state.closed => Err(LogError::Closed("asked to end while starting".into())),
            None => Ok(()),
        }
    }
}

fn not_alone(settings: &KafkaSettings, detail: &str) -> LogError {
    LogError::Stop(format!(
        "another instance of application \"{}\" is running ({detail}). One application runs as one instance: end the other one, or give this one \
         an application id of its own",
        settings.application_id
    ))
}

fn unassigned(settings: &KafkaSettings, missing: usize) -> LogError {
    LogError::Restart(format!(
        "the group \"{}\" has not assigned {missing} partitions within {} s, although no other instance is a member of it",
        settings.application_id,
        settings.timeouts.assignment.as_secs()
    ))
}

impl Log for KafkaLog {
    fn topics(&self) -> Arc<[Arc<str>]> {
        Arc::clone(&self.shared.settings.source_topics)
    }

    async fn committed(&mut self) -> Result<Vec<Offset>, LogError> {
        self.command(Command::Committed)?.await.map_err(|_| writer_gone())?
    }

    async fn changelog(&mut self, partition: i32, each: &mut dyn FnMut(&[u8], Option<&[u8]>)) -> Result<(), LogError> {
        self.shared.health.doing("restoring the state");
        if self.restorer.is_none() {
            let consumer = clients::restorer(&self.shared.settings, &self.shared.health)?;
            self.restorer = Some(Arc::new(Restorer::new(Arc::clone(&self.shared), self.prober.clone(), consumer)));
        }
        let Some(restorer) = &self.restorer else { return Ok(()) };
        let started = Arc::clone(restorer).read(partition);
        let mut chunks = started.map_err(|error| LogError::Restart(format!("the system starts no more threads: {error}")))?;
        while let Some(chunk) = chunks.recv().await {
            for record in chunk?.iter() {
                each(record.key.unwrap_or_default(), record.value);
            }
        }
        Ok(())
    }

    async fn holds(&mut self, topic: &str, partition: i32) -> Result<std::ops::Range<i64>, LogError> {
        let topic = topic.to_owned();
        let ends = self.blocking(move |prober| prober.ends_of(&topic, partition)).await?;
        Ok(ends.low..ends.high)
    }

    async fn start(&mut self, from: &[Offset]) -> Result<(), LogError> {
        self.restorer = None;
        let until = Instant::now() + self.shared.settings.timeouts.assignment;
        self.shared.health.doing("checking positions");
        let positions = self.positions(from).await?;
        self.wait_until_alone(until).await?;
        {
            let mut state = self.shared.lock();
            state.next = positions.clone();
            state.base = positions;
        }
        self.group.subscribe().map_err(|error| clients::misconfigured(&error))?;
        self.wait_for_assignment(until).await?;
        let mut state = self.shared.lock();
        // Records that were fetched before all partitions were assigned are read again, from the positions given.
        (state.started, state.go_back) = (true, true);
        // Makes the first commit check that nobody has committed since the offsets were read.
        state.generation += 1;
        state.handed = state.generation;
        self.shared.health.doing("running");
        Ok(())
    }

    async fn next_batch(&mut self, limits: &Limits, batch: &mut Batch) -> Result<Next, LogError> {
        loop {
            let wait = {
                let mut state = self.shared.lock();
                if let Some(fault) = &state.fault {
                    return Err(fault.clone().into());
                }
                if state.closed {
                    return Ok(Next::Closed);
                }
                // The outcome decides what is read next: the reader may have to go back.
                if self.under_way.as_ref().is_some_and(|under_way| under_way.outcome.is_some() || under_way.generation != state.generation)
                {
                    return Ok(Next::Settle);
                }
                state.limits = Some(limits.clone());
                // No epoch begins under a clock that is not believed. Reading goes on until the next batch is full.
                let clock = self.clock.now(limits.tick);
                match clock.map(|clock| (clock, due_in(&state, limits, clock))) {
                    Some((clock, Duration::ZERO)) => {
                        hand_over(&mut state, batch, clock);
                        self.shared.room.notify_all();
                        return Ok(Next::Batch);
                    }
                    Some((_, wait)) => wait,
                    None => CLOCK_AGAIN,
                }
            };
            self.shared.room.notify_all();
            // At most a millisecond late, and never early: an early return would make the loop spin.
            let ready = tokio::time::timeout(wait, self.shared.ready.notified());
            match &mut self.under_way {
                None => drop(ready.await),
                Some(under_way) => tokio::select! { () = under_way.answered() => {}, _ = ready => {} },
            }
        }
    }

    async fn submit(&mut self, transaction: Transaction) -> Result<Option<CommitOutcome>, LogError> {
        if self.under_way.is_some() {
            return Err(LogError::Stop(
                "the engine handed over a transaction before the one under way was settled: an error of Waybill. Report it".into(),
            ));
        }
        let generation = self.shared.lock().handed;
        let answer = self.command(|answer| Command::Commit { transaction, generation, answer })?;
        self.under_way = Some(UnderWay { generation, answer, outcome: None });
        Ok(None)
    }

    async fn settled(&mut self) -> Result<CommitOutcome, LogError> {
        let Some(mut under_way) = self.under_way.take() else {
            return Err(LogError::Stop(
                "the engine asks for an outcome while no transaction is under way: an error of Waybill. Report it".into(),
            ));
        };
        under_way.answered().await;
        under_way.outcome.unwrap_or_else(|| Err(writer_gone()))
    }
}

/// How long until the batch must be handed over; zero: now.
fn due_in(state: &State, limits: &Limits, clock: Moment) -> Duration {
    // An epoch that can't be committed now would only be dropped. The group's next assignment wakes us.
    if state.go_back || !state.is_whole() {
        return AT_MOST;
    }
    if state.is_full() {
        return Duration::ZERO;
    }
    let linger = state.first_at.map(|first| limits.linger.saturating_sub(first.elapsed()));
    let timer = limits.timer_at.map(|timer| Duration::from_millis(u64::try_from((timer - clock).0).unwrap_or(0)));
    linger.into_iter().chain(timer).fold(AT_MOST, Duration::min)
}

fn hand_over(state: &mut State, batch: &mut Batch, clock: Moment) {
    batch.clear(clock);
    std::mem::swap(&mut state.filling, batch);
    batch.clock = clock;
    state.first_at = None;
    state.handed = state.generation;
}

impl Drop for KafkaLog {
    fn drop(&mut self) {
        self.shared.lock().ending = true;
        self.shared.room.notify_all();
    }
}
