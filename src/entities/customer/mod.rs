//! Customers: consent, what they bought, and what happened to their orders.
//!
//! A person is a [`CustomerKey`](crate::facts::CustomerKey): an account, or a guest by the digest of his address and the brand; nobody is
//! joined with anybody here. Unbounded (a walk-in account has a million orders): kept by row, purchases are running sums, and a seal looks
//! only at the orders that changed.
//!
//! What was said of an order's history stands in a row beside the order's own (kind [`CustomerState::EMITTED`], same id), not in the head: the
//! head stays small, and a changed order costs its own two records.

pub mod consent;
pub mod purchases;
pub mod state;
#[cfg(test)]
mod tests;

pub use purchases::Bought;
pub use state::{CustomerState, EmittedOfOrder};
