//! A SKU as its rows have it at a tick: computed in stages, each made once from those before it and never changed.

use super::counts::StockCounts;
use super::derived::Derived;
use super::findings::{SkuFinding, findings};
use super::state::SkuState;
use super::stock::{self, ChannelStock};
use crate::entities::rules::Rules;
use crate::facts::{Moment, Sku};

/// What is computed of a SKU.
#[derive(Clone, Debug, PartialEq)]
pub struct SkuView {
    /// The figure of each channel.
    pub figures: Vec<ChannelStock>,
    /// What a person must look at.
    pub findings: Vec<SkuFinding>,
    /// What other SKUs and orders get.
    pub derived: Derived,
}

impl SkuView {
    /// Computes it from the rows, by the rules, at the tick.
    pub fn of(sku: &Sku, state: &SkuState, rules: &Rules, tick: Moment) -> Self {
        let counts = StockCounts::of(state, rules);
        let figures = stock::figures(sku, state, rules, &counts);
        let findings = findings(sku, state, rules, tick, &figures);
        let derived = Derived::of(sku, state, rules, &counts, &figures);
        Self { figures, findings, derived }
    }
}
