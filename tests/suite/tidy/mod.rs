//! The rules of the house that a machine can hold. Each failure says what to do instead.

mod imports;
mod lexer;
mod names;
mod stages;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// A file beyond this has met two concepts.
const LINES_MAX: usize = 620;
const LOOP_LINES_MAX: usize = 150;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn sources(folder: &str) -> Vec<(PathBuf, String)> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        let Ok(entries) = fs::read_dir(folder) else { return };
        for entry in entries.flatten() {
            let path = entry.path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                found.push(path);
            }
        }
    }
    let mut paths = Vec::new();
    walk(&root().join(folder), &mut paths);
    paths.sort();
    assert!(!paths.is_empty(), "no sources under {folder}");
    paths
        .into_iter()
        .map(|path| {
            let text = fs::read_to_string(&path).expect("a source file is text");
            (path.strip_prefix(root()).expect("below the root").to_path_buf(), text)
        })
        .collect()
}

/// Lines of code, without comments and without the tests at the end of the file.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let tests = text.find("#[cfg(test)]\nmod tests").unwrap_or(text.len());
    text[..tests].lines().enumerate().map(|(i, line)| (i + 1, line)).filter(|(_, line)| !line.trim_start().starts_with("//"))
}

/// Files of tests alone may name and read what they test with.
fn is_test(path: &Path) -> bool {
    path.components()
        .any(|part| matches!(part.as_os_str().to_str(), Some("tests" | "tests.rs" | "testing.rs" | "fixtures.rs" | "trial.rs")))
}

fn refuse(folders: &[&str], words: &[&str], but: &[&str], instead: &str) {
    let mut found = Vec::new();
    for folder in folders {
        for (path, text) in sources(folder) {
            if but.iter().any(|allowed| path.starts_with(allowed)) || is_test(&path) {
                continue;
            }
            for (line, content) in code(&text) {
                if let Some(word) = words.iter().find(|word| content.contains(**word)) {
                    found.push(format!("{}:{line}: `{word}`", path.display()));
                }
            }
        }
    }
    assert!(found.is_empty(), "{instead}\n{}", found.join("\n"));
}

const PURE: [&str; 5] = ["src/envelope", "src/sources", "src/facts", "src/entities", "src/events"];

#[test]
fn only_the_edge_names_the_client_and_the_server() {
    refuse(&["src"], &["rdkafka"], &["src/kafka"], "rdkafka is named in src/kafka alone: ask for what you need through engine::Log");
    refuse(&["src"], &["axum"], &["src/http"], "axum is named in src/http alone: answer through http::Views");
}

#[test]
fn pure_rooms_read_no_clock_and_do_no_io() {
    refuse(
        &PURE,
        &["SystemTime", "Instant::now", "Timestamp::now", "async fn", "tokio::", "std::fs", "std::net", "println!", "tracing::"],
        &[],
        "pure rooms take time as a tick, do no I/O, and neither log nor count: let the engine report it",
    );
}

/// Of the engine only the loop waits and reads a clock, to measure; its log waits too. An epoch is a function of state, records and tick.
#[test]
fn only_the_engines_loop_waits_and_reads_a_clock() {
    let instead = "an epoch is computed without a clock, waiting or I/O: take time as the tick, and let run.rs wait and measure";
    let mut waits =
        vec!["src/engine/run.rs", "src/engine/restore.rs", "src/engine/log.rs", "src/engine/memory/log.rs", "src/engine/snapshot.rs"];
    // One epoch, outside of the loop: it waits for its commit.
    waits.push("src/engine/set_back.rs");
    refuse(&["src/engine"], &["async fn", ".await", "tokio::"], &waits, instead);
    refuse(&["src/engine"], &["Instant::now"], &["src/engine/run.rs"], instead);
    refuse(&["src/engine"], &["SystemTime", "Timestamp::now", "std::fs", "std::net", "println!"], &[], instead);
}

