//! One fact into the open epoch, whatever it is about.

use super::incarnations::Standing;
use super::store::Store;
use super::{bulk_deletes, row_owners};
use crate::entities::Put;
use crate::facts::{Change, Fact, Place, Row, Subject};

/// Stores a fact.
pub(super) fn put(store: &mut Store, fact: Fact) -> Put {
    match fact.subject {
        Subject::Order(_) | Subject::Alias(_) | Subject::Sku(_) | Subject::Customer(_) => store.put(fact),
        Subject::RowOwner(_) => row_owners::put(store, fact),
        Subject::Set(_) => bulk_deletes::put(store, fact),
        Subject::Desk => store.desk.put(&fact, store.tick),
    }
}

/// What became of a record's facts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct FactsPut {
    /// All of them.
    pub facts: u64,
    /// Those that are newer than what was kept.
    pub new: u64,
}

/// Stores the facts of one record of a source (its place in the engine's list), each at the place that the record's position has.
pub(super) fn put_record(store: &mut Store, source: usize, standing: Standing, facts: impl Iterator<Item = Fact>) -> FactsPut {
    let Standing { incarnation, ordinal } = standing;
    let mut done = FactsPut::default();
    for mut fact in facts {
        if matches!(fact.version.place, Place::Position(_)) {
            fact.version.incarnation = incarnation;
            // A statement about many rows stands below all rows of its position.
            if !matches!(fact.subject, Subject::Set(_)) {
                fact.version.place = fact.version.place.with_ordinal(ordinal);
            }
        }
        let row = match &fact.change {
            Change::Upsert(Row::Owned(owned)) => Some(&owned.row),
            Change::Upsert(row) => Some(row),
            Change::Delete | Change::Withdraw => None,
        };
        let unknown = matches!(row, Some(Row::Order(row)) if row.unknown_word().is_some());
        let passed_over = store.report.facts_passed_over;
        let put = put(store, fact);
        let passed_over = store.report.facts_passed_over - passed_over;
        if passed_over > 0 {
            store.report.sources.entry(source).or_default().passed_over += passed_over;
        }
        if put == Put::Changed && unknown {
            store.report.sources.entry(source).or_default().unknown_words += 1;
        }
        done.facts += 1;
        done.new += u64::from(!put.is_stale());
    }
    done
}
