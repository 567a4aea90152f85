//! What a run shows, from the retailer's truth and the judge's verdict: the same in memory and on a Kafka.

use std::collections::BTreeMap;

use super::{Facts, Journey, Refunds, Stock};
use crate::facts::Moment;
use crate::retailer::books::{ACCOUNTS, Balances, post_order};
use crate::retailer::judge::{Failure, Judge, Truth};
use crate::retailer::{Retailer, Settings};

impl Facts {
    /// All but what only those know who ran the engine.
    pub fn of(retailer: &Retailer, judge: &Judge, plan: &Settings, ended: Moment) -> Self {
        let truth = retailer.truth();
        let mut stories: BTreeMap<&'static str, usize> = BTreeMap::new();
        truth.orders.iter().for_each(|order| *stories.entry(order.story.label()).or_default() += 1);
        let (records, repeated) = retailer.records();
        let failures = judge.verdict(&truth);
        Self {
            seed: plan.seed,
            orders: truth.orders.len(),
            opened: plan.opening,
            ended,
            stories,
            records,
            repeated,
            events: judge.counts().clone(),
            exceptions_opened: judge.exceptions_opened(),
            clocks: retailer.clocks().into_iter().map(|(system, off)| (system.label(), off.0 / 1_000)).collect(),
            stock: stock(&truth, &failures),
            trial_balance: trial_balance(&truth),
            refunds: refunds(&truth),
            journey: retailer.journey().map(journey).unwrap_or_default(),
            failures,
            ..Self::default()
        }
    }
}

fn journey((star, hops): (&crate::retailer::order::Order, &[crate::retailer::Hop])) -> Journey {
    Journey { number: star.number.clone(), story: star.story.label(), total: star.total(), hops: hops.to_vec() }
}

fn stock(truth: &Truth<'_>, failures: &[Failure]) -> Stock {
    let lines = || truth.orders.iter().flat_map(|order| &order.lines);
    let wrong = |sku: &&&str| failures.iter().any(|failure| failure.sentence.starts_with(&format!("stock {sku}:")));
    Stock {
        skus: truth.articles.len(),
        agree: truth.articles.len() - truth.articles.iter().filter(wrong).count(),
        on_hand: truth.on_hand.iter().sum(),
        sent: lines().map(|line| line.despatched).sum(),
        back: lines().map(|line| line.back_good).sum(),
    }
}

fn trial_balance(truth: &Truth<'_>) -> Vec<(String, i64, i64, i64)> {
    let mut books = Balances::new();
    truth.orders.iter().for_each(|order| post_order(&mut books, order));
    let known = ACCOUNTS.iter().map(|account| (*account).to_owned());
    let others = truth.ledger.keys().filter(|account| !ACCOUNTS.contains(&account.as_str())).cloned();
    known
        .chain(others)
        .map(|account| {
            let (debit, credit) = truth.ledger.get(&account).copied().unwrap_or_default();
            let really = books.get(account.as_str()).copied().unwrap_or(0);
            (account, debit, credit, really)
        })
        .collect()
}

fn refunds(truth: &Truth<'_>) -> Refunds {
    let due = |order: &&crate::retailer::order::Order| order.due() > 0;
    Refunds {
        orders: truth.orders.iter().filter(due).count(),
        due: truth.orders.iter().map(|order| order.due()).sum(),
        paid: truth.orders.iter().map(|order| order.refunded()).sum(),
    }
}
