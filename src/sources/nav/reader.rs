//! The adapter as its tables see it: settings, and what a table's meaning consists of.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use crate::envelope::{Decimals, DecodeError, SpelledColumns, SpelledRow};
use crate::facts::{Alias, Currency, Subject, Text};
use crate::sources::adapter::Common;
use crate::sources::decimals::ColumnDecimals;
use crate::sources::facts_out::FactsOut;
use crate::sources::tables::{self, RowMove, TableRow};

/// The keys of `[sources.NAME]` for `kind = "nav"`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NavSettings {
    /// The connector's `topic.prefix`.
    #[serde(default = "topic_prefix")]
    pub(super) topic_prefix: String,
    #[serde(default = "database")]
    pub(super) database: String,
    #[serde(default = "schema")]
    pub(super) schema: String,
    /// The company's name, as people write it or as its tables do (`CRONUS International Ltd.` or `CRONUS International Ltd_`).
    pub(super) company: String,
    /// The id of the application whose tables are read, which ends their names: Business Central's base application is
    /// `437dbf0e-84ff-417a-965d-ed2bb9650972`. Blank for NAV, whose tables end with their own name.
    #[serde(default)]
    pub(super) application: String,
    /// The tables to read. Default: all that have a meaning here but `Sales Line Discount` and `G_L Entry`; `Sales Price` for NAV, `Price List Line` with an
    /// application.
    pub(super) tables: Option<Vec<String>>,
    /// The topics, where they are not `prefix.database.schema.table`.
    pub(super) topics: Option<Vec<String>>,
    /// The connector's `decimal.handling.mode`: `text` for `string`, `base64` for `precise`.
    #[serde(default)]
    pub(super) decimals: Decimals,
    /// Digits after the point of its decimal columns, where `base64` records don't bring their schema.
    #[serde(default)]
    pub(super) decimal_scale: Option<u32>,
    /// ... of columns that differ: `column` or `table.column`.
    #[serde(default)]
    pub(super) decimal_scales: BTreeMap<String, u32>,
    /// The company's own currency (General Ledger Setup, LCY Code): what a blank currency code of a price means.
    pub(super) local_currency: Option<Currency>,
    /// Between an item's number and a variant's code in a SKU.
    #[serde(default = "variant_separator")]
    pub(super) variant_separator: String,
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

/// The adapter.
pub(super) struct Nav {
    pub(super) common: Common,
    pub(super) settings: NavSettings,
    /// The company as tables name it, and `$`.
    pub(super) company: String,
    /// Scope of the names of documents.
    pub(super) documents: Text,
    pub(super) topics: Vec<String>,
    pub(super) decimals: ColumnDecimals,
}

impl Nav {
    /// A document's name: `1:S-ORD101002`.
    pub(super) fn document(&self, kind: &str, number: &str) -> Alias {
        Alias::new(&self.documents, &document_id(kind, number))
    }

    /// The name of the order with this number.
    pub(super) fn order(&self, number: &str) -> Alias {
        Alias::new(&self.common.number_scope, number)
    }
}

pub(super) fn document_id(kind: &str, number: &str) -> Text {
    let mut id = Text::from(kind);
    id.push(':');
    id.push_str(number);
    id
}

pub(super) type NavTable = tables::SourceTable<Nav>;
pub(super) type NavReader<'r> = tables::RowReader<'r, Nav>;

/// How a row of a table is read and what it means.
pub(super) struct NavMeaning {
    pub(super) columns: LazyLock<SpelledColumns>,
    /// Whose row it is and which; `None` for a row that nobody here reads.
    pub(super) owner: fn(&NavReader<'_>, &SpelledRow<'_>) -> Result<Option<Owner>, DecodeError>,
    /// The row stands so.
    pub(super) upsert: fn(&NavReader<'_>, &SpelledRow<'_>, &mut FactsOut<'_>) -> Result<(), DecodeError>,
    /// An update may give the row to another owner, or to none.
    pub(super) moves: bool,
}

/// The address of a row of ours.
#[derive(PartialEq)]
pub(super) struct Owner {
    pub(super) subject: Subject,
    pub(super) kind: u8,
    pub(super) id: Text,
}

/// A row with its table's meaning.
pub(super) struct NavRow<'a> {
    pub(super) meaning: &'static NavMeaning,
    pub(super) cells: SpelledRow<'a>,
}

impl<'a> TableRow<'a, Nav> for NavRow<'a> {
    fn upsert(&self, reader: &NavReader<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
        (self.meaning.upsert)(reader, &self.cells, out)
    }

    fn delete(&self, reader: &NavReader<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
        if let Some(Owner { subject, kind, id }) = (self.meaning.owner)(reader, &self.cells)? {
            out.deleted(subject, kind, id, reader.place, reader.committed_at);
        }
        Ok(())
    }

    fn moves(&self) -> bool {
        self.meaning.moves
    }

    fn moved(&self, before: &Self, reader: &NavReader<'_>) -> Result<RowMove, DecodeError> {
        let owner = |row: &Self, image: &str| (self.meaning.owner)(reader, &row.cells).map_err(|error| error.within(image));
        let (before, after) = (owner(before, "before")?, owner(self, "after")?);
        Ok(match after {
            after if after == before => RowMove::No,
            Some(_) => RowMove::ToAnother,
            None => RowMove::Away,
        })
    }
}
