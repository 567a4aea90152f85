//! `GET /dead-letters`: records that could not be read and that nobody has dealt with, the oldest first, and what they have in common.

use std::sync::Arc;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::marked::marked;
use super::reply::{ProblemReply, body};
use super::service::{LetterReading, LetterRecords, Service};
use crate::engine::{CauseId, Letter, LetterCause, LetterIndex, cause_name};
use crate::envelope::{RawRecord, RecordPlace};
use crate::facts::{Cause, Moment, Text, TopicId};

/// Letters of one answer, unless `limit` says fewer.
const LIMIT_MAX: usize = 1_000;
const LIMIT: usize = 100;

/// Which dead letters are asked for. Without any member: the hundred oldest of all.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct LetterQuery {
    /// Only of this source.
    pub source: Option<String>,
    /// Only of this topic.
    pub topic: Option<String>,
    /// Only of this cause: its id, or the beginning of it.
    pub cause: Option<String>,
    /// So many, at most 1,000.
    pub limit: Option<usize>,
    /// Behind this one: `next` of the answer before.
    pub after: Option<RecordPlace>,
}

/// The answer.
#[derive(Debug, Serialize)]
pub struct LetterList {
    /// How many there are, of those that were asked for.
    pub total: u64,
    /// How many of them are not listed, since there are too many: only their number is kept.
    pub unlisted: u64,
    /// What they have in common: those with the most letters first.
    pub causes: Vec<ListedCause>,
    /// This page of them.
    pub letters: Vec<ListedLetter>,
    /// Given as `after` it asks for the next page; `null`: this is the last.
    pub next: Option<RecordPlace>,
}

/// What some dead letters have in common.
#[derive(Debug, Serialize)]
pub struct ListedCause {
    /// Its id.
    pub cause: String,
    /// All of its letters.
    pub count: u64,
    /// The rest.
    #[serde(flatten)]
    pub of: LetterCause,
}

/// An outstanding dead letter.
#[derive(Debug, Serialize)]
pub struct ListedLetter {
    /// Where its record stands.
    pub place: RecordPlace,
    /// The name of its source.
    pub source: Text,
    /// The cause's id.
    pub cause: String,
    /// Why it was refused last: the member, and what was expected there.
    pub refused: String,
    /// When it was refused first.
    pub since: Moment,
    /// ... and last.
    pub tried_at: Moment,
    /// How often it was read, in vain.
    pub tries: u32,
    /// The record's Kafka timestamp.
    pub written_at: Moment,
}

/// The letter with its place, its topic by name.
pub(super) fn listed(place: &Cause, letter: &Letter, cause: &LetterCause) -> ListedLetter {
    ListedLetter {
        place: RecordPlace { topic: cause.topic.clone(), partition: place.partition, offset: place.offset },
        source: cause.source.clone(),
        cause: cause_name(letter.cause),
        refused: format!("field \"{}\": expected {}", cause.member, cause.expected),
        since: letter.since,
        tried_at: letter.tried_at,
        tries: letter.tries,
        written_at: letter.written_at,
    }
}

/// The letter of this place.
pub(super) fn find(index: &LetterIndex, place: &RecordPlace) -> Option<(ListedLetter, Letter)> {
    let cause = Cause { topic: TopicId::of(&place.topic), partition: place.partition, offset: place.offset };
    let letter = index.letters.get(&cause)?;
    Some((listed(&cause, letter, index.causes.get(&letter.cause)?), letter.clone()))
}

/// The causes that are asked for, by id.
pub(super) fn causes_of<'i>(index: &'i LetterIndex, query: &LetterQuery) -> Vec<(CauseId, &'i LetterCause)> {
    let is_asked = |(id, cause): &(&CauseId, &LetterCause)| {
        query.source.as_deref().is_none_or(|source| cause.source == source)
            && query.topic.as_deref().is_none_or(|topic| cause.topic == topic)
            && query.cause.as_deref().is_none_or(|asked| cause_name(**id).starts_with(&asked.to_ascii_lowercase()))
    };
    index.causes.iter().filter(is_asked).map(|(id, cause)| (*id, cause)).collect()
}

/// The letters of these causes, the oldest first.
pub(super) fn letters_of<'i>(index: &'i LetterIndex, causes: &[(CauseId, &LetterCause)]) -> Vec<(&'i Cause, &'i Letter)> {
    let mut found: Vec<(&Cause, &Letter)> =
        index.letters.iter().filter(|(_, letter)| causes.iter().any(|(id, _)| *id == letter.cause)).collect();
    found.sort_by_key(|(place, letter)| (letter.since, **place));
    found
}

