//! The judge: what Waybill said, against what really happened.
//!
//! [`Judge::hear`] is given every derived event once, as a client reads it back; what is wrong in itself (an id twice, a step missing, an entry
//! out of balance) is noted at once. [`Judge::verdict`] compares what is left in the end with the [`Truth`]: every order's stage and pieces,
//! every refund to the cent, every account, every SKU's stock, who was told of which parcel. Each failure is a sentence that names the order
//! (or the SKU) and the row.

mod exceptions;
mod heard;
mod money;
mod orders;
mod stock;
#[cfg(test)]
pub(super) mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Deref;

pub use exceptions::Tally;
pub use heard::Heard;

use super::HeardEvent;
use super::order::Order;
use super::sums::Sums;
use super::trouble::Watchlist;
use crate::events::Topic;
use crate::facts::Moment;

/// How everything really is (made by [`super::Retailer::truth`]).
#[derive(Clone)]
pub struct Truth<'a> {
    /// Those that are not forgotten.
    pub orders: Vec<OrderTruth<'a>>,
    /// What the forgotten ones add up to.
    pub past: &'a Sums,
    /// The SKU of each article; what follows is by article too.
    pub articles: Vec<&'a str>,
    /// Sellable pieces in the warehouse.
    pub on_hand: Vec<i64>,
    pub shops: Vec<ShopTruth>,
    /// The price list, in hundredths.
    pub prices: &'a [i64],
    /// Finance's ledger: turnover in debit and credit, by account.
    pub ledger: &'a BTreeMap<String, (i64, i64)>,
    /// What went wrong in a system because of what it was asked.
    pub complaints: &'a [String],
    /// What a person must look at; `None`: nothing ever.
    pub watch: Option<&'a Watchlist>,
}

/// An order, and what two systems say of it.
#[derive(Clone)]
pub struct OrderTruth<'a> {
    pub order: &'a Order,
    /// What NAV still has open.
    pub erp_open: Option<&'a str>,
    /// By line: what the shop has shipped.
    pub shop_shipped: Vec<i64>,
}

impl Deref for OrderTruth<'_> {
    type Target = Order;

    fn deref(&self) -> &Order {
        self.order
    }
}

/// A shop's stock, by article: its figure, and what it lets people buy.
#[derive(Clone)]
pub struct ShopTruth {
    pub shop: &'static str,
    pub channel: &'static str,
    pub figures: Vec<i64>,
    pub salable: Vec<i64>,
}

/// What must hold at the end of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Invariant {
    /// No id twice; steps of each ledger from 1 without gap or repeat; bodies that can be read.
    Events,
    /// Every order at its end, every piece where it is.
    Orders,
    /// Each receiver told of each parcel, receipt and completion, once.
    Notices,
    /// Each mail at most once, the three of every order made.
    Mails,
    /// Refunds to the cent, none above what was captured.
    Refunds,
    /// Entries balance; each account is what it must be.
    Books,
    /// Every SKU's figure; the shop sells what may be sold.
    Stock,
    /// Nothing is left for a person to look at but what a person must look at.
    Exceptions,
    /// No system was asked for what it can't do.
    Systems,
}

impl Invariant {
    pub const ALL: [Self; 9] =
        [Self::Events, Self::Orders, Self::Notices, Self::Mails, Self::Refunds, Self::Books, Self::Stock, Self::Exceptions, Self::Systems];

    /// In a sentence, as it stands in the picture.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Events => "every event has an id of its own, every ledger counts its steps without a gap",
            Self::Orders => "every order ended as it really did, piece by piece",
            Self::Notices => "shop and ERP heard of every parcel, return and completion exactly once",
            Self::Mails => "no mail went out twice",
            Self::Refunds => "every refund is right to the penny and was paid once",
            Self::Books => "every entry balances and every account is what it must be",
            Self::Stock => "every SKU's stock is what the warehouse really has",
            Self::Exceptions => "nothing is left for a person to look at",
            Self::Systems => "no system was asked for what it could not do",
        }
    }
}

/// An invariant that does not hold, with the order and the row in the sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    pub invariant: Invariant,
    pub sentence: String,
}

/// Collects failures.
#[derive(Default)]
pub(crate) struct Failures(pub Vec<Failure>);

impl Failures {
    pub fn add(&mut self, invariant: Invariant, sentence: String) {
        self.0.push(Failure { invariant, sentence });
    }

    /// Adds the sentence unless `said` is `really`.
    pub fn same<T: PartialEq>(&mut self, invariant: Invariant, said: T, really: T, sentence: impl FnOnce(T, T) -> String) {
        if said != really {
            self.add(invariant, sentence(said, really));
        }
    }
}

/// Listens to all derived events and says in the end what is wrong.
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

    /// The order's story is over, and it was found right: what is said of it from now on is wrong.
    pub fn forget(&mut self, key: &str) {
        self.heard.forget(key);
    }

    /// Looks at the stock when all is quiet: what differs is suspected only, for something may be under way.
    pub fn suspect_stock(&mut self, truth: &Truth<'_>) {
        self.suspects = stock::differing(&self.heard, truth).into_keys().collect();
    }

    /// Looks again at what was suspected.
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
        for sentence in &self.heard.faults {
            failures.add(Invariant::Events, sentence.clone());
        }
        for sentence in truth.complaints {
            failures.add(Invariant::Systems, sentence.clone());
        }
        exceptions::check(&self.heard, truth.watch, self.now, &mut failures);
        orders::check(&self.heard, truth, &mut failures);
        money::check(&self.heard, truth, &mut failures);
        stock::check(&self.heard, truth, &mut failures);
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
