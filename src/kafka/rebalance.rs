//! The consumer's context: what librdkafka calls back with. Partitions come with explicit positions, and go only when no transaction runs.

use std::sync::{Arc, PoisonError};

use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext, RebalanceProtocol};
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use rdkafka::types::RDKafkaRespErr;

use super::fault::Fault;
use super::health::KafkaHealth;
use super::shared::{Place, Shared};

pub(super) type GroupConsumer = BaseConsumer<ReaderContext>;

/// Context of the group's consumer.
pub(super) struct ReaderContext {
    pub shared: Arc<Shared>,
}

impl ClientContext for ReaderContext {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, text: &str) {
        log_line(level, facility, text);
        if let Some(topic) = topic_made_anew(text) {
            self.shared.fail(Fault::position_gone(&format!("topic \"{topic}\" was deleted and made anew while it was read")));
        }
    }

    fn error(&self, error: KafkaError, reason: &str) {
        note_error(&self.shared.health, &error, reason);
    }
}

impl ConsumerContext for ReaderContext {
    fn rebalance(&self, consumer: &BaseConsumer<Self>, kind: RDKafkaRespErr, partitions: &mut TopicPartitionList) {
        let cooperative = matches!(consumer.rebalance_protocol(), RebalanceProtocol::Cooperative);
        let done = match kind {
            RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS => {
                self.take(partitions);
                if cooperative { consumer.incremental_assign(partitions) } else { consumer.assign(partitions) }
            }
            _ => {
                self.let_go(partitions);
                if cooperative { consumer.incremental_unassign(partitions) } else { consumer.unassign() }
            }
        };
        if let Err(error) = done {
            tracing::warn!(%error, "a rebalance could not be carried out");
        }
    }
}

impl ReaderContext {
    /// Each partition is read from where the last committed epoch ended; one that is new, from its earliest record.
    fn take(&self, partitions: &TopicPartitionList) {
        let mut state = self.shared.lock();
        for mut element in partitions.elements() {
            let Some(place) = self.place(element.topic(), element.partition()) else { continue };
            let from = state.base.get(place).map_or(Offset::Beginning, Offset::Offset);
            if let Err(error) = element.set_offset(from) {
                tracing::warn!(%error, "a position could not be set");
            }
            state.owned.insert(place);
        }
        tracing::info!(taken = partitions.count(), owned = state.owned.len(), "partitions assigned");
        self.shared.health.assigned(state.owned.len(), state.base.iter().count());
        drop(state);
        self.shared.ready.notify_one();
    }

    fn let_go(&self, partitions: &TopicPartitionList) {
        // A commit that is under way ends first; the watchdog bounds the wait.
        let _no_transaction = self.shared.gate.lock().unwrap_or_else(PoisonError::into_inner);
        let mut state = self.shared.lock();
        for element in partitions.elements() {
            if let Some(place) = self.place(element.topic(), element.partition()) {
                state.owned.remove(&place);
            }
        }
        state.generation += 1;
        state.forget_read();
        state.go_back = true;
        tracing::info!(
            gone = partitions.count(),
            owned = state.owned.len(),
            "partitions revoked: what was read and not committed is dropped"
        );
        self.shared.health.assigned(state.owned.len(), state.base.iter().count());
    }

    fn place(&self, topic: &str, partition: i32) -> Option<Place> {
        Some((self.shared.topic_place(topic)?, partition))
    }
}

/// Context of the clients that only ask or restore.
pub(super) struct PlainContext {
    pub health: Arc<KafkaHealth>,
}

impl ClientContext for PlainContext {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, text: &str) {
        log_line(level, facility, text);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        note_error(&self.health, &error, reason);
    }
}

impl ConsumerContext for PlainContext {}

pub(super) fn note_error(health: &KafkaHealth, error: &KafkaError, reason: &str) {
    let all_down = error.rdkafka_error_code() == Some(Code::AllBrokersDown);
    if all_down {
        health.brokers_down();
    }
    if error.rdkafka_error_code() != Some(Code::PartitionEOF) {
        health.error(reason);
        tracing::warn!(%error, reason, "Kafka client");
    }
}

pub(super) fn log_line(level: RDKafkaLogLevel, facility: &str, text: &str) {
    match level {
        RDKafkaLogLevel::Emerg | RDKafkaLogLevel::Alert | RDKafkaLogLevel::Critical | RDKafkaLogLevel::Error => {
            tracing::error!(target: "librdkafka", facility, "{text}");
        }
        // That a producer's property does not fit a consumer: one table of properties serves both.
        RDKafkaLogLevel::Warning if facility == "CONFWARN" => tracing::debug!(target: "librdkafka", facility, "{text}"),
        RDKafkaLogLevel::Warning => tracing::warn!(target: "librdkafka", facility, "{text}"),
        RDKafkaLogLevel::Notice | RDKafkaLogLevel::Info => tracing::debug!(target: "librdkafka", facility, "{text}"),
        RDKafkaLogLevel::Debug => tracing::trace!(target: "librdkafka", facility, "{text}"),
    }
}

/// librdkafka goes on at the same offset when a topic's id changes, and tells only its debug log. The first id that it learns follows an empty one.
fn topic_made_anew(text: &str) -> Option<&str> {
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
    fn a_topic_made_anew_shows_by_its_id_and_the_first_id_is_no_change() {
        let first = "[thrd:main]: Topic orders changed id from AAAAAAAAAAAAAAAAAAAAAA to x1h8Zk2XQ2uQ";
        let anew = "[thrd:main]: Topic orders changed id from x1h8Zk2XQ2uQ to bM0c5HqKTtqV";
        assert_eq!(topic_made_anew(first), None);
        assert_eq!(topic_made_anew(anew), Some("orders"));
        assert_eq!(topic_made_anew("[thrd:main]: Topic orders partition 0 is now available"), None);
    }
}
