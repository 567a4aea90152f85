//! One integration binary: simulation, confluence, rules of the domain, rules of the house.

mod rules;
mod scenarios;
mod specification;
mod tidy;
