//! Topics: creates those that Waybill owns, checks those that exist, and waits for those of the sources.
//!
//! All take records of 8 MiB: an order of ten thousand lines is asked of the ERP in one event.
//!
//! | topic | partitions | cleanup | kept |
//! | --- | --- | --- | --- |
//! | statements | as configured | compact | the newest of each key |
//! | requests, dead letters | as configured | delete | for ever |
//! | exchange | one a shard | delete | for ever |
//! | clock | one | delete | a day; the broker dates its records |
//! | changelog | one a shard | compact | the newest of each key, tombstones for a week |
//!
//! A topic with another number of partitions than configured is an error: keys would move to other partitions, and state would be split in two.

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
use crate::telemetry::say;

const ASK_TIMEOUT: Duration = Duration::from_secs(10);
const NEW_TOPIC_PATIENCE: Duration = Duration::from_secs(1);
const RETRY_FIRST: Duration = Duration::from_millis(300);
const RETRY_MAX: Duration = Duration::from_secs(5);
const DAY_MS: u64 = 24 * 3600 * 1000;
const WEEK_MS: u64 = 7 * DAY_MS;

/// What a topic of Waybill's is for; this decides how it is cleaned up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TopicKind {
    /// How something stands now.
    Statements,
    /// What somebody must do.
    Requests,
    /// Records that could not be decoded.
    DeadLetters,
    /// The epochs' numbers, beside its offsets.
    Exchange,
    /// State.
    Changelog,
    /// Records that the broker dates, to compare clocks.
    Clock,
}

/// A topic that Waybill owns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnTopic {
    /// Its name, with the configured prefix.
    pub name: String,
    /// How many partitions it must have.
    pub partitions: i32,
    /// What it is for.
    pub kind: TopicKind,
}

/// All topics of an application.
#[derive(Clone, Debug)]
pub struct TopicPlan {
    /// Topics that Waybill creates and writes.
    pub own: Vec<OwnTopic>,
    /// Topics of the systems. Waybill never creates them.
    pub sources: Vec<Arc<str>>,
    /// Those of them without which it does not begin; it takes the others up when they appear.
    pub required: Vec<Arc<str>>,
    /// `None`: the broker's default.
    pub replication: Option<i32>,
}

/// What is wrong with a topic. Its text says what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TopicProblem {
    /// The topic does not exist.
    Missing {
        /// The topic's name.
        topic: String,
        /// Waybill owns it, and creates it when it starts.
        own: bool,
    },
    /// A source's topic does not exist yet, and nothing waits for it.
    Absent {
        /// The topic's name.
        topic: String,
    },
    /// The topic has another number of partitions than the configuration says.
    Partitions {
        /// The topic's name.
        topic: String,
        /// What the configuration says.
        wanted: i32,
        /// What the topic has.
        found: i32,
    },
    /// A setting of the topic would lose records, or keep them without bound.
    Setting {
        /// The topic's name.
        topic: String,
        /// The setting's name.
        name: &'static str,
        /// What it must be.
        wanted: &'static str,
        /// What it is.
        found: String,
    },
}

impl TopicProblem {
    /// The topic that does not exist, if that is the problem.
    pub fn missing(&self) -> Option<&str> {
        match self {
            Self::Missing { topic, .. } | Self::Absent { topic } => Some(topic),
            _ => None,
        }
    }
}

