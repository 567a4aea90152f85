//! What an epoch held: counted while it is worked on, told after it is committed. The pure rooms neither log nor count.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::events::Topic;
use crate::facts::Text;
use crate::sources::Skip;

/// Counts of one epoch.
#[derive(Clone, Debug, Default)]
pub struct EpochReport {
    pub records: u64,
    pub bytes: u64,
    /// By source (index into the engine's sources).
    pub sources: BTreeMap<usize, SourceReport>,
    /// Facts that changed a row, and those that were repeats or older.
    pub facts_new: u64,
    pub facts_stale: u64,
    /// Entities whose views were computed.
    pub aliases_sealed: u64,
    pub orders_sealed: u64,
    pub skus_sealed: u64,
    pub customers_sealed: u64,
    /// Rows that went on from an alias to where it leads.
    pub rows_forwarded: u64,
    pub events: BTreeMap<Topic, u64>,
    pub state_records: u64,
    pub state_bytes: u64,
    /// Newest moment of a source's records, for the lag.
    pub tick: crate::facts::Moment,
}

/// Counts of one source in one epoch.
#[derive(Clone, Debug, Default)]
pub struct SourceReport {
    pub understood: u64,
    pub housekeeping: u64,
    pub unknown_tables: BTreeMap<Text, u64>,
    /// Records that could not be decoded: they went to `dead-letters`.
    pub decode_errors: u64,
    /// Status words without a meaning in rows that are new.
    pub unknown_words: u64,
    /// The first decode error in short: field and expectation, nothing of the record's content.
    pub first_decode_error: Option<String>,
    /// The newest Kafka timestamp read, in milliseconds.
    pub newest_millis: i64,
}

impl SourceReport {
    pub fn skipped(&mut self, skip: Skip) {
        match skip {
            Skip::Housekeeping => self.housekeeping += 1,
            Skip::UnknownTable(table) => *self.unknown_tables.entry(table).or_default() += 1,
        }
    }
}

/// Where an epoch's time went.
#[derive(Clone, Copy, Debug, Default)]
pub struct EpochTimes {
    /// Decode and apply.
    pub apply: Duration,
    pub seal: Duration,
    /// From handing over to the outcome; the next epoch is worked on meanwhile.
    pub commit: Duration,
}

/// Hears what each committed epoch held, and what could not be committed. Called outside of the pure rooms: may log and count.
pub trait Observer {
    fn committed(&mut self, report: &EpochReport, times: EpochTimes);
    fn not_committed(&mut self);
}

/// Hears nothing.
impl Observer for () {
    fn committed(&mut self, _: &EpochReport, _: EpochTimes) {}
    fn not_committed(&mut self) {}
}
