use super::*;
use crate::facts::RowMark;

const SHOP: SourceId = SourceId(3);
const ORDERS: Partition = (0, 0);
const LINES: Partition = (1, 0);
const LATER: Moment = Moment(i64::MAX / 2);

fn stands(file: u64, position: u64, time: i64) -> SourcePosition {
    SourcePosition {
        position: [file, position, 0],
        at: Moment(time),
        in_order: true,
        log: LogMark::default(),
        row: RowMark { key: position, before: 0, after: position as u32, order: None },
    }
}

fn at(position: u64, time: i64) -> SourcePosition {
    stands(1, position, time)
}

/// A record of a numbered binlog of this server.
fn of_server(server: u32, file: u64, position: u64, time: i64) -> SourcePosition {
    SourcePosition { log: LogMark { server, gtid: None }, ..stands(file, position, time) }
}

impl Incarnations {
    fn incarnation(&mut self, partition: Partition, stands: &SourcePosition) -> u16 {
        self.of(SHOP, partition, stands, LATER).incarnation
    }

    fn begun(&mut self) -> Vec<Moment> {
        self.take_found().into_iter().flat_map(|(_, begun)| begun).map(|begun| begun.at).collect()
    }
}

#[test]
fn a_lower_position_with_a_later_time_begins_a_new_incarnation_and_a_repeat_does_not() {
    let mut sources = Incarnations::default();
    // A statement that began early and was committed late has an earlier time at a higher position.
    let read = [(100, 50, 0), (200, 30, 0), (100, 50, 0), (200, 30, 0), (300, 60, 0), (40, 70, 1), (41, 71, 1), (300, 60, 0), (40, 70, 1)];
    for (position, time, incarnation) in read {
        assert_eq!(sources.incarnation(ORDERS, &at(position, time)), incarnation, "{position} at {time}");
    }
    assert_eq!(sources.begun(), [Moment(70)]);
    assert_eq!(sources.incarnation(ORDERS, &at(5, 90)), 2, "and once more");
}

/// The topic of lines is read behind that of orders: its old records stay old, and its first new one shows an earlier beginning.
#[test]
fn a_source_begins_again_once_in_all_its_topics() {
    let mut sources = Incarnations::default();
    sources.incarnation(ORDERS, &at(500, 10));
    sources.incarnation(LINES, &at(400, 9));
    assert_eq!(sources.incarnation(ORDERS, &at(20, 30)), 1);
    assert_eq!(sources.incarnation(LINES, &at(501, 11)), 0);
    assert_eq!(sources.incarnation(LINES, &at(19, 29)), 1);
    assert_eq!(sources.incarnation(LINES, &at(21, 31)), 1);
    assert_eq!(sources.incarnation(ORDERS, &at(22, 32)), 1);
    assert_eq!(sources.incarnation((2, 0), &at(23, 33)), 1, "a topic that had nothing before");
    assert_eq!(sources.begun(), [Moment(29)]);
}

#[test]
fn rows_of_an_incremental_snapshot_show_nothing() {
    let mut sources = Incarnations::default();
    sources.incarnation(ORDERS, &at(500, 10));
    assert_eq!(sources.incarnation(ORDERS, &SourcePosition { in_order: false, ..at(400, 20) }), 0);
    assert!(sources.take_found().is_empty());
}

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;

