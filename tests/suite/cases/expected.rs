//! `expected.json`: what must stand there at the end of a case, and what must never have been said.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::play::Outcome;
use crate::scenarios::run::Heard;
use waybill::events::Topic;

type Members = BTreeMap<String, Value>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expected {
    /// By the name that `GET /orders/NAME` is asked for.
    #[serde(default)]
    pub orders: BTreeMap<String, Order>,
    /// The order keys that a name leads to; none: the name leads nowhere.
    #[serde(default)]
    pub found: BTreeMap<String, Vec<String>>,
    /// By SKU and channel.
    #[serde(default)]
    pub stock: BTreeMap<String, BTreeMap<String, Members>>,
    /// JSON pointers into `GET /customers/KEY`.
    #[serde(default)]
    pub customers: BTreeMap<String, Members>,
    /// Exceptions of SKUs and aliases: by entity.
    #[serde(default)]
    exceptions: BTreeMap<String, Kinds>,
    /// By topic and key: JSON pointers into the newest event's body, and `/count`.
    #[serde(default)]
    events: BTreeMap<String, BTreeMap<String, Members>>,
    #[serde(default)]
    dead_letters: usize,
    /// So many seconds after the last step it is looked at.
    pub settles: Option<i64>,
    /// Why it is not played in other orders.
    pub order_matters: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Kinds {
    /// Open at the end.
    #[serde(default)]
    open: Vec<String>,
    /// Never opened.
    #[serde(default)]
    never: Vec<String>,
}

#[derive(Deserialize)]
pub struct Order {
    /// All steps that were ever requested, in their order.
    refund_requests: Option<Vec<RefundRequest>>,
    /// The actions of the events in these topics, in their order.
    sales_orders: Option<Vec<String>>,
    go_aheads: Option<Vec<String>>,
    /// What accounts stand at, debits above zero.
    #[serde(default)]
    books: Members,
    #[serde(default)]
    lines: BTreeMap<String, Members>,
    #[serde(default)]
    open: Vec<String>,
    #[serde(default)]
    never: Vec<String>,
    /// Members of the answer, or of its `money`, by name; by JSON pointer where the name begins with a stroke.
    #[serde(flatten)]
    members: Members,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RefundRequest {
    total: Value,
    amount: Value,
    #[serde(default)]
    by_tender: Members,
}

/// Numbers are compared as numbers, however they are written.
fn same(want: &Value, got: &Value) -> bool {
    let number = |value: &Value| match value {
        Value::String(text) => text.parse::<f64>().ok(),
        Value::Number(number) => number.as_f64(),
        _ => None,
    };
    match (number(want), number(got)) {
        (Some(want), Some(got)) => (want - got).abs() < 1e-9,
        _ => want == got,
    }
}

/// Collects what differs.
#[derive(Default)]
struct Differing(Vec<String>);

impl Differing {
    fn hold(&mut self, what: &str, want: &Value, got: &Value) {
        if !same(want, got) {
            self.0.push(format!("{what}: expected {want}, got {got}"));
        }
    }

    fn holds(&mut self, what: &str, want: &Members, of: impl Fn(&str) -> Value) {
        want.iter().for_each(|(name, want)| self.hold(&format!("{what} {name}"), want, &of(name)));
    }
}

fn at(value: &Value, pointer: &str) -> Value {
    value.pointer(pointer).cloned().unwrap_or_default()
}

/// The parts of a topic's key.
fn key_parts(event: &Heard) -> Vec<String> {
    event.key.split('|').map(|part| part.replace("%7C", "|").replace("%25", "%")).collect()
}

/// The exceptions of one entity: each kind with all sentences it ever had, `None` where it closed.
fn exceptions<'h>(heard: &'h [Heard], entity: &str) -> BTreeMap<String, Vec<&'h Option<Value>>> {
    let mut kinds: BTreeMap<String, Vec<&Option<Value>>> = BTreeMap::new();
    for event in heard.iter().filter(|event| event.topic == Topic::Exceptions) {
        let parts = key_parts(event);
        if parts.get(1).is_some_and(|about| about == entity) {
            kinds.entry(parts[0].clone()).or_default().push(&event.body);
        }
    }
    kinds
}

