//! What an epoch held: counted while it is computed, reported after it is committed. The pure rooms neither log nor count.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::events::Topic;
use crate::facts::{Amount, Currency, Text};
use crate::sources::Skip;

/// Counts of one epoch.
#[derive(Clone, Debug, Default)]
pub struct EpochReport {
    /// Records that it read.
    pub records: u64,
    /// Bytes of their keys and values.
    pub bytes: u64,
    /// By the source's place in the engine's list.
    pub sources: BTreeMap<usize, SourceReport>,
    /// Facts that were newer than what their entity had.
    pub facts_new: u64,
    /// Facts that were repeats or older.
    pub facts_stale: u64,
    /// Facts of `facts_stale` that say something else of a row than what is kept.
    pub facts_passed_over: u64,
    /// Sets of rows of which a snapshot has read a small part: nobody is asked about the rows that it left out.
    pub snapshots_of_a_part: u64,
    /// Aliases that were computed.
    pub aliases_sealed: u64,
    /// Orders whose views were computed.
    pub orders_sealed: u64,
    /// SKUs whose views were computed.
    pub skus_sealed: u64,
    /// Customers whose views were computed.
    pub customers_sealed: u64,
    /// Rows that went on from an alias to where it leads.
    pub rows_forwarded: u64,
    /// Derived events that it writes, by topic.
    pub events: BTreeMap<Topic, u64>,
    /// Refund requests among them, by currency.
    pub refunds: BTreeMap<Currency, RefundsAsked>,
    /// Derived events that are larger than a record may be: they went to `dead-letters`, cut.
    pub events_too_large: u64,
    /// Records of state that it writes to the changelog.
    pub state_records: u64,
    /// Their bytes.
    pub state_bytes: u64,
    /// The epoch's moment.
    pub tick: crate::facts::Moment,
}

/// Refund requests that were sent in one currency.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RefundsAsked {
    /// How many.
    pub number: u64,
    /// Their sum.
    pub sum: Amount,
}

/// Counts of one source in one epoch.
#[derive(Clone, Debug, Default)]
pub struct SourceReport {
    /// Records that became facts.
    pub understood: u64,
    /// Records without content for us: a tombstone after a delete, a heartbeat, a schema change.
    pub housekeeping: u64,
    /// Records of tables or event types that the adapter does not know, by name.
    pub unknown_tables: BTreeMap<Text, u64>,
    /// Facts that are older than what is kept of their row, and say something else: earlier states that are told again, or changes whose place cannot
    /// be known.
    pub passed_over: u64,
    /// Records that could not be decoded: they went to `dead-letters`.
    pub decode_errors: u64,
    /// Status words without a meaning in rows that are new.
    pub unknown_words: u64,
    /// The first decode error in short: field and expectation, nothing of the record's content.
    pub first_decode_error: Option<String>,
    /// The oldest Kafka timestamp read, in milliseconds; `None`: no record was read.
    pub oldest_millis: Option<i64>,
    /// The newest Kafka timestamp read, in milliseconds.
    pub newest_millis: i64,
}

impl SourceReport {
    /// Counts a record that became no facts.
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
    /// Views, events, state.
    pub seal: Duration,
    /// From handing over to the outcome, while the next epoch is read.
    pub commit: Duration,
}

/// Gets a report of each epoch. The loop calls it, so it may log and count.
pub trait Observer {
    /// The epoch is committed.
    fn committed(&mut self, report: &EpochReport, times: EpochTimes);
    /// The epoch is not committed: its records come again.
    fn not_committed(&mut self);
}

/// Ignores all reports.
impl Observer for () {
    fn committed(&mut self, _: &EpochReport, _: EpochTimes) {}
    fn not_committed(&mut self) {}
}
