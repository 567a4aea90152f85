//! What a record's own schema says of its columns: Kafka Connect's JSON converter with `schemas.enable=true` writes it beside the payload.
//!
//! It is looked at for decimals alone. Of a decimal in bytes only the schema knows the scale, and reading 20.00 with another scale gives 2000 or 0.20.
//! The schema is ten times as long as the row and the same in thousands of records, so what was read of one is kept ([`RowSchemas`]).

use std::sync::{Arc, RwLock};

use hashbrown::HashMap;
use serde::Deserialize;
use smallvec::SmallVec;
use xxhash_rust::xxh3::xxh3_64;

use super::decode_error::DecodeError;
use super::values::Decimals;

/// How a column writes its numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
enum ColumnType {
    /// As text or JSON number: `string`, `double`, whole numbers.
    Plain,
    /// As unscaled bytes: `precise`.
    Unscaled(u32),
    /// As bytes with the scale beside them in each value.
    WithScale,
    /// As something that is no decimal: the type's name.
    Other(String),
}

/// The columns of one table's rows, as a schema describes them.
#[derive(Debug, Default)]
pub struct RowSchema {
    /// By the letters and digits of their names.
    columns: HashMap<Box<[u8]>, ColumnType>,
}

#[derive(Deserialize)]
struct Field {
    #[serde(rename = "type")]
    kind: String,
    name: Option<String>,
    field: Option<String>,
    parameters: Option<Parameters>,
    #[serde(default)]
    fields: Vec<Field>,
}

#[derive(Deserialize)]
struct Parameters {
    scale: Option<String>,
}

const DECIMAL: &str = "org.apache.kafka.connect.data.Decimal";
const VARIABLE_SCALE: &str = "io.debezium.data.VariableScaleDecimal";

impl RowSchema {
    /// Reads the schema of an envelope, a JSON text: the columns of `after`, or of `before` where there is no `after`.
    fn read(json: &str) -> Option<Self> {
        let envelope: Field = serde_json::from_str(json).ok()?;
        let image = |name: &str| envelope.fields.iter().find(|field| field.field.as_deref() == Some(name) && !field.fields.is_empty());
        let row = image("after").or_else(|| image("before"))?;
        let columns =
            row.fields.iter().filter_map(|column| Some((plain(column.field.as_deref()?).as_slice().into(), column.column_type())));
        Some(Self { columns: columns.collect() })
    }

    /// How the column writes decimals, and its scale. `None`: the schema does not know the column.
    ///
    /// # Errors
    /// The column is of a type that holds no decimal, or of decimals without a scale: named.
    pub fn decimals(&self, column: &str) -> Option<Result<(Decimals, u32), DecodeError>> {
        Some(match self.columns.get(plain(column).as_slice())? {
            ColumnType::Plain => Ok((Decimals::Text, 0)),
            ColumnType::Unscaled(scale) => Ok((Decimals::Base64, *scale)),
            // The value's own scale counts.
            ColumnType::WithScale => Ok((Decimals::Base64, 0)),
            ColumnType::Other(name) => {
                Err(DecodeError::new(column, "a decimal, or text or number that holds one, by the record's schema", name))
            }
        })
    }
}

impl Field {
    fn column_type(&self) -> ColumnType {
        match (self.kind.as_str(), self.name.as_deref()) {
            ("bytes", Some(DECIMAL)) => match self.parameters.as_ref().and_then(|parameters| parameters.scale.as_ref()?.parse().ok()) {
                Some(scale) => ColumnType::Unscaled(scale),
                None => ColumnType::Other(format!("{DECIMAL} without a scale")),
            },
            ("struct", Some(VARIABLE_SCALE)) => ColumnType::WithScale,
            ("string" | "int8" | "int16" | "int32" | "int64" | "float" | "double", _) => ColumnType::Plain,
            (kind, name) => ColumnType::Other(name.unwrap_or(kind).to_owned()),
        }
    }
}

