//! SKUs: what the shopfront may sell of one, and what it shows.
//!
//! Unbounded: a hot SKU has tens of thousands of open lines. So it is kept by row, its figure is made of running sums, and what can't change
//! the figure any more is dropped.
//!
//! - [`state`] keeps the rows; [`sums`] the sums over them, a pure function of the rows that each put changes by its difference.
//! - [`stock`] computes the figure of each channel (journey.md, "Stock").
//! - [`settle`] drops what the counts leave out for good.
//! - [`offer`] computes what a channel shows of the product.

pub mod offer;
mod settle;
pub mod state;
pub mod stock;
pub mod sums;
#[cfg(test)]
mod tests;

pub use offer::Offer;
pub use state::SkuState;
pub use stock::{ChannelStock, Counted};
