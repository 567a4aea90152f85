//! The loop. It waits for the log and measures times; everything that it calls is computed at once.

use std::time::{Duration, Instant};

use super::core::Core;
use super::log::{CommitOutcome, Limits, Log, LogError, Next};
use super::report::{EpochTimes, Observer};
use super::restore::{Restored, restore};
use super::settings::EngineSettings;
use crate::envelope::Batch;

/// The engine on its log.
pub struct Engine<L: Log, O: Observer = ()> {
    pub(super) core: Core,
    pub(super) log: L,
    limits: Limits,
    batch: Batch,
    /// The epoch that is being committed: where its time went, and when it was handed over.
    under_way: Option<(EpochTimes, Instant)>,
    observer: O,
}

/// What one turn of the loop did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// The epoch is committed.
    Committed,
    /// The epoch is handed over; the next one is read meanwhile.
    Submitted,
    /// The epoch under way was not committed: its records come again, and those of the epoch that was built on it.
    Dropped,
    /// Nothing to read, and no timer due.
    Idle,
    /// The log was asked to end.
    Closed,
}

impl<L: Log, O: Observer> Engine<L, O> {
    /// Restores state from the log and sets where reading begins.
    pub async fn start(settings: EngineSettings, mut log: L, limits: Limits, observer: O) -> Result<(Self, Restored), LogError> {
        let topics = log.topics();
        let mut core = Core::new(settings, topics.clone());
        let restored = restore(&mut core, &mut log).await?;
        let batch = Batch::new(topics, crate::facts::Moment::default());
        Ok((Self { core, log, limits, batch, under_way: None, observer }, restored))
    }

    /// Runs until the log is asked to end.
    pub async fn run(&mut self) -> Result<(), LogError> {
        while self.turn().await? != Turn::Closed {}
        Ok(())
    }

    /// One epoch: reads, applies and seals it while the one before is being committed; then settles that one, and hands this one over.
    pub async fn turn(&mut self) -> Result<Turn, LogError> {
        if self.core.restating() {
            // Whole before the next begins: nothing else is read meanwhile.
            self.core.begin_restating();
            let turn = self.hand_over(Instant::now()).await?;
            return if turn == Turn::Submitted { self.settle().await } else { Ok(turn) };
        }
        self.limits.timer_at = self.core.next_timer();
        self.limits.tick = self.core.tick();
        match self.log.next_batch(&self.limits, &mut self.batch).await? {
            Next::Batch => {}
            Next::Settle => return self.settle().await,
            Next::Closed => {
                self.settle().await?;
                return Ok(Turn::Closed);
            }
        }
        let opened = Instant::now();
        self.core.begin(self.batch.clock);
        self.core.apply(&self.batch);
        if self.core.is_idle() {
            self.core.drop_epoch();
            return Ok(Turn::Idle);
        }
        self.hand_over(opened).await
    }

    /// Seals the open epoch, settles the one before, and hands this one over.
    async fn hand_over(&mut self, opened: Instant) -> Result<Turn, LogError> {
        let applied = Instant::now();
        let transaction = self.core.seal();
        let times = EpochTimes { apply: applied - opened, seal: applied.elapsed(), commit: Duration::ZERO };
        if self.settle().await? == Turn::Dropped {
            return Ok(Turn::Dropped);
        }
        self.core.promote();
        self.under_way = Some((times, Instant::now()));
        match self.log.submit(transaction).await? {
            Some(outcome) => Ok(self.conclude(outcome)),
            None => Ok(Turn::Submitted),
        }
    }

    /// Waits for the outcome of the epoch under way, if there is one. If it is not committed, the epoch that was built on it is dropped too.
    async fn settle(&mut self) -> Result<Turn, LogError> {
        if self.under_way.is_none() {
            return Ok(Turn::Idle);
        }
        let outcome = self.log.settled().await?;
        Ok(self.conclude(outcome))
    }

    fn conclude(&mut self, outcome: CommitOutcome) -> Turn {
        let Some((times, submitted)) = self.under_way.take() else { return Turn::Idle };
        match outcome {
            CommitOutcome::NotCommitted => {
                self.core.roll_back();
                self.observer.not_committed();
                Turn::Dropped
            }
            CommitOutcome::Committed => {
                let report = self.core.publish();
                self.observer.committed(&report, EpochTimes { commit: submitted.elapsed(), ..times });
                Turn::Committed
            }
        }
    }

    /// The engine without its log.
    pub fn core(&self) -> &Core {
        &self.core
    }

    /// The log.
    pub fn log_mut(&mut self) -> &mut L {
        &mut self.log
    }

    /// Who gets the reports.
    pub fn observer(&self) -> &O {
        &self.observer
    }

    /// Ends at once, as a crash would: what is committed stays, everything else is lost.
    pub fn into_log(self) -> L {
        self.log
    }
}
