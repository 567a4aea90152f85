//! Over real sockets: what a person with `curl` sees.

mod desk;

use std::io::{Read, Write};
use std::net::TcpStream;

use std::sync::Arc;

use serde_json::{Value, json};
use tokio::sync::oneshot;

use super::*;
use crate::facts::Moment;
use crate::sources::decisions::DecisionRecord;
use crate::telemetry::Metrics;

struct OneOrder;

impl Views for OneOrder {
    fn order(&self, id: &str, _: Option<&str>) -> Option<Value> {
        ["magento|7", "100000007", "SO-1"].contains(&id).then(|| json!({ "key": "magento|7" }))
    }
    fn stock(&self, sku: &str) -> Option<Value> {
        (sku.to_uppercase() == "TEE/M").then(|| json!({ "free": "5" }))
    }
    fn customer(&self, _: &str) -> Option<Value> {
        None
    }
    fn standing(&self, decision: &DecisionRecord) -> CaseStanding {
        let order = decision.order.as_deref().unwrap_or_default();
        let at_risk = (order == "magento|7" && decision.kind == "over-refunded").then(|| crate::facts::Amount::from_int(5));
        match (order, decision.number.as_str()) {
            ("magento|9", _) => CaseStanding::Unknown("order"),
            ("1007", _) => CaseStanding::Several(vec!["magento|7".to_owned(), "shopify|7".to_owned()]),
            ("magento|6", _) => CaseStanding::NotOpen(vec![]),
            (_, "B") => CaseStanding::NotOpen(vec!["A".to_owned()]),
            _ => CaseStanding::Open(OpenCase { sentence: "5.00 GBP too much".to_owned(), at_risk, opens_at: None }),
        }
    }
    fn scopes(&self) -> Vec<String> {
        vec!["order-number".to_owned(), "tracking".to_owned()]
    }
    fn epoch(&self) -> EpochStamp {
        EpochStamp { epoch: 42, tick: Moment(1_772_446_504_000) }
    }
}

/// A broker that takes nothing about one order.
struct Full;

impl Inbox for Full {
    fn take(&self, _: InboxTopic, records: &[(String, Vec<u8>)]) -> Result<(), String> {
        let taken = records.iter().all(|(entity, _)| entity == "magento|7");
        if taken { Ok(()) } else { Err("the broker does not answer".to_owned()) }
    }
}

async fn get(address: SocketAddr, path: &str) -> String {
    talk(address, format!("GET {path} HTTP/1.1\r\nHost: waybill\r\nConnection: close\r\n\r\n")).await
}

async fn post(address: SocketAddr, path: &str, body: &str) -> String {
    post_with(address, path, "Content-Type: application/json\r\n", body).await
}

async fn post_with(address: SocketAddr, path: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    let request = format!("POST {path} HTTP/1.1\r\nHost: waybill\r\nConnection: close\r\n{headers}Content-Length: {length}\r\n\r\n{body}");
    talk(address, request).await
}

async fn talk(address: SocketAddr, request: String) -> String {
    let talk = move || {
        let mut stream = TcpStream::connect(address).expect("connects");
        stream.write_all(request.as_bytes()).expect("sends");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("answers");
        answer
    };
    tokio::task::spawn_blocking(talk).await.expect("no panic")
}

/// Runs `talk` against a server, then ends the server and waits until it has.
async fn with_server<F: Future<Output = ()>>(status: Arc<Status>, talk: impl FnOnce(SocketAddr) -> F) {
    serve(Service { inbox: Some(Arc::new(Full)), status, ..of(Arc::new(OneOrder)) }, talk).await;
}

/// A service of these views, and of nothing else.
fn of(views: Arc<dyn Views>) -> Service {
    let metrics = Arc::new(Metrics::new().expect("metrics"));
    Service { views, status: Arc::default(), metrics, inbox: None, day_book: None, letters: None, audit: None }
}

async fn serve<F: Future<Output = ()>>(service: Service, talk: impl FnOnce(SocketAddr) -> F) {
    let server = Server::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.expect("a free port");
    let address = server.address();
    let (end, ended) = oneshot::channel::<()>();
    let serving = tokio::spawn(server.serve(service, async move { drop(ended.await) }));
    talk(address).await;
    drop(end);
    serving.await.expect("no panic").expect("ends cleanly");
}

