//! The shoppers: who buys what, when, how he pays, and what he will do later. Each order has dice of its own.

use std::collections::BTreeMap;

use super::chance::{DAYS, Dice, ORDERS};
use super::hurry::Hurry;
use super::magento::Magento;
use super::order::{Line, Order, Pay, Story};
use super::people::Person;
use super::task::Task;
use super::world::{ENTITIES_FROM, World, number_of, pounds};
use crate::facts::Moment;
use crate::facts::time::Span;

pub struct Shoppers {
    seed: u64,
    days: Dice,
    orders: u32,
    accounts: u32,
    /// Accounts that were opened so far, and whether their owners may be profiled.
    known: BTreeMap<u32, Person>,
}

/// The shop is busy from 7 to 23 h; 300 orders a day.
const OPENS: i64 = 7;
const HOURS: i64 = 16;
const A_DAY: i64 = 300;

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
    pub fn new(seed: u64, orders: u32) -> Self {
        Self { seed, days: Dice::new(seed, DAYS), orders, accounts: (orders / 3).max(10), known: BTreeMap::new() }
    }

    /// When the next order is placed after one at `now`: nights are quiet.
    fn next_after(&mut self, now: Moment, hurry: Hurry) -> Moment {
        let gap = HOURS * 3_600_000 / A_DAY;
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
    pub fn place(&mut self, world: &mut World, magento: &mut Magento, index: u32) {
        if index + 1 < self.orders {
            let next = self.next_after(world.now, world.hurry);
            world.at(next, Task::Place(index + 1));
        }
        let mut dice = Dice::new(self.seed, ORDERS + u64::from(index));
        let mut order = self.think(world, magento, &mut dice, index);
        magento.number_lines(world, &mut order.lines);
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
        magento.place(world, index, subscribes);
        world.say(index, "Magento", |_| format!("order {} is written", number_of(index)));
        match story {
            Story::CancelEarly | Story::LowerEarly => world.after(dice.minutes(2, 10), Task::Cancel(index)),
            Story::NeverPays => world.after(dice.hours(40, 60), Task::Cancel(index)),
            _ => {}
        }
        if pay == Pay::Transfer && story != Story::NeverPays {
            world.after(dice.hours(3, 20), Task::Money(index));
        }
    }

    fn think(&mut self, world: &World, magento: &Magento, dice: &mut Dice, index: u32) -> Order {
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
        let lines = basket(world, magento, dice, if star { 2 } else { 1 }, coupon, needs_two(story) || star);
        let subtotal: i64 = lines.iter().map(|line| line.price * line.ordered).sum();
        let shipping = if subtotal > 15_000 && !star { 0 } else { dice.pick(&[417, 325, 583]) };
        let several = lines.iter().map(|line| line.ordered).sum::<i64>() > 1;
        let mut order = Order {
            index,
            story,
            pay,
            entity: ENTITIES_FROM + i64::from(index),
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
            rma: None,
            receipts: Vec::new(),
            payouts: Vec::new(),
            released: false,
            erp_document: None,
        };
        if pay == Pay::Authorised {
            order.authorised = order.total();
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
fn basket(world: &World, magento: &Magento, dice: &mut Dice, least: usize, coupon: bool, two_pieces: bool) -> Vec<Line> {
    let wanted = (least + dice.pick(&[0, 0, 0, 1, 1, 2])).min(4);
    let mut lines: Vec<Line> = Vec::with_capacity(wanted);
    let first = dice.below(world.articles.len());
    for step in 0..world.articles.len() {
        if lines.len() == wanted {
            break;
        }
        let place = (first + step * 7) % world.articles.len();
        let ordered = if two_pieces && lines.is_empty() { dice.range(2, 3) } else { dice.pick(&[1, 1, 1, 2, 3]) };
        if lines.iter().any(|line| line.article == place) || magento.stock.salable(place) < ordered {
            continue;
        }
        let article = &world.articles[place];
        let row = article.price * ordered;
        let discount = if coupon { row / 10 } else { 0 };
        let tax = (row - discount + 2) / 5;
        lines.push(Line {
            item: 0,
            child: None,
            article: place,
            ordered,
            price: article.price,
            discount,
            tax,
            gross: row - discount + tax,
            cost: article.cost,
            cancelled: 0,
            despatched: 0,
            delivered: 0,
            back_good: 0,
            back_damaged: 0,
        });
    }
    lines
}
