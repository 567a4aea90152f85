//! The walk against `apache-avro`'s own writer, and against bytes of every kind.

use std::sync::Arc;

use apache_avro::Schema;
use apache_avro::types::Value;
use apache_avro::writer::datum::GenericDatumWriter;
use proptest::prelude::*;

use super::*;
use crate::envelope::{Headers, Record};
use crate::facts::Moment;

/// What Debezium's PostgreSQL connector registers for a table, less some columns.
const ENVELOPE: &str = r#"{"type":"record","name":"Envelope","namespace":"shop.public.orders","connect.version":2,"connect.name":"shop.public.orders.Envelope","fields":[
  {"name":"before","type":["null",{"type":"record","name":"Value","connect.name":"shop.public.orders.Value","fields":[
    {"name":"id","type":"long"},
    {"name":"status","type":[{"type":"string","connect.default":"pending"},"null"],"default":"pending"},
    {"name":"total_amount","type":{"type":"bytes","scale":2,"precision":12,"connect.version":1,"connect.parameters":{"scale":"2","connect.decimal.precision":"12"},"connect.name":"org.apache.kafka.connect.data.Decimal","logicalType":"decimal"},"default":"\u0000"},
    {"name":"weight","type":["null",{"type":"record","name":"VariableScaleDecimal","namespace":"io.debezium.data","connect.version":1,"connect.name":"io.debezium.data.VariableScaleDecimal","fields":[{"name":"scale","type":"int"},{"name":"value","type":"bytes"}]}],"default":null},
    {"name":"updated_at","type":["null",{"type":"long","connect.version":1,"connect.name":"io.debezium.time.MicroTimestamp"}],"default":null},
    {"name":"ship_by","type":["null",{"type":"int","connect.version":1,"connect.name":"io.debezium.time.Date"}],"default":null},
    {"name":"placed_at","type":{"type":"long","connect.version":1,"connect.name":"org.apache.kafka.connect.data.Timestamp","logicalType":"timestamp-millis"}},
    {"name":"tags","type":{"type":"array","items":["null","string"]}},
    {"name":"kind","type":{"type":"enum","name":"kind","symbols":["a","b"]}},
    {"name":"notes","type":{"type":"map","values":"double"}},
    {"name":"file","type":"bytes"},
    {"name":"gift","type":"boolean"}]}],"default":null},
  {"name":"after","type":["null","Value"],"default":null},
  {"name":"op","type":"string"}]}"#;

fn row() -> Value {
    let union = |branch: u32, value: Value| Value::Union(branch, Box::new(value));
    Value::Record(vec![
        ("id".into(), Value::Long(9_007_199_254_740_993)),
        ("status".into(), union(0, Value::String("\"paid\"\n\\ \u{1} é".into()))),
        ("total_amount".into(), Value::Decimal(vec![0xcd, 0x42].into())),
        ("weight".into(), union(1, Value::Record(vec![("scale".into(), Value::Int(3)), ("value".into(), Value::Bytes(vec![0x05, 0x39]))]))),
        ("updated_at".into(), union(1, Value::Long(1_741_944_413_512_000))),
        ("ship_by".into(), union(0, Value::Null)),
        ("placed_at".into(), Value::TimestampMillis(1_741_944_413_512)),
        ("tags".into(), Value::Array(vec![union(1, Value::String("x".into())), union(0, Value::Null)])),
        ("kind".into(), Value::Enum(1, "b".into())),
        ("notes".into(), Value::Map([("n".to_owned(), Value::Double(0.1))].into())),
        ("file".into(), Value::Bytes(b"__debezium_unavailable_value".to_vec())),
        ("gift".into(), Value::Boolean(true)),
    ])
}

fn envelope() -> Value {
    Value::Record(vec![
        ("before".into(), Value::Union(0, Box::new(Value::Null))),
        ("after".into(), Value::Union(1, Box::new(row()))),
        ("op".into(), Value::String("c".into())),
    ])
}

