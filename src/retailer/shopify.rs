//! Shopify, which sends an order's whole body at every change. As the second shop it sells from the first one's warehouse and shows the last figure that
//! Waybill sent. Alone it is all that there is: it counts, sends, follows its parcels, credits and pays back.

use std::collections::BTreeMap;

use super::clock::{System, zoned};
use super::feeds::Feed;
use super::json::object;
use super::order::{Line, Order, Pay, Payout};
use super::shop::Shop;
use super::units::whole;
use super::warehouse::CARRIER;
use super::world::World;
use crate::events::despatch_notices::DespatchNotice;
use crate::facts::Moment;
use crate::facts::time::Span;

/// Its lines' ids begin here.
const LINES_FROM: i64 = 15_600_000_000_000;
/// The location whose stock it counts.
const LOCATION: i64 = 70;
/// Ids of a refund's parts.
const PARTS_FROM: i64 = 700_000_000_000;

pub struct Shopify {
    /// By article: the last figure that Waybill sent (alone: pieces that are there), and what open orders hold of it.
    figures: Vec<i64>,
    held: Vec<i64>,
    orders: BTreeMap<u32, Progress>,
    next_line: i64,
    /// When the last figure of each article is written: figures are written in the order in which Waybill sent them.
    written_at: Vec<Moment>,
    /// By article: the second of the last level that was told. No two levels of one article are of one second.
    told_at: Vec<Moment>,
}

/// How far an order is.
#[derive(Default)]
struct Progress {
    fulfilments: Vec<Fulfilment>,
    refunds: Vec<Refund>,
    paid: bool,
    cancelled: Option<Moment>,
    /// The second of the last body.
    told_at: Moment,
}

/// Pieces of each line that left together.
struct Fulfilment {
    pieces: Vec<i64>,
    /// Of a parcel that the shop itself has sent: its number, and when it left.
    label: Option<(String, Moment)>,
    delivered: Option<Moment>,
}

/// What was given back.
struct Refund {
    at: Moment,
    /// By line: pieces, and what they are worth.
    lines: Vec<(i64, Worth)>,
    restock: &'static str,
    shipping: Option<Worth>,
    amount: i64,
}

/// Gross, and the tax in it.
#[derive(Clone, Copy, Default)]
struct Worth {
    gross: i64,
    tax: i64,
}

impl Progress {
    fn shipped(&self, line: usize) -> i64 {
        self.fulfilments.iter().filter_map(|made| made.pieces.get(line)).sum()
    }

    /// Pieces of a line that refunds have taken off the order.
    fn taken_off(&self, line: usize) -> i64 {
        self.refunds.iter().filter_map(|refund| refund.lines.get(line)).map(|(pieces, _)| pieces).sum()
    }

    fn refunded(&self) -> i64 {
        self.refunds.iter().map(|refund| refund.amount).sum()
    }
}

impl Shopify {
    pub fn new(figures: Vec<i64>) -> Self {
        let times = || vec![Moment::MIN; figures.len()];
        Self {
            held: vec![0; figures.len()],
            written_at: times(),
            told_at: times(),
            figures,
            orders: BTreeMap::new(),
            next_line: LINES_FROM,
        }
    }

    /// The first levels of a shop that counts.
    pub fn snapshot(&mut self, world: &mut World) {
        (0..self.figures.len()).for_each(|article| self.tell_level(world, article));
    }

    /// What the shopfront lets people buy.
    pub fn salable(&self, article: usize) -> i64 {
        self.figures[article] - self.held[article]
    }

    pub fn figure(&self, article: usize) -> i64 {
        self.figures[article]
    }

    /// When a figure is written that was to be written at `soon`.
    pub fn when(&mut self, article: usize, soon: Moment) -> Moment {
        let last = &mut self.written_at[article];
        *last = soon.max(*last + Span(1));
        *last
    }

    /// Sets Waybill's figure. What the shop itself counts nobody needs to tell it.
    pub fn write(&mut self, world: &World, article: usize, figure: i64) {
        if !world.systems.shop_counts() {
            self.figures[article] = figure;
        }
    }

    /// Goods are on the shelf.
    pub fn goods_in(&mut self, world: &mut World, article: usize, pieces: i64) {
        self.figures[article] += pieces;
        self.tell_level(world, article);
    }

