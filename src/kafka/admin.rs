//! Topics: creates those that Waybill owns, checks those that are there, and waits for those of the sources.
//!
//! | topic | partitions | cleanup | kept |
//! | --- | --- | --- | --- |
//! | statements | as configured | compact | the newest of each key |
//! | requests, dead letters | as configured | delete | for ever |
//! | exchange | one a shard | delete | for ever: it is cut below the committed offsets, never by time |
//! | changelog | one a shard | compact | the newest of each key, tombstones for a week |
//!
//! A topic that is there with another number of partitions is an error: keys would move to other partitions, and state would be split in two.

use std::sync::Arc;
use std::time::Duration;

use rdkafka::admin::{AdminClient, AdminOptions, ConfigResource, NewTopic, ResourceSpecifier, TopicReplication};
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};

use super::clients::misconfigured;
use super::fault::{Fault, is_refused};
use super::health::KafkaHealth;
use super::rebalance::PlainContext;
use super::settings::{KafkaSettings, RECORD_BYTES_MAX};
use crate::engine::log::LogError;

const ASK_TIMEOUT: Duration = Duration::from_secs(10);
const RETRY_FIRST: Duration = Duration::from_millis(300);
const RETRY_MAX: Duration = Duration::from_secs(5);
const WEEK_MS: u64 = 7 * 24 * 3600 * 1000;

/// What a topic of Waybill's is for: it decides how it is cleaned up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TopicKind {
    Statements,
    Requests,
    DeadLetters,
    Exchange,
    Changelog,
}

/// A topic that Waybill owns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnTopic {
    pub name: String,
    pub partitions: i32,
    pub kind: TopicKind,
}

/// All topics of an application.
#[derive(Clone, Debug)]
pub struct TopicPlan {
    pub own: Vec<OwnTopic>,
    /// Topics of the systems: never created, waited for.
    pub sources: Vec<Arc<str>>,
    /// `None`: the broker's default.
    pub replication: Option<i32>,
}

/// How a topic differs from what is wanted. Its text says what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// `own`: Waybill creates it when it starts.
    Missing {
        topic: String,
        own: bool,
    },
    Partitions {
        topic: String,
        wanted: i32,
        found: i32,
    },
    Setting {
        topic: String,
        name: &'static str,
        wanted: &'static str,
        found: String,
    },
}

impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Missing { topic, own: true } => write!(f, "topic \"{topic}\" is missing: it is created at the start"),
            Self::Missing { topic, own: false } => {
                write!(f, "source topic \"{topic}\" is missing: start its connector or create it, or correct its name in the configuration")
            }
            Self::Partitions { topic, wanted, found } => write!(
                f,
                "topic \"{topic}\" has {found} partitions, the configuration says {wanted}: keys would move between partitions. Correct the \
                 configuration, or move to a topic of another name"
            ),
            Self::Setting { topic, name, wanted, found } => {
                write!(f, "topic \"{topic}\" has {name} = {found}, wanted is {wanted}: set it with kafka-configs --alter")
            }
        }
    }
}

impl TopicKind {
    /// What an existing topic must have: with anything else records would be lost or kept without bound.
    fn required(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Statements | Self::Changelog => &[("cleanup.policy", "compact")],
            Self::Requests | Self::DeadLetters => &[("cleanup.policy", "delete")],
            Self::Exchange => &[("cleanup.policy", "delete"), ("retention.ms", "-1"), ("retention.bytes", "-1")],
        }
    }

    /// What a topic is created with, besides.
    fn advised(self) -> Vec<(&'static str, String)> {
        let large = ("max.message.bytes", RECORD_BYTES_MAX.to_string());
        match self {
            Self::Statements => vec![],
            Self::Requests => vec![("retention.ms", "-1".to_owned())],
            Self::DeadLetters => vec![("retention.ms", "-1".to_owned()), large],
            Self::Exchange => vec![large],
            Self::Changelog => vec![
                large,
                // Small segments are compacted sooner: what a restore has to read stays near what there is.
                ("segment.bytes", (64 << 20).to_string()),
                ("min.cleanable.dirty.ratio", "0.2".to_owned()),
                ("delete.retention.ms", WEEK_MS.to_string()),
            ],
        }
    }
}

