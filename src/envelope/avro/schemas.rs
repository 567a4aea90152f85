//! The schemas that a source's records need. They are fetched at the edge, before a batch is handed over: decoding waits for nothing.

use std::borrow::Cow;
use std::sync::{Arc, PoisonError, RwLock};

use hashbrown::HashMap;
use smallvec::SmallVec;

use super::super::decode_error::DecodeError;
use super::super::record::Record;
use super::program::{Members, Program};
use super::wire::{Framed, IdForm, Part, SchemaId, framed};

/// So many ids that the registry does not know are kept: records of a broken writer may name any.
const REFUSED_MAX: usize = 10_000;

/// What is known of a schema.
#[derive(Clone, Debug)]
pub enum KnownSchema {
    /// It can be walked by.
    Schema(Arc<Program>),
    /// There is none, or it can't be read: the reason.
    Refused(Arc<str>),
}

/// The schemas of one source.
#[derive(Debug)]
pub struct Schemas {
    form: IdForm,
    members: Members,
    known: RwLock<HashMap<SchemaId, KnownSchema>>,
}

impl Schemas {
    /// None is known yet.
    pub fn new(form: IdForm, members: Members) -> Self {
        Self { form, members, known: RwLock::default() }
    }

    fn known(&self, id: SchemaId) -> Option<KnownSchema> {
        // A thread that panicked has left the map whole: an entry is inserted at once.
        self.known.read().unwrap_or_else(PoisonError::into_inner).get(&id).cloned()
    }

    /// The ids that a record names and of which nothing is known yet. Those of a record in hand must all be asked for before it is decoded.
    pub fn wanted(&self, record: &Record<'_>) -> SmallVec<[SchemaId; 2]> {
        let named = [Part::Value, Part::Key].into_iter().filter_map(|part| match framed(part, record, self.form) {
            Framed::Avro(id, _) => Some(id),
            Framed::Absent | Framed::Other(_) => None,
        });
        named.filter(|id| self.known(*id).is_none()).collect()
    }

    /// Keeps a schema, and the texts of those that it names.
    pub fn learn(&self, id: SchemaId, schema: &str, references: &[String]) {
        match Program::read(schema, references, &self.members) {
            Ok(program) => self.insert(id, KnownSchema::Schema(Arc::new(program))),
            Err(reason) => self.refuse(id, &format!("an Avro schema that can be read (schema {id}: {reason})")),
        }
    }

    /// Notes that there is no such schema, or none that can be read. `expected` is what the record should have, in a few words.
    pub fn refuse(&self, id: SchemaId, expected: &str) {
        self.insert(id, KnownSchema::Refused(expected.into()));
    }

    fn insert(&self, id: SchemaId, known: KnownSchema) {
        let mut all = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= REFUSED_MAX && matches!(known, KnownSchema::Refused(_)) {
            all.retain(|_, known| matches!(known, KnownSchema::Schema(_)));
        }
        all.insert(id, known);
    }

    /// Forgets what was refused: the registry is asked again.
    pub fn forget_refused(&self) {
        self.known.write().unwrap_or_else(PoisonError::into_inner).retain(|_, known| matches!(known, KnownSchema::Schema(_)));
    }

    /// A part of the record as JSON text; in `memory` where it was Avro. JSON passes as it is: what a topic held before its converter was changed.
    ///
    /// # Errors
    /// The value is neither, or none of the schema that it names. A key that is neither passes as it is.
    pub fn json<'m>(&self, part: Part, record: &'m Record<'_>, memory: &'m mut Vec<u8>) -> Result<Option<Cow<'m, [u8]>>, DecodeError> {
        memory.clear();
        let (id, bytes) = match framed(part, record, self.form) {
            Framed::Absent => return Ok(None),
            Framed::Other(bytes) if part == Part::Key || bytes.trim_ascii_start().starts_with(b"{") => {
                return Ok(Some(Cow::Borrowed(bytes)));
            }
            Framed::Other(bytes) => return Err(DecodeError::new("value", NO_FRAME, beginning(bytes))),
            Framed::Avro(id, bytes) => (id, bytes),
        };
        let read = match self.known(id) {
            Some(KnownSchema::Schema(program)) => program.json(part_name(part), bytes, memory),
            Some(KnownSchema::Refused(expected)) => Err(DecodeError::new(part_name(part), &*expected, format!("schema {id}"))),
            None => Err(DecodeError::new(part_name(part), "a schema that the registry knows", format!("schema {id}"))),
        };
        let read = read.and_then(|()| match std::str::from_utf8(memory) {
            Ok(_) => Ok(()),
            Err(error) => Err(DecodeError::new(part_name(part), "texts in UTF-8", beginning(&memory[error.valid_up_to()..]))),
        });
        match (read, part) {
            (Ok(()), _) => Ok(Some(Cow::Borrowed(memory))),
            // No adapter reads keys. They may be of another converter: eight bytes of a whole number look as if they named a schema.
            (Err(_), Part::Key) => Ok(record.key.map(Cow::Borrowed)),
            (Err(error), Part::Value) => Err(error),
        }
    }
}

fn part_name(part: Part) -> &'static str {
    match part {
        Part::Key => "key",
        Part::Value => "value",
    }
}

const NO_FRAME: &str =
    "Avro behind a zero byte and the id of its schema, or JSON (is the source's converter another one? Then leave format = \"avro\" away)";

/// The first bytes in hexadecimal: enough to see what they are.
fn beginning(bytes: &[u8]) -> String {
    bytes.iter().take(12).map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" ")
}
