//! One integration binary: cases, scenarios, rules of the domain, rules of the house.

mod cases;
mod debezium;
mod endings;
mod operations;
mod rules;
mod scenarios;
mod specification;
mod tidy;
