//! The simulated retailer: shoppers and systems that act and react as real ones do, for the demo, live runs, tests and benches.
//!
//! It **acts**: each system has a small database of its own; what changes there comes out in the system's native format, in the order and the
//! pieces in which that system writes, through wires that delay, cross and repeat. It **reacts** to what Waybill says: the ERP records the
//! order, the warehouse packs it, the shop books the shipment, finance pays the refund and keeps the books. It **knows the truth** ([`Truth`]),
//! so that a run can be judged ([`judge`]). With
//! **fault injection** ([`faults`]) things go wrong as in real life, and it notes too what a person must look at. Which systems there are is a choice
//! ([`systems`]); what any ERP or warehouse does is written once ([`erp`], [`warehouse`]), and how NAV and NetSuite, Peoplevox and SEKO write it down in places of
//! their own.
//!
//! ```text
//!   shoppers --> shops ----.                    .--> sales-orders ------> ERP
//!                ERP ------|   source topics    |--> fulfilment-requests -> warehouse
//!                warehouse-|-----> Waybill -----|--> despatch-notices --> shop, ERP
//!                carrier --|                    |--> refund-requests ---> finance --> the shop mirrors it
//!                finance --|                    |--> stock-updates -----> shops
//!                CRM ------|                    |--> journal-entries ---> finance's ledger
//!                Emarsys --'                    '--> marketing-profiles -> Emarsys
//! ```
//!
//! The core is sans-I/O: [`Retailer::step`] is given the time and the events that were heard, and returns the records that reach Kafka by then;
//! [`Retailer::next_at`] says when it next has something to do. From one seed, and the same events at the same times, come the same records.

pub mod books;
mod by_hand;
mod carrier;
mod catalogue;
mod chance;
mod clock;
mod crm;
pub mod demo;
mod desk;
mod emarsys;
mod erp;
pub mod faults;
mod feeds;
mod finance;
mod hear;
mod house;
mod hurry;
mod ids;
mod json;
pub mod judge;
#[cfg(feature = "kafka")]
pub mod live;
mod magento;
mod nav;
mod netsuite;
mod op;
pub mod order;
mod orders;
mod people;
mod peoplevox;
mod record;
mod seko;
mod settings;
mod settle;
pub mod setup;
pub mod shop;
mod shopify;
mod shoppers;
pub mod simulate;
mod sites;
pub mod sums;
pub mod systems;
mod task;
mod units;
mod warehouse;
mod wire;
mod world;

pub use clock::System;
pub use feeds::{Feed, topics};
pub use hurry::Hurry;
pub use record::{HeardEvent, Outside, SourceRecord};
pub use settings::Settings;
pub use units::{grouped, pounds};
pub use world::Hop;

use crate::facts::Moment;
use crate::facts::time::Span;
use chance::Dice;
use emarsys::Emarsys;
use erp::{Erp, Office};
use finance::Finance;
use judge::{OrderTruth, ShopTruth, Truth};
use magento::Magento;
use nav::Nav;
use netsuite::NetSuite;
use peoplevox::Peoplevox;
use seko::Seko;
use shop::Shop;
use shopify::Shopify;
use shoppers::{Placed, Shoppers, Shops};
use sums::Sums;
use task::Task;
use warehouse::{Shelves, Warehouse, Wms};
use world::World;

/// All systems and shoppers.
pub struct Retailer {
    settings: Settings,
    world: World,
    shoppers: Shoppers,
    shops: Shops,
    erp: Erp,
    warehouses: Vec<Warehouse>,
    finance: Finance,
    emarsys: Emarsys,
    /// What the orders add up to that are forgotten.
    past: Sums,
}

