//! The thread that owns the transactional producer. All its calls block, and run under the watchdog.
//!
//! ```text
//!  begin -> records -> offsets -> flush -> commit --> Committed
//!    |  an error after which the transaction can be aborted
//!    +-> abort, go back to the committed positions --> NotCommitted
//!    |  an unknown result (also of the abort)
//!    +-> new producer, same id: init_transactions ends the open transaction; committed offsets = ours ? Committed : NotCommitted
//!    |  the transactional id has a newer epoch
//!    +-> another process is there ? LogError : as an unknown result
//!    |  access refused, a topic that is gone
//!    +-> LogError
//! ```
//!
//! It waits for brokers alone, never for another thread of ours: see ARCHITECTURE.md, "Who waits for whom".

use std::sync::{Arc, mpsc};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{BaseRecord, Producer};
use rdkafka::topic_partition_list::{Offset as KafkaOffset, TopicPartitionList};
use tokio::sync::oneshot;

use super::clients::{self, TransactionalProducer};
use super::fault::{Failed, Fault, in_transaction, is_unanswered};
use super::gate::Unprepared;
use super::group::Group;
use super::prober::Prober;
use super::refusal::Refusal;
use super::serve::serve_producer;
use super::shared::{Committed, Partition, Shared};
use super::watchdog::Watchdog;
use crate::engine::log::{CommitOutcome, LogError, NOTHING_BESIDE, Offset, OutRecord, Transaction};
use crate::telemetry::say;

/// How often the producer is polled for its logs and errors while it has nothing to do.
const IDLE_POLL: Duration = Duration::from_millis(250);
const RETRY: Duration = Duration::from_millis(200);
/// After an epoch that the broker refused: how long until the next one is tried. Doubled each time.
const REFUSED_PAUSE_FIRST: Duration = Duration::from_millis(100);
const REFUSED_PAUSE_MAX: Duration = Duration::from_secs(5);
/// How often offsets are moved behind transactions' markers, while nothing else is committed.
const TIDY_EVERY: Duration = Duration::from_secs(30);
/// Another process writes its mark a moment after it has taken up the transactional id.
const MARK_FOLLOWS: Duration = Duration::from_secs(2);
/// How many bytes of text Kafka keeps beside an offset (`offset.metadata.max.bytes`).
const METADATA_BYTES_MAX: usize = 4096;

/// What the engine's side asks of the thread, and where the answer goes.
pub(super) enum Command {
    /// Take up the transactional id and read the committed offsets.
    Committed(oneshot::Sender<Result<Vec<Offset>, LogError>>),
    /// Commit a transaction whose records were read in this generation.
    Commit { transaction: Transaction, generation: u64, answer: oneshot::Sender<Result<CommitOutcome, LogError>> },
}

/// The thread's own state.
pub(super) struct WriterThread {
    shared: Arc<Shared>,
    group: Arc<Group>,
    prober: Prober,
    watchdog: Watchdog,
    producer: Option<TransactionalProducer>,
    /// How many epochs in a row the broker has refused.
    refused: u32,
    /// When offsets were last moved behind markers.
    tidied: Instant,
    /// The committed offsets as far as we know: read at the start, and changed by our own commits.
    known: Committed,
    /// The generation in which the committed offsets were last checked to be those that we know.
    verified: u64,
}

impl WriterThread {
    pub(super) fn spawn(
        shared: Arc<Shared>,
        group: Arc<Group>,
        prober: Prober,
        watchdog: Watchdog,
    ) -> std::io::Result<(mpsc::Sender<Command>, JoinHandle<()>)> {
        let (commands, receive) = mpsc::channel();
        let guard = Arc::clone(&shared);
        let writer = Self {
            shared,
            group,
            prober,
            watchdog,
            producer: None,
            refused: 0,
            tidied: Instant::now(),
            known: Committed::new(),
            verified: 0,
        };
        let thread =
            thread::Builder::new().name("waybill-writer".into()).spawn(move || guard.guarded("waybill-writer", || writer.run(&receive)))?;
        Ok((commands, thread))
    }

