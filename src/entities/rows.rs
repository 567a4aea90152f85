//! The rows of an order: the newest version of each, in one sorted vector.

use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::newest::{Arrival, Known};
use super::{Deletion, KeptRow, Put, Upserted};
use crate::facts::ids::{ItemId, WholeList};
use crate::facts::order::{ErpLine, OrderRowType};
use crate::facts::{Cause, Moment, OrderRow, RowKey, Sku, SourceId, Version};

/// A row as it is kept: its content, and the record that it came in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stored<R> {
    /// The version of the newest record.
    pub version: Version,
    /// The newest record.
    pub cause: Cause,
    /// When it was written, by its source.
    pub at: Moment,
    /// The source deleted the row; `row` is its last content. The mark is kept for `tombstone_days`, so that a late repeat can't revive the row.
    pub deleted: bool,
    /// The content; `None` when a delete was all that ever came, or the row was withdrawn.
    pub row: Option<R>,
    /// The version of `row` while the row is deleted: an upsert that comes late, older than the deletion, still brings the content.
    pub content_version: Option<Box<Version>>,
}

/// When there is no more room, so much is made for further rows.
const ROOM: usize = 4;

/// Rows by key, sorted. An order has a few dozen at most, so a sorted vector beats a map. A copy shares the rows, and only those that are put to it
/// are made anew: each epoch works on copies.
#[derive(Clone, Debug, PartialEq)]
pub struct Rows<R>(Vec<Slot<R>>);

/// A row, and how its key begins: most of a search is done without a look at the row, which is elsewhere in memory.
#[derive(Clone, Debug, PartialEq)]
struct Slot<R> {
    begins: u64,
    row: Arc<(RowKey, Stored<R>)>,
}

/// Kind, source, and the first bytes of the id. Sorts as the keys do, as far as it goes.
fn begins(key: &RowKey) -> u64 {
    let mut id = [0; 5];
    let bytes = key.id.as_bytes();
    let known = bytes.len().min(id.len());
    id[..known].copy_from_slice(&bytes[..known]);
    let rest = id.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte));
    u64::from(key.kind) << 56 | u64::from(key.source.0) << 40 | rest
}

impl<R> Slot<R> {
    fn new(key: RowKey, stored: Stored<R>) -> Self {
        Self { begins: begins(&key), row: Arc::new((key, stored)) }
    }

    fn kind(&self) -> u8 {
        (self.begins >> 56) as u8
    }
}

impl<R> Default for Rows<R> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<R: Clone + PartialEq> Slot<R> {
    fn put(&mut self, key: RowKey, row: Option<R>, version: Version, cause: Cause, at: Moment) -> Put {
        let stored = &self.row.1;
        match stored.known().arrival(row.is_some(), version) {
            Arrival::Stale => return Put::Stale,
            Arrival::Content => return self.put_content(row, version),
            Arrival::Newest => {}
        }
        let deleted = row.is_none();
        let same = stored.deleted == deleted && (deleted || stored.row == row) && stored.at == at;
        if deleted {
            let stored = &mut Arc::make_mut(&mut self.row).1;
            let content_version = if stored.deleted { stored.content_version.take() } else { Some(Box::new(stored.version)) };
            *stored = Stored { version, cause, at, deleted, row: stored.row.take(), content_version };
        } else {
            // Nothing of what stood there stays: where a copy shares it, it is not copied first.
            let stored = Stored { version, cause, at, deleted, row, content_version: None };
            match Arc::get_mut(&mut self.row) {
                Some(own) => own.1 = stored,
                None => self.row = Arc::new((key, stored)),
            }
        }
        if same { Put::Same } else { Put::Changed }
    }

    /// Content of the row from before its deletion.
    fn put_content(&mut self, row: Option<R>, version: Version) -> Put {
        let same = self.row.1.row == row;
        let stored = &mut Arc::make_mut(&mut self.row).1;
        stored.row = row;
        stored.content_version = Some(Box::new(version));
        if same { Put::Same } else { Put::Changed }
    }
}

impl<R> Stored<R> {
    fn known(&self) -> Known {
        let content = if self.deleted { self.content_version.as_deref().copied() } else { Some(self.version) };
        Known { newest: self.version, deleted: self.deleted, content }
    }
}

/// As pairs of key and row are written.
impl<R: Serialize> Serialize for Rows<R> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(|slot| &*slot.row))
    }
}

