//! The shoppers: who buys what, when, how he pays, and what he will do later. Each order has dice of its own.

use std::collections::BTreeMap;

use super::catalogue::Article;
use super::chance::{DAYS, Dice, ORDERS};
use super::clock::System;
use super::faults::{mishaps, wrong_clocks};
use super::house;
use super::hurry::Hurry;
use super::ids::{MAGENTO_FROM, number_of};
use super::magento::Magento;
use super::order::{Line, Order, Pay, Story};
use super::people::Person;
use super::shop::Shop;
use super::shopify::Shopify;
use super::task::Task;
use super::units::pounds;
use super::world::World;
use crate::facts::Moment;
use crate::facts::time::Span;

/// The shops.
pub struct Shops {
    pub magento: Magento,
    pub shopify: Shopify,
}

impl Shops {
    fn salable(&self, shop: Shop, article: usize) -> i64 {
        match shop {
            Shop::Magento => self.magento.stock.salable(article),
            Shop::Shopify => self.shopify.salable(article),
        }
    }
}

/// An order that was placed.
#[derive(Clone, Copy)]
pub struct Placed {
    pub index: u32,
    /// Its shopper has agreed to mail, and the shop says so.
    pub subscribes: bool,
}

pub struct Shoppers {
    seed: u64,
    days: Dice,
    /// Ordinary orders to be placed, all in all and in a day.
    orders: u32,
    a_day: i64,
    ordinary: u32,
    accounts: u32,
    /// Accounts that were opened so far, and whether their owners may be profiled.
    known: BTreeMap<u32, Person>,
}

/// The shop is busy from 7 to 23 h; 300 orders a day.
const OPENS: i64 = 7;
const HOURS: i64 = 16;
const A_DAY: i64 = 300;

/// The second shop's share, in percent of the orders that it could have: it lacks some of the first one's ways of paying and cancelling.
const SECOND_SHOP: i64 = 8;

/// ... and the second store's, in percent of all.
const SECOND_STORE: i64 = 30;

/// In percent of all orders.
const STORIES: [(i64, Story); 9] = [
    (62, Story::Straight),
    (5, Story::CancelEarly),
    (4, Story::LowerEarly),
    (4, Story::NeverPays),
    (4, Story::CancelLate),
    (4, Story::LowerLate),
    (9, Story::PartReturn),
    (4, Story::DamagedReturn),
    (4, Story::WholeReturn),
];

impl Shoppers {
    /// `days`: all orders are placed within so many.
    pub fn new(seed: u64, orders: u32, days: Option<u32>) -> Self {
        let a_day = days.map_or(A_DAY, |days| i64::from(orders).div_euclid(i64::from(days.max(1))).max(1));
        Self { seed, days: Dice::new(seed, DAYS), orders, a_day, ordinary: 0, accounts: (orders / 3).max(10), known: BTreeMap::new() }
    }

    /// When the next order is placed after one at `now`: nights are quiet.
    fn next_after(&mut self, now: Moment, hurry: Hurry) -> Moment {
        let gap = HOURS * 3_600_000 / self.a_day;
        let next = now + hurry.span(Span(self.days.range(gap / 8, gap * 15 / 8)));
        if hurry.is_on() {
            return next;
        }
        let (hour, midnight) = (next.0.rem_euclid(86_400_000) / 3_600_000, next.0 - next.0.rem_euclid(86_400_000));
        if (OPENS..OPENS + HOURS).contains(&hour) {
            next
        } else {
            Moment(midnight) + Span::hours(if hour < OPENS { OPENS } else { 24 + OPENS })
        }
    }

    /// A shopper orders; the next one is put on the agenda.
    pub fn place(&mut self, world: &mut World, shops: &mut Shops) -> Option<Placed> {
        self.ordinary += 1;
        if self.ordinary < self.orders {
            let next = self.next_after(world.now, world.hurry);
            world.at(next, Task::Place);
        }
        let index = world.orders.placed() as u32;
        let mut dice = Dice::new(self.seed, ORDERS + u64::from(index));
        let order = self.think(world, shops, &mut dice, index);
        Some(self.enter(world, shops, dice, order))
    }

    /// Somebody wants one piece of this article, and nothing else, in this shop; if it shows none he goes away.
    pub fn buy(&mut self, world: &mut World, shops: &mut Shops, article: usize, shop: Shop) -> Option<Placed> {
        if shops.salable(shop, article) < 1 {
            return None;
        }
        let index = world.orders.placed() as u32;
        let mut dice = Dice::new(self.seed, ORDERS + u64::from(index));
        let mut order = self.think(world, shops, &mut dice, index);
        (order.story, order.pay, order.shop, order.mishap, order.coupon) = (Story::Straight, Pay::Captured, shop, None, false);
        order.lines = vec![line(article, &world.articles[article], 1, false)];
        (order.authorised, order.parcels_planned, order.account) = (0, 1, order.account.filter(|_| shop == Shop::Magento));
        // What is sold in a sale lies in the first warehouse.
        order.site = 0;
        order.name_by(shop);
        Some(self.enter(world, shops, dice, order))
    }

