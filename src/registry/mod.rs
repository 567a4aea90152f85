//! Edge: a schema registry, asked over HTTP. It speaks the API of Confluent's registry, which Apicurio, Karapace and Redpanda speak too.
//!
//! | file | what it does |
//! | --- | --- |
//! | `client.rs` | the requests, and what their answers mean |
//! | `fetcher.rs` | fetches the schemas that records name, before these are handed over ([`crate::kafka::RecordGate`]) |
//! | `output.rs` | registers the schemas of our own topics, and writes events in Avro ([`crate::kafka::RecordEncoder`]) |
//!
//! An answer is one of two kinds. *Refused* is the registry's word: there is no such schema. *Away* is everything else (no connection, an error of the
//! server, refused credentials, an answer that no registry gives): it is asked again, for as long as it takes.

mod client;
mod fetcher;
mod output;
#[cfg(test)]
pub(crate) mod stand_in;
#[cfg(test)]
mod tests;

pub use client::{Failure, Fetched, RegistryClient};
pub use fetcher::{CarriedRecords, SchemaFetcher};
pub use output::AvroOutput;
