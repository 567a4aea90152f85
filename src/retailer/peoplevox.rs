//! The warehouse: Peoplevox. It picks, packs and despatches what Waybill gives it the go-ahead for, lowers or cancels what it is asked to while
//! nothing has left, and takes goods back. Its events come at once, its report rows when a poller has read them; all values are texts, times
//! local and without a zone.
//!
//! A retailer without this system has the house all the same: staff pack what the ERP has released or the shop shows as paid. Then nothing is said here,
//! and the ERP or the shop books what leaves and what comes back ([`super::house`]).

use std::collections::{BTreeMap, BTreeSet};

use super::clock::System;
use super::faults::{Mishap, mishaps, night_counts, silent_warehouse as silence};
use super::feeds::Feed;
use super::ids::SITE;
use super::json::object;
use super::order::{Parcel, Receipt, Story};
use super::task::{Scan, Task};
use super::units::{pounds, whole};
use super::world::World;
use crate::events::fulfilment_requests::{FulfilmentAction, FulfilmentRequest};
use crate::facts::Moment;
use crate::facts::time::Span;

pub const CARRIER: &str = "Royal Mail";
const SERVICE: &str = "Tracked 48";

pub struct Peoplevox {
    orders: BTreeMap<u32, Job>,
    /// By article: pieces that are there, whole and for sale.
    on_hand: Vec<i64>,
    /// Articles whose figure moved, and how many more polls shall read them at least.
    moved: BTreeMap<usize, u8>,
    /// When goods last left the house, by article and the warehouse's clock.
    left_at: BTreeMap<usize, Moment>,
    polling: bool,
    /// Pieces that came in (less than 0: were lost) and were not counted yet.
    uncounted: BTreeMap<usize, i64>,
    /// By article: pieces that are packed and have not left.
    set_aside: Vec<i64>,
    /// Orders that wait for goods.
    starved: BTreeSet<u32>,
    /// Goods on order from the supplier.
    awaited: BTreeSet<usize>,
    next_despatch: u32,
    next_return: u32,
}

/// An order in the warehouse.
struct Job {
    /// Pieces to send by line of the order.
    pieces: Vec<i64>,
    sent: Vec<i64>,
    status: &'static str,
    step: u32,
    parcels: usize,
    /// Somebody is on the way to pack it.
    packing: bool,
}

/// After a move the figure is reported in so many polls, and on until one falls into a later minute than the last despatch. Despatches are reported
/// to the minute: only a count of a later minute is known to leave them out.
const POLLS: u8 = 2;
const POLL_EVERY: Span = Span::minutes(10);
/// No hurry makes a poller read its report more often.
const POLL_EVERY_LEAST: Span = Span::seconds(5);
const MINUTE: i64 = 60_000;
/// Below so many pieces more are ordered, and so many come.
const REORDER_BELOW: i64 = 40;
pub const REORDER: i64 = 120;

impl Peoplevox {
    /// `sold_once`: articles that are not ordered from the supplier when they run low.
    pub fn new(on_hand: Vec<i64>, sold_once: BTreeSet<usize>) -> Self {
        let (orders, moved, awaited) = (BTreeMap::new(), BTreeMap::new(), sold_once);
        let (left_at, uncounted, set_aside, starved) = (BTreeMap::new(), BTreeMap::new(), vec![0; on_hand.len()], BTreeSet::new());
        let (polling, next_despatch, next_return) = (false, 1_937_001, 81);
        Self { orders, on_hand, moved, left_at, polling, uncounted, set_aside, starved, awaited, next_despatch, next_return }
    }

    /// By article: pieces that are there, but for those that nobody has counted yet.
    pub fn known(&self) -> Vec<i64> {
        let mut known = self.on_hand.clone();
        self.uncounted.iter().for_each(|(article, pieces)| known[*article] -= pieces);
        known
    }

    pub fn forget(&mut self, order: u32) {
        self.orders.remove(&order);
    }

