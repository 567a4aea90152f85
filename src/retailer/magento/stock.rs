//! Magento's multi-source inventory: one source whose figure is physical stock, and reservations that hold back what is sold and not shipped.

use std::collections::BTreeMap;

use super::rows;
use crate::retailer::clock::System;
use crate::retailer::feeds::Feed;
use crate::retailer::json::object;
use crate::retailer::op::Op;
use crate::retailer::order::Order;
use crate::retailer::world::World;

struct Reservation {
    id: i64,
    quantity: i64,
    image: Vec<u8>,
}

pub struct Stock {
    /// By article: the source item's quantity, and the sum of reservations (0 or less).
    figures: Vec<i64>,
    reserved: Vec<i64>,
    /// By order, until tidied.
    reservations: BTreeMap<u32, Vec<Reservation>>,
    next: i64,
}

/// Magento's code of the source.
pub const SOURCE: &str = "default";

impl Stock {
    pub fn new(articles: usize) -> Self {
        Self { figures: vec![0; articles], reserved: vec![0; articles], reservations: BTreeMap::new(), next: 77_001 }
    }

    /// What the shopfront lets people buy.
    pub fn salable(&self, article: usize) -> i64 {
        self.figures[article] + self.reserved[article]
    }

    pub fn figure(&self, article: usize) -> i64 {
        self.figures[article]
    }

    fn image(world: &World, article: usize, figure: i64) -> Vec<u8> {
        object(|row| {
            row.int("source_item_id", 4_001 + article as i64).text("source_code", SOURCE).text("sku", &world.articles[article].sku);
            row.hundredths("quantity", figure * 100, 4).int("status", i64::from(figure > 0));
        })
    }

    /// The first figure, as a snapshot reads it.
    pub fn snapshot(&mut self, world: &mut World, article: usize, figure: i64) {
        self.figures[article] = figure;
        let image = Self::image(world, article, figure);
        world.change(Feed::InventorySourceItem, Op::Read, rows::key("source_item_id", 4_001 + article as i64), None, Some(&image));
    }

    fn set(&mut self, world: &mut World, article: usize, figure: i64) {
        let before = Self::image(world, article, self.figures[article]);
        self.figures[article] = figure;
        let after = Self::image(world, article, figure);
        let key = rows::key("source_item_id", 4_001 + article as i64);
        world.change(Feed::InventorySourceItem, Op::Update, key, Some(&before), Some(&after));
    }

    pub fn add(&mut self, world: &mut World, article: usize, pieces: i64) {
        self.set(world, article, self.figures[article] + pieces);
    }

    /// Writes Waybill's figure, if the shop's is still the one that Waybill had seen (else a newer figure is under way).
    pub fn write(&mut self, world: &mut World, article: usize, figure: i64, seen: Option<i64>) {
        let current = self.figures[article];
        // What the shop itself counts nobody needs to tell it.
        if !world.systems.shop_counts() && figure != current && seen.is_none_or(|seen| seen == current) {
            world.begin(System::Magento);
            self.set(world, article, figure);
        }
    }

    /// Appends a reservation row; `pieces` below zero holds back.
    pub fn reserve(&mut self, world: &mut World, order: &Order, article: usize, pieces: i64, event: &str) {
        let id = self.next;
        self.next += 1;
        self.reserved[article] += pieces;
        let object_id = if event == "order_placed" { String::new() } else { order.entity.to_string() };
        let metadata = format!(
            "{{\"event_type\":\"{event}\",\"object_type\":\"order\",\"object_id\":\"{object_id}\",\"object_increment_id\":\"{}\"}}",
            order.number
        );
        let image = object(|row| {
            row.int("reservation_id", id).int("stock_id", 2).text("sku", &world.articles[article].sku);
            row.hundredths("quantity", pieces * 100, 4).text("metadata", &metadata);
        });
        if event == "order_placed" {
            world.begin(System::Magento);
        }
        world.change(Feed::InventoryReservation, Op::Create, rows::key("reservation_id", id), None, Some(&image));
        self.reservations.entry(order.index).or_default().push(Reservation { id, quantity: pieces, image });
    }

    /// The order's reservations were tidied, or are not of interest any more.
    pub fn forget(&mut self, order: u32) {
        self.reservations.remove(&order);
    }

    /// Every figure as it stands, read again; how many.
    pub fn snapshot_again(&mut self, world: &mut World) -> usize {
        for article in 0..self.figures.len() {
            self.snapshot(world, article, self.figures[article]);
        }
        self.figures.len()
    }

    /// Deletes the reservations of orders whose sum is 0.
    pub fn tidy(&mut self, world: &mut World) {
        let settled: Vec<u32> = self
            .reservations
            .iter()
            .filter(|(_, rows)| rows.iter().map(|row| row.quantity).sum::<i64>() == 0)
            .map(|(order, _)| *order)
            .collect();
        world.begin(System::Magento);
        for row in settled.into_iter().filter_map(|order| self.reservations.remove(&order)).flatten() {
            world.change(Feed::InventoryReservation, Op::Delete, rows::key("reservation_id", row.id), Some(&row.image), None);
        }
    }
}
