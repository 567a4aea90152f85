//! An order's books against its view: what is posted, what each account stands at, and the invariants of `docs/specification/postings.md`.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::entities::account::Account;
use crate::entities::ledger::{AccountPair, JournalLedger, JournalLedgers};
use crate::entities::order::OrderView;
use crate::entities::order::books;
use crate::entities::order::worth::worth;
use crate::entities::rules::{Pair, Rules};
use crate::facts::{Amount, Text};

/// An order's books.
#[derive(Clone, Debug, Serialize)]
pub struct OrderBooks {
    /// By currency.
    pub books: Vec<BookOfOrder>,
    /// By how much each invariant is off in the order's currency; 0, or a fault of Waybill. Only of orders whose entries are all posted.
    pub invariants: BTreeMap<&'static str, Amount>,
}

/// One currency of an order's books.
#[derive(Clone, Debug, Serialize)]
pub struct BookOfOrder {
    /// Of the amounts.
    pub currency: Text,
    /// Entries so far.
    pub entries: u32,
    /// What is posted, by pair and accounts.
    pub posted: BTreeMap<String, Amount>,
    /// What each account stands at, by its configured name: debits above zero.
    pub balances: BTreeMap<Text, Amount>,
    /// Of the pairs that another system keeps: what its accounts should stand at, by the configured names.
    pub kept_elsewhere: BTreeMap<Text, Amount>,
    /// What that system's entries come to, by its accounts.
    pub posted_elsewhere: BTreeMap<Text, Amount>,
    /// What is not posted yet: the gate is shut, or it is held.
    pub waits: BTreeMap<&'static str, Amount>,
}

/// The order's books.
pub fn order_books(view: &OrderView<'_>, ledgers: &JournalLedgers, rules: &Rules) -> OrderBooks {
    let cost_currency = rules.cost_currency.unwrap_or(view.money.currency);
    let books = books::books(view, rules).into_iter().map(|book| {
        let posted = ledgers.get(book.currency.as_str()).cloned().unwrap_or_default();
        let kept = |pair: Pair| pair.is_cost() == book.of_cost && rules.books_kept.contains(&pair);
        let mut waits: BTreeMap<&'static str, Amount> = BTreeMap::new();
        for (accounts, parts) in book.totals.iter().filter(|(accounts, _)| kept(accounts.pair)) {
            *waits.entry(accounts.pair.name()).or_default() += books::Book::total(parts);
        }
        for (accounts, total) in posted.totals.iter().filter(|(accounts, _)| kept(accounts.pair)) {
            *waits.entry(accounts.pair.name()).or_default() -= *total;
        }
        waits.retain(|_, amount| !amount.is_zero());
        let of_book = || posted.totals.iter().filter(|(accounts, _)| accounts.pair.is_cost() == book.of_cost);
        let mut balances: BTreeMap<Text, Amount> = BTreeMap::new();
        for (accounts, total) in of_book() {
            let tender = accounts.tender.map(crate::facts::order::Tender::name);
            *balances.entry(rules.account_name(accounts.debit.name(), tender)).or_default() += *total;
            *balances.entry(rules.account_name(accounts.credit.name(), tender)).or_default() -= *total;
        }
        balances.retain(|_, balance| !balance.is_zero());
        let mut kept_elsewhere: BTreeMap<Text, Amount> = BTreeMap::new();
        for (accounts, parts) in book.totals.iter().filter(|(accounts, _)| !rules.books_kept.contains(&accounts.pair)) {
            let tender = accounts.tender.map(crate::facts::order::Tender::name);
            let total = books::Book::total(parts);
            *kept_elsewhere.entry(rules.account_name(accounts.debit.name(), tender)).or_default() += total;
            *kept_elsewhere.entry(rules.account_name(accounts.credit.name(), tender)).or_default() -= total;
        }
        kept_elsewhere.retain(|_, balance| !balance.is_zero());
        // A ledger that does not tell its currency is kept in that of the costs; both books of an order may be in one currency.
        let mut posted_elsewhere: BTreeMap<Text, Amount> = BTreeMap::new();
        let once = !book.of_cost || book.currency != view.money.currency;
        for posting in view.touched.postings().filter(|posting| once && posting.currency.unwrap_or(cost_currency) == book.currency) {
            *posted_elsewhere.entry(posting.account.clone()).or_default() += posting.amount;
        }
        let shown = of_book().map(|(accounts, total)| {
            (serde_json::to_value(accounts).ok().and_then(|text| text.as_str().map(str::to_owned)).unwrap_or_default(), *total)
        });
        let (currency, entries, posted) = (book.currency.as_str().into(), posted.step, shown.collect());
        BookOfOrder { currency, entries, posted, balances, kept_elsewhere, posted_elsewhere, waits }
    });
    let anything = |book: &BookOfOrder| {
        let elsewhere = !book.kept_elsewhere.is_empty() || !book.posted_elsewhere.is_empty();
        elsewhere || !book.posted.is_empty() || !book.waits.is_empty()
    };
    let books: Vec<BookOfOrder> = books.filter(anything).collect();
    let invariants = if books.iter().all(|book| book.waits.is_empty()) { invariants(view, ledgers, rules) } else { BTreeMap::new() };
    OrderBooks { books, invariants }
}

