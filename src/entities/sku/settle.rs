//! Dropping what can't change the figure any more.
//!
//! | row | settled when |
//! | --- | --- |
//! | a warehouse's despatch | the count of its location leaves it out for good |
//! | a demand line | nothing of it is left to be sent, and counts leave out all its despatches for good |
//! | a mark of a settled or deleted row | removed after the tombstone time |
//!
//! *For good*: by more than [`MARGIN`], so that a count whose moment steps back a little (clocks of report pollers differ) still finds
//! every despatch that it may hold. A location that no system counts holds nothing of the figure: what left it never burdens.
//!
//! Why a late repeat can't do harm: while the mark is there, its version is at least the repeat's, and nothing happens. After it is gone, a
//! warehouse's despatch that comes once more is judged by its own moment, is taken by the count at once, adds nothing and is settled again.
//! A demand line is told by its order, in the same transaction in which the order changed, so it is never repeated; when its order tells it
//! anew (a newer version), the row comes whole, with all its despatches, and is judged like any other.

use std::collections::BTreeMap;

use super::stock::{Counts, TakenUntil};
use super::{state::SkuState, sums};
use crate::entities::rules::Rules;
use crate::facts::time::Span;
use crate::facts::{Moment, RowKey, SkuRow, Text};

/// Smaller: a count that steps back further counts settled despatches twice. Larger: more despatches are kept and read back at a restore.
const MARGIN: Span = Span::days(1);

impl SkuState {
    /// Settles what the counts leave out for good, and removes marks past the tombstone time. The figure stays as it is.
    pub fn settle(&mut self, rules: &Rules, tick: Moment) {
        for key in self.settleable(rules) {
            if let Some(kept) = self.row(&key) {
                let mut kept = kept.clone();
                kept.settle(tick);
                self.replace(key, Some(kept));
            }
        }
        while let Some((at, key)) = self.sums().marks.get_min().cloned()
            && at + rules.durations.tombstone <= tick
        {
            self.replace(key, None);
        }
    }

    fn settleable(&self, rules: &Rules) -> Vec<RowKey> {
        let counts = Counts::of(self, rules);
        let limits: BTreeMap<Text, Moment> = self
            .sums()
            .departed_from()
            .into_iter()
            .map(|location| {
                let limit = match counts.taken_until(rules, &location) {
                    TakenUntil::Always => Moment::MAX,
                    TakenUntil::Moment(until) => until + Span(-MARGIN.0),
                    TakenUntil::Never => Moment::MIN,
                };
                (location, limit)
            })
            .collect();
        let mut candidates = self.unsealed.rows.clone();
        if self.unsealed.counts || self.unsealed.restored {
            for (location, until) in &limits {
                candidates.extend(self.sums().departed_before(location, *until).map(|departure| departure.row.clone()));
            }
        }
        candidates.sort_unstable();
        candidates.dedup();
        candidates.retain(|key| self.is_over(key, &limits));
        candidates
    }

    fn is_over(&self, key: &RowKey, limits: &BTreeMap<Text, Moment>) -> bool {
        let left_out = |location: &Text, at: Moment| limits.get(location).is_some_and(|until| at < *until);
        match self.row(key).and_then(|kept| kept.content()) {
            Some(SkuRow::Despatched(own)) => own.quantity.is_zero() || left_out(&own.location, own.despatched_at),
            Some(SkuRow::Demand(demand)) => {
                sums::rest(demand).is_zero() && demand.despatched.iter().all(|part| left_out(&part.location, part.despatched_at))
            }
            _ => false,
        }
    }
}
