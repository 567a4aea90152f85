//! What a run of the retailer is made of.

use super::faults::Plan;
use super::hurry::Hurry;
use super::systems::Systems;
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
    /// Who takes part.
    pub systems: Systems,
    /// Shipping stays with the shop once something was sent. Nobody judges that.
    pub charges_stay: bool,
    /// The shop writes SQL to a database of its own, whose connector makes the change events; else both are simulated with it.
    pub shop_database: bool,
    /// The faults to inject; `None`: nothing goes wrong.
    pub faults: Option<Plan>,
}

impl Settings {
    /// Opens on Monday 2 March 2026 at 7 h UTC.
    pub fn new(seed: u64, orders: u32) -> Self {
        Self {
            seed,
            orders: orders.max(1),
            opening: Moment(1_772_434_800_000),
            hurry: Hurry::NONE,
            systems: Systems::ONE_SHOP,
            charges_stay: false,
            shop_database: false,
            faults: None,
        }
    }

    /// With fault injection: all orders are placed within the plan's days.
    pub fn with_faults(seed: u64, orders: u32, plan: Plan) -> Self {
        Self { faults: Some(plan), systems: Systems::TWO_SHOPS, ..Self::new(seed, orders) }
    }

    /// The same with these systems: faults of those that are left out are left out too.
    pub fn with_systems(mut self, systems: Systems) -> Self {
        self.systems = systems;
        if let Some(plan) = &mut self.faults {
            plan.kinds.retain(|kind| kind.can_befall(systems));
        }
        self
    }
}
