//! The same story played otherwise must end the same, wherever the specification promises it.
//!
//! | played | must be the same |
//! | --- | --- |
//! | each row twice; a crash in the middle | everything: requests with their ids, statements, ledgers, answers |
//! | all rows in one epoch; rows in any order (five seeds), read at the story's end | answers, last statements (apart from id, causes and moments), what ledgers come to |
//!
//! Differences that are right, in the second case:
//!
//! - exceptions that speak of a ledger, or of when rows came, and mails (which of several superseded ones went out);
//! - a document that was never asked for because nothing of it is wanted any more, or all of it has left;
//! - *stopped* and the refunds and books that follow, when other go-aheads were made;
//! - a refund that was asked for on half the rows, when an open exception names it (`refund-overasked`), and the books that follow;
//! - a refund that somebody else had made before ours was due: the larger of requested and refunded counts.

use std::collections::{BTreeMap, BTreeSet};

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};

use super::run::{Epoch, Outcome, Plan, StoryRecord, play};
use waybill::config::Config;
use waybill::entities::rules::Durations;
use waybill::events::Topic;
use waybill::facts::{Amount, Moment, Quantity};

const SEEDS: u64 = 5;

/// What no run may break: no id twice, and the steps of each ledger count from 1 without a gap.
pub fn sound(outcome: &Outcome) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut ids = BTreeSet::new();
    let mut steps: BTreeMap<(Topic, &str), u64> = BTreeMap::new();
    for heard in &outcome.heard {
        if !ids.insert(&heard.id) {
            wrong.push(format!("the id {} was given twice", heard.id));
        }
        if let (false, Some(body)) = (heard.topic.is_statement(), &heard.body) {
            let step = steps.entry((heard.topic, body["ledger_key"].as_str().unwrap_or_default())).or_default();
            *step += 1;
            if body["step"].as_u64() != Some(*step) {
                wrong.push(format!("{} {}: step {} where {step} was due", heard.topic.name(), heard.key, body["step"]));
            }
        }
    }
    wrong
}

/// Plays the story in the other ways, and returns what differs.
pub fn differences(config: &Config, records: &[StoryRecord], plain: &Outcome, order_matters: bool) -> Result<Vec<String>, String> {
    let mut wrong = Vec::new();
    let mut crashed = Plan::plain(records);
    crashed.crash = Some(crashed.epochs.len() / 2);
    for (how, plan) in [("each row twice", twice(records)), ("a crash in the middle", crashed)] {
        let other = play(config, records, &plan)?;
        wrong.extend(exactly(plain, &other).map(|difference| format!("{how}: {difference}")));
    }
    if order_matters {
        return Ok(wrong);
    }
    let end = records.last().map_or(Moment::default(), |record| record.at);
    let mut others = vec![("all rows in one epoch".to_owned(), vec![Epoch { clock: end, records: records.to_vec() }])];
    for seed in 1..=SEEDS {
        others.push((format!("rows in another order (seed {seed})"), shuffled(records, end, seed)));
    }
    // What is asked about an order that Waybill has not had for long is asked a little later: all are looked at then.
    let later = || Epoch { clock: end + Durations::default().order_incomplete, records: Vec::new() };
    let mut as_told = Plan::plain(records);
    as_told.epochs.push(later());
    let as_told = play(config, records, &as_told)?;
    for (how, mut epochs) in others {
        epochs.push(later());
        let other = play(config, records, &Plan { epochs, crash: None })?;
        let found = sound(&other).into_iter().next().or_else(|| in_the_end(&as_told, &other));
        wrong.extend(found.map(|difference| format!("{how}: {difference}")));
    }
    Ok(wrong)
}

/// Each record twice, and once more with the next.
fn twice(records: &[StoryRecord]) -> Plan {
    let mut plan = Plan::plain(records);
    let mut before: Vec<StoryRecord> = Vec::new();
    for epoch in &mut plan.epochs {
        let own = epoch.records.clone();
        epoch.records = before.into_iter().chain(own.iter().flat_map(|record| [record.clone(), record.clone()])).collect();
        before = own;
    }
    plan
}

