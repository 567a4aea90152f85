//! Every form in which Debezium and Kafka Connect deliver, through the adapters of shops and ERPs on MariaDB, MySQL and SQL Server, and of PostgreSQL
//! as far as one envelope tells. Twenty points, each a test of its number:
//!
//! | Points | Where |
//! | --- | --- |
//! | 1 to 7, 15, 17 to 20 | here |
//! | 8 to 14: changes that come twice, in another order, or with a snapshot | `tests/suite/debezium.rs` |
//! | 16: payloads of the outbox | `forms.rs` |
//! | 20: the Avro bytes | `src/envelope/avro/tests.rs`, `src/registry/tests.rs` |

use std::sync::Arc;

use serde_json::{Value, json};

use super::avro_writer::{Numbers, Writer, framed};
use super::forms::{AnyForm, members_read};
use super::{Adapter, KINDS, Reading, Skip, fixtures, trial};
use crate::envelope::avro::{IdForm, SchemaId, Schemas};
use crate::envelope::debezium::{ChangeEvent, Message, decode};
use crate::envelope::{Headers, Record};
use crate::facts::{Change, Fact, Moment, OrderRow, Place, Row};

fn magento(settings: &str) -> Arc<dyn Adapter> {
    let kind = KINDS.iter().find(|kind| kind.name == "magento").expect("a kind");
    let settings = format!("topic_prefix = \"m\"\ndatabase = \"shop\"\ncurrency = \"GBP\"\n{settings}");
    let adapter = trial::build(kind, &settings).unwrap_or_else(|errors| panic!("{errors:?}"));
    Arc::new(AnyForm::new(adapter, None))
}

fn nav() -> Arc<dyn Adapter> {
    let kind = KINDS.iter().find(|kind| kind.name == "nav").expect("a kind");
    let adapter = trial::build(kind, "company = \"Example Ltd.\"").unwrap_or_else(|errors| panic!("{errors:?}"));
    Arc::new(AnyForm::new(adapter, None))
}

fn source(table: &str) -> Value {
    json!({
        "version": "3.5.0.Final", "connector": "mariadb", "name": "m", "ts_ms": 1_772_446_504_000_i64, "snapshot": "false", "db": "shop",
        "table": table, "server_id": 1, "gtid": "0-1-88", "file": "bin.000004", "pos": 4_711, "row": 2, "thread": 7, "query": null
    })
}

/// One piece of TEE for 20.00.
fn item() -> Value {
    json!({
        "item_id": 741, "order_id": 74, "product_type": "simple", "sku": "TEE", "name": "T-shirt", "qty_ordered": "1.0000",
        "row_total": "20.0000", "tax_amount": "0.0000", "discount_amount": "0.0000", "description": null,
        "created_at": "2026-03-02T10:15:00Z", "updated_at": "2026-03-02T10:15:04Z"
    })
}

fn envelope(op: &str, before: Value, after: Value) -> Value {
    json!({ "before": before, "after": after, "source": source("sales_order_item"), "transaction": null, "op": op, "ts_ms": 1_772_446_504_512_i64 })
}

fn wrapped(payload: &Value) -> Value {
    json!({ "schema": { "type": "struct", "fields": [], "optional": false, "name": "m.shop.sales_order_item.Envelope" }, "payload": payload })
}

/// What came of a record, on one line, without the digest that tells repeats of one position apart.
fn told(adapter: &dyn Adapter, key: Option<&str>, value: Option<&[u8]>) -> String {
    let topic: Arc<str> = "m.shop.sales_order_item".into();
    let record = Record {
        topic: &topic,
        topic_index: 0,
        partition: 0,
        offset: 7,
        timestamp: Moment::parse_rfc3339(fixtures::TAKEN_AT).expect("a moment"),
        key: key.map(str::as_bytes),
        value,
        headers: Headers::new(),
    };
    match fixtures::translate(adapter, "test", &record) {
        (Ok(Reading::Skipped(Skip::Housekeeping)), _) => "housekeeping".to_owned(),
        (Ok(Reading::Skipped(Skip::UnknownTable(table))), _) => format!("skipped: {table}"),
        (Ok(Reading::Understood), facts) => {
            facts.iter().map(|fact| format!("{} {:?}", trial::say(fact), fact.version.place)).collect::<Vec<_>>().join("\n")
        }
        (Err(error), _) => format!("refused: {error}"),
    }
}

