//! What librdkafka calls back: rebalances, errors and log lines.
//!
//! Assigned partitions get explicit positions. A callback waits for nobody: it changes the state under its lock and returns (`State::revoke`).

use std::sync::Arc;
use std::time::Instant;

use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext, RebalanceProtocol};
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use rdkafka::types::RDKafkaRespErr;

use super::fault::Fault;
use super::health::KafkaHealth;
use super::serve::{CountsServed, Served};
use super::shared::{Partition, Shared};
use crate::telemetry::say::{self, ClientLine};

pub(super) type GroupConsumer = BaseConsumer<ReaderContext>;

/// Context of the group's consumer.
pub(super) struct ReaderContext {
    pub shared: Arc<Shared>,
    /// Which of the process's consumers it is of: only the newest one's partitions count.
    pub number: u64,
}

impl ClientContext for ReaderContext {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, text: &str) {
        log_line(level, facility, text);
        if let Some(topic) = recreated_topic(text) {
            self.shared.fail(Fault::position_gone(&format!("topic \"{topic}\" was deleted and recreated while it was read")));
        }
    }

    fn error(&self, error: KafkaError, reason: &str) {
        note_error(&self.shared.health, &error, reason);
    }

    fn stats_raw(&self, statistics: &[u8]) {
        if self.counts() {
            self.shared.note_statistics(statistics);
        }
    }
}

impl ReaderContext {
    fn counts(&self) -> bool {
        self.shared.lock().consumer == self.number
    }
}

impl ConsumerContext for ReaderContext {
    fn rebalance(&self, consumer: &BaseConsumer<Self>, kind: RDKafkaRespErr, partitions: &mut TopicPartitionList) {
        let cooperative = matches!(consumer.rebalance_protocol(), RebalanceProtocol::Cooperative);
        // What is given back to the client is what it was given: it refuses a list that names a partition which it does not have, and nothing is
        // revoked then.
        let ours = self.ours(partitions);
        let done = match kind {
            RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS => {
                let read = if self.counts() { &self.assigned(partitions) } else { &ours };
                if cooperative { consumer.incremental_assign(read) } else { consumer.assign(read) }
            }
            _ => {
                if self.counts() {
                    self.revoked(partitions);
                }
                if cooperative { consumer.incremental_unassign(&ours) } else { consumer.unassign() }
            }
        };
        if let Err(error) = done {
            say::rebalance_failed(&error.to_string());
        }
    }
}

impl ReaderContext {
    /// Each partition is read from where the last committed epoch ended; a new one from its earliest record. Gives what is to be read: partitions of
    /// topics that the group subscribed to in an earlier life are left out.
    fn assigned(&self, partitions: &TopicPartitionList) -> TopicPartitionList {
        let mut state = self.shared.lock();
        let mut read = TopicPartitionList::with_capacity(partitions.count());
        for element in partitions.elements() {
            let Some(partition) = self.partition(element.topic(), element.partition()) else {
                state.foreign = true;
                continue;
            };
            let from = state.assign(partition).map_or(Offset::Beginning, Offset::Offset);
            // A topic's name comes from the settings and an offset is not negative: this can't fail.
            if let Err(error) = read.add_partition_offset(element.topic(), element.partition(), from) {
                say::rebalance_failed(&error.to_string());
            }
        }
        state.assigned_at = Some(Instant::now());
        say::partitions_assigned(partitions.count(), state.owned.len());
        self.shared.health.assigned(state.owned.len(), state.base.iter().count());
        drop(state);
        self.shared.ready.notify_one();
        read
    }

    /// What was read and not committed is dropped.
    fn revoked(&self, partitions: &TopicPartitionList) {
        let mut state = self.shared.lock();
        state.revoke(partitions.elements().iter().filter_map(|element| self.partition(element.topic(), element.partition())));
        say::partitions_revoked(partitions.count(), state.owned.len());
        self.shared.health.assigned(state.owned.len(), state.base.iter().count());
    }

