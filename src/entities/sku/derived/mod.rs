//! The derived facts of a SKU: rows for other SKUs and for orders, owned by Waybill itself, made when they change.
//!
//! | facts | for |
//! | --- | --- |
//! | [`kits`] | a kit's parts, and the kits that a part is used in |
//! | [`variations`] | the product that it is a variation of, and a product's variations |
//! | [`orders`] | orders that want it while a warehouse does not know it; orders whose returned goods a count holds |
//! | [`catalogue`] | of a shop's id of a product: the SKU that it is |
//! | [`backorders`] | orders that wait for goods which may be sold before they are there |

mod backorders;
mod catalogue;
mod fact;
mod kits;
mod orders;
mod variations;

pub use fact::DerivedRow;

use super::counts::StockCounts;
use super::state::{LastDerived, SkuState};
use super::stock::ChannelStock;
use crate::entities::rules::Rules;
use crate::facts::Sku;

/// What a SKU derives at a seal.
#[derive(Clone, Debug, PartialEq)]
pub struct Derived {
    /// What has changed for others since the last seal.
    pub facts: Vec<DerivedRow>,
    /// What they have now: the next seal derives only what differs.
    pub last: LastDerived,
}

impl Derived {
    /// Computes it from the rows and the figures.
    pub(super) fn of(sku: &Sku, state: &SkuState, rules: &Rules, counts: &StockCounts<'_>, figures: &[ChannelStock]) -> Self {
        let for_parts = kits::for_parts(sku, state, rules);
        let (for_kits, free) = kits::for_kits(sku, state, figures);
        let (for_product, parent) = variations::for_product(sku, state, rules);
        let for_variations = variations::for_variations(sku, state, rules);
        let not_stocked = orders::not_stocked(sku, state);
        let counted = orders::counted(sku, state, rules, counts);
        let (of_catalogue, catalogue) = catalogue::for_sku(sku, state);
        let (backorders, uncovered) = backorders::backorders(sku, state, rules, figures);
        let facts = [for_parts, for_kits, for_product, for_variations, not_stocked, counted, of_catalogue, backorders];
        Self { facts: facts.into_iter().flatten().collect(), last: LastDerived { free, parent, uncovered, catalogue } }
    }
}
