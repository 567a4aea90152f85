//! From settings to plans: every name in the configuration is checked and every expression compiled here, once; all mistakes are reported at once.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::fields::{Field, FieldValue, TimeForm, ValueReader, WordTable};
use super::jq::{Expression, Number, Value};
use super::origins::{Origins, ValueOrigin};
use super::row_type::RowType;
use super::rows;
use crate::envelope::TimeUnit;
use crate::facts::Moment;
use crate::sources::adapter::Common;
use crate::sources::settings::{self, suggestion};

/// The keys of `[sources.NAME]` for `kind = "mapped"`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// One entry for each row that is made of each topic's records.
    #[serde(default)]
    rows: Vec<toml::Table>,
    /// Topics whose records are CSV.
    #[serde(default)]
    csv: BTreeMap<String, CsvSettings>,
    /// Raise it after a change of meaning: records read again then count as newer than what was read of them before.
    #[serde(default = "one")]
    revision: u16,
}

fn one() -> u16 {
    1
}

/// How the CSV of a topic is written.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CsvSettings {
    /// What stands between fields.
    #[serde(default = "comma")]
    pub(super) separator: char,
    /// The names of the columns, where the records do not begin with them.
    #[serde(default)]
    pub(super) columns: Vec<String>,
}

fn comma() -> char {
    ','
}

/// The keys of `[[sources.NAME.rows]]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RowSettings {
    /// The topic, by its name in full.
    topic: String,
    /// The row that is made.
    row: String,
    /// What the rows are made of: one for each value that this gives. Without it, of the record (of CSV: of each line).
    each: Option<String>,
    /// Makes the row only where this is neither `null` nor `false`.
    when: Option<String>,
    /// Deletes the row where this is neither `null` nor `false`.
    delete: Option<String>,
    /// A time that grows with each change of the row; without it the order of arrival decides.
    version: Option<String>,
    /// Field -> expression.
    #[serde(default)]
    fields: BTreeMap<String, String>,
    /// Field -> value that every row has.
    #[serde(default)]
    constants: BTreeMap<String, toml::Value>,
    /// Field -> word -> meaning.
    #[serde(default)]
    words: BTreeMap<String, BTreeMap<String, String>>,
    /// What a whole number counts in a time: seconds, millis, micros, nanos, days.
    #[serde(default = "millis")]
    time_unit: TimeUnit,
    /// How times are written, as for strptime, where they are neither RFC 3339 nor ISO 8601.
    time_format: Option<String>,
    /// Amounts count cents, or whatever the minor unit of the currency is.
    #[serde(default)]
    minor_units: bool,
}

fn millis() -> TimeUnit {
    TimeUnit::Millis
}

/// How one row is made of a record.
pub(super) struct Plan {
    pub(super) row: &'static RowType,
    pub(super) origins: Origins,
    pub(super) words: Vec<WordTable>,
    pub(super) each: Option<Expression>,
    pub(super) when: Option<Expression>,
    pub(super) delete: Option<Expression>,
    pub(super) version: Option<Expression>,
    pub(super) times: TimeForm,
}

/// What is made of the records of one topic.
pub(super) struct MappedTopic {
    pub(super) name: String,
    /// Its records are CSV.
    pub(super) csv: Option<CsvSettings>,
    pub(super) plans: Vec<Plan>,
}

/// Reads the settings: the topics and the adapter's revision.
pub(super) fn read(common: &Common, table: &toml::Table) -> Result<(Vec<MappedTopic>, u16), Vec<String>> {
    let settings: Settings = settings::read(table)?;
    let mut topics: Vec<MappedTopic> = Vec::new();
    let mut errors = Vec::new();
    if settings.rows.is_empty() {
        errors.push("rows: missing; describe at least one row as [[sources.NAME.rows]]".to_owned());
    }
    for (i, table) in settings.rows.iter().enumerate() {
        let label = |error| format!("rows[{i}]: {error}");
        let row = settings::read::<RowSettings>(table);
        let planned = row.and_then(|row| {
            let csv = settings.csv.get(&row.topic);
            Ok((row.topic.clone(), plan(common, &row, csv.is_some())?))
        });
        match planned {
            Ok((topic, plan)) => match topics.iter_mut().find(|known| known.name == topic) {
                Some(known) => known.plans.push(plan),
                None => topics.push(MappedTopic { csv: settings.csv.get(&topic).cloned(), name: topic, plans: vec![plan] }),
            },
            Err(wrong) => errors.extend(wrong.into_iter().map(label)),
        }
    }
    let names: Vec<&str> = topics.iter().map(|topic| topic.name.as_str()).collect();
    if errors.is_empty() {
        let unread = settings.csv.keys().filter(|topic| !names.contains(&topic.as_str()));
        errors.extend(unread.map(|topic| format!("csv.\"{topic}\": no row is made of this topic{}", suggestion(topic, &names))));
    }
    if errors.is_empty() { Ok((topics, settings.revision)) } else { Err(errors) }
}

