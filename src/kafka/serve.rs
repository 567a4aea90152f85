//! Serving all that waits in a client's queue.
//!
//! One poll without time serves one event, and a poll does not say whether more wait. While brokers are away a client reports some ten errors a second:
//! served one at a time they would still come when the brokers have long answered, and an outage would seem to last twice as long as it did.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rdkafka::client::ClientContext;
use rdkafka::consumer::{BaseConsumer, ConsumerContext};
use rdkafka::producer::{BaseProducer, ProducerContext};

/// Counts what a client's context was called for.
#[derive(Default)]
pub(super) struct Served(AtomicU64);

impl Served {
    pub(super) fn note(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// A context that notes each of its calls.
pub(super) trait CountsServed: ClientContext {
    fn served(&self) -> &Served;
}

/// Serves the producer's reports, errors and log lines until none is left.
pub(super) fn serve_producer<C: ProducerContext + CountsServed>(producer: &BaseProducer<C>) {
    while has_served(rdkafka::producer::Producer::context(producer).as_ref(), || producer.poll(Duration::ZERO)) {}
}

/// Serves the errors and log lines of a consumer that reads no partition, until none is left.
pub(super) fn serve_consumer<C: ConsumerContext + CountsServed>(consumer: &BaseConsumer<C>) {
    while has_served(rdkafka::consumer::Consumer::context(consumer).as_ref(), || drop(consumer.poll(Duration::ZERO))) {}
}

fn has_served(context: &impl CountsServed, poll: impl FnOnce()) -> bool {
    let before = context.served().0.load(Ordering::Relaxed);
    poll();
    context.served().0.load(Ordering::Relaxed) != before
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::time::Instant;

    use rdkafka::config::{ClientConfig, RDKafkaLogLevel};
    use rdkafka::error::KafkaError;
    use rdkafka::producer::{DeliveryResult, Producer};

    use super::*;

    #[derive(Default)]
    struct Counting(Served);

    impl ClientContext for Counting {
        fn log(&self, _: RDKafkaLogLevel, _: &str, _: &str) {
            self.0.note();
        }

        fn error(&self, _: KafkaError, _: &str) {
            self.0.note();
        }
    }

    impl ProducerContext for Counting {
        type DeliveryOpaque = ();

        fn delivery(&self, _: &DeliveryResult<'_>, (): ()) {
            self.0.note();
        }
    }

    impl CountsServed for Counting {
        fn served(&self) -> &Served {
            &self.0
        }
    }

    /// Nobody listens there: error upon error, as in an outage.
    #[test]
    fn all_that_waits_is_served_at_once() {
        let nobody = TcpListener::bind("127.0.0.1:0").expect("a free port").local_addr().expect("its address");
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", nobody.to_string()).set("reconnect.backoff.ms", "10").set("reconnect.backoff.max.ms", "20");
        let producer: BaseProducer<Counting> = config.create_with_context(Counting::default()).expect("a client");
        let served = || producer.context().0.0.load(Ordering::Relaxed);
        let until = Instant::now() + Duration::from_secs(60);
        // Its queue grows while nobody serves it: one poll takes one event of those that are there.
        while Instant::now() < until {
            std::thread::sleep(Duration::from_millis(500));
            let before = served();
            serve_producer(&producer);
            if served() - before > 3 {
                return;
            }
        }
        panic!("{} events were served one by one", served());
    }
}