    pub fn number_lines(&mut self, lines: &mut [Line]) {
        for line in lines {
            line.item = self.next_line;
            self.next_line += 1;
        }
    }

    /// The shopper's order is there; all but a transfer is paid at once.
    pub fn place(&mut self, world: &mut World, index: u32) {
        let order = &mut world.orders[index as usize];
        let paid = order.pay != Pay::Transfer;
        if paid {
            order.captured = order.total();
        }
        order.lines.iter().for_each(|line| self.held[line.article] += line.ordered);
        self.orders.insert(index, Progress { paid, ..Progress::default() });
        self.tell(world, index);
        self.tell_levels_of(world, index);
    }

    /// The transfer has arrived: somebody marks the order as paid.
    pub fn money(&mut self, world: &mut World, index: u32) {
        let order = &mut world.orders[index as usize];
        order.captured = order.owed();
        if let Some(progress) = self.orders.get_mut(&index) {
            progress.paid = true;
        }
        self.tell(world, index);
    }

    /// The shopper takes fewer pieces, or none: `by` pieces of each line. What was paid is given back with it.
    pub fn cancel(&mut self, world: &mut World, index: u32, by: &[i64]) {
        let order = &mut world.orders[index as usize];
        let before: Vec<i64> = order.lines.iter().map(Line::kept).collect();
        order.cancelled_at = Some(world.now);
        for (line, pieces) in order.lines.iter_mut().zip(by) {
            line.cancelled += pieces;
            self.held[line.article] -= pieces;
        }
        let whole = !order.wants_any();
        let clock = world.clock(System::Shopify);
        if let Some(progress) = self.orders.get_mut(&index) {
            if whole {
                progress.cancelled = Some(clock);
            }
            if progress.paid || !whole {
                self.refund(world, index, by, &before, "cancel");
            }
        }
        self.tell(world, index);
        self.tell_levels_of(world, index);
    }

    /// What came back is credited, restocked and paid.
    pub fn credit_return(&mut self, world: &mut World, index: u32) {
        let order = &world.orders[index as usize];
        let before: Vec<i64> = order.lines.iter().map(|line| line.kept() + line.back()).collect();
        let back: Vec<i64> = order.lines.iter().map(Line::back).collect();
        self.refund(world, index, &back, &before, "return");
        self.tell(world, index);
    }

    /// Waybill has asked the shop to pay back for what an ERP has taken in: the shop's refund shows the pieces.
    pub fn pay_back(&mut self, world: &mut World, index: u32, amount: i64) {
        let order = &world.orders[index as usize];
        let before: Vec<i64> = order.lines.iter().map(|line| line.kept() + line.back()).collect();
        let back: Vec<i64> = order.lines.iter().map(Line::back).collect();
        let mut refund = Refund::of(order, &back, &before, "return", world.clock(System::Shopify));
        refund.amount = amount;
        if let Some(progress) = self.orders.get_mut(&index) {
            progress.refunds.push(refund);
        }
        self.tell(world, index);
    }

    /// The shop's own refund: its pieces, what they are worth, the shipping if nothing is kept. `before`: pieces that were kept until now.
    fn refund(&mut self, world: &mut World, index: u32, pieces: &[i64], before: &[i64], restock: &'static str) {
        let clock = world.clock(System::Shopify);
        let order = &mut world.orders[index as usize];
        let mut refund = Refund::of(order, pieces, before, restock, clock);
        refund.amount = (order.due() - order.refunded()).max(0);
        if refund.amount > 0 {
            let id = format!("refund-{}", order.payouts.len() + 1);
            order.payouts.push(Payout { id, amount: refund.amount, settled: true, asked: false });
        }
        if let Some(progress) = self.orders.get_mut(&index) {
            progress.refunds.push(refund);
        }
    }

