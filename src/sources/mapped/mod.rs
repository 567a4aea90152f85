//! Sources that are described in the configuration: JSON or CSV records, of which expressions in jq say what they mean.
//!
//! For carriers, payment and finance systems, CRMs, returns platforms, shops, ERPs and warehouses, and whatever else has no adapter of its own. One entry
//! of `rows` makes one kind of row from the records of one topic. `docs/mapped.md` is the page for who writes one: every row and field, and examples.
//!
//! ```toml
//! [sources.carrier]
//! kind = "mapped"
//! roles = ["carrier"]
//!
//! # A record holds all that happened to one parcel so far: a scan for each element of the list, of events about parcels alone.
//! [[sources.carrier.rows]]
//! topic = "carrier.trackers"
//! row = "scan"
//! each = 'select(.description | startswith("tracker.")) | .result.tracking_details[]'
//! [sources.carrier.rows.fields]
//! tracking = "$record.result.tracking_code"
//! meaning = ".status"
//! code = ".status_detail"
//! scanned_at = ".datetime"
//! [sources.carrier.rows.words.meaning]
//! pre_transit = "label"
//! in_transit = "transit"
//! available_for_pickup = "collect"
//! return_to_sender = "returning"
//! failure = "attempted"
//!
//! [sources.finance]
//! kind = "mapped"
//! roles = ["finance"]
//!
//! [[sources.finance.rows]]
//! topic = "finance.refunds"
//! row = "refund"
//! version = ".updated_at"
//! [sources.finance.rows.fields]
//! id = ".refund_id"
//! order_number = ".order_number"
//! amount = ".amount"
//! currency = ".currency"
//! tender = ".method"
//! state = ".status"
//! reference = ".psp_reference"
//! request = ".request_id"
//! refunded_at = ".paid_at"
//! [sources.finance.rows.words.tender]
//! visa = "card"
//! mastercard = "card"
//! paypal = "card"
//! transfer = "bank"
//! [sources.finance.rows.words.state]
//! paid = "success"
//! queued = "pending"
//! declined = "failed"
//!
//! [sources.crm]
//! kind = "mapped"
//! roles = ["crm"]
//!
//! [[sources.crm.rows]]
//! topic = "crm.contacts"
//! row = "account"
//! when = ".shop_customer_id != null"
//! version = ".modified"
//! time_unit = "seconds"
//! [sources.crm.rows.fields]
//! account = ".shop_customer_id"
//! email = ".email"
//! created_at = ".created"
//! [sources.crm.rows.constants]
//! # Whose account ids they are.
//! account_source = "magento"
//! brand = "north"
//!
//! [[sources.crm.rows]]
//! topic = "crm.contacts"
//! row = "consent"
//! version = ".modified"
//! time_unit = "seconds"
//! [sources.crm.rows.fields]
//! email = ".email"
//! account = ".shop_customer_id"
//! state = ".permissions.profiling"
//! changed_at = ".permissions.changed"
//! [sources.crm.rows.constants]
//! account_source = "magento"
//! brand = "north"
//! purpose = "profiling"
//! channel = "email"
//! [sources.crm.rows.words.state]
//! 1 = "yes"
//! 2 = "no"
//! 0 = "unset"
//! ```
//!
//! # From a record to rows
//!
//! The record's value is read once (`body`). For each entry of its topic `each` gives the elements, and for each of them `when` says whether it makes the
//! row, `delete` whether it deletes it, and an expression for each field what that holds (`reading`). What an expression gives is read in the field's form
//! (`fields`), and the row type makes facts of it (`rows`). The language is in `jq`: exact numbers, and a bound on how long a record may take.
//!
//! A record of which no entry makes a row is counted as unknown. A field that cannot be read, an expression that fails or does not end, and two rows
//! that have one id refuse the record: nothing of it becomes facts.
//!
//! # Examples
//!
//! A refund that finance has paid, by the entry of `[sources.finance]` above:
//!
//! ```
//! # use std::sync::Arc;
//! # use waybill::envelope::{Headers, Record};
//! # use waybill::facts::ids::Digester;
//! # use waybill::facts::{Alias, Cause, SourceId, TopicId};
//! use waybill::facts::order::{RefundState, Tender, Word};
//! use waybill::facts::{Amount, Change, Moment, OrderRow, Row};
//! # use waybill::sources::{Common, FactsOut, Reading};
//! use waybill::sources::mapped;
//!
//! let settings = r#"
//!     [[rows]]
//!     topic = "finance.refunds"
//!     row = "refund"
//!     version = ".updated_at"
//!     fields = { id = ".refund_id", order_number = ".order_number", amount = ".amount", currency = ".currency", tender = ".method", state = ".status" }
//!     words.tender = { visa = "card", transfer = "bank" }
//!     words.state = { paid = "success", queued = "pending", declined = "failed" }
//! "#;
//! let value = br#"{
//!     "refund_id": "rf-7", "order_number": "SO-1001", "amount": "64.95", "currency": "GBP",
//!     "method": "Visa", "status": "paid", "updated_at": "2026-03-02T10:15:00Z"
//! }"#;
//! # let common = Common {
//! #     name: "finance".into(),
//! #     id: SourceId::of("finance"),
//! #     channel: "".into(),
//! #     brand: "".into(),
//! #     stores: Vec::new(),
//! #     number_scope: Alias::ORDER_NUMBER.into(),
//! #     counts: None,
//! #     zone: jiff::tz::TimeZone::UTC,
//! #     digester: Digester::new(b"a secret of your own"),
//! # };
//! let adapter = (mapped::KIND.build)(&common, &settings.parse().unwrap()).unwrap();
//! # let topic: Arc<str> = "finance.refunds".into();
//! # let record = Record {
//! #     topic: &topic,
//! #     topic_index: 0,
//! #     partition: 0,
//! #     offset: 7,
//! #     timestamp: Moment::parse_rfc3339("2026-03-02T10:15:09Z").unwrap(),
//! #     key: None,
//! #     value: Some(value),
//! #     headers: Headers::new(),
//! # };
//! # let cause = Cause { topic: TopicId::of(&topic), partition: 0, offset: 7 };
//! # let mut facts = Vec::new();
//! # let mut out = FactsOut::new(common.id, cause, adapter.revision(), &mut facts);
//! assert_eq!(adapter.translate(&record, &mut out), Ok(Reading::Understood));
//!
//! let Change::Upsert(Row::Owned(owned)) = &facts[0].change else { panic!("a refund, which finance may move to another order") };
//! let Row::Order(OrderRow::Refund(refund)) = &owned.row else { panic!("a refund") };
//! assert_eq!((refund.tender, refund.amount), (Tender::Card, Amount::parse("64.95").unwrap()));
//! assert_eq!(refund.state, Word::Known(RefundState::Success));
//! ```

