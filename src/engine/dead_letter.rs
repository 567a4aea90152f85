//! Dead letters: what could not be decoded or written, with its place and the reason.
//!
//! A dead letter holds the whole record, so that whoever mends the cause can send the same record again: key and value as they were, and the record's
//! own headers in one header of ours, byte for byte. Only what is larger than a record may be is cut, so that no record stops the others; the
//! header `waybill-cut` then says what is missing. The whole record stands at its place in its topic as long as that topic keeps it.

use std::sync::Arc;

use serde_json::{Value, json};

use super::log::OutRecord;
use crate::envelope::{DecodeError, Headers, Record, text_or_base64};

/// The headers of a dead letter, and what each says.
pub const DEAD_LETTER_HEADERS: [(&str, &str); 9] = [
    ("waybill-error", "What is wrong, in a sentence: place, field, what was expected, what was found. May hold a person's data."),
    ("waybill-source", "Name of the source, as the configuration has it; `waybill` for an event of Waybill's own."),
    ("waybill-topic", "Topic of the record."),
    ("waybill-partition", "Its partition; -1 for an event that was never written."),
    ("waybill-offset", "Its offset; -1 for an event that was never written."),
    ("waybill-timestamp", "Its Kafka timestamp. RFC 3339, UTC, to the millisecond."),
    ("waybill-adapter-revision", "Revision of the adapter that could not decode it."),
    (
        "waybill-headers",
        "The record's own headers, in their order: a JSON list of pairs of name and value. Bytes that are no UTF-8 text are `{\"base64\": \"...\"}`, a \
         null value is `null`. Left out where it had none.",
    ),
    (
        "waybill-cut",
        "What was cut because the record is larger than one that may be written: a JSON object with `value`, `key`, `headers`, each with the size that it \
         had (`bytes`, or `count` of headers) and how much was `kept`, from the beginning. Left out where the record is whole.",
    ),
];

/// What OutRecord::bytes counts of a header beside name and value, and a little more.
const HEADER_BYTES: usize = 16;
/// Room for `waybill-cut`.
const CUT_BYTES: usize = 512;

/// Where a record stands, or would have stood.
pub(super) struct LetterOrigin<'a> {
    pub source: &'a str,
    pub topic: &'a str,
    pub partition: i32,
    pub offset: i64,
    /// RFC 3339.
    pub timestamp: String,
    pub revision: u16,
}

/// The dead letter of a record that could not be decoded.
pub(super) fn of_record(
    topic: &Arc<str>,
    source: &str,
    revision: u16,
    record: &Record<'_>,
    error: &DecodeError,
    bytes_max: usize,
) -> OutRecord {
    let error = format!("{}[{}]@{}: {error}", record.topic, record.partition, record.offset);
    let origin = LetterOrigin {
        source,
        topic: record.topic,
        partition: record.partition,
        offset: record.offset,
        timestamp: record.timestamp.to_string(),
        revision,
    };
    letter(topic, &origin, error, record.key, record.value, &record.headers, bytes_max)
}

/// The dead letter of an event that is larger than a record may be: nothing else of its epoch waits for it.
pub(super) fn of_event(topic: &Arc<str>, event: &OutRecord, tick: String, bytes_max: usize) -> OutRecord {
    let error = format!(
        "an event of {} bytes for {} is larger than {bytes_max} bytes and was not written there: raise kafka.record_bytes_max, and the topic's \
         max.message.bytes, above its size, and tell its receiver",
        event.bytes(),
        event.topic
    );
    let origin = LetterOrigin { source: "waybill", topic: &event.topic, partition: -1, offset: -1, timestamp: tick, revision: 0 };
    let headers = event.headers.iter().map(|(name, value)| (name.as_bytes(), Some(value.as_slice()))).collect();
    letter(topic, &origin, error, event.key.as_deref(), event.value.as_deref(), &headers, bytes_max)
}

