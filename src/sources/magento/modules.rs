//! Columns that modules add, which only the configuration names.

use serde::Deserialize;

use crate::envelope::members::members;
use crate::envelope::{Cell, Columns, DecodeError, RowImage, object};
use crate::facts::order::ChargeKind;

/// A module's columns, as the setting `charges` has them under the name of the amount's column.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ModuleColumns {
    /// What it is for.
    #[serde(default = "handling")]
    pub(super) kind: ChargeKind,
    /// The column of its tax, which the amount does not contain; absent: the amount is all, and no tax is known.
    #[serde(default)]
    pub(super) tax: Option<String>,
}

fn handling() -> ChargeKind {
    ChargeKind::Handling
}

/// A charge that a module adds to the total: its columns, and what it is for.
pub(super) struct ModuleCharge {
    pub(super) amount: &'static str,
    pub(super) tax: Option<&'static str>,
    pub(super) kind: ChargeKind,
}

impl ModuleCharge {
    /// From the setting. Cells name their columns for as long as the program runs, and the configuration is read once.
    pub(super) fn of_setting((amount, columns): (&String, &ModuleColumns)) -> Self {
        let kept = |name: &String| -> &'static str { Box::leak(name.clone().into_boxed_str()) };
        Self { amount: kept(amount), tax: columns.tax.as_ref().map(kept), kind: columns.kind }
    }

    /// Is it a column of this charge?
    pub(super) fn reads(&self, column: &str) -> bool {
        self.amount == column || self.tax == Some(column)
    }
}

/// A row and its text.
pub(super) struct WithText<'a, R> {
    pub(super) row: R,
    text: &'a str,
}

impl<'a, R: Columns<'a>> Columns<'a> for WithText<'a, R> {
    fn of(field: &str, image: &RowImage<'a>) -> Result<Self, DecodeError> {
        Ok(Self { row: R::of(field, image)?, text: image.text() })
    }
}

impl<'a, R> WithText<'a, R> {
    /// The value of this column; empty where the row lacks it.
    pub(super) fn cell(&self, column: &'static str) -> Result<Cell<'a>, DecodeError> {
        let mut found = Cell::new(column, "");
        let read = members(self.text, |name, value| {
            if name == column {
                found = Cell::new(column, value);
            }
            true
        });
        if read.is_none() {
            let all: std::collections::BTreeMap<String, &'a serde_json::value::RawValue> = object(column, self.text)?;
            found = Cell::new(column, all.get(column).map_or("", |value| value.get()));
        }
        Ok(found)
    }
}
