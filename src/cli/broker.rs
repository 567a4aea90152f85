//! From the configuration to what the log on Kafka wants to know: how to reach it, and which topics there are to be.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::config::Config;
use crate::engine::TopicNames;
use crate::envelope::Record;
use crate::envelope::avro::Schemas;
use crate::error::Error;
use crate::facts::{Cause, SourceId, TopicId};
use crate::kafka::admin::{OwnTopic, TopicKind, TopicPlan, TopicProblem, describe};
use crate::kafka::{KafkaSettings, KafkaTimeouts, RecordEncoder, RecordGate, sample};
use crate::registry::{AvroOutput, CarriedRecords, Failure, RegistryClient, SchemaFetcher};
use crate::sources::FactsOut;
use crate::sources::doubts::{Amounts, Doubt};

/// The topics of all sources, in the order of `Record::topic_index`.
fn source_topics(config: &Config) -> Vec<Arc<str>> {
    config.source_topics().map(|(topic, _)| topic.into()).collect()
}

/// What the log on Kafka is set up with.
pub fn settings(config: &Config) -> KafkaSettings {
    let names = TopicNames::new(&config.application.topic_prefix);
    let client: BTreeMap<String, String> =
        config.kafka.properties.iter().map(|(name, value)| (name.clone(), value.expose().to_owned())).collect();
    KafkaSettings {
        bootstrap: config.kafka.bootstrap.clone(),
        application_id: config.application.id.clone(),
        slot: config.application.slot.clone(),
        client,
        source_topics: source_topics(config).into(),
        exchange_topic: names.exchange,
        changelog_topic: names.changelog,
        own_topics: plan(config).own.into_iter().map(|topic| topic.name.into()).collect(),
        clock_topic: names.clock,
        gate: None,
        encoder: None,
        timeouts: KafkaTimeouts::default(),
    }
}

/// What holds back records in Avro until their schemas are fetched; `None`: no source writes Avro.
pub fn gate(config: &Config) -> Result<Option<Arc<dyn RecordGate>>, Error> {
    let schemas_of = |source: usize| config.sources.get(source).and_then(|source| source.schemas.clone());
    let topics = config.source_topics().enumerate();
    let topics = topics.filter_map(|(place, (_, source))| Some((u16::try_from(place).ok()?, schemas_of(source)?)));
    let topics: BTreeMap<u16, Arc<Schemas>> = topics.collect();
    let Some(registry) = config.schema_registry.as_ref().filter(|_| !topics.is_empty()) else { return Ok(None) };
    let client = RegistryClient::new(registry).map_err(Error::Usage)?;
    let acts = TopicNames::new(&config.application.topic_prefix).acts;
    let carried = CarriedRecords {
        acts: config.source_topics().position(|(topic, _)| *topic == *acts).and_then(|place| u16::try_from(place).ok()),
        topics: config.source_topics().filter_map(|(topic, source)| Some((topic.into(), schemas_of(source)?))).collect(),
    };
    let fetcher = SchemaFetcher::start(client, topics, carried).map_err(Error::system("starting the thread that fetches schemas"))?;
    Ok(Some(Arc::new(fetcher)))
}

/// What writes events in Avro; `None`: all are JSON.
pub fn encoder(config: &Config) -> Result<Option<Arc<dyn RecordEncoder>>, Error> {
    Ok(output(config)?.map(|output| Arc::new(output) as Arc<dyn RecordEncoder>))
}

fn output(config: &Config) -> Result<Option<AvroOutput>, Error> {
    let Some(registry) = config.schema_registry.as_ref().filter(|_| !config.output.avro.is_empty()) else { return Ok(None) };
    let client = RegistryClient::new(registry).map_err(Error::Usage)?;
    let topics = config.output.avro.iter().map(|topic| (*topic, config.own_topic(topic.name()).into()));
    AvroOutput::new(client, topics).map(Some).map_err(Error::Usage)
}

/// Every topic of the application, as it must be.
pub fn plan(config: &Config) -> TopicPlan {
    let names = TopicNames::new(&config.application.topic_prefix);
    let (partitions, shards) = (config.kafka.partitions, i32::from(config.application.shards));
    let own = |name: &Arc<str>, partitions: i32, kind: TopicKind| OwnTopic { name: name.to_string(), partitions, kind };
    let kind = |statement: bool| if statement { TopicKind::Statements } else { TopicKind::Requests };
    let mut all: Vec<OwnTopic> = names.derived().map(|(topic, name)| own(name, partitions, kind(topic.is_statement()))).collect();
    all.push(own(&names.dead_letters, partitions, TopicKind::DeadLetters));
    all.push(own(&names.exchange, shards, TopicKind::Exchange));
    all.push(own(&names.changelog, shards, TopicKind::Changelog));
    all.push(own(&names.clock, 1, TopicKind::Clock));
    // What people say is read in the order in which they said it.
    for name in [&names.decisions, &names.acts, &names.audit] {
        all.push(own(name, 1, TopicKind::Requests));
    }
    let sources = source_topics(config).into_iter().filter(|topic| *topic != names.decisions && *topic != names.acts).collect();
    let required = config.sources.iter().filter(|source| source.required).flat_map(|source| &source.topics);
    let required = required.map(|topic| topic.as_str().into()).collect();
    TopicPlan { own: all, sources, required, replication: config.kafka.replication }
}

/// How many of a topic's newest records are looked at, and how long one topic may take.
const LOOKED_AT: usize = 200;
const LOOK_TIME: Duration = Duration::from_secs(5);