    /// The first reading of all figures.
    pub fn snapshot(&mut self, world: &mut World) {
        for article in 0..self.on_hand.len() {
            self.report(world, article);
        }
    }

    fn report(&self, world: &mut World, article: usize) {
        let Some((item, on_hand)) = world.articles.get(article).zip(self.on_hand.get(article)) else { return };
        let sku = item.sku.clone();
        let allocated: i64 = 0;
        let row = object(|row| {
            row.text("Item code", &sku).text("Item name", &item.name).text("Site reference", SITE).text("On hand", &on_hand.to_string());
            row.text("Allocated", &allocated.to_string()).text("Available", &(on_hand - allocated).to_string());
        });
        world.land(Feed::ItemInventorySummary, sku.into_bytes(), row);
    }

    fn move_stock(&mut self, world: &mut World, article: usize, pieces: i64) {
        self.on_hand[article] += pieces;
        self.moved.insert(article, POLLS);
        if pieces > 0 {
            *self.uncounted.entry(article).or_default() += pieces;
        } else if pieces < 0 {
            self.left_at.insert(article, world.clock(System::Peoplevox));
        }
        if !self.polling {
            self.polling = true;
            poll_soon(world);
        }
        if self.on_hand[article] < 0 {
            world.complain(format!(
                "stock {}: the warehouse had to send {} more than it has",
                world.articles[article].sku, -self.on_hand[article]
            ));
        }
        if self.on_hand[article] < REORDER_BELOW && self.awaited.insert(article) {
            let wait = world.dice.hours(20, 60);
            world.after(wait, Task::Deliver(article));
        }
    }

    /// The poller reads the figures that moved.
    pub fn poll(&mut self, world: &mut World) {
        let moved: Vec<usize> = self.moved.keys().copied().collect();
        for article in moved {
            self.report(world, article);
            self.uncounted.remove(&article);
            if let Some(left) = self.moved.get_mut(&article) {
                *left = left.saturating_sub(1);
            }
        }
        let minute = world.clock(System::Peoplevox).0.div_euclid(MINUTE);
        let over = |article: &usize| self.left_at.get(article).is_none_or(|at| at.0.div_euclid(MINUTE) < minute);
        self.moved.retain(|article, left| *left > 0 || !over(article));
        self.polling = !self.moved.is_empty();
        if self.polling {
            poll_soon(world);
        }
    }

    /// The supplier's goods arrive.
    pub fn deliver(&mut self, world: &mut World, article: usize) {
        self.awaited.remove(&article);
        world.free_moved(article, REORDER);
        self.move_stock(world, article, REORDER);
        self.feed(world);
    }

    /// Goods came in: orders that waited for goods are looked at again, the first ones first.
    fn feed(&mut self, world: &mut World) {
        for index in std::mem::take(&mut self.starved) {
            world.orders[index as usize].waits = false;
            self.pack_soon(world, index);
        }
    }

    /// `fulfilment-requests`: the go-ahead, a lower total, a cancel.
    pub fn import(&mut self, world: &mut World, index: u32, asked: &FulfilmentRequest) {
        let order = &world.orders[index as usize];
        let mut pieces = vec![0; order.lines.len()];
        for line in &asked.lines {
            let place = order.lines.iter().position(|own| line.line.parse() == Ok(own.item) || line.line.parse().ok() == own.child);
            match place {
                Some(place) => pieces[place] = whole(line.total.decimal()).unwrap_or(0),
                None => {
                    let sentence =
                        format!("order {}: fulfilment-requests names line {}, which the shop does not have", asked.order.number, line.line);
                    world.complain(sentence);
                    return;
                }
            }
        }
        match (asked.action, self.orders.get_mut(&index)) {
            (_, Some(job)) if asked.head.step <= job.step => {}
            (FulfilmentAction::Release, None) => self.accept(world, index, asked.head.step, pieces),
            (_, None) => world.complain(format!(
                "order {}: fulfilment-requests changes what was never released (step {})",
                asked.order.number, asked.head.step
            )),
            (action, Some(_)) => self.lower(world, index, asked.head.step, action, pieces),
        }
    }

