//! A source that is restored from its backup: what it says from then on counts, whatever its positions.

use super::{Bench, Told, facts};
use crate::entities::order::testing::{PLACED, Story};
use crate::facts::time::Span;
use crate::facts::{OrderKey, OrderRow, Place};

/// The order's header with this total, as the source's log tells it at a position.
fn header(position: u64, hour: i64, total: &str) -> Told {
    let mut story = Story::new("GBP");
    story.header(total);
    let mut facts = facts(&story);
    facts.truncate(1);
    facts.iter_mut().for_each(|fact| fact.version.place = Place::Position([1, position, 0]));
    Told { written_at: Some(PLACED + Span::hours(hour)), facts }
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
fn what_a_restored_source_says_is_newer_after_restarts_and_repeats_too() {
    let mut bench = Bench::new();
    bench.start().expect("a fresh application starts");
    let tell = |bench: &mut Bench, told: Told, expected: &str, why: &str| {
        bench.tell(told);
        bench.rest();
        assert_eq!(total(bench), expected, "{why}");
        bench.start().expect("a restart");
        assert_eq!(total(bench), expected, "{why}, after a restart");
    };
    tell(&mut bench, header(500, 1, "10"), "10", "as told");
    tell(&mut bench, header(480, 1, "9"), "10", "older, and so a repeat");
    tell(&mut bench, header(20, 5, "20"), "20", "the source is restored: its positions are low again");
    tell(&mut bench, header(500, 1, "10"), "20", "a repeat of before");
    tell(&mut bench, header(30, 6, "30"), "30", "and on");
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
    bench.tell(header(500, 1, "10"));
    bench.rest();
    bench.tell(header(20, 5, "20"));
    bench.crash_next(crate::engine::memory::CrashPoint::Aborted);
    bench.rest();
    assert_eq!(total(&bench), "20");
    bench.start().expect("a restart");
    bench.tell(header(21, 6, "21"));
    bench.rest();
    assert_eq!(total(&bench), "21");
}
