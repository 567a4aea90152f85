//! The thread that owns the transactional producer. All its calls block, and run under the watchdog.
//!
//! ```text
//!  begin -> records -> offsets -> flush -> commit --> Committed
//!    |  an error after which the transaction can be aborted
//!    +-> abort, go back to the committed positions --> NotCommitted
//!    |  an unknown result (also of the abort)
//!    +-> new producer, same id: init_transactions ends the open transaction; committed offsets = ours ? Committed : NotCommitted
//!    |  fenced, access refused
//!    +-> LogError
//! ```

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, mpsc};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rdkafka::consumer::Consumer;
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{BaseRecord, Producer};
use rdkafka::topic_partition_list::{Offset as KafkaOffset, TopicPartitionList};
use tokio::sync::oneshot;

use super::clients::{self, TransactionalProducer};
use super::fault::{Failed, Fault, in_transaction, is_unanswered};
use super::prober::Prober;
use super::rebalance::GroupConsumer;
use super::shared::{Partition, Shared};
use super::watchdog::Watchdog;
use crate::engine::log::{CommitOutcome, LogError, Offset, OutRecord, Transaction};
use crate::telemetry::say;

/// How often the producer is polled for its logs and errors while it has nothing to do.
const IDLE_POLL: Duration = Duration::from_millis(250);
const ASK_TIMEOUT: Duration = Duration::from_secs(10);
const RETRY: Duration = Duration::from_millis(200);
/// How many bytes of text Kafka keeps beside an offset (`offset.metadata.max.bytes`).
const METADATA_BYTES_MAX: usize = 4096;

/// What the engine's side asks of the thread, and where the answer goes.
pub(super) enum Command {
    /// Take up the transactional id and read the committed offsets.
    Committed(oneshot::Sender<Result<Vec<Offset>, LogError>>),
    /// Commit a transaction whose records were read in this generation.
    Commit { transaction: Transaction, generation: u64, answer: oneshot::Sender<Result<CommitOutcome, LogError>> },
}

/// Committed offsets, each with the text beside it.
type Committed = BTreeMap<Partition, (Option<i64>, String)>;

/// The thread's own state.
pub(super) struct WriterThread {
    shared: Arc<Shared>,
    consumer: Arc<GroupConsumer>,
    prober: Prober,
    watchdog: Watchdog,
    producer: Option<TransactionalProducer>,
    /// The committed offsets as far as we know: read at the start, and changed by our own commits.
    known: Committed,
    /// The generation in which the committed offsets were last checked to be those that we know.
    verified: u64,
}

