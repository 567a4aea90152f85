//! `journal-entries`: balanced double entries for finance. A book ledger: each pair of accounts is a running total, an entry its difference;
//! a negative difference swaps the sides (postings.md).

use serde::{Deserialize, Serialize};

use crate::facts::{Amount, Currency, Text};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JournalEntry {
    pub id: String,
    pub ledger_key: Text,
    pub step: u32,
    pub order: Text,
    pub number: Text,
    pub channel: Text,
    pub currency: Currency,
    /// Business date of the row that caused it: civil date in the channel's zone, `2026-03-02`.
    pub date: Text,
    pub postings: Vec<Posting>,
    /// Sum of the debits, which is the sum of the credits.
    pub total: Amount,
}
super::body!(JournalEntry, JournalEntries);

/// One side of one pair. Exactly one of `debit` and `credit` is not zero.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Posting {
    /// `P`, `S`, `C`, `R`, `B`, `D`, `F`, `K`, `V`, `W`.
    pub pair: Text,
    pub account: Text,
    pub debit: Amount,
    pub credit: Amount,
}
