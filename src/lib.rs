//! Waybill follows every order from the shop to the customer, and back when goods are returned. It reads the change events of a retailer's systems from Kafka, keeps materialised views of orders,
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
//! One idea carries the rest: **a view is a function of rows.** An adapter turns a record into facts: each is a change of one row, with a key and a version. An entity keeps
//! the newest version of each row. Its view is computed from its rows, from the rules (the configuration) and from the moment of the computation, and
//! from nothing else: the sequence in which records arrive has no effect. So repeats, replays and snapshots change nothing. Two kinds of events follow
//! from a view:
//!
//! - a *statement* says how something stands now. It is emitted when it differs from the one that was emitted last;
//! - a *request* asks another system for something that must not happen twice: to send goods, to pay money back, to enter a record or a posting, to
//!   write to a person. It is made when its gate is open and when more is due than its ledger says was requested.
//!
//! Beside the rooms stand [`config`] (reads waybill.toml and makes the rules), [`http`] (answers queries from committed views), [`telemetry`] (metrics,
//! the program's log), [`error`] (exit codes), [`allocator`] (memory), [`cli`] (the commands), and [`retailer`]: a simulated retailer for the demo, the
//! tests and whoever tries Waybill without systems of his own.
//!
//! Where to go next: CONTRIBUTING.md says how to build, test and change Waybill. ARCHITECTURE.md says which files a change touches, and why things are
//! as they are. `docs/specification/` says what is right in each case. Its formulas use one letter for each quantity, the code uses a word;
//! `docs/specification/rows.md` lists the pairs.
//!
//! # Invariants
//!
//! - No view reads another view. An order sends derived facts to its SKUs and its customer.
//! - No fact names a system (Magento, NAV ...). It carries the number of its source; the rules say which role that source plays.
//! - No pure room waits, reads a clock or writes a line to the program's log. Pure are the rooms that stand before [`engine`] in the list of
//!   imports ([`facts`] to [`events`]), and each part of the engine that computes an epoch. Only its loop ([`engine::run`]) waits for the next records and
//!   measures times. The time of an epoch is its tick; metrics and the program's log follow after the commit.
//! - HTTP never reads an uncommitted row.
//! - No offset is committed outside of the transaction that holds what follows from its records.
//! - No bad record stops a partition, and none is skipped silently: it goes to `dead-letters`, whole, or its beginning where Waybill may not write
//!   a record of that size.
//! - A missing or deleted row is never the reason for a request.
//! - No amount is a float.
//!
//! # Words, one meaning each
//!
//! Verbs, in the sequence of an epoch. *Derive*, *emit* and *request* are parts of *seal*. *Restore* happens once, when the process starts; *restate* after
//! it, when the rules have changed:
//!
//! | verb | meaning |
//! | --- | --- |
//! | decode | turn a record into facts; where that fails, the record is a dead letter |
//! | store | keep a fact's row with its entity, if its version is newer than the one that is there |
//! | seal | of an entity: compute its view and what follows from it; of an epoch: seal each entity that has changed, and gather all that is to be written |
//! | derive | make facts for other entities from a view: an order tells a SKU how many pieces it claims |
//! | emit | write an event (a statement or a request) to its topic |
//! | request | enter a request in its ledger and, if its topic is live, emit it |
//! | promote | let the next epoch build on what this epoch changed, while the commit of this one is still under way |
//! | commit | end Kafka's transaction: events, state, dead letters and source offsets, all or nothing |
//! | publish | show committed entities to queries |
//! | restore | read state back from the changelog at the start, and check it against the offsets |
//! | restate | when the rules have changed: compute all views anew before the first record is read. Requests that become due only because the rules changed are held (below) |
//!
//! Other words:
//!
//! | word | meaning |
//! | --- | --- |
//! | system | a program that a retailer uses: Magento, NAV ...; each has an adapter, or is mapped by the configuration |
//! | source | a system as it is configured: its topics, its roles, and the adapter that reads it. Several sources may be of one system |
//! | role | what a source does for the retailer: shop, ERP, warehouse, carrier, finance ... The rules decide by role whose rows count for what |
//! | rules | the configuration as the views need it: roles, locations, durations, which pairs of accounts are kept ... |
//! | record | what Kafka delivers: key, value, headers |
//! | event | what Waybill writes: a statement or a request. What comes in is a *change event* or a record |
//! | log | Kafka, or what stands in for it in memory. What the process prints is *the program's log* |
//! | envelope | a decoded change event: the row before, the row after, the operation, and Debezium's own block about where it comes from |
//! | fact | a change of one row, with key and version, in our own language |
//! | entity | what rows belong to: an order, a SKU, a customer, an alias |
//! | row | what an entity keeps: a fact's content under its key, with the version of the record that it came from |
//! | view | what is computed from an entity's rows |
//! | stage | a part of the computation of an order's view; it reads the stages before it (`entities/order`) |
//! | order stage, return stage | how far an order, or its returns, have come: placed, picking ...; always said with the first word |
//! | derived fact | a fact that comes from another entity's view |
//! | statement, request | the two kinds of event, see above |
//! | last emitted | the digest of the statement that was emitted last for a key |
//! | gate | the conditions of a request. A condition that does not hold names the row that it waits for, and the source that is to bring it |
//! | ledger | what was requested for one order in one request topic. It is no ledger of the accountants: their postings are *entries*, in `journal-entries` |
//! | step | one entry of a ledger, counted from 1 |
//! | pair | two accounts, one debited and one credited, that are posted together for one cause |
//! | live | said of a request topic: its requests are emitted, from a given epoch on. What is due before that epoch is entered in the ledgers and not emitted; money that is due before it is held |
//! | held | said of a request that waits for a person; it is not in a ledger yet. There are three reasons: only a change of rules made it due; it is money that was due before its topic was live; it goes beyond a limit on refunds |
//! | desk | all requests that are held, what people have answered, and the limits on refunds |
//! | finding | something in a view that a person must look at |
//! | exception | the statement about a finding, in `exceptions`: open until the finding is gone or a person has decided |
//! | decision | what a person has settled, as a record of the topic `decisions` |
//! | mirror | a source that, for one kind of figure, only repeats what another source decides. Where a warehouse reports what left, the shop is a mirror for the shipped total. A mirror's rows of that figure are shown and never counted |
//! | epoch | what is computed and committed in one transaction: of some records, of timers that are due, or of both |
//! | tick | the one moment at which an epoch's views are computed |
//! | wave | the changed entities of one kind. They are sealed one kind after the other: aliases, orders, SKUs, customers |
//! | timer | the moment at which an entity's view changes although no record arrives; one for each entity |
//! | staged copy | the open epoch's copy of an entity. Dropping the copies rolls the epoch back |
//! | shard | the entities whose keys hash to one partition of the changelog. An application has a fixed number of shards |
//! | application | what shares one id, topics and state: today one process |
//! | slot | the configured name of a process of an application |
//! | changelog | the topic that holds the state |
//! | exchange | a topic for facts from one process to another. It is still empty, but Waybill already commits offsets for it, only to use their metadata: the number of each shard's last epoch is stored there |
//! | generation | counts how often a shard's state was set up anew; part of each event's id; 1 at first |
//! | fingerprint | a digest of the rules and the program, that is, of everything that a view depends on except its rows and the tick |
//! | incarnation | counts how often a source began again (restored, rebuilt, failed over); part of each row's version |
//! | decode error | why a record could not become facts |
//! | dead letter | the record that could not become facts, kept whole; of one that is larger than may be written, its beginning |
//! | alias | a name under which a system's rows tell of an order (the ERP's number, a tracking number), as an entity: it knows to which order it leads, and keeps the rows until it does |
//! | link | the order that an alias leads to, or a further alias |
//! | row owner | the order that has a row now. An index keeps it for rows that a source may move from one order to another |
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
#[cfg(feature = "kafka")]
pub mod registry;

pub mod allocator;
pub mod config;
pub mod error;
pub mod http;
pub mod telemetry;

// Not part of the interface, so its items need no docs.
#[allow(missing_docs)]
pub mod retailer;

pub mod cli;
