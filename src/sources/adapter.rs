//! What every adapter is: given a record, it gives facts.

use std::sync::Arc;

use super::facts_out::FactsOut;
use crate::envelope::{DecodeError, Record};
use crate::facts::ids::Digester;
use crate::facts::sku::Basis;
use crate::facts::{Currency, SourceId, Text};

/// What an adapter made of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reading {
    /// It was understood; its facts, if any, are out. (An update of columns that nobody here reads is understood.)
    Understood,
    /// Records like this one carry nothing for us. They are counted by reason, and are never an error.
    Skipped(Skip),
}

/// Why a record is passed over.
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
///
/// # Examples
///
/// A record in, facts out. The adapter here is that of `kind = "mapped"`; every other kind is used alike.
///
/// ```
/// use std::sync::Arc;
/// use waybill::envelope::{Headers, Record};
/// use waybill::facts::ids::Digester;
/// use waybill::facts::{Alias, Cause, Moment, SourceId, Subject, TopicId};
/// use waybill::sources::{Common, FactsOut, KINDS, Reading};
///
/// // `[sources.carrier]` of waybill.toml: what is common to all kinds, and the keys of this kind.
/// let common = Common {
///     name: "carrier".into(),
///     id: SourceId::of("carrier"),
///     channel: "".into(),
///     brand: "".into(),
///     stores: Vec::new(),
///     number_scope: Alias::ORDER_NUMBER.into(),
///     counts: None,
///     zone: jiff::tz::TimeZone::UTC,
///     digester: Digester::new(b"a secret of your own"),
/// };
/// let settings = r#"
///     [[rows]]
///     topic = "carrier.scans"
///     row = "scan"
///     fields = { tracking = ".parcel", meaning = ".status", scanned_at = ".time" }
/// "#;
/// let kind = KINDS.iter().find(|kind| kind.name == "mapped").unwrap();
/// let adapter = (kind.build)(&common, &settings.parse().unwrap()).unwrap();
///
/// // A record, as Kafka delivered it.
/// let topic: Arc<str> = "carrier.scans".into();
/// let record = Record {
///     topic: &topic,
///     topic_index: 0,
///     partition: 3,
///     offset: 17,
///     timestamp: Moment::parse_rfc3339("2026-03-02T10:15:09Z").unwrap(),
///     key: None,
///     value: Some(br#"{"parcel": "JD0002", "status": "delivered", "time": "2026-03-02T10:15:00Z"}"#),
///     headers: Headers::new(),
/// };
///
/// // Its facts: one scan, of the order that the parcel's number leads to.
/// let cause = Cause { topic: TopicId::of(&topic), partition: record.partition, offset: record.offset };
/// let mut facts = Vec::new();
/// let mut out = FactsOut::new(common.id, cause, adapter.revision(), &mut facts);
/// assert_eq!(adapter.translate(&record, &mut out), Ok(Reading::Understood));
/// assert_eq!(facts[0].subject, Subject::Alias(Alias::new(Alias::TRACKING, "JD0002")));
///
/// // What cannot be read is named.
/// let record = Record { value: Some(br#"{"parcel": "JD0002", "status": "delivered", "time": "soon"}"#), ..record };
/// let error = adapter.translate(&record, &mut FactsOut::new(common.id, cause, adapter.revision(), &mut facts)).unwrap_err();
/// assert_eq!(error.to_string(), r#"field "time": expected a moment (scan.scanned_at = .time), found "soon""#);
/// ```
pub trait Adapter: Send + Sync {
    /// Raised when the meaning given to a record changes, so that records read again after a mend count as newer.
    fn revision(&self) -> u16;

    /// The topics to read: names in full.
    fn topics(&self) -> Vec<String>;

    /// What it takes for granted because records don't say it, each a sentence for `waybill check`.
    fn assumes(&self) -> Vec<String> {
        Vec::new()
    }

    /// Whether its system counts now and then, and tells what moved in between: the default of `between_counts`.
    fn counts_now_and_then(&self) -> bool {
        false
    }

    /// Whether it gives products. If a source does, a SKU that it does not know is unknown.
    fn tells_products(&self) -> bool {
        false
    }

    /// Whether it reads only some members of records, those that [`Self::reads`] says yes to, and takes null and absent for the same.
    fn reads_some(&self) -> bool {
        false
    }

    /// Whether a member of this name is read, in any object of any record. Of Avro the others are passed over without being decoded.
    fn reads(&self, _member: &str) -> bool {
        true
    }

    /// Puts the record's facts out.
    ///
    /// # Errors
    /// Names the field that cannot be read, with what is expected there and what was found; no fact is out then.
    fn translate(&self, record: &Record<'_>, out: &mut FactsOut<'_>) -> Result<Reading, DecodeError>;
}

/// What is configured of every source, whatever its kind.
#[derive(Clone, Debug)]
pub struct Common {
    /// The configured name, as in `[sources.magento]`.
    pub name: Text,
    /// Its short id, a hash of the name.
    pub id: SourceId,
    /// The channel of the orders placed in it (shops), or `""`.
    pub channel: Text,
    /// The brand of the orders placed in it (shops), or `""`.
    pub brand: Text,
    /// The store views of it that are channels of their own (shops).
    pub stores: Vec<StoreView>,
    /// The scope of the order numbers that this source gives or refers to: [`crate::facts::Alias::ORDER_NUMBER`] unless two shops number alike.
    pub number_scope: Text,
    /// What its counts leave out, where it can be read either way; `None`: as the system does by itself.
    pub counts: Option<Basis>,
    /// The zone of local times without an offset.
    pub zone: jiff::tz::TimeZone,
    /// Makes digests of email addresses: nothing else of them is kept.
    pub digester: Digester,
}

/// A part of a shop that is a channel of its own: a store view.
#[derive(Clone, Debug, PartialEq)]
pub struct StoreView {
    /// As the shop names it; `""`: all that no channel names.
    pub id: Text,
    /// The channel of the orders placed in it.
    pub channel: Text,
    /// Their brand.
    pub brand: Text,
    /// Their currency.
    pub currency: Currency,
    /// Its prices are shown with tax; `None`: as the source's are.
    pub prices_include_tax: Option<bool>,
}

impl Common {
    /// The store of this id, where it is a channel of its own.
    pub fn store(&self, id: &str) -> Option<&StoreView> {
        self.stores.iter().find(|store| store.id == id && !id.is_empty())
    }

    /// What stands for the store of an order that names none any more (the shop deleted the store view): the one of the only channel that sells in the
    /// order's currency, so that its claims and its customer stay where they were.
    pub fn only_store_in(&self, currency: Currency) -> Option<&StoreView> {
        let mut selling = self.stores.iter().filter(|store| store.currency == currency);
        let first = selling.next()?;
        (!first.id.is_empty() && selling.all(|store| store.channel == first.channel)).then_some(first)
    }

    /// The brand of what belongs to this store.
    pub fn brand_of<'s>(&'s self, store: Option<&'s StoreView>) -> &'s Text {
        store.map_or(&self.brand, |store| &store.brand)
    }
}

/// A kind of source: a value of `kind = "…"` in the configuration.
pub struct SystemKind {
    /// As configuration names it.
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
