//! Edge: the log of topics on Apache Kafka, through librdkafka. The only folder that names `rdkafka`.
//!
//! [`KafkaLog`] works with threads of its own, because librdkafka blocks and may hang:
//!
//! ```text
//!  reader  (reader.rs)    polls the partitions in step, fills the next batch; serves rebalances        -> next_batch
//!  writer  (writer.rs)    owns the transactional producer: begin, records, offsets, commit             <- submit, settled
//!  prober  (prober.rs)    asks for the partitions' ends: lag, positions that are gone, silent brokers  -> health, faults
//!          (watchdog.rs)  ends the process when a call of the writer does not return
//! ```
//!
//! The rules:
//! - An *unknown* result of a commit (timeout, connection lost) is never guessed. The writer destroys the producer, makes a new one with the same
//!   id, which ends the open transaction, and reads the committed offsets: they show whether it was committed.
//! - A fenced process stops for good: it never makes a new producer.
//! - A revoke of partitions waits for the commit that is under way. Every epoch that was read before the revoke is dropped.
//! - No record is skipped: if a partition does not hold the position to read, the log stops with a sentence that says what to do.
//! - While brokers do not answer, the log tries again for ever; [`KafkaHealth`] reports it.

pub mod admin;
mod ahead;
pub mod changelog;
pub mod client;
mod clients;
mod fault;
mod health;
mod log;
mod prober;
mod reader;
mod rebalance;
mod restore;
mod settings;
mod shared;
mod watchdog;
mod writer;

pub use health::{HealthReport, KafkaHealth, PartitionReport};
pub use log::{Closer, KafkaLog};
pub use settings::{KafkaSettings, KafkaTimeouts};
