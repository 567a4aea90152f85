//! What a person expects, line by line, in the words of the events.
//!
//! ```text
//! sales-orders: create, 3 of A, 1 of B, total 94.36     a request; all requests of the topic are expected, in the order of their steps
//! despatch-notices to erp D1: 2 of A, tracking T1       only those to the ERP, of parcel D1, are spoken of
//! no fulfilment-requests                                none was made (`no stock-updates TEE`: none stands)
//! never stock-updates TEE: shown 0                      was never emitted
//! order-status 1001: despatched, line A wanted 2        a statement as it stands
//! exceptions oversold TEE: sentence has 1002
//! order 1001: stage delivered, money.due 0              what GET /orders/1001 answers; `sku TEE: ...` what GET /stock/TEE does
//! books 1001: customer_account 0, sales_revenue -20    what each account stands at, debits above zero; those that are not named stand at 0
//! waits fulfilment-requests 1001: approved, secured     these conditions are shut
//! open: parcel-late 1001, oversold TEE                  open exceptions, exactly; a block without such a line expects none
//! ```
//!
//! Words before the colon choose events: a receiver after `to`, parts of the key, or values of the body. Clauses after it:
//!
//! | clause | holds when |
//! | --- | --- |
//! | `3 of A` | the event speaks of 3 pieces of line or SKU A; all its lines are named so, or none |
//! | `line A wanted 2 despatched 1` | the entry A of `lines` (`parcel D1 ...`, `tender card ...`) has these values |
//! | `delivered` | some member is this word, or this member is true, or a list holds it; `not delivered`: none |
//! | `moves sales_revenue -35.24` | the postings of this account come to that, debits above zero; all its accounts are named so, or none |
//! | `money.due 0` | the member is this; `none` is null or empty; words for `_` and `-` alike |
//! | `sentence has 1002` | the text holds it |

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::clause::{Clause, clauses};
use super::language::Wrong;
use super::run::{Heard, Outcome};
use waybill::events::Topic;
use waybill::facts::Quantity;

/// What a line speaks of.
#[derive(Clone, Debug, PartialEq)]
enum About {
    Events(Topic),
    Nothing(Topic),
    Never(Topic),
    Order,
    Sku,
    Books,
    Waits(Topic),
    Open,
}

#[derive(Clone, Debug)]
pub struct Expected {
    about: About,
    /// `to shop`.
    receiver: Option<String>,
    chosen: Vec<String>,
    clauses: Vec<Clause>,
    text: String,
}

/// Reads a block.
pub fn expectations(text: &str) -> Result<Vec<Expected>, Wrong> {
    let lines = text.lines().enumerate().map(|(index, line)| (index + 1, line.split('#').next().unwrap_or_default().trim()));
    lines.filter(|(_, line)| !line.is_empty()).map(|(number, line)| expected(number, line)).collect()
}

fn expected(number: usize, line: &str) -> Result<Expected, Wrong> {
    let (head, tail) = match line.split_once(": ") {
        Some((head, tail)) => (head, Some(tail)),
        None => (line.trim_end_matches(':'), None),
    };
    let mut words = head.split_whitespace();
    let first = words.next().unwrap_or_default();
    let topic = |name: Option<&str>| {
        let name = name.unwrap_or_default();
        Topic::named(name).ok_or_else(|| format!("line {number}: \"{name}\" is no topic"))
    };
    let about = match first {
        "no" => About::Nothing(topic(words.next())?),
        "never" => About::Never(topic(words.next())?),
        "waits" => About::Waits(topic(words.next())?),
        "order" => About::Order,
        "sku" => About::Sku,
        "books" => About::Books,
        "open" => About::Open,
        name => About::Events(topic(Some(name))?),
    };
    let mut receiver = None;
    let mut chosen = Vec::new();
    while let Some(word) = words.next() {
        if word == "to" {
            receiver = words.next().map(str::to_owned);
        } else {
            chosen.push(word.to_owned());
        }
    }
    let clauses = match (&about, tail) {
        (About::Open | About::Waits(_), _) => Vec::new(),
        (About::Nothing(_), Some(_)) => return Err(format!("line {number}: \"no {}\" takes no clauses; say \"never\"", chosen.join(" "))),
        (_, tail) => clauses(tail.unwrap_or_default()).map_err(|wrong| format!("line {number}: {wrong}"))?,
    };
    Ok(Expected { about, receiver, chosen, clauses, text: line.to_owned() })
}

