//! The wires between the systems and Kafka: connectors, pollers, callbacks.
//!
//! Each topic has its own delay, which changes from record to record and now and then grows to minutes: records of one transaction arrive in
//! another order across topics. Within a topic the order stays. A connector that restarts sends its last records again, in their
//! order: a repeat. Positions are those of the system's log: a binlog's file and place, a transaction log's sequence numbers.

use super::chance::{Dice, WIRES};
use super::clock::{Clocks, System};
use super::feeds::Feed;
use super::hurry::Hurry;
use super::json::{Object, object};
use super::op::Op;
use super::record::SourceRecord;
use crate::facts::Moment;
use crate::facts::time::Span;

/// One of so many records begins a window that is sent again.
const REPEAT_ONE_IN: i64 = 300;
/// One of so many records stalls its topic.
const STALL_ONE_IN: i64 = 150;

/// A line that is so far behind restarts at once.
const BEHIND: Span = Span::minutes(10);

struct Line {
    last: Moment,
    /// Records of the open window, and how many more it takes.
    window: Vec<SourceRecord>,
    missing: usize,
    /// Nothing comes through before this moment.
    silent_until: Moment,
    /// What is sent before this moment comes so much later.
    late: (Moment, Span),
}

pub struct Wires {
    dice: Dice,
    hurry: Hurry,
    lines: Vec<Line>,
    binlog: Binlog,
    lsn: Lsn,
    /// Records sent, repeats included.
    pub sent: u64,
    pub repeated: u64,
}

struct Binlog {
    file: u64,
    pos: u64,
    gtid: u64,
}

struct Lsn {
    commit: u64,
    change: u64,
}

/// A binlog file is changed for the next at this size.
const BINLOG_FILE_BYTES: u64 = 16 * 1024 * 1024;

impl Wires {
    pub fn new(seed: u64, hurry: Hurry) -> Self {
        let line = || Line { last: Moment::MIN, window: Vec::new(), missing: 0, silent_until: Moment::MIN, late: (Moment::MIN, Span(0)) };
        Self {
            dice: Dice::new(seed, WIRES),
            hurry,
            lines: Feed::ALL.iter().map(|_| line()).collect(),
            binlog: Binlog { file: 41, pos: 4, gtid: 880_000 },
            lsn: Lsn { commit: 0x0000_1f38, change: 0 },
            sent: 0,
            repeated: 0,
        }
    }

    /// The system's line is down until then: its records arrive when it is back.
    pub fn silence(&mut self, system: System, until: Moment) {
        for feed in Feed::ALL.iter().filter(|feed| feed.system() == system) {
            self.line(*feed).silent_until = until;
        }
    }

    /// What the system sends until then arrives so much later.
    pub fn delay(&mut self, system: System, until: Moment, late: Span) {
        for feed in Feed::ALL.iter().filter(|feed| feed.system() == system) {
            self.line(*feed).late = (until, late);
        }
    }

    /// Begins a transaction of the system's database: the rows that follow carry its place.
    pub fn begin(&mut self, system: System) {
        match system {
            System::Magento => self.binlog.gtid += 1,
            System::Nav => {
                self.lsn.commit += 0x20;
                self.lsn.change = 0;
            }
            _ => {}
        }
    }

    fn latency(&mut self, feed: Feed) -> Span {
        let stalled = self.dice.range(1, STALL_ONE_IN) == 1;
        let (low, high, stall) = match feed.system() {
            System::Magento | System::Shopify => (300, 3_000, 120_000),
            System::Nav | System::NetSuite => (2_000, 15_000, 180_000),
            System::Peoplevox | System::Seko => (1_000, 20_000, 240_000),
            System::Carrier => (20_000, 600_000, 7_200_000),
            System::Finance | System::Crm | System::Emarsys => (5_000, 60_000, 300_000),
        };
        let delay = self.dice.range(low, high);
        self.hurry.span(Span(if stalled { delay + self.dice.range(stall / 4, stall) } else { delay }))
    }

