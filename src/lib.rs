//! Waybill follows every order there and back: it reads the change events of a retailer's systems from Kafka, keeps materialised views of
//! orders, stock and customers, and writes what follows from each change back to Kafka, exactly once.
//!
//! # The way of the data
//!
//! ```text
//!  Kafka topics       envelope/        sources/          facts/        engine/ + entities/           events/            engine/ -> kafka/
//!  of each system --> bytes ->     --> envelope ->   --> the waist --> rows -> view             --> view differences --> one transaction
//!                     envelope         facts                           at the seal, wave by wave     -> events           events + state + offsets
//! ```
//!
//! The modules below stand in that order; imports follow it and never go back. Before [`facts`] nothing knows a view; after it nothing knows a
//! system. [`engine`] drives the rooms and knows the outside as one trait, [`engine::Log`]: `kafka` and [`engine::memory`] implement it.
//!
//! One idea carries the rest: **views are functions of rows, events are differences of views.** An adapter turns a record into keyed, versioned
//! rows; an entity keeps the newest version of each; its view is a pure function of its rows and of the epoch's tick. So repeats, replays and
//! snapshots change nothing, and rows of different topics may come in any order. What is emitted follows from differences: a *statement* (how
//! something stands now) from what was said before, a *request* (somebody moves money or goods) from what is due and the ledger of what was
//! requested.
//!
//! # What never happens
//!
//! - A view reads another view. An order tells SKUs and customers by derived facts.
//! - A fact names a system. It names a source by number, and rules say which role that source plays.
//! - The core waits, reads a clock, logs or counts. Time is the epoch's tick; what an epoch held is reported after its commit.
//! - HTTP reads an uncommitted row.
//! - An offset is committed outside of the transaction that holds what follows from its records.
//! - A bad record stops a partition: it goes whole to `dead-letters`. Nothing is skipped silently.
//! - A request is made because a row is missing or deleted.
//! - An amount is a float.
//!
//! # Words, one meaning each
//!
//! | word | meaning |
//! | --- | --- |
//! | source | a configured system and its translation to facts |
//! | record | what Kafka delivered |
//! | envelope | a decoded change: before, after, operation, source |
//! | fact | a keyed, versioned statement about one row, in our language |
//! | row, view | what an entity keeps; what is computed from it |
//! | statement, request | how something stands now; what makes somebody move money or goods, or writes to a person |
//! | gate, ledger | the conditions of a request; what has been requested |
//! | epoch, tick, seal | one transaction's worth of records; its one moment; the computing of views at its end |
//! | stage, publish | the open epoch's copies of entities; making them visible after the commit |
//! | shard, partition | ours; Kafka's |
//! | changelog, exchange | the topic of state; the topic of facts between shards, whose offsets carry the epochs' numbers |
//! | restore | state read back from the changelog and checked against the offsets |
//! | refusal, dead letter | why a record could not become facts; that record, kept whole |
//! | name, link | what another system calls an order; where that leads |

pub mod envelope;
pub mod sources;

pub mod facts;

pub mod entities;
pub mod events;

pub mod engine;
#[cfg(feature = "kafka")]
pub mod kafka;

pub mod config;
pub mod error;
pub mod http;
pub mod telemetry;

pub mod retailer;

pub mod cli;
