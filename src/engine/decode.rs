//! From records to facts.
//!
//! Adapters are pure, so a batch is decoded in chunks on several threads ([`super::workers`]), while the engine's own thread stores the facts of
//! the chunks before, in the order of the batch.

use std::ops::Range;
use std::sync::Arc;

use super::settings::{EngineSettings, SourceRuntime};
use super::workers;
use crate::envelope::{Batch, DecodeError, RawRecord, Record, RecordPlace};
use crate::facts::{Cause, CustomerKey, Fact, Moment, OrderKey, Subject, TopicId};
use crate::sources::acts::{self, Act, ActRecord};
use crate::sources::decisions::{self, DecisionRecord};
use crate::sources::{FactsOut, Reading, SourcePosition};

/// Records of a chunk. Fewer: threads meet more often. More: small epochs are decoded by one thread.
const CHUNK_RECORDS: usize = 512;

/// Which source a topic belongs to. Records name a topic by its place.
#[derive(Clone, Copy)]
pub(super) struct TopicRoute {
    pub id: TopicId,
    /// The source's place in the engine's list; `usize::MAX`: no source names the topic.
    pub source: usize,
    pub content: TopicContent,
}

/// What stands in a topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TopicContent {
    /// What a system writes.
    Records,
    /// What people decided.
    Decisions,
    /// What people did beside deciding.
    Acts,
}

impl TopicRoute {
    /// Of each topic that is read.
    pub fn all(settings: &EngineSettings, topics: &[Arc<str>]) -> Arc<[Self]> {
        let source_of = |topic: &str| settings.sources.iter().position(|source| source.adapter.topics().iter().any(|name| name == topic));
        let content = |topic: &Arc<str>| match topic {
            topic if *topic == settings.names.decisions => TopicContent::Decisions,
            topic if *topic == settings.names.acts => TopicContent::Acts,
            _ => TopicContent::Records,
        };
        let route =
            |topic: &Arc<str>| Self { id: TopicId::of(topic), source: source_of(topic).unwrap_or(usize::MAX), content: content(topic) };
        topics.iter().map(route).collect()
    }
}

/// What a person said in a record of Waybill's own topics.
pub(super) enum Said {
    /// A decision: its facts are the record's.
    Decision(Box<DecisionRecord>),
    /// An act. If it is about a dead letter, the facts and the reading are those of the letter's record.
    Act(Box<SaidAct>),
}

/// An act, without the record that it carries: that is decoded.
pub(super) struct SaidAct {
    pub act: ActRecord,
    /// The place in the engine's list of the source that the act itself is of.
    pub own_source: usize,
    /// The record that it is about.
    pub place: Option<Cause>,
    /// Of the record that it carries: a digest of key and value, and its timestamp.
    pub carried: (u64, Moment),
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
    pub said: Option<Said>,
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
    pub topics: &'a [Arc<str>],
    pub routes: &'a [TopicRoute],
}

