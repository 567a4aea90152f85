//! Row owners and delete watermarks, over restarts and in any order.

use super::{Bench, FactsRecord};
use crate::entities::order::testing::{FINANCE, PLACED, SHOP, WMS, amount, sku};
use crate::facts::order::{Refund, RefundState, Tender, Word};
use crate::facts::sku::{Basis, Count};
use crate::facts::{
    Alias, Cause, Change, Currency, EntityKind, Fact, Link, OrderKey, OrderRow, OwnedRow, Place, Quantity, Row, RowKey, RowSet, SkuRow,
    SourceId, Subject, Version, Watermark,
};

fn fact(subject: Subject, kind: u8, source: SourceId, id: &str, place: u64, row: Option<Row>) -> Fact {
    let version = Version { incarnation: 0, place: Place::Position([1, place, 0]), upsert: row.is_some(), adapter: 0 };
    let change = row.map_or(Change::Delete, Change::Upsert);
    Fact { subject, key: RowKey { kind, source, id: id.into() }, change, version, cause: Cause::NONE, at: PLACED }
}

/// All orders of a few things.
fn permutations<T: Clone>(things: &[T]) -> Vec<Vec<T>> {
    if things.is_empty() {
        return vec![vec![]];
    }
    (0..things.len())
        .flat_map(|first| {
            let mut rest = things.to_vec();
            let first = rest.remove(first);
            permutations(&rest).into_iter().map(move |rest| [vec![first.clone()], rest].concat())
        })
        .collect()
}

/// The facts, each in an epoch of its own; after each the application starts again.
fn played(facts: &[Fact]) -> Bench {
    let mut bench = Bench::new();
    bench.start().expect("a fresh application starts");
    for fact in facts {
        bench.write(FactsRecord { written_at: None, facts: vec![fact.clone()] });
        bench.rest();
        bench.start().expect("a restart");
    }
    bench.rest();
    bench
}

fn refunds(bench: &Bench, order: &str) -> usize {
    let published = bench.engine.as_ref().expect("the application runs").core().published();
    let state = published.order_by_key(&OrderKey::new("magento", order));
    state.map_or(0, |state| state.rows.of_kind(OrderRow::REFUND).filter(|(_, stored)| !stored.deleted).count())
}

fn owned(place: u64, order: Option<&str>) -> Fact {
    let key = RowKey { kind: OrderRow::REFUND, source: FINANCE, id: "R1".into() };
    let row = order.map(|order| {
        let refund = Refund {
            tender: Tender::Card,
            currency: Currency::new("GBP").expect("a currency"),
            amount: amount("5"),
            state: Word::Known(RefundState::Success),
            reference: "".into(),
            request: None,
            refunded_at: PLACED,
            capture: "".into(),
        };
        let subject = Subject::Alias(Alias::new(Alias::ORDER_NUMBER, order));
        Row::Owned(Box::new(OwnedRow { subject, row: Row::Order(OrderRow::Refund(Box::new(refund))) }))
    });
    fact(Subject::RowOwner(key), OrderRow::REFUND, FINANCE, "R1", place, row)
}

fn link(order: &str) -> Fact {
    let to = Link::Order(OrderKey::new("magento", order));
    fact(Subject::Alias(Alias::new(Alias::ORDER_NUMBER, order)), Link::KIND, SHOP, &format!("magento|{order}"), 1, Some(Row::Link(to)))
}

#[test]
fn a_row_that_moves_leaves_the_order_that_had_it() {
    for facts in permutations(&[owned(1, Some("1001")), owned(2, Some("1002")), link("1001"), link("1002")]) {
        let bench = played(&facts);
        assert_eq!((refunds(&bench, "1001"), refunds(&bench, "1002")), (0, 1), "{facts:?}");
    }
    let mut bench = played(&[link("1001"), link("1002"), owned(1, Some("1001"))]);
    bench.write(FactsRecord { written_at: None, facts: vec![owned(1, Some("1001")), owned(2, Some("1002"))] });
    bench.rest();
    assert_eq!((refunds(&bench, "1001"), refunds(&bench, "1002")), (0, 1), "a repeat comes in the epoch of the move");
    let there_and_back = [owned(1, Some("1001")), owned(2, Some("1002")), owned(3, Some("1001"))];
    for facts in permutations(&there_and_back) {
        let bench = played(&[[link("1001"), link("1002")].as_slice(), &facts].concat());
        assert_eq!((refunds(&bench, "1001"), refunds(&bench, "1002")), (1, 0), "{facts:?}");
    }
}

