//! Asks the brokers how many partitions there are and where they end, and checks the positions.
//!
//! A position before a partition's end is lag. A position before its beginning or past its end is an error: records were deleted, or the topic was
//! recreated. The prober reports it at once, before librdkafka would have to jump.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rdkafka::consumer::Consumer;
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};

use super::clients::{self, PlainConsumer};
use super::fault::{Fault, is_refused};
use super::serve::serve_consumer;
use super::shared::{Partition, Shared};
use crate::engine::log::LogError;
use crate::telemetry::say;

const ASK_TIMEOUT: Duration = Duration::from_secs(5);
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// How long a topic may be unknown. Longer: a wrong name is reported later. Shorter: a topic that was just created is taken for missing.
const NEW_TOPIC_PATIENCE: Duration = Duration::from_secs(5);
/// Brokers answer for so long, and the consumer has not come back into its group. A rebalance takes a second or two.
const REJOINS_WITHIN: Duration = Duration::from_secs(15);
const RETRY_FIRST: Duration = Duration::from_millis(200);
const RETRY_MAX: Duration = Duration::from_secs(5);

/// How often a topic must be found missing before it counts as deleted: a broker that has just started may not know of it yet.
const MISSING_TIMES: u32 = 3;
const MISSING_PAUSE: Duration = Duration::from_secs(1);

/// The clients that ask. Clones share them.
#[derive(Clone)]
pub(super) struct Prober {
    pub(super) shared: Arc<Shared>,
    pub(super) consumer: Arc<PlainConsumer>,
    /// Asks as a reader of committed records does: what an open transaction holds is not answered.
    pub(super) committed: Arc<PlainConsumer>,
}

/// A partition's first offset and the one after its last, records of open transactions included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ends {
    pub low: i64,
    pub high: i64,
}

impl Prober {
    pub(super) fn new(shared: Arc<Shared>) -> Result<Self, LogError> {
        let consumer = Arc::new(clients::prober(&shared.settings, &shared.health, false)?);
        let committed = Arc::new(clients::prober(&shared.settings, &shared.health, true)?);
        Ok(Self { shared, consumer, committed })
    }

    /// Every partition of the topics that are there. A source's topic that is not there yet is noted, and looked for now and then; one of Waybill's own
    /// must be there.
    pub(super) fn all_partitions(&self) -> Result<Vec<Partition>, LogError> {
        let there = self.until_answered("topics", || self.topics_there())?;
        let (mut all, mut absent) = (Vec::new(), BTreeSet::new());
        for (index, topic) in self.shared.topics.iter().enumerate() {
            let count = match there.get(&**topic) {
                Some(count) => *count,
                None if index < self.shared.settings.source_topics.len() => {
                    absent.insert(index as u16);
                    continue;
                }
                None => self.partitions(topic)?,
            };
            all.extend((0..count).map(|number| Partition { topic: index as u16, number }));
        }
        self.shared.set_absent(absent);
        Ok(all)
    }

    /// Every topic of the brokers, and how many partitions it has. A question without a name creates no topic.
    fn topics_there(&self) -> Result<BTreeMap<String, i32>, KafkaError> {
        let metadata = self.consumer.fetch_metadata(None, ASK_TIMEOUT)?;
        let there = metadata.topics().iter().filter(|topic| topic.error().is_none() && !topic.partitions().is_empty());
        Ok(there.map(|topic| (topic.name().to_owned(), i32::try_from(topic.partitions().len()).unwrap_or(i32::MAX))).collect())
    }

