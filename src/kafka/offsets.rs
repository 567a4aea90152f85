//! The group's committed offsets, once no open transaction changes them.
//!
//! Kafka does not answer for an offset that an open transaction holds: the client asks again until its time is over, which looks as if the broker were
//! away. So another client asks, which also takes what is not stable. If it gets its answer, a transaction is open: that is said, with what to do.

use std::thread;
use std::time::{Duration, Instant};

use rdkafka::consumer::Consumer;
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use rdkafka::topic_partition_list::{Offset as KafkaOffset, TopicPartitionList};

use super::clients::PlainConsumer;
use super::mark;
use super::prober::Prober;
use super::shared::{Committed, Partition};
use super::watchdog::Watchdog;
use crate::engine::log::LogError;
use crate::telemetry::say;

const ASK_TIMEOUT: Duration = Duration::from_secs(5);
/// An offset that is stable is answered at once.
const ONE_TIMEOUT: Duration = Duration::from_millis(400);
/// How many partitions are named.
const NAMED_MAX: usize = 3;
/// How much later than its timeout the broker ends a transaction: it looks for them so often.
const BROKER_LOOKS_EVERY: Duration = Duration::from_secs(10);
const SAY_EVERY: Duration = Duration::from_secs(60);
const RETRY: Duration = Duration::from_millis(500);

impl Prober {
    /// The committed offsets of these partitions. Waits for brokers and for open transactions, and says for which.
    pub(super) fn stable_offsets(&self, partitions: &[Partition], watchdog: &Watchdog) -> Result<Committed, LogError> {
        let names: Vec<_> = partitions.iter().map(|partition| (&**self.shared.topic(*partition), partition.number)).collect();
        let answer = self.until_stable(&names, watchdog)?;
        let elements = answer.elements();
        let committed = elements.iter().filter_map(|element| {
            let partition = Partition { topic: self.shared.topic_index(element.topic())?, number: element.partition() };
            let (text, mark) = mark::split(element.metadata());
            // A mark alone stands there before the first epoch: nothing is committed yet.
            let committed = !text.is_empty() || mark.is_none();
            let next = if let KafkaOffset::Offset(next) = element.offset() { Some(next).filter(|_| committed) } else { None };
            Some((partition, (next, text.to_owned())))
        });
        Ok(committed.collect())
    }

    /// The committed offsets of these partitions, as Kafka gives them.
    pub(super) fn until_stable(&self, partitions: &[(&str, i32)], watchdog: &Watchdog) -> Result<TopicPartitionList, LogError> {
        let begun = Instant::now();
        let mut said: Option<Instant> = None;
        let limit = ASK_TIMEOUT + self.shared.settings.timeouts.watchdog_margin;
        let ask = |consumer: &PlainConsumer, of: &[(&str, i32)], time| watchdog.during(limit, || self.ask(consumer, of, time));
        loop {
            let error = match ask(&self.committed, partitions, ASK_TIMEOUT) {
                Ok(answer) => {
                    self.shared.health.brokers_answer();
                    self.shared.health.waits_for(None);
                    return Ok(answer);
                }
                Err(error) => error,
            };
            let open = error.rdkafka_error_code() == Some(Code::OperationTimedOut) && ask(&self.consumer, partitions, ASK_TIMEOUT).is_ok();
            if !open {
                self.shared.may_retry("committed offsets", &error, RETRY)?;
                continue;
            }
            self.shared.health.brokers_answer();
            let waited = begun.elapsed();
            if waited >= self.shared.settings.timeouts.transaction + BROKER_LOOKS_EVERY && said.is_none_or(|at| at.elapsed() >= SAY_EVERY) {
                let held = partitions.iter().filter(|partition| ask(&self.committed, &[**partition], ONE_TIMEOUT).is_err());
                let held: Vec<_> = held.take(NAMED_MAX).map(|(topic, number)| format!("{topic}[{number}]")).collect();
                let sentence = open_transaction(&self.shared.settings.application_id, &held, waited);
                say::offsets_held(&sentence);
                self.shared.health.waits_for(Some(sentence));
                said = Some(Instant::now());
            } else if said.is_none() {
                self.shared.health.waits_for(Some("waits for a transaction on the group's offsets to end".to_owned()));
            }
            self.shared.go_on()?;
            thread::sleep(RETRY);
        }
    }

    fn ask(&self, consumer: &PlainConsumer, partitions: &[(&str, i32)], time: Duration) -> Result<TopicPartitionList, KafkaError> {
        let mut asked = TopicPartitionList::with_capacity(partitions.len());
        for (topic, number) in partitions {
            asked.add_partition(topic, *number);
        }
        let answer = consumer.committed_offsets(asked, time)?;
        answer.elements().iter().try_for_each(|element| element.error())?;
        Ok(answer)
    }
}

fn open_transaction(group: &str, held: &[String], waited: Duration) -> String {
    let held = if held.is_empty() { "some partitions".to_owned() } else { held.join(", ") };
    format!(
        "a transaction has been open for more than {} s on the committed offsets of the group \"{group}\" ({held}): Kafka does not give them out before \
         it ends. Find and abort it (kafka-transactions find-hanging --topic __consumer_offsets, then abort); Waybill goes on by itself then",
        waited.as_secs()
    )
}
