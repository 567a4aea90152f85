//! The demo: the retailer and the engine on the in-memory log, in virtual time. In the middle the engine is killed with a
//! transaction open, and restored from its changelog; in the end everything is judged.
//!
//! [`Play`] drives; what it finds becomes [`Facts`]; [`picture::draw`] makes text of them.

mod event_file;
mod facts;
pub mod picture;
mod play;
#[cfg(test)]
mod tests;

pub use event_file::EventFile;
pub use play::{Play, Spy};

use std::collections::BTreeMap;
use std::time::Duration;

use super::Hurry;
use super::faults::Happened;
use super::judge::Failure;
use super::order::Story;
use super::world::Hop;
use crate::events::Topic;
use crate::facts::Moment;

/// What a run shows.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    pub seed: u64,
    pub orders: usize,
    /// Virtual time from the first record to the last.
    pub opened: Moment,
    pub ended: Moment,
    /// How many lived which story.
    pub stories: BTreeMap<&'static str, usize>,
    pub records: u64,
    pub repeated: u64,
    pub dead_letters: u64,
    /// The first decode errors, without anybody's data.
    pub decode_errors: Vec<String>,
    pub epochs: u64,
    pub events: BTreeMap<Topic, u64>,
    pub exceptions_opened: u64,
    pub wall: Duration,
    /// The engine's part of it.
    pub engine: Duration,
    pub killed: Option<Killed>,
    pub clocks: Vec<(&'static str, i64)>,
    pub stock: Stock,
    /// Account, debit, credit, and what the balance must be; hundredths.
    pub trial_balance: Vec<(String, i64, i64, i64)>,
    pub refunds: Refunds,
    pub journey: Journey,
    pub failures: Vec<Failure>,
    /// With fault injection.
    pub faults: Option<FaultFacts>,
    /// When it was played on a real Kafka.
    pub kafka: Option<OnKafka>,
}

/// The faults that were injected, and the exceptions that opened.
#[derive(Clone, Debug, Default)]
pub struct FaultFacts {
    pub diary: Vec<Happened>,
    pub exceptions: Vec<ExceptionsOfKind>,
    /// Nights in which every SKU's figure was compared.
    pub nights: u32,
    /// Orders by shop, and those with a mishap, by its name.
    pub second_shop: usize,
    pub mishaps: BTreeMap<&'static str, usize>,
    /// Orders that were judged and forgotten on the way.
    pub forgotten: usize,
}

/// Exceptions of one kind: opened on the way, and open at the end; what the truth says of both.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExceptionsOfKind {
    pub kind: String,
    pub opened: usize,
    pub open: usize,
    /// Must be open at the end, by the truth.
    pub must: usize,
}

/// A run on a real Kafka, beside a process of Waybill.
#[derive(Clone, Debug)]
pub struct OnKafka {
    pub hurry: Hurry,
    /// Transactions of a shop that wrote to a database of its own.
    pub transactions: Option<u64>,
    pub killed: Option<ProcessKilled>,
}

/// Waybill's process, killed in the middle and started again.
#[derive(Clone, Debug)]
pub struct ProcessKilled {
    pub at: Moment,
    /// Orders that were placed by then.
    pub placed: usize,
    /// From the kill to the first event of the process that took its place.
    pub silent: Duration,
}

/// The kill in the middle, and the restore.
#[derive(Clone, Debug, Default)]
pub struct Killed {
    pub at: Moment,
    pub records: u64,
    pub bytes: u64,
    pub took: Duration,
    /// Orders, SKUs, customers and names.
    pub entities: usize,
    /// The first of them that is not restored as it was.
    pub changed: Option<String>,
}

#[derive(Clone, Debug, Default)]
pub struct Stock {
    pub skus: usize,
    pub agree: usize,
    pub on_hand: i64,
    pub sent: i64,
    pub back: i64,
}

#[derive(Clone, Debug, Default)]
pub struct Refunds {
    pub orders: usize,
    pub due: i64,
    pub paid: i64,
}

/// One order's way.
#[derive(Clone, Debug, Default)]
pub struct Journey {
    pub number: String,
    pub story: &'static str,
    pub total: i64,
    pub hops: Vec<Hop>,
}

impl Facts {
    /// How many orders lived each story, in the order in which stories are told.
    pub fn stories_told(&self) -> Vec<(&'static str, usize)> {
        Story::ALL.iter().filter_map(|story| Some((story.label(), *self.stories.get(story.label())?))).collect()
    }
}