    fn enter(&mut self, world: &mut World, shops: &mut Shops, mut dice: Dice, mut order: Order) -> Placed {
        let (index, shop) = (order.index, order.shop);
        match shop {
            Shop::Magento => shops.magento.number_lines(world, &mut order.lines),
            Shop::Shopify => shops.shopify.number_lines(&mut order.lines),
        }
        if let Some(account) = order.account
            && self.known.insert(account, order.person.clone()).is_none()
        {
            let profiling = dice.percent(60);
            super::crm::greet(world, account, &order.person, profiling);
        }
        let subscribes = dice.percent(25);
        let total = order.total();
        let (story, pay) = (order.story, order.pay);
        world.orders.push(order);
        world.say(index, "Shopper", |world| {
            let pieces: i64 = world.orders[index as usize].lines.iter().map(|line| line.ordered).sum();
            format!("orders {pieces} pieces for {}", pounds(total))
        });
        for (article, pieces) in world.orders[index as usize].lines.iter().map(|line| (line.article, line.ordered)).collect::<Vec<_>>() {
            world.free_moved(article, -pieces);
        }
        match shop {
            Shop::Magento => shops.magento.place(world, index, subscribes),
            Shop::Shopify => shops.shopify.place(world, index),
        }
        world.say(index, "Magento", |_| format!("order {} is written", number_of(index)));
        mishaps::placed(world, index);
        if shop == Shop::Magento && world.faults.is_on() {
            wrong_clocks::placed(world, index);
        }
        match story {
            Story::NeverPays if world.orders[index as usize].waits => {}
            Story::CancelEarly | Story::LowerEarly => world.after(dice.minutes(2, 10), Task::Cancel(index)),
            Story::NeverPays => world.after(dice.hours(40, 60), Task::Cancel(index)),
            _ => {}
        }
        if pay == Pay::Transfer && story != Story::NeverPays {
            world.after(dice.hours(3, 20), Task::Money(index));
        } else if pay != Pay::Transfer {
            house::paid(world, index);
        }
        Placed { index, subscribes: subscribes && shop == Shop::Magento }
    }

    fn think(&mut self, world: &World, shops: &Shops, dice: &mut Dice, index: u32) -> Order {
        let star = index == world.star;
        let story = if star { Story::PartReturn } else { story(dice) };
        let pay = match (story, dice.range(1, 100)) {
            _ if star => Pay::Captured,
            (Story::NeverPays, _) => Pay::Transfer,
            (Story::Straight, 96..) => Pay::Account,
            (Story::CancelEarly | Story::LowerEarly, 1..=50) | (_, 1..=30) => Pay::Authorised,
            (Story::Straight | Story::PartReturn, 86..=95) => Pay::Transfer,
            _ => Pay::Captured,
        };
        let account = if star || dice.percent(65) { Some(dice.below(self.accounts as usize) as u32) } else { None };
        let person = match account {
            Some(number) => self.known.get(&number).cloned().unwrap_or_else(|| Person::new(dice, "a", number)),
            None => Person::new(dice, "g", index),
        };
        let coupon = dice.percent(20);
        let shop = if world.systems.has(System::Magento) { Shop::Magento } else { Shop::Shopify };
        let salable = |article| shops.salable(shop, article);
        let lines = basket(world, salable, dice, if star { 2 } else { 1 }, coupon, needs_two(story) || star);
        let subtotal: i64 = lines.iter().map(|line| line.price * line.ordered).sum();
        let shipping = if subtotal > 15_000 && !star { 0 } else { dice.pick(&[417, 325, 583]) };
        let several = lines.iter().map(|line| line.ordered).sum::<i64>() > 1;
        let mut order = Order {
            index,
            shop: Shop::Magento,
            store: 1,
            story,
            mishap: None,
            pay,
            entity: MAGENTO_FROM + i64::from(index),
            number: number_of(index),
            account,
            person,
            placed_at: world.now,
            coupon,
            lines,
            shipping,
            shipping_tax: (shipping + 2) / 5,
            authorised: 0,
            captured: 0,
            cancelled_at: None,
            parcels_planned: if several && (star || dice.percent(22)) { 2 } else { 1 },
            parcels: Vec::new(),
            handed_over: 0,
            rma: None,
            receipts: Vec::new(),
            payouts: Vec::new(),
            site: 0,
            released: false,
            erp_document: None,
            asked_at: None,
            waits: false,
            touched_at: world.now,
        };
        if pay == Pay::Authorised {
            order.authorised = order.total();
        }
        if world.sites.len() > 1 {
            order.site = dice.below(world.sites.len());
        }
        if shop == Shop::Shopify {
            sold_by_shopify(world, dice, &mut order);
        } else if world.systems.two_stores && !star && dice.percent(SECOND_STORE) {
            order.name_by_second_store(world.systems);
        }
        if !star && (world.faults.is_on() || world.sells_in_shopify()) {
            let could = order.store == 1 && !order.story.cancels() && order.pay == Pay::Captured;
            let second = shop == Shop::Magento && world.sells_in_shopify() && could;
            if second && dice.percent(SECOND_SHOP) && order.lines.iter().all(|line| shops.shopify.salable(line.article) >= line.ordered) {
                sold_by_shopify(world, dice, &mut order);
            }
            order.mishap = mishaps::draw(world, dice, &order);
        }
        order
    }

