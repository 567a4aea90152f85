//! The loop.

use std::time::{Duration, Instant};

use super::core::{Core, EngineSettings};
use super::log::{Limits, Log, LogError, Next, Outcome};
use super::report::EpochReport;
use super::restore::{Restored, restore};
use crate::envelope::Batch;

/// Where an epoch's time went.
#[derive(Clone, Copy, Debug, Default)]
pub struct EpochTimes {
    /// Decode and apply.
    pub apply: Duration,
    pub seal: Duration,
    pub commit: Duration,
}

/// Hears what each committed epoch held, and what could not be committed. Called outside of the pure rooms: may log and count.
pub trait Observer {
    fn committed(&mut self, report: &EpochReport, times: EpochTimes);
    fn not_committed(&mut self);
}

/// Hears nothing.
impl Observer for () {
    fn committed(&mut self, _: &EpochReport, _: EpochTimes) {}
    fn not_committed(&mut self) {}
}

/// The engine on its log.
pub struct Engine<L: Log, O: Observer = ()> {
    core: Core,
    log: L,
    limits: Limits,
    batch: Batch,
    observer: O,
}

/// What one turn of the loop did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    Committed,
    /// The epoch was dropped: its records come again.
    Dropped,
    /// Nothing to read, nothing due.
    Idle,
    /// Asked to end.
    Closed,
}

impl<L: Log, O: Observer> Engine<L, O> {
    /// Restores state from the log and sets where reading begins.
    pub async fn start(settings: EngineSettings, mut log: L, limits: Limits, observer: O) -> Result<(Self, Restored), LogError> {
        let topics = log.topics();
        let mut core = Core::new(settings, topics.clone());
        let restored = restore(&mut core, &mut log).await?;
        let batch = Batch::new(topics, crate::facts::Moment::default());
        Ok((Self { core, log, limits, batch, observer }, restored))
    }

    /// Runs until the log is asked to end.
    pub async fn run(&mut self) -> Result<(), LogError> {
        while self.turn().await? != Turn::Closed {}
        Ok(())
    }

    /// One epoch: read, apply, seal, commit, publish.
    pub async fn turn(&mut self) -> Result<Turn, LogError> {
        self.limits.wake_at = self.core.wake_at();
        if self.log.next_batch(&self.limits, &mut self.batch).await? == Next::Closed {
            return Ok(Turn::Closed);
        }
        let opened = Instant::now();
        self.core.begin(self.batch.clock);
        for record in self.batch.iter() {
            self.core.apply(&record);
        }
        if self.core.is_idle() {
            self.core.drop_epoch();
            return Ok(Turn::Idle);
        }
        let applied = Instant::now();
        let transaction = self.core.seal();
        if let Some(oversize) = self.core.oversize(&transaction) {
            return Err(LogError::Stop(oversize));
        }
        let sealed = Instant::now();
        match self.log.commit(transaction).await? {
            Outcome::NotCommitted => {
                self.core.drop_epoch();
                self.observer.not_committed();
                Ok(Turn::Dropped)
            }
            Outcome::Committed => {
                let times = EpochTimes { apply: applied - opened, seal: sealed - applied, commit: sealed.elapsed() };
                let report = self.core.publish();
                self.observer.committed(&report, times);
                Ok(Turn::Committed)
            }
        }
    }

    pub fn core(&self) -> &Core {
        &self.core
    }

    pub fn log_mut(&mut self) -> &mut L {
        &mut self.log
    }

    pub fn observer(&self) -> &O {
        &self.observer
    }

    /// Ends without a word, as a crash would: what is committed stays, everything else is gone.
    pub fn into_log(self) -> L {
        self.log
    }
}
