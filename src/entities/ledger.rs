//! Ledgers: what has been requested, in five shapes (design: "Statements and requests").
//!
//! | shape | a request is | when due is less than requested |
//! | --- | --- | --- |
//! | sum | total and difference | an exception |
//! | notice | totals and differences by line | a `correct` notice; an exception when the receiver can't undo it |
//! | book | the difference of either sign | a reversing entry, nothing special |
//! | document | the whole content wanted now, when it differs from the last | nothing special |
//! | once | at most once for each key | never |
//!
//! A step counts from 1 without gaps, for each ledger.

use serde::{Deserialize, Serialize, Serializer};

use super::account::Account;
use super::pair::Pair;
use super::small_map::SmallMap;
use super::tax_code::TaxCode;
use crate::facts::order::Tender;
use crate::facts::{Amount, Moment, Quantity, Text};

/// Whether what the ledger entered went out (live), was entered before going live, or was overtaken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Entered {
    /// It was sent.
    #[default]
    Sent,
    /// Before going live: entered, not sent.
    BeforeLive,
    /// A change of rules or program alone would request it: waits for an operator.
    Suspended,
    /// A later stage came first (a mail only), or its greatest age passed.
    Overtaken,
    /// Nothing was sent yet: the mail waits until its content has not changed for a while.
    Settling {
        /// A digest of its content.
        content: u64,
        /// The tick at which it first had this content.
        since: Moment,
    },
}

/// A running sum of money: `refund-requests`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SumLedger {
    /// Number of the last step.
    pub step: u32,
    /// The highest total ever requested.
    pub total: Amount,
    /// That total by tender.
    pub by_tender: SmallMap<Tender, Amount>,
    /// When the last step was made: deadlines of "asked, no answer" run from here.
    pub asked_at: Option<Moment>,
    /// The part of what is due that is never requested unless a person says so: a change of rules alone made it due, or it was due before the topic
    /// went live.
    pub withheld: Amount,
    /// What was due at the last seal: what a change of rules adds to it is withheld.
    pub due: Amount,
    /// What was captured at the last seal: limits on refunds are measured by it.
    pub captured: Amount,
    /// What the last step said of each line.
    pub by_line: SmallMap<Text, LineRefunded>,
}

/// Cancelled and returned pieces of a line in a request of money.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LineRefunded {
    /// Pieces.
    pub quantity: Quantity,
    /// Their value, tax inside.
    pub gross: Amount,
    /// The part of it that is tax.
    pub tax: Amount,
}

/// Running totals by line: `despatch-notices`, `receipt-notices`, `order-reversals`, `order-completions`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct NoticeLedger {
    /// Number of the last step.
    pub step: u32,
    /// Totals by line, or by line, condition and place: as notified, or known to the receiver without a notice.
    pub totals: SmallMap<Text, Quantity>,
    /// What else the last notice said, where a change of it is a further step: a tracking number.
    pub detail: Text,
    /// The tick of the last step that took something back.
    pub corrected_at: Option<Moment>,
}

/// Expected revenue as finance was notified of it last: `revenue-notices`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RevenueLedger {
    /// Number of the last step.
    pub step: u32,
    /// Expected revenue without tax.
    pub net: Amount,
    /// The tax on it.
    pub tax: Amount,
}

/// What a running total of the journal is of: a pair, and the accounts that its debits and credits stand on.
/// For people it is one text: `supplied customer_account sales_revenue GB-20`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub struct AccountPair {
    /// The pair.
    pub pair: Pair,
    /// Where its total is a debit.
    pub debit: Account,
    /// Where its total is a credit.
    pub credit: Account,
    /// Of payments and refunds: by which tender, so that each can have an account of its own.
    pub tender: Option<Tender>,
    /// Of income and tax: the country and rate.
    pub code: Option<TaxCode>,
}

impl AccountPair {
    /// A pair and its two accounts.
    pub fn new(pair: Pair, debit: Account, credit: Account) -> Self {
        Self { pair, debit, credit, tender: None, code: None }
    }

    /// ... of this tender.
    pub fn by(self, tender: Tender) -> Self {
        Self { tender: Some(tender), ..self }
    }

    /// ... of this tax code.
    pub fn taxed(self, code: TaxCode) -> Self {
        Self { code: Some(code), ..self }
    }
}