    /// A despatch notice: the shop makes a fulfilment of it.
    pub fn ship(&mut self, world: &mut World, index: u32, notice: &DespatchNotice) {
        let order = &world.orders[index as usize];
        let mut pieces = vec![0; order.lines.len()];
        for told in &notice.lines {
            let place = order.lines.iter().position(|line| told.line.parse() == Ok(line.item));
            if let Some(place) = place {
                pieces[place] += whole(told.quantity.decimal()).unwrap_or(0);
            }
        }
        if pieces.iter().all(|count| *count == 0) {
            return;
        }
        self.fulfil(world, index, Fulfilment { pieces, label: None, delivered: None });
    }

    /// A parcel that staff have sent.
    pub fn send(&mut self, world: &mut World, index: u32, parcel: usize) {
        let order = &mut world.orders[index as usize];
        let made = self.orders.get(&index).map_or(0, |progress| progress.fulfilments.len());
        let Some(sent) = order.parcels.get_mut(parcel) else { return };
        sent.number = fulfilment_id(order.entity, made).to_string();
        let mut pieces = vec![0; order.lines.len()];
        sent.pieces.iter().for_each(|(line, count)| pieces[*line] += count);
        let label = Some((sent.tracking.clone(), world.clock(System::Shopify)));
        self.fulfil(world, index, Fulfilment { pieces, label, delivered: None });
    }

    fn fulfil(&mut self, world: &mut World, index: u32, made: Fulfilment) {
        let order = &world.orders[index as usize];
        let Some(progress) = self.orders.get_mut(&index) else { return };
        for (line, count) in order.lines.iter().zip(&made.pieces) {
            self.figures[line.article] -= count;
            self.held[line.article] -= count;
        }
        progress.fulfilments.push(made);
        self.tell(world, index);
    }

    /// The shop follows its parcels by their numbers: one has arrived.
    pub fn delivered(&mut self, world: &mut World, index: u32, parcel: usize) {
        let clock = world.clock(System::Shopify);
        let number = world.orders[index as usize].parcels.get(parcel).map(|parcel| parcel.tracking.clone());
        if let Some(progress) = self.orders.get_mut(&index)
            && let Some(made) = progress.fulfilments.iter_mut().find(|made| made.label.as_ref().map(|label| &label.0) == number.as_ref())
        {
            made.delivered = Some(clock);
        }
        self.tell(world, index);
    }

    pub fn shipped(&self, index: u32, line: usize) -> i64 {
        self.orders.get(&index).map_or(0, |progress| progress.shipped(line))
    }

    pub fn forget(&mut self, index: u32) {
        self.orders.remove(&index);
    }

    /// The whole order, as it stands.
    fn tell(&mut self, world: &mut World, index: u32) {
        let now = world.clock(System::Shopify);
        let Some(progress) = self.orders.get_mut(&index) else { return };
        // A shop alone has no other word on the order: two bodies of one second would leave it open which is the newer.
        let clock = if world.systems.shop_counts() { later_second(&mut progress.told_at, now) } else { now };
        let order = &world.orders[index as usize];
        let body = body(world, order, progress, clock);
        let key = order.entity.to_string().into_bytes();
        world.send(Feed::ShopifyOrders, Some(key), Some(body));
    }

    fn tell_levels_of(&mut self, world: &mut World, index: u32) {
        let articles: Vec<usize> = world.orders[index as usize].lines.iter().map(|line| line.article).collect();
        articles.into_iter().for_each(|article| self.tell_level(world, article));
    }

    /// What can be sold of an article, where the shop counts; whoever lands the bodies adds the SKU.
    fn tell_level(&mut self, world: &mut World, article: usize) {
        if !world.systems.shop_counts() {
            return;
        }
        let now = world.clock(System::Shopify);
        let clock = zoned(later_second(&mut self.told_at[article], now));
        let item = 52_400_000_000_000 + article as i64;
        let body = object(|row| {
            row.int("inventory_item_id", item).int("location_id", LOCATION).int("available", self.salable(article));
            row.text("updated_at", &clock).text("sku", &world.articles[article].sku);
        });
        world.send(Feed::ShopifyLevels, Some(item.to_string().into_bytes()), Some(body));
    }
}

/// This moment in whole seconds, later than the last one.
fn later_second(last: &mut Moment, now: Moment) -> Moment {
    *last = if *last == Moment::MIN { now } else { now.max(*last + Span::seconds(1)) };
    *last
}

