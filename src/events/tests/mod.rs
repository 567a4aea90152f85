//! The requests of an order, told row by row: the specification's worked examples, and what would hurt.

mod books;
mod contracts;
mod counts;
mod fixed_orders;
mod goaheads;
mod mails;
mod notices;
mod orders;
mod refunds;
mod schema_of;
mod schemas;
mod travels;
mod write_back;
mod write_back_calls;

use super::Topic;
use super::testing::{Run, Sent, of, postings, words};
use crate::entities::order::testing::*;
use crate::facts::OrderRow;
use crate::facts::order::*;

/// The worked example, placed and paid, recorded by the ERP with costs, in the warehouse by our go-ahead.
fn released() -> Run {
    let mut run = Run::new(placed_example());
    run.seal();
    run.then(|story| story.recorded().erp_line("10000", "TEE", 3, Some("6.20")).erp_line("20000", "CAP", 1, Some("9.10")));
    run.then(|story| story.warehouse_order(WarehouseState::New).warehouse_total(4));
    run
}

/// The only event of a topic.
fn one(sent: &[Sent], topic: Topic) -> Sent {
    let found = of(sent, topic);
    assert_eq!(found.len(), 1, "one of {}: {:?}", topic.name(), words(sent));
    found[0].clone()
}
