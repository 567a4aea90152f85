//! A connector has lost its place and reads its tables anew: every row as it stands, as a snapshot's row, at the log's present position.
//!
//! The shop's connector is set to leave out orders that have long been over, as large shops do.

use super::count;
use crate::retailer::Retailer;

pub(super) fn shop(retailer: &mut Retailer) {
    let rows = retailer.shops.magento.snapshot_again(&mut retailer.world);
    let what = format!("the shop's connector takes a new snapshot: {} again", count(rows, "row"));
    retailer.world.trouble.note(retailer.world.now, what);
}

pub(super) fn erp(retailer: &mut Retailer) {
    let rows = retailer.nav.snapshot_again(&mut retailer.world);
    let what = format!("the ERP's connector takes a new snapshot: {} again", count(rows, "row"));
    retailer.world.trouble.note(retailer.world.now, what);
}