impl Refund {
    fn of(order: &Order, pieces: &[i64], before: &[i64], restock: &'static str, at: Moment) -> Self {
        let of_line = |(line, (count, kept)): (&Line, (&i64, &i64))| {
            let gross = line.gross_of(*kept) - line.gross_of(kept - count);
            (*count, Worth { gross, tax: line.tax_of(*kept) - line.tax_of(kept - count) })
        };
        let lines = order.lines.iter().zip(pieces.iter().zip(before)).map(of_line).collect();
        let shipping =
            (!order.keeps_any() && order.shipping_gross() > 0).then_some(Worth { gross: order.shipping_gross(), tax: order.shipping_tax });
        Self { at, lines, restock, shipping, amount: 0 }
    }
}

fn fulfilment_id(order: i64, number: usize) -> i64 {
    order + 1 + number as i64
}

fn money(hundredths: i64) -> String {
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

fn list(parts: impl Iterator<Item = Vec<u8>>) -> Vec<u8> {
    let mut out = vec![b'['];
    for (place, part) in parts.enumerate() {
        if place > 0 {
            out.push(b',');
        }
        out.extend_from_slice(&part);
    }
    out.push(b']');
    out
}

fn taxes(tax: i64) -> Vec<u8> {
    list(std::iter::once(object(|row| {
        row.text("title", "GB VAT").raw("rate", b"0.2").text("price", &money(tax));
    })))
}

fn money_set(hundredths: i64) -> Vec<u8> {
    let of = |row: &mut super::json::Object<'_>| {
        row.text("amount", &money(hundredths)).text("currency_code", "GBP");
    };
    object(|row| {
        row.raw("shop_money", &object(of)).raw("presentment_money", &object(of));
    })
}

fn body(world: &World, order: &Order, progress: &Progress, clock: Moment) -> Vec<u8> {
    debug_assert!(order.shop == Shop::Shopify);
    let alone = world.systems.shop_counts();
    let lines = list(order.lines.iter().enumerate().map(|(place, line)| {
        let article = &world.articles[line.article];
        let (shipped, off) = (progress.shipped(place), progress.taken_off(place));
        let open = if progress.cancelled.is_some() { 0 } else { (line.wanted() - shipped).max(0) };
        object(|row| {
            row.int("id", line.item).int("variant_id", 50_400_000_000_000 + line.article as i64).text("sku", &article.sku);
            row.text("title", &article.name).text("name", &article.name).int("quantity", line.ordered);
            row.int("current_quantity", line.ordered - off).int("fulfillable_quantity", open);
            row.raw("requires_shipping", b"true").text("price", &money(line.price)).raw("gift_card", b"false");
            row.text("variant_inventory_management", "shopify").raw("discount_allocations", b"[]").raw("tax_lines", &taxes(line.tax));
        })
    }));
    let fulfilments = list(progress.fulfilments.iter().enumerate().map(|(number, made)| fulfilment(order, number, made)));
    let refunds = list(progress.refunds.iter().enumerate().map(|(number, refund)| refund_body(order, number, refund)));
    let shipping = list(std::iter::once(object(|row| {
        row.int("id", order.entity).text("code", "RM48").text("title", "Royal Mail").text("price", &money(order.shipping));
        row.raw("is_removed", b"false").raw("discount_allocations", b"[]").raw("tax_lines", &taxes(order.shipping_tax));
    })));
    let all = (0..order.lines.len()).all(|place| progress.shipped(place) >= order.lines[place].wanted());
    let state = if all { "fulfilled" } else { "partial" };
    let refunded = progress.refunded();
    let paid = match (progress.paid, progress.cancelled.is_some()) {
        (false, true) => "voided",
        (false, false) => "pending",
        (true, _) if refunded == 0 => "paid",
        (true, _) if refunded < order.captured => "partially_refunded",
        (true, _) => "refunded",
    };
    object(|row| {
        row.int("id", order.entity).text("name", &format!("#{}", order.number));
        let placed = zoned(world.clocks.of(System::Shopify, order.placed_at));
        row.text("created_at", &placed).text("processed_at", &placed).text("updated_at", &zoned(clock));
        row.maybe_text("cancelled_at", progress.cancelled.map(zoned).as_deref());
        row.text("currency", "GBP").text("presentment_currency", "GBP").raw("taxes_included", b"false");
        row.raw("test", b"false")
            .text("financial_status", paid)
            .maybe_text("fulfillment_status", (!progress.fulfilments.is_empty()).then_some(state));
        row.text("source_name", "web").null("location_id").text("email", &order.person.email).null("customer");
        let gateway: &[u8] = if order.pay == Pay::Transfer { b"[\"Bank Deposit\"]" } else { b"[\"shopify_payments\"]" };
        row.raw("payment_gateway_names", gateway).text("total_price", &money(order.total()));
        if alone {
            let current = if progress.paid { order.total() - refunded } else { order.owed() };
            row.text("current_total_price", &money(current));
        }
        let outstanding = if progress.paid || progress.cancelled.is_some() { 0 } else { order.owed() };
        row.text("total_outstanding", &money(outstanding)).raw("shipping_address", &address(order)).raw("billing_address", &address(order));
        row.raw("line_items", &lines).raw("shipping_lines", &shipping).raw("fulfillments", &fulfilments).raw("refunds", &refunds);
    })
}