fn letter(
    topic: &Arc<str>,
    origin: &LetterOrigin<'_>,
    error: String,
    key: Option<&[u8]>,
    value: Option<&[u8]>,
    own: &Headers<'_>,
    bytes_max: usize,
) -> OutRecord {
    let mut headers: Vec<(&'static str, Vec<u8>)> = vec![
        ("waybill-error", error.into_bytes()),
        ("waybill-source", origin.source.as_bytes().to_vec()),
        ("waybill-topic", origin.topic.as_bytes().to_vec()),
        ("waybill-partition", origin.partition.to_string().into_bytes()),
        ("waybill-offset", origin.offset.to_string().into_bytes()),
        ("waybill-timestamp", origin.timestamp.clone().into_bytes()),
        ("waybill-adapter-revision", origin.revision.to_string().into_bytes()),
    ];
    let fixed: usize = headers.iter().map(|(name, value)| name.len() + value.len() + HEADER_BYTES).sum();
    // At least the beginning of everything has room: a quarter for the key, a quarter for the headers, the rest for the value.
    let room = bytes_max.saturating_sub(fixed + CUT_BYTES);
    let mut cut = serde_json::Map::new();
    let (own_text, kept) = headers_text(own, room / 4);
    if kept < own.len() {
        cut.insert("headers".into(), json!({ "count": own.len(), "kept": kept }));
    }
    let key = key.map(|key| shorten("key", key, room / 4, &mut cut));
    let rest = room.saturating_sub(own_text.as_ref().map_or(0, Vec::len) + key.map_or(0, <[u8]>::len));
    let value = value.map(|value| shorten("value", value, rest, &mut cut));
    if let Some(text) = own_text {
        headers.push(("waybill-headers", text));
    }
    if !cut.is_empty() {
        headers.push(("waybill-cut", Value::Object(cut).to_string().into_bytes()));
    }
    OutRecord { topic: topic.clone(), partition: None, key: key.map(<[u8]>::to_vec), value: value.map(<[u8]>::to_vec), headers }
}

fn shorten<'b>(what: &str, bytes: &'b [u8], max: usize, cut: &mut serde_json::Map<String, Value>) -> &'b [u8] {
    let Some(kept) = bytes.get(..max).filter(|kept| kept.len() < bytes.len()) else { return bytes };
    cut.insert(what.into(), json!({ "bytes": bytes.len(), "kept": kept.len() }));
    kept
}