mod body;
mod fields;
mod jq;
mod origins;
mod page;
mod plan;
mod reading;
mod record;
mod row_type;
mod rows;

#[cfg(test)]
pub(crate) use jq::evaluated;
pub use page::{help, page};

use std::cell::Cell;
use std::collections::HashMap;
use std::sync::Arc;

use self::plan::MappedTopic;
use self::reading::RecordReader;
use super::adapter::{Adapter, Common, Reading, Skip, SystemKind};
use super::facts_out::FactsOut;
use crate::envelope::{DecodeError, Record};
use crate::facts::Fact;

/// The kind `mapped`. Which roles it plays has to be said: nothing in it tells.
pub const KIND: SystemKind = SystemKind {
    name: "mapped",
    label: "Any system whose JSON or CSV records are described in the configuration, in jq",
    fixtures: "mapped",
    roles: &[],
    build,
};

/// The adapter.
struct Mapped {
    common: Common,
    topics: Vec<MappedTopic>,
    revision: u16,
}

fn build(common: &Common, table: &toml::Table) -> Result<Arc<dyn Adapter>, Vec<String>> {
    let (topics, revision) = plan::read(common, table)?;
    Ok(Arc::new(Mapped { common: common.clone(), topics, revision }))
}

impl Adapter for Mapped {
    fn revision(&self) -> u16 {
        self.revision
    }

    fn topics(&self) -> Vec<String> {
        self.topics.iter().map(|topic| topic.name.clone()).collect()
    }

    fn tells_products(&self) -> bool {
        self.topics.iter().flat_map(|topic| &topic.plans).any(|plan| plan.row.name == rows::PRODUCT)
    }

    fn translate(&self, record: &Record<'_>, out: &mut FactsOut<'_>) -> Result<Reading, DecodeError> {
        let unknown = || Reading::Skipped(Skip::UnknownTable((&**record.topic).into()));
        let Some(topic) = self.topics.iter().find(|topic| *topic.name == **record.topic) else { return Ok(unknown()) };
        if record.value.is_none() && topic.plans.iter().all(|plan| plan.delete.is_none()) {
            return Ok(Reading::Skipped(Skip::Housekeeping));
        }
        let (asking, others) = (Cell::new(None), || body::others(record));
        let made = out.all_or_none(|out| {
            let before = out.facts.len();
            let steps = jq::steps(record.value.map_or(0, <[u8]>::len));
            let made = jq::bounded(steps, || {
                let reader = RecordReader::new(&self.common, topic, record, &others, &asking)?;
                topic.plans.iter().try_fold(false, |made, plan| Ok::<_, DecodeError>(reader.rows(plan, out)? | made))
            });
            let made = made.unwrap_or_else(|why| {
                let asked = asking.get().map(|asked: reading::Asked<'_>| asked.says()).unwrap_or_default();
                Err(DecodeError::new("value", format!("expressions that come to an end ({asked})"), why))
            })?;
            told_apart(&out.facts[before..])?;
            Ok::<_, DecodeError>(made)
        })?;
        Ok(match made {
            true => Reading::Understood,
            false if record.value.is_none() => Reading::Skipped(Skip::Housekeeping),
            false => unknown(),
        })
    }
}

/// Two rows of one record that have one id and differ: one of them would be lost without a word.
fn told_apart(facts: &[Fact]) -> Result<(), DecodeError> {
    let mut seen: HashMap<_, &Fact, foldhash::fast::RandomState> = HashMap::default();
    for fact in facts.iter().filter(|_| facts.len() > 1) {
        match seen.insert((&fact.subject, &fact.key), fact) {
            Some(other) if other.version == fact.version && other.change != fact.change => {
                let expected =
                    "rows that are told apart: the fields that say which row it is (docs/mapped.md) hold the same in two rows that differ";
                return Err(DecodeError::new("value", expected, &fact.key.id));
            }
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
