//! `POST /acts`: takes what a person does beside deciding. A dead letter is read again, edited or discarded; an exception gets a note or an owner. With
//! `?dry-run` it only says what would follow.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::decide::{from_a_program, refused, who_is_there};
use super::edited::edited;
use super::letters::{self, LetterQuery, causes_of, find, letters_of, listed, not_here, told};
use super::reply::{ProblemReply, body};
use super::service::{Inbox, InboxTopic, LetterReading, LetterRecords, Service};
use crate::engine::{Letter, LetterIndex, cause_name};
use crate::envelope::{DecodeError, RawRecord, RecordPlace};
use crate::facts::{Moment, Text};
use crate::sources::acts::{self, Act, ActRecord};

/// So many dead letters of a cause are read again at once: each record is fetched.
const RETRIED_MAX: usize = 1_000;
/// ... and so many bytes: they are held until they are written.
const RETRIED_BYTES_MAX: u64 = 32 << 20;
/// So many are told of one by one.
const TOLD_MAX: usize = 50;

/// What a person wants to be done.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct ActRequest {
    /// `retry`, `edit`, `discard`, `note`, `own`.
    act: String,
    /// Who: a login.
    #[serde(default)]
    who: Text,
    /// Why.
    #[serde(default)]
    why: String,
    /// The record of a dead letter.
    place: Option<RecordPlace>,
    /// Or all dead letters of a cause: its id, or the beginning of it.
    cause: Option<String>,
    /// With `retry` of a cause: only those behind this place, `next` of the answer before.
    after: Option<RecordPlace>,
    /// With `edit`: the whole value as it is to be read.
    value: Option<EditedValue>,
    /// With `note` and `own`: the exception's key.
    exception: Option<Text>,
    /// With `note`.
    note: Option<String>,
    /// With `own`; empty: nobody.
    owner: Option<Text>,
}

/// The value of an edited record.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum EditedValue {
    Text(String),
    Bytes { base64: String },
}

impl EditedValue {
    fn bytes(self) -> Result<Vec<u8>, ProblemReply> {
        use base64::Engine as _;
        match self {
            Self::Text(text) => Ok(text.into_bytes()),
            Self::Bytes { base64 } => {
                base64::engine::general_purpose::STANDARD.decode(base64).map_err(|error| refused(format!("value: base64: {error}")))
            }
        }
    }
}

/// Takes an act: 202, as it takes effect with the epoch that reads it.
pub(super) async fn act(State(service): State<Service>, RawQuery(query): RawQuery, headers: HeaderMap, asked: Bytes) -> Response {
    let dry_run = query.is_some_and(|query| query == "dry-run");
    let prepared = from_a_program(&headers).and_then(|()| {
        let mut asked: ActRequest =
            serde_json::from_slice(&asked).map_err(|error| refused(format!("what is to be done, as JSON: {error}")))?;
        asked.who = who_is_there(&headers, &asked.who)?.into();
        Ok(asked)
    });
    let asked = match prepared {
        Ok(asked) => asked,
        Err(problem) => return problem.into_response(),
    };
    // Brokers are asked: not on the server's own thread.
    match tokio::task::spawn_blocking(move || Desk::of(&service)?.take(asked, dry_run)).await {
        Ok(Ok((code, answer))) => body(code, &answer),
        Ok(Err(problem)) => problem.into_response(),
        Err(_) => ProblemReply::new(StatusCode::INTERNAL_SERVER_ERROR, "the act was not written").into_response(),
    }
}

/// What an act is carried out with.
struct Desk<'s> {
    service: &'s Service,
    inbox: Arc<dyn Inbox>,
    index: LetterIndex,
    now: Moment,
}

type Taken = Result<(StatusCode, Value), ProblemReply>;

impl<'s> Desk<'s> {
    fn of(service: &'s Service) -> Result<Self, ProblemReply> {
        let inbox = service.inbox.clone().ok_or_else(|| ProblemReply::new(StatusCode::NOT_FOUND, "acts are not taken here"))?;
        let now = Moment(jiff::Timestamp::now().as_millisecond());
        Ok(Self { service, inbox, index: service.views.letters(), now })
    }

    fn records(&self) -> Result<Arc<dyn LetterRecords>, ProblemReply> {
        self.service.letters.clone().ok_or_else(not_here)
    }

    fn take(&self, asked: ActRequest, dry_run: bool) -> Taken {
        match (asked.act.as_str(), asked.place.is_some(), asked.cause.is_some()) {
            ("retry", true, false) | ("edit", true, false) => self.read_one(asked, dry_run),
            ("retry", false, true) => self.retry_cause(&asked, dry_run),
            ("discard", true, false) => self.discard_one(&asked, dry_run),
            ("discard", false, true) => self.discard_cause(&asked, dry_run),
            ("edit", ..) => Err(refused("an edit is of one record: name its place")),
            ("retry" | "discard", ..) => Err(refused("name a place, as in carrier.scans[0]@17, or a cause: one of them")),
            ("note" | "own", false, false) => self.on_exception(&asked, dry_run),
            (other, ..) => Err(refused(format!("there is no act {other:?}: there are retry, edit, discard, note and own"))),
        }
    }

