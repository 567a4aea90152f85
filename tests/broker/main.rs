//! The log on a real Apache Kafka. Needs Java 17 and Maven, so plain `cargo test` leaves these out:
//!
//!     cargo test --test broker -- --ignored --test-threads=1

#![allow(clippy::unwrap_used)] // What goes wrong in a harness ends it, with the place.
#![cfg(feature = "kafka")]

mod app;
mod cluster;
mod daemon;
mod faults;
mod groups;
mod in_step;
mod letters;
mod odd;
mod operators;
mod outages;
mod process;
mod proxy;
mod restart;
mod restore;
mod transactions;
