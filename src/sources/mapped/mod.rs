//! Sources that are described in the configuration: JSON records whose paths, words and constants stand there.
//!
//! For carriers, payment and finance systems, CRMs, and whatever has no adapter of its own. One entry of `rows` makes one kind of row from the
//! records of one topic: it names the paths of the row's fields, and what the texts found there mean. A topic may have several entries, and a record whose
//! body holds a list may give a row for each element.
//!
//! ```toml
//! [sources.carrier]
//! kind = "mapped"
//! roles = ["carrier"]
//!
//! # A record holds all that happened to one parcel so far: a scan for each element of the list. Paths that begin with a dot are paths in
//! # the element, the others in the record.
//! [[sources.carrier.rows]]
//! topic = "carrier.trackers"
//! row = "scan"
//! each = "result.tracking_details"
//! when = { "description" = ["tracker.created", "tracker.updated"] }
//! [sources.carrier.rows.fields]
//! tracking = "result.tracking_code"
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
//! version = "updated_at"
//! [sources.finance.rows.fields]
//! id = "refund_id"
//! order_number = "order_number"
//! amount = "amount"
//! currency = "currency"
//! tender = "method"
//! state = "status"
//! reference = "psp_reference"
//! request = "request_id"
//! refunded_at = "paid_at"
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
//! needs = ["shop_customer_id"]
//! version = "modified"
//! time_unit = "seconds"
//! [sources.crm.rows.fields]
//! account = "shop_customer_id"
//! email = "email"
//! created_at = "created"
//! [sources.crm.rows.constants]
//! # Whose account ids they are.
//! account_source = "magento"
//! brand = "north"
//!
//! [[sources.crm.rows]]
//! topic = "crm.contacts"
//! row = "consent"
//! version = "modified"
//! time_unit = "seconds"
//! [sources.crm.rows.fields]
//! email = "email"
//! account = "shop_customer_id"
//! state = "permissions.profiling"
//! changed_at = "permissions.changed"
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
//! - **Rows and fields** are those of `facts`; `*` marks what has to be mapped:
//!   `scan` (tracking*, meaning*, scanned_at*, code), `refund` (id*, amount*, currency*, tender*, state*, reference, request, refunded_at),
//!   `payment` (id*, tender*, currency*, captured*, authorised, expires_at, reference, failed, paid_at), `hold` (reason*, active, held_at),
//!   `posting` (id*, account*, amount*: a debit above zero, currency*, document, posted_at),
//!   `warehouse-order` (order_number*, state*, id, location, changed_at), `warehouse-total` (order_number*, pieces*, id, location,
//!   changed_at), `despatch` (order_number*, despatch*, sku*, quantity*, despatched_at*, location, line, carrier, service, tracking),
//!   `tracking` (order_number*, despatch*, tracking*, carrier), `return-line` (rma*, quantity*, state*, sku or line*, resolution,
//!   goods_expected, reason, approved_at, id), `receipt` (receipt*, quantity*, sku or line*, condition, rma, location, bucket, received_at,
//!   id), `disposition` (id*, quantity*, to*, sku or line*, disposed_at), `count` (sku*, quantity*, location*, bucket, basis, counted_at),
//!   `movement` (id*, sku*, quantity*, moved_at*, location or from_location*, bucket, from_bucket, direction, cause), `expected` (id*, sku*,
//!   quantity*, expected_at*, location), `product` (sku*, name, parent, option_name, option, option2_name, option2, category, blocked,
//!   blocked_from, backorder, untracked, sales_unit), `kit-part` (sku*, part*, pieces*; none: it is a part no more), `price` (sku*, currency*,
//!   amount*, list, minimum, unit, tax_inside, from, to), `offer` (id*, sku*, amount or percent*, currency, from, until, active, channel),
//!   `account` (account*, account_source, brand, email, created_at, collective), `consent` (email*, purpose*, state*, changed_at, channel,
//!   brand, account, account_source).
//! - **`when`** names paths and the texts that they have to hold, **`needs`** paths that have to hold anything: other records do not make
//!   the row. A record that makes no row of any entry is counted as unknown.
//! - **The order** is found by `order_number`, else by the `tracking` number of a parcel, which the warehouse's records lead to the order.
//! - **Newer** is the later `version`, a time in the record; at one time the further word of `state` or `meaning`. Without it, what comes
//!   later in the topic; then rows of one id must come in one topic, keyed so that they share a partition.
//! - **Words** are compared without case. The names of meanings need no entry (`delivered`, `out_for_delivery`). A word that is in no table is
//!   kept as it was written where the row allows it (meaning, state, condition), else it is a decode error.
//! - **Values**: numbers may stand in texts; amounts and pieces are exact decimals, never below zero (`count` apart). Times are RFC 3339,
//!   ISO 8601 without an offset (read in the source's zone), whole numbers of `time_unit`, or written as `time_format` says. Of email
//!   addresses only the digest is kept.
//! - An absent, `null` or blank value is none: a decode error where the field has to be there.
//! - A tombstone is skipped: these sources delete no rows.
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
//!     version = "updated_at"
//!     fields = { id = "refund_id", order_number = "order_number", amount = "amount", currency = "currency", tender = "method", state = "status" }
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

