//! `journal-entries`: balanced double entries for finance. A book ledger: each pair of accounts is a running total, an entry its difference;
//! a negative difference swaps the sides.
//!
//! | pair | running total | debit | credit |
//! | --- | --- | --- | --- |
//! | `captured`, by tender | captured less voided | the tender's account | `customer_account` |
//! | `supplied`, by line | g(min(d, n)) | `customer_account` | `sales_revenue`, `tax_payable`; a gift card: `gift_card_liability` |
//! | `charge-earned` | whole with the first piece supplied; a tip when something is captured | `customer_account` | `shipping_revenue`, `tax_payable` ... |
//! | `returned`, by line | g(d) - g(d - r) | `sales_returns`, `tax_payable` | `customer_account` |
//! | `charge-refunded` | a charge that was earned and does not stay | `shipping_returns`, `tax_payable` ... | `customer_account` |
//! | `due` | D | `customer_account` | `refunds_payable` |
//! | `refunded`, by tender | F | `refunds_payable` | the tender's account |
//! | `cost-out` | d x unit cost | `cost_of_goods_sold` | `inventory` |
//! | `cost-back`, `written-off` | pieces settled as stock, written off, at the same cost | `inventory`, `stock_write_off` | `cost_of_goods_sold` |
//!
//! A total is kept for each pair of one debit and one credit account, so every entry balances by its making. All pairs of money that moved
//! stand in one entry; pairs of cost in one of their own, in the currency of the costs.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::body::{OrderRef, RequestBody, RequestHead};
use super::gates::Gates;
use super::outlet::Outlet;
use super::request::{self, Request, WhyTopic};
use super::value::{Value, value};
use crate::entities::ledger::BookLedger;
use crate::entities::order::OrderView;
use crate::entities::order::figures::LineView;
use crate::entities::rules::{Pair, Role, Rules};
use crate::entities::small_map::SmallMap;
use crate::entities::topics::Topic;
use crate::facts::ids::join_key;
use crate::facts::order::{ChargeKind, Header, LineKind, Tender};
use crate::facts::{Amount, Currency, Moment, Quantity, Text};

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
    /// Of every amount in this entry: the order's, or that of the costs.
    pub currency: Currency,
    /// Business date of the newest row that caused it: civil date in the channel's zone, as `2026-03-02`.
    pub date: Text,
    /// Debits and credits; their sums are equal.
    pub postings: Vec<Posting>,
    /// Sum of the debits, which is the sum of the credits.
    pub total: Amount,
}

impl RequestBody for JournalEntry {
    const TOPIC: Topic = Topic::JournalEntries;

    fn head(&mut self) -> &mut RequestHead {
        &mut self.head
    }
}

/// One side of one pair of accounts; exactly one of debit and credit is not 0.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Posting {
    /// The pair of accounts.
    pub pair: Pair,
    /// Name of the account, by default as in the postings' table.
    pub account: Text,
    /// 0 or more.
    pub debit: Amount,
    /// 0 or more.
    pub credit: Amount,
}

type Ledgers = SmallMap<Text, BookLedger>;
/// Running totals by `pair|debit account|credit account`.
type Totals = SmallMap<Text, Amount>;

/// One pair of accounts. They are computed at every seal, and few ever move: only of those that do a text is made.
#[derive(Clone, Copy, PartialEq)]
struct Slot {
    pair: Pair,
    debit: &'static str,
    credit: &'static str,
}

impl Slot {
    /// As totals are kept under.
    fn text(&self) -> Text {
        join_key(&[self.pair.name(), self.debit, self.credit])
    }

    fn is(&self, text: &str) -> bool {
        let accounts = text.strip_prefix(self.pair.name()).and_then(|rest| rest.strip_prefix('|')?.strip_prefix(self.debit));
        accounts.and_then(|rest| rest.strip_prefix('|')) == Some(self.credit)
    }
}

const CUSTOMER: &str = "customer_account";
const TAX: &str = "tax_payable";
const REFUNDS: &str = "refunds_payable";
const COST: &str = "cost_of_goods_sold";
const GIFT_CARDS: &str = "gift_card_liability";

impl Request for JournalEntry {
    type Ledger = Ledgers;

    fn emit(view: &OrderView<'_>, ledgers: &mut Ledgers, outlet: &mut Outlet<'_>) {
        let rules = outlet.context.rules;
        let (Some(header), true) = (view.placed.header, rules.has(Role::Finance)) else { return };
        for book in books(view, rules) {
            let moved = moved(&book, ledgers, rules);
            if moved.is_empty() || !Gates::of_money(view).open() {
                continue;
            }
            let ledger = ledgers.entry(book.currency.as_str().into()).or_default();
            ledger.step += 1;
            for (slot, difference) in &moved {
                *ledger.totals.entry(slot.clone()).or_default() += *difference;
            }
            let body = entry(view, header, rules, &book, &moved, ledger.step);
            outlet.request(view.key, body);
        }
    }

