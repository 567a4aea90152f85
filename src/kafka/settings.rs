//! What the log on Kafka needs to know, and the properties of its librdkafka clients that follow from it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use rdkafka::config::{ClientConfig, RDKafkaLogLevel};

use super::gate::{RecordEncoder, RecordGate};
use crate::config::OWN_PROPERTIES;
use crate::engine::log::LogError;

/// How to reach Kafka, and which topics an application reads and writes.
#[derive(Clone, Debug)]
pub struct KafkaSettings {
    /// `host:port`, several with commas.
    pub bootstrap: String,
    /// The consumer group, and the first part of the transactional id.
    pub application_id: String,
    /// This instance's name among those of the application. A restart with the same slot gets its partitions back at once.
    pub slot: String,
    /// Further properties of librdkafka (`security.protocol`, `ssl.ca.location`, ...), passed on to every client.
    pub client: BTreeMap<String, String>,
    /// In the order of `Record::topic_index`.
    pub source_topics: Arc<[Arc<str>]>,
    /// Carries the epochs' numbers beside its offsets; one partition a shard.
    pub exchange_topic: Arc<str>,
    /// The state; one partition a shard.
    pub changelog_topic: Arc<str>,
    /// All topics that Waybill writes. If one is deleted while it runs, it stops: what the topic held is gone.
    pub own_topics: Arc<[Arc<str>]>,
    /// The broker dates its records; one partition.
    pub clock_topic: Arc<str>,
    /// What may hold a record back; `None`: nothing.
    pub gate: Option<Arc<dyn RecordGate>>,
    /// What writes records in another form; `None`: all are written as they are.
    pub encoder: Option<Arc<dyn RecordEncoder>>,
    /// How long calls and waits may take.
    pub timeouts: KafkaTimeouts,
}

/// Times that depend on each other: `request < delivery < transaction < session`, and `transaction < commit`.
#[derive(Clone, Debug)]
pub struct KafkaTimeouts {
    /// How long a broker may take to answer one request.
    pub request: Duration,
    /// How long a record may take to be delivered. If it were above the transaction's timeout, records of an ended transaction could still be on
    /// their way.
    pub delivery: Duration,
    /// When the broker aborts an open transaction. Longer: readers wait longer for a dead instance. Shorter: a short pause costs an epoch.
    pub transaction: Duration,
    /// How long a member that does not answer keeps its partitions. If it were below the transaction's timeout, a new owner could start before the
    /// old one's commit has ended.
    pub session: Duration,
    /// How long to wait for the answer to a commit; after that the result is unknown, and the log finds it out.
    pub commit: Duration,
    /// How long this instance may take at the start to get all partitions.
    pub assignment: Duration,
    /// How long an orderly end may take, from [`super::Closer::close`] on.
    pub close: Duration,
    /// How much later than its own timeout a call may come back before the watchdog ends the process.
    pub watchdog_margin: Duration,
}

impl Default for KafkaTimeouts {
    fn default() -> Self {
        Self {
            request: Duration::from_secs(8),
            delivery: Duration::from_secs(10),
            transaction: Duration::from_secs(15),
            session: Duration::from_secs(45),
            commit: Duration::from_secs(20),
            assignment: Duration::from_secs(90),
            close: Duration::from_secs(20),
            watchdog_margin: Duration::from_secs(30),
        }
    }
}

impl KafkaTimeouts {
    fn check(&self) -> Result<(), String> {
        let ordered = [
            ("request", self.request, "delivery", self.delivery),
            ("delivery", self.delivery, "transaction", self.transaction),
            ("transaction", self.transaction, "session", self.session),
            ("transaction", self.transaction, "commit", self.commit),
        ];
        match ordered.into_iter().find(|(_, low, _, high)| low >= high) {
            Some((low_name, low, high_name, high)) => Err(format!(
                "the {low_name} timeout ({} ms) must be below the {high_name} timeout ({} ms)",
                low.as_millis(),
                high.as_millis()
            )),
            None => Ok(()),
        }
    }
}

