//! What must be zero over all published orders: the invariants of the books, requests that are due and were not made, counts that do not add up.

use std::collections::BTreeMap;

use super::Published;
use crate::entities::order::view;
use crate::events::audit;
use crate::events::counts::Counts;
use crate::facts::{Amount, Text};

/// What must be zero, over all orders.
#[derive(Clone, Debug, Default)]
pub struct Audit {
    /// The sum of what each invariant of the books is off, by invariant and currency.
    pub books_off: BTreeMap<(&'static str, Text), Amount>,
    /// What came in, is out, waits, or is asked of a person.
    pub counts: Counts,
}

impl Audit {
    /// Of all orders that are published. Computes each of them.
    pub fn of(published: &Published) -> Self {
        let mut audit = Self::default();
        let (rules, tick, live) = (&*published.rules, published.tick(), published.held().1);
        for (key, state) in published.orders() {
            let view = view(&key, &state.rows, &state.ledgers, state.since, rules, tick);
            let books = audit::order_books(&view, &state.ledgers.journal, rules);
            for (invariant, amount) in books.invariants {
                *audit.books_off.entry((invariant, view.money.currency.as_str().into())).or_default() += amount.abs();
            }
            audit.counts.add(&view, &state, rules, tick, &live);
        }
        audit
    }

    /// What is not zero, in words.
    pub fn wrong(&self) -> Vec<String> {
        let books = self.books_off.iter().filter(|(_, off)| !off.is_zero());
        let mut wrong: Vec<String> =
            books.map(|((invariant, currency), off)| format!("invariant {invariant} of the books is off by {off} {currency}")).collect();
        let unsent = self.counts.unsent.iter();
        wrong.extend(unsent.map(|(topic, there)| {
            format!("{} is due of {} orders and was not requested: {}", topic.name(), there.orders, there.first.join(", "))
        }));
        wrong.extend(
            self.counts
                .steps
                .iter()
                .filter(|(_, count)| !count.adds_up())
                .map(|((shop, currency, step), count)| format!("{step} of {shop} in {currency} does not add up: {count:?}")),
        );
        wrong
    }
}
