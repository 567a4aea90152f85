//! Events in Avro: the schemas of their topics are registered when the process starts, and each event is written with its schema's id before it.

use std::sync::{Arc, OnceLock};

use serde_json::Value;

use super::client::{Failure, RegistryClient};
use crate::envelope::avro::{Members, Program};
use crate::events::Topic;
use crate::kafka::{RecordEncoder, Unprepared};

/// The topics that are written in Avro.
pub struct AvroOutput {
    client: RegistryClient,
    topics: Vec<AvroTopic>,
}

struct AvroTopic {
    /// With the prefix.
    name: Arc<str>,
    schema: &'static str,
    program: Program,
    /// Once it is registered.
    id: OnceLock<u32>,
}

impl std::fmt::Debug for AvroOutput {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<&str> = self.topics.iter().map(|topic| &*topic.name).collect();
        f.debug_tuple("AvroOutput").field(&names).finish()
    }
}

impl AvroOutput {
    /// Of these topics, each with its full name.
    ///
    /// # Errors
    /// A schema of ours can't be read: a fault of the program.
    pub fn new(client: RegistryClient, topics: impl Iterator<Item = (Topic, Arc<str>)>) -> Result<Self, String> {
        let topic = |(topic, name): (Topic, Arc<str>)| {
            let program =
                Program::read(topic.schema(), &[], &Members::All).map_err(|error| format!("schemas/{}.avsc: {error}", topic.name()))?;
            Ok(AvroTopic { name, schema: topic.schema(), program, id: OnceLock::new() })
        };
        Ok(Self { client, topics: topics.map(topic).collect::<Result<_, String>>()? })
    }

    /// What stands against registering the schemas, a sentence for each topic; nothing is registered.
    ///
    /// # Errors
    /// The registry is away.
    pub fn incompatible(&self) -> Result<Vec<String>, String> {
        let mut found = Vec::new();
        for topic in &self.topics {
            match self.client.incompatible(&topic.subject(), topic.schema) {
                Ok(told) if told.is_empty() => {}
                Ok(told) => found.push(topic.refused(&told.join("; "))),
                Err(Failure::Refused(told)) => found.push(topic.refused(&told)),
                Err(Failure::Away(why)) => return Err(why),
            }
        }
        Ok(found)
    }
}

impl AvroTopic {
    fn subject(&self) -> String {
        format!("{}-value", self.name)
    }

    fn refused(&self, told: &str) -> String {
        let subject = self.subject();
        format!(
            "the registry does not take the schema of {} as the next version of the subject {subject} ({told}). Look whether the topic's readers are \
             ready for it (schemas/README.md says what changed); then let the subject take it (PUT /config/{subject} with compatibility NONE or FORWARD) \
             and start again. Or write the topic as JSON: output.topics",
            self.name
        )
    }
}

impl RecordEncoder for AvroOutput {
    fn prepare(&self) -> Result<(), Unprepared> {
        for topic in self.topics.iter().filter(|topic| topic.id.get().is_none()) {
            let told = self.client.incompatible(&topic.subject(), topic.schema);
            let registered = told.and_then(|told| match told.is_empty() {
                true => self.client.register(&topic.subject(), topic.schema),
                false => Err(Failure::Refused(told.join("; "))),
            });
            match registered {
                // Set once: the writer alone prepares.
                Ok(id) => _ = topic.id.set(id),
                Err(Failure::Away(why)) => {
                    return Err(Unprepared::Waits(format!("events wait for their schemas: the schema registry is away ({why})")));
                }
                Err(Failure::Refused(told)) => return Err(Unprepared::Never(topic.refused(&told))),
            }
        }
        Ok(())
    }

    fn encode(&self, topic: &str, value: &[u8]) -> Option<Result<Vec<u8>, String>> {
        let topic = self.topics.iter().find(|known| &*known.name == topic)?;
        let encoded = || {
            let id = topic.id.get().ok_or("its schema is not registered")?;
            let json: Value = serde_json::from_slice(value).map_err(|error| error.to_string())?;
            let mut bytes = Vec::with_capacity(value.len());
            bytes.push(0);
            bytes.extend_from_slice(&id.to_be_bytes());
            topic.program.bytes(&json, &mut bytes).map_err(|error| error.summary())?;
            Ok(bytes)
        };
        Some(encoded().map_err(|error: String| {
            format!("an event of {} does not fit its schema: {error}. A fault of Waybill: report it, and write the topic as JSON (output.topics)", topic.name)
        }))
    }

    fn content_type(&self) -> &'static str {
        CONTENT_TYPE
    }
}

/// The header `content-type` of an event in Avro.
pub const CONTENT_TYPE: &str = "application/avro";
