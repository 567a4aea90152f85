//! The thread that owns the transactional producer. All its calls block, and run under the watchdog.
//!
//! ```text
//!  begin -> records -> offsets -> flush -> commit --> Committed
//!    |  an abortable error        |
//!    +-> abort, back to the base -+-> NotCommitted
//!    |  an unknown result (also of the abort)
//!    +-> new producer, same id: init_transactions ends what was left; committed offsets = ours ? Committed : NotCommitted
//!    |  fenced, refused
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
use super::shared::{Place, Shared};
use super::watchdog::Watchdog;
use crate::engine::log::{LogError, Offset, OutRecord, Outcome, Transaction};

/// The producer must be polled now and then for its logs and errors.
const IDLE_POLL: Duration = Duration::from_millis(250);
const ASK_TIMEOUT: Duration = Duration::from_secs(10);
const RETRY: Duration = Duration::from_millis(200);
/// What Kafka keeps beside an offset (`offset.metadata.max.bytes`).
const METADATA_BYTES_MAX: usize = 4096;

pub(super) enum Order {
    Committed(oneshot::Sender<Result<Vec<Offset>, LogError>>),
    Commit { transaction: Transaction, generation: u64, answer: oneshot::Sender<Result<Outcome, LogError>> },
}

type Committed = BTreeMap<Place, (Option<i64>, String)>;

pub(super) struct Writer {
    shared: Arc<Shared>,
    consumer: Arc<GroupConsumer>,
    prober: Prober,
    watchdog: Watchdog,
    producer: Option<TransactionalProducer>,
    /// What is committed, as far as we know: what was read at the start, and what we committed since.
    known: Committed,
    /// The generation for which the committed offsets were seen to be those that we know.
    verified: u64,
}

impl Writer {
    pub(super) fn spawn(
        shared: Arc<Shared>,
        consumer: Arc<GroupConsumer>,
        prober: Prober,
        watchdog: Watchdog,
    ) -> std::io::Result<(mpsc::Sender<Order>, JoinHandle<()>)> {
        let (orders, receive) = mpsc::channel();
        let writer = Self { shared, consumer, prober, watchdog, producer: None, known: Committed::new(), verified: 0 };
        let thread = thread::Builder::new().name("waybill-writer".into()).spawn(move || writer.run(&receive))?;
        Ok((orders, thread))
    }

