//! An operator's way back from a clock that was ahead: one epoch at the moment of the clock, which computes every view.

use super::log::{CommitOutcome, Log, LogError};
use super::report::Observer;
use super::run::Engine;
use crate::facts::Moment;

impl<L: Log, O: Observer> Engine<L, O> {
    /// Sets the state's time back to the clock, and commits what follows. Gives what it was; `None`: it is not ahead of the clock, and nothing is
    /// changed.
    ///
    /// # Errors
    /// Those of the log; the transaction was not committed.
    pub async fn set_time_back(&mut self, clock: Moment) -> Result<Option<Moment>, LogError> {
        let was = self.core.tick();
        if was <= clock {
            return Ok(None);
        }
        self.core.begin_again_at(clock);
        let transaction = self.core.seal();
        self.core.promote();
        match self.log.commit(transaction).await? {
            CommitOutcome::Committed => {
                self.core.publish();
                Ok(Some(was))
            }
            CommitOutcome::NotCommitted => {
                self.core.roll_back();
                Err(LogError::Stop("the transaction was not committed, and nothing is changed: run the command again".into()))
            }
        }
    }
}
