//! The ERP: what any of them does with what Waybill asks of it, and by itself. How it writes that down is its [`Office`]'s: NAV changes rows of its
//! database ([`super::nav`]), NetSuite's scripts send records ([`super::netsuite`]).

mod document;
mod office;
mod posting;

use std::collections::BTreeMap;

pub use document::{Change, Document, Kind, Line, Pieces};
pub use office::Office;

use super::clock::System;
use super::faults::{Mishap, mishaps};
use super::task::Task;
use super::units::{pence, whole};
use super::world::World;
use crate::events::sales_orders::{SalesOrder, SalesOrderAction};
use crate::facts::time::Span;

/// The ERP's open documents, by the order's index, and its price list.
pub struct Erp {
    office: Box<dyn Office>,
    orders: BTreeMap<u32, Document>,
    returns: BTreeMap<u32, Document>,
    /// The last step that was worked for each order.
    steps: BTreeMap<u32, u32>,
    /// Prices by article, in hundredths: the list's.
    prices: Vec<i64>,
}

impl Erp {
    pub fn new(office: Box<dyn Office>, prices: Vec<i64>) -> Self {
        Self { office, orders: BTreeMap::new(), returns: BTreeMap::new(), steps: BTreeMap::new(), prices }
    }

    pub fn system(&self) -> System {
        self.office.system()
    }