    /// Staff begin to work on what is wanted of the order, without a system that asks them to.
    pub fn begin(&mut self, world: &mut World, index: u32) {
        let order = &world.orders[index as usize];
        if order.wants_any() && !self.orders.contains_key(&index) {
            let pieces = order.lines.iter().map(super::order::Line::wanted).collect();
            self.accept(world, index, 0, pieces);
        }
    }

    /// Staff see that fewer pieces are wanted, or none.
    pub fn follow(&mut self, world: &mut World, index: u32) {
        let Some(job) = self.orders.get_mut(&index) else { return };
        job.pieces = world.orders[index as usize].lines.iter().map(super::order::Line::wanted).collect();
        if job.pieces.iter().all(|pieces| *pieces == 0) {
            job.status = "Cancelled";
        }
        self.pack_soon(world, index);
    }

    fn accept(&mut self, world: &mut World, index: u32, step: u32, pieces: Vec<i64>) {
        let sent = vec![0; pieces.len()];
        self.orders.insert(index, Job { pieces, sent, status: "New", step, parcels: 0, packing: false });
        world.orders[index as usize].released = true;
        let told = self.tell(world, index, "New");
        silence::answered(world, index, told);
        self.summarise(world, index);
        let (allocate, pick) = (world.dice.minutes(3, 10), world.dice.minutes(25, 120));
        world.after(allocate, Task::Allocate(index));
        world.after_by_day(Span(allocate.0 + pick.0), Task::Pick(index));
        if world.orders[index as usize].story.cancels_late() {
            let wait = world.dice.minutes(12, 40);
            world.after(wait, Task::Cancel(index));
        }
    }

    /// Nothing has left yet: the warehouse confirms the lower total, or the cancel.
    fn lower(&mut self, world: &mut World, index: u32, step: u32, action: FulfilmentAction, pieces: Vec<i64>) {
        let Some(job) = self.orders.get_mut(&index) else { return };
        job.step = step;
        if job.sent.iter().zip(&pieces).any(|(sent, total)| sent > total) {
            world.complain(format!(
                "order {}: fulfilment-requests lowers what has left already (step {step})",
                world.orders[index as usize].number.clone()
            ));
            return;
        }
        job.pieces = pieces;
        if action == FulfilmentAction::Cancel {
            job.pieces.fill(0);
            self.tell(world, index, "Cancelled");
        } else {
            let status = job.status;
            self.tell(world, index, status);
        }
        self.summarise(world, index);
        self.pack_soon(world, index);
    }

    /// The event of a status, by the warehouse's clock.
    /// When it is heard.
    fn tell(&mut self, world: &mut World, index: u32, status: &'static str) -> Moment {
        let Some(job) = self.orders.get_mut(&index) else { return world.now };
        job.status = status;
        let number = world.orders[index as usize].number.clone();
        let time = world.local.seconds(world.clock(System::Peoplevox));
        let body = object(|body| {
            body.text("time", &time).text("order_no", &number).text("status", status);
        });
        let told = world.send(Feed::SalesOrderStatus, Some(number.into_bytes()), Some(body));
        world.say(index, "Peoplevox", |_| status.to_lowercase());
        told
    }

    /// The order's row of the report.
    fn summarise(&self, world: &mut World, index: u32) {
        let Some(job) = self.orders.get(&index) else { return };
        let number = world.orders[index as usize].number.clone();
        let pieces: i64 = job.pieces.iter().sum();
        let date = world.local.quoted_minutes(world.clock(System::Peoplevox));
        let row = object(|row| {
            row.text("Sales order no.", &number).text("Status", job.status).text("Number of items", &pieces.to_string());
            row.text("Channel", "Web shop UK").text("Date", &date).text("Site reference", SITE);
        });
        world.land(Feed::SalesOrderSummary, number.into_bytes(), row);
    }

    fn working(&self, index: u32) -> bool {
        self.orders.get(&index).is_some_and(|job| job.status != "Cancelled")
    }

