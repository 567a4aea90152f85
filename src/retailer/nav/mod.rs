//! The ERP: Dynamics NAV on SQL Server. Open documents change in place; posting inserts posted rows and, once all is invoiced, deletes the open
//! document in the same transaction: the header first, then its lines. It is set not to post to the general ledger.

mod faults;
mod items;
mod posting;
mod rows;

use std::collections::BTreeMap;

use super::clock::System;
use super::faults::{Mishap, mishaps};
use super::feeds::Feed;
use super::op::Op;
use super::task::Task;
use super::units::{pence, whole};
use super::world::World;
use crate::events::sales_orders::{SalesOrder, SalesOrderAction};
use crate::facts::time::Span;
use rows::{Document, Line};

/// NAV's database.
pub struct Nav {
    /// Open sales orders and return orders, by the order's index.
    orders: BTreeMap<u32, Document>,
    returns: BTreeMap<u32, Document>,
    /// The last step that was worked for each order.
    steps: BTreeMap<u32, u32>,
    /// Prices by article, in hundredths: the list's.
    prices: Vec<i64>,
    next_order: u32,
    next_return: u32,
    next_posted: u32,
    timestamp: u64,
    /// The series of sales orders' numbers.
    series: &'static str,
}

const OPEN: i64 = 0;
const RELEASED: i64 = 1;

impl Nav {
    pub fn new(prices: Vec<i64>) -> Self {
        let numbers = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        Self {
            orders: numbers.0,
            returns: numbers.1,
            steps: numbers.2,
            prices,
            next_order: 1,
            next_return: 1,
            next_posted: 1,
            timestamp: 0x00a1_b2c3,
            series: "SO-",
        }
    }

    /// NAV's rowversion: one counter for all of the database.
    fn stamp(&mut self) -> u64 {
        self.timestamp += 1;
        self.timestamp
    }

    /// `sales-orders`: creates, changes or cancels the order's record.
    pub fn import(&mut self, world: &mut World, index: u32, asked: &SalesOrder) {
        let last = self.steps.entry(index).or_default();
        if asked.head.step <= *last {
            return;
        }
        *last = asked.head.step;
        match asked.action {
            SalesOrderAction::Create => self.create(world, index, asked),
            SalesOrderAction::Change => self.change(world, index, asked),
            SalesOrderAction::Cancel => self.cancel(world, index),
        }
    }

    fn create(&mut self, world: &mut World, index: u32, asked: &SalesOrder) {
        if self.orders.contains_key(&index) || world.orders[index as usize].erp_document.is_some() {
            world.complain(format!(
                "order {}: sales-orders asked NAV to create it a second time (step {})",
                asked.order.number, asked.head.step
            ));
            return;
        }
        let number = self.next_order_number();
        let mut document = Document::new(1, number.clone(), &asked.order.number, world.clock(System::Nav));
        document.ship_to = asked.ship_to.clone().unwrap_or_default();
        for (place, line) in asked.lines.iter().enumerate() {
            match self.line_of(world, index, &line.line, (place as i64 + 1) * 10_000) {
                Some(mut row) => {
                    row.quantity = whole(line.wanted.decimal()).unwrap_or(0);
                    (row.gross, row.tax) = (pence(line.gross), pence(line.tax));
                    document.lines.push(row);
                }
                None => world
                    .complain(format!("order {}: sales-orders names line {}, which the shop does not have", asked.order.number, line.line)),
            }
        }
        world.orders[index as usize].erp_document = Some(number.clone());
        world.begin(System::Nav);
        self.insert(world, &document);
        self.orders.insert(index, document);
        world.say(index, "NAV", |_| format!("sales order {number} recorded, open"));
        let release = world.dice.minutes(18, 45);
        world.queue(System::Nav, index, release, Task::ErpRelease(index));
        if world.orders[index as usize].mishap == Some(Mishap::ErpTouched) {
            let wait = world.dice.minutes(2, 15);
            world.queue(System::Nav, index, wait, Task::ErpTouch(index));
        }
    }

    fn next_order_number(&mut self) -> String {
        self.next_order += 1;
        format!("{}{:06}", self.series, self.next_order - 1)
    }

    /// Somebody types another quantity into the first line.
    pub fn touch(&mut self, world: &mut World, index: u32) {
        let Some(mut document) = self.orders.remove(&index) else { return };
        world.begin(System::Nav);
        self.update_line(world, &mut document, 0, |line| line.quantity += 1);
        mishaps::erp_touched(world, index, &document.number);
        self.orders.insert(index, document);
    }

    /// A new line for the order's line of this id.
    fn line_of(&self, world: &World, index: u32, id: &str, number: i64) -> Option<Line> {
        let id: i64 = id.parse().ok()?;
        let line = world.orders.get(index as usize)?.lines.iter().find(|line| line.item == id || line.child == Some(id))?;
        let article = world.articles.get(line.article)?;
        Some(Line::new(number, line.item, article, line.price))
    }

