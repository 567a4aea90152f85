//! Dynamics NAV on SQL Server. Open documents change in place; posting inserts posted rows and, once all is invoiced, deletes the open document in the
//! same transaction: the header first, then its lines. It is set not to post to the general ledger.

mod items;
mod posting;
mod rows;

use super::clock::System;
use super::erp::{Change, Document, Kind, Line, Office, Pieces};
use super::feeds::Feed;
use super::op::Op;
use super::world::World;

/// NAV's counters.
pub struct Nav {
    next_order: u32,
    next_return: u32,
    next_posted: u32,
    timestamp: u64,
    /// The series of sales orders' numbers.
    series: &'static str,
}

impl Nav {
    pub fn new() -> Self {
        Self { next_order: 1, next_return: 1, next_posted: 1, timestamp: 0x00a1_b2c3, series: "SO-" }
    }

    /// NAV's rowversion: one counter for all of the database.
    fn stamp(&mut self) -> u64 {
        self.timestamp += 1;
        self.timestamp
    }

    fn insert(&mut self, world: &mut World, document: &Document) {
        let stamp = self.stamp();
        world.change(Feed::NavSalesHeader, Op::Create, document.key(), None, Some(&document.header_image(stamp)));
        for line in &document.lines {
            let stamp = self.stamp();
            world.change(Feed::NavSalesLine, Op::Create, document.line_key(line), None, Some(&document.line_image(line, stamp)));
        }
    }

    fn set_status(&mut self, world: &mut World, document: &mut Document, released: bool) {
        let before = document.header_image(self.timestamp);
        document.approved = released;
        document.modified_at = world.clock(System::Nav);
        let after = document.header_image(self.stamp());
        world.change(Feed::NavSalesHeader, Op::Update, document.key(), Some(&before), Some(&after));
    }

    fn update_line(&mut self, world: &mut World, document: &mut Document, place: usize, change: impl FnOnce(&mut Line)) {
        let before = document.line_image(&document.lines[place], self.timestamp);
        change(&mut document.lines[place]);
        let stamp = self.stamp();
        let line = &document.lines[place];
        let after = document.line_image(line, stamp);
        world.change(Feed::NavSalesLine, Op::Update, document.line_key(line), Some(&before), Some(&after));
    }

    fn delete(&mut self, world: &mut World, document: &Document) {
        let image = document.header_image(self.timestamp);
        world.change(Feed::NavSalesHeader, Op::Delete, document.key(), Some(&image), None);
        for line in &document.lines {
            let image = document.line_image(line, self.timestamp);
            world.change(Feed::NavSalesLine, Op::Delete, document.line_key(line), Some(&image), None);
        }
    }
}

impl Office for Nav {
    fn system(&self) -> System {
        System::Nav
    }

    /// Its documents have no id that matters beside their number.
    fn number(&mut self, kind: Kind) -> (i64, String) {
        match kind {
            Kind::Order => {
                self.next_order += 1;
                (0, format!("{}{:06}", self.series, self.next_order - 1))
            }
            Kind::Return => {
                self.next_return += 1;
                (0, format!("SRO-{:05}", self.next_return - 1))
            }
        }
    }

    fn known_as(&self, document: &Document) -> String {
        document.number.clone()
    }

    fn open(&mut self, world: &mut World, document: &Document) {
        world.begin(System::Nav);
        self.insert(world, document);
    }

    fn approve(&mut self, world: &mut World, document: &mut Document) {
        world.begin(System::Nav);
        self.set_status(world, document, true);
    }

    /// Lines change only while the document is open: a released one is reopened, changed and released again.
    fn edit(&mut self, world: &mut World, document: &mut Document, changes: &[Change]) {
        world.begin(System::Nav);
        let released = document.approved;
        if released {
            self.set_status(world, document, false);
        }
        for Change { line, quantity, gross, tax } in changes {
            self.update_line(world, document, *line, |row| (row.quantity, row.gross, row.tax) = (*quantity, *gross, *tax));
        }
        if released {
            self.set_status(world, document, true);
        }
    }

    fn withdraw(&mut self, world: &mut World, document: &mut Document) {
        world.begin(System::Nav);
        self.delete(world, document);
    }

    fn finish(&mut self, world: &mut World, document: &mut Document) {
        self.withdraw(world, document);
    }

    fn ship(&mut self, world: &mut World, document: &mut Document, pieces: &Pieces, tracking: Option<&str>) -> String {
        self.send_out(world, document, pieces, tracking)
    }

    fn take_back(&mut self, world: &mut World, document: &mut Document, pieces: &Pieces) {
        self.take_in(world, document, pieces);
    }

    fn catalogue(&mut self, world: &mut World, prices: &[i64]) -> usize {
        items::snapshot(world, prices)
    }

    fn price(&mut self, world: &mut World, article: usize, price: (i64, i64)) {
        items::change_price(world, article, price);
    }

    /// The connector reads every row of the open documents as it stands.
    fn read_again(&mut self, world: &mut World, documents: &[&Document]) -> usize {
        world.begin(System::Nav);
        let mut rows = 0;
        for (left, document) in (0..documents.len()).rev().zip(documents) {
            let image = document.header_image(self.timestamp);
            world.change(Feed::NavSalesHeader, Op::read(left == 0), document.key(), None, Some(&image));
            for (lines_left, line) in (0..document.lines.len()).rev().zip(&document.lines) {
                let image = document.line_image(line, self.timestamp);
                world.change(Feed::NavSalesLine, Op::read(left + lines_left == 0), document.line_key(line), None, Some(&image));
            }
            rows += 1 + document.lines.len();
        }
        rows
    }

    fn begin_series(&mut self) {
        self.series = "VK-";
    }

    /// A changed key is one row deleted and another inserted.
    fn renumber(&mut self, world: &mut World, document: &mut Document) {
        world.begin(System::Nav);
        self.delete(world, document);
        (document.id, document.number) = self.number(Kind::Order);
        document.modified_at = world.clock(System::Nav);
        self.insert(world, document);
    }
}
