//! Room 6: route, shards, epochs, the loop. Knows no system and no Kafka client: the outside is one trait, [`Log`].

pub mod log;
pub mod memory;
pub mod state;

pub use log::{Limits, Log, LogError, Next, Offset, OutRecord, Outcome, Transaction};
