//! What a kit derives for its parts, and a part for its kits: see [`super::super::kit`].

use std::collections::{BTreeMap, BTreeSet};

use super::fact::DerivedRow;
use crate::entities::KeptRow;
use crate::entities::rules::Rules;
use crate::entities::sku::kit;
use crate::entities::sku::state::SkuState;
use crate::entities::sku::stock::ChannelStock;
use crate::facts::ids::join_key;
use crate::facts::sku::{Allocation, Demand, DemandDespatch, Despatched, KitPart, PartFigure, UsedIn};
use crate::facts::{Quantity, RowKey, Sku, SkuRow, Text};

/// For each part: that it is used in this kit, and the lines and despatches of the kit.
pub(super) fn for_parts(sku: &Sku, state: &SkuState, rules: &Rules) -> Vec<DerivedRow> {
    let mut facts = Vec::new();
    let cycle = kit::is_cycle(sku, state, rules);
    let above: Vec<Sku> = kit::above(state).into_iter().collect();
    for (part, gone) in kit::reported(state, rules) {
        let over = gone || cycle;
        if state.unsealed.kits {
            let used = SkuRow::UsedIn(UsedIn { kit: sku.clone(), pieces: part.pieces, above: above.clone() });
            // A kit that contains itself is still reported to its parts: each of them finds itself above itself.
            facts.push(DerivedRow::sku(&part.part, SkuRow::USED_IN, sku.as_str().into(), (!gone).then_some(used)));
            let lines = state.of_kind(SkuRow::DEMAND).chain(state.of_kind(SkuRow::DESPATCHED));
            facts.extend(lines.map(|(key, kept)| for_part(sku, part, key, Some(kept).filter(|_| !over))));
        } else if !over {
            facts.extend(state.unsealed.rows.iter().map(|key| for_part(sku, part, key, state.row(key))));
        }
    }
    facts
}

/// A line, or a despatch, of the kit for a part.
fn for_part(kit: &Sku, part: &KitPart, key: &RowKey, kept: Option<&KeptRow<SkuRow>>) -> DerivedRow {
    let pieces = part.pieces;
    let row = match kept.and_then(KeptRow::live) {
        Some(SkuRow::Demand(demand)) => Some(SkuRow::Demand(Box::new(of_part(kit, demand, pieces)))),
        Some(SkuRow::Despatched(own)) => Some(SkuRow::Despatched(Despatched { quantity: own.quantity.times(pieces), ..own.clone() })),
        _ => None,
    };
    DerivedRow::sku(&part.part, key.kind, join_key(&[kit.as_str(), &key.id]), row)
}

fn of_part(kit: &Sku, demand: &Demand, pieces: Quantity) -> Demand {
    let times = |statement: &Allocation| Allocation { quantity: statement.quantity.times(pieces), ..statement.clone() };
    let departed = |part: &DemandDespatch| DemandDespatch {
        key: join_key(&[kit.as_str(), &part.key]),
        quantity: part.quantity.times(pieces),
        ..part.clone()
    };
    Demand {
        claim: demand.claim.times(pieces),
        despatched: demand.despatched.iter().map(departed).collect(),
        allocated: demand.allocated.iter().map(times).collect(),
        posted: demand.posted.iter().map(times).collect(),
        price: None,
        via: demand.via.iter().chain([kit]).cloned().collect(),
        ..demand.clone()
    }
}

/// For the kits that it is used in: what is free of it; and that, by channel, as last derived.
pub(super) fn for_kits(sku: &Sku, state: &SkuState, figures: &[ChannelStock]) -> (Vec<DerivedRow>, BTreeMap<Text, Quantity>) {
    let kits: Vec<Sku> = kit::used_in(state).map(|used| used.kit.clone()).collect();
    if kits.is_empty() {
        return (Vec::new(), BTreeMap::new());
    }
    let now: BTreeMap<Text, Quantity> = figures.iter().map(|figure| (figure.channel.clone(), figure.free)).collect();
    let before = &state.last_derived.free;
    let channels: BTreeSet<&Text> = before.keys().chain(now.keys()).collect();
    let mut facts = Vec::new();
    for channel in channels {
        let free = now.get(channel).copied();
        if !state.unsealed.kits && before.get(channel).copied() == free {
            continue;
        }
        for kit in &kits {
            let figure = free.map(|free| SkuRow::PartFigure(PartFigure { part: sku.clone(), channel: channel.clone(), free: Some(free) }));
            facts.push(DerivedRow::sku(kit, SkuRow::PART_FIGURE, join_key(&[sku.as_str(), channel]), figure));
        }
    }
    (facts, now)
}