/// What a failover to a server whose clock is behind looks like, by each sign that shows it.
#[test]
fn a_failover_to_a_clock_that_is_behind_is_a_new_beginning_and_a_replay_of_before_is_old() {
    let gtid =
        |domain, number, stands: SourcePosition| SourcePosition { log: LogMark { gtid: Some((domain, number)), ..stands.log }, ..stands };
    let time = 24 * HOUR;
    let cases = [
        (
            "a file below all that were read",
            of_server(1, 940, 5_000, time),
            of_server(1, 7, 900, time - 4_000),
            of_server(1, 7, 1_200, time),
        ),
        ("another server", of_server(1, 940, 5_000, time), of_server(2, 940, 900, time - 4_000), of_server(2, 940, 1_200, time)),
        ("within one second", of_server(1, 940, 5_000, time), of_server(1, 7, 900, time), of_server(1, 7, 1_200, time)),
        (
            "MariaDB's GTID goes on",
            gtid(0, 70, stands(940, 5_000, time)),
            gtid(0, 71, stands(7, 900, time - 4_000)),
            gtid(0, 72, stands(7, 1_200, time)),
        ),
        (
            "MySQL's GTID goes on under another server",
            gtid(8, 70, of_server(1, 940, 5_000, time)),
            gtid(9, 1, of_server(2, 7, 900, time - 4_000)),
            gtid(9, 2, of_server(2, 7, 1_200, time)),
        ),
    ];
    for (why, old, new, next) in cases {
        let mut sources = Incarnations::default();
        assert_eq!(sources.incarnation(ORDERS, &old), 0, "{why}");
        assert_eq!(sources.incarnation(ORDERS, &new), 1, "{why}: the first of the new server");
        assert_eq!(sources.incarnation(ORDERS, &next), 1, "{why}: the second");
        for _ in 0..2 {
            assert_eq!(sources.incarnation(ORDERS, &old), 0, "{why}: read again");
            assert_eq!(sources.incarnation(ORDERS, &new), 1, "{why}: read again");
        }
        let late = SourcePosition { position: [old.position[0], old.position[1] + 300, 0], at: old.at + Span::seconds(1), ..old };
        assert_eq!(sources.incarnation(LINES, &late), 0, "{why}: the old server's last record of another topic");
        let after = SourcePosition { at: Moment(time + 10 * MINUTE), position: [next.position[0], 9_000, 0], ..next };
        assert_eq!(sources.incarnation(LINES, &after), 1, "{why}: and the new one's");
        assert_eq!(sources.begun().len(), 1, "{why}");
    }
}

#[test]
fn a_connector_that_goes_back_is_no_failover() {
    let time = 24 * HOUR;
    let mut sources = Incarnations::default();
    // Two servers write into one log in turn, and a statement that began early is committed late.
    let log = [
        of_server(1, 939, 100, time),
        of_server(2, 939, 200, time + MINUTE),
        of_server(1, 940, 100, time - HOUR / 2),
        of_server(2, 940, 200, time + 2 * MINUTE),
    ];
    for _ in 0..3 {
        for record in &log {
            assert_eq!(sources.incarnation(ORDERS, record), 0, "{record:?}");
        }
    }
    // From before what was read here: a source time of days ago is no clock that is behind.
    assert_eq!(sources.incarnation(ORDERS, &of_server(1, 12, 100, time - 48 * HOUR)), 0);
    assert!(sources.take_found().is_empty());
}

#[test]
fn back_to_the_first_server_and_away_again() {
    let mut sources = Incarnations::default();
    let read = [
        (of_server(1, 940, 100, HOUR), 0),
        (of_server(2, 7, 100, 2 * HOUR), 1),
        // The first server has gone on with its own files: the position is higher, and needs no new beginning.
        (of_server(1, 941, 100, 3 * HOUR - 5_000), 1),
        (of_server(2, 9, 100, 3 * HOUR + 4 * MINUTE), 2),
        (of_server(1, 940, 100, HOUR), 0),
        (of_server(2, 7, 100, 2 * HOUR), 1),
        (of_server(2, 9, 200, 3 * HOUR + 5 * MINUTE), 2),
    ];
    for (record, incarnation) in read {
        assert_eq!(sources.incarnation(ORDERS, &record), incarnation, "{record:?}");
    }
}

/// `SET TIMESTAMP`, or a clock that was wrong for a minute: later records are not measured by it.
#[test]
fn a_row_that_is_dated_ahead_does_not_hide_a_failover_weeks_later() {
    let (now, year) = (Moment(1_000 * HOUR), 8_766 * HOUR);
    let mut sources = Incarnations::default();
    let mut of = |stands: SourcePosition, arrived: Moment| sources.of(SHOP, ORDERS, &stands, arrived).incarnation;
    assert_eq!(of(at(100, now.0), now), 0);
    assert_eq!(of(at(200, now.0 + year), now), 0);
    assert_eq!(of(at(300, now.0 + 1), now), 0);
    let later = now + Span::days(20);
    assert_eq!(of(at(200, now.0 + year), later), 0, "read again, it is no beginning");
    assert_eq!(of(at(50, later.0), later), 1);
    assert_eq!(of(at(200, now.0 + 2 * year), later), 1, "dated ahead, of the log that is read now");
}

