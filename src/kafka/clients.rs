//! Makes the clients. An error here is one of the configuration.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::BaseConsumer;
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use rdkafka::message::Message;
use rdkafka::producer::{BaseProducer, DeliveryResult, ProducerContext};

use super::fault::Fault;
use super::health::KafkaHealth;
use super::rebalance::{GroupConsumer, PlainContext, ReaderContext, log_line, note_error, recreated_topic};
use super::serve::{CountsServed, Served, serve_producer};
use super::settings::KafkaSettings;
use super::shared::Shared;
use crate::engine::log::LogError;

/// How long to sleep between two looks at what is still in flight.
const PAUSE: Duration = Duration::from_millis(1);

pub(super) type PlainConsumer = BaseConsumer<PlainContext>;
pub(super) type TransactionalProducer = BaseProducer<WriterContext>;

/// Context of the producer: remembers the first record of a transaction that was not delivered.
pub(super) struct WriterContext {
    shared: Arc<Shared>,
    failed: Mutex<Option<(Code, String)>>,
    served: Served,
}

impl CountsServed for WriterContext {
    fn served(&self) -> &Served {
        &self.served
    }
}

impl WriterContext {
    /// The first record that was not delivered, once: the error, and the record's `topic[partition]`.
    pub(super) fn take_failed(&self) -> Option<(Code, String)> {
        self.failed.lock().ok().and_then(|mut failed| failed.take())
    }

    pub(super) fn has_failed(&self) -> bool {
        self.failed.lock().is_ok_and(|failed| failed.is_some())
    }
}

impl ClientContext for WriterContext {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, text: &str) {
        self.served.note();
        log_line(level, facility, text);
        if let Some(topic) = recreated_topic(text) {
            self.shared.fail(Fault::own_topic_gone(topic));
        }
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.served.note();
        note_error(&self.shared.health, &error, reason);
    }
}

impl ProducerContext for WriterContext {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        self.served.note();
        if let (Err((error, message)), Ok(mut failed)) = (result, self.failed.lock()) {
            let code = error.rdkafka_error_code().unwrap_or(Code::Fail);
            let place = || match message.partition() {
                // The topic was not known.
                partition if partition < 0 => message.topic().to_owned(),
                partition => format!("{}[{partition}]", message.topic()),
            };
            // Records that were given up because of another one say nothing.
            if failed.as_ref().is_none_or(|(known, _)| matches!(known, Code::PurgeQueue | Code::PurgeInflight)) {
                *failed = Some((code, place()));
            }
        }
    }
}

/// The group's consumer, number `number` of this process. It is the one that counts from now on.
pub(super) fn group_consumer(shared: &Arc<Shared>, number: u64) -> Result<Arc<GroupConsumer>, LogError> {
    let context = ReaderContext { shared: Arc::clone(shared), number };
    let mut consumer: GroupConsumer = shared.settings.consumer().create_with_context(context).map_err(|error| misconfigured(&error))?;
    let bell = Arc::clone(&shared.bell);
    consumer.set_nonempty_callback(move || bell.ring());
    let consumer = Arc::new(consumer);
    shared.lock().consumer = number;
    Ok(consumer)
}

/// A client that asks; `committed`: as a reader of committed records.
pub(super) fn prober(settings: &KafkaSettings, health: &Arc<KafkaHealth>, committed: bool) -> Result<PlainConsumer, LogError> {
    settings.prober(committed).create_with_context(PlainContext::new(health)).map_err(|error| misconfigured(&error))
}

pub(super) fn restorer(settings: &KafkaSettings, health: &Arc<KafkaHealth>) -> Result<PlainConsumer, LogError> {
    settings.restorer().create_with_context(PlainContext::new(health)).map_err(|error| misconfigured(&error))
}

/// Lets the client's threads work for a moment, then serves their callbacks. It sleeps, because so short a poll is a busy loop in the binding (it
/// rounds the rest down to whole milliseconds), which takes a core from the engine.
pub(super) fn pause<C: ProducerContext + CountsServed>(producer: &BaseProducer<C>) {
    thread::sleep(PAUSE);
    serve_producer(producer);
}

pub(super) fn producer(shared: &Arc<Shared>) -> Result<TransactionalProducer, LogError> {
    let context = WriterContext { shared: Arc::clone(shared), failed: Mutex::default(), served: Served::default() };
    shared.settings.producer().create_with_context(context).map_err(|error| misconfigured(&error))
}

/// Runs a call of the producer while another thread serves its callbacks. Aborting waits for the reports of records that it gives up, and nobody else
/// would take them.
pub(super) fn served<T>(producer: &TransactionalProducer, call: impl FnOnce() -> T) -> T {
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let serve = || {
            while !done.load(Ordering::Acquire) {
                pause(producer);
            }
        };
        // Without the thread the call takes its whole timeout, and ends all the same.
        let serving = thread::Builder::new().name("waybill-reports".into()).spawn_scoped(scope, serve);
        let result = call();
        done.store(true, Ordering::Release);
        drop(serving);
        result
    })
}

pub(super) fn misconfigured(error: &KafkaError) -> LogError {
    LogError::Stop(format!("the Kafka client can't be made: {error}. Correct the client properties in the configuration"))
}