#[tokio::test]
async fn any_name_finds_an_order_and_the_epoch_is_told() {
    with_server(Arc::default(), |address| async move {
        for id in ["magento%7C7", "100000007", "SO-1"] {
            let answer = get(address, &format!("/orders/{id}")).await;
            assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
            assert!(answer.contains("waybill-epoch: 42\r\n") && answer.contains("waybill-tick: 2026-03-02T10:15:04Z\r\n"), "{answer}");
        }
        assert!(get(address, "/stock/tee%2Fm").await.contains(r#""free": "5""#));
    })
    .await;
}

#[tokio::test]
async fn who_finds_nothing_is_told_where_it_was_looked_for() {
    with_server(Arc::default(), |address| async move {
        let answer = get(address, "/orders/nothing").await;
        assert!(answer.starts_with("HTTP/1.1 404"), "{answer}");
        for part in ["\"looked_for\": \"nothing\"", "order key", "order-number", "tracking"] {
            assert!(answer.contains(part), "{part} is not in {answer}");
        }
        assert!(get(address, "/customers/account%7Cm%7C1").await.starts_with("HTTP/1.1 404"));
        assert!(get(address, "/other").await.contains("/readyz"));
    })
    .await;
}

#[tokio::test]
async fn readiness_follows_broker_and_restore_and_not_dead_letters() {
    let status = Arc::new(Status::new(["magento"]));
    let of = Arc::clone(&status);
    with_server(status, |address| async move {
        let answer = get(address, "/readyz").await;
        assert!(answer.starts_with("HTTP/1.1 503") && answer.contains("the broker has not been reached yet"), "{answer}");
        of.update(|readiness| readiness.broker = BrokerState::Reached);
        of.update(|readiness| readiness.restore = RestoreState { shards_total: 16, shards_done: 3, records: 0, done: false });
        assert!(get(address, "/readyz").await.contains("restoring: 3 of 16 shards"));
        of.update(|readiness| {
            readiness.restore.done = true;
            readiness.sources.entry("magento".to_owned()).or_default().dead_letters = 2;
        });
        let answer = get(address, "/readyz").await;
        assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("\"dead_letters\": 2"), "{answer}");
        of.update(|readiness| readiness.broker = BrokerState::Unreachable { error: "refused".to_owned(), since: Moment(0) });
        let answer = get(address, "/readyz").await;
        assert!(answer.starts_with("HTTP/1.1 503") && answer.contains("\"state\": \"unreachable\""), "{answer}");
    })
    .await;
}

/// A table that nobody has written to has no topic: named, and no reason to wait, unless its source is required.
#[tokio::test]
async fn a_topic_that_is_not_there_yet_is_named_and_holds_up_only_a_required_source() {
    let status = Arc::new(Status::new(["magento"]));
    let of = Arc::clone(&status);
    with_server(status, |address| async move {
        let stands = |state| {
            of.update(|readiness| {
                readiness.broker = BrokerState::Reached;
                readiness.restore.done = true;
                let source = readiness.sources.entry("magento".to_owned()).or_default();
                (source.state, source.topics_missing) = (state, vec!["m.shop.sales_creditmemo".to_owned()]);
            });
        };
        stands(SourceState::Reading);
        let answer = get(address, "/readyz").await;
        assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("m.shop.sales_creditmemo"), "{answer}");
        stands(SourceState::TopicsMissing);
        let answer = get(address, "/readyz").await;
        assert!(answer.starts_with("HTTP/1.1 503") && answer.contains("magento waits for its topics m.shop.sales_creditmemo"), "{answer}");
    })
    .await;
}

#[test]
fn what_the_start_waits_for_stands_before_a_clock_that_was_not_asked_for() {
    let mut readiness = Readiness {
        broker: BrokerState::Reached,
        stalled: Some("events wait for their schemas".to_owned()),
        clock: Some("the broker has not been asked for its time yet".to_owned()),
        ..Readiness::default()
    };
    let told = |readiness: &Readiness| readiness.body()["waits_for"].as_str().map(str::to_owned);
    assert_eq!(told(&readiness).as_deref(), Some("events wait for their schemas"));
    // Later the clock is why nothing is committed.
    readiness.restore.done = true;
    assert_eq!(told(&readiness).as_deref(), Some("the broker has not been asked for its time yet"));
}

