//! The client and the fetcher against a registry that answers, errs and is away.

use std::sync::mpsc;
use std::time::Duration;

use super::stand_in::{Canned, StandIn};
use super::*;
use crate::config::{SchemaRegistry, Secret};
use crate::envelope::avro::{IdForm, Members, Part, SchemaId, Schemas};
use crate::envelope::{Headers, RawRecord, Record, RecordPlace};
use crate::events::Topic;
use crate::facts::Moment;
use crate::kafka::{RecordEncoder, RecordGate, Unprepared};
use crate::sources::acts::{Act, ActRecord};

use std::sync::Arc;

const NUMBER: &str = r#"{"type":"record","name":"R","fields":[{"name":"n","type":"int"}]}"#;

fn settings(url: &str) -> SchemaRegistry {
    SchemaRegistry { url: url.to_owned(), login: None, ca: None, ids: IdForm::Confluent }
}

fn client(registry: &StandIn) -> RegistryClient {
    RegistryClient::new(&settings(&registry.url)).expect("a client")
}

fn away(client: &RegistryClient) -> String {
    match client.schema(SchemaId::Id(7)) {
        Err(Failure::Away(why)) => why,
        other => panic!("not away: {other:?}"),
    }
}

#[test]
fn a_schema_comes_with_those_that_it_names() {
    let registry = StandIn::start();
    {
        let mut held = registry.held.lock().expect("held");
        let reference = |subject: &str| serde_json::json!([{ "name": subject, "subject": subject, "version": 1 }]);
        held.schemas.insert(1, serde_json::json!({ "schema": "\"string\"" }));
        held.schemas.insert(2, serde_json::json!({ "schema": "[2]", "references": reference("a b/c") }));
        held.schemas.insert(7, serde_json::json!({ "schema": NUMBER, "schemaType": "AVRO", "references": reference("second") }));
        held.schemas.insert(8, serde_json::json!({ "schema": "syntax = 3", "schemaType": "PROTOBUF" }));
        held.schemas.insert(9, serde_json::json!({ "schema": "\"int\"", "references": reference("round") }));
        held.subjects.insert("a%20b%2Fc".into(), vec![1]);
        held.subjects.insert("second".into(), vec![2]);
        held.subjects.insert("round".into(), vec![9]);
    }
    let client = client(&registry);
    let fetched = client.schema(SchemaId::Id(7)).expect("a schema");
    assert_eq!((fetched.schema.as_str(), fetched.references), (NUMBER, vec!["\"string\"".to_owned(), "[2]".to_owned()]));
    assert_eq!(client.schema(SchemaId::Id(8)), Err(Failure::Refused("an Avro schema (schema 8 is PROTOBUF)".into())));
    assert_eq!(client.schema(SchemaId::Id(1_000)), Err(Failure::Refused("a schema that the registry knows".into())));
    assert!(matches!(client.schema(SchemaId::Id(9)), Err(Failure::Refused(why)) if why.contains("at most 64 others")));
}

