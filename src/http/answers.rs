//! One function a path.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::{Value, json};

use super::service::{EpochStamp, Service};
use crate::entities::exceptions::{self, About};
use crate::facts::Amount;
use crate::sources::decisions::{self, DecisionRecord};

pub(super) fn router(service: Service) -> Router {
    Router::new()
        .route("/", get(index))
        .route("/metrics", get(metrics))
        .route("/livez", get(async || "ok\n"))
        .route("/readyz", get(ready))
        .route("/orders/{id}", get(order))
        .route("/stock/{sku}", get(stock))
        .route("/customers/{id}", get(customer))
        .route("/held", get(held))
        .route("/counts", get(counts))
        .route("/books/{id}", get(books))
        .route("/books", get(day_book))
        .route("/decisions", post(decide))
        .fallback(nowhere)
        .with_state(service)
}

const PATHS: [&str; 11] = [
    "/metrics",
    "/livez",
    "/readyz",
    "/orders/{id}",
    "/stock/{sku}",
    "/customers/{id}",
    "/held",
    "/counts",
    "/books/{id}",
    "/books?day=2026-03-02",
    "/decisions",
];

async fn index() -> Response {
    body(StatusCode::OK, &json!({ "waybill": env!("CARGO_PKG_VERSION"), "paths": PATHS }))
}

async fn nowhere() -> Response {
    body(StatusCode::NOT_FOUND, &json!({ "error": "there is no such path", "paths": PATHS }))
}

async fn metrics(State(service): State<Service>) -> Response {
    match service.metrics.text() {
        Ok(text) => ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, format!("the metrics cannot be written: {error}\n")).into_response(),
    }
}

async fn ready(State(service): State<Service>) -> Response {
    let readiness = service.status.now();
    let code = if readiness.ready() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    stamped(body(code, &readiness.body()), service.views.epoch())
}

async fn order(State(service): State<Service>, Path(id): Path<String>, RawQuery(query): RawQuery) -> Response {
    let looked_in = || {
        let mut names = vec!["order key (SOURCE|id)".to_owned()];
        names.extend(service.views.scopes());
        names
    };
    let store = query.as_deref().and_then(|query| query.split('&').find_map(|part| part.strip_prefix("store=")));
    let found = service.views.order(&id, store);
    answer(&service, found, "order", &id, looked_in)
}

async fn stock(State(service): State<Service>, Path(sku): Path<String>, RawQuery(query): RawQuery) -> Response {
    let why = query.is_some_and(|query| query.split('&').any(|part| part.split('=').next() == Some("why")));
    let found = if why { service.views.stock_why(&sku) } else { service.views.stock(&sku) };
    answer(&service, found, "SKU", &sku, || vec!["SKU (case does not matter)".to_owned()])
}

async fn customer(State(service): State<Service>, Path(id): Path<String>) -> Response {
    let found = service.views.customer(&id);
    let keys = || vec!["account|SOURCE|id".to_owned(), "guest|BRAND|digest of the email".to_owned()];
    answer(&service, found, "customer", &id, keys)
}

async fn held(State(service): State<Service>) -> Response {
    stamped(body(StatusCode::OK, &service.views.held()), service.views.epoch())
}

async fn counts(State(service): State<Service>) -> Response {
    let epoch = service.views.epoch();
    // All orders are computed: not on the server's own thread.
    match tokio::task::spawn_blocking(move || service.views.counts()).await {
        Ok(counts) => stamped(body(StatusCode::OK, &counts), epoch),
        Err(_) => body(StatusCode::INTERNAL_SERVER_ERROR, &json!({ "error": "the orders were not counted" })),
    }
}

async fn books(State(service): State<Service>, Path(id): Path<String>) -> Response {
    let found = service.views.books(&id);
    answer(&service, found, "order", &id, || service.views.scopes())
}

/// The trial balance of a day; with `&csv` its postings.
async fn day_book(State(service): State<Service>, RawQuery(query): RawQuery) -> Response {
    let query = query.unwrap_or_default();
    let day = query.split('&').find_map(|part| part.strip_prefix("day=")).unwrap_or_default().to_owned();
    let csv = query.split('&').any(|part| part == "csv");
    let Some(day_book) = service.day_book.clone() else {
        return body(StatusCode::NOT_FOUND, &json!({ "error": "entries are not read here" }));
    };
    if day.parse::<jiff::civil::Date>().is_err() {
        return body(StatusCode::BAD_REQUEST, &json!({ "error": "name a day, as in /books?day=2026-03-02" }));
    }
    let read = tokio::task::spawn_blocking(move || day_book.day(&day, csv)).await;
    let kind = if csv { "text/csv; charset=utf-8" } else { "text/plain; charset=utf-8" };
    match read {
        Ok(Ok(text)) => ([(header::CONTENT_TYPE, kind)], text).into_response(),
        Ok(Err(sentence)) => body(StatusCode::SERVICE_UNAVAILABLE, &json!({ "error": sentence })),
        Err(_) => body(StatusCode::INTERNAL_SERVER_ERROR, &json!({ "error": "the entries were not read" })),
    }
}