#[tokio::test]
async fn metrics_are_prometheus_text() {
    with_server(Arc::default(), |address| async move {
        let answer = get(address, "/metrics").await;
        assert!(
            answer.contains("content-type: text/plain; version=0.0.4") && answer.contains("# TYPE waybill_epochs_total counter"),
            "{answer}"
        );
        assert!(get(address, "/livez").await.starts_with("HTTP/1.1 200"));
    })
    .await;
}

#[tokio::test]
async fn a_decision_is_written_or_the_person_is_told_why_not() {
    with_server(Arc::default(), |address| async move {
        let decision = |order: &str| {
            json!({ "kind": "over-despatched", "order": order, "choice": "accept", "who": "kim", "decided_at": "2026-03-02T10:15:04Z" })
                .to_string()
        };
        assert!(post(address, "/decisions", &decision("magento|7")).await.starts_with("HTTP/1.1 202"));
        let unwritten = post(address, "/decisions", &decision("magento|8")).await;
        assert!(unwritten.starts_with("HTTP/1.1 503") && unwritten.contains("the broker does not answer"), "{unwritten}");
        let over = decision("magento|7").replace("over-despatched", "over-refunded");
        let covers = post(address, "/decisions", &over).await;
        assert!(covers.contains(r#""covers": "5""#), "what is at risk now is written into it: {covers}");
        let named = post(address, "/decisions", &over.replace(r#""choice""#, r#""amount":"3.00","choice""#)).await;
        assert!(named.starts_with("HTTP/1.1 202") && named.contains(r#""covers": null"#), "it says itself how much: {named}");
        for (kind, choice, sentence) in [
            ("over-refunded", "refund", "over-refunded is settled by accept, not by refund"),
            ("refund-unpaid", "accept", "no decision settles refund-unpaid"),
            ("over-payed", "accept", "there is no exception over-payed of this"),
        ] {
            let refused = decision("magento|7").replace("over-despatched", kind).replace(r#""accept""#, &format!(r#""{choice}""#));
            let refused = post(address, "/decisions", &refused).await;
            assert!(refused.starts_with("HTTP/1.1 400") && refused.contains(sentence), "{refused}");
        }
        let by_pieces = decision("magento|7").replace("over-despatched", "parcel-lost").replace("accept", "refund");
        let by_pieces = post(address, "/decisions", &by_pieces.replace(r#""choice""#, r#""amount":"3.00","choice""#)).await;
        assert!(by_pieces.starts_with("HTTP/1.1 400") && by_pieces.contains("names pieces by line, not an amount alone"), "{by_pieces}");
        let wrong = post(address, "/decisions", "{}").await;
        assert!(wrong.starts_with("HTTP/1.1 400") && wrong.contains("missing field `kind`"), "{wrong}");
    })
    .await;
}

#[tokio::test]
async fn a_decision_is_about_something_that_is_open_or_says_what_is() {
    with_server(Arc::default(), |address| async move {
        let decision = json!({ "kind": "over-refunded", "order": "magento|7", "choice": "accept", "who": "kim", "decided_at": "2026-03-02T10:15:04Z" });
        let decision = decision.to_string();
        for (order, number, sentence) in [
            ("magento|9", "", "no order is known under this name"),
            ("1007", "", "name one by its key, magento|7 or shopify|7"),
            ("magento|6", "", "no over-refunded is open. Look at GET /exceptions"),
            ("magento|7", "B", "no over-refunded is open under the number B. It is open under the number A"),
        ] {
            let asked = decision.replace("magento|7", order).replace(r#""choice""#, &format!(r#""number":"{number}","choice""#));
            let refused = post(address, "/api/v1/decisions", &asked).await;
            assert!(refused.starts_with("HTTP/1.1 400") && refused.contains(sentence), "{refused}");
            assert!(refused.contains("application/problem+json"), "{refused}");
        }
        let near = post(address, "/decisions", &decision.replace("over-refunded", "over-refund")).await;
        assert!(near.contains("there is no exception over-refund of this. Is it over-refunded?"), "{near}");
        let dry = post(address, "/decisions?dry-run", &decision).await;
        assert!(dry.starts_with("HTTP/1.1 200") && dry.contains(r#""written": false"#) && dry.contains("5.00 GBP too much"), "{dry}");
    })
    .await;
}

/// A page that somebody on the operator's machine looks at could settle exceptions, and some pay money.
#[tokio::test]
async fn no_other_web_page_can_decide() {
    with_server(Arc::default(), |address| async move {
        let decision =
            json!({ "kind": "parcel-lost", "order": "magento|7", "choice": "refund", "who": "x", "decided_at": "2026-03-02T10:15:04Z" });
        let decision = decision.to_string();
        let from = |headers: &'static str| post_with(address, "/decisions", headers, &decision);
        assert!(from("Content-Type: text/plain\r\n").await.starts_with("HTTP/1.1 415"));
        assert!(from("").await.starts_with("HTTP/1.1 415"));
        let foreign = from("Content-Type: application/json\r\nOrigin: http://evil.example\r\n").await;
        assert!(foreign.starts_with("HTTP/1.1 403"), "{foreign}");
        assert!(from("Content-Type: application/json; charset=utf-8\r\nOrigin: http://waybill\r\n").await.starts_with("HTTP/1.1 202"));
    })
    .await;
}

/// While the state is read back an order that exists must not be said not to.
#[tokio::test]
async fn before_the_restore_has_ended_nothing_is_said_not_to_be_there() {
    let server = Server::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.expect("a free port");
    let address = server.address();
    let status = Arc::new(Status::default());
    status.update(|readiness| {
        readiness.broker = BrokerState::Reached;
        readiness.restore = RestoreState { shards_total: 16, shards_done: 3, records: 0, done: false };
    });
    let service = Service { status, ..of(Arc::new(CommittedViews::default())) };
    let (end, ended) = oneshot::channel::<()>();
    let serving = tokio::spawn(server.serve(service, async move { drop(ended.await) }));
    for path in ["/orders/1001", "/stock/TEE", "/customers/x", "/exceptions", "/books/1001", "/api/v1/orders/1001"] {
        let answer = get(address, path).await;
        assert!(answer.starts_with("HTTP/1.1 503") && answer.contains("restoring: 3 of 16 shards"), "{path}: {answer}");
        assert!(answer.contains("retry-after: 2"), "{answer}");
    }
    drop(end);
    serving.await.expect("no panic").expect("ends cleanly");
}

#[tokio::test]
async fn a_browser_gets_the_page_and_every_path_that_it_asks_is_there() {
    with_server(Arc::default(), |address| async move {
        let page = talk(address, "GET / HTTP/1.1\r\nHost: waybill\r\nAccept: text/html\r\nConnection: close\r\n\r\n".to_owned()).await;
        assert!(page.contains("content-type: text/html") && page.contains("content-security-policy: default-src 'self'"), "{page}");
        assert!(get(address, "/page/desk.js").await.starts_with("HTTP/1.1 200"));
        for file in ["/page/app.js", "/page/style.css"] {
            assert!(page.contains(file) && get(address, file).await.starts_with("HTTP/1.1 200"), "{file}");
        }
        assert!(get(address, "/page/other.js").await.starts_with("HTTP/1.1 404"));
        assert!(get(address, "/").await.contains("/api/v1") || get(address, "/").await.contains("/exceptions"), "a program gets the paths");
        // As in api(`/orders/${...}`) and api('/held').
        let script = concat!(include_str!("page/app.js"), include_str!("page/desk.js"));
        let asked: Vec<&str> = script.split("api(").skip(1).filter_map(|call| call.get(1..)?.split(['\'', '`', '?', '$']).next()).collect();
        let asked: Vec<&str> = asked.into_iter().filter(|path| path.starts_with('/')).collect();
        assert!(asked.len() >= 9, "{asked:?}");
        for path in asked.into_iter().filter(|path| !["/decisions", "/acts"].contains(path)) {
            let answer = get(address, &format!("/api/v1{path}{}", if path.ends_with('/') { "x" } else { "" })).await;
            assert!(!answer.contains("there is no such path"), "{path}: {answer}");
        }
    })
    .await;
}
