//! One table's changes as Debezium writes them in each form, decoded to facts by the adapter: records per second, on one thread.
//!
//!     cargo bench --no-default-features --bench formats
//!
//! The records are those of Magento's fixtures. In JSON with schema and in Avro decimals are unscaled bytes (`precise`), in JSON without a schema text,
//! since nothing else can be read there without configuration.

#![allow(clippy::unwrap_used)] // A measurement ends at the first thing that goes wrong.

#[path = "../../src/sources/avro_writer.rs"]
#[allow(dead_code)] // Shared with the tests.
mod avro_writer;

use std::fs;
use std::path::Path;
use std::sync::Arc;

use base64::Engine as _;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use serde_json::{Value, json};
use waybill::envelope::avro::{IdForm, SchemaId, Schemas};
use waybill::envelope::{Headers, Record};
use waybill::facts::ids::Digester;
use waybill::facts::{Alias, Cause, Moment, SourceId, TopicId};
use waybill::sources::forms::{AnyForm, members_read};
use waybill::sources::{Adapter, Common, FactsOut, KINDS};

use avro_writer::{Numbers, Writer, framed};

/// As the program has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn adapter() -> Arc<dyn Adapter> {
    let common = Common {
        name: "magento".into(),
        id: SourceId::of("magento"),
        channel: "web".into(),
        brand: "north".into(),
        stores: Vec::new(),
        number_scope: Alias::ORDER_NUMBER.into(),
        counts: None,
        zone: jiff::tz::TimeZone::UTC,
        digester: Digester::new(b"a secret of a bench"),
    };
    let kind = KINDS.iter().find(|kind| kind.name == "magento").unwrap();
    (kind.build)(&common, &"database = \"shop\"\ncurrency = \"EUR\"".parse().unwrap()).unwrap()
}

/// The envelopes of the fixtures that the adapter understands.
fn envelopes(adapter: &Arc<dyn Adapter>) -> Vec<Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/sources/magento");
    let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let values = paths.iter().filter(|path| path.extension().is_some_and(|ending| ending == "json")).map(|path| {
        let case: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
        case["value"].clone()
    });
    values.filter(|value| value["op"].is_string() && facts(&**adapter, value.to_string().as_bytes()) > 0).collect()
}

fn facts(adapter: &dyn Adapter, value: &[u8]) -> usize {
    let topic: Arc<str> = "magento.shop.sales_order".into();
    let record = Record {
        topic: &topic,
        topic_index: 0,
        partition: 0,
        offset: 7,
        timestamp: Moment(1_772_446_504_000),
        key: Some(b"{\"entity_id\":5021}"),
        value: Some(value),
        headers: Headers::new(),
    };
    let cause = Cause { topic: TopicId::of(&topic), partition: 0, offset: 7 };
    let mut facts = Vec::new();
    let mut out = FactsOut::new(SourceId::of("magento"), cause, adapter.revision(), &mut facts);
    let _ = adapter.translate(&record, &mut out);
    facts.len()
}

/// The JSON converter's schema of a value, and the value with its decimals unscaled.
fn with_schema(json: &Value, field: Option<&str>) -> (Value, Value) {
    let (mut schema, value) = match json {
        Value::Null => (json!({ "type": "string" }), Value::Null),
        Value::Bool(_) => (json!({ "type": "boolean" }), json.clone()),
        Value::Number(number) if number.is_i64() => (json!({ "type": "int64" }), json.clone()),
        Value::Number(_) => (json!({ "type": "double" }), json.clone()),
        Value::String(text) => match decimal(text) {
            Some((scale, base64)) => {
                let parameters = json!({ "scale": scale.to_string(), "connect.decimal.precision": "20" });
                (
                    json!({ "type": "bytes", "name": "org.apache.kafka.connect.data.Decimal", "version": 1, "parameters": parameters }),
                    base64.into(),
                )
            }
            None => (json!({ "type": "string" }), json.clone()),
        },
        Value::Array(_) => (json!({ "type": "array", "items": { "type": "string" } }), json.clone()),
        Value::Object(members) => {
            let (mut fields, mut values) = (Vec::new(), serde_json::Map::new());
            for (name, member) in members {
                let (schema, value) = with_schema(member, Some(name));
                fields.push(schema);
                values.insert(name.clone(), value);
            }
            (json!({ "type": "struct", "fields": fields, "name": "magento.shop.sales_order.Value" }), Value::Object(values))
        }
    };
    schema["optional"] = true.into();
    if let Some(field) = field {
        schema["field"] = field.into();
    }
    (schema, value)
}

fn decimal(text: &str) -> Option<(usize, String)> {
    let (whole, fraction) = text.split_once('.')?;
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let unscaled: i128 =
        format!("{whole}{fraction}").parse().ok().filter(|_| is_digits(whole.trim_start_matches('-')) && is_digits(fraction))?;
    let bytes = unscaled.to_be_bytes();
    let spare = (0..15).take_while(|at| matches!((bytes[*at], bytes[at + 1] >> 7), (0, 0) | (0xff, 1))).count();
    Some((fraction.len(), base64::engine::general_purpose::STANDARD.encode(&bytes[spare..])))
}

fn formats(criterion: &mut Criterion) {
    let plain = adapter();
    let envelopes = envelopes(&plain);
    let bare: Vec<Vec<u8>> = envelopes.iter().map(|envelope| envelope.to_string().into_bytes()).collect();
    let wrapped: Vec<Vec<u8>> = envelopes
        .iter()
        .map(|envelope| {
            let (schema, payload) = with_schema(envelope, None);
            json!({ "schema": schema, "payload": payload }).to_string().into_bytes()
        })
        .collect();
    let schemas = Arc::new(Schemas::new(IdForm::Confluent, members_read(&plain)));
    let avro: Vec<Vec<u8>> = envelopes
        .iter()
        .enumerate()
        .map(|(place, envelope)| {
            let id = place as u32 + 1;
            let (schema, bytes) = framed(id, envelope, &mut Writer::new(Numbers::Unscaled, false, true)).unwrap();
            schemas.learn(SchemaId::Id(id), &schema, &[]);
            bytes
        })
        .collect();
    let of_avro: Arc<dyn Adapter> = Arc::new(AnyForm::new(Arc::clone(&plain), Some(schemas)));
    let count = |adapter: &Arc<dyn Adapter>, records: &[Vec<u8>]| records.iter().map(|record| facts(&**adapter, record)).sum::<usize>();
    let told = count(&plain, &bare);
    assert!(told > 0 && [count(&plain, &wrapped), count(&of_avro, &avro)] == [told; 2], "each form gives the same facts");
    let mut group = criterion.benchmark_group("formats");
    group.throughput(Throughput::Elements(envelopes.len() as u64));
    for (name, adapter, records) in [("json_with_schema", &plain, &wrapped), ("json", &plain, &bare), ("avro", &of_avro, &avro)] {
        let bytes: usize = records.iter().map(Vec::len).sum();
        println!("{name}: {} records of {} bytes", records.len(), bytes / records.len());
        group.bench_function(name, |bencher| bencher.iter(|| std::hint::black_box(count(adapter, records))));
    }
    group.finish();
}

criterion_group!(benches, formats);
criterion_main!(benches);
