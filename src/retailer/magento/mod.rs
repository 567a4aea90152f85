//! The shop: Magento 2 on MariaDB. Its rows change in the steps and the order in which Magento saves them.
//!
//! An order placed: reservations first (committed before the order exists), then in one transaction the header without address ids, the
//! addresses, items (parents before children), the payment, and the header again. What is cancelled before payment raises `qty_canceled`;
//! what is cancelled after it becomes an offline credit memo. A shipment deducts the source and compensates the reservation.

mod database;
mod faults;
mod rows;
mod stock;

use std::collections::BTreeMap;

use super::clock::System;
use super::faults::mishaps;
use super::feeds::Feed;
use super::op::Op;
use super::order::{Line, Order, Pay, Payout};
use super::shop::Shop;
use super::task::Task;
use super::units::{pounds, whole};
use super::warehouse::CARRIER;
use super::world::World;
use crate::events::despatch_notices::DespatchNotice;
use crate::facts::Moment;
use crate::facts::time::Span;
pub use database::Database;
pub use rows::account_id;
use rows::{Header, Item, Memo, Payment};
pub use stock::Stock;

/// Magento's database.
pub struct Magento {
    /// By the order's index, until it is forgotten.
    orders: BTreeMap<u32, Rows>,
    pub stock: Stock,
    next_item: i64,
    next_address: i64,
    next_shipment: i64,
    next_track: i64,
    next_memo: i64,
    next_subscriber: i64,
}

/// One order's rows.
struct Rows {
    header: Header,
    items: Vec<Item>,
    payment: Payment,
    /// Despatch number and shipment.
    shipments: Vec<(String, i64)>,
}

impl Magento {
    pub fn new(articles: usize) -> Self {
        Self {
            orders: BTreeMap::new(),
            stock: Stock::new(articles),
            next_item: 9_001,
            next_address: 10_001,
            next_shipment: 301,
            next_track: 501,
            next_memo: 201,
            next_subscriber: 61,
        }
    }

    /// Gives the order's lines their item ids, in the order in which they will be inserted.
    pub fn number_lines(&mut self, world: &World, lines: &mut [Line]) {
        for line in lines {
            line.item = self.next_item;
            self.next_item += 1;
            if world.articles.get(line.article).is_some_and(|article| article.parent_product.is_some()) {
                line.child = Some(self.next_item);
                self.next_item += 1;
            }
        }
    }

    /// The shopper's order is written.
    pub fn place(&mut self, world: &mut World, index: u32, subscribes: bool) {
        let order = world.orders[index as usize].clone();
        for line in &order.lines {
            self.stock.reserve(world, &order, line.article, -line.ordered, "order_placed");
        }
        let clock = world.clock(System::Magento);
        let rows = Rows {
            header: Header::placed(&order, clock),
            items: order.lines.iter().map(|_| Item::default()).collect(),
            payment: Payment { authorised: order.authorised, ..Payment::default() },
            shipments: Vec::new(),
        };
        self.orders.insert(index, rows);
        world.begin(System::Magento);
        self.insert_order(world, &order, clock);
        if order.pay == Pay::Captured {
            self.capture(world, index, order.total());
        }
        if subscribes {
            self.subscribe(world, &order);
        }
    }

    fn insert_order(&mut self, world: &mut World, order: &Order, clock: Moment) {
        let Some(rows) = self.orders.get_mut(&order.index) else { return };
        let key = rows::key("entity_id", order.entity);
        let first = rows.header.image(order);
        world.change(Feed::SalesOrder, Op::Create, key.clone(), None, Some(&first));
        let (billing, shipping) = (self.next_address, self.next_address + 1);
        self.next_address += 2;
        for (id, kind) in [(billing, "billing"), (shipping, "shipping")] {
            let address = rows::address(order, id, kind);
            world.change(Feed::SalesOrderAddress, Op::Create, rows::key("entity_id", id), None, Some(&address));
        }
        for (line, item) in order.lines.iter().zip(&rows.items) {
            for child in [false, true] {
                let Some(id) = (if child { line.child } else { Some(line.item) }) else { continue };
                let image = item.image(order, line, &world.articles[line.article], child, (clock, clock));
                world.change(Feed::SalesOrderItem, Op::Create, rows::key("item_id", id), None, Some(&image));
            }
        }
        let payment = rows.payment.image(order);
        world.change(Feed::SalesOrderPayment, Op::Create, rows::key("entity_id", order.entity), None, Some(&payment));
        rows.header.addresses = Some((billing, shipping));
        let second = rows.header.image(order);
        world.change(Feed::SalesOrder, Op::Update, key, Some(&first), Some(&second));
    }

