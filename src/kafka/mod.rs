//! Edge: the log of topics on Apache Kafka, through librdkafka. The only folder that names `rdkafka`.
//!
//! Threads stand behind [`KafkaLog`], because librdkafka blocks, and may hang:
//!
//! ```text
//!  reader  (reader.rs)    polls the partitions in step, fills the next batch; answers rebalances      -> next_batch
//!  writer  (writer.rs)    owns the transactional producer: begin, records, offsets, commit            <- submit, settled
//!  prober  (prober.rs)    asks for the partitions' ends: lag, positions that can't be, brokers away    -> health, faults
//!          (watchdog.rs)  ends the process when a call of the writer does not come back
//! ```
//!
//! What holds:
//! - A result that is *unknown* (timed out, connection lost) is never guessed. The producer is given up, a new one with the same id ends what
//!   was left of the transaction, and the committed offsets say what became of it.
//! - Who is told that it is fenced stops for good: it never makes a new producer.
//! - A revoke of partitions waits for the commit that is under way, and every epoch read before it is dropped.
//! - Nothing is skipped: a position that is not in its partition any more stops the log with a sentence that says what to do.
//! - While brokers are away it tries again for ever; [`KafkaHealth`] tells.

pub mod admin;
mod ahead;
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
