//! Walks the fixtures of every kind of source: `tests/fixtures/sources/<kind>/`.
//!
//! `source.toml` says how the source is configured (`name`, `zone`, `[settings]`); each `*.json` beside it is one record and what it must
//! become:
//!
//! ```text
//! { "about": "...", "topic": "...", "key": ..., "value": ..., "headers": {"X-Shopify-Topic": "orders/create"}, "expect": ... }
//! ```
//!
//! A `key` or `value` that is a text stands for its characters, `null` for none (a tombstone), all else for its own JSON. `expect` is the
//! facts, or `{"skipped": ...}`, or `{"decode_error": "..."}`. With `WAYBILL_BLESS=1` in the environment the expectations are written anew:
//! review the difference.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::{Adapter, Common, FactsOut, KINDS, Reading, Skip, SystemKind};
use crate::envelope::Record;
use crate::facts::ids::Digester;
use crate::facts::{Cause, Change, Fact, Moment, SourceId, TopicId};

/// Every fixture's record was taken in by Kafka at this moment.
pub(crate) const TAKEN_AT: &str = "2026-03-02T10:15:09Z";

/// The configuration of a source in tests.
pub(crate) fn common(name: &str, zone: &str) -> Common {
    Common {
        counts: None,
        name: name.into(),
        id: SourceId::of(name),
        channel: "web".into(),
        brand: "nordlicht".into(),
        stores: Vec::new(),
        number_scope: crate::facts::Alias::ORDER_NUMBER.into(),
        zone: jiff::tz::TimeZone::get(zone).unwrap_or_else(|error| panic!("{zone}: {error}")),
        digester: Digester::new(b"fixtures"),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Source {
    name: String,
    #[serde(default = "utc")]
    zone: String,
    #[serde(default)]
    settings: toml::Table,
}

fn utc() -> String {
    "UTC".to_owned()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Case<'a> {
    #[serde(borrow)]
    about: &'a RawValue,
    pub(super) topic: String,
    #[serde(borrow, default)]
    key: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) value: Option<&'a RawValue>,
    #[serde(default)]
    pub(super) headers: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) expect: Value,
}

fn bytes(raw: &RawValue) -> Vec<u8> {
    match serde_json::from_str::<String>(raw.get()) {
        Ok(text) => text.into_bytes(),
        Err(_) => raw.get().as_bytes().to_vec(),
    }
}

/// Translates one record: what came of it, and its facts.
pub(crate) fn translate(adapter: &dyn Adapter, name: &str, record: &Record<'_>) -> (Result<Reading, String>, Vec<Fact>) {
    let mut facts = Vec::new();
    let cause = Cause { topic: TopicId::of(record.topic), partition: record.partition, offset: record.offset };
    let mut out = FactsOut::new(SourceId::of(name), cause, adapter.revision(), &mut facts);
    let reading = adapter.translate(record, &mut out).map_err(|error| error.to_string());
    (reading, facts)
}

fn outcome(adapter: &dyn Adapter, name: &str, case: &Case<'_>) -> Value {
    let topic: Arc<str> = case.topic.as_str().into();
    let (key, value) = (case.key.map(bytes), case.value.map(bytes));
    let record = Record {
        topic: &topic,
        topic_index: 0,
        partition: 0,
        offset: 7,
        timestamp: Moment::parse_rfc3339(TAKEN_AT).expect("a moment"),
        key: key.as_deref(),
        value: value.as_deref(),
        headers: case.headers.iter().map(|(name, value)| (name.as_bytes(), Some(value.as_bytes()))).collect(),
    };
    let (reading, facts) = translate(adapter, name, &record);
    match reading {
        Err(error) => {
            assert!(facts.is_empty(), "a record that cannot be decoded has given facts");
            json!({ "decode_error": error })
        }
        Ok(Reading::Skipped(Skip::Housekeeping)) => json!({ "skipped": "housekeeping" }),
        Ok(Reading::Skipped(Skip::UnknownTable(table))) => json!({ "skipped": table.as_str() }),
        Ok(Reading::Understood) => facts.iter().map(shown).collect(),
    }
}

/// A fact as people read it: what is the same for all facts of a record left out.
fn shown(fact: &Fact) -> Value {
    let mut shown = json!({
        "subject": fact.subject,
        "kind": fact.key.kind,
        "id": fact.key.id,
        "place": fact.version.place,
        "at": fact.at,
    });
    match &fact.change {
        Change::Upsert(row) => shown["row"] = json!(row),
        Change::Delete => shown["deleted"] = json!(true),
        Change::Withdraw => shown["withdrawn"] = json!(true),
    }
    shown
}

fn written(case: &Case<'_>, expect: &Value) -> String {
    let raw = |raw: Option<&RawValue>| raw.map_or("null", RawValue::get).to_owned();
    let pretty = |value: &Value| serde_json::to_string_pretty(value).expect("JSON").replace('\n', "\n  ");
    format!(
        "{{\n  \"about\": {},\n  \"topic\": {},\n  \"key\": {},\n  \"value\": {},\n  \"headers\": {},\n  \"expect\": {}\n}}\n",
        case.about.get(),
        json!(case.topic),
        raw(case.key),
        raw(case.value),
        pretty(&json!(case.headers)),
        pretty(expect)
    )
}

pub(super) fn folder(kind: &SystemKind) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/sources").join(kind.fixtures)
}

pub(super) fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

pub(super) fn cases(folder: &Path) -> Vec<PathBuf> {
    let inside = |folder: &Path| {
        let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        entries.map(|entry| entry.expect("an entry").path()).collect::<Vec<PathBuf>>()
    };
    // What is refused may stand in a folder of its own.
    let mut paths = inside(folder);
    let refused = folder.join("refused");
    if refused.is_dir() {
        paths.extend(inside(&refused));
    }
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    paths.sort();
    paths
}

/// The name and the adapter of the source that the kind's fixtures are of.
pub(super) fn configured(kind: &SystemKind) -> (String, Arc<dyn Adapter>) {
    let folder = folder(kind);
    let source: Source = toml::from_str(&read(&folder.join("source.toml"))).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let adapter = (kind.build)(&common(&source.name, &source.zone), &source.settings);
    (source.name, adapter.unwrap_or_else(|errors| panic!("{}: {errors:?}", kind.name)))
}

/// The files of a kind whose record becomes something else than is expected.
fn differing(kind: &SystemKind, bless: bool) -> Vec<String> {
    let folder = folder(kind);
    let (name, adapter) = configured(kind);
    let paths = cases(&folder);
    assert!(!paths.is_empty(), "{} has no record", folder.display());
    let mut differing = Vec::new();
    for path in paths {
        let text = read(&path);
        let case: Case<'_> = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let outcome = outcome(&*adapter, &name, &case);
        if bless {
            std::fs::write(&path, written(&case, &outcome)).expect("written");
        } else if outcome != case.expect {
            differing.push(format!("{}\n{}", path.display(), serde_json::to_string_pretty(&outcome).expect("JSON")));
        }
    }
    differing
}

#[test]
fn every_fixture_becomes_what_it_says() {
    let bless = std::env::var_os("WAYBILL_BLESS").is_some();
    let differing: Vec<String> = KINDS.iter().flat_map(|kind| differing(kind, bless)).collect();
    assert!(differing.is_empty(), "not as expected (WAYBILL_BLESS=1 writes them anew):\n{}", differing.join("\n"));
}
