//! Records as Kafka delivered them, many in one allocation.

use std::ops::Range;
use std::sync::Arc;

use smallvec::SmallVec;
use xxhash_rust::xxh3::Xxh3;

use crate::facts::Moment;

/// A record's headers, in order; a name may come more than once. Names and values are any bytes: what one writer takes for a text, another writes in
/// binary. A value of `None` is null, which is not an empty value.
pub type Headers<'a> = SmallVec<[(&'a [u8], Option<&'a [u8]>); 4]>;

/// One record of a source topic.
#[derive(Clone, Debug)]
pub struct Record<'a> {
    /// The topic's name.
    pub topic: &'a Arc<str>,
    /// The topic's place in the list that the log was opened with.
    pub topic_index: u16,
    /// The topic's partition.
    pub partition: i32,
    /// The record's place in the partition.
    pub offset: i64,
    /// The Kafka record's timestamp: when it was written to the topic, by the producer's clock (or the broker's).
    pub timestamp: Moment,
    /// The key's bytes.
    pub key: Option<&'a [u8]>,
    /// The value's bytes. `None` is a tombstone.
    pub value: Option<&'a [u8]>,
    /// The headers.
    pub headers: Headers<'a>,
}

impl<'a> Record<'a> {
    /// The first header of this name (ASCII case ignored), as text.
    pub fn header(&self, name: &str) -> Option<&'a str> {
        let (_, value) = self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name.as_bytes()))?;
        std::str::from_utf8((*value)?).ok()
    }
}

/// A digest of a record's key and value: null, empty and missing are apart.
pub fn record_digest(key: Option<&[u8]>, value: Option<&[u8]>) -> u64 {
    let mut hasher = Xxh3::new();
    for part in [key, value] {
        hasher.update(&part.map_or(u64::MAX, |bytes| bytes.len() as u64).to_le_bytes());
        hasher.update(part.unwrap_or_default());
    }
    hasher.digest()
}

#[derive(Clone, Copy)]
struct Span {
    start: u32,
    len: u32,
}

impl Span {
    const NONE: Self = Self { start: 0, len: u32::MAX };

    fn of(self, arena: &[u8]) -> Option<&[u8]> {
        (self.len != u32::MAX).then(|| &arena[self.start as usize..(self.start + self.len) as usize])
    }
}

struct Entry {
    topic: u16,
    partition: i32,
    offset: i64,
    timestamp: Moment,
    key: Span,
    value: Span,
    headers: SmallVec<[(Span, Span); 2]>,
}

/// What one epoch reads: of each partition the records in their order, and the clock at its opening.
pub struct Batch {
    topics: Arc<[Arc<str>]>,
    arena: Vec<u8>,
    entries: Vec<Entry>,
    /// The clock when the batch was handed over: the only way that time enters the engine.
    pub clock: Moment,
}

impl Batch {
    /// An empty batch. `topics` are those of the log, in its order.
    pub fn new(topics: Arc<[Arc<str>]>, clock: Moment) -> Self {
        Self { topics, arena: Vec::new(), entries: Vec::new(), clock }
    }

    /// Number of records.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// No record is in it.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Bytes of keys, values and headers held.
    pub fn bytes(&self) -> usize {
        self.arena.len()
    }

    /// Empties it and keeps its memory for the next epoch.
    pub fn clear(&mut self, clock: Moment) {
        self.arena.clear();
        self.entries.clear();
        self.clock = clock;
    }

    fn keep(&mut self, bytes: &[u8]) -> Span {
        let start = self.arena.len() as u32;
        self.arena.extend_from_slice(bytes);
        Span { start, len: bytes.len() as u32 }
    }

    /// Adds a record. A batch holds less than 4 GiB.
    #[allow(clippy::too_many_arguments)]
    pub fn push<'h>(
        &mut self,
        topic_index: u16,
        partition: i32,
        offset: i64,
        timestamp: Moment,
        key: Option<&[u8]>,
        value: Option<&[u8]>,
        headers: impl Iterator<Item = (&'h [u8], Option<&'h [u8]>)>,
    ) {
        let key = key.map_or(Span::NONE, |bytes| self.keep(bytes));
        let value = value.map_or(Span::NONE, |bytes| self.keep(bytes));
        let headers = headers.map(|(name, value)| (self.keep(name), value.map_or(Span::NONE, |value| self.keep(value)))).collect();
        self.entries.push(Entry { topic: topic_index, partition, offset, timestamp, key, value, headers });
    }

    /// Adds a record of another batch over the same topics.
    pub fn copy_from(&mut self, other: &Self, index: usize) {
        let Some(entry) = other.entries.get(index) else { return };
        let key = entry.key.of(&other.arena).map_or(Span::NONE, |bytes| self.keep(bytes));
        let value = entry.value.of(&other.arena).map_or(Span::NONE, |bytes| self.keep(bytes));
        let mut keep = |span: Span| span.of(&other.arena).map_or(Span::NONE, |bytes| self.keep(bytes));
        let headers = entry.headers.iter().map(|(name, value)| (keep(*name), keep(*value))).collect();
        let Entry { topic, partition, offset, timestamp, .. } = *entry;
        self.entries.push(Entry { topic, partition, offset, timestamp, key, value, headers });
    }

    /// Offset and timestamp of a record.
    pub fn at(&self, index: usize) -> Option<(i64, Moment)> {
        self.entries.get(index).map(|entry| (entry.offset, entry.timestamp))
    }

    /// All records, in the order in which they were added.
    pub fn iter(&self) -> impl Iterator<Item = Record<'_>> {
        self.range(0..self.len())
    }

    /// The records from one place to another.
    ///
    /// # Panics
    /// The places are not within the batch.
    pub fn range(&self, places: Range<usize>) -> impl Iterator<Item = Record<'_>> {
        self.entries[places].iter().map(|entry| Record {
            topic: &self.topics[entry.topic as usize],
            topic_index: entry.topic,
            partition: entry.partition,
            offset: entry.offset,
            timestamp: entry.timestamp,
            key: entry.key.of(&self.arena),
            value: entry.value.of(&self.arena),
            headers: entry.headers.iter().map(|(name, value)| (name.of(&self.arena).unwrap_or_default(), value.of(&self.arena))).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The next epoch must not see what the last one read.
    #[test]
    fn a_batch_that_is_cleared_holds_nothing_and_has_the_next_clock() {
        let mut batch = Batch::new(Arc::new(["orders".into()]), Moment(1));
        batch.push(0, 3, 17, Moment(5), Some(b"k"), None, std::iter::once((&b"name"[..], None)));
        let told: Vec<(i64, Option<Vec<u8>>, Option<Vec<u8>>)> =
            batch.iter().map(|record| (record.offset, record.key.map(<[u8]>::to_vec), record.value.map(<[u8]>::to_vec))).collect();
        assert_eq!(told, [(17, Some(b"k".to_vec()), None)]);
        batch.clear(Moment(2));
        assert_eq!((batch.len(), batch.bytes(), batch.is_empty(), batch.clock), (0, 0, true, Moment(2)));
    }
}
