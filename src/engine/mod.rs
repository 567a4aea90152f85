//! Room 6: route, shards, epochs, the loop. Knows no system and no Kafka client: the outside is one trait, [`Log`].
//!
//! ```text
//! next_batch -> begin -> apply each record -> seal, wave by wave -> promote -> submit -> [settled] publish
//! ```
//!
//! Only the loop ([`run`], with [`restore`] before it) waits for the log and reads a clock, to measure. Everything below it is pure: an epoch is a
//! function of the state before it, of its records and of its tick.
//!
//! | file | holds |
//! | --- | --- |
//! | `run` | the loop |
//! | `clock`, `set_back` | whether the machine's clock is believed; the way back from one that was ahead |
//! | `core` | an epoch from its records to its transaction |
//! | `decode`, `workers` | records to facts, in chunks on several threads |
//! | `store`, `put`, `shard`, `table`, `packed` | the entities, and what the open epoch changed of them |
//! | `aliases`, `row_owners`, `bulk_deletes`, `watermarks` | facts that move or delete rows of several entities |
//! | `timers` | when a view changes next although no record arrives |
//! | `seal` | views, events and derived facts, wave by wave |
//! | `outbox`, `dead_letter`, `write_state`, `state`, `state_out`, `topics` | what an epoch writes: events, dead letters, state, offsets |
//! | `restore`, `incarnations`, `runs` | state read back; sources that begin again; records that share a position |
//! | `desk`, `held_index` | requests that wait for a person, and the limits on refunds |
//! | `letters`, `cases`, `acts`, `rewind` | dead letters and exceptions that people deal with, and what they do with them |
//! | `restate` | what has changed in the rules, and the epochs that compute everything by the new ones |
//! | `published`, `report`, `audit` | what queries see; what an epoch held; what must be zero over all orders |
//! | `snapshot` | a log that only shows the state of another process: for `waybill plan` |
//! | `log`, `memory`, `in_step` | the way to the outside; a log in memory; in which order partitions are read |
//! | `settings`, `route` | what the engine is set up with; which shard keeps an entity |

mod acts;
mod aliases;
mod audit;
mod bulk_deletes;
mod cases;
pub mod clock;
mod core;
mod dead_letter;
mod decode;
mod desk;
mod held_index;
pub mod in_step;
mod incarnations;
mod letters;
pub mod log;
pub mod memory;
mod outbox;
mod packed;
mod people;
pub mod published;
mod put;
mod reads;
pub mod report;
mod restate;
pub mod restore;
mod rewind;
pub mod route;
mod row_owners;
pub mod run;
mod runs;
mod seal;
mod set_back;
pub mod settings;
mod shard;
pub mod snapshot;
pub mod state;
mod state_out;
mod store;
mod table;
#[cfg(test)]
mod tests;
mod timers;
pub mod topics;
mod watermarks;
mod workers;
mod write_state;

pub use self::core::Core;
pub use acts::AUDIT_MEMBERS;
pub use audit::Audit;
pub use cases::{CaseNote, Cases, ExceptionCase};
pub use dead_letter::DEAD_LETTER_HEADERS;
pub use decode::facts_of;
pub use letters::{CauseId, LETTERS_MAX, Letter, LetterCause, LetterIndex, cause_name};
pub use log::{CommitOutcome, Limits, Log, LogError, Next, Offset, OutRecord, Transaction};
pub use outbox::EVENT_HEADERS;
pub use published::{Published, Search};
pub use report::{EpochReport, EpochTimes, Observer, RefundsAsked, SourceReport};
pub use restore::Restored;
pub use run::{Engine, Turn};
pub use settings::{EngineSettings, SourceRuntime};
pub use snapshot::Snapshot;
pub use topics::{SourceTopics, TopicNames};
