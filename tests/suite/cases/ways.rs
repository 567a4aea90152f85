//! The ways in which a case is played. Kafka keeps the order of a partition, and none between topics.

use std::collections::BTreeMap;
use std::sync::Arc;

use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::records::Step;
use waybill::engine::OutRecord;

const SHUFFLES: u64 = 4;

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

/// The records of each step in another order, each topic's own order kept, cut into epochs at random.
fn shuffled(steps: &[Step], random: &mut ChaCha8Rng) -> Vec<Step> {
    let mut epochs = Vec::new();
    for step in steps {
        let mut topics: BTreeMap<&Arc<str>, Vec<&OutRecord>> = BTreeMap::new();
        step.records.iter().for_each(|record| topics.entry(&record.topic).or_default().push(record));
        let mut turns: Vec<&Arc<str>> = step.records.iter().map(|record| &record.topic).collect();
        turns.shuffle(random);
        let mut waiting: BTreeMap<_, _> = topics.into_iter().map(|(topic, records)| (topic, records.into_iter())).collect();
        let mut open: Vec<OutRecord> = Vec::new();
        for topic in turns {
            open.extend(waiting.get_mut(topic).and_then(Iterator::next).cloned());
            if random.random_bool(0.5) {
                epochs.push(Step { at: step.at, records: std::mem::take(&mut open) });
            }
        }
        epochs.push(Step { at: step.at, records: open });
    }
    epochs
}
