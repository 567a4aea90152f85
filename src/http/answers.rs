//! One function a path.

use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Path, Query, RawQuery, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response, sse};
use axum::routing::{get, post};
use serde::Deserialize;
use serde_json::{Value, json};

use super::decide::decide;
use super::desk::{self, ExceptionQuery};
use super::reply::{ProblemReply, body};
use super::service::{EpochStamp, Service};
use super::{acts, bulk, letters, page};

/// Every path twice: under the version of the interface, and as people type it.
pub(super) fn router(service: Service) -> Router {
    let views = Router::new()
        .route("/orders/{id}", get(order))
        .route("/stock/{sku}", get(stock))
        .route("/customers/{id}", get(customer))
        .route("/search", get(search))
        .route("/exceptions", get(exceptions))
        .route("/dead-letters", get(letters::all))
        .route("/dead-letters/{topic}/{partition}/{offset}", get(letters::one))
        .route("/audit", get(audit))
        .route("/held", get(held))
        .route("/counts", get(counts))
        .route("/books/{id}", get(books))
        .route("/books", get(day_book))
        .route("/decisions", post(decide))
        .route("/decisions/bulk", post(bulk::decide_all))
        .route("/acts", post(acts::act).layer(DefaultBodyLimit::max(ACT_BYTES_MAX)))
        .route_layer(middleware::from_fn_with_state(service.clone(), once_restored));
    Router::new()
        .route("/", get(index))
        .route("/page/{file}", get(page::file))
        .route("/flow", get(flow))
        .route("/changes", get(changes))
        .route("/metrics", get(metrics))
        .route("/livez", get(async || "ok\n"))
        .route("/readyz", get(ready))
        .merge(views.clone())
        .nest(API, views.route("/flow", get(flow)).route("/changes", get(changes)))
        .fallback(nowhere)
        .method_not_allowed_fallback(wrong_method)
        .with_state(service)
}

/// An edited record may be as large as a record.
const ACT_BYTES_MAX: usize = 16 << 20;

/// The version of the interface.
const API: &str = "/api/v1";

const PATHS: [&str; 20] = [
    "/metrics",
    "/livez",
    "/readyz",
    "/orders/{id}",
    "/stock/{sku}",
    "/customers/{id}",
    "/search?text=1004",
    "/exceptions",
    "/dead-letters",
    "/dead-letters/{topic}/{partition}/{offset}",
    "/audit?about=over-refunded|magento%7C7|",
    "/flow",
    "/changes",
    "/held",
    "/counts",
    "/books/{id}",
    "/books?day=2026-03-02",
    "/decisions",
    "/decisions/bulk",
    "/acts",
];

/// The page for a browser, the list of paths for a program.
async fn index(headers: HeaderMap) -> Response {
    let accepts = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    if accepts.contains("text/html") {
        return page::index();
    }
    body(StatusCode::OK, &json!({ "waybill": env!("CARGO_PKG_VERSION"), "paths": PATHS }))
}

async fn nowhere() -> Response {
    ProblemReply::new(StatusCode::NOT_FOUND, "there is no such path").with("paths", PATHS.to_vec()).into_response()
}

async fn wrong_method() -> Response {
    ProblemReply::new(StatusCode::METHOD_NOT_ALLOWED, "this path does not take that method").into_response()
}

/// Before the state is restored nothing is known, and nothing may be said not to be there.
async fn once_restored(State(service): State<Service>, request: Request, next: Next) -> Response {
    if service.views.is_open() {
        return next.run(request).await;
    }
    let waits_for = service.status.now().waits_for().unwrap_or_else(|| "the state is being restored".to_owned());
    let mut answer = ProblemReply::new(StatusCode::SERVICE_UNAVAILABLE, format!("not yet: {waits_for}")).into_response();
    answer.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("2"));
    answer
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

async fn exceptions(
    State(service): State<Service>,
    query: Result<Query<ExceptionQuery>, axum::extract::rejection::QueryRejection>,
) -> Response {
    let query = match query {
        Ok(Query(query)) => query,
        Err(error) => return ProblemReply::new(StatusCode::BAD_REQUEST, error.body_text()).into_response(),
    };
    let epoch = service.views.epoch();
    // Each entity that has one is computed: not on the server's own thread.
    match tokio::task::spawn_blocking(move || json!(desk::list(service.views.exceptions(), &service.views.cases(), &query))).await {
        Ok(list) => stamped(body(StatusCode::OK, &list), epoch),
        Err(_) => ProblemReply::new(StatusCode::INTERNAL_SERVER_ERROR, "the exceptions were not listed").into_response(),
    }
}

async fn search(State(service): State<Service>, Query(query): Query<SearchQuery>) -> Response {
    let epoch = service.views.epoch();
    match tokio::task::spawn_blocking(move || service.views.search(&query.text)).await {
        Ok(found) => stamped(body(StatusCode::OK, &found), epoch),
        Err(_) => ProblemReply::new(StatusCode::INTERNAL_SERVER_ERROR, "the search ended").into_response(),
    }
}

