//! `journal-entries`: balanced double entries for finance. Each pair of accounts has a running total ([`crate::entities::order::books`]), and an entry is the
//! difference to what was posted last; a negative difference swaps the sides.
//!
//! **Dates.** Each cause (rows of one minute) has an entry of its own, dated on the business day of its row. A difference above zero belongs to the parts of the total that
//! explain it: the one that is equal to it, else the newest. A difference below zero takes something back: it is dated on the day of the row that
//! does, never on the day of what it takes back. Where the day is in a closed period (`books.closed_until`), the entry is dated on the first open day,
//! with its own day beside.
//!
//! A total is kept for each pair of one debit and one credit account, so every entry balances. Pairs of cost stand in entries of their own, in the
//! currency of the costs.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::body::{OrderRef, RequestBody, RequestHead};
use super::gate::RequestGate;
use super::outlet::Outlet;
use super::request::{Request, WhyTopic};
use crate::entities::account::Account;
use crate::entities::ledger::{AccountPair, JournalLedgers};
use crate::entities::order::OrderView;
use crate::entities::order::books::{self, Book};
use crate::entities::rules::{Pair, Role, Rules};
use crate::entities::small_map::SmallMap;
use crate::entities::tax_code::TaxCode;
use crate::entities::topics::Topic;
use crate::facts::order::{Header, Tender};
use crate::facts::{Amount, Currency, Moment, Text};

/// A balanced entry for finance: the difference of running totals to what is posted. Each order and currency has one ledger.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JournalEntry {
    /// Which step of which ledger it is.
    #[serde(flatten)]
    pub head: RequestHead,
    /// Which order it is about.
    #[serde(flatten)]
    pub order: OrderRef,
    /// The sales channel, as the configuration names it.
    pub channel: Text,
    /// The brand that the customer bought from, as the configuration names it.
    pub brand: Text,
    /// The customer's key: `account|source|id`, or `guest|brand|digest of the email`; null: nobody known.
    pub customer: Option<Text>,
    /// When that happened which is posted, to the minute, by the clock of the system that tells of it.
    pub occurred_at: Moment,
    /// Of every amount in this entry: the order's, or that of the costs.
    pub currency: Currency,
    /// Business date of the row that caused it: civil date in the channel's zone, as `2026-03-02`. Where that day is in a closed period: the first open
    /// day.
    pub date: Text,
    /// The day on which it happened, where that is in a closed period; null elsewhere.
    pub own_date: Option<Text>,
    /// Debits and credits; their sums are equal.
    pub postings: Vec<JournalLine>,
    /// Sum of the debits, which is the sum of the credits.
    pub total: Amount,
}

impl RequestBody for JournalEntry {
    const TOPIC: Topic = Topic::JournalEntries;

    fn head(&mut self) -> &mut RequestHead {
        &mut self.head
    }

    /// The next entry would hold the difference too.
    fn waits_whole(&mut self) -> bool {
        true
    }
}

/// One side of one pair of accounts; exactly one of debit and credit is not 0.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JournalLine {
    /// What the running total of the pair is.
    pub pair: Pair,
    /// The account, by its default name.
    pub account: Account,
    /// The account as the configuration names it (`books.accounts`); its default name where it names none.
    pub name: Text,
    /// Of income and the tax on it: the country in which tax is owed and its rate in percent, as in `DE-19`; null elsewhere.
    pub tax_code: Option<Text>,
    /// 0 or more.
    pub debit: Amount,
    /// 0 or more.
    pub credit: Amount,
}

impl Request for JournalEntry {
    type Ledger = JournalLedgers;

