//! Orders that wait for goods which may be sold before they are there: each is told so, until they are.
//!
//! Claims are covered in the order of placing (`cover`), so what is not covered are the lines from one place in that order on. The SKU keeps
//! that place for each channel: told are the lines that it has moved over, and those that changed themselves, however many wait.

use serde::{Deserialize, Serialize};

use super::cover::uncovered;
use super::state::SkuState;
use super::stock::ChannelStock;
use super::sums;
use super::tells::Tell;
use crate::entities::rules::{Channel, Rules};
use crate::facts::ids::{join_key, split_key};
use crate::facts::order::Backordered;
use crate::facts::sku::Demand;
use crate::facts::{Moment, OrderRow, RowKey, Sku, SkuRow, Text};

/// A place in the order of placing: the lines from here on are not covered.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Cut {
    pub placed_at: Moment,
    pub row: RowKey,
}

pub(super) fn tell(sku: &Sku, state: &mut SkuState, rules: &Rules, figures: &[ChannelStock], tell: &mut Tell<'_>) {
    let allowed = super::offer::product(state, rules).is_some_and(|(product, _)| product.backorder_allowed && !product.untracked);
    if !allowed && state.told.uncovered.is_empty() {
        return;
    }
    for channel in &rules.channels {
        let short = figures.iter().find(|figure| figure.channel == channel.name && figure.free.is_negative());
        let cut = short.filter(|_| allowed).and_then(|figure| uncovered(channel, figure, state, rules).from);
        let before = state.told.uncovered.get(&channel.name).cloned();
        let mut lines: Vec<RowKey> = state.unsealed.rows.iter().filter(|key| key.kind == SkuRow::DEMAND).cloned().collect();
        if cut != before {
            lines.extend(moved_over(state, channel, before.as_ref(), cut.as_ref()));
        }
        lines.sort_unstable();
        lines.dedup();
        for key in lines {
            let Some(demand) = state.demand(&key).filter(|demand| demand.channel == channel.name) else { continue };
            let waits = sums::rest(demand).is_positive() && cut.as_ref().is_some_and(|cut| is_from(cut, demand, &key));
            let line = line_of(demand, &key);
            let row = waits.then(|| OrderRow::Backordered(Backordered { line }));
            tell.order(&demand.order, OrderRow::BACKORDERED, join_key(&[sku.as_str(), &key.id]), row);
        }
        match cut {
            Some(cut) => state.told.uncovered.insert(channel.name.clone(), cut),
            None => state.told.uncovered.remove(&channel.name),
        };
    }
}

fn is_from(cut: &Cut, demand: &Demand, key: &RowKey) -> bool {
    (demand.placed_at, key) >= (cut.placed_at, &cut.row)
}

/// The order's line: a kit's part has the kit before the row that it is of.
fn line_of(demand: &Demand, key: &RowKey) -> Text {
    let last = |id: &str| split_key(id).nth(1).unwrap_or_default();
    let own = demand.via.iter().fold(key.id.clone(), |id, _| last(&id));
    last(&own)
}

/// The waiting lines between two cuts; without one: up to the last line.
fn moved_over(state: &SkuState, channel: &Channel, one: Option<&Cut>, other: Option<&Cut>) -> Vec<RowKey> {
    let (from, until) = match (one, other) {
        (Some(one), Some(other)) => (one.min(other), Some(one.max(other))),
        (Some(cut), None) | (None, Some(cut)) => (cut, None),
        (None, None) => return Vec::new(),
    };
    let places = state.sums().open.keys().filter(|place| place.channel == channel.name);
    places.flat_map(|place| state.sums().waiting_between(place, from, until)).map(|waiting| waiting.row.clone()).collect()
}