/// The database's clock is ahead by minutes, or by a zone: records, and repeats of them hours later, are no beginning; and a real one is seen.
#[test]
fn a_clock_that_is_ahead_makes_no_beginning_of_a_repeat() {
    for ahead in [10 * MINUTE, 10 * MINUTE + 20_000, 11 * MINUTE, HOUR, 14 * HOUR] {
        let mut sources = Incarnations::default();
        let start = 1_000 * HOUR;
        let record = |number: u64| at(number, start + number as i64 * 10_000 + ahead);
        let mut highest = 0;
        for number in 1..6_000u64 {
            // The connector has lost its place now and then, and sends again what it sent up to 16 hours before.
            let back = if number % 97 == 0 { number % 5_800 } else { 0 };
            for number in number - back.min(number - 1)..=number {
                let delay = [200, 3_000, 40_000][number as usize % 3];
                let arrived = Moment(start + (highest.max(number) as i64) * 10_000 + delay);
                assert_eq!(
                    sources.of(SHOP, ORDERS, &record(number), arrived).incarnation,
                    0,
                    "ahead by {ahead}, record {number} after {highest}"
                );
            }
            highest = highest.max(number);
            if number % 1_000 == 0 {
                let mut restored = Incarnations::default();
                assert!(restored.restore_note(ORDERS, &sources.note(ORDERS)));
                assert_eq!(restored.highest, sources.highest);
            }
        }
        let later = start + 6_001 * 10_000;
        assert_eq!(sources.of(SHOP, ORDERS, &at(50, later + ahead), Moment(later)).incarnation, 1, "a real beginning, ahead by {ahead}");
    }
}

/// One of two servers runs in the wrong zone, or its clock is off: the failover shows at once, not when the clocks have met, and the old server's records
/// that come again stay old.
#[test]
fn a_failover_between_servers_whose_clocks_differ_by_hours_is_a_new_beginning() {
    let now = 1_000 * HOUR;
    for off in [20 * MINUTE, 2 * HOUR, 14 * HOUR] {
        for (old_off, new_off) in [(off, 0), (0, -off), (off, -HOUR / 2), (-off, 0), (0, off)] {
            let mut sources = Incarnations::default();
            let mut of = |server, file, position, written: i64, clock: i64, delay: i64| {
                let record = of_server(server, file, position, now + written + clock);
                sources.of(SHOP, ORDERS, &record, Moment(now + written + delay)).incarnation
            };
            let what = format!("the old clock {old_off}, the new one {new_off}");
            let old: Vec<(u64, i64)> = (0..50).map(|number| (5_000 + number, number as i64 * MINUTE)).collect();
            for (position, written) in &old {
                assert_eq!(of(1, 940, *position, *written, old_off, 300), 0, "{what}");
            }
            // The same numbers of files, lower positions.
            let new: Vec<(u64, i64)> = (0..50).map(|number| (900 + number, (50 + number as i64) * MINUTE)).collect();
            for (position, written) in &new {
                assert_eq!(of(2, 940, *position, *written, new_off, 300), 1, "{what}: {position}");
            }
            for again in [3 * HOUR, 30 * HOUR] {
                for (position, written) in &old {
                    assert_eq!(of(1, 940, *position, *written, old_off, again), 0, "{what}: {position} comes again");
                }
                for (position, written) in &new {
                    assert_eq!(of(2, 940, *position, *written, new_off, again), 1, "{what}: {position} comes again");
                }
            }
        }
    }
}

