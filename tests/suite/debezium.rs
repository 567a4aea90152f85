//! What Debezium may do with a stream of changes: the points 8 to 14 of the list in `src/sources/debezium_tests.rs`. Played to the whole engine, through
//! the adapter of a shop on MariaDB; what is asked is the figure that a person would look at.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Value, json};

use crate::scenarios::run::{Play, block_on};
use waybill::config::{Config, Outside};
use waybill::engine::OutRecord;
use waybill::events::Topic;
use waybill::facts::Moment;
use waybill::http::Views;

const CONFIG: &str = r#"
application = { id = "debezium", shards = 4 }
kafka.bootstrap = "in-memory:0"
identity.email_secret = { env = "SECRET" }
http.enabled = false
[sources.magento]
kind = "magento"
topic_prefix = "m"
database = "shop"
currency = "GBP"
[channels.web]
shop = "magento"
brand = "acme"
currency = "GBP"
[locations.north]
[notifications]
kinds = []
"#;

const BEGINS: &str = "2026-03-02T10:00:00Z";
const ITEM: &str = "inventory_source_item";

/// A record and the partition of its table's topic.
#[derive(Clone)]
struct Told {
    table: &'static str,
    partition: i32,
    /// The row's primary key.
    key: Option<Value>,
    value: Value,
}

/// A change of a row at a position of the binlog, `seconds` after the beginning.
fn change(table: &'static str, op: &str, [before, after]: [Value; 2], pos: u64, row: u64, snapshot: &str) -> Told {
    let at = Moment::parse_rfc3339(BEGINS).expect("a moment").0 + pos as i64;
    let source = json!({
        "version": "3.5.0.Final", "connector": "mariadb", "name": "m", "ts_ms": at, "snapshot": snapshot, "db": "shop", "table": table,
        "server_id": 1, "file": "bin.000004", "pos": pos, "row": row
    });
    let image = if after.is_null() { &before } else { &after };
    let id = ["source_item_id", "item_id", "entity_id"].into_iter().find(|id| !image[id].is_null());
    let key = id.map(|id| json!({ id: image[id] }));
    Told { table, partition: 0, key, value: json!({ "before": before, "after": after, "source": source, "op": op, "ts_ms": at + 7 }) }
}

fn item(id: u64, sku: &str, quantity: u64) -> Value {
    json!({ "source_item_id": id, "source_code": "north", "sku": sku, "quantity": format!("{quantity}.0000"), "status": 1 })
}

fn stock(op: &str, before: Value, after: Value, pos: u64) -> Told {
    change(ITEM, op, [before, after], pos, 0, "false")
}

/// What stands there when the records have come in this order, each in an epoch of its own or all in one.
struct Standing {
    stock: Vec<Value>,
    order: Value,
    /// The kinds of exceptions that were opened.
    exceptions: BTreeSet<String>,
    requests: usize,
    dead_letters: usize,
}

fn stand(records: &[Told], singly: bool, later: i64) -> Standing {
    let variable = |name: &str| (name == "SECRET").then(|| "correct horse battery staple".to_owned());
    let outside = Outside { directory: Path::new("."), variable: &variable };
    let config = Config::read("debezium.toml", CONFIG, outside, waybill::sources::KINDS).unwrap_or_else(|problems| panic!("{problems}"));
    let played = block_on(async {
        let mut play = Play::open(&config, 2).await?;
        let begins = Moment::parse_rfc3339(BEGINS).expect("a moment");
        play.wait_until(begins).await?;
        for told in records {
            play.write(OutRecord {
                topic: format!("m.shop.{}", told.table).as_str().into(),
                partition: Some(told.partition),
                key: told.key.as_ref().map(|key| key.to_string().into_bytes()),
                value: Some(told.value.to_string().into_bytes()),
                headers: Vec::new(),
            });
            if singly {
                play.read_all().await?;
            }
        }
        play.read_all().await?;
        play.wait_until(Moment(begins.0 + later)).await?;
        play.read_all().await?;
        play.audit()?;
        let views = play.views();
        let exceptions = play.heard().iter().filter(|event| event.topic == Topic::Exceptions);
        Ok(Standing {
            stock: ["TEE", "CAP"].iter().map(|sku| shown(views.stock(sku))).collect(),
            order: views.order("000000074", None).unwrap_or_default(),
            exceptions: exceptions.filter_map(|event| event.key.split('|').next().map(str::to_owned)).collect(),
            requests: play.heard().iter().filter(|event| !event.topic.is_statement()).count(),
            dead_letters: play.dead_letters(),
        })
    });
    played.unwrap_or_else(|error| panic!("{error}"))
}

