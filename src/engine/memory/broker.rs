//! The broker: topics, partitions, transactions, committed offsets.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};

use crate::engine::log::{Offset, OutRecord};
use crate::facts::Moment;

/// How a topic is kept.
#[derive(Clone, Copy, Debug)]
pub struct TopicConfig {
    /// How many partitions it has.
    pub partitions: i32,
    /// True: keeps the newest record of each key. False: drops what all registered readers have read.
    pub compacted: bool,
}

/// Where a commit is cut short, for tests of what a crash leaves behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CrashPoint {
    /// The transaction's records are written, and it stays open.
    AfterProduce,
    /// The broker has aborted it, and the client gets the answer.
    Aborted,
    /// It is committed, and the client never gets the answer.
    AfterCommit,
}

#[derive(Clone)]
struct Entry {
    offset: i64,
    timestamp: Moment,
    key: Option<Vec<u8>>,
    value: Option<Vec<u8>>,
    headers: Vec<(String, Vec<u8>)>,
    /// The transaction it belongs to; `None` is visible at once.
    transaction: Option<u64>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Open,
    Aborted,
}

#[derive(Default)]
struct Partition {
    next: i64,
    entries: VecDeque<Entry>,
    /// Lowest position of each registered reader.
    readers: BTreeMap<u64, i64>,
    appended_since_compaction: usize,
}

struct Topic {
    config: TopicConfig,
    /// Nobody will read it again: records that are written to it are dropped.
    abandoned: bool,
    partitions: Vec<Partition>,
}

#[derive(Default)]
struct Inner {
    now: Moment,
    topics: BTreeMap<Arc<str>, Topic>,
    /// Transactions that are not committed; a committed one is forgotten.
    fates: HashMap<u64, Fate>,
    /// Partitions that an open transaction has written to.
    touched: HashMap<u64, std::collections::BTreeSet<(Arc<str>, usize)>>,
    transactions: u64,
    readers: u64,
    /// The reader of each group.
    groups: BTreeMap<String, u64>,
    /// transactional id -> (producer epoch, its open transaction).
    producers: BTreeMap<String, (u64, Option<u64>)>,
    /// group -> (topic, partition) -> (next, metadata).
    offsets: BTreeMap<String, BTreeMap<(Arc<str>, i32), (i64, String)>>,
}

/// A record that a read-committed reader was given.
#[derive(Clone, Debug, PartialEq)]
pub struct Delivered {
    /// The topic's name.
    pub topic: Arc<str>,
    /// The partition's number.
    pub partition: i32,
    /// Its place in the partition.
    pub offset: i64,
    /// When it was written.
    pub timestamp: Moment,
    /// The key's bytes.
    pub key: Option<Vec<u8>>,
    /// The value's bytes; `None`: a tombstone.
    pub value: Option<Vec<u8>>,
    /// Names and values, in order.
    pub headers: Vec<(String, Vec<u8>)>,
}

impl Delivered {
    /// The header of this name, as text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).and_then(|(_, value)| std::str::from_utf8(value).ok())
    }
}

/// The broker. Clones share it.
#[derive(Clone, Default)]
pub struct Broker(Arc<Mutex<Inner>>);

/// A producer with a transactional id was fenced by a newer one with the same id.
#[derive(Debug, PartialEq, Eq)]
pub struct Fenced;