/// All facts one by one in another order, one to three an epoch.
fn shuffled(records: &[StoryRecord], end: Moment, seed: u64) -> Vec<Epoch> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let single = |record: &StoryRecord| {
        let record = record.clone();
        record.facts.clone().into_iter().map(move |fact| StoryRecord { facts: vec![fact], ..record.clone() }).collect::<Vec<_>>()
    };
    let mut facts: Vec<StoryRecord> = records.iter().flat_map(single).collect();
    facts.shuffle(&mut random);
    let mut sizes = [1, 2, 3];
    let mut epochs = Vec::new();
    while !facts.is_empty() {
        sizes.shuffle(&mut random);
        let rest = facts.split_off(sizes[0].min(facts.len()));
        epochs.push(Epoch { clock: end, records: std::mem::replace(&mut facts, rest) });
    }
    epochs
}

/// The first difference between runs that must be the same in everything.
fn exactly(plain: &Outcome, other: &Outcome) -> Option<String> {
    let requests = |outcome: &Outcome| -> BTreeMap<String, Value> {
        let made = outcome.heard.iter().filter(|heard| !heard.topic.is_statement());
        made.map(|heard| (heard.id.clone(), heard.body.clone().unwrap_or_default())).collect()
    };
    first_difference("requests", &json!(requests(plain)), &json!(requests(other)))
        .or_else(|| first_difference("statements", &statements(plain, false), &statements(other, false)))
        .or_else(|| first_difference("ledgers", &json!(plain.ledgers), &json!(other.ledgers)))
        .or_else(|| first_difference("orders", &json!(plain.orders), &json!(other.orders)))
        .or_else(|| first_difference("stock", &json!(plain.skus), &json!(other.skus)))
}

/// The first difference that is not right between runs that may differ on the way.
fn in_the_end(plain: &Outcome, other: &Outcome) -> Option<String> {
    let same_go_aheads = go_aheads(plain) == go_aheads(other);
    let answers = |outcome: &Outcome| -> Value {
        let answers = outcome.orders.iter().map(|(number, answer)| (number.clone(), eventual(answer, same_go_aheads)));
        json!(answers.collect::<BTreeMap<_, _>>())
    };
    first_difference("orders", &answers(plain), &answers(other))
        .or_else(|| first_difference("stock", &json!(plain.skus), &json!(other.skus)))
        .or_else(|| {
            let (mut a, mut b) = (statements(plain, true), statements(other, true));
            if !same_go_aheads {
                [&mut a, &mut b].into_iter().for_each(without_money);
            }
            first_difference("statements", &a, &b)
        })
        .or_else(|| ledgers(plain, other, same_go_aheads))
}

/// Exceptions that ask a ledger, and so depend on what was requested on the way; and two that ask for how long Waybill has had a row.
const OF_LEDGERS: [&str; 13] = [
    "erp-record-missing",
    "erp-differs",
    "release-unanswered",
    "held-after-release",
    "cancelled-but-despatched",
    "despatch-corrected",
    "completion-withdrawn",
    "refund-overasked",
    "refund-unpaid",
    "shop-stock-differs",
    "short-closed",
    "orphan-rows",
    "snapshot-missing",
];

/// Newest statements by topic and key, without id, causes and moments of saying.
fn statements(outcome: &Outcome, eventually: bool) -> Value {
    let mut all = serde_json::Map::new();
    for topic in Topic::ALL.into_iter().filter(|topic| topic.is_statement()) {
        let mut standing = serde_json::Map::new();
        for (key, body) in outcome.statements(topic) {
            let kind = body["kind"].as_str().unwrap_or_default();
            if eventually && topic == Topic::Exceptions && OF_LEDGERS.contains(&kind) {
                continue;
            }
            let mut body = body.clone();
            if let Some(members) = body.as_object_mut() {
                ["id", "causes", "since"].iter().for_each(|name| drop(members.remove(*name)));
            }
            without_moments_of_counts(&mut body);
            if eventually {
                without_word(&mut body, "exception");
            }
            standing.insert(key.to_owned(), body);
        }
        all.insert(topic.name().to_owned(), Value::Object(standing));
    }
    Value::Object(all)
}