/// Writes a decision to its topic, once it reads well: 202, as it takes effect with the epoch that reads it back.
async fn decide(State(service): State<Service>, decision: Bytes) -> Response {
    let read = match decisions::read(Some(&decision)) {
        Ok(read) => read,
        Err(error) => return body(StatusCode::BAD_REQUEST, &json!({ "error": error.to_string() })),
    };
    let Some(inbox) = service.inbox.clone() else {
        return body(StatusCode::NOT_FOUND, &json!({ "error": "decisions are not taken here" }));
    };
    let (written, covers) = match complete(&service, read) {
        Ok(complete) => complete,
        Err(sentence) => return body(StatusCode::BAD_REQUEST, &json!({ "error": sentence })),
    };
    let decision = if covers.is_some() { Bytes::from(json!(written).to_string()) } else { decision };
    let entity = written.alias.or(written.order).or(written.sku).unwrap_or_default();
    // The broker's answer is waited for: not on the server's own thread.
    let written = tokio::task::spawn_blocking(move || inbox.decide(&entity, &decision)).await;
    match written {
        Ok(Ok(())) => body(StatusCode::ACCEPTED, &json!({ "written": true, "covers": covers })),
        Ok(Err(sentence)) => body(StatusCode::SERVICE_UNAVAILABLE, &json!({ "error": sentence })),
        Err(_) => body(StatusCode::INTERNAL_SERVER_ERROR, &json!({ "error": "the decision was not written" })),
    }
}

/// Checks that the kind of exception offers the choice. A decision that names neither amount nor pieces is about what is at risk now: its amount, given
/// beside it, is written into it, so that it covers nothing that comes later.
fn complete(service: &Service, decision: DecisionRecord) -> Result<(DecisionRecord, Option<Amount>), String> {
    let abouts: &[About] = match (&decision.order, &decision.sku) {
        (Some(_), _) => &[About::Order, About::Alias],
        (_, Some(_)) => &[About::Sku],
        _ => return Ok((decision, None)),
    };
    let kinds: Vec<_> = abouts.iter().filter_map(|about| exceptions::kind(*about, &decision.kind)).collect();
    let choices: Vec<&str> = kinds.iter().flat_map(|kind| kind.decisions).copied().collect();
    if decision.choice == decisions::WITHDRAW {
        return Ok((decision, None));
    }
    if !choices.contains(&decision.choice.as_str()) {
        return Err(match choices.as_slice() {
            [] if kinds.is_empty() => format!("there is no exception {} of this", decision.kind),
            [] => format!("no decision settles {}: only its rows do", decision.kind),
            choices => format!("{} is settled by {}, not by {}", decision.kind, choices.join(" or "), decision.choice),
        });
    }
    let takes = kinds.iter().any(|kind| kind.takes_amount(&decision.choice));
    if decision.amount.is_some() && decision.lines.is_empty() && !takes {
        return Err(format!(
            "{} of {} names pieces by line, not an amount alone: what they are worth follows",
            decision.choice, decision.kind
        ));
    }
    let open = match &decision.order {
        Some(order) if takes && decision.amount.is_none() && decision.lines.is_empty() => {
            service.views.at_risk(order, &decision.kind, &decision.number)
        }
        _ => None,
    };
    Ok((DecisionRecord { amount: decision.amount.or(open), ..decision }, open))
}

/// The view, or 404 with what was looked for and under which kinds of names.
fn answer(service: &Service, found: Option<Value>, what: &str, id: &str, looked_in: impl FnOnce() -> Vec<String>) -> Response {
    let response = match found {
        Some(view) => body(StatusCode::OK, &view),
        None => {
            let error = format!("no committed {what} is known under this name");
            body(StatusCode::NOT_FOUND, &json!({ "error": error, "looked_for": id, "looked_in": looked_in() }))
        }
    };
    stamped(response, service.views.epoch())
}

fn body(code: StatusCode, json: &Value) -> Response {
    (code, [(header::CONTENT_TYPE, "application/json")], format!("{json:#}\n")).into_response()
}

/// Says which epoch the answer is of.
fn stamped(mut response: Response, stamp: EpochStamp) -> Response {
    let headers = response.headers_mut();
    headers.insert("waybill-epoch", HeaderValue::from(stamp.epoch));
    if let Ok(tick) = HeaderValue::from_str(&stamp.tick.to_string()) {
        headers.insert("waybill-tick", tick);
    }
    response
}