/// A snapshot is dated by the database's own zone, its changes by UTC (apache/flink-cdc#1406, debezium/debezium#6203): neither is a beginning, whichever
/// comes first or again.
#[test]
fn a_snapshot_that_is_dated_in_another_zone_is_no_beginning() {
    let now = 1_000 * HOUR;
    for off in [8 * HOUR, -8 * HOUR, 14 * HOUR] {
        let mut sources = Incarnations::default();
        for round in 0..3 {
            let from = 100 + round * 1_000;
            let at_round = now + round as i64 * HOUR;
            let snapshot = (0..5).map(|_| at(from, at_round + off));
            let changes: Vec<_> = (1..40).map(|number| at(from + number, at_round + number as i64 * MINUTE)).collect();
            for record in snapshot.chain(changes.clone()).chain(changes) {
                let arrived = Moment(at_round + HOUR);
                assert_eq!(sources.of(SHOP, ORDERS, &record, arrived).incarnation, 0, "{off}: {record:?}");
            }
        }
        assert!(sources.take_found().is_empty(), "{off}");
    }
}

/// Some connectors date no row: it belongs to what was read last, so that it is no older than all before a failover.
#[test]
fn a_record_without_a_time_is_of_the_log_that_is_read_now() {
    let mut sources = Incarnations::default();
    assert_eq!(sources.incarnation(ORDERS, &SourcePosition { at: Moment::MIN, ..at(300, 0) }), 0);
    assert_eq!(sources.incarnation(ORDERS, &at(400, HOUR)), 0);
    assert_eq!(sources.incarnation(ORDERS, &at(20, 2 * HOUR)), 1);
    assert_eq!(sources.incarnation(ORDERS, &SourcePosition { at: Moment::MIN, ..at(30, 0) }), 1);
    assert_eq!(sources.incarnation(LINES, &SourcePosition { at: Moment::MIN, ..at(31, 0) }), 1, "in a topic of which nothing was read");
    assert_eq!(sources.incarnation(ORDERS, &SourcePosition { at: Moment::MIN, ..at(10, 0) }), 1, "it shows no beginning");
    assert_eq!(sources.begun().len(), 1);
}

#[test]
fn records_of_one_position_are_counted_and_a_repeat_of_it_is_not() {
    let mut sources = Incarnations::default();
    let change =
        |position: u64, before: u32, after: u32| SourcePosition { row: RowMark { key: 7, before, after, order: None }, ..at(position, 1) };
    let mut ordinal = |stands: SourcePosition| sources.of(SHOP, ORDERS, &stands, LATER).ordinal;
    assert_eq!([ordinal(change(100, 0, 1)), ordinal(change(100, 1, 2)), ordinal(change(200, 2, 3))], [0, 1, 0]);
    // All of it again, after the next position was read: none is higher than it was.
    assert_eq!([ordinal(change(100, 0, 1)), ordinal(change(100, 1, 2)), ordinal(change(200, 2, 3))], [0, 1, 0]);
    assert_eq!([ordinal(change(100, 1, 2)), ordinal(change(200, 2, 3)), ordinal(change(200, 3, 4))], [0, 0, 1]);
    // A row of a statement of its own: within a transaction that has one position its number begins anew.
    let row = |row: u64, before, after| SourcePosition { position: [1, 300, row], ..change(300, before, after) };
    assert_eq!([ordinal(row(5, 4, 5)), ordinal(row(0, 5, 6)), ordinal(row(0, 6, 7))], [0, 1, 2]);
}

#[test]
fn the_text_beside_an_offset_is_read_back() {
    let mut sources = Incarnations::default();
    let first = SourcePosition { log: LogMark { server: 0xab, gtid: Some((0xcd, 17)) }, ..stands(9, 0xabc, -5) };
    sources.incarnation(ORDERS, &first);
    let note = sources.note(ORDERS);
    assert!(note.starts_with("0 -5 9.abc.0 9 3 ab cd:17 0;"), "{note}");
    let mut restored = Incarnations::default();
    assert!(restored.restore_note(ORDERS, &note) && restored.restore_note(LINES, ""));
    assert_eq!(restored.highest, sources.highest);
    assert_eq!(restored.incarnation(ORDERS, &stands(9, 0xabb, -4)), 1);
    for other in ["7", "0 5 1.2", "0 5 1.2.3 x", "x 5 1.2.3", "0 5 1.2.3 1 1 - -", "0 5 1.2.3 1 1 - - 0 x"] {
        assert!(!restored.restore_note(ORDERS, other), "{other}");
    }
}
