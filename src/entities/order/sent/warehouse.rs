//! Warehouse orders: state, totals, lines; pieces that a warehouse will not send (*short*); and whether it has *confirmed* the current totals.
//!
//! Of a closed line, short is its quantity less the despatched total on the same row, once the despatch rows of that system for the line add up to
//! this total. If the row has no despatched total, only a cancelled quantity that the warehouse reports is short.
//!
//! A warehouse that does not repeat what it was asked for was asked for what is ordered of the line at its location, less what left from elsewhere.

use super::despatch::GoodsOut;
use crate::entities::RowOf;
use crate::entities::order::erp::{Erp, canonical};
use crate::entities::order::input::{Contradiction, Input};
use crate::entities::order::placed::PlacedLine;
use crate::entities::order::pooling;
use crate::entities::rules::{Role, Rules};
use crate::facts::order::{WarehouseLine, WarehouseOrder, WarehouseState, WarehouseTotal, Word};
use crate::facts::{Cause, Moment, Quantity, SourceId};

static NEW: Word<WarehouseState> = Word::Known(WarehouseState::New);

/// A warehouse's order.
#[derive(Clone, Debug)]
pub struct WarehouseView<'a> {
    /// The warehouse system.
    pub source: SourceId,
    /// Its number there.
    pub number: &'a str,
    /// The location that sends it.
    pub location: &'a str,
    /// Its state, as reported; `new` until one is.
    pub state: &'a Word<WarehouseState>,
    /// The pieces on it now, if the warehouse reports them as one total.
    pub pieces: Option<Quantity>,
    /// Its lines.
    pub lines: Vec<WarehouseLineView<'a>>,
    /// The time of its newest row.
    pub at: Moment,
}

/// A line of a warehouse order.
#[derive(Clone, Debug)]
pub struct WarehouseLineView<'a> {
    /// The warehouse's row.
    pub row: &'a WarehouseLine,
    /// Indices of the order's lines that it may be for.
    pub targets: Vec<usize>,
    /// What the warehouse was to send in all, as its row says or as it follows.
    pub quantity: Quantity,
    /// Pieces that the warehouse will not send: reported as cancelled, or closed short.
    pub short: Quantity,
    /// The line is closed, and how many pieces are short is not known (yet).
    pub short_unknown: bool,
    /// The time of the row.
    pub at: Moment,
    /// The record of the row.
    pub cause: Cause,
}

/// Reads the warehouse orders: state, total and lines with one number make one order.
pub(super) fn read<'a>(
    input: &Input<'a>,
    lines: &[PlacedLine<'a>],
    erp: &Erp<'a>,
    departures: &[GoodsOut<'a>],
    contradictions: &mut Vec<Contradiction>,
) -> Vec<WarehouseView<'a>> {
    let Input { rows, rules, .. } = input;
    let by_warehouse = |source: SourceId| rules.plays(source, Role::Wms);
    let mut orders: Vec<WarehouseView<'a>> = Vec::new();
    for RowOf { key, stored, row } in rows.live::<WarehouseOrder>().filter(|each| by_warehouse(each.key.source)) {
        order_of(&mut orders, key.source, &key.id, canonical(rules, &row.location), stored.at).state = &row.state;
    }
    for RowOf { key, stored, row } in rows.live::<WarehouseTotal>().filter(|each| by_warehouse(each.key.source)) {
        order_of(&mut orders, key.source, &key.id, canonical(rules, &row.location), stored.at).pieces = Some(row.pieces);
    }
    for RowOf { key, stored, row } in rows.live::<WarehouseLine>().filter(|each| by_warehouse(each.key.source)) {
        let named = [row.quantity, row.despatched, row.cancelled].into_iter().flatten();
        if named.into_iter().any(Quantity::is_negative) {
            let sentence = format!("warehouse order {} has a negative quantity of {}", row.order, pooling::name(&row.line));
            contradictions.push(Contradiction::new(&key.id, sentence, stored.cause));
            continue;
        }
        let order = order_of(&mut orders, key.source, &row.order, canonical(rules, &row.location), stored.at);
        let targets = pooling::targets(lines, &row.line);
        let (quantity, short) = (row.quantity.unwrap_or_default(), Quantity::ZERO);
        let (at, cause) = (stored.at, stored.cause);
        order.lines.push(WarehouseLineView { row, targets: targets.to_vec(), quantity, short, short_unknown: false, at, cause });
    }
    orders.sort_by(|a, b| (a.location, a.number, a.source).cmp(&(b.location, b.number, b.source)));
    set_asked(&mut orders, lines, erp, departures);
    set_short(&mut orders, rules, departures);
    orders
}

fn order_of<'o, 'a>(
    orders: &'o mut Vec<WarehouseView<'a>>,
    source: SourceId,
    number: &'a str,
    location: &'a str,
    at: Moment,
) -> &'o mut WarehouseView<'a> {
    let place = match orders.iter().position(|order| order.source == source && order.number == number) {
        Some(place) => place,
        None => {
            orders.push(WarehouseView { source, number, location, state: &NEW, pieces: None, lines: Vec::new(), at });
            orders.len() - 1
        }
    };
    let order = &mut orders[place];
    if order.location.is_empty() {
        order.location = location;
    }
    order.at = order.at.max(at);
    order
}

