//! Histories from a seed: a few orders that live as orders do, and now and then as they should not; the stock they draw on; all as rows.
//!
//! | file | rows of |
//! | --- | --- |
//! | `tell_order.rs` | the shop's side: orders as placed, changed, paid, held, cancelled; POS sales |
//! | `tell_work.rs` | the ERP's records, the warehouses' orders, parcels and scans |
//! | `tell_stock.rs` | counts, movements, holdings, products, prices, offers, kits |

use rust_decimal::Decimal;
use waybill::facts::time::Span;
use waybill::facts::{Alias, Amount, Link, Moment, OrderKey, OrderRow, Quantity, Row, Sku, SkuRow, Subject};

use crate::chance::Chance;
use crate::world::{BEGIN, Entry, Order, Rows, SourceRow};

/// The most rows that a history has.
pub const ROWS_MAX: usize = 120;

/// How a source orders a table's rows.
#[derive(Clone, Copy, PartialEq)]
pub enum By {
    Position,
    Stamp,
    Arrival,
}

/// A history.
#[derive(Clone)]
pub struct History {
    pub seed: u64,
    pub entries: Vec<Entry>,
    /// The tick at which it is looked at.
    pub end: Moment,
    /// Every go-ahead that may have been made is answered by the warehouse: nothing depends on whether it was made.
    pub answered: bool,
}

struct Draft {
    at: Moment,
    source: usize,
    by: By,
    rows: Vec<SourceRow>,
    /// Not dropped from a history that has grown too long.
    stays: bool,
}

/// Collects rows, in any order of time.
pub struct Teller {
    pub chance: Chance,
    drafts: Vec<Draft>,
    /// Goods of this history.
    pub skus: Vec<Sku>,
    pub answered: bool,
}

pub fn cents(n: i64) -> Amount {
    Amount::new(Decimal::new(n, 2)).expect("a small amount")
}

pub fn pieces(n: i64) -> Quantity {
    Quantity::from_int(n)
}

pub fn sku(text: &str) -> Sku {
    Sku::new(text).expect("a SKU")
}

impl Teller {
    pub fn tell(&mut self, source: usize, by: By, at: Moment, rows: Vec<SourceRow>) {
        self.drafts.push(Draft { at, source, by, rows, stays: false });
    }

    /// ... what the history can't do without.
    pub fn tell_for_sure(&mut self, source: usize, by: By, at: Moment, rows: Vec<SourceRow>) {
        self.drafts.push(Draft { at, source, by, rows, stays: true });
    }

    pub fn order_row(key: &OrderKey, id: impl Into<String>, at: Moment, row: OrderRow) -> SourceRow {
        SourceRow { subject: Subject::Order(key.clone()), kind: row.kind(), id: id.into(), at, row: Some(Row::Order(row)) }
    }

    pub fn named_row(name: &Alias, id: impl Into<String>, at: Moment, row: OrderRow) -> SourceRow {
        SourceRow { subject: Subject::Alias(name.clone()), kind: row.kind(), id: id.into(), at, row: Some(Row::Order(row)) }
    }

    pub fn sku_row(sku: &Sku, id: impl Into<String>, at: Moment, row: SkuRow) -> SourceRow {
        SourceRow { subject: Subject::Sku(sku.clone()), kind: row.kind(), id: id.into(), at, row: Some(Row::Sku(row)) }
    }

    pub fn link_row(name: &Alias, to: Link, at: Moment) -> SourceRow {
        SourceRow { subject: Subject::Alias(name.clone()), kind: Link::KIND, id: String::new(), at, row: Some(Row::Link(to)) }
    }

    pub fn deleted(told: &SourceRow, at: Moment) -> SourceRow {
        SourceRow { at, row: None, ..told.clone() }
    }

    /// `at` and up to so many minutes more.
    pub fn later(&mut self, at: Moment, minutes_max: i64) -> Moment {
        at + Span::seconds(self.chance.between(1, minutes_max.max(1) * 60))
    }
}

/// The history of this seed.
pub fn history(seed: u64) -> History {
    let mut chance = Chance::new(seed);
    let answered = chance.percent(70);
    let all = ["TEE", "CAP", "MUG"];
    let skus = all[..chance.between(1, 3) as usize].iter().map(|text| sku(text)).collect();
    let mut teller = Teller { chance, drafts: Vec::new(), skus, answered };
    let orders = teller.chance.between(1, 4);
    for number in 1..=orders {
        crate::tell_order::tell(&mut teller, number);
    }
    crate::tell_stock::tell(&mut teller);
    let Teller { mut chance, mut drafts, .. } = teller;
    leave_out(&mut drafts);
    drafts.sort_by_key(|draft| draft.at);
    let mut rows: usize = drafts.iter().map(|draft| draft.rows.len()).sum();
    while rows > ROWS_MAX {
        let place = chance.below(drafts.len() as u64) as usize;
        if !drafts[place].stays {
            rows -= drafts.remove(place).rows.len();
        }
    }
    let last = drafts.last().map_or(BEGIN, |draft| draft.at);
    let minutes = *chance.pick(&[1, 20, 90, 60 * 26, 60 * 24 * 4, 60 * 24 * 12, 60 * 24 * 25]);
    let entries = drafts.into_iter().enumerate().map(|(place, draft)| entry(place, draft)).collect();
    History { seed, entries, end: last + Span::minutes(minutes), answered }
}

/// `SECOND_WITHOUT="22 23 s8"`: histories without rows of these kinds (`s`: of SKUs) or sources, for a look at the rest.
fn leave_out(drafts: &mut [Draft]) {
    let Ok(kinds) = std::env::var("SECOND_WITHOUT") else { return };
    let kinds: Vec<&str> = kinds.split_whitespace().collect();
    for draft in drafts {
        draft.rows.retain(|told| {
            let kind = if matches!(told.subject, Subject::Sku(_)) { format!("s{}", told.kind) } else { told.kind.to_string() };
            !kinds.contains(&kind.as_str()) && !kinds.contains(&crate::world::SOURCES[draft.source])
        });
    }
}

fn entry(place: usize, draft: Draft) -> Entry {
    let order = match draft.by {
        By::Position => Order::Position(place as u64 + 1),
        By::Stamp => Order::Stamp(draft.at.0, place as u64),
        By::Arrival => Order::Arrival,
    };
    Entry { source: draft.source, record: Rows { order, rows: draft.rows } }
}

/// As people read it.
pub fn say(history: &History) -> String {
    let lines: Vec<String> = history.entries.iter().map(crate::world::say).collect();
    format!("{}\nlooked at on {}", lines.join("\n"), history.end)
}
