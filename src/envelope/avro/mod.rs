//! Records in Avro, with their schemas in a registry: what Kafka Connect's Avro converters write.
//!
//! Bytes become the JSON text that the same converter would have written without a schema, so that every adapter reads both alike. Nothing stands
//! between: [`Program`] walks the bytes once by what it has made of the schema, and writes the text into memory that is used again.
//!
//! | In Avro | As text |
//! |---|---|
//! | record, map | object; a record's members that the source's adapter never reads are passed over |
//! | array | list |
//! | union | the value of its branch, whichever place that has |
//! | null, boolean, int, long, string, enum | the same; all whole numbers of time too: what they count is the column's matter |
//! | float, double | the shortest number that is read back as the same; `"NaN"`, `"Infinity"` |
//! | bytes or fixed with `decimal`; `io.debezium.data.VariableScaleDecimal` | a number with all its digits: 129.90 |
//! | other bytes, fixed | base64 |
//! | uuid | text |
//!
//! | File | What it holds |
//! | --- | --- |
//! | `wire.rs` | where a record says which schema it was written with |
//! | `program.rs` | a schema, made ready to walk by |
//! | `walk.rs` | bytes -> text; every length, depth and place is checked |
//! | `write.rs` | text -> bytes: events of our own |
//! | `number.rs` | decimals as text |
//! | `schemas.rs` | the schemas that a source's records need, as far as they were fetched |

mod number;
mod program;
mod schemas;
#[cfg(test)]
mod tests;
mod walk;
mod wire;
mod write;

pub use program::{Members, Program};
pub use schemas::{KnownSchema, Schemas};
pub use wire::{IdForm, Part, SchemaId};
