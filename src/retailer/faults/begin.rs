//! Incidents begin: each is given the systems that it happens to.

use super::{Kind, flash_sale, late_carrier, new_snapshot, night_counts, renumbering, silent_warehouse};
use crate::retailer::erp::Erp;
use crate::retailer::magento::Magento;
use crate::retailer::task::Task;
use crate::retailer::world::World;

/// Puts what is to come on the agenda.
pub fn announce(world: &mut World) {
    for number in 0..world.faults.incidents.len() {
        let at = world.faults.incidents[number].at;
        world.at(at, Task::Fault(number));
    }
}

/// An incident begins.
pub fn begin(world: &mut World, magento: &mut Magento, erp: &mut Erp, number: usize) {
    let Some(incident) = world.faults.incidents.get(number).copied() else { return };
    match incident.kind {
        Kind::FlashSale | Kind::LastSale => flash_sale::begin(world, &incident),
        Kind::SilentWarehouse => silent_warehouse::begin(world, &incident),
        Kind::LateCarrier => late_carrier::begin(world),
        Kind::ShopSnapshot => new_snapshot::shop(world, magento),
        Kind::ErpSnapshot => new_snapshot::erp(world, erp),
        Kind::Renumbering => renumbering::begin(world, erp),
        Kind::NightCounts => night_counts::begin(world),
        Kind::WrongClocks | Kind::Mishaps => {}
    }
}