/// The largest record that may be written: an order's whole state, or a dead letter with the record that it holds.
pub(super) const RECORD_BYTES_MAX: usize = 8 << 20;

/// How much may be fetched and not read yet, over all topics; each gets the same share. More: more memory. Less: fetching stops more often.
const FETCHED_AHEAD_KBYTES: usize = 128 << 10;

impl KafkaSettings {
    /// What is wrong with the settings themselves, before anything is asked over the network.
    pub fn check(&self) -> Result<(), LogError> {
        if let Some(name) = OWN_PROPERTIES.iter().find(|name| self.client.contains_key(**name)) {
            return Err(LogError::Stop(format!("Waybill sets the client property \"{name}\" itself. Remove it from the configuration")));
        }
        for (what, value) in [("bootstrap", &self.bootstrap), ("application id", &self.application_id), ("slot", &self.slot)] {
            if value.trim().is_empty() {
                return Err(LogError::Stop(format!("the {what} of Kafka is empty. Set it in the configuration")));
            }
        }
        self.timeouts.check().map_err(LogError::Stop)
    }

    /// `transactional.id` and `group.instance.id`: one name for both, so that a process that takes one takes the other.
    pub fn instance(&self) -> String {
        format!("{}-{}", self.application_id, self.slot)
    }

    /// This instance, as errors name it.
    pub(super) fn who(&self) -> String {
        format!("slot \"{}\" of application \"{}\"", self.slot, self.application_id)
    }

    /// The topics that the group subscribes to: the sources, and last the exchange.
    pub(super) fn subscribed(&self) -> Arc<[Arc<str>]> {
        self.source_topics.iter().chain([&self.exchange_topic]).cloned().collect()
    }

    /// What all clients have in common.
    pub(super) fn base(&self, role: &str) -> ClientConfig {
        let mut config = ClientConfig::new();
        for (name, value) in &self.client {
            config.set(name, value);
        }
        config.set("bootstrap.servers", &self.bootstrap);
        config.set("client.id", format!("{}-{role}", self.instance()));
        config.set("socket.timeout.ms", millis(self.timeouts.request));
        config.set("socket.nagle.disable", "true");
        config.set("reconnect.backoff.ms", "50").set("reconnect.backoff.max.ms", "2000");
        // Consumer and producer properties pass through one table: librdkafka warns of those that do not fit the other kind.
        config.set_log_level(RDKafkaLogLevel::Info);
        config
    }

    /// The group's consumer.
    pub(super) fn consumer(&self) -> ClientConfig {
        let mut config = self.base("reader");
        config.set("group.id", &self.application_id);
        config.set("group.instance.id", self.instance());
        config.set("partition.assignment.strategy", "cooperative-sticky");
        config.set("session.timeout.ms", millis(self.timeouts.session));
        config.set("isolation.level", "read_committed");
        // The engine says where reading begins. Any other jump must be an error.
        config.set("auto.offset.reset", "error");
        config.set("enable.auto.commit", "false").set("enable.auto.offset.store", "false");
        config.set("allow.auto.create.topics", "false").set("check.crcs", "true");
        // With the default, a second, fetching stops for a second each time that a queue was full.
        config.set("fetch.queue.backoff.ms", "5").set("fetch.error.backoff.ms", "100");
        // A topic that has just appeared may not be known to its leader when the group shares it out: looked at again soon, not in five minutes.
        config.set("topic.metadata.refresh.interval.ms", "5000");
        // A partition that is read to its end holds no other back.
        config.set("enable.partition.eof", "true");
        // Each partition has a queue of its own, and these bounds are of each.
        let kbytes = (FETCHED_AHEAD_KBYTES / self.source_topics.len().max(1)).clamp(1 << 10, 16 << 10);
        for (name, value) in [("queued.max.messages.kbytes", kbytes), ("queued.min.messages", 20_000)] {
            if !self.client.contains_key(name) {
                config.set(name, value.to_string());
            }
        }
        // Only the statistics say how far a partition was fetched.
        config.set("statistics.interval.ms", "5000");
        // Only the debug log says that a topic's id has changed.
        config.set("debug", "topic").set_log_level(RDKafkaLogLevel::Debug);
        config
    }

