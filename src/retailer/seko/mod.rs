//! SEKO: what happened is pushed every quarter of an hour, many messages in one push; nothing is told of an order before its dispatch, nor that it was
//! cancelled. Stock is counted at the end of the day, and what moves between is told: what comes in, what is lost, what is put where.
//!
//! Its JSON is made from XML: what is empty is `{}`, and a list of one is an object.

mod messages;
mod summary;

use std::collections::BTreeMap;

use super::clock::System;
use super::faults::silent_warehouse as silence;
use super::feeds::Feed;
use super::json::object;
use super::order::Parcel;
use super::task::Task;
use super::warehouse::{Job, Moved, Shelves, Wms};
use super::world::World;
use crate::facts::Moment;
use crate::facts::time::Span;
use messages::{AVAILABLE, Service};

const RETURNS: &str = "Returns";
const QUARANTINE: &str = "Quarantine";
const PUT_AWAY: &str = "Put Away";

const PUSH_EVERY: Span = Span::minutes(15);
/// No hurry makes it push more often.
const PUSH_EVERY_LEAST: Span = Span::seconds(1);
/// At most so many messages in one push.
const PUSHED_AT_ONCE: usize = 500;

pub struct Seko {
    /// Which warehouse's it is.
    site: usize,
    /// Messages that wait for the next push.
    waiting: Vec<Vec<u8>>,
    pushing: bool,
    /// Orders whose dispatch waits for it.
    dispatched: Vec<u32>,
    /// The last number of each service's messages.
    sequence: BTreeMap<Service, i64>,
    next_dispatch: u32,
    next_delivery: u32,
    next_adjustment: u32,
    next_summary: u32,
    /// Returns that were announced, by the order's index.
    announced: BTreeMap<u32, String>,
    /// By article: pieces that came back and were not looked at, and those that nobody sells.
    in_returns: BTreeMap<usize, i64>,
    in_quarantine: BTreeMap<usize, i64>,
    /// The day that was summed up last has ended.
    day_ends: Moment,
}

impl Seko {
    pub fn new(site: usize) -> Self {
        Self {
            site,
            waiting: Vec::new(),
            pushing: false,
            dispatched: Vec::new(),
            sequence: BTreeMap::new(),
            next_dispatch: 99_182,
            next_delivery: 219,
            next_adjustment: 90_311,
            next_summary: 7_781,
            announced: BTreeMap::new(),
            in_returns: BTreeMap::new(),
            in_quarantine: BTreeMap::new(),
            day_ends: Moment::MIN,
        }
    }

    /// A message goes with the next push.
    fn push(&mut self, world: &mut World, message: Vec<u8>) {
        self.waiting.push(message);
        if !self.pushing {
            self.pushing = true;
            let every = world.hurry.span(PUSH_EVERY).max(PUSH_EVERY_LEAST).0;
            let at = Moment(world.now.0 - world.now.0.rem_euclid(every) + every);
            world.at(at, Task::Poll(self.site));
        }
    }

    fn number(&mut self, service: Service) -> i64 {
        let last = self.sequence.entry(service).or_insert(10_000);
        *last += 1;
        *last
    }

    /// Pieces went from one kind of place to another.
    fn placed(&mut self, world: &mut World, article: usize, pieces: i64, from: &str, to: &str) {
        let sequence = self.number(Service::StatusMovement);
        let message = messages::status_movement(world, sequence, article, pieces, (from, to));
        self.push(world, message);
    }
}

impl Wms for Seko {
    fn system(&self) -> System {
        System::Seko
    }

    fn changes_orders(&self) -> bool {
        false
    }

    /// The summary of the day before.
    fn open(&mut self, world: &mut World, shelves: &Shelves) {
        let clock = world.clock(System::Seko);
        self.day_ends = world.local.midnight(clock);
        self.sum_up(world, shelves, &mut std::iter::empty());
        self.day_ends_next(world);
    }

    fn parcel_number(&mut self) -> String {
        self.next_dispatch += 1;
        format!("D{:07}", self.next_dispatch - 1)
    }

    /// Only that an order was dispatched is told.
    fn stands(&mut self, _: &mut World, _: u32, _: &Job) -> Option<Moment> {
        None
    }

    fn sums_up(&mut self, _: &mut World, _: u32, _: &Job) {}

