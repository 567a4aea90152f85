//! Decode, apply, seal, and all of an epoch but its commit, on the simulated retailer's native records, one thread, no log.
//!
//!     cargo bench --no-default-features --bench stages

#![allow(clippy::unwrap_used)] // A measurement ends at the first thing that goes wrong.

#[path = "../input/first_start.rs"]
mod first_start;
#[allow(dead_code)] // Shared with the other benches.
#[path = "../input/mod.rs"]
mod input;

use std::time::{Duration, Instant};

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use waybill::engine::Core;
use waybill::envelope::Batch;
use waybill::facts::{Cause, Moment, TopicId};
use waybill::sources::FactsOut;

use first_start::core;
use input::Input;

/// As the program has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const ORDERS: u32 = 2_000;
/// Records in the epochs of the whole way: about what 100 ms bring.
const EPOCH: usize = 10_000;

/// Records `from..to` of the input, each at its place in the only partition of its topic.
fn batch(input: &Input, from: usize, to: usize) -> Batch {
    let mut offsets = vec![0; input.topics.len()];
    let mut batch = Batch::new(input.topics.clone(), Moment::default());
    for (place, record) in input.iter().enumerate().take(to) {
        let offset = &mut offsets[usize::from(record.topic)];
        if place >= from {
            let timestamp = Moment(record.timestamp);
            batch.push(record.topic, 0, *offset, timestamp, record.key, record.value, std::iter::empty());
            batch.clock = batch.clock.max(timestamp);
        }
        *offset += 1;
    }
    batch
}

fn open(core: &mut Core, batch: &Batch) {
    core.begin(batch.clock);
    core.apply(batch);
}

fn epochs(input: &Input, to: usize) -> Vec<Batch> {
    (0..to).step_by(EPOCH).map(|from| batch(input, from, to.min(from + EPOCH))).collect()
}

fn run(core: &mut Core, epochs: &[Batch]) {
    for batch in epochs {
        open(core, batch);
        std::hint::black_box(core.seal());
        core.promote();
        core.publish();
    }
}

fn decode(criterion: &mut Criterion) {
    let input = Input::of(ORDERS);
    let all = batch(&input, 0, input.records);
    let config = input::config("in-memory:0");
    let mut group = criterion.benchmark_group("decode");
    for source in &config.sources {
        let records: Vec<_> =
            all.iter().filter(|record| source.topics.iter().any(|topic| **topic == **record.topic)).take(10_000).collect();
        group.throughput(Throughput::Elements(records.len() as u64));
        let mut facts = Vec::new();
        group.bench_function(source.common.name.as_str(), |bencher| {
            bencher.iter(|| {
                for record in &records {
                    let cause = Cause { topic: TopicId(0), partition: record.partition, offset: record.offset };
                    let mut out = FactsOut::new(source.common.id, cause, source.adapter.revision(), &mut facts);
                    std::hint::black_box(source.adapter.translate(record, &mut out)).unwrap();
                    facts.clear();
                }
            });
        });
    }
}

/// Half of the days are over: orders, SKUs and customers are there.
fn midway(input: &Input) -> (Core, usize) {
    let (mut core, half) = (core(input), input.records / 2);
    run(&mut core, &epochs(input, half));
    (core, half)
}

fn apply(criterion: &mut Criterion) {
    let input = Input::of(ORDERS);
    let (mut core, half) = midway(&input);
    let batch = batch(&input, half, half + EPOCH);
    let mut group = criterion.benchmark_group("apply");
    group.throughput(Throughput::Elements(batch.len() as u64));
    group.bench_function(format!("{} records", batch.len()), |bencher| {
        bencher.iter_custom(|iterations| {
            let mut took = Duration::ZERO;
            for _ in 0..iterations {
                let began = Instant::now();
                open(&mut core, &batch);
                took += began.elapsed();
                core.drop_epoch();
            }
            took
        });
    });
}

fn seal(criterion: &mut Criterion) {
    let input = Input::of(ORDERS);
    let (mut core, half) = midway(&input);
    let mut group = criterion.benchmark_group("seal");
    for records in [100, EPOCH] {
        let batch = batch(&input, half, half + records);
        group.throughput(Throughput::Elements(records as u64));
        group.bench_function(format!("{records} records"), |bencher| {
            bencher.iter_custom(|iterations| {
                let mut took = Duration::ZERO;
                for _ in 0..iterations {
                    open(&mut core, &batch);
                    let began = Instant::now();
                    std::hint::black_box(core.seal());
                    took += began.elapsed();
                    core.drop_epoch();
                }
                took
            });
        });
    }
}

/// Decode, apply, seal, publish: all of the days.
fn whole(criterion: &mut Criterion) {
    let input = Input::of(ORDERS);
    let epochs = epochs(&input, input.records);
    let mut group = criterion.benchmark_group("whole");
    group.sample_size(10).throughput(Throughput::Elements(input.records as u64));
    group.bench_function(format!("{ORDERS} orders"), |bencher| {
        bencher.iter_batched_ref(|| core(&input), |core| run(core, &epochs), BatchSize::PerIteration);
    });
}

criterion_group!(benches, decode, apply, seal, whole);
criterion_main!(benches);
