//! Orders: what an order keeps, and the view of it.
//!
//! [`state`] is what is stored; [`fn@view`] computes the [`OrderView`] from it: `lines` and `bundles` (header, lines), `erp`, `despatch` and
//! `parcels` (what left, and how it travels), `warehouse` (its orders), `cancel` (c, w, stopped), `returns` (r, settled goods), `money`,
//! `conditions`, `stages`; what a person must look at (`judge`, `record`, `watch`, `words`) and has decided (`decisions`). [`gates`] says
//! which conditions of which request hold; [`yields`] what the order tells its SKUs and its customer.

mod aside;
mod authority;
mod bundles;
mod cancel;
mod compute;
mod conditions;
mod decisions;
mod despatch;
mod erp;
mod findings;
pub mod gates;
mod judge;
mod left_out;
mod lines;
mod mirrors;
mod money;
mod parcels;
mod pooling;
mod receipts;
mod record;
mod returns;
mod returns_watch;
mod stages;
pub mod state;
#[cfg(test)]
pub mod testing;
#[cfg(test)]
mod tests;
pub mod times;
pub mod view;
pub mod warehouse;
mod watch;
mod words;
pub mod yields;

pub use compute::view;
pub use state::OrderState;
pub use view::OrderView;
