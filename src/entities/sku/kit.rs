//! Kits: a kit has no count; its figure is the least over its parts of what is free of the part, by the pieces in one kit; a line of a kit
//! claims the parts.
//!
//! ```text
//! kit  ── UsedIn, its lines x pieces, its unresolved despatches x pieces ──> part
//! part ── PartFigure: free by channel ──> kits
//! ```
//!
//! [`super::derived`] makes these facts. A part may be a kit itself: it passes on what it gets. A kit that would contain itself passes nothing
//! on, and an exception opens.

use std::collections::BTreeSet;

use super::state::SkuState;
use crate::entities::KeptRow;
use crate::entities::rules::{Authority, Rules};
use crate::facts::ids::join_key;
use crate::facts::sku::{KitPart, UsedIn};
use crate::facts::{Quantity, RowKey, Sku, SkuRow, SourceId};

/// Parts as their owner reports them; `true`: it is not a part any more.
pub(super) fn reported<'a>(state: &'a SkuState, rules: &Rules) -> impl Iterator<Item = (&'a KitPart, bool)> {
    let rows = state.of_kind(SkuRow::KIT_PART).filter(|(key, _)| rules.counts_from(Authority::Products, key.source));
    rows.filter_map(|(_, kept)| match kept.content() {
        Some(SkuRow::KitPart(part)) => Some((part, kept.is_deleted() || !part.pieces.is_positive())),
        _ => None,
    })
}

/// What is in one of it.
pub fn parts<'a>(state: &'a SkuState, rules: &Rules) -> impl Iterator<Item = &'a KitPart> {
    reported(state, rules).filter(|(_, gone)| !gone).map(|(part, _)| part)
}

/// Does it consist of parts?
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
pub(super) fn above(state: &SkuState) -> BTreeSet<Sku> {
    used_in(state).flat_map(|used| std::iter::once(&used.kit).chain(&used.above)).cloned().collect()
}

/// Does the kit contain itself?
pub fn is_cycle(sku: &Sku, state: &SkuState, rules: &Rules) -> bool {
    parts(state, rules).any(|part| part.part == *sku) || above(state).contains(sku)
}

/// What a part has free in a channel; `None`: nothing yet, or it was never counted there.
pub fn figure_of(state: &SkuState, part: &Sku, channel: &str) -> Option<Quantity> {
    let key = RowKey { kind: SkuRow::PART_FIGURE, source: SourceId::WAYBILL, id: join_key(&[part.as_str(), channel]) };
    match state.row(&key).and_then(KeptRow::live)? {
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
