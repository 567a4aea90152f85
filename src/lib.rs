//! Waybill follows every order there and back. It reads the change events of a retailer's systems from Kafka, keeps materialised views of orders,
//! stock and customers, and writes what follows from each change back to Kafka, exactly once.
//!
//! # The way of the data
//!
//! ```text
//!  Kafka topics       envelope/        sources/          facts/        engine/ + entities/           events/            engine/ -> kafka/
//!  of each system --> bytes ->     --> envelope ->   --> common   --> rows -> view             --> statements,      --> one transaction:
//!                     envelope         facts             language    at the seal, wave by wave     requests            events + state + offsets
//! ```
//!
//! A *room* is one of the modules of this way. The data flows as drawn. Imports have another order: [`facts`], [`envelope`], [`sources`],
//! [`entities`], [`events`], [`engine`], `kafka`; each room imports only rooms that stand earlier in this list. [`facts`] is the common language.
//! [`envelope`] and [`sources`] know systems and no views; [`entities`], [`events`] and [`engine`] know views and no systems. [`engine`] calls the rooms
//! for each epoch, and meets Kafka through one trait, [`engine::Log`]: `kafka` and [`engine::memory`] implement it.
//!
//! One idea carries the rest: **a view is a function of rows.** An adapter turns a record into rows, each with a key and a version. An entity keeps
//! the newest version of each row. Its view is computed from its rows, from the rules (the configuration) and from the moment of the computation, and
//! from nothing else: the sequence in which records arrive has no effect. So repeats, replays and snapshots change nothing. Two kinds of events follow
//! from a view:
//!
//! - a *statement* says how something stands now. It is emitted when it differs from the one that was emitted last;
//! - a *request* asks another system for something that must not happen twice: to send goods, to pay money back, to enter a record or a posting, to
//!   write to a person. It is made when its gate is open and when more is due than its ledger says was requested.
//!
//! Beside the rooms stand [`config`] (reads waybill.toml and makes the rules), [`http`] (answers queries from committed views), [`telemetry`] (metrics,
//! logs), [`error`] (exit codes), [`cli`] (the commands), and [`retailer`]: a simulated retailer for the demo and the tests.
//!
//! Where to go next: CONTRIBUTING.md says how to build, test and change Waybill. ARCHITECTURE.md says which files a change touches, and why things are
//! as they are. `docs/specification/` says what is right in each case. Its formulas use one letter for each quantity, the code uses a word;
//! `docs/specification/rows.md` lists the pairs.
//!
//! # Rules without exception
//!
//! - No view reads another view. An order sends derived facts to its SKUs and its customer.
//! - No fact names a system (Magento, NAV ...). It carries the number of its source; the rules say which role that source plays.
//! - No pure room waits, reads a clock or writes a line to the program's log. Pure are the rooms that stand before [`engine`] in the list of
//!   imports ([`facts`] to [`events`]), and each part of the engine that computes an epoch. Only its loop ([`engine::run`]) waits for the next records and
//!   measures times. The time of an epoch is its tick; metrics and the program's log follow after the commit.
//! - HTTP never reads an uncommitted row.
//! - No offset is committed outside of the transaction that holds what follows from its records.
//! - No bad record stops a partition, and none is skipped silently: it goes to `dead-letters`, whole unless it is larger than a record may be.
//! - A missing or deleted row is never the reason for a request.
//! - No amount is a float.
//!
//! # Words, one meaning each
//!
//! Verbs, in the sequence of an epoch. The last one, *restore*, happens once, when the process starts:
//!
//! | verb | meaning |
//! | --- | --- |
//! | decode | turn a record into facts; where that fails, the record is a dead letter |
//! | store | keep a fact's row with its entity, if its version is newer than the one that is there |
//! | seal | end an epoch: compute the view of each changed entity, and all that is to be written |
//! | derive | make facts for other entities from a view: an order tells a SKU how many pieces it claims |
//! | emit | write an event (a statement or a request) to its topic |
//! | request | emit a request, and enter it in its ledger |
//! | promote | let the next epoch build on what this epoch changed, while the commit of this one is still under way |
//! | commit | end Kafka's transaction: events, state, dead letters and source offsets, all or nothing |
//! | publish | show committed entities to queries |
//! | restore | read state back from the changelog at the start, and check it against the offsets |
//!
//! Nouns:
//!
//! | word | meaning |
//! | --- | --- |
//! | system | a program of the retailer: a shop, an ERP, a warehouse ... |
//! | source | a system as it is configured: its topics, its roles, and the adapter that reads it. Several sources may be of one system |
//! | role | what a source does for the retailer: shop, ERP, warehouse, carrier, finance ... The rules decide by role whose rows count for what |
//! | rules | the configuration as the views need it: roles, locations, durations, which pairs of accounts are kept ... |
//! | record | what Kafka delivers: key, value, headers |
//! | envelope | a decoded change event: before, after, operation, source |
//! | fact | a change of one row, with key and version, in our own language |
//! | entity | what rows belong to: an order, a SKU, a customer, an alias |
//! | row | what an entity keeps: a fact's content under its key, with the version of the record that it came from |
//! | view | what is computed from an entity's rows |
//! | stage | a step in which the view of an order is computed, from the stages before it (`entities/order`) |
//! | order stage, return stage | how far an order, or its returns, have come: placed, picking ...; always said with the first word |
//! | derived fact | a fact that comes from another entity's view |
//! | statement, request | the two kinds of event, see above |
//! | last emitted | the digest of the statement that was emitted last for a key |
//! | gate | the conditions of a request. A condition that does not hold names the row that it waits for, and the source that is to bring it |
//! | ledger, step | what was requested for one order; one entry of it, counted from 1 |
//! | held | a request that waits for a person and is in no ledger: of a change of rules alone, from before going live, beyond a limit on refunds |
//! | restate | compute everything by changed rules before a record is read; what would be requested is held |
//! | desk | what is held of the whole application, what people have said of it, and the limits on refunds |
//! | live | a request topic is live from a given epoch on. Before, requests are entered in the ledgers and not emitted |
//! | finding, exception | something in a view that a person must look at; the statement about it, open until the finding is gone or a person has decided |
//! | decision | what a person has settled, as a record of the topic `decisions` |
//! | mirror | a system that shows what another system decides: the shop's shipped total, where the warehouse tells what left. Its rows are shown and never counted |
//! | epoch, tick | the records of one transaction; the one moment that its views are computed at |
//! | wave | the changed entities of one kind. They are sealed one kind after the other: aliases, orders, SKUs, customers |
//! | timer | the moment at which an entity's view changes although no record arrives; one for each entity |
//! | staged copy | the open epoch's copy of an entity. Dropping the copies rolls the epoch back |
//! | shard | the entities whose keys hash to one partition of the changelog. An application has a fixed number of shards |
//! | application | what shares one id, topics and state: today one process |
//! | slot | the configured name of a process of an application |
//! | changelog | the topic that holds the state |
//! | exchange | a topic for facts from one process to another. It is still empty. Waybill commits offsets for it already: the metadata of these offsets is where the number of each shard's last epoch is stored |
//! | generation | counts how often a shard's state was set up anew; part of each event's id; 1 at first |
//! | fingerprint | a digest of the rules and the program, that is, of everything that a view depends on except its rows |
//! | incarnation | counts how often a source began again (restored, rebuilt, failed over); part of each row's version |
//! | decode error | why a record could not become facts |
//! | dead letter | the record that could not become facts, kept whole; of one that is larger than may be written, its beginning |
//! | alias | the name that another system gives an order. HTTP finds an order by each of its aliases |
//! | link | the order, or the other alias, that an alias leads to |
//! | row owner | some sources move a row from one order to another; the index of row owners says which order has it now |
//! | delete watermark | a version for a set of rows: all older rows of the set are deleted |
//! | worker pool | the threads that decode and seal parts of an epoch beside the engine's own |
//! | reference model | the specification programmed a second time, slowly, for the tests: engine and model must agree |

#![warn(missing_docs)]

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

// The simulated retailer is no interface.
#[allow(missing_docs)]
pub mod retailer;

pub mod cli;
