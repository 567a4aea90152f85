//! SKUs: what the shopfront may sell of one, and what it shows.
//!
//! Unbounded: a hot SKU has tens of thousands of open lines. So it is kept by row, its figure is made of running sums, and what can't change
//! the figure any more is dropped.
//!
//! - [`state`] keeps the rows; [`sums`] the sums over them, a pure function of the rows that each put changes by its difference; [`shares`]
//!   says which part of a line a counting system leaves out, and since when.
//! - [`stock`] computes the figure of each channel (journey.md, "Stock") from [`counts`] and [`burden`]; [`kit`] that of kits.
//! - [`settle`] drops what the counts leave out for good.
//! - [`offer`] computes what a channel shows of the product.
//! - [`found`] names what a person must look at, [`cover`] the orders that the stock does not cover.
//! - [`tells`] tells other SKUs: kits and their parts, products and their variations.
//! - [`explain`] shows each term of the figures.

mod backorders;
mod burden;
mod counts;
pub mod cover;
pub mod explain;
pub mod found;
pub mod kit;
pub mod offer;
mod settle;
mod shares;
pub mod state;
pub mod stock;
pub mod sums;
pub mod tells;
#[cfg(test)]
mod tests;

pub use offer::Offer;
pub use state::SkuState;
pub use stock::{ChannelStock, Counted};