    /// How many pieces of each line the shopper takes fewer of, now that he cancels.
    pub fn cancels(order: &Order) -> Vec<i64> {
        let whole = !matches!(order.story, Story::LowerEarly | Story::LowerLate);
        let mut left = if whole { i64::MAX } else { 1 };
        let by = order.lines.iter().map(|line| {
            let pieces = line.wanted().min(left);
            left -= pieces;
            pieces
        });
        by.collect()
    }

    /// How many pieces of each line he sends back.
    pub fn returns(order: &Order) -> Vec<i64> {
        let whole = order.story == Story::WholeReturn;
        let mut left = if whole { i64::MAX } else { 1 };
        let by = order.lines.iter().map(|line| {
            let pieces = line.despatched.min(left);
            left -= pieces;
            pieces
        });
        by.collect()
    }
}

/// Shopify knows no accounts and coupons of Magento's; it takes cards, and transfers of those who pay later or never.
fn sold_by_shopify(world: &World, dice: &mut Dice, order: &mut Order) {
    (order.account, order.coupon) = (None, false);
    order.lines = order
        .lines
        .iter()
        .map(|own| Line { cost: own.cost, ..line(own.article, &world.articles[own.article], own.ordered, false) })
        .collect();
    order.person = Person::new(dice, "s", order.index);
    if order.pay != Pay::Transfer {
        (order.pay, order.authorised) = (Pay::Captured, 0);
    }
    order.name_by(Shop::Shopify);
}

fn story(dice: &mut Dice) -> Story {
    let mut roll = dice.range(1, 100);
    for (share, story) in STORIES {
        roll -= share;
        if roll <= 0 {
            return story;
        }
    }
    Story::Straight
}

/// A story of fewer pieces, or of a part that comes back, needs two at least.
fn needs_two(story: Story) -> bool {
    matches!(story, Story::LowerEarly | Story::LowerLate | Story::PartReturn)
}

/// Picks what the shopfront says can be had. A coupon of a tenth is spread over the lines; tax of a fifth is added.
fn basket(world: &World, salable: impl Fn(usize) -> i64, dice: &mut Dice, least: usize, coupon: bool, two_pieces: bool) -> Vec<Line> {
    let wanted = (least + dice.pick(&[0, 0, 0, 1, 1, 2])).min(4);
    let mut lines: Vec<Line> = Vec::with_capacity(wanted);
    let first = dice.below(world.articles.len());
    for step in 0..world.articles.len() {
        if lines.len() == wanted {
            break;
        }
        let place = (first + step * 7) % world.articles.len();
        let ordered = if two_pieces && lines.is_empty() { dice.range(2, 3) } else { dice.pick(&[1, 1, 1, 2, 3]) };
        if lines.iter().any(|line| line.article == place) || world.faults.withheld.contains(&place) || salable(place) < ordered {
            continue;
        }
        lines.push(line(place, &world.articles[place], ordered, coupon));
    }
    lines
}

fn line(article: usize, of: &Article, ordered: i64, coupon: bool) -> Line {
    let row = of.price * ordered;
    let discount = if coupon { row / 10 } else { 0 };
    let tax = (row - discount + 2) / 5;
    Line {
        item: 0,
        child: None,
        article,
        ordered,
        price: of.price,
        discount,
        tax,
        gross: row - discount + tax,
        cost: of.cost,
        cancelled: 0,
        short: 0,
        despatched: 0,
        delivered: 0,
        back_good: 0,
        back_damaged: 0,
        back_untold: 0,
    }
}
