//! Orders whose story is over are judged and forgotten, so that a long run fits into memory. What they add up to is kept.

use super::Retailer;
use super::judge::{Failure, Judge};
use super::shop::Shop;
use crate::facts::time::Span;

/// After so long without anything, an order's repeats and late rows have arrived.
const QUIET: Span = Span::days(3);
/// So many failures are kept; the rest of the orders wait for the end.
const FAILURES_MAX: usize = 200;

impl Retailer {
    /// Judges orders that are over and quiet, and forgets those that are right. The others stay, and are judged once more at the end.
    pub fn settle(&mut self, judge: &mut Judge) {
        let before = self.world.now + Span(-QUIET.0);
        let over: Vec<u32> =
            self.world.orders.iter().filter(|order| order.touched_at < before && order.is_over()).map(|order| order.index).collect();
        let mut wrong = 0;
        for index in over {
            let order = &self.world.orders[index as usize];
            let failures: Vec<Failure> = judge.verdict_of(&self.truth_of(order));
            if failures.is_empty() {
                judge.forget(&order.key());
                self.past.add(order);
                self.forget(index);
            } else {
                wrong += 1;
                if wrong > FAILURES_MAX {
                    return;
                }
            }
        }
    }

    fn forget(&mut self, index: u32) {
        match self.world.orders[index as usize].shop {
            Shop::Magento => self.shops.magento.forget(index),
            Shop::Shopify => self.shops.shopify.forget(index),
        }
        self.erp.forget(index);
        self.warehouses.iter_mut().for_each(|warehouse| warehouse.forget(index));
        self.finance.forget(index);
        self.world.forget(index);
    }
}
