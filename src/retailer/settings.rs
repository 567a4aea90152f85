//! What a run of the retailer is made of.

use super::hurry::Hurry;
use super::trouble::Plan;
use crate::facts::Moment;

/// The same settings play the same days.
#[derive(Clone, Debug)]
pub struct Settings {
    pub seed: u64,
    /// Orders to be placed, about 300 a day.
    pub orders: u32,
    /// When the shop opens: the first order follows within minutes.
    pub opening: Moment,
    /// How much faster than in reality everybody is.
    pub hurry: Hurry,
    /// Is there a CRM?
    pub crm: bool,
    /// The shop writes SQL to a database of its own, whose connector makes the change events; else both are simulated with it.
    pub shop_database: bool,
    /// The trouble that the retailer is in for.
    pub trouble: Option<Plan>,
}

impl Settings {
    /// Opens on Monday 2 March 2026 at 7 h UTC.
    pub fn new(seed: u64, orders: u32) -> Self {
        Self {
            seed,
            orders: orders.max(1),
            opening: Moment(1_772_434_800_000),
            hurry: Hurry::NONE,
            crm: true,
            shop_database: false,
            trouble: None,
        }
    }

    /// In trouble: all orders are placed within the plan's days.
    pub fn in_trouble(seed: u64, orders: u32, plan: Plan) -> Self {
        Self { trouble: Some(plan), ..Self::new(seed, orders) }
    }
}
