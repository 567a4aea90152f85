//! `journal-entries`: balanced double entries for finance. Each pair of accounts has a running total, and an entry is the difference to what was
//! posted last; a negative difference swaps the sides. `docs/specification/postings.md` has the formulas.
//!
//! | pair | running total | debit | credit |
//! | --- | --- | --- | --- |
//! | captured, by tender | captured less voided | the tender's account | `customer_account` |
//! | supplied, by line | the worth of the despatched pieces, at most all that were ordered | `customer_account` | `sales_revenue`, `tax_payable`; a gift card: `gift_card_liability` |
//! | charge-earned | whole with the first piece supplied; a tip when something is captured | `customer_account` | `shipping_revenue`, `tax_payable` ... |
//! | returned, by line | the worth of the returned pieces | `sales_returns`, `tax_payable` | `customer_account` |
//! | charge-refunded | a charge that was earned and does not stay | `shipping_returns`, `tax_payable` ... | `customer_account` |
//! | due | what is due to the customer | `customer_account` | `refunds_payable` |
//! | refunded, by tender | what is refunded | `refunds_payable` | the tender's account |
//! | cost-out | despatched pieces x unit cost | `cost_of_goods_sold` | `inventory` |
//! | cost-back, written-off | pieces settled as stock, as written off, at the same cost | `inventory`, `stock_write_off` | `cost_of_goods_sold` |
//!
//! A total is kept for each pair of one debit and one credit account, so every entry balances. All pairs of money that have moved stand in one
//! entry; pairs of cost in an entry of their own, in the currency of the costs.

use serde::{Deserialize, Serialize};

use super::body::{OrderRef, RequestBody, RequestHead};
use super::gate::RequestGate;
use super::outlet::Outlet;
use super::request::{Request, WhyTopic};
use super::worth::{Worth, worth};
use crate::entities::account::Account;
use crate::entities::ledger::{AccountPair, JournalLedgers};
use crate::entities::order::OrderView;
use crate::entities::order::figures::LineView;
use crate::entities::rules::{Pair, Role, Rules};
use crate::entities::small_map::SmallMap;
use crate::entities::topics::Topic;
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

    /// The next entry would hold the difference too.
    fn waits_whole(&mut self) -> bool {
        true
    }
}

/// One side of one pair of accounts; exactly one of debit and credit is not 0.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Posting {
    /// What the running total of the pair is.
    pub pair: Pair,
    /// The account, by its default name.
    pub account: Account,
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
        for book in books(view, rules) {
            let moved = moved(&book, ledgers, rules);
            if moved.is_empty() || !RequestGate::of_money(view).open() {
                continue;
            }
            let step = ledgers.get(book.currency.as_str()).map_or(0, |ledger| ledger.step) + 1;
            let body = entry(view, header, rules, &book, &moved, step);
            if !outlet.request(view.key, body) {
                continue;
            }
            let ledger = ledgers.entry(book.currency.as_str().into()).or_default();
            ledger.step = step;
            for (accounts, difference) in &moved {
                *ledger.totals.entry(*accounts).or_default() += *difference;
            }
        }
    }

    fn why(view: &OrderView<'_>, ledgers: &JournalLedgers, rules: &Rules, _: Moment) -> Vec<WhyTopic> {
        if view.placed.header.is_none() || !rules.has(Role::Finance) {
            return Vec::new();
        }
        let topic = |book: Book| {
            let mut pairs: Vec<&str> = moved(&book, ledgers, rules).keys().map(|accounts| accounts.pair.name()).collect();
            pairs.dedup();
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
        books(view, rules).into_iter().map(topic).collect()
    }
}

/// Amounts by pair and accounts.
type PairAmounts = SmallMap<AccountPair, Amount>;

/// The running totals of pairs that are posted together: those of money, or those of cost.
struct Book {
    currency: Currency,
    of_cost: bool,
    totals: Vec<(AccountPair, Amount)>,
}

impl Book {
    fn add(&mut self, pair: Pair, debit: Account, credit: Account, amount: Amount) {
        let accounts = AccountPair { pair, debit, credit };
        match self.totals.iter_mut().find(|(other, _)| *other == accounts) {
            Some((_, total)) => *total += amount,
            None => self.totals.push((accounts, amount)),
        }
    }

    /// The customer is supplied with something: it is owed.
    fn supply(&mut self, pair: Pair, revenue: Account, worth: Worth) {
        self.add(pair, Account::CustomerAccount, revenue, worth.net());
        self.add(pair, Account::CustomerAccount, Account::TaxPayable, worth.tax);
    }