/// The plan of one entry.
fn plan(common: &Common, settings: &RowSettings, csv: bool) -> Result<Plan, Vec<String>> {
    let Some(row) = rows::all().find(|row| row.name == settings.row) else {
        let names: Vec<&str> = rows::all().map(|row| row.name).collect();
        return Err(vec![format!("unknown row \"{}\"{}", settings.row, suggestion(&settings.row, &names))]);
    };
    let mut errors = Vec::new();
    if settings.topic.trim().is_empty() {
        errors.push("topic: blank".to_owned());
    }
    check_names(row, settings, &mut errors);
    check_missing(row, settings, &mut errors);
    let times = TimeForm { unit: settings.time_unit, format: settings.time_format.clone() };
    check_format(&times, &mut errors);
    let words = words(row, settings, &mut errors);
    let origins = row.fields.iter().zip(&words).map(|(field, words)| {
        if let Some(text) = settings.fields.get(field.name) {
            return compiled(&format!("fields.{}", field.name), Some(text), &mut errors)
                .map_or(ValueOrigin::Nowhere, ValueOrigin::Expression);
        }
        let constant = settings
            .constants
            .get(field.name)
            .and_then(|value| constant(common, field, words, &times, value).map_err(|error| errors.push(error)).ok());
        constant.map_or(ValueOrigin::Nowhere, ValueOrigin::Constant)
    });
    let origins = Origins { fields: row.fields, origins: origins.collect(), minor_units: settings.minor_units };
    let lines = csv.then(|| ".[]".to_owned());
    let each = compiled("each", settings.each.as_ref().or(lines.as_ref()), &mut errors);
    let when = compiled("when", settings.when.as_ref(), &mut errors);
    let delete = compiled("delete", settings.delete.as_ref(), &mut errors);
    let version = compiled("version", settings.version.as_ref(), &mut errors);
    if errors.is_empty() { Ok(Plan { row, origins, words, each, when, delete, version, times }) } else { Err(errors) }
}

fn compiled(key: &str, text: Option<&String>, errors: &mut Vec<String>) -> Option<Expression> {
    Expression::compile(text?).map_err(|error| errors.push(format!("{key}: {error}"))).ok()
}

/// Fields and words that the row type does not have; fields that are both mapped and constant.
fn check_names(row: &RowType, settings: &RowSettings, errors: &mut Vec<String>) {
    let names: Vec<&str> = row.fields.iter().map(|field| field.name).collect();
    let tables = [("fields", settings.fields.keys().collect::<Vec<_>>()), ("constants", settings.constants.keys().collect())];
    for (table, keys) in tables {
        for key in keys.into_iter().filter(|key| !names.contains(&key.as_str())) {
            errors.push(format!("{table}.{key}: a {} has no such field{}", row.name, suggestion(key, &names)));
        }
    }
    for key in settings.fields.keys().filter(|key| settings.constants.contains_key(*key)) {
        errors.push(format!("{key}: is both a field and a constant; keep one"));
    }
    let worded: Vec<&str> = row.fields.iter().filter(|field| field.form.meanings().is_some()).map(|field| field.name).collect();
    for key in settings.words.keys().filter(|key| !worded.contains(&key.as_str())) {
        errors.push(format!("words.{key}: a {} has no such field of words{}", row.name, suggestion(key, &worded)));
    }
}

/// Fields that have to be there and are not.
fn check_missing(row: &RowType, settings: &RowSettings, errors: &mut Vec<String>) {
    let mapped = |name: &str| settings.fields.contains_key(name) || settings.constants.contains_key(name);
    // An entry that only deletes has to say which row, and no more.
    let deletes = settings.delete.as_deref().map(str::trim) == Some("true");
    for field in row.fields.iter().filter(|field| field.must && (!deletes || row.key.contains(&field.name)) && !mapped(field.name)) {
        errors.push(format!(
            "fields.{}: missing; a {} needs it (an expression under fields, or a value under constants)",
            field.name, row.name
        ));
    }
    for group in row.one_of.iter().filter(|group| !group.iter().any(|name| mapped(name))) {
        errors.push(format!("fields: a {} needs one of {}", row.name, settings::quoted(group)));
    }
}

/// A format that cannot write an example is no format.
fn check_format(times: &TimeForm, errors: &mut Vec<String>) {
    if let Some(format) = &times.format {
        let sample = jiff::civil::date(2025, 3, 14).at(9, 55, 2, 0).in_tz("UTC");
        let written = sample.and_then(|sample| jiff::fmt::strtime::format(format, &sample));
        match written {
            Err(error) => errors.push(format!("time_format: \"{format}\" is no format of times: {error}")),
            Ok(written) if written == *format => {
                errors.push(format!("time_format: \"{format}\" is no format of times: it has no part like %Y or %H"));
            }
            Ok(_) => {}
        }
    }
}

/// The tables of words, one for each field.
fn words(row: &RowType, settings: &RowSettings, errors: &mut Vec<String>) -> Vec<WordTable> {
    let table = |field: &Field| {
        let mut table = WordTable::default();
        let (Some(names), Some(configured)) = (field.form.meanings(), settings.words.get(field.name)) else { return table };
        for (word, meaning) in configured {
            match names.iter().position(|name| name == meaning) {
                Some(place) => table.0.push((word.trim().to_lowercase(), place)),
                None => {
                    let near = suggestion(meaning, names);
                    errors.push(format!("words.{}.\"{word}\": unknown meaning \"{meaning}\"{near}", field.name));
                }
            }
        }
        table
    };
    row.fields.iter().map(table).collect()
}

/// A constant, read as a record's value would be.
fn constant(common: &Common, field: &Field, words: &WordTable, times: &TimeForm, value: &toml::Value) -> Result<FieldValue, String> {
    let given = match value {
        toml::Value::String(text) => Value::text(text.as_str()),
        toml::Value::Integer(int) => Value::Number(Number::from(*int)),
        toml::Value::Boolean(flag) => Value::Bool(*flag),
        _ => return Err(format!("constants.{}: expected a text, a whole number, true or false", field.name)),
    };
    let reader = ValueReader { zone: &common.zone, digester: &common.digester, times, arrival: Moment::MAX };
    match reader.read(field, words, &given) {
        Ok(Some(value)) => Ok(value),
        Ok(None) => Err(format!("constants.{}: blank", field.name)),
        Err(error) => Err(format!("constants.{}: expected {}, found {}", field.name, error.expected, value)),
    }
}
