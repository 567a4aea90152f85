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
use super::clients;
use super::fault::{Fault, ReadError, while_reading};
use super::group::Group;
use super::prober::Prober;
use super::rebalance::GroupConsumer;
use super::shared::{Partition, Shared};
use super::watchdog::Watchdog;
use crate::engine::in_step::{Choice, choose};
use crate::engine::log::LogError;
use crate::telemetry::say;

/// How long one poll waits. A request to go back is seen at most so much later.
const POLL: Duration = Duration::from_millis(50);
/// Time for everything that waits in the consumer's own queue: hundreds of events.
const SERVE: Duration = Duration::from_millis(1);
const SEEK_TIMEOUT: Duration = Duration::from_secs(30);
/// At most so many consumers one after the other, if none of them gets all its partitions: then a new process has to try.
const RENEWALS_MAX: u32 = 5;
const RENEWAL_PAUSE: Duration = Duration::from_secs(1);

/// The thread's own state.
pub(super) struct ReaderThread {
    shared: Arc<Shared>,
    group: Arc<Group>,
    prober: Prober,
    watchdog: Watchdog,
    consumer: Arc<GroupConsumer>,
    /// Why the consumer can't go on: it must be replaced.
    lost: Option<String>,
    /// How often it was replaced since one had all partitions.
    renewals: u32,
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
    /// Makes the group's consumer, and the thread that polls it.
    pub(super) fn spawn(shared: Arc<Shared>, group: Arc<Group>, prober: Prober, watchdog: Watchdog) -> Result<JoinHandle<()>, LogError> {
        let consumer = clients::group_consumer(&shared, 1)?;
        group.set(&consumer);
        let guard = Arc::clone(&shared);
        let reader = Self { shared, group, prober, watchdog, consumer, lost: None, renewals: 0, ahead: Vec::new() };
        let spawned = thread::Builder::new().name("waybill-reader".into()).spawn(move || guard.guarded("waybill-reader", || reader.run()));
        spawned.map_err(|error| LogError::Restart(format!("the system starts no more threads: {error}")))
    }

    fn run(mut self) {
        loop {
            let asked = self.shared.lock().renew.take();
            if let Some(detail) = self.lost.take().or(asked) {
                self.renew(&detail);
            }
            match self.next_step() {
                Step::End => break,
                Step::GoBack => self.go_back(),
                Step::Subscribe => self.subscribe(),
                Step::Full => self.wait_for_room(),
                Step::Poll => self.poll(),
            }
        }
    }

    fn next_step(&mut self) -> Step {
        let state = self.shared.lock();
        if self.renewals > 0 && state.started && state.is_whole() {
            self.renewals = 0;
        }
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
        self.note_ends();
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
            let consumer = Arc::clone(&self.consumer);
            while let Some(polled) = consumer.poll(time).filter(|_| self.lost.is_none()) {
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
            self.shared.health.records_wait();
        }
        let is_ready = (was_empty && state.first_at.is_some()) || state.is_full();
        drop(state);
        if is_ready {
            self.shared.ready.notify_one();
        }
        wait
    }

    /// Notes where a partition ends behind its last record: nothing of it waits here, and what was fetched up to there is taken.
    fn note_ends(&mut self) {
        let ends = self.shared.take_ends();
        if ends.is_empty() {
            return;
        }
        let mut state = self.shared.lock();
        if !state.started || state.go_back {
            return;
        }
        for (partition, end) in ends {
            let is_dry = self.ahead.iter().any(|ahead| ahead.partition == partition && ahead.is_empty());
            if is_dry && state.next.get(partition).is_some_and(|next| end > next) {
                state.read_to.set(partition, end);
            }
        }
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
        if let Err(error) = self.group.subscribe() {
            self.shared.fail(Fault::Stop(format!("the group can't subscribe to a topic that has appeared: {error}. Start again")));
        }
    }

    /// Goes back to where the last committed epoch ended. Done between two polls, so that no record read before can slip in after it.
    fn go_back(&mut self) {
        self.serve_consumer(SERVE);
        let (generation, partitions) = self.shared.lock().targets();
        let mut targets = TopicPartitionList::new();
        for (partition, offset) in partitions {
            // A topic's name comes from the settings and an offset is not negative: this can't fail.
            let offset = offset.map_or(Offset::Beginning, Offset::Offset);
            let _ = targets.add_partition_offset(self.shared.topic(partition), partition.number, offset);
        }
        match self.seek(targets) {
            Ok(()) => {
                self.ahead.iter_mut().for_each(Ahead::forget);
                self.shared.lock().is_back(generation);
                self.shared.ready.notify_one();
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

    /// The consumer has failed for good, mostly because the broker has fenced it: after an outage that is by its own request to join, which was answered
    /// late. Or it does not come back into its group. If another process is there, this one ends; else a new consumer takes the place, and reads from what is committed.
    fn renew(&mut self, detail: &str) {
        say::consumer_lost(detail);
        self.ahead.clear();
        let number = {
            let mut state = self.shared.lock();
            let owned: Vec<_> = state.owned.iter().copied().collect();
            state.revoke(owned);
            state.consumer += 1;
            (state.coordinated, state.left_out_since, state.renew) = (true, None, None);
            self.shared.health.assigned(0, state.base.iter().count());
            state.consumer
        };
        match self.prober.other_in_slot(&self.watchdog) {
            Ok(None) => {}
            Ok(Some(other)) => return self.shared.fail(Fault::fenced(&self.shared.settings.who(), &other)),
            // The log is ending, or has stopped already.
            Err(_) => return,
        }
        self.renewals += 1;
        if self.renewals > RENEWALS_MAX {
            return self.shared.fail(Fault::client_failed(detail));
        }
        thread::sleep(RENEWAL_PAUSE * (self.renewals - 1));
        let consumer = match clients::group_consumer(&self.shared, number) {
            Ok(consumer) => consumer,
            Err(error) => return self.shared.fail(Fault::client_failed(&error.to_string())),
        };
        self.group.set(&consumer);
        let old = std::mem::replace(&mut self.consumer, consumer);
        // Closing a client can take its time, or hang; nobody waits for it.
        let closing = thread::Builder::new().name("waybill-closing".into()).spawn(move || drop(old));
        if let Err(error) = closing {
            return self.shared.fail(Fault::client_failed(&format!("the system starts no more threads: {error}")));
        }
        if self.shared.lock().subscribed
            && let Err(error) = self.group.subscribe()
        {
            self.shared.fail(Fault::client_failed(&error.to_string()));
        }
    }

    fn failed(&mut self, error: &KafkaError) {
        let Some(code) = error.rdkafka_error_code() else { return };
        let reason = self.shared.health.last_error().unwrap_or_else(|| error.to_string());
        let (code, reason) = match (code, self.consumer.client().fatal_error()) {
            (_, Some((fatal, text))) => (fatal, text),
            (code, None) => (code, reason),
        };
        if code == Code::AllBrokersDown {
            self.shared.health.brokers_down();
        }
        match while_reading(code, &reason) {
            ReadError::Passes => {}
            ReadError::Renew(detail) => self.lost = Some(detail),
            ReadError::Fault(fault) => {
                self.shared.fail(fault);
                // The log has stopped; what polling would bring is of no use any more.
                thread::sleep(POLL);
            }
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
