//! The thread that polls the group's consumer and fills the next batch.
//!
//! Partitions are read in step ([`crate::engine::in_step`]): each has a queue of its own ([`super::ahead`]), and the batch is filled from them in
//! the order of the records' timestamps. Handing over a batch swaps it with an empty one. While the engine works on one batch the reader fills the
//! next. When that is full the reader takes no more, so librdkafka's bounded queues fill up too; rebalances are served all the same.

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
use super::shared::{Partition, Shared};
use crate::engine::in_step::{Choice, choose};
use crate::telemetry::say;

/// How long one poll waits. A request to go back is seen at most so much later.
const POLL: Duration = Duration::from_millis(50);
/// Time for everything that waits in the consumer's own queue: hundreds of events.
const SERVE: Duration = Duration::from_millis(1);
const SEEK_TIMEOUT: Duration = Duration::from_secs(30);

/// The thread's own state.
pub(super) struct ReaderThread {
    shared: Arc<Shared>,
    consumer: Arc<GroupConsumer>,
    /// One for each partition that this instance owns.
    ahead: Vec<Ahead>,
}

/// What the thread does next.
enum Step {
    Poll,
    Full,
    GoBack,
    Subscribe,
    End,
}

impl ReaderThread {
    pub(super) fn spawn(shared: Arc<Shared>, consumer: Arc<GroupConsumer>) -> std::io::Result<JoinHandle<()>> {
        let reader = Self { shared, consumer, ahead: Vec::new() };
        thread::Builder::new().name("waybill-reader".into()).spawn(move || reader.run())
    }

    fn run(mut self) {
        loop {
            match self.next_step() {
                Step::End => break,
                Step::GoBack => self.go_back(),
                Step::Subscribe => self.subscribe(),
                Step::Full => self.wait_for_room(),
                Step::Poll => self.poll(),
            }
        }
    }

    fn next_step(&self) -> Step {
        let state = self.shared.lock();
        if state.ending {
            Step::End
        } else if state.go_back {
            Step::GoBack
        } else if state.started && state.subscribe {
            Step::Subscribe
        } else if state.started && state.is_full() {
            Step::Full
        } else {
            Step::Poll
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

    /// Serves rebalances and errors. One poll without time serves one line of the client's log, or one rebalance behind all such lines: before a wait
    /// give it some `time`, so that none is left. A partition that is assigned gets a queue of its own at once; records that came for it just
    /// before are in the consumer's queue, and go first.
    fn serve_consumer(&mut self, time: Duration) {
        loop {
            while let Some(polled) = self.consumer.poll(time) {
                match polled {
                    Ok(message) => {
                        let topic = self.shared.topic_index(message.topic());
                        let partition = topic.map(|topic| Partition { topic, number: message.partition() });
                        // A partition that is not here was revoked: polling ends with each change of the assignment.
                        if let Some(ahead) = self.ahead.iter_mut().find(|ahead| Some(ahead.partition) == partition) {
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

    /// Keeps a queue for each partition that this instance owns. True: a queue was made.
    fn follow_assignment(&mut self) -> bool {
        let owned: Vec<Partition> = self.shared.lock().owned.iter().copied().collect();
        if self.ahead.iter().map(|ahead| ahead.partition).eq(owned.iter().copied()) {
            return false;
        }
        let mut had = std::mem::take(&mut self.ahead);
        let mut made = false;
        for partition in owned {
            let known = had.iter().position(|ahead| ahead.partition == partition).map(|found| had.swap_remove(found));
            let split = if known.is_some() { None } else { Ahead::split(&self.shared, &self.consumer, partition) };
            made |= split.is_some();
            self.ahead.extend(known.or(split));
        }
        made
    }

    /// Fills the batch with the oldest records that are there. Gives how long to wait for more; `None`: go on at once.
    fn take_in_step(&mut self) -> Option<Duration> {
        let mut state = self.shared.lock();
        if !state.started || state.go_back {
            return Some(POLL);
        }
        let was_empty = state.first_at.is_none();
        let now = Instant::now();
        let wait = loop {
            let (index, up_to) = match choose(self.ahead.iter().map(Ahead::head), now) {
                Choice::Take { index, up_to } => (index, up_to),
                Choice::Wait(time) => break Some(time),
                Choice::Nothing => break Some(POLL),
            };
            let ahead = &mut self.ahead[index];
            if usize::from(ahead.partition.topic) >= self.shared.settings.source_topics.len() {
                let partition = ahead.partition;
                drop(state);
                self.shared.fail(record_on_exchange(&self.shared, partition));
                return Some(POLL);
            }
            while let Some(offset) = ahead.next(up_to).filter(|_| !state.is_full()) {
                let is_new = state.next.get(ahead.partition).is_none_or(|next| offset >= next);
                ahead.take(is_new.then_some(&mut state.filling));
                if is_new {
                    state.next.set(ahead.partition, offset + 1);
                }
            }
            // The partition may have more records that are older than any other's.
            if state.is_full() || ahead.head().next.is_none() {
                break None;
            }
        };
        if state.first_at.is_none() && !state.filling.is_empty() {
            state.first_at = Some(now);
        }
        let is_ready = (was_empty && state.first_at.is_some()) || state.is_full();
        drop(state);
        if is_ready {
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

    /// Subscribes once more, since a topic has appeared. The group keeps what it has assigned, and adds the new topic's partitions.
    fn subscribe(&self) {
        self.shared.lock().subscribe = false;
        if let Err(error) = self.consumer.subscribe(&self.shared.present()) {
            self.shared.fail(Fault::Stop(format!("the group can't subscribe to a topic that has appeared: {error}. Start again")));
        }
    }

    /// Goes back to where the last committed epoch ended. Done between two polls, so that no record read before can slip in after it.
    fn go_back(&mut self) {
        self.serve_consumer(SERVE);
        self.ahead.iter_mut().for_each(Ahead::forget);
        let mut targets = TopicPartitionList::new();
        {
            let mut state = self.shared.lock();
            state.forget_read();
            for partition in &state.owned {
                if let Some(offset) = state.base.get(*partition) {
                    // A topic's name comes from the settings and an offset is not negative: this can't fail.
                    let _ = targets.add_partition_offset(self.shared.topic(*partition), partition.number, Offset::Offset(offset));
                }
            }
        }
        match self.seek(targets) {
            Ok(()) => {
                self.shared.lock().go_back = false;
                self.shared.room.notify_all();
            }
            Err(detail) => {
                say::seek_failed(&detail);
                thread::sleep(POLL);
                // A rebalance may be under way, which sets positions of its own.
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
        if let Some(fault) = while_reading(code, &reason, &self.shared.settings.who()) {
            self.shared.fail(fault);
            // The log has stopped; what polling would bring is of no use any more.
            thread::sleep(POLL);
        }
    }
}

fn record_on_exchange(shared: &Shared, partition: Partition) -> Fault {
    Fault::Stop(format!(
        "the exchange topic holds a record, in {}: a version of Waybill that shares the work between several instances wrote it; this version \
         cannot read it. Start that version",
        shared.name(partition)
    ))
}
