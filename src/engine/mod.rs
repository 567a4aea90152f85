//! Room 6: route, shards, epochs, the loop. Knows no system and no Kafka client: the outside is one trait, [`Log`].
//!
//! ```text
//! next_batch -> begin -> apply each record -> seal, wave by wave -> promote -> submit -> [settled] publish
//! ```

mod core;
mod crew;
mod decode;
pub mod in_step;
mod incarnations;
mod keeping;
pub mod log;
pub mod memory;
mod names;
mod outbox;
pub mod published;
pub mod report;
mod resting;
pub mod restore;
pub mod route;
pub mod run;
mod seal;
mod shard;
#[cfg(test)]
mod sku_wave_tests;
pub mod state;
mod table;
#[cfg(test)]
mod tests;
pub mod topics;
mod wakes;

pub use self::core::{Core, EngineSettings, SourceRuntime};
pub use log::{Limits, Log, LogError, Next, Offset, OutRecord, Outcome, Transaction};
pub use published::Published;
pub use report::{EpochReport, EpochTimes, Observer, SourceReport};
pub use restore::Restored;
pub use run::{Engine, Turn};
pub use topics::{SourceTopics, TopicNames};
