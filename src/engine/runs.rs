//! Records that share one position of their source's log: which of them is the newer?
//!
//! MySQL writes a compressed transaction as one event, so all of its changes have one position; several rows of PostgreSQL share an LSN; SQL Server may
//! give several changes one serial. Within a partition the later one is the newer, since a topic keeps the order of the log. So each record of a key
//! gets an **ordinal** among the records of that key and position: it is the last part of the position. A transaction that is delivered again must
//! change nothing:
//!
//! | a record of the position that the partition has reached | is |
//! | --- | --- |
//! | whose row before is what the key's last record left behind; or whose place in the transaction is later | the next: a higher ordinal |
//! | that was there, with the same row before and after; or whose place in the transaction is not later | a repeat: the lowest ordinal |
//! | any other | the next |
//!
//! Where a whole transaction comes again after later ones, its records are counted from the beginning once more, and none gets a higher ordinal than it
//! had. A transaction in which one row goes to and fro between two states may show the state in between again when it is repeated, until its last
//! record is read.

use std::sync::Arc;

use hashbrown::HashMap;
use smallvec::SmallVec;

use crate::facts::RowMark;

/// So many keys of one position are known. When there are more, all are forgotten, and those that follow get higher ordinals than any of them.
const KEYS_MAX: usize = 4_096;
/// So many records of one key are remembered, the last ones.
const RECORDS_MAX: usize = 8;
/// So many keys are written beside an offset, which has room for 4 KiB of text.
const WRITTEN_MAX: usize = 20;

/// The records of one position that a partition has delivered.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Run {
    /// Keys that are not known have at least this ordinal.
    floor: u16,
    few: SmallVec<[(u64, Seen); 2]>,
    /// More than a few.
    many: Option<Arc<HashMap<u64, Seen>>>,
}

/// What is known of one key.
#[derive(Clone, Debug, PartialEq)]
struct Seen {
    ordinal: u16,
    /// Of the last record: its place in its transaction.
    order: Option<u64>,
    /// Digests of the row before and after, of each record.
    records: SmallVec<[(u32, u32); 1]>,
}

impl Seen {
    fn is_repeat(&self, mark: &RowMark) -> bool {
        if let (Some(last), Some(order)) = (self.order, mark.order) {
            return order <= last;
        }
        let follows = self.records.last().is_some_and(|(_, after)| *after == mark.before) && mark.before != mark.after;
        !follows && self.records.contains(&(mark.before, mark.after))
    }

    fn add(&mut self, mark: &RowMark) {
        self.ordinal = self.ordinal.saturating_add(1);
        self.order = mark.order;
        if self.records.len() == RECORDS_MAX {
            self.records.remove(0);
        }
        self.records.push((mark.before, mark.after));
    }
}

impl Run {
    /// The ordinal of the next record of this position.
    pub fn ordinal(&mut self, mark: &RowMark) -> u16 {
        if let Some(seen) = self.seen(mark.key) {
            if seen.is_repeat(mark) {
                return 0;
            }
            seen.add(mark);
            return seen.ordinal;
        }
        let seen = Seen { ordinal: self.floor, order: mark.order, records: SmallVec::from_slice(&[(mark.before, mark.after)]) };
        let ordinal = seen.ordinal;
        self.insert(mark.key, seen);
        ordinal
    }

    fn seen(&mut self, key: u64) -> Option<&mut Seen> {
        match &mut self.many {
            Some(many) => Arc::make_mut(many).get_mut(&key),
            None => self.few.iter_mut().find(|(known, _)| *known == key).map(|(_, seen)| seen),
        }
    }

    fn insert(&mut self, key: u64, seen: Seen) {
        match &mut self.many {
            Some(many) if many.len() >= KEYS_MAX => {
                let highest = many.values().map(|seen| seen.ordinal).max().unwrap_or_default();
                let ordinal = highest.saturating_add(1);
                *self = Self { floor: ordinal, few: SmallVec::from_iter([(key, Seen { ordinal, ..seen })]), many: None };
            }
            Some(many) => _ = Arc::make_mut(many).insert(key, seen),
            None if self.few.len() < self.few.inline_size() => self.few.push((key, seen)),
            None => {
                let mut many: HashMap<u64, Seen> = self.few.drain(..).collect();
                many.insert(key, seen);
                self.many = Some(Arc::new(many));
            }
        }
    }

    /// As text without blanks: the lowest ordinal of unknown keys, then the keys.
    pub fn note(&self) -> String {
        let all: Vec<(&u64, &Seen)> =
            self.many.iter().flat_map(|many| many.iter()).chain(self.few.iter().map(|(key, seen)| (key, seen))).collect();
        let highest = all.iter().map(|(_, seen)| seen.ordinal).max().unwrap_or_default();
        let fits = all.len() <= WRITTEN_MAX;
        let mut written = all;
        // Of the others it is not known later that they were there: they get higher ordinals then.
        written.sort_unstable_by_key(|(key, seen)| (std::cmp::Reverse(seen.records.len()), **key));
        written.truncate(WRITTEN_MAX);
        let mut note = (if fits { self.floor } else { self.floor.max(highest.saturating_add(1)) }).to_string();
        for (key, Seen { ordinal, order, records }) in written {
            note.push_str(&format!(";{key:x}:{ordinal}:{}", order.map(|order| order.to_string()).unwrap_or_default()));
            records.iter().for_each(|(before, after)| note.push_str(&format!(":{before:x}-{after:x}")));
        }
        note
    }