/// By how much each invariant is off. Of pairs that another system keeps nothing is known here: then there is none.
pub fn invariants(view: &OrderView<'_>, ledgers: &JournalLedgers, rules: &Rules) -> BTreeMap<&'static str, Amount> {
    let mut off = BTreeMap::new();
    let money = Pair::ALL.into_iter().filter(|pair| !pair.is_cost());
    let Some(ledger) = ledgers.get(view.money.currency.as_str()) else { return off };
    if !money.clone().all(|pair| rules.books_kept.contains(&pair)) {
        return off;
    }
    let balance = |account: Account| balance(ledger, account, false);
    off.insert("1", Account::ALL.into_iter().map(balance).sum());
    off.insert("2", -balance(Account::RefundsPayable) - (view.money.due - view.money.refunded));
    let supplied: Amount = view
        .lines
        .iter()
        .map(|line| {
            let supplied = line.sent.despatched.min(line.ordered);
            worth(line, supplied - line.back.returned).gross
        })
        .sum();
    let shipped = view.lines.iter().any(|line| line.sent.despatched.is_positive());
    let earned = view.money.charges.iter().filter(|charge| charge.stays);
    let earned = earned.filter(|charge| match charge.charge.kind {
        crate::facts::order::ChargeKind::Tip => view.money.captured.is_positive(),
        _ => shipped,
    });
    let earned: Amount = earned.map(|charge| charge.charge.gross - charge.given_back).sum();
    let earned =
        earned + if shipped { view.money.accepted_owed } else { Amount::ZERO } + view.money.fees - view.money.goodwill - view.money.rounded;
    off.insert("3", -balance(Account::CustomerAccount) - (view.money.captured - view.money.due - supplied - earned));
    // What all tenders together hold: money may come in by one and go back by another (store credit, an exchange).
    let of_payments = |(accounts, total): (&AccountPair, &Amount)| match accounts.pair {
        Pair::Captured => *total,
        Pair::Refunded => -*total,
        _ => Amount::ZERO,
    };
    let paid: Amount = ledger.totals.iter().map(of_payments).sum();
    let kept_nothing = view.lines.iter().all(|line| line.kept.pieces.is_zero()) && !view.money.charges.iter().any(|charge| charge.stays);
    if kept_nothing && view.money.refunded == view.money.captured && view.money.due == view.money.captured {
        let zero = [Account::TaxPayable, Account::CustomerAccount, Account::RefundsPayable];
        let income = balance(Account::SalesRevenue) + balance(Account::SalesReturns);
        let shipping = balance(Account::ShippingRevenue) + balance(Account::ShippingReturns);
        off.insert(
            "4",
            zero.map(|account| balance(account).abs()).into_iter().sum::<Amount>() + income.abs() + shipping.abs() + paid.abs(),
        );
        off.extend(cost_off(view, ledgers, rules).map(|cost| ("4-cost", cost)));
    }
    // Delivered and kept, or returned and refunded: all that is kept was supplied, and the payment accounts hold what is owed for it.
    let whole = view.lines.iter().all(|line| line.sent.despatched.min(line.ordered) - line.back.returned == line.kept.pieces);
    let settled = view.money.refunded == view.money.due && view.money.captured - view.money.due == view.money.owed;
    if whole && settled && (shipped || view.money.owed.is_zero()) {
        let zero = [balance(Account::CustomerAccount), balance(Account::RefundsPayable), paid - view.money.owed];
        off.insert("5", zero.into_iter().map(Amount::abs).sum());
    }
    off
}

/// Nothing is kept: the cost of all that left is in stock again, or written off. `None`: some of it is not settled, or was let go, or has no cost.
fn cost_off(view: &OrderView<'_>, ledgers: &JournalLedgers, rules: &Rules) -> Option<Amount> {
    let ledger = ledgers.get(rules.cost_currency.unwrap_or(view.money.currency).as_str())?;
    let kept = Pair::ALL.into_iter().filter(|pair| pair.is_cost()).all(|pair| rules.books_kept.contains(&pair));
    let settled = view.lines.iter().filter(|line| line.sent.despatched.is_positive()).all(|line| {
        let settled = line.back.settled_stock + line.back.settled_written_off;
        line.erp.unit_cost.is_some() && settled == line.sent.despatched
    });
    let goods =
        || [Account::Inventory, Account::StockWriteOff, Account::LostGoods].map(|account| balance(ledger, account, true)).into_iter().sum();
    let sum = |goods: Amount| goods.abs() + balance(ledger, Account::CostOfGoodsSold, true).abs();
    (kept && settled).then(|| sum(goods()))
}

fn balance(ledger: &JournalLedger, account: Account, of_cost: bool) -> Amount {
    let side = |(accounts, total): (&AccountPair, &Amount)| {
        let debit = if accounts.debit == account { *total } else { Amount::ZERO };
        let credit = if accounts.credit == account { *total } else { Amount::ZERO };
        debit - credit
    };
    ledger.totals.iter().filter(|(accounts, _)| accounts.pair.is_cost() == of_cost).map(side).sum()
}
