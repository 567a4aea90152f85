//! Reference model, stock: claim, taken, free, shown, to write, for one SKU and channel (journey.md, "Stock").

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use waybill::facts::order::{LineRef, Needs};
use waybill::facts::sku::{Basis, Count};
use waybill::facts::time::Span;
use waybill::facts::{Moment, OrderRow, Sku, SkuRow};

use crate::fold::{Facts, Kept};
use crate::goods::{Goods, rows};
use crate::order::Order;
use crate::world::{SEKO, WMS};

/// A channel of the configuration, as the model knows it.
pub struct Channel {
    pub name: &'static str,
    pub shop: &'static str,
    pub pool: &'static [&'static str],
    pub price_list: &'static str,
}

pub const CHANNELS: [Channel; 3] = [
    Channel { name: "web", shop: "web", pool: &["NORTH", "SOUTH"], price_list: "RETAIL" },
    Channel { name: "outlet", shop: "web", pool: &["NORTH"], price_list: "OUTLET" },
    Channel { name: "till", shop: "pos", pool: &["SOUTH"], price_list: "RETAIL" },
];

impl Channel {
    fn safety(&self, sku: &Sku) -> Decimal {
        match self.name {
            "web" => Decimal::ONE,
            "outlet" if sku.as_str() == "TEE" => Decimal::TWO,
            _ => Decimal::ZERO,
        }
    }
}

/// The statement that a SKU must have in a channel.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    pub counted: Decimal,
    pub free: Decimal,
    pub shown: Decimal,
    pub to_write: Decimal,
}

fn counted_by(location: &str) -> usize {
    if location == "NORTH" { WMS } else { SEKO }
}

fn sellable(bucket: &str) -> bool {
    matches!(bucket, "MAIN" | "PICK")
}

/// The counts of a location's sellable buckets, by the one system that counts there.
fn counts<'k>(kept: &'k [Kept<SkuRow>], location: &str) -> Vec<&'k Count> {
    kept.iter()
        .filter_map(|kept| match &kept.row {
            SkuRow::Count(count) if kept.source == counted_by(location) => Some(count),
            _ => None,
        })
        .filter(|count| count.location == location && sellable(&count.bucket))
        .collect()
}

/// `None`: never counted, or no stock is kept of it.
pub fn figure(sku: &Sku, channel: &Channel, facts: &Facts, orders: &BTreeMap<String, Order<'_>>) -> Option<Figure> {
    let empty = Vec::new();
    let kept = facts.skus.get(sku).unwrap_or(&empty);
    let untracked = kept.iter().any(|kept| matches!(&kept.row, SkuRow::Product(product) if product.untracked));
    let parts: Vec<(&Sku, Decimal)> = kept
        .iter()
        .filter_map(|kept| match &kept.row {
            SkuRow::KitPart(part) => Some((&part.part, part.pieces.decimal())),
            _ => None,
        })
        .collect();
    if untracked {
        return None;
    }
    let free = if parts.is_empty() {
        free(sku, channel, facts, kept, orders)?
    } else {
        let of_part = |(part, pieces): &(&Sku, Decimal)| {
            let kept = facts.skus.get(*part).unwrap_or(&empty);
            let free = free(part, channel, facts, kept, orders)?;
            Some((free.1 / *pieces).floor())
        };
        let least = parts.iter().map(of_part).collect::<Option<Vec<_>>>()?.into_iter().min()?;
        (Decimal::ZERO, least)
    };
    let (counted, free) = free;
    let shown = (free - channel.safety(sku)).max(Decimal::ZERO);
    let held: Decimal = kept
        .iter()
        .filter_map(|kept| match &kept.row {
            SkuRow::Holding(holding) if holding.shop == channel.shop => Some(holding.quantity.decimal()),
            _ => None,
        })
        .sum();
    Some(Figure { counted, free, shown, to_write: shown + held })
}