mod fields;
mod origins;
mod paths;
mod plan;
mod record;
mod row_type;
mod rows;
mod stock;

use std::sync::Arc;

use serde_json::value::RawValue;
use xxhash_rust::xxh3::xxh3_64;

use self::fields::{FieldValue, ValueReader};
use self::origins::{Slot, ValueOrigin};
use self::paths::PathValues;
use self::plan::{MappedTopic, Plan};
use self::record::{MappedRecord, Values};
use super::adapter::{Adapter, Common, Reading, Skip, SystemKind};
use super::facts_out::FactsOut;
use crate::envelope::{Cell, DecodeError, Record, body};
use crate::facts::{Moment, Place, Role};

/// The kind `mapped`.
pub const KIND: SystemKind = SystemKind {
    name: "mapped",
    label: "Any system whose JSON records are described in the configuration",
    fixtures: "mapped",
    roles: &[Role::Carrier, Role::Finance, Role::Crm],
    build,
};

/// The adapter.
struct Mapped {
    common: Common,
    topics: Vec<MappedTopic>,
    revision: u16,
}

fn build(common: &Common, table: &toml::Table) -> Result<Arc<dyn Adapter>, Vec<String>> {
    let (topics, revision) = plan::read(common, table, rows::ROW_TYPES)?;
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
        self.topics.iter().flat_map(|topic| &topic.plans).any(|plan| plan.row.name == stock::PRODUCT.name)
    }

    fn translate(&self, record: &Record<'_>, out: &mut FactsOut<'_>) -> Result<Reading, DecodeError> {
        let Some(topic) = self.topics.iter().find(|topic| *topic.name == **record.topic) else {
            return Ok(Reading::Skipped(Skip::UnknownTable((&**record.topic).into())));
        };
        if record.value.is_none() {
            return Ok(Reading::Skipped(Skip::Housekeeping));
        }
        let body = body::text(record.value)?;
        let found = topic.paths.read("value", body)?;
        let made = out.all_or_none(|out| {
            topic.plans.iter().try_fold(false, |made, plan| Ok::<_, DecodeError>(self.rows_of(plan, record, &found, out)? | made))
        })?;
        Ok(if made { Reading::Understood } else { Reading::Skipped(Skip::UnknownTable((&**record.topic).into())) })
    }
}

/// A record's values, and those of one element of its list.
struct Reach<'f, 'a> {
    record: &'f PathValues<'a>,
    element: Option<&'f PathValues<'a>>,
}

impl<'a> Reach<'_, 'a> {
    fn json(&self, slot: Slot) -> &'a str {
        let (found, slot) = match slot {
            Slot::Record(slot) => (Some(self.record), slot),
            Slot::Element(slot) => (self.element, slot),
        };
        found.and_then(|found| found.get(slot)).copied().unwrap_or_default()
    }
}

