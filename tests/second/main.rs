//! The slow, stupid second answer: the specification once more, as a fold over all rows in plain maps, without epochs, shards or waves; and
//! thousands of random histories on which it and the real engine must agree.
//!
//! | file | what it is |
//! | --- | --- |
//! | `world` | the systems of the histories; a kind of source whose records are facts |
//! | `chance`, `history`, `tell_order`, `tell_work`, `tell_stock` | histories from a seed |
//! | `plan`, `drive` | orders of arrival, cuts, crashes; the real engine on the log in memory; all that it wrote |
//! | `shrink` | a failing history made small |
//! | `confluence` | the engine against itself: however a history is played, the same is said at the end |
//!
//! ```text
//! cargo test --test second                                                       10,000 histories
//! SECOND_SEED=77 cargo test --release --test second -- --ignored                 300,000 from seed 77 on
//! SECOND_ONLY=123456 cargo test --test second confluence                         this one alone
//! ```

mod chance;
mod compare;
mod confluence;
mod drive;
mod exceptions;
mod fold;
mod goods;
mod history;
mod order;
mod plan;
mod products;
mod requests;
mod runs;
mod shrink;
mod stock;
mod tell_order;
mod tell_stock;
mod tell_work;
mod world;