    fn run(mut self, commands: &mpsc::Receiver<Command>) {
        loop {
            match commands.recv_timeout(IDLE_POLL) {
                Ok(Command::Committed(answer)) => drop(answer.send(self.committed())),
                Ok(Command::Commit { transaction, generation, answer }) => drop(answer.send(self.commit(&transaction, generation))),
                Err(mpsc::RecvTimeoutError::Disconnected) => break,
                Err(mpsc::RecvTimeoutError::Timeout) => {
                    if let Some(producer) = &self.producer {
                        serve_producer(producer);
                    }
                    self.tidy();
                }
            }
        }
        let producer = self.producer.take();
        self.watchdog.during(self.shared.settings.timeouts.close, || drop(producer));
    }

    /// Waits until records can be written in their form.
    fn prepare(&self) -> Result<(), LogError> {
        let Some(encoder) = &self.shared.settings.encoder else { return Ok(()) };
        loop {
            match encoder.prepare() {
                Ok(()) => break,
                Err(Unprepared::Never(sentence)) => return Err(LogError::Stop(sentence)),
                Err(Unprepared::Waits(sentence)) => self.shared.health.waits_for(Some(sentence)),
            }
            self.shared.go_on()?;
            thread::sleep(RETRY);
        }
        self.shared.health.waits_for(None);
        Ok(())
    }

    /// Aborts the transaction that a predecessor in this slot left open, fences it, and reads the committed offsets.
    fn committed(&mut self) -> Result<Vec<Offset>, LogError> {
        self.prepare()?;
        if self.producer.is_none() {
            self.shared.health.doing("taking up the transactional id");
            self.producer = Some(self.marked_producer()?);
        }
        self.shared.health.doing("reading the committed offsets");
        self.known = self.prober.stable_offsets(&self.prober.all_partitions()?, &self.watchdog)?;
        self.verified = self.shared.lock().generation;
        Ok(self.known.iter().map(|(partition, (next, metadata))| self.offset(*partition, *next, metadata.clone())).collect())
    }

    fn offset(&self, partition: Partition, next: Option<i64>, metadata: String) -> Offset {
        Offset { topic: Arc::clone(self.shared.topic(partition)), partition: partition.number, next, metadata }
    }

    /// A producer that has taken up the transactional id. Tries until the brokers answer.
    fn new_producer(&self) -> Result<TransactionalProducer, LogError> {
        let limit = self.shared.settings.timeouts.commit;
        loop {
            let producer = clients::producer(&self.shared)?;
            let taken = self.watched(limit, || producer.init_transactions(limit));
            serve_producer(&producer);
            let Err(error) = taken else {
                self.shared.health.brokers_answer();
                return Ok(producer);
            };
            self.give_up(producer);
            match in_transaction("init_transactions", &error) {
                Failed::Fault(fault) => return Err(fault.into()),
                Failed::Abort(_) | Failed::Unknown(_) | Failed::Superseded(_) => {
                    self.shared.may_retry("init_transactions", &error, RETRY)?;
                }
            }
        }
    }

    /// A producer that has taken up the transactional id and written this process's mark.
    fn marked_producer(&self) -> Result<TransactionalProducer, LogError> {
        loop {
            let producer = self.new_producer()?;
            let limit = self.shared.settings.timeouts.commit * 2;
            let known = self.prober.stable_offsets(&self.prober.all_partitions()?, &self.watchdog)?;
            let marked = self.watched(limit, || self.prober.write_mark(&producer, &known));
            serve_producer(&producer);
            let Err(error) = marked else { return Ok(producer) };
            self.give_up(producer);
            self.shared.may_retry("this process's mark", &error, RETRY)?;
        }
    }

    /// Destroys a producer, so that it sends no more requests.
    fn give_up(&self, producer: TransactionalProducer) {
        self.watched(self.shared.settings.timeouts.commit, || drop(producer));
    }

    /// Runs a call that gives up by itself after `limit`, under the watchdog.
    fn watched<T>(&self, limit: Duration, call: impl FnOnce() -> T) -> T {
        self.watchdog.during(limit + self.shared.settings.timeouts.watchdog_margin, call)
    }