/// What the channel shows of a SKU; null where it is not told of.
fn shown(answer: Option<Value>) -> Value {
    answer.map_or(Value::Null, |answer| answer["channels"][0]["shown"].clone())
}

/// In the order given and in the other, in one epoch and singly: the pieces of TEE that are shown.
fn pieces_of_tee(records: &[Told]) -> Vec<Value> {
    let reversed: Vec<Told> = records.iter().rev().cloned().collect();
    let mut told = Vec::new();
    for (records, singly) in [(records, true), (records, false), (reversed.as_slice(), true), (reversed.as_slice(), false)] {
        let standing = stand(records, singly, 4_000);
        assert_eq!(standing.dead_letters, 0);
        told.push(standing.stock[0].clone());
    }
    told
}

fn always(value: impl Into<Value>) -> Vec<Value> {
    vec![value.into(); 4]
}

/// A change of the primary key is a delete under the old key and a create under the new one, at one position. The keys' partitions are not read in order.
#[test]
fn debezium_08_a_change_of_the_primary_key_leaves_the_row() {
    let records = [
        stock("c", Value::Null, item(1, "TEE", 10), 100),
        stock("d", item(1, "TEE", 10), Value::Null, 200),
        Told { partition: 1, ..stock("c", Value::Null, item(9, "TEE", 10), 200) },
    ];
    assert_eq!(pieces_of_tee(&records), always("10"));
}

/// After a crash the connector sends again what it had sent since it last noted how far it was: the same positions, other clocks.
#[test]
fn debezium_09_a_window_that_is_sent_again_changes_nothing() {
    let [one, two, three] = [(10, 100), (7, 200), (5, 300)].map(|(quantity, pos)| stock("u", Value::Null, item(1, "TEE", quantity), pos));
    let again = [&two, &three].map(|told| {
        let mut told = told.clone();
        told.value["ts_ms"] = 1_900_000_000_000_i64.into();
        told
    });
    let order = order_rows(&["TEE"]);
    let once: Vec<Told> = order.iter().cloned().chain([one, two, three]).collect();
    let twice: Vec<Told> = once.iter().cloned().chain(again).chain(order.iter().cloned()).collect();
    let (once, twice) = (stand(&once, true, 4_000), stand(&twice, true, 4_000));
    assert_eq!((&twice.stock, twice.requests, twice.dead_letters), (&once.stock, once.requests, 0));
    // Five in the house, one of them claimed by the order.
    assert_eq!((once.stock[0].clone(), once.order["lines"][0]["sku"].clone()), ("4".into(), "TEE".into()));
}

/// A row is deleted and entered again; then the deletion is sent once more.
#[test]
fn debezium_10_an_old_deletion_that_comes_again_deletes_nothing() {
    let deleted = stock("d", item(1, "TEE", 10), Value::Null, 200);
    let records =
        [stock("c", Value::Null, item(1, "TEE", 10), 100), deleted.clone(), stock("c", Value::Null, item(2, "TEE", 7), 300), deleted];
    assert_eq!(pieces_of_tee(&records), always("7"));
}

const ORDER: &str = "sales_order";
const LINE: &str = "sales_order_item";

fn header(snapshot: &str, op: &str, pos: u64) -> Told {
    let row = json!({
        "entity_id": 74, "increment_id": "000000074", "store_id": 1, "state": "processing", "created_at": BEGINS, "updated_at": BEGINS,
        "customer_email": "buyer@example.org", "is_virtual": 0, "order_currency_code": "GBP", "grand_total": "20.0000",
        "shipping_amount": "0.0000", "shipping_tax_amount": "0.0000", "total_item_count": 1, "total_qty_ordered": "1.0000"
    });
    change(ORDER, op, [Value::Null, row], pos, 0, snapshot)
}

