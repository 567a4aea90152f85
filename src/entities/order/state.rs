//! The state of an order: rows, ledgers, statements last emitted. It is written to the changelog as one record.

use serde::{Deserialize, Serialize};

use crate::entities::held::HeldRequests;
use crate::entities::last_emitted::LastEmitted;
use crate::entities::small_map::SmallMap;
use crate::entities::topics::Ledgers;
use crate::entities::{Put, Rows};
use crate::facts::ids::{ItemId, ListedRow, WholeList};
use crate::facts::order::{Header, KeyReused};
use crate::facts::{Cause, Moment, OrderRow, Place, RowKey, Sku, SourceId, Text, Version};

/// The state of an order.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct OrderState {
    /// The newest version of each row.
    pub rows: Rows<OrderRow>,
    /// The tick at which its first row was stored. Time limits for the other rows run from here, however old the order is.
    pub since: Moment,
    /// What was requested and reported so far, by topic.
    pub ledgers: Ledgers,
    /// What it would request and what waits for a person.
    pub held: HeldRequests,
    /// The statements last emitted.
    pub last_emitted: LastEmitted,
    /// Digests of the derived facts last emitted to SKUs and the customer, by subject and row id. A fact that is no longer derived is withdrawn.
    pub derived: SmallMap<Text, u64>,
    /// Open exceptions by kind and number, and since when each is open.
    pub exceptions: SmallMap<Text, Moment>,
    /// Counts the seals that changed the view or a ledger.
    pub revision: u64,
    /// When time alone changes its view next, as of its last seal. Stored so that a restore need not compute every order.
    pub timer_at: Option<Moment>,
    /// The order that had this key before.
    pub former: Option<Box<FormerOrder>>,
    /// Rows of its shop that were written after the shop had deleted the order: another order's that is to get its key.
    pub early: Vec<EarlyRow>,
}

/// A row that waits for the order that it is of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EarlyRow {
    key: RowKey,
    row: Option<OrderRow>,
    version: Version,
    cause: Cause,
    at: Moment,
}

/// The order that had a key before another one got it: a shop deletes an order, and its database gives the id once more. Its rows are none of the new
/// order's, however late they come; the database itself deleted them without a record of each.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FormerOrder {
    /// Its number.
    pub number: Text,
    /// The shop.
    pub source: SourceId,
    /// Its rows are those of the shop up to here: its deletion, else the newest that was known of its header.
    until: Version,
    /// ... and those before the new order's header that were written before that was placed.
    header: Version,
    placed_at: Moment,
}

impl FormerOrder {
    fn has(&self, key: &RowKey, version: &Version, at: Moment) -> bool {
        key.source == self.source && (*version <= self.until || (*version < self.header && at < self.placed_at))
    }
}

/// What became of a row that was put to an order.
pub struct PutRow {
    /// Of the row.
    pub put: Put,
    /// The number of the order that had the key before, where this row shows that another one has it now.
    pub former: Option<Text>,
}

impl OrderState {
    /// Puts a row: `None` deletes it.
    pub fn put(&mut self, key: RowKey, row: Option<OrderRow>, version: Version, cause: Cause, at: Moment, tick: Moment) -> PutRow {
        if self.former.as_ref().is_some_and(|former| former.has(&key, &version, at)) {
            return PutRow { put: Put::Stale, former: None };
        }
        if self.is_early(&key, &version) {
            let waits = EarlyRow { key, row, version, cause, at };
            if self.early.contains(&waits) {
                return PutRow { put: Put::Stale, former: None };
            }
            self.early.push(waits);
            return PutRow { put: Put::Same, former: None };
        }
        let former = match &row {
            Some(OrderRow::Header(header)) => self.another_order(&key, header, version, cause, at, tick),
            _ => None,
        };
        let is_header = key.kind == OrderRow::HEADER && row.is_some();
        let dropped = match WholeList::of(&key.id) {
            Some(list) => match self.rows.newest_telling(&key, list, version) {
                Some(dropped) => dropped,
                None => return PutRow { put: Put::Stale, former: None },
            },
            None => false,
        };
        let (source, row) = (key.source, row.map(|row| self.rows.with_known_item(key.source, row)));
        let told = row.as_ref().and_then(item_told);
        let is_listed = ListedRow::of(&key.id).is_some();
        let mut put = match self.rows.put(key, row, version, cause, at) {
            // With the same content it is of a newer reading of its list: those that were not read again count no more (`listed`).
            Put::Same if is_listed => Put::Changed,
            put => put,
        };
        let named = told.is_some_and(|(item, sku)| self.rows.name_item(source, &item, &sku));
        if dropped || named {
            put = Put::Changed;
        }
        if is_header && !self.early.is_empty() {
            for EarlyRow { key, row, version, cause, at } in std::mem::take(&mut self.early) {
                self.put(key, row, version, cause, at, tick);
            }
        }
        PutRow { put, former }
    }

