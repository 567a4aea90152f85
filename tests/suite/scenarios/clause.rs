//! A clause of an expectation, and whether a body fulfils it.

use std::collections::BTreeMap;

use serde_json::Value;

use super::language::{Clock, DAY_ONE};
use waybill::events::Topic;
use waybill::facts::{Moment, Quantity};

#[derive(Clone, Debug, PartialEq)]
pub enum Clause {
    /// `3 of A`.
    PiecesOf(Quantity, String),
    /// `line A wanted 2 despatched 1`: list, entry, members and values.
    Entry(String, String, Vec<(String, String)>),
    /// `no line B`.
    NoEntry(String, String),
    /// `moves sales_revenue -35.24`.
    Moves(String, Quantity),
    /// `delivered`.
    Word(String),
    /// `not delivered`.
    NotWord(String),
    /// `money.due 0`, `flags held delayed`.
    Member(String, Vec<String>),
    /// `sentence has 1002`.
    Has(String, String),
}

/// Lists of bodies, by the word for one of their entries.
const LISTS: [(&str, &[&str]); 10] = [
    ("line", &["lines", "by_line"]),
    ("parcel", &["parcels"]),
    ("charge", &["charges"]),
    ("tender", &["by_tender", "tenders"]),
    ("capture", &["by_capture"]),
    ("reason", &["by_reason"]),
    ("payment", &["payments"]),
    ("channel", &["channels"]),
    ("count", &["counts"]),
    ("part", &["parts"]),
];

pub fn clauses(text: &str) -> Result<Vec<Clause>, String> {
    text.split(',').map(str::trim).filter(|clause| !clause.is_empty()).map(clause).collect()
}

fn clause(text: &str) -> Result<Clause, String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let is_list = |word: &str| LISTS.iter().any(|(one, _)| *one == word);
    let own = |word: &str| word.to_owned();
    Ok(match words.as_slice() {
        [pieces, "of", what] => Clause::PiecesOf(Quantity::parse(pieces).ok_or_else(|| format!("\"{pieces}\" is no number"))?, own(what)),
        ["no", list, entry] if is_list(list) => Clause::NoEntry(own(list), own(entry)),
        ["moves", account, sum] => Clause::Moves(own(account), Quantity::parse(sum).ok_or_else(|| format!("\"{sum}\" is no number"))?),
        ["not", word] => Clause::NotWord(own(word)),
        [word] => Clause::Word(own(word)),
        [member, "has", rest @ ..] => Clause::Has(own(member), rest.join(" ")),
        [list, entry, rest @ ..] if is_list(list) => Clause::Entry(own(list), own(entry), pairs(rest)?),
        [member, rest @ ..] => Clause::Member(own(member), rest.iter().map(|word| own(word)).collect()),
        [] => return Err("an empty clause".to_owned()),
    })
}

/// Members and their values; a moment may have its day: `delivered-at day 2 10:05`.
fn pairs(words: &[&str]) -> Result<Vec<(String, String)>, String> {
    let mut pairs = Vec::new();
    let mut rest = words;
    while let [member, after @ ..] = rest {
        let length = if after.first() == Some(&"day") { 3 } else { 1 };
        let Some(value) = after.get(..length) else { return Err(format!("the member {member} has no value")) };
        pairs.push(((*member).to_owned(), value.join(" ")));
        rest = &after[length..];
    }
    Ok(pairs)
}

/// The member with an event's pieces, line by line.
fn primary(topic: Option<Topic>) -> &'static str {
    match topic {
        Some(Topic::SalesOrders) => "wanted",
        Some(Topic::OrderCompletions) => "delivered",
        Some(Topic::Notifications | Topic::RefundRequests) => "quantity",
        Some(Topic::OrderStatus) => "ordered",
        _ => "total",
    }
}

/// Line, SKU and pieces of each line of a body.
pub fn pieces(topic: Option<Topic>, body: &Value) -> Vec<(String, String, Quantity)> {
    let text = |entry: &Value, name: &str| entry[name].as_str().unwrap_or_default().to_owned();
    let entries = lists(body, "line");
    entries
        .map(|entry| {
            let pieces = entry[primary(topic)].as_str().and_then(Quantity::parse).unwrap_or_default();
            (text(entry, "line"), text(entry, "sku"), pieces)
        })
        .collect()
}

/// What the postings of an entry come to, by account: debits above zero.
pub fn moved(body: &Value) -> BTreeMap<String, Quantity> {
    let mut sums: BTreeMap<String, Quantity> = BTreeMap::new();
    for posting in body["postings"].as_array().into_iter().flatten() {
        let side = |side: &str| posting[side].as_str().and_then(Quantity::parse).unwrap_or_default();
        *sums.entry(posting["account"].as_str().unwrap_or_default().to_owned()).or_default() += side("debit") - side("credit");
    }
    sums
}

fn lists<'b>(body: &'b Value, list: &str) -> impl Iterator<Item = &'b Value> {
    let names = LISTS.iter().find(|(one, _)| *one == list).map_or(&[] as &[&str], |(_, names)| names);
    names.iter().filter_map(move |name| body[*name].as_array()).flatten()
}

/// The entry that has this word in some member.
fn entry<'b>(body: &'b Value, list: &str, id: &str) -> Option<&'b Value> {
    lists(body, list).find(|entry| entry.as_object().is_some_and(|members| members.values().any(|value| value == id)))
}

fn member<'b>(body: &'b Value, path: &str) -> Option<&'b Value> {
    path.split('.').try_fold(body, |value, name| {
        let members = value.as_object()?;
        members.get(name).or_else(|| members.get(&name.replace('-', "_")))
    })
}