/// (counted, free)
fn free(
    sku: &Sku,
    channel: &Channel,
    facts: &Facts,
    kept: &[Kept<SkuRow>],
    orders: &BTreeMap<String, Order<'_>>,
) -> Option<(Decimal, Decimal)> {
    let mut counted = Decimal::ZERO;
    let mut any = false;
    for location in channel.pool {
        // One that is counted only where nothing can be sold has a figure: none.
        any |= kept.iter().any(|kept| match &kept.row {
            SkuRow::Count(count) => count.location == *location && kept.source == counted_by(location),
            _ => false,
        });
        for count in counts(kept, location) {
            counted += count.quantity.decimal();
            // Own movements since the count.
            counted += kept
                .iter()
                .filter_map(|kept| match &kept.row {
                    SkuRow::Movement(movement) if kept.source == counted_by(location) => Some(movement),
                    _ => None,
                })
                .filter(|movement| {
                    movement.location == *location && movement.bucket == count.bucket && movement.moved_at > count.counted_at
                })
                .map(|movement| movement.quantity.decimal())
                .sum::<Decimal>();
        }
    }
    if !any {
        return None;
    }
    let mut burden = Decimal::ZERO;
    for order in orders.values() {
        burden += order_burden(sku, channel, kept, order);
    }
    Some((counted, counted - burden - unresolved(sku, channel, facts, kept)))
}

/// The sum of max(0, claim - taken) over an order's lines of this SKU that burden the pool.
fn order_burden(sku: &Sku, channel: &Channel, kept: &[Kept<SkuRow>], order: &Order<'_>) -> Decimal {
    let Some(header) = order.header.filter(|header| !header.test) else { return Decimal::ZERO };
    let mut burden = Decimal::ZERO;
    for line in order.lines().iter().filter(|line| line.line.sku == *sku && line.line.tracked) {
        if burdens(order, &line.id, &header.channel, channel) {
            let claim = (line.ordered - line.cancelled).max(line.despatched);
            let taken: Decimal = channel
                .pool
                .iter()
                .map(|location| taken(order, &line.id, location, kept).max(taken_away(order, line, location, kept)))
                .sum();
            burden += (claim - taken).max(Decimal::ZERO);
        }
    }
    burden
}

/// A line burdens each pool that holds its location; while it has none, each pool of its channel.
fn burdens(order: &Order<'_>, line: &str, sold_in: &str, channel: &Channel) -> bool {
    match order.locations.get(line) {
        Some(location) => channel.pool.contains(&location.as_str()),
        None => sold_in == channel.name,
    }
}

/// Pieces of this SKU left from a location of the pool for a line that does not burden it, or the other way round: the formula does not say
/// whose figure is low by them.
fn astray(sku: &Sku, channel: &Channel, order: &Order<'_>) -> bool {
    let Some(header) = order.header else { return false };
    order.kept.iter().any(|kept| {
        let OrderRow::Despatch(despatch) = &kept.row else { return false };
        let here = channel.pool.contains(&despatch.location.as_str());
        order.lines().iter().filter(|line| line.line.sku == *sku).any(|line| {
            let means = match &despatch.line {
                LineRef::Line(id) => id.as_str() == line.id,
                LineRef::Sku(named) => named == sku,
            };
            means && burdens(order, &line.id, &header.channel, channel) != here
        })
    })
}

