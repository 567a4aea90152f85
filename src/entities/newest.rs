//! The rule of every row: the newest record wins, and a deletion keeps the content.
//!
//! | a record | that is | does this to the row |
//! | --- | --- | --- |
//! | upsert | newer than all records of the row | its content is the row's; a deletion mark goes |
//! | delete | newer than all records of the row | marks the row as deleted; the content stays beside the mark |
//! | upsert | older than the deletion, newer than the content | its content is that of the deleted row |
//! | any other | | nothing |
//!
//! So the order in which records arrive never shows: a deletion that overtakes its upsert finds the content beside it once that has come.
//!
//! Two types store rows by this rule. [`Stored`](super::Stored) is for orders, of which there are millions: it keeps the version, cause and
//! moment of the newest record alone, and of a deleted row's content the version. [`KeptRow`](super::KeptRow) keeps all three for the content and for
//! the deletion, since aliases pass both on as two facts, and a SKU's figures ask when each was written. That takes 56 bytes more for each row.

use crate::facts::Version;

/// What is known of a row, by versions alone.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known {
    /// Of the newest record, whichever it is.
    pub newest: Version,
    pub deleted: bool,
    /// Content of this version, or an older one, is known already or of no use any more.
    pub content: Option<Version>,
}

/// What a record does to a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arrival {
    /// Nothing.
    Stale,
    /// It is the newest record of the row.
    Newest,
    /// An upsert older than the deletion: the newest content of the deleted row.
    Content,
}

impl Known {
    /// What an upsert, or a deletion, of this version does to the row.
    pub fn arrival(&self, upsert: bool, version: Version) -> Arrival {
        if version > self.newest {
            return Arrival::Newest;
        }
        let beneath = upsert && self.deleted && version < self.newest;
        if beneath && self.content.is_none_or(|content| version > content) { Arrival::Content } else { Arrival::Stale }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::entities::{KeptRow, Put, Rows, Stored};
    use crate::facts::{Cause, Moment, OrderRow, Place, RowKey, SourceId, Text, TopicId, Version};

    /// The reason for two types.
    #[test]
    fn a_row_of_an_order_is_kept_in_56_bytes_less() {
        assert_eq!(size_of::<KeptRow<OrderRow>>() - size_of::<Stored<OrderRow>>(), 56);
    }

    proptest! {
        /// Both types end in the same row, whatever arrives.
        #[test]
        fn both_types_follow_the_rule(changes in prop::collection::vec((0u64..6, any::<bool>()), 1..9)) {
            let (mut kept, mut rows) = (KeptRow::default(), Rows::default());
            let key = RowKey { kind: 1, source: SourceId(1), id: Text::default() };
            for (place, upsert) in changes {
                let version = Version { incarnation: 0, place: Place::Position([place, 0, 0]), upsert, adapter: 0 };
                let cause = Cause { topic: TopicId(1), partition: 0, offset: place as i64 };
                let (row, at) = (upsert.then_some(place), Moment(place as i64));
                let put = match row {
                    Some(row) => kept.upsert(row, version, cause, at),
                    None => kept.delete(version, cause, at),
                };
                prop_assert_eq!(put.max(Put::Stale), rows.put(key.clone(), row, version, cause, at));
                let stored = rows.get(&key).expect("it was put");
                prop_assert_eq!((kept.content(), kept.is_deleted()), (stored.row.as_ref(), stored.deleted));
            }
        }
    }
}