/// The update's record names the order that had the row: the row owner index is not needed.
#[test]
fn a_row_that_an_update_moves_leaves_no_content_behind_in_any_order() {
    let of = |order: &str, place, row: Option<Row>| {
        let subject = Subject::Alias(Alias::new(Alias::ORDER_NUMBER, order));
        fact(subject, OrderRow::REFUND, FINANCE, "R1", place, row)
    };
    let row = || match owned(0, Some("")).change {
        Change::Upsert(Row::Owned(owned)) => Some(owned.row),
        other => panic!("{other:?}"),
    };
    let left = Fact { change: Change::Withdraw, ..of("1001", 2, None) };
    for facts in permutations(&[of("1001", 1, row()), left, of("1002", 2, row()), link("1001")]) {
        let bench = played(&[facts.as_slice(), &[link("1002")]].concat());
        let published = bench.engine.as_ref().expect("the application runs").core().published();
        let content = |order: &str| {
            let state = published.order_by_key(&OrderKey::new("magento", order));
            state.is_some_and(|state| state.rows.of_kind(OrderRow::REFUND).any(|(_, stored)| stored.row.is_some()))
        };
        assert!(!content("1001") && content("1002"), "{facts:?}");
    }
}

/// A deletion carries only the source's key of the row.
#[test]
fn a_deletion_finds_the_row_where_it_lives() {
    for facts in permutations(&[owned(1, Some("1001")), owned(2, Some("1002")), owned(3, None)]) {
        let bench = played(&[[link("1001"), link("1002")].as_slice(), &facts].concat());
        assert_eq!((refunds(&bench, "1001"), refunds(&bench, "1002")), (0, 0), "{facts:?}");
    }
    let made_again = [owned(1, Some("1001")), owned(2, None), owned(3, Some("1001"))];
    for facts in permutations(&made_again) {
        let bench = played(&[[link("1001")].as_slice(), &facts].concat());
        assert_eq!(refunds(&bench, "1001"), 1, "{facts:?}");
    }
}

fn count(item: &str, location: &str, place: u64, pieces: i64) -> Fact {
    let count = Count {
        location: location.into(),
        bucket: "".into(),
        quantity: Quantity::from_int(pieces),
        basis: Basis::OnHand,
        counted_at: PLACED,
    };
    let row = Some(Row::Sku(SkuRow::Count(count)));
    fact(Subject::Sku(sku(item)), SkuRow::COUNT, WMS, &format!("{location}|"), place, row)
}

fn watermark(place: u64, watermark: Watermark) -> Fact {
    let set = RowSet { source: WMS, entity: EntityKind::Skus, kind: SkuRow::COUNT, prefix: "MAIN|".into() };
    let mut fact = fact(Subject::Set(set), Watermark::KIND, WMS, "", place, Some(Row::Watermark(watermark)));
    fact.version.upsert = false;
    fact
}

/// Items whose count at this location stands.
fn counted(bench: &Bench, location: &str) -> Vec<&'static str> {
    let published = bench.engine.as_ref().expect("the application runs").core().published();
    let stands = |item: &&str| {
        let state = published.sku_by_key(&sku(item));
        state.is_some_and(|state| state.of_kind(SkuRow::COUNT).any(|(key, kept)| key.id.starts_with(location) && kept.live().is_some()))
    };
    ["CAP", "TEE"].into_iter().filter(stands).collect()
}

