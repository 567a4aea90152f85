//! The sections about the process itself: who it is, where its broker is, what it listens on, how large an epoch may be.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use toml::de::DeValue;

use super::document::{Section, found};
use super::values::{self, Outside, Secret};
use crate::envelope::avro::IdForm;
use crate::events::Topic;
use crate::facts::ids::Digester;

/// Who this process is.
#[derive(Clone, Debug, PartialEq)]
pub struct Application {
    /// The consumer group, and the first part of `transactional.id`: instances with one id share the work.
    pub id: String,
    /// This instance among them: the suffix of `transactional.id` and `group.instance.id`.
    pub slot: String,
    /// Stands before the name of each topic that Waybill owns.
    pub topic_prefix: String,
    /// Partitions of the changelog. Never changes for an application.
    pub shards: u16,
    /// Orders kept whole in memory.
    pub orders_whole: usize,
}

/// A property of librdkafka.
#[derive(Clone, Debug, PartialEq)]
pub enum Property {
    /// A value that may be shown.
    Plain(String),
    /// A value that is never shown.
    Secret(Secret),
}

impl Property {
    /// The value itself, for the client.
    pub fn expose(&self) -> &str {
        match self {
            Self::Plain(text) => text,
            Self::Secret(secret) => secret.expose(),
        }
    }
}

/// `[kafka]`: the brokers, and the topics that Waybill creates.
#[derive(Clone, Debug, PartialEq)]
pub struct Kafka {
    /// `host:port`, several joined by commas.
    pub bootstrap: String,
    /// Handed to every client: security, buffers.
    pub properties: BTreeMap<String, Property>,
    /// Partitions of the derived topics that Waybill creates.
    pub partitions: i32,
    /// Replicas of the topics that Waybill creates; `None`: the broker's default.
    pub replication: Option<i32>,
    /// The largest record that may be written, in bytes: not above the broker's `message.max.bytes`.
    pub record_bytes_max: usize,
}

/// `[schema_registry]`: where the schemas of records in Avro are.
#[derive(Clone, Debug, PartialEq)]
pub struct SchemaRegistry {
    /// Of Confluent's API, without a `/` at its end.
    pub url: String,
    /// User and password.
    pub login: Option<(String, Secret)>,
    /// Certificates of its authority, in PEM; `None`: the system's.
    pub ca: Option<PathBuf>,
    /// What the id before a value is.
    pub ids: IdForm,
}

/// `[output]`: in which form events are written.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Output {
    /// Topics that are written in Avro; the others are JSON.
    pub avro: BTreeSet<Topic>,
}

/// `[http]`: where queries are answered.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Http {
    /// `None`: nothing listens.
    pub listen: Option<SocketAddr>,
}

/// About 0.4 GiB of orders.
pub const ORDERS_WHOLE: usize = 16_384;

/// How much one epoch may read: latency on one side, the cost of a transaction on the other.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Epochs {
    /// An epoch closes when it has read so many records,
    pub records_max: usize,
    /// or so many bytes,
    pub bytes_max: usize,
    /// or so long after its first record.
    pub linger: Duration,
}

pub fn application(mut section: Section<'_>) -> Option<Application> {
    let id = section.required("id", "the name of this application, as in id = \"waybill\"", values::name);
    let slot = section.read("slot", values::name);
    let topic_prefix = section.read("topic_prefix", values::name);
    let shards = section.read("shards", |value| values::number(value, 1, 1024));
    let orders_whole = section.read("orders_whole", |value| values::number(value, 1, 1_000_000_000));
    section.finish();
    Some(Application {
        id: id?,
        slot: slot.unwrap_or_else(|| "0".to_owned()),
        topic_prefix: topic_prefix.unwrap_or_else(|| "waybill.".to_owned()),
        shards: shards.map_or(16, |shards| shards as u16),
        orders_whole: orders_whole.map_or(ORDERS_WHOLE, |orders| orders as usize),
    })
}

/// Properties that Waybill sets itself, since exactly-once depends on them. The file may not set them.
pub const OWN_PROPERTIES: &[&str] = &[
    "acks",
    "allow.auto.create.topics",
    "auto.offset.reset",
    "bootstrap.servers",
    "client.id",
    "delivery.timeout.ms",
    "enable.auto.commit",
    "enable.auto.offset.store",
    "enable.idempotence",
    "enable.partition.eof",
    "group.id",
    "group.instance.id",
    "group.protocol",
    "isolation.level",
    "max.in.flight",
    "max.in.flight.requests.per.connection",
    "message.timeout.ms",
    "metadata.broker.list",
    "partition.assignment.strategy",
    "partitioner",
    "request.required.acks",
    "session.timeout.ms",
    "socket.timeout.ms",
    "transaction.timeout.ms",
    "transactional.id",
];

