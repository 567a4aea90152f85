//! Rules of stock and prices: how sources count, and what is in transit.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::facts::time::Span;
use crate::facts::{Quantity, SourceId, Text};

/// How a source counts (journey.md, "Stock").
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct CountingRules {
    /// It counts now and then and reports movements in between: its movements after a count are added to the count.
    pub movements: bool,
    /// It has no rows of its own for despatches: a despatch that another system reports is taken to be in its count this long after it happened.
    pub posting_delay: Option<Span>,
    /// It counts each SKU at least so often: an older count is stale.
    pub stale_after: Option<Span>,
}

/// What is set for stock and prices alone.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct StockRules {
    /// By source, where its configuration says anything of its counts.
    pub sources: BTreeMap<SourceId, CountingRules>,
    /// Codes of locations whose goods are on their way: counted, and never sellable.
    pub in_transit: Vec<Text>,
    /// Two systems' counts of one location may differ by so much.
    pub count_tolerance: Quantity,
    /// Some source reports products: a SKU that none of them knows is unknown.
    pub products_reported: bool,
    /// By channel: its prices have tax inside, or tax is added. A channel that is not here takes its list's prices as they are.
    pub prices_include_tax: BTreeMap<Text, bool>,
}

impl StockRules {
    /// How this source counts.
    pub fn of(&self, source: SourceId) -> CountingRules {
        self.sources.get(&source).copied().unwrap_or_default()
    }
}