    fn commit(&mut self, transaction: &Transaction, generation: u64) -> Result<CommitOutcome, LogError> {
        if transaction.records.is_empty() && transaction.offsets.is_empty() {
            return Ok(CommitOutcome::Committed);
        }
        let offsets = self.resolve(&transaction.offsets)?;
        if !self.shared.lock().may_commit(generation, offsets.keys()) {
            return Ok(self.dropped(Refusal::of_step(Some(Code::RebalanceInProgress), "partitions were revoked")));
        }
        self.verify(generation)?;
        let broken = match self.attempt(&transaction.records, &offsets) {
            Ok(()) => return Ok(self.committed_now(offsets, generation)),
            Err(broken) => broken,
        };
        if matches!(broken.cause.label, "topic" | "broker") {
            self.prober.check_own_topics()?;
        }
        let outcome = match broken.failed {
            Failed::Fault(fault) => return Err(fault.into()),
            Failed::Abort(detail) => self.abort(&offsets, &detail)?,
            Failed::Unknown(detail) => self.find_out(&offsets, &detail)?,
            Failed::Superseded(detail) => self.superseded(&offsets, &detail)?,
        };
        match outcome {
            CommitOutcome::Committed => Ok(self.committed_now(offsets, generation)),
            CommitOutcome::NotCommitted => {
                let is_refusal = broken.cause.label != "rebalance";
                let dropped = self.dropped(broken.cause);
                if is_refusal {
                    self.pause_after_refusal();
                }
                Ok(dropped)
            }
        }
    }

    /// Commits how far partitions are read behind the markers that follow their last records. Otherwise a topic that is quiet until retention has
    /// emptied it would seem to have lost a record: the marker, at the committed offset.
    fn tidy(&mut self) {
        if self.tidied.elapsed() < TIDY_EVERY || self.refused > 0 {
            return;
        }
        self.tidied = Instant::now();
        let (generation, behind) = {
            let state = self.shared.lock();
            if !state.started || state.closed || state.fault.is_some() {
                return;
            }
            (state.generation, state.behind_markers())
        };
        let offsets = behind.into_iter().map(|(partition, next)| {
            let beside = self.known.get(&partition).map(|(_, text)| text.as_str()).filter(|text| !text.is_empty());
            self.offset(partition, Some(next), beside.unwrap_or(NOTHING_BESIDE).to_owned())
        });
        let offsets: Vec<_> = offsets.collect();
        if offsets.is_empty() {
            return;
        }
        match self.commit(&Transaction { records: Vec::new(), offsets }, generation) {
            Ok(_) | Err(LogError::Closed(_)) => {}
            Err(LogError::Fenced(sentence)) => self.shared.fail(Fault::Fenced(sentence)),
            Err(LogError::Stop(sentence) | LogError::Restore(sentence)) => self.shared.fail(Fault::Stop(sentence)),
            Err(LogError::Restart(sentence)) => self.shared.fail(Fault::Restart(sentence)),
        }
    }

    fn committed_now(&mut self, offsets: Committed, generation: u64) -> CommitOutcome {
        self.refused = 0;
        self.shared.health.brokers_answer();
        let more_wait = {
            let mut state = self.shared.lock();
            state.committed(generation, offsets.iter().filter_map(|(partition, (next, _))| Some((*partition, (*next)?))));
            state.has_uncommitted()
        };
        self.shared.health.committed(more_wait);
        self.known.extend(offsets);
        self.shared.room.notify_all();
        CommitOutcome::Committed
    }

    /// The epoch is not committed: its records are read again.
    fn dropped(&self, cause: Refusal) -> CommitOutcome {
        let sentence = cause.sentence.clone();
        if self.shared.health.not_committed(cause) {
            say::epoch_not_committed(&sentence);
        }
        self.shared.lock().read_again();
        self.shared.room.notify_all();
        CommitOutcome::NotCommitted
    }

    /// What the broker refuses now it will refuse in a moment too.
    fn pause_after_refusal(&mut self) {
        let pause = REFUSED_PAUSE_FIRST * 2_u32.pow(self.refused.min(8));
        self.refused += 1;
        let until = Instant::now() + pause.min(REFUSED_PAUSE_MAX);
        while Instant::now() < until && self.shared.go_on().is_ok() {
            if let Some(producer) = &self.producer {
                serve_producer(producer);
            }
            thread::sleep(REFUSED_PAUSE_FIRST);
        }
    }

