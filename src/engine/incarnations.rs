//! Sources that begin again: rebuilt, restored from a backup, failed over to another server. Their positions jump back, and records from then on are
//! newer than all before.
//!
//! | a record of a partition has | it is |
//! | --- | --- |
//! | a higher position than any before it | new |
//! | a lower position, and no later source time than any before it | a repeat |
//! | a lower position, and a later source time | the first of a new **incarnation** |
//!
//! Each partition shows it by itself, because its records are in the order of the source's log. For the source as a whole we keep the source times
//! at which it began again: a record's incarnation follows from its own time. So records from before that are read again, or late from another
//! topic, stay older than later ones; and facts from several topics about one row have one order.

use std::collections::BTreeMap;

use hashbrown::HashMap;

use crate::facts::{Moment, SourceId};
use crate::sources::SourcePosition;

/// How far a partition was read: the highest position and the latest time within its newest incarnation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Highest {
    position: [u64; 3],
    at: Moment,
    incarnation: u16,
}

/// (topic's place, partition).
type Partition = (u16, i32);

/// What is known of all sources. An epoch that is dropped goes back to a clone.
#[derive(Clone, Debug, Default)]
pub struct Incarnations {
    /// Source times at which each source began again, ascending.
    begun: BTreeMap<SourceId, Vec<Moment>>,
    highest: HashMap<Partition, Highest>,
    /// Sources of which the open epoch found that they have begun again.
    found: Vec<SourceId>,
}

impl Incarnations {
    /// The incarnation of a record, from where it stands in its source's log.
    pub fn of(&mut self, source: SourceId, partition: Partition, stands: SourcePosition) -> u16 {
        let begun = self.begun.get(&source).map_or(&[][..], Vec::as_slice);
        let own = begun.partition_point(|begun| *begun <= stands.at) as u16;
        if !stands.in_order {
            return own;
        }
        let SourcePosition { position, at, .. } = stands;
        let Some(highest) = self.highest.get_mut(&partition) else {
            self.highest.insert(partition, Highest { position, at, incarnation: own });
            return own;
        };
        if own == highest.incarnation && position < highest.position && at > highest.at {
            *highest = Highest { position, at, incarnation: own + 1 };
            self.begin(source, usize::from(own), at);
            return own + 1;
        }
        if own > highest.incarnation {
            *highest = Highest { position, at, incarnation: own };
        } else if own == highest.incarnation {
            highest.position = highest.position.max(position);
            highest.at = highest.at.max(at);
        }
        own
    }

    /// The source began again, at this time or before. If another partition has shown it already, by a later record, it is the same beginning.
    fn begin(&mut self, source: SourceId, place: usize, at: Moment) {
        let begun = self.begun.entry(source).or_default();
        match begun.get_mut(place) {
            Some(later) => *later = at,
            None => begun.push(at),
        }
        if !self.found.contains(&source) {
            self.found.push(source);
        }
    }

    /// Sources whose beginnings have changed, with all their beginnings: they must be written.
    pub fn take_found(&mut self) -> Vec<(SourceId, Vec<Moment>)> {
        let found = std::mem::take(&mut self.found);
        found.into_iter().map(|source| (source, self.begun.get(&source).cloned().unwrap_or_default())).collect()
    }

    /// Takes beginnings that a restore read.
    pub fn restore_begun(&mut self, source: SourceId, begun: Vec<Moment>) {
        self.begun.insert(source, begun);
    }

    /// The text beside the partition's offset: `incarnation time position`, the position in three hexadecimal numbers; empty where nothing is known.
    pub fn note(&self, partition: Partition) -> String {
        let Some(Highest { position: [a, b, c], at, incarnation }) = self.highest.get(&partition) else { return String::new() };
        format!("{incarnation} {} {a:x}.{b:x}.{c:x}", at.0)
    }