impl Mapped {
    /// Makes the rows of one plan; `false` when its `when` holds for nothing in the record.
    fn rows_of(&self, plan: &Plan, record: &Record<'_>, found: &PathValues<'_>, out: &mut FactsOut<'_>) -> Result<bool, DecodeError> {
        let whole = Reach { record: found, element: None };
        let Some((slot, path)) = &plan.each else { return self.row(plan, record, &whole, out) };
        let list = whole.json(*slot);
        if list.is_empty() {
            return Ok(false);
        }
        let items: Vec<&RawValue> = serde_json::from_str(list).map_err(|_| DecodeError::new(path, "a list", list))?;
        let mut made = false;
        for (i, item) in items.iter().enumerate() {
            let within = |mut error: DecodeError| {
                error.field = format!("{path}[{i}]{}{}", if error.field.starts_with('.') { "" } else { ": " }, error.field);
                error
            };
            let element = plan.element.read("", item.get()).map_err(within)?;
            made |= self.row(plan, record, &Reach { element: Some(&element), ..whole }, out).map_err(within)?;
        }
        Ok(made)
    }

    fn row(&self, plan: &Plan, record: &Record<'_>, found: &Reach<'_, '_>, out: &mut FactsOut<'_>) -> Result<bool, DecodeError> {
        let holds = |(slot, texts): &(Slot, Vec<String>)| {
            fields::plain(found.json(*slot)).is_some_and(|text| texts.iter().any(|wanted| *wanted == text.trim()))
        };
        let filled = |slot: &Slot| fields::plain(found.json(*slot)).is_none_or(|text| !matches!(text.trim(), "" | "null"));
        if !plan.when.iter().all(holds) || !plan.needs.iter().all(filled) {
            return Ok(false);
        }
        let reader =
            ValueReader { zone: &self.common.zone, digester: &self.common.digester, times: &plan.times, arrival: record.timestamp };
        let values = values(plan, &reader, found)?;
        let stamp = stamp(plan, &reader, found)?;
        let mut mapped = MappedRecord { common: &self.common, origins: &plan.origins, values, place: out.arrival(), at: record.timestamp };
        if let Some(stamp) = stamp {
            let rank = plan.row.rank.and_then(|name| mapped.place_of(name)).map_or(0, |place| place as u32 + 1);
            mapped.place = Place::Stamp { millis: stamp.0, rank, tie: xxh3_64(record.value.unwrap_or_default()) };
        }
        mapped.at = plan.row.at.and_then(|name| mapped.moment(name)).or(stamp).unwrap_or(record.timestamp);
        (plan.row.make)(&mapped, out)?;
        Ok(true)
    }
}

fn values(plan: &Plan, reader: &ValueReader<'_>, found: &Reach<'_, '_>) -> Result<Values, DecodeError> {
    let mut values = Values::new();
    for ((field, origin), words) in plan.row.fields.iter().zip(&plan.origins.origins).zip(&plan.words) {
        values.push(match origin {
            ValueOrigin::Nowhere => None,
            ValueOrigin::Constant(value) => Some(value.clone()),
            ValueOrigin::Path { slot, path } => {
                let cell = Cell::new(field.name, found.json(*slot));
                let named = |mut error: DecodeError| {
                    error.field.clone_from(path);
                    error
                };
                let value: Option<FieldValue> = reader.read(field, words, cell).map_err(named)?;
                if value.is_none() && field.must {
                    return Err(named(cell.error(format!("a value, the {}'s {}", plan.row.name, field.name))));
                }
                value
            }
        });
    }
    Ok(values)
}

fn stamp(plan: &Plan, reader: &ValueReader<'_>, found: &Reach<'_, '_>) -> Result<Option<Moment>, DecodeError> {
    let Some((slot, path)) = &plan.version else { return Ok(None) };
    let cell = Cell::new("version", found.json(*slot));
    let stamp = reader.moment(cell).ok_or_else(|| DecodeError { field: path.clone(), ..cell.error("the moment of the last change") })?;
    Ok(Some(stamp))
}

#[cfg(test)]
mod tests;
