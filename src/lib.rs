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
//! The modules below stand in that order. [`facts`], the language of the waist, is imported by all rooms; else each room imports only those before
//! it. Before the waist nothing knows a view; after it nothing knows a system. [`engine`] drives the rooms and meets Kafka through one trait,
//! [`engine::Log`]: `kafka` and [`engine::memory`] implement it.
//!
//! One idea carries the rest: **views are functions of rows, events are differences of views.** An adapter turns a record into keyed, versioned
//! rows; an entity keeps the newest version of each; its view is a pure function of its rows, of the rules (the configuration) and of the epoch's
//! tick; of its ledgers it reads only whether something was ever asked for. So repeats, replays and snapshots change nothing, and rows of different
//! topics may come in any order. What is emitted follows from differences: a *statement* (how something stands now) from what was said before, a
//! *request* (somebody moves money or goods) from what is due and the ledger of what was requested.
//!
//! Beside the rooms stand [`config`] (waybill.toml, and the rules that it comes to), [`http`] (queries, from committed views), [`telemetry`] (metrics,
//! logs), [`error`] (exit codes), [`cli`] (the commands), and [`retailer`]: a simulated retailer, for the demo and the tests.
//!
//! Which file a change belongs to stands in ARCHITECTURE.md; what is right in each case, with the short letters that the code uses (n, d, w, g ...),
//! in `docs/specification/` (`journey.md`, `rows.md`, `gates.md`, `postings.md`, `exceptions.md`).
//!
//! # What never happens
//!
//! - A view reads another view. An order tells SKUs and customers by derived facts.
//! - A fact names a system. It names a source by number, and rules say which role that source plays.
//! - A pure room waits, reads a clock or logs: pure are all rooms before [`engine`], and of the engine everything that computes an epoch. Only its
//!   loop ([`engine::run`]) waits for the log and measures times. An epoch's time is its tick; what it held is reported after its commit.
//! - HTTP reads an uncommitted row.
//! - An offset is committed outside of the transaction that holds what follows from its records.
//! - A bad record stops a partition, or is skipped silently. (It goes whole to `dead-letters`.)
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
//! | fact | a keyed, versioned change of one row, in our language |
//! | entity | order, SKU, customer or alias: what rows belong to, and what is sealed |
//! | row, view | what an entity keeps; what is computed from it |
//! | statement, request | how something stands now; what makes somebody move money or goods, or writes to a person |
//! | gate, ledger, step | the conditions of a request; what has been requested; one entry of it |
//! | live | since which epoch a request topic's requests are sent; before, they are entered in the ledgers and not sent |
//! | epoch, tick, seal | one transaction's worth of records; its one moment; the computing of views at its end |
//! | wave | the entities of one kind, sealed in their turn: aliases, orders, SKUs, customers |
//! | timer | when an entity's view changes next although no record arrives; one an entity |
//! | stage, promote, publish | the open epoch's copies of entities; the next epoch builds on them; queries see them, after the commit |
//! | shard | the entities whose keys hash alike: one changelog partition. An application has a fixed number of them |
//! | application, slot | all that shares one id, topics and state; one running process of it |
//! | changelog | the topic of state |
//! | exchange | a topic for facts between shards. It carries none yet; its offsets carry the epochs' numbers |
//! | generation, fingerprint | of a shard's ids, 1 at first; of all that views are computed from beside rows |
//! | restore | state read back from the changelog and checked against the offsets |
//! | decode error, dead letter | why a record could not become facts; that record, kept whole |
//! | alias, link | what another system calls an order, by that system's adapter; where that leads. HTTP finds an order by every alias |
//! | row owner | whose a row is, for rows that a source may move to another order: an index from row to owner |
//! | delete watermark | a version of a set of rows: older rows of the set are deleted |

pub mod envelope;
pub mod sources;

pub mod facts;

pub mod entities;
pub mod events;

pub mod engine;
#[cfg(feature = "kafka")]
pub mod kafka;

pub mod allocator;
pub mod config;
pub mod error;
pub mod http;
pub mod telemetry;

pub mod retailer;

pub mod cli;