pub fn kafka(mut section: Section<'_>, outside: Outside<'_>) -> Option<Kafka> {
    let bootstrap = section.required("bootstrap", "the brokers, as in bootstrap = \"localhost:9092\"", bootstrap);
    let partitions = section.read("partitions", |value| values::number(value, 1, 10_000));
    let replication = section.read("replication", |value| values::number(value, 1, 99));
    let record_bytes_max = section.read("record_bytes_max", |value| values::number(value, 64 * 1024, 8 << 20));
    let properties = properties(section.section("properties"), outside);
    section.finish();
    Some(Kafka {
        bootstrap: bootstrap?,
        properties,
        partitions: partitions.map_or(6, |n| n as i32),
        replication: replication.map(|n| n as i32),
        // A little below what Waybill's topics are created with: headers count too.
        record_bytes_max: record_bytes_max.map_or(8_000_000, |n| n as usize),
    })
}

fn bootstrap(value: &DeValue<'_>) -> Result<String, String> {
    let list = if value.is_array() { values::texts(value)? } else { vec![values::text(value)?] };
    let brokers: Vec<&str> = list.iter().flat_map(|text| text.split(',')).map(str::trim).collect();
    let has_port = |broker: &&str| broker.rsplit_once(':').is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok());
    match brokers.iter().find(|broker| !has_port(broker)) {
        Some(wrong) => Err(format!("expected host:port, found \"{wrong}\"")),
        None if brokers.is_empty() => Err("names no broker: write at least one host:port".to_owned()),
        None => Ok(brokers.join(",")),
    }
}

fn properties(mut section: Section<'_>, outside: Outside<'_>) -> BTreeMap<String, Property> {
    let mut properties = BTreeMap::new();
    for (name, line, value) in section.pairs() {
        let key = section.path(&name);
        match property(&name, value, outside) {
            Ok(property) => drop(properties.insert(name, property)),
            Err(sentence) => section.diagnostics().problem(line, key, sentence),
        }
    }
    properties
}

fn property(name: &str, value: &DeValue<'_>, outside: Outside<'_>) -> Result<Property, String> {
    if OWN_PROPERTIES.contains(&name) {
        return Err("is set by Waybill itself, exactly-once depends on it: leave it out".to_owned());
    }
    let secret = ["password", "secret", "oauthbearer.config", "key.pem"].iter().any(|word| name.ends_with(word));
    match value {
        DeValue::Table(table) if table.iter().any(|(_, below)| below.get_ref().is_table()) => {
            Err(format!("put the whole name in quotes, as in \"{name}.…\" = \"…\""))
        }
        DeValue::Table(table) if table.iter().all(|(key, _)| !matches!(key.get_ref().as_ref(), "file" | "env")) => {
            Err(format!("put the whole name in quotes, as in \"{name}.…\" = \"…\""))
        }
        value if secret || value.is_table() => values::secret(value, outside).map(Property::Secret),
        DeValue::String(text) => Ok(Property::Plain(text.to_string())),
        DeValue::Integer(integer) => Ok(Property::Plain(integer.as_str().to_owned())),
        DeValue::Boolean(flag) => Ok(Property::Plain(flag.to_string())),
        other => Err(format!("expected a text, a whole number, true or false, found {}", found(other))),
    }
}

const ID_FORMS: &[(&str, IdForm)] =
    &[("confluent", IdForm::Confluent), ("apicurio-global-8", IdForm::Global8), ("apicurio-content-8", IdForm::Content8)];

/// `None`: no source needs one, or its address is not said.
pub fn schema_registry(mut section: Section<'_>, outside: Outside<'_>) -> Option<SchemaRegistry> {
    let url = section.read("url", |value| {
        let url = values::text(value)?;
        let url = url.trim().trim_end_matches('/');
        let has_host = ["http://", "https://"].iter().any(|scheme| url.strip_prefix(scheme).is_some_and(|host| !host.is_empty()));
        if url.contains('@') {
            return Err("holds a login: write it under login".to_owned());
        }
        if has_host { Ok(url.to_owned()) } else { Err(format!("expected http://host:port or https://host, found \"{url}\"")) }
    });
    let login = section.read("login", |value| login(value, outside));
    let ca = section.read("ca", values::text).map(|path| outside.directory.join(path));
    let ids = section.read("ids", |value| values::word(value, ID_FORMS));
    section.finish();
    Some(SchemaRegistry { url: url?, login, ca, ids: ids.unwrap_or_default() })
}