impl<'de, R: Deserialize<'de>> Deserialize<'de> for Rows<R> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let rows = Vec::<(RowKey, Stored<R>)>::deserialize(deserializer)?;
        Ok(Self(rows.into_iter().map(|(key, stored)| Slot::new(key, stored)).collect()))
    }
}

impl<R: Clone + PartialEq> Rows<R> {
    /// Puts a row (`None`: its deletion) when its version is newer than the one there.
    pub fn put(&mut self, key: RowKey, row: Option<R>, version: Version, cause: Cause, at: Moment) -> Put {
        match self.place(&key) {
            Err(place) => {
                let deleted = row.is_none();
                // An order stays long after its last row came: room for twice as many would stay with it.
                if self.0.len() == self.0.capacity() {
                    self.0.reserve_exact(ROOM);
                }
                self.0.insert(place, Slot::new(key, Stored { version, cause, at, deleted, row, content_version: None }));
                Put::Changed
            }
            Ok(place) => self.0[place].put(key, row, version, cause, at),
        }
    }

    /// The row is another entity's from this version on: its content goes, and an older record doesn't bring it back.
    pub fn withdraw(&mut self, key: RowKey, version: Version, cause: Cause, at: Moment) -> Put {
        let stored = Stored { version, cause, at, deleted: true, row: None, content_version: Some(Box::new(version)) };
        match self.place(&key) {
            Err(place) => self.0.insert(place, Slot::new(key, stored)),
            Ok(place) if version <= self.0[place].row.1.version => return Put::Stale,
            Ok(place) => self.0[place] = Slot::new(key, stored),
        }
        Put::Changed
    }

    /// Would putting a state of this version change nothing?
    pub fn is_stale(&self, key: &RowKey, upsert: bool, version: Version) -> bool {
        self.get(key).is_some_and(|stored| stored.known().arrival(upsert, version) == Arrival::Stale)
    }

    /// Drops the rows for which `keep` is false, as if they had never been there.
    pub fn retain(&mut self, keep: impl Fn(&RowKey, &Stored<R>) -> bool) {
        self.0.retain(|slot| keep(&slot.row.0, &slot.row.1));
    }

    /// Takes a row out as if it had never been there: the alias that it came under leads elsewhere.
    pub fn take(&mut self, key: &RowKey) -> Option<KeptRow<R>> {
        let place = self.place(key).ok()?;
        let Stored { version, cause, at, deleted, row, content_version } = Arc::unwrap_or_clone(self.0.remove(place).row).1;
        if !deleted {
            return Some(KeptRow { upserted: row.map(|row| Upserted { version, cause, at, row }), deletion: None });
        }
        let upserted = row.zip(content_version).map(|(row, content_version)| Upserted { version: *content_version, cause, at, row });
        Some(KeptRow { upserted, deletion: Some(Deletion { version, cause, at, settled: false }) })
    }

    fn place(&self, key: &RowKey) -> Result<usize, usize> {
        let begins = begins(key);
        self.0.binary_search_by(|slot| slot.begins.cmp(&begins).then_with(|| slot.row.0.cmp(key)))
    }

    /// The row of this key.
    pub fn get(&self, key: &RowKey) -> Option<&Stored<R>> {
        self.place(key).ok().map(|place| &self.0[place].row.1)
    }

    /// All rows, sorted by key.
    pub fn iter(&self) -> impl Iterator<Item = (&RowKey, &Stored<R>)> {
        self.0.iter().map(|slot| (&slot.row.0, &slot.row.1))
    }

    /// Rows of one kind, in the order of source and id.
    pub fn of_kind(&self, kind: u8) -> impl Iterator<Item = (&RowKey, &Stored<R>)> {
        let start = self.0.partition_point(|slot| slot.kind() < kind);
        self.0[start..].iter().take_while(move |slot| slot.kind() == kind).map(|slot| (&slot.row.0, &slot.row.1))
    }

    /// Rows of one kind and source.
    pub fn of(&self, kind: u8, source: SourceId) -> impl Iterator<Item = (&RowKey, &Stored<R>)> {
        self.of_kind(kind).filter(move |(key, _)| key.source == source)
    }

    /// How many rows there are, deleted ones included.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Is there no row?
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A row of a known type, with its key and what is kept beside it.
#[derive(Debug)]
pub struct RowOf<'a, T> {
    /// Kind, source and id.
    pub key: &'a RowKey,
    /// Version, cause, moment; whether it was deleted.
    pub stored: &'a Stored<OrderRow>,
    /// What it says.
    pub row: &'a T,
}

