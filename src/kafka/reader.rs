//! The thread that polls the group's consumer and fills the next batch.
//!
//! Record bytes are copied once, from librdkafka's buffer into the batch's arena; the batch is handed over by exchange with an empty one. While
//! one batch is worked on the next is filled, up to its limits: then polling rests, and librdkafka's own bounded queue after it.

use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rdkafka::consumer::Consumer;
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use rdkafka::message::{BorrowedMessage, Headers, Message};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use super::fault::{Fault, while_reading};
use super::rebalance::GroupConsumer;
use super::shared::Shared;
use crate::facts::Moment;

/// How long one poll waits: also how late a request to go back may be seen.
const POLL: Duration = Duration::from_millis(50);
/// A batch that is full for so long is not being taken: partitions are paused, so that polling (rebalances, membership) can go on. Shorter: what
/// librdkafka has fetched ahead is thrown away in every long epoch. Longer: a rebalance waits.
const PAUSE_AFTER: Duration = Duration::from_secs(3);
const SEEK_TIMEOUT: Duration = Duration::from_secs(30);

pub(super) struct Reader {
    shared: Arc<Shared>,
    consumer: Arc<GroupConsumer>,
    full_since: Option<Instant>,
    paused: bool,
    last_topic: u16,
}

enum Turn {
    Poll,
    Full,
    GoBack,
    End,
}

impl Reader {
    pub(super) fn spawn(shared: Arc<Shared>, consumer: Arc<GroupConsumer>) -> std::io::Result<JoinHandle<()>> {
        let reader = Self { shared, consumer, full_since: None, paused: false, last_topic: 0 };
        thread::Builder::new().name("waybill-reader".into()).spawn(move || reader.run())
    }

    fn run(mut self) {
        loop {
            match self.turn() {
                Turn::End => break,
                Turn::GoBack => self.go_back(),
                Turn::Full => self.wait_for_room(),
                Turn::Poll => self.poll(),
            }
        }
    }

    fn turn(&self) -> Turn {
        let state = self.shared.lock();
        if state.ending {
            Turn::End
        } else if state.go_back {
            Turn::GoBack
        } else if state.started && state.is_full() {
            Turn::Full
        } else {
            Turn::Poll
        }
    }

    fn poll(&mut self) {
        self.resume();
        match self.consumer.poll(POLL) {
            Some(Ok(message)) => keep(&self.shared, &message, &mut self.last_topic),
            Some(Err(error)) => self.failed(&error),
            None => {}
        }
    }

    fn wait_for_room(&mut self) {
        let since = *self.full_since.get_or_insert_with(Instant::now);
        if since.elapsed() < PAUSE_AFTER {
            let state = self.shared.lock();
            if state.is_full() && !state.go_back && !state.ending {
                drop(self.shared.room.wait_timeout(state, POLL));
            }
            return;
        }
        if !self.paused {
            self.paused = self.consumer.assignment().and_then(|all| self.consumer.pause(&all)).is_ok();
        }
        // A record that was fetched before the pause still counts: the batch may pass its bound by those.
        match self.consumer.poll(POLL) {
            Some(Ok(message)) => keep(&self.shared, &message, &mut self.last_topic),
            Some(Err(error)) => self.failed(&error),
            None => {}
        }
    }

    fn resume(&mut self) {
        self.full_since = None;
        if self.paused {
            match self.consumer.assignment().and_then(|all| self.consumer.resume(&all)) {
                Ok(()) => self.paused = false,
                Err(error) => tracing::warn!(%error, "reading could not be resumed"),
            }
        }
    }

    /// Back to where the last committed epoch ended. Done here, between two polls: no record of before can slip in after it.
    fn go_back(&mut self) {
        let mut targets = TopicPartitionList::new();
        {
            let mut state = self.shared.lock();
            state.forget_read();
            for place in &state.owned {
                if let Some(offset) = state.base.get(*place) {
                    // A topic's name came from the settings and an offset is not negative: this can't fail.
                    let _ = targets.add_partition_offset(self.shared.topic(*place), place.1, Offset::Offset(offset));
                }
            }
        }
        match self.seek(targets) {
            Ok(()) => {
                self.shared.lock().go_back = false;
                self.shared.room.notify_all();
            }
            Err(detail) => {
                tracing::warn!(detail, "going back to the committed positions is tried again");
                thread::sleep(POLL);
                // An assignment that is just changing sets positions of its own.
                self.serve_callbacks();
            }
        }
    }

    fn seek(&self, targets: TopicPartitionList) -> Result<(), String> {
        if targets.count() == 0 {
            return Ok(());
        }
        let sought = self.consumer.seek_partitions(targets, SEEK_TIMEOUT).map_err(|error| error.to_string())?;
        match sought.elements().iter().find_map(|element| element.error().err().map(|error| (element.topic().to_owned(), error))) {
            Some((topic, error)) => Err(format!("{topic}: {error}")),
            None => Ok(()),
        }
    }

    /// Polls for rebalances alone: a record that comes is dropped, as all are read again from the committed positions.
    fn serve_callbacks(&self) {
        if let Some(Err(error)) = self.consumer.poll(Duration::ZERO) {
            self.failed(&error);
        }
    }

    fn failed(&self, error: &KafkaError) {
        let Some(code) = error.rdkafka_error_code() else { return };
        let reason = self.shared.health.last_error().unwrap_or_else(|| error.to_string());
        let (code, reason) = match (code, self.consumer.client().fatal_error()) {
            (_, Some((fatal, text))) => (fatal, text),
            (code, None) => (code, reason),
        };
        if code == Code::AllBrokersDown {
            self.shared.health.brokers_down();
        }
        if let Some(fault) = while_reading(code, &reason, &self.shared.settings.instance()) {
            self.shared.fail(fault);
            // The log is at its end; what polling would bring is of no use any more.
            thread::sleep(POLL);
        }
    }
}

fn keep(shared: &Shared, message: &BorrowedMessage<'_>, last_topic: &mut u16) {
    let name = message.topic();
    if shared.topics.get(usize::from(*last_topic)).is_none_or(|topic| **topic != *name) {
        let Some(place) = shared.topic_place(name) else { return };
        *last_topic = place;
    }
    let place = (*last_topic, message.partition());
    if usize::from(place.0) >= shared.settings.source_topics.len() {
        return shared.fail(Fault::Stop(format!(
            "the exchange topic {name}[{}] holds a record: a version that shares the work between several instances wrote it, and this one \
             does not. Start that version",
            place.1
        )));
    }
    let timestamp = Moment(message.timestamp().to_millis().unwrap_or_default());
    let mut state = shared.lock();
    if !state.started || state.go_back || state.next.get(place).is_some_and(|next| message.offset() < next) {
        return;
    }
    match message.headers() {
        None => state.filling.push(place.0, place.1, message.offset(), timestamp, message.key(), message.payload(), std::iter::empty()),
        Some(headers) => {
            let pairs = (0..headers.count()).filter_map(|index| headers.try_get(index));
            let pairs = pairs.map(|header| (header.key, header.value.unwrap_or_default()));
            state.filling.push(place.0, place.1, message.offset(), timestamp, message.key(), message.payload(), pairs);
        }
    }
    state.next.set(place, message.offset() + 1);
    let first = state.first_at.is_none();
    if first {
        state.first_at = Some(Instant::now());
    }
    if first || state.is_full() {
        drop(state);
        shared.ready.notify_one();
    }
}
