//! Microsoft Dynamics NAV and Business Central on premises: the tables of its SQL Server, as Debezium writes their changes.
//!
//! | Table | Rows |
//! |---|---|
//! | Sales Header, type 1 (order) | `ErpRecord`; link of the document to the order's number |
//! | Sales Line, type 1, items | `ErpLine` |
//! | Sales Header, type 5 (return order) | `ReturnDocument`; link of the document to the order's number |
//! | Sales Line, type 5, items | `ReturnLine`, asked for: the state stands in the header |
//! | Sales Shipment, Sales Invoice, Return Receipt, Sales Cr.Memo Header | links |
//! | Sales Shipment, Sales Invoice, Return Receipt, Sales Cr.Memo Line, items | `ErpPosted` |
//! | G/L Entry of invoices and credit memos, where `tables` names it | `Posting` |
//! | Item, Item Variant | `Product` |
//! | Sales Price, Price List Line | `Price` |
//! | Sales Line Discount of an item, for all customers | `Offer` |
//!
//! - **Names.** A document is known as (`SOURCE.document`, `TYPE:No_`); where its header is read, the name leads to the order whose number
//!   is its `External Document No_`. Rows of posted documents go under the order or return order that they were posted from; the posted
//!   headers lay that order's link too, for NAV deletes what is wholly posted, perhaps before it was ever read. Invoices and credit memos
//!   have names of their own (`invoice:No_`, `credit-memo:No_`): their lines need not say what they were posted from.
//! - **Deleted** means deleted: posting a document to its end deletes it, header first, then its lines. What that means is decided by the view.
//! - **Versions** are the log's: commit LSN, change LSN, serial.
//! - **Tables** are named `company$Table`, in Business Central `company$Table$application`; the name in the change's source counts, never the
//!   topic's, which has lost its signs. Tables of other companies, and companion tables of extensions, are skipped.
//! - **Columns** are found under their SQL names and under those of Debezium's `avro` adjustment (`Sell_to_Customer_No_`). Decimals have 20
//!   places, which end in zeros; the blank date is 1753-01-01; truth values are 0 and 1. Numbers of options that are not known here stay
//!   unknown words.
//! - **Quantities** are base units (`Quantity (Base)`), posted ones signed: an undone shipment is a line below zero.
//! - **SKUs** are `No_`, or with a variant `No_`, the separator that is set, and `Variant Code`.
//! - **Prices** of all customers are the list `""`, of a customer price group that group's, of a price list its code. A blank currency is the
//!   company's own, which has to be set.
//!
//! Reference: the base application's tables 36, 37, 110 to 115, 6660, 6661, 27, 5401, 7002, 7001, 7004.

mod cells;
mod documents;
mod items;
mod ledger;
mod posted;
mod reader;

use std::sync::Arc;

use self::reader::{Nav, NavMeaning, NavReader, NavRow, NavSettings, NavTable};
use super::adapter::{Adapter, Common, Reading, SystemKind};
use super::decimals::ColumnDecimals;
use super::facts_out::FactsOut;
use super::settings;
use super::tables::{self, Tables};
use crate::envelope::debezium::{self, ChangeEvent};
use crate::envelope::{DecodeError, Record};
use crate::facts::Role;

pub const KIND: SystemKind = SystemKind {
    name: "nav",
    label: "Microsoft Dynamics NAV / Business Central on premises (SQL Server, Debezium)",
    fixtures: "nav",
    roles: &[Role::Erp],
    build,
};

static TABLES: &[&NavTable] = &[
    &documents::HEADER,
    &documents::LINE,
    &posted::SHIPMENT_HEADER,
    &posted::SHIPMENT_LINE,
    &posted::INVOICE_HEADER,
    &posted::INVOICE_LINE,
    &posted::RECEIPT_HEADER,
    &posted::RECEIPT_LINE,
    &posted::CREDIT_MEMO_HEADER,
    &posted::CREDIT_MEMO_LINE,
    &ledger::ENTRY,
    &items::ITEM,
    &items::VARIANT,
    &items::SALES_PRICE,
    &items::LINE_DISCOUNT,
    &items::PRICE_LIST_LINE,
];