impl Expected {
    /// Is this event one of those that the line speaks of?
    fn chooses(&self, heard: &Heard) -> bool {
        if self.receiver.is_some() && self.receiver != heard.receiver {
            return false;
        }
        let mut parts: BTreeSet<&str> = heard.key.split('|').collect();
        if let Some(body) = &heard.body {
            parts.extend(body["ledger_key"].as_str().into_iter().flat_map(|key| key.split('|')));
            parts.extend(body.as_object().into_iter().flat_map(|members| members.values()).filter_map(Value::as_str));
        }
        self.chosen.iter().all(|word| parts.contains(word.as_str()))
    }

    /// What of it does not hold for this body; empty: all does.
    fn unmet(&self, topic: Option<Topic>, body: &Value) -> Vec<String> {
        let lines_spoken_of = self.clauses.iter().any(|clause| matches!(clause, Clause::PiecesOf(..)));
        let mut unmet: Vec<String> = self.clauses.iter().filter_map(|clause| clause.unmet(topic, body)).collect();
        if self.clauses.iter().any(|clause| matches!(clause, Clause::Moves(..))) {
            let spoken = |account: &str| self.clauses.iter().any(|clause| matches!(clause, Clause::Moves(name, _) if name == account));
            let moved = super::clause::moved(body).into_iter().filter(|(account, sum)| !sum.is_zero() && !spoken(account));
            unmet.extend(moved.map(|(account, sum)| format!("{account} {sum} too")));
        }
        if lines_spoken_of {
            let spoken = |id: &str, sku: &str| {
                self.clauses.iter().any(|clause| matches!(clause, Clause::PiecesOf(_, what) if what == id || what == sku))
            };
            for (id, sku, pieces) in super::clause::pieces(topic, body) {
                if !spoken(&id, &sku) && !pieces.is_zero() {
                    unmet.push(format!("{pieces} of {id} ({sku}) too"));
                }
            }
        }
        unmet
    }
}

/// One line of the answer to "does it hold?".
#[derive(Clone, Debug)]
pub enum Verdict {
    Holds(String),
    /// What was expected, and why it does not hold.
    Fails(String, String),
    /// What was not expected.
    Unexpected(String),
}

impl Verdict {
    pub fn is_good(&self) -> bool {
        matches!(self, Self::Holds(_))
    }

    pub fn show(&self) -> String {
        match self {
            Self::Holds(line) => format!("    {line}"),
            Self::Fails(line, why) => format!("  - {line}\n  +     {why}"),
            Self::Unexpected(what) => format!("  + {what}"),
        }
    }
}

/// Compares a block with what was emitted.
pub fn compare(block: &[Expected], outcome: &Outcome) -> Vec<Verdict> {
    let mut verdicts = Vec::new();
    let mut used: BTreeSet<usize> = BTreeSet::new();
    for expected in block {
        let failure = match &expected.about {
            About::Events(topic) if topic.is_statement() => stands(expected, *topic, outcome),
            About::Events(topic) => requested(expected, *topic, outcome, &mut used),
            About::Nothing(topic) => nothing(expected, *topic, outcome),
            About::Never(topic) => never(expected, *topic, outcome),
            About::Order => answered(expected, &outcome.orders),
            About::Sku => answered(expected, &outcome.skus),
            About::Books => balances(expected, outcome),
            About::Waits(topic) => waits(expected, *topic, outcome),
            About::Open => open(&listed(&expected.text), outcome),
        };
        verdicts.push(match failure {
            None => Verdict::Holds(expected.text.clone()),
            Some(why) => Verdict::Fails(expected.text.clone(), why),
        });
    }
    if !block.iter().any(|expected| expected.about == About::Open) {
        verdicts.extend(open(&[], outcome).map(|why| Verdict::Fails("open: none".to_owned(), why)));
    }
    verdicts.extend(invariants(outcome));
    for (index, heard) in outcome.heard.iter().enumerate() {
        let spoken_of = block.iter().any(|expected| expected.about == About::Events(heard.topic) && expected.chooses(heard))
            && !heard.topic.is_statement();
        if spoken_of && !used.contains(&index) {
            verdicts.push(Verdict::Unexpected(show(heard)));
        }
    }
    verdicts
}

