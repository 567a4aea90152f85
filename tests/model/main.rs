//! The reference model: the specification once more, slow and plain, as a fold over all rows in maps, without epochs, shards or stages of a seal.
//! Thousands of random histories are played to the engine; it and the model must agree on each.
//!
//! | file | what it is |
//! | --- | --- |
//! | `world` | the systems of the histories; a kind of source whose records are facts |
//! | `chance`, `history`, `tell_order`, `tell_work`, `tell_stock` | histories from a seed |
//! | `plan`, `drive` | orders of arrival, cuts, crashes; the real engine on the log in memory; all that it wrote |
//! | `fold`, `goods`, `order`, `requests`, `stock`, `products`, `exceptions` | the reference model |
//! | `confluence` | the engine against itself: however a history is played, the same events stand at the end |
//! | `compare` | the engine against the reference model, by theme |
//! | `faults` | dozens of faults in each history: the same events in the end |
//! | `runs`, `shrink` | thousands of histories on all cores; a failing one made small and shown |
//!
//! The histories leave out what scenarios and other tests cover alone: returns, receipts, dispositions, refunds, decisions, customers, bundles
//! (a kit as an order's line, leaves, parts), gift cards and services, goods to collect or sent by the supplier, several tenders or currencies,
//! promised dates, orders to be sent whole, orders replaced by their edit or born in the ERP, words without a meaning, labels that are replaced
//! or shared, names that move or are claimed twice, rows of mirrors, locations that nobody knows.
//!
//! The model is written from the specification alone: it shares the types of rows with the engine, and no logic. Where the specification does not
//! say what is right (which of two lines of one SKU a row means), nothing is compared.
//!
//! ```text
//! cargo test --test model                                                 10,000 histories
//! MODEL_SEED=77 cargo test --release --test model -- --ignored           300,000 from seed 77 on (MODEL_COUNT: another number)
//! MODEL_ONLY=123456 cargo test --test model                              this one alone, made small if it fails (MODEL_TRIES: how many attempts)
//! MODEL_THEMES="Goods Stock" MODEL_SURVEY=1 MODEL_COUNT=600 cargo test --test model -- --nocapture
//!                                                                          what differs in these themes, by kind and how often
//! ```

mod chance;
mod compare;
mod confluence;
mod drive;
mod exceptions;
mod faults;
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

fn run(first: u64, count: u64) {
    let themes = compare::themes();
    runs::check_all(runs::first_seed(first), count, |history, plans| confluence::check(history, plans, &themes));
}

#[test]
fn engine_and_model_agree_however_a_history_is_played() {
    run(1, 10_000);
}

#[test]
#[ignore = "the long run: minutes to an hour"]
fn engine_and_model_agree_in_a_long_run() {
    run(1_000_000, 300_000);
}
