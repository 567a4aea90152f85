//! What the running Waybill does for the desk on Kafka: writes decisions and acts, fetches the records of dead letters, reads the audit.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::broker;
use super::shared::DaemonContext;
use crate::engine::{Letter, SourceRuntime, facts_of};
use crate::envelope::{DecodeError, RawRecord, RecordPlace};
use crate::facts::time::Span;
use crate::facts::{Moment, shown};
use crate::http::{AuditTrail, Inbox, InboxTopic, LetterReading, LetterRecords};
use crate::kafka::client::PlainProducer;
use crate::kafka::{records, sample};
use crate::sources::{Reading, Skip, acts, decisions};

/// How long the caller waits for the broker.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long the newest entries of the audit may take.
const LOOK_TIME: Duration = Duration::from_secs(5);
/// A dead letter is looked for in `dead-letters` from so long before it was refused: by the engine's clock, which the broker's records do not know.
const CLOCKS_DIFFER: Span = Span::minutes(10);

/// The desk of a running Waybill.
pub struct DeskOfKafka(pub DaemonContext);

/// Each time by a client of its own, since acts are rare: one that is kept would have to be served all the time.
impl Inbox for DeskOfKafka {
    fn take(&self, topic: InboxTopic, written: &[(String, Vec<u8>)]) -> Result<(), String> {
        let unwritten = |error: &dyn std::fmt::Display| {
            format!("it may not be written ({error}): look whether it is still open or outstanding, then try again")
        };
        let config = &self.0.config;
        if let Some((about, bytes)) = written.iter().find(|(_, bytes)| bytes.len() > config.kafka.record_bytes_max) {
            let (size, most) = (bytes.len(), config.kafka.record_bytes_max);
            return Err(format!(
                "what is to be written about {about} has {size} bytes, more than {most} (kafka.record_bytes_max): nothing is written. Write the record to its source's topic anew"
            ));
        }
        let settings = broker::settings(config);
        let mut client = settings.client.clone();
        client.entry("message.max.bytes".to_owned()).or_insert_with(|| (config.kafka.record_bytes_max + (64 << 10)).to_string());
        let producer = PlainProducer::new(&settings.bootstrap, &client).map_err(|error| unwritten(&error))?;
        let topic = config.own_topic(match topic {
            InboxTopic::Decisions => decisions::TOPIC,
            InboxTopic::Acts => acts::TOPIC,
        });
        for (about, bytes) in written {
            producer.send(&topic, Some(about.as_bytes()), Some(bytes), &[], None).map_err(|error| unwritten(&error))?;
        }
        producer.flush(PATIENCE).map_err(|error| unwritten(&error))
    }
}

impl LetterRecords for DeskOfKafka {
    fn fetch(&self, letters: &[(RecordPlace, Letter)]) -> Result<Vec<Result<RawRecord, String>>, String> {
        let settings = broker::settings(&self.0.config);
        let away = |error: &dyn std::fmt::Display| format!("the records can't be read ({error}): try again once the brokers answer");
        let places: Vec<RecordPlace> = letters.iter().map(|(place, _)| place.clone()).collect();
        let found = records::at_places(&settings, &places).map_err(|error| away(&error))?;
        let is_it = |record: &RawRecord, letter: &Letter| record.digest() == letter.digest && record.timestamp == letter.written_at;
        let mut all: Vec<Option<RawRecord>> =
            found.into_iter().zip(letters).map(|(record, (_, letter))| record.filter(|record| is_it(record, letter))).collect();
        let since = letters.iter().zip(&all).filter(|(_, found)| found.is_none()).map(|((_, letter), _)| letter.since).min();
        if let Some(since) = since {
            let topic = self.0.config.own_topic("dead-letters");
            let mut take = |letter: RawRecord| {
                let Some((place, record)) = of_letter(letter) else { return true };
                let wanted = places.iter().position(|wanted| *wanted == place).filter(|wanted| all[*wanted].is_none());
                if let Some(wanted) = wanted.filter(|wanted| is_it(&record, &letters[*wanted].1)) {
                    all[wanted] = Some(record);
                }
                all.iter().any(Option::is_none)
            };
            records::since(&settings, &topic, Moment(since.0 - CLOCKS_DIFFER.0), &mut take).map_err(|error| away(&error))?;
        }
        let gone = |place: &RecordPlace| {
            format!(
                "the record of {place} is kept neither in its topic nor whole in dead-letters: it can be edited or discarded, not read again as it came"
            )
        };
        Ok(all.into_iter().zip(&places).map(|(record, place)| record.ok_or_else(|| gone(place))).collect())
    }