    /// Looks for source topics that were not there. One that has appeared is read from its earliest records on.
    fn look_for_absent(&self) -> Result<(), KafkaError> {
        let absent = self.shared.lock().absent.clone();
        if absent.is_empty() {
            return Ok(());
        }
        let there = self.topics_there()?;
        let found = |index: &&u16| there.get(&*self.shared.topics[usize::from(**index)]).copied();
        let mut began = Vec::new();
        for (topic, count) in absent.iter().filter_map(|index| Some((*index, found(&index)?))) {
            for partition in (0..count).map(|number| Partition { topic, number }) {
                let (low, _) = self.consumer.fetch_watermarks(self.shared.topic(partition), partition.number, ASK_TIMEOUT)?;
                began.push((partition, low));
            }
        }
        if began.is_empty() {
            return Ok(());
        }
        let appeared: BTreeSet<u16> = began.iter().map(|(partition, _)| partition.topic).collect();
        {
            let mut state = self.shared.lock();
            for (partition, low) in began {
                state.base.set(partition, low);
                state.next.set(partition, low);
            }
        }
        self.shared.set_absent(absent.difference(&appeared).copied().collect());
        for index in appeared {
            say::topic_appeared(&self.shared.topics[usize::from(index)]);
        }
        self.shared.lock().subscribe = true;
        self.shared.bell.ring();
        Ok(())
    }

    /// How many partitions the topic has.
    pub(super) fn partitions(&self, topic: &str) -> Result<i32, LogError> {
        let asked_at = Instant::now();
        loop {
            let metadata = self.until_answered(topic, || self.consumer.fetch_metadata(Some(topic), ASK_TIMEOUT))?;
            let found = metadata.topics().iter().find(|found| found.name() == topic);
            match found.map(|found| (found.error(), found.partitions().len())) {
                Some((None, count)) if count > 0 => return Ok(i32::try_from(count).unwrap_or(i32::MAX)),
                Some((Some(error), _)) if is_refused(error.into()) => {
                    let sentence = format!("topic \"{topic}\": {}", KafkaError::MetadataFetch(error.into()));
                    return Err(Fault::not_allowed(&sentence).into());
                }
                // A topic that was created a moment ago is not known to every broker yet.
                _ if asked_at.elapsed() < NEW_TOPIC_PATIENCE => thread::sleep(RETRY_FIRST),
                _ => break,
            }
        }
        Err(LogError::Stop(format!("topic \"{topic}\" does not exist. Create it, or correct its name in the configuration")))
    }

    pub(super) fn ends(&self, partition: Partition) -> Result<Ends, LogError> {
        self.ends_of(self.shared.topic(partition), partition.number)
    }

    pub(super) fn ends_of(&self, topic: &str, partition: i32) -> Result<Ends, LogError> {
        let ask = || self.consumer.fetch_watermarks(topic, partition, ASK_TIMEOUT);
        let (low, high) = self.until_answered(&format!("{topic}[{partition}]"), ask)?;
        Ok(Ends { low, high })
    }

    /// An error where the partition can't hold the position.
    pub(super) fn check_position(&self, partition: Partition, position: i64, ends: Ends) -> Result<(), Fault> {
        let name = self.shared.name(partition);
        let what = format!("{name}: next offset {position}, but the partition holds offsets {} to {}", ends.low, ends.high);
        if position < ends.low || position > ends.high { Err(Fault::position_gone(&what)) } else { Ok(()) }
    }

    /// Asks until the brokers answer, with growing pauses, or the log is closed.
    pub(super) fn until_answered<T>(&self, what: &str, ask: impl Fn() -> Result<T, KafkaError>) -> Result<T, LogError> {
        let mut pause = RETRY_FIRST;
        loop {
            match ask() {
                Ok(answer) => {
                    self.shared.health.brokers_answer();
                    return Ok(answer);
                }
                Err(error) => self.shared.may_retry(what, &error, pause)?,
            }
            pause = (pause * 2).min(RETRY_MAX);
        }
    }

    /// An error if a topic that Waybill writes does not exist any more.
    pub(super) fn check_own_topics(&self) -> Result<(), LogError> {
        for topic in self.shared.settings.own_topics.iter() {
            let mut found_missing = 0;
            while self.until_answered(topic, || self.is_missing(topic))? {
                found_missing += 1;
                if found_missing == MISSING_TIMES {
                    return Err(Fault::own_topic_gone(topic).into());
                }
                thread::sleep(MISSING_PAUSE);
            }
        }
        Ok(())
    }

