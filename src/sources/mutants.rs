//! Records as real systems write them wrong: each fixture with one member changed at a time.
//!
//! Whatever stands in a member, the adapter reads it or says which member it is; it never takes it for its opposite. So of each changed record:
//!
//! - what is only written otherwise (a number as text, a text as a number, a word in upper case) gives the same facts, or is refused;
//! - what is lost or senseless (absent, `null`, blank, zero, `"NULL"`, `false`, a list's only object without its list, a day of the year 0) is
//!   refused, or gives facts that cancel, credit, refund, capture and receive no more than before, and that defer no payment;
//! - a refusal names the member, or a list or object that it stands in.

use std::sync::Arc;

use serde_json::{Value, json};

use super::fixtures::{self, Case, cases, read};
use super::{Adapter, KINDS};
use crate::envelope::Record;
use crate::facts::order::{RefundState, ShopState, Terms, Word};
use crate::facts::{Amount, Change, Fact, Moment, OrderRow, Quantity, Row};

/// What is done to a member.
struct Mutation {
    name: &'static str,
    /// The member means the same as before.
    same: bool,
    /// `None`: nothing to do here. `Some(None)`: the member is taken out.
    change: fn(&str, &Value) -> Option<Option<Value>>,
}

/// Words of an enumeration: written in upper case they mean the same.
const WORDS: &[&str] =
    &["financial_status", "fulfillment_status", "source_name", "restock_type", "status", "kind", "shipment_status", "state"];

const MUTATIONS: &[Mutation] = &[
    Mutation { name: "absent", same: false, change: |_, _| Some(None) },
    Mutation { name: "null", same: false, change: |_, _| Some(Some(Value::Null)) },
    Mutation { name: "blank", same: false, change: |_, _| Some(Some(json!(""))) },
    Mutation { name: "a space", same: false, change: |_, _| Some(Some(json!(" "))) },
    Mutation { name: "zero", same: false, change: |_, _| Some(Some(json!(0))) },
    Mutation { name: "zero as text", same: false, change: |_, _| Some(Some(json!("0"))) },
    Mutation { name: "\"NULL\"", same: false, change: |_, _| Some(Some(json!("NULL"))) },
    Mutation { name: "false", same: false, change: |_, _| Some(Some(json!(false))) },
    Mutation { name: "an empty list", same: false, change: |_, value| value.is_object().then(|| Some(json!([]))) },
    Mutation {
        name: "a day of the year 0",
        same: false,
        change: |_, value| value.as_str().filter(|text| text.contains('T')).map(|_| Some(json!("0000-00-00T00:00:00Z"))),
    },
    Mutation {
        name: "a day of the year 1",
        same: false,
        change: |_, value| value.as_str().filter(|text| text.contains('T')).map(|_| Some(json!("0001-01-01T00:00:00Z"))),
    },
    Mutation {
        name: "its only object",
        same: false,
        change: |_, value| Some(Some(value.as_array().filter(|list| list.len() == 1)?[0].clone())),
    },
    Mutation { name: "as text", same: true, change: |_, value| value.is_number().then(|| Some(json!(value.to_string()))) },
    Mutation { name: "as a number", same: true, change: |_, value| Some(Some(number(value.as_str()?)?)) },
    Mutation {
        name: "in upper case",
        same: true,
        change: |name, value| WORDS.contains(&name).then(|| value.as_str().map(|text| Some(json!(text.to_uppercase())))).flatten(),
    },
];

/// The number that a text shows, if it shows one and nothing else.
fn number(text: &str) -> Option<Value> {
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') && text != ".";
    serde_json::from_str(text).ok().filter(|value: &Value| plain && value.is_number())
}

/// Every member of the value, as a path of names and places.
fn members(value: &Value, path: &mut Vec<String>, found: &mut Vec<Vec<String>>) {
    let mut each = |name: String, value: &Value, is_member: bool| {
        path.push(name);
        if is_member {
            found.push(path.clone());
        }
        members(value, path, found);
        path.pop();
    };
    match value {
        Value::Object(object) => object.iter().for_each(|(name, value)| each(name.clone(), value, true)),
        Value::Array(list) => list.iter().enumerate().for_each(|(i, value)| each(i.to_string(), value, false)),
        _ => {}
    }
}