fn requested(expected: &Expected, topic: Topic, outcome: &Outcome, used: &mut BTreeSet<usize>) -> Option<String> {
    let mut near = Vec::new();
    for (index, heard) in outcome.heard.iter().enumerate().filter(|(_, heard)| heard.topic == topic && expected.chooses(heard)) {
        let unmet = expected.unmet(Some(topic), heard.body.as_ref().unwrap_or(&Value::Null));
        if used.contains(&index) {
            continue;
        }
        if unmet.is_empty() {
            used.insert(index);
            return None;
        }
        near.push(format!("not {}: {}", unmet.join(", not "), show(heard)));
    }
    Some(if near.is_empty() { "no such request was made".to_owned() } else { near.join("\n  +     ") })
}

fn stands(expected: &Expected, topic: Topic, outcome: &Outcome) -> Option<String> {
    let standing = outcome.statements(topic);
    let chosen = standing.iter().filter(|(key, body)| {
        let heard =
            Heard { topic, key: (**key).to_owned(), id: String::new(), receiver: None, moved_to: None, body: Some((**body).clone()) };
        expected.chooses(&heard)
    });
    let mut near = Vec::new();
    for (key, body) in chosen {
        let unmet = expected.unmet(Some(topic), body);
        if unmet.is_empty() {
            return None;
        }
        near.push(format!("not {}: {key} {}", unmet.join(", not "), brief(body)));
    }
    Some(if near.is_empty() { "no such statement stands".to_owned() } else { near.join("\n  +     ") })
}

fn nothing(expected: &Expected, topic: Topic, outcome: &Outcome) -> Option<String> {
    if topic.is_statement() {
        let standing = outcome.statements(topic);
        return standing.iter().find_map(|(key, body)| {
            let heard =
                Heard { topic, key: (*key).to_owned(), id: String::new(), receiver: None, moved_to: None, body: Some((*body).clone()) };
            expected.chooses(&heard).then(|| show(&heard))
        });
    }
    outcome.requests(topic).find(|heard| expected.chooses(heard)).map(show)
}

fn never(expected: &Expected, topic: Topic, outcome: &Outcome) -> Option<String> {
    let said = outcome.heard.iter().filter(|heard| heard.topic == topic && expected.chooses(heard));
    let mut said = said.filter_map(|heard| Some((heard, heard.body.as_ref()?)));
    said.find(|(_, body)| expected.unmet(Some(topic), body).is_empty()).map(|(heard, _)| show(heard))
}

fn answered(expected: &Expected, answers: &std::collections::BTreeMap<String, Value>) -> Option<String> {
    let Some(answer) = expected.chosen.first().and_then(|id| answers.get(id)) else { return Some("there is no such answer".to_owned()) };
    let unmet = expected.unmet(None, answer);
    (!unmet.is_empty()).then(|| format!("not {}: {}", unmet.join(", not "), brief(answer)))
}

/// What each account of an order stands at; every account that is not 0 is named.
fn balances(expected: &Expected, outcome: &Outcome) -> Option<String> {
    let Some(answer) = expected.chosen.first().and_then(|id| outcome.books.get(id)) else {
        return Some("there are no such books".to_owned());
    };
    let currency = |book: &&Value| expected.chosen.get(1).is_none_or(|currency| book["currency"] == currency.as_str());
    let mut found: BTreeMap<&str, &str> = BTreeMap::new();
    for book in answer["books"].as_array().into_iter().flatten().filter(currency) {
        let balances = book["balances"].as_object().into_iter().flatten();
        found.extend(balances.map(|(account, balance)| (account.as_str(), balance.as_str().unwrap_or_default())));
    }
    let wanted: Vec<(&str, &str)> = expected
        .clauses
        .iter()
        .filter_map(|clause| match clause {
            Clause::Member(account, balance) => Some((account.as_str(), balance.first()?.as_str())),
            _ => None,
        })
        .collect();
    let decimal = |text: &str| Quantity::parse(text).unwrap_or_default();
    let differs = |(account, balance): &(&str, &str)| decimal(found.get(account).copied().unwrap_or("0")) != decimal(balance);
    let unnamed = found.keys().any(|account| !wanted.iter().any(|(wanted, _)| wanted == account));
    (unnamed || wanted.iter().any(differs)).then(|| {
        let found: Vec<String> = found.iter().map(|(account, balance)| format!("{account} {balance}")).collect();
        format!("books: {}", found.join(", "))
    })
}

