//! The log on the broker in memory.

use std::sync::Arc;

use super::broker::{Broker, CrashPoint};
use crate::engine::log::{Limits, Log, LogError, Next, Offset, Outcome, Transaction};
use crate::envelope::Batch;

/// Waybill's side of the broker in memory. It never waits: with nothing to read it hands over an empty batch, and the driver of virtual time goes on.
pub struct MemoryLog {
    broker: Broker,
    group: String,
    transactional_id: String,
    producer_epoch: u64,
    reader: u64,
    topics: Arc<[Arc<str>]>,
    exchange: Arc<str>,
    changelog: Arc<str>,
    positions: Vec<(u16, i32, i64)>,
    /// Where the next commits are cut short.
    crashes: Vec<CrashPoint>,
}

impl MemoryLog {
    /// Opens the log of an application: the topics must be there.
    pub fn open(broker: &Broker, application: &str, topics: Arc<[Arc<str>]>, exchange: Arc<str>, changelog: Arc<str>) -> Self {
        let transactional_id = format!("{application}-0");
        let producer_epoch = broker.init_transactions(&transactional_id);
        let reader = broker.reader_of(application);
        Self {
            broker: broker.clone(),
            group: application.to_owned(),
            transactional_id,
            producer_epoch,
            reader,
            topics,
            exchange,
            changelog,
            positions: Vec::new(),
            crashes: Vec::new(),
        }
    }

    /// The next commit is cut short here (the last one given first).
    pub fn crash_next(&mut self, crash: CrashPoint) {
        self.crashes.push(crash);
    }

    fn seek_committed(&mut self) {
        for (topic, partition, position) in &mut self.positions {
            let committed = self.broker.committed(&self.group, &self.topics[*topic as usize]);
            let at = committed.iter().find(|offset| offset.partition == *partition).and_then(|offset| offset.next);
            *position = at.unwrap_or(0);
        }
    }
}

impl Log for MemoryLog {
    fn topics(&self) -> Arc<[Arc<str>]> {
        self.topics.clone()
    }

    async fn committed(&mut self) -> Result<Vec<Offset>, LogError> {
        let names = self.topics.iter().chain([&self.exchange]);
        Ok(names.flat_map(|topic| self.broker.committed(&self.group, topic)).collect())
    }

    async fn changelog(&mut self, partition: i32, each: &mut dyn FnMut(&[u8], Option<&[u8]>)) -> Result<(), LogError> {
        self.broker.read_partition(&self.changelog, partition, each);
        Ok(())
    }

    async fn start(&mut self, from: &[Offset]) -> Result<(), LogError> {
        self.positions.clear();
        for (index, topic) in self.topics.iter().enumerate() {
            for partition in 0..self.broker.partitions(topic) {
                let at = from.iter().find(|offset| offset.topic == *topic && offset.partition == partition).and_then(|offset| offset.next);
                self.positions.push((index as u16, partition, at.unwrap_or(0)));
                self.broker.has_read(self.reader, topic, partition, at.unwrap_or(0));
            }
        }
        Ok(())
    }

    async fn next_batch(&mut self, limits: &Limits, batch: &mut Batch) -> Result<Next, LogError> {
        batch.clear(self.broker.now());
        for (index, partition, position) in &mut self.positions {
            let left = limits.records_max.saturating_sub(batch.len());
            if left == 0 || batch.bytes() >= limits.bytes_max {
                break;
            }
            *position = self.broker.read_from(&self.topics[*index as usize], *partition, *position, left, |entry| {
                let headers = entry.headers.iter().map(|(name, value)| (name.as_str(), value.as_slice()));
                batch.push(*index, *partition, entry.offset, entry.timestamp, entry.key, entry.value, headers);
            });
        }
        Ok(Next::Batch)
    }

    async fn commit(&mut self, transaction: Transaction) -> Result<Outcome, LogError> {
        let crash = self.crashes.pop();
        let read: Vec<_> = transaction.offsets.iter().map(|offset| (offset.topic.clone(), offset.partition, offset.next)).collect();
        self.broker
            .transact(&self.transactional_id, self.producer_epoch, &self.group, transaction.records, transaction.offsets, crash)
            .map_err(|_| LogError::Fenced(format!("another process has taken the transactional id {}", self.transactional_id)))?;
        match crash {
            Some(CrashPoint::AfterProduce) => {
                // The answer never came: take the id up again, which ends what was left, and see what is committed.
                self.producer_epoch = self.broker.init_transactions(&self.transactional_id);
                self.seek_committed();
                Ok(Outcome::NotCommitted)
            }
            Some(CrashPoint::Aborted) => {
                self.seek_committed();
                Ok(Outcome::NotCommitted)
            }
            None | Some(CrashPoint::AfterCommit) => {
                for (topic, partition, next) in read {
                    if let Some(next) = next {
                        self.broker.has_read(self.reader, &topic, partition, next);
                    }
                }
                Ok(Outcome::Committed)
            }
        }
    }
}