/// The page that was asked for.
pub fn list(index: &LetterIndex, query: &LetterQuery) -> LetterList {
    let mut causes = causes_of(index, query);
    let found = letters_of(index, &causes);
    let unlisted = causes.iter().map(|(_, cause)| cause.unlisted).sum();
    let total = found.len() as u64 + unlisted;
    let all = found.into_iter().filter_map(|(place, letter)| Some(listed(place, letter, index.causes.get(&letter.cause)?)));
    let all: Vec<ListedLetter> = all.collect();
    // One that was dealt with meanwhile leaves no hole: the page then begins with the first.
    let from = query.after.as_ref().and_then(|after| Some(all.iter().position(|letter| letter.place == *after)? + 1)).unwrap_or(0);
    let limit = query.limit.unwrap_or(LIMIT).clamp(1, LIMIT_MAX);
    let more = all.len() > from + limit;
    let letters: Vec<ListedLetter> = all.into_iter().skip(from).take(limit).collect();
    let next = letters.last().filter(|_| more).map(|last| last.place.clone());
    causes.sort_by_key(|(id, cause)| (std::cmp::Reverse(cause.count()), *id));
    let causes = causes.into_iter().map(|(id, cause)| ListedCause { cause: cause_name(id), count: cause.count(), of: cause.clone() });
    LetterList { total, unlisted, causes: causes.collect(), letters, next }
}

/// The list.
pub(super) async fn all(State(service): State<Service>, query: Result<Query<LetterQuery>, QueryRejection>) -> Response {
    let query = match query {
        Ok(Query(query)) => query,
        Err(error) => return ProblemReply::new(StatusCode::BAD_REQUEST, error.body_text()).into_response(),
    };
    // There may be a hundred thousand: not on the server's own thread.
    match tokio::task::spawn_blocking(move || json!(list(&service.views.letters(), &query))).await {
        Ok(list) => body(StatusCode::OK, &list),
        Err(_) => ProblemReply::new(StatusCode::INTERNAL_SERVER_ERROR, "the dead letters were not listed").into_response(),
    }
}

/// One letter: its record whole, what it would become if it were read now, and the member that cannot be read.
pub(super) async fn one(State(service): State<Service>, Path((topic, partition, offset)): Path<(String, i32, i64)>) -> Response {
    let place = RecordPlace { topic: topic.into(), partition, offset };
    let Some((listed, letter)) = find(&service.views.letters(), &place) else {
        let sentence = format!(
            "no dead letter of {place} is outstanding: it was read or discarded, or never refused. GET /dead-letters lists those that are"
        );
        return ProblemReply::new(StatusCode::NOT_FOUND, sentence).into_response();
    };
    let Some(records) = service.letters.clone() else { return not_here().into_response() };
    let shown = tokio::task::spawn_blocking(move || shown(&*records, &place, &letter)).await;
    match shown {
        Ok(Ok(shown)) => {
            let mut answer = json!(listed);
            if let (Some(answer), Value::Object(shown)) = (answer.as_object_mut(), shown) {
                answer.extend(shown);
            }
            body(StatusCode::OK, &answer)
        }
        Ok(Err(sentence)) => ProblemReply::new(StatusCode::SERVICE_UNAVAILABLE, sentence).into_response(),
        Err(_) => ProblemReply::new(StatusCode::INTERNAL_SERVER_ERROR, "the record was not fetched").into_response(),
    }
}

/// Nobody can fetch records here.
pub(super) fn not_here() -> ProblemReply {
    ProblemReply::new(StatusCode::NOT_FOUND, "records of dead letters are not read here")
}

fn shown(records: &dyn LetterRecords, place: &RecordPlace, letter: &Letter) -> Result<Value, String> {
    let fetched = records.fetch(&[(place.clone(), letter.clone())])?.pop();
    let record = match fetched {
        Some(Ok(record)) => record,
        Some(Err(why)) => return Ok(json!({ "record": null, "gone": why })),
        None => return Ok(json!({ "record": null, "gone": "the record was not found" })),
    };
    let reading = records.read(place, &record);
    let field = if let LetterReading::Refused(error) = &reading { error.field.as_str() } else { "" };
    let text = record.value.as_deref().and_then(|value| std::str::from_utf8(value).ok());
    let text = text.map(|text| marked(text, field));
    Ok(json!({ "record": record, "text": text, "now": told(&reading) }))
}

/// What becomes of a record, for people and programs.
pub(super) fn told(reading: &LetterReading) -> Value {
    match reading {
        LetterReading::Rows(rows) => json!({ "rows": rows }),
        LetterReading::Skipped(why) => json!({ "skipped": why }),
        LetterReading::Refused(error) => {
            json!({ "refused": { "sentence": error.to_string(), "field": error.field, "expected": error.expected, "found": error.found } })
        }
    }
}

/// A record and the records of several letters, as an act needs them.
pub(super) type FetchedLetter = (RecordPlace, Result<RawRecord, String>);

/// Fetches the records of letters.
pub(super) fn fetch(records: &Arc<dyn LetterRecords>, letters: Vec<(RecordPlace, Letter)>) -> Result<Vec<FetchedLetter>, String> {
    let fetched = records.fetch(&letters)?;
    Ok(letters.into_iter().map(|(place, _)| place).zip(fetched).collect())
}