fn fulfilment(order: &Order, number: usize, made: &Fulfilment) -> Vec<u8> {
    let of = order.lines.iter().zip(&made.pieces).filter(|(_, count)| **count > 0);
    let lines = list(of.map(|(line, count)| {
        object(|row| {
            row.int("id", line.item).int("quantity", *count);
        })
    }));
    object(|row| {
        row.int("id", fulfilment_id(order.entity, number)).text("status", "success").raw("line_items", &lines);
        if let Some((tracking, at)) = &made.label {
            row.text("created_at", &zoned(*at)).text("updated_at", &zoned(made.delivered.unwrap_or(*at)));
            row.text("tracking_company", CARRIER).text("tracking_number", tracking);
            row.raw("tracking_numbers", format!("[\"{tracking}\"]").as_bytes());
            row.maybe_text("shipment_status", made.delivered.map(|_| "delivered"));
        }
    })
}

fn refund_body(order: &Order, number: usize, refund: &Refund) -> Vec<u8> {
    let id = order.entity + 51 + number as i64;
    let part = |place: usize| PARTS_FROM + (id % PARTS_FROM) * 10 + place as i64;
    let (at, amount) = (zoned(refund.at), money(refund.amount));
    let lines = list(order.lines.iter().zip(&refund.lines).enumerate().filter(|(_, (_, (pieces, _)))| *pieces > 0).map(
        |(place, (line, (pieces, worth)))| {
            object(|row| {
                row.int("id", part(place)).int("line_item_id", line.item).int("quantity", *pieces).text("restock_type", refund.restock);
                row.int("location_id", LOCATION).text("subtotal", &money(worth.gross - worth.tax)).text("total_tax", &money(worth.tax));
            })
        },
    ));
    let shipping = list(refund.shipping.iter().map(|worth| {
        object(|row| {
            row.int("id", part(9)).raw("subtotal_amount_set", &money_set(worth.gross - worth.tax));
            row.raw("tax_amount_set", &money_set(worth.tax));
        })
    }));
    let gateway = if order.pay == Pay::Transfer { "Bank Deposit" } else { "shopify_payments" };
    let transactions = list((refund.amount > 0).then_some(()).iter().map(|()| {
        object(|row| {
            row.int("id", id).int("order_id", order.entity).null("parent_id").text("kind", "refund").text("status", "success");
            row.text("gateway", gateway).text("amount", &amount).text("currency", "GBP").null("authorization");
            row.text("created_at", &at).text("processed_at", &at);
        })
    }));
    object(|row| {
        row.int("id", id).int("order_id", order.entity).text("created_at", &at).text("processed_at", &at).raw("refund_line_items", &lines);
        row.raw("refund_shipping_lines", &shipping).raw("order_adjustments", b"[]").raw("transactions", &transactions);
    })
}

fn address(order: &Order) -> Vec<u8> {
    let person = &order.person;
    object(|row| {
        row.text("first_name", person.first).text("last_name", person.last).text("address1", &person.street).text("city", person.city);
        row.text("zip", &person.postcode).text("country_code", "GB").text("phone", &person.phone);
    })
}
