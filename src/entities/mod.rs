//! Room 4: facts -> rows -> view. An entity keeps the newest version of each row that concerns it; its view is a pure function of these rows,
//! of the rules, and of the epoch's tick.
//!
//! What never happens here: a view reads another view; a history of arrivals enters a view; a clock is read.

pub mod account;
pub mod alias;
pub mod customer;
pub mod durations;
pub mod exceptions;
pub mod held;
mod kept;
pub mod keyed_rows;
pub mod last_emitted;
pub mod ledger;
mod newest;
pub mod order;
pub mod pair;
mod put;
pub mod row_owner;
pub mod rows;
pub mod rules;
mod set_back;
pub mod sku;
pub mod small_map;
mod stock_rules;
pub mod tax_code;
pub mod topics;
pub mod watermark;

pub use kept::{Deletion, KeptRow, Upserted};
pub use keyed_rows::KeyedRows;
pub use put::Put;
pub use rows::{RowOf, Rows, Stored};
