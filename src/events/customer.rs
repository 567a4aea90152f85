//! The seal of a customer: the history of the orders that changed, and the profiles.

use super::{Outlet, Sealed, customer_history, marketing_profiles};
use crate::entities::customer::CustomerState;
use crate::facts::CustomerKey;

/// Says what changed. Nothing here changes by the clock alone.
pub fn seal_customer(customer: &CustomerKey, state: &mut CustomerState, outlet: &mut Outlet<'_>) -> Sealed {
    state.tidy(outlet.context.rules, outlet.context.tick);
    for order in state.take_unsealed() {
        customer_history::say(customer, &order, state, outlet);
    }
    marketing_profiles::say(customer, state, outlet);
    Sealed { changed: outlet.changed, next: None }
}
