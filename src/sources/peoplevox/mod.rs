//! Peoplevox WMS: rows of its reports as a poller lands them, and the callbacks of its events, as JSON objects; one topic each.
//!
//! | Topic (setting, default) | Record | Facts |
//! |---|---|---|
//! | `despatch_summary` | report row: an item of a despatch | `Despatch` of the order, `Despatched` of the SKU, and the parcel's `Tracking` and link |
//! | `item_inventory_summary` | report row: an item at a site | `Count`: `On hand`, or, set to count what is free, `Available`; as of the record's timestamp |
//! | `return_summary` | report row: an item of a return | `Receipt` |
//! | `sales_order_summary` | report row: an order | `WarehouseTotal` |
//! | `sales_order_status` | event `SalesOrderStatusChanges` | `WarehouseOrder` |
//! | `tracking` | event `TrackingNumberReceived` | `Tracking` and the link of its number |
//!
//! - Values are texts; dates stand in single quotes, `'14/03/2025 09:55'` with or without seconds, in the tenant's local time. A despatch's
//!   time has the precision of a minute.
//! - Column names are found in any spelling of their letters (`Salesorder_number`), and those of callbacks, which the integrator chooses, by
//!   the names of the placeholders, the usual ones, or the ones set under `status_fields` and `tracking_fields`.
//! - Nothing has a version. A report's row is as new as its place in the topic; a tracking number, which comes in a report and in an event,
//!   as the record's timestamp, the event before the report; an order's status as its `LastModificationTime`, then the further status.
//! - Items that a complete inventory report leaves out are not in stock. A complete report's rows carry headers: `list`, when the reading
//!   began (RFC 3339, the same in all rows); `list-rows`, how many rows there are (`TotalCount` of the report); `list-row`, which of them this
//!   one is, from 1; and `list-site`, where the report was asked for one site alone. Once all rows have come, in any order, items of older
//!   lists count as zero. Rows without these headers stand by themselves. A count is as new as its list, else as its record's timestamp.
//! - Two rows of one item in one despatch or return are so many pieces where the report was read whole, with the headers above: each row is then one of
//!   its own, and the newest reading of a despatch (of a return) replaces the one before. Without the headers the later row replaces the earlier,
//!   since a row that comes again cannot be told from a second one. Ask for what is new since the last reading: a despatch that is read again and again
//!   under other row numbers leaves its old rows behind.
//! - A return's row may be given to another order later: it moves.
//! - Rows with a `Parent` are components of a kit, whose own row is there too: they are passed over.
//! - The same goods have one row id: `despatch number | SKU` is the id of the order's `Despatch` and the SKU's
//!   `Despatched`. A returned item's id is `return code | RMA line | SKU | condition`: two pieces of a return may differ in condition.
//!
//! Reference: Peoplevox integration guide, report and event names as in its subscription templates.

mod cells;
mod context;
mod events;
mod reports;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;

use self::context::{Landed, LandedTopic, Peoplevox};
use super::adapter::{Adapter, Common, Reading, Skip, SystemKind};
use super::facts_out::FactsOut;
use super::settings;
use super::words::Words;
use crate::envelope::{DecodeError, Record, SpelledColumns, body};
use crate::facts::Role;

pub const KIND: SystemKind = SystemKind {
    name: "peoplevox",
    label: "Descartes Peoplevox WMS (rows of reports and callbacks of events, JSON)",
    fixtures: "peoplevox",
    roles: &[Role::Wms],
    build,
};

/// The keys of `[sources.NAME]` for `kind = "peoplevox"`.
#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Settings {
    /// Topics by report or event; `""` for one that is not landed.
    topics: Topics,
    /// The site of rows that name none (orders, and reports without that column).
    site: String,
    /// Status text -> new, allocated, picking, picked, packed, part-despatched, despatched, held, cancelled, closed.
    statuses: BTreeMap<String, String>,
    /// Return condition -> sellable, damaged, unspoken, rejected, other-item.
    conditions: BTreeMap<String, String>,
    /// How the status callback names its fields.
    status_fields: StatusFields,
    /// How the tracking callback names its fields.
    tracking_fields: TrackingFields,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            topics: Topics::default(),
            site: "PrimarySite".into(),
            statuses: BTreeMap::new(),
            conditions: BTreeMap::new(),
            status_fields: StatusFields::default(),
            tracking_fields: TrackingFields::default(),
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Topics {
    despatch_summary: String,
    item_inventory_summary: String,
    return_summary: String,
    sales_order_summary: String,
    sales_order_status: String,
    tracking: String,
}