/// What is looked for.
#[derive(Deserialize)]
struct SearchQuery {
    #[serde(default)]
    text: String,
}

/// What is asked of the audit.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AuditQuery {
    about: Option<String>,
    limit: Option<usize>,
}

/// Entries of one answer, unless `limit` says fewer.
const AUDIT_MAX: usize = 1_000;
const AUDIT: usize = 100;

/// What people decided and did.
async fn audit(State(service): State<Service>, query: Result<Query<AuditQuery>, axum::extract::rejection::QueryRejection>) -> Response {
    let query = match query {
        Ok(Query(query)) => query,
        Err(error) => return ProblemReply::new(StatusCode::BAD_REQUEST, error.body_text()).into_response(),
    };
    let Some(audit) = service.audit.clone() else {
        return ProblemReply::new(StatusCode::NOT_FOUND, "the audit is not read here").into_response();
    };
    let limit = query.limit.unwrap_or(AUDIT).clamp(1, AUDIT_MAX);
    // A topic is read: not on the server's own thread.
    match tokio::task::spawn_blocking(move || audit.newest(query.about.as_deref(), limit)).await {
        Ok(Ok(entries)) => body(StatusCode::OK, &json!({ "audit": entries })),
        Ok(Err(sentence)) => ProblemReply::new(StatusCode::SERVICE_UNAVAILABLE, sentence).into_response(),
        Err(_) => ProblemReply::new(StatusCode::INTERNAL_SERVER_ERROR, "the audit was not read").into_response(),
    }
}

/// What comes in from whom, and what goes out: totals, from which whoever asks twice has rates.
async fn flow(State(service): State<Service>) -> Response {
    let readiness = service.status.now();
    let (events, epochs) = service.metrics.written();
    let written: Vec<Value> = events.iter().map(|(topic, events)| json!({ "topic": topic, "events": events })).collect();
    let mut flow = readiness.body();
    flow["topics"] = json!(written);
    flow["epochs"] = json!(epochs);
    flow["version"] = json!(env!("CARGO_PKG_VERSION"));
    stamped(body(StatusCode::OK, &flow), service.views.epoch())
}

/// How often it is looked for a new epoch.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Server-sent events: one for each look at which something was committed since the last, with the epoch. Whoever shows a view asks for it again then.
async fn changes(State(service): State<Service>) -> impl IntoResponse {
    let epochs = futures_util::stream::unfold((service, None), |(service, seen)| async move {
        loop {
            let stamp = service.views.epoch();
            if seen != Some(stamp) {
                let data = json!({ "epoch": stamp.epoch, "tick": stamp.tick, "ready": service.status.now().ready() });
                let event = sse::Event::default().event("epoch").data(data.to_string());
                return Some((Ok::<_, std::convert::Infallible>(event), (service, Some(stamp))));
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    });
    sse::Sse::new(epochs).keep_alive(sse::KeepAlive::default())
}

async fn held(State(service): State<Service>) -> Response {
    stamped(body(StatusCode::OK, &service.views.held()), service.views.epoch())
}

async fn counts(State(service): State<Service>) -> Response {
    let epoch = service.views.epoch();
    // All orders are computed: not on the server's own thread.
    match tokio::task::spawn_blocking(move || service.views.counts()).await {
        Ok(counts) => stamped(body(StatusCode::OK, &counts), epoch),
        Err(_) => ProblemReply::new(StatusCode::INTERNAL_SERVER_ERROR, "the orders were not counted").into_response(),
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
        return ProblemReply::new(StatusCode::NOT_FOUND, "entries are not read here").into_response();
    };
    if day.parse::<jiff::civil::Date>().is_err() {
        return ProblemReply::new(StatusCode::BAD_REQUEST, "name a day, as in /books?day=2026-03-02").into_response();
    }
    let read = tokio::task::spawn_blocking(move || day_book.day(&day, csv)).await;
    let kind = if csv { "text/csv; charset=utf-8" } else { "text/plain; charset=utf-8" };
    match read {
        Ok(Ok(text)) => ([(header::CONTENT_TYPE, kind)], text).into_response(),
        Ok(Err(sentence)) => ProblemReply::new(StatusCode::SERVICE_UNAVAILABLE, sentence).into_response(),
        Err(_) => ProblemReply::new(StatusCode::INTERNAL_SERVER_ERROR, "the entries were not read").into_response(),
    }
}

/// So much of an id that was not found is shown.
const ID_SHOWN: usize = 200;

/// The view, or 404 with what was looked for and under which kinds of names.
fn answer(service: &Service, found: Option<Value>, what: &str, id: &str, looked_in: impl FnOnce() -> Vec<String>) -> Response {
    let response = match found {
        Some(view) => body(StatusCode::OK, &view),
        None => {
            let problem = ProblemReply::new(StatusCode::NOT_FOUND, format!("no committed {what} is known under this name"));
            // A long id is not given back whole.
            let looked_for: String = id.chars().take(ID_SHOWN).collect();
            problem.with("looked_for", looked_for).with("looked_in", looked_in()).into_response()
        }
    };
    stamped(response, service.views.epoch())
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
