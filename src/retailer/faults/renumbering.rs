//! The ERP renumbers: open sales orders of which nothing is posted get numbers of a new series. A changed key arrives as one row deleted and
//! another inserted; nothing says that they are the same order.

use super::key;
use crate::facts::time::Span;
use crate::retailer::erp::Erp;
use crate::retailer::units::counted;
use crate::retailer::world::World;

pub(super) fn begin(world: &mut World, erp: &mut Erp) {
    let orders = erp.renumber(world);
    orders.iter().for_each(|index| renumbered(world, *index));
    world.faults.note(world.now, format!("the ERP gives {} other numbers", counted(orders.len(), "open order")));
}

/// A posting under the new number may arrive before the deletion of the former one: for a while there are two records.
fn renumbered(world: &mut World, index: u32) {
    let (order, now) = (&world.orders[index as usize], world.now);
    let duplicate = key("erp-duplicate", &order.key(), "");
    world.faults.watch.may(duplicate, now, now + Span::hours(1), "renumbered: what is posted overtakes what is gone");
}
