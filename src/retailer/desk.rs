//! What the retailer's people decide about what Waybill asks them: each decision is a record of Waybill's own topic.
//!
//! A warehouse like SEKO says neither that it has stopped an order nor in which condition goods came back. Somebody telephones, and says at the desk what
//! the answer was: mostly within hours, sometimes a day later.

use super::faults::key;
use super::feeds::Feed;
use super::json::{Object, object};
use super::order::Order;
use super::shop::Shop;
use super::task::Task;
use super::world::World;
use crate::facts::Moment;
use crate::facts::time::Span;

/// An exception opens when a warehouse has not answered to a cancellation for so long.
const PATIENCE: Span = Span::days(1);
/// So close to the limit it may open or not: the shop's clock is off, and epochs take their time.
const DOUBT: Span = Span::minutes(40);

/// The warehouse has stopped the order, and nobody but the person on the telephone knows.
pub fn told_by_telephone(world: &mut World, index: u32) {
    let wait = if world.dice.percent(75) { world.dice.hours(1, 9) } else { world.dice.hours(25, 34) };
    world.after_by_day(wait, Task::SayStopped(index));
    if let (Some(key), Some(at)) = (unanswered(world, index), world.orders[index as usize].cancelled_at) {
        world.faults.watch.must(key, at + PATIENCE, "the warehouse never says that it has stopped the order");
    }
}

/// The exception that waits for the answer: where the shop has given the money back itself, none waits for it.
fn unanswered(world: &World, index: u32) -> Option<String> {
    let order = &world.orders[index as usize];
    let waits = order.captured > 0 && order.shop == Shop::Magento && !world.systems.shop_pays(order.shop);
    waits.then(|| key("cancel-unanswered", &order.key(), ""))
}

/// Says at the desk that the warehouse has stopped what was cancelled.
pub fn say_stopped(world: &mut World, index: u32) {
    let order = &world.orders[index as usize];
    let by_line: Vec<(i64, i64)> = order.lines.iter().map(|line| (line.item, line.cancelled)).filter(|(_, pieces)| *pieces > 0).collect();
    let waits = unanswered(world, index);
    let told = if waits.is_some() {
        decide(world, index, ("cancel-unanswered", "", "stopped"), &by_line)
    } else {
        let site = world.site_of(index).code;
        decide(world, index, ("release-unanswered", site, "stopped"), &[])
    };
    if let Some(key) = waits {
        world.faults.watch.over(&key, told);
        let due = world.orders[index as usize].cancelled_at.map_or(told, |at| at + PATIENCE);
        if (told.0 - due.0).abs() < DOUBT.0 {
            world.faults.watch.may(key, due + Span(-DOUBT.0), told + DOUBT, "the warehouse's answer comes a day late");
        }
    }
    world.say(index, "Staff", |_| "the warehouse has stopped it, says somebody at the desk".to_owned());
}

/// Somebody has looked at what came back, and will say so.
pub fn inspected(world: &mut World, index: u32) {
    let wait = if world.dice.percent(80) { world.dice.hours(1, 30) } else { world.dice.hours(75, 90) };
    world.after_by_day(wait, Task::SaySettled(index));
    for (item, from) in settled_later(&world.orders[index as usize]) {
        let key = key("goods-not-settled", &world.orders[index as usize].key(), &item.to_string());
        world.faults.watch.must(key, from, "the warehouse does not say in which condition goods came back");
    }
}

/// Days after which goods of an unknown condition are asked about.
const UNSETTLED: Span = Span::days(3);

/// Items that came back, and when somebody asks about them.
fn settled_later(order: &Order) -> Vec<(i64, Moment)> {
    order.receipts.iter().map(|receipt| (order.lines[receipt.line].item, receipt.at + UNSETTLED)).collect()
}

/// Says at the desk what became of the goods that came back.
pub fn say_settled(world: &mut World, index: u32) {
    let receipts = world.orders[index as usize].receipts.clone();
    for receipt in receipts {
        let item = world.orders[index as usize].lines[receipt.line].item;
        let choice = if receipt.good { "restocked" } else { "written-off" };
        let told = decide(world, index, ("goods-not-settled", &item.to_string(), choice), &[(item, receipt.pieces)]);
        let key = key("goods-not-settled", &world.orders[index as usize].key(), &item.to_string());
        world.faults.watch.over(&key, told);
        let due = receipt.at + UNSETTLED;
        if (told.0 - due.0).abs() < DOUBT.0 {
            world.faults.watch.may(key, due + Span(-DOUBT.0), told + DOUBT, "what became of the goods is said three days late");
        }
    }
    world.say(index, "Staff", |_| "what came back is settled, says somebody at the desk".to_owned());
}

/// Writes a decision about an order's exception: kind, number, choice; pieces by line. When it is heard.
fn decide(world: &mut World, index: u32, (kind, number, choice): (&str, &str, &str), by_line: &[(i64, i64)]) -> Moment {
    let order = world.orders[index as usize].key();
    let time = world.now.to_string();
    let line = |(item, pieces): &(i64, i64)| {
        object(|row: &mut Object<'_>| {
            row.text("line", &item.to_string()).text("quantity", &pieces.to_string());
        })
    };
    let lines: Vec<Vec<u8>> = by_line.iter().map(line).collect();
    let body = object(|body| {
        body.text("kind", kind).text("order", &order).text("number", number).text("choice", choice);
        if !lines.is_empty() {
            let list = [b"[".as_slice(), lines.join(&b',').as_slice(), b"]".as_slice()].concat();
            body.raw("lines", &list);
        }
        body.text("who", "desk").text("why", "the warehouse says so").text("decided_at", &time);
    });
    world.send(Feed::Decisions, Some(order.into_bytes()), Some(body))
}
