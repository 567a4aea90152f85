//! JSON as Avro, for tests and benches: each record's schema is made from its own JSON, as a connector would make it from its table. An object is a record,
//! a whole number a `long`, a text with the digits of a decimal a decimal of that scale, and what may be null a union.

use apache_avro::Schema;
use apache_avro::types::Value as Avro;
use apache_avro::writer::datum::GenericDatumWriter;
use serde_json::{Value, json};

/// How the numbers of a record are written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Numbers {
    /// As they stand in the JSON.
    AsTheyAre,
    /// Texts of digits with a point are decimals: unscaled bytes.
    Unscaled,
    /// And bring their scale.
    WithScale,
}

/// Makes schemas and values of JSON.
pub struct Writer {
    numbers: Numbers,
    /// Null is the second branch.
    null_last: bool,
    /// Names that Avro does not take are adjusted, as Debezium does it with those of tables. Other writers of such names have no Avro.
    adjusts: bool,
    records: usize,
    defined_scale: bool,
}

/// A name that Avro takes: Debezium's `avro` adjustment.
fn adjusted(name: &str) -> String {
    let plain: String = name.chars().map(|sign| if sign.is_ascii_alphanumeric() { sign } else { '_' }).collect();
    if plain.starts_with(|first: char| first.is_ascii_digit()) || plain.is_empty() { format!("_{plain}") } else { plain }
}

impl Writer {
    pub fn new(numbers: Numbers, null_last: bool, adjusts: bool) -> Self {
        Self { numbers, null_last, adjusts, records: 0, defined_scale: false }
    }

    /// Schema and value; `None`: Avro has no form for it (a list of unlike items, two names that become one).
    pub fn of(&mut self, json: &Value) -> Option<(Value, Avro)> {
        Some(match json {
            Value::Null => (json!("null"), Avro::Null),
            Value::Bool(flag) => (json!("boolean"), Avro::Boolean(*flag)),
            Value::Number(number) => match number.as_i64() {
                Some(whole) => (json!("long"), Avro::Long(whole)),
                None => (json!("double"), Avro::Double(number.as_f64()?)),
            },
            Value::String(text) => match self.decimal(text) {
                Some(decimal) => decimal,
                None => (json!("string"), Avro::String(text.clone())),
            },
            Value::Array(items) => {
                let (mut of_item, mut values) = (json!("string"), Vec::new());
                for (place, item) in items.iter().enumerate() {
                    // Items of one kind share a record: its name is given once.
                    let before = self.records;
                    let (schema, value) = self.of(item)?;
                    if place > 0 && without_names(&schema) != without_names(&of_item) {
                        return None;
                    }
                    if place == 0 {
                        of_item = schema;
                    } else {
                        self.records = before;
                    }
                    values.push(value);
                }
                (json!({ "type": "array", "items": of_item }), Avro::Array(values))
            }
            Value::Object(members) => {
                self.records += 1;
                let name = format!("R{}", self.records);
                let (mut fields, mut values) = (Vec::new(), Vec::new());
                for (member, value) in members {
                    if !self.adjusts && adjusted(member) != *member {
                        return None;
                    }
                    let (schema, value) = self.of(value)?;
                    let (branch, schema) = match (value == Avro::Null, self.null_last) {
                        (true, false) => (0, json!(["null", "string"])),
                        (true, true) => (1, json!(["string", "null"])),
                        (false, false) => (1, json!(["null", schema])),
                        (false, true) => (0, json!([schema, "null"])),
                    };
                    fields.push(json!({ "name": adjusted(member), "type": schema }));
                    values.push((adjusted(member), Avro::Union(branch, Box::new(value))));
                }
                let mut names: Vec<&str> = fields.iter().filter_map(|field| field["name"].as_str()).collect();
                names.sort_unstable();
                names.dedup();
                if names.len() < fields.len() {
                    return None;
                }
                (json!({ "type": "record", "name": name, "fields": fields }), Avro::Record(values))
            }
        })
    }

    fn decimal(&mut self, text: &str) -> Option<(Value, Avro)> {
        let (whole, fraction) = text.split_once('.')?;
        let digits = whole.strip_prefix('-').unwrap_or(whole);
        let is_decimal =
            !digits.is_empty() && !fraction.is_empty() && digits.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit());
        let unscaled: i128 = format!("{whole}{fraction}").parse().ok().filter(|_| is_decimal)?;
        let bytes = unscaled.to_be_bytes();
        match self.numbers {
            Numbers::AsTheyAre => None,
            Numbers::Unscaled => Some((
                json!({ "type": "bytes", "logicalType": "decimal", "precision": 64, "scale": fraction.len() }),
                Avro::Decimal(bytes.to_vec().into()),
            )),
            Numbers::WithScale => {
                let first = !std::mem::replace(&mut self.defined_scale, true);
                let fields = json!([{ "name": "scale", "type": "int" }, { "name": "value", "type": "bytes" }]);
                let whole = json!({ "type": "record", "name": "VariableScaleDecimal", "namespace": "io.debezium.data", "fields": fields });
                let schema = if first { whole } else { json!("io.debezium.data.VariableScaleDecimal") };
                let scale = Avro::Int(i32::try_from(fraction.len()).ok()?);
                Some((schema, Avro::Record(vec![("scale".into(), scale), ("value".into(), Avro::Bytes(bytes.to_vec()))])))
            }
        }
    }
}

/// A schema as it is compared: the names of records left out.
fn without_names(schema: &Value) -> String {
    let text = schema.to_string();
    let mut parts = text.split("\"name\":\"R");
    let first = parts.next().unwrap_or_default().to_owned();
    first + &parts.map(|part| part.trim_start_matches(|sign: char| sign.is_ascii_digit())).collect::<String>()
}

/// A record's bytes with the frame of Confluent's serialiser, and its schema.
pub fn framed(id: u32, json: &Value, writer: &mut Writer) -> Option<(String, Vec<u8>)> {
    let (schema, value) = writer.of(json)?;
    let text = schema.to_string();
    let parsed = Schema::parse_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
    let encoder = GenericDatumWriter::builder(&parsed).build().expect("a writer");
    let bytes = encoder.write_value_to_vec(value).unwrap_or_else(|error| panic!("{error}: {text}"));
    Some((text, [&[0][..], &id.to_be_bytes(), &bytes].concat()))
}