    fn read(&self, place: &RecordPlace, record: &RawRecord) -> LetterReading {
        let config = &self.0.config;
        let Some(source) = config.sources.iter().find(|source| source.topics.iter().any(|topic| *topic == place.topic)) else {
            return LetterReading::Refused(DecodeError::new(
                "place",
                "a topic that a source reads: it can only be discarded",
                &place.topic,
            ));
        };
        let topic: Arc<str> = place.topic.as_str().into();
        let record = record.standing(&topic, 0, place.partition, place.offset);
        if let Err(why) = broker::fetch(config, source.schemas.as_ref(), &record) {
            return LetterReading::Refused(DecodeError::new("value", "a schema that can be fetched", why));
        }
        let source = SourceRuntime { common: source.common.clone(), adapter: Arc::clone(&source.adapter) };
        match facts_of(&source, &record) {
            Err(error) => LetterReading::Refused(error),
            Ok((Reading::Skipped(Skip::Housekeeping), _)) => LetterReading::Skipped("a tombstone, heartbeat or the like".to_owned()),
            Ok((Reading::Skipped(Skip::UnknownTable(name)), _)) => LetterReading::Skipped(format!("nothing is made of {name}")),
            Ok((Reading::Understood, facts)) => LetterReading::Rows(facts.iter().map(shown).collect()),
        }
    }
}

/// The record that a dead letter holds whole, and its place.
fn of_letter(letter: RawRecord) -> Option<(RecordPlace, RawRecord)> {
    let header = |name: &str| {
        let (_, value) = letter.headers.iter().find(|(own, _)| own == name.as_bytes())?;
        std::str::from_utf8(value.as_deref()?).ok()
    };
    let place = RecordPlace {
        topic: header("waybill-topic")?.into(),
        partition: header("waybill-partition")?.parse().ok()?,
        offset: header("waybill-offset")?.parse().ok()?,
    };
    if header("waybill-cut").is_some() {
        return None;
    }
    let timestamp = Moment::parse_rfc3339(header("waybill-timestamp")?)?;
    let headers = match header("waybill-headers") {
        Some(list) => RawRecord::headers_of(&serde_json::from_str(list).ok()?).ok()?,
        None => Vec::new(),
    };
    Some((place, RawRecord { headers, timestamp, key: letter.key, value: letter.value }))
}

impl AuditTrail for DeskOfKafka {
    fn newest(&self, about: Option<&str>, limit: usize) -> Result<Vec<Value>, String> {
        let settings = broker::settings(&self.0.config);
        let topic = self.0.config.own_topic("audit");
        let unread = |error: &dyn std::fmt::Display| format!("the audit can't be read ({error}): try again once the brokers answer");
        let read = |value: Option<&[u8]>| serde_json::from_slice(value.unwrap_or_default()).ok();
        let Some(about) = about else {
            let batch = sample::newest(&settings, &topic.into(), limit, LOOK_TIME).map_err(|error| unread(&error))?;
            return Ok(batch.iter().filter_map(|record| read(record.value)).collect());
        };
        let mut found = Vec::new();
        let mut take = |record: RawRecord| {
            if record.key.as_deref() == Some(about.as_bytes()) {
                found.extend(read(record.value.as_deref()));
            }
            true
        };
        records::since(&settings, &topic, Moment(0), &mut take).map_err(|error| unread(&error))?;
        Ok(found.split_off(found.len().saturating_sub(limit)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_comes_back_from_its_dead_letter_unless_it_was_cut() {
        let header = |name: &str, value: &str| (name.as_bytes().to_vec(), Some(value.as_bytes().to_vec()));
        let mut letter = RawRecord {
            key: Some(b"7".to_vec()),
            value: Some(b"{".to_vec()),
            headers: vec![
                header("waybill-topic", "carrier.scans"),
                header("waybill-partition", "2"),
                header("waybill-offset", "17"),
                header("waybill-timestamp", "2026-03-02T10:15:04.123Z"),
                header("waybill-headers", r#"[["code","D9"],["none",null]]"#),
            ],
            timestamp: Moment(0),
        };
        let (place, record) = of_letter(letter.clone()).expect("whole");
        assert_eq!(place.to_string(), "carrier.scans[2]@17");
        assert_eq!((record.timestamp, record.headers.len(), record.key.as_deref()), (Moment(1_772_446_504_123), 2, Some(&b"7"[..])));
        letter.headers.push(header("waybill-cut", "{}"));
        assert_eq!(of_letter(letter), None);
    }
}