    /// The transaction's offsets by partition. A partition without an offset keeps the one where reading began: nothing of it was read yet.
    fn resolve(&self, offsets: &[Offset]) -> Result<Committed, LogError> {
        let state = self.shared.lock();
        let resolve = |offset: &Offset| {
            let unfit =
                |why: &str| LogError::Stop(format!("the offset of {}[{}] can't be committed: {why}", offset.topic, offset.partition));
            let topic = self.shared.topic_index(&offset.topic).ok_or_else(|| unfit("the group does not subscribe to its topic"))?;
            if offset.metadata.len() > METADATA_BYTES_MAX {
                return Err(unfit("its metadata is longer than 4096 bytes"));
            }
            let partition = Partition { topic, number: offset.partition };
            let next = offset.next.or_else(|| state.base.get(partition)).unwrap_or(0);
            // Behind the markers that follow the last record: Kafka's own tools then show no lag, and a topic that was emptied behind it no loss.
            let marked = state.read_to_of(partition).filter(|_| state.next.get(partition) == Some(next)).map(|(read_to, _)| read_to);
            Ok((partition, (Some(marked.unwrap_or(next).max(next)), offset.metadata.clone())))
        };
        offsets.iter().map(resolve).collect()
    }

    /// After partitions were revoked: checks that no other instance has committed meanwhile. Our state would not fit its offsets.
    fn verify(&mut self, generation: u64) -> Result<(), LogError> {
        if self.verified == generation {
            return Ok(());
        }
        let partitions: Vec<_> = self.known.keys().copied().collect();
        if self.prober.stable_offsets(&partitions, &self.watchdog)? != self.known {
            return Err(LogError::Restart(
                "another process has committed for this application while this one did not own its partitions. A new process restores what is \
                 committed"
                    .into(),
            ));
        }
        self.verified = generation;
        Ok(())
    }

    fn attempt(&self, records: &[OutRecord], offsets: &Committed) -> Result<(), Broken> {
        let Some(producer) = &self.producer else { return Err(Broken::step(Failed::Unknown("no producer yet".into()), None)) };
        let limit = self.shared.settings.timeouts.commit;
        producer.context().take_failed();
        let failed = |step: &str, error: KafkaError| {
            delivery(producer).unwrap_or_else(|| Broken::step(in_transaction(step, &error), error.rdkafka_error_code()))
        };
        self.watched(limit, || producer.begin_transaction()).map_err(|error| failed("begin", error))?;
        for record in records {
            self.send(producer, record)?;
        }
        if !offsets.is_empty() {
            // Asked for each time: a rebalance changes it.
            let Some(group) = self.group.metadata() else {
                return Err(Broken::step(Failed::Abort("not a member of the group".into()), Some(Code::UnknownMemberId)));
            };
            let list = self.partition_list(offsets);
            self.watched(limit, || producer.send_offsets_to_transaction(&list, &group, limit)).map_err(|error| failed("offsets", error))?;
        }
        self.flush(producer)?;
        self.watched(limit, || producer.commit_transaction(limit)).map_err(|error| failed("commit", error))
    }

    fn partition_list(&self, offsets: &Committed) -> TopicPartitionList {
        let mut list = TopicPartitionList::with_capacity(offsets.len());
        for (partition, (next, metadata)) in offsets {
            let mut element = list.add_partition(self.shared.topic(*partition), partition.number);
            // An offset that is not negative can be set.
            let _ = element.set_offset(KafkaOffset::Offset(next.unwrap_or(0).max(0)));
            let beside = self.shared.beside(*partition, metadata);
            if !beside.is_empty() {
                element.set_metadata(beside);
            }
        }
        list
    }

    fn send(&self, producer: &TransactionalProducer, record: &OutRecord) -> Result<(), Broken> {
        let mut full_since = None;
        let encoded = match (&self.shared.settings.encoder, &record.value) {
            (Some(encoder), Some(value)) => encoder.encode(&record.topic, value).map(|value| (encoder.content_type(), value)),
            _ => None,
        };
        let encoded = match encoded {
            Some((_, Err(sentence))) => return Err(Broken::step(Failed::Fault(Fault::Stop(sentence)), None)),
            Some((content_type, Ok(value))) => Some((content_type, value)),
            None => None,
        };
        let mut out = BaseRecord::<[u8], [u8]>::to(&record.topic);
        out.partition = record.partition;
        out.key = record.key.as_deref();
        out.payload = encoded.as_ref().map(|(_, value)| value.as_slice()).or(record.value.as_deref());
        if !record.headers.is_empty() {
            let headers = OwnedHeaders::new_with_capacity(record.headers.len());
            let add = |headers: OwnedHeaders, (key, value): &(&'static str, Vec<u8>)| {
                let value = match &encoded {
                    Some((content_type, _)) if *key == "content-type" => content_type.as_bytes(),
                    _ => value.as_slice(),
                };
                headers.insert(Header { key, value: Some(value) })
            };
            out.headers = Some(record.headers.iter().fold(headers, add));
        }
        loop {
            let (error, back) = match producer.send(out) {
                Ok(()) => return Ok(()),
                Err(refused) => refused,
            };
            match error.rdkafka_error_code() {
                Some(Code::QueueFull) if full_since.get_or_insert_with(Instant::now).elapsed() < self.shared.settings.timeouts.delivery => {
                    clients::pause(producer);
                    out = back;
                }
                Some(Code::MessageSizeTooLarge) => return Err(Broken::step(Failed::Fault(too_large(record)), None)),
                // The record was not sent: the transaction can be aborted, unless an earlier record was not delivered.
                code => {
                    let refused = || Broken {
                        failed: in_transaction("produce", &error).or_abort(format!("produce to {}: {error}", record.topic)),
                        cause: Refusal::of_record(code.unwrap_or(Code::Fail), &record.topic),
                    };
                    return Err(delivery(producer).unwrap_or_else(refused));
                }
            }
        }
    }

