//! What comes back to the warehouse.

use super::{Moved, Warehouse};
use crate::retailer::desk;
use crate::retailer::order::{Receipt, Story};
use crate::retailer::shop::Shop;
use crate::retailer::task::Task;
use crate::retailer::units::pounds;
use crate::retailer::world::World;

impl Warehouse {
    /// A return is announced by Waybill.
    pub fn announced(&mut self, index: u32, rma: &str) {
        self.wms.announced(index, rma);
    }

    /// The customer's parcel comes back.
    pub fn take_back(&mut self, world: &mut World, index: u32, pieces: &[i64]) {
        let order = world.orders[index as usize].clone();
        // Only a warehouse's system says in which condition goods came back.
        let good = order.story != Story::DamagedReturn || !world.systems.has(self.system());
        let back: Vec<(usize, i64)> = pieces.iter().copied().enumerate().filter(|(_, count)| *count > 0).collect();
        let codes = self.wms.received(world, index, self.orders.get(&index), &back, good);
        for ((place, count), code) in back.iter().copied().zip(codes) {
            let line = &mut world.orders[index as usize].lines[place];
            if !good {
                line.back_damaged += count;
            } else if world.systems.shop_sends() && order.shop == Shop::Magento {
                line.back_untold += count;
            } else {
                line.back_good += count;
            }
            if good && self.wms.sees_condition() {
                self.put_back(world, order.lines[place].article, count);
            }
            let at = world.now;
            world.orders[index as usize].receipts.push(Receipt { at, code, line: place, pieces: count, good });
        }
        if self.wms.sees_condition() {
            self.feed(world);
        } else {
            let wait = world.dice.hours(1, 6);
            world.after_by_day(wait, Task::Inspect(index));
        }
        let label = self.label();
        world.say(index, label, |world| {
            let pieces: i64 = pieces.iter().sum();
            let due = pounds(world.orders[index as usize].due());
            format!("{pieces} piece{} back, {}; {due} is due", if pieces == 1 { "" } else { "s" }, if good { "as new" } else { "damaged" })
        });
    }

    fn put_back(&mut self, world: &mut World, article: usize, pieces: i64) {
        world.free_moved(article, pieces);
        self.move_stock(world, article, pieces, Moved::PutBack);
    }

    /// What came back is looked at: good pieces go onto the shelf, others where nobody sells them.
    pub fn inspect(&mut self, world: &mut World, index: u32) {
        let receipts = world.orders[index as usize].receipts.clone();
        for receipt in receipts {
            let article = world.orders[index as usize].lines[receipt.line].article;
            self.wms.put_away(world, article, receipt.pieces, receipt.good);
            if receipt.good {
                self.put_back(world, article, receipt.pieces);
            }
        }
        self.feed(world);
        let label = self.label();
        world.say(index, label, |_| "what came back is inspected and put away".to_owned());
        desk::inspected(world, index);
    }
}
