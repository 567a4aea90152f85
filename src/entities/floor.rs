//! Floors: the newest of what a source said of many rows at once. Rows of the set below it are no more.
//!
//! An emptied table lays its floor at once. A list that comes in parts lays it when all its rows were told, in whatever order; one that never
//! becomes whole lays none, and is forgotten when a later one does. A snapshot that has read the whole set takes nothing away: which rows it left
//! out is told to those that have them.

use serde::{Deserialize, Serialize};

use crate::facts::{Cause, Floor, Moment, Version};

/// So many lists may be on their way at a time: a reader that begins anew leaves a part of one behind.
const OPEN_MAX: usize = 4;

/// A set's floor. One record of the changelog, whole.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct FloorState {
    laid: Option<Laid>,
    /// The newest snapshot that has read the whole set.
    read: Option<Laid>,
    /// Oldest first.
    open: Vec<Open>,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Laid {
    pub version: Version,
    pub cause: Cause,
    pub at: Moment,
}

/// A list of which some rows were told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Open {
    version: Version,
    rows: u32,
    /// A bit for each row.
    told: Vec<u64>,
}

/// What a floor's fact changed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rise {
    /// Nothing: it is below the floor, or was told before.
    None,
    /// A further row of a list.
    Told,
    /// The floor is higher now, or the set was read once more.
    Laid,
}

impl Open {
    fn tell(&mut self, row: u32) -> bool {
        let (word, bit) = ((row - 1) as usize / 64, 1u64 << ((row - 1) % 64));
        let new = self.told[word] & bit == 0;
        self.told[word] |= bit;
        new
    }

    fn is_whole(&self) -> bool {
        self.told.iter().map(|word| word.count_ones()).sum::<u32>() == self.rows
    }
}

impl FloorState {
    pub fn laid(&self) -> Option<Laid> {
        self.laid
    }

    pub fn read(&self) -> Option<Laid> {
        self.read
    }

    pub fn put(&mut self, floor: &Floor, version: Version, cause: Cause, at: Moment) -> Rise {
        if self.laid.is_some_and(|laid| version <= laid.version) {
            return Rise::None;
        }
        let rise = match *floor {
            Floor::Read if self.read.is_some_and(|read| version <= read.version) => Rise::None,
            Floor::Read => {
                self.read = Some(Laid { version, cause, at });
                return Rise::Laid;
            }
            Floor::Laid => Rise::Laid,
            Floor::Listed { row, rows } if row == 0 || row > rows || rows > Floor::ROWS_MAX => Rise::None,
            Floor::Listed { row, rows } => self.tell(version, row, rows),
        };
        if rise == Rise::Laid {
            self.laid = Some(Laid { version, cause, at });
            self.open.retain(|open| open.version > version);
        }
        rise
    }

    fn tell(&mut self, version: Version, row: u32, rows: u32) -> Rise {
        let place = self.open.partition_point(|open| (open.version, open.rows) < (version, rows));
        if self.open.get(place).is_none_or(|open| (open.version, open.rows) != (version, rows)) {
            self.open.insert(place, Open { version, rows, told: vec![0; rows.div_ceil(64) as usize] });
        }
        if !self.open[place].tell(row) {
            return Rise::None;
        }
        if self.open[place].is_whole() {
            return Rise::Laid;
        }
        if self.open.len() > OPEN_MAX {
            self.open.remove(0);
        }
        Rise::Told
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::Place;

    fn version(list: i64) -> Version {
        Version { incarnation: 0, place: Place::Stamp { millis: list, rank: 0, tie: 0 }, upsert: false, adapter: 0 }
    }

    fn put(state: &mut FloorState, list: i64, row: u32, rows: u32) -> Rise {
        state.put(&Floor::Listed { row, rows }, version(list), Cause::NONE, Moment(list))
    }

    #[test]
    fn a_list_in_parts_counts_once_it_is_whole() {
        let mut state = FloorState::default();
        assert_eq!(put(&mut state, 10, 2, 3), Rise::Told);
        assert_eq!(put(&mut state, 10, 2, 3), Rise::None, "a repeat");
        assert_eq!(put(&mut state, 10, 3, 3), Rise::Told);
        assert_eq!(put(&mut state, 20, 1, 2), Rise::Told, "the next begins before the first is whole");
        assert_eq!(put(&mut state, 10, 1, 3), Rise::Laid);
        assert_eq!(state.laid().map(|laid| laid.at), Some(Moment(10)));
        assert_eq!(put(&mut state, 20, 2, 2), Rise::Laid);
        assert_eq!(put(&mut state, 10, 1, 3), Rise::None, "what is below the floor");
        assert_eq!(put(&mut state, 30, 0, 2), Rise::None, "no row of a list");
        assert_eq!(put(&mut state, 30, 3, 2), Rise::None);
    }

    #[test]
    fn lists_that_never_become_whole_are_forgotten() {
        let mut state = FloorState::default();
        (0..50).for_each(|list| assert_eq!(put(&mut state, list, 1, 2), Rise::Told));
        assert_eq!(state.open.len(), OPEN_MAX);
        assert_eq!(put(&mut state, 49, 2, 2), Rise::Laid);
        assert!(state.open.is_empty());
    }
}
