//! What staff do by hand in the systems that there are, for those that the retailer lacks: book what leaves and what comes back, count, pay.

use super::clock::System;
use super::order::Payout;
use super::shop::Shop;
use super::task::Task;
use super::units::{pence, pounds};
use super::{Retailer, carrier, house};
use crate::events::refund_requests::RefundRequest;

impl Retailer {
    /// The parcel is with its shopper: Shopify follows it itself, of another shop's nobody tells.
    pub(super) fn hand_over(&mut self, index: u32, place: usize) {
        let world = &mut self.world;
        if world.systems.tells_delivery(world.orders[index as usize].shop) {
            self.shops.shopify.delivered(world, index, place);
            carrier::delivered(world, index, place);
        } else {
            house::handed_over(world, index, place);
        }
    }

    /// The shop books a parcel that it has sent by itself.
    pub(super) fn shop_books(&mut self, index: u32, place: usize) {
        let world = &mut self.world;
        match world.orders[index as usize].shop {
            Shop::Magento => self.shops.magento.send(world, index, place),
            Shop::Shopify => self.shops.shopify.send(world, index, place),
        }
    }

    /// The shopper takes fewer pieces, or none. Staff without a system to ask them see it at once.
    pub(super) fn cancel(&mut self, index: u32, by: &[i64]) {
        let world = &mut self.world;
        match world.orders[index as usize].shop {
            Shop::Magento => self.shops.magento.cancel(world, index, by),
            Shop::Shopify => self.shops.shopify.cancel(world, index, by),
        }
        if world.systems.shop_sends() {
            let site = world.orders[index as usize].site;
            self.warehouses[site].follow(world, index);
        }
        self.finance_hears(index);
    }

    /// What came back is in the house: the ERP posts it, or the shop credits it; and the shop counts it, where it counts.
    pub(super) fn came_back(&mut self, index: u32, pieces: &[i64]) {
        let articles: Vec<usize> = self.world.orders[index as usize].lines.iter().map(|line| line.article).collect();
        if self.world.systems.shop_sends() {
            // Staff refund and restock in one.
            self.credit(index);
        }
        for (article, count) in articles.into_iter().zip(pieces).filter(|(_, count)| **count > 0) {
            self.goods_in(article, *count);
        }
        let world = &mut self.world;
        match (world.systems.erp(), world.systems.has_wms()) {
            (Some(_), true) | (None, false) => {}
            (Some(erp), false) => {
                let wait = world.dice.minutes(2, 60);
                world.queue(erp, index, wait, Task::ErpTakesIn(index));
            }
            (None, true) => {
                let wait = world.dice.minutes(10, 600);
                world.after(wait, Task::Credit(index));
            }
        }
    }

    /// Goods are on the shelf: a shop that counts has a new figure.
    pub(super) fn goods_in(&mut self, article: usize, pieces: i64) {
        let world = &mut self.world;
        if !world.systems.shop_counts() {
            return;
        }
        if world.systems.has(System::Magento) {
            world.begin(System::Magento);
            self.shops.magento.stock.add(world, article, pieces);
        } else {
            self.shops.shopify.goods_in(world, article, pieces);
        }
    }

    /// Staff credit in the shop what came back, and pay if the shop pays.
    pub(super) fn credit(&mut self, index: u32) {
        let world = &mut self.world;
        match world.orders[index as usize].shop {
            Shop::Magento => self.shops.magento.credit_return(world, index),
            Shop::Shopify => self.shops.shopify.credit_return(world, index),
        }
        self.finance_hears(index);
    }

    /// Where the shop has paid and finance is there, finance sees the payment on its accounts later.
    fn finance_hears(&mut self, index: u32) {
        let world = &mut self.world;
        let order = &world.orders[index as usize];
        if !world.systems.has(System::Finance) || !world.systems.shop_pays(order.shop) {
            return;
        }
        for place in (0..order.payouts.len()).collect::<Vec<_>>() {
            let wait = world.dice.minutes(5, 90);
            world.after(wait, Task::FinanceSees(index, place));
        }
    }

    /// A refund request where no finance is: the shop's staff pay back by the shop.
    pub(super) fn shop_pays_back(&mut self, index: u32, asked: &RefundRequest) {
        let world = &mut self.world;
        let order = &mut world.orders[index as usize];
        let amount = pence(asked.total) - order.refunded();
        if amount <= 0 {
            return;
        }
        if order.refunded() + amount > order.captured {
            let (asked, captured) = (pounds(pence(asked.total)), pounds(order.captured));
            let sentence =
                format!("order {}: refund-requests asks the shop for {asked} in all, but only {captured} was captured", order.number);
            world.complain(sentence);
            return;
        }
        order.payouts.push(Payout { id: format!("shop-{}", order.payouts.len() + 1), amount, settled: true, asked: true });
        match order.shop {
            Shop::Magento => self.shops.magento.mirror_refund(world, index),
            Shop::Shopify => self.shops.shopify.pay_back(world, index, amount),
        }
    }
}
