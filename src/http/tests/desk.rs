//! Dead letters, acts, decisions about many, and the audit.

use std::sync::Mutex;

use super::*;
use crate::engine::{CauseId, Letter, LetterCause, LetterIndex};
use crate::entities::exceptions::About;
use crate::envelope::{DecodeError, RawRecord, RecordPlace};
use crate::events::exceptions::ExceptionNotice;
use crate::facts::{Amount, Cause, Currency, ShownFact, TopicId};
use crate::sources::acts::{self, Act};

const CAUSE: CauseId = 0x3f9a_02c1;
const TOPIC: &str = "carrier.scans";

/// Three exceptions are open, and two dead letters outstanding.
struct Office;

fn notice(kind: &str, entity: &str, at_risk: i64) -> ExceptionNotice {
    ExceptionNotice {
        id: String::new(),
        kind: kind.into(),
        entity: entity.into(),
        number: "".into(),
        order_number: None,
        since: Moment(0),
        sentence: "too much".into(),
        to_do: "look".into(),
        at_risk: Some(Amount::from_int(at_risk)),
        currency: Currency::new("GBP"),
        causes: Vec::new(),
    }
}

impl Views for Office {
    fn order(&self, _: &str, _: Option<&str>) -> Option<Value> {
        None
    }
    fn stock(&self, _: &str) -> Option<Value> {
        None
    }
    fn customer(&self, _: &str) -> Option<Value> {
        None
    }
    fn standing(&self, decision: &DecisionRecord) -> CaseStanding {
        let at_risk = Some(Amount::from_int(5));
        match decision.order.as_deref() {
            // Settled since the list was made.
            Some("magento|3") => CaseStanding::NotOpen(vec![]),
            _ => CaseStanding::Open(OpenCase { sentence: "too much".to_owned(), at_risk, opens_at: None }),
        }
    }
    fn exceptions(&self) -> Vec<(About, ExceptionNotice)> {
        let of = |entity, at_risk| (About::Order, notice("over-refunded", entity, at_risk));
        vec![of("magento|1", 5), of("magento|2", 7), of("magento|3", 9), (About::Sku, notice("oversold", "TEE", 1))]
    }
    fn letters(&self) -> LetterIndex {
        let letter = |offset: i64| {
            let place = Cause { topic: TopicId::of(TOPIC), partition: 0, offset };
            let (since, written_at) = (Moment(1_000 + offset), Moment(offset));
            let digest = raw(offset).digest();
            (place, Letter { cause: CAUSE, since, tried_at: since, tries: 1, written_at, digest, bytes: 60, incarnation: 0, ordinal: None })
        };
        let cause = LetterCause {
            source: "carrier".into(),
            topic: TOPIC.into(),
            member: "scans[*].at".into(),
            expected: "a moment".into(),
            first: Moment(1_017),
            last: Moment(1_018),
            listed: 2,
            unlisted: 0,
        };
        LetterIndex { letters: [17, 18].map(letter).into_iter().collect(), causes: std::iter::once((CAUSE, cause)).collect() }
    }
    fn scopes(&self) -> Vec<String> {
        Vec::new()
    }
    fn epoch(&self) -> EpochStamp {
        EpochStamp::default()
    }
}

