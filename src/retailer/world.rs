//! What all actors share: the true time, the agenda, the wires, the truth of the orders, and a diary of one of them.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use super::catalogue::{Article, catalogue};
use super::chance::{Dice, SYSTEMS};
use super::clock::{Clocks, LocalTime, System};
use super::faults::{Faults, Kind, key};
use super::feeds::Feed;
use super::hurry::Hurry;
use super::magento::Database;
use super::op::Op;
use super::orders::Orders;
use super::record::SourceRecord;
use super::settings::Settings;
use super::sites::{self, Site};
use super::systems::Systems;
use super::task::Task;
use super::wire::Wires;
use crate::facts::Moment;
use crate::facts::time::Span;

/// Something on the agenda: the earliest comes first; at the same moment the one that was entered first.
struct Entry {
    at: Moment,
    number: u64,
    task: Task,
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        (self.at, self.number) == (other.at, other.number)
    }
}
impl Eq for Entry {}
impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Entry {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.number).cmp(&(other.at, other.number))
    }
}

/// One hop of the followed order's journey, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hop {
    pub at: Moment,
    /// `Magento`, `Shopper` ... or `Waybill`.
    pub who: &'static str,
    /// To whom, when Waybill asks.
    pub to: Option<&'static str>,
    pub what: String,
}

pub struct World {
    /// The true time.
    pub now: Moment,
    pub hurry: Hurry,
    /// Who takes part.
    pub systems: Systems,
    /// The shop's, if it has one of its own.
    pub database: Option<Database>,
    pub clocks: Clocks,
    pub local: LocalTime,
    pub wires: Wires,
    pub dice: Dice,
    pub articles: Vec<Article>,
    pub sites: Vec<Site>,
    /// The article of each SKU.
    pub by_sku: BTreeMap<String, usize>,
    pub orders: Orders,
    /// What went wrong in a system because of what it was asked: sentences.
    pub complaints: Vec<String>,
    /// The order whose journey is written down.
    pub star: u32,
    pub hops: Vec<Hop>,
    pub faults: Faults,
    /// By article: pieces for sale in the warehouse, less what orders claim.
    free: Vec<i64>,
    agenda: BinaryHeap<Reverse<Entry>>,
    entered: u64,
    /// A system works on the requests for one order in the order in which they came.
    busy: BTreeMap<(u32, System), Moment>,
}

impl World {
    pub fn new(settings: &Settings, star: u32) -> Self {
        let Settings { seed, orders, opening, hurry, systems, shop_database, .. } = *settings;
        let mut articles = catalogue(seed, orders);
        if settings.systems.erp() != Some(System::Nav) {
            // Of what goods cost NAV tells.
            articles.iter_mut().for_each(|article| article.cost = 0);
        }
        let faults = Faults::draw(settings.faults.as_ref(), seed, opening, articles.len());
        Self {
            now: opening,
            hurry,
            systems,
            database: shop_database.then(Database::default),
            clocks: Clocks::new(seed, hurry, faults.has(Kind::WrongClocks)),
            local: LocalTime::warehouse(),
            wires: Wires::new(seed, hurry),
            dice: Dice::new(seed, SYSTEMS),
            by_sku: articles.iter().enumerate().map(|(place, article)| (article.sku.clone(), place)).collect(),
            free: vec![0; articles.len()],
            articles,
            sites: sites::of(systems),
            orders: Orders::default(),
            complaints: Vec::new(),
            star,
            hops: Vec::new(),
            faults,
            agenda: BinaryHeap::new(),
            entered: 0,
            busy: BTreeMap::new(),
        }
    }

    pub fn at(&mut self, at: Moment, task: Task) {
        self.entered += 1;
        self.agenda.push(Reverse(Entry { at: at.max(self.now), number: self.entered, task }));
    }

    pub fn after(&mut self, span: Span, task: Task) {
        self.at(self.now + self.hurry.span(span), task);
    }

    /// As [`Self::after`], but in working hours; who is in a hurry knows no night.
    pub fn after_by_day(&mut self, span: Span, task: Task) {
        let at = self.now + self.hurry.span(span);
        self.at(if self.hurry.is_on() { at } else { by_day(at) }, task);
    }

    /// As [`Self::after`], but after what the system was asked for this order before.
    pub fn queue(&mut self, system: System, order: u32, span: Span, task: Task) {
        let slot = self.busy.entry((order, system)).or_insert(Moment::MIN);
        let at = (self.now + self.hurry.span(span)).max(*slot + Span(1));
        *slot = at;
        self.at(at, task);
    }

    pub fn next_at(&self) -> Option<Moment> {
        self.agenda.peek().map(|Reverse(entry)| entry.at)
    }

    /// Is anything to come but what comes every night?
    pub fn is_busy(&self) -> bool {
        self.agenda.iter().any(|Reverse(entry)| !entry.task.is_nightly())
    }

    /// The warehouse that sends the order.
    pub fn site_of(&self, order: u32) -> Site {
        self.sites[self.orders[order as usize].site]
    }

