//! Room 2: records -> facts. One file (or folder) a system; the only room that knows any system's tables, names and status words.
//!
//! An [`Adapter`] is a pure function from a record to facts: no state, no clock, no counting. A new system is one file here, one entry in
//! [`KINDS`], and one folder of fixtures under `tests/fixtures/sources/`.

pub mod decisions;
mod facts_out;
#[cfg(test)]
mod fixtures;
mod local_time;
mod magento;
mod mapped;
mod nav;
mod peoplevox;
pub mod settings;
mod shopify;
#[cfg(test)]
pub(crate) mod trial;
pub mod words;

pub use facts_out::{FactsOut, Standing};

use std::sync::Arc;

use crate::envelope::{DecodeError, Record};
use crate::facts::ids::Digester;
use crate::facts::sku::Basis;
use crate::facts::{SourceId, Text};

/// What came of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reading {
    /// It was understood; its facts, if any, are out. (An update that says nothing to us is understood.)
    Understood,
    /// It says nothing to us, by its nature. Counted by reason, never fatal.
    Skipped(Skip),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Skip {
    /// A tombstone that follows a delete, a heartbeat, a transaction or schema-change record.
    Housekeeping,
    /// A table or event type that the adapter has no use for or does not know: named, so that it can be counted.
    UnknownTable(Text),
}

/// The translation of one system's records.
///
/// Given: every record of the source's topics, in each partition's order, some of them more than once (at least once is the rule), with no
/// order between topics. Owed: the same facts for the same record always; versions that put every state of a row in its source's order;
/// a [`DecodeError`] that names field, expected and found for what can't be read, and then no fact at all of that record.
pub trait Adapter: Send + Sync {
    /// Raised when the meaning given to a record changes, so that records read again after a mend count as newer.
    fn revision(&self) -> u16;

    /// The topics to read: names in full.
    fn topics(&self) -> Vec<String>;

    /// Does it tell of products? Then a SKU that it does not know is unknown.
    fn tells_products(&self) -> bool {
        false
    }

    fn translate(&self, record: &Record<'_>, out: &mut FactsOut<'_>) -> Result<Reading, DecodeError>;
}

/// What configuration says of every source, whatever its kind.
#[derive(Clone, Debug)]
pub struct Common {
    /// The configured name, as in `[sources.magento]`.
    pub name: Text,
    pub id: SourceId,
    /// The channel and brand of the orders placed in it (shops), or `""`.
    pub channel: Text,
    pub brand: Text,
    /// The scope of the order numbers that this source gives or refers to: [`crate::facts::Name::ORDER_NUMBER`] unless two shops number alike.
    pub number_scope: Text,
    /// What its counts leave out, where it can be read either way; `None`: as the system does by itself.
    pub counts: Option<Basis>,
    /// The zone of local times without an offset.
    pub zone: jiff::tz::TimeZone,
    pub digester: Digester,
}

/// A kind of source: what `kind = "…"` in the configuration may say.
pub struct Kind {
    pub name: &'static str,
    /// For help and tables: `Magento 2 / Adobe Commerce (MariaDB or MySQL, Debezium)`.
    pub label: &'static str,
    /// Folder under `tests/fixtures/sources/`.
    pub fixtures: &'static str,
    /// Roles that it can play: configuration gives each source its roles, these are the defaults.
    pub roles: &'static [crate::facts::Role],
    /// Builds the adapter from the source's own settings (the keys of `[sources.NAME]` that [`Common`] does not know). Errors are
    /// sentences, each naming the key at fault; all of them at once.
    pub build: fn(&Common, &toml::Table) -> Result<Arc<dyn Adapter>, Vec<String>>,
}

/// Every kind of source, in the order in which help lists them.
#[rustfmt::skip] // One a line: each kind comes with its own.
pub static KINDS: &[Kind] = &[
    magento::KIND,
    shopify::KIND,
    nav::KIND,
    peoplevox::KIND,
    mapped::KIND,
];