impl Clause {
    /// What is found instead, if the body does not fulfil it.
    pub fn unmet(&self, topic: Option<Topic>, body: &Value) -> Option<String> {
        match self {
            Self::PiecesOf(wanted, what) => {
                let all = pieces(topic, body);
                let found: Quantity = all.iter().filter(|(id, sku, _)| id == what || sku == what).map(|(_, _, pieces)| *pieces).sum();
                (found != *wanted).then(|| format!("{wanted} but {found} of {what}"))
            }
            // `payment paid` of a status, `parcel D1` of a notice: a member of its own, not a list.
            Self::Entry(list, id, _) if body.get(list).is_some_and(|found| !found.is_array()) => {
                Self::Member(list.clone(), vec![id.clone()]).unmet(topic, body)
            }
            Self::Entry(list, id, wanted) => {
                let Some(found) = entry(body, list, id) else { return Some(format!("{list} {id}, there is none")) };
                let unmet = wanted.iter().filter(|(name, value)| !member(found, name).is_some_and(|found| equals(found, value)));
                let unmet: Vec<String> = unmet.map(|(name, value)| format!("{name} {value} but {}", shown(member(found, name)))).collect();
                (!unmet.is_empty()).then(|| format!("{list} {id} {}", unmet.join(", ")))
            }
            Self::Moves(account, sum) => {
                let found = moved(body).get(account).copied().unwrap_or_default();
                (found != *sum).then(|| format!("{account} {sum} but {found}"))
            }
            Self::NoEntry(list, id) => entry(body, list, id).map(|found| format!("without {list} {id}: {found}")),
            Self::Word(word) => (!says(body, word)).then(|| word.clone()),
            Self::NotWord(word) => says(body, word).then(|| format!("without {word}")),
            Self::Member(path, wanted) => {
                let found = member(body, path);
                let met = match (found, wanted.as_slice()) {
                    (None | Some(Value::Null), [word]) => word == "none",
                    (Some(Value::Array(list)), words) if *words != ["none"] => {
                        list.len() == words.len() && words.iter().all(|word| list.iter().any(|entry| equals(entry, word)))
                    }
                    (Some(found), words) => equals(found, &words.join(" ")),
                    _ => false,
                };
                (!met).then(|| format!("{path} {} but {}", wanted.join(" "), shown(found)))
            }
            Self::Has(path, text) => {
                let found = shown(member(body, path));
                (!found.contains(text.as_str())).then(|| format!("{path} has {text} but {found}"))
            }
        }
    }
}

/// Is the word a value of the body, a flag that is set, or an entry of a list?
fn says(body: &Value, word: &str) -> bool {
    let Some(members) = body.as_object() else { return false };
    members.iter().any(|(name, value)| match value {
        Value::String(text) => text == word,
        Value::Bool(set) => *set && (name == word || name.replace('_', "-") == word),
        Value::Array(list) => list.iter().any(|entry| entry == word),
        _ => false,
    })
}

/// Decimals by their value, moments by the story's clock, `none` for what is not there, all else by its text.
fn equals(found: &Value, wanted: &str) -> bool {
    match found {
        Value::Null => wanted == "none",
        Value::Bool(set) => wanted == if *set { "yes" } else { "no" },
        Value::Array(list) => (wanted == "none" && list.is_empty()) || (list.len() == 1 && equals(&list[0], wanted)),
        Value::Number(number) => number.to_string() == wanted,
        Value::String(text) => {
            let decimals = Quantity::parse(text).zip(Quantity::parse(wanted));
            text == wanted
                || (wanted == "none" && text.is_empty())
                || decimals.is_some_and(|(a, b)| a == b)
                || Moment::parse_rfc3339(text).is_some_and(|moment| spoken(moment).contains(&wanted.to_owned()))
        }
        Value::Object(_) => false,
    }
}

/// A moment as a story says it: `day 2 10:05`, and on day 1 also `10:05`.
fn spoken(moment: Moment) -> Vec<String> {
    let day = Clock::of(moment).day;
    let minutes = (moment.0 - DAY_ONE.0).rem_euclid(86_400_000) / 60_000;
    let time = format!("{:02}:{:02}", minutes / 60, minutes % 60);
    if day == 1 { vec![time.clone(), format!("day 1 {time}")] } else { vec![format!("day {day} {time}")] }
}

fn shown(value: Option<&Value>) -> String {
    match value {
        None => "nothing".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(value) => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn unmet(text: &str) -> Vec<String> {
        let body = json!({
            "action": "release", "total": "94.36", "whole": true, "flags": ["held"], "at": "2026-03-03T10:05:00Z", "sentence": "two of 1002",
            "lines": [{ "line": "A", "sku": "TEE", "total": "3", "wanted": "2" }], "money": { "due": "0.00" }, "note": null,
        });
        clauses(text).expect("clauses").iter().filter_map(|clause| clause.unmet(None, &body)).collect()
    }

    #[test]
    fn clauses_hold_by_value() {
        let text = "release, whole, held, total 94.360, money.due 0, 3 of A, 3 of TEE, line A wanted 2 sku TEE, flags held, note none, \
                    sentence has 1002, at day 2 10:05, not delivered, no line B";
        assert_eq!(unmet(text), [""; 0]);
    }

    #[test]
    fn what_does_not_hold_is_said() {
        assert_eq!(unmet("2 of A, delivered, total 1, flags none, line B wanted 1, not held").len(), 6);
    }
}
