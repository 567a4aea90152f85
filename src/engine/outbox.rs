//! What the open epoch will write: events with their headers, state, dead letters, offsets.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::log::{Offset, OutRecord, Transaction};
use super::report::EpochReport;
use super::state::{self, StateKey};
use super::topics::{SourceTopics, TopicNames};
use crate::envelope::{DecodeError, Record};
use crate::events::Emission;
use crate::facts::Cause;

/// About how long a cause is as text, such as `magento.sales_order[3]@1204`.
const CAUSE_BYTES: usize = 48;

/// The headers of an event, and what each says.
pub const EVENT_HEADERS: [(&str, &str); 6] = [
    ("id", "The event's id, as in the body. No two events share one."),
    ("causes", "The records that caused it, as `topic[partition]@offset`, with commas between them."),
    ("epoch", "The epoch that emitted it, as `shard:number`."),
    ("tick", "The epoch's one moment. RFC 3339, UTC, to the millisecond."),
    ("content-type", "`application/json`."),
    ("receiver", "Who is to act, `shop` or `erp`; only on topics that have both for readers."),
];

/// The headers of a dead letter, and what each says.
pub const DEAD_LETTER_HEADERS: [(&str, &str); 8] = [
    ("waybill-error", "What is wrong, in a sentence: place, field, what was expected, what was found. May hold a person's data."),
    ("waybill-source", "Name of the source, as the configuration has it."),
    ("waybill-topic", "Topic of the record."),
    ("waybill-partition", "Its partition."),
    ("waybill-offset", "Its offset."),
    ("waybill-timestamp", "Its Kafka timestamp. RFC 3339, UTC, to the millisecond."),
    ("waybill-adapter-revision", "Revision of the adapter that could not decode it."),
    ("waybill-headers", "The record's own headers, in their order: a JSON list of pairs of name and value. Left out where it had none."),
];

/// The open epoch's writes.
#[derive(Debug, Default)]
pub struct Outbox {
    records: Vec<OutRecord>,
    /// (topic index, partition) -> next offset to read.
    read: BTreeMap<(u16, i32), i64>,
}

/// Records of one shard's changelog.
#[derive(Debug)]
pub struct StateOut {
    changelog: Arc<str>,
    shard: i32,
    /// Memory to encode in.
    scratch: Vec<u8>,
    records: Vec<OutRecord>,
}

impl StateOut {
    /// No records yet.
    pub fn new(names: &TopicNames, shard: usize) -> Self {
        Self { changelog: names.changelog.clone(), shard: shard as i32, scratch: Vec::new(), records: Vec::new() }
    }

    /// Adds a record. `value` gets the encoded key and memory to work in, and gives the encoded value; `None`: a tombstone.
    pub fn put(&mut self, key: &StateKey, value: impl FnOnce(&[u8], &mut Vec<u8>) -> Option<Vec<u8>>) {
        let key = state::encode_key(key);
        let value = value(&key, &mut self.scratch);
        let (topic, partition) = (self.changelog.clone(), Some(self.shard));
        self.records.push(OutRecord { topic, partition, key: Some(key), value, headers: Vec::new() });
    }
}

/// The epoch as events name it in their headers.
#[derive(Clone, Copy, Debug)]
pub struct EpochTag<'a> {
    /// `shard:number`.
    pub epoch: &'a str,
    /// The epoch's moment.
    pub tick: &'a str,
}

impl Outbox {
    /// The record is read: its partition's offset moves behind it.
    pub fn has_read(&mut self, record: &Record<'_>) {
        let next = self.read.entry((record.topic_index, record.partition)).or_default();
        *next = (*next).max(record.offset + 1);
    }

    /// How far the open epoch has read: (topic index, partition) and the next offset.
    pub(super) fn read(&self) -> Vec<((u16, i32), i64)> {
        self.read.iter().map(|(partition, next)| (*partition, *next)).collect()
    }

    /// The events of one entity, with their headers: id, causes, epoch, tick, content type, receiver.
    pub fn events(&mut self, names: &TopicNames, sources: &SourceTopics, tag: EpochTag<'_>, emissions: Vec<Emission>, causes: &[Cause]) {
        let mut shown = String::with_capacity(causes.len() * CAUSE_BYTES);
        for cause in causes {
            if !shown.is_empty() {
                shown.push(',');
            }
            sources.show(cause, &mut shown);
        }
        for emission in emissions {
            let mut headers = Vec::with_capacity(6);
            headers.extend([
                ("id", emission.id.into_bytes()),
                ("causes", shown.as_bytes().to_vec()),
                ("epoch", tag.epoch.as_bytes().to_vec()),
                ("tick", tag.tick.as_bytes().to_vec()),
                ("content-type", b"application/json".to_vec()),
            ]);
            if let Some(receiver) = emission.receiver {
                headers.push(("receiver", receiver.name().as_bytes().to_vec()));
            }
            self.records.push(OutRecord {
                topic: names.of(emission.topic).clone(),
                partition: None,
                key: Some(emission.key.as_bytes().to_vec()),
                value: emission.body,
                headers,
            });
        }
    }