impl Expected {
    /// Sentences: what is otherwise.
    pub fn differing(&self, outcome: &Outcome) -> Vec<String> {
        let mut differing = Differing::default();
        for (name, order) in &self.orders {
            order.compare(name, &outcome.orders[name], &outcome.heard, &mut differing);
            let balance = |account: &str| {
                let books = outcome.books[name]["books"].as_array().into_iter().flatten();
                books.map(|book| book["balances"][account].clone()).find(|balance| !balance.is_null()).unwrap_or_else(|| Value::from(0))
            };
            differing.holds(&format!("{name} books"), &order.books, balance);
        }
        for (name, keys) in &self.found {
            let answer = &outcome.orders[name];
            let several = answer["several"].as_array().cloned();
            let mut found: Vec<Value> = several
                .unwrap_or_else(|| vec![answer.clone()])
                .iter()
                .map(|order| order["order"].clone())
                .filter(|key| !key.is_null())
                .collect();
            found.sort_by_key(Value::to_string);
            differing.hold(&format!("{name} leads to"), &Value::from(keys.clone()), &Value::from(found));
        }
        for (sku, channels) in &self.stock {
            let told = outcome.stock[sku]["channels"].as_array().cloned().unwrap_or_default();
            for (channel, figures) in channels {
                let of_channel = told.iter().find(|told| told["channel"] == channel.as_str()).cloned().unwrap_or_default();
                differing.holds(&format!("{sku} {channel}"), figures, |name| member(&of_channel, name));
            }
        }
        for (key, members) in &self.customers {
            differing.holds(key, members, |pointer| at(&outcome.customers[key], pointer));
        }
        for (entity, kinds) in &self.exceptions {
            kinds_of(entity, &kinds.open, &kinds.never, &outcome.heard, entity, &mut differing);
        }
        for (topic, keys) in &self.events {
            for (key, members) in keys {
                let of_key: Vec<&Heard> =
                    outcome.heard.iter().filter(|event| event.topic.name() == topic && key_parts(event).join("|") == *key).collect();
                let newest = of_key.last().and_then(|event| event.body.clone()).unwrap_or_default();
                let count = Value::from(of_key.len());
                let moved_to = of_key.last().and_then(|event| event.moved_to.clone()).map_or(Value::Null, Value::from);
                let of = |pointer: &str| match pointer {
                    "/count" => count.clone(),
                    "/moved-to" => moved_to.clone(),
                    pointer => at(&newest, pointer),
                };
                differing.holds(&format!("{topic} {key}"), members, of);
            }
        }
        differing.hold("dead letters", &self.dead_letters.into(), &outcome.dead_letters.into());
        differing.0
    }
}

fn member(value: &Value, name: &str) -> Value {
    if name.starts_with('/') { at(value, name) } else { value.get(name).cloned().unwrap_or_default() }
}

fn kinds_of(name: &str, open: &[String], never: &[String], heard: &[Heard], entity: &str, differing: &mut Differing) {
    let kinds = exceptions(heard, entity);
    for kind in never {
        if let Some(body) = kinds.get(kind).into_iter().flatten().find_map(|body| body.as_ref()) {
            differing.0.push(format!("{name}: exception {kind} opened: {}", body["sentence"]));
        }
    }
    for kind in open {
        if kinds.get(kind).and_then(|bodies| bodies.last()).is_none_or(|body| body.is_none()) {
            differing.0.push(format!("{name}: exception {kind} is not open"));
        }
    }
}

impl Order {
    fn compare(&self, name: &str, view: &Value, heard: &[Heard], differing: &mut Differing) {
        let Some(key) = view["order"].as_str() else {
            differing.0.push(format!("{name}: {view}"));
            return;
        };
        let of = |member_name: &str| match member(view, member_name) {
            Value::Null => member(&view["money"], member_name),
            found => found,
        };
        differing.holds(name, &self.members, of);
        let lines = view["lines"].as_array().cloned().unwrap_or_default();
        for (line, figures) in &self.lines {
            let found = lines.iter().find(|found| found["line"] == line.as_str()).cloned().unwrap_or_default();
            differing.holds(&format!("{name} line {line}"), figures, |name| member(&found, name));
        }
        let bodies = |topic: Topic| -> Vec<&Value> {
            let of_order = heard.iter().filter(|event| event.topic == topic && key_parts(event).join("|") == key);
            of_order.filter_map(|event| event.body.as_ref()).collect()
        };
        if let Some(requests) = &self.refund_requests {
            let made = bodies(Topic::RefundRequests);
            let told: Vec<String> = made.iter().map(|body| format!("{} ({})", body["total"], body["amount"])).collect();
            let asked: Vec<String> = requests.iter().map(|request| format!("{} ({})", request.total, request.amount)).collect();
            let equal =
                |(made, asked): (&&Value, &RefundRequest)| same(&asked.total, &made["total"]) && same(&asked.amount, &made["amount"]);
            if made.len() != requests.len() || !made.iter().zip(requests).all(equal) {
                differing.0.push(format!("{name} refund requests, total (amount): expected {asked:?}, made {told:?}"));
            }
            for (body, request) in made.iter().zip(requests) {
                let parts = body["by_tender"].as_array().cloned().unwrap_or_default();
                let total =
                    |tender: &str| parts.iter().find(|part| part["tender"] == tender).map_or(Value::Null, |part| part["total"].clone());
                differing.holds(&format!("{name} refund by"), &request.by_tender, total);
            }
        }
        for (topic, actions) in [(Topic::SalesOrders, &self.sales_orders), (Topic::FulfilmentRequests, &self.go_aheads)] {
            if let Some(actions) = actions {
                let made: Vec<Value> = bodies(topic).iter().map(|body| body["action"].clone()).collect();
                differing.hold(&format!("{name} {}", topic.name()), &Value::from(actions.clone()), &Value::from(made));
            }
        }
        kinds_of(name, &self.open, &self.never, heard, key, differing);
    }
}
