//! Kits: a kit has no count; its figure is the least over its parts of what is free of the part, by the pieces in one kit; a line of a kit
//! claims the parts.
//!
//! ```text
//! kit  ── UsedIn, its lines x pieces, its unresolved despatches x pieces ──> part
//! part ── PartFigure: free by channel ──> kits
//! ```
//!
//! A part may be a kit itself: it passes on what it hears. A kit that would contain itself passes nothing on, and a person is told.

use std::collections::BTreeSet;

use super::state::SkuState;
use super::stock::ChannelStock;
use super::tells::Tell;
use crate::entities::Kept;
use crate::entities::rules::{Authority, Rules};
use crate::facts::ids::join_key;
use crate::facts::sku::{Allocation, Demand, DemandDespatch, Despatched, KitPart, PartFigure, UsedIn};
use crate::facts::{Quantity, RowKey, Sku, SkuRow, SourceId};

/// Parts as their owner tells them; `true`: it is not a part any more.
fn told<'a>(state: &'a SkuState, rules: &Rules) -> impl Iterator<Item = (&'a KitPart, bool)> {
    let rows = state.of_kind(SkuRow::KIT_PART).filter(|(key, _)| rules.counts_from(Authority::Products, key.source));
    rows.filter_map(|(_, kept)| match kept.content() {
        Some(SkuRow::KitPart(part)) => Some((part, kept.is_deleted() || !part.pieces.is_positive())),
        _ => None,
    })
}

/// What is in one of it.
pub fn parts<'a>(state: &'a SkuState, rules: &Rules) -> impl Iterator<Item = &'a KitPart> {
    told(state, rules).filter(|(_, gone)| !gone).map(|(part, _)| part)
}

pub fn is_kit(state: &SkuState, rules: &Rules) -> bool {
    parts(state, rules).next().is_some()
}

/// The kits that this SKU is used in, directly.
pub fn used_in(state: &SkuState) -> impl Iterator<Item = &UsedIn> {
    state.of_kind(SkuRow::USED_IN).filter_map(|(_, kept)| match kept.live() {
        Some(SkuRow::UsedIn(used)) => Some(used),
        _ => None,
    })
}

/// The kits that this SKU is used in, directly or not.
fn above(state: &SkuState) -> BTreeSet<Sku> {
    used_in(state).flat_map(|used| std::iter::once(&used.kit).chain(&used.above)).cloned().collect()
}

/// Does the kit contain itself?
pub fn is_cycle(sku: &Sku, state: &SkuState, rules: &Rules) -> bool {
    parts(state, rules).any(|part| part.part == *sku) || above(state).contains(sku)
}

/// What a part told of itself in a channel; `None`: nothing yet, or it was never counted there.
pub fn figure_of(state: &SkuState, part: &Sku, channel: &str) -> Option<Quantity> {
    let key = RowKey { kind: SkuRow::PART_FIGURE, source: SourceId::WAYBILL, id: join_key(&[part.as_str(), channel]) };
    match state.row(&key).and_then(Kept::live)? {
        SkuRow::PartFigure(figure) => figure.free,
        _ => None,
    }
}

/// The kit's figure: the least over its parts, rounded down to whole kits. `None` while a part has none.
pub fn least(state: &SkuState, rules: &Rules, channel: &str) -> Option<Quantity> {
    parts(state, rules)
        .map(|part| Some(figure_of(state, &part.part, channel)?.whole_times(part.pieces)))
        .collect::<Option<Vec<_>>>()?
        .into_iter()
        .min()
}

/// What a kit tells its parts, and a part its kits.
pub(super) fn tell(sku: &Sku, state: &mut SkuState, rules: &Rules, figures: &[ChannelStock], tell: &mut Tell<'_>) {
    to_parts(sku, state, rules, tell);
    to_kits(sku, state, figures, tell);
}

fn to_parts(sku: &Sku, state: &SkuState, rules: &Rules, tell: &mut Tell<'_>) {
    let cycle = is_cycle(sku, state, rules);
    let above: Vec<Sku> = above(state).into_iter().collect();
    for (part, gone) in told(state, rules) {
        let over = gone || cycle;
        if state.unsealed.kits {
            let used = SkuRow::UsedIn(UsedIn { kit: sku.clone(), pieces: part.pieces, above: above.clone() });
            // A kit that contains itself still says so to its parts: each of them finds itself above itself.
            tell.row(&part.part, SkuRow::USED_IN, sku.as_str().into(), (!gone).then_some(used));
        }
        if state.unsealed.kits {
            let lines = state.of_kind(SkuRow::DEMAND).chain(state.of_kind(SkuRow::DESPATCHED));
            lines.for_each(|(key, kept)| pass_on(sku, part, key, Some(kept).filter(|_| !over), tell));
        } else if !over {
            state.unsealed.rows.iter().for_each(|key| pass_on(sku, part, key, state.row(key), tell));
        }
    }
}

/// Tells a part of a line, or of a despatch, of the kit.
fn pass_on(kit: &Sku, part: &KitPart, key: &RowKey, kept: Option<&Kept<SkuRow>>, tell: &mut Tell<'_>) {
    let pieces = part.pieces;
    let row = match kept.and_then(Kept::live) {
        Some(SkuRow::Demand(demand)) => Some(SkuRow::Demand(Box::new(of_part(kit, demand, pieces)))),
        Some(SkuRow::Despatched(own)) => Some(SkuRow::Despatched(Despatched { quantity: own.quantity.times(pieces), ..own.clone() })),
        _ => None,
    };
    tell.row(&part.part, key.kind, join_key(&[kit.as_str(), &key.id]), row);
}

fn of_part(kit: &Sku, demand: &Demand, pieces: Quantity) -> Demand {
    let times = |said: &Allocation| Allocation { quantity: said.quantity.times(pieces), ..said.clone() };
    let departed = |part: &DemandDespatch| DemandDespatch {
        key: join_key(&[kit.as_str(), &part.key]),
        quantity: part.quantity.times(pieces),
        ..part.clone()
    };
    Demand {
        claim: demand.claim.times(pieces),
        despatched: demand.despatched.iter().map(departed).collect(),
        allocated: demand.allocated.iter().map(times).collect(),
        booked: demand.booked.iter().map(times).collect(),
        price: None,
        via: demand.via.iter().chain([kit]).cloned().collect(),
        ..demand.clone()
    }
}

fn to_kits(sku: &Sku, state: &mut SkuState, figures: &[ChannelStock], tell: &mut Tell<'_>) {
    let kits: Vec<Sku> = used_in(state).map(|used| used.kit.clone()).collect();
    if kits.is_empty() {
        state.told.free.clear();
        return;
    }
    let now: std::collections::BTreeMap<_, _> = figures.iter().map(|figure| (figure.channel.clone(), figure.free)).collect();
    let before = std::mem::replace(&mut state.told.free, now);
    let channels: BTreeSet<_> = before.keys().chain(state.told.free.keys()).cloned().collect();
    for channel in channels {
        let free = state.told.free.get(&channel).copied();
        if !state.unsealed.kits && before.get(&channel).copied() == free {
            continue;
        }
        for kit in &kits {
            let figure = free.map(|free| SkuRow::PartFigure(PartFigure { part: sku.clone(), channel: channel.clone(), free: Some(free) }));
            tell.row(kit, SkuRow::PART_FIGURE, join_key(&[sku.as_str(), &channel]), figure);
        }
    }
}
