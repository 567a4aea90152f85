//! `POST /decisions/bulk`: one decision about many open exceptions. Each is checked and written like a single one; with `?dry-run` nothing is.

use std::collections::BTreeMap;

use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::decide::{complete, from_a_program, refused, who_is_there, written_as};
use super::desk::ExceptionQuery;
use super::reply::{ProblemReply, body};
use super::service::{InboxTopic, Service};
use crate::entities::exceptions::About;
use crate::events::exceptions::ExceptionNotice;
use crate::facts::{Amount, Moment, Text};
use crate::sources::decisions::DecisionRecord;

/// So many are told of one by one.
const TOLD_MAX: usize = 100;

/// One choice for many exceptions: of those that are named, or of all that the others narrow down to. Something must narrow them.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct BulkDecision {
    /// Only these, by key.
    keys: Option<Vec<Text>>,
    kind: Option<String>,
    about: Option<String>,
    entity: Option<String>,
    owner: Option<String>,
    choice: String,
    #[serde(default)]
    who: String,
    #[serde(default)]
    why: String,
}

/// Takes the decision: 202.
pub(super) async fn decide_all(State(service): State<Service>, RawQuery(query): RawQuery, headers: HeaderMap, asked: Bytes) -> Response {
    let dry_run = query.is_some_and(|query| query == "dry-run");
    let prepared = from_a_program(&headers).and_then(|()| {
        let mut asked: BulkDecision = serde_json::from_slice(&asked).map_err(|error| refused(format!("a decision as JSON: {error}")))?;
        asked.who = who_is_there(&headers, &asked.who)?;
        if asked.keys.is_none() && asked.kind.is_none() {
            return Err(refused("name the exceptions by their keys, or their kind: not all that are open"));
        }
        Ok(asked)
    });
    let asked = match prepared {
        Ok(asked) => asked,
        Err(problem) => return problem.into_response(),
    };
    // Each entity that has one is computed, and the broker is waited for: not on the server's own thread.
    match tokio::task::spawn_blocking(move || take(&service, &asked, dry_run)).await {
        Ok(Ok(answer)) => body(if dry_run { StatusCode::OK } else { StatusCode::ACCEPTED }, &answer),
        Ok(Err(problem)) => problem.into_response(),
        Err(_) => ProblemReply::new(StatusCode::INTERNAL_SERVER_ERROR, "the decisions were not written").into_response(),
    }
}

fn take(service: &Service, asked: &BulkDecision, dry_run: bool) -> Result<Value, ProblemReply> {
    let inbox = service.inbox.clone().ok_or_else(|| ProblemReply::new(StatusCode::NOT_FOUND, "decisions are not taken here"))?;
    let query = ExceptionQuery {
        kind: asked.kind.clone(),
        about: asked.about.clone(),
        entity: asked.entity.clone(),
        owner: asked.owner.clone(),
        ..ExceptionQuery::default()
    };
    let cases = service.views.cases();
    let mut open = service.views.exceptions();
    open.retain(|(about, notice)| {
        query.asks_for(*about, notice, &cases) && asked.keys.as_ref().is_none_or(|keys| keys.contains(&notice.key()))
    });
    let now = Moment(jiff::Timestamp::now().as_millisecond());
    let (mut records, mut told, mut refusals) = (Vec::new(), Vec::new(), Vec::new());
    let mut at_risk: BTreeMap<String, Amount> = BTreeMap::new();
    for (about, notice) in &open {
        let complete = decision(asked, *about, notice, now).and_then(|decision| complete(service, decision));
        match complete {
            Ok(complete) => {
                if let (Some(amount), Some(currency)) = (notice.at_risk, notice.currency) {
                    *at_risk.entry(currency.as_str().to_owned()).or_default() += amount;
                }
                told.push(json!({ "key": notice.key(), "sentence": notice.sentence, "covers": complete.covers }));
                records.push(written_as(&complete.decision));
            }
            Err(problem) => refusals.push(json!({ "key": notice.key(), "why": problem.detail() })),
        }
    }
    if !dry_run && !records.is_empty() {
        let written = inbox.take(InboxTopic::Decisions, &records);
        written.map_err(|sentence| ProblemReply::new(StatusCode::SERVICE_UNAVAILABLE, sentence))?;
    }
    told.truncate(TOLD_MAX);
    let refused = refusals.len();
    refusals.truncate(TOLD_MAX);
    Ok(json!({
        "written": !dry_run, "count": records.len(), "at_risk": at_risk, "decisions": told, "refused": refused, "refusals": refusals,
    }))
}

/// The decision about one of them.
fn decision(asked: &BulkDecision, about: About, notice: &ExceptionNotice, now: Moment) -> Result<DecisionRecord, ProblemReply> {
    let entity = Some(notice.entity.to_string());
    let (order, sku, customer) = match about {
        About::Order => (entity, None, None),
        About::Sku => (None, entity, None),
        About::Customer => (None, None, entity),
        About::Alias => return Err(refused("each alias leads to an order of its own: decide one by one")),
        About::Application => return Err(refused("it is settled by waybill rules, in-flight or refunds")),
    };
    Ok(DecisionRecord {
        kind: notice.kind.to_string(),
        order,
        sku,
        customer,
        number: notice.number.to_string(),
        choice: asked.choice.clone(),
        who: asked.who.clone(),
        why: asked.why.clone(),
        decided_at: now,
        ..DecisionRecord::default()
    })
}