#[test]
fn guids_and_apicurios_own_ids_have_places_of_their_own() {
    let registry = StandIn::start();
    let client = RegistryClient::new(&settings(&format!("{}/apis/ccompat/v7", registry.url))).expect("a client");
    let guid = 0x3fa8_5f64_5717_4562_b3fc_2c96_3f66_afa6_u128;
    {
        let texts = &mut registry.held.lock().expect("held").texts;
        texts.insert("/apis/ccompat/v7/schemas/guids/3fa85f64-5717-4562-b3fc-2c963f66afa6".into(), r#"{"schema":"\"int\""}"#.into());
        texts.insert("/apis/registry/v2/ids/globalIds/7".into(), NUMBER.into());
        texts.insert("/apis/registry/v2/ids/contentIds/8".into(), "\"long\"".into());
    }
    let read = |id| client.schema(id).map(|fetched| fetched.schema);
    assert_eq!(read(SchemaId::Guid(guid)).as_deref(), Ok("\"int\""));
    assert_eq!(read(SchemaId::Global(7)).as_deref(), Ok(NUMBER));
    assert_eq!(read(SchemaId::Content(8)).as_deref(), Ok("\"long\""));
}

#[test]
fn what_is_no_word_of_the_registry_is_asked_again() {
    let registry = StandIn::start();
    let client = client(&registry);
    let instead = |status, body: &str| registry.instead(Some(Canned { status, body: body.to_owned() }));
    instead(404, "<html>nginx</html>");
    assert!(away(&client).contains("is schema_registry.url right?"));
    instead(404, r#"{"error_code":404,"message":"HTTP 404 Not Found"}"#);
    assert!(away(&client).contains("is schema_registry.url right?"));
    instead(200, "<html>a proxy's page</html>");
    assert!(away(&client).contains("does not answer as a schema registry"));
    instead(500, r#"{"error_code":50001,"message":"Error in the backend data store"}"#);
    assert!(away(&client).contains("answers 500"));
    instead(429, "");
    assert!(away(&client).contains("answers 429"));
    let nobody = RegistryClient::new(&settings("http://127.0.0.1:1")).expect("a client");
    assert!(away(&nobody).contains("does not answer"));
}

#[test]
fn the_login_is_sent_and_never_shown() {
    let registry = StandIn::start();
    registry.put(7, NUMBER);
    registry.held.lock().expect("held").authorization = Some("Basic d2F5YmlsbDpzM2NyM3Q=".into());
    assert!(away(&client(&registry)).contains("answers 401: is schema_registry.login right?"));
    let login = Some(("waybill".to_owned(), Secret::new("s3cr3t")));
    let settings = SchemaRegistry { login, ..settings(&registry.url) };
    assert!(!format!("{settings:?}").contains("s3cr3t"));
    assert_eq!(
        RegistryClient::new(&settings).expect("a client").schema(SchemaId::Id(7)).map(|fetched| fetched.schema).as_deref(),
        Ok(NUMBER)
    );
}

#[test]
fn a_schema_is_registered_once_it_is_compatible() {
    let registry = StandIn::start();
    let client = client(&registry);
    assert_eq!(client.incompatible("t-value", NUMBER), Ok(vec![]), "the first version");
    let id = client.register("t-value", NUMBER).expect("an id");
    assert_eq!(client.register("t-value", NUMBER), Ok(id), "the same schema again");
    registry.held.lock().expect("held").incompatible = vec!["READER_FIELD_MISSING_DEFAULT_VALUE: n".into()];
    assert_eq!(client.incompatible("t-value", "\"int\""), Ok(vec!["READER_FIELD_MISSING_DEFAULT_VALUE: n".to_owned()]));
    let refused = client.register("t-value", "\"int\"").expect_err("incompatible");
    assert!(matches!(&refused, Failure::Refused(why) if why.contains("incompatible with an earlier schema")), "{refused:?}");
}

fn record<'a>(topic: &'a Arc<str>, topic_index: u16, value: &'a [u8]) -> Record<'a> {
    Record { topic, topic_index, partition: 0, offset: 0, timestamp: Moment(0), key: None, value: Some(value), headers: Headers::new() }
}

fn rings(fetcher: &SchemaFetcher) -> mpsc::Receiver<()> {
    let (ring, rung) = mpsc::channel();
    fetcher.on_opened(Box::new(move || _ = ring.send(())));
    rung
}

#[test]
fn records_wait_for_a_registry_that_is_away_and_go_on_when_it_is_back() {
    let registry = StandIn::start();
    registry.instead(Some(Canned { status: 503, body: String::new() }));
    registry.put(7, NUMBER);
    let schemas = Arc::new(Schemas::new(IdForm::Confluent, Members::All));
    let fetcher = SchemaFetcher::start(client(&registry), [(3, Arc::clone(&schemas))].into(), CarriedRecords::default()).expect("a thread");
    let rung = rings(&fetcher);
    let topic: Arc<str> = "shop.orders".into();
    let waits = record(&topic, 3, &[0, 0, 0, 0, 7, 14]);
    assert!(fetcher.may_pass(&record(&topic, 2, &[0, 0, 0, 0, 7, 14])), "a topic that is not in Avro");
    assert!(fetcher.may_pass(&record(&topic, 3, b"{}")), "no schema is named");
    assert!(!fetcher.may_pass(&waits));
    // The registry is asked on another thread: it says so by and by.
    let until = std::time::Instant::now() + Duration::from_secs(20);
    let told = loop {
        match fetcher.waits_for() {
            Some(told) => break told,
            None => assert!(std::time::Instant::now() < until, "nothing is said of it"),
        }
        std::thread::yield_now();
    };
    assert!(told.contains("records of shop.orders wait for schema 7") && told.contains("answers 503"), "{told}");
    assert!(!fetcher.may_pass(&waits), "it waits on");
    registry.instead(None);
    rung.recv_timeout(Duration::from_secs(20)).expect("the bell");
    assert!(fetcher.may_pass(&waits) && fetcher.waits_for().is_none());
    let mut memory = Vec::new();
    assert_eq!(schemas.json(Part::Value, &waits, &mut memory).expect("a text").as_deref(), Some(&br#"{"n":7}"#[..]));
}

#[test]
fn a_schema_that_the_registry_does_not_know_holds_nothing_up() {
    let registry = StandIn::start();
    let schemas = Arc::new(Schemas::new(IdForm::Confluent, Members::All));
    let fetcher = SchemaFetcher::start(client(&registry), [(0, Arc::clone(&schemas))].into(), CarriedRecords::default()).expect("a thread");
    let rung = rings(&fetcher);
    let topic: Arc<str> = "shop.orders".into();
    let unknown = record(&topic, 0, &[0, 0, 0, 0, 99, 14]);
    assert!(!fetcher.may_pass(&unknown));
    rung.recv_timeout(Duration::from_secs(20)).expect("the bell");
    assert!(fetcher.may_pass(&unknown));
    let error = schemas.json(Part::Value, &unknown, &mut Vec::new()).expect_err("no schema").to_string();
    assert_eq!(error, "field \"value\": expected a schema that the registry knows, found \"schema 99\"");
}

/// A dead letter is read again, and the process has started since: nobody has asked for its schema yet.
#[test]
fn a_record_that_an_act_carries_waits_for_its_schema_too() {
    let registry = StandIn::start();
    registry.put(7, NUMBER);
    let schemas = Arc::new(Schemas::new(IdForm::Confluent, Members::All));
    let carried = CarriedRecords { acts: Some(9), topics: [("shop.orders".into(), Arc::clone(&schemas))].into() };
    let fetcher = SchemaFetcher::start(client(&registry), [(0, schemas)].into(), carried).expect("a thread");
    let rung = rings(&fetcher);
    let topic: Arc<str> = "waybill.acts".into();
    let act = |topic: &str| {
        let place = RecordPlace { topic: topic.into(), partition: 0, offset: 17 };
        let record = RawRecord { value: Some(vec![0, 0, 0, 0, 7, 14]), ..RawRecord::default() };
        let act = ActRecord { who: "kim".into(), at: Moment(0), why: String::new(), act: Act::Retry { place, record } };
        serde_json::to_vec(&act).expect("JSON")
    };
    assert!(fetcher.may_pass(&record(&topic, 9, &act("carrier.scans"))), "that topic is not in Avro");
    assert!(fetcher.may_pass(&record(&topic, 9, b"{}")), "it is no act");
    let waits = act("shop.orders");
    assert!(!fetcher.may_pass(&record(&topic, 9, &waits)));
    rung.recv_timeout(Duration::from_secs(20)).expect("the bell");
    assert!(fetcher.may_pass(&record(&topic, 9, &waits)));
}

/// The topics of refunds and entries, as they are written.
fn output(registry: &StandIn) -> AvroOutput {
    let topics = [Topic::RefundRequests, Topic::JournalEntries].map(|topic| (topic, format!("waybill.{}", topic.name()).into()));
    AvroOutput::new(client(registry), topics.into_iter()).expect("schemas")
}

#[test]
fn events_are_written_with_the_ids_of_their_registered_schemas() {
    let registry = StandIn::start();
    let output = output(&registry);
    assert_eq!(output.incompatible(), Ok(vec![]));
    assert!(output.encode("waybill.refund-requests", b"{}").expect("in Avro").expect_err("not registered").contains("not registered"));
    output.prepare().expect("registered");
    let asked = registry.held.lock().expect("held").asked.len();
    output.prepare().expect("registered before");
    assert_eq!(registry.held.lock().expect("held").asked.len(), asked, "asked once");
    let subjects: Vec<String> = registry.held.lock().expect("held").subjects.keys().cloned().collect();
    assert_eq!(subjects, ["waybill.journal-entries-value", "waybill.refund-requests-value"]);
    assert!(output.encode("waybill.order-status", b"{}").is_none() && output.encode("waybill.dead-letters", b"\0\0").is_none());
    for sample in crate::events::samples::samples() {
        let name = format!("waybill.{}", sample.topic.name());
        let Some(encoded) = output.encode(&name, sample.json.to_string().as_bytes()) else { continue };
        let bytes = encoded.unwrap_or_else(|error| panic!("{error}"));
        // Read back as any reader would: the schema by its id from the registry.
        let schemas = Schemas::new(IdForm::Confluent, Members::All);
        let topic: Arc<str> = name.as_str().into();
        let record = record(&topic, 0, &bytes);
        for id in schemas.wanted(&record) {
            schemas.learn(id, &client(&registry).schema(id).expect("a schema").schema, &[]);
        }
        let mut memory = Vec::new();
        let text = schemas.json(Part::Value, &record, &mut memory).expect("a body").expect("a value");
        assert_eq!(serde_json::from_slice::<serde_json::Value>(&text).expect("JSON"), sample.json, "{name}");
    }
    let error = output.encode("waybill.refund-requests", br#"{"id":7}"#).expect("in Avro").expect_err("another body");
    assert!(error.contains("does not fit its schema") && error.contains("\"id\""), "{error}");
}

#[test]
fn an_incompatible_schema_stops_the_start_with_what_to_do() {
    let registry = StandIn::start();
    output(&registry).prepare().expect("registered");
    registry.held.lock().expect("held").incompatible = vec!["READER_FIELD_MISSING_DEFAULT_VALUE: total".into()];
    let output = output(&registry);
    let Err(Unprepared::Never(sentence)) = output.prepare() else { panic!("registered") };
    for part in [
        "waybill.refund-requests-value",
        "READER_FIELD_MISSING_DEFAULT_VALUE: total",
        "PUT /config/waybill.refund-requests-value",
        "output.topics",
    ] {
        assert!(sentence.contains(part), "{part}: {sentence}");
    }
    assert_eq!(output.incompatible().expect("answers").len(), 2);
    registry.instead(Some(Canned { status: 503, body: String::new() }));
    assert!(matches!(output.prepare(), Err(Unprepared::Waits(why)) if why.contains("answers 503")));
    registry.instead(None);
    registry.held.lock().expect("held").incompatible = Vec::new();
    output.prepare().expect("registered once it is compatible");
}
