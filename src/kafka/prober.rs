//! Asks the brokers how many partitions there are and where they end, and watches over the positions.
//!
//! A position behind a partition's end is lag. One before its beginning or past its end can't be: records were deleted, or the topic was made
//! anew; that is told at once, before librdkafka would have to jump.

use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rdkafka::consumer::Consumer;
use rdkafka::error::KafkaError;

use super::clients::PlainConsumer;
use super::fault::{Fault, is_refused};
use super::shared::{Place, Shared};
use crate::engine::log::LogError;

const ASK_TIMEOUT: Duration = Duration::from_secs(5);
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// Longer: a name that is wrong is told later. Shorter: a topic that was just made is taken for missing.
const NEW_TOPIC_PATIENCE: Duration = Duration::from_secs(5);
const RETRY_FIRST: Duration = Duration::from_millis(200);
const RETRY_MAX: Duration = Duration::from_secs(5);

#[derive(Clone)]
pub(super) struct Prober {
    shared: Arc<Shared>,
    consumer: Arc<PlainConsumer>,
}

/// A partition's first offset and the one after its last, records of open transactions included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ends {
    pub low: i64,
    pub high: i64,
}

impl Prober {
    pub(super) fn new(shared: Arc<Shared>, consumer: Arc<PlainConsumer>) -> Self {
        Self { shared, consumer }
    }

    /// Every partition of the topics that the group subscribes to.
    pub(super) fn places(&self) -> Result<Vec<Place>, LogError> {
        let mut places = Vec::new();
        for (index, topic) in self.shared.topics.iter().enumerate() {
            let count = self.partitions(topic)?;
            places.extend((0..count).map(|partition| (index as u16, partition)));
        }
        Ok(places)
    }

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
                // One that was made a moment ago is not known to every broker yet.
                _ if asked_at.elapsed() < NEW_TOPIC_PATIENCE => thread::sleep(RETRY_FIRST),
                _ => break,
            }
        }
        Err(LogError::Stop(format!("topic \"{topic}\" does not exist: create it, or correct its name in the configuration")))
    }

    pub(super) fn ends(&self, place: Place) -> Result<Ends, LogError> {
        self.ends_of(self.shared.topic(place), place.1)
    }

    pub(super) fn ends_of(&self, topic: &str, partition: i32) -> Result<Ends, LogError> {
        let ask = || self.consumer.fetch_watermarks(topic, partition, ASK_TIMEOUT);
        let (low, high) = self.until_answered(&format!("{topic}[{partition}]"), ask)?;
        Ok(Ends { low, high })
    }

    /// A position that its partition can't hold.
    pub(super) fn check_position(&self, place: Place, position: i64, ends: Ends) -> Result<(), Fault> {
        let what = format!("{}[{}]: position {position}, first record {}, end {}", self.shared.topic(place), place.1, ends.low, ends.high);
        if position < ends.low || position > ends.high { Err(Fault::position_gone(&what)) } else { Ok(()) }
    }

    /// Asks again while the brokers are away, with growing pauses, until the log is closed.
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

    pub(super) fn spawn(self) -> std::io::Result<JoinHandle<()>> {
        thread::Builder::new().name("waybill-prober".into()).spawn(move || {
            while !self.shared.lock().ending {
                self.look();
                self.pause();
            }
        })
    }

    fn pause(&self) {
        let mut left = LOOK_EVERY;
        let step = Duration::from_millis(100);
        while !left.is_zero() && !self.shared.lock().ending {
            // Serves the client's logs and errors meanwhile.
            let _ = self.consumer.poll(step);
            left = left.saturating_sub(step);
        }
    }

    fn look(&self) {
        let next = {
            let state = self.shared.lock();
            if !state.started {
                return;
            }
            state.next.clone()
        };
        for (place, _) in next.iter() {
            let topic = self.shared.topic(place);
            match self.consumer.fetch_watermarks(topic, place.1, ASK_TIMEOUT) {
                Ok((low, high)) => self.note(place, Ends { low, high }),
                Err(error) => {
                    super::rebalance::note_error(&self.shared.health, &error, &error.to_string());
                    return self.shared.health.brokers_down();
                }
            }
        }
        self.shared.health.brokers_answer();
    }

    fn note(&self, place: Place, ends: Ends) {
        // Read after the ends were asked for: it can only be further on.
        let Some(position) = self.shared.lock().next.get(place) else { return };
        self.shared.health.progress(self.shared.topic(place), place.1, position, ends.high);
        if position < ends.low {
            let gone = self.check_position(place, position, ends);
            gone.unwrap_or_else(|fault| self.shared.fail(fault));
        } else if position > ends.high {
            // The position may have moved on since the end was asked for: only a fresh end below it tells.
            let fresh = self.consumer.fetch_watermarks(self.shared.topic(place), place.1, ASK_TIMEOUT);
            if let Ok((low, high)) = fresh
                && let Err(fault) = self.check_position(place, position, Ends { low, high })
            {
                self.shared.fail(fault);
            }
        }
    }
}

impl Shared {
    /// After an error that passes: notes it and waits. An error that does not pass, or a log that is being closed, comes back.
    pub(super) fn may_retry(&self, what: &str, error: &KafkaError, pause: Duration) -> Result<(), LogError> {
        if error.rdkafka_error_code().is_some_and(is_refused) {
            return Err(Fault::not_allowed(&format!("{what}: {error}")).into());
        }
        self.health.error(&format!("{what}: {error}"));
        self.health.brokers_down();
        tracing::warn!(what, %error, retry_ms = pause.as_millis() as u64, bootstrap = %self.settings.bootstrap, "Kafka does not answer");
        if self.is_ending() {
            return Err(LogError::Stop(format!("closed while waiting for Kafka at {} ({what}: {error})", self.settings.bootstrap)));
        }
        thread::sleep(pause);
        Ok(())
    }
}
