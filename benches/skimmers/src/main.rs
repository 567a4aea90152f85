//! Is `src/envelope/members.rs` worth its lines? It steps through the members of an object and hands on the JSON text of each value. Here it does so
//! on the records of `tests/fixtures/sources`, beside three libraries that can do the same:
//!
//!     cargo run --release --manifest-path benches/skimmers/Cargo.toml
//!
//! All take turns in one process, so that a busy machine slows all of them alike. Of each the fastest turn is shown, and how many times as long as
//! ours it takes. Each record's value is stepped through, and every object that stands in it as a member (`before`, `after`, `source`).

#[path = "../../../src/envelope/members.rs"]
mod members;

use std::fs;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::de::{Deserializer as _, MapAccess, Visitor};
use serde_json::value::RawValue;

/// A library, its fastest turn, and how it reads a record.
type Way = (&'static str, Duration, Box<dyn FnMut(&str) -> Found>);

/// How often each record is read in a turn.
const TIMES: usize = 40;
/// Turns of each.
const TURNS: usize = 400;

/// Bytes of names and of values' texts: what is found, so that all can be seen to find the same.
type Found = (usize, usize);

fn ours(json: &str) -> Found {
    let mut found = (0, 0);
    let _ = members::members(json, |name, value| {
        let inner = if value.starts_with('{') { ours(value) } else { (0, 0) };
        found = (found.0 + name.len() + inner.0, found.1 + value.len() + inner.1);
        true
    });
    found
}

fn sonic(json: &str) -> Found {
    let mut found = (0, 0);
    for member in sonic_rs::to_object_iter(json) {
        let (name, value) = member.expect("a member");
        let value = value.as_raw_str();
        let inner = if value.starts_with('{') { sonic(value) } else { (0, 0) };
        found = (found.0 + name.len() + inner.0, found.1 + value.len() + inner.1);
    }
    found
}

fn serde(json: &str) -> Found {
    struct Members;
    impl<'de> Visitor<'de> for Members {
        type Value = Found;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Found, A::Error> {
            let mut found = (0, 0);
            while let Some((name, value)) = map.next_entry::<&str, &RawValue>()? {
                let value = value.get();
                let inner = if value.starts_with('{') { serde(value) } else { (0, 0) };
                found = (found.0 + name.len() + inner.0, found.1 + value.len() + inner.1);
            }
            Ok(found)
        }
    }
    serde_json::Deserializer::from_str(json).deserialize_map(Members).expect("an object")
}

/// It parses the whole record at once, in a copy of it; the texts of values are gone then, so only names are compared.
fn simd(json: &str, copy: &mut Vec<u8>) -> Found {
    fn names(value: &simd_json::tape::Value<'_, '_>) -> usize {
        let Some(object) = value.as_object() else { return 0 };
        object.iter().map(|(name, value)| name.len() + names(&value)).sum()
    }
    copy.clear();
    copy.extend_from_slice(json.as_bytes());
    let tape = simd_json::to_tape(copy).expect("an object");
    (names(&tape.as_value()), 0)
}

/// The values of all fixtures that are objects, written as tightly as connectors write them.
fn values() -> Vec<String> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() { walk(&path, found) } else { found.push(path) }
        }
    }
    let mut paths = Vec::new();
    walk(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/sources"), &mut paths);
    paths.sort();
    let fixtures = paths.iter().filter(|path| path.extension().is_some_and(|extension| extension == "json"));
    let value = |path: &PathBuf| -> Option<String> {
        let fixture: serde_json::Value = serde_json::from_slice(&fs::read(path).expect("a file")).expect("JSON");
        fixture.get("value").filter(|value| value.is_object()).map(ToString::to_string)
    };
    fixtures.filter_map(value).collect()
}

fn main() {
    let values = values();
    let bytes: usize = values.iter().map(|json| json.len()).sum();
    println!("{} records of {} bytes on average", values.len(), bytes / values.len());

    for json in &values {
        assert_eq!((ours(json), ours(json)), (sonic(json), serde(json)), "{json}");
        assert_eq!(ours(json).0, simd(json, &mut Vec::new()).0, "{json}");
    }

    let mut copy = Vec::new();
    let mut ways: [Way; 4] = [
        ("ours", Duration::MAX, Box::new(ours)),
        ("sonic-rs", Duration::MAX, Box::new(sonic)),
        ("simd-json", Duration::MAX, Box::new(move |json| simd(json, &mut copy))),
        ("serde_json", Duration::MAX, Box::new(serde)),
    ];
    for _ in 0..TURNS {
        for (_, best, way) in &mut ways {
            let began = Instant::now();
            for json in values.iter().cycle().take(TIMES * values.len()) {
                black_box(way(black_box(json)));
            }
            *best = (*best).min(began.elapsed());
        }
    }
    let own = ways[0].1;
    for (name, best, _) in &ways {
        let each = best.as_nanos() / (TIMES * values.len()) as u128;
        println!("{name:>10}  {each:>5} ns a record  {:>4.2} times ours", best.as_secs_f64() / own.as_secs_f64());
    }
}
