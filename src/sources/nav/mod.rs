//! Microsoft Dynamics NAV and Business Central on premises: tables of SQL Server as Debezium tells of them.
//!
//! | Table | Rows |
//! |---|---|
//! | Sales Header, type 1 (order) | `ErpRecord`; link of the document to the order's number |
//! | Sales Line, type 1, items | `ErpLine` |
//! | Sales Header, type 5 (return order) | `ReturnDocument`; link of the document to the order's number |
//! | Sales Line, type 5, items | `ReturnLine`, asked for: the state stands in the header |
//! | Sales Shipment, Sales Invoice, Return Receipt, Sales Cr.Memo Header | links |
//! | Sales Shipment, Sales Invoice, Return Receipt, Sales Cr.Memo Line, items | `ErpPosted` |
//! | Item, Item Variant | `Product` |
//! | Sales Price, Price List Line | `Price` |
//! | Sales Line Discount of an item, for all customers | `Offer` |
//!
//! - **Names.** A document is known as (`SOURCE.document`, `TYPE:No_`); where its header is read, the name leads to the order whose number
//!   is its `External Document No_`. Rows of posted documents go under the order or return order that they were posted from; the posted
//!   headers lay that order's link too, for NAV deletes what is wholly posted, perhaps before it was ever read. Invoices and credit memos
//!   have names of their own (`invoice:No_`, `credit-memo:No_`): their lines need not say what they were posted from.
//! - **Deleted** means deleted: posting a document to its end deletes it, header first, then its lines. What that means is the view's to say.
//! - **Versions** are the log's: commit LSN, change LSN, serial.
//! - **Tables** are named `company$Table`, in Business Central `company$Table$application`; the name in the change's source counts, never the
//!   topic's, which has lost its signs. Tables of other companies, and companion tables of extensions, say nothing here.
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
mod posted;

use std::sync::Arc;

use serde::Deserialize;

use super::{Adapter, Common, FactsOut, Kind, Reading, Skip, settings};
use crate::envelope::debezium::{self, Change, Message, Op};
use crate::envelope::{Decimals, DecodeError, Record, SpelledColumns, SpelledRow};
use crate::facts::{Currency, Floor, Keeper, Moment, Name, Place, Role, Subject, Text};

pub const KIND: Kind = Kind {
    name: "nav",
    label: "Microsoft Dynamics NAV / Business Central on premises (SQL Server, Debezium)",
    fixtures: "nav",
    roles: &[Role::Erp],
    build,
};

/// The keys of `[sources.NAME]` for `kind = "nav"`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// The connector's `topic.prefix`.
    #[serde(default = "topic_prefix")]
    topic_prefix: String,
    #[serde(default = "database")]
    database: String,
    #[serde(default = "schema")]
    schema: String,
    /// The company's name, as people write it or as its tables do (`CRONUS International Ltd.` or `CRONUS International Ltd_`).
    company: String,
    /// The id of the application whose tables are read, which ends their names: Business Central's base application is
    /// `437dbf0e-84ff-417a-965d-ed2bb9650972`. Blank for NAV, whose tables end with their own name.
    #[serde(default)]
    application: String,
    /// The tables to read. Default: all that have a meaning here but `Sales Line Discount`; `Sales Price` for NAV, `Price List Line` with an
    /// application.
    tables: Option<Vec<String>>,
    /// The topics, where they are not `prefix.database.schema.table`.
    topics: Option<Vec<String>>,
    /// The connector's `decimal.handling.mode`: `text` for `string`, `base64` for `precise`.
    #[serde(default)]
    decimals: Decimals,
    /// The company's own currency (General Ledger Setup, LCY Code): what a blank currency code of a price means.
    local_currency: Option<Currency>,
    /// Between an item's number and a variant's code in a SKU.
    #[serde(default = "variant_separator")]
    variant_separator: String,
}

fn topic_prefix() -> String {
    "nav".to_owned()
}

fn database() -> String {
    "NAV".to_owned()
}

fn schema() -> String {
    "dbo".to_owned()
}

fn variant_separator() -> String {
    "-".to_owned()
}

/// A table and its meaning.
struct Table {
    /// As SQL Server names it, without company and application.
    name: &'static str,
    columns: &'static [&'static str],
    /// Whose row it is and which; `None` for a row that says nothing.
    owner: fn(&Reader<'_>, &SpelledRow<'_>) -> Result<Option<Owner>, DecodeError>,
    /// The row stands so.
    upsert: fn(&Reader<'_>, &SpelledRow<'_>, &mut FactsOut<'_>) -> Result<(), DecodeError>,
    /// An update may give the row to another owner, or to none.
    moves: bool,
    /// The canonical rows that stand for the table's: kind, and how their ids begin. None where rows of another table can't be told from them.
    rows: &'static [(Keeper, u8, &'static str)],
}

