//! The warehouse's line is down for an hour and more: it works on, and when the line is back everything comes at once.

use super::{Incident, key};
use crate::events::fulfilment_requests::FulfilmentAction;
use crate::facts::Moment;
use crate::facts::time::Span;
use crate::retailer::clock::System;
use crate::retailer::world::World;

pub(super) fn begin(world: &mut World, silence: &Incident) {
    let until = world.now + Span::minutes(silence.size);
    let systems: Vec<System> = world.sites.iter().filter_map(|site| site.system).collect();
    systems.into_iter().for_each(|system| world.wires.silence(system, until));
    world.faults.note(world.now, format!("the warehouse sends nothing for {} minutes; its work goes on", silence.size));
}

/// An exception opens when a warehouse has not answered for so long; longer where one says nothing before its dispatch.
const PATIENCE: Span = Span::hours(1);
const PATIENCE_FOR_DISPATCH: Span = Span::days(2);
/// So close to the limit the exception may open or not: the warehouse's clock is off, and epochs take their time.
const DOUBT: Span = Span::minutes(20);

fn patience(world: &World) -> Span {
    if world.systems.has(System::Seko) { PATIENCE_FOR_DISPATCH } else { PATIENCE }
}

fn unanswered(world: &World, index: u32) -> String {
    key("release-unanswered", &world.orders[index as usize].key(), world.site_of(index).code)
}

/// The warehouse has taken up an order; Waybill hears of it at `told`.
pub fn answered(world: &mut World, index: u32, told: Moment) {
    let (order, patience) = (&world.orders[index as usize], patience(world));
    let Some(asked) = order.asked_at.filter(|asked| told + DOUBT >= *asked + patience) else { return };
    let (key, from) = (unanswered(world, index), asked + patience);
    if told >= from + DOUBT {
        world.faults.watch.must(key.clone(), from, "the warehouse answers a go-ahead late");
        world.faults.watch.over(&key, told);
    } else {
        world.faults.watch.may(key, from, told + DOUBT, "the warehouse answers a go-ahead late");
    }
}

/// A warehouse was asked that answers with its dispatch alone.
pub fn asked(world: &mut World, index: u32, action: FulfilmentAction) {
    if world.site_of(index).system != Some(System::Seko) {
        return;
    }
    let (key, now) = (unanswered(world, index), world.now);
    world.faults.watch.over(&key, now);
    if action == FulfilmentAction::Release {
        world.orders[index as usize].asked_at = Some(now);
        world.faults.watch.must(key, now + PATIENCE_FOR_DISPATCH, "goods are sent days after the go-ahead, or never");
    }
}

/// It has sent the order; Waybill hears of it at `told`.
pub fn dispatched(world: &mut World, index: u32, told: Moment) {
    let Some(from) = world.orders.get(index as usize).and_then(|order| order.asked_at).map(|asked| asked + PATIENCE_FOR_DISPATCH) else {
        return;
    };
    let key = unanswered(world, index);
    world.faults.watch.over(&key, told);
    if (told.0 - from.0).abs() < DOUBT.0 {
        world.faults.watch.may(key, from + Span(-DOUBT.0), told + DOUBT, "goods are sent two days after the go-ahead");
    }
}