impl Broker {
    /// A broker without topics, at moment 0.
    pub fn new() -> Self {
        Self::default()
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        // A panic of another holder leaves whole records behind: every change below is complete before anything can fail.
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Sets the virtual time, which never goes back.
    pub fn set_now(&self, now: Moment) {
        let mut inner = self.inner();
        inner.now = inner.now.max(now);
    }

    /// The virtual time.
    pub fn now(&self) -> Moment {
        self.inner().now
    }

    /// Creates a topic, unless it exists.
    pub fn create(&self, name: &str, config: TopicConfig) {
        self.inner().topics.entry(name.into()).or_insert_with(|| Topic {
            config,
            abandoned: false,
            partitions: (0..config.partitions).map(|_| Partition::default()).collect(),
        });
    }

    /// How many partitions the topic has; 0: it does not exist.
    pub fn partitions(&self, topic: &str) -> i32 {
        self.inner().topics.get(topic).map_or(0, |topic| topic.config.partitions)
    }

    /// Writes a record outside of any transaction, as a source does. Creates the topic, with one partition, if it does not exist.
    pub fn produce(&self, record: OutRecord, timestamp: Moment) {
        self.inner().append(record, timestamp, None);
    }

    /// Takes up a transactional id: aborts its open transaction and fences the producer that had it. Gives the producer's epoch.
    pub fn init_transactions(&self, id: &str) -> u64 {
        let mut inner = self.inner();
        let producer = inner.producers.entry(id.to_owned()).or_default();
        producer.0 += 1;
        let (epoch, open) = (producer.0, producer.1.take());
        if let Some(transaction) = open {
            inner.end(transaction, false);
        }
        epoch
    }

    /// Writes records and offsets in one transaction and commits it, or stops where `crash` says.
    pub fn transact(
        &self,
        id: &str,
        epoch: u64,
        group: &str,
        records: Vec<OutRecord>,
        offsets: Vec<Offset>,
        crash: Option<CrashPoint>,
    ) -> Result<(), Fenced> {
        let mut inner = self.inner();
        if inner.producers.get(id).is_none_or(|(newest, _)| *newest != epoch) {
            return Err(Fenced);
        }
        inner.transactions += 1;
        let transaction = inner.transactions;
        inner.fates.insert(transaction, Fate::Open);
        let now = inner.now;
        for record in records {
            inner.append(record, now, Some(transaction));
        }
        match crash {
            Some(CrashPoint::AfterProduce) => {
                inner.producers.entry(id.to_owned()).or_default().1 = Some(transaction);
            }
            Some(CrashPoint::Aborted) => inner.end(transaction, false),
            None | Some(CrashPoint::AfterCommit) => {
                inner.end(transaction, true);
                let committed = inner.offsets.entry(group.to_owned()).or_default();
                for offset in offsets {
                    if let Some(next) = offset.next {
                        committed.insert((offset.topic, offset.partition), (next, offset.metadata));
                    }
                }
            }
        }
        Ok(())
    }

    /// The group's committed offset of every partition of a topic.
    pub fn committed(&self, group: &str, topic: &str) -> Vec<Offset> {
        let inner = self.inner();
        let Some((name, found)) = inner.topics.get_key_value(topic) else { return Vec::new() };
        let committed = inner.offsets.get(group);
        (0..found.config.partitions)
            .map(|partition| {
                let at = committed.and_then(|offsets| offsets.get(&(name.clone(), partition)));
                Offset {
                    topic: name.clone(),
                    partition,
                    next: at.map(|(next, _)| *next),
                    metadata: at.map_or_else(String::new, |(_, text)| text.clone()),
                }
            })
            .collect()
    }

    /// Nobody will read this topic again: drops its records, and those that are still written.
    pub fn abandon(&self, topic: &str) {
        if let Some(topic) = self.inner().topics.get_mut(topic) {
            topic.abandoned = true;
            topic.partitions.iter_mut().for_each(|partition| partition.entries = VecDeque::new());
        }
    }

    /// Forgets the group's offsets, as a broker does with a group that was away for long.
    pub fn forget_offsets(&self, group: &str) {
        self.inner().offsets.remove(group);
    }

    /// Sets the group's offset of a partition, as a tool does.
    pub fn set_offset(&self, group: &str, topic: &str, partition: i32, next: i64) {
        self.inner().offsets.entry(group.to_owned()).or_default().insert((topic.into(), partition), (next, String::new()));
    }

    /// Empties a partition, as an operator's mistake does: offsets go on from where they were.
    pub fn empty(&self, topic: &str, partition: i32) {
        let mut inner = self.inner();
        if let Some(partition) = inner.topics.get_mut(topic).and_then(|topic| topic.partitions.get_mut(partition as usize)) {
            partition.entries.clear();
        }
    }

    /// The offsets that a partition holds: of its earliest record, and the one after its last.
    pub(super) fn holds(&self, topic: &str, partition: i32) -> std::ops::Range<i64> {
        let inner = self.inner();
        let found = inner.topics.get(topic).and_then(|topic| topic.partitions.get(usize::try_from(partition).ok()?));
        found.map_or(0..0, |found| found.entries.front().map_or(found.next, |entry| entry.offset)..found.next)
    }

    /// A reader of these topics from their earliest records. Records that it has not read are kept.
    pub fn tail(&self, topics: &[Arc<str>]) -> Tail {
        let mut inner = self.inner();
        inner.readers += 1;
        let id = inner.readers;
        let mut positions = Vec::new();
        for name in topics {
            let topic = inner.topic(name);
            for (number, partition) in topic.partitions.iter_mut().enumerate() {
                let earliest = partition.entries.front().map_or(partition.next, |entry| entry.offset);
                partition.readers.insert(id, earliest);
                positions.push((name.clone(), number as i32, earliest));
            }
        }
        drop(inner);
        Tail { broker: self.clone(), id, positions }
    }

    /// All committed records of one partition, oldest first.
    pub(super) fn read_partition(&self, topic: &str, partition: i32, each: &mut dyn FnMut(&[u8], Option<&[u8]>)) {
        let inner = self.inner();
        let Some(found) = inner.topics.get(topic).and_then(|topic| topic.partitions.get(partition as usize)) else { return };
        for entry in inner.visible(found, i64::MIN) {
            if let Some(key) = &entry.key {
                each(key, entry.value.as_deref());
            }
        }
    }

    /// Gives up to `records_max` committed records of one partition from `position` to `each`; the result is the new position.
    pub(super) fn read_from(
        &self,
        topic: &str,
        partition: i32,
        position: i64,
        records_max: usize,
        mut each: impl FnMut(EntryView<'_>),
    ) -> i64 {
        let inner = self.inner();
        let Some(found) = inner.topics.get(topic).and_then(|topic| topic.partitions.get(partition as usize)) else { return position };
        let mut next = position;
        for entry in inner.visible(found, position).take(records_max) {
            next = entry.offset + 1;
            each(EntryView::of(entry));
        }
        next
    }

    /// Gives committed records of several partitions (topic's place, number, position) to `each`, always the oldest of their next ones, until `each`
    /// says false. Positions move behind the records that were given.
    pub(super) fn read_in_step(
        &self,
        topics: &[Arc<str>],
        partitions: &mut [(u16, i32, i64)],
        mut each: impl FnMut(u16, i32, EntryView<'_>) -> bool,
    ) {
        let inner = self.inner();
        let of = |(topic, partition, _): &(u16, i32, i64)| inner.topics.get(&topics[*topic as usize])?.partitions.get(*partition as usize);
        let mut ahead: Vec<_> = partitions.iter().map(|place| of(place).map(|found| inner.visible(found, place.2))).collect();
        let mut oldest = BinaryHeap::new();
        let mut first: Vec<Option<&Entry>> = Vec::with_capacity(ahead.len());
        for (place, entries) in ahead.iter_mut().enumerate() {
            let entry = entries.as_mut().and_then(Iterator::next);
            oldest.extend(entry.map(|entry| Reverse((entry.timestamp, place))));
            first.push(entry);
        }
        while let Some(Reverse((_, place))) = oldest.pop() {
            let Some(entry) = first[place].take() else { continue };
            let (topic, partition, position) = &mut partitions[place];
            *position = entry.offset + 1;
            if !each(*topic, *partition, EntryView::of(entry)) {
                return;
            }
            first[place] = ahead[place].as_mut().and_then(Iterator::next);
            oldest.extend(first[place].map(|entry| Reverse((entry.timestamp, place))));
        }
    }

    /// A reader has read up to here: records that all have read are dropped.
    pub(super) fn has_read(&self, reader: u64, topic: &str, partition: i32, position: i64) {
        let mut inner = self.inner();
        let Some(topic) = inner.topics.get_mut(topic) else { return };
        let compacted = topic.config.compacted;
        if let Some(partition) = topic.partitions.get_mut(partition as usize) {
            partition.readers.insert(reader, position);
            if !compacted {
                partition.drop_read();
            }
        }
    }

    /// The group's reader. A new process of the group gets the same one: else records that the old one has not read would stay for ever.
    pub(super) fn reader_of(&self, group: &str) -> u64 {
        let mut inner = self.inner();
        if let Some(reader) = inner.groups.get(group) {
            return *reader;
        }
        inner.readers += 1;
        let reader = inner.readers;
        inner.groups.insert(group.to_owned(), reader);
        reader
    }
}

pub(super) struct EntryView<'a> {
    pub offset: i64,
    pub timestamp: Moment,
    pub key: Option<&'a [u8]>,
    pub value: Option<&'a [u8]>,
    pub headers: &'a [(String, Vec<u8>)],
}

impl<'a> EntryView<'a> {
    fn of(entry: &'a Entry) -> Self {
        let Entry { offset, timestamp, key, value, headers, .. } = entry;
        Self { offset: *offset, timestamp: *timestamp, key: key.as_deref(), value: value.as_deref(), headers }
    }
}

impl Inner {
    fn topic(&mut self, name: &Arc<str>) -> &mut Topic {
        self.topics.entry(name.clone()).or_insert_with(|| Topic {
            config: TopicConfig { partitions: 1, compacted: false },
            abandoned: false,
            partitions: vec![Partition::default()],
        })
    }

    fn append(&mut self, record: OutRecord, timestamp: Moment, transaction: Option<u64>) {
        self.topic(&record.topic);
        let Self { topics, fates, touched, .. } = self;
        let Some(topic) = topics.get_mut(&record.topic) else { return };
        let count = topic.partitions.len();
        let number = match (record.partition, &record.key) {
            (Some(partition), _) => partition as usize % count,
            (None, Some(key)) => (murmur2(key) & 0x7fff_ffff) as usize % count,
            (None, None) => 0,
        };
        if let Some(transaction) = transaction {
            touched.entry(transaction).or_default().insert((record.topic.clone(), number));
        }
        let compacted = topic.config.compacted;
        let abandoned = topic.abandoned;
        let partition = &mut topic.partitions[number];
        if abandoned {
            partition.next += 1;
            return;
        }
        let headers = record.headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        partition.entries.push_back(Entry {
            offset: partition.next,
            timestamp,
            key: record.key,
            value: record.value,
            headers,
            transaction,
        });
        partition.next += 1;
        if compacted {
            partition.appended_since_compaction += 1;
            if partition.appended_since_compaction > 1_024.max(partition.entries.len() / 2) {
                partition.compact(|transaction| fates.contains_key(&transaction));
            }
        }
    }

    /// Ends a transaction: its records are all visible from now on, or never. Each of its partitions gets a marker, which takes an offset.
    fn end(&mut self, transaction: u64, commit: bool) {
        for (topic, partition) in self.touched.remove(&transaction).unwrap_or_default() {
            if let Some(partition) = self.topics.get_mut(&topic).and_then(|topic| topic.partitions.get_mut(partition)) {
                partition.next += 1;
            }
        }
        if commit {
            self.fates.remove(&transaction);
        } else {
            self.fates.insert(transaction, Fate::Aborted);
        }
    }

    /// Committed records from `position` on, up to the last stable offset.
    fn visible<'a>(&'a self, partition: &'a Partition, position: i64) -> impl Iterator<Item = &'a Entry> {
        let start = partition.entries.partition_point(|entry| entry.offset < position);
        let fate = |entry: &Entry| entry.transaction.and_then(|transaction| self.fates.get(&transaction)).copied();
        partition
            .entries
            .range(start..)
            .take_while(move |entry| fate(entry) != Some(Fate::Open))
            .filter(move |entry| fate(entry) != Some(Fate::Aborted))
    }
}

impl Partition {
    fn drop_read(&mut self) {
        let Some(&lowest) = self.readers.values().min() else { return };
        while self.entries.front().is_some_and(|entry| entry.offset < lowest) {
            self.entries.pop_front();
        }
    }

    /// Keeps the newest committed record of each key, and all records of transactions that are not committed.
    fn compact(&mut self, uncommitted: impl Fn(u64) -> bool) {
        let open = |entry: &Entry| entry.transaction.is_some_and(&uncommitted);
        let mut newest: HashMap<&[u8], i64> = HashMap::new();
        for entry in self.entries.iter().filter(|entry| !open(entry)) {
            if let Some(key) = &entry.key {
                newest.insert(key, entry.offset);
            }
        }
        let keep: std::collections::HashSet<i64> = newest.into_values().collect();
        self.entries.retain(|entry| open(entry) || (keep.contains(&entry.offset) && entry.value.is_some()));
        self.appended_since_compaction = 0;
    }
}

/// A read-committed reader of some topics.
pub struct Tail {
    broker: Broker,
    id: u64,
    positions: Vec<(Arc<str>, i32, i64)>,
}

impl Tail {
    /// Records that were committed since the last poll: partition by partition, in order.
    pub fn poll(&mut self) -> Vec<Delivered> {
        let mut delivered = Vec::new();
        for (topic, partition, position) in &mut self.positions {
            let next = self.broker.read_from(topic, *partition, *position, usize::MAX, |entry| {
                delivered.push(Delivered {
                    topic: topic.clone(),
                    partition: *partition,
                    offset: entry.offset,
                    timestamp: entry.timestamp,
                    key: entry.key.map(<[u8]>::to_vec),
                    value: entry.value.map(<[u8]>::to_vec),
                    headers: entry.headers.to_vec(),
                });
            });
            if next != *position {
                *position = next;
                self.broker.has_read(self.id, topic, *partition, next);
            }
        }
        delivered
    }
}

/// Kafka's hash of a key (the Java client's partitioner, `murmur2_random`).
fn murmur2(data: &[u8]) -> u32 {
    const MULTIPLIER: u32 = 0x5bd1_e995;
    let mut h: u32 = 0x9747_b28c ^ data.len() as u32;
    let mut chunks = data.chunks_exact(4);
    for chunk in &mut chunks {
        let mut k = u32::from_le_bytes([chunk[0], chunk[1], chunk[2], chunk[3]]).wrapping_mul(MULTIPLIER);
        k ^= k >> 24;
        h = h.wrapping_mul(MULTIPLIER) ^ k.wrapping_mul(MULTIPLIER);
    }
    let rest = chunks.remainder();
    for (i, byte) in rest.iter().enumerate().rev() {
        h ^= u32::from(*byte) << (8 * i);
    }
    if !rest.is_empty() {
        h = h.wrapping_mul(MULTIPLIER);
    }
    h = (h ^ (h >> 13)).wrapping_mul(MULTIPLIER);
    h ^ (h >> 15)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(topic: &str, key: &str, value: &str) -> OutRecord {
        OutRecord { topic: topic.into(), partition: None, key: Some(key.into()), value: Some(value.into()), headers: Vec::new() }
    }

    fn values(tail: &mut Tail) -> Vec<String> {
        tail.poll().into_iter().filter_map(|d| d.value).map(|v| String::from_utf8_lossy(&v).into_owned()).collect()
    }

    #[test]
    fn an_open_transaction_holds_back_the_records_after_it_and_an_aborted_one_never_shows() {
        let broker = Broker::new();
        broker.create("t", TopicConfig { partitions: 1, compacted: false });
        let mut tail = broker.tail(&["t".into()]);
        let epoch = broker.init_transactions("w-0");
        broker.transact("w-0", epoch, "w", vec![record("t", "a", "open")], vec![], Some(CrashPoint::AfterProduce)).expect("not fenced");
        broker.produce(record("t", "b", "behind"), Moment(1));
        assert!(values(&mut tail).is_empty(), "the last stable offset is before the open record");

        let taken = broker.init_transactions("w-0");
        assert_eq!(values(&mut tail), ["behind"], "taking up the id aborted the open transaction");
        assert_eq!(broker.transact("w-0", epoch, "w", vec![], vec![], None), Err(Fenced));
        broker.transact("w-0", taken, "w", vec![record("t", "a", "done")], vec![], None).expect("not fenced");
        assert_eq!(values(&mut tail), ["done"]);
    }

    #[test]
    fn offsets_move_with_their_transaction_or_not_at_all() {
        let broker = Broker::new();
        broker.create("s", TopicConfig { partitions: 1, compacted: false });
        let epoch = broker.init_transactions("w-0");
        let offset = || vec![Offset { topic: "s".into(), partition: 0, next: Some(5), metadata: "e1".into() }];
        broker.transact("w-0", epoch, "w", vec![], offset(), Some(CrashPoint::Aborted)).expect("not fenced");
        assert_eq!(broker.committed("w", "s")[0].next, None);
        broker.transact("w-0", epoch, "w", vec![], offset(), Some(CrashPoint::AfterCommit)).expect("not fenced");
        assert_eq!((broker.committed("w", "s")[0].next, broker.committed("w", "s")[0].metadata.as_str()), (Some(5), "e1"));
    }

    #[test]
    fn a_new_process_of_a_group_keeps_no_records_for_the_dead_one() {
        let broker = Broker::new();
        broker.create("s", TopicConfig { partitions: 1, compacted: false });
        let dead = broker.reader_of("w");
        broker.has_read(dead, "s", 0, 0);
        let next = broker.reader_of("w");
        broker.produce(record("s", "a", "1"), Moment(0));
        broker.has_read(next, "s", 0, 1);
        assert!(broker.inner().topics["s"].partitions[0].entries.is_empty());
    }

    #[test]
    fn a_compacted_topic_keeps_the_newest_of_each_key() {
        let broker = Broker::new();
        broker.create("c", TopicConfig { partitions: 1, compacted: true });
        for i in 0..5_000 {
            broker.produce(record("c", &format!("k{}", i % 7), &i.to_string()), Moment(0));
        }
        assert!(broker.inner().topics["c"].partitions[0].entries.len() < 2_000);
        let mut newest = BTreeMap::new();
        broker.read_partition("c", 0, &mut |key, value| {
            newest.insert(key.to_vec(), value.map(<[u8]>::to_vec));
        });
        assert_eq!(newest.len(), 7);
        let last = |k: usize| (0..5_000).rev().find(|i| i % 7 == k).map(|i| i.to_string().into_bytes());
        assert_eq!(newest[&b"k1"[..]], last(1));
    }

    /// Vectors of Kafka's own `UtilsTest.testMurmur2`.
    #[test]
    fn keys_go_where_the_java_client_puts_them() {
        assert_eq!(murmur2(b"21") as i32, -973_932_308);
        assert_eq!(murmur2(b"foobar") as i32, -790_332_482);
        assert_eq!(murmur2(b"a-little-bit-long-string") as i32, -985_981_536);
        assert_eq!(murmur2(b"abc") as i32, 479_470_107);
    }
}
