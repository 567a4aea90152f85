//! Any adapter, of records in any form: they become the JSON text that it reads, then it is asked.
//!
//! | The value | What the adapter gets |
//! |---|---|
//! | Avro (`format = "avro"`) | the text that the JSON converter would have written: [`crate::envelope::avro`] |
//! | a JSON string that holds an object or a list (the outbox router's payload) | what it holds |
//! | `{"schema": ..., "payload": ...}` of the JSON converter | the payload; adapters of tables look at the schema too, and get both |
//! | all else | as it is |
//!
//! The text of a record stands in memory of the thread that decodes it, and is gone when its facts are out. A dead letter holds the record as it came.

use std::borrow::Cow;
use std::cell::Cell;
use std::sync::Arc;

use super::adapter::{Adapter, Reading};
use super::facts_out::FactsOut;
use crate::envelope::avro::{Members, Part, Schemas};
use crate::envelope::members::members;
use crate::envelope::{DecodeError, Record};

/// The adapter of a source, whichever form its records have.
pub struct AnyForm {
    inner: Arc<dyn Adapter>,
    /// Its records are in Avro.
    schemas: Option<Arc<Schemas>>,
    /// The JSON converter's wrapper is taken off.
    unwraps: bool,
}

impl AnyForm {
    /// `schemas`: its records are in Avro, and each schema is there when a record of it comes.
    pub fn new(inner: Arc<dyn Adapter>, schemas: Option<Arc<Schemas>>) -> Self {
        let unwraps = !inner.reads_some();
        Self { inner, schemas, unwraps }
    }

    /// The value as it is read, where that is another text than it came as.
    fn peeled<'v>(&self, value: &'v [u8]) -> Option<Cow<'v, [u8]>> {
        let text = value.trim_ascii_start();
        match text.first()? {
            b'"' => {
                let inner: String = serde_json::from_slice(text).ok()?;
                let is_json = inner.trim_ascii_start().starts_with(['{', '[']);
                is_json.then(|| Cow::Owned(inner.into_bytes()))
            }
            b'{' if self.unwraps => payload(text).map(|payload| Cow::Borrowed(payload.as_bytes())),
            _ => None,
        }
    }
}

/// The payload of a wrapper: an object of just the members `schema` and `payload`.
fn payload(text: &[u8]) -> Option<&str> {
    let inside = text.get(1..)?.trim_ascii_start();
    if ![&b"\"schema\""[..], b"\"payload\""].iter().any(|name| inside.starts_with(name)) {
        return None;
    }
    let (mut payload, mut has_schema, mut others) = (None, false, false);
    members(std::str::from_utf8(text).ok()?, |name, json| {
        match name {
            "schema" => has_schema = json == "null" || json.starts_with('{'),
            "payload" => payload = Some(json),
            _ => others = true,
        }
        !others
    })?;
    payload.filter(|_| has_schema)
}

/// What an adapter reads of records.
pub fn members_read(adapter: &Arc<dyn Adapter>) -> Members {
    if !adapter.reads_some() {
        return Members::All;
    }
    let adapter = Arc::clone(adapter);
    Members::Only(Box::new(move |member| adapter.reads(member)))
}

thread_local! {
    /// Memory for key and value: it stays as large as the largest record was.
    static MEMORY: Cell<[Vec<u8>; 2]> = const { Cell::new([Vec::new(), Vec::new()]) };
}

impl Adapter for AnyForm {
    fn revision(&self) -> u16 {
        self.inner.revision()
    }

    fn topics(&self) -> Vec<String> {
        self.inner.topics()
    }

    fn assumes(&self) -> Vec<String> {
        // Records in Avro say themselves what is taken for granted of others.
        if self.schemas.is_some() && self.inner.reads_some() { Vec::new() } else { self.inner.assumes() }
    }

    fn counts_now_and_then(&self) -> bool {
        self.inner.counts_now_and_then()
    }

    fn tells_products(&self) -> bool {
        self.inner.tells_products()
    }

    fn reads_some(&self) -> bool {
        self.inner.reads_some()
    }

    fn reads(&self, member: &str) -> bool {
        self.inner.reads(member)
    }

    fn translate(&self, record: &Record<'_>, out: &mut FactsOut<'_>) -> Result<Reading, DecodeError> {
        let Some(schemas) = &self.schemas else {
            let peeled = record.value.and_then(|value| self.peeled(value));
            return match peeled {
                None => self.inner.translate(record, out),
                Some(value) => self.inner.translate(&with(record, record.key, Some(&value)), out),
            };
        };
        let [mut key_memory, mut value_memory] = MEMORY.take();
        let mut read = || {
            let value = schemas.json(Part::Value, record, &mut value_memory)?;
            let key = schemas.json(Part::Key, record, &mut key_memory)?;
            let peeled = value.as_deref().and_then(|value| self.peeled(value));
            self.inner.translate(&with(record, key.as_deref(), peeled.as_deref().or(value.as_deref())), out)
        };
        let reading = read();
        MEMORY.set([key_memory, value_memory]);
        reading
    }
}

/// The record with another key and value; a null in JSON is a tombstone.
fn with<'a>(record: &'a Record<'_>, key: Option<&'a [u8]>, value: Option<&'a [u8]>) -> Record<'a> {
    let Record { topic, topic_index, partition, offset, timestamp, .. } = *record;
    let value = value.filter(|value| *value != b"null");
    Record { topic, topic_index, partition, offset, timestamp, key, value, headers: record.headers.iter().copied().collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources::{KINDS, trial};

    const SETTINGS: &str = r#"
        [[rows]]
        topic = "carrier.scans"
        row = "scan"
        fields = { tracking = ".parcel", meaning = ".status", scanned_at = ".time" }
    "#;

    fn told(value: Option<&str>) -> String {
        let kind = KINDS.iter().find(|kind| kind.name == "mapped").expect("a kind");
        let adapter = AnyForm::new(trial::build(kind, SETTINGS).expect("settings"), None);
        match trial::translate(&adapter, "carrier.scans", value, "2026-03-02T10:15:09Z", 1) {
            Ok((_, facts)) if !facts.is_empty() => facts.iter().map(trial::say).collect::<Vec<_>>().join("\n"),
            Ok((reading, _)) => format!("{reading:?}"),
            Err(error) => error.to_string(),
        }
    }

    /// A scan, as a poller writes it, through the outbox, and with the converter's schema.
    #[test]
    fn debezium_16_a_payload_of_the_outbox_is_read_as_what_it_holds() {
        let bare = r#"{"parcel":"JD0002","status":"delivered","time":"2026-03-02T10:15:00Z"}"#;
        let plain = told(Some(bare));
        assert!(plain.contains("JD0002") && plain.contains("Delivered"), "{plain}");
        let text = serde_json::to_string(bare).expect("a text");
        for other in [
            text.clone(),
            format!(" {text}"),
            format!(r#"{{"schema":{{"type":"struct"}},"payload":{bare}}}"#),
            format!(r#"{{"payload":{bare},"schema":null}}"#),
        ] {
            assert_eq!(told(Some(&other)), plain, "{other}");
        }
        // Expanded by `table.expand.json.payload`, inside the converter's wrapper as a text: one is taken off.
        assert_eq!(told(Some(r#"{"schema":null,"payload":null}"#)), told(None));
        // A text that holds no JSON object, and a body that has such members for itself, stay as they are.
        assert!(told(Some("\"hello\"")).contains("hello"));
        assert!(
            told(Some(r#"{"schema":{},"payload":{},"parcel":"JD1","status":"delivered","time":"2026-03-02T10:15:00Z"}"#)).contains("JD1")
        );
    }
}
