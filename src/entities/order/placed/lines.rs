//! Sale lines with their goods, from the shop's rows.
//!
//! The row with the price is the sale, the leaf rows are the goods ([`super::bundles`]): there is one [`PlacedLine`] for each SKU to send. A
//! deleted line row keeps its content, since a deletion alone cancels nothing. But a line that a newer complete body of the order does not list any
//! more was removed by the shop.

use super::bundles::{self, Leaf};
use super::header::HeaderRow;
use super::line::PlacedLine;
use crate::entities::Rows;
use crate::entities::order::input::Contradiction;
use crate::facts::order::{Line, LineRole};
use crate::facts::{Moment, OrderRow, Quantity, SourceId};

/// The lines, and how many of the shop's rows they came from.
pub(super) struct ReadLines<'a> {
    pub lines: Vec<PlacedLine<'a>>,
    pub counts: LineCounts,
}

/// Counts that show whether all lines are there.
pub(super) struct LineCounts {
    /// Leaf lines whose sale line is not there yet.
    pub orphan_leaves: usize,
    /// Parts that a sale announces and that are not there yet.
    pub missing_parts: usize,
    /// Sale lines, and the pieces ordered of them, before bundles are taken apart.
    pub sales: usize,
    pub sale_pieces: Quantity,
    /// The time of the newest header or line row: a source's quiet time runs from here.
    pub newest: Option<Moment>,
}

pub(super) fn read<'a>(rows: &'a Rows<OrderRow>, top: &HeaderRow<'a>, contradictions: &mut Vec<Contradiction>) -> ReadLines<'a> {
    let mut sales: Vec<PlacedLine<'a>> = Vec::new();
    let mut leaves: Vec<Leaf<'a>> = Vec::new();
    let mut newest = top.at;
    let shop = top.shop.unwrap_or(SourceId::WAYBILL);
    let whole = top.header.is_some_and(|header| header.whole);
    for each in rows.all::<Line>().filter(|each| each.key.source == shop) {
        let (id, stored, line) = (&each.key.id, each.stored, each.row);
        newest = newest.max(Some(stored.at));
        if line.ordered.is_negative() || line.per_parent.is_negative() {
            let sentence = format!("line {id} has a negative quantity ({})", line.ordered);
            contradictions.push(Contradiction::new(id, sentence, stored.cause));
        }
        if line.gross.is_negative() {
            let sentence = format!("line {id} costs less than nothing ({})", line.gross);
            contradictions.push(Contradiction::new(&format!("price {id}"), sentence, stored.cause));
        } else if line.tax.is_negative() || line.tax > line.gross {
            let sentence = format!("line {id} costs {}, and {} of that are tax", line.gross, line.tax);
            contradictions.push(Contradiction::new(&format!("tax {id}"), sentence, stored.cause));
        }
        let removed = whole && !stored.deleted && top.version.is_some_and(|body| stored.version < body);
        match line.role {
            LineRole::Text => {}
            LineRole::Leaf => leaves.push(Leaf { id, line, deleted: stored.deleted, removed, cause: stored.cause }),
            LineRole::Sale | LineRole::Both => sales.push(PlacedLine::new(id, line, stored.deleted, removed, top.currency)),
        }
    }
    sales.sort_by(|a, b| (a.line.position, a.id).cmp(&(b.line.position, b.id)));
    leaves.sort_by(|a, b| (a.line.position, a.id).cmp(&(b.line.position, b.id)));
    contradictions.extend(nested(&leaves));
    let (count, sale_pieces) = (sales.len(), sales.iter().map(|sale| sale.ordered).sum());
    let (mut lines, mut missing_parts) = (Vec::with_capacity(count), 0);
    for sale in sales {
        let (own, others): (Vec<Leaf<'a>>, Vec<Leaf<'a>>) =
            leaves.into_iter().partition(|leaf| leaf.line.parent.as_deref() == Some(sale.id));
        leaves = others;
        missing_parts += sale.line.parts.map_or(0, |parts| (parts as usize).saturating_sub(own.len()));
        lines.extend(bundles::expand(sale, &own));
    }
    ReadLines { lines, counts: LineCounts { orphan_leaves: leaves.len(), missing_parts, sales: count, sale_pieces, newest } }
}

/// Leaf rows that name another leaf as their sale: one of the two rows is wrong.
fn nested<'v>(leaves: &'v [Leaf<'_>]) -> impl Iterator<Item = Contradiction> + 'v {
    leaves.iter().filter_map(|leaf| {
        let parent = leaves.iter().find(|parent| leaf.line.parent.as_deref() == Some(parent.id))?;
        let above = parent.line.parent.as_deref().unwrap_or("no line");
        let sentence = format!("line {} names line {} as its sale, which itself is a part of {above}", leaf.id, parent.id);
        let mut contradiction = Contradiction::new(&format!("parents {}", leaf.id), sentence, leaf.cause);
        contradiction.causes.extend((parent.cause != leaf.cause).then_some(parent.cause));
        Some(contradiction)
    })
}
