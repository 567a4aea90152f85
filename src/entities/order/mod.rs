//! Orders: what an order keeps, and the view of it.
//!
//! `state` is what is stored; [`view`](OrderView) computes the view from it; `gates` says which conditions of which request hold.

pub mod gates;
pub mod state;
pub mod times;
pub mod view;

pub use state::OrderState;
pub use view::OrderView;