    fn emit(view: &OrderView<'_>, ledgers: &mut JournalLedgers, outlet: &mut Outlet<'_>) {
        let rules = outlet.context.rules;
        let (Some(header), true) = (view.placed.header, rules.has(Role::Finance)) else { return };
        for book in books::books(view, rules) {
            let moved = moved(view, header, &book, ledgers, rules);
            if moved.is_empty() || !RequestGate::of_money(view).open() {
                continue;
            }
            for (at, moved) in moved {
                let step = ledgers.get(book.currency.as_str()).map_or(0, |ledger| ledger.step) + 1;
                if !outlet.request(view.key, entry(view, header, rules, book.currency, at, &moved, step)) {
                    continue;
                }
                let ledger = ledgers.entry(book.currency.as_str().into()).or_default();
                ledger.step = step;
                for (accounts, difference) in &moved {
                    *ledger.totals.entry(*accounts).or_default() += *difference;
                }
            }
        }
    }

    fn why(view: &OrderView<'_>, ledgers: &JournalLedgers, rules: &Rules, _: Moment) -> Vec<WhyTopic> {
        let (Some(header), true) = (view.placed.header, rules.has(Role::Finance)) else { return Vec::new() };
        let topic = |book: Book| {
            let moved = moved(view, header, &book, ledgers, rules);
            let pairs: BTreeSet<Pair> = moved.values().flat_map(|moved| moved.keys()).map(|accounts| accounts.pair).collect();
            let pairs: Vec<&str> = pairs.into_iter().map(Pair::name).collect();
            let due = if pairs.is_empty() { "as posted".into() } else { format!("a difference in {}", pairs.join(", ")) };
            let steps = ledgers.get(book.currency.as_str()).map_or(0, |ledger| ledger.step);
            let part = book.currency.as_str().into();
            let topic = WhyTopic::new(Self::TOPIC, part, due, format!("{steps} entries"), RequestGate::of_money(view));
            if !book.of_cost {
                return topic;
            }
            let missing = view.lines.iter().any(|line| line.sent.despatched.is_positive() && line.erp.unit_cost.is_none());
            let cost = || ("the unit cost of what was despatched".into(), rules.bringer(Role::Erp));
            topic.waiting_for(RequestGate::default().when("cost", !missing, cost))
        };
        books::books(view, rules).into_iter().map(topic).collect()
    }
}

/// Rows of one minute are one cause: a system writes the rows of a parcel within seconds.
const CAUSE_MS: i64 = 60_000;

/// Amounts by pair and accounts.
type PairAmounts = SmallMap<AccountPair, Amount>;

/// The differences to what is posted, of the pairs that Waybill keeps, by the moment of their cause.
fn moved(view: &OrderView<'_>, header: &Header, book: &Book, ledgers: &JournalLedgers, rules: &Rules) -> BTreeMap<Moment, PairAmounts> {
    let posted = ledgers.get(book.currency.as_str()).map(|ledger| &ledger.totals);
    let kept = |accounts: &AccountPair| accounts.pair.is_cost() == book.of_cost && rules.books_kept.contains(&accounts.pair);
    let mut moved: BTreeMap<Moment, PairAmounts> = BTreeMap::new();
    let mut enter = |accounts: AccountPair, parts: &[(Option<Moment>, Amount)], difference: Amount| {
        let newest_row = || books::newest_row(accounts.pair, view);
        for (at, part) in causes(parts, difference, newest_row) {
            let at = at.unwrap_or(header.placed_at).max(header.placed_at);
            let moved = moved.entry(Moment(at.0 - at.0.rem_euclid(CAUSE_MS))).or_default();
            *moved.entry(accounts).or_default() += part;
        }
    };
    for (accounts, parts) in book.totals.iter().filter(|(accounts, _)| kept(accounts)) {
        let before = posted.and_then(|posted| posted.get(accounts)).copied().unwrap_or_default();
        let total = Book::total(parts);
        if total != before {
            enter(*accounts, parts, total - before);
        }
    }
    // Accounts that nothing stands on any more.
    let gone = |accounts: &AccountPair| kept(accounts) && !book.totals.iter().any(|(other, _)| other == accounts);
    let over = posted.into_iter().flatten().filter(|(accounts, total)| !total.is_zero() && gone(accounts));
    over.for_each(|(accounts, total)| enter(*accounts, &[], -*total));
    moved
}

