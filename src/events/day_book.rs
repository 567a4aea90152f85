//! What entries of the books come to: the trial balance of a day, and lines for the accountant.

use std::collections::BTreeMap;

use serde::Serialize;

use super::journal_entries::JournalEntry;
use crate::facts::{Amount, Currency, Text};

/// Debits and credits of one account in one currency.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AccountDay {
    /// Of the amounts.
    pub currency: Currency,
    /// The account, as the configuration names it.
    pub name: Text,
    /// The account by its default name.
    pub account: &'static str,
    /// Country and rate, of income and tax.
    pub tax_code: Option<Text>,
    /// Sum of its debits.
    pub debit: Amount,
    /// Sum of its credits.
    pub credit: Amount,
}

/// The trial balance of the entries: one line for each account, tax code and currency.
pub fn trial_balance<'e>(entries: impl Iterator<Item = &'e JournalEntry>) -> Vec<AccountDay> {
    let mut accounts: BTreeMap<(Text, &'static str, Text, Option<Text>), AccountDay> = BTreeMap::new();
    for entry in entries {
        for posting in &entry.postings {
            let key = (entry.currency.as_str().into(), posting.account.name(), posting.name.clone(), posting.tax_code.clone());
            let line = accounts.entry(key).or_insert_with(|| AccountDay {
                currency: entry.currency,
                name: posting.name.clone(),
                account: posting.account.name(),
                tax_code: posting.tax_code.clone(),
                debit: Amount::ZERO,
                credit: Amount::ZERO,
            });
            line.debit += posting.debit;
            line.credit += posting.credit;
        }
    }
    accounts.into_values().collect()
}

/// The trial balance for people, with the sums of each currency. They are equal, or an entry is missing.
pub fn text(day: &str, lines: &[AccountDay]) -> String {
    let mut text = format!("{day}\n");
    let mut sums: BTreeMap<&str, (Currency, Amount, Amount)> = BTreeMap::new();
    for line in lines {
        let code = line.tax_code.as_deref().unwrap_or_default();
        let (debit, credit) = (line.debit.display(line.currency), line.credit.display(line.currency));
        text.push_str(&format!("  {} {:<24} {code:<8} {debit:>14} {credit:>14}\n", line.currency, line.name));
        let sum = sums.entry(line.currency.as_str()).or_insert((line.currency, Amount::ZERO, Amount::ZERO));
        (sum.1, sum.2) = (sum.1 + line.debit, sum.2 + line.credit);
    }
    for (currency, debit, credit) in sums.into_values() {
        let word = if debit == credit { "" } else { "  NOT BALANCED" };
        let (debit, credit) = (debit.display(currency), credit.display(currency));
        text.push_str(&format!("  {currency} {:<33} {debit:>14} {credit:>14}{word}\n", "sum"));
    }
    text
}

/// Every posting as a line of CSV (RFC 4180), with a heading.
pub fn csv<'e>(entries: impl Iterator<Item = &'e JournalEntry>) -> String {
    let mut text = "date,own_date,entry,order,number,channel,pair,account,name,tax_code,currency,debit,credit\r\n".to_owned();
    for entry in entries {
        for posting in &entry.postings {
            let fields = [
                entry.date.as_str(),
                entry.own_date.as_deref().unwrap_or_default(),
                &entry.head.id,
                &entry.order.order,
                &entry.order.number,
                &entry.channel,
                posting.pair.name(),
                posting.account.name(),
                &posting.name,
                posting.tax_code.as_deref().unwrap_or_default(),
                entry.currency.as_str(),
                &posting.debit.display(entry.currency),
                &posting.credit.display(entry.currency),
            ];
            text.push_str(&fields.map(field).join(","));
            text.push_str("\r\n");
        }
    }
    text
}

/// A field: in quotes where it holds a comma, a quote or a line's end. One that a spreadsheet would compute is made text.
fn field(text: &str) -> String {
    let text = if text.starts_with(['=', '+', '@', '\t']) { format!("'{text}") } else { text.to_owned() };
    if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::events::samples::journal_entry;

    #[test]
    fn a_days_entries_balance_and_are_listed_for_the_accountant() {
        let mut other = journal_entry();
        other.channel = "=cmd(\"x\")".into();
        let entries = [journal_entry(), other];
        let lines = trial_balance(entries.iter());
        assert_eq!(lines.len(), 2);
        assert!(lines.iter().all(|line| line.debit + line.credit == entries[0].total + entries[0].total));
        let shown = text("2026-03-02", &lines);
        assert!(shown.contains("136.88") && !shown.contains("NOT BALANCED"), "{shown}");
        assert!(text("", &lines[..1]).contains("NOT BALANCED"));
        let csv = csv(entries.iter());
        assert_eq!(csv.lines().count(), 5);
        assert!(csv.lines().nth(3).expect("a line").contains("\"'=cmd(\"\"x\"\")\""), "{csv}");
    }
}