    fn is_missing(&self, topic: &str) -> Result<bool, KafkaError> {
        let metadata = self.consumer.fetch_metadata(Some(topic), ASK_TIMEOUT)?;
        let found = metadata.topics().iter().find(|found| found.name() == topic);
        Ok(match found.map(|found| (found.error().map(Code::from), found.partitions().len())) {
            None => true,
            Some((Some(code), _)) => matches!(code, Code::UnknownTopicOrPartition | Code::UnknownTopic),
            Some((None, _)) => false,
        })
    }

    /// A member of the group that is not in this instance's slot, by its client's name and host; asks until the brokers answer.
    pub(super) fn another_instance(&self) -> Result<Option<String>, LogError> {
        let group = &self.shared.settings.application_id;
        let groups = self.until_answered("members of the group", || self.consumer.fetch_group_list(Some(group), ASK_TIMEOUT))?;
        let mut members = groups.groups().iter().filter(|found| found.name() == group).flat_map(|found| found.members());
        let other = members.find(|member| !is_in_slot(member.id(), &self.shared.settings.instance()));
        Ok(other.map(|member| format!("member \"{}\" at {}", member.client_id(), member.client_host())))
    }

    pub(super) fn spawn(self) -> std::io::Result<JoinHandle<()>> {
        thread::Builder::new().name("waybill-prober".into()).spawn(move || {
            let shared = Arc::clone(&self.shared);
            shared.guarded("waybill-prober", || {
                while !self.shared.lock().ending {
                    self.look();
                    self.pause();
                }
            });
        })
    }

    fn pause(&self) {
        let mut left = LOOK_EVERY;
        let step = Duration::from_millis(100);
        while !left.is_zero() && !self.shared.lock().ending {
            // Serves the clients' logs and errors meanwhile.
            let _ = self.consumer.poll(step);
            serve_consumer(&self.consumer);
            serve_consumer(&self.committed);
            left = left.saturating_sub(step);
        }
    }

    /// Looks at each partition's end once.
    fn look(&self) {
        let next = {
            let state = self.shared.lock();
            if !state.started {
                return;
            }
            state.next.clone()
        };
        for (partition, _) in next.iter() {
            let topic = self.shared.topic(partition);
            let looked = self.consumer.fetch_watermarks(topic, partition.number, ASK_TIMEOUT).and_then(|(low, high)| {
                let behind = self.shared.lock().read_to_of(partition).is_some_and(|(position, _)| position < high);
                // The end of committed records matters only where reading stands before the end.
                let stable = behind.then(|| self.committed.fetch_watermarks(topic, partition.number, ASK_TIMEOUT)).transpose()?;
                Ok((Ends { low, high }, stable.map(|(_, stable)| stable)))
            });
            match looked {
                Ok((ends, stable)) => self.note(partition, ends, stable),
                Err(error) => return self.unanswered(&error),
            }
        }
        if let Err(error) = self.look_for_absent() {
            return self.unanswered(&error);
        }
        self.shared.health.brokers_answer();
        self.look_at_group();
        if !self.shared.lock().has_uncommitted() {
            self.shared.health.all_committed();
        }
        for held in self.shared.health.report().partitions {
            if let Some((at, seconds)) = held.held {
                say::partition_held(&held.topic, held.partition, at, seconds);
            }
        }
        if let Err(LogError::Stop(sentence)) = self.check_own_topics() {
            self.shared.fail(Fault::Stop(sentence));
        }
    }

    fn unanswered(&self, error: &KafkaError) {
        super::rebalance::note_error(&self.shared.health, error, &error.to_string());
        self.shared.health.brokers_down();
        self.shared.lock().left_out_since = None;
    }