/// The record's own headers, in order, as one JSON list: their names are not ours to choose. `None`: it has none. Gives how many have room.
fn headers_text(own: &Headers<'_>, bytes_max: usize) -> (Option<Vec<u8>>, usize) {
    let mut list = vec![b'['];
    let mut kept = 0;
    for (name, value) in own {
        // The quickest refusal of what is far too large: as text nothing is shorter than its bytes.
        if list.len() + name.len() + value.map_or(0, <[u8]>::len) > bytes_max {
            break;
        }
        let pair = serde_json::to_vec(&json!([text_or_base64(name), value.map_or(Value::Null, text_or_base64)])).unwrap_or_default();
        if list.len() + pair.len() + 2 > bytes_max {
            break;
        }
        if kept > 0 {
            list.push(b',');
        }
        list.extend(pair);
        kept += 1;
    }
    list.push(b']');
    ((!own.is_empty()).then_some(list), kept)
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;

    use super::*;
    use crate::facts::Moment;

    const MAX: usize = 64 << 10;

    fn of(key: &[u8], value: &[u8], headers: &[(&[u8], Option<&[u8]>)]) -> OutRecord {
        let (topic, dead_letters) = (Arc::from("magento.shop.sales_order"), Arc::from("waybill.dead-letters"));
        let record = Record {
            topic: &topic,
            topic_index: 0,
            partition: 3,
            offset: 88_121,
            timestamp: Moment(0),
            key: Some(key),
            value: Some(value),
            headers: headers.iter().copied().collect(),
        };
        of_record(&dead_letters, "magento", 7, &record, &DecodeError::new("sku", "a SKU", "nothing"), MAX)
    }

    fn header(letter: &OutRecord, name: &str) -> Option<String> {
        let found = letter.headers.iter().find(|(own, _)| *own == name)?;
        Some(String::from_utf8(found.1.clone()).expect("a text"))
    }

    #[test]
    fn the_records_own_headers_can_be_had_back_byte_for_byte() {
        let schema = b"\x01\xff\xfe\xfd\x00\x80";
        let letter = of(
            b"1",
            b"<html>",
            &[(b"__value_schema_id", Some(schema)), (b"none", None), (b"\xff\xfe", Some(b"")), (b"", Some("é".as_bytes()))],
        );
        let text = header(&letter, "waybill-headers").expect("headers");
        assert_eq!(text, r#"[["__value_schema_id",{"base64":"Af/+/QCA"}],["none",null],[{"base64":"//4="},""],["","é"]]"#);
        assert_eq!(base64::engine::general_purpose::STANDARD.decode("Af/+/QCA").expect("base64"), schema);
        assert_eq!((header(&letter, "waybill-cut"), letter.value.as_deref()), (None, Some(&b"<html>"[..])));
    }

    /// Headers of public reports that stopped other readers: ag2ai/faststream#2458 (a value that is no UTF-8), quarkusio/quarkus#27245 and
    /// MassTransit/MassTransit#3871 (null), knative-extensions/eventing-kafka#1257 (lengths before texts), and a name that comes twice
    /// (logstash-plugins/logstash-integration-kafka#173).
    #[test]
    fn headers_of_public_reports() {
        let headers: [(&[u8], Option<&[u8]>); 5] = [
            (b"trash_header", Some(b"\xc3\x28")),
            (b"ce_none", None),
            (b"aeg-event-type", Some(b"\xa1\x0cNotification")),
            (b"aeg-data-version", Some(b"\x011")),
            (b"aeg-data-version", Some(b"2")),
        ];
        let text = header(&of(b"1", b"<html>", &headers), "waybill-headers").expect("headers");
        let told: Value = serde_json::from_str(&text).expect("JSON");
        let expected = json!([
            ["trash_header", { "base64": "wyg=" }],
            ["ce_none", null],
            ["aeg-event-type", { "base64": "oQxOb3RpZmljYXRpb24=" }],
            ["aeg-data-version", "\u{1}1"],
            ["aeg-data-version", "2"]
        ]);
        assert_eq!(told, expected);
    }

    #[test]
    fn a_record_that_is_too_large_keeps_its_place_and_its_beginning_and_says_so() {
        let value = [b"{\"sku\":null,\"file\":\"".as_slice(), &vec![b'x'; 9_000_000]].concat();
        let letter = of(b"{\"item_id\":9991}", &value, &[(b"trace", Some(b"7"))]);
        assert!(letter.bytes() <= MAX && letter.bytes() > MAX - 1_500, "{} bytes", letter.bytes());
        assert!(value.starts_with(letter.value.as_deref().expect("a value")));
        assert_eq!(letter.key.as_deref(), Some(&b"{\"item_id\":9991}"[..]));
        let place =
            ["waybill-topic", "waybill-partition", "waybill-offset", "waybill-headers"].map(|name| header(&letter, name).expect("place"));
        assert_eq!(place, ["magento.shop.sales_order", "3", "88121", r#"[["trace","7"]]"#]);
        let cut: Value = serde_json::from_str(&header(&letter, "waybill-cut").expect("what was cut")).expect("JSON");
        assert_eq!(cut, json!({ "value": { "bytes": value.len(), "kept": letter.value.as_ref().map(Vec::len) } }));
        assert!(header(&letter, "waybill-error").expect("an error").starts_with("magento.shop.sales_order[3]@88121: "));
    }

    #[test]
    fn headers_and_keys_of_any_size_leave_room_for_the_value() {
        let many: Vec<(Vec<u8>, Vec<u8>)> = (0..20_000).map(|i| (format!("name-{i}").into_bytes(), vec![0xff; 10])).collect();
        let many: Vec<(&[u8], Option<&[u8]>)> = many.iter().map(|(name, value)| (name.as_slice(), Some(value.as_slice()))).collect();
        let binary = vec![0xfe; 300_000];
        for (key, headers) in [(&b"k"[..], many.as_slice()), (binary.as_slice(), &[(&b"trace"[..], Some(binary.as_slice()))])] {
            let letter = of(key, b"<html>", headers);
            assert!(letter.bytes() <= MAX, "{} bytes", letter.bytes());
            assert_eq!(letter.value.as_deref(), Some(&b"<html>"[..]));
            let own: Value = serde_json::from_str(&header(&letter, "waybill-headers").expect("headers")).expect("a list, though cut");
            let cut: Value = serde_json::from_str(&header(&letter, "waybill-cut").expect("what was cut")).expect("JSON");
            assert_eq!(cut["headers"], json!({ "count": headers.len(), "kept": own.as_array().expect("a list").len() }));
        }
    }

    #[test]
    fn an_event_that_is_too_large_becomes_a_dead_letter_that_names_its_topic() {
        let event = OutRecord {
            topic: Arc::from("waybill.sales-orders"),
            partition: None,
            key: Some(b"magento|301".to_vec()),
            value: Some(vec![b'x'; MAX + 1]),
            headers: vec![("id", b"7".to_vec())],
        };
        let letter = of_event(&Arc::from("waybill.dead-letters"), &event, "2026-03-02T10:00:00.000Z".into(), MAX);
        assert!(letter.bytes() <= MAX);
        assert_eq!(header(&letter, "waybill-topic").as_deref(), Some("waybill.sales-orders"));
        assert_eq!(
            (header(&letter, "waybill-headers").as_deref(), letter.key.as_deref()),
            (Some(r#"[["id","7"]]"#), Some(&b"magento|301"[..]))
        );
        assert!(header(&letter, "waybill-error").expect("an error").contains("raise kafka.record_bytes_max"));
    }
}
