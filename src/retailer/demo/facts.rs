//! What a run shows, from the retailer's truth and the judge's verdict: the same in memory and on a Kafka.

use super::{Facts, Journey, Refunds, Stock};
use crate::facts::Moment;
use crate::retailer::books::ACCOUNTS;
use crate::retailer::judge::{Failure, Judge, Truth};
use crate::retailer::sums::Sums;
use crate::retailer::{Retailer, Settings, System};

impl Facts {
    /// All figures but those that only whoever runs the engine knows (epochs, dead letters, times).
    pub fn of(retailer: &Retailer, judge: &Judge, plan: &Settings, ended: Moment) -> Self {
        let truth = retailer.truth();
        let mut sums = truth.past.clone();
        truth.orders.iter().for_each(|order| sums.add(order));
        let (records, repeated) = retailer.records();
        let failures = judge.verdict(&truth);
        Self {
            seed: plan.seed,
            orders: sums.orders,
            opened: plan.opening,
            ended,
            stories: sums.stories.clone(),
            records,
            repeated,
            events: judge.counts().clone(),
            exceptions_opened: judge.exceptions_opened(),
            clocks: retailer.clocks().into_iter().map(|(system, off)| (system.label(), off.0 / 1_000)).collect(),
            stock: stock(&truth, &sums, &failures),
            // Without finance nobody keeps books.
            trial_balance: if truth.systems.has(System::Finance) { trial_balance(&truth, &sums) } else { Vec::new() },
            refunds: Refunds { orders: sums.refunds, due: sums.due, paid: sums.paid - sums.too_much },
            journey: retailer.journey().map(journey).unwrap_or_default(),
            failures,
            faults: retailer.fault_facts(judge),
            ..Self::default()
        }
    }
}

fn journey((star, hops): (&crate::retailer::order::Order, &[crate::retailer::Hop])) -> Journey {
    Journey { number: star.number.clone(), story: star.story.label(), total: star.total(), hops: hops.to_vec() }
}

fn stock(truth: &Truth<'_>, sums: &Sums, failures: &[Failure]) -> Stock {
    let wrong = |sku: &&&str| failures.iter().any(|failure| failure.sentence.starts_with(&format!("stock {sku}:")));
    Stock {
        skus: truth.articles.len(),
        agree: truth.articles.len() - truth.articles.iter().filter(wrong).count(),
        on_hand: truth.on_hand.iter().sum(),
        sent: sums.sent,
        back: sums.back,
    }
}

fn trial_balance(truth: &Truth<'_>, sums: &Sums) -> Vec<(String, i64, i64, i64)> {
    let known = ACCOUNTS.iter().map(|account| (*account).to_owned());
    let others = truth.ledger.keys().filter(|account| !ACCOUNTS.contains(&account.as_str())).cloned();
    known
        .chain(others)
        .map(|account| {
            let (debit, credit) = truth.ledger.get(&account).copied().unwrap_or_default();
            let really = sums.books.get(account.as_str()).copied().unwrap_or(0);
            (account, debit, credit, really)
        })
        .collect()
}
