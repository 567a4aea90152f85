//! The log on the broker in memory.

use std::sync::Arc;

use super::broker::{Broker, CrashPoint};
use crate::engine::log::{CommitOutcome, Limits, Log, LogError, Next, Offset, Transaction};
use crate::envelope::Batch;

/// Waybill's log on the broker in memory. It never waits: with nothing to read it hands over an empty batch, and the caller sets the virtual time.
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
    /// A transaction is settled only by `settled`, as on Kafka.
    settles_late: bool,
    under_way: Option<Transaction>,
    /// The group was rebalanced while a transaction was under way.
    rebalanced: bool,
}

impl MemoryLog {
    /// Opens the log of an application. The topics must exist.
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
            settles_late: false,
            under_way: None,
            rebalanced: false,
        }
    }

    /// From now on a transaction is under way until `settled` asks for its outcome, and reading goes on, as on Kafka.
    pub fn settle_late(&mut self) {
        self.settles_late = true;
    }

    /// Cuts the next commit short at this point. Of several the last one given comes first.
    pub fn crash_next(&mut self, crash: CrashPoint) {
        self.crashes.push(crash);
    }

    /// The group takes all partitions away and gives them back: reading begins again at what is committed, once the transaction under way is settled.
    pub fn rebalance(&mut self) {
        self.rebalanced = self.under_way.is_some();
        if !self.rebalanced {
            self.seek_committed();
        }
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

    async fn holds(&mut self, topic: &str, partition: i32) -> Result<std::ops::Range<i64>, LogError> {
        Ok(self.broker.holds(topic, partition))
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
        if self.rebalanced {
            return Ok(Next::Settle);
        }
        self.broker.read_in_step(&self.topics, &mut self.positions, |topic, partition, entry| {
            let headers = entry.headers.iter().map(|(name, value)| (name.as_bytes(), Some(value.as_slice())));
            batch.push(topic, partition, entry.offset, entry.timestamp, entry.key, entry.value, headers);
            batch.len() < limits.records_max && batch.bytes() < limits.bytes_max
        });
        Ok(if batch.is_empty() && self.under_way.is_some() { Next::Settle } else { Next::Batch })
    }

    async fn submit(&mut self, transaction: Transaction) -> Result<Option<CommitOutcome>, LogError> {
        if self.settles_late {
            self.under_way = Some(transaction);
            return Ok(None);
        }
        self.transact(transaction).map(Some)
    }

    async fn settled(&mut self) -> Result<CommitOutcome, LogError> {
        let under_way = self.under_way.take().ok_or_else(|| LogError::Stop("no transaction is under way".into()))?;
        let outcome = self.transact(under_way);
        if std::mem::take(&mut self.rebalanced) {
            self.seek_committed();
        }
        outcome
    }
}

impl MemoryLog {
    fn transact(&mut self, transaction: Transaction) -> Result<CommitOutcome, LogError> {
        let crash = self.crashes.pop();
        let read: Vec<_> = transaction.offsets.iter().map(|offset| (offset.topic.clone(), offset.partition, offset.next)).collect();
        self.broker
            .transact(&self.transactional_id, self.producer_epoch, &self.group, transaction.records, transaction.offsets, crash)
            .map_err(|_| LogError::Fenced(format!("fenced: another process uses the transactional id {}", self.transactional_id)))?;
        match crash {
            Some(CrashPoint::AfterProduce) => {
                // The answer never came: taking up the id again aborts the open transaction; the committed offsets say where to go on.
                self.producer_epoch = self.broker.init_transactions(&self.transactional_id);
                self.seek_committed();
                Ok(CommitOutcome::NotCommitted)
            }
            Some(CrashPoint::Aborted) => {
                self.seek_committed();
                Ok(CommitOutcome::NotCommitted)
            }
            None | Some(CrashPoint::AfterCommit) => {
                for (topic, partition, next) in read {
                    if let Some(next) = next {
                        self.broker.has_read(self.reader, &topic, partition, next);
                    }
                }
                Ok(CommitOutcome::Committed)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};
    use std::time::Duration;

    use super::*;
    use crate::engine::log::OutRecord;
    use crate::engine::memory::TopicConfig;
    use crate::facts::Moment;

    fn now<T>(future: impl Future<Output = T>) -> T {
        match pin!(future).as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(value) => value,
            Poll::Pending => panic!("the log in memory waits"),
        }
    }

    /// Two topics hold months, one of them ten times as many records; a third is empty.
    #[test]
    fn a_backlog_is_read_as_it_was_written() {
        let broker = Broker::new();
        let topics: Arc<[Arc<str>]> = Arc::from(["many", "few", "none", "x", "c"].map(Arc::from));
        topics.iter().for_each(|name| broker.create(name, TopicConfig { partitions: 2, compacted: false }));
        let record = |topic: &str, partition| OutRecord {
            topic: topic.into(),
            partition: Some(partition),
            key: None,
            value: Some(b"v".to_vec()),
            headers: Vec::new(),
        };
        (0..1_000).for_each(|day| broker.produce(record("many", day % 2), Moment(day.into())));
        (0..100).for_each(|day| broker.produce(record("few", 0), Moment(day * 10)));
        let mut log = MemoryLog::open(&broker, "a", topics.iter().take(3).cloned().collect(), "x".into(), "c".into());
        let mut batch = Batch::new(log.topics(), Moment(0));
        let limits =
            Limits { records_max: 64, bytes_max: 1 << 20, linger: Duration::ZERO, timer_at: None, tick: crate::facts::Moment::MIN };
        now(log.start(&[])).expect("starts");
        let mut moments: Vec<Moment> = Vec::new();
        loop {
            now(log.next_batch(&limits, &mut batch)).expect("reads");
            if batch.is_empty() {
                break;
            }
            assert!(batch.len() <= 64);
            moments.extend(batch.iter().map(|record| record.timestamp));
        }
        assert_eq!(moments.len(), 1_100);
        assert!(moments.is_sorted());
    }
}