impl Retailer {
    /// Opens the shop: the catalogue and the first stock figures are the first records.
    pub fn new(settings: Settings) -> Self {
        let star = settings.orders / 3;
        let mut world = World::new(&settings, star);
        let mut dice = Dice::new(settings.seed, chance::SYSTEMS + 100);
        let mut on_hand: Vec<i64> = world.articles.iter().map(|_| dice.range(150, 260)).collect();
        for incident in &world.faults.incidents {
            if world.faults.withheld.contains(&incident.article) {
                on_hand[incident.article] = incident.size;
            }
        }
        on_hand.iter().enumerate().for_each(|(article, pieces)| world.free_moved(article, *pieces));
        let mut magento = Magento::new(on_hand.len());
        let office: Box<dyn Office> = if world.systems.has(System::NetSuite) { Box::new(NetSuite::new()) } else { Box::new(Nav::new()) };
        let mut erp = Erp::new(office, world.articles.iter().map(|article| article.price).collect());
        for (article, figure) in on_hand.iter().enumerate() {
            magento.stock.snapshot(&mut world, article, *figure);
        }
        erp.snapshot(&mut world);
        let mut shopify = Shopify::new(on_hand.clone());
        shopify.snapshot(&mut world);
        let mut warehouses = open_warehouses(&world, &on_hand);
        warehouses.iter_mut().for_each(|warehouse| warehouse.open(&mut world));
        world.after(Span::minutes(6), Task::Place);
        world.after(Span::hours(3), Task::ChangePrice);
        magento::tidy_soon(&mut world);
        faults::announce(&mut world);
        let (orders, days) = (settings.orders.saturating_sub(world.faults.orders_of_sales()).max(1), settings.faults.as_ref());
        let shoppers = Shoppers::new(settings.seed, orders, days.map(|plan| plan.days));
        let (shops, finance, past) = (Shops { magento, shopify }, Finance::default(), Sums::default());
        let emarsys = Emarsys::new(settings.seed);
        Self { settings, world, shoppers, shops, erp, warehouses, finance, emarsys, past }
    }

    /// When something next happens without being asked; `None`: everybody waits, or all stories are over.
    pub fn next_at(&self) -> Option<Moment> {
        self.world.next_at()
    }