/// What the location's count leaves out of a line: its own despatches up to the count; by basis `free` what it had set aside by then too.
fn taken(order: &Order<'_>, line: &str, location: &str, kept: &[Kept<SkuRow>]) -> Decimal {
    let counts = counts(kept, location);
    let Some(count) = counts.first() else { return Decimal::ZERO };
    let of_line = |which: &LineRef| match which {
        LineRef::Line(id) => id.as_str() == line,
        LineRef::Sku(sku) => order.lines().iter().any(|other| other.id == line && other.line.sku == *sku),
    };
    let sum = |count: &Count| -> Decimal {
        rows(order.kept, |row| match row {
            OrderRow::Despatch(despatch) => Some(&**despatch),
            _ => None,
        })
        .into_iter()
        .filter(|(kept, _)| kept.source == counted_by(location))
        .filter(|(_, despatch)| despatch.location == location && of_line(&despatch.line) && left_before(despatch.despatched_at, count))
        .map(|(_, despatch)| despatch.quantity.decimal())
        .sum()
    };
    let despatched = sum(count);
    if count.basis == Basis::OnHand {
        return despatched;
    }
    let allocated: Decimal = rows(order.kept, |row| match row {
        OrderRow::WarehouseLine(line) => Some(&**line),
        _ => None,
    })
    .into_iter()
    .filter(|(kept, _)| kept.source == counted_by(location))
    .filter(|(_, row)| row.location == location && of_line(&row.line) && row.allocated_at.is_some_and(|at| at <= count.counted_at))
    // Set aside still, and what has left since it was: both are left out.
    .map(|(_, row)| row.allocated.decimal() + row.despatched.map_or(Decimal::ZERO, |told| told.decimal()))
    .sum();
    despatched.max(allocated)
}

/// What was sold at a counter, of which the counting system has no rows: a day later its count leaves it out.
fn taken_away(order: &Order<'_>, line: &Goods, location: &str, kept: &[Kept<SkuRow>]) -> Decimal {
    let here = order.locations.get(&line.id).is_some_and(|known| known == location);
    let (Some(header), Some(count), true) = (order.header, counts(kept, location).first().copied(), here) else { return Decimal::ZERO };
    let booked = header.placed_at + Span::days(1);
    if line.line.needs == Needs::Taken && left_before(booked, count) { line.despatched } else { Decimal::ZERO }
}

/// Warehouses report despatches to the minute: a count is never assumed to hold what it may not hold.
fn left_before(at: Moment, count: &Count) -> bool {
    at.0 < count.counted_at.0 - count.counted_at.0.rem_euclid(60_000)
}

/// Despatches that no order is known for, and that no count leaves out yet: the figure is low by them.
fn unresolved(sku: &Sku, channel: &Channel, facts: &Facts, kept: &[Kept<SkuRow>]) -> Decimal {
    let mut sum = Decimal::ZERO;
    for row in kept {
        let SkuRow::Despatched(left) = &row.row else { continue };
        if !channel.pool.contains(&left.location.as_str()) {
            continue;
        }
        let known = facts.orders.values().any(|order| {
            let line_is_there = |which: &LineRef| {
                crate::goods::lines(order).iter().any(|(id, line)| match which {
                    LineRef::Line(named) => named == id.as_str() && line.sku == *sku,
                    LineRef::Sku(named) => named == sku && line.sku == *sku,
                })
            };
            // Test orders are counted nowhere; what left for one left all the same.
            let placed = order.iter().any(|kept| matches!(&kept.row, OrderRow::Header(header) if !header.test));
            placed && order.iter().any(|kept| {
                matches!(&kept.row, OrderRow::Despatch(despatch) if kept.id == row.id && kept.source == row.source && line_is_there(&despatch.line))
            })
        });
        let counted = counts(kept, &left.location).first().copied();
        // "Which no count leaves out yet": where nothing is counted no count does.
        if !known && counted.is_none_or(|count| !left_before(left.despatched_at, count)) {
            sum += left.quantity.decimal();
        }
    }
    sum
}

/// The rows leave open what this figure is: which line a row means, or which pool a piece burdens.
pub fn is_open(sku: &Sku, channel: &Channel, orders: &BTreeMap<String, Order<'_>>) -> bool {
    let pooled = |order: &Order<'_>| order.goods.pooled && order.lines().iter().any(|line| line.line.sku == *sku);
    orders.values().any(|order| pooled(order) || astray(sku, channel, order))
}
