//! A warehouse: it picks, packs and despatches what Waybill gives it the go-ahead for, lowers or cancels what it is asked to while nothing has left, and
//! takes goods back. What its system tells of that is its [`Wms`]'s: Peoplevox's events and reports ([`super::peoplevox`]), SEKO's pushes ([`super::seko`]).
//!
//! A retailer without such a system has the house all the same: staff pack what the ERP has released or the shop shows as paid. Then nothing is said here,
//! and the ERP or the shop books what leaves and what comes back ([`super::house`]).

mod asked;
mod job;
mod returned;
mod shelves;
mod wms;

use std::collections::{BTreeMap, BTreeSet};

pub use job::{Job, Standing};
pub use shelves::{REORDER, Shelves};
pub use wms::{Moved, Wms};

use super::clock::System;
use super::faults::{Mishap, mishaps, silent_warehouse as silence};
use super::order::{Line, Parcel};
use super::task::{Scan, Task};
use super::world::World;
use crate::facts::Moment;
use crate::facts::time::Span;

/// Who takes the parcels.
pub const CARRIER: &str = "Royal Mail";
/// ... and how.
pub const SERVICE: &str = "Tracked 48";

/// One warehouse.
pub struct Warehouse {
    /// Its place among the warehouses.
    site: usize,
    wms: Box<dyn Wms>,
    orders: BTreeMap<u32, Job>,
    shelves: Shelves,
    /// Orders that wait for goods.
    starved: BTreeSet<u32>,
}

impl Warehouse {
    pub fn new(site: usize, wms: Box<dyn Wms>, shelves: Shelves) -> Self {
        Self { site, wms, orders: BTreeMap::new(), shelves, starved: BTreeSet::new() }
    }

    fn system(&self) -> System {
        self.wms.system()
    }