    fn why(view: &OrderView<'_>, ledgers: &Ledgers, rules: &Rules, _: Moment) -> Vec<WhyTopic> {
        if view.placed.header.is_none() || !rules.has(Role::Finance) {
            return Vec::new();
        }
        let topic = |book: Book| {
            let moved = moved(&book, ledgers, rules);
            let pairs: BTreeSet<&str> = moved.keys().filter_map(|slot| slot.split('|').next()).collect();
            let pairs: Vec<&str> = pairs.into_iter().collect();
            let due = if moved.is_empty() { "as posted".into() } else { format!("a difference in {}", pairs.join(", ")) };
            let steps = ledgers.get(book.currency.as_str()).map_or(0, |ledger| ledger.step);
            let part = book.currency.as_str().into();
            let topic = WhyTopic::new(Self::TOPIC, part, due, format!("{steps} entries"), Gates::of_money(view));
            if !book.of_cost {
                return topic;
            }
            let missing = view.lines.iter().any(|line| line.sent.despatched.is_positive() && line.erp.unit_cost.is_none());
            let cost = || ("the unit cost of what was despatched".into(), request::bringer(rules, Role::Erp));
            topic.waiting_for(Gates::default().when("cost", !missing, cost))
        };
        books(view, rules).into_iter().map(topic).collect()
    }
}

/// The running totals of pairs that are posted together.
struct Book {
    currency: Currency,
    /// Pairs of cost, else of money.
    of_cost: bool,
    totals: Vec<(Slot, Amount)>,
}

impl Book {
    fn add(&mut self, pair: Pair, debit: &'static str, credit: &'static str, amount: Amount) {
        let slot = Slot { pair, debit, credit };
        match self.totals.iter_mut().find(|(other, _)| *other == slot) {
            Some((_, total)) => *total += amount,
            None => self.totals.push((slot, amount)),
        }
    }
}

fn books(view: &OrderView<'_>, rules: &Rules) -> [Book; 2] {
    let mut money = Book { currency: view.money.currency, of_cost: false, totals: Vec::new() };
    let cost_currency = rules.cost_currency.unwrap_or(view.money.currency);
    let mut cost = Book { currency: cost_currency, of_cost: true, totals: Vec::new() };
    payments(view, &mut money);
    for line in &view.lines {
        goods(line, &mut money);
        costs(line, &mut cost);
    }
    charges(view, &mut money);
    money.add(Pair::Due, CUSTOMER, REFUNDS, view.money.due);
    [money, cost]
}

fn payments(view: &OrderView<'_>, book: &mut Book) {
    for tender in &view.money.tenders {
        let account = tender_account(tender.tender);
        book.add(Pair::Captured, account, CUSTOMER, tender.captured);
        book.add(Pair::Refunded, REFUNDS, account, tender.refunded);
    }
}

fn tender_account(tender: Tender) -> &'static str {
    match tender {
        Tender::Card | Tender::Bank | Tender::Cash | Tender::CashOnDelivery | Tender::OnAccount => "payment_clearing",
        Tender::StoreCredit => "store_credit_liability",
        Tender::GiftCard => GIFT_CARDS,
        Tender::Exchange => "exchange_clearing",
    }
}

fn goods(line: &LineView<'_>, book: &mut Book) {
    let supplied = line.sent.despatched.min(line.ordered);
    let all = value(line, supplied);
    let back = all.less(value(line, supplied - line.back.returned));
    let (revenue, returns) = match line.line.kind {
        LineKind::Goods | LineKind::Service => ("sales_revenue", "sales_returns"),
        LineKind::GiftCard => (GIFT_CARDS, GIFT_CARDS),
        LineKind::Tip => ("tips_payable", "tips_payable"),
    };
    supply(book, Pair::Supplied, revenue, all);
    give_back(book, Pair::Returned, returns, back);
}

fn charges(view: &OrderView<'_>, book: &mut Book) {
    let supplied = view.lines.iter().any(|line| line.sent.despatched.is_positive());
    for charge in &view.money.charges {
        let earned = if charge.charge.kind == ChargeKind::Tip { view.money.captured.is_positive() } else { supplied };
        if !earned {
            continue;
        }
        let (revenue, returns) = match charge.charge.kind {
            ChargeKind::Shipping | ChargeKind::Wrapping | ChargeKind::Handling => ("shipping_revenue", "shipping_returns"),
            ChargeKind::Duty => ("duties_payable", "duties_payable"),
            ChargeKind::Tip => ("tips_payable", "tips_payable"),
            ChargeKind::Rounding => ("rounding_differences", "rounding_differences"),
        };
        let worth = Value { gross: charge.charge.gross, tax: charge.charge.tax };
        supply(book, Pair::ChargeEarned, revenue, worth);
        if !charge.stays {
            give_back(book, Pair::ChargeRefunded, returns, worth);
        }
    }
}

fn supply(book: &mut Book, pair: Pair, revenue: &'static str, worth: Value) {
    book.add(pair, CUSTOMER, revenue, worth.net());
    book.add(pair, CUSTOMER, TAX, worth.tax);
}

fn give_back(book: &mut Book, pair: Pair, returns: &'static str, worth: Value) {
    book.add(pair, returns, CUSTOMER, worth.net());
    book.add(pair, TAX, CUSTOMER, worth.tax);
}

