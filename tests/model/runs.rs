//! How many histories, from which seed, over all cores; and what is shown of one that fails.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::history::{self, History};
use crate::shrink::shrink;

/// Attempts that making a failing history small may cost, unless `MODEL_TRIES` gives another number.
const SHRINK_TRIES: u64 = 1_500;

/// How many ways a history is played.
#[derive(Clone, Copy)]
pub struct Plans(pub u64);

impl Plans {
    const ONE: Self = Self(1);
    /// While a history is made small its plan changes with it: one of many fails again.
    const MANY: Self = Self(10);
}

fn variable(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|text| text.parse().ok())
}

/// The first seed: `MODEL_SEED`, else this one.
pub fn first_seed(default: u64) -> u64 {
    variable("MODEL_SEED").unwrap_or(default)
}

/// Checks `count` histories; `check` returns what is wrong with one. The first that fails is shrunk and shown.
pub fn check_all(first: u64, count: u64, check: impl Fn(&History, Plans) -> Result<(), String> + Sync) {
    let (first, count) = variable("MODEL_ONLY").map_or((first, count), |seed| (seed, 1));
    let count = variable("MODEL_COUNT").unwrap_or(count);
    if std::env::var("MODEL_SURVEY").is_ok() {
        return survey(first, count, &check);
    }
    let next = AtomicU64::new(0);
    let stop = AtomicBool::new(false);
    let failed: Mutex<Option<u64>> = Mutex::new(None);
    let cores = std::thread::available_parallelism().map_or(1, usize::from) as u64;
    std::thread::scope(|scope| {
        for _ in 0..cores.min(count) {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= count {
                        break;
                    }
                    let seed = first.wrapping_add(number);
                    let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| check(&history::history(seed), Plans::ONE)));
                    if !matches!(outcome, Ok(Ok(()))) {
                        stop.store(true, Ordering::Relaxed);
                        *failed.lock().expect("no other holder panics") = Some(seed);
                    }
                }
            });
        }
    });
    if let Some(seed) = failed.into_inner().expect("no other holder panics") {
        show(seed, &check);
    }
}

/// What is wrong in all of them, by kind: how often, and the seed of the first. For a look at many differences at once.
fn survey(first: u64, count: u64, check: &impl Fn(&History, Plans) -> Result<(), String>) {
    let mut kinds: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    for seed in first..first + count {
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| check(&history::history(seed), Plans::ONE)));
        let sentence = outcome.unwrap_or_else(|panic| Err(format!("a panic, {}", panic_text(panic.as_ref()))));
        if let Err(sentence) = sentence {
            kinds.entry(first_word(&sentence)).or_insert((0, seed)).0 += 1;
        }
    }
    for (kind, (times, seed)) in kinds {
        println!("{times:6} times, first in {seed}: {kind}");
    }
}

fn show(seed: u64, check: &impl Fn(&History, Plans) -> Result<(), String>) -> ! {
    let outcome = |history: &History| {
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| check(history, Plans::MANY)))
            .unwrap_or_else(|panic| Err(format!("a panic: {}", panic_text(panic.as_ref()))))
            .err()
    };
    let whole = history::history(seed);
    let kind = outcome(&whole).map(|sentence| first_word(&sentence));
    let tries = variable("MODEL_TRIES").unwrap_or(SHRINK_TRIES) as usize;
    let small = shrink(&whole, tries, |history| outcome(history).map(|sentence| first_word(&sentence)) == kind);
    let sentence = outcome(&small).unwrap_or_else(|| "it did not fail again".to_owned());
    panic!("history {seed} fails (MODEL_ONLY={seed} plays it again). Made small:\n{}\n{sentence}", history::say(&small));
}

/// What a failure is about, so that shrinking does not wander to another one.
fn first_word(sentence: &str) -> String {
    sentence.split([':', '\n']).next().unwrap_or_default().to_owned()
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap_or_default()
}
