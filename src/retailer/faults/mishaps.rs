//! Mishaps of single orders, and the exception that each leaves for a person.
//!
//! | mishap | exception | open until |
//! | --- | --- | --- |
//! | the carrier loses the parcel | `parcel-lost` | the end: nobody decides |
//! | the warehouse does not find the goods, and closes the order | `short-closed` | the shop cancels too; it forgets a quarter of them |
//! | ... and sends the order without them, where an order is sent once | `short-closed` | the shop credits what finance has paid back |
//! | finance pays back five pounds too much | `over-refunded` | the end |
//! | a transfer never comes, and the shop forgets to cancel | `unpaid` | the end |
//! | somebody changes a quantity in the ERP | `erp-differs` | the end |

use super::{Kind, Mishap, key};
use crate::facts::Moment;
use crate::facts::time::Span;
use crate::retailer::chance::Dice;
use crate::retailer::order::{Order, Pay, Story};
use crate::retailer::shop::Shop;
use crate::retailer::task::Task;
use crate::retailer::world::World;

/// Is this order one of the unlucky?
pub fn draw(world: &World, dice: &mut Dice, order: &Order) -> Option<Mishap> {
    if !world.faults.has(Kind::Mishaps) {
        return None;
    }
    let roll = dice.range(1, 1_000);
    let drawn = match order.story {
        Story::NeverPays => (roll <= 80).then_some(Mishap::Forgotten),
        Story::PartReturn if order.pay == Pay::Captured => (roll <= 50).then_some(Mishap::PaidTooMuch),
        Story::Straight if order.pay == Pay::Captured => match roll {
            1..=6 => Some(Mishap::ParcelLost),
            7..=14 => Some(Mishap::GoodsLost),
            15..=19 => Some(Mishap::ErpTouched),
            _ => None,
        },
        _ => None,
    };
    drawn.filter(|mishap| mishap.can_befall(world.systems, order.shop))
}

/// The order is placed.
pub fn placed(world: &mut World, index: u32) {
    let order = &mut world.orders[index as usize];
    if order.mishap == Some(Mishap::Forgotten) {
        order.waits = true;
        let (key, from) = (key("unpaid", &order.key(), ""), order.placed_at + Span::days(3));
        world.faults.watch.must(key, from, "the customer never pays, and the shop never cancels");
    }
}

/// The carrier says that the parcel is lost; Waybill hears of it at `told`.
pub fn parcel_lost(world: &mut World, index: u32, parcel: &str, told: Moment) {
    let key = key("parcel-lost", &world.orders[index as usize].key(), parcel);
    world.faults.watch.must(key, told, "the carrier lost the parcel");
}

/// The warehouse has closed the order without sending anything.
pub fn goods_lost(world: &mut World, index: u32) {
    let order = &world.orders[index as usize];
    let key = key("short-closed", &order.key(), &order.number);
    world.faults.watch.must(key, world.now + Span::hours(1), "the warehouse does not find the goods");
    let shop_will_cancel = world.orders[index as usize].shop == Shop::Magento && world.dice.percent(75);
    if shop_will_cancel {
        let wait = world.dice.hours(4, 30);
        world.after(wait, Task::CancelToo(index));
    }
}

/// The warehouse has sent an order without some pieces of this item, for good.
pub fn goods_short(world: &mut World, index: u32, item: i64) {
    let key = key("short-closed", &world.orders[index as usize].key(), &item.to_string());
    // The order leaves within the hour, and the next push tells of it.
    world.faults.watch.must(key, world.now, "the warehouse does not find some of the goods");
}

/// The shop has credited them.
pub fn credited_short(world: &mut World, index: u32, item: i64) {
    let key = key("short-closed", &world.orders[index as usize].key(), &item.to_string());
    world.faults.watch.over(&key, world.now);
}

/// The shop has cancelled what the warehouse did not find.
pub fn cancelled_too(world: &mut World, index: u32) {
    let order = &world.orders[index as usize];
    let key = key("short-closed", &order.key(), &order.number);
    world.faults.watch.over(&key, world.now);
}

/// Finance has paid more than was due.
pub fn paid_too_much(world: &mut World, index: u32) {
    let key = key("over-refunded", &world.orders[index as usize].key(), "");
    world.faults.watch.must(key, world.now, "finance paid back too much");
}

/// Somebody has changed a quantity in the ERP's record.
pub fn erp_touched(world: &mut World, index: u32, document: &str) {
    let key = key("erp-differs", &world.orders[index as usize].key(), document);
    world.faults.watch.must(key, world.now + Span::hours(1), "somebody changed the ERP's record");
}
