//! Orders: what an order keeps, and the view of it.
//!
//! [`state`] is what is stored. [`fn@view`] computes the [`OrderView`] from it in stages. Each stage is a function from the stages before it to a
//! struct of its own, which is made once and never changed; what a stage may read stands in its signature. All of them read the order's rows and
//! the rules (`input`); some read what people have decided (`decisions`).
//!
//! | stage | reads | gives |
//! | --- | --- | --- |
//! | `placed` | | header, addresses, lines with their goods, charges; are they all there? |
//! | `paid` | placed | payments and refunds by tender |
//! | `erp` | placed | the ERP's record; location, cost, its own totals of each line |
//! | `cancelled` | placed | what shop, ERP and warehouse name as cancelled; the shop's own books of each line |
//! | `supplied` | placed, paid, erp, cancelled | do goods that nobody has to send count as sent? |
//! | `returning` | placed, erp | authorisations and receipts, as rows tell them |
//! | `sent` | placed, erp, cancelled, supplied, returning | despatched, cancelled, wanted, delivered; parcels; warehouse orders |
//! | `back` | placed, returning, sent | authorised, received, returned, settled; returns with their receipts |
//! | `kept` | ledgers, placed, erp, sent, back | stopped, kept |
//! | `money` | placed, paid, back, kept | owed, due, refunded; charges that stay |
//! | `gates` | placed, paid, erp, money | the conditions of requests, with what they wait for |
//! | `findings` | ledgers, cancelled, figures | what a person must look at |
//! | `standing` | figures, findings | stage, return stage, payment word, flags |
//!
//! *figures*: all stages up to the gates, and the lines through all of them ([`OrderFigures`]). [`derived`] is what the order tells its SKUs
//! and its customer; [`answer`] the order as a person asks for it.

pub mod answer;
pub mod answered;
mod authority;
pub mod back;
mod cancelled;
mod clock;
mod decisions;
pub mod derived;
pub mod erp;
pub mod figures;
pub mod findings;
pub mod gates;
pub mod input;
pub mod kept;
pub mod made;
pub mod money;
pub mod paid;
pub mod placed;
mod pooling;
pub mod returning;
pub mod sent;
pub mod standing;
pub mod state;
mod supplied;
#[cfg(test)]
pub mod testing;
#[cfg(test)]
mod tests;
pub mod times;
pub mod view;

pub use figures::{LineView, OrderFigures};
pub use state::OrderState;
pub use view::{OrderView, view};