fn build(common: &Common, table: &toml::Table) -> Result<Arc<dyn Adapter>, Vec<String>> {
    let settings: NavSettings = settings::read(table)?;
    let mut errors = Vec::new();
    let business_central = !settings.application.is_empty();
    // A company without discounts has no topic of them; who wants the books compared names the ledger.
    let unusual = ["Sales Line Discount", "G_L Entry", if business_central { "Sales Price" } else { "Price List Line" }];
    let tables = tables::named(TABLES, settings.tables.as_deref(), |name| !unusual.contains(&name));
    let tables = tables.unwrap_or_else(|wrong| {
        errors.extend(wrong);
        Vec::new()
    });
    if settings.company.trim().is_empty() {
        errors.push("company: blank; name the company whose tables are read".into());
    }
    if settings.topics.as_ref().is_some_and(Vec::is_empty) {
        errors.push("topics: empty; leave the key away to have them named by prefix, database, schema and company".into());
    }
    let decimals = ColumnDecimals::new(settings.decimals, settings.decimal_scale, &settings.decimal_scales, cells::SCALE);
    let decimals = match (decimals, errors) {
        (Ok(decimals), errors) if errors.is_empty() => decimals,
        (decimals, mut errors) => {
            errors.extend(decimals.err().unwrap_or_default());
            return Err(errors);
        }
    };
    let company = format!("{}$", converted(settings.company.trim()));
    let topics = settings.topics.clone().unwrap_or_else(|| topics(&settings, &company, &tables));
    let documents = format!("{}.document", common.name).into();
    Ok(Arc::new(Nav { common: common.clone(), settings, company, documents, topics, decimals }))
}

/// A name as NAV writes it in SQL: signs that its identifiers may not have become `_`, one for one.
fn converted(name: &str) -> String {
    name.chars().map(|c| if matches!(c, '.' | '"' | '\\' | '/' | '\'' | '%' | ']' | '[') { '_' } else { c }).collect()
}

/// Topics as Debezium names them: signs that a topic may not have become `_`.
fn topics(settings: &NavSettings, company: &str, tables: &[String]) -> Vec<String> {
    let NavSettings { topic_prefix, database, schema, application, .. } = settings;
    let end = if application.is_empty() { String::new() } else { format!("${application}") };
    let full = tables.iter().map(|table| format!("{topic_prefix}.{database}.{schema}.{company}{table}{end}"));
    let kept = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    full.map(|name| name.chars().map(|c| if kept(c) { c } else { '_' }).collect()).collect()
}

impl Adapter for Nav {
    fn revision(&self) -> u16 {
        documents::REVISION + posted::REVISION + items::REVISION + ledger::REVISION
    }

    fn topics(&self) -> Vec<String> {
        self.topics.clone()
    }

    fn tells_products(&self) -> bool {
        true
    }

    fn assumes(&self) -> Vec<String> {
        vec![self.decimals.assumed()]
    }

    fn reads_some(&self) -> bool {
        true
    }

    fn reads(&self, member: &str) -> bool {
        debezium::reads(member) || TABLES.iter().any(|table| table.meaning.columns.knows(member))
    }

    fn translate(&self, record: &Record<'_>, out: &mut FactsOut<'_>) -> Result<Reading, DecodeError> {
        tables::translate(self, record, out)
    }
}

impl Tables for Nav {
    type Meaning = NavMeaning;

    /// `name` as in SQL Server: `company$Table`, and the application where it has one.
    fn table<'n>(&self, name: &'n str) -> Result<&'static NavTable, &'n str> {
        let rest = name.strip_prefix(self.company.as_str()).ok_or(name)?;
        let (table, application) = rest.split_once('$').unwrap_or((rest, ""));
        if !application.is_empty() && !application.eq_ignore_ascii_case(&self.settings.application) {
            return Err(name);
        }
        TABLES.iter().find(|known| known.name == table).copied().ok_or(name)
    }

    fn decimals(&self) -> &ColumnDecimals {
        &self.decimals
    }

    fn change(
        table: &'static NavTable,
        change: &ChangeEvent<'_>,
        reader: &NavReader<'_>,
        out: &mut FactsOut<'_>,
    ) -> Result<(), DecodeError> {
        let meaning = &table.meaning;
        tables::apply(change, reader, out, |field, image| Ok(NavRow { meaning, cells: meaning.columns.of(field, image)? }))
    }
}

#[cfg(test)]
mod tests;
