//! What counting systems say of an order's lines by rows of their own: set aside (a count of free pieces leaves it out), booked out.
//!
//! | says | by | of a line |
//! | --- | --- | --- |
//! | a warehouse: set aside | the lines of its order | what is allocated and what it has despatched, since the allocation, if that is told; else what is allocated, since the row |
//! | a shop that counts its own goods: set aside | the order itself, placed there | all that is claimed, since it was placed: its figure never held it |
//! | an ERP that counts: booked out | its posted shipments, signed | those of the line's SKU |
//! | a shop that counts: booked out | its own shipped total | of the line |
//!
//! Booked out counts only where another system tells the despatches of the location; which that is, the SKU knows.

use super::pooling;
use super::view::{DespatchPart, OrderView};
use crate::entities::Rows;
use crate::entities::rows::Stored;
use crate::entities::rules::{Role, Rules};
use crate::facts::order::{LineRef, PostedKind};
use crate::facts::sku::{Allocation, DemandDespatch};
use crate::facts::{Moment, OrderRow, Place, Quantity, RowKey, SourceId, Text, Version};

/// What is said of one line.
#[derive(Clone, Debug, Default)]
pub(super) struct LineSaid {
    pub allocated: Vec<Allocation>,
    pub booked: Vec<Allocation>,
}

/// What is said of each line, in the order of the view's lines.
pub(super) struct Said {
    pub lines: Vec<LineSaid>,
}

impl Said {
    pub fn of(view: &OrderView<'_>, rows: &Rows<OrderRow>, rules: &Rules) -> Self {
        let mut said = Self { lines: vec![LineSaid::default(); view.lines.len()] };
        let counts = |source: SourceId| rules.locations.iter().any(|location| location.counted_by == Some(source));
        said.by_warehouse(view, rows, &counts);
        if let Some(shop) = view.shop.filter(|shop| counts(*shop)) {
            said.placed_in(view, shop);
            said.shipped_by(view, rows, shop);
        }
        said.posted(view, rows, &|source| counts(source) && rules.plays(source, Role::Erp));
        said
    }

    fn by_warehouse(&mut self, view: &OrderView<'_>, rows: &Rows<OrderRow>, counts: &impl Fn(SourceId) -> bool) {
        let claims: Vec<Quantity> = view.lines.iter().map(|line| (line.n - line.c).max(line.d).floor_zero()).collect();
        let mut taken = vec![Quantity::ZERO; view.lines.len()];
        for (key, stored) in rows.of_kind(OrderRow::WAREHOUSE_LINE) {
            let Some(OrderRow::WarehouseLine(row)) = &stored.row else { continue };
            if stored.deleted || !counts(key.source) {
                continue;
            }
            let despatched = if row.allocated_at.is_some() { row.despatched.unwrap_or_default() } else { Quantity::ZERO };
            let aside = row.allocated.floor_zero() + despatched.floor_zero();
            let targets = pooling::targets(&view.lines, &row.line);
            for (line, quantity) in pooling::spread(aside, &targets, &[&claims], &mut taken) {
                let at = row.allocated_at.unwrap_or(stored.at);
                self.lines[line].allocated.push(said(key, &row.location, quantity, at, stored));
            }
        }
    }

    fn placed_in(&mut self, view: &OrderView<'_>, shop: SourceId) {
        let Some(header) = view.header else { return };
        for (line, said) in view.lines.iter().zip(&mut self.lines) {
            let quantity = (line.n - line.c).max(line.d).floor_zero();
            said.allocated.push(Allocation { source: shop, location: Text::default(), quantity, at: header.placed_at, version: None });
        }
    }

    fn shipped_by(&mut self, view: &OrderView<'_>, rows: &Rows<OrderRow>, shop: SourceId) {
        for (key, stored) in rows.of(OrderRow::LINE_PROGRESS, shop) {
            let Some(OrderRow::LineProgress(row)) = &stored.row else { continue };
            let line = view.lines.iter().position(|line| line.id == key.id);
            if let Some(line) = line.filter(|_| row.shipped.is_positive()) {
                self.lines[line].booked.push(said(key, "", row.shipped, stored.at, stored));
            }
        }
    }

    fn posted(&mut self, view: &OrderView<'_>, rows: &Rows<OrderRow>, books: &impl Fn(SourceId) -> bool) {
        let mut posted: Vec<_> = rows
            .of_kind(OrderRow::ERP_POSTED)
            .filter_map(|(key, stored)| match &stored.row {
                Some(OrderRow::ErpPosted(row)) if row.kind == PostedKind::Shipment && books(key.source) => Some((key, stored, row)),
                _ => None,
            })
            .collect();
        posted.sort_by_key(|(key, stored, _)| (stored.at, *key));
        let despatched: Vec<Quantity> = view.lines.iter().map(|line| line.d).collect();
        let ordered: Vec<Quantity> = view.lines.iter().map(|line| line.n).collect();
        let mut taken = vec![Quantity::ZERO; view.lines.len()];
        for (key, stored, row) in posted {
            let targets = pooling::targets(&view.lines, &LineRef::Sku(row.sku.clone()));
            if row.quantity.is_negative() {
                // An undone shipment takes back from the line that has most of it.
                if let Some(&line) = targets.iter().max_by_key(|line| taken[**line]) {
                    taken[line] += row.quantity;
                    self.lines[line].booked.push(said(key, "", row.quantity, stored.at, stored));
                }
                continue;
            }
            for (line, quantity) in pooling::spread(row.quantity, &targets, &[&despatched, &ordered], &mut taken) {
                self.lines[line].booked.push(said(key, "", quantity, stored.at, stored));
            }
        }
    }
}

fn said(key: &RowKey, location: &str, quantity: Quantity, at: Moment, stored: &Stored<OrderRow>) -> Allocation {
    Allocation { source: key.source, location: location.into(), quantity, at, version: position(stored) }
}

/// The row's version, where counts of its system can be compared with it.
fn position(stored: &Stored<OrderRow>) -> Option<Version> {
    Some(stored.version).filter(|version| matches!(version.place, Place::Position(_)))
}

/// A despatch of a line, with who tells of it.
pub(super) fn despatched(rows: &Rows<OrderRow>, part: &DespatchPart<'_>) -> DemandDespatch {
    let kinds = [OrderRow::DESPATCH, OrderRow::ERP_POSTED, OrderRow::LINE_PROGRESS];
    let told = kinds.iter().flat_map(|kind| rows.of_kind(*kind)).find(|(key, stored)| key.id == part.row && !stored.deleted);
    DemandDespatch {
        key: part.row.into(),
        location: part.location.into(),
        quantity: part.quantity,
        despatched_at: part.despatched_at,
        source: told.map_or(SourceId::WAYBILL, |(key, _)| key.source),
        version: told.and_then(|(_, stored)| position(stored)),
    }
}