/// What became of a topic's newest records.
#[derive(Default)]
struct Looked {
    made_rows: usize,
    say_nothing: usize,
    unread: usize,
}

impl Looked {
    /// `  carrier: of 200 of the newest records of carrier.scans 190 (95 %) make rows, 8 say nothing here, 2 cannot be read`
    fn says(&self, source: &str, topic: &str) -> String {
        let all = self.made_rows + self.say_nothing + self.unread;
        let share = self.made_rows * 100 / all.max(1);
        let (made, nothing, unread) = (self.made_rows, self.say_nothing, self.unread);
        format!(
            "  {source}: of {all} of the newest records of {topic} {made} ({share} %) make rows, {nothing} say nothing here, {unread} cannot be read"
        )
    }
}

/// Reads the newest records of a source as `waybill run` would, and prints what became of them, by topic. Gives what is surely wrong with them.
fn look_at_records(config: &Config, source: &crate::config::Source, missing: &[&str]) -> Option<String> {
    let (settings, name) = (settings(config), &source.common.name);
    let mut amounts = Amounts::default();
    for topic in source.topics.iter().filter(|topic| !missing.contains(&topic.as_str())) {
        let topic: Arc<str> = topic.as_str().into();
        let batch = match sample::newest(&settings, &topic, LOOKED_AT, LOOK_TIME) {
            Ok(batch) => batch,
            Err(error) => {
                println!("  note: {name}: the records of {topic} could not be looked at: {error}");
                continue;
            }
        };
        let (mut looked, mut first) = (Looked::default(), None);
        for record in batch.iter() {
            if let Err(why) = fetch(config, source.schemas.as_ref(), &record) {
                return Some(format!("{name}: its records are in Avro, and {why}"));
            }
            let cause = Cause { topic: TopicId::of(&topic), partition: record.partition, offset: record.offset };
            let mut facts = Vec::new();
            let mut out = FactsOut::new(source.common.id, cause, source.adapter.revision(), &mut facts);
            match source.adapter.translate(&record, &mut out) {
                Ok(_) if facts.is_empty() => looked.say_nothing += 1,
                Ok(_) => looked.made_rows += 1,
                Err(error) => {
                    looked.unread += 1;
                    first.get_or_insert_with(|| format!("{topic}[{}]@{}: {}", record.partition, record.offset, error.summary()));
                }
            }
            amounts.take(&facts);
        }
        if !batch.is_empty() {
            println!("{}", looked.says(name, &topic));
        }
        if let Some(first) = first {
            println!("  note: {name}: the first that cannot be read: {first}");
        }
    }
    match amounts.doubt()? {
        Doubt::Look(sentence) => {
            println!("  doubt: {name}: {sentence}");
            None
        }
        Doubt::Wrong(sentence) => Some(format!("{name}: {sentence}")),
    }
}

/// Fetches the schemas that a record needs; the sentence says why they can't be had.
pub fn fetch(config: &Config, schemas: Option<&Arc<Schemas>>, record: &Record<'_>) -> Result<(), String> {
    let (Some(schemas), Some(registry)) = (schemas, &config.schema_registry) else { return Ok(()) };
    let wanted = schemas.wanted(record);
    if wanted.is_empty() {
        return Ok(());
    }
    let client = RegistryClient::new(registry)?;
    for id in wanted {
        match client.schema(id) {
            Ok(fetched) => schemas.learn(id, &fetched.schema, &fetched.references),
            Err(Failure::Refused(expected)) => schemas.refuse(id, &expected),
            Err(Failure::Away(why)) => return Err(why),
        }
    }
    Ok(())
}

/// Connects, and prints what is missing or differs. Topics of Waybill's own that are missing are no fault: the start creates them. Nor are those of
/// sources that are not required: they are read once they appear.
pub fn look(config: &Config) -> Result<(), Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Error::system("starting the runtime"))?;
    let looked = runtime.block_on(describe(&settings(config), &plan(config)));
    let problems = looked.map_err(|error| Error::Unavailable(error.to_string()))?;
    let (to_come, wrong): (Vec<_>, Vec<_>) =
        problems.iter().partition(|problem| matches!(problem, TopicProblem::Missing { own: true, .. } | TopicProblem::Absent { .. }));
    to_come.iter().for_each(|problem| println!("  note: {problem}"));
    let mut wrong: Vec<String> = wrong.iter().map(|problem| problem.to_string()).collect();
    let missing: Vec<&str> = problems.iter().filter_map(TopicProblem::missing).collect();
    for source in config.sources.iter().filter(|source| source.common.id != SourceId::WAYBILL) {
        wrong.extend(look_at_records(config, source, &missing));
    }
    match output(config)?.map(|output| output.incompatible()) {
        None => {}
        Some(Ok(incompatible)) => wrong.extend(incompatible),
        Some(Err(why)) => wrong.push(format!("output in Avro: {why}")),
    }
    if wrong.is_empty() {
        println!("{}: reached, nothing wrong with its topics", config.kafka.bootstrap);
        return Ok(());
    }
    Err(Error::Found(wrong.iter().map(|problem| format!("{}: {problem}", config.kafka.bootstrap)).collect::<Vec<_>>().join("\n")))
}

#[cfg(test)]
mod tests {
    use super::Looked;

    #[test]
    fn the_share_that_makes_rows_is_said_by_topic() {
        let looked = Looked { made_rows: 190, say_nothing: 8, unread: 2 };
        assert_eq!(
            looked.says("carrier", "carrier.scans"),
            "  carrier: of 200 of the newest records of carrier.scans 190 (95 %) make rows, 8 say nothing here, 2 cannot be read"
        );
    }
}
