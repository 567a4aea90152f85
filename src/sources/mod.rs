//! Room 2: records -> facts. One file (or folder) a system; the only room that knows any system's tables, names and status words.
//!
//! An [`Adapter`] is a pure function from a record to facts: no state, no clock, no counting. A new system is one file here, one entry in
//! [`KINDS`], and one folder of fixtures under `tests/fixtures/sources/`.

pub mod acts;
mod adapter;
#[cfg(test)]
mod avro_tests;
#[cfg(test)]
mod avro_writer;
#[cfg(test)]
mod debezium_tests;
mod decimals;
pub mod decisions;
pub mod doubts;
mod emarsys;
mod facts_out;
#[cfg(test)]
mod fixtures;
pub mod forms;
mod local_time;
mod magento;
pub mod mapped;
#[cfg(test)]
mod mutants;
mod nav;
mod netsuite;
mod peoplevox;
#[cfg(test)]
mod schema_tests;
mod seko;
pub mod settings;
mod shopify;
mod tables;
#[cfg(test)]
pub(crate) mod trial;
pub mod words;

pub use adapter::{Adapter, Common, Reading, Skip, StoreView, SystemKind};
pub use facts_out::{FactsOut, SourcePosition};

/// Every kind of source, in the order in which help lists them.
#[rustfmt::skip] // One a line: each kind comes with its own.
pub static KINDS: &[SystemKind] = &[
    magento::KIND,
    shopify::KIND,
    nav::KIND,
    netsuite::KIND,
    peoplevox::KIND,
    seko::KIND,
    emarsys::KIND,
    mapped::KIND,
];