/// Without a unit cost the line's cost pairs wait. The cost of what came back is cut from a cumulative total, so that all pieces back cost
/// what all pieces out did.
fn costs(line: &LineView<'_>, book: &mut Book) {
    let Some(unit) = line.erp.unit_cost else { return };
    let currency = book.currency;
    let cost = |pieces: Quantity| unit.times(pieces).rounded(currency);
    let stock = line.back.settled_stock;
    book.add(Pair::CostOut, COST, "inventory", cost(line.sent.despatched));
    book.add(Pair::CostBack, "inventory", COST, cost(stock));
    book.add(Pair::WrittenOff, "stock_write_off", COST, cost(stock + line.back.settled_written_off) - cost(stock));
}

/// The differences to what is posted, of the pairs that Waybill keeps.
fn moved(book: &Book, ledgers: &Ledgers, rules: &Rules) -> Totals {
    let posted = || ledgers.get(book.currency.as_str()).into_iter().flat_map(|posted| posted.totals.iter());
    let kept = |pair: Pair| pair.is_cost() == book.of_cost && rules.books_kept.contains(&pair);
    let mut moved = Totals::new();
    for (slot, total) in book.totals.iter().filter(|(slot, _)| kept(slot.pair)) {
        let before = posted().find(|(text, _)| slot.is(text)).map_or(Amount::ZERO, |(_, posted)| *posted);
        if *total != before {
            moved.insert(slot.text(), *total - before);
        }
    }
    let over =
        |text: &Text| text.split('|').next().and_then(Pair::named).is_some_and(kept) && !book.totals.iter().any(|(slot, _)| slot.is(text));
    moved.extend(posted().filter(|(text, posted)| !posted.is_zero() && over(text)).map(|(text, posted)| (text.clone(), -*posted)));
    moved
}

/// The sides of one pair, by account: debits above zero, credits below.
fn sides(pair: Pair, moved: &Totals) -> SmallMap<&str, Amount> {
    let mut sides = SmallMap::new();
    for (slot, difference) in moved {
        let mut parts = slot.split('|');
        let of_pair = parts.next() == Some(pair.name());
        if let (true, Some(debit), Some(credit)) = (of_pair, parts.next(), parts.next()) {
            *sides.entry(debit).or_insert(Amount::ZERO) += *difference;
            *sides.entry(credit).or_insert(Amount::ZERO) -= *difference;
        }
    }
    sides
}

fn entry(view: &OrderView<'_>, header: &Header, rules: &Rules, book: &Book, moved: &Totals, step: u32) -> JournalEntry {
    let mut postings = Vec::new();
    let mut at = Moment::MIN;
    for pair in Pair::ALL.into_iter().filter(|pair| pair.is_cost() == book.of_cost) {
        for (account, side) in sides(pair, moved).into_iter().filter(|(_, side)| !side.is_zero()) {
            let (debit, credit) = (side.floor_zero(), (-side).floor_zero());
            postings.push(Posting { pair, account: account.into(), debit, credit });
            at = at.max(moment_of(pair, view).unwrap_or(header.placed_at));
        }
    }
    JournalEntry {
        head: RequestHead::new(view.key, &[book.currency.as_str()], step),
        order: OrderRef::new(view, header),
        channel: header.channel.clone(),
        currency: book.currency,
        date: civil_date(at.max(header.placed_at), rules.channel(&header.channel).map_or("UTC", |channel| &channel.zone)),
        total: postings.iter().map(|posting| posting.debit).sum(),
        postings,
    }
}

/// Business time of the newest row that a pair's total is made of.
fn moment_of(pair: Pair, view: &OrderView<'_>) -> Option<Moment> {
    let despatched = || view.lines.iter().flat_map(|line| &line.sent.parts).map(|part| part.despatched_at).max();
    let received = || {
        let receipts = view.back.returns.iter().flat_map(|returned| &returned.receipts).map(|receipt| receipt.received_at);
        let approvals = view.back.returns.iter().flat_map(|returned| &returned.lines).filter_map(|line| line.approved_at);
        receipts.chain(approvals).max()
    };
    match pair {
        Pair::Captured => view.times.captured,
        Pair::Supplied | Pair::ChargeEarned | Pair::CostOut => despatched(),
        Pair::Returned | Pair::ChargeRefunded => received().max(view.sent.cancelled_at),
        Pair::Due => received().max(view.sent.cancelled_at).max(view.times.stopped),
        Pair::Refunded => view.money.refunds.iter().filter(|refund| refund.counts).map(|refund| refund.at).max(),
        _ => received().max(view.times.disposed),
    }
}

/// The date of a moment in a zone, as `2026-03-02`; in UTC where the zone is unknown.
fn civil_date(at: Moment, zone: &str) -> Text {
    let zone = jiff::tz::TimeZone::get(zone).unwrap_or(jiff::tz::TimeZone::UTC);
    let moment = jiff::Timestamp::from_millisecond(at.0).unwrap_or_default();
    Text::from(zone.to_datetime(moment).date().to_string())
}
