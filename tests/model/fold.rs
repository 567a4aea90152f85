//! All facts folded into plain maps: of each row the newest content, and whether it was deleted later; rows under names with the order that
//! the name leads to. The order in which they came plays no part, but for rows that are versioned by nothing else.

use std::collections::BTreeMap;

use waybill::facts::{Alias, Link, Moment, OrderKey, OrderRow, Row, Sku, SkuRow, Subject};

use crate::history::History;
use crate::world::{Order, SEKO, WMS};

/// A row as it stands at the end.
#[derive(Clone, Debug)]
pub struct Kept<R> {
    pub source: usize,
    pub id: String,
    pub row: R,
    /// When its source deleted it, by its own clock: by itself that means nothing.
    pub gone: Option<Moment>,
}

/// Everything, at the end of a history.
#[derive(Debug, Default)]
pub struct Facts {
    pub orders: BTreeMap<OrderKey, Vec<Kept<OrderRow>>>,
    pub skus: BTreeMap<Sku, Vec<Kept<SkuRow>>>,
    /// Rows under names that lead nowhere, and since when the one that has waited longest waits.
    pub orphans: BTreeMap<Alias, Moment>,
}

impl Facts {
    /// The warehouse at this location reports that it does not know the SKU. Without a report it knows it.
    pub fn lacks(&self, location: &str, sku: &Sku) -> bool {
        let warehouse = if location == "NORTH" { WMS } else { SEKO };
        self.skus.get(sku).into_iter().flatten().any(|kept| match &kept.row {
            SkuRow::WarehouseItem(item) => kept.source == warehouse && (!item.known || kept.gone.is_some()),
            _ => false,
        })
    }
}

type Place = (i64, u64);

fn place(order: Order, arrived: usize) -> Place {
    match order {
        Order::Position(at) => (at as i64, 0),
        Order::Stamp(millis, tie) => (millis, tie),
        Order::Arrival => (arrived as i64, 0),
    }
}

#[derive(Default)]
struct Newest {
    /// When the row first came.
    heard: Option<Moment>,
    told: Option<(Place, Row, Moment)>,
    deleted: Option<(Place, Moment)>,
}

/// Folds a history; `arrived`: when each of its entries first came to Waybill.
pub fn fold(history: &History, arrived: &[Option<Moment>]) -> Facts {
    let mut rows: BTreeMap<(Subject, u8, usize, String), Newest> = BTreeMap::new();
    for (number, entry) in history.entries.iter().enumerate() {
        let place = place(entry.record.order, number);
        for told in &entry.record.rows {
            let newest = rows.entry((told.subject.clone(), told.kind, entry.source, told.id.clone())).or_default();
            newest.heard = newest.heard.into_iter().chain(arrived[number]).min();
            match &told.row {
                Some(row) if newest.told.as_ref().is_none_or(|(there, ..)| *there < place) => {
                    newest.told = Some((place, row.clone(), told.at));
                }
                None if newest.deleted.is_none_or(|(there, _)| there < place) => newest.deleted = Some((place, told.at)),
                _ => {}
            }
        }
    }
    let mut links: BTreeMap<Alias, Link> = BTreeMap::new();
    for ((subject, ..), newest) in &rows {
        if let (Subject::Alias(name), Some((_, Row::Link(to), _))) = (subject, &newest.told) {
            links.insert(name.clone(), to.clone());
        }
    }
    let mut facts = Facts::default();
    for ((subject, _, source, id), newest) in rows {
        let Some((told_place, row, at)) = newest.told else { continue };
        let gone = newest.deleted.filter(|(place, _)| *place > told_place).map(|(_, at)| at);
        match (subject, row) {
            (Subject::Order(order), Row::Order(row)) => facts.orders.entry(order).or_default().push(Kept { source, id, row, gone }),
            (Subject::Alias(name), Row::Order(row)) => match follow(&links, &name) {
                Some(order) => facts.orders.entry(order).or_default().push(Kept { source, id, row, gone }),
                None => {
                    // The rows wait where the chain breaks, since their sources last spoke of them or since they came, whichever is later.
                    let at = gone.unwrap_or(at).max(newest.heard.unwrap_or(at));
                    let oldest = facts.orphans.entry(last(&links, &name)).or_insert(at);
                    *oldest = (*oldest).min(at);
                }
            },
            (Subject::Sku(sku), Row::Sku(row)) => facts.skus.entry(sku).or_default().push(Kept { source, id, row, gone }),
            _ => {}
        }
    }
    facts
}

/// Five links at most.
fn follow(links: &BTreeMap<Alias, Link>, name: &Alias) -> Option<OrderKey> {
    let mut name = name.clone();
    for _ in 0..5 {
        match links.get(&name)? {
            Link::Order(order) => return Some(order.clone()),
            Link::Alias(next) => name = next.clone(),
        }
    }
    None
}

fn last(links: &BTreeMap<Alias, Link>, name: &Alias) -> Alias {
    let mut name = name.clone();
    for _ in 0..5 {
        match links.get(&name) {
            Some(Link::Alias(next)) => name = next.clone(),
            _ => break,
        }
    }
    name
}
