//! The shop's own database: what changes of its rows as SQL for MariaDB, one transaction of the shop after the other.
//!
//! The rows are the images of [`super::rows`]: a member is a column, a member that ends in `_at` a `TIMESTAMP` in UTC. An update sets what
//! differs, and `updated_at` even when it does not: else the server would set it to a time of its own.

use serde_json::{Map, Value};

use crate::retailer::op::Op;

type Row = Map<String, Value>;

/// Statements by transaction.
#[derive(Default)]
pub struct Database {
    transactions: Vec<Vec<String>>,
    /// A transaction takes further statements.
    open: bool,
}

impl Database {
    /// What changes from now on is a transaction of its own.
    pub fn begin(&mut self) {
        self.open = false;
    }

    pub fn change(&mut self, table: &str, op: Op, key: &[u8], before: Option<&[u8]>, after: Option<&[u8]>) {
        let Some(statement) = statement(table, op, key, before, after) else { return };
        match self.transactions.last_mut().filter(|_| self.open) {
            Some(transaction) => transaction.push(statement),
            None => self.transactions.push(vec![statement]),
        }
        self.open = true;
    }

    /// What was written since the last time, all of it committed.
    pub fn take(&mut self) -> Vec<Vec<String>> {
        self.open = false;
        std::mem::take(&mut self.transactions)
    }
}

/// `None` when nothing changes.
fn statement(table: &str, op: Op, key: &[u8], before: Option<&[u8]>, after: Option<&[u8]>) -> Option<String> {
    let key = row(key);
    let after = after.map(row).unwrap_or_default();
    match op {
        Op::Read | Op::ReadLast | Op::Create => {
            let names: Vec<String> = after.keys().map(|name| format!("`{name}`")).collect();
            let values: Vec<String> = after.iter().map(|(name, value)| literal(name, value)).collect();
            Some(format!("INSERT INTO `{table}` ({}) VALUES ({});", names.join(", "), values.join(", ")))
        }
        Op::Update => {
            let before = before.map(row).unwrap_or_default();
            let differs = |(name, value): &(&String, &Value)| before.get(*name) != Some(*value);
            if !after.iter().any(|column| differs(&column)) {
                return None;
            }
            let set = after.iter().filter(|column| differs(column) || column.0 == "updated_at");
            Some(format!("UPDATE `{table}` SET {} WHERE {};", equalities(set, ", "), equalities(key.iter(), " AND ")))
        }
        Op::Delete => Some(format!("DELETE FROM `{table}` WHERE {};", equalities(key.iter(), " AND "))),
    }
}

fn row(image: &[u8]) -> Row {
    // An image is written by this program: what it writes, it reads.
    serde_json::from_slice(image).unwrap_or_default()
}

fn equalities<'a>(columns: impl Iterator<Item = (&'a String, &'a Value)>, between: &str) -> String {
    columns.map(|(name, value)| format!("`{name}` = {}", literal(name, value))).collect::<Vec<_>>().join(between)
}

fn literal(column: &str, value: &Value) -> String {
    match value {
        Value::Null => "NULL".to_owned(),
        Value::String(text) if column.ends_with("_at") => format!("'{}'", text.replace('T', " ").trim_end_matches('Z')),
        Value::String(text) => format!("'{}'", text.replace('\\', "\\\\").replace('\'', "''")),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests;
