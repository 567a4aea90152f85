//! Where a record says which schema it was written with.
//!
//! | Written by | The id stands |
//! |---|---|
//! | Confluent's serialisers; Apicurio's with `as-confluent`, and by default since its version 3 | before the value: a zero byte, 4 bytes |
//! | Apicurio's before version 3 | before the value: a zero byte, 8 bytes |
//! | Confluent's, by header | `__value_schema_id`, `__key_schema_id`: 1 and a GUID's 16 bytes, or 0 and 4 bytes |
//! | Apicurio's, by header | `apicurio.value.globalId`, `apicurio.value.contentId`, and those of `key`: 8 bytes |
//!
//! Behind a header the value begins with the Avro bytes at once.

use std::fmt;

use super::super::record::Record;

/// A schema, as records name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SchemaId {
    /// The id of Confluent's API.
    Id(u32),
    /// The GUID of Confluent's API.
    Guid(u128),
    /// Apicurio's id of one version of an artifact.
    Global(u64),
    /// Apicurio's id of a content.
    Content(u64),
}

impl fmt::Display for SchemaId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => write!(f, "{id}"),
            Self::Guid(guid) => {
                let hex = format!("{guid:032x}");
                write!(f, "{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
            }
            Self::Global(id) => write!(f, "globalId {id}"),
            Self::Content(id) => write!(f, "contentId {id}"),
        }
    }
}

/// What the id before a value is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IdForm {
    /// 4 bytes: the id of Confluent's API.
    #[default]
    Confluent,
    /// 8 bytes: Apicurio's global id.
    Global8,
    /// 8 bytes: Apicurio's content id.
    Content8,
}

/// A part of a record that has a schema of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The key.
    Key,
    /// The value.
    Value,
}

impl Part {
    fn bytes<'a>(self, record: &Record<'a>) -> Option<&'a [u8]> {
        match self {
            Self::Key => record.key,
            Self::Value => record.value,
        }
    }

    /// Confluent's header, Apicurio's with a global id, Apicurio's with a content id.
    fn headers(self) -> [&'static str; 3] {
        match self {
            Self::Key => ["__key_schema_id", "apicurio.key.globalId", "apicurio.key.contentId"],
            Self::Value => ["__value_schema_id", "apicurio.value.globalId", "apicurio.value.contentId"],
        }
    }
}

/// What stands in a part of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framed<'a> {
    /// Nothing: null.
    Absent,
    /// Avro, by the schema of this id.
    Avro(SchemaId, &'a [u8]),
    /// No Avro, or none that says its schema.
    Other(&'a [u8]),
}

/// Looks at a part of a record.
pub(super) fn framed<'a>(part: Part, record: &Record<'a>, form: IdForm) -> Framed<'a> {
    let Some(bytes) = part.bytes(record) else { return Framed::Absent };
    if let Some(id) = of_headers(part, record) {
        return Framed::Avro(id, bytes);
    }
    let read = || {
        let (magic, rest) = bytes.split_first()?;
        let (id, rest) = match form {
            IdForm::Confluent => rest.split_first_chunk().map(|(id, rest)| (SchemaId::Id(u32::from_be_bytes(*id)), rest))?,
            IdForm::Global8 => rest.split_first_chunk().map(|(id, rest)| (SchemaId::Global(u64::from_be_bytes(*id)), rest))?,
            IdForm::Content8 => rest.split_first_chunk().map(|(id, rest)| (SchemaId::Content(u64::from_be_bytes(*id)), rest))?,
        };
        (*magic == 0).then_some(Framed::Avro(id, rest))
    };
    read().unwrap_or(Framed::Other(bytes))
}

fn of_headers(part: Part, record: &Record<'_>) -> Option<SchemaId> {
    let names = part.headers();
    record.headers.iter().find_map(|(name, value)| {
        let place = names.iter().position(|known| known.as_bytes() == *name)?;
        let value = (*value)?;
        match (place, value.split_first()) {
            (0, Some((0, id))) => Some(SchemaId::Id(u32::from_be_bytes(id.try_into().ok()?))),
            (0, Some((1, guid))) => Some(SchemaId::Guid(u128::from_be_bytes(guid.try_into().ok()?))),
            (1, _) => Some(SchemaId::Global(u64::from_be_bytes(value.try_into().ok()?))),
            (2, _) => Some(SchemaId::Content(u64::from_be_bytes(value.try_into().ok()?))),
            _ => None,
        }
    })
}