/// Which parts of a total a difference consists of, with their moments.
fn causes(
    parts: &[(Option<Moment>, Amount)],
    difference: Amount,
    newest_row: impl Fn() -> Option<Moment>,
) -> Vec<(Option<Moment>, Amount)> {
    let mut newest: Vec<_> = parts.to_vec();
    newest.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
    if let Some(equal) = newest.iter().find(|(_, amount)| *amount == difference) {
        return vec![*equal];
    }
    if difference.is_negative() {
        let last = newest.first().and_then(|(at, _)| *at);
        return vec![(newest_row().or(last), difference)];
    }
    let (mut rest, mut causes) = (difference, Vec::new());
    for (at, amount) in newest.iter().filter(|(_, amount)| amount.is_positive()) {
        let part = rest.min(*amount);
        if part.is_positive() {
            causes.push((*at, part));
            rest -= part;
        }
    }
    if !rest.is_zero() {
        causes.push((newest.first().and_then(|(at, _)| *at).or_else(newest_row), rest));
    }
    causes
}

/// An account as a side of an entry: what its totals are told apart by.
type Side = (Account, Option<Tender>, Option<TaxCode>);

/// The sides of one pair: debits above zero, credits below.
fn sides(pair: Pair, moved: &PairAmounts) -> BTreeMap<(&'static str, Option<Tender>, Option<TaxCode>), (Side, Amount)> {
    let mut sides = BTreeMap::new();
    let mut add = |account: Account, accounts: &AccountPair, amount: Amount| {
        let tender = accounts.tender.filter(|_| account == Account::PaymentClearing);
        let code = accounts.code.filter(|_| account.is_taxed());
        sides.entry((account.name(), tender, code)).or_insert(((account, tender, code), Amount::ZERO)).1 += amount;
    };
    for (accounts, difference) in moved.iter().filter(|(accounts, _)| accounts.pair == pair) {
        add(accounts.debit, accounts, *difference);
        add(accounts.credit, accounts, -*difference);
    }
    sides
}

fn entry(
    view: &OrderView<'_>,
    header: &Header,
    rules: &Rules,
    currency: Currency,
    at: Moment,
    moved: &PairAmounts,
    step: u32,
) -> JournalEntry {
    let mut postings = Vec::new();
    for pair in Pair::ALL {
        for ((account, tender, code), side) in sides(pair, moved).into_values().filter(|(_, side)| !side.is_zero()) {
            let (debit, credit) = (side.floor_zero(), (-side).floor_zero());
            let (name, tax_code) = (rules.account_name(account.name(), tender.map(Tender::name)), code.map(|code| code.to_string().into()));
            postings.push(JournalLine { pair, account, name, tax_code, debit, credit });
        }
    }
    let own = civil_date(at, rules.channel(&header.channel).map_or("UTC", |channel| &channel.zone));
    let open = rules.books_closed_until.as_ref().filter(|closed| own <= **closed).and_then(|closed| day_after(closed));
    JournalEntry {
        head: RequestHead::new(view.key, &[currency.as_str()], step),
        order: OrderRef::new(view, header),
        channel: header.channel.clone(),
        brand: header.brand.clone(),
        customer: header.customer.as_ref().map(|customer| customer.0.clone()),
        occurred_at: at,
        currency,
        own_date: open.is_some().then(|| own.clone()),
        date: open.unwrap_or(own),
        total: postings.iter().map(|posting| posting.debit).sum(),
        postings,
    }
}

/// The date of a moment in a zone, as `2026-03-02`; in UTC where the zone is unknown.
fn civil_date(at: Moment, zone: &str) -> Text {
    let zone = jiff::tz::TimeZone::get(zone).unwrap_or(jiff::tz::TimeZone::UTC);
    let moment = jiff::Timestamp::from_millisecond(at.0).unwrap_or_default();
    Text::from(zone.to_datetime(moment).date().to_string())
}

/// The day after a date: the first open day, where it is the last closed one.
fn day_after(date: &str) -> Option<Text> {
    let date: jiff::civil::Date = date.parse().ok()?;
    Some(date.tomorrow().ok()?.to_string().into())
}