#[test]
fn only_telemetry_writes_log_lines() {
    refuse(
        &["src"],
        &["tracing::"],
        &["src/telemetry/mod.rs", "src/telemetry/say.rs"],
        "a line that an operator reads stands in telemetry::say: add it there and call it",
    );
}

#[test]
fn imports_follow_the_way_of_the_data() {
    let order = ["facts", "envelope", "sources", "entities", "events", "engine"];
    // `facts` is the waist: it stands first, since both sides speak its language.
    for (place, room) in order.iter().enumerate() {
        let later: Vec<String> = order[place + 1..].iter().map(|later| format!("crate::{later}")).collect();
        let mut words: Vec<&str> = later.iter().map(String::as_str).collect();
        words.extend(["crate::kafka", "crate::http", "crate::config", "crate::cli", "crate::retailer", "crate::telemetry"]);
        let testing = ["src/entities/order/testing.rs", "src/entities/order/tests.rs", "src/sources/fixtures.rs", "src/sources/trial.rs"];
        refuse(
            &[&format!("src/{room}")],
            &words,
            &testing,
            "imports go the way of the data and never back: move what both need towards `facts`",
        );
    }
}

#[test]
fn only_sources_and_edges_name_a_system() {
    refuse(
        &["src/entities", "src/events", "src/engine", "src/facts"],
        &["\"magento\"", "\"nav\"", "\"peoplevox\"", "\"shopify\"", "\"netsuite\"", "\"seko\"", "\"emarsys\""],
        &[],
        "after the waist no code knows a system: give the source a role or a rule in the configuration",
    );
}

#[test]
fn no_file_has_met_two_concepts() {
    let mut found = Vec::new();
    for (path, text) in sources("src").into_iter().chain(sources("tests")) {
        let lines = text.lines().count();
        if lines > LINES_MAX {
            found.push(format!("{}: {lines} lines", path.display()));
        }
    }
    assert!(found.is_empty(), "split these by concept (about 600 lines at most):\n{}", found.join("\n"));
    let engine_loop = fs::read_to_string(root().join("src/engine/run.rs")).expect("the loop");
    assert!(engine_loop.lines().count() <= LOOP_LINES_MAX, "the loop fits on a screen: move what grew into the core or the log");
}

#[test]
fn nothing_is_left_lying_about() {
    let words = ["dbg!(", "todo!(", "unimplemented!(", "TODO", "FIXME"];
    let mut found = Vec::new();
    for (path, text) in sources("src") {
        for (number, line) in text.lines().enumerate() {
            if let Some(word) = words.iter().find(|word| line.contains(**word)) {
                found.push(format!("{}:{}: {word}", path.display(), number + 1));
            }
        }
    }
    assert!(found.is_empty(), "finish it, or open an issue and leave no mark:\n{}", found.join("\n"));
}

#[test]
fn every_kind_of_source_has_fixtures() {
    for kind in waybill::sources::KINDS {
        let folder = root().join("tests/fixtures/sources").join(kind.fixtures);
        let count = fs::read_dir(&folder).map(Iterator::count).unwrap_or_default();
        assert!(count > 0, "{} has no fixtures: put records and what they become into {}", kind.name, folder.display());
    }
}

#[test]
fn every_derived_topic_has_a_schema() {
    for topic in waybill::events::Topic::ALL {
        let found = fs::read_dir(root().join("schemas")).into_iter().flatten().flatten().any(|entry| {
            entry.file_name().to_string_lossy().trim_end_matches(".avsc").trim_end_matches('s') == topic.name().trim_end_matches('s')
                || entry.file_name().to_string_lossy().contains(topic.name())
        });
        assert!(found, "{} has no schema under schemas/", topic.name());
    }
}

/// `src` without its tests.
fn product() -> Vec<(PathBuf, String)> {
    let files: Vec<(PathBuf, String)> = sources("src").into_iter().filter(|(path, _)| !is_test(path)).collect();
    let kept = imports::Crate::read(&files).files();
    files.into_iter().filter(|(path, _)| kept.contains(path)).collect()
}