fn line(id: u64, sku: &str, snapshot: &str, op: &str, pos: u64) -> Told {
    let row = json!({
        "item_id": id, "order_id": 74, "product_type": "simple", "sku": sku, "name": sku, "qty_ordered": "1.0000", "row_total": "20.0000",
        "tax_amount": "0.0000", "discount_amount": "0.0000", "created_at": BEGINS, "updated_at": BEGINS
    });
    change(LINE, op, [Value::Null, row], pos, 0, snapshot)
}

fn order_rows(skus: &[&str]) -> Vec<Told> {
    let lines = skus.iter().enumerate().map(|(place, sku)| line(740 + place as u64, sku, "false", "c", 1_100 + place as u64));
    [header("false", "c", 1_000)].into_iter().chain(lines).collect()
}

/// The tables are read anew: a row that the snapshot does not have was deleted while nobody listened. A person is asked; nothing is cancelled.
#[test]
fn debezium_11_a_snapshot_that_leaves_a_row_out_asks_a_person() {
    let open = |records: &[Told], later: i64| {
        let standing = stand(records, false, later);
        (standing.exceptions, standing.order["lines"].as_array().map_or(0, Vec::len))
    };
    let again = [line(740, "TEE", "last", "r", 5_000)];
    let records: Vec<Told> = order_rows(&["TEE", "CAP"]).into_iter().chain(again).collect();
    let hour = 3_600_000;
    let (kinds, lines) = open(&records, hour);
    assert!(kinds.contains("snapshot-missing"), "{kinds:?}");
    assert_eq!(lines, 2, "the row stays as it was");
    let whole: Vec<Told> = order_rows(&["TEE", "CAP"])
        .into_iter()
        .chain([line(740, "TEE", "true", "r", 5_000), line(741, "CAP", "last", "r", 5_000)])
        .collect();
    assert!(!open(&whole, hour).0.contains("snapshot-missing"));
}

/// An incremental snapshot reads a row between two changes of it. It stands at the place that the connector has reached.
#[test]
fn debezium_12_a_row_of_an_incremental_snapshot_stands_between_its_changes() {
    let read = |quantity, pos| change(ITEM, "r", [Value::Null, item(1, "TEE", quantity)], pos, 0, "incremental");
    let first = stock("u", item(1, "TEE", 10), item(1, "TEE", 8), 100);
    let second = stock("u", item(1, "TEE", 8), item(1, "TEE", 5), 300);
    assert_eq!(pieces_of_tee(&[first.clone(), read(8, 200), second.clone()]), always("5"));
    assert_eq!(pieces_of_tee(&[first, second, read(5, 400)]), always("5"));
}

/// One statement changes several rows: they share file and position, and have numbers of their own.
#[test]
fn debezium_13_rows_of_one_event_are_all_there() {
    let row = |number, id, sku, quantity| change(ITEM, "c", [Value::Null, item(id, sku, quantity)], 100, number, "false");
    let records = [row(0, 1, "TEE", 10), row(1, 2, "CAP", 4)];
    for records in [records.to_vec(), records.iter().rev().cloned().collect()] {
        assert_eq!(stand(&records, false, 4_000).stock, [Value::from("10"), Value::from("4")]);
    }
    // The same row twice in one event, as the topic has it; and the whole event once more.
    let twice = [row(0, 1, "TEE", 10), row(1, 1, "TEE", 6)];
    for records in [twice.to_vec(), [twice.clone(), twice].concat()] {
        for singly in [true, false] {
            assert_eq!(stand(&records, singly, 4_000).stock[0], "6");
        }
    }
}

/// A table is emptied. The record of it has no key, so it may stand in another partition than the rows.
#[test]
fn debezium_14_a_truncate_in_another_partition_takes_what_was_before_it() {
    let emptied = Told { partition: 1, ..change(ITEM, "t", [Value::Null, Value::Null], 200, 0, "false") };
    let before = stock("c", Value::Null, item(1, "TEE", 10), 100);
    let after = stock("c", Value::Null, item(2, "TEE", 3), 300);
    assert_eq!(pieces_of_tee(&[before.clone(), emptied.clone(), after]), always("3"));
    for gone in pieces_of_tee(&[before, emptied]) {
        assert!(gone == "0" || gone.is_null(), "{gone}");
    }
}
