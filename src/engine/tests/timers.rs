//! What changes by the clock alone changes after a restart too: an order keeps its moment, a customer's is found again.

use serde_json::Value;

use super::{Bench, PLACED};
use crate::entities::order::testing::{SHOP, amount};
use crate::facts::customer::{Consent, ConsentState, OrderSummary, Purpose};
use crate::facts::time::Span;
use crate::facts::{
    Cause, Change, Currency, CustomerKey, CustomerRow, Digest, Fact, OrderKey, Place, Quantity, Row, RowKey, Subject, Version,
};

const MAIL: Digest = Digest([1; 16]);

fn of_customer(id: &str, row: CustomerRow) -> Fact {
    let version = Version { incarnation: 0, place: Place::Position([1, 1, 0]), upsert: true, adapter: 0 };
    Fact {
        subject: Subject::Customer(CustomerKey::account("magento", "7")),
        key: RowKey { kind: row.kind(), source: SHOP, id: id.into() },
        change: Change::Upsert(Row::Customer(row)),
        version,
        cause: Cause::NONE,
        at: PLACED,
    }
}

#[test]
fn a_customer_lapses_by_the_clock_after_a_restart() {
    let mut bench = Bench::new();
    let mut profiles = bench.broker.tail(&["t.marketing-profiles".into()]);
    let mut segment = move || {
        let newest = profiles.poll().pop()?;
        let body: Value = serde_json::from_slice(&newest.value?).expect("JSON");
        body["purchases"]["segment"].as_str().map(str::to_owned)
    };
    bench.start().expect("a fresh application starts");
    let consent = Consent {
        address: MAIL,
        channel: "email".into(),
        brand: "day".into(),
        purpose: Purpose::Profiling,
        state: ConsentState::Yes,
        changed_at: Some(PLACED),
    };
    let bought = OrderSummary {
        order: OrderKey::new("magento", "1"),
        number: "1".into(),
        brand: "day".into(),
        placed_at: PLACED,
        currency: Currency::new("GBP").expect("a currency"),
        counts: true,
        spend: amount("40"),
        returned: Quantity::ZERO,
        proven: true,
        forgotten: false,
        email: Some(MAIL),
        address: None,
        history: Vec::new(),
    };
    bench.send(vec![of_customer("consent", CustomerRow::Consent(consent)), of_customer("magento|1", CustomerRow::Order(Box::new(bought)))]);
    bench.rest();
    assert_eq!(segment().as_deref(), Some("first"));
    bench.start().expect("a restart");
    bench.rest();
    assert_eq!(segment(), None, "a restart emits nothing");
    bench.broker.set_now(PLACED + Span::days(180));
    bench.rest();
    assert_eq!(segment().as_deref(), Some("lapsing"), "no row came");
}
