//! Waybill follows every order there and back. It reads the change events of a retailer's systems from Kafka, keeps materialised views of orders,
//! stock and customers, and writes what follows from each change back to Kafka, exactly once.
//!
//! # The way of the data
//!
//! ```text
//!  Kafka topics       envelope/        sources/          facts/        engine/ + entities/           events/            engine/ -> kafka/
//!  of each system --> bytes ->     --> envelope ->   --> the waist --> rows -> view             --> statements,      --> one transaction:
//!                     envelope         facts                           at the seal, wave by wave     requests            events + state + offsets
//! ```
//!
//! The modules below stand in that order. Each room imports only those before it. [`facts`] is the exception: it is the common language of the rooms
//! on both sides, and all of them import it. Before [`facts`] no code knows a view; after it no code knows a system. [`engine`] runs the rooms and meets
//! Kafka through one trait, [`engine::Log`]: `kafka` and [`engine::memory`] implement it.
//!
//! One idea carries the rest: **a view is a function of rows.** An adapter turns a record into rows, each with a key and a version. An entity keeps
//! the newest version of each row. Its view is computed from its rows, from the rules (the configuration) and from the epoch's tick, and from nothing
//! else: the order in which records arrive has no effect. So repeats, replays and snapshots change nothing. Two things follow from a view:
//!
//! - a *statement* says how something stands now. It is emitted when it differs from the one that was emitted last;
//! - a *request* asks somebody to move money or goods, or to write to a person. It is made when its gates are open and when more is due than its ledger
//!   says was requested.
//!
//! Beside the rooms stand [`config`] (reads waybill.toml and makes the rules), [`http`] (answers queries from committed views), [`telemetry`] (metrics,
//! logs), [`error`] (exit codes), [`cli`] (the commands), and [`retailer`]: a simulated retailer for the demo and the tests.
//!
//! Where to go next: CONTRIBUTING.md says how to build, test and change Waybill. ARCHITECTURE.md says which files a change touches, and why things are
//! as they are. `docs/specification/` says what is right in each case; the one-letter quantities of its formulas have words in the code, and its
//! `rows.md` lists both.
//!
//! # What never happens
//!
//! - A view reads another view. An order sends derived facts to its SKUs and its customer instead.
//! - A fact names a system. It names a source by number; the rules say which role that source plays.
//! - A pure room waits, reads a clock or logs. Pure are all rooms before [`engine`], and of the engine everything that computes an epoch. Only its
//!   loop ([`engine::run`]) waits for the log and measures times. The time of an epoch is its tick; metrics and logs come after its commit.
//! - HTTP reads an uncommitted row.
//! - An offset is committed outside of the transaction that holds what follows from its records.
//! - A bad record stops a partition, or is skipped silently. (It goes whole to `dead-letters`.)
//! - A request is made because a row is missing or deleted.
//! - An amount is a float.
//!
//! # Words, one meaning each
//!
//! Verbs, in the order in which they happen to a record:
//!
//! | verb | meaning |
//! | --- | --- |
//! | decode | turn a record into facts; where that fails, the record is a dead letter |
//! | store | keep a fact's row with its entity, if its version is newer than the one that is there |
//! | seal | end an epoch: compute the view of each changed entity, and all that is to be written |
//! | derive | make facts for other entities from a view: an order tells a SKU how many pieces it claims |
//! | emit | write an event (a statement or a request) to its topic |
//! | request | emit a request, and enter it in its ledger |
//! | promote | let the next epoch build on what this epoch changed, while its commit is under way |
//! | commit | end Kafka's transaction: events, state, dead letters and source offsets, all or nothing |
//! | publish | show committed entities to queries |
//! | restore | read state back from the changelog at the start, and check it against the offsets |
//!
//! Nouns:
//!
//! | word | meaning |
//! | --- | --- |
//! | source | a configured system, and the adapter that reads it |
//! | record | what Kafka delivers: key, value, headers |
//! | envelope | a decoded change event: before, after, operation, source |
//! | fact | a change of one row, with key and version, in our own language |
//! | entity | what rows belong to: an order, a SKU, a customer, an alias |
//! | row, view | what an entity keeps; what is computed from it |
//! | derived fact | a fact that comes from another entity's view |
//! | statement, request | the two kinds of event, see above |
//! | last emitted | the digest of the statement that was emitted last for a key |
//! | gate | a condition of a request: it is open, or it names the row that it waits for and the system that brings it |
//! | ledger, step | what was requested for one order; one entry of it, counted from 1 |
//! | live | a request topic is live from a given epoch on. Before, its requests are entered in the ledgers and not sent |
//! | epoch, tick | the records of one transaction; the one moment that its views are computed at |
//! | wave | the changed entities of one kind. They are sealed one kind after the other: aliases, orders, SKUs, customers |
//! | timer | the moment at which an entity's view changes although no record arrives; one for each entity |
//! | staged copy | the open epoch's copy of an entity. Dropping the copies rolls the epoch back |
//! | shard | the entities whose keys hash to one partition of the changelog. An application has a fixed number of shards |
//! | application, slot | all processes that share one id, topics and state; the name of one process among them |
//! | changelog | the topic that holds the state |
//! | exchange | a topic for facts from one shard to another. It carries none yet; its offsets carry the numbers of epochs |
//! | generation | counts how often a shard's state was set up anew; part of each event's id; 1 at first |
//! | fingerprint | a digest of all that views are computed from beside rows: rules and program |
//! | incarnation | counts how often a source began again (restored, rebuilt, failed over); part of each row's version |
//! | decode error, dead letter | why a record could not become facts; that record, kept whole |
//! | alias, link | the name that another system gives an order; where it leads. HTTP finds an order by each of its aliases |
//! | row owner | the order that has a row which its source may move to another order: an index from row to order |
//! | delete watermark | a version for a set of rows: all older rows of the set are deleted |
//! | worker pool | the threads that decode and seal parts of an epoch beside the engine's own |
//! | reference model | the specification programmed a second time, slowly, for the tests: engine and model must agree |

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
