//! The second shop: Shopify, which sends an order's whole body at every change. It sells from the same warehouse, and shows the last figure that
//! Waybill sent.

use std::collections::BTreeMap;

use super::clock::{System, zoned};
use super::feeds::Feed;
use super::json::object;
use super::order::{Line, Order};
use super::shop::Shop;
use super::units::whole;
use super::world::World;
use crate::events::despatch_notices::DespatchNotice;
use crate::facts::Moment;
use crate::facts::time::Span;

/// Its lines' ids begin here.
const LINES_FROM: i64 = 15_600_000_000_000;

pub struct Shopify {
    /// By article: the last figure that Waybill sent, and what open orders hold of it.
    figures: Vec<i64>,
    held: Vec<i64>,
    /// By order: pieces fulfilled of each line, by fulfilment.
    fulfilled: BTreeMap<u32, Vec<Vec<i64>>>,
    next_line: i64,
    /// When the last figure of each article is written: figures are written in the order in which Waybill sent them.
    written_at: Vec<Moment>,
}

impl Shopify {
    pub fn new(figures: Vec<i64>) -> Self {
        let written_at = vec![Moment::MIN; figures.len()];
        Self { held: vec![0; figures.len()], written_at, figures, fulfilled: BTreeMap::new(), next_line: LINES_FROM }
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

    /// Sets Waybill's figure.
    pub fn write(&mut self, article: usize, figure: i64) {
        self.figures[article] = figure;
    }

    pub fn number_lines(&mut self, lines: &mut [Line]) {
        for line in lines {
            line.item = self.next_line;
            self.next_line += 1;
        }
    }

    /// The shopper's order is there, and paid.
    pub fn place(&mut self, world: &mut World, index: u32) {
        let order = &mut world.orders[index as usize];
        order.captured = order.total();
        order.lines.iter().for_each(|line| self.held[line.article] += line.ordered);
        self.fulfilled.insert(index, Vec::new());
        self.tell(world, index);
    }

    /// A despatch notice: the shop makes a fulfilment of it.
    pub fn ship(&mut self, world: &mut World, index: u32, notice: &DespatchNotice) {
        let (order, Some(fulfilled)) = (&world.orders[index as usize], self.fulfilled.get_mut(&index)) else { return };
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
        for (line, count) in order.lines.iter().zip(&pieces) {
            self.figures[line.article] -= count;
            self.held[line.article] -= count;
        }
        fulfilled.push(pieces);
        self.tell(world, index);
    }

    pub fn shipped(&self, index: u32, line: usize) -> i64 {
        self.fulfilled.get(&index).map_or(0, |all| all.iter().filter_map(|pieces| pieces.get(line)).sum())
    }

    pub fn forget(&mut self, index: u32) {
        self.fulfilled.remove(&index);
    }

    /// The whole order, as it stands.
    fn tell(&self, world: &mut World, index: u32) {
        let clock = zoned(world.clock(System::Shopify));
        let order = &world.orders[index as usize];
        let fulfilled = self.fulfilled.get(&index).map_or(&[][..], Vec::as_slice);
        let body = body(world, order, fulfilled, &clock);
        let key = order.entity.to_string().into_bytes();
        world.send(Feed::ShopifyOrders, Some(key), Some(body));
    }
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

fn body(world: &World, order: &Order, fulfilled: &[Vec<i64>], clock: &str) -> Vec<u8> {
    debug_assert!(order.shop == Shop::Shopify);
    let shipped = |place: usize| fulfilled.iter().map(|pieces| pieces[place]).sum::<i64>();
    let lines = list(order.lines.iter().enumerate().map(|(place, line)| {
        let article = &world.articles[line.article];
        object(|row| {
            row.int("id", line.item).int("variant_id", 50_400_000_000_000 + line.article as i64).text("sku", &article.sku);
            row.text("title", &article.name).text("name", &article.name).int("quantity", line.ordered);
            row.int("current_quantity", line.ordered).int("fulfillable_quantity", line.ordered - shipped(place));
            row.raw("requires_shipping", b"true").text("price", &money(line.price)).raw("gift_card", b"false");
            row.text("variant_inventory_management", "shopify").raw("discount_allocations", b"[]").raw("tax_lines", &taxes(line.tax));
        })
    }));
    let fulfilments = list(fulfilled.iter().enumerate().map(|(number, pieces)| {
        let of = order.lines.iter().zip(pieces).filter(|(_, count)| **count > 0);
        let lines = list(of.map(|(line, count)| {
            object(|row| {
                row.int("id", line.item).int("quantity", *count);
            })
        }));
        object(|row| {
            row.int("id", order.entity + 1 + number as i64).text("status", "success").raw("line_items", &lines);
        })
    }));
    let shipping = list(std::iter::once(object(|row| {
        row.int("id", order.entity).text("code", "RM48").text("title", "Royal Mail").text("price", &money(order.shipping));
        row.raw("is_removed", b"false").raw("discount_allocations", b"[]").raw("tax_lines", &taxes(order.shipping_tax));
    })));
    let all = (0..order.lines.len()).all(|place| shipped(place) == order.lines[place].ordered);
    let state = if all { "fulfilled" } else { "partial" };
    object(|row| {
        row.int("id", order.entity).text("name", &format!("#{}", order.number));
        let placed = zoned(world.clocks.of(System::Shopify, order.placed_at));
        row.text("created_at", &placed).text("processed_at", &placed).text("updated_at", clock);
        row.null("cancelled_at").text("currency", "GBP").text("presentment_currency", "GBP").raw("taxes_included", b"false");
        row.raw("test", b"false")
            .text("financial_status", "paid")
            .maybe_text("fulfillment_status", (!fulfilled.is_empty()).then_some(state));
        row.text("source_name", "web").null("location_id").text("email", &order.person.email).null("customer");
        row.raw("payment_gateway_names", b"[\"shopify_payments\"]").text("total_price", &money(order.total()));
        row.text("total_outstanding", "0.00").raw("shipping_address", &address(order)).raw("billing_address", &address(order));
        row.raw("line_items", &lines).raw("shipping_lines", &shipping).raw("fulfillments", &fulfilments).raw("refunds", b"[]");
    })
}

fn address(order: &Order) -> Vec<u8> {
    let person = &order.person;
    object(|row| {
        row.text("first_name", person.first).text("last_name", person.last).text("address1", &person.street).text("city", person.city);
        row.text("zip", &person.postcode).text("country_code", "GB").text("phone", &person.phone);
    })
}
