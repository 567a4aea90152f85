//! Orders: what an order keeps, and the view of it.
//!
//! [`state`] is what is stored; [`fn@view`] computes the [`OrderView`] from it: `lines` (header and lines), `erp`, `despatch` (what
//! left, parcels), `cancel` (c, w, stopped), `returns` (r, settled goods), `money`, `conditions`, `stages`. [`gates`] says which
//! conditions of which request hold; [`yields`] what the order tells its SKUs and its customer.

mod aside;
mod authority;
mod cancel;
mod compute;
mod conditions;
mod despatch;
mod erp;
mod findings;
pub mod gates;
mod lines;
mod money;
mod pooling;
mod returns;
mod stages;
pub mod state;
#[cfg(test)]
pub mod testing;
#[cfg(test)]
mod tests;
pub mod times;
pub mod view;
mod words;
pub mod yields;

pub use compute::view;
pub use state::OrderState;
pub use view::OrderView;
