//! What goes between the retailer and Kafka: records out, derived events in.

use crate::events::Topic;
use crate::facts::Moment;

/// A record on its way to a source topic; the key decides the partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceRecord {
    pub topic: &'static str,
    pub key: Option<Vec<u8>>,
    /// `None` is a tombstone.
    pub value: Option<Vec<u8>>,
    /// By the clock of whoever wrote it to the topic.
    pub timestamp: Moment,
}

/// A derived event as it was read back from Kafka.
#[derive(Clone, Copy, Debug)]
pub struct HeardEvent<'a> {
    pub topic: Topic,
    /// The Kafka key.
    pub key: &'a str,
    /// The header `id`.
    pub id: &'a str,
    /// `None` is a tombstone: a statement withdrawn.
    pub body: Option<&'a [u8]>,
}

/// Where records go: an in-memory log, a real broker, a list.
pub trait Outside {
    fn send(&mut self, record: SourceRecord);

    /// A transaction of the shop's database; comes only from a shop that has one ([`super::Settings::shop_database`]).
    fn transaction(&mut self, statements: &[String]) {
        let _ = statements;
    }
}

impl Outside for Vec<SourceRecord> {
    fn send(&mut self, record: SourceRecord) {
        self.push(record);
    }
}
