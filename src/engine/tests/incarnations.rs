//! A source that is restored from its backup: its records from then on are newer than all before, whatever their positions.

use super::{Bench, FactsRecord, facts};
use crate::entities::order::testing::{PLACED, Story};
use crate::facts::time::Span;
use crate::facts::{OrderKey, OrderRow, Place};

/// The order's header with this total, at a position of the source's log.
fn header(position: u64, hour: i64, total: &str) -> FactsRecord {
    let mut story = Story::new("GBP");
    story.header(total);
    let mut facts = facts(&story);
    facts.truncate(1);
    facts.iter_mut().for_each(|fact| fact.version.place = Place::Position([1, position, 0]));
    FactsRecord { written_at: Some(PLACED + Span::hours(hour)), facts }
}

fn total(bench: &Bench) -> String {
    let published = bench.engine.as_ref().expect("the application runs").core().published();
    let state = published.order_by_key(&OrderKey::new("magento", "1001")).expect("the order");
    let header = state.rows.of_kind(OrderRow::HEADER).find_map(|(_, stored)| stored.row.clone());
    match header {
        Some(OrderRow::Header(header)) => header.total.to_string(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn records_of_a_restored_source_are_newer_after_restarts_and_repeats_too() {
    let mut bench = Bench::new();
    bench.start().expect("a fresh application starts");
    let write = |bench: &mut Bench, record: FactsRecord, expected: &str, why: &str| {
        bench.write(record);
        bench.rest();
        assert_eq!(total(bench), expected, "{why}");
        bench.start().expect("a restart");
        assert_eq!(total(bench), expected, "{why}, after a restart");
    };
    write(&mut bench, header(500, 1, "10"), "10", "the first");
    write(&mut bench, header(480, 1, "9"), "10", "older, and so a repeat");
    write(&mut bench, header(20, 5, "20"), "20", "the source is restored: its positions are low again");
    write(&mut bench, header(500, 1, "10"), "20", "a repeat of before");
    write(&mut bench, header(30, 6, "30"), "30", "and on");
    bench.broker.forget_offsets(super::APPLICATION);
    assert!(bench.start().expect("lost offsets are no fault").offsets_lost);
    bench.rest();
    assert_eq!(total(&bench), "30", "all of it read again");
}

/// The first epoch that sees it is dropped: nothing of it may be left, and the next sees it again.
#[test]
fn a_dropped_epoch_leaves_no_incarnation_behind() {
    let mut bench = Bench::new();
    bench.start().expect("a fresh application starts");
    bench.write(header(500, 1, "10"));
    bench.rest();
    bench.write(header(20, 5, "20"));
    bench.crash_next(crate::engine::memory::CrashPoint::Aborted);
    bench.rest();
    assert_eq!(total(&bench), "20");
    bench.start().expect("a restart");
    bench.write(header(21, 6, "21"));
    bench.rest();
    assert_eq!(total(&bench), "21");
}