/// Without the default of a decimal, which `apache-avro` takes for none: converters write it.
fn schema() -> Schema {
    Schema::parse_str(&ENVELOPE.replace(r#","default":"\u0000""#, "").replace(r#","default":"pending""#, "")).expect("a schema")
}

fn encoded() -> Vec<u8> {
    let schema = schema();
    GenericDatumWriter::builder(&schema).build().expect("a writer").write_value_to_vec(envelope()).expect("bytes")
}

fn program(members: &Members) -> Program {
    Program::read(ENVELOPE, &[], members).expect("a schema")
}

fn json(program: &Program, bytes: &[u8]) -> Result<String, String> {
    let mut out = Vec::new();
    program.json("value", bytes, &mut out).map_err(|error| error.to_string())?;
    Ok(String::from_utf8_lossy(&out).into_owned())
}

#[test]
fn avro_becomes_the_text_that_the_json_converter_would_have_written() {
    let wanted = r#"{"before":null,"after":{"id":9007199254740993,"status":"\"paid\"\n\\ \u0001 é","total_amount":-129.90,"weight":1.337,"updated_at":1741944413512000,"ship_by":null,"placed_at":1741944413512,"tags":["x",null],"kind":"b","notes":{"n":0.1},"file":"X19kZWJleml1bV91bmF2YWlsYWJsZV92YWx1ZQ==","gift":true},"op":"c"}"#;
    assert_eq!(json(&program(&Members::All), &encoded()).as_deref(), Ok(wanted));
    let some = Members::Only(Box::new(|name| matches!(name, "before" | "after" | "op" | "id" | "ship_by" | "gift")));
    assert_eq!(
        json(&program(&some), &encoded()).as_deref(),
        Ok(r#"{"after":{"id":9007199254740993,"gift":true},"op":"c"}"#),
        "what nobody reads is passed over, and nulls with it"
    );
}

#[test]
fn what_is_broken_is_named() {
    let program = program(&Members::All);
    let bytes = encoded();
    let error = json(&program, &bytes[..bytes.len() - 4]).expect_err("cut off");
    assert_eq!(
        error,
        "field \"after.gift\": expected Avro of the schema that it names, found \"the end of the bytes\""
            .replace("after.gift", "after.file")
    );
    let longer = [bytes.as_slice(), &[0]].concat();
    assert_eq!(
        json(&program, &longer).expect_err("longer"),
        "field \"value\": expected Avro of the schema that it names, found \"1 bytes more\""
    );
    assert_eq!(
        json(&program, &[4]).expect_err("no branch"),
        "field \"before\": expected one of the 2 branches of a union, found \"branch 2\""
    );
    assert!(json(&program, &[]).is_err() && json(&program, &[0xff; 11]).is_err());
}

/// An array of nulls takes no bytes: its length must not be believed.
#[test]
fn lengths_are_not_believed() {
    let nulls = Program::read(r#"{"type":"array","items":"null"}"#, &[], &Members::All).expect("a schema");
    // A block of 2^40 items, and one of as many as there are whole numbers.
    for count in [&[0x80, 0x80, 0x80, 0x80, 0x80, 0x40][..], &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01, 0]] {
        let error = json(&nulls, count).expect_err("too many");
        assert!(error.contains("items"), "{error}");
    }
    let text = Program::read("\"string\"", &[], &Members::All).expect("a schema");
    assert!(json(&text, &[0xfe, 0xff, 0xff, 0xff, 0x0f, b'a']).expect_err("cut off").contains("the end of the bytes"));
    assert!(json(&text, &[1]).expect_err("negative").contains("a length from 0"));
    let list = Program::read(r#"{"type":"record","name":"List","fields":[{"name":"next","type":["null","List"]}]}"#, &[], &Members::All);
    assert!(json(&list.expect("a schema"), &[2; 1_000]).expect_err("deep").contains("nested at most 64 deep"));
}

#[test]
fn schemas_that_name_others_and_themselves_are_read() {
    let item = r#"{"type":"record","name":"Item","namespace":"shop","fields":[{"name":"sku","type":"string"}]}"#;
    let order = r#"{"type":"record","name":"Order","namespace":"shop","fields":[{"name":"first","type":"Item"},{"name":"rest","type":{"type":"array","items":"shop.Item"}}]}"#;
    let program = Program::read(order, &[item.to_owned()], &Members::All).expect("a schema");
    assert_eq!(json(&program, &[2, b'a', 2, 2, b'b', 0]).as_deref(), Ok(r#"{"first":{"sku":"a"},"rest":[{"sku":"b"}]}"#));
    assert!(Program::read(order, &[], &Members::All).is_err(), "what it names is not there");
    for other in
        ["", "{", "7", r#"{"type":"record"}"#, r#"{"$schema":"http://json-schema.org/draft-07/schema#","type":"object"}"#, &"[".repeat(500)]
    {
        assert!(Program::read(other, &[], &Members::All).is_err(), "{other}");
    }
}

fn record<'a>(topic: &'a Arc<str>, key: Option<&'a [u8]>, value: Option<&'a [u8]>, headers: Headers<'a>) -> Record<'a> {
    Record { topic, topic_index: 0, partition: 0, offset: 0, timestamp: Moment(0), key, value, headers }
}

fn text(schemas: &Schemas, part: Part, record: &Record<'_>) -> Result<Option<String>, String> {
    let mut memory = Vec::new();
    let read = schemas.json(part, record, &mut memory).map_err(|error| error.to_string())?;
    Ok(read.map(|text| String::from_utf8_lossy(&text).into_owned()))
}

/// Each place in which serialisers put the id.
#[test]
fn a_record_says_its_schema_before_the_value_or_in_a_header() {
    let topic: Arc<str> = "t".into();
    let guid = 0x3fa8_5f64_5717_4562_b3fc_2c96_3f66_afa6_u128;
    let guid_header = [&[1][..], &guid.to_be_bytes()].concat();
    let of_long = 7_u64.to_be_bytes();
    let cases: [(IdForm, &[u8], Option<(&str, &[u8])>, SchemaId); 6] = [
        (IdForm::Confluent, &[0, 0, 0, 0, 7, 14], None, SchemaId::Id(7)),
        (IdForm::Global8, &[0, 0, 0, 0, 0, 0, 0, 0, 7, 14], None, SchemaId::Global(7)),
        (IdForm::Content8, &[0, 0, 0, 0, 0, 0, 0, 0, 7, 14], None, SchemaId::Content(7)),
        (IdForm::Confluent, &[14], Some(("__value_schema_id", &guid_header)), SchemaId::Guid(guid)),
        (IdForm::Confluent, &[14], Some(("apicurio.value.globalId", &of_long)), SchemaId::Global(7)),
        (IdForm::Confluent, &[14], Some(("apicurio.value.contentId", &of_long)), SchemaId::Content(7)),
    ];
    for (form, value, header, id) in cases {
        let schemas = Schemas::new(form, Members::All);
        let headers = header.iter().map(|(name, value)| (name.as_bytes(), Some(*value))).collect();
        let record = record(&topic, None, Some(value), headers);
        assert_eq!(schemas.wanted(&record).as_slice(), [id], "{id}");
        schemas.learn(id, r#"{"type":"record","name":"R","fields":[{"name":"n","type":"int"}]}"#, &[]);
        assert!(schemas.wanted(&record).is_empty(), "{id}");
        assert_eq!(text(&schemas, Part::Value, &record), Ok(Some(r#"{"n":7}"#.to_owned())), "{id}");
    }
    assert_eq!(SchemaId::Guid(guid).to_string(), "3fa85f64-5717-4562-b3fc-2c963f66afa6");
}

#[test]
fn what_is_no_avro_is_json_or_is_refused_by_name() {
    let (topic, schemas) = (Arc::from("t"), Schemas::new(IdForm::Confluent, Members::All));
    schemas.learn(SchemaId::Id(7), "\"string\"", &[]);
    schemas.learn(SchemaId::Id(8), r#"{"type":"object"}"#, &[]);
    schemas.refuse(SchemaId::Id(9), "a schema that the registry knows");
    let value = |bytes| text(&schemas, Part::Value, &record(&topic, None, bytes, Headers::new()));
    assert_eq!(value(None), Ok(None));
    assert_eq!(value(Some(b" {\"a\":1}")), Ok(Some(" {\"a\":1}".to_owned())));
    let error = value(Some(b"\x01\x00\x00\x00\x07ab")).expect_err("another magic byte");
    assert!(error.contains("a zero byte and the id of its schema") && error.contains("01 00 00 00 07 61 62"), "{error}");
    assert!(value(Some(b"\x00\x00")).is_err() && value(Some(b"")).is_err());
    assert_eq!(
        value(Some(b"\x00\x00\x00\x00\x09\x02a")),
        Err("field \"value\": expected a schema that the registry knows, found \"schema 9\"".to_owned())
    );
    assert!(value(Some(b"\x00\x00\x00\x00\x08\x02a")).expect_err("no Avro schema").contains("an Avro schema that can be read"));
    let error = value(Some(b"\x00\x00\x00\x00\x07\x02\xff")).expect_err("no UTF-8");
    assert_eq!(error, "field \"value\": expected texts in UTF-8, found \"ff 22\"");
    // A key of another converter: a whole number of eight bytes.
    let key = [0, 0, 0, 0, 9, 0, 0, 7];
    assert_eq!(
        text(&schemas, Part::Key, &record(&topic, Some(&key), None, Headers::new())),
        Ok(Some(String::from_utf8_lossy(&key).into_owned()))
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// Whatever the bytes are, there is a text that is JSON, or an error.
    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), some in any::<bool>()) {
        let members = if some { Members::Only(Box::new(|name| name.len() > 4)) } else { Members::All };
        let mut out = Vec::new();
        if program(&members).json("value", &bytes, &mut out).is_ok() && let Ok(text) = std::str::from_utf8(&out) {
            prop_assert!(serde_json::from_str::<serde_json::Value>(text).is_ok(), "{}", text);
        }
    }

    /// A good record with bytes changed, taken out or put in; and its beginnings.
    #[test]
    fn no_broken_record_panics(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..3_u8), 0..4), cut in any::<prop::sample::Index>()) {
        let program = program(&Members::All);
        let mut bytes = encoded();
        for (place, byte, what) in changes {
            let at = place.index(bytes.len());
            match what {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                _ => drop(bytes.remove(at)),
            }
        }
        for end in [cut.index(bytes.len() + 1), bytes.len()] {
            let mut out = Vec::new();
            if program.json("value", &bytes[..end], &mut out).is_ok() && let Ok(text) = std::str::from_utf8(&out) {
                prop_assert!(serde_json::from_str::<serde_json::Value>(text).is_ok(), "{}", text);
            }
        }
    }
}
