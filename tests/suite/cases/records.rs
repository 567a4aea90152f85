//! `records.jsonl`: what the systems write and what people decide, step by step.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use waybill::engine::OutRecord;
use waybill::facts::Moment;
use waybill::sources::decisions::DecisionRecord;

/// A line of the file: a record, or a decision.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    /// Records of one step are sent at once.
    step: u32,
    /// The moment of this step; without it, a second after the step before.
    at: Option<Moment>,
    topic: Option<String>,
    /// Of the topic: Kafka keeps the order within it alone.
    #[serde(default)]
    partition: i32,
    key: Option<Value>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    value: Value,
    /// What `waybill decide` is given.
    decide: Option<Vec<String>>,
}

/// Records that are sent at once, at a moment.
#[derive(Clone)]
pub struct Step {
    pub at: Moment,
    pub records: Vec<OutRecord>,
}

/// When a case is played, unless its steps say so: long after the moments in its records, as a replay would be.
const PLAYED_AT: &str = "2026-11-30T18:00:00Z";
const PAUSE_MS: i64 = 1_000;

pub fn steps(text: &str) -> Result<Vec<Step>, String> {
    let mut steps: Vec<(u32, Step)> = Vec::new();
    let mut now = Moment::parse_rfc3339(PLAYED_AT).expect("a moment");
    for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let wrong = |error: String| format!("records.jsonl, line {}: {error}", number + 1);
        let written: Written = serde_json::from_str(line).map_err(|error| wrong(error.to_string()))?;
        if steps.last().is_none_or(|(step, _)| *step != written.step) {
            now = written.at.unwrap_or(Moment(now.0 + PAUSE_MS));
            if steps.last().is_some_and(|(step, last)| *step > written.step || last.at > now) {
                return Err(wrong("a step and its moment are later than the step before".to_owned()));
            }
            steps.push((written.step, Step { at: now, records: Vec::new() }));
        }
        let record = match (&written.topic, &written.decide) {
            (Some(topic), None) => OutRecord {
                topic: topic.as_str().into(),
                partition: Some(written.partition),
                key: written.key.as_ref().and_then(bytes),
                value: bytes(&written.value),
                headers: written.headers.into_iter().map(|(name, value)| (&*name.leak(), value.into_bytes())).collect(),
            },
            (None, Some(words)) => decision(words, now).map_err(wrong)?,
            _ => return Err(wrong("either a topic or a decision".to_owned())),
        };
        steps.last_mut().expect("the step of this line").1.records.push(record);
    }
    Ok(steps.into_iter().map(|(_, step)| step).collect())
}

/// A text stands for its characters, `null` for none, all else for its own JSON.
fn bytes(value: &Value) -> Option<Vec<u8>> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone().into_bytes()),
        json => Some(json.to_string().into_bytes()),
    }
}

/// `waybill decide KIND CHOICE --order ORDER ...`, as the record that it writes.
fn decision(words: &[String], decided_at: Moment) -> Result<OutRecord, String> {
    let [kind, choice, options @ ..] = words else { return Err("decide: a kind and a choice".to_owned()) };
    let mut decision =
        DecisionRecord { kind: kind.clone(), choice: choice.clone(), who: "case".to_owned(), decided_at, ..DecisionRecord::default() };
    for option in options.chunks(2) {
        let [name, value] = option else { return Err(format!("decide: {option:?} has no value")) };
        match name.as_str() {
            "--order" => decision.order = Some(value.clone()),
            "--sku" => decision.sku = Some(value.clone()),
            "--alias" => decision.alias = Some(value.clone()),
            "--number" => decision.number = value.clone(),
            "--why" => decision.why = value.clone(),
            other => return Err(format!("decide: unknown option {other}")),
        }
    }
    let value = serde_json::to_vec(&decision).map_err(|error| error.to_string())?;
    Ok(OutRecord { topic: "waybill.decisions".into(), partition: Some(0), key: None, value: Some(value), headers: Vec::new() })
}
