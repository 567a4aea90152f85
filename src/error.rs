//! The one error that ends a command, and the exit code by which a supervisor knows why.
//!
//! Two things are no errors. A record that cannot be decoded goes whole to `dead-letters`, and its partition goes on (`envelope::DecodeError`). A
//! transaction that was not committed drops its epoch, and its records come again (`engine::log::CommitOutcome`). What would otherwise be skipped
//! silently, or what only a person can mend, ends the process. An unknown result of a commit is settled inside the log.

use crate::config::Problems;
use crate::engine::LogError;

/// Exit codes: what a supervisor may decide by. From 70 on they are of the running daemon.
pub mod exit {
    macro_rules! codes {
        ($($(#[$about:meta])+ $name:ident = $code:literal, $help:literal;)+) => {
            $($(#[$about])+ pub const $name: u8 = $code;)+

            /// Every code, with the words of `waybill --help`.
            pub const ALL: &[(u8, &str)] = &[$(($code, $help)),+];
        };
    }

    codes! {
        /// All went well.
        FINE = 0, "fine";
        /// The command ran, and found something wrong: a demo's broken invariant, what `check` finds missing on the broker.
        FOUND = 1, "it found something wrong";
        /// Command line or configuration: nothing was started.
        USAGE = 2, "command line or configuration";
        /// The broker cannot be reached: try again later.
        UNAVAILABLE = 69, "broker not reached: restart it later";
        /// A thread ended, a call into the Kafka client hung, or the client failed for good: a new process goes on from what was committed.
        RESTART = 70, "it cannot go on and a new process can: restart it";
        /// Another process has this slot: restarting would only fence the other.
        FENCED = 71, "another process uses this slot: do not restart it";
        /// An orderly end took too long: nothing is lost.
        CLOSING = 72, "an orderly end took too long: restart it if it is to run";
        /// An offset out of range, a topic made anew, an authorisation error: an operator must look.
        STOPPED = 73, "stopped for a person to look: do not restart it";
        /// An I/O error: a file or a socket.
        SYSTEM = 74, "I/O error (file or socket): restart it, it may pass";
        /// State and offsets do not belong together: an operator must look.
        RESTORE = 75, "state and offsets do not belong together: do not restart it";
    }
}

/// Codes of `waybill run` on which a supervisor starts it again; on the others it must not.
pub const RESTARTED: [u8; 4] = [exit::UNAVAILABLE, exit::RESTART, exit::CLOSING, exit::SYSTEM];

/// Why a command ended.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The log: fenced, stopped, or state that does not fit.
    #[error(transparent)]
    Log(#[from] LogError),
    /// Everything that is wrong with the configuration.
    #[error("{0}")]
    Configuration(#[from] Problems),
    /// The command line asks for something that is not there.
    #[error("{0}")]
    Usage(String),
    /// The broker is not there.
    #[error("{0}")]
    Unavailable(String),
    /// The command ran, and found something wrong.
    #[error("{0}")]
    Found(String),
    /// What was tried, and the system's error.
    #[error("{0}: {1}")]
    System(String, #[source] std::io::Error),
}

impl Error {
    /// The code that the process ends with: one of [`exit`].
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Configuration(_) | Self::Usage(_) => exit::USAGE,
            Self::Found(_) => exit::FOUND,
            Self::Unavailable(_) => exit::UNAVAILABLE,
            Self::Log(LogError::Fenced(_)) => exit::FENCED,
            Self::Log(LogError::Restore(_)) => exit::RESTORE,
            Self::Log(LogError::Stop(_)) => exit::STOPPED,
            Self::Log(LogError::Restart(_)) => exit::RESTART,
            Self::Log(LogError::Closed(_)) => exit::FINE,
            Self::System(..) => exit::SYSTEM,
        }
    }

    /// For `map_err`: adds what was tried.
    pub fn system(tried: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let tried = tried.into();
        move |error| Self::System(tried, error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_supervisor_can_tell_whom_to_start_again() {
        let fenced = Error::from(LogError::Fenced("another process has slot 0".to_owned()));
        let stopped = Error::from(LogError::Stop("topic orders was made anew".to_owned()));
        let client = Error::from(LogError::Restart("the Kafka client has failed for good".to_owned()));
        assert_eq!((fenced.exit_code(), stopped.exit_code(), client.exit_code()), (exit::FENCED, exit::STOPPED, exit::RESTART));
        assert_eq!(Error::from(LogError::Closed("closed while starting".to_owned())).exit_code(), exit::FINE, "it was asked to end");
        assert_eq!(fenced.to_string(), "another process has slot 0");
    }
}
