//! Facts as people read them: for trials of records.

use serde::Serialize;
use serde_json::{Value, json};

use super::{Change, Fact, Moment, Row, Subject, Text};

/// A fact for people.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ShownFact {
    /// Whose row it is: `order magento|7`.
    pub of: String,
    /// Its kind, as mapped sources write it: `return-line`.
    pub row: String,
    /// Its id within that.
    pub id: Text,
    /// Since when it stands so.
    pub at: Moment,
    /// Its fields; `deleted`, or `another's`.
    pub content: Value,
}

/// `ReturnLine` as the configuration writes it: `return-line`.
fn spaced(name: &str) -> String {
    let dash = |(at, letter): (usize, char)| {
        let lower = letter.to_ascii_lowercase();
        if at > 0 && letter.is_ascii_uppercase() { format!("-{lower}") } else { lower.to_string() }
    };
    name.chars().enumerate().map(dash).collect()
}

/// Whose row a fact is, its kind, its id, and its content.
pub fn shown(fact: &Fact) -> ShownFact {
    let (subject, change) = match &fact.change {
        Change::Upsert(Row::Owned(owned)) => (&owned.subject, json!(owned.row)),
        Change::Upsert(row) => (&fact.subject, json!(row)),
        Change::Delete => (&fact.subject, json!("deleted")),
        Change::Withdraw => (&fact.subject, json!("another's")),
    };
    // {"Order": {"Scan": {...}}}: of what, what, its fields.
    let mut content = change;
    let mut names = Vec::new();
    for _ in 0..2 {
        let Some((name, inner)) = content.as_object().filter(|object| object.len() == 1).and_then(|object| object.iter().next()) else {
            break;
        };
        names.push(name.clone());
        content = inner.clone();
    }
    let row = match (names.last(), &fact.change) {
        (Some(name), Change::Upsert(_)) => spaced(name),
        _ => format!("row of kind {}", fact.key.kind),
    };
    let of = match subject {
        Subject::Order(order) => format!("order {}", order.0),
        Subject::Alias(alias) => format!("order by {alias}"),
        Subject::Sku(sku) => format!("SKU {sku}"),
        Subject::Customer(customer) => format!("customer {}", customer.0),
        Subject::RowOwner(_) => "row, whoever has it".to_owned(),
        Subject::Set(_) => "many rows".to_owned(),
        Subject::Desk => "the application".to_owned(),
    };
    ShownFact { of, row, id: fact.key.id.clone(), at: fact.at, content }
}