impl Default for Topics {
    fn default() -> Self {
        Self {
            despatch_summary: "peoplevox.despatch-summary".into(),
            item_inventory_summary: "peoplevox.item-inventory-summary".into(),
            return_summary: "peoplevox.return-summary".into(),
            sales_order_summary: "peoplevox.sales-order-summary".into(),
            sales_order_status: "peoplevox.sales-order-status".into(),
            tracking: "peoplevox.tracking".into(),
        }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct StatusFields {
    order: Option<String>,
    status: Option<String>,
    time: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct TrackingFields {
    order: Option<String>,
    despatch: Option<String>,
    tracking: Option<String>,
    carrier: Option<String>,
}

fn build(common: &Common, table: &toml::Table) -> Result<Arc<dyn Adapter>, Vec<String>> {
    let settings: Settings = settings::read(table)?;
    let mut errors = Vec::new();
    let statuses = Words::new("statuses", events::STATUSES, &settings.statuses).map_err(|wrong| errors.extend(wrong));
    let conditions = Words::new("conditions", reports::CONDITIONS, &settings.conditions).map_err(|wrong| errors.extend(wrong));
    let topics = topics(&settings);
    for (i, topic) in topics.iter().enumerate() {
        if topics[..i].iter().any(|other| other.name == topic.name) {
            errors.push(format!("topics: \"{}\" is named twice; each report and event has a topic of its own", topic.name));
        }
    }
    if topics.is_empty() {
        errors.push("topics: all are blank; name at least one".into());
    }
    match (statuses, conditions) {
        (Ok(statuses), Ok(conditions)) if errors.is_empty() => {
            Ok(Arc::new(Peoplevox { common: common.clone(), site: settings.site, topics, statuses, conditions }))
        }
        _ => Err(errors),
    }
}

fn topics(settings: &Settings) -> Vec<LandedTopic> {
    let names = &settings.topics;
    let mut status = SpelledColumns::new(events::status::NAMES);
    let fields = &settings.status_fields;
    also(&mut status, events::status::ORDER, &fields.order);
    also(&mut status, events::status::STATUS, &fields.status);
    also(&mut status, events::status::TIME, &fields.time);
    let mut tracking = SpelledColumns::new(events::tracking::NAMES);
    let fields = &settings.tracking_fields;
    also(&mut tracking, events::tracking::ORDER, &fields.order);
    also(&mut tracking, events::tracking::DESPATCH, &fields.despatch);
    also(&mut tracking, events::tracking::TRACKING, &fields.tracking);
    also(&mut tracking, events::tracking::CARRIER, &fields.carrier);
    let all = [
        (&names.despatch_summary, Landed::DespatchSummary, SpelledColumns::new(reports::despatch::NAMES)),
        (&names.item_inventory_summary, Landed::ItemInventorySummary, SpelledColumns::new(reports::inventory::NAMES)),
        (&names.return_summary, Landed::ReturnSummary, SpelledColumns::new(reports::returned::NAMES)),
        (&names.sales_order_summary, Landed::SalesOrderSummary, SpelledColumns::new(reports::sales_order::NAMES)),
        (&names.sales_order_status, Landed::SalesOrderStatus, status),
        (&names.tracking, Landed::Tracking, tracking),
    ];
    let named = all.into_iter().filter(|(name, ..)| !name.trim().is_empty());
    named.map(|(name, landed, columns)| LandedTopic { name: name.trim().to_owned(), landed, columns }).collect()
}

fn also(columns: &mut SpelledColumns, place: usize, name: &Option<String>) {
    if let Some(name) = name {
        columns.also(place, name);
    }
}

impl Adapter for Peoplevox {
    fn revision(&self) -> u16 {
        events::REVISION + reports::REVISION
    }

    fn topics(&self) -> Vec<String> {
        self.topics.iter().map(|topic| topic.name.clone()).collect()
    }

    fn translate(&self, record: &Record<'_>, out: &mut FactsOut<'_>) -> Result<Reading, DecodeError> {
        let Some(topic) = self.topics.iter().find(|topic| *topic.name == **record.topic) else {
            return Ok(Reading::Skipped(Skip::UnknownTable((&**record.topic).into())));
        };
        if record.value.is_none() {
            return Ok(Reading::Skipped(Skip::Housekeeping));
        }
        let text = body::text(record.value)?;
        let row = topic.columns.read("value", text)?;
        match topic.landed {
            Landed::DespatchSummary => self.despatch(record, &row, out)?,
            Landed::ItemInventorySummary => self.inventory(record, &row, out)?,
            Landed::ReturnSummary => self.returned(record, &row, out)?,
            Landed::SalesOrderSummary => self.sales_order(record, &row, out)?,
            Landed::SalesOrderStatus => self.status(record, &row, out)?,
            Landed::Tracking => self.tracking(record, &row, out)?,
        }
        Ok(Reading::Understood)
    }
}

#[cfg(test)]
mod tests;