    fn label(&self) -> &'static str {
        self.system().label()
    }

    /// All that it sells, as it is read first.
    pub fn snapshot(&mut self, world: &mut World) {
        self.office.catalogue(world, &self.prices);
    }

    /// Every open document and the catalogue once more, as they stand; how many rows.
    pub fn snapshot_again(&mut self, world: &mut World) -> usize {
        let documents: Vec<&Document> = self.orders.values().chain(self.returns.values()).collect();
        self.office.read_again(world, &documents) + self.office.catalogue(world, &self.prices)
    }

    /// A price of the list changes.
    pub fn change_price(&mut self, world: &mut World) {
        let place = world.dice.below(self.prices.len());
        let percent = world.dice.range(85, 118);
        let Some((price, list)) = self.prices.get_mut(place).zip(world.articles.get(place).map(|article| article.price)) else { return };
        let before = *price;
        *price = (list * percent / 100).max(100);
        let after = *price;
        self.office.price(world, place, (before, after));
    }

    /// The list's prices, for the judge.
    pub fn prices(&self) -> &[i64] {
        &self.prices
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
        let erp = self.label();
        if self.orders.contains_key(&index) || world.orders[index as usize].erp_document.is_some() {
            world.complain(format!(
                "order {}: sales-orders asked {erp} to create it a second time (step {})",
                asked.order.number, asked.head.step
            ));
            return;
        }
        let name = self.office.number(Kind::Order);
        let mut document = Document::new(index, Kind::Order, name, &asked.order.number, world.clock(self.system()));
        document.ship_to = asked.ship_to.clone().unwrap_or_default();
        for (place, line) in (1..).zip(&asked.lines) {
            match line_of(world, index, &line.line, place) {
                Some(row) => {
                    document.lines.push(row.of(whole(line.wanted.decimal()).unwrap_or(0), pence(line.gross), pence(line.tax)));
                }
                None => world
                    .complain(format!("order {}: sales-orders names line {}, which the shop does not have", asked.order.number, line.line)),
            }
        }
        world.orders[index as usize].erp_document = Some(self.office.known_as(&document));
        self.office.open(world, &document);
        let number = document.number.clone();
        self.orders.insert(index, document);
        world.say(index, erp, |_| format!("sales order {number} recorded, open"));
        let release = world.dice.minutes(18, 45);
        world.queue(self.system(), index, release, Task::ErpRelease(index));
        if world.orders[index as usize].mishap == Some(Mishap::ErpTouched) {
            let wait = world.dice.minutes(2, 15);
            world.queue(self.system(), index, wait, Task::ErpTouch(index));
        }
    }

    /// Somebody types another quantity into the first line.
    pub fn touch(&mut self, world: &mut World, index: u32) {
        let Some(document) = self.orders.get_mut(&index) else { return };
        let Some(line) = document.lines.first() else { return };
        let change = Change { line: 0, quantity: line.quantity + 1, gross: line.gross, tax: line.tax };
        self.office.edit(world, document, &[change]);
        mishaps::erp_touched(world, index, &self.office.known_as(document));
    }

    /// Somebody looked at the order, or a job did: released.
    pub fn release(&mut self, world: &mut World, index: u32) {
        let erp = self.label();
        let Some(document) = self.orders.get_mut(&index).filter(|document| !document.approved) else { return };
        self.office.approve(world, document);
        world.say(index, erp, |_| format!("sales order {} released", document.number));
    }

    fn change(&mut self, world: &mut World, index: u32, asked: &SalesOrder) {
        let erp = self.label();
        let Some(document) = self.orders.get_mut(&index) else { return };
        let mut changes = Vec::new();
        for line in &asked.lines {
            let Some(place) = document.lines.iter().position(|row| line.line.parse() == Ok(row.item)) else { continue };
            let quantity = whole(line.wanted.decimal()).unwrap_or(0);
            if document.lines[place].quantity != quantity {
                changes.push(Change { line: place, quantity, gross: pence(line.gross), tax: pence(line.tax) });
            }
        }
        self.office.edit(world, document, &changes);
        world.say(index, erp, |_| format!("sales order {} changed", document.number));
        // What is left has been sent already.
        if document.lines.iter().any(|line| line.done > 0) && document.is_done_with(&[]) {
            self.office.finish(world, document);
            self.orders.remove(&index);
        }
    }

    /// Nothing is wanted: the document is withdrawn, and nothing was posted.
    fn cancel(&mut self, world: &mut World, index: u32) {
        let erp = self.label();
        let Some(mut document) = self.orders.remove(&index) else { return };
        if document.lines.iter().any(|line| line.done > 0) {
            world.complain(format!("order {}: sales-orders asked {erp} to cancel {} after a shipment", document.external, document.number));
            self.orders.insert(index, document);
            return;
        }
        self.office.withdraw(world, &mut document);
        world.say(index, erp, |_| format!("sales order {} cancelled, nothing posted", document.number));
    }

    /// The customer's return is logged: a return order, open; released within hours.
    pub fn log_return(&mut self, world: &mut World, index: u32, pieces: &[i64], reason: &'static str) {
        let name = self.office.number(Kind::Return);
        let number = name.1.clone();
        let order = &mut world.orders[index as usize];
        order.rma = Some(number.clone());
        let order = order.clone();
        let mut document = Document::new(index, Kind::Return, name, &order.number, world.clock(self.system()));
        for (line, count) in order.lines.iter().zip(pieces).filter(|(_, count)| **count > 0) {
            let article = (line.article, &world.articles[line.article]);
            let row = Line::new(document.lines.len() as i64 + 1, line.item, article, line.price, world.site_of(index));
            document.lines.push(Line { reason, ..row.of(*count, line.gross_of(*count), line.tax_of(*count)) });
        }
        self.office.open(world, &document);
        world.say(index, self.label(), |_| format!("return order {number} logged: {}", reason.to_lowercase()));
        self.returns.insert(index, document);
        let release = world.dice.minutes(30, 300);
        world.queue(self.system(), index, release, Task::ReleaseReturn(index));
    }

    pub fn release_return(&mut self, world: &mut World, index: u32) {
        let erp = self.label();
        let Some(document) = self.returns.get_mut(&index).filter(|document| !document.approved) else { return };
        self.office.approve(world, document);
        world.say(index, erp, |_| format!("return order {} released", document.number));
    }

    /// Open sales orders of which nothing is posted get numbers of a new series, each in a transaction of its own; which.
    pub fn renumber(&mut self, world: &mut World) -> Vec<u32> {
        self.office.begin_series();
        let fresh = |document: &Document| document.lines.iter().all(|line| line.done == 0);
        let mut of = Vec::new();
        for (index, document) in self.orders.iter_mut().filter(|(_, document)| fresh(document)) {
            if world.orders[*index as usize].mishap == Some(Mishap::ErpTouched) {
                continue;
            }
            self.office.renumber(world, document);
            world.orders[*index as usize].erp_document = Some(self.office.known_as(document));
            of.push(*index);
        }
        of
    }

    /// So much of what was credited has been paid back.
    pub fn paid_back(&mut self, world: &mut World, index: u32, amount: i64) {
        self.office.paid_back(world, index, amount);
    }

    pub fn forget(&mut self, order: u32) {
        self.steps.remove(&order);
        self.office.forget(order);
    }

    /// What it has open for the order: must be nothing once its story is over.
    pub fn open_document(&self, index: u32) -> Option<&str> {
        self.orders.get(&index).or_else(|| self.returns.get(&index)).map(|document| document.number.as_str())
    }
}

/// A new line for the order's line of this id.
fn line_of(world: &World, index: u32, id: &str, place: i64) -> Option<Line> {
    let id: i64 = id.parse().ok()?;
    let line = world.orders.get(index as usize)?.lines.iter().find(|line| line.item == id || line.child == Some(id))?;
    let article = world.articles.get(line.article)?;
    Some(Line::new(place, line.item, (line.article, article), line.price, world.site_of(index)))
}

/// How long an ERP takes to work off what it is asked.
pub fn import_delay(world: &mut World) -> Span {
    world.dice.seconds(20, 120)
}
