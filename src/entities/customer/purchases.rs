//! What a person bought: running sums over the orders that count, by brand and by the order's address.
//!
//! By address, because marketing may only know orders of an address with consent to profiling (journey.md, "Customers"). Moments of placing are
//! kept as a counted set, so that the first and the last stay right when an order ceases to count.

use std::collections::BTreeMap;

use imbl::{OrdMap, OrdSet};

use crate::entities::KeptRow;
use crate::entities::keyed_rows::RunningSums;
use crate::facts::customer::OrderSummary;
use crate::facts::{Amount, Currency, CustomerRow, Digest, Moment, Quantity, RowKey, SourceId, Text};

/// What was bought.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Bought {
    /// How many orders.
    pub orders: u64,
    /// By currency: how many orders, and captured less refunded of them.
    pub spend: BTreeMap<Currency, (u64, Amount)>,
    /// Pieces that came back and were accepted.
    pub returned: Quantity,
    /// Moments of placing, each with the number of orders.
    placed: OrdMap<Moment, u64>,
}

impl Bought {
    /// When the first order was placed.
    pub fn first(&self) -> Option<Moment> {
        self.placed.get_min().map(|(at, _)| *at)
    }

    /// When the last order was placed.
    pub fn last(&self) -> Option<Moment> {
        self.placed.get_max().map(|(at, _)| *at)
    }

    fn enter(&mut self, order: &OrderSummary) {
        self.orders += 1;
        self.returned += order.returned;
        let (orders, spend) = self.spend.entry(order.currency).or_default();
        *orders += 1;
        *spend += order.spend;
        *self.placed.entry(order.placed_at).or_default() += 1;
    }

    fn leave(&mut self, order: &OrderSummary) {
        self.orders = self.orders.saturating_sub(1);
        self.returned -= order.returned;
        if let Some((orders, spend)) = self.spend.get_mut(&order.currency) {
            *orders = orders.saturating_sub(1);
            *spend -= order.spend;
            if *orders == 0 {
                self.spend.remove(&order.currency);
            }
        }
        less(&mut self.placed, &order.placed_at);
    }

    /// Adds what was bought with another address. Of the moments only the first and the last stay right.
    pub fn join(&mut self, other: &Self) {
        self.orders += other.orders;
        self.returned += other.returned;
        for (currency, (orders, spend)) in &other.spend {
            let sum = self.spend.entry(*currency).or_default();
            sum.0 += orders;
            sum.1 += *spend;
        }
        for at in [other.first(), other.last()].into_iter().flatten() {
            *self.placed.entry(at).or_default() += 1;
        }
    }
}

/// Takes one from a count; a count of nothing is not kept.
fn less<K: Ord + Clone>(counts: &mut OrdMap<K, u64>, key: &K) {
    match counts.get(key).copied() {
        Some(count) if count > 1 => {
            counts.insert(key.clone(), count - 1);
        }
        _ => {
            counts.remove(key);
        }
    }
}

/// The sums of one customer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PurchaseSums {
    /// What was bought, by brand and address.
    pub bought: OrdMap<(Text, Option<Digest>), Bought>,
    /// Brands that know the person: number of accounts, consents and orders that count.
    pub brands: OrdMap<Text, u64>,
    /// Orders that tell an address, by brand and moment of placing: the newest is written to.
    addressed: OrdSet<(Text, Moment, RowKey)>,
}

impl PurchaseSums {
    /// The row of the newest order of a brand that tells an address.
    pub fn addressed(&self, brand: &Text) -> Option<&RowKey> {
        let until = (brand.clone(), Moment::MAX, RowKey { kind: u8::MAX, source: SourceId(u16::MAX), id: Text::default() });
        let newest = self.addressed.get_prev(&until)?;
        (newest.0 == *brand).then_some(&newest.2)
    }
}

/// The brand by which a row knows the person.
fn brand(kept: &KeptRow<CustomerRow>) -> Option<&Text> {
    match kept.content()?.told() {
        CustomerRow::Account(account) => Some(&account.brand),
        CustomerRow::Consent(consent) => Some(&consent.brand),
        CustomerRow::Order(order) => order.counts.then_some(&order.brand),
        _ => None,
    }
}

/// Where the order of a row stands among those that tell an address.
fn addressed(key: &RowKey, kept: &KeptRow<CustomerRow>) -> Option<(Text, Moment, RowKey)> {
    match kept.live()?.told() {
        CustomerRow::Order(order) if order.address.is_some() => Some((order.brand.clone(), order.placed_at, key.clone())),
        _ => None,
    }
}

impl RunningSums<CustomerRow> for PurchaseSums {
    /// An order that is somebody else's now, and what other customers tell no more.
    const DROPPED_WHEN_DELETED: &'static [u8] = &[
        CustomerRow::ORDER,
        CustomerRow::MEMBER,
        CustomerRow::LEADS,
        CustomerRow::CONTACT,
        CustomerRow::ADDRESS_HOLDER,
        CustomerRow::TOLD_ERASURE,
        CustomerRow::JOINED + CustomerRow::ACCOUNT,
        CustomerRow::JOINED + CustomerRow::CONSENT,
        CustomerRow::JOINED + CustomerRow::ORDER,
    ];

    fn enter(&mut self, key: &RowKey, kept: &KeptRow<CustomerRow>) {
        self.addressed.extend(addressed(key, kept));
        if let Some(brand) = brand(kept) {
            *self.brands.entry(brand.clone()).or_default() += 1;
        }
        if let Some(order) = counting(kept) {
            self.bought.entry((order.brand.clone(), order.email)).or_default().enter(order);
        }
    }

    fn leave(&mut self, key: &RowKey, kept: &KeptRow<CustomerRow>) {
        if let Some(addressed) = addressed(key, kept) {
            self.addressed.remove(&addressed);
        }
        if let Some(brand) = brand(kept) {
            less(&mut self.brands, brand);
        }
        if let Some(order) = counting(kept) {
            let of = (order.brand.clone(), order.email);
            if let Some(bought) = self.bought.get_mut(&of) {
                bought.leave(order);
                if bought.orders == 0 {
                    self.bought.remove(&of);
                }
            }
        }
    }

    /// That an account is deleted stays known: its orders are still there.
    fn is_mark(key: &RowKey, kept: &KeptRow<CustomerRow>) -> bool {
        kept.is_deleted() && kept.upserted.is_none() && key.kind != CustomerRow::ACCOUNT
    }
}

fn counting(kept: &KeptRow<CustomerRow>) -> Option<&OrderSummary> {
    match kept.content()?.told() {
        CustomerRow::Order(order) if order.counts => Some(order),
        _ => None,
    }
}