/// Creates what is missing of Waybill's own topics, checks those that are there, and waits for the sources' topics.
///
/// `waiting` is told the names of the missing source topics each time they are looked for in vain. Brokers that are away are waited for.
/// Errors: a topic that differs, with all differences in one text; access refused.
pub async fn prepare(
    settings: &KafkaSettings,
    plan: &TopicPlan,
    health: &Arc<KafkaHealth>,
    waiting: impl Fn(&[String]),
) -> Result<(), LogError> {
    let admin = Admin::new(settings, health)?;
    let mut pause = RETRY_FIRST;
    loop {
        match admin.prepare_once(plan).await {
            Ok(missing) if missing.is_empty() => return Ok(()),
            Ok(missing) => {
                health.doing("waiting for source topics");
                waiting(&missing);
            }
            Err(Trouble::Log(error)) => return Err(error),
            Err(Trouble::Kafka(what, error)) => {
                health.doing("waiting for Kafka");
                health.error(&format!("{what}: {error}"));
                health.brokers_down();
                tracing::warn!(what, %error, bootstrap = %settings.bootstrap, "Kafka does not answer");
            }
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(RETRY_MAX);
    }
}

/// Names everything that is missing or differs, and changes nothing (`waybill check`). Does not wait: brokers that are away are an error.
pub async fn describe(settings: &KafkaSettings, plan: &TopicPlan) -> Result<Vec<Finding>, LogError> {
    let admin = Admin::new(settings, &Arc::new(KafkaHealth::default()))?;
    admin.findings(plan).await.map_err(|trouble| match trouble {
        Trouble::Log(error) => error,
        Trouble::Kafka(what, error) => LogError::Stop(format!("Kafka at {} does not answer ({what}: {error})", settings.bootstrap)),
    })
}

struct Admin {
    client: Arc<AdminClient<PlainContext>>,
    options: AdminOptions,
    health: Arc<KafkaHealth>,
}

enum Trouble {
    Log(LogError),
    /// Passes, perhaps.
    Kafka(&'static str, KafkaError),
}

fn trouble(what: &'static str) -> impl Fn(KafkaError) -> Trouble {
    move |error| match error.rdkafka_error_code() {
        Some(code) if is_refused(code) => Trouble::Log(Fault::not_allowed(&format!("{what}: {error}")).into()),
        _ => Trouble::Kafka(what, error),
    }
}

impl Admin {
    fn new(settings: &KafkaSettings, health: &Arc<KafkaHealth>) -> Result<Self, LogError> {
        let context = PlainContext { health: Arc::clone(health) };
        let client = settings.base("admin").create_with_context(context).map_err(|error| misconfigured(&error))?;
        let options = AdminOptions::new().request_timeout(Some(ASK_TIMEOUT)).operation_timeout(Some(ASK_TIMEOUT));
        Ok(Self { client: Arc::new(client), options, health: Arc::clone(health) })
    }

    /// The source topics that are still missing, once all others are as they should be.
    async fn prepare_once(&self, plan: &TopicPlan) -> Result<Vec<String>, Trouble> {
        let findings = self.findings(plan).await?;
        self.health.brokers_answer();
        let differing: Vec<_> =
            findings.iter().filter(|finding| !matches!(finding, Finding::Missing { .. })).map(Finding::to_string).collect();
        if !differing.is_empty() {
            return Err(Trouble::Log(LogError::Stop(differing.join("; "))));
        }
        let is_missing = |topic: &OwnTopic| {
            findings.iter().any(|finding| matches!(finding, Finding::Missing { topic: name, .. } if *name == topic.name))
        };
        let missing: Vec<_> = plan.own.iter().filter(|topic| is_missing(topic)).collect();
        if !missing.is_empty() {
            self.create(&missing, plan.replication.unwrap_or(-1)).await?;
        }
        let sources = findings.into_iter().filter_map(|finding| match finding {
            Finding::Missing { topic, own: false } => Some(topic),
            _ => None,
        });
        Ok(sources.collect())
    }

    async fn create(&self, topics: &[&OwnTopic], replication: i32) -> Result<(), Trouble> {
        let settings: Vec<_> = topics.iter().map(|topic| (topic, topic.kind.advised())).collect();
        let new: Vec<_> = settings.iter().map(|(topic, advised)| new_topic(topic, advised, replication)).collect();
        let created = self.client.create_topics(&new, &self.options).await.map_err(trouble("creating topics"))?;
        for result in created {
            match result {
                Ok(topic) => tracing::info!(topic, "topic created"),
                Err((_, Code::TopicAlreadyExists)) => {}
                Err((topic, code)) if is_refused(code) => {
                    return Err(Trouble::Log(Fault::not_allowed(&format!("creating topic \"{topic}\": {code}")).into()));
                }
                Err((
                    topic,
                    code @ (Code::InvalidReplicationFactor | Code::InvalidConfig | Code::InvalidTopic | Code::PolicyViolation),
                )) => {
                    return Err(Trouble::Log(LogError::Stop(format!(
                        "topic \"{topic}\" can't be created: {code}. Correct the configuration"
                    ))));
                }
                Err((_, code)) => return Err(Trouble::Kafka("creating topics", KafkaError::AdminOp(code))),
            }
        }
        Ok(())
    }

    async fn findings(&self, plan: &TopicPlan) -> Result<Vec<Finding>, Trouble> {
        let client = Arc::clone(&self.client);
        // Without a name, no topic can come into being by being asked for.
        let asked = tokio::task::spawn_blocking(move || client.inner().fetch_metadata(None, ASK_TIMEOUT)).await;
        let gone = |error| Trouble::Log(LogError::Stop(format!("a question to Kafka was not answered: {error}")));
        let metadata = asked.map_err(gone)?.map_err(trouble("topics"))?;
        let count = |name: &str| metadata.topics().iter().find(|topic| topic.name() == name).map(|topic| topic.partitions().len() as i32);
        let mut findings = Vec::new();
        let mut present = Vec::new();
        for topic in &plan.own {
            match count(&topic.name) {
                None => findings.push(Finding::Missing { topic: topic.name.clone(), own: true }),
                Some(found) => {
                    if found != topic.partitions {
                        findings.push(Finding::Partitions { topic: topic.name.clone(), wanted: topic.partitions, found });
                    }
                    present.push(topic);
                }
            }
        }
        findings.extend(self.differing_settings(&present).await?);
        let missing = plan.sources.iter().filter(|source| count(source).is_none());
        findings.extend(missing.map(|source| Finding::Missing { topic: source.to_string(), own: false }));
        Ok(findings)
    }

    async fn differing_settings(&self, topics: &[&OwnTopic]) -> Result<Vec<Finding>, Trouble> {
        if topics.is_empty() {
            return Ok(Vec::new());
        }
        let asked: Vec<_> = topics.iter().map(|topic| ResourceSpecifier::Topic(&topic.name)).collect();
        let described = self.client.describe_configs(&asked, &self.options).await.map_err(trouble("topic settings"))?;
        let mut findings = Vec::new();
        for (topic, answer) in topics.iter().zip(described) {
            let settings = answer.map_err(|code| trouble("topic settings")(KafkaError::AdminOp(code)))?;
            findings.extend(differing(topic, &settings));
        }
        Ok(findings)
    }
}

fn new_topic<'a>(topic: &'a OwnTopic, advised: &'a [(&'static str, String)], replication: i32) -> NewTopic<'a> {
    let required = topic.kind.required().iter().copied();
    let all = required.chain(advised.iter().map(|(name, value)| (*name, value.as_str())));
    all.fold(NewTopic::new(&topic.name, topic.partitions, TopicReplication::Fixed(replication)), |new, (name, value)| new.set(name, value))
}

fn differing(topic: &OwnTopic, settings: &ConfigResource) -> Vec<Finding> {
    let found = |name: &str| settings.get(name).and_then(|entry| entry.value.clone()).unwrap_or_default();
    let required = topic.kind.required().iter().map(|(name, wanted)| (*name, *wanted, found(name)));
    let differing = required.filter(|(_, wanted, found)| found != wanted);
    differing.map(|(name, wanted, found)| Finding::Setting { topic: topic.name.clone(), name, wanted, found }).collect()
}
