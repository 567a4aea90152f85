//! The thread that polls the group's consumer and fills the next batch.
//!
//! Partitions are read in step (`engine::in_step`): each has a queue of its own (`ahead`), and the batch is filled from them in the order of
//! their records' timestamps. The batch is handed over by exchange with an empty one. While one batch is worked on the next is filled, up to its
//! limits: then taking rests, and librdkafka's own bounded queues after it; rebalances are served all the same.

use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rdkafka::consumer::Consumer;
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use rdkafka::message::Message;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use super::ahead::Ahead;
use super::fault::{Fault, while_reading};
use super::rebalance::GroupConsumer;
use super::shared::{Place, Shared};
use crate::engine::in_step::{Choice, choose};

/// How long one poll waits: also how late a request to go back may be seen.
const POLL: Duration = Duration::from_millis(50);
/// In which all that waits in the consumer's own queue is served: hundreds of events.
const SERVE: Duration = Duration::from_millis(1);
const SEEK_TIMEOUT: Duration = Duration::from_secs(30);

pub(super) struct Reader {
    shared: Arc<Shared>,
    consumer: Arc<GroupConsumer>,
    /// One for each partition that is ours.
    ahead: Vec<Ahead>,
}

enum Turn {
    Poll,
    Full,
    GoBack,
    End,
}

impl Reader {
    pub(super) fn spawn(shared: Arc<Shared>, consumer: Arc<GroupConsumer>) -> std::io::Result<JoinHandle<()>> {
        let reader = Self { shared, consumer, ahead: Vec::new() };
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
        self.serve_consumer(Duration::ZERO);
        let mut failed = None;
        for ahead in &mut self.ahead {
            failed = ahead.fill().err().or(failed);
        }
        if let Some(error) = failed {
            self.failed(&error);
        }
        if let Some(wait) = self.take_in_step() {
            self.serve_consumer(SERVE);
            self.shared.bell.wait(wait.min(POLL));
        }
    }

    /// Rebalances and errors. One poll without time serves one line of the client's log, or one rebalance behind all such lines: whoever is about to
    /// wait gives it some `time`, so that none is left standing. A partition that is assigned gets a queue of its own at once; what came for it just before stands in the
    /// consumer's, and goes first.
    fn serve_consumer(&mut self, time: Duration) {
        loop {
            while let Some(polled) = self.consumer.poll(time) {
                match polled {
                    Ok(message) => {
                        let place = self.shared.topic_place(message.topic()).map(|topic| (topic, message.partition()));
                        // One that is not here was taken away: polling ends with each change of what is ours.
                        if let Some(ahead) = self.ahead.iter_mut().find(|ahead| Some(ahead.place) == place) {
                            ahead.push(&message);
                        }
                    }
                    Err(error) => self.failed(&error),
                }
            }
            if !self.follow_assignment() {
                return;
            }
        }
    }

    /// Keeps a queue for each partition that is ours. Has any been made?
    fn follow_assignment(&mut self) -> bool {
        let owned: Vec<Place> = self.shared.lock().owned.iter().copied().collect();
        if self.ahead.iter().map(|ahead| ahead.place).eq(owned.iter().copied()) {
            return false;
        }
        let mut had = std::mem::take(&mut self.ahead);
        let mut made = false;
        for place in owned {
            let known = had.iter().position(|ahead| ahead.place == place).map(|found| had.swap_remove(found));
            let split = if known.is_some() { None } else { Ahead::split(&self.shared, &self.consumer, place) };
            made |= split.is_some();
            self.ahead.extend(known.or(split));
        }
        made
    }

    /// Fills the batch with the oldest records that are there. The result: how long to wait for more; `None`: go on at once.
    fn take_in_step(&mut self) -> Option<Duration> {
        let mut state = self.shared.lock();
        if !state.started || state.go_back {
            return Some(POLL);
        }
        let was_empty = state.first_at.is_none();
        let now = Instant::now();
        let wait = loop {
            let (place, up_to) = match choose(self.ahead.iter().map(Ahead::standing), now) {
                Choice::Take { place, up_to } => (place, up_to),
                Choice::Wait(time) => break Some(time),
                Choice::Nothing => break Some(POLL),
            };
            let ahead = &mut self.ahead[place];
            if usize::from(ahead.place.0) >= self.shared.settings.source_topics.len() {
                let place = ahead.place;
                drop(state);
                self.shared.fail(foreign(&self.shared, place));
                return Some(POLL);
            }
            while let Some(offset) = ahead.next(up_to).filter(|_| !state.is_full()) {
                let is_new = state.next.get(ahead.place).is_none_or(|next| offset >= next);
                ahead.take(is_new.then_some(&mut state.filling));
                if is_new {
                    state.next.set(ahead.place, offset + 1);
                }
            }
            // The partition may have more that is older than any other's.
            if state.is_full() || ahead.standing().next.is_none() {
                break None;
            }
        };
        if state.first_at.is_none() && !state.filling.is_empty() {
            state.first_at = Some(now);
        }
        let tell = (was_empty && state.first_at.is_some()) || state.is_full();
        drop(state);
        if tell {
            self.shared.ready.notify_one();
        }
        wait
    }

    fn wait_for_room(&mut self) {
        self.serve_consumer(SERVE);
        let state = self.shared.lock();
        if state.is_full() && !state.go_back && !state.ending {
            drop(self.shared.room.wait_timeout(state, POLL));
        }
    }

    /// Back to where the last committed epoch ended. Done here, between two polls: no record of before can slip in after it.
    fn go_back(&mut self) {
        self.serve_consumer(SERVE);
        self.ahead.iter_mut().for_each(Ahead::forget);
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
                self.serve_consumer(SERVE);
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

fn foreign(shared: &Shared, place: Place) -> Fault {
    Fault::Stop(format!(
        "the exchange topic {}[{}] holds a record: a version that shares the work between several instances wrote it, and this one does not. \
         Start that version",
        shared.topic(place),
        place.1
    ))
}
