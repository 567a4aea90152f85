//! A connector has lost its place and reads its tables anew: every row as it stands, as a snapshot's row, at the log's present position.
//!
//! The shop's connector is set to leave out orders that have long been over, as large shops do.

use crate::retailer::erp::Erp;
use crate::retailer::magento::Magento;
use crate::retailer::units::counted;
use crate::retailer::world::World;

pub(super) fn shop(world: &mut World, magento: &mut Magento) {
    let rows = magento.snapshot_again(world);
    world.faults.note(world.now, format!("the shop's connector takes a new snapshot: {} again", counted(rows, "row")));
}

pub(super) fn erp(world: &mut World, books: &mut Erp) {
    let rows = books.snapshot_again(world);
    world.faults.note(world.now, format!("the ERP's connector takes a new snapshot: {} again", counted(rows, "row")));
}