    /// Reads what [`Self::note`] wrote.
    pub fn restore(note: &str) -> Option<Self> {
        let mut parts = note.split(';');
        let mut run = Self { floor: parts.next()?.parse().ok()?, ..Self::default() };
        for part in parts {
            let mut fields = part.split(':');
            let key = u64::from_str_radix(fields.next()?, 16).ok()?;
            let ordinal = fields.next()?.parse().ok()?;
            let order = Some(fields.next()?).filter(|order| !order.is_empty()).map(str::parse).transpose().ok()?;
            let digest = |text: &str| u32::from_str_radix(text, 16).ok();
            let pair = |text: &str| text.split_once('-').and_then(|(before, after)| Some((digest(before)?, digest(after)?)));
            let records = fields.map(pair).collect::<Option<_>>()?;
            run.insert(key, Seen { ordinal, order, records });
        }
        Some(run)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A record that changed the row of a key from one state to another; 0: the row is not there.
    fn mark(key: u64, before: u32, after: u32) -> RowMark {
        RowMark { key, before, after, order: None }
    }

    fn ordinals(run: &mut Run, marks: &[RowMark]) -> Vec<u16> {
        marks.iter().map(|mark| run.ordinal(mark)).collect()
    }

    #[test]
    fn later_records_of_a_key_are_newer_and_a_repeat_of_them_is_not() {
        let transaction = [mark(1, 0, 10), mark(2, 0, 20), mark(1, 10, 11), mark(1, 11, 12), mark(2, 20, 21)];
        let mut run = Run::default();
        assert_eq!(ordinals(&mut run, &transaction), [0, 0, 1, 2, 1]);
        assert_eq!(ordinals(&mut run, &transaction), [0; 5], "sent again from the beginning");
        assert_eq!(ordinals(&mut run, &transaction[3..]), [0; 2], "... from the middle");
        assert_eq!(run.ordinal(&mark(1, 12, 13)), 3, "and on");
        let mut again = Run::restore(&run.note()).expect("its own note");
        assert_eq!(ordinals(&mut again, &transaction), [0; 5], "after a restart");
        assert_eq!(again.ordinal(&mark(1, 13, 14)), 4);
    }

    #[test]
    fn a_transaction_that_stopped_in_the_middle_goes_on() {
        let mut run = Run::default();
        assert_eq!(ordinals(&mut run, &[mark(1, 0, 10), mark(1, 10, 11)]), [0, 1]);
        assert_eq!(ordinals(&mut run, &[mark(1, 0, 10), mark(1, 10, 11), mark(1, 11, 12)]), [0, 0, 2]);
    }

    #[test]
    fn a_row_that_is_made_deleted_and_made_again_stands() {
        let mut run = Run::default();
        assert_eq!(ordinals(&mut run, &[mark(1, 0, 10), mark(1, 10, 0), mark(1, 0, 10)]), [0, 1, 2]);
    }

    /// To and fro: the end is right, whatever is sent again.
    #[test]
    fn a_row_that_goes_to_and_fro_ends_where_it_ended() {
        let transaction = [mark(1, 0, 1), mark(1, 1, 2), mark(1, 2, 1), mark(1, 1, 2)];
        for from in 0..transaction.len() {
            let mut run = Run::default();
            let mut state = (0, 0);
            for mark in transaction.iter().chain(&transaction[from..]) {
                state = state.max((run.ordinal(mark), mark.after));
            }
            assert_eq!(state.1, 2, "sent again from {from}");
        }
    }

    #[test]
    fn records_that_do_not_say_the_row_before_are_newer_unless_they_were_there() {
        let mut run = Run::default();
        assert_eq!(ordinals(&mut run, &[mark(1, 0, 10), mark(1, 0, 11), mark(1, 0, 10), mark(1, 0, 12)]), [0, 1, 0, 2]);
    }

    #[test]
    fn the_place_in_the_transaction_counts_where_it_is_told() {
        let told = |order, before, after| RowMark { order: Some(order), ..mark(1, before, after) };
        let transaction = [told(1, 0, 1), told(2, 1, 2), told(5, 2, 1), told(7, 1, 2)];
        let mut run = Run::default();
        assert_eq!(ordinals(&mut run, &transaction), [0, 1, 2, 3]);
        assert_eq!(ordinals(&mut run, &transaction), [0; 4]);
        let mut again = Run::restore(&run.note()).expect("its own note");
        assert_eq!(ordinals(&mut again, &transaction), [0; 4]);
    }

    #[test]
    fn a_transaction_of_any_size_is_ordered_and_its_note_fits_beside_an_offset() {
        let mut run = Run::default();
        for round in 0..3u32 {
            for key in 0..10_000 {
                run.ordinal(&mark(key, round, round + 1));
            }
        }
        let last = run.ordinal(&mark(7, 3, 4));
        assert!(last >= 3, "{last}");
        let note = run.note();
        assert!(note.len() < 3_000, "{} bytes", note.len());
        let mut again = Run::restore(&note).expect("its own note");
        assert!(again.ordinal(&mark(9_999, 3, 4)) > last, "not written, so newer than all");
        for other in ["", "x", "1;zz", "1;5:1", "1;5:1::x", "1;5:1::1"] {
            assert!(Run::restore(other).is_none(), "{other}");
        }
    }
}
