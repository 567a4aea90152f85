//! The adapter as its records see it: settings, names, and what is known of a record beside its body.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::assumptions::Named;
use super::dates::DayOrder;
use crate::envelope::SpelledColumns;
use crate::facts::ids::ItemId;
use crate::facts::order::Tender;
use crate::facts::{Alias, Currency, Moment, Sku, Text};
use crate::sources::adapter::Common;
use crate::sources::words::Words;

/// The keys of `[sources.NAME]` for `kind = "netsuite"`.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct NetSuiteSettings {
    /// The topics to read.
    pub(super) topics: Vec<String>,
    /// The type of the records of a topic that neither they nor the topic's name tell.
    pub(super) record_types: BTreeMap<String, String>,
    /// The fields that hold the shop's order number, the first that is filled counts.
    pub(super) order_number: Vec<String>,
    /// The line field that holds the shop's line id.
    pub(super) line_id: String,
    /// The line field of a return authorisation that says why.
    pub(super) return_reason: String,
    /// How the account writes dates.
    pub(super) date_format: String,
    /// Currencies by id, or by the account's name of them.
    pub(super) currencies: BTreeMap<String, Currency>,
    /// The currency of records that name none.
    pub(super) local_currency: Option<Currency>,
    /// Payment method -> tender.
    pub(super) tenders: BTreeMap<String, String>,
    /// SKUs of items by internal id, for records that name items by id alone.
    pub(super) items: BTreeMap<String, String>,
    /// Items that are no goods: carriage and fees that are sold as items.
    pub(super) charge_items: Vec<String>,
    /// The price level of all customers.
    pub(super) base_price_level: String,
    /// The columns of CSV lines that come without a head.
    pub(super) csv_columns: Vec<String>,
}

const TOPICS: &[&str] = &[
    "salesorder",
    "itemfulfillment",
    "invoice",
    "cashsale",
    "returnauthorization",
    "itemreceipt",
    "creditmemo",
    "cashrefund",
    "customerrefund",
    "customerdeposit",
    "inventoryitem",
    "customer",
    "journalentry",
];

impl Default for NetSuiteSettings {
    fn default() -> Self {
        Self {
            topics: TOPICS.iter().map(|name| format!("netsuite.{name}")).collect(),
            record_types: BTreeMap::new(),
            order_number: vec!["otherrefnum".into(), "externalid".into()],
            line_id: "custcol_shop_line".into(),
            return_reason: "custcol_return_reason".into(),
            date_format: String::new(),
            currencies: BTreeMap::new(),
            local_currency: None,
            tenders: BTreeMap::new(),
            items: BTreeMap::new(),
            charge_items: Vec::new(),
            base_price_level: "Base Price".into(),
            csv_columns: Vec::new(),
        }
    }
}

/// The adapter.
pub(super) struct NetSuite {
    pub(super) common: Common,
    pub(super) settings: NetSuiteSettings,
    pub(super) day_order: Option<DayOrder>,
    pub(super) tenders: Words<Tender>,
    /// Types of topics, by `record_types`.
    pub(super) topic_types: BTreeMap<String, Named>,
    /// Scope of the names of documents by internal id.
    documents: Text,
    /// Scope of their numbers.
    numbers: Text,
    /// Columns whose names are configured too.
    pub(super) body: SpelledColumns,
    pub(super) line: SpelledColumns,
    pub(super) flat: SpelledColumns,
}

/// What the constructor needs beside the settings.
pub(super) struct Prepared {
    pub(super) day_order: Option<DayOrder>,
    pub(super) tenders: Words<Tender>,
    pub(super) topic_types: BTreeMap<String, Named>,
    pub(super) body: SpelledColumns,
    pub(super) line: SpelledColumns,
    pub(super) flat: SpelledColumns,
}

impl NetSuite {
    pub(super) fn new(common: Common, settings: NetSuiteSettings, parts: Prepared) -> Self {
        let Prepared { day_order, tenders, topic_types, body, line, flat } = parts;
        let (documents, numbers) = (format!("{}.document", common.name).into(), format!("{}.number", common.name).into());
        Self { common, settings, day_order, tenders, topic_types, documents, numbers, body, line, flat }
    }

    /// A document's name: its internal id. All transactions of an account share one row of ids.
    pub(super) fn document(&self, id: &str) -> Alias {
        Alias::new(&self.documents, id)
    }

    /// A document's number, which people know it by.
    pub(super) fn numbered(&self, number: &str) -> Alias {
        Alias::new(&self.numbers, number)
    }

    /// The order with this number in the shop.
    pub(super) fn order(&self, number: &str) -> Alias {
        Alias::new(&self.common.number_scope, number)
    }

    /// What stands for the SKU of an item of which only the internal id is told.
    pub(super) fn item_by_id(&self, id: &str) -> Option<Sku> {
        match self.settings.items.get(id) {
            Some(sku) => Sku::new(sku),
            None => ItemId::sku(&self.common.name, id),
        }
    }
}

/// What happened to a record, by the script that sent it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum EventKind {
    /// The record is told whole, as far as its channel does.
    Whole,
    /// Only the fields that were edited are told.
    Partial,
    /// The record is gone.
    Deleted,
}

/// What is known of a record beside its body.
#[derive(Clone, Copy)]
pub(super) struct RecordContext<'c> {
    pub(super) netsuite: &'c NetSuite,
    pub(super) arrival: Moment,
    pub(super) digest: u64,
    pub(super) event: EventKind,
    /// When the script was run, by its own clock.
    pub(super) sent_at: Option<Moment>,
    /// The type, where the wrapper or the topic tells it.
    pub(super) hint: Option<&'c Named>,
}
