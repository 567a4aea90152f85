//! The seal of a SKU: stock and product of each channel, as they stand now.

use super::{Outlet, Sealed, product_updates, stock_updates};
use crate::entities::sku::SkuState;
use crate::facts::Sku;

/// Says what changed, drops what can't change the figures any more, and tells when a price next begins or ends.
pub fn seal_sku(sku: &Sku, state: &mut SkuState, outlet: &mut Outlet<'_>) -> Sealed {
    state.settle(outlet.context.rules, outlet.context.tick);
    stock_updates::say(sku, state, outlet);
    let next_offer = product_updates::say(sku, state, outlet);
    Sealed { changed: outlet.changed, next: state.sealed(next_offer) }
}
