//! The ways in which a case is played. Kafka keeps the order of a partition, and none between topics.

use std::collections::BTreeMap;
use std::sync::Arc;

use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::records::Step;
use waybill::engine::OutRecord;

const SHUFFLES: u64 = 4;

/// A topic, and one of its partitions.
type Partition<'a> = (&'a Arc<str>, Option<i32>);

/// Each way with the epochs that it makes of the steps. `as_told`: the order between the topics matters in this case.
pub fn ways(steps: &[Step], as_told: bool) -> Vec<(String, Vec<Step>)> {
    let mut ways = vec![("as told".to_owned(), steps.to_vec()), ("a record an epoch".to_owned(), singly(steps))];
    if !as_told {
        let seeds = 1..=SHUFFLES;
        ways.extend(seeds.map(|seed| (format!("shuffled, seed {seed}"), shuffled(steps, &mut ChaCha8Rng::seed_from_u64(seed)))));
    }
    ways
}

fn singly(steps: &[Step]) -> Vec<Step> {
    steps.iter().flat_map(|step| step.records.iter().map(|record| Step { at: step.at, records: vec![record.clone()] })).collect()
}

/// The records of each step in another order, that of each partition kept, cut into epochs at random.
fn shuffled(steps: &[Step], random: &mut ChaCha8Rng) -> Vec<Step> {
    let mut epochs = Vec::new();
    for step in steps {
        let mut partitions: BTreeMap<Partition<'_>, Vec<&OutRecord>> = BTreeMap::new();
        step.records.iter().for_each(|record| partitions.entry((&record.topic, record.partition)).or_default().push(record));
        let mut turns: Vec<Partition<'_>> = step.records.iter().map(|record| (&record.topic, record.partition)).collect();
        turns.shuffle(random);
        let mut waiting: BTreeMap<_, _> = partitions.into_iter().map(|(partition, records)| (partition, records.into_iter())).collect();
        let mut open: Vec<OutRecord> = Vec::new();
        for partition in turns {
            open.extend(waiting.get_mut(&partition).and_then(Iterator::next).cloned());
            if random.random_bool(0.5) {
                epochs.push(Step { at: step.at, records: std::mem::take(&mut open) });
            }
        }
        epochs.push(Step { at: step.at, records: open });
    }
    epochs
}