/// A count that comes again with a newer moment is no news: which of the two was emitted depends on the way.
fn without_moments_of_counts(body: &mut Value) {
    for count in body["counts"].as_array_mut().into_iter().flatten() {
        if let Some(count) = count.as_object_mut() {
            count.remove("counted_at");
        }
    }
}

/// The flag of an open exception: perhaps one of a ledger.
fn without_word(body: &mut Value, word: &str) {
    if let Some(flags) = body.get_mut("flags").and_then(Value::as_array_mut) {
        flags.retain(|flag| flag != word);
    }
}

/// What money and returns come to when other pieces are *stopped*.
const AFTER_STOPPED: [&str; 12] = [
    "stopped",
    "kept",
    "money",
    "payment",
    "return_stage",
    "refunded",
    "text",
    "refunds",
    "spend",
    "for_customer",
    "for_business",
    "amount",
];

fn without_money(value: &mut Value) {
    match value {
        Value::Object(members) => {
            AFTER_STOPPED.iter().for_each(|name| drop(members.remove(*name)));
            members.values_mut().for_each(without_money);
        }
        Value::Array(list) => list.iter_mut().for_each(without_money),
        _ => {}
    }
}

/// An order's answer without what is about the way: why, findings of ledgers.
fn eventual(answer: &Value, same_go_aheads: bool) -> Value {
    let mut answer = answer.clone();
    if let Some(members) = answer.as_object_mut() {
        ["why", "rows", "findings", "next_change"].iter().for_each(|name| drop(members.remove(*name)));
    }
    without_word(&mut answer, "exception");
    if !same_go_aheads {
        without_money(&mut answer);
    }
    answer
}

/// The highest totals ever asked of a warehouse.
fn go_aheads(outcome: &Outcome) -> Value {
    let of_order = |(order, ledgers): (&String, &Value)| {
        let by_location = ledgers["fulfilment"].as_object().into_iter().flatten();
        let asked: BTreeMap<&String, &Value> = by_location.map(|(location, ledger)| (location, &ledger["highest"])).collect();
        (order.clone(), json!(asked))
    };
    json!(outcome.ledgers.iter().map(of_order).filter(|(_, asked)| asked != &json!({})).collect::<BTreeMap<_, _>>())
}

/// What ledgers come to, each by its shape.
fn ledgers(plain: &Outcome, other: &Outcome, same_go_aheads: bool) -> Option<String> {
    let nothing = json!({});
    for (order, a) in &plain.ledgers {
        let b = other.ledgers.get(order).unwrap_or(&nothing);
        let answer = plain.orders.values().find(|answer| answer["order"] == order.as_str());
        let found = documents(a, b, answer)
            .or_else(|| first_difference("revenue", &revenue(&a["revenue"]), &revenue(&b["revenue"])))
            .or_else(|| {
                let notices = ["despatch", "receipt", "reversal", "completion"];
                notices.iter().find_map(|notice| first_difference(notice, &by_part(&a[*notice]), &by_part(&b[*notice])))
            })
            .or_else(|| (same_go_aheads && !overasked(other, order)).then(|| money(a, b, answer)).flatten());
        if let Some(found) = found {
            return Some(format!("{order}: {found}"));
        }
    }
    None
}

fn revenue(ledger: &Value) -> Value {
    let part = |name: &str| ledger[name].as_str().and_then(Amount::parse).unwrap_or_default().to_string();
    json!([part("net"), part("tax")])
}

