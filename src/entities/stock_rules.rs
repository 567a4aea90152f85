//! Rules of stock and prices: how sources count, what is in transit, after how long a person looks.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::facts::time::Span;
use crate::facts::{Quantity, SourceId, Text};

/// How a source counts (journey.md, "Stock").
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct CountingRules {
    /// It counts now and then and tells of what moved in between: its movements after a count are added to it.
    pub movements: bool,
    /// It has no rows of its own for despatches: a despatch that another system tells is in its count so long after it happened.
    pub booking_delay: Option<Span>,
    /// It counts each SKU at least so often: an older count is stale.
    pub stale_after: Option<Span>,
}

/// What is set for stock and prices alone.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct StockRules {
    pub sources: BTreeMap<SourceId, CountingRules>,
    /// Codes of locations whose goods are on their way: counted, and never sellable.
    pub in_transit: Vec<Text>,
    /// Two systems' counts of one location may differ by so much.
    pub count_tolerance: Quantity,
    /// Some source tells of products: a SKU that none of them knows is unknown.
    pub products_told: bool,
    /// By channel: its prices have tax inside, or tax is added. A channel that is not here takes its list's prices as they are.
    pub prices_include_tax: BTreeMap<Text, bool>,
    pub after: StockDurations,
}

/// After how long an exception of a SKU opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct StockDurations {
    pub unknown_sku: Span,
    pub counts_differ: Span,
    pub shop_stock_differs: Span,
}

impl Default for StockDurations {
    fn default() -> Self {
        Self { unknown_sku: Span::minutes(15), counts_differ: Span::days(1), shop_stock_differs: Span::hours(1) }
    }
}

impl StockRules {
    pub fn of(&self, source: SourceId) -> CountingRules {
        self.sources.get(&source).copied().unwrap_or_default()
    }
}
