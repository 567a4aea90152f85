//! An engine for benches, on a log in memory.

use waybill::engine::Core;
use waybill::engine::memory::{Broker, MemoryLog, TopicConfig};
use waybill::engine::restore::restore;

use super::input::{self, Input};

/// A core as a first start makes it.
pub fn core(input: &Input) -> Core {
    let config = input::config("in-memory:0");
    let (settings, broker) = (config.engine(), Broker::new());
    let names = settings.names.clone();
    let shards = TopicConfig { partitions: settings.shards.into(), compacted: false };
    input.topics.iter().for_each(|topic| broker.create(topic, TopicConfig { partitions: 1, compacted: false }));
    [&names.changelog, &names.exchange].into_iter().for_each(|topic| broker.create(topic, shards));
    let mut log = MemoryLog::open(&broker, "bench", input.topics.clone(), names.exchange, names.changelog);
    let mut core = Core::new(settings, input.topics.clone());
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(restore(&mut core, &mut log)).unwrap();
    core
}