    /// Waits until all records are delivered, in short pauses: the binding's own flush waits a tenth of a second at a time.
    fn flush(&self, producer: &TransactionalProducer) -> Result<(), Broken> {
        let begun = Instant::now();
        let limit = self.shared.settings.timeouts.commit;
        while producer.in_flight_count() > 0 && !producer.context().has_failed() {
            if begun.elapsed() > limit {
                let late = "records were not delivered in time";
                return Err(Broken::step(Failed::Unknown(late.into()), Some(Code::MessageTimedOut)));
            }
            if let Some(fault) = self.shared.fault() {
                return Err(Broken::step(Failed::Fault(fault), None));
            }
            clients::pause(producer);
        }
        delivery(producer).map_or(Ok(()), Err)
    }

    fn abort(&mut self, offsets: &Committed, detail: &str) -> Result<CommitOutcome, LogError> {
        say::transaction_aborted(detail);
        let limit = self.shared.settings.timeouts.commit;
        let Some(producer) = &self.producer else { return self.find_out(offsets, detail) };
        let aborted = self.watched(limit, || clients::served(producer, || producer.abort_transaction(limit)));
        serve_producer(producer);
        producer.context().take_failed();
        match aborted {
            Ok(()) => Ok(CommitOutcome::NotCommitted),
            Err(error) => match in_transaction("abort", &error) {
                Failed::Fault(fault) => Err(fault.into()),
                Failed::Superseded(detail) => self.superseded(offsets, &detail),
                Failed::Abort(detail) | Failed::Unknown(detail) => self.find_out(offsets, &detail),
            },
        }
    }

    /// The transactional id has a newer epoch: another process has taken it up, or the broker has ended a transaction that was open for too long, or a
    /// request of ours that was given up in an outage has arrived late. The mark tells.
    fn superseded(&mut self, offsets: &Committed, detail: &str) -> Result<CommitOutcome, LogError> {
        thread::sleep(MARK_FOLLOWS);
        self.find_out(offsets, detail)
    }

    /// After an unknown result: destroys the producer and makes a new one with the same id, which ends the open transaction. The committed offsets
    /// then show whether it was committed. If another process has come, the id is its.
    fn find_out(&mut self, offsets: &Committed, detail: &str) -> Result<CommitOutcome, LogError> {
        say::commit_unknown(detail);
        self.shared.health.error(detail);
        if let Some(producer) = self.producer.take() {
            self.give_up(producer);
        }
        if let Some(other) = self.prober.other_in_slot(&self.watchdog)? {
            return Err(Fault::fenced(&self.shared.settings.who(), &other).into());
        }
        self.producer = Some(self.new_producer()?);
        let partitions: Vec<_> = offsets.keys().copied().collect();
        let found = self.prober.stable_offsets(&partitions, &self.watchdog)?;
        let outcome = decide(offsets, &self.known, &found)?;
        say::commit_known(outcome == CommitOutcome::Committed);
        Ok(outcome)
    }
}

/// Why a transaction failed: what it means for it, and the cause in words.
struct Broken {
    failed: Failed,
    cause: Refusal,
}

