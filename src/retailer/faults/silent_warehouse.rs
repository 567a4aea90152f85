//! The warehouse's line is down for an hour and more: it works on, and when the line is back everything comes at once.

use super::{Incident, key};
use crate::facts::Moment;
use crate::facts::time::Span;
use crate::retailer::clock::System;
use crate::retailer::ids::SITE;
use crate::retailer::world::World;

pub(super) fn begin(world: &mut World, silence: &Incident) {
    let until = world.now + Span::minutes(silence.size);
    world.wires.silence(System::Peoplevox, until);
    world.faults.note(world.now, format!("the warehouse sends nothing for {} minutes; its work goes on", silence.size));
}

/// An exception opens when a warehouse has not answered for so long.
const PATIENCE: Span = Span::hours(1);
/// So close to the limit the exception may open or not: the warehouse's clock is off, and epochs take their time.
const DOUBT: Span = Span::minutes(20);

/// The warehouse has taken up an order; Waybill hears of it at `told`.
pub fn answered(world: &mut World, index: u32, told: Moment) {
    let order = &world.orders[index as usize];
    let Some(asked) = order.asked_at.filter(|asked| told + DOUBT >= *asked + PATIENCE) else { return };
    let (key, from) = (key("release-unanswered", &order.key(), SITE), asked + PATIENCE);
    if told >= from + DOUBT {
        world.faults.watch.must(key.clone(), from, "the warehouse answers a go-ahead more than an hour late");
        world.faults.watch.over(&key, told);
    } else {
        world.faults.watch.may(key, from, told + DOUBT, "the warehouse answers a go-ahead an hour late");
    }
}
