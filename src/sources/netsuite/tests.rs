use super::*;
use crate::facts::{Change, Fact, Moment, OrderRow, Row};
use crate::sources::trial::{self, say};

const SETTINGS: &str = "currencies = { \"4\" = \"EUR\" }";

fn told_by(more: &str, topic: &str, value: &str) -> Result<(Reading, Vec<Fact>), DecodeError> {
    let adapter = trial::build(&KIND, &format!("{SETTINGS}\n{more}")).unwrap_or_else(|errors| panic!("{errors:?}"));
    trial::translate(&*adapter, topic, Some(value), "2026-03-02T10:15:09Z", 1)
}

fn told(topic: &str, value: &str) -> Vec<Fact> {
    told_by("", topic, value).unwrap_or_else(|error| panic!("{error}")).1
}

fn lines(topic: &str, value: &str) -> Vec<String> {
    told(topic, value).iter().map(say).collect()
}

fn error(topic: &str, value: &str) -> String {
    told_by("", topic, value).expect_err("a decode error").to_string()
}

fn fulfilment(status: &str, sent: &str) -> String {
    let body = format!(
        r#"{{"id":"7","tranId":"IF7","createdFrom":{{"id":"5"}},"shipStatus":{{"id":"{status}"}},"lastModifiedDate":"2026-03-02T10:03:00Z",
            "item":{{"items":[{{"line":1,"item":{{"id":"1","refName":"TEE"}},"quantity":1}}]}}}}"#
    );
    if sent.is_empty() { body } else { format!(r#"{{"event":"edit","sentAt":"{sent}","record":{body}}}"#) }
}

fn place(status: &str, sent: &str) -> crate::facts::Place {
    told("netsuite.itemfulfillment", &fulfilment(status, sent)).last().expect("a fact").version.place
}

#[test]
fn of_two_bodies_of_one_minute_the_further_one_is_newer_and_of_two_events_the_later_one() {
    assert!(place("C", "") > place("B", "") && place("B", "") > place("A", ""));
    assert!(place("A", "2026-03-02T10:03:20.500Z") > place("C", "2026-03-02T10:03:20.499Z"), "it went back within the minute");
    assert!(place("A", "") > place("C", "2026-03-02T10:03:59Z"), "read afterwards");
}

#[test]
fn a_deletion_is_newer_than_all_of_its_minute() {
    let deleted = r#"{"event":"delete","sentAt":"2026-03-02T10:03:00Z","record":{"id":"7","type":"itemfulfillment","fields":{"id":"7"}}}"#;
    let deletion = told("any", deleted).pop().expect("a fact");
    assert_eq!(deletion.change, Change::Delete);
    assert!(deletion.version.place > place("C", ""));
}

#[test]
fn an_order_whose_lines_are_not_told_is_not_one_without_lines() {
    let order = |item: &str| {
        let body = format!(r#"{{"id":"5","otherRefNum":"1001","orderStatus":"B","lastModifiedDate":"2026-03-02T10:03:00Z"{item}}}"#);
        let of_lines = |fact: &&Fact| fact.key.kind == OrderRow::ERP_LINE;
        told("netsuite.salesorder", &body).iter().filter(of_lines).map(say).collect::<Vec<_>>()
    };
    assert!(order("").is_empty());
    assert!(order(r#","item":{"links":[{"rel":"self","href":"x"}]}"#).is_empty());
    assert_eq!(order(r#","item":{"items":[]}"#).len(), 1, "the mark of an empty list");
}

/// Whatever an account calls its currencies, one that nobody named is not guessed.
#[test]
fn currencies_are_known_by_id_by_name_or_not_at_all() {
    let deposit = |currency: &str| {
        format!(r#"{{"id":"8","payment":5,"salesOrder":{{"id":"5"}},"lastModifiedDate":"2026-03-02T10:03:00Z"{currency}}}"#)
    };
    let read = |more: &str, currency: &str| {
        let (_, facts) = told_by(more, "netsuite.customerdeposit", &deposit(currency)).map_err(|error| error.to_string())?;
        Ok::<_, String>(facts.iter().find_map(|fact| match &fact.change {
            Change::Upsert(Row::Order(OrderRow::Payment(payment))) => payment.currency.map(|currency| currency.to_string()),
            _ => None,
        }))
    };
    let code = |code: &str| Ok(Some(code.to_owned()));
    assert_eq!(read("", r#","currency":{"id":"4","refName":"Unsere Währung"}"#), code("EUR"));
    assert_eq!(read("", r#","currency":{"id":"1","refName":"British pound"}"#), code("GBP"));
    assert_eq!(read("", r#","currency":"2","currencysymbol":"USD""#), code("USD"));
    assert_eq!(read("local_currency = \"SEK\"", ""), code("SEK"));
    assert!(read("local_currency = \"SEK\"", r#","currency":"2""#).expect_err("not the local one").contains("name it in currencies"));
    assert!(read("", "").expect_err("none").contains("field \"currency\""));
}

#[test]
fn an_item_told_by_its_id_alone_is_what_items_says_else_it_stands_under_its_id() {
    let row = r#"{"transaction":"5","type":"SalesOrd","id":"1","mainline":"F","item":"512","quantity":"-2"}"#;
    let sku = |more: &str| {
        let (_, facts) = told_by(more, "any", row).unwrap_or_else(|error| panic!("{error}"));
        facts.iter().find_map(|fact| match &fact.change {
            Change::Upsert(Row::Order(OrderRow::ErpLine(line))) => Some(line.sku.to_string()),
            _ => None,
        })
    };
    assert_eq!(sku("items = { \"512\" = \"Bell-Blue\" }"), Some("BELL-BLUE".to_owned()));
    assert_eq!(sku(""), Some("NETSUITE|ITEM|512".to_owned()));
}

#[test]
fn a_script_that_writes_a_line_as_text_says_the_same_as_rest() {
    let rest = r#"{"id":"5","tranId":"SO5","otherRefNum":"1001","orderStatus":{"id":"B"},"lastModifiedDate":"2026-03-02T10:03:00Z",
        "item":{"items":[{"line":1,"item":{"id":"1","refName":"Shirts : TEE"},"quantity":2.0,"isClosed":false,"location":{"id":"6","refName":"Main"}}]}}"#;
    let script = r#"{"id":"5","type":"salesorder","fields":{"tranid":"SO5","otherrefnum":"1001","orderstatus":"B","lastmodifieddate":"2026-03-02T10:03:00Z"},
        "sublists":{"item":{"currentline":{"line":""},"line 1":{"line":"1","item":"1","item_display":"TEE","quantity":"2","isclosed":"F","location":"6"}}}}"#;
    assert_eq!(lines("netsuite.salesorder", rest), lines("netsuite.events", script));
}

#[test]
fn each_channel_that_wraps_a_record_gives_what_the_record_gives() {
    let bare = fulfilment("C", "");
    let encoded = {
        use base64::Engine as _;
        base64::engine::general_purpose::STANDARD.encode(&bare)
    };
    let expected = lines("netsuite.itemfulfillment", &bare);
    for wrapped in [
        format!(r#"{{"detail":{bare}}}"#),
        format!(r#"{{"payload":{bare},"schema":null}}"#),
        format!(r#"{{"message":{{"data":"{encoded}"}}}}"#),
        format!(r#"{{"_airbyte_data":{bare}}}"#),
        format!(r#"{{"records":[{{"key":"7","value":{bare}}}]}}"#),
        format!("[{bare}]"),
        serde_json::Value::from(bare.as_str()).to_string(),
    ] {
        let told: Vec<String> = lines("netsuite.itemfulfillment", &wrapped);
        assert_eq!(told, expected, "{wrapped}");
    }
}

#[test]
fn a_record_that_is_wrapped_without_end_is_refused() {
    let deep = (0..20).fold("{}".to_owned(), |inner, _| format!(r#"{{"payload":{inner}}}"#));
    assert!(error("any", &deep).contains("not wrapped so often"));
}

#[test]
fn what_is_refused_names_its_member() {
    assert_eq!(
        error(
            "netsuite.salesorder",
            r#"{"id":"5","orderStatus":"B","item":{"items":[{"line":1,"item":{"refName":"A : TEE"},"quantity":"many"}]}}"#
        ),
        r#"field "item.items[0].quantity": expected a quantity of at most 12 decimal places, below 10^12, found "many""#
            .replace("a quantity of at most 12 decimal places, below 10^12", "a decimal as text or number")
    );
    assert_eq!(
        error(
            "netsuite.events",
            r#"{"event":"edit","record":{"id":"5","type":"salesorder","fields":{"orderstatus":"B","lastmodifieddate":"3/4/2026 3:03 am"}}}"#
        ),
        "field \"record.fields.lastModifiedDate\": expected a date that is one day only: set date_format, as in \"D/M/YYYY\" or \"M/D/YYYY\", found \"3/4/2026 3:03 am\""
    );
    assert!(error("any", "{}").contains("whose type is told"));
    assert!(error("any", "true").contains("JSON"));
}

#[test]
fn wrong_settings_are_named() {
    let wrong = |settings: &str| trial::build(&KIND, settings).err().expect("wrong settings");
    assert_eq!(wrong("topcs = []"), ["unknown key \"topcs\"; did you mean \"topics\"?"]);
    assert_eq!(
        wrong(
            "topics = [\"a\"]\nrecord_types = { \"a\" = \"widget\", \"b\" = \"salesorder\" }\ndate_format = \"day\"\nitems = { \"5\" = \" \" }"
        ),
        [
            "date_format: \"day\" is no date format of NetSuite; write it as in \"D/M/YYYY\" or \"M/D/YYYY\"",
            "record_types.\"a\": unknown record type \"widget\"; write it as in \"salesorder\"",
            "record_types.\"b\": is not among topics",
            "items.\"5\": \" \" is no SKU",
        ]
    );
    assert!(wrong("tenders = { \"Visa\" = \"plastic\" }")[0].contains("unknown meaning \"plastic\""));
}

/// The state is that of the moment at which it is read: a moment of a day that clocks change.
#[test]
fn local_times_are_those_of_the_source() {
    let at = |text: &str| {
        let body = format!(r#"{{"id":"5","orderStatus":"B","otherRefNum":"1","lastModifiedDate":"{text}"}}"#);
        told("netsuite.salesorder", &body).pop().map(|fact| fact.at)
    };
    assert_eq!(at("14.07.2025 11:03"), Moment::parse_rfc3339("2025-07-14T10:03:00Z"));
    assert_eq!(at("2025-07-14T11:03:00Z"), Moment::parse_rfc3339("2025-07-14T11:03:00Z"));
}

/// Whichever part of it is raised: what is read again counts as newer than what was read before.
#[test]
fn a_part_that_is_raised_raises_the_whole() {
    let parts = [sales::REVISION, returns::REVISION, money::REVISION, items::REVISION, customers::REVISION, ledger::REVISION];
    assert_eq!(trial::build(&KIND, SETTINGS).expect("settings").revision(), parts.iter().sum::<u16>());
}