    pub fn allocate(&mut self, world: &mut World, index: u32) {
        if self.working(index) {
            self.tell(world, index, "Allocated");
        }
    }

    pub fn pick(&mut self, world: &mut World, index: u32) {
        if self.working(index) {
            self.tell(world, index, "In picking");
            self.pack_soon(world, index);
        }
    }

    /// What is being picked goes to packing, unless a change of it is still to come.
    fn pack_soon(&mut self, world: &mut World, index: u32) {
        let ready = self.ready(world, index);
        let Some(job) = self.orders.get_mut(&index) else { return };
        if ready && job.status == "In picking" && !job.packing {
            job.packing = true;
            let wait = world.dice.minutes(10, 40);
            world.after(wait, Task::Pack(index));
        }
    }

    /// The pieces asked for are those that the customer still wants: here no cancellation crosses a despatch.
    fn ready(&self, world: &World, index: u32) -> bool {
        let (Some(job), Some(order)) = (self.orders.get(&index), world.orders.get(index as usize)) else { return false };
        !order.will_cancel() && job.pieces.iter().zip(&order.lines).all(|(pieces, line)| *pieces == line.wanted())
    }

    pub fn pack(&mut self, world: &mut World, index: u32) {
        if !self.working(index) {
            return;
        }
        let (ready, there) = (self.ready(world, index), self.is_there(world, index));
        let Some(job) = self.orders.get_mut(&index) else { return };
        if !ready {
            job.packing = false;
            return;
        }
        if world.orders[index as usize].mishap == Some(Mishap::GoodsLost) {
            self.give_up(world, index);
            return;
        }
        if !there {
            job.packing = false;
            self.starved.insert(index);
            world.orders[index as usize].waits = true;
            return;
        }
        for (line, pieces) in world.orders[index as usize].lines.iter().zip(&job.pieces) {
            self.set_aside[line.article] += pieces;
        }
        job.parcels = world.orders[index as usize].parcels_planned;
        self.tell(world, index, "Packed");
        let wait = world.dice.minutes(5, 60);
        world.after(wait, Task::Despatch(index));
    }

    /// All that the order wants is in its place, and in no other order's parcel.
    fn is_there(&self, world: &World, index: u32) -> bool {
        let (Some(job), order) = (self.orders.get(&index), &world.orders[index as usize]) else { return false };
        let there = |article: usize| self.on_hand[article] - self.set_aside[article];
        order.lines.iter().zip(&job.pieces).all(|(line, pieces)| there(line.article) >= *pieces)
    }

    /// The goods are not found: they are written off, and the order is closed by the warehouse itself.
    fn give_up(&mut self, world: &mut World, index: u32) {
        let Some(job) = self.orders.get_mut(&index) else { return };
        let lost = std::mem::take(&mut job.pieces);
        job.pieces = vec![0; lost.len()];
        for (place, count) in lost.iter().enumerate().filter(|(_, count)| **count > 0) {
            let article = world.orders[index as usize].lines[place].article;
            world.free_moved(article, -count);
            self.move_stock(world, article, -count);
            *self.uncounted.entry(article).or_default() -= count;
        }
        world.orders[index as usize].waits = true;
        self.tell(world, index, "Cancelled");
        self.summarise(world, index);
        mishaps::goods_lost(world, index);
    }

    /// A parcel leaves the house.
    pub fn despatch(&mut self, world: &mut World, index: u32) {
        let Some(job) = self.orders.get_mut(&index) else { return };
        job.parcels = job.parcels.saturating_sub(1);
        let left: Vec<(usize, i64)> = job
            .pieces
            .iter()
            .zip(&job.sent)
            .enumerate()
            .map(|(place, (total, sent))| (place, total - sent))
            .filter(|(_, open)| *open > 0)
            .collect();
        let pieces = if job.parcels == 0 { left } else { first_part(&left) };
        if pieces.is_empty() {
            return;
        }
        for (place, count) in &pieces {
            job.sent[*place] += count;
        }
        let done = job.sent == job.pieces;
        let number = format!("DES{}", self.next_despatch);
        self.next_despatch += 1;
        let parcel = Parcel {
            tracking: format!("RM{:09}GB", u64::from(index) * 8 + world.orders[index as usize].parcels.len() as u64 + 410_000_000),
            number,
            pieces,
            despatched_at: world.now,
            delivered_at: None,
            told_late: Span(0),
        };
        self.leave(world, index, parcel, done);
        if !done {
            let wait = world.dice.hours(2, 26);
            world.after_by_day(wait, Task::Despatch(index));
        }
    }