    fn written(&self, asked: &ActRequest, acts: impl IntoIterator<Item = Act>) -> Result<(), ProblemReply> {
        let record = |act: Act| {
            let about = act.about();
            let record = ActRecord { who: asked.who.clone(), at: self.now, why: asked.why.clone(), act };
            let bytes = json!(record).to_string().into_bytes();
            acts::read(Some(&bytes)).map_err(|error| refused(error.to_string()))?;
            Ok((about, bytes))
        };
        let records = acts.into_iter().map(record).collect::<Result<Vec<_>, ProblemReply>>()?;
        let written = self.inbox.take(InboxTopic::Acts, &records);
        written.map_err(|sentence| ProblemReply::new(StatusCode::SERVICE_UNAVAILABLE, sentence))
    }

    fn letter(&self, place: &RecordPlace) -> Result<Letter, ProblemReply> {
        find(&self.index, place).map(|(_, letter)| letter).ok_or_else(|| {
            let sentence = format!("no dead letter of {place} is outstanding: it was read or discarded, or never refused. GET /dead-letters lists those that are");
            ProblemReply::new(StatusCode::NOT_FOUND, sentence)
        })
    }

    /// A record as it came, or edited: it is read first, to say what will become of it.
    fn read_one(&self, mut asked: ActRequest, dry_run: bool) -> Taken {
        let place = asked.place.take().unwrap_or_default();
        let letter = self.letter(&place)?;
        let records = self.records()?;
        let unavailable = |sentence: String| ProblemReply::new(StatusCode::SERVICE_UNAVAILABLE, sentence);
        let fetched = records.fetch(&[(place.clone(), letter.clone())]).map_err(unavailable)?.pop();
        let original = fetched.unwrap_or_else(|| Err(format!("the record of {place} was not found")));
        let (act, reading) = if asked.act == "edit" {
            let value = asked.value.take().ok_or_else(|| refused("with an edit comes the value as it is to be read"))?.bytes()?;
            // Of an original that no topic keeps any more the edited value is all there is.
            let headers = original.as_ref().map_or_else(|_| Vec::new(), |original| original.headers.clone());
            let key = original.as_ref().ok().and_then(|original| original.key.clone());
            let record = RawRecord { key, value: Some(value), headers, timestamp: letter.written_at };
            let reading = records.read(&place, &record);
            let changes =
                original.as_ref().map_or_else(|_| Vec::new(), |original| edited(original.value.as_deref(), record.value.as_deref()));
            if let (LetterReading::Refused(error), false) = (&reading, dry_run) {
                return Err(refused_again(&place, error));
            }
            (Act::Edit { place: place.clone(), record, changes }, reading)
        } else {
            let record = original.map_err(|why| {
                ProblemReply::new(StatusCode::CONFLICT, format!("{why}. An edit needs no original: waybill dead-letters edit"))
            })?;
            let reading = records.read(&place, &record);
            (Act::Retry { place: place.clone(), record }, reading)
        };
        let changes = if let Act::Edit { changes, .. } = &act { json!(changes) } else { Value::Null };
        if !dry_run {
            self.written(&asked, [act])?;
        }
        let code = if dry_run { StatusCode::OK } else { StatusCode::ACCEPTED };
        Ok((code, json!({ "written": !dry_run, "place": place, "now": told(&reading), "changes": changes })))
    }

