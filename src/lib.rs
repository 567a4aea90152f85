//! Waybill follows every order from the shop to the customer, and back when goods are returned. It reads the change events of a retailer's systems
//! from Kafka, keeps materialised views of orders, stock and customers, and writes what follows from each change back to Kafka, exactly once. The
//! [table of words](#words-one-meaning-each) below explains the words of this page.
//!
//! # The way of the data
//!
//! ```text
//!  Kafka topics       envelope/        sources/          facts/        engine/ + entities/           events/            engine/ -> kafka/
//!  of each system --> bytes ->     --> envelope ->   --> common   --> rows -> view             --> statements,      --> one transaction:
//!                     envelope         facts             language    once an epoch                 requests            events + state + offsets
//! ```
//!
//! An *epoch* is the work of one transaction: Waybill takes up some records, computes what follows from them, and commits. A *room* is one of the modules in
//! the drawing. Data flows from left to right. Imports follow another sequence: [`facts`], [`envelope`], [`sources`],
//! [`entities`], [`events`], [`engine`], `kafka`; each room imports only rooms that stand earlier in this list. [`facts`] is the common language.
//! [`envelope`] and [`sources`] know systems and no views; [`entities`], [`events`] and [`engine`] know views and no systems. [`engine`] calls the other rooms
//! in each epoch. It reaches Kafka through one trait, [`engine::Log`]: `kafka` implements it, and [`engine::memory`] does for tests and the demo.
//!
//! One idea carries the rest: **a view is a function of rows.** An adapter turns a record into facts. Each fact is a change of one row, and has the
//! row's key and a version. An *entity* (an order, a SKU, a customer, an alias) keeps the newest version of each of its rows. Its view is computed
//! from three things alone: its rows, the rules (the configuration) and the moment of the computation. The sequence in which records arrive has no
//! effect. So repeats, replays and new snapshots change nothing. Two kinds of events follow from a view:
//!
//! - a *statement* says how something stands now. It is emitted when it differs from the statement that was emitted last for the same key;
//! - a *request* asks another system for something that must not happen twice: to send goods, to pay money back, to record an order, to post an entry
//!   in the books, to write to a person. Each request has a *gate*, which is a list of conditions, and a *ledger*, which keeps what was requested so
//!   far. A request is made when all conditions hold and something is due that its ledger does not have yet.
//!
//! Beside the rooms stand [`config`] (reads waybill.toml and makes the rules), [`http`] (answers queries from committed views), [`telemetry`] (metrics,
//! the program's log), `registry` (asks a schema registry for Avro's schemas), [`error`] (exit codes), [`allocator`] (memory), [`cli`] (the commands),
//! and [`retailer`]: a simulated retailer for the demo, for the tests, and for people who try Waybill without systems of their own.
//!
//! Where to go next: CONTRIBUTING.md says how to build, test and change Waybill. ARCHITECTURE.md says which files a change touches, and why things are
//! as they are. `docs/specification/` says what is right in each case. Its formulas use a letter for each quantity, and the code uses a word;
//! `docs/specification/rows.md` lists the letters with their words.
//!
//! # Invariants
//!
//! - No view reads another view. An order sends derived facts to its SKUs and its customer. A customer sends its rows to whoever stands for the person, and
//!   tells its orders that the person is forgotten.
//! - No fact names a system (Magento, NAV ...). A fact has the id of its source ([`facts::SourceId`]), and the rules say which roles that source plays.
//! - No *pure* room waits, does I/O, reads a clock or writes a line to the program's log. The rooms [`facts`], [`envelope`], [`sources`],
//!   [`entities`] and [`events`] are pure. So is each part of the engine that computes an epoch. In the engine only the loop ([`engine::run`]), and
//!   the restore before it, wait for records; only the loop reads a clock, to measure.
//! - All views of an epoch are computed at one moment, its tick.
//! - Metrics and the program's log tell of an epoch only after its commit.
//! - HTTP never reads an uncommitted row.
//! - The offset of a record is committed only in the transaction that holds what follows from that record.
//! - No bad record stops a partition, and none is skipped silently. It goes to `dead-letters` whole; if it is larger than a record may be, its
//!   beginning goes there.
//! - A missing or deleted row is never the reason for a request.
//! - No amount is a float.
//!
//! # Words, one meaning each
//!
//! Verbs, in the sequence of an epoch. *Derive*, *emit* and *request* are parts of *seal*. *Restore* happens once, when the process starts. *Restate* follows
//! it if the rules have changed:
//!
//! | verb | meaning |
//! | --- | --- |
//! | decode | turn a record into facts; if that fails, the record becomes a dead letter |
//! | store | keep a fact's row in its entity, if the fact's version is newer than the version that the entity has |
//! | seal | of an entity: compute its view and what follows from it; of an epoch: seal each entity that has changed, and gather all that will be written |
//! | derive | make facts for other entities from a view: an order tells a SKU how many pieces it claims |
//! | emit | write an event (a statement or a request) to its topic |
//! | request | enter a request in its ledger; emit it too if its topic is *live* (below) |
//! | promote | let the next epoch build on what this epoch has changed, while this epoch's commit is still under way |
//! | commit | end Kafka's transaction: events, state, dead letters and source offsets, all or nothing |
//! | publish | make committed entities visible to queries |
//! | restore | read state back from the changelog at the start, and check it against the offsets |
//! | restate | after a change of the rules: compute all views anew before the first record is read. Requests that are due only because of that change are *held* (below) |
//!
//! Other words:
//!
//! | word | meaning |
//! | --- | --- |
//! | system | a program that a retailer uses: Magento, NAV ... Either it has an adapter of its own, or the configuration describes it (a *mapped* source) |
//! | adapter | the code that decodes one system's records |
//! | source | a system as it is configured: its topics, its roles, and the adapter that reads it. A retailer with two Magentos has two sources of one system |
//! | role | what a source does for the retailer: shop, ERP, warehouse, carrier, finance ... For each kind of figure the rules say, by role, which source's rows count |
//! | rules | the configuration as the views need it: roles, locations, durations, the pairs (below) that Waybill posts and the ERP does not ... *Domain rules* are something else: `tests/fixtures/rules.toml` |
//! | record | what Kafka delivers: key, value, headers |
//! | event | what Waybill writes: a statement or a request. What comes in is a *change event* or a record |
//! | log | Kafka, or what stands in for it in memory. What the process prints is *the program's log* |
//! | envelope | what a record's bytes hold before an adapter gives it a meaning. Of Debezium: the database's row before and after, the operation, and the block that says where the change comes from. Of other records: the members of the JSON (into which Avro is turned), the columns of the CSV |
//! | fact | a change of one row, with key and version, in Waybill's own language, which is the same for all systems |
//! | entity | what rows belong to: an order, a SKU, a customer, an alias |
//! | row | what an entity keeps: a fact's content under its key, with the version of the record from which the fact came |
//! | view | what is computed from an entity's rows, by the rules, at a tick |
//! | stage | a part of the computation of an order's view; it reads the stages before it (`entities/order`) |
//! | order stage, return stage | how far an order, or its returns, have come: placed, picking ... Neither is called *stage* alone |
//! | derived fact | a fact that comes from another entity's view |
//! | statement, request | the two kinds of event, see above |
//! | last emitted | the digest of the statement that was emitted last for a key; a statement is emitted only if its digest differs |
//! | gate | all conditions of a request. It is open when all of them hold, else shut. A condition that does not hold names the row that it waits for, and the source that has to send it. (In the code `RequestGate` is the gate and `Gate` is one condition) |
//! | ledger | what was requested so far for one order in one request topic; in some topics each receiver, parcel or kind of mail has a ledger of its own. An accountant's ledger is something else: here it is called *the books*, and what is posted in it is a *journal entry* |
//! | step | one request in a ledger; each ledger numbers its steps from 1. (The nine *steps* of `docs/specification/journey.md` are parts of an order's journey) |
//! | pair | two accounts that are posted together for one cause: one is debited, the other credited |
//! | live | said of a request topic: its requests are emitted. Each topic is live from some epoch on. Requests that are due earlier are entered in their ledgers and never emitted; but refunds that are due earlier are held, until a person decides |
//! | held | said of a request that waits for a person's decision and is not in its ledger yet. There are three reasons: only a change of the rules made it due; it is a refund that was due before its topic was live; it goes beyond a limit on refunds |
//! | desk | all requests that are held, what people have decided about them, and the limits on refunds |
//! | finding | something in a view that a person must look at |
//! | exception | the statement about a finding, in the topic `exceptions`: open until the finding is gone or a person has decided |
//! | decision | what a person has decided about an exception or a held request: a record of the topic `decisions` |
//! | mirror | a source that, for one kind of figure, only repeats what another source decides. If a warehouse reports what left, the shop is a mirror for the shipped total. A mirror's rows for that figure are shown and never counted |
//! | epoch | what is computed and committed in one transaction, because records came, timers are due, or both |
//! | tick | the one moment at which an epoch's views are computed |
//! | wave | the changed entities of one kind, which are sealed together. The waves of an epoch follow each other: aliases, orders, SKUs, customers |
//! | timer | the next moment at which an entity's view changes although no record arrives; each entity has at most one |
//! | staged copy | the open epoch's copy of an entity. Dropping the copies rolls the epoch back |
//! | shard | the entities whose keys hash to one partition of the changelog. An application has a fixed number of shards |
//! | application | all processes that share one application id, its topics and its state: today one process |
//! | slot | the configured name of one process of an application |
//! | changelog | the topic that holds the state |
//! | exchange | a topic for facts that one process sends to another. Nothing is written to it yet, since an application is one process. Waybill does commit an offset for each of its partitions: the metadata of that offset holds the number of the shard's last epoch |
//! | generation | a number that counts how often a shard's state was set up anew: 1 at first. It is part of each event's id |
//! | fingerprint | a digest of the rules and the program, that is, of everything that a view depends on except its rows and the tick |
//! | incarnation | a number that counts how often a source's database began again (it was restored, rebuilt or failed over). It is part of each row's version |
//! | decode error | why a record could not become facts |
//! | dead letter | a record that could not become facts, written to `dead-letters` whole; if it is larger than a record may be, its beginning |
//! | outstanding | said of a dead letter that nobody has dealt with: its record was not read since, and no person has discarded it |
//! | letter's cause | what dead letters have in common: source, topic, the member that could not be read, and what was expected there |
//! | act | what a person does beside deciding, as a record of the topic `acts`: a dead letter's record is read again, edited or discarded; an exception gets a note or an owner |
//! | case | the notes and the owner of an open exception |
//! | alias | a name that another system gives to an order: the ERP's number, a tracking number. An alias is an entity: it keeps the rows that come under its name until a link says to which order it leads, and then that order gets them |
//! | link | where an alias leads: to an order, or to a further alias |
//! | row owner | the order that a row belongs to now. An index keeps the owner of each row that a source may move from one order to another |
//! | delete watermark | a version for a set of rows: all older rows of the set are deleted |
//! | joined | said of customers that are one person: one of them has the rows of all, and the others say nothing. By a *merge*, which a system tells, or by one address, for CRM and marketing alone |
//! | forgotten | said of a person who asked for it, and of the orders that were placed before: no statement tells of them, and rows lose names and addresses |
//! | worker pool | the threads that help the engine's own thread to decode records and seal entities |
//! | reference model | a second, slow program of the specification, for the tests: engine and model must agree |

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
