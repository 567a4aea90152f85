//! The retailer on a real Kafka: its topics, and the living systems on the wall clock.

mod play;

pub use play::{Database, Live, Patience};

use std::collections::BTreeMap;
use std::fmt::Display;
use std::time::Duration;

use super::setup::Setup;
use crate::error::Error;
use crate::kafka::client::{create_topics, first_with_records};

/// How long the last records may take to be delivered.
pub const FLUSH_LIMIT: Duration = Duration::from_secs(60);

/// For `map_err`: the Kafka, and what its client said.
pub fn unreachable<E: Display>(brokers: &str) -> impl Fn(E) -> Error {
    move |error| Error::Unavailable(format!("Kafka at {brokers}: {error}"))
}

/// Creates the systems' topics. A topic that has records already is refused: they would be mixed up with those of the run.
pub async fn prepare(setup: &Setup, partitions: i32) -> Result<(), Error> {
    let (brokers, client) = (&setup.bootstrap, BTreeMap::new());
    // Waybill reads the topics of decisions and acts too, and makes them itself: with one partition.
    let config = setup.config()?;
    let own = [crate::sources::decisions::TOPIC, crate::sources::acts::TOPIC].map(|name| config.own_topic(name));
    let names: Vec<String> = setup.source_topics()?.into_iter().filter(|topic| !own.contains(topic)).collect();
    if let Some(topic) = first_with_records(brokers, &client, &names).map_err(unreachable(brokers))? {
        return Err(Error::Usage(format!(
            "topic \"{topic}\" has records already: play under another --prefix, or delete the topics first"
        )));
    }
    create_topics(brokers, &client, &names, partitions).await.map_err(unreachable(brokers))
}
