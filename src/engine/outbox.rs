//! What the open epoch will write: events with their headers, state, dead letters, offsets.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::dead_letter;
use super::log::{Offset, OutRecord, Transaction};
use super::report::EpochReport;
use super::settings::{EngineSettings, SourceRuntime};
use super::state_out::StateOut;
use super::topics::{SourceTopics, TopicNames};
use crate::envelope::{DecodeError, Record};
use crate::events::Emission;
use crate::facts::{Cause, Moment};

/// About how long a cause is as text, such as `magento.sales_order[3]@1204`.
const CAUSE_BYTES: usize = 48;

/// The headers of an event, and what each says.
pub const EVENT_HEADERS: [(&str, &str); 7] = [
    ("id", "The event's id, as in the body. No two events share one."),
    ("causes", "The records that caused it, as `topic[partition]@offset`, with commas between them."),
    ("epoch", "The epoch that emitted it, as `shard:number`."),
    ("tick", "The epoch's one moment. RFC 3339, UTC, to the millisecond."),
    ("content-type", "`application/json`; `application/avro` of a topic that is written in Avro (`[output]`)."),
    ("receiver", "Who is to act, `shop` or `erp`; only on topics that have both for readers."),
    (
        "moved-to",
        "On tombstones of `marketing-profiles` and `customer-history` alone: the key of the customer that has by now what was stated here, since the two are joined.",
    ),
];

/// The open epoch's writes.
#[derive(Debug, Default)]
pub struct Outbox {
    records: Vec<OutRecord>,
    /// (topic index, partition) -> next offset to read.
    read: BTreeMap<(u16, i32), i64>,
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
            let mut headers = Vec::with_capacity(7);
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
            if let Some(moved_to) = emission.moved_to {
                headers.push(("moved-to", moved_to.as_bytes().to_vec()));
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

    /// A record that could not be decoded, as a dead letter of at most this size.
    pub fn dead_letter(&mut self, settings: &EngineSettings, source: usize, record: &Record<'_>, error: &DecodeError) {
        let SourceRuntime { common, adapter } = &settings.sources[source];
        let (topic, max) = (&settings.names.dead_letters, settings.record_bytes_max);
        self.records.push(dead_letter::of_record(topic, &common.name, adapter.revision(), record, error, max));
    }

    /// What became of what somebody did. `about` is the record's key: what is said of one thing comes in order.
    pub fn audit(&mut self, names: &TopicNames, about: String, body: &serde_json::Value) {
        self.records.push(OutRecord {
            topic: names.audit.clone(),
            partition: None,
            key: Some(about.into_bytes()),
            value: Some(body.to_string().into_bytes()),
            headers: vec![("content-type", b"application/json".to_vec())],
        });
    }

    /// Events that are larger than a record may be become dead letters: they hold nothing else back. Gives how many these are.
    pub fn fit(&mut self, settings: &EngineSettings, tick: Moment) -> u64 {
        let (topic, max) = (&settings.names.dead_letters, settings.record_bytes_max);
        let mut cut = 0;
        for record in self.records.iter_mut().filter(|record| record.bytes() > max) {
            *record = dead_letter::of_event(topic, record, tick.to_string(), max);
            cut += 1;
        }
        cut
    }

    /// What a shard writes to its changelog.
    pub fn state(&mut self, state: StateOut, report: &mut EpochReport) {
        let records = state.into_records();
        report.state_records += records.len() as u64;
        report.state_bytes += records.iter().map(|record| record.bytes() as u64).sum::<u64>();
        self.records.extend(records);
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
    fn the_list_of_headers_is_what_is_written() {
        let (topics, receiver) = (TopicNames::new("waybill."), Some(Receiver::Shop));
        let moved_to = Some("account|shop|7".into());
        let event = Emission { topic: Topic::DespatchNotices, key: "magento|1".into(), id: "1".into(), receiver, body: None, moved_to };
        let mut outbox = Outbox::default();
        outbox.events(&topics, &SourceTopics::default(), EpochTag { epoch: "0:1", tick: "" }, vec![event], &[]);
        assert_eq!(names(&outbox), EVENT_HEADERS.map(|(name, _)| name));
    }
}
