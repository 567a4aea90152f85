//! Dropping what can't change the figure any more.
//!
//! | row | settled when |
//! | --- | --- |
//! | a warehouse's despatch | the count of its location excludes it for good |
//! | a demand line | nothing of it is left to be sent, and counts exclude all its despatches for good |
//! | a kit's demand line | nothing of it is left to be sent, and it left long ago: its parts have it |
//! | a counting system's movement | its location's count is newer than it for good |
//! | a mark of a settled or deleted row | removed after the tombstone time |
//!
//! *For good*: by more than [`MARGIN`], so that a count whose moment steps back a little (clocks of report pollers differ) still finds
//! every despatch that it may hold. A location that no system counts has no part in the figure: what left it is never reserved. Where counts
//! exclude what was posted, a line's despatches are excluded for good once they have been posted for so long.
//!
//! A late repeat can do no harm. While the mark is there, its version is at least the repeat's, and nothing happens. After the mark is gone, a
//! warehouse's despatch that comes once more has its own moment: the count excludes it at once, it adds nothing, and it is settled again.
//! A demand line is derived by its order, in the same transaction in which the order changed, so it is never repeated; when its order derives it
//! anew (a newer version), the row comes whole, with all its despatches, and is settled like any other.

use std::collections::BTreeMap;

use super::counts::{AsOf, How, Regime, StockCounts};
use super::keys::{self, MovementKey};
use super::reserved::UNNAMED_SPAN;
use super::state::SkuState;
use super::{kit, shares};
use crate::entities::rules::Rules;
use crate::facts::sku::{Allocation, Demand, DemandDespatch};
use crate::facts::time::Span;
use crate::facts::{Moment, Quantity, RowKey, SkuRow, SourceId, Text};

/// Smaller: a count that steps back further counts settled despatches twice. Larger: more despatches are kept and read back at a restore.
const MARGIN: Span = Span::days(1);

/// A kit's line that has wholly left is kept so long after.
const KIT_SPAN: Span = Span::days(30);

/// What is forgotten of one location.
#[derive(Clone, Copy)]
struct Limit {
    /// By the clock.
    before: Moment,
    /// Lines must be posted, and so long ago.
    posted: Option<AsOf>,
    /// Of what left from an unknown place: who must report it.
    reporter: Option<SourceId>,
}

impl Limit {
    /// A despatch of that moment is excluded for good, by the clock.
    fn is_past(&self, at: Moment) -> bool {
        at < self.before && self.posted.is_none_or(|as_of| at < as_of.counted_at + Span(-UNNAMED_SPAN.0 - MARGIN.0))
    }

    fn is_posted(&self, demand: &Demand, part: u32, as_of: &AsOf) -> bool {
        let long_ago = |statement: &Allocation| statement.at < self.before;
        let by = |statements: &[Allocation]| shares::taken_of(demand, part, statements, as_of.source, long_ago);
        let allocated = if as_of.is_free() { by(&demand.allocated) } else { Quantity::ZERO };
        let left_out = by(&demand.posted).max(allocated);
        demand.despatched.get(part as usize).is_none_or(|despatch| left_out >= despatch.quantity)
    }
}

impl SkuState {
    /// Settles what the counts exclude for good, and removes marks past the tombstone time. The figure stays as it is.
    pub fn settle(&mut self, rules: &Rules, tick: Moment) {
        for key in self.settleable(rules, tick) {
            self.rows.settle(&key, tick);
        }
        self.rows.drop_marks(rules.durations.tombstone, tick);
    }

    fn settleable(&self, rules: &Rules, tick: Moment) -> Vec<RowKey> {
        if self.unsealed.rows.is_empty() && !self.unsealed.counts && !self.unsealed.restored {
            return Vec::new();
        }
        let counts = StockCounts::of(self, rules);
        // A kit has no count: its parts have its lines, and it keeps them only for a part that is added.
        let of_kit = kit::is_kit(self, rules).then_some(Limit { before: tick + Span(-KIT_SPAN.0), posted: None, reporter: None });
        let limit = |at: &Text| of_kit.unwrap_or_else(|| limit(&counts, rules, at));
        let limits: BTreeMap<Text, Limit> = self.sums().departed_from().into_iter().map(|at| (at.clone(), limit(&at))).collect();
        let mut candidates = self.unsealed.rows.clone();
        if self.unsealed.counts || self.unsealed.restored {
            for (location, limit) in &limits {
                candidates.extend(self.sums().departed_before(location, limit.before).map(|departure| departure.row.clone()));
            }
            candidates.extend(self.moves_over(&counts, rules));
        }
        candidates.sort_unstable();
        candidates.dedup();
        candidates.retain(|key| self.is_over(key, &limits));
        candidates
    }

    fn moves_over(&self, counts: &StockCounts<'_>, rules: &Rules) -> Vec<RowKey> {
        let over = |moved: &&MovementKey| moved.at < counts.forgotten_before(rules, &moved.location) + Span(-MARGIN.0);
        self.sums().moves.keys().filter(over).map(|moved| moved.row.clone()).collect()
    }

    fn is_over(&self, key: &RowKey, limits: &BTreeMap<Text, Limit>) -> bool {
        match self.row(key).and_then(|kept| kept.content()) {
            Some(SkuRow::Movement(_)) => true,
            // One of no pieces too: while no count is newer, an older version that came once more would be counted.
            Some(SkuRow::Despatched(own)) => limits.get(&own.location).is_some_and(|limit| limit.is_past(own.despatched_at)),
            Some(SkuRow::Demand(demand)) => {
                let told = |despatch: &DemandDespatch| {
                    !despatch.location.is_empty() || limits.get("").is_some_and(|limit| limit.reporter == Some(despatch.source))
                };
                let excluded = |(part, despatch): (u32, &DemandDespatch)| {
                    let limit = limits.get(&despatch.location).filter(|limit| limit.is_past(despatch.despatched_at));
                    limit.is_some_and(|limit| limit.posted.is_none_or(|as_of| limit.is_posted(demand, part, &as_of)))
                };
                keys::rest(demand).is_zero() && demand.despatched.iter().all(told) && (0..).zip(&demand.despatched).all(excluded)
            }
            _ => false,
        }
    }
}

fn limit(counts: &StockCounts<'_>, rules: &Rules, location: &str) -> Limit {
    let posted = match counts.regime(rules, location) {
        Regime::AsOf(as_of) if as_of.how == How::Posted => Some(as_of),
        _ => None,
    };
    let (before, reporter) = match location {
        "" => counts.newest_of_one().map_or((Moment::MIN, None), |as_of| (as_of.walk_from(), Some(as_of.source))),
        location => (counts.forgotten_before(rules, location), None),
    };
    Limit { before: before + Span(-MARGIN.0), posted, reporter }
}
