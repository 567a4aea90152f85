//! `docs/write-back/`: what each filter makes of events, compared with calls that were checked against what the receiving systems want.
//! `WAYBILL_BLESS=1 cargo test --lib write_back` writes `tests/fixtures/write-back/` anew: read what has changed.
//!
//! The events are the samples, made richer by `tests/fixtures/write-back/events.jq`: several lines, tenders and actions of a topic.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde_json::{Value as Json, json};

use super::write_back::{Row, page, rows};
use crate::events::samples::samples;
use crate::facts::Moment;
use crate::sources::mapped::evaluated;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn parsed(text: &str) -> Json {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// The events of each topic.
fn events() -> BTreeMap<String, Vec<Json>> {
    let samples: BTreeMap<&str, Json> = samples().into_iter().map(|sample| (sample.topic.name(), sample.json)).collect();
    let richer = evaluated(&read("tests/fixtures/write-back/events.jq"), &json!(samples).to_string()).expect("events.jq gives events");
    serde_json::from_str(&richer.concat()).expect("lists of events by topic")
}

/// The filters of the page, with the connector's own table and the events.
struct Trial {
    own: Json,
    events: BTreeMap<String, Vec<Json>>,
}

impl Trial {
    fn new() -> Self {
        Self { own: parsed(&read("docs/write-back/own.json")), events: events() }
    }

    /// The calls that the row's filter makes of the event.
    fn calls(&self, row: &Row<'_>, event: &Json) -> Result<Vec<Json>, String> {
        let filter = read(&format!("docs/write-back/{}.jq", row.filter));
        let record = json!({"own": self.own, "event": event}).to_string();
        let given = evaluated(&format!("$record.own as $own | $record.event | (\n{filter}\n)"), &record)?;
        Ok(given.iter().map(|call| parsed(call)).collect())
    }

    /// The events of the row's topic: those that it is about, and the others.
    fn events(&self, row: &Row<'_>) -> (Vec<&Json>, Vec<&Json>) {
        self.events[row.topic].iter().partition(|event| is_about(row, event))
    }
}

fn is_about(row: &Row<'_>, event: &Json) -> bool {
    let (receivers, actions): (Vec<&str>, Vec<&str>) = row.of.iter().copied().partition(|word| ["erp", "shop"].contains(word));
    let is = |member: &str, words: &[&str]| words.is_empty() || words.iter().any(|word| event[member] == **word);
    is("receiver", &receivers) && is("action", &actions)
}

/// The calls that the filter makes of all events of its row, and what is wrong with them.
fn calls_of(trial: &Trial, row: &Row<'_>) -> (Vec<Json>, Vec<String>) {
    let (about, others) = trial.events(row);
    assert!(!about.is_empty(), "{}: events.jq has no event of {} {:?}", row.filter, row.topic, row.of);
    let (mut calls, mut wrong) = (Vec::new(), Vec::new());
    for event in about {
        match trial.calls(row, event) {
            Ok(made) if made.is_empty() => wrong.push(format!("{}: no call of {}", row.filter, event["id"])),
            Ok(made) => calls.extend(made),
            Err(error) => wrong.push(format!("{}: {error}, for {}", row.filter, event["id"])),
        }
    }
    for event in others.into_iter().filter(|event| trial.calls(row, event) != Ok(Vec::new())) {
        wrong.push(format!("{}: makes a call of {} {}", row.filter, event["receiver"], event["action"]));
    }
    let well_made = |call: &Json| call["call"].is_string() && !call["body"].is_null();
    wrong.extend(calls.iter().filter(|call| !well_made(call)).map(|call| format!("{}: no call with its body: {call}", row.filter)));
    (calls, wrong)
}

#[test]
fn every_filter_makes_the_calls_of_its_row() {
    let (page, trial) = (page(), Trial::new());
    let mut wrong = Vec::new();
    for row in rows(&page) {
        let (calls, not_right) = calls_of(&trial, &row);
        wrong.extend(not_right);
        let expected = root().join(format!("tests/fixtures/write-back/{}.json", row.filter));
        let text = serde_json::to_string_pretty(&calls).expect("JSON") + "\n";
        if std::env::var_os("WAYBILL_BLESS").is_some() {
            std::fs::write(expected, text).expect("written");
        } else if std::fs::read_to_string(&expected).unwrap_or_default() != text {
            wrong.push(format!("{} is not what the filter makes: {text}", expected.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Words that stand in the own table, or that a filter knows, and others that do too.
const OTHERS: [(&str, &str); 23] = [
    ("acme", "bold"),
    ("web", "outlet"),
    ("parcel", "express"),
    ("MAIN", "EAST"),
    ("GB-20", "GB-0"),
    ("GB", "IE"),
    ("GBP", "EUR"),
    ("EAST", "MAIN"),
    ("card", "gift-card"),
    ("gift-card", "card"),
    ("shipping", "handling"),
    ("wrapping", "tip"),
    ("payment_clearing", "customer_account"),
    ("customer_account", "gift_card_liability"),
    ("gift_card_liability", "payment_clearing"),
    ("partial", "whole"),
    ("damaged", "sellable"),
    ("sellable", "damaged"),
    ("DPD", "UPS"),
    ("despatched", "refund-made"),
    ("yes", "no"),
    ("account|magento|7", "account|magento|8"),
    ("too small", "changed my mind"),
];

/// Another value of the same kind.
fn other(value: &Json) -> Json {
    match value {
        Json::Bool(flag) => json!(!flag),
        Json::Number(number) => json!(number.as_i64().expect("a count") + 1),
        Json::Array(items) if items.is_empty() => json!(["another"]),
        Json::Array(items) => items.iter().map(other).collect(),
        Json::Object(members) => members.iter().map(|(name, value)| (name.clone(), other(value))).collect(),
        Json::Null => Json::Null,
        Json::String(text) => {
            let known = OTHERS.iter().find(|(one, _)| one == text);
            let is_day = text.len() == 10 && text.split('-').map(str::len).eq([4, 2, 2]);
            json!(match known {
                Some((_, other)) => (*other).to_owned(),
                None if is_day => "2026-05-17".to_owned(),
                None if Moment::parse_rfc3339(text).is_some() => "2026-05-17T08:09:10.000Z".to_owned(),
                None if text.parse::<f64>().is_ok() => format!("{}9", text.trim_end_matches(".00")),
                None => format!("{text}-9"),
            })
        }
    }
}

/// Puts another value wherever the path leads to.
fn change(body: &mut Json, path: &str) {
    let (name, rest) = path.split_once('.').map_or((path, None), |(name, rest)| (name, Some(rest)));
    let member = &mut body[name.trim_end_matches("[]")];
    match (rest, member) {
        (Some(rest), Json::Array(items)) => items.iter_mut().for_each(|item| change(item, rest)),
        (Some(rest), member) if member.is_object() => change(member, rest),
        (Some(_), _) => {}
        (None, member) => *member = other(member),
    }
}

#[test]
fn every_field_of_a_row_is_used_by_its_filter() {
    let (page, trial) = (page(), Trial::new());
    let mut wrong = Vec::new();
    for row in rows(&page) {
        let (about, _) = trial.events(&row);
        for path in &row.paths {
            let mut errors = Vec::new();
            let used = about.iter().any(|event| {
                let mut changed = (*event).clone();
                change(&mut changed, path);
                let calls = trial.calls(&row, &changed);
                errors.extend(calls.clone().err());
                calls.is_ok() && calls != trial.calls(&row, event)
            });
            if !used {
                wrong.push(format!("{}: with another `{path}` it makes the same calls {errors:?}", row.filter));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The paths of all members that hold something.
fn members(value: &Json, path: &str, found: &mut BTreeSet<String>) {
    match value {
        Json::Null => {}
        Json::Object(held) => {
            let dot = if path.is_empty() { "" } else { "." };
            held.iter().for_each(|(name, value)| members(value, &format!("{path}{dot}{name}"), found));
        }
        Json::Array(items) if items.is_empty() => {}
        Json::Array(items) if items[0].is_object() => items.iter().for_each(|item| members(item, &format!("{path}[]"), found)),
        _ => {
            found.insert(path.to_owned());
        }
    }
}

/// The page says where each field of a call stands: a member that it does not name for the call changes nothing. What an event is of (receiver,
/// action) decides whether there is a call.
#[test]
fn no_filter_uses_a_field_that_its_row_does_not_name() {
    let (page, trial) = (page(), Trial::new());
    let mut wrong = BTreeSet::new();
    for row in rows(&page) {
        for event in trial.events(&row).0 {
            let calls = trial.calls(&row, event);
            let mut paths = BTreeSet::new();
            members(event, "", &mut paths);
            let unnamed =
                paths.iter().filter(|path| !row.paths.contains(&path.as_str()) && !["receiver", "action"].contains(&path.as_str()));
            for path in unnamed {
                let mut changed = event.clone();
                change(&mut changed, path);
                if trial.calls(&row, &changed) != calls {
                    wrong.insert(format!("{} uses `{path}`", row.filter));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "docs/write-back.md does not say so: {wrong:#?}");
}

#[test]
fn every_filter_has_a_row_and_every_call_a_filter() {
    let page = page();
    let files = |folder: &str, ending: &str| -> BTreeSet<String> {
        let entries = std::fs::read_dir(root().join(folder)).expect("a folder").map(|entry| entry.expect("an entry").path());
        let named =
            |path: PathBuf| path.file_name().and_then(|name| name.to_str()).and_then(|name| name.strip_suffix(ending)).map(str::to_owned);
        entries.filter_map(named).collect()
    };
    let rows: Vec<String> = rows(&page).iter().map(|row| row.filter.to_owned()).collect();
    let named: BTreeSet<String> = rows.iter().cloned().collect();
    assert_eq!(rows.len(), named.len(), "a filter makes the calls of one row");
    assert_eq!(files("docs/write-back", ".jq"), named, "docs/write-back/ and docs/write-back.md name other filters");
    assert_eq!(files("tests/fixtures/write-back", ".json"), named, "tests/fixtures/write-back/ has calls of other filters");
}

/// What a word of the own table stands for has to be there: a call without it would be another one.
#[test]
fn a_word_that_the_own_table_lacks_is_named() {
    let (page, trial) = (page(), Trial::new());
    let rows = rows(&page);
    let row = rows.iter().find(|row| row.filter == "netsuite-sales-order").expect("a row");
    let mut event = trial.events(row).0[0].clone();
    event["brand"] = json!("unheard");
    let error = trial.calls(row, &event).expect_err("no subsidiary");
    assert!(error.contains("subsidiaries") && error.contains("unheard"), "{error}");
}
