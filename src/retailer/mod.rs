//! The simulated retailer: shoppers and six systems that act and react as real ones do, for the demo, live runs, tests and benches.
//!
//! It **acts**: each system has a small database of its own; what changes there comes out in the system's native format, in the order and the
//! pieces in which that system writes, through wires that delay, cross and repeat. It **reacts** to what Waybill says: the ERP records the
//! order, the warehouse packs it, the shop books the shipment, finance pays the refund and keeps the books. It **knows the truth** ([`Truth`]),
//! so that a run can be judged ([`judge`]). It may be
//! in **trouble** ([`trouble`]): then it writes down too what a person must look at.
//!
//! ```text
//!   shoppers --> Magento --.                    .--> sales-orders ------> NAV
//!                NAV ------|   source topics    |--> fulfilment-requests -> Peoplevox
//!                Peoplevox-|-----> Waybill -----|--> despatch-notices --> Magento, NAV
//!                carrier --|                    |--> refund-requests ---> finance --> Magento mirrors it
//!                finance --|                    |--> stock-updates -----> Magento
//!                CRM ------'                    '--> journal-entries ---> finance's ledger
//! ```
//!
//! The core is sans-I/O: [`Retailer::step`] is given the time and the events that were heard, and returns the records that reach Kafka by then;
//! [`Retailer::next_at`] says when it next has something to do. From one seed, and the same events at the same times, come the same records.

pub mod books;
mod carrier;
mod catalogue;
mod chance;
mod clock;
mod crm;
pub mod demo;
mod feeds;
mod finance;
mod hurry;
mod json;
pub mod judge;
#[cfg(feature = "kafka")]
pub mod live;
mod magento;
mod nav;
pub mod order;
mod orders;
mod people;
mod peoplevox;
mod settle;
pub mod setup;
mod shopify;
mod shoppers;
pub mod simulate;
pub mod sums;
mod task;
pub mod trouble;
mod wire;
mod world;

pub use clock::System;
pub use feeds::{Feed, topics};
pub use hurry::Hurry;
pub use world::{Hop, grouped, pounds};

use rust_decimal::prelude::ToPrimitive;
use serde::de::DeserializeOwned;

use crate::events::{Receiver, Topic};
use crate::facts::time::Span;
use crate::facts::{Amount, Moment};
use chance::Dice;
use finance::Finance;
use judge::{OrderTruth, ShopTruth, Truth};
use magento::Magento;
use nav::Nav;
use order::Shop;
use peoplevox::Peoplevox;
use shopify::Shopify;
use shoppers::{Shoppers, Shops};
use sums::Sums;
use task::Task;
use world::World;

/// What a run is made of.
#[derive(Clone, Debug)]
pub struct Settings {
    pub seed: u64,
    /// Orders to be placed, about 300 a day.
    pub orders: u32,
    /// When the shop opens: the first order follows within minutes.
    pub opening: Moment,
    /// How much faster than in reality everybody is.
    pub hurry: Hurry,
    /// Is there a CRM?
    pub crm: bool,
    /// The shop writes SQL to a database of its own, whose connector makes the change events; else both are simulated with it.
    pub shop_database: bool,
    /// The trouble that the retailer is in for.
    pub trouble: Option<trouble::Plan>,
}

impl Settings {
    /// Opens on Monday 2 March 2026 at 7 h UTC.
    pub fn new(seed: u64, orders: u32) -> Self {
        Self {
            seed,
            orders: orders.max(1),
            opening: Moment(1_772_434_800_000),
            hurry: Hurry::NONE,
            crm: true,
            shop_database: false,
            trouble: None,
        }
    }

    /// In trouble: all orders are placed within the plan's days.
    pub fn in_trouble(seed: u64, orders: u32, plan: trouble::Plan) -> Self {
        Self { trouble: Some(plan), ..Self::new(seed, orders) }
    }
}

/// A record on its way to a source topic; the key decides the partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceRecord {
    pub topic: &'static str,
    pub key: Option<Vec<u8>>,
    /// `None` is a tombstone.
    pub value: Option<Vec<u8>>,
    /// By the clock of whoever wrote it to the topic.
    pub timestamp: Moment,
}

/// A derived event as it was read back from Kafka.
#[derive(Clone, Copy, Debug)]
pub struct HeardEvent<'a> {
    pub topic: Topic,
    /// The Kafka key.
    pub key: &'a str,
    /// The header `id`.
    pub id: &'a str,
    /// `None` is a tombstone: a statement withdrawn.
    pub body: Option<&'a [u8]>,
}