fn raw(offset: i64) -> RawRecord {
    let at = if offset == 17 { "soon" } else { "2026-03-02T10:00:00Z" };
    let value = format!(r#"{{"parcel":"JD{offset}","scans":[{{"at":"{at}"}}]}}"#);
    RawRecord { key: None, value: Some(value.into_bytes()), headers: Vec::new(), timestamp: Moment(offset) }
}

/// The first of the two is refused, the second can be read by now.
struct Topics;

impl LetterRecords for Topics {
    fn fetch(&self, letters: &[(RecordPlace, Letter)]) -> Result<Vec<Result<RawRecord, String>>, String> {
        Ok(letters.iter().map(|(place, _)| Ok(raw(place.offset))).collect())
    }
    fn read(&self, _: &RecordPlace, record: &RawRecord) -> LetterReading {
        let value = String::from_utf8_lossy(record.value.as_deref().unwrap_or_default()).into_owned();
        match value.contains("soon") {
            true => LetterReading::Refused(DecodeError::new("scans[0].at", "a moment", "soon")),
            false => {
                let (of, row) = ("order by tracking JD18".to_owned(), "scan".to_owned());
                LetterReading::Rows(vec![ShownFact { of, row, id: "JD18".into(), at: Moment(0), content: Value::Null }])
            }
        }
    }
}

/// Keeps what was written.
#[derive(Default)]
struct Taken(Mutex<Vec<(InboxTopic, String, Vec<u8>)>>);

impl Inbox for Taken {
    fn take(&self, topic: InboxTopic, records: &[(String, Vec<u8>)]) -> Result<(), String> {
        self.0.lock().expect("no panic").extend(records.iter().map(|(about, bytes)| (topic, about.clone(), bytes.clone())));
        Ok(())
    }
}

impl Taken {
    fn acts(&self) -> Vec<acts::ActRecord> {
        let taken = std::mem::take(&mut *self.0.lock().expect("no panic"));
        taken.into_iter().map(|(_, _, bytes)| acts::read(Some(&bytes)).expect("an act")).collect()
    }
}

impl AuditTrail for Taken {
    fn newest(&self, about: Option<&str>, limit: usize) -> Result<Vec<Value>, String> {
        Ok(vec![json!({ "about": about, "limit": limit })])
    }
}

async fn with_office<F: Future<Output = ()>>(talk: impl FnOnce(SocketAddr, Arc<Taken>) -> F) {
    let taken = Arc::new(Taken::default());
    let (inbox, audit): (Arc<dyn Inbox>, Arc<dyn AuditTrail>) = (taken.clone(), taken.clone());
    let service = Service { inbox: Some(inbox), letters: Some(Arc::new(Topics)), audit: Some(audit), ..of(Arc::new(Office)) };
    serve(service, |address| talk(address, taken)).await;
}

fn json_of(answer: &str) -> Value {
    serde_json::from_str(answer.split_once("\r\n\r\n").expect("a body").1).unwrap_or_else(|error| panic!("{error}: {answer}"))
}

#[tokio::test]
async fn dead_letters_are_listed_page_by_page_and_one_is_shown_with_the_member_that_cannot_be_read() {
    with_office(|address, _| async move {
        let all = json_of(&get(address, "/api/v1/dead-letters?limit=1").await);
        assert_eq!(
            (&all["total"], &all["letters"][0]["place"], &all["next"]),
            (&json!(2), &json!("carrier.scans[0]@17"), &json!("carrier.scans[0]@17"))
        );
        assert_eq!(
            (&all["causes"][0]["cause"], &all["causes"][0]["count"], &all["causes"][0]["member"]),
            (&json!("3f9a02c1"), &json!(2), &json!("scans[*].at"))
        );
        let next = json_of(&get(address, "/dead-letters?limit=1&after=carrier.scans%5B0%5D%4017").await);
        assert_eq!((&next["letters"][0]["place"], &next["next"]), (&json!("carrier.scans[0]@18"), &Value::Null));
        assert_eq!(json_of(&get(address, "/dead-letters?source=shop").await)["total"], 0);
        assert_eq!(json_of(&get(address, "/dead-letters?cause=3f9a").await)["total"], 2);
        assert!(get(address, "/dead-letters?after=x").await.starts_with("HTTP/1.1 400"));

        let one = json_of(&get(address, "/dead-letters/carrier.scans/0/17").await);
        assert_eq!((&one["text"]["path"], &one["text"]["line"]), (&json!("$.scans[0].at"), &json!(5)), "{one:#}");
        assert_eq!(one["now"]["refused"]["found"], "soon");
        assert!(one["record"]["value"].as_str().is_some_and(|value| value.starts_with(r#"{"parcel""#)));
        let read = json_of(&get(address, "/dead-letters/carrier.scans/0/18").await);
        assert_eq!(read["now"]["rows"][0]["row"], "scan");
        let none = get(address, "/dead-letters/carrier.scans/0/19").await;
        assert!(none.starts_with("HTTP/1.1 404") && none.contains("no dead letter of carrier.scans[0]@19 is outstanding"), "{none}");
    })
    .await;
}

#[tokio::test]
async fn a_retry_carries_the_record_and_says_beforehand_what_comes_of_it() {
    with_office(|address, taken| async move {
        let retry = |offset: i64| json!({ "act": "retry", "place": format!("carrier.scans[0]@{offset}"), "who": "kim" }).to_string();
        let dry = post(address, "/acts?dry-run", &retry(18)).await;
        assert!(dry.starts_with("HTTP/1.1 200") && json_of(&dry)["now"]["rows"][0]["row"] == "scan", "{dry}");
        assert!(taken.acts().is_empty(), "a dry run writes nothing");
        let done = post(address, "/api/v1/acts", &retry(18)).await;
        assert!(done.starts_with("HTTP/1.1 202"), "{done}");
        let act = taken.acts().pop().expect("an act");
        assert_eq!((act.who.as_str(), act.act.record().map(|(_, record)| record.clone())), ("kim", Some(raw(18))));
        // One that is refused as ever is tried all the same: whoever looks sees that it was.
        assert_eq!(json_of(&post(address, "/acts", &retry(17)).await)["now"]["refused"]["field"], "scans[0].at");
        assert_eq!(taken.acts().len(), 1);
        assert!(post(address, "/acts", &retry(19)).await.starts_with("HTTP/1.1 404"));

        let all = json!({ "act": "retry", "cause": "3f9a02c1", "who": "kim" }).to_string();
        let dry = json_of(&post(address, "/acts?dry-run", &all).await);
        assert_eq!((&dry["read"], &dry["refused"], &dry["next"], taken.acts().len()), (&json!(1), &json!(1), &Value::Null, 0));
        assert_eq!(json_of(&post(address, "/acts", &all).await)["written"], true);
        assert_eq!(taken.acts().iter().map(|act| act.act.about()).collect::<Vec<_>>(), ["carrier.scans[0]@18"]);
        let behind = json!({ "act": "retry", "cause": "3f9a", "who": "kim", "after": "carrier.scans[0]@18" }).to_string();
        assert_eq!(json_of(&post(address, "/acts?dry-run", &behind).await)["read"], 0);
    })
    .await;
}

#[tokio::test]
async fn an_edit_keeps_place_and_time_and_one_that_would_be_refused_is_not_written() {
    with_office(|address, taken| async move {
        let edit = |value: &str| json!({ "act": "edit", "place": "carrier.scans[0]@17", "value": value, "who": "kim" }).to_string();
        let mended = r#"{"parcel":"JD17","scans":[{"at":"2026-03-02T10:00:00Z"}]}"#;
        let done = json_of(&post(address, "/acts", &edit(mended)).await);
        assert_eq!((&done["changes"][0]["path"], &done["changes"][0]["before"]), (&json!("$.scans[0].at"), &json!("soon")), "{done}");
        match taken.acts().pop().expect("an act").act {
            Act::Edit { record, changes, .. } => {
                assert_eq!((record.timestamp, record.value.as_deref(), changes.len()), (Moment(17), Some(mended.as_bytes()), 1));
            }
            other => panic!("{other:?}"),
        }
        let wrong = post(address, "/acts", &edit(r#"{"scans":[{"at":"soon"}]}"#)).await;
        assert!(wrong.starts_with("HTTP/1.1 422") && wrong.contains("nothing is written: field"), "{wrong}");
        assert!(post(address, "/acts?dry-run", &edit(r#"{"scans":[{"at":"soon"}]}"#)).await.starts_with("HTTP/1.1 200"));
        assert!(taken.acts().is_empty());
    })
    .await;
}

#[tokio::test]
async fn discards_notes_and_owners_are_checked_like_decisions() {
    with_office(|address, taken| async move {
        let asked = |body: Value| async move { post(address, "/acts", &body.to_string()).await };
        for (body, code, sentence) in [
            (json!({ "act": "discard", "place": "carrier.scans[0]@17", "who": "kim" }), 400, "say why it may stay unread"),
            (json!({ "act": "discard", "who": "kim", "why": "x" }), 400, "name a place"),
            (json!({ "act": "discard", "cause": "9", "who": "kim", "why": "x" }), 404, "no dead letter of cause 9"),
            (json!({ "act": "discard", "place": "carrier.scans[0]@17", "why": "x" }), 400, "say who does it"),
            (json!({ "act": "burn", "who": "kim" }), 400, "there is no act"),
            (
                json!({ "act": "note", "exception": "oversold|GONE|", "note": "x", "who": "kim" }),
                404,
                "no exception oversold|GONE| is open",
            ),
            (json!({ "act": "note", "exception": "oversold|TEE|", "who": "kim" }), 400, "with a note comes its text"),
            (json!({ "act": "note", "exception": "oversold|TEE|", "note": "x".repeat(3_000), "who": "kim" }), 400, "at most 2000 bytes"),
        ] {
            let answer = asked(body).await;
            assert!(answer.starts_with(&format!("HTTP/1.1 {code}")) && answer.contains(sentence), "{answer}");
        }
        let good = json!({ "act": "discard", "cause": "3f9a", "who": "kim", "why": "test parcels" }).to_string();
        let foreign = post_with(address, "/acts", "Content-Type: application/json\r\nOrigin: http://evil.example\r\n", &good).await;
        assert!(foreign.starts_with("HTTP/1.1 403"), "{foreign}");
        assert!(post_with(address, "/acts", "Content-Type: text/plain\r\n", &good).await.starts_with("HTTP/1.1 415"));
        assert!(taken.acts().is_empty());
        // Who has logged in with the proxy stands above what the body says.
        let named = "Content-Type: application/json\r\nX-Waybill-User: lee\r\n";
        assert!(post_with(address, "/acts", named, &good).await.contains(r#""discarded": 2"#));
        let act = taken.acts().pop().expect("an act");
        assert_eq!((act.who.as_str(), act.act.about().as_str()), ("lee", "3f9a02c1"));
        assert!(asked(json!({ "act": "own", "exception": "oversold|TEE|", "who": "kim" })).await.starts_with("HTTP/1.1 202"));
        assert_eq!(taken.acts().pop().expect("an act").act, Act::Own { exception: "oversold|TEE|".into(), owner: "kim".into() });
        let audit = json_of(&get(address, "/audit?about=oversold%7CTEE%7C&limit=7").await);
        assert_eq!(audit["audit"][0], json!({ "about": "oversold|TEE|", "limit": 7 }));
    })
    .await;
}

#[tokio::test]
async fn one_decision_about_many_says_how_many_and_how_much_before_it_is_written() {
    with_office(|address, taken| async move {
        let many = json!({ "kind": "over-refunded", "choice": "accept", "who": "kim", "why": "goodwill" });
        let dry = json_of(&post(address, "/decisions/bulk?dry-run", &many.to_string()).await);
        assert_eq!((&dry["count"], &dry["at_risk"]["GBP"], &dry["refused"]), (&json!(2), &json!("12"), &json!(1)), "{dry:#}");
        assert!(dry["refusals"][0]["why"].as_str().is_some_and(|why| why.contains("no over-refunded is open")), "{dry:#}");
        assert!(taken.0.lock().expect("no panic").is_empty());
        assert!(post(address, "/api/v1/decisions/bulk", &many.to_string()).await.starts_with("HTTP/1.1 202"));
        let written = std::mem::take(&mut *taken.0.lock().expect("no panic"));
        let bodies: Vec<Value> = written.iter().map(|(_, _, bytes)| serde_json::from_slice(bytes).expect("JSON")).collect();
        assert_eq!(
            written.iter().map(|(topic, about, _)| (*topic, about.as_str())).collect::<Vec<_>>(),
            [(InboxTopic::Decisions, "magento|1"), (InboxTopic::Decisions, "magento|2")]
        );
        // What it is about is written into it, and what the person saw.
        assert_eq!((&bodies[0]["amount"], &bodies[0]["settles"]["sentence"]), (&json!("5"), &json!("too much")));

        let keys = json!({ "keys": ["over-refunded|magento%7C2|", "oversold|TEE|"], "choice": "accept", "who": "kim" });
        let dry = json_of(&post(address, "/decisions/bulk?dry-run", &keys.to_string()).await);
        assert_eq!((&dry["count"], &dry["decisions"][0]["key"]), (&json!(1), &json!("over-refunded|magento%7C2|")), "{dry:#}");
        let all = post(address, "/decisions/bulk", r#"{"choice":"accept","who":"kim"}"#).await;
        assert!(all.starts_with("HTTP/1.1 400") && all.contains("not all that are open"), "{all}");
        assert!(post_with(address, "/decisions/bulk", "Content-Type: text/plain\r\n", &many.to_string()).await.starts_with("HTTP/1.1 415"));
    })
    .await;
}