    fn left(&mut self, world: &mut World, index: u32, job: &Job, parcel: &Parcel) {
        let tracked_at_once = world.dice.percent(30);
        let sequence = self.number(Service::Dispatch);
        let message = messages::dispatch(world, sequence, index, job, parcel, tracked_at_once);
        self.dispatched.push(index);
        self.push(world, message);
    }

    fn track(&mut self, world: &mut World, _: u32, job: &Job, parcel: &Parcel) {
        let sequence = self.number(Service::Tracking);
        self.push(world, messages::tracking(sequence, job, parcel));
    }

    fn announced(&mut self, index: u32, rma: &str) {
        self.announced.insert(index, rma.to_owned());
    }

    /// An announced return comes under its own number; one that nobody announced is raised here, and names the order.
    fn received(&mut self, world: &mut World, index: u32, job: Option<&Job>, back: &[(usize, i64)], _: bool) -> Vec<String> {
        let named = world.dice.percent(80);
        let number = job.map_or_else(|| world.orders[index as usize].number.clone(), |job| job.number.clone());
        let announced = self.announced.get(&index).filter(|_| named);
        let (delivery, reference, rma) = match announced {
            Some(rma) => (rma.clone(), rma.clone(), String::new()),
            None => {
                self.next_delivery += 1;
                let delivery = format!("{:06}", self.next_delivery - 1);
                (delivery.clone(), number.clone(), format!("{number}.{delivery}"))
            }
        };
        let goods: Vec<(usize, i64)> =
            back.iter().map(|(place, count)| (world.orders[index as usize].lines[*place].article, *count)).collect();
        for (article, count) in &goods {
            *self.in_returns.entry(*article).or_default() += count;
        }
        let sequence = self.number(Service::Received);
        let message = messages::received(world, sequence, "Return", (&delivery, &reference, &rma), &goods);
        self.push(world, message);
        vec![delivery; back.len()]
    }

    fn sees_condition(&self) -> bool {
        false
    }

    fn put_away(&mut self, world: &mut World, article: usize, pieces: i64, good: bool) {
        *self.in_returns.entry(article).or_default() -= pieces;
        if !good {
            *self.in_quarantine.entry(article).or_default() += pieces;
        }
        self.placed(world, article, pieces, RETURNS, if good { AVAILABLE } else { QUARANTINE });
    }

    fn moved(&mut self, world: &mut World, article: usize, pieces: i64, why: Moved) {
        match why {
            // The dispatch says so, or the movement out of the returns.
            Moved::Left | Moved::PutBack => {}
            Moved::Supplied => {
                let delivery = format!("ASN-{:04}", self.next_delivery);
                self.next_delivery += 1;
                let sequence = self.number(Service::Received);
                let message = messages::received(world, sequence, "Standard", (&delivery, &delivery, ""), &[(article, pieces)]);
                self.push(world, message);
                self.placed(world, article, pieces, PUT_AWAY, AVAILABLE);
            }
            Moved::Lost => {
                let sequence = self.number(Service::Adjustment);
                self.next_adjustment += 1;
                let message = messages::decrease(world, sequence, self.next_adjustment, article, -pieces);
                self.push(world, message);
            }
        }
    }

    /// Pushes what waits.
    fn poll(&mut self, world: &mut World, _: &Shelves) {
        self.pushing = false;
        let mut told = None;
        let waiting = std::mem::take(&mut self.waiting);
        for some in waiting.chunks(PUSHED_AT_ONCE) {
            let body = object(|body| {
                body.raw("Responses", &messages::list(some));
            });
            told = Some(world.send(Feed::SekoPushes, None, Some(body)));
        }
        for index in std::mem::take(&mut self.dispatched) {
            if let Some(told) = told {
                silence::dispatched(world, index, told);
            }
        }
    }

    fn end_day(&mut self, world: &mut World, shelves: &Shelves, jobs: &mut dyn Iterator<Item = (u32, &Job)>) {
        self.day_ends = world.local.midnight(world.clock(System::Seko));
        let goes_on = world.is_busy();
        self.sum_up(world, shelves, jobs);
        if goes_on {
            self.day_ends_next(world);
        }
    }

    fn untold(&self, _: usize) -> i64 {
        0
    }

    fn forget(&mut self, order: u32) {
        self.announced.remove(&order);
    }
}
