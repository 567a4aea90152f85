//! A log that only shows the state of another process's application: nothing is read from sources, and what is handed over stays here.

use std::sync::Arc;

use super::log::{CommitOutcome, Limits, Log, LogError, Next, Offset, OutRecord, Transaction};
use super::state::{EpochRecord, StateKey, encode_key, payload};
use crate::envelope::Batch;

/// Key and value of a record of the changelog.
pub type StateRecord = (Vec<u8>, Option<Vec<u8>>);

/// The changelog as it was read, partition by partition, and what would be written on top of it.
pub struct Snapshot {
    topics: Arc<[Arc<str>]>,
    exchange: Arc<str>,
    partitions: Vec<Vec<StateRecord>>,
    /// What was handed over.
    pub written: Vec<OutRecord>,
}

impl Snapshot {
    /// `topics`: the source topics. `partitions`: the records of each partition of the changelog, in order.
    pub fn new(topics: Arc<[Arc<str>]>, exchange: Arc<str>, partitions: Vec<Vec<StateRecord>>) -> Self {
        Self { topics, exchange, partitions, written: Vec::new() }
    }
}

impl Log for Snapshot {
    fn topics(&self) -> Arc<[Arc<str>]> {
        Arc::clone(&self.topics)
    }

    /// The epochs that the state itself ends with: there are no offsets to compare it with.
    async fn committed(&mut self) -> Result<Vec<Offset>, LogError> {
        let key = encode_key(&StateKey::Epoch);
        let mut offsets = Vec::new();
        for (partition, records) in self.partitions.iter().enumerate() {
            let newest = records.iter().rev().find(|(other, _)| *other == key).and_then(|(_, value)| value.as_deref());
            let Some(value) = newest else { continue };
            let unreadable = |error: &dyn std::fmt::Display| LogError::Restore(format!("partition {partition} of the changelog: {error}"));
            let payload = payload(&key, value).map_err(|error| unreadable(&error))?;
            let record: EpochRecord = postcard::from_bytes(payload).map_err(|error| unreadable(&error))?;
            let (topic, metadata) = (Arc::clone(&self.exchange), record.number.to_string());
            offsets.push(Offset { topic, partition: partition as i32, next: Some(0), metadata });
        }
        Ok(offsets)
    }

    async fn changelog(&mut self, partition: i32, each: &mut dyn FnMut(&[u8], Option<&[u8]>)) -> Result<(), LogError> {
        let records = self.partitions.get(partition as usize).into_iter().flatten();
        records.for_each(|(key, value)| each(key, value.as_deref()));
        Ok(())
    }

    /// A copy reads nothing, so nothing can be lost to it.
    async fn holds(&mut self, _: &str, _: i32) -> Result<std::ops::Range<i64>, LogError> {
        Ok(0..i64::MAX)
    }

    async fn start(&mut self, _: &[Offset]) -> Result<(), LogError> {
        self.partitions = Vec::new();
        Ok(())
    }

    async fn next_batch(&mut self, _: &Limits, _: &mut Batch) -> Result<Next, LogError> {
        Ok(Next::Closed)
    }

    async fn submit(&mut self, transaction: Transaction) -> Result<Option<CommitOutcome>, LogError> {
        self.written.extend(transaction.records);
        Ok(Some(CommitOutcome::Committed))
    }

    async fn settled(&mut self) -> Result<CommitOutcome, LogError> {
        Ok(CommitOutcome::Committed)
    }
}
