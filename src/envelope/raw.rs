//! A record apart from its topic: as JSON that gives every byte back, and where it stood.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use base64::Engine as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::{Value, json};

use super::record::{Headers, Record, record_digest};
use crate::facts::{Moment, Text};

/// Where a record stands: `topic[partition]@offset`.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordPlace {
    /// The topic's name.
    pub topic: Text,
    /// The partition's number.
    pub partition: i32,
    /// The record's place in the partition.
    pub offset: i64,
}

impl fmt::Display for RecordPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}[{}]@{}", self.topic, self.partition, self.offset)
    }
}

impl FromStr for RecordPlace {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let read = || {
            let (rest, offset) = text.rsplit_once("]@")?;
            let (topic, partition) = rest.rsplit_once('[')?;
            let found = Self { topic: topic.into(), partition: partition.parse().ok()?, offset: offset.parse().ok()? };
            (!topic.is_empty() && found.partition >= 0 && found.offset >= 0).then_some(found)
        };
        read().ok_or_else(|| format!("a record's place, as in carrier.scans[0]@17, and not {text:?}"))
    }
}

impl Serialize for RecordPlace {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for RecordPlace {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// A record's bytes. As JSON `{"key", "value", "headers", "timestamp"}`: bytes are a text, or `{"base64": "..."}` where they are no UTF-8, or null;
/// headers are a list of pairs of name and value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RawRecord {
    /// The key's bytes.
    pub key: Option<Vec<u8>>,
    /// The value's bytes; `None`: a tombstone.
    pub value: Option<Vec<u8>>,
    /// Names and values, in order.
    pub headers: Vec<(Vec<u8>, Option<Vec<u8>>)>,
    /// Its Kafka timestamp.
    pub timestamp: Moment,
}

impl RawRecord {
    /// A copy of the record.
    pub fn of(record: &Record<'_>) -> Self {
        Self {
            key: record.key.map(<[u8]>::to_vec),
            value: record.value.map(<[u8]>::to_vec),
            headers: record.headers.iter().map(|(name, value)| (name.to_vec(), value.map(<[u8]>::to_vec))).collect(),
            timestamp: record.timestamp,
        }
    }

    /// The record as it stands in its topic; `topic_index`: the topic's place in the log's list.
    pub fn standing<'a>(&'a self, topic: &'a Arc<str>, topic_index: u16, partition: i32, offset: i64) -> Record<'a> {
        let headers: Headers<'a> = self.headers.iter().map(|(name, value)| (name.as_slice(), value.as_deref())).collect();
        let (key, value) = (self.key.as_deref(), self.value.as_deref());
        Record { topic, topic_index, partition, offset, timestamp: self.timestamp, key, value, headers }
    }

    /// A digest of key and value: two records at one place are the same one if they have the same.
    pub fn digest(&self) -> u64 {
        record_digest(self.key.as_deref(), self.value.as_deref())
    }

    /// Reads what a list of headers was written as.
    ///
    /// # Errors
    /// Which of them is none.
    pub fn headers_of(list: &Value) -> Result<Vec<(Vec<u8>, Option<Vec<u8>>)>, String> {
        let wrong = |pair: &Value| format!("a header is a pair of name and value, and not {pair}");
        let pair = |pair: &Value| match pair.as_array().map(Vec::as_slice) {
            Some([name, value]) => Ok((bytes_of(name)?.ok_or_else(|| wrong(pair))?, bytes_of(value)?)),
            _ => Err(wrong(pair)),
        };
        list.as_array().into_iter().flatten().map(pair).collect()
    }
}

/// Bytes as JSON: a text where they are UTF-8, else in base64.
pub(crate) fn text_or_base64(bytes: &[u8]) -> Value {
    match std::str::from_utf8(bytes) {
        Ok(text) => Value::String(text.to_owned()),
        Err(_) => json!({ "base64": base64::engine::general_purpose::STANDARD.encode(bytes) }),
    }
}

/// The bytes that were written so.
fn bytes_of(json: &Value) -> Result<Option<Vec<u8>>, String> {
    match json {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(text.as_bytes().to_vec())),
        Value::Object(object) => {
            let coded = object.get("base64").and_then(Value::as_str).ok_or("bytes are a text, {\"base64\": \"...\"}, or null")?;
            base64::engine::general_purpose::STANDARD.decode(coded).map(Some).map_err(|error| format!("base64: {error}"))
        }
        _ => Err("bytes are a text, {\"base64\": \"...\"}, or null".to_owned()),
    }
}

impl Serialize for RawRecord {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let bytes = |bytes: &Option<Vec<u8>>| bytes.as_deref().map_or(Value::Null, text_or_base64);
        let headers: Vec<Value> = self.headers.iter().map(|(name, value)| json!([text_or_base64(name), bytes(value)])).collect();
        json!({ "key": bytes(&self.key), "value": bytes(&self.value), "headers": headers, "timestamp": self.timestamp })
            .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for RawRecord {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json = Value::deserialize(deserializer)?;
        let timestamp = json["timestamp"].as_str().and_then(Moment::parse_rfc3339);
        let read = || -> Result<Self, String> {
            Ok(Self {
                key: bytes_of(&json["key"])?,
                value: bytes_of(&json["value"])?,
                headers: Self::headers_of(&json["headers"])?,
                timestamp: timestamp.ok_or("timestamp: a moment as RFC 3339 has it")?,
            })
        };
        read().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_of_a_record_comes_back() {
        let record = RawRecord {
            key: None,
            value: Some(b"\xff{\"a\": 1.50}".to_vec()),
            headers: vec![(b"\xfe".to_vec(), None), (b"trace".to_vec(), Some(b"7".to_vec())), (b"trace".to_vec(), Some(vec![]))],
            timestamp: Moment(1_772_446_504_123),
        };
        let text = serde_json::to_string(&record).expect("JSON");
        assert!(text.contains(r#"["trace","7"]"#) && text.contains("2026-03-02T10:15:04.123Z"), "{text}");
        assert_eq!(serde_json::from_str::<RawRecord>(&text).expect("reads"), record);
        for wrong in [
            r#"{"value":7,"timestamp":"2026-03-02T10:15:04Z"}"#,
            r#"{"value":{"base64":"?"},"timestamp":"2026-03-02T10:15:04Z"}"#,
            r#"{"value":"x"}"#,
            r#"{"headers":[["a"]],"timestamp":"2026-03-02T10:15:04Z"}"#,
        ] {
            assert!(serde_json::from_str::<RawRecord>(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_null_a_missing_key_and_an_empty_one_are_three_records() {
        let digest = record_digest;
        let digests = [digest(None, Some(b"x")), digest(Some(b""), Some(b"x")), digest(Some(b"x"), None), digest(Some(b"x"), Some(b""))];
        assert!((0..4).all(|one| (0..one).all(|other| digests[one] != digests[other])));
    }

    #[test]
    fn a_place_is_read_as_it_is_shown() {
        let place: RecordPlace = "m.shop[eu].sales_order[3]@88121".parse().expect("a place");
        assert_eq!((place.topic.as_str(), place.partition, place.offset), ("m.shop[eu].sales_order", 3, 88_121));
        assert_eq!(place.to_string(), "m.shop[eu].sales_order[3]@88121");
        for wrong in ["", "orders", "orders[1]", "[1]@2", "orders[-1]@2", "orders[1]@x", "orders[1]@-1"] {
            assert!(wrong.parse::<RecordPlace>().expect_err("none").contains("carrier.scans[0]@17"), "{wrong}");
        }
    }
}
