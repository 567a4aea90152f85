//! Warehouse orders: state, totals, lines; pieces that a warehouse will not send (*short*); and whether it has *confirmed* the current totals.
//!
//! Of a closed line, short is its quantity less the despatched total on the same row, once the despatch rows of that system for the line add up to
//! this total. If the row has no despatched total, only a cancelled quantity that the warehouse reports is short.

use super::despatch::GoodsOut;
use crate::entities::RowOf;
use crate::entities::order::erp::canonical;
use crate::entities::order::input::{Contradiction, Input};
use crate::entities::order::placed::PlacedLine;
use crate::entities::order::pooling;
use crate::entities::rules::Role;
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
        let named = [Some(row.quantity), row.despatched, row.cancelled].into_iter().flatten();
        if named.into_iter().any(Quantity::is_negative) {
            let sentence = format!("warehouse order {} has a negative quantity of {}", row.order, pooling::name(&row.line));
            contradictions.push(Contradiction::new(&key.id, sentence, stored.cause));
            continue;
        }
        let order = order_of(&mut orders, key.source, &row.order, canonical(rules, &row.location), stored.at);
        let targets = pooling::targets(lines, &row.line);
        let (at, cause) = (stored.at, stored.cause);
        order.lines.push(WarehouseLineView { row, targets: targets.to_vec(), short: Quantity::ZERO, short_unknown: false, at, cause });
    }
    orders.sort_by(|a, b| (a.location, a.number, a.source).cmp(&(b.location, b.number, b.source)));
    set_short(&mut orders, departures);
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

/// Computes the short pieces of each row, as far as they are known.
fn set_short(orders: &mut [WarehouseView<'_>], departures: &[GoodsOut<'_>]) {
    let known: Vec<Vec<bool>> =
        orders.iter().map(|order| order.lines.iter().map(|line| adds_up(orders, order, line, departures)).collect()).collect();
    for (order, known) in orders.iter_mut().zip(known) {
        let cancelled = *order.state == Word::Known(WarehouseState::Cancelled);
        for (line, known) in order.lines.iter_mut().zip(known) {
            let row: &WarehouseLine = line.row;
            let named = row.cancelled.unwrap_or_default();
            let over = cancelled || row.closed;
            let short = match row.despatched {
                Some(left) if over && known => (row.quantity - left).floor_zero(),
                // A cancelled order whose rows have no despatched total is short of all its pieces.
                None if cancelled => row.quantity,
                _ => Quantity::ZERO,
            };
            line.short = named.max(short).min(row.quantity);
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
    let to_send: Quantity = of_line().map(|row| row.row.quantity - row.short).sum();
    let wanted: Quantity = first.targets.iter().filter_map(|target| wanted.get(*target)).copied().sum();
    closed || to_send <= wanted
}
