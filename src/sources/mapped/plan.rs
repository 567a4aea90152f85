//! From settings to plans: every name in the configuration is checked here, once; all mistakes are reported at once.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::fields::{Field, FieldValue, TimeForm, ValueReader, WordTable};
use super::origins::{Origins, Slot, ValueOrigin};
use super::paths::Paths;
use super::row_type::RowType;
use crate::envelope::{Cell, TimeUnit};
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
    /// Raise it after a change of meaning: records read again then count as newer than what was read of them before.
    #[serde(default = "one")]
    revision: u16,
}

fn one() -> u16 {
    1
}

/// The keys of `[[sources.NAME.rows]]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RowSettings {
    /// The topic, by its name in full.
    topic: String,
    /// The row that is made.
    row: String,
    /// The path of a list: one row for each of its elements. Paths that begin with a dot are paths in the element.
    each: Option<String>,
    /// Only records of which these paths hold this text, or one of these texts.
    #[serde(default)]
    when: BTreeMap<String, OneOrMore>,
    /// Only records that have something at these paths: neither absent nor `null` nor blank.
    #[serde(default)]
    needs: Vec<String>,
    /// The path of a time that grows with each change of the row; without it the order of arrival decides.
    version: Option<String>,
    /// Field -> path.
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

#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum OneOrMore {
    One(String),
    More(Vec<String>),
}

impl OneOrMore {
    fn texts(self) -> Vec<String> {
        match self {
            Self::One(text) => vec![text],
            Self::More(texts) => texts,
        }
    }
}

/// How one row is made of a record.
pub(super) struct Plan {
    pub(super) row: &'static RowType,
    pub(super) origins: Origins,
    pub(super) words: Vec<WordTable>,
    pub(super) each: Option<(Slot, String)>,
    pub(super) element: Paths,
    pub(super) when: Vec<(Slot, Vec<String>)>,
    pub(super) needs: Vec<Slot>,
    pub(super) version: Option<(Slot, String)>,
    pub(super) times: TimeForm,
}

/// What is made of the records of one topic.
pub(super) struct MappedTopic {
    pub(super) name: String,
    pub(super) paths: Paths,
    pub(super) plans: Vec<Plan>,
}

/// Reads the settings, which name rows of `row_types`: the topics and the adapter's revision.
pub(super) fn read(common: &Common, table: &toml::Table, row_types: &'static [RowType]) -> Result<(Vec<MappedTopic>, u16), Vec<String>> {
    let settings: Settings = settings::read(table)?;
    let mut topics: Vec<MappedTopic> = Vec::new();
    let mut errors = Vec::new();
    if settings.rows.is_empty() {
        errors.push("rows: missing; describe at least one row as [[sources.NAME.rows]]".to_owned());
    }
    for (i, table) in settings.rows.iter().enumerate() {
        let label = |error| format!("rows[{i}]: {error}");
        match settings::read::<RowSettings>(table) {
            Ok(row) => plan(common, row, row_types, &mut topics).unwrap_or_else(|wrong| errors.extend(wrong.into_iter().map(label))),
            Err(wrong) => errors.extend(wrong.into_iter().map(label)),
        }
    }
    if errors.is_empty() { Ok((topics, settings.revision)) } else { Err(errors) }
}

/// Adds the plan of one entry to its topic.
fn plan(common: &Common, settings: RowSettings, row_types: &'static [RowType], topics: &mut Vec<MappedTopic>) -> Result<(), Vec<String>> {
    let Some(row) = row_types.iter().find(|row| row.name == settings.row) else {
        let names: Vec<&str> = row_types.iter().map(|row| row.name).collect();
        return Err(vec![format!("unknown row \"{}\"{}", settings.row, suggestion(&settings.row, &names))]);
    };
    let mut errors = Vec::new();
    if settings.topic.trim().is_empty() {
        errors.push("topic: blank".to_owned());
    }
    check_names(row, &settings, &mut errors);
    check_missing(row, &settings, &mut errors);
    let place = topics.iter().position(|topic| topic.name == settings.topic);
    let mut fresh = MappedTopic { name: settings.topic.clone(), paths: Paths::new(), plans: Vec::new() };
    let topic = place.and_then(|place| topics.get_mut(place)).unwrap_or(&mut fresh);

    let mut element = Paths::new();
    let each = settings.each.is_some();
    let mut slot = |path: &str, errors: &mut Vec<String>| match path.strip_prefix('.') {
        Some(inner) if each => Slot::Element(element.slot(inner)),
        Some(_) => {
            errors.push(format!("path \"{path}\" begins with a dot, but there is no list (each)"));
            Slot::Record(0)
        }
        None => Slot::Record(topic.paths.slot(path)),
    };
    let times = TimeForm { unit: settings.time_unit, format: settings.time_format.clone() };
    check_format(&times, &mut errors);
    let words = words(row, &settings, &mut errors);
    let origins = row.fields.iter().zip(&words).map(|(field, words)| {
        if let Some(path) = settings.fields.get(field.name) {
            return ValueOrigin::Path { slot: slot(path, &mut errors), path: path.clone() };
        }
        let constant = settings
            .constants
            .get(field.name)
            .and_then(|value| constant(common, field, words, &times, value).map_err(|error| errors.push(error)).ok());
        constant.map_or(ValueOrigin::Nowhere, ValueOrigin::Constant)
    });
    let origins = Origins { fields: row.fields, origins: origins.collect(), minor_units: settings.minor_units };
    let when = settings.when.into_iter().map(|(path, texts)| (slot(&path, &mut errors), texts.texts())).collect();
    let needs = settings.needs.iter().map(|path| slot(path, &mut errors)).collect();
    let version = settings.version.map(|path| (slot(&path, &mut errors), path));
    let each = settings.each.map(|path| (slot(&path, &mut errors), path));
    if !errors.is_empty() {
        return Err(errors);
    }
    topic.plans.push(Plan { row, origins, words, each, element, when, needs, version, times });
    if place.is_none() {
        topics.push(fresh);
    }
    Ok(())
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
    for field in row.fields.iter().filter(|field| field.must && !mapped(field.name)) {
        errors.push(format!("fields.{}: missing; a {} needs it (a path under fields, or a value under constants)", field.name, row.name));
    }
    for group in row.one_of.iter().filter(|group| !group.iter().any(|name| mapped(name))) {
        errors.push(format!("fields: a {} needs one of {}", row.name, settings::quoted(group)));
    }
}

/// A format that cannot write an example is no format.
fn check_format(times: &TimeForm, errors: &mut Vec<String>) {
    if let Some(format) = &times.format {
        let sample = jiff::civil::date(2025, 3, 14).at(9, 55, 2, 0).in_tz("UTC");
        if let Err(error) = sample.and_then(|sample| jiff::fmt::strtime::format(format, &sample)) {
            errors.push(format!("time_format: \"{format}\" is no format of times: {error}"));
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
    let json = match value {
        toml::Value::String(text) => serde_json::Value::from(text.as_str()).to_string(),
        toml::Value::Integer(_) | toml::Value::Boolean(_) => value.to_string(),
        _ => return Err(format!("constants.{}: expected a text, a whole number, true or false", field.name)),
    };
    let reader = ValueReader { zone: &common.zone, digester: &common.digester, times, arrival: Moment::MAX };
    match reader.read(field, words, Cell::new(field.name, &json)) {
        Ok(Some(value)) => Ok(value),
        Ok(None) => Err(format!("constants.{}: blank", field.name)),
        Err(error) => Err(format!("constants.{}: expected {}, found {}", field.name, error.expected, value)),
    }
}
