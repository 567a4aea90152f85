//! The carrier: scans of each parcel, in a feed that lags by minutes and sometimes by hours.

use super::clock::{System, zoned};
use super::faults::{Mishap, mishaps};
use super::feeds::Feed;
use super::json::object;
use super::task::{Scan, Task};
use super::world::World;
use crate::facts::Moment;
use crate::facts::time::Span;

/// A parcel is scanned; its next scan is put on the agenda.
pub fn scan(world: &mut World, index: u32, place: usize, scan: Scan) {
    let Some(parcel) = world.orders.get(index as usize).and_then(|order| order.parcels.get(place)) else { return };
    let tracking = parcel.tracking.clone();
    let number = world.orders[index as usize].number.clone();
    let (status, detail) = match scan {
        Scan::Label => ("pre_transit", "label_created"),
        Scan::Transit => ("in_transit", "departed_origin_facility"),
        Scan::Out => ("out_for_delivery", "out_for_delivery"),
        Scan::Attempted => ("attempted", "nobody_home"),
        Scan::Delivered => ("delivered", "arrived_at_destination"),
        Scan::Lost => ("lost", "declared_lost"),
    };
    let time = zoned(world.clock(System::Carrier));
    let city = world.orders[index as usize].person.city;
    let body = object(|body| {
        body.text("tracking_code", &tracking)
            .text("carrier", "RoyalMail")
            .text("status", status)
            .text("status_detail", detail)
            .text("datetime", &time);
        body.text("order_number", &number).text("city", city).text("country", "GB");
    });
    let told = world.send(Feed::CarrierScans, Some(tracking.clone().into_bytes()), Some(body));
    let scanned = world.clock(System::Carrier);
    world.orders[index as usize].parcels[place].told_late = Span(told.0 - scanned.0);
    world.say(index, "Carrier", |_| format!("parcel {tracking}: {}", status.replace('_', " ")));
    next(world, index, place, scan, told);
}

fn next(world: &mut World, index: u32, place: usize, scan: Scan, told: Moment) {
    let unlucky = place == 0 && world.orders[index as usize].mishap == Some(Mishap::ParcelLost);
    let (wait, next) = match scan {
        Scan::Label => (world.dice.hours(2, 8), Scan::Transit),
        Scan::Transit if unlucky => (world.dice.hours(20, 60), Scan::Lost),
        Scan::Transit => (world.dice.hours(10, 36), Scan::Out),
        Scan::Out if world.dice.percent(6) => (world.dice.hours(1, 6), Scan::Attempted),
        Scan::Attempted => (world.dice.hours(16, 26), Scan::Out),
        Scan::Out => (world.dice.minutes(40, 420), Scan::Delivered),
        Scan::Delivered => {
            delivered(world, index, place);
            return;
        }
        Scan::Lost => {
            let number = world.orders[index as usize].parcels[place].number.clone();
            mishaps::parcel_lost(world, index, &number, told);
            return;
        }
    };
    match next {
        Scan::Out | Scan::Attempted | Scan::Delivered => world.after_by_day(wait, Task::Scan(index, place, next)),
        _ => world.after(wait, Task::Scan(index, place, next)),
    }
}

/// The parcel counts as delivered.
pub fn delivered(world: &mut World, index: u32, place: usize) {
    count_as_delivered(world, index, place);
    if world.orders[index as usize].delivered_all() {
        arrived(world, index);
    }
}

/// Nobody has told of the parcel's arrival for so long that it counts as delivered.
pub fn count_as_delivered(world: &mut World, index: u32, place: usize) {
    let now = world.now;
    let order = &mut world.orders[index as usize];
    order.parcels[place].delivered_at = Some(now);
    for (line, count) in order.parcels[place].pieces.clone() {
        order.lines[line].delivered += count;
    }
}

/// The shopper has all that he wanted: he may send some back, and pays the invoice.
pub fn arrived(world: &mut World, index: u32) {
    let order = &world.orders[index as usize];
    let (returns, account) = (order.story.returns(), order.pay == super::order::Pay::Account);
    if returns {
        let wait = world.dice.hours(20, 140);
        world.after_by_day(wait, Task::LogReturn(index));
    }
    if account {
        let wait = world.dice.hours(24, 160);
        world.after(wait, Task::Money(index));
    }
}