    fn subscribe(&mut self, world: &mut World, order: &Order) {
        let id = self.next_subscriber;
        self.next_subscriber += 1;
        let row = rows::subscriber(order, id, world.clock(System::Magento));
        world.change(Feed::NewsletterSubscriber, Op::Create, rows::key("subscriber_id", id), None, Some(&row));
    }

    pub fn forget(&mut self, order: u32) {
        self.orders.remove(&order);
        self.stock.forget(order);
    }

    fn update_header(&mut self, world: &mut World, index: u32, change: impl FnOnce(&mut Header)) {
        let order = &world.orders[index as usize];
        let Some(rows) = self.orders.get_mut(&index) else { return };
        let before = rows.header.image(order);
        change(&mut rows.header);
        rows.header.updated_at = world.clocks.of(System::Magento, world.now);
        let after = rows.header.image(order);
        world.change(Feed::SalesOrder, Op::Update, rows::key("entity_id", rows.header.entity), Some(&before), Some(&after));
    }

    fn update_item(&mut self, world: &mut World, index: u32, place: usize, change: impl FnOnce(&mut Item)) {
        let order = &world.orders[index as usize];
        let Some(rows) = self.orders.get_mut(&index) else { return };
        let Some((line, item)) = order.lines.get(place).zip(rows.items.get_mut(place)) else { return };
        let times = (rows.header.created_at, world.clocks.of(System::Magento, world.now));
        let article = &world.articles[line.article];
        let before = item.image(order, line, article, false, times);
        change(item);
        let after = item.image(order, line, article, false, times);
        let key = rows::key("item_id", line.item);
        world.change(Feed::SalesOrderItem, Op::Update, key, Some(&before), Some(&after));
    }

    fn update_payment(&mut self, world: &mut World, index: u32, change: impl FnOnce(&mut Payment)) {
        let order = &world.orders[index as usize];
        let Some(rows) = self.orders.get_mut(&index) else { return };
        let before = rows.payment.image(order);
        change(&mut rows.payment);
        let after = rows.payment.image(order);
        let key = rows::key("entity_id", order.entity);
        world.change(Feed::SalesOrderPayment, Op::Update, key, Some(&before), Some(&after));
    }

    /// An invoice is paid: the order's captured total is now `paid`.
    pub fn capture(&mut self, world: &mut World, index: u32, paid: i64) {
        let Some(order) = world.orders.get_mut(index as usize) else { return };
        if paid <= order.captured {
            return;
        }
        order.captured = paid;
        let invoiced: Vec<i64> = match order.pay {
            Pay::Authorised => order.lines.iter().map(|line| line.despatched).collect(),
            _ => order.lines.iter().map(Line::wanted).collect(),
        };
        for (place, pieces) in invoiced.into_iter().enumerate() {
            if self.orders[&index].items.get(place).is_some_and(|item| item.invoiced != pieces) {
                self.update_item(world, index, place, |item| item.invoiced = pieces);
            }
        }
        self.update_payment(world, index, |payment| payment.paid = paid);
        self.update_header(world, index, |header| {
            header.paid = paid;
            if header.state == "new" {
                header.state = "processing";
            }
        });
        world.say(index, "Magento", |_| format!("captured {}", pounds(paid)));
    }

    /// A transfer arrives, or the customer pays the invoice.
    pub fn money(&mut self, world: &mut World, index: u32) {
        let Some(order) = world.orders.get(index as usize) else { return };
        let paid = order.owed();
        world.begin(System::Magento);
        self.capture(world, index, paid);
    }

