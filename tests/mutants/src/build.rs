//! Compiles the copy. A mutant at which the compiler complains is dropped, and the next of the draw takes its place.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::copy::{Copy, Places};
use crate::scope::Site;

/// What tests are compiled with: the pure rooms, without the Kafka client.
const ARGUMENTS: [&str; 10] =
    ["cargo", "test", "--no-run", "--no-default-features", "--lib", "--test", "suite", "--test", "model", "--message-format=json"];

/// More than are asked for are compiled at once, since some will not.
const SPARE_SHARE: f64 = 0.4;

pub struct Built {
    /// By their number, which is their place in the draw.
    pub mutants: BTreeMap<u32, Site>,
    pub binaries: BTreeMap<String, PathBuf>,
}

pub fn build(copy: &Copy, order: &[Site], wanted: usize) -> Result<Built, String> {
    let numbered: Vec<(u32, &Site)> = (1..).zip(order).collect();
    let known = copy.root.join("do-not-compile.txt");
    let names: Vec<String> = order.iter().map(|site| name(copy, site)).collect();
    let mut bad = remembered(&known, &names);
    let mut pool = wanted + (wanted as f64 * SPARE_SHARE) as usize;
    loop {
        let mutants: Vec<(u32, &Site)> = numbered.iter().take(pool).filter(|(number, _)| !bad.contains(number)).copied().collect();
        if mutants.len() < wanted {
            if pool >= numbered.len() {
                return Err(format!("only {} mutants can be had", mutants.len()));
            }
            pool += wanted - mutants.len() + 10;
            continue;
        }
        println!("compiling {} mutants", mutants.len());
        let places = copy.write(&mutants)?;
        match compile(copy, &places)? {
            Outcome::Binaries(binaries) => {
                let mutants: BTreeMap<_, _> = mutants.into_iter().take(wanted).map(|(number, site)| (number, site.clone())).collect();
                let last = mutants.keys().next_back().copied().unwrap_or_default();
                println!("{} of the first {last} do not compile", last as usize - mutants.len());
                return Ok(Built { mutants, binaries });
            }
            Outcome::Bad(found) => {
                let mut text = std::fs::read_to_string(&known).unwrap_or_default();
                found.iter().for_each(|number| text.push_str(&format!("{}\n", names[*number as usize - 1])));
                std::fs::write(&known, text).map_err(|error| format!("{}: {error}", known.display()))?;
                bad.extend(found);
            }
        }
    }
}

/// A mutant of this very state of its file.
fn name(copy: &Copy, site: &Site) -> String {
    let content = std::fs::read(copy.original.join(&site.file)).unwrap_or_default();
    format!("{:016x} {} {} {}", xxhash_rust::xxh3::xxh3_64(&content), site.range.start, site.range.end, site.what)
}

/// Those that did not compile in an earlier run: found again, they would cost a whole compilation.
fn remembered(known: &Path, names: &[String]) -> BTreeSet<u32> {
    let text = std::fs::read_to_string(known).unwrap_or_default();
    let lines: BTreeSet<&str> = text.lines().collect();
    (1..).zip(names).filter(|(_, name)| lines.contains(name.as_str())).map(|(number, _)| number).collect()
}

enum Outcome {
    Binaries(BTreeMap<String, PathBuf>),
    Bad(BTreeSet<u32>),
}

fn compile(copy: &Copy, places: &Places) -> Result<Outcome, String> {
    let log = copy.logs.join("build.log");
    let errors = std::fs::File::create(&log).map_err(|error| format!("{}: {error}", log.display()))?;
    let output = Command::new("nice")
        .args(["-n", "10"])
        .args(ARGUMENTS)
        .current_dir(&copy.tree)
        .env("CARGO_TARGET_DIR", &copy.target)
        .stderr(errors)
        .stdout(Stdio::piped())
        .output()
        .map_err(|error| format!("cargo: {error}"))?;
    let lines = String::from_utf8_lossy(&output.stdout);
    let messages: Vec<Value> = lines.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    if output.status.success() {
        let made = messages.iter().filter(|message| message["reason"] == "compiler-artifact" && message["profile"]["test"] == true);
        let named =
            made.filter_map(|message| Some((message["target"]["name"].as_str()?.to_owned(), message["executable"].as_str()?.into())));
        return Ok(Outcome::Binaries(named.collect()));
    }
    let mut bad = BTreeSet::new();
    for message in messages.iter().map(|message| &message["message"]).filter(|message| message["level"] == "error") {
        bad.extend(blamed(message, places));
    }
    if bad.is_empty() {
        return Err(format!("the copy does not compile, and no mutant is to blame: see {}", log.display()));
    }
    Ok(Outcome::Bad(bad))
}

/// The mutant that an error is about: the innermost around what the compiler points at, else around what it names beside, else the nearest in the file.
fn blamed(message: &Value, places: &Places) -> Option<u32> {
    let mut spans = Vec::new();
    spans_of(message, &mut spans);
    spans.sort_by_key(|span| span["is_primary"] != true);
    let stretch = |span: &Value| {
        let end = |name: &str| usize::try_from(span[name].as_u64()?).ok();
        Some((span["file_name"].as_str()?.to_owned(), end("byte_start")?..end("byte_end")?))
    };
    let stretches: Vec<(String, Range<usize>)> = spans.into_iter().filter_map(stretch).collect();
    let around = |(file, at): &(String, Range<usize>)| {
        let own = places.get(file)?.iter();
        let around = own.filter(|(_, place)| place.start <= at.start && at.end <= place.end);
        around.min_by_key(|(_, place)| place.len()).map(|(number, _)| *number)
    };
    let nearest = |(file, at): &(String, Range<usize>)| {
        let distance = |place: &Range<usize>| place.start.saturating_sub(at.end).max(at.start.saturating_sub(place.end));
        places.get(file)?.iter().min_by_key(|(_, place)| (distance(place), place.len())).map(|(number, _)| *number)
    };
    stretches.iter().find_map(around).or_else(|| stretches.iter().find_map(nearest))
}

fn spans_of<'v>(message: &'v Value, found: &mut Vec<&'v Value>) {
    for span in message["spans"].as_array().into_iter().flatten() {
        found.push(span);
        let mut inner = &span["expansion"]["span"];
        while inner.is_object() {
            found.push(inner);
            inner = &inner["expansion"]["span"];
        }
    }
    for child in message["children"].as_array().into_iter().flatten() {
        spans_of(child, found);
    }
}
