use std::sync::Arc;

use super::*;
use crate::facts::order::ChargeKind;
use crate::facts::{Amount, Change as FactChange, Fact, Moment, OrderRow, Row};
use crate::sources::fixtures::{common, translate};

fn adapter(settings: &str) -> Result<Arc<dyn Adapter>, Vec<String>> {
    let table = settings.parse().expect("TOML");
    build(&common("magento", "UTC"), &table)
}

fn facts(settings: &str, table: &str, row: &str) -> Vec<Fact> {
    let source = format!(r#"{{"connector":"mariadb","ts_ms":1,"db":"shop","table":"{table}","file":"bin.000001","pos":4,"row":0}}"#);
    let value = format!(r#"{{"op":"c","before":null,"after":{row},"source":{source}}}"#);
    let topic: Arc<str> = "magento".into();
    let record = Record {
        topic: &topic,
        topic_index: 0,
        partition: 0,
        offset: 0,
        timestamp: Moment(0),
        key: None,
        value: Some(value.as_bytes()),
        headers: Default::default(),
    };
    let adapter = adapter(settings).expect("an adapter");
    let (reading, facts) = translate(&*adapter, "magento", &record);
    assert_eq!(reading, Ok(Reading::Understood));
    facts
}

const EUR: &str = r#"currency = "EUR""#;

fn order(money: &str) -> String {
    format!(
        r#"{{"entity_id":1,"increment_id":"1","state":"new","order_currency_code":"EUR","created_at":"2026-03-02T10:15:04Z",
            "updated_at":"2026-03-02T10:15:04Z",{money}}}"#
    )
}