fn of(adapter: &dyn Adapter, value: &Value) -> String {
    told(adapter, None, Some(value.to_string().as_bytes()))
}

/// The same in Avro.
fn of_avro(settings: &str, value: &Value, numbers: Numbers) -> String {
    let kind = KINDS.iter().find(|kind| kind.name == "magento").expect("a kind");
    let settings = format!("topic_prefix = \"m\"\ndatabase = \"shop\"\ncurrency = \"GBP\"\n{settings}");
    let inner = trial::build(kind, &settings).unwrap_or_else(|errors| panic!("{errors:?}"));
    let schemas = Arc::new(Schemas::new(IdForm::Confluent, members_read(&inner)));
    let (schema, bytes) = framed(7, value, &mut Writer::new(numbers, false, true)).expect("a form in Avro");
    schemas.learn(SchemaId::Id(7), &schema, &[]);
    told(&AnyForm::new(inner, Some(schemas)), None, Some(&bytes))
}

fn line(facts: &str) -> bool {
    facts.contains("sku: Sku(\"TEE\")") || facts.contains("TEE")
}

#[test]
fn debezium_01_key_and_value_with_and_without_their_schema_and_null() {
    let adapter = magento("");
    let bare = envelope("c", Value::Null, item());
    let plain = of(&*adapter, &bare);
    assert!(line(&plain), "{plain}");
    let keys = [None, Some(r#"{"item_id":741}"#), Some(r#"{"schema":{"type":"struct"},"payload":{"item_id":741}}"#), Some("")];
    for key in keys {
        for value in [&bare, &wrapped(&bare)] {
            assert_eq!(told(&*adapter, key, Some(value.to_string().as_bytes())), plain, "{key:?}");
        }
        for value in [None, Some("null"), Some(r#"{"schema":null,"payload":null}"#)] {
            assert_eq!(told(&*adapter, key, value.map(str::as_bytes)), "housekeeping", "{value:?}");
        }
    }
    assert_eq!(of_avro("", &bare, Numbers::Unscaled), plain);
}

#[test]
fn debezium_02_every_operation_and_those_that_nobody_knows() {
    let adapter = magento("");
    let as_it_stands = of(&*adapter, &envelope("c", Value::Null, item()));
    for op in ["c", "u", "r", "C", "U", "R"] {
        assert_eq!(of(&*adapter, &envelope(op, Value::Null, item())), as_it_stands, "{op}");
    }
    for op in ["d", "D"] {
        assert!(of(&*adapter, &envelope(op, item(), Value::Null)).contains("deleted"), "{op}");
    }
    for op in ["t", "T"] {
        assert!(of(&*adapter, &envelope(op, Value::Null, Value::Null)).contains("Watermark"), "{op}");
    }
    let message = json!({ "op": "m", "ts_ms": 1, "source": source(""), "message": { "prefix": "stock", "content": "e30=" } });
    assert_eq!(of(&*adapter, &message), "housekeeping");
    let unknown = of(&*adapter, &envelope("x", Value::Null, item()));
    assert_eq!(unknown, "refused: field \"op\": expected one of c, u, r, d, t, m, found \"x\"");
}

#[test]
fn debezium_03_every_word_of_snapshot() {
    let with = |snapshot: Option<Value>| {
        let mut value = envelope("r", Value::Null, item());
        match snapshot {
            Some(word) => value["source"]["snapshot"] = word,
            None => drop(value["source"].as_object_mut().and_then(|source| source.remove("snapshot"))),
        }
        value
    };
    let adapter = magento("");
    let streamed = of(&*adapter, &with(Some(json!("false"))));
    for word in [None, Some(json!(false)), Some(Value::Null), Some(json!("true")), Some(json!(true))] {
        assert_eq!(of(&*adapter, &with(word.clone())), streamed, "{word:?}");
    }
    for word in ["first", "first_in_data_collection", "incremental"] {
        assert_eq!(of(&*adapter, &with(Some(json!(word)))), streamed, "{word}");
    }
    for word in ["last", "last_in_data_collection"] {
        let told = of(&*adapter, &with(Some(json!(word))));
        assert!(told.starts_with(&streamed) && told.contains("Watermark(Read)"), "the snapshot is complete: {told}");
    }
    let is_snapshot = |word: Value| {
        let text = with(Some(word)).to_string();
        let Ok(Message::Change(change)) = decode(Some(text.as_bytes())) else { panic!("no change") };
        (change.source.snapshot, change.source.in_order)
    };
    assert_eq!(
        [is_snapshot(json!("false")), is_snapshot(json!("true")), is_snapshot(json!("incremental"))],
        [(false, true), (true, true), (true, false)]
    );
}

/// A row before it that is absent, or holds fillers; and values that the database did not give because they had not changed.
#[test]
fn debezium_04_images_and_values_that_are_missing() {
    let adapter = magento("");
    let plain = of(&*adapter, &envelope("u", Value::Null, item()));
    assert!(line(&plain), "an update without the row before it");
    // PostgreSQL with its default identity: key columns alone are real. What identifies the row is read of it, nothing else.
    let mut fillers = item();
    for (column, value) in [
        ("sku", json!("")),
        ("qty_ordered", json!("0.0000")),
        ("row_total", json!("0.0000")),
        ("created_at", json!("1970-01-01T00:00:00Z")),
    ] {
        fillers[column] = value;
    }
    let deleted = of(&*adapter, &envelope("d", item(), Value::Null));
    assert_eq!(of(&*adapter, &envelope("d", fillers, Value::Null)), deleted);
    assert!(of(&*adapter, &envelope("d", Value::Null, Value::Null)).contains("field \"before\": expected the row"));
    let left_out = "__debezium_unavailable_value";
    let bytes: Vec<Value> = left_out.bytes().map(Value::from).collect();
    for column in ["sku", "qty_ordered", "updated_at"] {
        for value in [
            json!(left_out),
            json!("X19kZWJleml1bV91bmF2YWlsYWJsZV92YWx1ZQ=="),
            json!([left_out]),
            json!(bytes),
            json!({ left_out: left_out }),
        ] {
            let mut row = item();
            row[column] = value.clone();
            let told = of(&*adapter, &envelope("u", Value::Null, row));
            // A SKU may be any text: only the placeholder itself is known to be none.
            let any_text = column == "sku" && value.is_string() && value != left_out;
            assert!(any_text || told.contains(&format!("after.{column}")), "{column} {value}: {told}");
        }
    }
    let mut unread = item();
    unread["description"] = left_out.into();
    assert_eq!(of(&*adapter, &envelope("u", Value::Null, unread)), plain, "a column that nobody reads");
}

/// 12.34 and -5.00 in every mode, and what is no number.
#[test]
fn debezium_05_decimals_of_every_mode() {
    let with = |quantity: Value, total: Value| {
        let mut row = item();
        (row["qty_ordered"], row["row_total"]) = (quantity, total);
        envelope("c", Value::Null, row)
    };
    let text = of(&*magento(""), &with(json!("2.0000"), json!("12.3400")));
    assert!(text.contains("12.34"), "{text}");
    // decimal.handling.mode = double, and decimal.format = NUMERIC.
    assert_eq!(of(&*magento(""), &with(json!(2.0), json!(12.34))), text);
    let scales = "decimals = \"base64\"\ndecimal_scales = { qty_ordered = 0, row_total = 2, tax_amount = 4, discount_amount = 4 }";
    let zero = |mut value: Value| {
        (value["after"]["tax_amount"], value["after"]["discount_amount"]) = (json!("AA=="), json!("AA=="));
        value
    };
    assert_eq!(of(&*magento(scales), &zero(with(json!("Ag=="), json!("BNI=")))), text);
    let variable = zero(with(json!({ "scale": 0, "value": "Ag==" }), json!({ "scale": 2, "value": "BNI=" })));
    assert_eq!(of(&*magento(scales), &variable), text);
    for numbers in [Numbers::AsTheyAre, Numbers::Unscaled, Numbers::WithScale] {
        // Whatever is configured: the schema says it.
        assert_eq!(of_avro("", &with(json!("2.0000"), json!("12.3400")), numbers), text, "{numbers:?}");
    }
    for wrong in [json!("NAN"), json!("NaN"), json!("POSITIVE_INFINITY"), json!("Infinity"), json!(true), json!("BNI=")] {
        let told = of(&*magento(""), &with(json!("2.0000"), wrong.clone()));
        assert!(told.contains("refused: field \"after.row_total\": expected a decimal"), "{wrong}: {told}");
    }
}

/// 2026-03-02T10:15:04Z as each type of column writes it.
#[test]
fn debezium_06_times_of_every_type() {
    let seconds = 1_772_446_504_i64;
    let with = |time: Value| {
        let mut row = item();
        row["updated_at"] = time;
        envelope("u", Value::Null, row)
    };
    let adapter = magento("");
    let zoned = of(&*adapter, &with(json!("2026-03-02T10:15:04Z")));
    for time in [
        json!("2026-03-02T10:15:04.000000Z"),
        json!("2026-03-02T11:15:04+01:00"),
        json!(seconds * 1_000),
        json!(seconds * 1_000_000),
        json!(seconds * 1_000_000_000),
    ] {
        assert_eq!(of(&*adapter, &with(time.clone())), zoned, "{time}");
        assert_eq!(of_avro("", &with(time.clone()), Numbers::AsTheyAre), zoned, "{time}");
    }
    // Zero dates are null where they may be; infinities and structured times are no moments.
    for wrong in [json!("infinity"), json!("-infinity"), json!(9_223_372_036_825_200_000_i64), json!({ "seconds": seconds, "nanos": 0 })] {
        let told = of(&*adapter, &with(wrong.clone()));
        // PostgreSQL's number for infinity is a moment of the year 2262: later than all others.
        let is_for_ever = wrong.is_number() && told.contains("at 2262-04-11");
        assert!(is_for_ever || told.contains("refused: field \"after.updated_at\""), "{wrong}: {told}");
    }
}

#[test]
fn debezium_07_whole_numbers_keep_every_digit() {
    let id = 9_007_199_254_740_993_i64;
    let mut row = item();
    row["order_id"] = (id + 2).into();
    let mut value = envelope("c", Value::Null, row);
    value["source"]["pos"] = (id + 4).into();
    for told in [of(&*magento(""), &value), of_avro("", &value, Numbers::AsTheyAre)] {
        assert!(told.contains("magento|9007199254740995") && told.contains("4, 9007199254740997, 2"), "{told}");
    }
}

/// What `ExtractNewRecordState` leaves: the row, and fields that were added.
#[test]
fn debezium_15_flattened_rows() {
    let flattened = |added: Value| {
        let mut row = item();
        added.as_object().expect("fields").iter().for_each(|(name, value)| row[name] = value.clone());
        row
    };
    let place = json!({ "__source_file": "bin.000004", "__source_pos": 4_711, "__source_row": 2, "__source_ts_ms": 1_772_446_504_000_i64, "__table": "sales_order_item" });
    let with = |more: Value| {
        let mut added = place.clone();
        more.as_object().expect("fields").iter().for_each(|(name, value)| added[name] = value.clone());
        flattened(added)
    };
    let adapter = magento("");
    let plain = of(&*adapter, &envelope("c", Value::Null, item()));
    for added in [
        json!({ "__op": "c" }),
        json!({ "__op": "u", "__deleted": "false" }),
        json!({ "__deleted": "false" }),
        json!({ "__op": "r", "__deleted": false }),
    ] {
        assert_eq!(of(&*adapter, &with(added.clone())), plain, "{added}");
        assert_eq!(of(&*adapter, &wrapped(&with(added.clone()))), plain, "{added}, with schema");
        assert_eq!(of_avro("", &with(added.clone()), Numbers::Unscaled), plain, "{added}, in Avro");
    }
    let deleted = of(&*adapter, &envelope("d", item(), Value::Null));
    for added in [json!({ "__op": "d", "__deleted": "true" }), json!({ "__deleted": "true" }), json!({ "__op": "d" })] {
        assert_eq!(of(&*adapter, &with(added.clone())), deleted, "{added}");
    }
    // The names that `add.fields = table,file,pos` makes.
    let short = json!({ "__op": "c", "__file": "bin.000004", "__pos": 4_711, "__row": 2, "__source_ts_ms": 1_772_446_504_000_i64, "__table": "sales_order_item" });
    assert_eq!(of(&*adapter, &flattened(short)), plain);
    // A table may have columns of these names.
    assert_eq!(of(&*adapter, &with(json!({ "__op": "c", "op": "x", "payload": { "a": 1 }, "status": "BEGIN", "ts_ms": 1 }))), plain);
    let told = of(&*adapter, &flattened(json!({ "__op": "c", "__table": "sales_order_item" })));
    assert!(told.contains("add.fields = op,table,source.ts_ms") && told.contains("source.file,source.pos,source.row"), "{told}");
    let told = of(&*adapter, &flattened(json!({ "__op": "c", "__source_file": "bin.000004", "__source_pos": 1 })));
    assert!(told.contains("the name of the row's table"), "{told}");
    let told = of(&*adapter, &item());
    assert!(told.contains("Debezium's envelope"), "nothing was added at all: {told}");
}

/// Attributes in small letters, all of them texts.
#[test]
fn debezium_17_cloud_events() {
    let event = |data: Value, op: &str| {
        json!({
            "id": "name:m;file:bin.000004;pos:4711", "source": "/debezium/mariadb/m", "specversion": "1.0",
            "type": "io.debezium.connector.mariadb.DataChangeEvent", "time": "2026-03-02T10:15:04.000Z", "datacontenttype": "application/json",
            "iodebeziumop": op, "iodebeziumversion": "3.5.0.Final", "iodebeziumconnector": "mariadb", "iodebeziumname": "m",
            "iodebeziumtsms": "1772446504000", "iodebeziumsnapshot": "false", "iodebeziumdb": "shop", "iodebeziumtable": "sales_order_item",
            "iodebeziumserverid": "1", "iodebeziumgtid": "0-1-88", "iodebeziumfile": "bin.000004", "iodebeziumpos": "4711", "iodebeziumrow": "2",
            "data": data
        })
    };
    let adapter = magento("");
    let plain = of(&*adapter, &envelope("c", Value::Null, item()));
    let data = json!({ "before": null, "after": item() });
    assert_eq!(of(&*adapter, &event(data.clone(), "c")), plain);
    assert_eq!(of(&*adapter, &event(json!({ "schema": { "type": "struct" }, "payload": data }), "c")), plain);
    let deleted = of(&*adapter, &envelope("d", item(), Value::Null));
    assert_eq!(of(&*adapter, &event(json!({ "before": item(), "after": null }), "d")), deleted);
    let told = of(&*adapter, &event(json!("AAAAAAcCYQ=="), "c"));
    assert!(told.contains("field \"data\"") && told.contains("data.serializer.type = json"), "{told}");
}

/// A table is altered while it runs.
#[test]
fn debezium_18_a_schema_that_changes() {
    let adapter = magento("");
    let plain = of(&*adapter, &envelope("c", Value::Null, item()));
    let altered = |alter: &dyn Fn(&mut serde_json::Map<String, Value>)| {
        let mut row = item();
        alter(row.as_object_mut().expect("a row"));
        let value = envelope("c", Value::Null, row);
        let (json, avro) = (of(&*adapter, &value), of_avro("", &value, Numbers::AsTheyAre));
        assert_eq!(json.split(", found").next(), avro.split(", found").next());
        json
    };
    assert_eq!(altered(&|row| drop(row.insert("gift_message".into(), json!({ "a": [1] })))), plain, "a column more");
    assert_eq!(altered(&|row| drop(row.remove("description"))), plain, "a column less that nobody reads");
    assert_eq!(altered(&|row| drop(row.insert("item_id".into(), "741".into()))), plain, "a whole number became a text");
    assert_eq!(altered(&|row| drop(row.insert("qty_ordered".into(), 1.into()))), plain, "a decimal became a whole number");
    let dropped = altered(&|row| drop(row.remove("sku")));
    assert!(dropped.starts_with("refused: field \"after.sku\""), "{dropped}");
    let renamed = altered(&|row| {
        let quantity = row.remove("qty_ordered").expect("a column");
        row.insert("quantity_ordered".into(), quantity);
    });
    assert!(renamed.starts_with("refused: field \"after.qty_ordered\""), "{renamed}");
}

/// What a subscription by pattern brings beside rows.
#[test]
fn debezium_19_what_is_no_row_is_passed_over() {
    let adapter = magento("");
    for housekeeping in [
        json!({ "ts_ms": 1_772_446_504_000_i64 }),
        json!({ "status": "BEGIN", "id": "file=bin.000004,pos=4711", "event_count": null, "data_collections": null, "ts_ms": 1 }),
        json!({ "status": "END", "id": "571:53195832", "event_count": 3, "data_collections": [{ "data_collection": "shop.a", "event_count": 3 }], "ts_ms": 1 }),
        json!({ "source": source(""), "ts_ms": 1, "databaseName": "shop", "schemaName": null, "ddl": "ALTER TABLE", "tableChanges": [] }),
    ] {
        assert_eq!(of(&*adapter, &housekeeping), "housekeeping", "{housekeeping}");
        assert_eq!(of(&*adapter, &wrapped(&housekeeping)), "housekeeping", "{housekeeping}");
        assert_eq!(of_avro("", &housekeeping, Numbers::AsTheyAre), "housekeeping", "{housekeeping}");
    }
    let mut signal = envelope("c", Value::Null, json!({ "id": "a", "type": "execute-snapshot", "data": "{}" }));
    signal["source"]["table"] = "debezium_signal".into();
    assert_eq!(of(&*adapter, &signal), "skipped: debezium_signal");
}

#[test]
fn debezium_20_avro_of_every_frame_and_branch() {
    let value = envelope("u", item(), item());
    let plain = of(&*magento(""), &value);
    let inner = magento("");
    for null_last in [false, true] {
        let schemas = Arc::new(Schemas::new(IdForm::Confluent, members_read(&inner)));
        let (schema, bytes) = framed(7, &value, &mut Writer::new(Numbers::Unscaled, null_last, true)).expect("a form in Avro");
        schemas.learn(SchemaId::Id(7), &schema, &[]);
        let adapter = AnyForm::new(Arc::clone(&inner), Some(Arc::clone(&schemas)));
        assert_eq!(told(&adapter, None, Some(&bytes)), plain, "null is branch {}", u8::from(null_last));
        // A key in Avro of a schema that is not there harms nothing: no adapter reads it.
        assert_eq!(told(&adapter, Some("\0\0\0\0\u{1}"), Some(&bytes)), plain);
        // What the topic held before its converter was changed.
        assert_eq!(told(&adapter, None, Some(value.to_string().as_bytes())), plain);
        assert_eq!(told(&adapter, None, None), "housekeeping");
        let unknown = told(&adapter, None, Some(&[&[0, 0, 0, 0, 8], &bytes[5..]].concat()));
        assert_eq!(unknown, "refused: field \"value\": expected a schema that the registry knows, found \"schema 8\"");
        let other = told(&adapter, None, Some(&[&[1, 0, 0, 0, 7], &bytes[5..]].concat()));
        assert!(other.starts_with("refused: field \"value\": expected Avro behind a zero byte"), "{other}");
        let cut = told(&adapter, None, Some(&bytes[..bytes.len() / 2]));
        assert!(cut.starts_with("refused: ") && cut.contains("the end of the bytes"), "{cut}");
    }
}

/// One change each, as the four connectors write it, says the same of itself; and the place of each grows with its log.
#[test]
fn all_connectors_are_read_alike() {
    let of_source = |more: Value| {
        let mut value = envelope("u", Value::Null, item());
        value["source"] = more;
        value.to_string()
    };
    let texts = [
        json!({ "connector": "mysql", "ts_ms": 1, "db": "shop", "table": "t", "server_id": 223_344, "gtid": "3e11fa47-71ca-11e1-9e33-c80aa9429562:17", "file": "mysql-bin.000003", "pos": 484, "row": 0 }),
        json!({ "connector": "mariadb", "ts_ms": 1, "db": "shop", "table": "t", "server_id": 1, "gtid": "0-1-88", "file": "mysql-bin.000003", "pos": 484, "row": 0 }),
        json!({ "connector": "postgresql", "ts_ms": 1, "db": "shop", "schema": "public", "table": "t", "sequence": "[\"3\",\"484\"]", "txId": 578, "lsn": 484, "xmin": null }),
        json!({ "connector": "sqlserver", "ts_ms": 1, "db": "shop", "schema": "dbo", "table": "t", "change_lsn": "00000027:00000ac0:0002", "commit_lsn": "00000027:00000ac0:0007", "event_serial_no": 2 }),
    ]
    .map(of_source);
    let changes: Vec<ChangeEvent<'_>> = texts
        .iter()
        .map(|text| match decode(Some(text.as_bytes())) {
            Ok(Message::Change(change)) => change,
            other => panic!("no change: {other:?}"),
        })
        .collect();
    let after = |change: &ChangeEvent<'_>| change.after.as_ref().map(|image| image.text().to_owned());
    for change in &changes {
        assert_eq!((&*change.source.db, &*change.source.table, after(change)), ("shop", "t", after(&changes[0])));
        assert!(matches!(change.source.place(), Ok(Place::Position([_, _, _]))));
    }
    assert_eq!(changes[0].source.place(), changes[1].source.place());
    let sql_server = json!({
        "before": null,
        "after": {
            "Document Type": 1, "Document No_": "S-1", "Line No_": 10_000, "Type": 2, "No_": "TEE", "Quantity": "2.00", "Quantity (Base)": "2.00",
            "Quantity Shipped": "0.00", "Quantity Invoiced": "0.00", "Amount Including VAT": "20.00"
        },
        "source": {
            "connector": "sqlserver", "ts_ms": 1_772_446_500_000_i64, "db": "NAV", "schema": "dbo", "table": "Example Ltd_$Sales Line",
            "commit_lsn": "00000001:00000001:0001", "change_lsn": "00000001:00000001:0001", "event_serial_no": 1
        },
        "op": "c"
    });
    let plain = of(&*nav(), &sql_server);
    assert!(plain.contains("TEE"), "{plain}");
    let mut flat = sql_server["after"].clone();
    for (name, value) in [
        ("__op", "c"),
        ("__table", "Example Ltd_$Sales Line"),
        ("__source_commit_lsn", "00000001:00000001:0001"),
        ("__source_change_lsn", "00000001:00000001:0001"),
    ] {
        flat[name] = value.into();
    }
    (flat["__source_event_serial_no"], flat["__source_ts_ms"]) = (1.into(), 1_772_446_500_000_i64.into());
    assert_eq!(of(&*nav(), &flat), plain);
}

/// The kinds of rows that the tests above rely on.
#[test]
fn the_items_row_tells_of_a_line() {
    let text = envelope("c", Value::Null, item()).to_string();
    let (_, facts) = trial::translate(&*magento(""), "m.shop.sales_order_item", Some(&text), fixtures::TAKEN_AT, 7).expect("understood");
    let is_line = |fact: &Fact| matches!(&fact.change, Change::Upsert(Row::Order(OrderRow::Line(_))));
    assert!(facts.iter().any(is_line));
}
