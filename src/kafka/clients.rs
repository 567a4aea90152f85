//! Makes the clients. An error here is one of the configuration.

use std::sync::Arc;
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::BaseConsumer;
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use rdkafka::message::Message;
use rdkafka::producer::{BaseProducer, DeliveryResult, ProducerContext};

use super::health::KafkaHealth;
use super::rebalance::{GroupConsumer, PlainContext, ReaderContext, log_line, note_error};
use super::settings::KafkaSettings;
use super::shared::Shared;
use crate::engine::log::LogError;

/// How long to sleep between two looks at what is still in flight.
const PAUSE: Duration = Duration::from_millis(1);

pub(super) type PlainConsumer = BaseConsumer<PlainContext>;
pub(super) type TransactionalProducer = BaseProducer<WriterContext>;

/// Context of the producer: remembers the first record of a transaction that was not delivered.
pub(super) struct WriterContext {
    health: Arc<KafkaHealth>,
    failed: Mutex<Option<(Code, String)>>,
}

impl WriterContext {
    /// The first record that was not delivered, once.
    pub(super) fn take_failed(&self) -> Option<(Code, String)> {
        self.failed.lock().ok().and_then(|mut failed| failed.take())
    }

    pub(super) fn has_failed(&self) -> bool {
        self.failed.lock().is_ok_and(|failed| failed.is_some())
    }
}

impl ClientContext for WriterContext {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, text: &str) {
        log_line(level, facility, text);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        note_error(&self.health, &error, reason);
    }
}

impl ProducerContext for WriterContext {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        if let (Err((error, message)), Ok(mut failed)) = (result, self.failed.lock()) {
            let code = error.rdkafka_error_code().unwrap_or(Code::Fail);
            failed.get_or_insert_with(|| (code, format!("{}[{}]: {error}", message.topic(), message.partition())));
        }
    }
}

pub(super) fn group_consumer(shared: &Arc<Shared>) -> Result<GroupConsumer, LogError> {
    let context = ReaderContext { shared: Arc::clone(shared) };
    let mut consumer: GroupConsumer = shared.settings.consumer().create_with_context(context).map_err(|error| misconfigured(&error))?;
    let bell = Arc::clone(&shared.bell);
    consumer.set_nonempty_callback(move || bell.ring());
    Ok(consumer)
}

pub(super) fn prober(settings: &KafkaSettings, health: &Arc<KafkaHealth>) -> Result<PlainConsumer, LogError> {
    let context = PlainContext { health: Arc::clone(health) };
    settings.prober().create_with_context(context).map_err(|error| misconfigured(&error))
}

pub(super) fn restorer(settings: &KafkaSettings, health: &Arc<KafkaHealth>) -> Result<PlainConsumer, LogError> {
    let context = PlainContext { health: Arc::clone(health) };
    settings.restorer().create_with_context(context).map_err(|error| misconfigured(&error))
}

/// Lets the client's threads work for a moment, then serves their callbacks. It sleeps, because so short a poll is a busy loop in the binding (it
/// rounds the rest down to whole milliseconds), which takes a core from the engine.
pub(super) fn pause<C: ProducerContext>(producer: &BaseProducer<C>) {
    thread::sleep(PAUSE);
    producer.poll(Duration::ZERO);
}

pub(super) fn producer(settings: &KafkaSettings, health: &Arc<KafkaHealth>) -> Result<TransactionalProducer, LogError> {
    let context = WriterContext { health: Arc::clone(health), failed: Mutex::new(None) };
    settings.producer().create_with_context(context).map_err(|error| misconfigured(&error))
}

pub(super) fn misconfigured(error: &KafkaError) -> LogError {
    LogError::Stop(format!("the Kafka client can't be made: {error}. Correct the client properties in the configuration"))
}