#[test]
fn a_whole_list_takes_away_what_it_leaves_out_in_any_order() {
    let list = [count("CAP", "MAIN", 1, 4), count("TEE", "MAIN", 1, 7), watermark(5, Watermark::Raised), count("TEE", "MAIN", 6, 6)];
    for facts in permutations(&list) {
        assert_eq!(counted(&played(&facts), "MAIN"), ["TEE"], "{facts:?}");
    }
    let elsewhere = played(&[count("CAP", "NORTH", 1, 4), watermark(5, Watermark::Raised)]);
    assert_eq!(counted(&elsewhere, "NORTH"), ["CAP"], "another place's rows are not of the set");
    let later = played(&[count("CAP", "MAIN", 1, 4), watermark(5, Watermark::Raised), count("CAP", "MAIN", 8, 1)]);
    assert_eq!(counted(&later, "MAIN"), ["CAP"], "there again");
}

#[test]
fn a_list_in_parts_takes_nothing_away_before_it_is_whole() {
    let part = |row| watermark(5, Watermark::Listed { row, rows: 2 });
    let mut facts = vec![count("CAP", "MAIN", 1, 4), part(2), part(2)];
    assert_eq!(counted(&played(&facts), "MAIN"), ["CAP"]);
    facts.push(part(1));
    assert!(counted(&played(&facts), "MAIN").is_empty());
}

fn refund(id: &str, place: u64) -> Fact {
    let Fact { change: Change::Upsert(Row::Owned(owned)), .. } = owned(place, Some("1001")) else { unreachable!("a owned row") };
    fact(Subject::Order(OrderKey::new("magento", "1001")), OrderRow::REFUND, FINANCE, id, place, Some(owned.row))
}

fn snapshot(place: u64) -> Fact {
    let set = RowSet { source: FINANCE, entity: EntityKind::Orders, kind: OrderRow::REFUND, prefix: "R".into() };
    let mut fact = fact(Subject::Set(set), Watermark::KIND, FINANCE, "", place, Some(Row::Watermark(Watermark::Read)));
    fact.version.upsert = false;
    fact
}

/// Rows of the order that the newest snapshot left out and that were not seen since.
fn left_out(bench: &Bench) -> Vec<String> {
    let published = bench.engine.as_ref().expect("the application runs").core().published();
    let Some(state) = published.order_by_key(&OrderKey::new("magento", "1001")) else { return Vec::new() };
    let left = state.rows.of_kind(OrderRow::LEFT_OUT).filter_map(|(_, stored)| match &stored.row {
        Some(OrderRow::LeftOut(left)) => Some(left),
        _ => None,
    });
    let row = |id: &str| RowKey { kind: OrderRow::REFUND, source: FINANCE, id: id.into() };
    left.filter(|left| state.rows.get(&row(&left.id)).is_some_and(|row| row.version < left.read)).map(|left| left.id.to_string()).collect()
}

#[test]
fn the_end_of_a_snapshot_names_the_rows_that_it_left_out_in_any_order() {
    // What the snapshot reads stands at one place of the log, its end too; R3 is younger, and X1 is of another table.
    for facts in permutations(&[refund("R1", 1), refund("R2", 1), snapshot(5), refund("R2", 5)]) {
        let bench = played(&facts);
        assert_eq!((left_out(&bench), refunds(&bench, "1001")), (vec!["R1".to_owned()], 2), "{facts:?}");
    }
    for facts in permutations(&[refund("X1", 1), refund("R3", 7), snapshot(5)]) {
        assert_eq!(left_out(&played(&facts)), [""; 0], "{facts:?}");
    }
    for facts in permutations(&[refund("R1", 1), snapshot(5), refund("R1", 8), snapshot(4)]) {
        assert_eq!(left_out(&played(&facts)), [""; 0], "seen again: {facts:?}");
    }
    assert_eq!(left_out(&played(&[refund("R1", 1), snapshot(5), refund("R1", 8), snapshot(9)])), ["R1"], "and lost once more");
}
