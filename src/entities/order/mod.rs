//! Orders: their state, and the view that is computed from it.
//!
//! [`state`] is what is stored. [`fn@view`] computes the [`OrderView`] from it in stages. A stage is a function: it takes earlier stages and returns
//! a struct of its own, which nobody changes afterwards. Its signature lists what it may read. Every stage reads the order's rows, the rules and the
//! tick (`input`); some also read the decisions of people (`decisions`).
//!
//! | stage | reads | gives |
//! | --- | --- | --- |
//! | `placed` | | header, addresses, lines with their goods, charges; whether they are all there |
//! | `paid` | placed | payments and refunds by tender, and what refunds are for |
//! | `erp` | placed | the ERP's record of the order; of each line its location, its cost and the ERP's own totals |
//! | `cancelled` | placed | what shop, ERP and warehouses report as cancelled; the shop's own totals of each line |
//! | `supplied` | placed, paid, erp, cancelled | whether intangible goods (downloads, licence keys, services, tips) count as despatched |
//! | `returning` | placed, erp | return authorisations and receipts, as reported |
//! | `sent` | placed, paid, erp, cancelled, supplied, returning | despatched, cancelled, wanted, delivered; parcels; warehouse orders |
//! | `back` | placed, returning, sent | authorised, received, returned, settled; returns with their receipts |
//! | `kept` | ledgers, placed, paid, erp, sent, back | stopped, kept |
//! | `money` | placed, paid, cancelled, returning, sent, back, kept | owed, due, refunded; goodwill, fees; charges that stay |
//! | `gates` | placed, paid, erp, money | the conditions of requests, with what they wait for |
//! | `forgotten` | placed, erp, sent | whether the person asked to be forgotten, and whether the order still needs an address |
//! | `findings` | ledgers, cancelled, figures | what a person has to look at |
//! | `standing` | figures, findings | stage, return stage, payment word, flags |
//!
//! `books` are the running totals of the order's accounts, made of figures: `findings` compare them with what another keeper has posted.
//!
//! *figures* are all stages up to the gates, and each line with its part of every stage ([`OrderFigures`]). [`derived`] makes the facts that an
//! order derives for its SKUs and its customer; [`answer`] is the answer to `GET /orders/{id}`,
//! [`in_words`] what each of its rows says to people.

pub mod answer;
pub mod answered;
mod authority;
pub mod back;
pub mod books;
mod cancelled;
mod clock;
mod decisions;
pub mod derived;
pub mod erp;
pub mod figures;
pub mod findings;
mod forgotten;
pub mod gates;
pub mod in_words;
pub mod input;
pub mod kept;
mod listed;
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
#[allow(missing_docs)] // The functions are named after the rows that they make.
pub mod testing;
#[cfg(test)]
#[allow(missing_docs)] // As in `testing`.
mod tests;
pub mod times;
pub mod touched;
pub mod view;
pub mod worth;

pub use figures::{LineView, OrderFigures};
pub use state::{EarlyRow, FormerOrder, OrderState, PutRow};
pub use view::{OrderView, view};