impl std::fmt::Display for TopicProblem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Missing { topic, own: true } => write!(f, "topic \"{topic}\" does not exist: waybill run creates it"),
            Self::Missing { topic, own: false } => {
                write!(f, "source topic \"{topic}\" is missing. Start its connector or create it, or correct its name in the configuration")
            }
            Self::Absent { topic } => write!(f, "source topic \"{topic}\" is missing: it is read once it exists"),
            Self::Partitions { topic, wanted, found } => write!(
                f,
                "topic \"{topic}\" has {found} partitions, the configuration says {wanted}. With another number, keys would move between partitions: \
                 correct the configuration, or use a topic of another name"
            ),
            Self::Setting { topic, name, wanted, found } => {
                write!(f, "topic \"{topic}\" has {name} = {found}, but must have {wanted}. Set it with kafka-configs --alter")
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
            Self::Clock => &[("cleanup.policy", "delete"), ("message.timestamp.type", "LogAppendTime")],
            Self::Exchange => &[("cleanup.policy", "delete"), ("retention.ms", "-1"), ("retention.bytes", "-1")],
        }
    }

    /// What else a topic is created with.
    fn advised(self) -> Vec<(&'static str, String)> {
        let large = ("max.message.bytes", RECORD_BYTES_MAX.to_string());
        match self {
            Self::Statements | Self::Exchange => vec![large],
            Self::Requests | Self::DeadLetters => vec![("retention.ms", "-1".to_owned()), large],
            Self::Clock => vec![("retention.ms", DAY_MS.to_string()), ("segment.ms", DAY_MS.to_string())],
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

/// Creates those of Waybill's own topics that do not exist, checks those that do, and waits for the sources' topics that are required.
///
/// `missing` gets the names of the source topics that do not exist each time that some do not, and whether they are waited for. Waits while brokers do
/// not answer.
/// Errors: a topic with another number of partitions or other settings, with all problems in one text; access refused.
pub async fn prepare(
    settings: &KafkaSettings,
    plan: &TopicPlan,
    health: &Arc<KafkaHealth>,
    missing: impl Fn(&[String], bool),
) -> Result<(), LogError> {
    let admin = Admin::new(settings, health)?;
    let mut pause = RETRY_FIRST;
    loop {
        match admin.prepare_once(plan).await {
            Ok(absent) => {
                let waits = absent.iter().any(|topic| plan.required.iter().any(|required| **required == **topic));
                if !absent.is_empty() {
                    missing(&absent, waits);
                }
                if !waits {
                    return Ok(());
                }
                health.doing("waiting for source topics");
            }
            Err(Failure::Log(error)) => return Err(error),
            Err(Failure::Kafka(what, error)) => {
                health.doing("waiting for Kafka");
                health.error(&format!("{what}: {error}"));
                health.brokers_down();
                if health.may_say(error.rdkafka_error_code().map_or(0, |code| code as i64) - 1_000_000).is_some() {
                    say::brokers_do_not_answer(&settings.bootstrap, what, &error.to_string());
                }
            }
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(RETRY_MAX);
    }
}

/// Names every topic that does not exist or differs, and changes nothing (`waybill check`). It does not wait: brokers that do not answer are an
/// error.
pub async fn describe(settings: &KafkaSettings, plan: &TopicPlan) -> Result<Vec<TopicProblem>, LogError> {
    let admin = Admin::new(settings, &Arc::new(KafkaHealth::default()))?;
    let mut found = admin.problems(plan).await;
    if found.as_ref().is_ok_and(|problems| {
        problems.iter().any(|problem| matches!(problem, TopicProblem::Missing { own: false, .. } | TopicProblem::Absent { .. }))
    }) {
        // A topic that was created a moment ago is not known to every broker yet.
        tokio::time::sleep(NEW_TOPIC_PATIENCE).await;
        found = admin.problems(plan).await;
    }
    found.map_err(|failure| match failure {
        Failure::Log(error) => error,
        Failure::Kafka(what, error) => LogError::Stop(format!(
            "Kafka at {} does not answer ({what}: {error}). Check kafka.bootstrap and that the brokers run",
            settings.bootstrap
        )),
    })
}

/// How large a record may be so that each topic that is written takes it, whatever is configured for Waybill; `None`: the brokers don't say. Names the
/// topic that takes the least.
pub async fn takes(settings: &KafkaSettings, plan: &TopicPlan) -> Option<(String, usize)> {
    let admin = Admin::new(settings, &Arc::new(KafkaHealth::default())).ok()?;
    let written: Vec<&str> =
        plan.own.iter().filter(|topic| !matches!(topic.kind, TopicKind::Exchange | TopicKind::Clock)).map(|topic| &*topic.name).collect();
    let asked: Vec<_> = written.iter().map(|topic| ResourceSpecifier::Topic(topic)).collect();
    let described = admin.client.describe_configs(&asked, &admin.options).await.ok()?;
    let limit = |answer: &ConfigResource| answer.get("max.message.bytes")?.value.as_ref()?.parse::<usize>().ok();
    let limits = written.iter().zip(described).filter_map(|(topic, answer)| Some(((*topic).to_owned(), limit(&answer.ok()?)?)));
    // The limit is of a batch; a batch that holds one record has a few bytes of its own.
    limits.min_by_key(|(_, limit)| *limit).map(|(topic, limit)| (topic, limit.saturating_sub(BATCH_BYTES)))
}

/// What a batch of one record holds beside the record: its header, and the record's own lengths.
const BATCH_BYTES: usize = 512;

struct Admin {
    client: Arc<AdminClient<PlainContext>>,
    options: AdminOptions,
    health: Arc<KafkaHealth>,
}

/// Why the brokers were asked in vain.
enum Failure {
    Log(LogError),
    /// What was asked, and an error that may pass.
    Kafka(&'static str, KafkaError),
}

fn failure(what: &'static str) -> impl Fn(KafkaError) -> Failure {
    move |error| match error.rdkafka_error_code() {
        Some(code) if is_refused(code) => Failure::Log(Fault::not_allowed(&format!("{what}: {error}")).into()),
        _ => Failure::Kafka(what, error),
    }
}

impl Admin {
    fn new(settings: &KafkaSettings, health: &Arc<KafkaHealth>) -> Result<Self, LogError> {
        let context = PlainContext::new(health);
        let client = settings.base("admin").create_with_context(context).map_err(|error| misconfigured(&error))?;
        let options = AdminOptions::new().request_timeout(Some(ASK_TIMEOUT)).operation_timeout(Some(ASK_TIMEOUT));
        Ok(Self { client: Arc::new(client), options, health: Arc::clone(health) })
    }

    /// The source topics that do not exist, once Waybill's own are as they should be.
    async fn prepare_once(&self, plan: &TopicPlan) -> Result<Vec<String>, Failure> {
        let problems = self.problems(plan).await?;
        self.health.brokers_answer();
        let differing: Vec<_> = problems
            .iter()
            .filter(|problem| !matches!(problem, TopicProblem::Missing { .. } | TopicProblem::Absent { .. }))
            .map(TopicProblem::to_string)
            .collect();
        if !differing.is_empty() {
            return Err(Failure::Log(LogError::Stop(differing.join("; "))));
        }
        let is_missing = |topic: &OwnTopic| {
            problems.iter().any(|problem| matches!(problem, TopicProblem::Missing { topic: name, .. } if *name == topic.name))
        };
        let missing: Vec<_> = plan.own.iter().filter(|topic| is_missing(topic)).collect();
        if !missing.is_empty() {
            self.create(&missing, plan.replication.unwrap_or(-1)).await?;
        }
        let sources = problems.into_iter().filter_map(|problem| match problem {
            TopicProblem::Missing { topic, own: false } | TopicProblem::Absent { topic } => Some(topic),
            _ => None,
        });
        Ok(sources.collect())
    }

    async fn create(&self, topics: &[&OwnTopic], replication: i32) -> Result<(), Failure> {
        let settings: Vec<_> = topics.iter().map(|topic| (topic, topic.kind.advised())).collect();
        let new: Vec<_> = settings.iter().map(|(topic, advised)| new_topic(topic, advised, replication)).collect();
        let created = self.client.create_topics(&new, &self.options).await.map_err(failure("creating topics"))?;
        for result in created {
            match result {
                Ok(topic) => say::topic_created(&topic),
                Err((_, Code::TopicAlreadyExists)) => {}
                Err((topic, code)) if is_refused(code) => {
                    return Err(Failure::Log(Fault::not_allowed(&format!("creating topic \"{topic}\": {code}")).into()));
                }
                Err((
                    topic,
                    code @ (Code::InvalidReplicationFactor | Code::InvalidConfig | Code::InvalidTopic | Code::PolicyViolation),
                )) => {
                    return Err(Failure::Log(LogError::Stop(format!(
                        "topic \"{topic}\" can't be created: {code}. Correct its settings in the configuration"
                    ))));
                }
                Err((_, code)) => return Err(Failure::Kafka("creating topics", KafkaError::AdminOp(code))),
            }
        }
        Ok(())
    }

    async fn problems(&self, plan: &TopicPlan) -> Result<Vec<TopicProblem>, Failure> {
        let client = Arc::clone(&self.client);
        // A question without a name creates no topic.
        let asked = tokio::task::spawn_blocking(move || client.inner().fetch_metadata(None, ASK_TIMEOUT)).await;
        let gone = |error| Failure::Log(LogError::Stop(format!("a thread that asks Kafka has ended: {error}")));
        let metadata = asked.map_err(gone)?.map_err(failure("topics"))?;
        let count = |name: &str| metadata.topics().iter().find(|topic| topic.name() == name).map(|topic| topic.partitions().len() as i32);
        let mut problems = Vec::new();
        let mut present = Vec::new();
        for topic in &plan.own {
            match count(&topic.name) {
                None => problems.push(TopicProblem::Missing { topic: topic.name.clone(), own: true }),
                Some(found) => {
                    if found != topic.partitions {
                        problems.push(TopicProblem::Partitions { topic: topic.name.clone(), wanted: topic.partitions, found });
                    }
                    present.push(topic);
                }
            }
        }
        problems.extend(self.differing_settings(&present).await?);
        let missing = plan.sources.iter().filter(|source| count(source).is_none());
        problems.extend(missing.map(|source| match plan.required.contains(source) {
            true => TopicProblem::Missing { topic: source.to_string(), own: false },
            false => TopicProblem::Absent { topic: source.to_string() },
        }));
        Ok(problems)
    }

    async fn differing_settings(&self, topics: &[&OwnTopic]) -> Result<Vec<TopicProblem>, Failure> {
        if topics.is_empty() {
            return Ok(Vec::new());
        }
        let asked: Vec<_> = topics.iter().map(|topic| ResourceSpecifier::Topic(&topic.name)).collect();
        let described = self.client.describe_configs(&asked, &self.options).await.map_err(failure("topic settings"))?;
        let mut problems = Vec::new();
        for (topic, answer) in topics.iter().zip(described) {
            let settings = answer.map_err(|code| failure("topic settings")(KafkaError::AdminOp(code)))?;
            problems.extend(differing(topic, &settings));
        }
        Ok(problems)
    }
}

fn new_topic<'a>(topic: &'a OwnTopic, advised: &'a [(&'static str, String)], replication: i32) -> NewTopic<'a> {
    let required = topic.kind.required().iter().copied();
    let all = required.chain(advised.iter().map(|(name, value)| (*name, value.as_str())));
    all.fold(NewTopic::new(&topic.name, topic.partitions, TopicReplication::Fixed(replication)), |new, (name, value)| new.set(name, value))
}

fn differing(topic: &OwnTopic, settings: &ConfigResource) -> Vec<TopicProblem> {
    let found = |name: &str| settings.get(name).and_then(|entry| entry.value.clone()).unwrap_or_default();
    let required = topic.kind.required().iter().map(|(name, wanted)| (*name, *wanted, found(name)));
    let differing = required.filter(|(_, wanted, found)| found != wanted);
    differing.map(|(name, wanted, found)| TopicProblem::Setting { topic: topic.name.clone(), name, wanted, found }).collect()
}