    /// All that happens until `now`, given what was heard since the last step: the records that reach Kafka, in order.
    /// `now` never goes back.
    pub fn step(&mut self, now: Moment, heard: &[HeardEvent<'_>]) -> Vec<SourceRecord> {
        let mut records = Vec::new();
        self.step_to(now, heard, &mut records);
        records
    }

    /// [`Self::step`], with the records sent as they come.
    pub fn step_to(&mut self, now: Moment, heard: &[HeardEvent<'_>], outside: &mut impl Outside) {
        // What was heard came after all that had happened: the time is already `now` for those who answer.
        self.commit(outside);
        while let Some(task) = self.world.take_due(now) {
            self.act(task, outside);
            self.commit(outside);
        }
        self.world.now = self.world.now.max(now);
        for event in heard {
            self.hear(event);
        }
    }

    /// Hands on what the shop's database committed.
    fn commit(&mut self, outside: &mut impl Outside) {
        if let Some(database) = &mut self.world.database {
            database.take().iter().for_each(|transaction| outside.transaction(transaction));
        }
    }

    fn act(&mut self, task: Task, outside: &mut impl Outside) {
        if let Some(index) = task.order() {
            let now = self.world.now;
            let Some(order) = self.world.orders.get_mut(index as usize) else {
                self.world.complain(format!("order {}: something happens to it although it was over", ids::number_of(index)));
                return;
            };
            order.touched_at = now;
        }
        let world = &mut self.world;
        match task {
            Task::Arrive(record) => outside.send(*record),
            Task::Place => {
                let placed = self.shoppers.place(world, &mut self.shops);
                self.agreed(placed);
            }
            Task::Buy { article, shop } => {
                let placed = self.shoppers.buy(world, &mut self.shops, article, shop);
                self.agreed(placed);
            }
            Task::Cancel(order) => {
                let by = Shoppers::cancels(&world.orders[order as usize]);
                world.say(order, "Shopper", |_| "cancels".to_owned());
                for (article, pieces) in
                    world.orders[order as usize].lines.iter().zip(&by).map(|(line, by)| (line.article, *by)).collect::<Vec<_>>()
                {
                    world.free_moved(article, pieces);
                }
                self.cancel(order, &by);
            }
            Task::Money(order) => {
                match world.orders[order as usize].shop {
                    Shop::Magento => self.shops.magento.money(world, order),
                    Shop::Shopify => self.shops.shopify.money(world, order),
                }
                if world.orders[order as usize].pay == order::Pay::Transfer {
                    house::paid(world, order);
                }
            }
            Task::Ship(order, notice) => match world.orders[order as usize].shop {
                Shop::Magento => self.shops.magento.ship(world, order, &notice),
                Shop::Shopify => self.shops.shopify.ship(world, order, &notice),
            },
            Task::WriteStock { shop: Shop::Magento, article, figure, seen } => self.shops.magento.stock.write(world, article, figure, seen),
            Task::WriteStock { shop: Shop::Shopify, article, figure, .. } => self.shops.shopify.write(world, article, figure),
            Task::MirrorRefund(order) => self.shops.magento.mirror_refund(world, order),
            Task::TidyReservations => {
                self.shops.magento.stock.tidy(world);
                if world.is_busy() {
                    magento::tidy_soon(world);
                }
            }
            Task::ErpImport(order, asked) => {
                self.erp.import(world, order, &asked);
                if !world.systems.has_wms() {
                    self.warehouses[world.orders[order as usize].site].follow(world, order);
                }
            }
            Task::ErpRelease(order) => {
                self.erp.release(world, order);
                house::released(world, order);
            }
            Task::ErpShip(order, notice) => self.erp.ship(world, order, &notice),
            Task::LogReturn(order) => self.log_return(order),
            Task::ReleaseReturn(order) => self.erp.release_return(world, order),
            Task::ErpReceive(order, notice) => self.erp.receive(world, order, &notice),
            Task::ChangePrice => {
                self.erp.change_price(world);
                if world.orders.placed() < self.settings.orders as usize {
                    world.after(Span::hours(24), Task::ChangePrice);
                }
            }
            Task::WarehouseImport(order, _)
            | Task::Allocate(order)
            | Task::Pick(order)
            | Task::Pack(order)
            | Task::Despatch(order)
            | Task::Track(order, _)
            | Task::TakeBack(order)
            | Task::Inspect(order)
            | Task::Begin(order) => self.work(order, task),
            Task::Poll(site) => self.warehouses[site].poll(world),
            Task::EndOfDay(site) => self.warehouses[site].end_day(world),
            Task::Deliver(site, article) => {
                self.warehouses[site].deliver(world, article);
                self.goods_in(article, warehouse::REORDER);
            }
            Task::WriteContact(profile) => self.emarsys.hear(world, &profile),
            Task::Answers(address) => self.emarsys.answers(world, &address),
            Task::ExportContacts => self.emarsys.export(world),
            Task::SayStopped(order) => desk::say_stopped(world, order),
            Task::SaySettled(order) => desk::say_settled(world, order),
            Task::Scan(order, parcel, scan) => carrier::scan(world, order, parcel, scan),
            Task::PayBack(order, asked) if world.systems.has(System::Finance) => self.finance.pay(world, order, &asked),
            Task::PayBack(order, asked) => self.shop_pays_back(order, &asked),
            Task::Settle(order, payout) => self.finance.settle(world, order, payout),
            Task::Fault(number) => faults::begin(world, &mut self.shops.magento, &mut self.erp, number),
            Task::CancelToo(order) => {
                self.shops.magento.cancel_too(world, order);
                faults::mishaps::cancelled_too(world, order);
            }
            Task::ErpTouch(order) => self.erp.touch(world, order),
            Task::ErpPost(order, parcel) => self.erp.post_parcel(world, order, parcel),
            Task::ErpTakesIn(order) => self.erp.take_in(world, order),
            Task::ShopBooks(order, parcel) => self.shop_books(order, parcel),
            Task::HandOver(order, parcel) => self.hand_over(order, parcel),
            Task::CountAsDelivered(order, parcel) => carrier::count_as_delivered(world, order, parcel),
            Task::Credit(order) => self.credit(order),
            Task::FinanceSees(order, payout) => self.finance.sees(world, order, payout),
        }
    }

    /// Whoever agreed to mail with the order in a shop that says so is known to agree.
    fn agreed(&mut self, placed: Option<Placed>) {
        let Some(order) = placed.filter(|placed| placed.subscribes).and_then(|placed| self.world.orders.get(placed.index as usize)) else {
            return;
        };
        let at = self.world.clocks.of(order.shop.system(), order.placed_at);
        self.emarsys.agreed_in_shop(&order.person.email, at);
    }

    /// The order's warehouse does its work.
    fn work(&mut self, order: u32, task: Task) {
        let world = &mut self.world;
        let warehouse = &mut self.warehouses[world.orders[order as usize].site];
        match task {
            Task::WarehouseImport(_, asked) => warehouse.import(world, order, &asked),
            Task::Allocate(_) => warehouse.allocate(world, order),
            Task::Pick(_) => warehouse.pick(world, order),
            Task::Pack(_) => warehouse.pack(world, order),
            Task::Despatch(_) => warehouse.despatch(world, order),
            Task::Track(_, parcel) => warehouse.track(world, order, parcel),
            Task::Inspect(_) => warehouse.inspect(world, order),
            Task::Begin(_) => warehouse.begin(world, order),
            Task::TakeBack(_) => {
                let pieces = Shoppers::returns(&world.orders[order as usize]);
                warehouse.take_back(world, order, &pieces);
                self.came_back(order, &pieces);
            }
            _ => {}
        }
    }

    /// The customer announces the return to the ERP's service desk; the parcel follows days later.
    fn log_return(&mut self, index: u32) {
        let order = &self.world.orders[index as usize];
        let pieces = Shoppers::returns(order);
        if !self.world.systems.has_erp() {
            let wait = self.world.dice.hours(30, 110);
            self.world.after_by_day(wait, Task::TakeBack(index));
            return;
        }
        let reason = if order.story == order::Story::DamagedReturn { "FAULTY" } else { "NOTWANTED" };
        self.erp.log_return(&mut self.world, index, &pieces, reason);
        let wait = self.world.dice.hours(30, 110);
        self.world.after_by_day(wait, Task::TakeBack(index));
    }

    /// How everything really is.
    pub fn truth(&self) -> Truth<'_> {
        Truth {
            orders: self.world.orders.iter().map(|order| self.truth_of(order)).collect(),
            past: &self.past,
            articles: self.world.articles.iter().map(|article| article.sku.as_str()).collect(),
            on_hand: self.on_hand(),
            systems: self.world.systems,
            shops: self.shops_shown(),
            prices: self.erp.prices(),
            ledger: self.finance.trial_balance(),
            complaints: &self.world.complaints,
            consents: self.world.systems.has(System::Emarsys).then(|| self.emarsys.truth()),
            watch: self.world.faults.is_on().then_some(&self.world.faults.watch),
        }
    }

    /// By article, in all warehouses: pieces that are there, and known to be.
    fn on_hand(&self) -> Vec<i64> {
        let known: Vec<Vec<i64>> = self.warehouses.iter().map(Warehouse::known).collect();
        (0..self.world.articles.len()).map(|article| known.iter().map(|of| of[article]).sum()).collect()
    }

    fn shops_shown(&self) -> Vec<ShopTruth> {
        let articles = 0..self.world.articles.len();
        let Shops { magento, shopify } = &self.shops;
        let of = |channel| {
            if channel == ids::CHANNELS[1] {
                ShopTruth {
                    shop: "Shopify",
                    channel,
                    figures: articles.clone().map(|article| shopify.figure(article)).collect(),
                    salable: articles.clone().map(|article| shopify.salable(article)).collect(),
                }
            } else {
                ShopTruth {
                    shop: "Magento",
                    channel,
                    figures: articles.clone().map(|article| magento.stock.figure(article)).collect(),
                    salable: articles.clone().map(|article| magento.stock.salable(article)).collect(),
                }
            }
        };
        let shown = self.world.systems.channels().filter(|channel| *channel != ids::CHANNELS[1] || self.world.sells_in_shopify());
        shown.map(of).collect()
    }

    fn truth_of<'a>(&'a self, order: &'a order::Order) -> OrderTruth<'a> {
        let shipped = |line| match order.shop {
            Shop::Magento => self.shops.magento.shipped(order.index, line),
            Shop::Shopify => self.shops.shopify.shipped(order.index, line),
        };
        OrderTruth {
            order,
            systems: self.world.systems,
            erp_open: self.erp.open_document(order.index),
            shop_shipped: (0..order.lines.len()).map(shipped).collect(),
        }
    }

    /// The journey of the one order that is written down, in the order of time; `None` while it has not been placed.
    pub fn journey(&self) -> Option<(&order::Order, &[Hop])> {
        Some((self.world.orders.get(self.world.star as usize)?, &self.world.hops))
    }

    /// Orders placed so far.
    pub fn placed(&self) -> usize {
        self.world.orders.placed()
    }

    /// Records sent to source topics so far, and how many of them were repeats.
    pub fn records(&self) -> (u64, u64) {
        (self.world.wires.sent, self.world.wires.repeated)
    }

    /// Which faults were injected, and when.
    pub fn diary(&self) -> &[faults::Happened] {
        &self.world.faults.diary
    }

    /// How far each system's clock is off.
    pub fn clocks(&self) -> Vec<(System, Span)> {
        let all = self.world.systems.all().filter(|system| *system != System::Shopify || self.world.sells_in_shopify());
        all.map(|system| (system, self.world.clocks.off(system))).collect()
    }
}

/// What is there is spread over the warehouses evenly, but for what is kept for a sale.
fn open_warehouses(world: &World, on_hand: &[i64]) -> Vec<Warehouse> {
    let count = world.sites.len() as i64;
    let open = |(place, site): (usize, &sites::Site)| {
        let wms: Box<dyn Wms> = match site.system {
            Some(System::Seko) => Box::new(Seko::new(place)),
            _ => Box::new(Peoplevox::new(place)),
        };
        let share = |(article, pieces): (usize, &i64)| match world.faults.withheld.contains(&article) {
            true if place == 0 => *pieces,
            true => 0,
            false => pieces / count + i64::from((place as i64) < pieces % count),
        };
        let shelves = Shelves::new(on_hand.iter().enumerate().map(share).collect(), world.faults.withheld.clone());
        Warehouse::new(place, wms, shelves)
    };
    world.sites.iter().enumerate().map(open).collect()
}
