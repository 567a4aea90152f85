//! Cases: records as the systems themselves write them, played through the real adapters, and what must stand in the answers and events then.
//!
//! A case is a folder `tests/fixtures/cases/<name>/`; `tests/fixtures/cases/README.md` says what stands in its four files. Expectations are worked
//! out by hand, never recorded from the program's output.
//!
//! Each case is played in several ways (`ways.rs`): as told; a record an epoch; and with the records of each step shuffled, since Kafka keeps the
//! order of a partition alone. `WAYBILL_CASE=name` plays those whose name holds it, and shows what the answers are.

mod expected;
mod play;
mod records;
mod ways;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use expected::Expected;
use waybill::config::{Config, Outside};
use waybill::sources::KINDS;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/cases")
}

/// The cases' names.
pub fn names() -> Vec<String> {
    let entries = fs::read_dir(folder()).expect("the cases' folder").flatten();
    let mut names: Vec<String> =
        entries.filter(|entry| entry.path().is_dir()).map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// Cases that come out wrong today.
pub fn pending() -> BTreeMap<String, String> {
    let text = fs::read_to_string(folder().join("pending.toml")).unwrap_or_default();
    toml::from_str(&text).expect("pending.toml: name = \"what is found instead\"")
}

/// The configuration as a user would write it; the places that a player on a real Kafka fills in need no broker here.
fn config(text: &str) -> Result<Config, String> {
    let text = text.replace("{P}", "").replace("{BOOT}", "in-memory:0").replace("{PORT}", "0");
    let secret = |name: &str| (name == "WAYBILL_EMAIL_SECRET").then(|| "people of cases are made up".to_owned());
    let outside = Outside { directory: Path::new("."), variable: &secret };
    Config::read("waybill.toml", &text, outside, KINDS).map_err(|problems| problems.to_string())
}

/// What is wrong with one case; `None`: nothing.
fn judge(name: &str, alone: bool) -> Option<String> {
    let read = |file: &str| fs::read_to_string(folder().join(name).join(file)).map_err(|error| format!("{file}: {error}"));
    let played = || -> Result<Vec<String>, String> {
        let about = read("README.md")?;
        if !about.starts_with("# ") {
            return Err("README.md: begins with a heading, which says what happens".to_owned());
        }
        let config = config(&read("waybill.toml")?)?;
        let steps = records::steps(&read("records.jsonl")?)?;
        let expected: Expected = serde_json::from_str(&read("expected.json")?).map_err(|error| format!("expected.json: {error}"))?;
        let mut wrong = Vec::new();
        for (way, epochs) in ways::ways(&steps, expected.order_matters.is_some()) {
            let outcome = play::play(&config, &epochs, &expected).map_err(|error| format!("{way}: {error}"))?;
            let differing = expected.differing(&outcome);
            if !differing.is_empty() {
                wrong.push(format!("{way}:\n    {}", differing.join("\n    ")));
                if alone {
                    wrong.push(outcome.shown());
                }
                break;
            }
        }
        Ok(wrong)
    };
    match played() {
        Ok(wrong) if wrong.is_empty() => None,
        Ok(wrong) => Some(format!("== {name}, {}", wrong.join("\n"))),
        Err(error) => Some(format!("== {name}: {error}")),
    }
}

#[test]
fn every_case_comes_out_as_a_person_would_expect() {
    let only = std::env::var("WAYBILL_CASE").ok();
    let names = names();
    let chosen: Vec<&String> = names.iter().filter(|name| only.as_ref().is_none_or(|only| name.contains(only.as_str()))).collect();
    let pending = pending();
    let strangers = pending.keys().filter(|name| !names.contains(name));
    let mut wrong: Vec<String> = strangers.map(|name| format!("== {name}: stands in pending.toml, and there is no such case")).collect();
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let judged = |part: usize| -> Vec<String> {
        let own = chosen.iter().skip(part).step_by(threads);
        let found = own.filter_map(|name| match (judge(name, only.is_some()), pending.get(*name)) {
            (Some(found), pending) if pending.is_none() || only.is_some() => Some(found),
            (None, Some(_)) => Some(format!("== {name}: comes out right now; take it off pending.toml")),
            _ => None,
        });
        found.collect()
    };
    std::thread::scope(|scope| {
        let parts: Vec<_> = (0..threads).map(|part| scope.spawn(move || judged(part))).collect();
        parts.into_iter().for_each(|part| wrong.extend(part.join().expect("a thread of cases")));
    });
    wrong.sort();
    assert!(wrong.is_empty(), "\n{}\n\n{} of {} cases are wrong", wrong.join("\n\n"), wrong.len(), chosen.len());
}
