//! The books: what their keeper has posted against what the order's rows come to; costs that no system tells.

use std::collections::BTreeMap;

use super::evidence::Evidence;
use super::finding::Finding;
use crate::entities::account::Account;
use crate::entities::order::books::{self, Book};
use crate::entities::order::figures::LineView;
use crate::entities::rules::{Pair, Role};
use crate::facts::order::{LineKind, Posting, Tender};
use crate::facts::{Amount, Cause, Moment, Quantity, Text};

pub(super) fn find(evidence: &Evidence<'_, '_>) -> Vec<Finding> {
    let mut found = differ(evidence);
    found.extend(cost_missing(evidence));
    found
}

/// What stands on one account of the keeper's ledger, in one currency.
#[derive(Default)]
struct Compared {
    /// By the order's rows.
    due: Amount,
    /// By the keeper's entries.
    posted: Amount,
    entries: usize,
    newest: Option<Moment>,
    causes: Vec<Cause>,
}

/// Of income, tax and cost. What the customer and the bank owe is moved by entries that name no order: payments, payouts.
fn is_compared(account: Account) -> bool {
    let of_money = [
        Account::PaymentClearing,
        Account::CustomerAccount,
        Account::RefundsPayable,
        Account::ExchangeClearing,
        Account::GiftCardLiability,
        Account::StoreCreditLiability,
    ];
    !of_money.contains(&account)
}

/// Only accounts that the configuration names are known in the keeper's ledger; only an order of which it has posted something is compared.
fn differ(evidence: &Evidence<'_, '_>) -> Vec<Finding> {
    let rules = evidence.rules;
    let mut accounts: BTreeMap<(Text, Text), Compared> = BTreeMap::new();
    let Some(_) = evidence.rows.live::<Posting>().next() else { return Vec::new() };
    let books = books::books(evidence.figures, rules);
    for book in &books {
        for (pair, parts) in book.totals.iter().filter(|(pair, _)| !rules.books_kept.contains(&pair.pair)) {
            let newest = parts.iter().filter_map(|(at, _)| *at).max();
            for (account, sum) in [(pair.debit, Book::total(parts)), (pair.credit, -Book::total(parts))] {
                let Some(name) = rules.account_named(account.name(), pair.tender.map(Tender::name)) else { continue };
                if is_compared(account) {
                    let compared = accounts.entry((name.clone(), book.currency.as_str().into())).or_default();
                    compared.due += sum;
                    compared.newest = compared.newest.max(newest);
                }
            }
        }
    }
    let [money, cost] = &books;
    for each in evidence.rows.live::<Posting>() {
        // A ledger that does not tell its currency is kept in that of the costs.
        let currency = each.row.currency.unwrap_or(cost.currency);
        let known = |account: &&Account| rules.account_named(account.name(), None).is_some_and(|name| *name == each.row.account);
        if !Account::ALL.iter().find(known).is_some_and(|account| is_compared(*account)) {
            continue;
        }
        let compared = accounts.entry((each.row.account.clone(), currency.as_str().into())).or_default();
        compared.posted += each.row.amount;
        compared.entries += 1;
        compared.newest = compared.newest.max(Some(each.stored.at));
        compared.causes.push(each.stored.cause);
    }
    let show = |amount: Amount, currency: &Text| format!("{amount} {currency}");
    let mut found = Vec::new();
    // An order in another currency than the ledger's is compared by its costs alone: no rate is known.
    let ledger_in = |currency: &Text| {
        evidence.rows.live::<Posting>().any(|each| each.row.currency.unwrap_or(cost.currency).as_str() == currency.as_str())
    };
    for ((account, currency), compared) in accounts.into_iter().filter(|((_, currency), _)| ledger_in(currency)) {
        let off = compared.posted - compared.due;
        // A ledger rounds tax by document and rate.
        let tolerance = money.currency.minor_unit().times(Quantity::from_int(i64::try_from(compared.entries).unwrap_or(i64::MAX).max(1)));
        if off.abs() <= tolerance {
            continue;
        }
        let sentence = format!(
            "on {account} {} are posted, by the order's rows it is {} (debits above zero)",
            show(compared.posted, &currency),
            show(compared.due, &currency)
        );
        let newest = compared.newest;
        let finding = Finding::new("books-differ", account.as_str(), sentence).at_risk(off.abs()).caused_by(compared.causes);
        let finding = if finding.causes.is_empty() { finding.caused_by(evidence.figures.placed.cause) } else { finding };
        found.push(finding.moved(newest).after(newest.map(|at| at + rules.durations.books_differ)));
    }
    found
}

/// Where costs are kept here at all: their currency is set, or another line of the order has one.
fn cost_missing(evidence: &Evidence<'_, '_>) -> Option<Finding> {
    let (rules, lines) = (evidence.rules, &evidence.figures.lines);
    let kept = rules.has(Role::Finance) && rules.books_kept.contains(&Pair::CostOut);
    if !kept || !(rules.cost_currency.is_some() || lines.iter().any(|line| line.erp.unit_cost.is_some())) {
        return None;
    }
    let has_none = |line: &&LineView<'_>| {
        let goods = line.line.kind == LineKind::Goods && line.erp.ships && !line.is_bundle;
        goods && line.sent.despatched.is_positive() && line.erp.unit_cost.is_none()
    };
    let without = || lines.iter().filter(has_none);
    let since = without().flat_map(|line| &line.sent.parts).map(|part| part.despatched_at).min()?;
    let goods: Vec<String> = without().map(|line| format!("{} x {}", line.sent.despatched, line.sku)).collect();
    let pieces = without().map(|line| line.sent.despatched).sum();
    let finding = Finding::new("cost-missing", "", format!("{} left, and their cost is not known", goods.join(", "))).pieces(pieces);
    Some(finding.caused_by(without().filter_map(|line| line.sent.cause)).after(since + rules.durations.cost_missing))
}
