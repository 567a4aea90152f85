//! What waits for a person before it is sent, and a person's word about it: `held`, `rules`, `in-flight`, `refunds`, `go-live`.

use clap::ValueEnum;
use serde_json::Value;

use super::ask::{DeciderArgs, ServerArgs, get_path};
use super::listing::{ListFormat, print_text, shown};
use crate::error::Error;
use crate::events::Topic;
use crate::sources::decisions::{DecisionRecord, desk};

/// `waybill held`
#[derive(Debug, clap::Args)]
pub struct HeldArgs {
    /// For people, or each group of requests as a list or one object a line; `--json` is the answer as it came
    #[arg(long, short, value_enum, default_value_t)]
    output: ListFormat,
    #[command(flatten)]
    server: ServerArgs,
}

/// `waybill rules accept | discard`
#[derive(Debug, clap::Args)]
pub struct RulesArgs {
    /// accept: what a change of rules or program alone would request is sent. discard: it counts as requested, and is never sent
    #[arg(value_enum)]
    word: RulesWord,
    #[command(flatten)]
    word_about: WordArgs,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum RulesWord {
    Accept,
    Discard,
}

/// `waybill in-flight adopt | settle`
#[derive(Debug, clap::Args)]
pub struct InFlightArgs {
    /// adopt: what was due before going live is requested. settle: it was paid otherwise, and is never requested
    #[arg(value_enum)]
    word: InFlightWord,
    #[command(flatten)]
    word_about: WordArgs,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum InFlightWord {
    Adopt,
    Settle,
}

/// `waybill refunds release`
#[derive(Debug, clap::Args)]
pub struct RefundsArgs {
    /// release: refunds that wait since a limit was passed are sent, and the count begins anew
    #[arg(value_enum)]
    word: RefundsWord,
    #[command(flatten)]
    word_about: WordArgs,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum RefundsWord {
    Release,
}

/// `waybill go-live [--topic TOPIC]`
#[derive(Debug, clap::Args)]
pub struct GoLiveArgs {
    #[command(flatten)]
    word_about: WordArgs,
}

/// Who says it, and about which topic.
#[derive(Debug, clap::Args)]
struct WordArgs {
    /// Only this request topic, as in `refund-requests`
    #[arg(long, default_value = "", value_parser = request_topic)]
    topic: String,
    #[command(flatten)]
    decider: DeciderArgs,
}

fn request_topic(name: &str) -> Result<String, String> {
    let mut topics = Topic::ALL.into_iter().filter(|topic| !topic.is_statement());
    match topics.clone().any(|topic| topic.name() == name) || name.is_empty() {
        true => Ok(name.to_owned()),
        false => Err(format!("a request topic: {}", topics.by_ref().map(Topic::name).collect::<Vec<_>>().join(", "))),
    }
}

impl WordArgs {
    fn say(&self, kind: &str, choice: &str) -> Result<(), Error> {
        self.decider.send(DecisionRecord {
            kind: kind.to_owned(),
            number: self.topic.clone(),
            choice: choice.to_owned(),
            ..DecisionRecord::default()
        })
    }
}

/// Says what becomes of what a change of rules alone would request.
pub fn rules(args: &RulesArgs) -> Result<(), Error> {
    let choice = match args.word {
        RulesWord::Accept => desk::ACCEPT,
        RulesWord::Discard => desk::DISCARD,
    };
    args.word_about.say(desk::SUSPENDED, choice)
}

/// Says what becomes of what was due before going live.
pub fn in_flight(args: &InFlightArgs) -> Result<(), Error> {
    let choice = match args.word {
        InFlightWord::Adopt => desk::ADOPT,
        InFlightWord::Settle => desk::SETTLE,
    };
    args.word_about.say(desk::IN_FLIGHT, choice)
}

/// Lets refunds go that wait for a limit.
pub fn refunds(args: &RefundsArgs) -> Result<(), Error> {
    match args.word {
        RefundsWord::Release => args.word_about.say(desk::LIMIT, desk::RELEASE),
    }
}

/// Makes request topics live.
pub fn go_live(args: &GoLiveArgs) -> Result<(), Error> {
    args.word_about.say(desk::GO_LIVE, desk::NOW)
}

/// Prints what waits for a person.
pub fn held(args: &HeldArgs) -> Result<(), Error> {
    let answer = get_path(&args.server, "held")?;
    if args.server.json {
        println!("{answer:#}");
    } else if args.output == ListFormat::Table {
        print_text(&listed(&answer));
    } else {
        let groups = answer["held"].as_array().cloned().unwrap_or_default();
        print!("{}", shown(args.output, &[], &groups));
    }
    Ok(())
}

/// What is held, for people.
fn listed(answer: &Value) -> String {
    let mut text = String::new();
    let texts = |value: &Value| value.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect::<Vec<_>>();
    for group in answer["held"].as_array().into_iter().flatten() {
        let (heading, word) = match group["why"].as_str().unwrap_or_default() {
            "rules" => ("a change of rules or program alone would request", "waybill rules accept | discard"),
            "before-live" => ("due before going live", "waybill in-flight adopt | settle"),
            _ => ("beyond a limit on refunds", "waybill refunds release"),
        };
        let topic = group["topic"].as_str().unwrap_or_default();
        let sums: Vec<String> = group["sums"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(code, sum)| format!("{} {code}", sum.as_str().unwrap_or_default()))
            .collect();
        let (requests, corrections) = (group["requests"].as_u64().unwrap_or_default(), group["corrections"].as_u64().unwrap_or_default());
        text.push_str(&format!("{topic}: {requests} {heading}"));
        if corrections > 0 {
            text.push_str(&format!(", {corrections} of them corrections"));
        }
        if !sums.is_empty() {
            text.push_str(&format!(": {}", sums.join(", ")));
        }
        let orders = texts(&group["orders"]);
        let first = if requests as usize > orders.len() { "the first orders" } else { "orders" };
        text.push_str(&format!("; since {}\n  {first}: {}\n  {word}\n", group["since"].as_str().unwrap_or_default(), orders.join(", ")));
    }
    if text.is_empty() {
        text.push_str("nothing is held\n");
    }
    let not_live = texts(&answer["not_live"]);
    if !not_live.is_empty() {
        text.push_str(&format!("not live: {} (waybill go-live)\n", not_live.join(", ")));
    }
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_held_is_listed_with_the_word_that_settles_it() {
        let group = json!({
            "why": "rules", "topic": "refund-requests", "requests": 3, "corrections": 0, "sums": { "EUR": "17.85" },
            "orders": ["shop|1", "shop|2", "shop|3"], "since": "2026-03-02T10:00:00Z",
        });
        let text = listed(&json!({ "held": [group], "live": [], "not_live": ["notifications"] }));
        assert!(text.contains("refund-requests: 3 a change of rules or program alone would request: 17.85 EUR"), "{text}");
        assert!(text.contains("shop|1, shop|2, shop|3") && text.contains("waybill rules accept | discard"));
        assert!(text.ends_with("not live: notifications (waybill go-live)\n"));
        assert_eq!(listed(&json!({ "held": [], "not_live": [] })), "nothing is held\n");
        assert!(request_topic("refunds").expect_err("unknown").contains("refund-requests"));
    }
}
