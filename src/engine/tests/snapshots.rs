//! A snapshot of a whole table names what it left out; one of a part does not.

use super::*;
use crate::facts::{EntityKind, OrderRow, Place, RowKey, RowSet, Text, Version, Watermark};

/// The header of an order, as a snapshot or a change at this position tells it.
fn header(number: usize, position: u64) -> Fact {
    let mut story = Story::new("GBP");
    story.key = OrderKey::new("magento", &number.to_string());
    story.header("10");
    let fact = facts(&story).remove(0);
    Fact { version: Version { place: Place::Position([1, position, 0]), ..fact.version }, ..fact }
}

/// The last row of a table that a snapshot has read.
fn read(of: &RowKey, position: u64) -> Fact {
    let set = RowSet { source: of.source, entity: EntityKind::Orders, kind: of.kind, prefix: Text::default() };
    Fact {
        subject: Subject::Set(set),
        key: RowKey { kind: Watermark::KIND, source: of.source, id: Text::default() },
        change: Change::Upsert(Row::Watermark(Watermark::Read)),
        version: Version { incarnation: 0, place: Place::Position([1, position, 0]), upsert: false, adapter: 0 },
        cause: Cause::NONE,
        at: PLACED,
    }
}

/// How many of twenty orders are told that a snapshot left their header out, when it has read these.
fn left_out(read_again: impl Iterator<Item = usize>) -> usize {
    let mut bench = Bench::new();
    bench.start().expect("a fresh application starts");
    (1..=20).for_each(|number| bench.send(vec![header(number, number as u64)]));
    bench.rest();
    let mut snapshot: Vec<Fact> = read_again.map(|number| header(number, 1_000)).collect();
    let key = header(1, 1).key;
    snapshot.push(read(&key, 1_000));
    bench.send(snapshot);
    bench.rest();
    let published = bench.engine.as_ref().expect("the application runs").core().published();
    let told = |number: &usize| {
        let order = published.order_by_key(&OrderKey::new("magento", &number.to_string())).expect("the order");
        order.rows.of_kind(OrderRow::LEFT_OUT).count() > 0
    };
    (1..=20).filter(told).count()
}

#[test]
fn a_snapshot_of_the_whole_table_names_what_it_left_out() {
    assert_eq!(left_out(1..=18), 2);
    assert_eq!(left_out(1..=11), 9, "fewer than it has read");
}

#[test]
fn a_snapshot_of_a_part_asks_nobody() {
    assert_eq!(left_out(20..=20), 0);
    assert_eq!(left_out(1..=9), 0);
}
