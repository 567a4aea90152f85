//! `POST /decisions`: takes a person's decision, once it reads well and is about something that is open.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::reply::{ProblemReply, body};
use super::service::{CaseStanding, InboxTopic, OpenCase, Service};
use crate::entities::exceptions::{self, About};
use crate::facts::Amount;
use crate::sources::decisions::{self, DecisionRecord, SettledCase};

/// Writes a decision to its topic: 202, as it takes effect with the epoch that reads it back. With `?dry-run` it only says what would be written.
pub(super) async fn decide(
    State(service): State<Service>,
    axum::extract::RawQuery(query): axum::extract::RawQuery,
    headers: HeaderMap,
    decision: Bytes,
) -> Response {
    match take(service, query.is_some_and(|query| query == "dry-run"), &headers, &decision).await {
        Ok(answer) => answer,
        Err(problem) => problem.into_response(),
    }
}

async fn take(service: Service, dry_run: bool, headers: &HeaderMap, decision: &Bytes) -> Result<Response, ProblemReply> {
    from_a_program(headers)?;
    let read = decisions::read(Some(&with_who(headers, decision)?)).map_err(|error| refused(error.to_string()))?;
    let inbox = service.inbox.clone().ok_or_else(|| ProblemReply::new(StatusCode::NOT_FOUND, "decisions are not taken here"))?;
    let complete = complete(&service, read)?;
    let answer = |written: bool| json!({ "written": written, "covers": complete.covers, "decision": complete.decision, "settles": complete.settles });
    if dry_run {
        return Ok(body(StatusCode::OK, &answer(false)));
    }
    let records = [written_as(&complete.decision)];
    // The broker's answer is waited for: not on the server's own thread.
    let written = tokio::task::spawn_blocking(move || inbox.take(InboxTopic::Decisions, &records)).await;
    match written {
        Ok(Ok(())) => Ok(body(StatusCode::ACCEPTED, &answer(true))),
        Ok(Err(sentence)) => Err(ProblemReply::new(StatusCode::SERVICE_UNAVAILABLE, sentence)),
        Err(_) => Err(ProblemReply::new(StatusCode::INTERNAL_SERVER_ERROR, "the decision was not written")),
    }
}

/// A decision as its topic has it, with what it is about.
pub(super) fn written_as(decision: &DecisionRecord) -> (String, Vec<u8>) {
    let entity =
        decision.alias.clone().or(decision.order.clone()).or(decision.sku.clone()).or(decision.customer.clone()).unwrap_or_default();
    (entity, json!(decision).to_string().into_bytes())
}

pub(super) fn refused(sentence: impl Into<String>) -> ProblemReply {
    ProblemReply::new(StatusCode::BAD_REQUEST, sentence)
}

/// Any page that is open in a browser on this machine can send a form here, or plain text. It can't send JSON without being asked first, and it can't
/// hide where it is from.
pub(super) fn from_a_program(headers: &HeaderMap) -> Result<(), ProblemReply> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !text(header::CONTENT_TYPE).split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json")) {
        return Err(ProblemReply::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "send it as JSON, with Content-Type: application/json"));
    }
    let (origin, host) = (text(header::ORIGIN), text(header::HOST));
    if !origin.is_empty() && origin.split_once("://").is_none_or(|(_, from)| from != host) {
        let sentence = format!("a page of {origin} may not do this: only Waybill's own page, or a program, which sends no Origin");
        return Err(ProblemReply::new(StatusCode::FORBIDDEN, sentence));
    }
    Ok(())
}

/// The header by which a proxy says who has logged in with it. It stands above what the body says.
const USER_HEADER: &str = "X-Waybill-User";

/// Who is there: by the header, else by the body.
pub(super) fn who_is_there(headers: &HeaderMap, who: &str) -> Result<String, ProblemReply> {
    let named = headers.get(USER_HEADER).and_then(|value| value.to_str().ok()).map_or(who, str::trim);
    if named.trim().is_empty() {
        return Err(refused(format!("say who does it: \"who\" in the body, or the header {USER_HEADER}")));
    }
    Ok(named.to_owned())
}

/// The body with the person whom the header names.
fn with_who(headers: &HeaderMap, decision: &Bytes) -> Result<Vec<u8>, ProblemReply> {
    let Ok(Value::Object(mut object)) = serde_json::from_slice(decision) else { return Ok(decision.to_vec()) };
    if headers.contains_key(USER_HEADER) {
        let who = who_is_there(headers, object.get("who").and_then(Value::as_str).unwrap_or_default())?;
        object.insert("who".to_owned(), who.into());
    }
    Ok(Value::Object(object).to_string().into_bytes())
}

