//! Oracle NetSuite: records as scripts, gateways, iPaaS flows and connectors put them on Kafka. NetSuite itself has no queue.
//!
//! | Record | Rows |
//! |---|---|
//! | sales order | `ErpRecord`, `ErpLine`; link of the document to the order's number |
//! | item fulfilment, shipped | `ErpPosted` (shipment), the parcels' `Tracking` and links; of a transfer order nothing |
//! | invoice, cash sale | `ErpPosted` (invoice); without an order also what it takes from stock; of a cash sale the `Payment` |
//! | return authorisation | `ReturnDocument`, `ReturnLine` |
//! | item receipt of a return | `ErpPosted` (return receipt); of a purchase or transfer nothing |
//! | credit memo | `ErpPosted` (credit note) |
//! | cash refund | that, and the `Refund` |
//! | customer refund | `Refund`, of each document that it pays |
//! | customer deposit | `Payment` |
//! | item | `Product`, `Price`, `KitPart`, `Count` of each location |
//! | customer | account |
//! | journal entry that names an order, row of `transactionaccountingline` | `Posting` |
//!
//! - **Forms.** REST records (expanded), `JSON.stringify(record)` in the wrapper of a script, rows of saved searches (JSON and CSV), of SuiteQL and of
//!   SuiteAnalytics Connect. Names are compared by letters, without case. What each looks like: `channels.rs`, `bodies.rs`, `flat.rs`.
//! - **Names.** A transaction is known as (`SOURCE.document`, internal id) and, for people and for files that show no ids, (`SOURCE.number`, `tranid`).
//!   `createdFrom` leads from each document to the one that it was made from, at last to the sales order, which names the shop's order
//!   (`order_number`). So documents may come in any order.
//! - **SKUs** are items' own names: what stands behind ` : ` in `Parent : Child`. Where a record tells an item's id alone, `items` names its SKU; an item
//!   that is not listed there stands as `SOURCE|item|ID`.
//! - **Versions** are stamps: `lastModifiedDate`, which REST and scripts cut to the minute; then the script's own time; then how far the body has got.
//! - **Lines that are not told** are not lines that are not there: REST tells lines only with `expandSubResources=true`. A body that tells them tells
//!   all: lines that it does not have are gone.
//! - **An inline edit** (`xedit`) tells only what it changed. A state or a number of the shop is read from it; what it says of goods or money is refused.
//! - **Deleted** records name type and id alone, which is why each document's rows stand under its own name.
//! - What NetSuite's words mean, and what is assumed where no public source says it: `assumptions.rs`.
//!
//! Reference: REST API browser 2026.1; recorded bodies; Oracle's help on user events, SuiteQL and Connect.

mod assumptions;
mod bodies;
mod cells;
mod channels;
mod context;
mod csv;
mod customers;
mod dates;
mod document;
mod flat;
mod gone;
mod items;
mod ledger;
mod money;
mod posted;
mod returns;
mod sales;

use std::collections::BTreeMap;
use std::sync::Arc;

use self::assumptions::{Named, TENDERS, named};
use self::context::{EventKind, NetSuite, NetSuiteSettings, Prepared, RecordContext};
use super::adapter::{Adapter, Common, Reading, Skip, SystemKind};
use super::facts_out::FactsOut;
use super::settings;
use super::words::Words;
use crate::envelope::{DecodeError, Record};
use crate::facts::{Role, Sku};

pub const KIND: SystemKind = SystemKind {
    name: "netsuite",
    label: "Oracle NetSuite (REST records, user events, saved searches, SuiteQL and Connect rows)",
    fixtures: "netsuite",
    roles: &[Role::Erp],
    build,
};

fn build(common: &Common, table: &toml::Table) -> Result<Arc<dyn Adapter>, Vec<String>> {
    let settings: NetSuiteSettings = settings::read(table)?;
    let mut errors = Vec::new();
    let day_order = match settings.date_format.trim() {
        "" => None,
        format => {
            let order = dates::order_of(format);
            if order.is_none() {
                errors
                    .push(format!("date_format: \"{format}\" is no date format of NetSuite; write it as in \"D/M/YYYY\" or \"M/D/YYYY\""));
            }
            order
        }
    };
    if settings.topics.is_empty() {
        errors.push("topics: empty; name the topics to read".into());
    }
    if settings.order_number.len() > bodies::ORDER_NUMBERS_MAX {
        errors.push(format!("order_number: {} fields; name at most {}", settings.order_number.len(), bodies::ORDER_NUMBERS_MAX));
    }
    let mut topic_types = BTreeMap::new();
    for (topic, word) in &settings.record_types {
        match named(word) {
            Some(named) => drop(topic_types.insert(topic.clone(), named)),
            None => errors.push(format!("record_types.\"{topic}\": unknown record type \"{word}\"; write it as in \"salesorder\"")),
        }
        if !settings.topics.contains(topic) {
            errors.push(format!("record_types.\"{topic}\": is not among topics"));
        }
    }
    for (id, sku) in settings.items.iter().filter(|(_, sku)| Sku::new(sku).is_none()) {
        errors.push(format!("items.\"{id}\": \"{sku}\" is no SKU"));
    }
    // A topic that is named after a type holds records of this type.
    for topic in &settings.topics {
        if let Some(named) = named(topic.rsplit('.').next().unwrap_or(topic)) {
            topic_types.entry(topic.clone()).or_insert(named);
        }
    }
    let tenders = match Words::new("tenders", TENDERS, &settings.tenders) {
        Ok(tenders) if errors.is_empty() => tenders,
        read => {
            errors.extend(read.err().unwrap_or_default());
            return Err(errors);
        }
    };
    let (body, line) = bodies::columns(&settings);
    let flat = flat::columns(&settings);
    let parts = Prepared { day_order, tenders, topic_types, body, line, flat };
    Ok(Arc::new(NetSuite::new(common.clone(), settings, parts)))
}

impl Adapter for NetSuite {
    fn revision(&self) -> u16 {
        sales::REVISION + returns::REVISION + money::REVISION + items::REVISION + customers::REVISION + ledger::REVISION
    }

    fn topics(&self) -> Vec<String> {
        self.settings.topics.clone()
    }

    fn tells_products(&self) -> bool {
        self.topic_types.values().any(|named| *named == Named::Read(assumptions::Kind::Item))
    }

    fn assumes(&self) -> Vec<String> {
        let mut assumed = vec![format!(
            "the shop's order number stands in {} of sales orders, and its line ids, where scripts write them, in {}",
            self.settings.order_number.join(", else in "),
            self.settings.line_id
        )];
        if self.day_order.is_none() {
            assumed.push("dates as 14.3.2025 are day first; 3/4/2025 may be two days and is refused, unless date_format is set".into());
        }
        if self.settings.currencies.is_empty() && self.settings.local_currency.is_none() {
            assumed.push("currencies have the names of a new account (Euro, US Dollar); others have to stand in currencies".into());
        }
        assumed
    }

    fn translate(&self, record: &Record<'_>, out: &mut FactsOut<'_>) -> Result<Reading, DecodeError> {
        let Some(value) = record.value else { return Ok(Reading::Skipped(Skip::Housekeeping)) };
        let cx = RecordContext {
            netsuite: self,
            arrival: record.timestamp,
            digest: xxhash_rust::xxh3::xxh3_64(value),
            event: EventKind::Whole,
            sent_at: None,
            hint: self.topic_types.get(&**record.topic),
        };
        out.all_or_none(|out| channels::value(&cx, value, out))
    }
}

#[cfg(test)]
mod tests;
