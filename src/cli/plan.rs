//! `waybill plan --config NEW`: what a changed configuration, or this version, would say, ask, correct and open, before it runs. It reads the state
//! that the running Waybill has written, computes everything by the new rules, and writes nothing.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Serialize;

use super::broker;
use crate::config::Config;
use crate::engine::{Engine, OutRecord, Restored, Snapshot, TopicNames};
use crate::error::Error;
use crate::events::Topic;
use crate::events::desk::HeldGroup;
use crate::kafka::changelog;

/// So many keys are named of each topic.
const NAMED: usize = 20;

/// `waybill plan`
#[derive(Debug, clap::Args)]
pub struct PlanArgs {
    /// The configuration as it shall be
    #[arg(long, env = "WAYBILL_CONFIG", default_value = "waybill.toml")]
    pub config: PathBuf,
    /// The answer as JSON
    #[arg(long)]
    json: bool,
}

/// What would follow.
#[derive(Debug, Default, Serialize)]
struct Plan {
    /// The rules that change, a line each.
    rules: Vec<String>,
    /// The program is another one than that which wrote the state, or the rules are.
    changed: bool,
    /// Statements that would be said anew, by topic.
    said: BTreeMap<&'static str, Named>,
    /// Requests that would be held until a person accepts them.
    asked: Vec<HeldGroup>,
    /// Exceptions that would open or say something else, by kind.
    opened: BTreeMap<String, Named>,
    /// Exceptions that would close, by kind.
    closed: BTreeMap<String, Named>,
}

/// How many, and the first of them.
#[derive(Debug, Default, Serialize)]
struct Named {
    number: usize,
    first: Vec<String>,
}

impl Named {
    fn add(&mut self, name: &str) {
        self.number += 1;
        if self.first.len() < NAMED {
            self.first.push(name.to_owned());
        }
    }
}

/// Prints what would follow from the configuration.
pub fn run(args: &PlanArgs) -> Result<(), Error> {
    let config = Config::load(&args.config)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Error::system("starting the runtime"))?;
    let plan = runtime.block_on(plan(&config))?;
    if args.json {
        println!("{:#}", serde_json::to_value(&plan).unwrap_or_default());
    } else {
        print!("{}", text(&plan));
    }
    Ok(())
}

async fn plan(config: &Config) -> Result<Plan, Error> {
    let settings = broker::settings(config);
    let topics = settings.source_topics.clone();
    let exchange = settings.exchange_topic.clone();
    let partitions = changelog::read(settings, i32::from(config.application.shards)).await?;
    let log = Snapshot::new(topics, exchange, partitions);
    let (mut engine, restored) = Engine::start(config.engine(), log, config.limits(), ()).await?;
    if restored.fresh {
        return Err(Error::Found(format!("{} has no state yet: there is nothing that a change could touch", config.application.id)));
    }
    while engine.core().restating() {
        engine.turn().await?;
    }
    let (held, _) = engine.core().published().held();
    Ok(planned(&restored, held, &engine.log_mut().written, &TopicNames::new(&config.application.topic_prefix)))
}

fn planned(restored: &Restored, held: Vec<HeldGroup>, written: &[OutRecord], names: &TopicNames) -> Plan {
    let mut plan = Plan { rules: restored.rules_changed.clone(), changed: restored.fingerprint_changed, asked: held, ..Plan::default() };
    for record in written {
        let key = String::from_utf8_lossy(record.key.as_deref().unwrap_or_default());
        let Some((topic, _)) = names.derived().find(|(_, name)| **name == record.topic) else { continue };
        if topic == Topic::Exceptions {
            let kind = key.split('|').next().unwrap_or_default().to_owned();
            let list = if record.value.is_some() { &mut plan.opened } else { &mut plan.closed };
            list.entry(kind).or_default().add(key.split_once('|').map_or(&key, |(_, about)| about));
        } else {
            plan.said.entry(topic.name()).or_default().add(&key);
        }
    }
    plan
}

fn text(plan: &Plan) -> String {
    if !plan.changed {
        return "nothing would change: rules and program are those that the state was written by\n".to_owned();
    }
    let mut text = String::new();
    match plan.rules.len() {
        0 => text.push_str("the rules are the same; the program is another\n"),
        _ => plan.rules.iter().for_each(|line| text.push_str(&format!("rule    {line}\n"))),
    }
    let mut list = |heading: &str, name: &str, of: &Named| {
        let more = if of.number > of.first.len() { " ..." } else { "" };
        text.push_str(&format!("{heading} {name}: {}\n          {}{more}\n", of.number, of.first.join(", ")));
    };
    plan.said.iter().for_each(|(topic, of)| list("say    ", topic, of));
    for group in &plan.asked {
        let of = Named { number: group.requests as usize, first: group.orders.iter().map(ToString::to_string).collect() };
        list("ask    ", &format!("({}) {}", group.why.name(), group.sentence()), &of);
    }
    plan.opened.iter().for_each(|(kind, of)| list("open   ", kind, of));
    plan.closed.iter().for_each(|(kind, of)| list("close  ", kind, of));
    if plan.said.is_empty() && plan.asked.is_empty() && plan.opened.is_empty() && plan.closed.is_empty() {
        text.push_str("nothing would be said, asked or opened\n");
    }
    text.push_str("What would be asked is held until `waybill rules accept` or `discard`; nothing of it is sent by the start itself.\n");
    text
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::entities::held::HeldWhy;
    use crate::facts::{Amount, Moment};

    #[test]
    fn what_would_follow_is_told_by_topic_with_the_first_of_each() {
        let names = TopicNames::new("t.");
        let record = |topic: Topic, key: String, value: Option<Vec<u8>>| OutRecord {
            topic: Arc::clone(names.of(topic)),
            partition: None,
            key: Some(key.into_bytes()),
            value,
            headers: Vec::new(),
        };
        let mut written: Vec<OutRecord> = (0..25).map(|n| record(Topic::OrderStatus, format!("shop|{n}"), Some(Vec::new()))).collect();
        written.push(record(Topic::Exceptions, "over-refunded|shop%7C1|".into(), Some(Vec::new())));
        written.push(record(Topic::Exceptions, "unpaid|shop%7C2|".into(), None));
        let mut group = HeldGroup::new(HeldWhy::Rules, Topic::RefundRequests);
        (group.requests, group.since) = (3, Moment(0));
        group.sums.insert("EUR".into(), Amount::parse("17.85").expect("an amount"));
        let restored = Restored { fingerprint_changed: true, rules_changed: vec!["a: 1 -> 2".into()], ..Restored::default() };
        let text = text(&planned(&restored, vec![group], &written, &names));
        for part in [
            "rule    a: 1 -> 2",
            "order-status: 25",
            "shop|19 ...",
            "3 refund-requests (17.85 EUR): 3",
            "open    over-refunded: 1",
            "close   unpaid: 1",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert!(super::text(&Plan::default()).starts_with("nothing would change"));
    }
}
