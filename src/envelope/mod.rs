//! Room 1: bytes -> envelope. What Kafka delivered, and the wire formats in which systems write a change.
//!
//! Pure: this room knows no system's tables or words (room 2 does), stores nothing and reads no clock. All types borrow from the record's bytes.
//! What cannot be read is a [`DecodeError`] that names the field.

pub mod avro;
pub mod body;
pub mod csv;
pub mod debezium;
mod debezium_forms;
pub(crate) mod decode_error;
pub mod members;
mod raw;
mod record;
pub(crate) mod row_image;
mod row_schema;
pub(crate) mod spelled;
pub(crate) mod values;

pub use decode_error::DecodeError;
pub(crate) use raw::text_or_base64;
pub use raw::{RawRecord, RecordPlace};
pub use record::{Batch, Headers, Record, record_digest};
pub use row_image::RowImage;
pub use row_schema::{RowSchema, RowSchemas};
pub(crate) use spelled::spelled;
pub use spelled::{SpelledColumns, SpelledRow};
pub(crate) use values::columns;
pub use values::{Cell, Columns, Decimals, TimeUnit, object};
