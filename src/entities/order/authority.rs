//! One fact, one authority (journey.md): which source's rows count. Rows of other sources about the same fact are mirrors: they are stored and
//! shown, and never added.

use crate::entities::rules::{Authority, Role, Rules};
use crate::facts::SourceId;

/// Do this source's reports of goods at a location count? `fact`: despatches or receipts. They count from the location's warehouse system; where it
/// has none, from the ERP; where there is no ERP either, from shops and tills. At a location that the configuration does not know, reports of any
/// warehouse system count. Configuration can move the fact to one source; then only its reports count.
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

/// The role whose reports of goods count where the location is not known.
pub(super) fn role_for_goods(rules: &Rules) -> Role {
    if rules.has(Role::Wms) {
        Role::Wms
    } else if rules.has(Role::Erp) {
        Role::Erp
    } else {
        Role::Shop
    }
}

/// Do this source's payments count? Those of the source where the order was placed do, unless configuration moved the fact to another source.
pub(super) fn payments_count_from(rules: &Rules, source: SourceId, shop: Option<SourceId>) -> bool {
    rules.authorities.get(&Authority::Payments).copied().or(shop) == Some(source)
}