impl Decoder<'_> {
    /// Decodes the batch and gives each chunk to `take`, in order, with the places of its records in the batch.
    pub fn each_chunk(&self, batch: &Batch, mut take: impl FnMut(Range<usize>, Chunk)) {
        let records_of = |chunk: usize| chunk * CHUNK_RECORDS..batch.len().min((chunk + 1) * CHUNK_RECORDS);
        let decode = |chunk| {
            let records = records_of(chunk);
            let mut decoded = Chunk { decoded: Vec::with_capacity(records.len()), facts: Vec::with_capacity(records.len() * 2) };
            batch.range(records).for_each(|record| self.decode(&record, &mut decoded));
            decoded
        };
        workers::run(batch.len().div_ceil(CHUNK_RECORDS), decode, |chunk, decoded| take(records_of(chunk), decoded));
    }

    fn decode(&self, record: &Record<'_>, chunk: &mut Chunk) {
        let route = self.routes.get(record.topic_index as usize).filter(|route| route.source < self.sources.len());
        let decoded = route.map(|route| match route.content {
            TopicContent::Records => self.read(route, record, &mut chunk.facts),
            TopicContent::Decisions => {
                let said = decisions::read(record.value).ok().map(|decision| Said::Decision(Box::new(decision)));
                Decoded { said, ..self.read(route, record, &mut chunk.facts) }
            }
            TopicContent::Acts => self.read_act(route.source, record, &mut chunk.facts),
        });
        chunk.decoded.push(decoded);
    }

    /// Reads a record as its source's adapter does.
    fn read(&self, route: &TopicRoute, record: &Record<'_>, facts: &mut Vec<Fact>) -> Decoded {
        let before = facts.len();
        let (position, reading) = translate(&self.sources[route.source], route.id, record, facts);
        Decoded { source: route.source, facts: facts.len() - before, position, reading, said: None }
    }

    fn read_act(&self, own_source: usize, record: &Record<'_>, facts: &mut Vec<Fact>) -> Decoded {
        let of_its_own = |reading, said| Decoded { source: own_source, facts: 0, position: None, reading, said };
        let said = |act, place, carried| Some(Said::Act(Box::new(SaidAct { act, own_source, place, carried })));
        let act = match acts::read(record.value) {
            Ok(act) => act,
            Err(error) => return of_its_own(Err(error), None),
        };
        let ActRecord { act: done, who, at, why } = act;
        let without_record = |act| ActRecord { act, who, at, why };
        let (place, raw, act) = match done {
            Act::Retry { place, record } => (place.clone(), record, without_record(Act::Retry { place, record: RawRecord::default() })),
            Act::Edit { place, record, changes } => {
                (place.clone(), record, without_record(Act::Edit { place, record: RawRecord::default(), changes }))
            }
            Act::Discard { place } => {
                let cause = cause_of(&place);
                return of_its_own(Ok(Reading::Understood), said(without_record(Act::Discard { place }), Some(cause), (0, Moment(0))));
            }
            other => return of_its_own(Ok(Reading::Understood), said(without_record(other), None, (0, Moment(0)))),
        };
        let cause = cause_of(&place);
        let carried = (raw.digest(), raw.timestamp);
        let Some((index, topic)) = self.topics.iter().enumerate().find(|(_, topic)| ***topic == *place.topic) else {
            let error = DecodeError::new("place", "a topic that a source reads", &place.topic);
            return of_its_own(Err(error), said(act, Some(cause), carried));
        };
        let record = raw.standing(topic, index as u16, place.partition, place.offset);
        match self.routes.get(index).filter(|route| route.source < self.sources.len() && route.content != TopicContent::Acts) {
            Some(route) => Decoded { said: said(act, Some(cause), carried), ..self.read(route, &record, facts) },
            None => {
                let error = DecodeError::new("place", "the record of a source: what people did is written anew", place);
                of_its_own(Err(error), said(act, Some(cause), carried))
            }
        }
    }
}

fn cause_of(place: &RecordPlace) -> Cause {
    Cause { topic: TopicId::of(&place.topic), partition: place.partition, offset: place.offset }
}

/// Adds a record's facts, all or none; gives where it stands in its source's log, and what became of it.
fn translate(
    source: &SourceRuntime,
    topic: TopicId,
    record: &Record<'_>,
    facts: &mut Vec<Fact>,
) -> (Option<SourcePosition>, Result<Reading, DecodeError>) {
    let cause = Cause { topic, partition: record.partition, offset: record.offset };
    let before = facts.len();
    let mut out = FactsOut::new(source.common.id, cause, source.adapter.revision(), facts);
    let reading = source.adapter.translate(record, &mut out);
    let position = out.position;
    let reading = reading.and_then(|reading| short_keys(&facts[before..]).map(|()| reading));
    if reading.is_err() {
        facts.truncate(before);
    }
    (position, reading)
}

/// What a record would become if the engine read it now.
///
/// # Errors
/// Why it would be refused.
pub fn facts_of(source: &SourceRuntime, record: &Record<'_>) -> Result<(Reading, Vec<Fact>), DecodeError> {
    let mut facts = Vec::new();
    let (_, reading) = translate(source, TopicId::of(record.topic), record, &mut facts);
    reading.map(|reading| (reading, facts))
}
