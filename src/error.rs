//! The one error that leaves Waybill, and its three fates.
//!
//! | fate | what happened | what follows |
//! | --- | --- | --- |
//! | [`Fate::DeadLetter`] | a record cannot be read | it goes whole to `dead-letters`, its partition goes on |
//! | [`Fate::AbortEpoch`] | a transaction was not committed | the epoch is dropped, its records come again |
//! | [`Fate::Stop`] | anything that would have to be skipped silently, or that only a person can mend | the process ends, with a code that says why |
//!
//! An unknown result of a commit has no fate of its own: it never gets out of the log (`engine::log`).

use std::fmt;

use crate::config::Problems;
use crate::engine::LogError;
use crate::envelope::Refusal;

/// Exit codes: what a supervisor may decide by. From 70 on they are of the running daemon.
pub mod exit {
    pub const FINE: u8 = 0;
    /// The command ran, and found something wrong: a demo's broken invariant, what `check` finds missing on the broker.
    pub const FOUND: u8 = 1;
    /// Command line or configuration: nothing was started.
    pub const USAGE: u8 = 2;
    /// The broker cannot be reached: try again later.
    pub const UNAVAILABLE: u8 = 69;
    /// A call into the Kafka client hung, or a partition stood still: restarting is safe and mends it.
    pub const WATCHDOG: u8 = 70;
    /// Another process has this slot: restarting would only fence the other.
    pub const FENCED: u8 = 71;
    /// An orderly end took too long: restarting is safe.
    pub const CLOSING: u8 = 72;
    /// An offset out of range, a topic made anew, an authorisation error: an operator must look.
    pub const STOPPED: u8 = 73;
    /// Files, sockets: the machine's own trouble.
    pub const SYSTEM: u8 = 74;
    /// State and offsets do not belong together: an operator must look.
    pub const RESTORE: u8 = 75;
}

/// What becomes of the work in hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    DeadLetter,
    AbortEpoch,
    Stop,
}

/// Where a record stands: `topic[partition]@offset`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub topic: String,
    pub partition: i32,
    pub offset: i64,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}[{}]@{}", self.topic, self.partition, self.offset)
    }
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Its text may hold a person's data: it is written to the dead letter and not logged ([`Refusal::summary`] is).
    #[error("{0}: {1}")]
    Refused(Place, Refusal),
    #[error("epoch {0} was not committed: dropped, its records come again")]
    NotCommitted(u64),
    #[error(transparent)]
    Log(#[from] LogError),
    #[error("{0}")]
    Configuration(#[from] Problems),
    /// The command line asks for something that is not there.
    #[error("{0}")]
    Usage(String),
    /// The broker is not there.
    #[error("{0}")]
    Unavailable(String),
    /// What a command was to look for, and found.
    #[error("{0}")]
    Found(String),
    /// What was tried, and what the system said.
    #[error("{0}: {1}")]
    System(String, #[source] std::io::Error),
}

impl Error {
    pub fn fate(&self) -> Fate {
        match self {
            Self::Refused(..) => Fate::DeadLetter,
            Self::NotCommitted(_) => Fate::AbortEpoch,
            _ => Fate::Stop,
        }
    }

    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Configuration(_) | Self::Usage(_) => exit::USAGE,
            Self::Found(_) => exit::FOUND,
            Self::Unavailable(_) => exit::UNAVAILABLE,
            Self::Log(LogError::Fenced(_)) => exit::FENCED,
            Self::Log(LogError::Restore(_)) => exit::RESTORE,
            Self::Log(LogError::Stop(_)) | Self::Refused(..) | Self::NotCommitted(_) => exit::STOPPED,
            Self::System(..) => exit::SYSTEM,
        }
    }

    /// For `map_err`: says what was tried.
    pub fn system(tried: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let tried = tried.into();
        move |error| Self::System(tried, error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bad_record_never_stops_a_partition_and_a_fenced_process_never_goes_on() {
        let place = Place { topic: "wms.ItemInventory".to_owned(), partition: 3, offset: 88_121 };
        let refused = Error::Refused(place, Refusal::new("OnHand", "a whole number", "12.5"));
        assert_eq!(refused.fate(), Fate::DeadLetter);
        assert_eq!(refused.to_string(), r#"wms.ItemInventory[3]@88121: field "OnHand": expected a whole number, found "12.5""#);
        let fenced = Error::from(LogError::Fenced("another process has slot 0".to_owned()));
        assert_eq!((fenced.fate(), fenced.exit_code()), (Fate::Stop, exit::FENCED));
        assert_eq!(Error::NotCommitted(7).fate(), Fate::AbortEpoch);
    }
}