    /// Reads what [`Self::note`] wrote. False: it is another text.
    pub fn restore_note(&mut self, partition: Partition, note: &str) -> bool {
        if note.is_empty() {
            return true;
        }
        let read = || {
            let mut parts = note.split(' ');
            let incarnation = parts.next()?.parse().ok()?;
            let at = Moment(parts.next()?.parse().ok()?);
            let mut numbers = parts.next()?.split('.').map(|number| u64::from_str_radix(number, 16).ok());
            let position = [numbers.next()??, numbers.next()??, numbers.next()??];
            (parts.next().is_none() && numbers.next().is_none()).then_some(Highest { position, at, incarnation })
        };
        match read() {
            Some(highest) => {
                self.highest.insert(partition, highest);
                true
            }
            None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHOP: SourceId = SourceId(3);
    const ORDERS: Partition = (0, 0);
    const LINES: Partition = (1, 0);

    fn at(position: u64, time: i64) -> SourcePosition {
        SourcePosition { position: [1, position, 0], at: Moment(time), in_order: true }
    }

    #[test]
    fn a_lower_position_with_a_later_time_begins_a_new_incarnation_and_a_repeat_does_not() {
        let mut sources = Incarnations::default();
        // A statement that began early and was committed late has an earlier time at a higher position.
        let read =
            [(100, 50, 0), (200, 30, 0), (100, 50, 0), (200, 30, 0), (300, 60, 0), (40, 70, 1), (41, 71, 1), (300, 60, 0), (40, 70, 1)];
        for (position, time, incarnation) in read {
            assert_eq!(sources.of(SHOP, ORDERS, at(position, time)), incarnation, "{position} at {time}");
        }
        assert_eq!(sources.take_found(), [(SHOP, vec![Moment(70)])]);
        assert_eq!(sources.of(SHOP, ORDERS, at(5, 90)), 2, "and once more");
    }

    /// The topic of lines is read behind that of orders: its old records stay old, and its first new one shows an earlier beginning.
    #[test]
    fn a_source_begins_again_once_in_all_its_topics() {
        let mut sources = Incarnations::default();
        sources.of(SHOP, ORDERS, at(500, 10));
        sources.of(SHOP, LINES, at(400, 9));
        assert_eq!(sources.of(SHOP, ORDERS, at(20, 30)), 1);
        assert_eq!(sources.of(SHOP, LINES, at(501, 11)), 0);
        assert_eq!(sources.of(SHOP, LINES, at(19, 29)), 1);
        assert_eq!(sources.of(SHOP, LINES, at(21, 31)), 1);
        assert_eq!(sources.of(SHOP, ORDERS, at(22, 32)), 1);
        assert_eq!(sources.of(SHOP, (2, 0), at(23, 33)), 1, "a topic that had nothing before");
        assert_eq!(sources.take_found(), [(SHOP, vec![Moment(29)])]);
    }

    #[test]
    fn rows_of_an_incremental_snapshot_show_nothing() {
        let mut sources = Incarnations::default();
        sources.of(SHOP, ORDERS, at(500, 10));
        assert_eq!(sources.of(SHOP, ORDERS, SourcePosition { in_order: false, ..at(400, 20) }), 0);
        assert!(sources.take_found().is_empty());
    }

    #[test]
    fn the_text_beside_an_offset_is_read_back() {
        let mut sources = Incarnations::default();
        sources.of(SHOP, ORDERS, at(0xabc, -5));
        let note = sources.note(ORDERS);
        assert_eq!(note, "0 -5 1.abc.0");
        let mut restored = Incarnations::default();
        assert!(restored.restore_note(ORDERS, &note) && restored.restore_note(LINES, ""));
        assert_eq!(restored.of(SHOP, ORDERS, at(0xabb, -4)), 1);
        for other in ["7", "0 5 1.2", "0 5 1.2.3 x", "x 5 1.2.3"] {
            assert!(!restored.restore_note(ORDERS, other), "{other}");
        }
    }
}