    /// A record that could not be decoded: whole (key, value, headers), with its place and the decode error.
    pub fn dead_letter(&mut self, names: &TopicNames, source: &str, revision: u16, record: &Record<'_>, error: &DecodeError) {
        let mut headers: Vec<(&'static str, Vec<u8>)> = vec![
            ("waybill-error", format!("{}[{}]@{}: {error}", record.topic, record.partition, record.offset).into_bytes()),
            ("waybill-source", source.as_bytes().to_vec()),
            ("waybill-topic", record.topic.as_bytes().to_vec()),
            ("waybill-partition", record.partition.to_string().into_bytes()),
            ("waybill-offset", record.offset.to_string().into_bytes()),
            ("waybill-timestamp", record.timestamp.to_string().into_bytes()),
            ("waybill-adapter-revision", revision.to_string().into_bytes()),
        ];
        // The record's own headers, in order, as one JSON list: their names are not ours to choose.
        let own: Vec<(&str, String)> =
            record.headers.iter().map(|(name, value)| (*name, String::from_utf8_lossy(value).into_owned())).collect();
        if !own.is_empty() {
            headers.push(("waybill-headers", serde_json::to_vec(&own).unwrap_or_default()));
        }
        self.records.push(OutRecord {
            topic: names.dead_letters.clone(),
            partition: None,
            key: record.key.map(<[u8]>::to_vec),
            value: record.value.map(<[u8]>::to_vec),
            headers,
        });
    }

    /// What a shard writes to its changelog.
    pub fn state(&mut self, state: StateOut, report: &mut EpochReport) {
        report.state_records += state.records.len() as u64;
        report.state_bytes += state.records.iter().map(|record| record.bytes() as u64).sum::<u64>();
        self.records.extend(state.records);
    }

    /// Everything as one transaction. Beside the exchange partitions' offsets stand the epochs' numbers, beside each source partition's offset the
    /// text that `note` gives. Empties the outbox.
    pub fn transaction(
        &mut self,
        topics: &[Arc<str>],
        exchange: &Arc<str>,
        shards: impl Iterator<Item = (usize, i64, u64)>,
        note: impl Fn((u16, i32)) -> String,
    ) -> Transaction {
        let mut offsets: Vec<Offset> = std::mem::take(&mut self.read)
            .into_iter()
            .map(|((topic, partition), next)| Offset {
                topic: topics[topic as usize].clone(),
                partition,
                next: Some(next),
                metadata: note((topic, partition)),
            })
            .collect();
        offsets.extend(shards.map(|(shard, next, number)| Offset {
            topic: exchange.clone(),
            partition: shard as i32,
            next: Some(next),
            metadata: number.to_string(),
        }));
        Transaction { records: std::mem::take(&mut self.records), offsets }
    }

    pub fn clear(&mut self) {
        self.records.clear();
        self.read.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::events::{Receiver, Topic};

    fn names(outbox: &Outbox) -> Vec<&'static str> {
        outbox.records[0].headers.iter().map(|(name, _)| *name).collect()
    }

    #[test]
    fn the_lists_of_headers_are_those_that_are_written() {
        let (topics, receiver) = (TopicNames::new("waybill."), Some(Receiver::Shop));
        let event = Emission { topic: Topic::DespatchNotices, key: "magento|1".into(), id: "1".into(), receiver, body: None };
        let mut outbox = Outbox::default();
        outbox.events(&topics, &SourceTopics::default(), EpochTag { epoch: "0:1", tick: "" }, vec![event], &[]);
        assert_eq!(names(&outbox), EVENT_HEADERS.map(|(name, _)| name));
        let (topic, headers) = (Arc::from("orders"), [("name", &b"value"[..])]);
        let record = Record {
            topic: &topic,
            topic_index: 0,
            partition: 0,
            offset: 1,
            timestamp: crate::facts::Moment(0),
            key: None,
            value: None,
            headers: headers.into_iter().collect(),
        };
        let mut outbox = Outbox::default();
        outbox.dead_letter(&topics, "shop", 1, &record, &DecodeError::new("id", "a number", "x"));
        assert_eq!(names(&outbox), DEAD_LETTER_HEADERS.map(|(name, _)| name));
    }
}