/// Where records go: an in-memory log, a real broker, a list.
pub trait Outside {
    fn send(&mut self, record: SourceRecord);

    /// A transaction of the shop's database; comes only from a shop that has one ([`Settings::shop_database`]).
    fn transaction(&mut self, statements: &[String]) {
        let _ = statements;
    }
}

impl Outside for Vec<SourceRecord> {
    fn send(&mut self, record: SourceRecord) {
        self.push(record);
    }
}

/// All systems and shoppers.
pub struct Retailer {
    settings: Settings,
    world: World,
    shoppers: Shoppers,
    shops: Shops,
    nav: Nav,
    peoplevox: Peoplevox,
    finance: Finance,
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
        for incident in &world.trouble.incidents {
            if world.trouble.withheld.contains(&incident.article) {
                on_hand[incident.article] = incident.size;
            }
        }
        on_hand.iter().enumerate().for_each(|(article, pieces)| world.free_moved(article, *pieces));
        let mut magento = Magento::new(on_hand.len());
        let mut nav = Nav::new(world.articles.iter().map(|article| article.price).collect());
        for (article, figure) in on_hand.iter().enumerate() {
            magento.stock.snapshot(&mut world, article, *figure);
        }
        nav.snapshot(&mut world);
        let shopify = Shopify::new(on_hand.clone());
        let mut peoplevox = Peoplevox::new(on_hand, world.trouble.withheld.clone());
        peoplevox.snapshot(&mut world);
        world.after(Span::minutes(6), Task::Place);
        world.after(Span::hours(3), Task::ChangePrice);
        magento::tidy_soon(&mut world);
        trouble::announce(&mut world);
        let (orders, days) = (settings.orders.saturating_sub(world.trouble.orders_of_sales()).max(1), settings.trouble.as_ref());
        let shoppers = Shoppers::new(settings.seed, orders, days.map(|plan| plan.days));
        let (shops, finance, past) = (Shops { magento, shopify }, Finance::default(), Sums::default());
        Self { settings, world, shoppers, shops, nav, peoplevox, finance, past }
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
                self.world.complain(format!("order {}: something happens to it although it was over", world::number_of(index)));
                return;
            };
            order.touched_at = now;
        }
        let world = &mut self.world;
        match task {
            Task::Arrive(record) => outside.send(*record),
            Task::Place => self.shoppers.place(world, &mut self.shops),
            Task::Buy { article, shop } => self.shoppers.buy(world, &mut self.shops, article, shop),
            Task::Cancel(order) => {
                let by = Shoppers::cancels(&world.orders[order as usize]);
                world.say(order, "Shopper", |_| "cancels".to_owned());
                for (article, pieces) in
                    world.orders[order as usize].lines.iter().zip(&by).map(|(line, by)| (line.article, *by)).collect::<Vec<_>>()
                {
                    world.free_moved(article, pieces);
                }
                self.shops.magento.cancel(world, order, &by);
            }
            Task::Money(order) => self.shops.magento.money(world, order),
            Task::Ship(order, notice) => match world.orders[order as usize].shop {
                Shop::Magento => self.shops.magento.ship(world, order, &notice),
                Shop::Shopify => self.shops.shopify.ship(world, order, &notice),
            },
            Task::WriteStock { shop: Shop::Magento, article, figure, seen } => self.shops.magento.stock.write(world, article, figure, seen),
            Task::WriteStock { shop: Shop::Shopify, article, figure, .. } => self.shops.shopify.write(article, figure),
            Task::MirrorRefund(order) => self.shops.magento.mirror_refund(world, order),
            Task::TidyReservations => {
                self.shops.magento.stock.tidy(world);
                if world.next_at().is_some() {
                    magento::tidy_soon(world);
                }
            }
            Task::ErpImport(order, asked) => self.nav.import(world, order, &asked),
            Task::ErpRelease(order) => self.nav.release(world, order),
            Task::ErpShip(order, notice) => self.nav.ship(world, order, &notice),
            Task::LogReturn(order) => self.log_return(order),
            Task::ReleaseReturn(order) => self.nav.release_return(world, order),
            Task::ErpReceive(order, notice) => self.nav.receive(world, order, &notice),
            Task::ChangePrice => {
                self.nav.change_price(world);
                if world.orders.placed() < self.settings.orders as usize {
                    world.after(Span::hours(24), Task::ChangePrice);
                }
            }
            Task::WarehouseImport(order, asked) => self.peoplevox.import(world, order, &asked),
            Task::Allocate(order) => self.peoplevox.allocate(world, order),
            Task::Pick(order) => self.peoplevox.pick(world, order),
            Task::Pack(order) => self.peoplevox.pack(world, order),
            Task::Despatch(order) => self.peoplevox.despatch(world, order),
            Task::Track(order, parcel) => self.peoplevox.track(world, order, parcel),
            Task::TakeBack(order) => {
                let pieces = Shoppers::returns(&world.orders[order as usize]);
                self.peoplevox.take_back(world, order, &pieces);
            }
            Task::Poll => self.peoplevox.poll(world),
            Task::Deliver(article) => self.peoplevox.deliver(world, article),
            Task::Scan(order, parcel, scan) => carrier::scan(world, order, parcel, scan),
            Task::PayBack(order, asked) => self.finance.pay(world, order, &asked),
            Task::Settle(order, payout) => self.finance.settle(world, order, payout),
            Task::Trouble(number) => self.trouble(number),
            Task::CancelToo(order) => {
                self.shops.magento.cancel_too(world, order);
                trouble::mishaps::cancelled_too(world, order);
            }
            Task::ErpTouch(order) => self.nav.touch(world, order),
        }
    }

    /// The customer announces the return to the ERP's service desk; the parcel follows days later.
    fn log_return(&mut self, index: u32) {
        let order = &self.world.orders[index as usize];
        let pieces = Shoppers::returns(order);
        let reason = if order.story == order::Story::DamagedReturn { "FAULTY" } else { "NOTWANTED" };
        self.nav.log_return(&mut self.world, index, &pieces, reason);
        let wait = self.world.dice.hours(30, 110);
        self.world.after_by_day(wait, Task::TakeBack(index));
    }

    /// Hears an event and puts what is to be done on its system's agenda.
    fn hear(&mut self, event: &HeardEvent<'_>) {
        let Some(body) = event.body else { return };
        let heard = match event.topic {
            Topic::SalesOrders => self.hear_as(event, body, |own, order, asked: crate::events::sales_orders::SalesOrder| {
                own.tell_star(order, "NAV", || format!("{} the order (step {})", verb(asked.action), asked.step));
                let delay = nav::import_delay(&mut own.world);
                own.world.queue(System::Nav, order, delay, Task::ErpImport(order, Box::new(asked)));
            }),
            Topic::FulfilmentRequests => {
                self.hear_as(event, body, |own, order, asked: crate::events::fulfilment_requests::FulfilmentRequest| {
                    own.tell_star(order, "Peoplevox", || format!("{:?} (step {})", asked.action, asked.step).to_lowercase());
                    let now = own.world.now;
                    own.world.orders[order as usize].asked_at.get_or_insert(now);
                    let delay = own.world.dice.seconds(60, 240);
                    own.world.queue(System::Peoplevox, order, delay, Task::WarehouseImport(order, Box::new(asked)));
                })
            }
            Topic::DespatchNotices => self.hear_as(event, body, Self::hear_despatch),
            Topic::ReceiptNotices => self.hear_as(event, body, |own, order, notice: crate::events::receipt_notices::ReceiptNotice| {
                own.tell_star(order, receiver(notice.receiver), || format!("return {} has arrived", notice.rma));
                if notice.receiver == Receiver::Erp {
                    let delay = nav::import_delay(&mut own.world);
                    own.world.queue(System::Nav, order, delay, Task::ErpReceive(order, Box::new(notice)));
                }
            }),
            Topic::RefundRequests => self.hear_as(event, body, |own, order, asked: crate::events::refund_requests::RefundRequest| {
                own.tell_star(order, "Finance", || {
                    format!("refund {} ({} in all)", pounds(pence(asked.amount)), pounds(pence(asked.total)))
                });
                // Somebody goes through the refunds every few hours.
                let delay = own.world.dice.minutes(15, 180);
                own.world.queue(System::Finance, order, delay, Task::PayBack(order, Box::new(asked)));
            }),
            Topic::JournalEntries => self.hear_as(event, body, |own, order, entry: crate::events::journal_entries::JournalEntry| {
                own.tell_star(order, "Finance", || {
                    let mut pairs: Vec<&str> = entry.postings.iter().map(|posting| posting.pair.as_str()).collect();
                    pairs.dedup();
                    format!("journal entry {} over {} ({})", entry.step, pounds(pence(entry.total)), pairs.join(", "))
                });
                own.finance.book(&entry);
            }),
            Topic::OrderReversals => self.hear_as(event, body, |own, order, notice: crate::events::order_reversals::OrderReversal| {
                own.tell_star(order, receiver(notice.receiver), || format!("{} reversed", if notice.whole { "wholly" } else { "partly" }));
            }),
            Topic::OrderCompletions => {
                self.hear_as(event, body, |own, order, notice: crate::events::order_completions::OrderCompletion| {
                    own.tell_star(order, receiver(notice.receiver), || "the order is fulfilled".to_owned());
                })
            }
            Topic::Notifications => self.hear_as(event, body, |own, order, mail: crate::events::notifications::Notification| {
                own.tell_star(order, "Mailer", || format!("write to the customer: {}", mail.kind.name()));
            }),
            Topic::RevenueNotices => self.hear_as(event, body, |own, order, notice: crate::events::revenue_notices::RevenueNotice| {
                own.tell_star(order, "Finance", || format!("expected revenue {}", pounds(pence(notice.total.gross))));
            }),
            Topic::StockUpdates => self.hear_stock(body),
            Topic::OrderStatus => self.hear_status(event, body),
            Topic::ProductUpdates => self.hear_product(body),
            Topic::MarketingProfiles | Topic::CustomerHistory | Topic::Exceptions => Ok(()),
        };
        if let Err(sentence) = heard {
            self.world.complain(sentence);
        }
    }

    /// Reads the body, finds its order by the Kafka key and hands both on.
    fn hear_as<B: DeserializeOwned>(
        &mut self,
        event: &HeardEvent<'_>,
        body: &[u8],
        then: impl FnOnce(&mut Self, u32, B),
    ) -> Result<(), String> {
        let read = serde_json::from_slice(body)
            .map_err(|error| format!("{} {}: the body can't be read: {error}", event.topic.name(), event.id))?;
        let order = self
            .order_of(event.key)
            .ok_or_else(|| format!("{} {}: no order of the shop has the key {}", event.topic.name(), event.id, event.key))?;
        self.world.orders[order as usize].touched_at = self.world.now;
        then(self, order, read);
        Ok(())
    }

    fn order_of(&self, key: &str) -> Option<u32> {
        let (shop, entity) = key.split_once('|')?;
        let entity: i64 = entity.parse().ok()?;
        let index = match shop {
            "magento" => entity - world::ENTITIES_FROM,
            _ => (entity - shopify::ENTITIES_FROM) / 100,
        };
        self.world.orders.get(usize::try_from(index).ok()?).filter(|order| order.key() == key).map(|order| order.index)
    }

    fn hear_despatch(&mut self, order: u32, notice: crate::events::despatch_notices::DespatchNotice) {
        self.tell_star(order, receiver(notice.receiver), || {
            let tracking = notice.tracking.as_deref().map_or(String::new(), |number| format!(", tracking {number}"));
            format!("parcel {} has left the house{tracking}", notice.parcel)
        });
        match notice.receiver {
            Receiver::Shop => {
                let delay = self.world.dice.seconds(5, 90);
                self.world.queue(System::Magento, order, delay, Task::Ship(order, Box::new(notice)));
            }
            Receiver::Erp => {
                let delay = nav::import_delay(&mut self.world);
                self.world.queue(System::Nav, order, delay, Task::ErpShip(order, Box::new(notice)));
            }
        }
    }

    fn hear_stock(&mut self, body: &[u8]) -> Result<(), String> {
        let update: crate::events::stock_updates::StockUpdate =
            serde_json::from_slice(body).map_err(|error| format!("stock-updates: the body can't be read: {error}"))?;
        let Some(article) = self.world.by_sku.get(update.sku.as_str()).copied() else {
            return Err(format!("stock-updates: the shop has no SKU {}", update.sku));
        };
        let (Some(figure), seen) = (whole(update.to_write.decimal()), update.shop_figure.and_then(|figure| whole(figure.decimal()))) else {
            return Err(format!("stock-updates: SKU {} is to be set to {}, which is no whole number", update.sku, update.to_write));
        };
        let delay = self.world.dice.seconds(1, 15);
        if update.channel == world::CHANNELS[0] {
            self.world.after(delay, Task::WriteStock { shop: Shop::Magento, article, figure, seen });
        } else {
            let at = self.shops.shopify.when(article, self.world.now + delay);
            self.world.at(at, Task::WriteStock { shop: Shop::Shopify, article, figure, seen });
        }
        Ok(())
    }

    /// The shop shows the price that it is told.
    fn hear_product(&mut self, body: &[u8]) -> Result<(), String> {
        let update: crate::events::product_updates::ProductUpdate =
            serde_json::from_slice(body).map_err(|error| format!("product-updates: the body can't be read: {error}"))?;
        // Products that are only a heading of variations are not sold.
        let article = self.world.by_sku.get(update.sku.as_str()).and_then(|article| self.world.articles.get_mut(*article));
        if let (Some(article), Some(price)) = (article, update.regular_price) {
            article.price = pence(price);
        }
        Ok(())
    }

    fn hear_status(&mut self, event: &HeardEvent<'_>, body: &[u8]) -> Result<(), String> {
        if self.order_of(event.key) != Some(self.world.star) {
            return Ok(());
        }
        self.hear_as(event, body, |own, order, status: crate::events::order_status::OrderStatus| {
            let shown = own.world.hops.iter().rev().find(|hop| hop.to == Some(ACCOUNT_PAGE)).is_some_and(|hop| hop.what == *status.text);
            if !shown {
                own.tell_star(order, ACCOUNT_PAGE, || status.text.to_string());
            }
        })
    }

    /// Writes into the diary what Waybill told whom, if it is the followed order.
    fn tell_star(&mut self, order: u32, to: &'static str, what: impl FnOnce() -> String) {
        if order == self.world.star {
            let hop = Hop { at: self.world.now, who: "Waybill", to: Some(to), what: what() };
            self.world.hops.push(hop);
        }
    }

    /// How everything really is.
    pub fn truth(&self) -> Truth<'_> {
        let articles = 0..self.world.articles.len();
        let Shops { magento, shopify } = &self.shops;
        let first = ShopTruth {
            shop: "Magento",
            channel: world::CHANNELS[0],
            figures: articles.clone().map(|article| magento.stock.figure(article)).collect(),
            salable: articles.clone().map(|article| magento.stock.salable(article)).collect(),
        };
        let second = || ShopTruth {
            shop: "Shopify",
            channel: world::CHANNELS[1],
            figures: articles.clone().map(|article| shopify.figure(article)).collect(),
            salable: articles.clone().map(|article| shopify.salable(article)).collect(),
        };
        Truth {
            orders: self.world.orders.iter().map(|order| self.truth_of(order)).collect(),
            past: &self.past,
            articles: self.world.articles.iter().map(|article| article.sku.as_str()).collect(),
            on_hand: self.peoplevox.known(),
            shops: std::iter::once(first).chain(self.world.trouble.has_second_shop().then(second)).collect(),
            prices: self.nav.prices(),
            ledger: self.finance.trial_balance(),
            complaints: &self.world.complaints,
            watch: self.world.trouble.is_on().then_some(&self.world.trouble.watch),
        }
    }

    fn truth_of<'a>(&'a self, order: &'a order::Order) -> OrderTruth<'a> {
        let shipped = |line| match order.shop {
            Shop::Magento => self.shops.magento.shipped(order.index, line),
            Shop::Shopify => self.shops.shopify.shipped(order.index, line),
        };
        OrderTruth { order, erp_open: self.nav.open_document(order.index), shop_shipped: (0..order.lines.len()).map(shipped).collect() }
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

    /// What trouble there was, and when.
    pub fn diary(&self) -> &[trouble::Happened] {
        &self.world.trouble.diary
    }

    /// How far each system's clock is off.
    pub fn clocks(&self) -> Vec<(System, Span)> {
        let all = trouble::clocks(self.world.trouble.has_second_shop());
        all.into_iter().map(|system| (system, self.world.clocks.off(system))).collect()
    }
}

/// Where the customer sees how his order stands: in the diary, a text that has not changed is not written again.
const ACCOUNT_PAGE: &str = "Account page";

fn verb(action: crate::events::sales_orders::Action) -> &'static str {
    match action {
        crate::events::sales_orders::Action::Create => "create",
        crate::events::sales_orders::Action::Change => "change",
        crate::events::sales_orders::Action::Cancel => "cancel",
    }
}

fn receiver(receiver: Receiver) -> &'static str {
    match receiver {
        Receiver::Shop => "Magento",
        Receiver::Erp => "NAV",
    }
}

/// An amount in hundredths; what has more digits is rounded, so that a comparison with the truth shows it.
pub(crate) fn pence(amount: Amount) -> i64 {
    (amount.decimal() * rust_decimal::Decimal::ONE_HUNDRED).round().to_i64().unwrap_or(i64::MAX)
}

/// A whole number of pieces.
pub(crate) fn whole(value: rust_decimal::Decimal) -> Option<i64> {
    value.fract().is_zero().then(|| value.to_i64()).flatten()
}
