//! Customers: consent, what they bought, and what happened to their orders.
//!
//! A person is a [`CustomerKey`](crate::facts::CustomerKey): an account, or a guest by the digest of the address and the brand. Which of them are one
//! person follows from rows ([`joins`]): then one of them has the rows of all ([`passing`]), and the others say nothing.
//!
//! A customer has no bound (a walk-in account has a million orders): each row is a record of its own, purchases are running sums, and a seal
//! looks only at the orders that changed.
//!
//! What was emitted last of an order's history stands in a row beside the order's own (kind [`CustomerState::EMITTED`], same id), not in the
//! head: so the head stays small, and a changed order costs its own two records.

pub mod consent;
pub mod joins;
pub mod passing;
pub mod person;
pub mod purchases;
pub mod state;
#[cfg(test)]
mod tests;

pub use person::Person;
pub use purchases::Bought;
pub use state::{CustomerState, EmittedOfOrder, PassedOn};