fn item(id: u32, money: &str) -> String {
    format!(r#"{{"item_id":{id},"order_id":1,"product_type":"simple","sku":"A","qty_ordered":"2.0000",{money}}}"#)
}

/// The order's total, and the sum of its lines and charges.
fn totals(order: &str, items: &[&str]) -> (Amount, Amount) {
    let mut all = facts(EUR, "sales_order", order);
    for item in items {
        all.extend(facts(EUR, "sales_order_item", item));
    }
    let (mut total, mut parts) = (Amount::ZERO, Amount::ZERO);
    for fact in all {
        match fact.change {
            FactChange::Upsert(Row::Order(OrderRow::Header(header))) => total += header.total,
            FactChange::Upsert(Row::Order(OrderRow::Charge(charge))) => parts += charge.gross,
            FactChange::Upsert(Row::Order(OrderRow::Line(line))) => parts += line.gross,
            _ => {}
        }
    }
    (total, parts)
}

fn amount(text: &str) -> Amount {
    Amount::parse(text).expect("an amount")
}

#[test]
fn lines_and_charges_are_the_total_with_tax_added() {
    let order = order(r#""grand_total":"113.0500","shipping_amount":"5.0000","shipping_tax_amount":"0.9500""#);
    let line = item(1, r#""row_total":"100.0000","tax_amount":"17.1000","discount_amount":"10.0000""#);
    assert_eq!(totals(&order, &[&line]), (amount("113.05"), amount("113.05")));
}

#[test]
fn lines_and_charges_are_the_total_with_a_discount_on_prices_with_tax() {
    // 119.00 less 10.00 with tax; shipping 5.95 less 0.95 with tax.
    let order = order(
        r#""grand_total":"114.0000","shipping_amount":"5.0000","shipping_tax_amount":"0.8000","shipping_discount_amount":"0.9500",
           "shipping_discount_tax_compensation_amount":"0.1500""#,
    );
    let line =
        item(1, r#""row_total":"100.0000","tax_amount":"17.4000","discount_tax_compensation_amount":"1.6000","discount_amount":"10.0000""#);
    assert_eq!(totals(&order, &[&line]), (amount("114"), amount("114")));
}

#[test]
fn lines_and_charges_are_the_total_with_a_levy_and_a_gift_card() {
    let order = order(r#""grand_total":"69.0000","gift_cards_amount":"50.0000""#);
    let lines = [
        item(1, r#""row_total":"97.0000","tax_amount":"18.4300","weee_tax_applied_row_amount":"3.5700""#),
        item(2, r#""row_total":"0.0000""#),
    ];
    assert_eq!(totals(&order, &[&lines[0], &lines[1]]), (amount("119"), amount("119")));
}

#[test]
fn lines_and_charges_are_the_total_with_gift_wrapping_and_a_modules_fee() {
    let order = order(
        r#""grand_total":"135.7600","gw_price":"4.0000","gw_tax_amount":"0.7600","gw_items_price":"6.0000","gw_items_tax_amount":null,
           "gw_card_price":"1.0000","cod_fee":"4.0000","cod_fee_tax":"1.0000""#,
    );
    let settings = "currency = \"EUR\"\ncharges = { cod_fee = { tax = \"cod_fee_tax\" }, other_fee = { kind = \"shipping\" } }";
    let rows = facts(settings, "sales_order", &order);
    let charge = |fact: &Fact| match &fact.change {
        FactChange::Upsert(Row::Order(OrderRow::Charge(charge))) => Some((fact.key.id.to_string(), charge.kind, charge.gross, charge.tax)),
        _ => None,
    };
    let charges: Vec<_> = rows.iter().filter_map(charge).collect();
    let expected = [
        ("cod_fee".to_owned(), ChargeKind::Handling, amount("5"), amount("1")),
        ("wrapping".to_owned(), ChargeKind::Wrapping, amount("11.76"), amount("0.76")),
    ];
    assert_eq!(charges, expected);
}

/// Of 100.00 goods, wrapping of 4.76 and a fee of 5.00 all comes back: nothing of it is goodwill, and nothing of the goods' worth.
#[test]
fn a_memo_gives_back_wrapping_and_a_modules_fee() {
    let memo = r#"{"entity_id":3,"order_id":1,"state":2,"grand_total":"109.76","order_currency_code":"EUR","transaction_id":"t",
        "gw_price":"4.00","gw_tax_amount":"0.76","cod_fee":"5.00"}"#;
    let rows = facts("currency = \"EUR\"\ncharges = { cod_fee = {} }", "sales_creditmemo", memo);
    let credit = rows.iter().find_map(|fact| match &fact.change {
        FactChange::Upsert(Row::Order(OrderRow::Credit(credit))) => Some(credit),
        _ => None,
    });
    let credit = credit.expect("a credit");
    assert_eq!(
        (credit.goods, credit.shipping, credit.goodwill, credit.fee),
        (Some(amount("100")), amount("9.76"), Amount::ZERO, Amount::ZERO)
    );
}

#[test]
fn decimals_may_come_as_bytes() {
    let settings = "currency = \"EUR\"\ndecimals = \"base64\"";
    let payment = r#"{"entity_id":1,"parent_id":1,"method":"adyen_cc","amount_authorized":"EUAU","amount_paid":null}"#;
    let facts = facts(settings, "sales_order_payment", payment);
    let [Fact { change: FactChange::Upsert(Row::Order(OrderRow::Payment(payment))), .. }] = facts.as_slice() else { panic!("{facts:?}") };
    assert_eq!(payment.authorised, amount("113.0516"));
}

#[test]
fn an_offline_credit_memo_is_money_only_if_the_shop_says_so() {
    let memo = r#"{"entity_id":3,"order_id":1,"state":2,"grand_total":"53.55","order_currency_code":"EUR","transaction_id":null}"#;
    let rows = |settings: &str, memo: &str| {
        let facts = facts(settings, "sales_creditmemo", memo);
        facts.iter().map(|fact| fact.key.kind).collect::<Vec<_>>()
    };
    let kinds = [crate::facts::Link::KIND, OrderRow::REFUND, OrderRow::CREDIT];
    assert_eq!(rows(EUR, memo), kinds);
    let unpaid = "currency = \"EUR\"\noffline_credit_memos = \"unpaid\"";
    assert_eq!(rows(unpaid, memo), [kinds[0], kinds[2]], "what it is for is told, no money");
    assert_eq!(rows(unpaid, &memo.replace("null", "\"R-1\"")), kinds);
}

#[test]
fn a_prefix_of_tables_is_taken_off() {
    let settings = "currency = \"EUR\"\ntable_prefix = \"mage_\"\ntables = [\"sales_order\"]\ntopic_prefix = \"m2\"\ndatabase = \"shop\"";
    assert_eq!(adapter(settings).expect("an adapter").topics(), ["m2.shop.mage_sales_order"]);
    assert!(!facts(settings, "mage_sales_order", &order(r#""grand_total":1"#)).is_empty());
}

#[test]
fn every_wrong_setting_is_named() {
    let errors = |settings: &str| adapter(settings).err().expect("errors");
    assert_eq!(errors("currency = \"EUR\"\ndatabse = \"shop\""), ["unknown key \"databse\"; did you mean \"database\"?"]);
    assert_eq!(
        errors("currency = \"EUR\"\ntables = [\"sales_orders\"]\n[tenders]\nklarna = \"invoice\""),
        [
            "tables: unknown table \"sales_orders\"; did you mean \"sales_order\"?",
            "tenders.\"klarna\": unknown meaning \"invoice\"; known are \"card\", \"bank\", \"cash\", \"cash-on-delivery\", \"on-account\", \
             \"store-credit\", \"gift-card\", \"exchange\"",
        ]
    );
}

/// Whichever part of it is raised: what is read again counts as newer than what was read before.
#[test]
fn a_part_that_is_raised_raises_the_whole() {
    let parts = [
        orders::REVISION,
        items::REVISION,
        payments::REVISION,
        refunds::REVISION,
        shipments::REVISION,
        stock::REVISION,
        customers::REVISION,
        catalogue::REVISION,
    ];
    assert_eq!(adapter("currency = \"EUR\"").expect("an adapter").revision(), parts.iter().sum::<u16>());
}
