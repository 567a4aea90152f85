use std::sync::Arc;

use super::*;
use crate::envelope::Cell;
use crate::facts::order::RefundState;
use crate::facts::{Amount, Change, Fact, OrderRow, Row};
use crate::sources::fixtures::{common, translate};

fn facts(event: &str, value: &str) -> Vec<Fact> {
    triggered(event, value, None)
}

/// The facts of a delivery that was triggered at this moment, by its header.
fn triggered(event: &str, value: &str, at: Option<&str>) -> Vec<Fact> {
    let topic: Arc<str> = "shopify".into();
    let record = Record {
        topic: &topic,
        topic_index: 0,
        partition: 0,
        offset: 0,
        timestamp: Moment(1_000),
        key: None,
        value: Some(value.as_bytes()),
        headers: [("x-shopify-topic", event)].into_iter().chain(at.map(|at| ("x-shopify-triggered-at", at))).map(bytes).collect(),
    };
    let adapter = build(&common("shopify", "UTC"), &toml::Table::new()).expect("an adapter");
    let (reading, facts) = translate(&*adapter, "shopify", &record);
    assert_eq!(reading, Ok(Reading::Understood));
    facts
}

fn bytes<'a>((name, value): (&'a str, &'a str)) -> (&'a [u8], Option<&'a [u8]>) {
    (name.as_bytes(), Some(value.as_bytes()))
}

fn order(members: &str) -> String {
    format!(
        r#"{{"id":1,"name":"7","created_at":"2026-03-02T10:15:07Z","updated_at":"2026-03-02T10:15:08Z","currency":"EUR",
            "financial_status":"paid",{members}}}"#
    )
}

fn money(text: &str) -> Amount {
    Amount::parse(text).expect("an amount")
}

/// The order's total, and the sum of its lines and charges.
fn totals(order: &str) -> (Amount, Amount) {
    let (mut total, mut parts) = (Amount::ZERO, Amount::ZERO);
    for fact in facts("orders/updated", order) {
        match fact.change {
            Change::Upsert(Row::Order(OrderRow::Header(header))) => total += header.total,
            Change::Upsert(Row::Order(OrderRow::Charge(charge))) => parts += charge.gross,
            Change::Upsert(Row::Order(OrderRow::Line(line))) => parts += line.gross,
            _ => {}
        }
    }
    (total, parts)
}