/// Finds what a warehouse was asked for that does not repeat it. Of several rows about the same lines the first stands for what has not left.
fn set_asked(orders: &mut [WarehouseView<'_>], lines: &[PlacedLine<'_>], erp: &Erp<'_>, departures: &[GoodsOut<'_>]) {
    for o in 0..orders.len() {
        for l in 0..orders[o].lines.len() {
            if orders[o].lines[l].row.quantity.is_some() {
                continue;
            }
            let (order, line) = (&orders[o], &orders[o].lines[l]);
            let is_beside = |other: &WarehouseView<'_>| other.source == order.source && other.location == order.location;
            let alike = || {
                let all = orders.iter().enumerate().filter(|(_, other)| is_beside(other));
                all.flat_map(|(o, other)| other.lines.iter().enumerate().map(move |(l, row)| ((o, l), row)))
                    .filter(|(_, other)| other.targets == line.targets)
            };
            let here = |i: usize| order.location.is_empty() || erp.lines[i].location.is_none_or(|place| place == order.location);
            let ordered: Quantity = line.targets.iter().filter(|i| here(**i)).map(|i| lines[*i].ordered).sum();
            let elsewhere = departures.iter().filter(|row| row.source != order.source || row.location != order.location);
            let left_elsewhere: Quantity =
                elsewhere.filter(|row| row.targets.iter().any(|target| line.targets.contains(target))).map(|row| row.quantity).sum();
            let told = |row: &WarehouseLineView<'_>| row.row.quantity.or(row.row.despatched).unwrap_or_default();
            let rest = (ordered - left_elsewhere - alike().map(|(_, row)| told(row)).sum()).floor_zero();
            let is_first = alike().find(|(_, row)| row.row.quantity.is_none()).is_some_and(|(at, _)| at == (o, l));
            let quantity = told(line) + if is_first { rest } else { Quantity::ZERO };
            orders[o].lines[l].quantity = quantity;
        }
    }
}

/// Computes the short pieces of each row, as far as they are known.
fn set_short(orders: &mut [WarehouseView<'_>], rules: &Rules, departures: &[GoodsOut<'_>]) {
    let known: Vec<Vec<bool>> =
        orders.iter().map(|order| order.lines.iter().map(|line| adds_up(orders, order, line, departures)).collect()).collect();
    for (order, known) in orders.iter_mut().zip(known) {
        // Where orders are fixed, a cancelled one was replaced, or is to be: what is wanted is still asked for.
        let cancelled = *order.state == Word::Known(WarehouseState::Cancelled) && !rules.has_fixed_orders(order.location);
        for (line, known) in order.lines.iter_mut().zip(known) {
            let row: &WarehouseLine = line.row;
            let named = row.cancelled.unwrap_or_default();
            let over = cancelled || row.closed;
            let short = match row.despatched {
                Some(left) if over && known => (line.quantity - left).floor_zero(),
                // A cancelled order whose rows have no despatched total is short of all its pieces.
                None if cancelled => line.quantity,
                _ => Quantity::ZERO,
            };
            line.short = named.max(short).min(line.quantity);
            line.short_unknown = over && row.cancelled.is_none() && row.despatched.is_none_or(|_| !known) && line.short.is_zero();
        }
    }
}

/// The despatch rows of this system and location for this line add up to the despatched totals on its rows.
fn adds_up(orders: &[WarehouseView<'_>], order: &WarehouseView<'_>, line: &WarehouseLineView<'_>, departures: &[GoodsOut<'_>]) -> bool {
    let mut reported = Quantity::ZERO;
    let beside = orders.iter().filter(|other| other.source == order.source && other.location == order.location);
    for other in beside.flat_map(|other| &other.lines).filter(|other| other.targets == line.targets) {
        let Some(left) = other.row.despatched else { return false };
        reported += left;
    }
    let here = |row: &&GoodsOut<'_>| {
        row.source == order.source
            && (row.location == order.location || order.location.is_empty())
            && row.targets.iter().any(|target| line.targets.contains(target))
    };
    let seen: Quantity = departures.iter().filter(here).map(|row| row.quantity).sum();
    !line.targets.is_empty() && seen == reported
}

/// The warehouse sends nothing more for any order that it has reported at `location`; and it has reported as many as there were releases.
pub(in super::super) fn ended(orders: &[WarehouseView<'_>], location: &str, releases: u32) -> bool {
    let over = |state: &Word<WarehouseState>| {
        matches!(state, Word::Known(WarehouseState::Cancelled | WarehouseState::Closed | WarehouseState::Despatched))
    };
    let there = || orders.iter().filter(|order| order.location == location || order.location.is_empty());
    there().count() >= releases as usize && there().all(|order| over(order.state))
}

/// Has every warehouse order at `location` confirmed that it will send at most the wanted pieces of a line? It has if it is cancelled, closed short,
/// or has a total of at most that. Without any warehouse order there is no confirmation. `wanted`, `asked`: by line.
pub(in super::super) fn confirmed(orders: &[WarehouseView<'_>], location: &str, line: usize, wanted: &[Quantity], asked: &[bool]) -> bool {
    let mut at = orders.iter().filter(|order| order.location == location || order.location.is_empty()).peekable();
    let total: Quantity = wanted.iter().zip(asked).filter(|(_, asked)| **asked).map(|(wanted, _)| *wanted).sum();
    at.peek().is_some()
        && at.all(|order| {
            *order.state == Word::Known(WarehouseState::Cancelled)
                || order.pieces.is_some_and(|pieces| pieces <= total)
                || line_stands(order, line, wanted)
        })
}

/// The rows of this line in the warehouse's order are all closed with known short pieces, or promise at most what is wanted.
fn line_stands(order: &WarehouseView<'_>, line: usize, wanted: &[Quantity]) -> bool {
    let of_line = || order.lines.iter().filter(|row| row.targets.contains(&line));
    let Some(first) = of_line().next() else { return false };
    let closed = of_line().all(|row| row.row.closed && !row.short_unknown);
    let to_send: Quantity = of_line().map(|row| row.quantity - row.short).sum();
    let wanted: Quantity = first.targets.iter().filter_map(|target| wanted.get(*target)).copied().sum();
    closed || to_send <= wanted
}
