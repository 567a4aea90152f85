//! What the engine is set up with.

use std::sync::Arc;

use super::topics::TopicNames;
use crate::entities::rules::Rules;
use crate::events::Topic;
use crate::sources::{Adapter, Common};

/// A source as the engine runs it.
#[derive(Clone)]
pub struct SourceRuntime {
    /// What every source has: its name, id, channel, time zone ...
    pub common: Common,
    /// Translates the source's records to facts.
    pub adapter: Arc<dyn Adapter>,
}

/// What the engine is set up with.
#[derive(Clone)]
pub struct EngineSettings {
    /// The configured sources. Reports name a source by its place in this list.
    pub sources: Arc<[SourceRuntime]>,
    /// What views are computed by, beside rows.
    pub rules: Arc<Rules>,
    /// A digest of everything that views are computed from beside rows. It stands in each epoch record: a restore sees whether it has changed.
    pub fingerprint: u64,
    /// Names of the topics that Waybill owns.
    pub names: TopicNames,
    /// Number of shards: the partitions of changelog and exchange. Fixed for an application.
    pub shards: u16,
    /// Request topics that go live with the first epoch of a fresh application.
    pub live_at_start: Vec<Topic>,
    /// The largest record that may be written, in bytes.
    pub record_bytes_max: usize,
    /// How many orders stay whole in memory: those that were touched last. The others are packed (see `packed`).
    pub orders_whole: usize,
}

impl EngineSettings {
    pub(super) fn orders_whole_of_shard(&self) -> usize {
        self.orders_whole.div_ceil(usize::from(self.shards).max(1))
    }
}