/// Invariants of the books that do not hold, in any scenario.
fn invariants(outcome: &Outcome) -> Vec<Verdict> {
    let mut off = Vec::new();
    for (number, books) in &outcome.books {
        for (invariant, amount) in books["invariants"].as_object().into_iter().flatten() {
            if Quantity::parse(amount.as_str().unwrap_or_default()).is_none_or(|amount| !amount.is_zero()) {
                off.push(Verdict::Unexpected(format!(
                    "invariant {invariant} of the books of {number} is off by {amount}: {}",
                    books["books"]
                )));
            }
        }
    }
    off
}

fn waits(expected: &Expected, topic: Topic, outcome: &Outcome) -> Option<String> {
    let Some(answer) = expected.chosen.first().and_then(|id| outcome.orders.get(id)) else {
        return Some("there is no such order".to_owned());
    };
    let parts = answer["why"].as_array().into_iter().flatten().filter(|part| part["topic"] == topic.name());
    let conditions = parts.flat_map(|part| part["conditions"].as_array().into_iter().flatten());
    let shut = conditions.filter(|condition| condition["holds"] == false);
    let shut: BTreeSet<String> = shut.filter_map(|condition| Some(condition["name"].as_str()?.to_owned())).collect();
    let wanted: BTreeSet<String> = listed(&expected.text).into_iter().collect();
    (!wanted.is_subset(&shut)).then(|| format!("shut are: {}", shut.into_iter().collect::<Vec<_>>().join(", ")))
}

/// What stands after the colon, apart by commas; `none` is nothing.
fn listed(text: &str) -> Vec<String> {
    let list = text.split_once(':').map_or("", |(_, list)| list).trim();
    list.split(',').map(|entry| entry.trim().to_owned()).filter(|entry| !entry.is_empty() && entry != "none").collect()
}

/// Open exceptions that differ from these.
fn open(wanted: &[String], outcome: &Outcome) -> Option<String> {
    let standing = outcome.statements(Topic::Exceptions);
    let mut found: Vec<String> = standing.values().map(|body| exception(body)).collect();
    found.sort();
    let mut wanted = wanted.to_vec();
    wanted.sort();
    // `kind *`: whatever it is about.
    let alike =
        |(found, wanted): (&String, &String)| found == wanted || wanted.strip_suffix('*').is_some_and(|kind| found.starts_with(kind));
    if found.len() == wanted.len() && found.iter().zip(&wanted).all(alike) {
        return None;
    }
    let sentences = standing.values().map(|body| format!("{}: {}", exception(body), body["sentence"].as_str().unwrap_or_default()));
    Some(if found.is_empty() {
        "open: none".to_owned()
    } else {
        format!("open: {}", sentences.collect::<Vec<_>>().join("\n  +           "))
    })
}

/// `parcel-late 1001`: the kind, and the bare id of what it is about.
pub fn exception(body: &Value) -> String {
    let entity = body["entity"].as_str().unwrap_or_default();
    let bare = entity.rsplit(['|', ' ']).next().unwrap_or_default();
    format!("{} {bare}", body["kind"].as_str().unwrap_or_default())
}

fn show(heard: &Heard) -> String {
    let receiver = heard.receiver.as_ref().map(|receiver| format!(" to {receiver}")).unwrap_or_default();
    let body = heard.body.as_ref().map_or_else(|| "withdrawn".to_owned(), brief);
    format!("{}{receiver} {}: {body}", heard.topic.name(), heard.key)
}

/// A body without what only clutters.
fn brief(body: &Value) -> String {
    let mut body = body.clone();
    if let Some(members) = body.as_object_mut() {
        let clutter = ["id", "ledger_key", "why", "ship_to", "bill_to", "causes", "channel", "brand", "customer", "to_do", "conditions"];
        clutter.iter().for_each(|name| drop(members.remove(*name)));
        members.retain(|_, value| !value.is_null() && value != &Value::Array(Vec::new()));
    }
    body.to_string().replace('"', "")
}