impl Broken {
    fn step(failed: Failed, code: Option<Code>) -> Self {
        let cause = match &failed {
            Failed::Abort(detail) | Failed::Unknown(detail) | Failed::Superseded(detail) => Refusal::of_step(code, detail),
            Failed::Fault(fault) => Refusal::new("stopped", fault.sentence()),
        };
        Self { failed, cause }
    }
}

/// What the first record that was not delivered means for the transaction.
fn delivery(producer: &TransactionalProducer) -> Option<Broken> {
    let (code, place) = producer.context().take_failed()?;
    let cause = Refusal::of_record(code, &place);
    let detail = format!("delivery to {place}: {code}");
    let failed = match code {
        code if is_unanswered(code) => Failed::Unknown(detail),
        Code::MessageSizeTooLarge | Code::MessageBatchTooLarge | Code::InvalidMessageSize => Failed::Fault(Fault::Restart(format!(
            "{place}: a record is larger than its topic takes: somebody has lowered its max.message.bytes while Waybill ran. Raise it again. Nothing of this \
             epoch is visible; a new process writes larger events cut, as dead letters"
        ))),
        _ => in_transaction("delivery", &KafkaError::MessageProduction(code)).or_abort(detail),
    };
    Some(Broken { failed, cause })
}

impl Failed {
    /// If the error is of a single record, the result is not unknown: the transaction can be aborted.
    fn or_abort(self, detail: String) -> Self {
        match self {
            Self::Unknown(_) => Self::Abort(detail),
            other => other,
        }
    }
}

fn too_large(record: &OutRecord) -> Fault {
    let bytes = record.key.as_ref().map_or(0, Vec::len) + record.value.as_ref().map_or(0, Vec::len);
    Fault::Stop(format!(
        "a record of {bytes} bytes for topic {} is larger than the client may send. Raise message.max.bytes, and the topic's max.message.bytes",
        record.topic
    ))
}

/// Whether the committed offsets are those of the transaction, or those from before it.
fn decide(ours: &Committed, before: &Committed, found: &Committed) -> Result<CommitOutcome, LogError> {
    let unset = (None, String::new());
    let differing: Vec<_> = ours.iter().filter(|(partition, offset)| before.get(partition).unwrap_or(&unset) != *offset).collect();
    if differing.is_empty() {
        return Err(LogError::Restart(
            "the result of the last transaction is unknown, and it moved no offset that would show it. A new process restores what is committed"
                .into(),
        ));
    }
    let is_ours = differing.iter().all(|(partition, offset)| found.get(partition) == Some(offset));
    let is_before =
        differing.iter().all(|(partition, _)| found.get(partition).unwrap_or(&unset) == before.get(partition).unwrap_or(&unset));
    match (is_ours, is_before) {
        (true, _) => Ok(CommitOutcome::Committed),
        (_, true) => Ok(CommitOutcome::NotCommitted),
        _ => Err(LogError::Restart(
            "the committed offsets are neither those of the last transaction nor those before it: another process has committed. A new process \
             restores what is committed"
                .into(),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offsets(of: &[(i32, i64, &str)]) -> Committed {
        let partition = |number| Partition { topic: 0, number };
        of.iter().map(|(number, next, metadata)| (partition(*number), (Some(*next), (*metadata).to_owned()))).collect()
    }

    #[test]
    fn the_committed_offsets_show_an_unknown_result() {
        let before = offsets(&[(0, 5, "1"), (1, 7, "")]);
        let ours = offsets(&[(0, 9, "2")]);
        let after = offsets(&[(0, 9, "2"), (1, 7, "")]);
        assert_eq!(decide(&ours, &before, &after).unwrap(), CommitOutcome::Committed);
        assert_eq!(decide(&ours, &before, &before).unwrap(), CommitOutcome::NotCommitted);
        assert!(decide(&ours, &before, &offsets(&[(0, 12, "3")])).is_err(), "somebody else's");
    }

    #[test]
    fn a_changed_epoch_number_shows_it_too_and_without_any_change_nothing_does() {
        let before = offsets(&[(0, 5, "1")]);
        assert_eq!(decide(&offsets(&[(0, 5, "2")]), &before, &offsets(&[(0, 5, "2")])).unwrap(), CommitOutcome::Committed);
        assert!(decide(&before, &before, &before).is_err());
        assert_eq!(decide(&offsets(&[(0, 0, "1")]), &Committed::new(), &Committed::new()).unwrap(), CommitOutcome::NotCommitted);
    }
}