impl Serialize for AccountPair {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { pair, debit, credit, tender, code } = self;
        if serializer.is_human_readable() {
            let tender = tender.map_or_else(String::new, |tender| format!(" {}", tender.name()));
            let code = code.map_or_else(String::new, |code| format!(" {code}"));
            return serializer.collect_str(&format_args!("{} {} {}{tender}{code}", pair.name(), debit.name(), credit.name()));
        }
        (pair, debit, credit, tender, code).serialize(serializer)
    }
}

/// Running totals, each of either sign: `journal-entries` in one currency.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct JournalLedger {
    /// Number of the last step.
    pub step: u32,
    /// What is posted.
    pub totals: SmallMap<AccountPair, Amount>,
}

/// What was told of a line, of one kind: `sales-lines`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SoldLedger {
    /// Number of the last step.
    pub step: u32,
    /// Pieces, of either sign.
    pub quantity: Quantity,
    /// Their value, tax inside.
    pub gross: Amount,
    /// The part of it that is tax.
    pub tax: Amount,
}

/// The whole content asked last: `sales-orders`, `fulfilment-requests`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct DocumentLedger {
    /// Number of the last step.
    pub step: u32,
    /// Digest of the content last asked (xxh3 of its JSON).
    pub asked: u64,
    /// Totals by line last asked: what is lower now is a change that needs no other condition.
    pub totals: SmallMap<Text, Quantity>,
    /// The highest total ever asked, by line (`fulfilment-requests`): *stopped* asks whether a go-ahead was ever made for a piece.
    pub highest: SmallMap<Text, Quantity>,
    /// The last step was a cancellation.
    pub cancelled: bool,
    /// The tick of the last step.
    pub asked_at: Option<Moment>,
    /// The tick of the first step: an answer to what was asked at all is waited for from here.
    pub first_asked_at: Option<Moment>,
    /// The step of the last release (`fulfilment-requests`): a warehouse that cannot change an order knows it by that.
    pub released: u32,
    /// How many releases there were.
    pub releases: u32,
    /// Recorded by the receiver without our asking: entered as asked, nothing was sent.
    pub adopted: bool,
    /// Since which tick the receiver's record has been other than what was asked last (`sales-orders`): a record that was changed comes line by
    /// line, and differs until the last one is there.
    pub differs_since: Option<Moment>,
}

impl DocumentLedger {
    /// Notes whether the record differs at this tick; from a request on it does, until it is found equal. Gives whether that is news.
    pub fn note_difference(&mut self, differs: bool, tick: Moment) -> bool {
        let differs = differs || self.asked_at == Some(tick);
        let since = differs.then(|| self.differs_since.unwrap_or(tick));
        std::mem::replace(&mut self.differs_since, since) != since
    }

    /// Enters the totals of a step, and raises the highest ever asked.
    pub fn enter_totals(&mut self, totals: SmallMap<Text, Quantity>) {
        for (line, total) in &totals {
            let highest = self.highest.entry(line.clone()).or_default();
            *highest = (*highest).max(*total);
        }
        self.totals = totals;
    }

    /// The highest total ever asked for a line. Where it was not entered, `all` (the cautious answer) once a second step may have lowered it.
    pub fn ever_asked(&self, line: &str, all: Quantity) -> Quantity {
        match self.highest.get(line) {
            Some(highest) => *highest,
            None if self.step == 0 || !self.highest.is_empty() => Quantity::ZERO,
            None if self.step == 1 => self.totals.get(line).copied().unwrap_or_default(),
            None => all,
        }
    }
}

/// Ledgers of an order by the part of the ledger key after the order.
pub type DocumentLedgers = SmallMap<Text, DocumentLedger>;

/// Ledgers of an order by the part of the ledger key after the order.
pub type NoticeLedgers = SmallMap<Text, NoticeLedger>;

/// Ledgers of an order by kind and line.
pub type SoldLedgers = SmallMap<Text, SoldLedger>;

/// Ledgers of an order by currency.
pub type JournalLedgers = SmallMap<Text, JournalLedger>;

/// The mails of an order, sent or not: by kind, and what the kind counts by.
pub type SentMails = SmallMap<Text, Entered>;