    fn insert(&mut self, world: &mut World, document: &Document) {
        let stamp = self.stamp();
        world.change(Feed::NavSalesHeader, Op::Create, document.key(), None, Some(&document.header_image(stamp)));
        for line in &document.lines {
            let stamp = self.stamp();
            world.change(Feed::NavSalesLine, Op::Create, document.line_key(line), None, Some(&document.line_image(line, stamp)));
        }
    }

    fn set_status(&mut self, world: &mut World, document: &mut Document, status: i64) {
        let before = document.header_image(self.timestamp);
        document.status = status;
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

    /// Somebody looked at the order, or a job did: released.
    pub fn release(&mut self, world: &mut World, index: u32) {
        let Some(mut document) = self.orders.remove(&index) else { return };
        if document.status == OPEN {
            world.begin(System::Nav);
            self.set_status(world, &mut document, RELEASED);
            world.say(index, "NAV", |_| format!("sales order {} released", document.number));
        }
        self.orders.insert(index, document);
    }

    /// Lines change only while the document is open: a released one is reopened, changed and released again.
    fn change(&mut self, world: &mut World, index: u32, asked: &SalesOrder) {
        let Some(mut document) = self.orders.remove(&index) else { return };
        world.begin(System::Nav);
        let released = document.status == RELEASED;
        if released {
            self.set_status(world, &mut document, OPEN);
        }
        for line in &asked.lines {
            let Some(place) = document.lines.iter().position(|row| line.line.parse() == Ok(row.item)) else { continue };
            let wanted = whole(line.wanted.decimal()).unwrap_or(0);
            let (gross, tax) = (pence(line.gross), pence(line.tax));
            if document.lines[place].quantity != wanted {
                self.update_line(world, &mut document, place, |row| (row.quantity, row.gross, row.tax) = (wanted, gross, tax));
            }
        }
        if released {
            self.set_status(world, &mut document, RELEASED);
        }
        world.say(index, "NAV", |_| format!("sales order {} changed", document.number));
        self.orders.insert(index, document);
    }

    /// Nothing is wanted: the document is deleted, and nothing was posted.
    fn cancel(&mut self, world: &mut World, index: u32) {
        let Some(document) = self.orders.remove(&index) else { return };
        if document.lines.iter().any(|line| line.shipped > 0) {
            world.complain(format!("order {}: sales-orders asked NAV to cancel {} after a shipment", document.external, document.number));
            self.orders.insert(index, document);
            return;
        }
        world.begin(System::Nav);
        self.delete(world, &document);
        world.say(index, "NAV", |_| format!("sales order {} deleted, nothing posted", document.number));
    }

    fn delete(&mut self, world: &mut World, document: &Document) {
        let image = document.header_image(self.timestamp);
        world.change(Feed::NavSalesHeader, Op::Delete, document.key(), Some(&image), None);
        for line in &document.lines {
            let image = document.line_image(line, self.timestamp);
            world.change(Feed::NavSalesLine, Op::Delete, document.line_key(line), Some(&image), None);
        }
    }

    /// The customer's return is logged: a return order, open; released within hours.
    pub fn log_return(&mut self, world: &mut World, index: u32, pieces: &[i64], reason: &'static str) {
        let number = format!("SRO-{:05}", self.next_return);
        self.next_return += 1;
        let order = &mut world.orders[index as usize];
        order.rma = Some(number.clone());
        let order = order.clone();
        let mut document = Document::new(5, number.clone(), &order.number, world.clock(System::Nav));
        for (line, count) in order.lines.iter().zip(pieces).filter(|(_, count)| **count > 0) {
            let article = &world.articles[line.article];
            let mut row = Line::new((document.lines.len() as i64 + 1) * 10_000, line.item, article, line.price);
            row.quantity = *count;
            row.reason = reason;
            (row.gross, row.tax) = (line.gross_of(*count), line.tax_of(*count));
            document.lines.push(row);
        }
        world.begin(System::Nav);
        self.insert(world, &document);
        world.say(index, "NAV", |_| format!("return order {number} logged: {}", reason.to_lowercase()));
        self.returns.insert(index, document);
        let release = world.dice.minutes(30, 300);
        world.queue(System::Nav, index, release, Task::ReleaseReturn(index));
    }

    pub fn release_return(&mut self, world: &mut World, index: u32) {
        let Some(mut document) = self.returns.remove(&index) else { return };
        world.begin(System::Nav);
        self.set_status(world, &mut document, RELEASED);
        world.say(index, "NAV", |_| format!("return order {} released", document.number));
        self.returns.insert(index, document);
    }

    pub fn forget(&mut self, order: u32) {
        self.steps.remove(&order);
    }

    /// What NAV has open for the order: must be nothing once its story is over.
    pub fn open_document(&self, index: u32) -> Option<&str> {
        self.orders.get(&index).or_else(|| self.returns.get(&index)).map(|document| document.number.as_str())
    }
}

/// How long NAV takes to work off what it is asked.
pub fn import_delay(world: &mut World) -> Span {
    world.dice.seconds(20, 120)
}