    fn label(&self) -> &'static str {
        self.system().label()
    }

    /// The first reading of all figures.
    pub fn open(&mut self, world: &mut World) {
        self.wms.open(world, &self.shelves);
    }

    /// By article: pieces that are there, but for those that nobody has told yet.
    pub fn known(&self) -> Vec<i64> {
        self.shelves.on_hand().iter().enumerate().map(|(article, pieces)| pieces - self.wms.untold(article)).collect()
    }

    pub fn forget(&mut self, order: u32) {
        self.orders.remove(&order);
        self.wms.forget(order);
    }

    /// What its system does by the clock.
    pub fn poll(&mut self, world: &mut World) {
        self.wms.poll(world, &self.shelves);
    }

    /// The day is over.
    pub fn end_day(&mut self, world: &mut World) {
        self.wms.end_day(world, &self.shelves, &mut self.orders.iter().map(|(index, job)| (*index, job)));
    }

    fn move_stock(&mut self, world: &mut World, article: usize, pieces: i64, why: Moved) {
        let left = self.shelves.add(article, pieces);
        self.wms.moved(world, article, pieces, why);
        if left < 0 {
            world.complain(format!("stock {}: the warehouse had to send {} more than it has", world.articles[article].sku, -left));
        }
        if self.shelves.asks_for_more(article) {
            let wait = world.dice.hours(20, 60);
            world.after(wait, Task::Deliver(self.site, article));
        }
    }

    /// The supplier's goods arrive.
    pub fn deliver(&mut self, world: &mut World, article: usize) {
        self.shelves.supplied(article);
        world.free_moved(article, REORDER);
        self.move_stock(world, article, REORDER, Moved::Supplied);
        self.feed(world);
    }

    /// Goods came in: orders that waited for goods are looked at again, the first ones first.
    fn feed(&mut self, world: &mut World) {
        for index in std::mem::take(&mut self.starved) {
            world.orders[index as usize].waits = false;
            self.pack_soon(world, index);
        }
    }

    /// The order is as far as this. When it is heard.
    fn tell(&mut self, world: &mut World, index: u32, standing: Standing) -> Option<Moment> {
        let job = self.orders.get_mut(&index)?;
        job.standing = standing;
        let told = self.wms.stands(world, index, job);
        world.say(index, self.wms.system().label(), |_| standing.label().to_owned());
        told
    }

    fn sum_up(&mut self, world: &mut World, index: u32) {
        if let Some(job) = self.orders.get(&index) {
            self.wms.sums_up(world, index, job);
        }
    }

    fn is_working(&self, index: u32) -> bool {
        self.orders.get(&index).is_some_and(|job| !job.is_cancelled())
    }

    pub fn allocate(&mut self, world: &mut World, index: u32) {
        if self.is_working(index) {
            self.tell(world, index, Standing::Allocated);
        }
    }

    pub fn pick(&mut self, world: &mut World, index: u32) {
        if self.is_working(index) {
            self.tell(world, index, Standing::Picking);
            self.pack_soon(world, index);
        }
    }

    /// What is being picked goes to packing, unless a change of it is still to come.
    fn pack_soon(&mut self, world: &mut World, index: u32) {
        let ready = self.is_ready(world, index);
        let Some(job) = self.orders.get_mut(&index) else { return };
        if ready && job.standing == Standing::Picking && !job.packing {
            job.packing = true;
            let wait = world.dice.minutes(10, 40);
            world.after(wait, Task::Pack(index));
        }
    }

    /// The pieces asked for are those that the customer still wants: here no cancellation crosses a despatch.
    fn is_ready(&self, world: &World, index: u32) -> bool {
        let (Some(job), Some(order)) = (self.orders.get(&index), world.orders.get(index as usize)) else { return false };
        !order.will_cancel() && job.pieces.iter().zip(&order.lines).all(|(pieces, line)| *pieces == line.wanted())
    }

    pub fn pack(&mut self, world: &mut World, index: u32) {
        if !self.is_working(index) {
            return;
        }
        let (ready, there) = (self.is_ready(world, index), self.is_there(world, index));
        let Some(job) = self.orders.get_mut(&index) else { return };
        if !ready {
            job.packing = false;
            return;
        }
        let unlucky = world.orders[index as usize].mishap == Some(Mishap::GoodsLost);
        if unlucky && self.wms.changes_orders() {
            self.give_up(world, index);
            return;
        }
        if !there {
            job.packing = false;
            self.starved.insert(index);
            world.orders[index as usize].waits = true;
            return;
        }
        if unlucky {
            self.come_short(world, index);
        }
        let Some(job) = self.orders.get_mut(&index) else { return };
        for (line, pieces) in world.orders[index as usize].lines.iter().zip(&job.pieces) {
            self.shelves.set_aside(line.article, *pieces);
        }
        job.parcels = if self.wms.changes_orders() { world.orders[index as usize].parcels_planned } else { 1 };
        self.tell(world, index, Standing::Packed);
        let wait = world.dice.minutes(5, 60);
        world.after(wait, Task::Despatch(index));
    }

    /// All that the order wants is in its place, and in no other order's parcel.
    fn is_there(&self, world: &World, index: u32) -> bool {
        let (Some(job), order) = (self.orders.get(&index), &world.orders[index as usize]) else { return false };
        order.lines.iter().zip(&job.pieces).all(|(line, pieces)| self.shelves.there(line.article) >= *pieces)
    }

    /// The goods are not found: they are written off, and the order is closed by the warehouse itself.
    fn give_up(&mut self, world: &mut World, index: u32) {
        let Some(job) = self.orders.get_mut(&index) else { return };
        let lost = std::mem::take(&mut job.pieces);
        job.pieces = vec![0; lost.len()];
        for (place, count) in lost.iter().enumerate().filter(|(_, count)| **count > 0) {
            let article = world.orders[index as usize].lines[place].article;
            world.free_moved(article, -count);
            self.move_stock(world, article, -count, Moved::Lost);
        }
        world.orders[index as usize].waits = true;
        self.tell(world, index, Standing::Cancelled);
        self.sum_up(world, index);
        mishaps::goods_lost(world, index);
    }

    /// Some of the goods are not found: they are written off, and the order goes without them, for good.
    fn come_short(&mut self, world: &mut World, index: u32) {
        let Some(job) = self.orders.get_mut(&index) else { return };
        let lines: Vec<(usize, i64)> = job.open();
        let lost = match lines[..] {
            [] | [(_, 1)] => return,
            [(place, _)] => (place, 1),
            [first, ..] => first,
        };
        let (place, count) = lost;
        job.pieces[place] -= count;
        let line = &mut world.orders[index as usize].lines[place];
        (line.cancelled, line.short) = (line.cancelled + count, line.short + count);
        let article = line.article;
        world.say(index, self.wms.system().label(), |_| format!("{count} not found: the order goes without"));
        let item = world.orders[index as usize].lines[place].item;
        mishaps::goods_short(world, index, item);
        self.move_stock(world, article, -count, Moved::Lost);
    }

    /// A parcel leaves the house.
    pub fn despatch(&mut self, world: &mut World, index: u32) {
        let Some(job) = self.orders.get_mut(&index) else { return };
        job.parcels = job.parcels.saturating_sub(1);
        let open = job.open();
        let pieces = if job.parcels == 0 { open } else { first_part(&open) };
        if pieces.is_empty() {
            return;
        }
        for (place, count) in &pieces {
            job.sent[*place] += count;
        }
        let done = job.sent == job.pieces;
        let parcel = Parcel {
            tracking: format!("RM{:09}GB", u64::from(index) * 8 + world.orders[index as usize].parcels.len() as u64 + 410_000_000),
            number: self.wms.parcel_number(),
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
            self.shelves.set_aside(article, -count);
            self.move_stock(world, article, -count, Moved::Left);
        }
        if let Some(job) = self.orders.get(&index) {
            self.wms.left(world, index, job, &parcel);
        }
        world.say(index, self.label(), |_| {
            let pieces: i64 = parcel.pieces.iter().map(|(_, count)| count).sum();
            format!("parcel {} of {pieces} piece{} leaves the house", parcel.number, if pieces == 1 { "" } else { "s" })
        });
        self.tell(world, index, if done { Standing::Despatched } else { Standing::PartDespatched });
        self.sum_up(world, index);
        let order = &mut world.orders[index as usize];
        order.parcels.push(parcel);
        let place = order.parcels.len() - 1;
        if !world.systems.has(self.system()) {
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

    /// The parcel has its tracking number.
    pub fn track(&mut self, world: &mut World, index: u32, place: usize) {
        let Some(job) = self.orders.get(&index) else { return };
        let Some(parcel) = world.orders[index as usize].parcels.get(place).cloned() else { return };
        self.wms.track(world, index, job, &parcel);
        world.say(index, self.wms.system().label(), |_| format!("tracking number {}", parcel.tracking));
    }

    /// What is wanted of the order, by line.
    fn wanted_of(world: &World, index: u32) -> Vec<i64> {
        world.orders[index as usize].lines.iter().map(Line::wanted).collect()
    }

    fn accept(&mut self, world: &mut World, index: u32, job: Job) {
        self.orders.insert(index, job);
        world.orders[index as usize].released = true;
        if let Some(told) = self.tell(world, index, Standing::New) {
            silence::answered(world, index, told);
        }
        self.sum_up(world, index);
        let (allocate, pick) = (world.dice.minutes(3, 10), world.dice.minutes(25, 120));
        world.after(allocate, Task::Allocate(index));
        world.after_by_day(Span(allocate.0 + pick.0), Task::Pick(index));
        if world.orders[index as usize].story.cancels_late() && world.orders[index as usize].will_cancel() {
            let wait = world.dice.minutes(12, 40);
            world.after(wait, Task::Cancel(index));
        }
    }
}

/// The first half of what is open: of several lines the first ones, of one line half its pieces.
fn first_part(left: &[(usize, i64)]) -> Vec<(usize, i64)> {
    match left {
        [(place, count)] if *count > 1 => vec![(*place, count / 2)],
        [_] | [] => left.to_vec(),
        several => several[..several.len() / 2].to_vec(),
    }
}