#[test]
fn no_files_import_each_other_in_a_circle() {
    let arrows = imports::Crate::read(&product()).arrows();
    let circles: Vec<String> = imports::circles(&arrows).iter().map(|circle| imports::shown(circle, &arrows)).collect();
    assert!(
        circles.is_empty(),
        "move what both need to a file below them (a trait out of its mod.rs, a constant, a type):\n{}",
        circles.join("\n")
    );
}

#[test]
fn a_public_type_name_stands_once() {
    let mut places: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (path, text) in product().iter().filter(|(path, _)| !path.starts_with("src/retailer")) {
        for name in names::public_types(text) {
            places.entry(name).or_default().insert(path.display().to_string());
        }
    }
    let twice: Vec<String> =
        places.iter().filter(|(_, places)| places.len() > 1).map(|(name, places)| format!("{name}: {places:?}")).collect();
    assert!(twice.is_empty(), "one name, one meaning: find a more precise one for all but one of these\n{}", twice.join("\n"));
}

/// Rooms whose texts are ours. `sources` and `envelope` speak other systems' languages, `kafka`, `cli` and the retailer name no quantity.
const OUR_WORDS: [&str; 6] = ["src/facts", "src/entities", "src/events", "src/engine", "src/config", "src/http"];
/// Examples name lines by letters, and units of durations are letters.
const LETTERS_ARE_FINE: [(&str, &[&str]); 3] =
    [("src/events/samples.rs", &["A", "B"]), ("src/config/values.rs", UNITS), ("src/facts/time.rs", UNITS)];
const UNITS: &[&str] = &["s", "m", "h", "d"];

#[test]
fn no_single_letter_names_a_quantity() {
    let mut found: Vec<(PathBuf, String)> = Vec::new();
    for (path, text) in product() {
        let mut letters = names::letters_as_names(&text);
        if OUR_WORDS.iter().any(|room| path.starts_with(room)) {
            letters.extend(names::letters_in_texts(&text));
            letters.extend(names::letters_in_comments(&text));
        }
        let fine = LETTERS_ARE_FINE.iter().find(|(file, _)| path == Path::new(file)).map_or(&[][..], |(_, letters)| letters);
        letters.retain(|letter| !fine.iter().any(|fine| *letter == format!("`{fine}` in \"{fine}\"")));
        found.extend(letters.into_iter().map(|letter| (path.clone(), letter)));
    }
    let schemas = fs::read_dir(root().join("schemas")).into_iter().flatten().flatten().map(|entry| entry.path());
    for path in schemas.chain([root().join("src/config/init.toml")]) {
        let text = fs::read_to_string(&path).expect("a text");
        // Of JSON each text by itself: a name of one letter is one, too.
        let is_json = path.extension().is_some_and(|ending| ending == "avsc");
        let texts = text.lines().flat_map(|line| if is_json { line.split('"').skip(1).step_by(2).collect() } else { vec![line] });
        let file = path.strip_prefix(root()).expect("below the root");
        found.extend(texts.flat_map(names::letters_of).map(|letter| (file.to_path_buf(), letter)));
    }
    let found: Vec<String> = found.iter().map(|(file, letter)| format!("{}: {letter}", file.display())).collect();
    assert!(found.is_empty(), "a quantity is named by a word (ordered, despatched, kept ...):\n{}", found.join("\n"));
}

#[test]
fn what_mutants_change_is_there() {
    let scope = fs::read_to_string(root().join("tests/mutants/src/scope.rs")).expect("the scope of the mutants");
    let gone: Vec<&str> =
        scope.split('"').skip(1).step_by(2).filter(|text| text.starts_with("src/") && !root().join(text).exists()).collect();
    assert!(gone.is_empty(), "name what took their place in tests/mutants/src/scope.rs: {gone:?}");
}
