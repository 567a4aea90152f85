//! Edge: the log of topics on Apache Kafka, through librdkafka. The only folder that names `rdkafka`.
//!
//! [`KafkaLog`] works with threads of its own, because librdkafka blocks and may hang:
//!
//! ```text
//!  reader  (reader.rs)    polls the partitions in step, fills the next batch; serves rebalances        -> next_batch
//!  writer  (writer.rs)    owns the transactional producer: begin, records, offsets, commit             <- submit, settled
//!  prober  (prober.rs)    asks for partitions' ends and topics: lag, positions that are gone           -> health, faults
//!  clock   (broker_clock.rs)  asks the broker for its time                                            -> is our clock believed?
//!          (watchdog.rs)  ends the process when a call of the writer does not return
//! ```
//!
//! The rules:
//! - An *unknown* result of a commit (timeout, connection lost) is never guessed. The writer destroys the producer, makes a new one with the same
//!   id, which ends the open transaction, and reads the committed offsets: they show whether it was committed.
//! - A process stops for good where another one uses its slot: it never makes a new producer. A broker's word "fenced" is no proof of another
//!   process: after an outage it is said of requests of our own that arrived late. A mark that each process writes is the proof (`mark.rs`).
//! - A revoke of partitions waits for nobody. Every epoch that was read before the revoke is dropped, unless its commit was there first.
//! - A thread that ends while the log goes on, by a panic or however, stops the log.
//! - No record is skipped: if a partition does not hold the position to read, the log stops with a sentence that says what to do.
//! - While brokers do not answer, the log tries again for ever; [`KafkaHealth`] reports it.

pub mod admin;
mod ahead;
mod broker_clock;
pub mod changelog;
pub mod client;
mod clients;
mod fault;
mod gate;
mod group;
mod headers;
mod health;
#[cfg(test)]
mod interleavings;
mod log;
mod mark;
mod offsets;
mod prober;
mod reader;
mod rebalance;
pub mod records;
mod refusal;
mod restore;
pub mod sample;
mod serve;
mod settings;
mod shared;
mod statistics;
mod watchdog;
mod writer;

pub use gate::{RecordEncoder, RecordGate, Unprepared};
pub use health::{HealthReport, KafkaHealth, PartitionReport};
pub use log::{Closer, KafkaLog};
pub use settings::{KafkaSettings, KafkaTimeouts};
pub use watchdog::end_now;