    /// Takes what is due at `until`, and sets the time to its moment.
    pub fn take_due(&mut self, until: Moment) -> Option<Task> {
        if self.next_at()? > until {
            return None;
        }
        let Reverse(entry) = self.agenda.pop()?;
        self.now = self.now.max(entry.at);
        Some(entry.task)
    }

    /// Does anybody buy in the second shop, or is it the only one? With fault injection the second shop is there for the sales.
    pub fn sells_in_shopify(&self) -> bool {
        let alone = !self.systems.has(System::Magento);
        self.systems.has(System::Shopify) && (alone || !self.faults.is_on() || self.faults.has_sales())
    }

    /// What the system's clock shows now.
    pub fn clock(&self, system: System) -> Moment {
        self.clocks.of(system, self.now)
    }

    /// Begins a transaction of the system's database.
    pub fn begin(&mut self, system: System) {
        self.wires.begin(system);
        if let Some(database) = self.database.as_mut().filter(|_| system == System::Magento) {
            database.begin();
        }
    }

    /// Sends a row's change, with its images.
    pub fn change(&mut self, feed: Feed, op: Op, key: Vec<u8>, before: Option<&[u8]>, after: Option<&[u8]>) {
        if !self.systems.has(feed.system()) {
            return;
        }
        if let Some(database) = self.database.as_mut().filter(|_| feed.system() == System::Magento) {
            database.change(feed.table(), op, &key, before, after);
            return;
        }
        let value = self.wires.envelope(&self.clocks, self.now, feed, op, before, after);
        if op == Op::Delete {
            self.send(feed, Some(key.clone()), Some(value));
            self.send(feed, Some(key), None);
        } else {
            self.send(feed, Some(key), Some(value));
        }
    }

    /// Sends a record as it is; when it arrives. A system that the retailer lacks sends nothing, now or ever.
    pub fn send(&mut self, feed: Feed, key: Option<Vec<u8>>, value: Option<Vec<u8>>) -> Moment {
        if !self.systems.has(feed.system()) {
            return self.now;
        }
        let arrivals = self.wires.send(self.now, feed, key, value, None);
        self.arrive(arrivals)
    }

    /// Sends a report's row: read now, by the system's clock, and stamped so.
    pub fn land(&mut self, feed: Feed, key: Vec<u8>, value: Vec<u8>) {
        if !self.systems.has(feed.system()) {
            return;
        }
        let taken_at = self.clock(feed.system());
        let arrivals = self.wires.send(self.now, feed, Some(key), Some(value), Some(taken_at));
        self.arrive(arrivals);
    }

    fn arrive(&mut self, arrivals: Vec<(Moment, SourceRecord)>) -> Moment {
        let first = arrivals.first().map_or(self.now, |(at, _)| *at);
        for (at, record) in arrivals {
            self.at(at, Task::Arrive(Box::new(record)));
        }
        first
    }

    /// Pieces came in, were found or became free again (above 0), or were bought or lost (below 0). Below zero in sum, the article is oversold.
    pub fn free_moved(&mut self, article: usize, pieces: i64) {
        let before = self.free[article];
        let after = before + pieces;
        self.free[article] = after;
        if !self.faults.is_on() || (before < 0) == (after < 0) {
            return;
        }
        for channel in self.systems.channels() {
            let key = key("oversold", &self.articles[article].sku, channel);
            if after < 0 {
                self.faults.watch.must(key, self.now, "more is sold than there is");
            } else {
                self.faults.watch.over(&key, self.now);
            }
        }
    }

    /// The busy map's entries of an order that is over.
    pub fn forget(&mut self, order: u32) {
        let of: Vec<(u32, System)> = self.busy.range((order, System::EVERY[0])..=(order, System::Emarsys)).map(|(slot, _)| *slot).collect();
        of.iter().for_each(|slot| _ = self.busy.remove(slot));
        self.orders.forget(order as usize);
    }

    /// Writes into the diary, if this is the order that is followed.
    pub fn say(&mut self, order: u32, who: &'static str, what: impl FnOnce(&Self) -> String) {
        if order == self.star {
            let what = what(self);
            self.hops.push(Hop { at: self.now, who, to: None, what });
        }
    }

    pub fn complain(&mut self, sentence: String) {
        self.complaints.push(sentence);
    }
}

/// People pick, drive and send parcels back from 7 to 19 h: work that falls into the night is done in the morning.
fn by_day(at: Moment) -> Moment {
    const DAY: i64 = 86_400_000;
    const HOUR: i64 = 3_600_000;
    let midnight = at.0 - at.0.rem_euclid(DAY);
    let time = at.0 - midnight;
    if (7 * HOUR..19 * HOUR).contains(&time) {
        return at;
    }
    let morning = if time < 7 * HOUR { midnight } else { midnight + DAY } + 7 * HOUR;
    Moment(morning + time % (3 * HOUR))
}
