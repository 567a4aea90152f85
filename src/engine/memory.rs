//! A log in memory, with the transactional semantics of Kafka: the demo and most tests run on it, in virtual time.
//!
//! Like a broker it keeps partitions of records with offsets. A read-committed reader stops at the first record of an open transaction (the last
//! stable offset), skips records of aborted transactions, and sees control markers only as gaps in the offsets. A producer that takes up a
//! transactional id aborts the transaction that its predecessor left open, and fences it. Records that every reader has read are dropped; compacted
//! topics keep the newest record of each key.

mod broker;
mod log;

pub use broker::{Broker, CrashPoint, Delivered, Tail, TopicConfig};
pub use log::MemoryLog;
