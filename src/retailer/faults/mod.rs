//! Fault injection: what goes wrong in real life, at moments that the seed draws; one file a fault. What a person must look at because of a fault
//! stands on the [`Watchlist`].
//!
//! ```text
//!  flash sale        the last piece is sold in two shops at once; the goods come days later, or never
//!  silent warehouse  its work goes on for an hour and more, its records come all at once when the line is back
//!  late carrier      what its scanners report within one day arrives two days late
//!  new snapshot      a connector reads its tables again, all rows as they stand
//!  renumbering       the ERP gives its open documents other numbers
//!  night counts      stock is counted, and the counts are sent, only at night
//!  wrong clocks      every system's clock is off by up to a quarter of an hour
//!  mishaps           of single orders: lost goods, lost parcels, too much paid back, a transfer that never comes
//! ```

mod begin;
#[cfg(test)]
mod compositions;
mod flash_sale;
mod late_carrier;
pub mod mishaps;
mod new_snapshot;
pub mod night_counts;
mod plan;
mod renumbering;
pub mod silent_warehouse;
#[cfg(test)]
mod tests;
mod watchlist;
pub mod wrong_clocks;

use std::collections::BTreeSet;

pub use begin::{announce, begin};
pub use plan::{Incident, Kind, Mishap, Plan, TOO_MUCH};
pub use watchlist::{Watch, Watchlist, key};

use super::chance::{Dice, FAULTS};
use crate::facts::Moment;

/// A line of the diary of faults.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Happened {
    pub at: Moment,
    pub what: String,
}

/// All faults of a run: those to come, those that came, and what a person must look at.
#[derive(Default)]
pub struct Faults {
    plan: Option<Plan>,
    pub incidents: Vec<Incident>,
    pub watch: Watchlist,
    pub diary: Vec<Happened>,
    /// Articles that are not sold before their sale.
    pub withheld: BTreeSet<usize>,
    /// Until then stock is counted only at night.
    pub night_counts_until: Option<Moment>,
}

impl Faults {
    /// Draws the moments: incidents are spread over the days, in an order of the seed's choice.
    pub fn draw(plan: Option<&Plan>, seed: u64, opening: Moment, articles: usize) -> Self {
        let Some(plan) = plan else { return Self::default() };
        let mut dice = Dice::new(seed, FAULTS);
        let mut kinds: Vec<Kind> = plan.kinds.iter().copied().filter(|kind| kind.is_incident()).collect();
        let count = kinds.len();
        let mut incidents = Vec::with_capacity(count);
        for slot in 0..count {
            let kind = kinds.swap_remove(dice.below(kinds.len()));
            // From a tenth to nine tenths of the days, each in the shop's busy hours.
            let share = (i64::from(plan.days) * 86_400_000 * (slot as i64 * 8 + 6)) / (count as i64 * 10);
            let midnight = opening.0 - opening.0.rem_euclid(86_400_000) + share - share.rem_euclid(86_400_000);
            let at = Moment(midnight).max(Moment(opening.0 - opening.0.rem_euclid(86_400_000))) + dice.minutes(9 * 60, 16 * 60);
            let size = match kind {
                Kind::FlashSale | Kind::LastSale => dice.range(8, 14),
                _ => dice.range(60, 90),
            };
            incidents.push(Incident { kind, at, article: 0, size });
        }
        let mut withheld = BTreeSet::new();
        for incident in incidents.iter_mut().filter(|incident| matches!(incident.kind, Kind::FlashSale | Kind::LastSale)) {
            while !withheld.insert(incident.article) || incident.article == 0 {
                withheld.remove(&0);
                incident.article = 1 + dice.below(articles - 1);
            }
        }
        Self { plan: Some(plan.clone()), incidents, withheld, ..Self::default() }
    }

    pub fn has(&self, kind: Kind) -> bool {
        self.plan.as_ref().is_some_and(|plan| plan.has(kind))
    }

    pub fn is_on(&self) -> bool {
        self.plan.is_some()
    }

    /// Are there sales of a last piece in two shops?
    pub fn has_sales(&self) -> bool {
        self.has(Kind::FlashSale) || self.has(Kind::LastSale)
    }

    /// Orders that the sales bring beside the ordinary ones.
    pub fn orders_of_sales(&self) -> u32 {
        let sales = self.incidents.iter().filter(|incident| matches!(incident.kind, Kind::FlashSale | Kind::LastSale));
        sales.map(|sale| sale.size as u32 + 1).sum()
    }

    pub fn note(&mut self, at: Moment, what: String) {
        self.diary.push(Happened { at, what });
    }
}
