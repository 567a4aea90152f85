//! One fact, one authority (journey.md): which source's rows count. Rows of the others are mirrors: kept, shown, never added.

use crate::entities::rules::{Role, Rules};
use crate::facts::SourceId;

/// Who tells what left and what came back at a location: the warehouse system of the location; the ERP where none is set; the shop where
/// there is neither. A location that the configuration does not know belongs to whatever warehouse system speaks of it.
pub(super) fn tells_of_goods(rules: &Rules, source: SourceId, location: &str) -> bool {
    match rules.location(location) {
        Some(known) => match known.wms {
            Some(wms) => wms == source,
            None if rules.has(Role::Erp) => rules.plays(source, Role::Erp),
            None => rules.plays(source, Role::Shop) || rules.plays(source, Role::Pos),
        },
        None => rules.plays(source, house(rules)),
    }
}

/// The role that tells of goods where no location says more.
pub(super) fn house(rules: &Rules) -> Role {
    if rules.has(Role::Wms) {
        Role::Wms
    } else if rules.has(Role::Erp) {
        Role::Erp
    } else {
        Role::Shop
    }
}

/// Who authorises returns: the ERP, else the shop.
pub(super) fn authorises_returns(rules: &Rules, source: SourceId) -> bool {
    if rules.has(Role::Erp) { rules.plays(source, Role::Erp) } else { rules.plays(source, Role::Shop) || rules.plays(source, Role::Pos) }
}

/// Who tells of scans: the carrier; any source where no carrier is connected.
pub(super) fn tells_of_scans(rules: &Rules, source: SourceId) -> bool {
    !rules.has(Role::Carrier) || rules.plays(source, Role::Carrier)
}
