//! The ERP renumbers: open sales orders of which nothing is posted get numbers of a new series. A key that changes is a row deleted and another
//! inserted; nothing says that they are the same.

use super::{count, key};
use crate::facts::time::Span;
use crate::retailer::Retailer;
use crate::retailer::world::World;

pub(super) fn begin(retailer: &mut Retailer) {
    let documents = retailer.nav.renumber(&mut retailer.world);
    let what = format!("the ERP gives {} other numbers", count(documents, "open order"));
    retailer.world.trouble.note(retailer.world.now, what);
}

/// What is posted under the new number may overtake the news that the former one is gone: for a while there are two records.
pub fn renumbered(world: &mut World, index: u32) {
    let (order, now) = (&world.orders[index as usize], world.now);
    let duplicate = key("erp-duplicate", &order.key(), "");
    world.trouble.watch.may(duplicate, now, now + Span::hours(1), "renumbered: what is posted overtakes what is gone");
}
