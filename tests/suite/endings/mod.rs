//! Random endings of orders, judged by *the shopkeeper*: what was paid, less the worth of what is kept, less fees, with gifts; from what truly
//! happened, by somebody who has not read the program's formulas.
//!
//! | file | what it is |
//! | --- | --- |
//! | `truth` | what happens to an order, and when its rows arrive |
//! | `draw`, `changes` | an ending from a seed |
//! | `shopkeeper` | what is due, what is asked for, what the books say; `told`: what a person must be told |
//! | `story` | the same as its systems write it, in the language of the scenarios |
//! | `play`, `compare` | a thousand orders in one engine; what it made of each |
//!
//! ```text
//! cargo test --test suite endings                                              1,500 endings
//! .ci/run endings                                                              200,000 (ENDINGS_COUNT: others)
//! ENDINGS_ONLY=4711 cargo test --test suite endings -- --nocapture             this one, with its story and all that was found
//! ENDINGS_SEED=9 ENDINGS_COUNT=500 cargo test --test suite endings             others
//! ENDINGS_SURVEY=1 cargo test --test suite endings -- --nocapture              what differs by kind, how often, and the shortest story of each
//! ```

#[path = "../../model/chance.rs"]
mod chance;
mod changes;
mod compare;
mod draw;
mod play;
mod shopkeeper;
mod story;
mod truth;

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};

use truth::{Ending, House};

/// Orders in one engine.
const BATCH: usize = 1_000;

/// A longer run says how far it is.
const SHORT_RUN: u64 = 5_000;

/// An ending that went otherwise than the shopkeeper says.
struct Wrong {
    ending: Ending,
    differences: Vec<String>,
}

fn variable(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|text| text.parse().ok())
}

/// The endings of these seeds that go wrong.
fn wrong(seeds: std::ops::Range<u64>) -> Vec<Wrong> {
    let mut found = Vec::new();
    for house in House::ALL {
        let endings: Vec<Ending> = seeds.clone().map(draw::ending).filter(|ending| ending.house == house).collect();
        if endings.is_empty() {
            continue;
        }
        let made = play::play(house, &endings);
        for (ending, made) in endings.into_iter().zip(made) {
            let differences = compare::differences(&ending, &made);
            if !differences.is_empty() {
                found.push(Wrong { ending, differences });
            }
        }
    }
    found
}

fn run(first: u64, count: u64) {
    let (first, count) = (variable("ENDINGS_SEED").unwrap_or(first), variable("ENDINGS_COUNT").unwrap_or(count));
    let (first, count) = variable("ENDINGS_ONLY").map_or((first, count), |seed| (seed, 1));
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let batches: Vec<u64> = (first..first + count).step_by(BATCH).collect();
    let played = AtomicU64::new(0);
    let batch = |from: u64| {
        let found = wrong(from..(from + BATCH as u64).min(first + count));
        let so_far = played.fetch_add(BATCH as u64, Ordering::Relaxed) + BATCH as u64;
        if count > SHORT_RUN {
            let seeds: Vec<u64> = found.iter().map(|wrong| wrong.ending.seed).collect();
            println!("{so_far} of {count}; wrong of the last {BATCH}: {seeds:?}");
        }
        found
    };
    let mut found: Vec<Wrong> = std::thread::scope(|scope| {
        let (batch, batches) = (&batch, &batches);
        let parts: Vec<_> = (0..threads)
            .map(|part| scope.spawn(move || batches.iter().skip(part).step_by(threads).flat_map(|from| batch(*from)).collect::<Vec<_>>()))
            .collect();
        parts.into_iter().flat_map(|part| part.join().expect("a thread of endings")).collect()
    });
    found.sort_by_key(|wrong| (wrong.ending.acts.len(), wrong.ending.seed));
    if count == 1 {
        show_one(first);
    }
    if std::env::var("ENDINGS_SURVEY").is_ok() {
        return survey(&found, count);
    }
    let Some(first) = found.first() else { return };
    panic!("{} of {count} endings went wrong; the shortest:\n{}", found.len(), shown(first));
}

fn shown(wrong: &Wrong) -> String {
    let ending = &wrong.ending;
    let mut text = format!("ENDINGS_ONLY={} ({:?}, rows {:?})\n", ending.seed, ending.house, ending.arrival);
    text.push_str(&story::shown(&story::story(ending, 1_001)));
    for difference in &wrong.differences {
        let _ = writeln!(text, "  - {difference}");
    }
    text
}

fn show_one(seed: u64) {
    let ending = draw::ending(seed);
    let made = play::play(ending.house, std::slice::from_ref(&ending));
    println!("{}", story::shown(&story::story(&ending, 1_001)));
    for made in made {
        println!("{:#}", made.answer["money"]);
        made.requests.iter().chain(&made.entries).for_each(|body| println!("{body}"));
        println!("open: {:?}", made.open);
    }
}

/// By kind: how often, and the shortest.
fn survey(found: &[Wrong], count: u64) {
    let mut kinds: BTreeMap<(String, House2, Arrival2), (usize, &Wrong)> = BTreeMap::new();
    for wrong in found {
        for difference in &wrong.differences {
            let kind = difference.split(':').next().unwrap_or_default().to_owned();
            let key = (kind, House2(wrong.ending.house as u8), Arrival2(wrong.ending.arrival as u8));
            kinds.entry(key).or_insert((0, wrong)).0 += 1;
        }
    }
    for ((kind, ..), (times, first)) in &kinds {
        println!("== {times} times: {kind} ({:?} {:?})\n{}", first.ending.house, first.ending.arrival, shown(first));
    }
    println!("{} of {count} endings went wrong", found.len());
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct House2(u8);
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Arrival2(u8);

#[test]
fn endings_come_out_as_a_shopkeeper_says() {
    run(1, 1_500);
}

#[test]
#[ignore = "the long run: minutes"]
fn endings_in_a_long_run() {
    run(1_000_000, 200_000);
}
