//! SKUs: what the shopfront may sell of one, and what it shows.
//!
//! A SKU has no bound: a hot one has tens of thousands of open lines. So each row is a record of its own ([`state`]), the figure is made of
//! running sums ([`sums`], under [`keys`]), and what can't change the figure any more is dropped ([`settle`]).
//!
//! At a seal a SKU is computed in stages, each made once from those before it ([`view`]):
//!
//! | stage | reads | gives |
//! | --- | --- | --- |
//! | [`counts`] | rows, rules | the counts that count, and which despatches they exclude |
//! | [`reserved`] | rows, rules, counts | pieces to subtract, by where |
//! | [`stock`] | rows, rules, counts, reserved | the figure of each channel (journey.md, "Stock"); of kits: [`kit`] |
//! | [`findings`] | rows, rules, tick, figures | what a person must look at; [`cover`]: orders that the stock does not cover |
//! | [`derived`] | rows, rules, counts, figures | facts for other SKUs and for orders |
//! | [`offer`] | rows, rules, tick | what a channel shows of the product; only when it may have changed |
//!
//! [`shares`] says which part of a line a counting system excludes, and since when; [`explain`] shows each term of the figures.

mod counts;
pub mod cover;
mod derived;
pub mod explain;
pub mod findings;
pub mod keys;
pub mod kit;
pub mod offer;
mod reserved;
mod settle;
mod shares;
pub mod state;
pub mod stock;
pub mod sums;
#[cfg(test)]
mod tests;
mod view;

pub use counts::SellableCount;
pub use derived::{Derived, DerivedRow};
pub use offer::ChannelOffer;
pub use state::SkuState;
pub use stock::ChannelStock;
pub use view::SkuView;