/// A canonical row's address.
#[derive(PartialEq)]
struct Owner {
    subject: Subject,
    kind: u8,
    id: Text,
}

static TABLES: &[Table] = &[
    documents::HEADER,
    documents::LINE,
    posted::SHIPMENT_HEADER,
    posted::SHIPMENT_LINE,
    posted::INVOICE_HEADER,
    posted::INVOICE_LINE,
    posted::RECEIPT_HEADER,
    posted::RECEIPT_LINE,
    posted::CREDIT_MEMO_HEADER,
    posted::CREDIT_MEMO_LINE,
    items::ITEM,
    items::VARIANT,
    items::SALES_PRICE,
    items::LINE_DISCOUNT,
    items::PRICE_LIST_LINE,
];

/// The adapter.
struct Nav {
    common: Common,
    settings: Settings,
    /// The company as tables name it, and `$`.
    company: String,
    /// Scope of the names of documents.
    documents: Text,
    /// In the order of [`TABLES`].
    columns: Vec<SpelledColumns>,
    topics: Vec<String>,
}

/// What reading a row depends on beside the row.
struct Reader<'r> {
    nav: &'r Nav,
    op: Op,
    place: Place,
    /// When the change was committed.
    committed_at: Moment,
}

fn build(common: &Common, table: &toml::Table) -> Result<Arc<dyn Adapter>, Vec<String>> {
    let settings: Settings = settings::read(table)?;
    let mut errors = Vec::new();
    let names: Vec<&str> = TABLES.iter().map(|table| table.name).collect();
    for name in settings.tables.iter().flatten().filter(|name| !names.contains(&name.as_str())) {
        errors.push(format!("tables: unknown table \"{name}\"{}", settings::suggestion(name, &names)));
    }
    if settings.company.trim().is_empty() {
        errors.push("company: blank; name the company whose tables are read".into());
    }
    if settings.topics.as_ref().is_some_and(Vec::is_empty) {
        errors.push("topics: empty; leave the key away to have them named by prefix, database, schema and company".into());
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    let company = format!("{}$", converted(settings.company.trim()));
    let topics = settings.topics.clone().unwrap_or_else(|| topics(&settings, &company));
    let columns = TABLES.iter().map(|table| SpelledColumns::new(table.columns)).collect();
    let documents = format!("{}.document", common.name).into();
    Ok(Arc::new(Nav { common: common.clone(), settings, company, documents, columns, topics }))
}

/// A name as NAV writes it in SQL: signs that its identifiers may not have become `_`, one for one.
fn converted(name: &str) -> String {
    name.chars().map(|c| if matches!(c, '.' | '"' | '\\' | '/' | '\'' | '%' | ']' | '[') { '_' } else { c }).collect()
}

/// Topics as Debezium names them: signs that a topic may not have become `_`.
fn topics(settings: &Settings, company: &str) -> Vec<String> {
    let Settings { topic_prefix, database, schema, application, .. } = settings;
    let business_central = !application.is_empty();
    // A company without discounts has no topic of them.
    let unusual = ["Sales Line Discount", if business_central { "Sales Price" } else { "Price List Line" }];
    let usual = |table: &&Table| !unusual.contains(&table.name);
    let tables: Vec<&str> = match &settings.tables {
        Some(tables) => tables.iter().map(String::as_str).collect(),
        None => TABLES.iter().filter(usual).map(|table| table.name).collect(),
    };
    let end = if business_central { format!("${application}") } else { String::new() };
    let full = tables.into_iter().map(|table| format!("{topic_prefix}.{database}.{schema}.{company}{table}{end}"));
    let kept = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    full.map(|name| name.chars().map(|c| if kept(c) { c } else { '_' }).collect()).collect()
}

impl Adapter for Nav {
    fn revision(&self) -> u16 {
        2
    }

    fn topics(&self) -> Vec<String> {
        self.topics.clone()
    }

    fn tells_products(&self) -> bool {
        true
    }

    fn translate(&self, record: &Record<'_>, out: &mut FactsOut<'_>) -> Result<Reading, DecodeError> {
        match debezium::decode(record.value)? {
            Message::Housekeeping => Ok(Reading::Skipped(Skip::Housekeeping)),
            Message::Change(change) => out.all_or_none(|out| self.change(&change, record.timestamp, out)),
        }
    }
}

impl Nav {
    /// The place in [`TABLES`] of a table by its name in SQL Server: `company$Table`, and the application where it has one.
    fn table(&self, name: &str) -> Option<usize> {
        let rest = name.strip_prefix(self.company.as_str())?;
        let (table, application) = rest.split_once('$').unwrap_or((rest, ""));
        if !application.is_empty() && !application.eq_ignore_ascii_case(&self.settings.application) {
            return None;
        }
        TABLES.iter().position(|known| known.name == table)
    }

    fn change(&self, change: &Change<'_>, arrival: Moment, out: &mut FactsOut<'_>) -> Result<Reading, DecodeError> {
        let name = &*change.source.table;
        let known = self.table(name).and_then(|place| Some((TABLES.get(place)?, self.columns.get(place)?)));
        let Some((table, columns)) = known else { return Ok(Reading::Skipped(Skip::UnknownTable(name.into()))) };
        let committed_at = change.source.committed_at.unwrap_or(arrival);
        let reader = Reader { nav: self, op: change.op, place: change.source.place()?, committed_at };
        out.stands_at(reader.place, change.source.committed_at, change.source.in_order);
        match change.op {
            Op::Truncate if table.rows.is_empty() => return Err(emptied(table.name)),
            Op::Truncate => reader.floors(table, Floor::Laid, out),
            Op::Delete => {
                let gone = (table.owner)(&reader, &image(columns, change.before, "before")?).map_err(|error| error.within("before"))?;
                reader.gone(gone, out);
            }
            Op::Create | Op::Update | Op::Read => {
                let row = image(columns, change.after, "after")?;
                if table.moves && change.op == Op::Update && change.before.is_some() {
                    let before =
                        (table.owner)(&reader, &image(columns, change.before, "before")?).map_err(|error| error.within("before"))?;
                    let after = (table.owner)(&reader, &row).map_err(|error| error.within("after"))?;
                    let left = before.filter(|before| Some(before) != after.as_ref());
                    match after {
                        // It is another document's now.
                        Some(_) => out.moved_away(|out| {
                            reader.gone(left, out);
                            Ok::<_, DecodeError>(())
                        })?,
                        None => reader.gone(left, out),
                    }
                }
                (table.upsert)(&reader, &row, out).map_err(|error| error.within("after"))?;
            }
        }
        if change.source.ends_snapshot {
            reader.floors(table, Floor::Read, out);
        }
        Ok(Reading::Understood)
    }

    /// A document's name: `1:S-ORD101002`.
    fn document(&self, kind: &str, number: &str) -> Name {
        Name::new(&self.documents, &document_id(kind, number))
    }

    fn order(&self, number: &str) -> Name {
        Name::new(&self.common.number_scope, number)
    }
}

fn image<'a>(columns: &SpelledColumns, image: Option<&'a str>, field: &'static str) -> Result<SpelledRow<'a>, DecodeError> {
    let image = image.ok_or_else(|| DecodeError::new(field, "the row", "nothing"))?;
    columns.read(field, image)
}

/// The table's rows are gone without a record of each, and which canonical rows were theirs can't be told: a person has to snapshot it anew.
fn emptied(table: &str) -> DecodeError {
    DecodeError::new("op", "changes of single rows", format!("{table} was emptied: snapshot it anew"))
}

fn document_id(kind: &str, number: &str) -> Text {
    let mut id = Text::from(kind);
    id.push(':');
    id.push_str(number);
    id
}

impl Reader<'_> {
    /// Says something of all rows of a table at once: it was emptied; a snapshot has read it whole, of which a person is asked about orders alone.
    fn floors(&self, table: &Table, floor: Floor, out: &mut FactsOut<'_>) {
        let of = table.rows.iter().filter(|(keeper, ..)| floor != Floor::Read || *keeper == Keeper::Orders);
        of.for_each(|(keeper, kind, begins)| out.floor(*keeper, *kind, *begins, self.place, self.committed_at, floor));
    }

    fn gone(&self, owner: Option<Owner>, out: &mut FactsOut<'_>) {
        if let Some(Owner { subject, kind, id }) = owner {
            out.deleted(subject, kind, id, self.place, self.committed_at);
        }
    }
}

#[cfg(test)]
mod tests;