    /// Those of topics that this process reads. A group may give back others, to which it subscribed in an earlier life.
    fn ours(&self, partitions: &TopicPartitionList) -> TopicPartitionList {
        let mut ours = TopicPartitionList::with_capacity(partitions.count());
        for element in partitions.elements().iter().filter(|element| self.shared.topic_index(element.topic()).is_some()) {
            ours.add_partition(element.topic(), element.partition());
        }
        ours
    }

    fn partition(&self, topic: &str, number: i32) -> Option<Partition> {
        Some(Partition { topic: self.shared.topic_index(topic)?, number })
    }
}

/// Context of the clients that only ask or restore.
pub(super) struct PlainContext {
    health: Arc<KafkaHealth>,
    served: Served,
}

impl PlainContext {
    pub(super) fn new(health: &Arc<KafkaHealth>) -> Self {
        Self { health: Arc::clone(health), served: Served::default() }
    }
}

impl ClientContext for PlainContext {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, text: &str) {
        self.served.note();
        log_line(level, facility, text);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.served.note();
        note_error(&self.health, &error, reason);
    }
}

impl CountsServed for PlainContext {
    fn served(&self) -> &Served {
        &self.served
    }
}

impl ConsumerContext for PlainContext {}

/// Keeps an error that librdkafka reports, for `/readyz` and the log.
pub(super) fn note_error(health: &KafkaHealth, error: &KafkaError, reason: &str) {
    let all_down = error.rdkafka_error_code() == Some(Code::AllBrokersDown);
    if all_down {
        health.brokers_down();
    }
    if error.rdkafka_error_code() != Some(Code::PartitionEOF) {
        health.error(reason);
        let code = error.rdkafka_error_code().map_or(0, |code| code as i64);
        if let Some(repeated) = health.may_say(code) {
            say::kafka_client_error(&error.to_string(), reason, repeated);
        }
    }
}

/// Passes on a line of librdkafka's own log.
pub(super) fn log_line(level: RDKafkaLogLevel, facility: &str, text: &str) {
    let level = match level {
        // The same comes as an error, which is said once in a while.
        _ if matches!(facility, "FAIL" | "ERROR" | "REQTMOUT" | "METADATAUPDATE") => ClientLine::Debug,
        RDKafkaLogLevel::Emerg | RDKafkaLogLevel::Alert | RDKafkaLogLevel::Critical | RDKafkaLogLevel::Error => ClientLine::Error,
        // That a producer's property does not fit a consumer: one table of properties serves both.
        RDKafkaLogLevel::Warning if facility == "CONFWARN" => ClientLine::Debug,
        RDKafkaLogLevel::Warning => ClientLine::Warning,
        RDKafkaLogLevel::Notice | RDKafkaLogLevel::Info => ClientLine::Debug,
        RDKafkaLogLevel::Debug => ClientLine::Trace,
    };
    say::kafka_client(level, facility, text);
}

/// The topic whose id has changed, by a line of librdkafka's debug log. librdkafka itself goes on reading at the same offset. The first id that it
/// learns of a topic replaces an empty one.
pub(super) fn recreated_topic(text: &str) -> Option<&str> {
    let (before, ids) = text.split_once(" changed id from ")?;
    let (old, new) = ids.split_once(" to ")?;
    let is_empty = |id: &str| id.trim().trim_end_matches('=').bytes().all(|byte| byte == b'A');
    let (_, topic) = before.rsplit_once("Topic ")?;
    (!is_empty(old) && !is_empty(new)).then_some(topic)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recreated_topic_shows_by_its_id_and_the_first_id_is_no_change() {
        let first = "[thrd:main]: Topic orders changed id from AAAAAAAAAAAAAAAAAAAAAA to x1h8Zk2XQ2uQ";
        let recreated = "[thrd:main]: Topic orders changed id from x1h8Zk2XQ2uQ to bM0c5HqKTtqV";
        assert_eq!(recreated_topic(first), None);
        assert_eq!(recreated_topic(recreated), Some("orders"));
        assert_eq!(recreated_topic("[thrd:main]: Topic orders partition 0 is now available"), None);
    }
}
