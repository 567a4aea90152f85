//! `stock-updates`: what a channel's shop must show, and write, for a SKU. A statement, keyed by channel + SKU.
//!
//! For each channel whose pool has a location where the SKU was counted, or, of a kit, all its parts. Not for products of which no stock is kept.
//! Not emitted again when all figures are as they were: a newer moment of an equal count is no news.

use serde::{Deserialize, Serialize};

use super::body::{Statement, digest};
use super::outlet::Outlet;
use crate::entities::sku::{ChannelStock, SellableCount, SkuState, offer};
use crate::entities::topics::Topic;
use crate::facts::ids::join_key;
use crate::facts::sku::Basis;
use crate::facts::{Moment, Quantity, Sku, Text};

/// Statement for a channel's shop: what to show, and to write, for a SKU. Newest wins. Keyed by channel and SKU.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StockUpdate {
    /// `topic|key|generation|revision`: no two events share one. The same as the header `id`.
    pub id: String,
    /// The sales channel, as the configuration names it.
    pub channel: Text,
    /// SKU of the goods: trimmed, Unicode NFC, upper case.
    pub sku: Text,
    /// The SKU as the product's source spells it.
    pub sku_text: Text,
    /// Counts of the pool's sellable locations.
    pub counts: Vec<CountPart>,
    /// What the counting systems say to have moved since their counts; below 0 what went. Part of `free`.
    pub moved: Quantity,
    /// Sum of the claims of order lines that no count leaves out yet.
    pub claims_open: Quantity,
    /// Despatched pieces whose order is not known yet and which no count leaves out yet.
    pub unresolved: Quantity,
    /// Counts less open claims; may be below 0.
    pub free: Quantity,
    /// Kept back, by the configuration.
    pub safety_stock: Quantity,
    /// max(0, free - safety stock).
    pub shown: Quantity,
    /// What the shop still subtracts itself, by its own rows.
    pub held_by_shop: Quantity,
    /// shown + held by the shop: the figure to write.
    pub to_write: Quantity,
    /// The shop's last seen figure, for a compare-and-set; null while unknown.
    pub shop_figure: Option<Quantity>,
    /// May be sold below 0, by the product's source.
    pub backorder_allowed: bool,
    /// A kit: it has no counts and no claims of its own, `free` is the least over its parts.
    pub kit: bool,
    /// When goods are expected next at a location of the pool; null while nothing is.
    pub next_expected_at: Option<Moment>,
    /// How many are expected then; null while nothing is.
    pub next_expected: Option<Quantity>,
}

impl Statement for StockUpdate {
    const TOPIC: Topic = Topic::StockUpdates;

    fn content(&self) -> Option<u64> {
        let mut figures = self.clone();
        for count in &mut figures.counts {
            count.counted_at = Moment::default();
        }
        Some(digest(&figures))
    }
}

/// A count that the figure stands on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CountPart {
    /// Location, by the code of the counting system.
    pub location: Text,
    /// Bucket, in the counting system's word; empty where it has none.
    pub bucket: Text,
    /// What the system counts; may be below 0.
    pub quantity: Quantity,
    /// What the count leaves out.
    pub basis: Basis,
    /// The moment that the count holds for.
    pub counted_at: Moment,
}

impl From<SellableCount> for CountPart {
    fn from(counted: SellableCount) -> Self {
        let SellableCount { location, bucket, quantity, basis, counted_at, .. } = counted;
        Self { location, bucket, quantity, basis, counted_at }
    }
}

/// Emits the figure of each channel, and withdraws it where there is none any more.
pub(super) fn emit(sku: &Sku, state: &mut SkuState, figures: &[ChannelStock], outlet: &mut Outlet<'_>) {
    let rules = outlet.context.rules;
    let sku_text = offer::spelling(sku, state, rules);
    let product = offer::product(state, rules).map(|(product, _)| product);
    let backorder_allowed = product.is_some_and(|product| product.backorder_allowed);
    // Of what no stock is kept there is nothing to say: it can always be sold.
    let figures = if product.is_some_and(|product| product.untracked) { &[] } else { figures };
    let updates: Vec<(Text, StockUpdate)> = figures
        .iter()
        .cloned()
        .map(|figure| (join_key(&[&figure.channel, sku.as_str()]), body(figure, sku, &sku_text, backorder_allowed)))
        .collect();
    outlet.emit_all(&mut state.last_emitted, updates);
}

fn body(figure: ChannelStock, sku: &Sku, sku_text: &Text, backorder_allowed: bool) -> StockUpdate {
    StockUpdate {
        id: String::new(),
        channel: figure.channel,
        sku: sku.as_str().into(),
        sku_text: sku_text.clone(),
        counts: figure.counts.into_iter().map(CountPart::from).collect(),
        moved: figure.moved,
        claims_open: figure.claims_open,
        unresolved: figure.unresolved,
        free: figure.free,
        safety_stock: figure.safety_stock,
        shown: figure.shown,
        held_by_shop: figure.held_by_shop,
        to_write: figure.to_write,
        shop_figure: figure.shop_figure,
        backorder_allowed,
        kit: figure.kit,
        next_expected_at: figure.next_expected.map(|(at, _)| at),
        next_expected: figure.next_expected.map(|(_, quantity)| quantity),
    }
}