    /// The shopper takes fewer pieces, or none: `by` pieces of each line.
    pub fn cancel(&mut self, world: &mut World, index: u32, by: &[i64]) {
        let Some(order) = world.orders.get_mut(index as usize) else { return };
        order.cancelled_at = Some(world.now);
        for (line, pieces) in order.lines.iter_mut().zip(by) {
            line.cancelled += pieces;
        }
        let order = order.clone();
        world.begin(System::Magento);
        if order.captured > 0 {
            let amount = order.due();
            self.pay_itself(world, index, amount);
            self.credit(world, index, by, amount);
            for (line, pieces) in order.lines.iter().zip(by).filter(|(_, pieces)| **pieces > 0) {
                self.stock.reserve(world, &order, line.article, *pieces, "creditmemo_created");
            }
            let kind = if self.pays_online(world, &order) { "online" } else { "offline" };
            world.say(index, "Magento", |_| format!("{kind} credit memo over {}", pounds(amount)));
            return;
        }
        for (place, (line, pieces)) in order.lines.iter().zip(by).enumerate().filter(|(_, (_, pieces))| **pieces > 0) {
            self.update_item(world, index, place, |item| item.canceled += pieces);
            self.stock.reserve(world, &order, line.article, *pieces, "order_canceled");
        }
        if order.wants_any() {
            self.update_header(world, index, |_| ());
        } else {
            self.update_payment(world, index, |payment| payment.canceled = order.total());
            self.update_header(world, index, |header| {
                header.state = "canceled";
                header.canceled = order.total();
            });
        }
        world.say(index, "Magento", |_| "cancelled by the shopper".to_owned());
    }

    /// A retailer without finance pays by the shop: an online memo gives back to the card, of a transfer somebody pays by hand.
    fn pay_itself(&mut self, world: &mut World, index: u32, amount: i64) {
        let order = &mut world.orders[index as usize];
        if amount > 0 && world.systems.shop_pays(Shop::Magento) {
            order.payouts.push(Payout { id: format!("memo-{}", self.next_memo), amount, settled: true, asked: false });
        }
    }

    fn pays_online(&self, world: &World, order: &Order) -> bool {
        world.systems.shop_pays(Shop::Magento) && matches!(order.pay, Pay::Captured | Pay::Authorised)
    }

    /// Goods are back, and nobody but the shop says so: a memo credits them.
    pub fn credit_return(&mut self, world: &mut World, index: u32) {
        let (Some(order), Some(rows)) = (world.orders.get(index as usize), self.orders.get(&index)) else { return };
        let pieces: Vec<i64> = order.lines.iter().zip(&rows.items).map(|(line, item)| credit_due(order, line, item)).collect();
        let amount = order.due() - rows.header.refunded;
        if pieces.iter().all(|count| *count <= 0) {
            return;
        }
        world.begin(System::Magento);
        self.pay_itself(world, index, amount);
        self.credit(world, index, &pieces, amount);
        world.say(index, "Magento", |_| format!("credit memo over {} for what came back", pounds(amount)));
    }

    /// A credit memo. Offline it is paper of the shop: the money is finance's to pay, where there is finance.
    fn credit(&mut self, world: &mut World, index: u32, pieces: &[i64], amount: i64) {
        let order = world.orders[index as usize].clone();
        let online = self.pays_online(world, &order);
        let transaction = online.then(|| format!("re_{:08x}", self.next_memo * 7_919));
        let memo = Memo { id: self.next_memo, amount, at: world.clock(System::Magento), transaction };
        self.next_memo += 1;
        let image = memo.image(&order, pieces);
        world.change(Feed::SalesCreditmemo, Op::Create, rows::key("entity_id", memo.id), None, Some(&image));
        for (place, (line, count)) in order.lines.iter().zip(pieces).enumerate().filter(|(_, (_, count))| **count > 0) {
            let id = memo.id * 10 + place as i64;
            let image = memo.item_image(id, line, *count, &world.articles[line.article]);
            world.change(Feed::SalesCreditmemoItem, Op::Create, rows::key("entity_id", id), None, Some(&image));
            self.update_item(world, index, place, |item| item.refunded += count);
        }
        self.update_payment(world, index, |payment| {
            payment.refunded += amount;
            payment.refunded_online += if online { amount } else { 0 };
        });
        let nothing_kept = !order.keeps_any();
        self.update_header(world, index, |header| {
            header.refunded += amount;
            header.refunded_online += if online { amount } else { 0 };
            if nothing_kept {
                header.state = "closed";
            }
        });
    }