    fn leave(&mut self, world: &mut World, index: u32, parcel: Parcel, done: bool) {
        for (place, count) in &parcel.pieces {
            let line = &mut world.orders[index as usize].lines[*place];
            line.despatched += count;
            let article = line.article;
            self.set_aside[article] -= count;
            self.move_stock(world, article, -count);
        }
        let tracked_at_once = world.dice.percent(30);
        for (place, count) in &parcel.pieces {
            let row = despatch_row(world, index, &parcel, *place, *count, tracked_at_once);
            let key = format!("{}|{}", parcel.number, world.articles[world.orders[index as usize].lines[*place].article].sku);
            world.land(Feed::DespatchSummary, key.into_bytes(), row);
        }
        world.say(index, "Peoplevox", |_| {
            let pieces: i64 = parcel.pieces.iter().map(|(_, count)| count).sum();
            format!("parcel {} of {pieces} piece{} leaves the house", parcel.number, if pieces == 1 { "" } else { "s" })
        });
        self.tell(world, index, if done { "Despatched" } else { "Part despatched" });
        self.summarise(world, index);
        let order = &mut world.orders[index as usize];
        order.parcels.push(parcel);
        let place = order.parcels.len() - 1;
        if !world.systems.has(System::Peoplevox) {
            super::house::left(world, index, place);
            return;
        }
        if !world.systems.has(System::Carrier) {
            super::house::on_its_way(world, index, place);
            let track = world.dice.minutes(1, 20);
            world.after(track, Task::Track(index, place));
            return;
        }
        let (track, label) = (world.dice.minutes(1, 20), world.dice.minutes(20, 120));
        world.after(track, Task::Track(index, place));
        world.after(label, Task::Scan(index, place, Scan::Label));
    }

    /// The event with the parcel's tracking number.
    pub fn track(&mut self, world: &mut World, index: u32, place: usize) {
        let order = &world.orders[index as usize];
        let Some(parcel) = order.parcels.get(place) else { return };
        let body = object(|body| {
            body.text("dispatch_number", &parcel.number).text("tracking_number", &parcel.tracking).text("carrier", CARRIER);
            body.text("service_name", SERVICE)
                .text("service_code", "TPN")
                .text("order_number", &order.number)
                .text("order_email", &order.person.email);
        });
        let (key, tracking) = (parcel.number.clone(), parcel.tracking.clone());
        world.send(Feed::TrackingNumber, Some(key.into_bytes()), Some(body));
        world.say(index, "Peoplevox", |_| format!("tracking number {tracking}"));
    }

    /// The customer's parcel comes back and is looked at.
    pub fn take_back(&mut self, world: &mut World, index: u32, pieces: &[i64]) {
        let order = world.orders[index as usize].clone();
        // Only this system says in which condition goods came back.
        let good = order.story != Story::DamagedReturn || !world.systems.has(System::Peoplevox);
        let named = world.dice.percent(80);
        for (place, count) in pieces.iter().enumerate().filter(|(_, count)| **count > 0) {
            let code = format!("RET{}", self.next_return);
            self.next_return += 1;
            let row = return_row(world, &order, &code, place, *count, good, named);
            world.land(Feed::ReturnSummary, code.clone().into_bytes(), row);
            let line = &mut world.orders[index as usize].lines[place];
            if good {
                if world.systems.shop_sends() && order.shop == super::shop::Shop::Magento {
                    line.back_untold += count;
                } else {
                    line.back_good += count;
                }
                world.free_moved(order.lines[place].article, *count);
                self.move_stock(world, order.lines[place].article, *count);
            } else {
                line.back_damaged += count;
            }
            world.orders[index as usize].receipts.push(Receipt { code, line: place, pieces: *count, good });
        }
        self.feed(world);
        world.say(index, "Peoplevox", |world| {
            let pieces: i64 = pieces.iter().sum();
            let due = pounds(world.orders[index as usize].due());
            format!("{pieces} piece{} back, {}; {due} is due", if pieces == 1 { "" } else { "s" }, if good { "as new" } else { "damaged" })
        });
    }
}