    /// The shop has deleted the order, and the database all rows of it: a row that was written after that is another order's.
    fn is_early(&self, key: &RowKey, version: &Version) -> bool {
        if key.kind == OrderRow::HEADER || !matches!(version.place, Place::Position(_)) {
            return false;
        }
        let header = self.rows.get(&RowKey { kind: OrderRow::HEADER, source: key.source, id: Text::default() });
        header.is_some_and(|header| {
            let behind = version.place.of_event() > header.version.place.of_event();
            header.deleted && behind && version.incarnation == header.version.incarnation
        })
    }

    /// A header with another number, placed at another time or after a deletion, is another order's. A log's positions tell whose the other rows are;
    /// without them nothing is done.
    fn another_order(&mut self, key: &RowKey, header: &Header, version: Version, cause: Cause, at: Moment, tick: Moment) -> Option<Text> {
        let before = self.rows.get(key)?;
        let Some(OrderRow::Header(known)) = &before.row else { return None };
        let another = known.number != header.number && (before.deleted || known.placed_at != header.placed_at);
        if !another || version <= before.version || !matches!(version.place, Place::Position(_)) {
            return None;
        }
        let former = FormerOrder {
            number: known.number.clone(),
            source: key.source,
            until: before.version,
            header: version,
            placed_at: header.placed_at,
        };
        self.rows.retain(|row_key, stored| !former.has(row_key, &stored.version, stored.at));
        self.since = tick;
        let number = former.number.clone();
        let reused = KeyReused { number: number.clone(), requested: self.ledgers != Ledgers::default() };
        let of_waybill = RowKey { kind: OrderRow::KEY_REUSED, source: SourceId::WAYBILL, id: Text::default() };
        self.rows.put(of_waybill, Some(OrderRow::KeyReused(reused)), version, cause, at);
        self.former = Some(Box::new(former));
        Some(number)
    }
}

