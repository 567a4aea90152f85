//! A log in memory, with the transactional semantics of Kafka: the demo and most tests run on it, in virtual time.
//!
//! Like a broker it keeps partitions of records with offsets, where records of an open transaction stand but are not shown: a read-committed
//! reader stops at the first of them (the last stable offset), skips those of aborted transactions, and sees control markers only as gaps in
//! the offsets. A producer that takes up a transactional id aborts what its predecessor left open, and fences it. What every reader has read is
//! dropped; compacted topics keep the newest record of each key.

mod broker;
mod log;

pub use broker::{Broker, CrashPoint, Delivered, Tail, TopicConfig};
pub use log::MemoryLog;