impl Rows<OrderRow> {
    /// Makes room for a row of a list that is told whole ([`crate::facts::ids::WholeList`]): rows of older tellings go. True: some went. `None`: the list
    /// was told anew since, so the row does not stand any more.
    pub fn newest_telling(&mut self, key: &RowKey, list: &str, version: Version) -> Option<bool> {
        let of_list = |other: &RowKey| other.kind == key.kind && other.source == key.source && WholeList::of(&other.id) == Some(list);
        // A list is told at one place; upserts and deletions at it are of the same telling.
        let told = |version: &Version| (version.incarnation, version.place);
        let tellings = || self.of(key.kind, key.source).filter(|(other, _)| of_list(other)).map(|(_, stored)| told(&stored.version));
        if tellings().any(|there| there > told(&version)) {
            return None;
        }
        let older = tellings().any(|there| there < told(&version));
        if older {
            self.retain(|other, stored| !of_list(other) || told(&stored.version) >= told(&version));
        }
        Some(older)
    }

    /// The row with its item's SKU, where it names the item by its source's id and a line of the ERP's record tells both.
    pub fn with_known_item(&self, source: SourceId, mut row: OrderRow) -> OrderRow {
        if let Some(sku) = row.goods_mut()
            && let Some(id) = ItemId::of(sku)
        {
            let lines = self.of(OrderRow::ERP_LINE, source).filter_map(|(_, stored)| stored.row.as_ref().and_then(ErpLine::of));
            let known = lines.filter(|line| line.item.as_deref() == Some(id)).map(|line| &line.sku).find(|sku| ItemId::of(sku).is_none());
            if let Some(known) = known {
                *sku = known.clone();
            }
        }
        row
    }

    /// Gives rows that name an item by its source's id the item's SKU. True: there were some.
    pub fn name_item(&mut self, source: SourceId, id: &str, sku: &Sku) -> bool {
        let mut named = false;
        for slot in &mut self.0 {
            let (key, stored) = &*slot.row;
            let is_item = |row: &OrderRow| row.goods().is_some_and(|goods| ItemId::of(goods) == Some(id));
            if key.source == source && stored.row.as_ref().is_some_and(is_item) {
                if let Some(goods) = Arc::make_mut(&mut slot.row).1.row.as_mut().and_then(OrderRow::goods_mut) {
                    *goods = sku.clone();
                }
                named = true;
            }
        }
        named
    }

    /// Does any row name a person?
    pub fn has_person(&self) -> bool {
        self.iter().any(|(_, stored)| stored.row.as_ref().is_some_and(OrderRow::has_person))
    }

    /// No row names a person any more.
    pub fn forget_person(&mut self) {
        for slot in &mut self.0 {
            if slot.row.1.row.as_ref().is_some_and(OrderRow::has_person)
                && let Some(row) = &mut Arc::make_mut(&mut slot.row).1.row
            {
                row.forget_person();
            }
        }
    }