fn totals(ledger: &Value) -> Value {
    let totals = ledger["totals"].as_object().into_iter().flatten();
    let counts = totals.filter(|(_, total)| total.as_str().and_then(Quantity::parse).is_some_and(|total| !total.is_zero()));
    json!(counts.collect::<BTreeMap<_, _>>())
}

fn by_part(ledgers: &Value) -> Value {
    let parts = ledgers.as_object().into_iter().flatten().map(|(part, ledger)| (part, totals(ledger)));
    json!(parts.filter(|(_, totals)| totals != &json!({})).collect::<BTreeMap<_, _>>())
}

/// A document that was asked for in both runs ends alike; but for one of which nothing is wanted any more, or all has left.
fn documents(a: &Value, b: &Value, answer: Option<&Value>) -> Option<String> {
    let asked = |ledgers: &Value| ledgers["sales_order"]["step"].as_u64().unwrap_or(0) > 0;
    let cancelled = |ledgers: &Value| ledgers["sales_order"]["cancelled"] == true;
    if asked(a) && asked(b) && !cancelled(a) && a["sales_order"]["asked"] != b["sales_order"]["asked"] {
        return Some("the ERP was asked for another image in the end".to_owned());
    }
    let lines = answer.and_then(|answer| answer["lines"].as_array());
    let number = |line: &Value, name: &str| line[name].as_str().and_then(Quantity::parse).unwrap_or_default();
    let settled = |id: &str| {
        let line = lines.into_iter().flatten().find(|line| line["line"] == id);
        line.is_none_or(|line| number(line, "despatched") >= number(line, "wanted"))
    };
    let (before, after) = (by_part(&a["fulfilment"]), by_part(&b["fulfilment"]));
    let locations = before.as_object().into_iter().flatten().chain(after.as_object().into_iter().flatten());
    for (location, totals) in locations {
        for line in totals.as_object().into_iter().flatten().map(|(line, _)| line) {
            if before[location][line] != after[location][line] && !settled(line) {
                return Some(format!("{location} is asked for {} of {line}, not {}", after[location][line], before[location][line]));
            }
        }
    }
    None
}

/// More was requested than was due in the end, and an open exception names it.
fn overasked(outcome: &Outcome, order: &str) -> bool {
    outcome.statements(Topic::Exceptions).values().any(|body| body["kind"] == "refund-overasked" && body["entity"] == order)
}

fn money(a: &Value, b: &Value, answer: Option<&Value>) -> Option<String> {
    let amount = |value: &Value| value.as_str().and_then(Amount::parse).unwrap_or_default();
    let refunded = answer.map_or(Amount::ZERO, |answer| amount(&answer["money"]["refunded"]));
    let (before, after) = (amount(&a["refund"]["total"]).max(refunded), amount(&b["refund"]["total"]).max(refunded));
    if before != after {
        return Some(format!("a refund of {after} in all, not {before}"));
    }
    first_difference("journal", &by_part(&a["journal"]), &by_part(&b["journal"]))
}

/// Where two values first differ, in words.
fn first_difference(what: &str, a: &Value, b: &Value) -> Option<String> {
    if a == b {
        return None;
    }
    match (a, b) {
        (Value::Object(x), Value::Object(y)) => {
            let names: BTreeSet<&String> = x.keys().chain(y.keys()).collect();
            names.into_iter().find_map(|name| {
                let (left, right) = (x.get(name).unwrap_or(&Value::Null), y.get(name).unwrap_or(&Value::Null));
                first_difference(&format!("{what} / {name}"), left, right)
            })
        }
        (Value::Array(x), Value::Array(y)) if x.len() == y.len() => {
            x.iter().zip(y).enumerate().find_map(|(index, (left, right))| first_difference(&format!("{what}[{index}]"), left, right))
        }
        _ => Some(format!("{what}: {b}, as told {a}")),
    }
}