    /// Sends a record: what arrives, and when. `taken_at`: when a poller read it, by the system's clock; its record keeps that timestamp.
    pub fn send(
        &mut self,
        now: Moment,
        feed: Feed,
        key: Option<Vec<u8>>,
        value: Option<Vec<u8>>,
        taken_at: Option<Moment>,
    ) -> Vec<(Moment, SourceRecord)> {
        let delay = self.latency(feed);
        let line = self.line(feed);
        let late = if now < line.late.0 { line.late.1 } else { Span(0) };
        let at = (now + delay + late).max(line.last + Span(1)).max(line.silent_until);
        let record = SourceRecord { topic: feed.topic(), key, value, timestamp: taken_at.unwrap_or(at) };
        self.sent += 1;
        let begins = self.line(feed).missing == 0 && self.dice.range(1, REPEAT_ONE_IN) == 1;
        if begins {
            self.line(feed).missing = 1 + self.dice.below(4);
        }
        let again = self.hurry.span(self.dice.seconds(1, 20));
        let line = self.line(feed);
        line.last = at;
        let mut arrivals = Vec::with_capacity(1);
        if line.missing > 0 {
            line.window.push(record.clone());
            line.missing -= 1;
        }
        arrivals.push((at, record));
        if line.missing == 0 && !line.window.is_empty() {
            let repeats = std::mem::take(&mut line.window);
            // The repeats of a whole snapshot would add up to an hour.
            let mut at = if at > now + BEHIND { at + Span(1) } else { at + again };
            let count = repeats.len() as u64;
            for mut repeat in repeats {
                if taken_at.is_none() {
                    repeat.timestamp = at;
                }
                line.last = at;
                arrivals.push((at, repeat));
                at = at + Span(1);
            }
            self.sent += count;
            self.repeated += count;
        }
        arrivals
    }

    fn line(&mut self, feed: Feed) -> &mut Line {
        &mut self.lines[feed as usize]
    }

    /// A Debezium change event around a row's images; `system` is Magento's MariaDB or NAV's SQL Server.
    pub fn envelope(&mut self, clocks: &Clocks, now: Moment, feed: Feed, op: Op, before: Option<&[u8]>, after: Option<&[u8]>) -> Vec<u8> {
        let images = before.map_or(4, <[u8]>::len) + after.map_or(4, <[u8]>::len);
        let mut out = Vec::with_capacity(images + 480);
        let clock = clocks.of(feed.system(), now).0;
        let processed = now.0 + 180;
        let mut envelope = Object::begin(&mut out);
        envelope.raw("before", before.unwrap_or(b"null")).raw("after", after.unwrap_or(b"null"));
        let source = match feed.system() {
            System::Nav => self.sql_server(feed, op, clock),
            _ => self.mariadb(feed, op, clock, images as u64),
        };
        envelope.raw("source", &source).null("transaction").text("op", op.letter()).int("ts_ms", processed);
        envelope.int("ts_us", processed * 1_000).int("ts_ns", processed * 1_000_000);
        envelope.end();
        out
    }

    fn mariadb(&mut self, feed: Feed, op: Op, clock: i64, bytes: u64) -> Vec<u8> {
        let log = &mut self.binlog;
        if !op.is_read() {
            log.pos += 40 + bytes / 3;
            if log.pos > BINLOG_FILE_BYTES {
                (log.file, log.pos) = (log.file + 1, 4);
            }
        }
        let seconds = clock - clock.rem_euclid(1_000);
        object(|source| {
            source.text("version", "3.5.0.Final").text("connector", "mariadb").text("name", "magento").int("ts_ms", seconds);
            source.text("snapshot", op.snapshot()).text("db", "shop").null("sequence");
            source.int("ts_us", seconds * 1_000).int("ts_ns", seconds * 1_000_000).text("table", feed.table()).int("server_id", 1);
            source.text("gtid", &format!("0-1-{}", log.gtid)).text("file", &format!("mariadb-bin.{:06}", log.file));
            source.int("pos", log.pos as i64).int("row", 0).int("thread", 417).null("query");
        })
    }

    fn sql_server(&mut self, feed: Feed, op: Op, clock: i64) -> Vec<u8> {
        let lsn = &mut self.lsn;
        lsn.change += 1;
        let place = |number: u64, slot: u64| format!("{:08x}:{:08x}:{:04x}", 0x2a + (number >> 32), number & 0xffff_ffff, slot);
        let commit = place(lsn.commit + 0x1f, 1);
        let change = place(lsn.commit + (lsn.change >> 12), lsn.change & 0xfff);
        let snapshot = op.is_read();
        object(|source| {
            source.text("version", "3.5.0.Final").text("connector", "sqlserver").text("name", "nav").int("ts_ms", clock);
            source.text("snapshot", op.snapshot()).text("db", "NAV").null("sequence");
            source.int("ts_us", clock * 1_000).int("ts_ns", clock * 1_000_000).text("schema", "dbo").text("table", feed.table());
            source.maybe_text("change_lsn", (!snapshot).then_some(&*change)).text("commit_lsn", &commit);
            source.maybe_int("event_serial_no", (!snapshot).then_some(if op == Op::Update { 2 } else { 1 }));
        })
    }
}
