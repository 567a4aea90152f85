//! Clocks that are off by up to a quarter of an hour. Deadlines are measured by the sources' own times, so an order of a shop whose clock is far
//! behind looks old as soon as it is placed: whether it is complete in time depends on how long its rows travel.

use super::key;
use crate::facts::time::Span;
use crate::retailer::clock::System;
use crate::retailer::world::World;

/// An order must be complete so long after it was placed.
const PATIENCE: Span = Span::minutes(15);
/// Rows travel at most so long.
const ON_THE_WAY: Span = Span::minutes(6);

/// The shop's order is placed.
pub fn placed(world: &mut World, index: u32) {
    let behind = -world.clocks.off(System::Magento).0;
    if behind > PATIENCE.0 - ON_THE_WAY.0 {
        let key = key("order-incomplete", &world.orders[index as usize].key(), "");
        world.faults.watch.may(key, world.now, world.now + PATIENCE, "the shop's clock is far behind: what is new looks old");
    }
}
