//! One fact, one authority (journey.md): which source's rows count. Rows of the others are mirrors: kept, shown, never added.

use crate::entities::rules::{Authority, Role, Rules};
use crate::facts::SourceId;

/// Who tells what left (`fact`: despatches) and what came back (receipts) at a location: the warehouse system of the location; the ERP where
/// none is set; the shop where there is neither. A location that the configuration does not know belongs to whatever warehouse system speaks
/// of it. Configuration may have moved the fact to one source.
pub(super) fn goods_count_from(rules: &Rules, fact: Authority, source: SourceId, location: &str) -> bool {
    if let Some(moved) = rules.authorities.get(&fact) {
        return *moved == source;
    }
    match rules.location(location) {
        Some(known) => match known.wms {
            Some(wms) => wms == source,
            None if rules.has(Role::Erp) => rules.plays(source, Role::Erp),
            None => rules.plays(source, Role::Shop) || rules.plays(source, Role::Pos),
        },
        None => rules.plays(source, role_for_goods(rules)),
    }
}

/// The role that tells of goods where no location says more.
pub(super) fn role_for_goods(rules: &Rules) -> Role {
    if rules.has(Role::Wms) {
        Role::Wms
    } else if rules.has(Role::Erp) {
        Role::Erp
    } else {
        Role::Shop
    }
}

/// Who tells of payments: where the order was placed, if configuration has not moved it.
pub(super) fn payments_count_from(rules: &Rules, source: SourceId, shop: Option<SourceId>) -> bool {
    rules.authorities.get(&Authority::Payments).copied().or(shop) == Some(source)
}