    /// Brokers answer. A consumer that does not come back into its group all the same will not come back any more: librdkafka may wait for ever for an
    /// answer that was lost in an outage. The reader then makes a new one, unless another instance has the partitions.
    fn look_at_group(&self) {
        let since = {
            let mut state = self.shared.lock();
            if state.coordinated && state.is_whole() {
                state.left_out_since = None;
                return;
            }
            *state.left_out_since.get_or_insert_with(Instant::now)
        };
        if since.elapsed() >= REJOINS_WITHIN && matches!(self.another_instance(), Ok(None)) {
            let detail = format!("brokers answer, and it has not come back into the group for {} s", since.elapsed().as_secs());
            self.shared.lock().renew = Some(detail);
            self.shared.bell.ring();
        }
    }

    fn note(&self, partition: Partition, ends: Ends, stable: Option<i64>) {
        // Read after the ends were asked for: it can only be further on.
        let Some((position, committed)) = self.shared.lock().read_to_of(partition) else { return };
        let seen = [position, committed, ends.high];
        self.shared.health.progress(self.shared.topic(partition), partition.number, seen, stable);
        if position < ends.low {
            let gone = self.check_position(partition, position, ends);
            gone.unwrap_or_else(|fault| self.shared.fail(fault));
        } else if position > ends.high {
            // The position may have moved on since the end was asked for: only a fresh end below it is an error.
            let fresh = self.consumer.fetch_watermarks(self.shared.topic(partition), partition.number, ASK_TIMEOUT);
            if let Ok((low, high)) = fresh
                && let Err(fault) = self.check_position(partition, position, Ends { low, high })
            {
                self.shared.fail(fault);
            }
        }
    }
}

impl Shared {
    /// After an error that may pass: notes it and waits. Gives an error back if it can't pass, or if the log is being closed.
    pub(super) fn may_retry(&self, what: &str, error: &KafkaError, pause: Duration) -> Result<(), LogError> {
        if error.rdkafka_error_code().is_some_and(is_refused) {
            return Err(Fault::not_allowed(&format!("{what}: {error}")).into());
        }
        self.health.error(&format!("{what}: {error}"));
        self.health.brokers_down();
        // Said once in a while: an outage may take hours.
        if self.health.may_say(error.rdkafka_error_code().map_or(0, |code| code as i64) - 1_000_000).is_some() {
            say::brokers_do_not_answer(&self.settings.bootstrap, what, &error.to_string());
        }
        self.go_on()?;
        thread::sleep(pause);
        Ok(())
    }

    /// An error if a wait is of no use any more: the log was asked to end, or has stopped.
    pub(super) fn go_on(&self) -> Result<(), LogError> {
        let state = self.lock();
        match &state.fault {
            Some(fault) => Err(fault.clone().into()),
            None if state.ending || state.closed => {
                Err(LogError::Closed(format!("asked to end while waiting for Kafka at {}", self.settings.bootstrap)))
            }
            None => Ok(()),
        }
    }
}

/// A static member's id is its instance's name, a hyphen, and a UUID of 36 letters.
fn is_in_slot(member: &str, instance: &str) -> bool {
    const UUID: usize = 36;
    member.strip_prefix(instance).and_then(|rest| rest.strip_prefix('-')).is_some_and(|id| id.len() == UUID)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_of_another_slot_is_not_taken_for_one_of_this() {
        let member = |instance: &str| format!("{instance}-0c9c5e0e-6c4a-4a3f-9a57-0d6cf2a1b0aa");
        assert!(is_in_slot(&member("shop-1"), "shop-1"));
        assert!(!is_in_slot(&member("shop-1-2"), "shop-1"));
        assert!(!is_in_slot(&member("shop-12"), "shop-1"));
        assert!(!is_in_slot("rdkafka-0c9c5e0e-6c4a-4a3f-9a57-0d6cf2a1b0aa", "shop-1"), "a dynamic member");
    }
}