fn poll_soon(world: &mut World) {
    let soon = world.now + world.hurry.span(POLL_EVERY).max(POLL_EVERY_LEAST);
    let at = night_counts::next(world, soon);
    world.at(at, Task::Poll);
}

/// The first half of what is open: of several lines the first ones, of one line half its pieces.
fn first_part(left: &[(usize, i64)]) -> Vec<(usize, i64)> {
    match left {
        [(place, count)] if *count > 1 => vec![(*place, count / 2)],
        [_] | [] => left.to_vec(),
        several => several[..several.len() / 2].to_vec(),
    }
}

fn despatch_row(world: &World, index: u32, parcel: &Parcel, place: usize, count: i64, tracked: bool) -> Vec<u8> {
    let order = &world.orders[index as usize];
    let article = &world.articles[order.lines[place].article];
    let pounds = |hundredths: i64| format!("{}.{:02}", hundredths / 100, hundredths % 100);
    let tax: i64 = order.lines.iter().map(|line| line.tax).sum::<i64>() + order.shipping_tax;
    let date = world.local.quoted_minutes(world.clock(System::Peoplevox));
    object(|row| {
        row.text("Salesorder number", &order.number).text("Requested delivery date", &date).text("Despatch number", &parcel.number);
        row.text("Carrier", CARRIER).text("Service", SERVICE).text("Despatch date", &date);
        row.text("Tracking number", if tracked { &parcel.tracking } else { "" }).text("Item name", &article.name);
        row.text("No of items", &count.to_string())
            .text("Destination country", "United Kingdom")
            .text("Site reference", SITE)
            .text("Parent", "");
        row.text("Item code", &article.sku).text("Username", "JoeH").text("Carrier reference", CARRIER).text("Service type code", "TPN");
        row.text("Customer order reference", &order.number)
            .text("Shipping cost", &pounds(order.shipping))
            .text("Email", &order.person.email);
        row.text("Contact name", &order.person.name()).text("Total sale", &pounds(order.total())).text("Tax paid", &pounds(tax));
        row.text("Channel name", "Web shop UK");
    })
}

fn return_row(world: &World, order: &super::order::Order, code: &str, place: usize, count: i64, good: bool, named: bool) -> Vec<u8> {
    let article = &world.articles[order.lines[place].article];
    let date = world.local.quoted_seconds(world.clock(System::Peoplevox));
    let despatched = order.parcels.first().map_or_else(String::new, |parcel| world.local.quoted_seconds(parcel.despatched_at));
    let rma = order.rma.as_deref().filter(|_| named).unwrap_or("");
    object(|row| {
        row.text("Return code", code).text("Return date", &date).text("Quantity", &count.to_string()).text("Item name", &article.name);
        row.text("Item code", &article.sku).text("Sales order number", &order.number).text("Despatch date", &despatched);
        row.text("Return reason", if good { "Not Wanted" } else { "Faulty" })
            .text("Return condition", if good { "NEW" } else { "DAMAGED" });
        row.texts(&[("Return comments", ""), ("Days since despatch", "9"), ("Channel name", "Web shop UK")]);
        row.text("Sales order email", &order.person.email).text("Customer purchase order reference number", &order.number);
        row.text("Site reference", SITE).text("Is Reusable", if good { "True" } else { "False" }).text("RMA number", rma);
    })
}