fn login(value: &DeValue<'_>, outside: Outside<'_>) -> Result<(String, Secret), String> {
    let wanted = "expected { user = \"name\", password = { env = \"NAME\" } }";
    let table = value.as_table().ok_or_else(|| format!("{wanted}, found {}", found(value)))?;
    let member = |name: &str| table.iter().find(|(key, _)| key.get_ref() == name).map(|(_, value)| value.get_ref());
    match (member("user"), member("password"), table.len()) {
        (Some(user), Some(password), 2) => {
            let user = values::text(user).map_err(|sentence| format!("user: {sentence}"))?;
            Ok((user, values::secret(password, outside).map_err(|sentence| format!("password: {sentence}"))?))
        }
        _ => Err(wanted.to_owned()),
    }
}

const OUTPUT_FORMATS: &[(&str, bool)] = &[("json", false), ("avro", true)];

pub fn output(mut section: Section<'_>, has_registry: bool) -> Output {
    let all = section.read("format", |value| values::word(value, OUTPUT_FORMATS)).unwrap_or(false);
    let names: Vec<(&'static str, Topic)> = Topic::ALL.into_iter().map(|topic| (topic.name(), topic)).collect();
    let mut avro: BTreeSet<Topic> = if all { Topic::ALL.into_iter().collect() } else { BTreeSet::new() };
    let mut topics = section.section("topics");
    for (name, line, value) in topics.pairs() {
        let read = values::one_of(&name, &names).and_then(|topic| Ok((topic, values::word(value, OUTPUT_FORMATS)?)));
        match read {
            Ok((topic, true)) => _ = avro.insert(topic),
            Ok((topic, false)) => _ = avro.remove(&topic),
            Err(sentence) => section.diagnostics().problem(line, topics.path(&name), sentence),
        }
    }
    if !avro.is_empty() && !has_registry {
        let key = if all { "format" } else { "topics" };
        section.problem(key, "needs schema_registry.url: the schemas of the topics are registered there");
    }
    section.finish();
    Output { avro }
}

pub fn http(mut section: Section<'_>) -> Option<Http> {
    let on = section.read("enabled", values::flag).unwrap_or(true);
    let default = SocketAddr::from(([127, 0, 0, 1], 8080));
    let listen = section.read("listen", values::address).unwrap_or(default);
    if on && !listen.ip().is_loopback() {
        section.diagnostics().note(format!(
            "http.listen = \"{listen}\" can be reached from other machines, and answers whoever asks: keep it behind a firewall or a proxy"
        ));
    }
    section.finish();
    Some(Http { listen: on.then_some(listen) })
}

pub fn epochs(mut section: Section<'_>) -> Epochs {
    let records_max = section.read("records_max", |value| values::number(value, 1, 1_000_000));
    let bytes_max = section.read("bytes_max", |value| values::number(value, 64 * 1024, 1 << 30));
    // Far below the transaction's timeout of 10 s: an epoch that comes near it would be aborted by the broker.
    let linger = section.read("linger", |value| match values::span(value)? {
        span if (1..=5_000).contains(&span.0) => Ok(span.0 as u64),
        _ => Err("expected 1ms to 5s".to_owned()),
    });
    section.finish();
    Epochs {
        records_max: records_max.map_or(60_000, |n| n as usize),
        bytes_max: bytes_max.map_or(64 << 20, |n| n as usize),
        linger: Duration::from_millis(linger.unwrap_or(100)),
    }
}

pub fn identity(mut section: Section<'_>, outside: Outside<'_>) -> Option<Digester> {
    let what = "the key of the digests that stand for email addresses: email_secret = { file = \"path\" } or { env = \"NAME\" }";
    let secret = section.required("email_secret", what, |value| {
        let secret = values::secret(value, outside)?;
        // Shorter keys can be guessed from a known address and its digest.
        if secret.expose().len() < 16 { Err("is shorter than 16 characters".to_owned()) } else { Ok(secret) }
    });
    let masked = section.read("masked", values::texts).unwrap_or_default();
    section.finish();
    secret.map(|secret| Digester::new(secret.expose().as_bytes()).with_masked(masked.into_iter().map(Into::into)))
}

pub fn going_live(mut section: Section<'_>) -> Vec<Topic> {
    let requests: Vec<(&'static str, Topic)> =
        Topic::ALL.into_iter().filter(|topic| !topic.is_statement()).map(|topic| (topic.name(), topic)).collect();
    let topics = section.read("at_first_start", |value| match value {
        DeValue::Boolean(true) => Ok(requests.iter().map(|(_, topic)| *topic).collect()),
        DeValue::Boolean(false) => Ok(Vec::new()),
        DeValue::Array(_) => values::texts(value)?.iter().map(|name| values::one_of(name, &requests)).collect(),
        other => Err(format!("expected true, false or a list of request topics, found {}", found(other))),
    });
    section.finish();
    topics.unwrap_or_else(|| requests.iter().map(|(_, topic)| *topic).collect())
}
