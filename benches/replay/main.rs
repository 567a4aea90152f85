//! The engine alone on prepared records, so often and no more: what a profiler or a counter of instructions needs. Two commits are compared on the
//! records that one of them has made (`--input`).
//!
//!     cargo bench --no-default-features --bench replay -- --stage whole --rounds 1
//!
//! Counters of the whole program hold the making of input and cores too: take the difference of two numbers of rounds.

#![allow(clippy::unwrap_used)] // A measurement ends at the first thing that goes wrong.

#[path = "../input/first_start.rs"]
mod first_start;
#[allow(dead_code)] // Shared with the other benches.
#[path = "../input/mod.rs"]
mod input;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::{Parser, ValueEnum};
use waybill::engine::Core;
use waybill::envelope::Batch;
use waybill::facts::Moment;

use first_start::core;
use input::Input;

/// As the program has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[derive(Parser)]
struct Args {
    /// What is done in each round.
    #[arg(long, value_enum, default_value = "whole")]
    stage: Stage,
    /// How often.
    #[arg(long, default_value_t = 1)]
    rounds: u32,
    /// Orders of the simulated days.
    #[arg(long, default_value_t = 2_000)]
    orders: u32,
    /// Records of an epoch.
    #[arg(long, default_value_t = 10_000)]
    epoch: usize,
    /// The records, instead of those that this commit's retailer makes: a file `bench-input-...` of another commit.
    #[arg(long)]
    input: Option<PathBuf>,
    /// Cargo says it.
    #[arg(long, hide = true)]
    bench: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Stage {
    /// Decodes and stores all records, epoch by epoch: nothing is sealed, and each epoch is dropped.
    Apply,
    /// ... on the orders, SKUs and customers of the first half of the days: the records of one epoch from the middle, fifty times.
    Midway,
    /// Decodes, stores, seals, promotes and publishes all records.
    Whole,
}

fn main() {
    let args = Args::parse();
    let input = args.input.as_ref().map_or_else(|| Input::of(args.orders), Input::read);
    let epochs = epochs(&input, args.epoch);
    let (mut took, mut records) = ([Duration::ZERO; 3], 0);
    for _ in 0..args.rounds {
        let mut core = core(&input);
        records += match args.stage {
            Stage::Apply => apply(&mut core, epochs.iter(), &mut took),
            Stage::Midway => {
                whole(&mut core, &epochs[..epochs.len() / 2], &mut [Duration::ZERO; 3]);
                apply(&mut core, std::iter::repeat_n(&epochs[epochs.len() / 2], 50), &mut took)
            }
            Stage::Whole => whole(&mut core, &epochs, &mut took),
        };
    }
    let [applied, sealed, rest] = took.map(|took| took.as_secs_f64() * 1e6 / records.max(1) as f64);
    println!("{records} records; microseconds a record: decode and apply {applied:.2}, seal {sealed:.2}, promote and publish {rest:.2}");
}

fn apply<'b>(core: &mut Core, epochs: impl Iterator<Item = &'b Batch>, took: &mut [Duration; 3]) -> usize {
    let mut records = 0;
    for batch in epochs {
        let began = Instant::now();
        core.begin(batch.clock);
        core.apply(batch);
        took[0] += began.elapsed();
        core.drop_epoch();
        records += batch.len();
    }
    records
}

fn whole(core: &mut Core, epochs: &[Batch], took: &mut [Duration; 3]) -> usize {
    let mut records = 0;
    for batch in epochs {
        let began = Instant::now();
        core.begin(batch.clock);
        core.apply(batch);
        let applied = Instant::now();
        drop(std::hint::black_box(core.seal()));
        let sealed = Instant::now();
        core.promote();
        core.publish();
        let whole = [applied - began, sealed - applied, sealed.elapsed()];
        took.iter_mut().zip(whole).for_each(|(took, more)| *took += more);
        records += batch.len();
    }
    records
}

/// All records in their order, each at its place in the only partition of its topic.
fn epochs(input: &Input, of: usize) -> Vec<Batch> {
    let mut offsets = vec![0; input.topics.len()];
    let mut epochs: Vec<Batch> = Vec::new();
    for (place, record) in input.iter().enumerate() {
        if place % of == 0 {
            epochs.push(Batch::new(input.topics.clone(), Moment::default()));
        }
        let batch = epochs.last_mut().unwrap();
        let (offset, timestamp) = (&mut offsets[usize::from(record.topic)], Moment(record.timestamp));
        batch.push(record.topic, 0, *offset, timestamp, record.key, record.value, std::iter::empty());
        batch.clock = batch.clock.max(timestamp);
        *offset += 1;
    }
    epochs
}
