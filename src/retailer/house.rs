//! The work of systems that the retailer lacks: when staff begin with an order, who books what leaves the house, when it has arrived.
//! What is done in the systems that there are: [`super::by_hand`].

use super::carrier;
use super::clock::System;
use super::task::{Scan, Task};
use super::world::World;
use crate::facts::time::Span;

/// A parcel without a final scan counts as delivered so long after it left.
const COUNTS_AS_DELIVERED: Span = Span::days(21);

/// The order is there and, as far as the shop can see, good for its money: staff begin with it, where no other system asks for it.
pub fn paid(world: &mut World, index: u32) {
    if world.systems.shop_sends() {
        let wait = world.dice.minutes(20, 90);
        world.after(wait, Task::Begin(index));
    }
}

/// The ERP has released the order: staff begin with it.
pub fn released(world: &mut World, index: u32) {
    if !world.systems.has_wms() {
        let wait = world.dice.minutes(5, 60);
        world.after(wait, Task::Begin(index));
    }
}

/// A parcel has left a house without a warehouse system: the ERP posts it, else the shop books it.
pub fn left(world: &mut World, index: u32, place: usize) {
    let wait = world.dice.minutes(1, 30);
    let (system, task) = match world.systems.erp() {
        Some(erp) => (erp, Task::ErpPost(index, place)),
        None => (world.orders[index as usize].shop.system(), Task::ShopBooks(index, place)),
    };
    world.queue(system, index, wait, task);
    if world.systems.has(System::Carrier) {
        let label = world.dice.minutes(40, 120);
        world.after(label, Task::Scan(index, place, Scan::Label));
    } else {
        on_its_way(world, index, place);
    }
}

/// A parcel of which no carrier will tell.
pub fn on_its_way(world: &mut World, index: u32, place: usize) {
    let wait = world.dice.hours(14, 60);
    world.after_by_day(wait, Task::HandOver(index, place));
}

/// It is with its shopper.
pub fn handed_over(world: &mut World, index: u32, place: usize) {
    let order = &mut world.orders[index as usize];
    order.handed_over += 1;
    let at = order.parcels[place].despatched_at + COUNTS_AS_DELIVERED;
    let all = order.despatched_all() && order.handed_over == order.parcels.len();
    world.at(at, Task::CountAsDelivered(index, place));
    if all {
        carrier::arrived(world, index);
    }
}