    /// The letters of a cause, a thousand at most: whoever asks goes on while there is a rest.
    fn retry_cause(&self, asked: &ActRequest, dry_run: bool) -> Taken {
        let query = LetterQuery { cause: asked.cause.clone(), ..LetterQuery::default() };
        let cause = self.cause(&query)?;
        let mut all: Vec<(RecordPlace, Letter)> = letters_of(&self.index, &cause)
            .into_iter()
            .filter_map(|(place, letter)| Some((listed(place, letter, self.index.causes.get(&letter.cause)?).place, letter.clone())))
            .filter(|(place, _)| asked.after.as_ref().is_none_or(|after| place > after))
            .collect();
        all.sort_by(|(one, _), (other, _)| one.cmp(other));
        let mut bytes = 0;
        let fit = all.iter().take(RETRIED_MAX).take_while(|(_, letter)| {
            let fits = bytes == 0 || bytes + u64::from(letter.bytes) <= RETRIED_BYTES_MAX;
            bytes += u64::from(letter.bytes);
            fits
        });
        let fit = fit.count();
        let rest = all.len() - fit;
        all.truncate(fit);
        let next = all.last().map(|(place, _)| place.clone()).filter(|_| rest > 0);
        let records = self.records()?;
        let fetched = letters::fetch(&records, all).map_err(|sentence| ProblemReply::new(StatusCode::SERVICE_UNAVAILABLE, sentence))?;
        let (mut acts, mut told_of, mut counts) = (Vec::new(), Vec::new(), Counts::default());
        for (place, record) in fetched {
            let now = match record {
                Err(why) => {
                    counts.gone += 1;
                    json!({ "gone": why })
                }
                Ok(record) => {
                    let reading = records.read(&place, &record);
                    match &reading {
                        LetterReading::Refused(_) => counts.refused += 1,
                        _ => {
                            counts.read += 1;
                            acts.push(Act::Retry { place: place.clone(), record });
                        }
                    }
                    told(&reading)
                }
            };
            if told_of.len() < TOLD_MAX {
                told_of.push(json!({ "place": place, "now": now }));
            }
        }
        if !dry_run {
            self.written(asked, acts)?;
        }
        let unlisted: u64 = cause.iter().map(|(_, cause)| cause.unlisted).sum();
        let answer = json!({
            "written": !dry_run, "read": counts.read, "refused": counts.refused, "gone": counts.gone, "rest": rest, "next": next,
            "unlisted": unlisted, "letters": told_of,
        });
        Ok((if dry_run { StatusCode::OK } else { StatusCode::ACCEPTED }, answer))
    }

    fn cause(&self, query: &LetterQuery) -> Result<Vec<(u32, &crate::engine::LetterCause)>, ProblemReply> {
        let causes = causes_of(&self.index, query);
        let asked = query.cause.as_deref().unwrap_or_default();
        match causes.len() {
            1 if !asked.is_empty() => Ok(causes),
            0 => Err(ProblemReply::new(
                StatusCode::NOT_FOUND,
                format!("no dead letter of cause {asked} is outstanding. GET /dead-letters lists the causes"),
            )),
            many => Err(refused(format!("{many} causes begin with {asked:?}: name one"))),
        }
    }

    fn discard_one(&self, asked: &ActRequest, dry_run: bool) -> Taken {
        let place = asked.place.clone().unwrap_or_default();
        self.letter(&place)?;
        self.discard(asked, Act::Discard { place }, 1, dry_run)
    }

    fn discard_cause(&self, asked: &ActRequest, dry_run: bool) -> Taken {
        let query = LetterQuery { cause: asked.cause.clone(), ..LetterQuery::default() };
        let causes = self.cause(&query)?;
        let (id, cause) = causes[0];
        self.discard(asked, Act::DiscardCause { cause: cause_name(id).into() }, cause.count(), dry_run)
    }

    fn discard(&self, asked: &ActRequest, act: Act, letters: u64, dry_run: bool) -> Taken {
        if asked.why.trim().is_empty() {
            return Err(refused("say why it may stay unread: the reason stands in the audit"));
        }
        if !dry_run {
            self.written(asked, [act])?;
        }
        Ok((if dry_run { StatusCode::OK } else { StatusCode::ACCEPTED }, json!({ "written": !dry_run, "discarded": letters })))
    }

    fn on_exception(&self, asked: &ActRequest, dry_run: bool) -> Taken {
        let exception = asked.exception.clone().ok_or_else(|| refused("name the exception by its key, as GET /exceptions has it"))?;
        let open = self.service.views.exceptions().into_iter().find(|(_, notice)| notice.key() == exception);
        let Some((_, open)) = open else {
            return Err(ProblemReply::new(
                StatusCode::NOT_FOUND,
                format!("no exception {exception} is open. GET /exceptions lists those that are"),
            ));
        };
        let act = match asked.act.as_str() {
            "note" => Act::Note { exception, note: asked.note.clone().ok_or_else(|| refused("with a note comes its text"))? },
            _ => Act::Own { exception, owner: asked.owner.clone().unwrap_or_else(|| asked.who.clone()) },
        };
        if !dry_run {
            self.written(asked, [act])?;
        }
        Ok((
            if dry_run { StatusCode::OK } else { StatusCode::ACCEPTED },
            json!({ "written": !dry_run, "exception": open.key(), "sentence": open.sentence }),
        ))
    }
}

#[derive(Default)]
struct Counts {
    read: usize,
    refused: usize,
    gone: usize,
}

fn refused_again(place: &RecordPlace, error: &DecodeError) -> ProblemReply {
    ProblemReply::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        format!("the edited record of {place} would be refused, and nothing is written: {error}"),
    )
    .with("field", error.field.as_str())
}
