//! How the columns of a database's tables write decimals, as configured, and as records that bring their schema say themselves.
//!
//! | the record | its decimals are read |
//! | --- | --- |
//! | brings its schema (`schemas.enable=true`) | as the schema says of each column, whatever is configured |
//! | brings none, `decimals = "text"` | as text or JSON number |
//! | brings none, `decimals = "base64"` | as unscaled bytes with `decimal_scale` digits after the point, or what `decimal_scales` says of the column |

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::envelope::{Cell, Decimals, DecodeError, RowSchema, RowSchemas};

/// Decimal columns have at most so many digits after the point: `decimal(38,38)`.
const SCALE_MAX: u32 = 38;

/// How a source's columns write decimals.
#[derive(Debug)]
pub(super) struct ColumnDecimals {
    form: Decimals,
    scale: u32,
    /// By `column` or `table.column`.
    scales: BTreeMap<String, u32>,
    schemas: RowSchemas,
}

impl ColumnDecimals {
    /// `usual` is the scale that the system's columns have as it is installed.
    ///
    /// # Errors
    /// A sentence for each key that is wrong.
    pub(super) fn new(form: Decimals, scale: Option<u32>, scales: &BTreeMap<String, u32>, usual: u32) -> Result<Self, Vec<String>> {
        let listed = scales.iter().map(|(column, scale)| (format!("decimal_scales.\"{column}\""), *scale));
        let given = scale.map(|scale| ("decimal_scale".to_owned(), scale)).into_iter().chain(listed);
        let errors: Vec<String> = given
            .filter(|(_, scale)| *scale > SCALE_MAX)
            .map(|(key, scale)| format!("{key}: {scale} digits after the point; a decimal column has at most {SCALE_MAX}"))
            .collect();
        let scales = scales.clone();
        if errors.is_empty() {
            Ok(Self { form, scale: scale.unwrap_or(usual), scales, schemas: RowSchemas::default() })
        } else {
            Err(errors)
        }
    }

    /// What the record's schema says of its columns.
    pub(super) fn schema(&self, schema: Option<&str>) -> Option<Arc<RowSchema>> {
        self.schemas.of(schema?)
    }

    /// How this cell of a table writes a decimal, and its scale.
    ///
    /// # Errors
    /// The record's schema says that the column holds no decimal.
    pub(super) fn of(&self, schema: Option<&RowSchema>, table: &str, cell: &Cell<'_>) -> Result<(Decimals, u32), DecodeError> {
        if let Some(form) = schema.and_then(|schema| schema.decimals(cell.name())) {
            return form;
        }
        let listed = || {
            let of_table =
                self.scales.iter().find(|(key, _)| key.strip_prefix(table).and_then(|rest| rest.strip_prefix('.')) == Some(cell.name()));
            of_table.map(|(_, scale)| *scale).or_else(|| self.scales.get(cell.name()).copied())
        };
        let scale = if self.scales.is_empty() { None } else { listed() };
        Ok((self.form, scale.unwrap_or(self.scale)))
    }

    /// What is taken for granted where records don't say it.
    pub(super) fn assumed(&self) -> String {
        if self.form == Decimals::Text {
            return "decimals stand as text or numbers (the connector's decimal.handling.mode is string or double), unless a record brings its schema"
                .to_owned();
        }
        let listed: Vec<String> = self.scales.iter().map(|(column, scale)| format!("{column}: {scale}")).collect();
        let except = if listed.is_empty() { String::new() } else { format!(" ({})", listed.join(", ")) };
        format!(
            "decimals are bytes, read with {} digits after the point{except} where a record does not bring its schema. Columns of another scale would \
             give amounts that are wrong a hundred times: compare with the tables, and set decimal_scale and decimal_scales",
            self.scale
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns(form: Decimals, scale: Option<u32>, scales: &[(&str, u32)]) -> Result<ColumnDecimals, Vec<String>> {
        let scales = scales.iter().map(|(column, scale)| ((*column).to_owned(), *scale)).collect();
        ColumnDecimals::new(form, scale, &scales, 4)
    }

    #[test]
    fn a_columns_own_scale_stands_above_the_sources() {
        let decimals = columns(Decimals::Base64, Some(6), &[("price", 2), ("sales_order.price", 3)]).expect("right");
        let scale = |table: &str, name: &'static str| decimals.of(None, table, &Cell::new(name, "\"AA==\"")).expect("configured").1;
        assert_eq!([scale("sales_order", "price"), scale("sales_order_item", "price"), scale("sales_order", "tax")], [3, 2, 6]);
        assert_eq!(columns(Decimals::Base64, None, &[]).expect("right").scale, 4);
    }

    #[test]
    fn what_is_wrong_is_named_and_what_is_assumed_is_said() {
        let errors = columns(Decimals::Text, Some(4), &[("price", 99)]).expect_err("wrong");
        assert_eq!(errors.len(), 1);
        assert!(errors[0].starts_with("decimal_scales.\"price\": 99 digits"), "{errors:?}");
        let assumed = columns(Decimals::Base64, None, &[("price", 6)]).expect("right").assumed();
        assert!(assumed.contains("4 digits after the point (price: 6)"), "{assumed}");
    }
}
