//! Magento's faults: its connector reads the tables anew; the shop cancels what the warehouse has closed already.

use super::{Magento, rows};
use crate::retailer::clock::System;
use crate::retailer::feeds::Feed;
use crate::retailer::op::Op;
use crate::retailer::order::Order;
use crate::retailer::world::World;

impl Magento {
    /// Orders, items, addresses, payments and stock figures as they stand, read again; how many rows.
    pub fn snapshot_again(&mut self, world: &mut World) -> usize {
        world.begin(System::Magento);
        let of: Vec<u32> = self.orders.keys().copied().filter(|index| world.orders.get(*index as usize).is_some()).collect();
        let mut count = 0;
        for (left, index) in (0..of.len()).rev().zip(of) {
            let order = world.orders[index as usize].clone();
            count += self.read_again(world, &order, left == 0);
        }
        count + self.stock.snapshot_again(world)
    }

    /// `last`: the last order that is read.
    fn read_again(&self, world: &mut World, order: &Order, last: bool) -> usize {
        let Some(own) = self.orders.get(&order.index) else { return 0 };
        let mut count = 2;
        let key = rows::key("entity_id", order.entity);
        world.change(Feed::SalesOrder, Op::read(last), key.clone(), None, Some(&own.header.image(order)));
        world.change(Feed::SalesOrderPayment, Op::read(last), key, None, Some(&own.payment.image(order)));
        let newest = order.lines.last().map(|line| line.child.unwrap_or(line.item));
        for (line, item) in order.lines.iter().zip(&own.items) {
            for child in [false, true] {
                let Some(id) = (if child { line.child } else { Some(line.item) }) else { continue };
                let times = (own.header.created_at, own.header.updated_at);
                let image = item.image(order, line, &world.articles[line.article], child, times);
                let op = Op::read(last && newest == Some(id));
                world.change(Feed::SalesOrderItem, op, rows::key("item_id", id), None, Some(&image));
                count += 1;
            }
        }
        if let Some((billing, shipping)) = own.header.addresses {
            for (id, kind) in [(billing, "billing"), (shipping, "shipping")] {
                let image = rows::address(order, id, kind);
                world.change(Feed::SalesOrderAddress, Op::read(last && kind == "shipping"), rows::key("entity_id", id), None, Some(&image));
                count += 1;
            }
        }
        count
    }

    /// The shop cancels what the warehouse will not send.
    pub fn cancel_too(&mut self, world: &mut World, index: u32) {
        let order = &mut world.orders[index as usize];
        order.waits = false;
        let by: Vec<(usize, i64)> = order.lines.iter().map(|line| (line.article, line.wanted())).collect();
        by.iter().for_each(|(article, pieces)| world.free_moved(*article, *pieces));
        let pieces: Vec<i64> = by.into_iter().map(|(_, pieces)| pieces).collect();
        self.cancel(world, index, &pieces);
    }
}