    /// It is given back.
    fn give_back(&mut self, pair: Pair, returns: Account, worth: Worth) {
        self.add(pair, returns, Account::CustomerAccount, worth.net());
        self.add(pair, Account::TaxPayable, Account::CustomerAccount, worth.tax);
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
    money.add(Pair::Due, Account::CustomerAccount, Account::RefundsPayable, view.money.due);
    [money, cost]
}

fn payments(view: &OrderView<'_>, book: &mut Book) {
    for tender in &view.money.tenders {
        let account = tender_account(tender.tender);
        book.add(Pair::Captured, account, Account::CustomerAccount, tender.captured);
        book.add(Pair::Refunded, Account::RefundsPayable, account, tender.refunded);
    }
}

fn tender_account(tender: Tender) -> Account {
    match tender {
        Tender::Card | Tender::Bank | Tender::Cash | Tender::CashOnDelivery | Tender::OnAccount => Account::PaymentClearing,
        Tender::StoreCredit => Account::StoreCreditLiability,
        Tender::GiftCard => Account::GiftCardLiability,
        Tender::Exchange => Account::ExchangeClearing,
    }
}

fn goods(line: &LineView<'_>, book: &mut Book) {
    let supplied = line.sent.despatched.min(line.ordered);
    let all = worth(line, supplied);
    let back = all.less(worth(line, supplied - line.back.returned));
    let (revenue, returns) = match line.line.kind {
        LineKind::Goods | LineKind::Service => (Account::SalesRevenue, Account::SalesReturns),
        LineKind::GiftCard => (Account::GiftCardLiability, Account::GiftCardLiability),
        LineKind::Tip => (Account::TipsPayable, Account::TipsPayable),
    };
    book.supply(Pair::Supplied, revenue, all);
    book.give_back(Pair::Returned, returns, back);
}

fn charges(view: &OrderView<'_>, book: &mut Book) {
    let supplied = view.lines.iter().any(|line| line.sent.despatched.is_positive());
    for charge in &view.money.charges {
        let earned = if charge.charge.kind == ChargeKind::Tip { view.money.captured.is_positive() } else { supplied };
        if !earned {
            continue;
        }
        let (revenue, returns) = match charge.charge.kind {
            ChargeKind::Shipping | ChargeKind::Wrapping | ChargeKind::Handling => (Account::ShippingRevenue, Account::ShippingReturns),
            ChargeKind::Duty => (Account::DutiesPayable, Account::DutiesPayable),
            ChargeKind::Tip => (Account::TipsPayable, Account::TipsPayable),
            ChargeKind::Rounding => (Account::RoundingDifferences, Account::RoundingDifferences),
        };
        let worth = Worth { gross: charge.charge.gross, tax: charge.charge.tax };
        book.supply(Pair::ChargeEarned, revenue, worth);
        if !charge.stays {
            book.give_back(Pair::ChargeRefunded, returns, worth);
        }
    }
}

/// Without a unit cost the line's cost pairs wait. The cost of what came back is cut from a cumulative total, so that all pieces back cost
/// what all pieces out did.
fn costs(line: &LineView<'_>, book: &mut Book) {
    let Some(unit) = line.erp.unit_cost else { return };
    let currency = book.currency;
    let cost = |pieces: Quantity| unit.times(pieces).rounded(currency);
    let stock = line.back.settled_stock;
    book.add(Pair::CostOut, Account::CostOfGoodsSold, Account::Inventory, cost(line.sent.despatched));
    book.add(Pair::CostBack, Account::Inventory, Account::CostOfGoodsSold, cost(stock));
    let written_off = cost(stock + line.back.settled_written_off) - cost(stock);
    book.add(Pair::WrittenOff, Account::StockWriteOff, Account::CostOfGoodsSold, written_off);
}

/// The differences to what is posted, of the pairs that Waybill keeps.
fn moved(book: &Book, ledgers: &JournalLedgers, rules: &Rules) -> PairAmounts {
    let posted = ledgers.get(book.currency.as_str()).map(|ledger| &ledger.totals);
    let kept = |accounts: &AccountPair| accounts.pair.is_cost() == book.of_cost && rules.books_kept.contains(&accounts.pair);
    let mut moved = PairAmounts::new();
    for (accounts, total) in book.totals.iter().filter(|(accounts, _)| kept(accounts)) {
        let before = posted.and_then(|posted| posted.get(accounts)).copied().unwrap_or_default();
        if *total != before {
            moved.insert(*accounts, *total - before);
        }
    }
    // Accounts that nothing stands on any more.
    let gone = |accounts: &AccountPair| kept(accounts) && !book.totals.iter().any(|(other, _)| other == accounts);
    let over = posted.into_iter().flatten().filter(|(accounts, total)| !total.is_zero() && gone(accounts));
    moved.extend(over.map(|(accounts, total)| (*accounts, -*total)));
    moved
}

/// The sides of one pair, by account: debits above zero, credits below.
fn sides(pair: Pair, moved: &PairAmounts) -> SmallMap<&'static str, (Account, Amount)> {
    let mut sides: SmallMap<&str, (Account, Amount)> = SmallMap::new();
    let mut add = |account: Account, amount: Amount| sides.entry(account.name()).or_insert((account, Amount::ZERO)).1 += amount;
    for (accounts, difference) in moved.iter().filter(|(accounts, _)| accounts.pair == pair) {
        add(accounts.debit, *difference);
        add(accounts.credit, -*difference);
    }
    sides
}

fn entry(view: &OrderView<'_>, header: &Header, rules: &Rules, book: &Book, moved: &PairAmounts, step: u32) -> JournalEntry {
    let mut postings = Vec::new();
    let mut at = Moment::MIN;
    for pair in Pair::ALL {
        for (account, side) in sides(pair, moved).into_values().filter(|(_, side)| !side.is_zero()) {
            let (debit, credit) = (side.floor_zero(), (-side).floor_zero());
            postings.push(Posting { pair, account, debit, credit });
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
        Pair::CostBack | Pair::WrittenOff => received().max(view.times.disposed),
    }
}

/// The date of a moment in a zone, as `2026-03-02`; in UTC where the zone is unknown.
fn civil_date(at: Moment, zone: &str) -> Text {
    let zone = jiff::tz::TimeZone::get(zone).unwrap_or(jiff::tz::TimeZone::UTC);
    let moment = jiff::Timestamp::from_millisecond(at.0).unwrap_or_default();
    Text::from(zone.to_datetime(moment).date().to_string())
}
