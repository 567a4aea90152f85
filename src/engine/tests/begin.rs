//! How an application begins, and begins again: no shard may be left behind.

use super::Bench;
use crate::engine::Turn;
use crate::engine::memory::CrashPoint;

const ORDERS: std::ops::Range<usize> = 1..60;

fn all() -> Vec<usize> {
    ORDERS.collect()
}

/// What is the end of the first epoch, of one order alone.
fn orders_after(end: impl FnOnce(&mut Bench)) -> Vec<usize> {
    let mut bench = Bench::new();
    bench.start().expect("a fresh application starts");
    bench.order(ORDERS.start);
    end(&mut bench);
    ORDERS.skip(1).for_each(|number| bench.order(number));
    bench.rest();
    bench.created()
}

#[test]
fn every_shard_is_live_after_an_orderly_stop() {
    let created = orders_after(|bench| {
        bench.rest();
        assert!(!bench.start().expect("a restart").fresh);
    });
    assert_eq!(created, all());
}

#[test]
fn every_shard_is_live_after_a_kill_in_the_first_commit() {
    for (point, fresh) in [(CrashPoint::AfterProduce, true), (CrashPoint::Aborted, true), (CrashPoint::AfterCommit, false)] {
        let created = orders_after(|bench| {
            bench.crash_next(point);
            bench.turn();
            assert_eq!(bench.start().expect("a restart").fresh, fresh, "{point:?}");
        });
        assert_eq!(created, all(), "{point:?}");
    }
}

/// A rebalance takes the partitions away in the middle of the first epoch, and the process goes on.
#[test]
fn every_shard_is_live_when_the_first_epoch_was_dropped() {
    let created = orders_after(|bench| {
        bench.crash_next(CrashPoint::Aborted);
        assert_eq!(bench.turn(), Turn::Dropped);
    });
    assert_eq!(created, all());
}

#[test]
fn lost_offsets_are_made_good_once_and_for_all() {
    let mut bench = Bench::new();
    bench.start().expect("a fresh application starts");
    bench.order(1);
    bench.rest();
    bench.order(2);
    bench.rest();
    assert_eq!(bench.created(), [1, 2]);
    bench.broker.forget_offsets(super::APPLICATION);
    assert!(bench.start().expect("lost offsets are no fault").offsets_lost);
    bench.crash_next(CrashPoint::Aborted);
    bench.rest();
    let again = bench.start().expect("the offsets of every shard are there again");
    assert!(!again.offsets_lost && !again.fresh);
    ORDERS.skip(2).for_each(|number| bench.order(number));
    bench.rest();
    assert_eq!(bench.created(), all()[2..]);
}

#[test]
fn a_shard_that_lost_its_state_is_not_taken_for_a_fresh_one() {
    let mut bench = Bench::new();
    bench.start().expect("a fresh application starts");
    bench.order(1);
    bench.rest();
    bench.broker.empty("t.changelog", 3);
    bench.broker.forget_offsets(super::APPLICATION);
    let error = bench.start().expect_err("requests of that shard would be made twice").to_string();
    assert!(error.starts_with("1 of 16 shards have no state"), "{error}");
}

/// Two orders are read; then the group is away for so long that Kafka drops its offsets, and retention takes records.
#[test]
fn records_that_were_deleted_unread_are_refused_by_place_when_the_offsets_are_gone() {
    let read = || {
        let mut bench = Bench::new();
        bench.start().expect("a fresh application starts");
        bench.order(1);
        bench.order(2);
        bench.rest();
        bench
    };
    let mut bench = read();
    bench.broker.empty(super::SOURCE_TOPIC, 0);
    bench.broker.forget_offsets(super::APPLICATION);
    let restored = bench.start().expect("what is gone was read");
    assert_eq!((restored.offsets_lost, restored.read_again), (true, 1));

    let mut bench = read();
    bench.order(3);
    bench.broker.empty(super::SOURCE_TOPIC, 0);
    bench.broker.forget_offsets(super::APPLICATION);
    let error = bench.start().expect_err("an order was never read").to_string();
    assert!(error.contains("facts[0]") && error.contains("up to offset 2") && error.contains("offsets 3 to 3"), "{error}");
}

/// Somebody else commits for the group, or a tool sets its offsets: ahead, over records that nobody has read; back; of everything.
#[test]
fn an_offset_that_somebody_else_has_set_skips_nothing_in_silence() {
    let mut bench = Bench::new();
    bench.start().expect("a fresh application starts");
    bench.order(1);
    bench.order(2);
    bench.rest();
    bench.engine = None;
    bench.order(3);
    let set = |bench: &Bench, next| bench.broker.set_offset(super::APPLICATION, super::SOURCE_TOPIC, 0, next);
    set(&bench, 3);
    let error = bench.start().expect_err("an order would be skipped").to_string();
    assert!(error.contains("facts[0]") && error.contains("set the committed offset to 3") && error.contains("up to offset 2"), "{error}");
    set(&bench, 0);
    let restored = bench.start().expect("what is read again changes nothing");
    assert_eq!(restored.moved, [("facts[0]".to_owned(), 2, 0)]);
    bench.rest();
    assert_eq!(bench.created(), [1, 2, 3], "each once");
    assert!(bench.start().expect("its own offsets").moved.is_empty());
    bench.broker.set_offset(super::APPLICATION, "t.exchange", 0, 0);
    let error = bench.start().expect_err("state and offsets do not belong together").to_string();
    assert!(error.contains("was set by a tool") && error.contains("delete all offsets of the group"), "{error}");
}

/// An epoch that was dropped has read nothing.
#[test]
fn how_far_a_partition_was_read_goes_back_with_its_epoch() {
    let mut bench = Bench::new();
    bench.start().expect("a fresh application starts");
    bench.order(1);
    bench.rest();
    bench.order(2);
    bench.crash_next(CrashPoint::Aborted);
    assert_eq!(bench.turn(), Turn::Dropped);
    assert_eq!(bench.engine.as_ref().expect("it runs").core().reads.of(super::SOURCE_TOPIC, 0), Some(1));
    bench.rest();
    assert_eq!(bench.engine.as_ref().expect("it runs").core().reads.of(super::SOURCE_TOPIC, 0), Some(2));
}