    /// Finance paid: the shop writes a credit memo for the pieces that came back, so that its own books show it.
    pub fn mirror_refund(&mut self, world: &mut World, index: u32) {
        let (Some(order), Some(rows)) = (world.orders.get(index as usize), self.orders.get(&index)) else { return };
        // The memo is for the goods. What finance pays by mistake is nobody's goodwill, and no memo names it.
        let amount = order.refunded() - order.too_much() - rows.header.refunded;
        let back = order.lines.iter().zip(&rows.items).map(|(line, item)| credit_due(order, line, item)).collect();
        let pieces = paid_for(order, back, amount);
        if amount <= 0 || pieces.iter().all(|count| *count <= 0) {
            return;
        }
        let order = order.clone();
        world.begin(System::Magento);
        self.credit(world, index, &pieces, amount);
        for line in order.lines.iter().filter(|line| line.short > 0) {
            self.stock.reserve(world, &order, line.article, line.short, "creditmemo_created");
            mishaps::credited_short(world, index, line.item);
        }
        world.say(index, "Magento", |_| format!("mirrors the refund: credit memo over {}", pounds(amount)));
    }

    /// A despatch notice: the shop makes a shipment of it, or adds the tracking number that came later.
    pub fn ship(&mut self, world: &mut World, index: u32, notice: &DespatchNotice) {
        let order = world.orders[index as usize].clone();
        let pieces: Vec<(usize, i64)> = notice
            .lines
            .iter()
            .filter_map(|told| {
                let place = order.lines.iter().position(|line| names(line, &told.line))?;
                Some((place, whole(told.quantity.decimal())?)).filter(|(_, count)| *count != 0)
            })
            .collect();
        world.begin(System::Magento);
        if pieces.is_empty() {
            self.track_later(world, &order, notice);
            return;
        }
        let shipment = self.book(world, &order, &pieces, notice.tracking.as_deref(), &notice.carrier);
        if let Some(rows) = self.orders.get_mut(&index) {
            rows.shipments.push((notice.parcel.to_string(), shipment));
        }
        for (place, _) in &pieces {
            if self.orders[&index].items[*place].shipped > order.lines[*place].wanted() {
                world.complain(format!(
                    "order {}: despatch-notices to the shop for parcel {} ship more of item {} than is wanted",
                    order.number, notice.parcel, order.lines[*place].item
                ));
            }
        }
        world.say(index, "Magento", |_| format!("shipment {shipment:09} for parcel {}", notice.parcel));
        self.settle_shipment(world, index);
    }

    /// A parcel that staff have sent: a shipment of the shop's own.
    pub fn send(&mut self, world: &mut World, index: u32, parcel: usize) {
        let order = world.orders[index as usize].clone();
        let Some(sent) = order.parcels.get(parcel) else { return };
        world.begin(System::Magento);
        let shipment = self.book(world, &order, &sent.pieces, Some(&sent.tracking), CARRIER);
        world.orders[index as usize].parcels[parcel].number = format!("{shipment:09}");
        world.say(index, "Magento", |_| format!("shipment {shipment:09}"));
        self.settle_shipment(world, index);
    }

    /// Rows of a shipment: pieces by line of the order.
    fn book(&mut self, world: &mut World, order: &Order, pieces: &[(usize, i64)], tracking: Option<&str>, carrier: &str) -> i64 {
        let shipment = self.insert_shipment(world, order, (tracking, carrier), pieces);
        for (place, count) in pieces {
            self.update_item(world, order.index, *place, |item| item.shipped += count);
        }
        for (place, count) in pieces {
            let article = order.lines[*place].article;
            self.stock.add(world, article, -count);
            self.stock.reserve(world, order, article, *count, "shipment_created");
        }
        shipment
    }