/// The ERP's id of an item, and the SKU that it is.
fn item_told(row: &OrderRow) -> Option<(Text, Sku)> {
    match row {
        OrderRow::ErpLine(line) if ItemId::of(&line.sku).is_none() => Some((line.item.clone()?, line.sku.clone())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::order::Line;
    use crate::facts::{Amount, Currency, Quantity, Sku, TopicId};

    const SHOP: SourceId = SourceId(5);
    const CAUSE: Cause = Cause { topic: TopicId(1), partition: 0, offset: 0 };

    fn version(place: u64, upsert: bool) -> Version {
        Version { incarnation: 0, place: Place::Position([1, place, 0]), upsert, adapter: 1 }
    }

    fn header(number: &str, placed_at: i64) -> OrderRow {
        let gbp = Currency::new("GBP").expect("a currency");
        OrderRow::Header(Box::new(Header::new(number.into(), Moment(placed_at), gbp, Amount::ZERO)))
    }

    fn line(sku: &str) -> OrderRow {
        OrderRow::Line(Box::new(Line::new(Sku::new(sku).expect("a SKU"), Quantity::from_int(1), Amount::ZERO)))
    }

    fn put(state: &mut OrderState, id: &str, row: Option<OrderRow>, place: u64) -> Option<Text> {
        let kind = row.as_ref().map_or(OrderRow::HEADER, OrderRow::kind);
        let (key, upsert) = (RowKey { kind, source: SHOP, id: id.into() }, row.is_some());
        state.put(key, row, version(place, upsert), CAUSE, Moment(place as i64 * 1_000), Moment(0)).former
    }

    /// The header's records are in one partition and come in order; the lines' come at any time.
    #[test]
    fn a_key_that_another_order_has_now_keeps_none_of_the_rows_before_it_in_any_order() {
        for deletion_is_told in [true, false] {
            for old_line in 0..4 {
                for new_line in 0..4 {
                    let mut state = OrderState::default();
                    let mut former = None;
                    for step in 0..4 {
                        if old_line == step {
                            put(&mut state, "501", Some(line("CAP")), 2);
                        }
                        if new_line == step {
                            put(&mut state, "502", Some(line("TEE")), 5);
                        }
                        let told = match step {
                            0 => put(&mut state, "", Some(header("31", 1_000)), 1),
                            1 if deletion_is_told => put(&mut state, "", None, 3),
                            2 => put(&mut state, "", Some(header("32", 4_000)), 4),
                            _ => None,
                        };
                        former = former.or(told);
                    }
                    assert_eq!(former.as_deref(), Some("31"));
                    let lines: Vec<&str> = state.rows.of_kind(OrderRow::LINE).map(|(key, _)| key.id.as_str()).collect();
                    assert_eq!(lines, ["502"], "old line at {old_line}, new line at {new_line}, deletion told: {deletion_is_told}");
                    assert_eq!(state.rows.of_kind(OrderRow::KEY_REUSED).count(), 1);
                }
            }
        }
    }

    /// One event tells the whole cascade: a line that was changed before it was deleted stands above the header, and is the deleted order's.
    #[test]
    fn a_row_of_the_event_that_deletes_the_order_is_of_that_order() {
        let mut state = OrderState::default();
        put(&mut state, "", Some(header("31", 1_000)), 1);
        put(&mut state, "501", Some(line("CAP")), 2);
        put(&mut state, "", None, 3);
        let later = |ordinal| Version { place: version(3, false).place.with_ordinal(ordinal), ..version(3, false) };
        let key = RowKey { kind: OrderRow::LINE, source: SHOP, id: "501".into() };
        let told = state.put(key.clone(), None, later(2), CAUSE, Moment(3_000), Moment(0));
        assert_eq!(told.put, Put::Changed);
        assert!(state.rows.get(&key).is_some_and(|line| line.deleted));
    }

    /// The same order again (restored, or renumbered by its shop) is no other order.
    #[test]
    fn the_same_number_or_the_same_moment_is_the_same_order() {
        for (number, placed_at, delete) in [("31", 1_000, true), ("31", 9_000, true), ("31-1", 1_000, false)] {
            let mut state = OrderState::default();
            put(&mut state, "", Some(header("31", 1_000)), 1);
            put(&mut state, "501", Some(line("CAP")), 2);
            if delete {
                put(&mut state, "", None, 3);
            }
            assert_eq!(put(&mut state, "", Some(header(number, placed_at)), 4), None);
            assert_eq!(state.rows.of_kind(OrderRow::LINE).count(), 1);
        }
    }

    /// A row that names an item by its source's id means the SKU that a line of the ERP's record gives this id, whichever comes first.
    #[test]
    fn goods_told_by_the_erps_id_are_those_of_the_line_that_tells_both() {
        use crate::facts::order::{ErpLine, ErpPosted, PostedKind};
        let by_id = ItemId::sku("erp", "512").expect("an id");
        let bell = Sku::new("BELL").expect("a SKU");
        let line = ErpLine { item: Some("512".into()), ..ErpLine::new("5".into(), bell.clone(), crate::facts::Quantity::from_int(2)) };
        let (document, from) = ("7".into(), "5".into());
        let quantity = crate::facts::Quantity::from_int(2);
        let posted = ErpPosted { kind: PostedKind::Shipment, document, from, sku: by_id, quantity, gross: None };
        let rows = [("line", OrderRow::ErpLine(Box::new(line))), ("posted", OrderRow::ErpPosted(posted))];
        for order in [[0, 1], [1, 0]] {
            let mut state = OrderState::default();
            for place in order {
                let (id, row) = rows[place].clone();
                let key = RowKey { kind: row.kind(), source: SourceId(3), id: id.into() };
                let place = Place::Stamp { millis: 1, rank: 0, tie: 0 };
                let version = Version { incarnation: 0, place, upsert: true, adapter: 1 };
                state.put(key, Some(row), version, Cause::NONE, Moment(1), Moment(1));
            }
            let skus: Vec<Option<&Sku>> = state.rows.iter().filter_map(|(_, stored)| Some(stored.row.as_ref()?.goods())).collect();
            assert_eq!(skus, [Some(&bell), Some(&bell)]);
        }
    }
}