/// A decision that can be written.
pub(super) struct Complete {
    pub decision: DecisionRecord,
    /// The amount that was written into it.
    pub covers: Option<Amount>,
    /// What it is about, in the exception's words.
    pub settles: Option<Value>,
}

/// Checks that the kind of exception offers the choice, and that it is open. A decision that names neither amount nor pieces is about what is at risk now:
/// its amount, given beside it, is written into it, so that it covers nothing that comes later.
pub(super) fn complete(service: &Service, decision: DecisionRecord) -> Result<Complete, ProblemReply> {
    let abouts: &[About] = match (&decision.order, &decision.alias, &decision.sku, &decision.customer) {
        (Some(_), Some(_), ..) => &[About::Alias],
        (Some(_), None, ..) => &[About::Order],
        (None, _, Some(_), _) => &[About::Sku],
        (.., Some(_)) if decision.kind != decisions::FORGET => &[About::Customer],
        _ => return Ok(Complete { decision, covers: None, settles: None }),
    };
    let kinds: Vec<_> = abouts.iter().filter_map(|about| exceptions::kind(*about, &decision.kind)).collect();
    let choices: Vec<&str> = kinds.iter().flat_map(|kind| kind.decisions).copied().collect();
    let withdraws = decision.choice == decisions::WITHDRAW;
    if !withdraws && !choices.contains(&decision.choice.as_str()) {
        return Err(refused(match choices.as_slice() {
            [] if kinds.is_empty() => no_kind(&decision.kind, abouts),
            [] => format!("no decision settles {}: only its rows do", decision.kind),
            choices => format!("{} is settled by {}, not by {}", decision.kind, choices.join(" or "), decision.choice),
        }));
    }
    let takes = kinds.iter().any(|kind| kind.takes_amount(&decision.choice));
    if decision.amount.is_some() && decision.lines.is_empty() && !takes {
        return Err(refused(format!(
            "{} of {} names pieces by line, not an amount alone: what they are worth follows",
            decision.choice, decision.kind
        )));
    }
    let case = match service.views.standing(&decision) {
        CaseStanding::Unknown(what) => return Err(refused(format!("no {what} is known under this name"))),
        CaseStanding::Several(keys) => {
            return Err(refused(format!("several orders have this name: name one by its key, {}", keys.join(" or "))));
        }
        CaseStanding::NotOpen(_) if withdraws => None,
        CaseStanding::NotOpen(numbers) => return Err(refused(not_open(&decision, &numbers))),
        CaseStanding::Open(case) => Some(case),
    };
    let settles = case.as_ref().map(|case: &OpenCase| json!({ "sentence": case.sentence, "opens_at": case.opens_at }));
    let names_nothing = takes && decision.amount.is_none() && decision.lines.is_empty() && !withdraws;
    let covers = case.as_ref().filter(|_| names_nothing).and_then(|case| case.at_risk);
    let seen = case.map(|case| SettledCase { sentence: case.sentence, at_risk: case.at_risk, opens_at: case.opens_at });
    Ok(Complete { decision: DecisionRecord { amount: decision.amount.or(covers), settles: seen, ..decision }, covers, settles })
}

/// A kind that does not exist, and the one that was perhaps meant.
fn no_kind(kind: &str, abouts: &[About]) -> String {
    let known = exceptions::EXCEPTIONS.iter().filter(|known| abouts.contains(&known.about)).map(|known| known.kind);
    let near = known.max_by(|one, other| strsim::jaro_winkler(kind, one).total_cmp(&strsim::jaro_winkler(kind, other)));
    let near = near.filter(|near| strsim::jaro_winkler(kind, near) > 0.8).map_or_else(String::new, |near| format!(". Is it {near}?"));
    format!("there is no exception {kind} of this{near}")
}

fn not_open(decision: &DecisionRecord, numbers: &[String]) -> String {
    let named = if decision.number.is_empty() { String::new() } else { format!(" under the number {}", decision.number) };
    let there = match numbers {
        [] => "Look at GET /exceptions for what is open".to_owned(),
        [one] if one.is_empty() => "It is open without a number: leave the number out".to_owned(),
        numbers => format!("It is open under the number {}", numbers.join(" and ")),
    };
    format!("no {} is open{named}. {there}", decision.kind)
}
