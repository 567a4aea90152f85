//! Scenarios: stories of orders, goods, parcels and stock that a person of the trade can read, each with what that person would expect and why.
//!
//! A scenario is a file `tests/fixtures/scenarios/<theme>/<name>.toml`:
//!
//! | key | holds |
//! | --- | --- |
//! | `title` | what happens, in a sentence |
//! | `expects`, `because` | what a person would expect, and the rule behind it |
//! | `rules` | ids of `tests/fixtures/rules.toml` |
//! | `retailer` | what this retailer has otherwise than `retailer.toml` |
//! | `story` | what the systems say, line by line (`language.rs`, `rows*.rs`) |
//! | `then` | what is expected at the end (`expectation.rs`) |
//! | `meanwhile` | the same at moments on the way: `at`, `then` |
//! | `order_matters` | why it is not played in other orders (`replay.rs`) |
//!
//! Expectations are worked out by hand from the specification, never recorded from the program's output.
//!
//! `pending.toml` names the scenarios that fail today, each with what is found instead: they must fail, so that the list shrinks.
//! `WAYBILL_SCENARIO=name` plays those whose name holds it, pending ones too, and shows what is found.

mod clause;
mod expectation;
pub mod language;
mod replay;
pub mod retailer;
pub mod rows;
mod rows_books;
mod rows_people;
mod rows_stock;
mod rows_systems;
pub mod run;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use expectation::{Expected, compare, expectations};
use language::{Clock, Cursor};
use waybill::facts::Moment;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    title: String,
    expects: String,
    because: String,
    pub rules: Vec<String>,
    #[serde(default)]
    retailer: toml::Table,
    story: String,
    #[serde(default)]
    meanwhile: Vec<Meanwhile>,
    then: String,
    #[serde(default)]
    order_matters: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Meanwhile {
    at: String,
    then: String,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/scenarios")
}

/// Every scenario file, by its name: `<theme>/<name>`.
pub fn all() -> BTreeMap<String, Result<Scenario, String>> {
    let mut found = BTreeMap::new();
    for theme in fs::read_dir(folder()).expect("the scenarios' folder").flatten().filter(|entry| entry.path().is_dir()) {
        for file in fs::read_dir(theme.path()).into_iter().flatten().flatten() {
            let path = file.path();
            let name = format!("{}/{}", theme.file_name().to_string_lossy(), path.file_stem().unwrap_or_default().to_string_lossy());
            let text = fs::read_to_string(&path).unwrap_or_default();
            found.insert(name, toml::from_str(&text).map_err(|error| format!("{error}")));
        }
    }
    found
}

/// What became of a scenario: nothing, or why it fails.
fn play(scenario: &Scenario) -> Result<(), String> {
    let usual = fs::read_to_string(folder().join("retailer.toml")).map_err(|error| error.to_string())?;
    let config = retailer::config(&usual, &scenario.retailer)?;
    let lines = language::story(&scenario.story).map_err(|wrong| format!("story, {wrong}"))?;
    let records = run::records(&lines, &config).map_err(|wrong| format!("story, {wrong}"))?;
    let block = |text: &str| expectations(text).map_err(|wrong| format!("then, {wrong}"));
    let end = block(&scenario.then)?;
    let looks: Vec<(Moment, Vec<Expected>)> = scenario
        .meanwhile
        .iter()
        .map(|look| {
            let mut words = Cursor::new(&look.at, 0);
            Ok((words.moment(&Clock::of(language::DAY_ONE))?, block(&look.then)?))
        })
        .collect::<Result<_, String>>()?;
    let moments: Vec<Moment> = looks.iter().map(|(at, _)| *at).collect();
    if !moments.is_sorted() {
        return Err("meanwhile: the looks are not in the order of their time".to_owned());
    }
    let (seen, outcome) = run::play_with_looks(&config, &records, &moments)?;
    let mut wrong = String::new();
    let blocks = looks.iter().map(|(at, block)| (format!("at {at}"), block)).chain([("at the end".to_owned(), &end)]);
    for ((when, block), outcome) in blocks.zip(seen.iter().chain([&outcome])) {
        let verdicts = compare(block, outcome);
        if verdicts.iter().any(|verdict| !verdict.is_good()) {
            let shown: Vec<String> = verdicts.iter().map(|verdict| verdict.show()).collect();
            wrong.push_str(&format!("\n{when} (- expected, + found):\n{}\n", shown.join("\n")));
        }
    }
    if outcome.dead_letters > 0 {
        wrong.push_str("\nrecords could not be read\n");
    }
    if wrong.is_empty() {
        for sentence in
            replay::sound(&outcome).into_iter().chain(replay::differences(&config, &records, &outcome, scenario.order_matters.is_some())?)
        {
            wrong.push_str(&format!("\n{sentence}\n"));
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong) }
}

fn told(name: &str, scenario: &Scenario, wrong: &str) -> String {
    let story: Vec<String> = scenario.story.trim().lines().map(|line| format!("    {line}")).collect();
    format!("== {name}: {}\n   {}\n   {}\n{}\n{wrong}", scenario.title, scenario.expects, scenario.because, story.join("\n"))
}

pub fn pending() -> BTreeMap<String, String> {
    let text = fs::read_to_string(folder().join("pending.toml")).unwrap_or_default();
    toml::from_str(&text).expect("pending.toml: name = \"what is found instead\"")
}

/// What is wrong with one scenario, seen with what is known to fail.
fn judge(name: &str, scenario: &Result<Scenario, String>, pending: Option<&String>, alone: bool) -> Option<String> {
    let scenario = match scenario {
        Ok(scenario) => scenario,
        Err(error) => return Some(format!("== {name}: {error}")),
    };
    match (play(scenario), pending) {
        (Err(found), None) => Some(told(name, scenario, &found)),
        (Err(found), Some(_)) if alone => Some(told(name, scenario, &found)),
        (Ok(()), Some(_)) => Some(format!("== {name}: comes out right now; take it off pending.toml")),
        _ => None,
    }
}

#[test]
fn every_scenario_comes_out_as_a_person_would_expect() {
    let only = std::env::var("WAYBILL_SCENARIO").ok();
    let pending = pending();
    let scenarios = all();
    let strangers = pending.keys().filter(|name| !scenarios.contains_key(*name));
    let mut wrong: Vec<String> =
        strangers.map(|name| format!("== {name}: stands in pending.toml, and there is no such scenario")).collect();
    let chosen: Vec<_> = scenarios.iter().filter(|(name, _)| only.as_ref().is_none_or(|only| name.contains(only.as_str()))).collect();
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let judged = |part: usize| {
        let own = chosen.iter().skip(part).step_by(threads);
        own.filter_map(|(name, scenario)| judge(name, scenario, pending.get(*name), only.is_some())).collect::<Vec<_>>()
    };
    std::thread::scope(|scope| {
        let parts: Vec<_> = (0..threads)
            .map(|part| {
                scope.spawn({
                    let judged = &judged;
                    move || judged(part)
                })
            })
            .collect();
        parts.into_iter().for_each(|part| wrong.extend(part.join().expect("a thread of scenarios")));
    });
    wrong.sort();
    assert!(wrong.is_empty(), "\n{}\n\n{} of {} scenarios are wrong", wrong.join("\n\n"), wrong.len(), chosen.len());
}