    /// Reads one changelog partition from its beginning. librdkafka wants the name of a group, which this consumer never joins.
    pub(super) fn restorer(&self) -> ClientConfig {
        let mut config = self.base("restorer");
        config.set("group.id", &self.application_id);
        config.set("isolation.level", "read_committed").set("auto.offset.reset", "error");
        config.set("enable.auto.commit", "false").set("enable.auto.offset.store", "false");
        config.set("enable.partition.eof", "true").set("check.crcs", "true");
        // Only an answer without records shows the end: the broker must not delay it.
        config.set("fetch.wait.max.ms", "10").set("fetch.queue.backoff.ms", "5");
        config
    }

    /// Reads the newest records of a source's topic, for a look. It joins no group.
    pub(super) fn sampler(&self) -> ClientConfig {
        let mut config = self.base("sampler");
        config.set("group.id", &self.application_id);
        config.set("isolation.level", "read_committed").set("auto.offset.reset", "error");
        config.set("enable.auto.commit", "false").set("enable.auto.offset.store", "false").set("allow.auto.create.topics", "false");
        config.set("enable.partition.eof", "true").set("fetch.wait.max.ms", "50");
        config
    }

    /// Asks the broker for its time: one small record at a time.
    pub(super) fn clock(&self) -> ClientConfig {
        let mut config = self.base("clock");
        config.set("acks", "1").set("linger.ms", "0").set("message.timeout.ms", "5000").set("allow.auto.create.topics", "false");
        config
    }

    /// Asks for metadata, for the ends of partitions and for the group's offsets: as a reader of committed records, or with what open transactions
    /// hold. It needs the group's name and never joins it.
    pub(super) fn prober(&self, committed: bool) -> ClientConfig {
        let mut config = self.base(if committed { "asker" } else { "prober" });
        config.set("group.id", &self.application_id);
        config.set("isolation.level", if committed { "read_committed" } else { "read_uncommitted" });
        config.set("enable.auto.commit", "false").set("enable.auto.offset.store", "false");
        config.set("allow.auto.create.topics", "false");
        config
    }

    /// The transactional producer.
    pub(super) fn producer(&self) -> ClientConfig {
        let mut config = self.base("writer");
        config.set("transactional.id", self.instance());
        config.set("enable.idempotence", "true").set("acks", "all");
        config.set("transaction.timeout.ms", millis(self.timeouts.transaction));
        config.set("message.timeout.ms", millis(self.timeouts.delivery));
        config.set("partitioner", "murmur2_random");
        if !self.client.contains_key("compression.type") && !self.client.contains_key("compression.codec") {
            config.set("compression.type", "lz4");
        }
        if !self.client.contains_key("linger.ms") {
            config.set("linger.ms", "2");
        }
        if !self.client.contains_key("message.max.bytes") {
            config.set("message.max.bytes", RECORD_BYTES_MAX.to_string());
        }
        // An epoch is bounded by its limits, not here: the queue must hold the largest one.
        config.set("queue.buffering.max.messages", "2000000").set("queue.buffering.max.kbytes", "2097151");
        // The markers of a commit are still on their way when the next transaction begins: its first requests are repeated after this time.
        config.set("retry.backoff.ms", "10").set("retry.backoff.max.ms", "500");
        // A topic that was deleted must not come back with a broker's defaults.
        config.set("allow.auto.create.topics", "false");
        // Only the debug log says that a topic's id has changed.
        config.set("debug", "topic").set_log_level(RDKafkaLogLevel::Debug);
        // Reports of deliveries that succeeded are of no use.
        config.set("delivery.report.only.error", "true");
        config
    }
}

fn millis(time: Duration) -> String {
    time.as_millis().to_string()
}