fn at<'v>(value: &'v mut Value, path: &[String]) -> Option<&'v mut Value> {
    path.iter().try_fold(value, |value, step| match value {
        Value::Object(object) => object.get_mut(step),
        Value::Array(list) => list.get_mut(step.parse::<usize>().ok()?),
        _ => None,
    })
}

/// The value with this member changed; `None`: the change makes no difference here.
fn changed(value: &Value, path: &[String], mutation: &Mutation) -> Option<Value> {
    let mut value = value.clone();
    let (name, parent) = path.split_last()?;
    let Value::Object(object) = at(&mut value, parent)? else { return None };
    let old = object.get(name)?.clone();
    match (mutation.change)(name, &old)? {
        Some(new) if new == old => return None,
        Some(new) => object.insert(name.clone(), new),
        None => object.remove(name),
    };
    Some(value)
}

/// What facts do to an order's money and goods.
#[derive(Debug, Default, PartialEq, PartialOrd)]
struct Weight {
    cancelled: u32,
    paid_later: u32,
    captured: Amount,
    refunded: Amount,
    taken_off: Quantity,
    received: Quantity,
}

fn weight(facts: &[Fact]) -> Weight {
    let mut weight = Weight::default();
    for fact in facts {
        let Change::Upsert(Row::Order(row)) = &fact.change else { continue };
        match row {
            OrderRow::Header(row) => {
                weight.cancelled += u32::from(row.state == Word::Known(ShopState::Cancelled));
                weight.paid_later += u32::from(row.terms != Terms::Prepaid);
            }
            OrderRow::Payment(row) => weight.captured += row.captured,
            OrderRow::Refund(row) if matches!(row.state, Word::Known(RefundState::Pending | RefundState::Success)) => {
                weight.refunded += row.amount
            }
            OrderRow::LineProgress(row) => weight.taken_off += row.cancelled + row.credited,
            OrderRow::Cancellation(row) => weight.taken_off += row.total,
            OrderRow::Receipt(row) => weight.received += row.quantity,
            _ => {}
        }
    }
    weight
}

impl Weight {
    /// In no part more than `other`.
    fn at_most(&self, other: &Self) -> bool {
        self.cancelled <= other.cancelled
            && self.paid_later <= other.paid_later
            && self.captured <= other.captured
            && self.refunded <= other.refunded
            && self.taken_off <= other.taken_off
            && self.received <= other.received
    }
}

/// Facts without what depends on the record's bytes.
fn content(facts: &[Fact]) -> Vec<String> {
    facts.iter().map(|fact| format!("{:?} {:?} {:?}", fact.subject, fact.key, fact.change)).collect()
}

fn told(adapter: &dyn Adapter, name: &str, case: &Case<'_>, value: &Value) -> (Result<super::Reading, String>, Vec<Fact>) {
    let topic: Arc<str> = case.topic.as_str().into();
    let bytes = value.to_string().into_bytes();
    let record = Record {
        topic: &topic,
        topic_index: 0,
        partition: 0,
        offset: 7,
        timestamp: Moment::parse_rfc3339(fixtures::TAKEN_AT).expect("a moment"),
        key: None,
        value: Some(&bytes),
        headers: case.headers.iter().map(|(name, value)| (name.as_bytes(), Some(value.as_bytes()))).collect(),
    };
    fixtures::translate(adapter, name, &record)
}

/// A name without what its source or ours may spell otherwise.
fn plain(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase()
}

/// What an error calls a member that an integrator may name as he likes.
fn label(name: &str) -> &str {
    match name {
        "order_no" => "SalesOrderNumber",
        "dispatch_number" => "DespatchNumber",
        "action" => "event",
        "sourceEventType" => "eventType",
        "payPalTranId" => "outputReferenceCode",
        other => other,
    }
}

/// What a member says is true of the order by itself: a line that was taken off whole, a sum that was not rounded.
const SAY_SO: &[&str] = &["current_quantity", "total_cash_rounding_payment_adjustment_set"];