impl WriterThread {
    pub(super) fn spawn(
        shared: Arc<Shared>,
        consumer: Arc<GroupConsumer>,
        prober: Prober,
        watchdog: Watchdog,
    ) -> std::io::Result<(mpsc::Sender<Command>, JoinHandle<()>)> {
        let (commands, receive) = mpsc::channel();
        let writer = Self { shared, consumer, prober, watchdog, producer: None, known: Committed::new(), verified: 0 };
        let thread = thread::Builder::new().name("waybill-writer".into()).spawn(move || writer.run(&receive))?;
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
                        producer.poll(Duration::ZERO);
                    }
                }
            }
        }
        let producer = self.producer.take();
        self.watchdog.during(self.shared.settings.timeouts.close, || drop(producer));
    }

    /// Aborts the transaction that a predecessor in this slot left open, fences it, and reads the committed offsets.
    fn committed(&mut self) -> Result<Vec<Offset>, LogError> {
        if self.producer.is_none() {
            self.shared.health.doing("taking up the transactional id");
            self.producer = Some(self.new_producer()?);
        }
        self.shared.health.doing("reading the committed offsets");
        self.known = self.stable_offsets(&self.prober.all_partitions()?)?;
        self.verified = self.shared.lock().generation;
        Ok(self.known.iter().map(|(partition, (next, metadata))| self.offset(*partition, *next, metadata.clone())).collect())
    }

    fn offset(&self, partition: Partition, next: Option<i64>, metadata: String) -> Offset {
        Offset { topic: Arc::clone(self.shared.topic(partition)), partition: partition.number, next, metadata }
    }

    /// A producer that has taken up the transactional id. Tries until the brokers answer.
    fn new_producer(&self) -> Result<TransactionalProducer, LogError> {
        let who = self.shared.settings.who();
        let limit = self.shared.settings.timeouts.commit;
        loop {
            let producer = clients::producer(&self.shared.settings, &self.shared.health)?;
            let taken = self.watched(limit, || producer.init_transactions(limit));
            producer.poll(Duration::ZERO);
            let Err(error) = taken else {
                self.shared.health.brokers_answer();
                return Ok(producer);
            };
            match in_transaction("init_transactions", &error, &who) {
                Failed::Fault(fault) => return Err(fault.into()),
                Failed::Abort(_) | Failed::Unknown(_) => self.shared.may_retry("init_transactions", &error, RETRY)?,
            }
            self.give_up(producer);
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

    /// The committed offsets, once no open transaction changes them.
    fn stable_offsets(&self, partitions: &[Partition]) -> Result<Committed, LogError> {
        let answer = self.prober.until_answered("committed offsets", || {
            let mut asked = TopicPartitionList::with_capacity(partitions.len());
            for partition in partitions {
                asked.add_partition(self.shared.topic(*partition), partition.number);
            }
            let answer = self.watched(ASK_TIMEOUT, || self.consumer.committed_offsets(asked, ASK_TIMEOUT))?;
            answer.elements().iter().try_for_each(|element| element.error())?;
            Ok(answer)
        })?;
        let elements = answer.elements();
        let committed = elements.iter().filter_map(|element| {
            let partition = Partition { topic: self.shared.topic_index(element.topic())?, number: element.partition() };
            let next = if let KafkaOffset::Offset(next) = element.offset() { Some(next) } else { None };
            Some((partition, (next, element.metadata().to_owned())))
        });
        Ok(committed.collect())
    }

    fn commit(&mut self, transaction: &Transaction, generation: u64) -> Result<CommitOutcome, LogError> {
        if transaction.records.is_empty() && transaction.offsets.is_empty() {
            return Ok(CommitOutcome::Committed);
        }
        let outcome = {
            let shared = Arc::clone(&self.shared);
            let _no_revoke = shared.gate.lock().unwrap_or_else(PoisonError::into_inner);
            self.commit_gated(transaction, generation)?
        };
        if outcome == CommitOutcome::NotCommitted {
            self.go_back()?;
        }
        Ok(outcome)
    }

    /// Commits with the gate closed: no partition is revoked meanwhile.
    fn commit_gated(&mut self, transaction: &Transaction, generation: u64) -> Result<CommitOutcome, LogError> {
        let offsets = self.resolve(&transaction.offsets)?;
        if !self.is_current(&offsets, generation) {
            say::epoch_revoked();
            return Ok(CommitOutcome::NotCommitted);
        }
        self.verify(generation)?;
        let outcome = match self.attempt(&transaction.records, &offsets) {
            Ok(()) => CommitOutcome::Committed,
            Err(Failed::Fault(fault)) => return Err(fault.into()),
            Err(Failed::Abort(detail)) => self.abort(&offsets, &detail)?,
            Err(Failed::Unknown(detail)) => self.find_out(&offsets, &detail)?,
        };
        if outcome == CommitOutcome::Committed {
            self.shared.health.brokers_answer();
            let mut state = self.shared.lock();
            for (partition, (next, metadata)) in offsets {
                if let Some(next) = next {
                    state.base.set(partition, next);
                }
                self.known.insert(partition, (next, metadata));
            }
        }
        Ok(outcome)
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
            Ok((partition, (Some(next), offset.metadata.clone())))
        };
        offsets.iter().map(resolve).collect()
    }

    fn is_current(&self, offsets: &Committed, generation: u64) -> bool {
        let state = self.shared.lock();
        state.generation == generation && offsets.keys().all(|partition| state.owned.contains(partition))
    }

    /// After partitions were revoked: checks that no other instance has committed meanwhile. Our state would not fit its offsets.
    fn verify(&mut self, generation: u64) -> Result<(), LogError> {
        if self.verified == generation {
            return Ok(());
        }
        let partitions: Vec<_> = self.known.keys().copied().collect();
        if self.stable_offsets(&partitions)? != self.known {
            return Err(LogError::Restore(
                "another instance of the application has committed while this one did not own its partitions. Start again, so that the state is \
                 restored"
                    .into(),
            ));
        }
        self.verified = generation;
        Ok(())
    }

    fn attempt(&self, records: &[OutRecord], offsets: &Committed) -> Result<(), Failed> {
        let Some(producer) = &self.producer else { return Err(Failed::Unknown("no producer yet".into())) };
        let who = self.shared.settings.who();
        let limit = self.shared.settings.timeouts.commit;
        producer.context().take_failed();
        let failed = |step: &str, error: KafkaError| self.delivery(producer).unwrap_or_else(|| in_transaction(step, &error, &who));
        self.watched(limit, || producer.begin_transaction()).map_err(|error| failed("begin", error))?;
        for record in records {
            self.send(producer, record)?;
        }
        if !offsets.is_empty() {
            // Asked for each time: a rebalance changes it.
            let Some(group) = self.consumer.group_metadata() else { return Err(Failed::Abort("not a member of the group".into())) };
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
            if !metadata.is_empty() {
                element.set_metadata(metadata);
            }
        }
        list
    }

    fn send(&self, producer: &TransactionalProducer, record: &OutRecord) -> Result<(), Failed> {
        let mut full_since = None;
        let mut out = BaseRecord::<[u8], [u8]>::to(&record.topic);
        out.partition = record.partition;
        out.key = record.key.as_deref();
        out.payload = record.value.as_deref();
        if !record.headers.is_empty() {
            let headers = OwnedHeaders::new_with_capacity(record.headers.len());
            let add = |headers: OwnedHeaders, (key, value): &(&'static str, Vec<u8>)| headers.insert(Header { key, value: Some(value) });
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
                Some(Code::MessageSizeTooLarge) => return Err(Failed::Fault(too_large(record))),
                // The record was not sent: the transaction can be aborted, unless an earlier record was not delivered.
                _ => {
                    let who = self.shared.settings.who();
                    let refused = || in_transaction("produce", &error, &who).or_abort(format!("produce to {}: {error}", record.topic));
                    return Err(self.delivery(producer).unwrap_or_else(refused));
                }
            }
        }
    }

    /// Waits until all records are delivered, in short pauses: the binding's own flush waits a tenth of a second at a time.
    fn flush(&self, producer: &TransactionalProducer) -> Result<(), Failed> {
        let begun = Instant::now();
        let limit = self.shared.settings.timeouts.commit;
        while producer.in_flight_count() > 0 && !producer.context().has_failed() {
            if begun.elapsed() > limit {
                return Err(Failed::Unknown("records were not delivered in time".into()));
            }
            clients::pause(producer);
        }
        self.delivery(producer).map_or(Ok(()), Err)
    }

    /// What the first record that was not delivered means for the transaction.
    fn delivery(&self, producer: &TransactionalProducer) -> Option<Failed> {
        let (code, detail) = producer.context().take_failed()?;
        Some(match code {
            code if is_unanswered(code) => Failed::Unknown(detail),
            Code::MessageSizeTooLarge | Code::MessageBatchTooLarge | Code::InvalidMessageSize => Failed::Fault(Fault::Stop(format!(
                "{detail}: a record is larger than its topic accepts. Raise the topic's max.message.bytes and start again. Nothing of this epoch \
                 is visible"
            ))),
            _ => in_transaction("delivery", &KafkaError::MessageProduction(code), &self.shared.settings.who()).or_abort(detail),
        })
    }

    fn abort(&mut self, offsets: &Committed, detail: &str) -> Result<CommitOutcome, LogError> {
        say::transaction_aborted(detail);
        let limit = self.shared.settings.timeouts.commit;
        let Some(producer) = &self.producer else { return self.find_out(offsets, detail) };
        let aborted = self.watched(limit, || producer.abort_transaction(limit));
        producer.poll(Duration::ZERO);
        producer.context().take_failed();
        match aborted {
            Ok(()) => Ok(CommitOutcome::NotCommitted),
            Err(error) => match in_transaction("abort", &error, &self.shared.settings.who()) {
                Failed::Fault(fault) => Err(fault.into()),
                Failed::Abort(detail) | Failed::Unknown(detail) => self.find_out(offsets, &detail),
            },
        }
    }

    /// After an unknown result: destroys the producer and makes a new one with the same id, which ends the open transaction. The committed offsets
    /// then show whether it was committed.
    fn find_out(&mut self, offsets: &Committed, detail: &str) -> Result<CommitOutcome, LogError> {
        say::commit_unknown(detail);
        self.shared.health.error(detail);
        if let Some(producer) = self.producer.take() {
            self.give_up(producer);
        }
        self.producer = Some(self.new_producer()?);
        let partitions: Vec<_> = offsets.keys().copied().collect();
        let found = self.stable_offsets(&partitions)?;
        let outcome = decide(offsets, &self.known, &found)?;
        say::commit_known(outcome == CommitOutcome::Committed);
        Ok(outcome)
    }

    /// Waits until the reader is back at the committed positions. What was read until now, handed over or not, must not be committed any more.
    fn go_back(&self) -> Result<(), LogError> {
        let mut state = self.shared.lock();
        state.generation += 1;
        state.forget_read();
        state.go_back = true;
        self.shared.room.notify_all();
        while state.go_back && state.fault.is_none() && !state.ending {
            let (back, _) = self.shared.room.wait_timeout(state, IDLE_POLL).unwrap_or_else(PoisonError::into_inner);
            state = back;
        }
        Ok(())
    }
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
        return Err(LogError::Restore(
            "the result of the last transaction is unknown, and it moved no offset that would show it. Start again, so that the state is \
             restored"
                .into(),
        ));
    }
    let is_ours = differing.iter().all(|(partition, offset)| found.get(partition) == Some(offset));
    let is_before =
        differing.iter().all(|(partition, _)| found.get(partition).unwrap_or(&unset) == before.get(partition).unwrap_or(&unset));
    match (is_ours, is_before) {
        (true, _) => Ok(CommitOutcome::Committed),
        (_, true) => Ok(CommitOutcome::NotCommitted),
        _ => Err(LogError::Restore(
            "the committed offsets are neither those of the last transaction nor those before it: another process has committed. Start again, so \
             that the state is restored"
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
