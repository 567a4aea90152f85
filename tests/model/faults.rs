//! Faults without end: each history is cut into dozens of slices, and something breaks in the turn after each of them. In the end the same events must
//! stand there as without a fault, each once. One seed is one history with its faults; a failure prints the line that plays it again.
//!
//! ```text
//! cargo test --test model faults                                            some hundred faults
//! cargo test --release --test model faults -- --ignored                     100,000 (MODEL_COUNT: histories, MODEL_SEED: from which seed on)
//! MODEL_ONLY=77 cargo test --test model faults                              one history with its faults, made small if it fails
//! ```

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::chance::Chance;
use crate::confluence::check_with;
use crate::drive::{Break, Plan};
use crate::plan::plan;
use crate::world::Entry;
use crate::{compare, runs};

/// Those that cost a whole restore or a second reading of everything come more rarely.
const KINDS: [Break; 16] = [
    Break::Unanswered,
    Break::Unanswered,
    Break::Aborted,
    Break::Aborted,
    Break::Died,
    Break::Died,
    Break::Rebalanced,
    Break::Rebalanced,
    Break::Rebalanced,
    Break::Rebalanced,
    Break::ClockBack,
    Break::ClockBack,
    Break::Restarted,
    Break::TakenOver,
    Break::TakenOver,
    Break::OffsetsLost,
];
const FAULTS: std::ops::Range<u64> = 20..40;

/// A plan in which something breaks after each slice.
fn dense(entries: &[Entry], seed: u64) -> Plan {
    let mut plan = plan(entries, seed);
    let mut chance = Chance::new(seed ^ 0xfa_0175);
    let faults = FAULTS.start + chance.below(FAULTS.end - FAULTS.start);
    plan.slices = (0..faults).map(|_| chance.below(2 * plan.arrival.len() as u64 / faults + 2) as usize).collect();
    plan.breaks = (0..faults as usize).map(|slice| (slice, *chance.pick(&KINDS))).collect();
    plan
}

fn run(first: u64, histories: u64) -> usize {
    let themes = compare::themes();
    let played = AtomicUsize::new(0);
    runs::check_all(runs::first_seed(first), histories, |history, plans| {
        check_with(history, plans, &themes, |entries, seed| {
            let plan = dense(entries, seed);
            played.fetch_add(plan.breaks.len(), Ordering::Relaxed);
            plan
        })
    });
    played.into_inner()
}

#[test]
fn the_same_events_stand_there_after_hundreds_of_faults() {
    let played = run(5_000_000, 20);
    println!("{played} faults");
}

#[test]
#[ignore = "the long run: 100,000 faults"]
fn the_same_events_stand_there_after_a_hundred_thousand_faults() {
    let played = run(6_000_000, 3_450);
    println!("{played} faults");
}