    /// Captures what has shipped, and marks the order complete when nothing is left to ship.
    fn settle_shipment(&mut self, world: &mut World, index: u32) {
        let order = &world.orders[index as usize];
        let items = &self.orders[&index].items;
        if order.pay == Pay::Authorised {
            let goods: i64 = order.lines.iter().zip(items).map(|(line, item)| line.gross_of(item.shipped)).sum();
            let paid = goods + order.shipping_gross();
            self.capture(world, index, paid);
        }
        let order = &world.orders[index as usize];
        let items = &self.orders[&index].items;
        let all = order.lines.iter().zip(items).all(|(line, item)| item.shipped >= line.wanted());
        self.update_header(world, index, |header| {
            header.state = if all { "complete" } else { "processing" };
        });
    }

    fn insert_shipment(
        &mut self,
        world: &mut World,
        order: &Order,
        (tracking, carrier): (Option<&str>, &str),
        pieces: &[(usize, i64)],
    ) -> i64 {
        let id = self.next_shipment;
        self.next_shipment += 1;
        let clock = world.clock(System::Magento);
        let addresses = self.orders[&order.index].header.addresses;
        let image = rows::shipment(order, id, pieces.iter().map(|(_, count)| count).sum(), addresses, clock);
        world.change(Feed::SalesShipment, Op::Create, rows::key("entity_id", id), None, Some(&image));
        for (place, count) in pieces {
            let line = &order.lines[*place];
            let row = id * 10 + *place as i64;
            let image = rows::shipment_item(id, row, line, *count, &world.articles[line.article]);
            world.change(Feed::SalesShipmentItem, Op::Create, rows::key("entity_id", row), None, Some(&image));
        }
        if let Some(tracking) = tracking {
            self.insert_track(world, order, id, tracking, carrier);
        }
        id
    }

    fn track_later(&mut self, world: &mut World, order: &Order, notice: &DespatchNotice) {
        let shipment = self.orders[&order.index].shipments.iter().find(|(parcel, _)| *parcel == *notice.parcel).map(|(_, id)| *id);
        if let (Some(shipment), Some(tracking)) = (shipment, &notice.tracking) {
            self.insert_track(world, order, shipment, tracking, &notice.carrier);
        }
    }

    fn insert_track(&mut self, world: &mut World, order: &Order, shipment: i64, tracking: &str, carrier: &str) {
        let id = self.next_track;
        self.next_track += 1;
        let image = rows::track(order, shipment, id, tracking, carrier, world.clock(System::Magento));
        world.change(Feed::SalesShipmentTrack, Op::Create, rows::key("entity_id", id), None, Some(&image));
    }

    /// What the shop says it has credited and shipped of a line, for the judge.
    pub fn shipped(&self, order: u32, line: usize) -> i64 {
        self.orders.get(&order).and_then(|rows| rows.items.get(line)).map_or(0, |item| item.shipped)
    }
}

/// Pieces that came back and that no credit memo covers yet: those of a cancellation stand in a memo already.
fn credit_due(order: &Order, line: &Line, item: &Item) -> i64 {
    let cancelled = if item.canceled > 0 || order.captured == 0 { 0 } else { line.cancelled };
    (line.back() + cancelled - item.refunded).max(0)
}

/// Those of the pieces that the amount pays for: of what comes back in two steps, the first pays a part, and its memo keeps no fee of the rest.
fn paid_for(order: &Order, mut pieces: Vec<i64>, amount: i64) -> Vec<i64> {
    let mut left = amount;
    for (line, count) in order.lines.iter().zip(&mut pieces) {
        // A penny a piece is the rounding of parts.
        while *count > 0 && line.gross_of(*count) > left + *count {
            *count -= 1;
        }
        left -= line.gross_of(*count);
    }
    pieces
}

fn names(line: &Line, id: &str) -> bool {
    id.parse::<i64>().is_ok_and(|id| id == line.item || Some(id) == line.child)
}

/// Every night a job deletes the reservations of orders that come to nothing.
pub fn tidy_soon(world: &mut World) {
    if world.hurry.is_on() {
        world.after(Span::days(1), Task::TidyReservations);
        return;
    }
    let midnight = world.now + Span::days(1);
    world.at(Moment(midnight.0 - midnight.0.rem_euclid(86_400_000)), Task::TidyReservations);
}
