//! Peoplevox: its events come at once, its report rows when a poller has read them; all values are texts, times local and without a zone.

mod rows;

use std::collections::BTreeMap;

use super::clock::System;
use super::faults::night_counts;
use super::feeds::Feed;
use super::ids::SITE;
use super::json::object;
use super::order::Parcel;
use super::task::Task;
use super::warehouse::{CARRIER, Job, Moved, SERVICE, Shelves, Standing, Wms};
use super::world::World;
use crate::facts::Moment;
use crate::facts::time::Span;

pub struct Peoplevox {
    /// Which warehouse's it is.
    site: usize,
    /// Articles whose figure moved, and how many more polls shall read them at least.
    moved: BTreeMap<usize, u8>,
    /// When goods last left the house, by article and the warehouse's clock.
    left_at: BTreeMap<usize, Moment>,
    polling: bool,
    /// Pieces that came in (less than 0: were lost) and were not counted yet.
    uncounted: BTreeMap<usize, i64>,
    next_despatch: u32,
    next_return: u32,
}

/// After a move the figure is reported in so many polls, and on until one falls into a later minute than the last despatch. Despatches are reported
/// to the minute: only a count of a later minute is known to leave them out.
const POLLS: u8 = 2;
const POLL_EVERY: Span = Span::minutes(10);
/// No hurry makes a poller read its report more often.
const POLL_EVERY_LEAST: Span = Span::seconds(5);
const MINUTE: i64 = 60_000;

impl Peoplevox {
    pub fn new(site: usize) -> Self {
        let (moved, left_at, uncounted) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        Self { site, moved, left_at, polling: false, uncounted, next_despatch: 1_937_001, next_return: 81 }
    }

    fn report(world: &mut World, article: usize, on_hand: i64) {
        let Some(item) = world.articles.get(article) else { return };
        let sku = item.sku.clone();
        let allocated: i64 = 0;
        let row = object(|row| {
            row.text("Item code", &sku).text("Item name", &item.name).text("Site reference", SITE).text("On hand", &on_hand.to_string());
            row.text("Allocated", &allocated.to_string()).text("Available", &(on_hand - allocated).to_string());
        });
        world.land(Feed::ItemInventorySummary, sku.into_bytes(), row);
    }

    fn poll_soon(&self, world: &mut World) {
        let soon = world.now + world.hurry.span(POLL_EVERY).max(POLL_EVERY_LEAST);
        let at = night_counts::next(world, soon);
        world.at(at, Task::Poll(self.site));
    }
}

/// Its word for how far an order is.
fn word(standing: Standing) -> &'static str {
    match standing {
        Standing::New => "New",
        Standing::Allocated => "Allocated",
        Standing::Picking => "In picking",
        Standing::Packed => "Packed",
        Standing::PartDespatched => "Part despatched",
        Standing::Despatched => "Despatched",
        Standing::Cancelled => "Cancelled",
    }
}

impl Wms for Peoplevox {
    fn system(&self) -> System {
        System::Peoplevox
    }

    fn changes_orders(&self) -> bool {
        true
    }

    fn open(&mut self, world: &mut World, shelves: &Shelves) {
        shelves.on_hand().iter().enumerate().for_each(|(article, on_hand)| Self::report(world, article, *on_hand));
    }

    fn parcel_number(&mut self) -> String {
        self.next_despatch += 1;
        format!("DES{}", self.next_despatch - 1)
    }

    /// The event of a status, by the warehouse's clock.
    fn stands(&mut self, world: &mut World, _: u32, job: &Job) -> Option<Moment> {
        let time = world.local.seconds(world.clock(System::Peoplevox));
        let body = object(|body| {
            body.text("time", &time).text("order_no", &job.number).text("status", word(job.standing));
        });
        Some(world.send(Feed::SalesOrderStatus, Some(job.number.clone().into_bytes()), Some(body)))
    }

    /// The order's row of the report.
    fn sums_up(&mut self, world: &mut World, _: u32, job: &Job) {
        let date = world.local.quoted_minutes(world.clock(System::Peoplevox));
        let row = object(|row| {
            row.text("Sales order no.", &job.number).text("Status", word(job.standing)).text("Number of items", &job.in_all().to_string());
            row.text("Channel", "Web shop UK").text("Date", &date).text("Site reference", SITE);
        });
        world.land(Feed::SalesOrderSummary, job.number.clone().into_bytes(), row);
    }

    fn left(&mut self, world: &mut World, index: u32, _: &Job, parcel: &Parcel) {
        let tracked_at_once = world.dice.percent(30);
        for (place, count) in &parcel.pieces {
            let row = rows::despatch_row(world, index, parcel, *place, *count, tracked_at_once);
            let key = format!("{}|{}", parcel.number, world.articles[world.orders[index as usize].lines[*place].article].sku);
            world.land(Feed::DespatchSummary, key.into_bytes(), row);
        }
    }

    /// The event with the parcel's tracking number.
    fn track(&mut self, world: &mut World, index: u32, job: &Job, parcel: &Parcel) {
        let order = &world.orders[index as usize];
        let body = object(|body| {
            body.text("dispatch_number", &parcel.number).text("tracking_number", &parcel.tracking).text("carrier", CARRIER);
            body.text("service_name", SERVICE)
                .text("service_code", "TPN")
                .text("order_number", &job.number)
                .text("order_email", &order.person.email);
        });
        world.send(Feed::TrackingNumber, Some(parcel.number.clone().into_bytes()), Some(body));
    }

    /// Its report of returns names the authorisation that it finds in the order.
    fn announced(&mut self, _: u32, _: &str) {}

    fn received(&mut self, world: &mut World, index: u32, _: Option<&Job>, back: &[(usize, i64)], good: bool) -> Vec<String> {
        let order = world.orders[index as usize].clone();
        let named = world.dice.percent(80);
        let row_of = |(place, count): &(usize, i64)| {
            let code = format!("RET{}", self.next_return);
            self.next_return += 1;
            let row = rows::return_row(world, &order, &code, *place, *count, good, named);
            world.land(Feed::ReturnSummary, code.clone().into_bytes(), row);
            code
        };
        back.iter().map(row_of).collect()
    }

    fn sees_condition(&self) -> bool {
        true
    }

    fn put_away(&mut self, _: &mut World, _: usize, _: i64, _: bool) {}

    fn moved(&mut self, world: &mut World, article: usize, pieces: i64, why: Moved) {
        self.moved.insert(article, POLLS);
        if why != Moved::Left {
            *self.uncounted.entry(article).or_default() += pieces;
        }
        if pieces < 0 {
            self.left_at.insert(article, world.clock(System::Peoplevox));
        }
        if !self.polling {
            self.polling = true;
            self.poll_soon(world);
        }
    }

    /// The poller reads the figures that moved.
    fn poll(&mut self, world: &mut World, shelves: &Shelves) {
        let moved: Vec<usize> = self.moved.keys().copied().collect();
        for article in moved {
            let Some(on_hand) = shelves.on_hand().get(article) else { continue };
            Self::report(world, article, *on_hand);
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
            self.poll_soon(world);
        }
    }

    fn end_day(&mut self, _: &mut World, _: &Shelves, _: &mut dyn Iterator<Item = (u32, &Job)>) {}

    fn untold(&self, article: usize) -> i64 {
        self.uncounted.get(&article).copied().unwrap_or(0)
    }

    fn forget(&mut self, _: u32) {}
}
