//! Delete watermarks: bulk deletes. Some records are about many rows at once: a table was emptied, or a complete list leaves rows out.
//!
//! A set of rows (source, kind, beginning of the id) has one watermark: a version. Rows of the set with a lower version are deleted; a row that
//! arrives later and is older is deleted on arrival.
//!
//! - An emptied table raises the watermark at once.
//! - A list that comes in parts raises it when all its rows have arrived, in whatever order. A list that never becomes complete raises nothing,
//!   and is forgotten when a later one is complete.
//! - A snapshot that has read the whole set deletes nothing. Orders learn which of their rows it left out.

use serde::{Deserialize, Serialize};

use crate::facts::{Cause, Moment, Provenance, Version, Watermark};

/// So many lists may be incomplete at a time: a reader that begins anew leaves a part of one behind.
const OPEN_MAX: usize = 4;

/// A set's watermark. One record of the changelog.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct WatermarkState {
    raised: Option<Provenance>,
    /// The newest snapshot that has read the whole set.
    read: Option<Provenance>,
    /// Oldest first.
    open: Vec<OpenList>,
}

/// A list of which some rows have arrived.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct OpenList {
    version: Version,
    rows: u32,
    /// A bit for each row that has arrived.
    arrived: Vec<u64>,
}

/// What a watermark's fact changed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum WatermarkProgress {
    /// Nothing: it is below the watermark, or a repeat.
    None,
    /// A further row of a list has arrived.
    Part,
    /// The watermark is higher now, or a newer snapshot has read the set.
    Raised,
}

impl OpenList {
    /// Notes that a row has arrived; `false`: it had before.
    fn arrive(&mut self, row: u32) -> bool {
        let (word, bit) = ((row - 1) as usize / 64, 1u64 << ((row - 1) % 64));
        let new = self.arrived[word] & bit == 0;
        self.arrived[word] |= bit;
        new
    }

    fn is_complete(&self) -> bool {
        self.arrived.iter().map(|word| word.count_ones()).sum::<u32>() == self.rows
    }
}

impl WatermarkState {
    /// The watermark, and the record that raised it.
    pub fn raised(&self) -> Option<Provenance> {
        self.raised
    }

    /// The newest snapshot that has read the whole set.
    pub fn read(&self) -> Option<Provenance> {
        self.read
    }

    /// The newest snapshot has read only a part of the set: it says nothing of the rows that it left out.
    pub fn read_a_part(&mut self) {
        self.read = None;
    }

    /// Puts a fact about the set.
    pub fn put(&mut self, watermark: &Watermark, version: Version, cause: Cause, at: Moment) -> WatermarkProgress {
        if self.raised.is_some_and(|raised| version <= raised.version) {
            return WatermarkProgress::None;
        }
        let progress = match *watermark {
            Watermark::Read if self.read.is_some_and(|read| version <= read.version) => WatermarkProgress::None,
            Watermark::Read => {
                self.read = Some(Provenance { version, cause, at });
                return WatermarkProgress::Raised;
            }
            Watermark::Raised => WatermarkProgress::Raised,
            Watermark::Listed { row, rows } if row == 0 || row > rows || rows > Watermark::ROWS_MAX => WatermarkProgress::None,
            Watermark::Listed { row, rows } => self.listed(version, row, rows),
        };
        if progress == WatermarkProgress::Raised {
            self.raised = Some(Provenance { version, cause, at });
            self.open.retain(|open| open.version > version);
        }
        progress
    }

    fn listed(&mut self, version: Version, row: u32, rows: u32) -> WatermarkProgress {
        let place = self.open.partition_point(|open| (open.version, open.rows) < (version, rows));
        if self.open.get(place).is_none_or(|open| (open.version, open.rows) != (version, rows)) {
            self.open.insert(place, OpenList { version, rows, arrived: vec![0; rows.div_ceil(64) as usize] });
        }
        if !self.open[place].arrive(row) {
            return WatermarkProgress::None;
        }
        if self.open[place].is_complete() {
            return WatermarkProgress::Raised;
        }
        if self.open.len() > OPEN_MAX {
            self.open.remove(0);
        }
        WatermarkProgress::Part
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::Place;

    fn version(list: i64) -> Version {
        Version { incarnation: 0, place: Place::Stamp { millis: list, rank: 0, tie: 0 }, upsert: false, adapter: 0 }
    }

    fn put(state: &mut WatermarkState, list: i64, row: u32, rows: u32) -> WatermarkProgress {
        state.put(&Watermark::Listed { row, rows }, version(list), Cause::NONE, Moment(list))
    }

    #[test]
    fn a_list_in_parts_counts_once_it_is_complete() {
        let mut state = WatermarkState::default();
        assert_eq!(put(&mut state, 10, 2, 3), WatermarkProgress::Part);
        assert_eq!(put(&mut state, 10, 2, 3), WatermarkProgress::None, "a repeat");
        assert_eq!(put(&mut state, 10, 3, 3), WatermarkProgress::Part);
        assert_eq!(put(&mut state, 20, 1, 2), WatermarkProgress::Part, "the next list begins before the first is complete");
        assert_eq!(put(&mut state, 10, 1, 3), WatermarkProgress::Raised);
        assert_eq!(state.raised().map(|raised| raised.at), Some(Moment(10)));
        assert_eq!(put(&mut state, 20, 2, 2), WatermarkProgress::Raised);
        assert_eq!(put(&mut state, 10, 1, 3), WatermarkProgress::None, "below the watermark");
        assert_eq!(put(&mut state, 30, 0, 2), WatermarkProgress::None, "no row of a list");
        assert_eq!(put(&mut state, 30, 3, 2), WatermarkProgress::None);
    }

    #[test]
    fn lists_that_never_become_complete_are_forgotten() {
        let mut state = WatermarkState::default();
        (0..50).for_each(|list| assert_eq!(put(&mut state, list, 1, 2), WatermarkProgress::Part));
        assert_eq!(state.open.len(), OPEN_MAX);
        assert_eq!(put(&mut state, 49, 2, 2), WatermarkProgress::Raised);
        assert!(state.open.is_empty());
    }
}
