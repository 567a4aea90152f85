//! Asks the broker for its time: Kafka has no request for it, but dates the records of a topic with `message.timestamp.type = LogAppendTime` itself, and
//! says so in its answer. So a small record is written from time to time to a topic that is for nothing else.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::KafkaError;
use rdkafka::message::{Message, Timestamp};
use rdkafka::producer::{BaseProducer, BaseRecord, DeliveryResult, Producer, ProducerContext};

use super::health::KafkaHealth;
use super::rebalance::log_line;
use super::settings::KafkaSettings;
use crate::engine::clock::ClockGuard;
use crate::engine::log::LogError;
use crate::facts::Moment;
use crate::telemetry::say;

/// How often the broker is asked while the clock is believed, and while it is not.
const ASK_EVERY: Duration = Duration::from_secs(30);
const ASK_AGAIN: Duration = Duration::from_secs(2);
const POLL: Duration = Duration::from_millis(100);
/// An answer that took longer says little about the moment.
const ANSWER_MAX: Duration = Duration::from_secs(10);
/// How long the first answer is waited for.
const FIRST_ANSWER: Duration = Duration::from_secs(15);

/// The clock of this process, and what speaks against it. Cheap to clone.
#[derive(Clone)]
pub(super) struct BelievedClock {
    inner: Arc<Inner>,
}

struct Inner {
    guard: Mutex<State>,
    began: Instant,
    health: Arc<KafkaHealth>,
}

#[derive(Default)]
struct State {
    guard: ClockGuard,
    doubted: bool,
    /// The broker has answered once, or it was waited for long enough.
    asked: bool,
}

/// What the delivery of one record says of the broker's time: nothing yet; no time; the time.
#[derive(Default)]
struct Answer(Mutex<Option<Option<Moment>>>);

impl ClientContext for Answer {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, text: &str) {
        log_line(level, facility, text);
    }

    // Brokers that are away: the clients that read and write report them.
    fn error(&self, _: KafkaError, _: &str) {}
}

impl ProducerContext for Answer {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, _: Self::DeliveryOpaque) {
        let said = match result {
            Ok(message) => match message.timestamp() {
                Timestamp::LogAppendTime(millis) => Some(Moment(millis)),
                // The topic lets the producer date its records: the broker's time is not to be had.
                _ => None,
            },
            Err(_) => None,
        };
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(said);
    }
}

/// This machine's clock: the only one that the engine ever sees.
fn wall() -> Moment {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Moment(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

impl BelievedClock {
    pub(super) fn new(health: Arc<KafkaHealth>) -> Self {
        // Until the broker has answered, nothing is committed, and nobody is told that it could be.
        health.doubts_clock(Some("the broker has not been asked for its time yet".to_owned()));
        Self { inner: Arc::new(Inner { guard: Mutex::default(), began: Instant::now(), health }) }
    }

    /// The clock, if it is to be believed. `tick` is the state's last one.
    pub(super) fn now(&self, tick: Moment) -> Option<Moment> {
        let passed = self.inner.began.elapsed();
        let mut state = self.lock();
        if !state.asked && passed < FIRST_ANSWER {
            return None;
        }
        let looked = state.guard.look(wall(), passed, tick);
        if state.doubted != looked.is_err() {
            state.doubted = looked.is_err();
            match &looked {
                Err(doubt) => say::clock_doubted(doubt),
                Ok(_) => say::clock_believed(),
            }
        }
        self.inner.health.doubts_clock(looked.as_ref().err().cloned());
        looked.ok()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.inner.guard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Why it is not believed.
    pub(super) fn doubt(&self) -> Option<String> {
        self.inner.health.report().clock_doubt
    }

    /// Asks the broker in a thread of its own, until the channel's sender is dropped.
    pub(super) fn ask(&self, settings: &KafkaSettings) -> Result<(mpsc::Sender<()>, std::thread::JoinHandle<()>), LogError> {
        let (until, ended) = mpsc::channel();
        let (clock, settings) = (self.clone(), settings.clone());
        let threadless = |error: std::io::Error| LogError::Stop(format!("the system starts no more threads: {error}"));
        let thread = std::thread::Builder::new().name("waybill-clock".into()).spawn(move || clock.ask_until(&settings, &ended));
        Ok((until, thread.map_err(threadless)?))
    }

    fn ask_until(&self, settings: &KafkaSettings, ended: &mpsc::Receiver<()>) {
        let producer: Result<BaseProducer<Answer>, _> = settings.clock().create_with_context(Answer::default());
        let Ok(producer) = producer else { return };
        loop {
            self.ask_once(&producer, settings);
            let doubted = self.lock().doubted;
            let pause = if doubted { ASK_AGAIN } else { ASK_EVERY };
            // A doubt that comes meanwhile is not to wait for the next question.
            let until = Instant::now() + pause;
            while Instant::now() < until {
                match ended.recv_timeout(ASK_AGAIN) {
                    Err(mpsc::RecvTimeoutError::Timeout) => {}
                    _ => return,
                }
                if !doubted && self.lock().doubted {
                    break;
                }
            }
        }
    }

    fn ask_once(&self, producer: &BaseProducer<Answer>, settings: &KafkaSettings) {
        *producer.context().0.lock().unwrap_or_else(PoisonError::into_inner) = None;
        let (sent, passed) = (wall(), self.inner.began.elapsed());
        let mut record = BaseRecord::<[u8], [u8]>::to(&settings.clock_topic);
        let slot = settings.slot.as_bytes();
        (record.key, record.payload, record.partition) = (Some(slot), Some(slot), Some(0));
        if producer.send(record).is_err() {
            return;
        }
        let begun = Instant::now();
        while begun.elapsed() < ANSWER_MAX {
            producer.poll(POLL);
            let answer = producer.context().0.lock().unwrap_or_else(PoisonError::into_inner).take();
            match answer {
                Some(Some(broker)) => {
                    let mut state = self.lock();
                    // Between the question and the answer the broker has written: half of the time is a fair guess.
                    let ours = Moment(sent.0 + begun.elapsed().as_millis() as i64 / 2);
                    state.guard.broker_said(broker, ours, passed);
                    state.asked = true;
                    return;
                }
                // The next question may be answered; the clock need not wait for it.
                Some(None) => {
                    self.lock().asked = true;
                    return;
                }
                None => {}
            }
        }
    }
}