#[test]
fn lines_and_charges_are_the_total_with_tax_inside_and_added() {
    let line = r#""line_items":[{"id":1,"sku":"A","quantity":3,"price":"10.00","discount_allocations":[{"amount":"1.50"}],"tax_lines":[{"price":"2.85"}]}]"#;
    let shipping =
        r#""shipping_lines":[{"id":9,"price":"5.00","discount_allocations":[{"amount":"1.00"}],"tax_lines":[{"price":"0.40"}]}]"#;
    let inside = order(&format!(r#""taxes_included":true,"total_price":"33.50","total_tip_received":"1.00",{line},{shipping}"#));
    assert_eq!(totals(&inside), (money("33.5"), money("33.5")));
    let added = order(&format!(r#""taxes_included":false,"total_price":"35.75",{line},{shipping}"#));
    assert_eq!(totals(&added), (money("35.75"), money("35.75")));
}

const REFUND: &str = r#"{"order_id":1,"refund_line_items":[],"transactions":[{"id":31,"order_id":1,"kind":"refund","status":"STATUS",
    "gateway":"paypal","amount":"7.10","currency":"EUR","authorization":"re_1","processed_at":"2026-03-09T15:40:10Z"}]}"#;

fn refund_of(facts: Vec<Fact>) -> Fact {
    let mut refunds = facts.into_iter().filter(|fact| fact.key.kind == OrderRow::REFUND);
    refunds.next().expect("a refund")
}

#[test]
fn a_refund_is_the_same_row_wherever_it_is_told() {
    let refund = REFUND.replace("STATUS", "success");
    let embedded = refund_of(facts("orders/updated", &order(&format!(r#""total_price":"10.00","line_items":[],"refunds":[{refund}]"#))));
    let alone = refund_of(facts("refunds/create", &refund));
    assert_eq!((&embedded.key, embedded.version, &embedded.change), (&alone.key, alone.version, &alone.change));
}

#[test]
fn a_refund_that_has_succeeded_is_not_pending_again() {
    let pending = refund_of(facts("refunds/create", &REFUND.replace("STATUS", "pending")));
    let success = refund_of(facts("refunds/create", &REFUND.replace("STATUS", "success")));
    assert!(pending.version < success.version);
    assert_eq!(RefundState::Success, *state_of(&success).expect("a known state"));
}

fn state_of(fact: &Fact) -> Option<&RefundState> {
    match &fact.change {
        Change::Upsert(Row::Order(OrderRow::Refund(refund))) => refund.state.known(),
        _ => None,
    }
}

#[test]
fn of_two_bodies_of_one_second_the_further_one_is_the_newer() {
    let version = |members: &str| facts("orders/updated", &order(members)).pop().expect("a header").version;
    let open = version(r#""total_price":"1.00","line_items":[]"#);
    let cancelled = version(r#""total_price":"1.00","line_items":[],"cancelled_at":"2026-03-02T10:15:08Z""#);
    assert!(open < cancelled);
}

/// Whatever their bytes, and however far they are: the delivery's own stamp decides within a second, and a later second before it.
#[test]
fn of_two_deliveries_of_one_second_the_later_triggered_is_the_newer() {
    let level = |available: u8, second: u8| {
        format!(
            r#"{{"inventory_item_id":1,"location_id":70,"available":{available},"updated_at":"2026-03-02T10:15:0{second}Z","sku":"A"}}"#
        )
    };
    let customer =
        |email: u8, second: u8| format!(r#"{{"id":5,"email":"a{email}@example.com","updated_at":"2026-03-02T10:15:0{second}Z"}}"#);
    let body = |tag: u8, second: u8| {
        order(&format!(r#""total_price":"1.00","note":"{tag}","line_items":[]"#)).replace(":08Z", &format!(":0{second}Z"))
    };
    let kinds: [(&str, &dyn Fn(u8, u8) -> String); 3] =
        [("inventory_levels/update", &level), ("customers/update", &customer), ("orders/updated", &body)];
    for (event, write) in kinds {
        let version = |value: String, at: Option<&str>| triggered(event, &value, at).pop().expect("a fact").version;
        for tag in 0..8 {
            let first = version(write(tag, 8), Some("2026-03-02T10:15:08.120Z"));
            let second = version(write(tag + 1, 8), Some("2026-03-02T10:15:08.640000001Z"));
            let read_afterwards = version(write(tag + 2, 8), None);
            let next = version(write(tag, 9), Some("2026-03-02T10:15:08.100Z"));
            assert!(first < second && second < read_afterwards && read_afterwards < next, "{event}, {tag}");
        }
    }
}

#[test]
fn a_body_that_leaves_members_out_says_nothing_of_them() {
    let cut = r#"{"id":1,"name":"7","created_at":"2026-03-02T10:15:07Z","updated_at":"2026-03-02T10:15:08Z","currency":"EUR","total_price":"1",
        "line_items":[{"id":1,"sku":"A","quantity":3,"price":"10.00"}]}"#;
    let kinds: Vec<u8> = facts("orders/updated", cut).iter().map(|fact| fact.key.kind).collect();
    assert_eq!(kinds, [crate::facts::Link::KIND, OrderRow::LINE, OrderRow::HEADER]);
}

#[test]
fn every_spelling_of_a_webhook_is_one_event() {
    let spelt = |header: Option<&str>, topic: &str| {
        let topic: Arc<str> = topic.into();
        let headers = header.map(|value| (&b"X-Shopify-Topic"[..], Some(value.as_bytes()))).into_iter().collect();
        let record =
            Record { topic: &topic, topic_index: 0, partition: 0, offset: 0, timestamp: Moment(0), key: None, value: None, headers };
        event(&record)
    };
    assert_eq!(spelt(Some("order_transactions/create"), "x"), "order_transactions_create");
    assert_eq!(spelt(Some("ORDER_TRANSACTIONS_CREATE"), "x"), "order_transactions_create");
    assert_eq!(spelt(None, "eu.shopify.order-transactions-create"), "order_transactions_create");
}

/// Whichever part of it is raised: what is read again counts as newer than what was read before.
#[test]
fn a_part_that_is_raised_raises_the_whole() {
    let parts = [
        order::REVISION,
        goods::REVISION,
        charges::REVISION,
        fulfilments::REVISION,
        refunds::REVISION,
        returned::REVISION,
        returns::REVISION,
        others::REVISION,
        people::REVISION,
    ];
    assert_eq!(build(&common("shopify", "UTC"), &toml::Table::new()).expect("an adapter").revision(), parts.iter().sum::<u16>());
}

#[test]
fn an_id_is_a_whole_number_and_nothing_that_begins_or_ends_like_one() {
    let read = |json: &str| context::shopify_id(&Cell::new("id", json)).map(|id| id.into_owned()).ok();
    for (json, id) in
        [("7", "7"), ("\"7001\"", "7001"), ("\"gid://shopify/Order/7001?x=1\"", "7001"), ("820982911946154508", "820982911946154508")]
    {
        assert_eq!(read(json).as_deref(), Some(id), "{json}");
    }
    for json in
        ["0", "\"07\"", "-7", "\"7a\"", "\"a7\"", "\"gid://shopify/Order/7a\"", "\"\"", "null", "true", "7.5", "\"123456789012345678901\""]
    {
        assert_eq!(read(json), None, "{json}");
    }
}

#[test]
fn a_moment_of_before_there_were_shops_is_none() {
    let read = |json: &str| context::moment(&Cell::new("at", json));
    assert_eq!(read("\"1990-01-01T00:00:00Z\"").ok().flatten(), Moment::parse_rfc3339("1990-01-01T00:00:00Z"));
    assert!(read("\"1989-12-31T23:59:59.999Z\"").is_err() && read("\"0001-01-01T00:00:00Z\"").is_err() && read("\"\"").is_err());
    assert_eq!(read("null"), Ok(None));
}
