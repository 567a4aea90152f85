//! Orders that wait for goods which may be sold before they are there: each gets a row, until they are.
//!
//! Claims are covered in the order of placing ([`cover`]), so what is not covered are the lines from one place in that order on: the *cut*. The
//! SKU keeps the cut of each channel. Facts are made for the lines that the cut has moved over, and for those that changed themselves, however
//! many wait.

use std::collections::BTreeMap;

use super::fact::DerivedRow;
use crate::entities::rules::{Channel, Rules};
use crate::entities::sku::keys::{self, Cut};
use crate::entities::sku::state::SkuState;
use crate::entities::sku::stock::ChannelStock;
use crate::entities::sku::{cover, offer};
use crate::facts::ids::{join_key, split_key};
use crate::facts::order::Backordered;
use crate::facts::sku::Demand;
use crate::facts::{OrderRow, RowKey, Sku, SkuRow, Text};

/// The facts for orders; and the cut of each channel, as last derived.
pub(super) fn backorders(sku: &Sku, state: &SkuState, rules: &Rules, figures: &[ChannelStock]) -> (Vec<DerivedRow>, BTreeMap<Text, Cut>) {
    let allowed = offer::product(state, rules).is_some_and(|(product, _)| product.backorder_allowed && !product.untracked);
    let (mut facts, mut cuts) = (Vec::new(), state.last_derived.uncovered.clone());
    if !allowed && cuts.is_empty() {
        return (facts, cuts);
    }
    for channel in &rules.channels {
        let short = figures.iter().find(|figure| figure.channel == channel.name && figure.free.is_negative());
        let cut = short.filter(|_| allowed).and_then(|figure| cover::uncovered(channel, figure, state, rules).from);
        facts.extend(of_channel(sku, state, channel, cuts.get(&channel.name), cut.as_ref()));
        match cut {
            Some(cut) => cuts.insert(channel.name.clone(), cut),
            None => cuts.remove(&channel.name),
        };
    }
    (facts, cuts)
}

/// The facts for the lines of one channel, when its cut moves from `before` to `cut`.
fn of_channel(sku: &Sku, state: &SkuState, channel: &Channel, before: Option<&Cut>, cut: Option<&Cut>) -> Vec<DerivedRow> {
    let mut lines: Vec<RowKey> = state.unsealed.rows.iter().filter(|key| key.kind == SkuRow::DEMAND).cloned().collect();
    if cut != before {
        lines.extend(moved_over(state, channel, before, cut));
    }
    lines.sort_unstable();
    lines.dedup();
    let fact = |key: RowKey| {
        let demand = state.demand(&key).filter(|demand| demand.channel == channel.name)?;
        let waits = keys::rest(demand).is_positive() && cut.is_some_and(|cut| is_from(cut, demand, &key));
        let row = waits.then(|| OrderRow::Backordered(Backordered { line: line_of(demand, &key) }));
        Some(DerivedRow::order(&demand.order, OrderRow::BACKORDERED, join_key(&[sku.as_str(), &key.id]), row))
    };
    lines.into_iter().filter_map(fact).collect()
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