/// Letters and digits in lower case: a column is the same under its SQL name and under that of Debezium's `avro` adjustment.
fn plain(name: &str) -> SmallVec<[u8; 128]> {
    name.bytes().filter(|byte| byte.is_ascii_alphanumeric() || !byte.is_ascii()).map(|byte| byte.to_ascii_lowercase()).collect()
}

/// So many schemas are kept: one for each table and each ALTER of it.
const KEPT_MAX: usize = 1_024;

/// The schemas that were read, by digest.
#[derive(Debug, Default)]
pub struct RowSchemas(RwLock<HashMap<u64, Option<Arc<RowSchema>>>>);

impl RowSchemas {
    /// The columns of a record's rows; `None` where its schema says nothing of them.
    pub fn of(&self, schema: &str) -> Option<Arc<RowSchema>> {
        let digest = xxh3_64(schema.as_bytes());
        // A thread that panicked has left the map whole: an entry is inserted at once.
        let known = self.0.read().unwrap_or_else(std::sync::PoisonError::into_inner).get(&digest).cloned();
        known.unwrap_or_else(|| {
            let read = RowSchema::read(schema).map(Arc::new);
            let mut kept = self.0.write().unwrap_or_else(std::sync::PoisonError::into_inner);
            if kept.len() >= KEPT_MAX {
                kept.clear();
            }
            kept.insert(digest, read.clone());
            read
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCHEMA: &str = r#"{"type":"struct","optional":false,"name":"m.shop.t.Envelope","version":2,"fields":[
        {"type":"struct","optional":true,"field":"before","name":"m.shop.t.Value","fields":[{"type":"int32","optional":false,"field":"id"}]},
        {"type":"struct","optional":true,"field":"after","name":"m.shop.t.Value","fields":[
            {"type":"int32","optional":false,"field":"id"},
            {"type":"bytes","optional":true,"name":"org.apache.kafka.connect.data.Decimal","version":1,"parameters":{"scale":"6","connect.decimal.precision":"20"},"field":"grand_total"},
            {"type":"bytes","optional":true,"name":"org.apache.kafka.connect.data.Decimal","version":1,"field":"bare"},
            {"type":"struct","optional":true,"name":"io.debezium.data.VariableScaleDecimal","version":1,"fields":[],"field":"Qty_ to Ship"},
            {"type":"double","optional":true,"field":"weight"},{"type":"string","optional":true,"field":"note"},
            {"type":"bytes","optional":true,"field":"blob"}]},
        {"type":"string","optional":false,"field":"op"}]}"#;

    #[test]
    fn each_column_says_how_it_writes_decimals() {
        let schemas = RowSchemas::default();
        let row = schemas.of(SCHEMA).expect("columns");
        assert!(Arc::ptr_eq(&row, &schemas.of(SCHEMA).expect("columns")), "read once");
        let form = |column: &str| row.decimals(column).map(|form| form.map_err(|error| error.to_string()));
        assert_eq!(form("grand_total"), Some(Ok((Decimals::Base64, 6))));
        assert_eq!(form("Qty__to_Ship"), Some(Ok((Decimals::Base64, 0))), "under the name of the avro adjustment");
        assert_eq!([form("weight"), form("note"), form("id")], [const { Some(Ok((Decimals::Text, 0))) }; 3]);
        assert_eq!(form("absent"), None);
        let refused = form("bare").expect("known").expect_err("no scale");
        assert!(refused.contains("\"bare\"") && refused.contains("without a scale"), "{refused}");
        assert!(form("blob").expect("known").expect_err("no decimal").contains("bytes"));
    }

    #[test]
    fn what_is_no_schema_of_rows_says_nothing() {
        let schemas = RowSchemas::default();
        for other in ["null", "{}", "7", r#"{"type":"struct","fields":[]}"#, r#"{"type":"string"}"#] {
            assert!(schemas.of(other).is_none(), "{other}");
        }
    }
}