    /// The rows of a type that have content, deleted ones too: a deleted row keeps its last content.
    pub fn all<'a, T: OrderRowType + 'a>(&'a self) -> impl Iterator<Item = RowOf<'a, T>> {
        self.of_kind(T::KIND).filter_map(|(key, stored)| Some(RowOf { key, stored, row: T::of(stored.row.as_ref()?)? }))
    }

    /// The row with this key, if it stands and is of this type.
    pub fn get_live<T: OrderRowType>(&self, key: &RowKey) -> Option<&T> {
        self.get(key).filter(|stored| !stored.deleted).and_then(|stored| T::of(stored.row.as_ref()?))
    }

    /// The rows of a type that stand: not deleted.
    pub fn live<'a, T: OrderRowType + 'a>(&'a self) -> impl Iterator<Item = RowOf<'a, T>> {
        self.all().filter(|each| !each.stored.deleted)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::facts::{Place, Text, TopicId};

    /// A newer version with the same content is kept, and the view need not be computed: a snapshot reads all rows once more.
    #[test]
    fn the_same_content_again_is_no_change() {
        let mut rows = Rows::default();
        let mut put = |place, row: Option<u8>| {
            let version = Version { incarnation: 0, place: Place::Position([place, 0, 0]), upsert: row.is_some(), adapter: 0 };
            let key = RowKey { kind: 1, source: SourceId(1), id: Text::default() };
            rows.put(key, row, version, Cause { topic: TopicId(1), partition: 0, offset: place as i64 }, Moment(7))
        };
        assert_eq!(
            [put(1, Some(5)), put(2, Some(5)), put(2, Some(5)), put(3, Some(6))],
            [Put::Changed, Put::Same, Put::Stale, Put::Changed]
        );
        assert_eq!([put(4, None), put(5, None), put(6, Some(6))], [Put::Changed, Put::Same, Put::Changed]);
    }

    proptest! {
        /// Of a list that is told whole the newest telling stands, in whatever order tellings and their rows come, and however often.
        #[test]
        fn a_list_that_is_told_whole_stands_as_it_was_told_last(
            tellings in prop::collection::vec(prop::collection::btree_set(0u8..4, 0..3), 1..5),
            order in prop::collection::vec(any::<prop::sample::Index>(), 0..40),
        ) {
            let told = tellings.iter().enumerate().flat_map(|(at, lines)| {
                let rows = lines.iter().map(move |line| (at as u64, line.to_string(), true));
                rows.chain(lines.is_empty().then(|| (at as u64, String::new(), false)))
            });
            let mut told: Vec<(u64, String, bool)> = told.collect();
            for index in order {
                let again = told[index.index(told.len())].clone();
                told.push(again);
                let last = told.len() - 1;
                told.swap(index.index(last), last);
            }
            let mut rows: Rows<OrderRow> = Rows::default();
            for (at, line, upsert) in &told {
                let key = RowKey { kind: OrderRow::LEFT_OUT, source: SourceId(1), id: WholeList::id("7", line) };
                let version = Version { incarnation: 0, place: Place::Position([*at, 0, 0]), upsert: *upsert, adapter: 0 };
                if rows.newest_telling(&key, "7", version).is_some() {
                    let row = upsert.then(|| OrderRow::LeftOut(crate::facts::order::LeftOut { kind: 1, id: Text::default(), read: version }));
                    rows.put(key, row, version, Cause::NONE, Moment(0));
                }
            }
            let stand: Vec<String> = rows.iter().filter(|(_, stored)| !stored.deleted).map(|(key, _)| key.id.to_string()).collect();
            let last = tellings.last().expect("one at least");
            let expected: Vec<String> = last.iter().map(|line| WholeList::id("7", &line.to_string()).to_string()).collect();
            prop_assert_eq!(stand, expected);
        }

        /// How keys begin sorts them as they sort.
        #[test]
        fn the_beginning_of_keys_sorts_them(
            a in (0u8..3, 0u16..3, "[a-b\u{0}é]{0,7}"),
            b in (0u8..3, 0u16..3, "[a-b\u{0}é]{0,7}"),
        ) {
            let key = |(kind, source, id): &(u8, u16, String)| RowKey { kind: *kind, source: SourceId(*source), id: Text::from(id) };
            let (a, b) = (key(&a), key(&b));
            prop_assert_eq!(begins(&a).cmp(&begins(&b)).then_with(|| a.cmp(&b)), a.cmp(&b));
        }

        /// Upserts and deletes of one row, in any order and repeated, leave the same content, mark and version.
        #[test]
        fn the_order_of_arrival_never_shows(changes in prop::collection::vec((0u64..6, any::<bool>()), 1..8).prop_shuffle()) {
            let put_all = |changes: &[(u64, bool)]| {
                let mut rows = Rows::default();
                for (place, upsert) in changes {
                    let version = Version { incarnation: 0, place: Place::Position([*place, 0, 0]), upsert: *upsert, adapter: 0 };
                    let cause = Cause { topic: TopicId(1), partition: 0, offset: *place as i64 * 2 + i64::from(*upsert) };
                    let key = RowKey { kind: 1, source: SourceId(1), id: Text::default() };
                    let stale = rows.is_stale(&key, *upsert, version);
                    let put = rows.put(key, upsert.then_some(*place), version, cause, Moment(*place as i64));
                    assert_eq!(stale, put == Put::Stale);
                }
                rows
            };
            let mut sorted = changes.clone();
            sorted.sort_unstable();
            let mut twice = changes.clone();
            twice.extend(sorted.iter().rev());
            prop_assert_eq!(put_all(&changes), put_all(&sorted));
            prop_assert_eq!(put_all(&twice), put_all(&sorted));
        }
    }
}
