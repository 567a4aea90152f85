//! The statements are carried out on a small database of texts, with the tables of the live run, and must leave what the shop has.

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::retailer::judge::tests::stand_in::StandIn;
use crate::retailer::{Outside, Retailer, Settings, SourceRecord};

/// `tests/live/magento.sql`: columns and their types, by table.
fn tables() -> BTreeMap<&'static str, BTreeMap<&'static str, &'static str>> {
    let mut tables: BTreeMap<_, BTreeMap<_, _>> = BTreeMap::new();
    let mut table = "";
    for line in include_str!("../../../../tests/live/magento.sql").lines() {
        if let Some(name) = line.strip_prefix("CREATE TABLE ") {
            table = name.trim_end_matches(" (");
        } else if let Some((column, rest)) = line.strip_prefix("  ").and_then(|line| line.split_once(' '))
            && column.chars().all(|c| c.is_ascii_lowercase() || c == '_' || c.is_ascii_digit())
        {
            tables.entry(table).or_default().insert(column, rest);
        }
    }
    tables
}

/// Words, quoted names, literals and signs of a statement.
fn tokens(statement: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    let mut chars = statement.chars().peekable();
    while let Some(first) = chars.next() {
        let mut token = first.to_string();
        match first {
            ' ' => continue,
            '\'' => loop {
                match chars.next().expect("the literal ends") {
                    '\'' if chars.peek() == Some(&'\'') => token.extend(chars.next()),
                    '\'' => break,
                    '\\' => token.extend(chars.next()),
                    other => token.push(other),
                }
            },
            '`' => token = chars.by_ref().take_while(|c| *c != '`').collect(),
            '(' | ')' | ',' | '=' | ';' => {}
            _ => {
                while let Some(next) = chars.next_if(|c| c.is_alphanumeric() || "_.-".contains(*c)) {
                    token.push(next);
                }
            }
        }
        tokens.push(token);
    }
    tokens
}

#[derive(Default)]
struct Server {
    /// Table, key, columns; a text literal keeps its first quote.
    rows: BTreeMap<(String, String), BTreeMap<String, String>>,
    transactions: usize,
    magento_records: usize,
}

impl Outside for Server {
    fn send(&mut self, record: SourceRecord) {
        self.magento_records += usize::from(record.topic.starts_with("magento."));
    }

    fn transaction(&mut self, statements: &[String]) {
        assert!(!statements.is_empty(), "an empty transaction");
        self.transactions += 1;
        statements.iter().for_each(|statement| self.execute(statement));
    }
}

impl Server {
    fn execute(&mut self, statement: &str) {
        assert!(!statement.contains('\n'), "one line: {statement}");
        let tokens = tokens(statement);
        let words: Vec<&str> = tokens.iter().map(String::as_str).collect();
        let pairs = |words: &[&str]| -> Vec<(String, String)> {
            let parts = words.split(|word| matches!(*word, "," | "AND"));
            parts
                .map(|part| if let [name, "=", value] = part { (name.to_string(), value.to_string()) } else { panic!("{statement}") })
                .collect()
        };
        let split =
            |words: &[&str], at: &str| words.iter().position(|word| *word == at).unwrap_or_else(|| panic!("no {at} in {statement}"));
        match words.as_slice() {
            ["INSERT", "INTO", table, "(", rest @ .., ")", ";"] => {
                let middle = split(rest, ")");
                assert_eq!(&rest[middle..middle + 3], &[")", "VALUES", "("], "{statement}");
                let list = |words: &[&str]| words.iter().filter(|word| **word != ",").map(ToString::to_string).collect::<Vec<_>>();
                let (names, values) = (list(&rest[..middle]), list(&rest[middle + 3..]));
                assert_eq!(names.len(), values.len(), "{statement}");
                let row: BTreeMap<_, _> = names.into_iter().zip(values).collect();
                let tables = tables();
                let columns = tables.get(table).unwrap_or_else(|| panic!("no table {table}"));
                let key = columns.keys().filter(|name| is_key(table, name)).map(|name| row[*name].clone()).next().expect("a key");
                for (name, value) in &row {
                    let kind = columns.get(name.as_str()).unwrap_or_else(|| panic!("{table} has no column {name}"));
                    assert_eq!(kind.starts_with("timestamp"), name.ends_with("_at"), "{table}.{name} is {kind}");
                    assert!(value != "NULL" || !kind.contains("NOT NULL"), "{table}.{name} can't be NULL");
                    assert!(!kind.starts_with("timestamp") || is_time(value), "{table}.{name}: {value}");
                }
                assert_eq!(self.rows.insert((table.to_string(), key), row), None, "twice: {statement}");
            }
            ["UPDATE", table, "SET", rest @ .., ";"] => {
                let middle = split(rest, "WHERE");
                let (sets, key) = (pairs(&rest[..middle]), pairs(&rest[middle + 1..]));
                let row = self.rows.get_mut(&(table.to_string(), key[0].1.clone())).unwrap_or_else(|| panic!("no such row: {statement}"));
                for (name, value) in sets {
                    assert!(row.insert(name.clone(), value).is_some(), "{table} has no {name}");
                }
            }
            ["DELETE", "FROM", table, "WHERE", rest @ .., ";"] => {
                assert!(self.rows.remove(&(table.to_string(), pairs(rest)[0].1.clone())).is_some(), "no such row: {statement}");
            }
            _ => panic!("not a statement: {statement}"),
        }
    }