    fn run(mut self, orders: &mpsc::Receiver<Order>) {
        loop {
            match orders.recv_timeout(IDLE_POLL) {
                Ok(Order::Committed(answer)) => drop(answer.send(self.committed())),
                Ok(Order::Commit { transaction, generation, answer }) => drop(answer.send(self.commit(&transaction, generation))),
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

    /// Ends whatever a predecessor in this slot left open, fences it, and reads what is committed.
    fn committed(&mut self) -> Result<Vec<Offset>, LogError> {
        if self.producer.is_none() {
            self.shared.health.doing("taking up the transactional id");
            self.producer = Some(self.new_producer()?);
        }
        self.shared.health.doing("reading the committed offsets");
        let places = self.prober.places()?;
        self.known = self.stable_offsets(&places)?;
        self.verified = self.shared.lock().generation;
        Ok(self.known.iter().map(|(place, (next, metadata))| self.offset(*place, *next, metadata.clone())).collect())
    }

    fn offset(&self, place: Place, next: Option<i64>, metadata: String) -> Offset {
        Offset { topic: Arc::clone(self.shared.topic(place)), partition: place.1, next, metadata }
    }

    /// A producer whose transactional id is taken up: tried until the brokers answer.
    fn new_producer(&self) -> Result<TransactionalProducer, LogError> {
        let instance = self.shared.settings.instance();
        let limit = self.shared.settings.timeouts.commit;
        loop {
            let producer = clients::producer(&self.shared.settings, &self.shared.health)?;
            let taken = self.watched(limit, || producer.init_transactions(limit));
            producer.poll(Duration::ZERO);
            let Err(error) = taken else {
                self.shared.health.brokers_answer();
                return Ok(producer);
            };
            match in_transaction("init_transactions", &error, &instance) {
                Failed::Fault(fault) => return Err(fault.into()),
                Failed::Abort(_) | Failed::Unknown(_) => self.shared.may_retry("init_transactions", &error, RETRY)?,
            }
            self.give_up(producer);
        }
    }

    /// Destroys a producer, so that it asks for nothing more.
    fn give_up(&self, producer: TransactionalProducer) {
        self.watched(self.shared.settings.timeouts.commit, || drop(producer));
    }

    fn watched<T>(&self, limit: Duration, call: impl FnOnce() -> T) -> T {
        self.watchdog.during(limit + self.shared.settings.timeouts.watchdog_margin, call)
    }

    /// The committed offsets, once no open transaction is pending on them.
    fn stable_offsets(&self, places: &[Place]) -> Result<Committed, LogError> {
        let answer = self.prober.until_answered("committed offsets", || {
            let mut asked = TopicPartitionList::with_capacity(places.len());
            for place in places {
                asked.add_partition(self.shared.topic(*place), place.1);
            }
            let answer = self.watched(ASK_TIMEOUT, || self.consumer.committed_offsets(asked, ASK_TIMEOUT))?;
            answer.elements().iter().try_for_each(|element| element.error())?;
            Ok(answer)
        })?;
        let elements = answer.elements();
        let committed = elements.iter().filter_map(|element| {
            let place = (self.shared.topic_place(element.topic())?, element.partition());
            let next = if let KafkaOffset::Offset(next) = element.offset() { Some(next) } else { None };
            Some((place, (next, element.metadata().to_owned())))
        });
        Ok(committed.collect())
    }

    fn commit(&mut self, transaction: &Transaction, generation: u64) -> Result<Outcome, LogError> {
        if transaction.records.is_empty() && transaction.offsets.is_empty() {
            return Ok(Outcome::Committed);
        }
        let outcome = {
            let shared = Arc::clone(&self.shared);
            let _no_revoke = shared.gate.lock().unwrap_or_else(PoisonError::into_inner);
            self.commit_gated(transaction, generation)?
        };
        if outcome == Outcome::NotCommitted {
            self.go_back()?;
        }
        Ok(outcome)
    }

    /// With the gate closed: no partition is taken away meanwhile.
    fn commit_gated(&mut self, transaction: &Transaction, generation: u64) -> Result<Outcome, LogError> {
        let offsets = self.resolve(&transaction.offsets)?;
        if !self.is_current(&offsets, generation) {
            tracing::info!("partitions were revoked since the epoch was read: it is dropped");
            return Ok(Outcome::NotCommitted);
        }
        self.verify(generation)?;
        let outcome = match self.attempt(&transaction.records, &offsets) {
            Ok(()) => Outcome::Committed,
            Err(Failed::Fault(fault)) => return Err(fault.into()),
            Err(Failed::Abort(detail)) => self.abort(&offsets, &detail)?,
            Err(Failed::Unknown(detail)) => self.find_out(&offsets, &detail)?,
        };
        if outcome == Outcome::Committed {
            self.shared.health.brokers_answer();
            let mut state = self.shared.lock();
            for (place, (next, metadata)) in offsets {
                if let Some(next) = next {
                    state.base.set(place, next);
                }
                self.known.insert(place, (next, metadata));
            }
        }
        Ok(outcome)
    }

    /// The transaction's offsets by place. One without an offset of its own keeps where reading began: nothing of it was read yet.
    fn resolve(&self, offsets: &[Offset]) -> Result<Committed, LogError> {
        let state = self.shared.lock();
        let resolve = |offset: &Offset| {
            let unfit = |why: &str| LogError::Stop(format!("{}[{}] can't be committed: {why}", offset.topic, offset.partition));
            let topic = self.shared.topic_place(&offset.topic).ok_or_else(|| unfit("its topic is not subscribed"))?;
            if offset.metadata.len() > METADATA_BYTES_MAX {
                return Err(unfit("its metadata is longer than 4096 bytes"));
            }
            let place = (topic, offset.partition);
            let next = offset.next.or_else(|| state.base.get(place)).unwrap_or(0);
            Ok((place, (Some(next), offset.metadata.clone())))
        };
        offsets.iter().map(resolve).collect()
    }

    fn is_current(&self, offsets: &Committed, generation: u64) -> bool {
        let state = self.shared.lock();
        state.generation == generation && offsets.keys().all(|place| state.owned.contains(place))
    }

    /// After partitions were away: that nobody else has committed meanwhile. Our state would not fit what they committed.
    fn verify(&mut self, generation: u64) -> Result<(), LogError> {
        if self.verified == generation {
            return Ok(());
        }
        let places: Vec<_> = self.known.keys().copied().collect();
        if self.stable_offsets(&places)? != self.known {
            return Err(LogError::Restore(
                "another instance of the application has committed while this one was without its partitions: start again, so that the state is restored".into(),
            ));
        }
        self.verified = generation;
        Ok(())
    }

    fn attempt(&self, records: &[OutRecord], offsets: &Committed) -> Result<(), Failed> {
        let Some(producer) = &self.producer else { return Err(Failed::Unknown("no producer yet".into())) };
        let instance = self.shared.settings.instance();
        let limit = self.shared.settings.timeouts.commit;
        producer.context().take_failed();
        let failed = |step: &str, error: KafkaError| self.delivery(producer).unwrap_or_else(|| in_transaction(step, &error, &instance));
        self.watched(limit, || producer.begin_transaction()).map_err(|error| failed("begin", error))?;
        for record in records {
            self.send(producer, record)?;
        }
        if !offsets.is_empty() {
            // Asked for now, never kept: a rebalance changes it.
            let Some(group) = self.consumer.group_metadata() else { return Err(Failed::Abort("not a member of the group".into())) };
            let list = self.partition_list(offsets);
            self.watched(limit, || producer.send_offsets_to_transaction(&list, &group, limit)).map_err(|error| failed("offsets", error))?;
        }
        self.flush(producer)?;
        self.watched(limit, || producer.commit_transaction(limit)).map_err(|error| failed("commit", error))
    }

    fn partition_list(&self, offsets: &Committed) -> TopicPartitionList {
        let mut list = TopicPartitionList::with_capacity(offsets.len());
        for (place, (next, metadata)) in offsets {
            let mut element = list.add_partition(self.shared.topic(*place), place.1);
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
                // Refused before anything of it was sent: the transaction can be aborted, unless an earlier record's fate says otherwise.
                _ => {
                    let instance = self.shared.settings.instance();
                    let refused = || in_transaction("produce", &error, &instance).or_abort(format!("produce to {}: {error}", record.topic));
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

    /// What the first record that was not delivered says of the transaction.
    fn delivery(&self, producer: &TransactionalProducer) -> Option<Failed> {
        let (code, detail) = producer.context().take_failed()?;
        Some(match code {
            code if is_unanswered(code) => Failed::Unknown(detail),
            Code::MessageSizeTooLarge | Code::MessageBatchTooLarge | Code::InvalidMessageSize => Failed::Fault(Fault::Stop(format!(
                "{detail}: a record is larger than its topic takes. Raise the topic's max.message.bytes, and start again; nothing of this epoch is visible"
            ))),
            _ => in_transaction("delivery", &KafkaError::MessageProduction(code), &self.shared.settings.instance()).or_abort(detail),
        })
    }

    fn abort(&mut self, offsets: &Committed, detail: &str) -> Result<Outcome, LogError> {
        tracing::warn!(detail, "the transaction is aborted: its epoch is done again");
        let limit = self.shared.settings.timeouts.commit;
        let Some(producer) = &self.producer else { return self.find_out(offsets, detail) };
        let aborted = self.watched(limit, || producer.abort_transaction(limit));
        producer.poll(Duration::ZERO);
        producer.context().take_failed();
        match aborted {
            Ok(()) => Ok(Outcome::NotCommitted),
            Err(error) => match in_transaction("abort", &error, &self.shared.settings.instance()) {
                Failed::Fault(fault) => Err(fault.into()),
                Failed::Abort(detail) | Failed::Unknown(detail) => self.find_out(offsets, &detail),
            },
        }
    }

    /// After an unknown result: the producer is given up, its id taken up by a new one (what was open ends), and the committed offsets tell.
    fn find_out(&mut self, offsets: &Committed, detail: &str) -> Result<Outcome, LogError> {
        tracing::warn!(
            detail,
            "the result of a transaction is unknown: a new producer takes up the id, and the committed offsets will tell"
        );
        self.shared.health.error(detail);
        if let Some(producer) = self.producer.take() {
            self.give_up(producer);
        }
        self.producer = Some(self.new_producer()?);
        let places: Vec<_> = offsets.keys().copied().collect();
        let found = self.stable_offsets(&places)?;
        let outcome = decide(offsets, &self.known, &found);
        tracing::info!(?outcome, "the result is known");
        outcome
    }

    /// Waits until the reader stands at the committed positions again. What was read until now, handed over or not, belongs to no transaction.
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
    /// An unknown result whose cause is a record that the broker refused is none: the transaction can be aborted.
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
        "a record of {bytes} bytes for topic {} is larger than the client sends: raise message.max.bytes (and the topic's max.message.bytes)",
        record.topic
    ))
}

/// Whether the committed offsets are those of the transaction, or still those from before.
fn decide(ours: &Committed, before: &Committed, found: &Committed) -> Result<Outcome, LogError> {
    let unset = (None, String::new());
    let differing: Vec<_> = ours.iter().filter(|(place, offset)| before.get(place).unwrap_or(&unset) != *offset).collect();
    if differing.is_empty() {
        return Err(LogError::Restore(
            "the result of a transaction that moved no offset can't be found out: start again, so that the state is restored".into(),
        ));
    }
    let is_ours = differing.iter().all(|(place, offset)| found.get(place) == Some(offset));
    let is_before = differing.iter().all(|(place, _)| found.get(place).unwrap_or(&unset) == before.get(place).unwrap_or(&unset));
    match (is_ours, is_before) {
        (true, _) => Ok(Outcome::Committed),
        (_, true) => Ok(Outcome::NotCommitted),
        _ => Err(LogError::Restore(
            "the committed offsets are neither those of the last transaction nor those before it: another process has committed. Start again".into(),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offsets(of: &[(i32, i64, &str)]) -> Committed {
        of.iter().map(|(partition, next, metadata)| ((0, *partition), (Some(*next), (*metadata).to_owned()))).collect()
    }

    #[test]
    fn an_unknown_result_is_read_off_the_committed_offsets() {
        let before = offsets(&[(0, 5, "1"), (1, 7, "")]);
        let ours = offsets(&[(0, 9, "2")]);
        let after = offsets(&[(0, 9, "2"), (1, 7, "")]);
        assert_eq!(decide(&ours, &before, &after).unwrap(), Outcome::Committed);
        assert_eq!(decide(&ours, &before, &before).unwrap(), Outcome::NotCommitted);
        assert!(decide(&ours, &before, &offsets(&[(0, 12, "3")])).is_err(), "somebody else's");
    }

    #[test]
    fn an_epoch_number_alone_tells_too_and_nothing_changed_tells_nothing() {
        let before = offsets(&[(0, 5, "1")]);
        assert_eq!(decide(&offsets(&[(0, 5, "2")]), &before, &offsets(&[(0, 5, "2")])).unwrap(), Outcome::Committed);
        assert!(decide(&before, &before, &before).is_err());
        assert_eq!(decide(&offsets(&[(0, 0, "1")]), &Committed::new(), &Committed::new()).unwrap(), Outcome::NotCommitted);
    }
}
