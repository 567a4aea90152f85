//! What orders add up to: of those that are forgotten, and of all.

use std::collections::BTreeMap;

use super::books::{Balances, post_order};
use super::order::Order;
use super::shop::Shop;

#[derive(Clone, Debug, Default)]
pub struct Sums {
    pub orders: usize,
    /// Those that were placed in the second shop.
    pub second_shop: usize,
    /// How many lived which story.
    pub stories: BTreeMap<&'static str, usize>,
    /// The books as they must be.
    pub books: Balances,
    /// Pieces that left the house, and that came back in good order.
    pub sent: i64,
    pub back: i64,
    /// Orders with money back; what was due and what was paid, in hundredths.
    pub refunds: usize,
    pub due: i64,
    pub paid: i64,
    /// Paid beyond what was due.
    pub too_much: i64,
}

impl Sums {
    pub fn add(&mut self, order: &Order) {
        self.orders += 1;
        self.second_shop += usize::from(order.shop == Shop::Shopify);
        *self.stories.entry(order.story.label()).or_default() += 1;
        post_order(&mut self.books, order);
        self.sent += order.lines.iter().map(|line| line.despatched).sum::<i64>();
        self.back += order.lines.iter().map(|line| line.back_good).sum::<i64>();
        self.refunds += usize::from(order.due() > 0);
        self.due += order.due();
        self.paid += order.refunded();
        self.too_much += order.too_much();
    }
}