    fn whole(&self, table: &str, key: impl ToString, column: &str) -> i64 {
        let value = &self.rows[&(table.to_owned(), key.to_string())][column];
        value.trim_start_matches('\'').parse::<f64>().unwrap_or_else(|_| panic!("{table}.{column}: {value}")) as i64
    }
}

fn is_key(table: &str, column: &str) -> bool {
    let key = match table {
        "sales_order_item" => "item_id",
        "inventory_reservation" => "reservation_id",
        "inventory_source_item" => "source_item_id",
        "newsletter_subscriber" => "subscriber_id",
        _ => "entity_id",
    };
    column == key
}

/// `'2026-03-02 10:15:04`, the last quote taken.
fn is_time(value: &str) -> bool {
    value.len() == 20 && value.as_bytes()[11] == b' ' && !value.contains(['T', 'Z'])
}

#[test]
fn the_shops_statements_leave_what_the_shop_has() {
    let mut retailer = Retailer::new(Settings { shop_database: true, ..Settings::new(7, 120) });
    let mut server = Server::default();
    let _ = StandIn::run_to(&mut retailer, &mut server);
    let truth = retailer.truth();
    assert_eq!(server.magento_records, 0, "the connector makes the shop's records");
    assert!(server.transactions > truth.orders.len() * 3, "{} transactions", server.transactions);
    for (article, figure) in truth.shops[0].figures.iter().enumerate() {
        assert_eq!(server.whole("inventory_source_item", 4_001 + article, "quantity"), *figure, "{}", truth.articles[article]);
    }
    for (order, shipped) in truth.orders.iter().map(|order| (order, &order.shop_shipped)) {
        assert_eq!(
            server.rows[&("sales_order".to_owned(), order.entity.to_string())]["customer_lastname"],
            format!("'{}", order.person.last)
        );
        for (line, shipped) in order.lines.iter().zip(shipped) {
            assert_eq!(server.whole("sales_order_item", line.item, "qty_shipped"), *shipped, "order {} item {}", order.number, line.item);
        }
    }
    let written: BTreeSet<&str> = server.rows.keys().map(|(table, _)| table.as_str()).collect();
    for table in ["sales_order_address", "sales_order_payment", "sales_shipment_track", "sales_creditmemo_item", "newsletter_subscriber"] {
        assert!(written.contains(table), "nothing in {table}");
    }
}

#[test]
fn an_update_says_what_differs_and_never_leaves_its_time_to_the_server() {
    let change = |after: &str| {
        let before = br#"{"id":1,"name":"O'Brien \\","note":null,"updated_at":"2026-03-02T10:15:04Z"}"#;
        statement("t", Op::Update, br#"{"id":1}"#, Some(before), Some(after.as_bytes()))
    };
    assert_eq!(change(r#"{"id":1,"name":"O'Brien \\","note":null,"updated_at":"2026-03-02T10:15:04Z"}"#), None);
    assert_eq!(
        change(r#"{"id":1,"name":"D'Arcy \\","note":null,"updated_at":"2026-03-02T10:15:04Z"}"#).as_deref(),
        Some(r"UPDATE `t` SET `name` = 'D''Arcy \\', `updated_at` = '2026-03-02 10:15:04' WHERE `id` = 1;")
    );
}