/// By this member of these fixtures a record says what it is, or that it counts no more: without it the record is another one.
const SAY_WHAT: &[(&str, &[&str])] = &[
    ("rest-customerrefund-voided", &["status"]),
    ("rest-type-by-its-members", &["shipStatus"]),
    ("saved-search-", &["recordType", "values"]),
    ("suiteql-deletedrecord", &["deleteddate", "recordid"]),
    ("suiteql-link", &["previousdoc", "nextdoc"]),
    ("suiteql-page", &["items"]),
    ("userevent-", &["event", "action"]),
];

/// What is wrong with one changed record; `None`: nothing.
fn wrong(
    adapter: &dyn Adapter,
    source: &str,
    case: &Case<'_>,
    whole: &[Fact],
    path: &[String],
    mutation: &Mutation,
    value: &Value,
) -> Option<String> {
    let (reading, facts) = told(adapter, source, case, value);
    let found = match reading {
        Err(error) if path.iter().any(|step| plain(&error).contains(&plain(label(step)))) => return None,
        Err(error) => format!("is refused without a word of it: {error}"),
        Ok(_) if mutation.same && content(&facts) != content(whole) => "is read as something else".to_owned(),
        Ok(_) if path.iter().any(|step| SAY_SO.contains(&step.as_str())) => return None,
        Ok(_) if !mutation.same && !weight(&facts).at_most(&weight(whole)) => {
            format!("weighs more: {:?} instead of {:?}", weight(&facts), weight(whole))
        }
        Ok(_) => return None,
    };
    Some(format!("{} {}: {found}", path.join("."), mutation.name))
}

fn kind(name: &str) {
    let kind = KINDS.iter().find(|kind| kind.name == name).expect("a kind");
    let (source, adapter) = fixtures::configured(kind);
    let (mut all, mut tried) = (Vec::new(), 0);
    for path in cases(&fixtures::folder(kind)) {
        let text = read(&path);
        let case: Case<'_> = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let Some(Ok(value)) = case.value.map(|raw| serde_json::from_str::<Value>(raw.get())) else { continue };
        // Without its wrapper's members a wrapper is a body of another kind.
        let wrapper = path.file_stem().is_some_and(|name| name.to_string_lossy().starts_with("wrapped-"));
        if wrapper || !value.is_object() || !case.expect.is_array() {
            continue;
        }
        let (_, whole) = told(&*adapter, &source, &case, &value);
        // Of a change event the row is meant, not what the connector says about it.
        let (mut found, mut steps) = (Vec::new(), Vec::new());
        match value.get("after") {
            Some(row) => {
                steps.push("after".to_owned());
                members(row, &mut steps, &mut found);
            }
            None => members(&value, &mut steps, &mut found),
        }
        for member in found {
            let own_words = |mutation: &&Mutation| name == "shopify" || mutation.name != "in upper case";
            for mutation in MUTATIONS.iter().filter(own_words) {
                let Some(changed) = changed(&value, &member, mutation) else { continue };
                tried += 1;
                let name = path.file_stem().unwrap_or_default().to_string_lossy();
                let says_what = |(fixture, members): &(&str, &[&str])| name.starts_with(fixture) && members.contains(&&*member.join("."));
                if SAY_WHAT.iter().any(says_what) {
                    continue;
                }
                all.extend(wrong(&*adapter, &source, &case, &whole, &member, mutation, &changed).map(|wrong| format!("{name}: {wrong}")));
            }
        }
    }
    assert!(tried > 1_000, "only {tried} records were tried");
    assert!(all.is_empty(), "{} of {tried} changed records:\n{}", all.len(), all.join("\n"));
}

#[test]
fn shopify_is_read_or_refused_and_never_taken_for_its_opposite() {
    kind("shopify");
}

#[test]
fn nav_is_read_or_refused_and_never_taken_for_its_opposite() {
    kind("nav");
}

#[test]
fn peoplevox_is_read_or_refused_and_never_taken_for_its_opposite() {
    kind("peoplevox");
}

#[test]
fn seko_is_read_or_refused_and_never_taken_for_its_opposite() {
    kind("seko");
}

#[test]
fn netsuite_is_read_or_refused_and_never_taken_for_its_opposite() {
    kind("netsuite");
}
