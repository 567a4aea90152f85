//! The judge compares what Waybill emitted with what really happened.
//!
//! [`Judge::hear`] is given every derived event once, as a client reads it back; what is wrong whatever the truth is (an id twice, a step
//! missing, an entry out of balance) is noted at once. [`Judge::verdict`] compares what is left in the end with the [`Truth`]: every order's stage and pieces,
//! every refund to the cent, every account, every SKU's stock, who was notified of which parcel. Each failure is a sentence that names the order
//! (or the SKU) and the row.

mod consent;
mod exceptions;
mod failure;
mod heard;
mod money;
mod orders;
mod stock;
#[cfg(test)]
pub(super) mod tests;
mod truth;

use std::collections::{BTreeMap, BTreeSet};

pub use exceptions::Tally;
pub use failure::{Failure, Failures, Invariant};
pub use heard::Heard;
pub use truth::{OrderTruth, ShopTruth, Truth};

use super::record::HeardEvent;
use crate::events::Topic;
use crate::facts::Moment;

/// Is given all derived events and says in the end what is wrong.
#[derive(Default)]
pub struct Judge {
    heard: Heard,
    now: Moment,
    /// SKUs that were not as they really are when they were last looked at, by channel.
    suspects: BTreeSet<(&'static str, usize)>,
}

impl Judge {
    pub fn new() -> Self {
        Self::default()
    }

    /// What is heard from now on is heard at `now`.
    pub fn set_now(&mut self, now: Moment) {
        self.now = now;
    }

    /// Listens to one event. Every event is given once, those of one Kafka key in their order.
    pub fn hear(&mut self, event: &HeardEvent<'_>) {
        self.heard.event(event, self.now);
    }

    /// Everything that does not hold of one order.
    pub fn verdict_of(&self, order: &OrderTruth<'_>) -> Vec<Failure> {
        let mut failures = Failures::default();
        orders::check_one(&self.heard, order, &mut failures);
        money::check_one(&self.heard, order, &mut failures);
        failures.0
    }

    /// The order's story is over, and it was found right: any further event of it is wrong.
    pub fn forget(&mut self, key: &str) {
        self.heard.forget(key);
    }

    /// Compares the stock when all is quiet: a SKU that differs is only suspected, for something may be under way.
    pub fn suspect_stock(&mut self, truth: &Truth<'_>) {
        self.suspects = stock::differing(&self.heard, truth).into_keys().collect();
    }

    /// Compares the suspected SKUs again: those that still differ are wrong.
    pub fn convict_stock(&mut self, truth: &Truth<'_>) -> Vec<Failure> {
        if self.suspects.is_empty() {
            return Vec::new();
        }
        let still = stock::differing(&self.heard, truth).into_iter().filter(|(place, _)| self.suspects.contains(place));
        still.map(|(_, sentence)| Failure { invariant: Invariant::Stock, sentence: format!("at {}: {sentence}", self.now) }).collect()
    }

    /// Exceptions that were open at some time, by kind.
    pub fn exceptions_by_kind(&self) -> BTreeMap<String, exceptions::Tally> {
        exceptions::tally(&self.heard)
    }

    /// Everything that does not hold. Empty is what it must be.
    pub fn verdict(&self, truth: &Truth<'_>) -> Vec<Failure> {
        let mut failures = Failures::default();
        for sentence in &self.heard.wrong {
            failures.add(Invariant::Events, sentence.clone());
        }
        for sentence in truth.complaints {
            failures.add(Invariant::Systems, sentence.clone());
        }
        exceptions::check(&self.heard, truth.watch, self.now, &mut failures);
        orders::check(&self.heard, truth, &mut failures);
        money::check(&self.heard, truth, &mut failures);
        stock::check(&self.heard, truth, &mut failures);
        consent::check(&self.heard, truth, &mut failures);
        failures.0
    }

    /// Events by topic.
    pub fn counts(&self) -> &BTreeMap<Topic, u64> {
        &self.heard.counts
    }

    /// Exceptions that were open at some time.
    pub fn exceptions_opened(&self) -> u64 {
        self.heard.exceptions.values().map(|all| all.len() as u64).sum()
    }
}
