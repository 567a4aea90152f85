//! From records to facts.
//!
//! Adapters are pure, so a batch is decoded in chunks on several threads ([`super::workers`]), while the engine's own thread stores the facts of
//! the chunks before, in the order of the batch.

use std::ops::Range;

use super::settings::SourceRuntime;
use super::workers;
use crate::envelope::{Batch, DecodeError, Record};
use crate::facts::{Cause, CustomerKey, Fact, OrderKey, Subject, TopicId};
use crate::sources::{FactsOut, Reading, SourcePosition};

/// Records of a chunk. Fewer: threads meet more often. More: small epochs are decoded by one thread.
const CHUNK_RECORDS: usize = 512;

/// Which source a topic belongs to. Records name a topic by its place.
#[derive(Clone, Copy)]
pub(super) struct TopicRoute {
    pub id: TopicId,
    /// The source's place in the engine's list; `usize::MAX`: no source names the topic.
    pub source: usize,
}

/// What one record decodes to; its facts stand in its chunk.
pub(super) struct Decoded {
    /// The source's place in the engine's list.
    pub source: usize,
    /// How many of the chunk's facts are the record's.
    pub facts: usize,
    /// Where the record stands in its source's log, if it says so.
    pub position: Option<SourcePosition>,
    pub reading: Result<Reading, DecodeError>,
}

/// Decoded records.
#[derive(Default)]
pub(super) struct Chunk {
    /// One for each record; `None`: its topic belongs to no source.
    pub decoded: Vec<Option<Decoded>>,
    /// Facts of all records, one record's after the other's.
    pub facts: Vec<Fact>,
}

/// The longest text in a key, in bytes: what a source calls an order, a document, a row. A key stands in each record of state and in each event.
const KEY_BYTES_MAX: usize = 1_024;

/// Keys of facts are of a bounded length.
fn short_keys(facts: &[Fact]) -> Result<(), DecodeError> {
    let length = |fact: &Fact| {
        let subject = match &fact.subject {
            Subject::Order(OrderKey(key)) | Subject::Customer(CustomerKey(key)) => key.len(),
            Subject::Alias(alias) => alias.scope.len() + alias.id.len(),
            Subject::Sku(sku) => sku.as_str().len(),
            Subject::RowOwner(row) => row.id.len(),
            Subject::Set(set) => set.prefix.len(),
            Subject::Desk => 0,
        };
        subject.max(fact.key.id.len())
    };
    match facts.iter().map(length).max().filter(|bytes| *bytes > KEY_BYTES_MAX) {
        None => Ok(()),
        Some(bytes) => {
            Err(DecodeError::new("value", format!("numbers and ids of at most {KEY_BYTES_MAX} bytes"), format!("one of {bytes} bytes")))
        }
    }
}

/// Decodes records by the adapters of their topics' sources.
pub(super) struct Decoder<'a> {
    pub sources: &'a [SourceRuntime],
    pub routes: &'a [TopicRoute],
}

impl Decoder<'_> {
    /// Decodes the batch and gives each chunk to `take`, in order, with the places of its records in the batch.
    pub fn each_chunk(&self, batch: &Batch, mut take: impl FnMut(Range<usize>, Chunk)) {
        let records_of = |chunk: usize| chunk * CHUNK_RECORDS..batch.len().min((chunk + 1) * CHUNK_RECORDS);
        let decode = |chunk| {
            let mut decoded = Chunk::default();
            batch.range(records_of(chunk)).for_each(|record| self.decode(&record, &mut decoded));
            decoded
        };
        workers::run(batch.len().div_ceil(CHUNK_RECORDS), decode, |chunk, decoded| take(records_of(chunk), decoded));
    }

    fn decode(&self, record: &Record<'_>, chunk: &mut Chunk) {
        let route = self.routes.get(record.topic_index as usize);
        let source = route.and_then(|route| Some((route, self.sources.get(route.source)?)));
        let decoded = source.map(|(route, source)| {
            let cause = Cause { topic: route.id, partition: record.partition, offset: record.offset };
            let before = chunk.facts.len();
            let mut out = FactsOut::new(source.common.id, cause, source.adapter.revision(), &mut chunk.facts);
            let reading = source.adapter.translate(record, &mut out);
            let position = out.position;
            let reading = reading.and_then(|reading| short_keys(&chunk.facts[before..]).map(|()| reading));
            if reading.is_err() {
                chunk.facts.truncate(before);
            }
            Decoded { source: route.source, facts: chunk.facts.len() - before, position, reading }
        });
        chunk.decoded.push(decoded);
    }
}
