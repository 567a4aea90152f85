//! What the counting systems report of an order's lines: pieces allocated (a count of free pieces excludes them), and pieces posted as sent.
//!
//! | a system | reports by | quantity and time |
//! | --- | --- | --- |
//! | a warehouse: allocated | the lines of its order | allocated + despatched, at the time of allocation, if the row has one; else allocated, at the time of the row |
//! | a shop that counts its own goods: allocated | the order itself, placed there | all that is claimed, at the time of placing: the shop's count excludes it from the start |
//! | an ERP that counts: posted | its posted shipments, signed | those of the line's SKU |
//! | a shop that counts: posted | its own shipped total | of the line |
//!
//! Posted pieces count only at locations whose despatches another system reports. The SKU decides that.

use crate::entities::order::figures::OrderFigures;
use crate::entities::order::pooling;
use crate::entities::order::sent::DespatchPart;
use crate::entities::rows::Stored;
use crate::entities::rules::{Role, Rules};
use crate::entities::{RowOf, Rows};
use crate::facts::order::{ErpPosted, LineProgress, LineRef, PostedKind, WarehouseLine};
use crate::facts::sku::{Allocation, DemandDespatch};
use crate::facts::{Moment, OrderRow, Place, Quantity, RowKey, SourceId, Text, Version};

/// Allocated and posted pieces of one line, by counting system.
#[derive(Clone, Debug, Default)]
pub(super) struct LineAllocations {
    /// Allocated.
    pub allocated: Vec<Allocation>,
    /// Posted as sent.
    pub posted: Vec<Allocation>,
}

/// Allocated and posted pieces of each line, in the order of the view's lines.
pub(super) fn of(view: &OrderFigures<'_>, rows: &Rows<OrderRow>, rules: &Rules) -> Vec<LineAllocations> {
    let mut lines = vec![LineAllocations::default(); view.lines.len()];
    let counts = |source: SourceId| rules.locations.iter().any(|location| location.counted_by == Some(source));
    by_warehouse(view, rows, &counts, &mut lines);
    if let Some(shop) = view.placed.shop.filter(|shop| counts(*shop)) {
        placed_in(view, shop, &mut lines);
        shipped_by(view, rows, shop, &mut lines);
    }
    posted(view, rows, &|source| counts(source) && rules.plays(source, Role::Erp), &mut lines);
    lines
}

/// What a line claims: max(ordered - cancelled, despatched).
pub(super) fn claim(line: &crate::entities::order::LineView<'_>) -> Quantity {
    (line.ordered - line.sent.cancelled).max(line.sent.despatched).floor_zero()
}

fn by_warehouse(view: &OrderFigures<'_>, rows: &Rows<OrderRow>, counts: &impl Fn(SourceId) -> bool, lines: &mut [LineAllocations]) {
    let claims: Vec<Quantity> = view.lines.iter().map(claim).collect();
    let mut taken = vec![Quantity::ZERO; view.lines.len()];
    for RowOf { key, stored, row } in rows.live::<WarehouseLine>().filter(|each| counts(each.key.source)) {
        let despatched = if row.allocated_at.is_some() { row.despatched.unwrap_or_default() } else { Quantity::ZERO };
        let allocated = row.allocated.floor_zero() + despatched.floor_zero();
        let targets = pooling::targets(&view.placed.lines, &row.line);
        for (line, quantity) in pooling::spread(allocated, &targets, &[&claims], &mut taken) {
            let at = row.allocated_at.unwrap_or(stored.at);
            lines[line].allocated.push(allocation(key, &row.location, quantity, at, stored));
        }
    }
}

fn placed_in(view: &OrderFigures<'_>, shop: SourceId, lines: &mut [LineAllocations]) {
    let Some(header) = view.placed.header else { return };
    for (line, allocations) in view.lines.iter().zip(lines) {
        let (location, at) = (Text::default(), header.placed_at);
        allocations.allocated.push(Allocation { source: shop, location, quantity: claim(line), at, version: None });
    }
}

fn shipped_by(view: &OrderFigures<'_>, rows: &Rows<OrderRow>, shop: SourceId, lines: &mut [LineAllocations]) {
    for RowOf { key, stored, row } in rows.all::<LineProgress>().filter(|each| each.key.source == shop) {
        let line = view.lines.iter().position(|line| line.id == key.id);
        if let Some(line) = line.filter(|_| row.shipped.is_positive()) {
            let since = RowKey { kind: OrderRow::SHIPPED_SINCE, ..key.clone() };
            let unchanged =
                |since: &&Stored<OrderRow>| matches!(since.row, Some(OrderRow::ShippedSince(since)) if since.shipped == row.shipped);
            let stored = rows.get(&since).filter(unchanged).unwrap_or(stored);
            lines[line].posted.push(allocation(key, "", row.shipped, stored.at, stored));
        }
    }
}

fn posted(view: &OrderFigures<'_>, rows: &Rows<OrderRow>, counts: &impl Fn(SourceId) -> bool, lines: &mut [LineAllocations]) {
    let shipments = rows.all::<ErpPosted>().filter(|each| each.row.kind == PostedKind::Shipment && counts(each.key.source));
    let mut shipments: Vec<RowOf<'_, ErpPosted>> = shipments.collect();
    shipments.sort_by_key(|each| (each.stored.at, each.key));
    let despatched: Vec<Quantity> = view.lines.iter().map(|line| line.sent.despatched).collect();
    let ordered: Vec<Quantity> = view.lines.iter().map(|line| line.ordered).collect();
    let mut taken = vec![Quantity::ZERO; view.lines.len()];
    for RowOf { key, stored, row } in shipments {
        let targets = pooling::targets(&view.placed.lines, &LineRef::Sku(row.sku.clone()));
        if row.quantity.is_negative() {
            // A negative shipment is taken from the line that has most posted pieces.
            if let Some(&line) = targets.iter().max_by_key(|line| taken[**line]) {
                taken[line] += row.quantity;
                lines[line].posted.push(allocation(key, "", row.quantity, stored.at, stored));
            }
            continue;
        }
        for (line, quantity) in pooling::spread(row.quantity, &targets, &[&despatched, &ordered], &mut taken) {
            lines[line].posted.push(allocation(key, "", quantity, stored.at, stored));
        }
    }
}

fn allocation(key: &RowKey, location: &str, quantity: Quantity, at: Moment, stored: &Stored<OrderRow>) -> Allocation {
    Allocation { source: key.source, location: location.into(), quantity, at, version: position(stored) }
}

/// The row's version, where counts of its system can be compared with it.
fn position(stored: &Stored<OrderRow>) -> Option<Version> {
    Some(stored.version).filter(|version| matches!(version.place, Place::Position(_)))
}

/// A despatch of a line, with the source and version of its row.
pub(super) fn despatched(rows: &Rows<OrderRow>, part: &DespatchPart<'_>) -> DemandDespatch {
    // The record that made the shipped total what it is, where there is one: its line may have been saved again.
    let kinds = [OrderRow::DESPATCH, OrderRow::ERP_POSTED, OrderRow::SHIPMENT_LINE, OrderRow::SHIPPED_SINCE, OrderRow::LINE_PROGRESS];
    let row = kinds.iter().flat_map(|kind| rows.of_kind(*kind)).find(|(key, stored)| key.id == part.row && !stored.deleted);
    DemandDespatch {
        key: part.row.into(),
        location: part.location.into(),
        quantity: part.quantity,
        despatched_at: part.despatched_at,
        source: row.map_or(SourceId::WAYBILL, |(key, _)| key.source),
        version: row.and_then(|(_, stored)| position(stored)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entities::order::testing::{ERP, MAIN, SHOP, Story, WMS, pieces, placed_example, released_example, sku};
    use crate::facts::order::{ErpPosted, WarehouseLine};
    use crate::facts::time::Span;

    /// Allocated or posted pieces of the line of this SKU: source, quantity, time.
    fn allocations_of(story: &Story, goods: &str, posted: bool) -> Vec<(SourceId, Quantity, Moment)> {
        let state = story.state();
        let view = story.view(&state);
        let lines = of(&view, &state.rows, &story.rules);
        let line = view.lines.iter().position(|line| *line.sku == sku(goods)).expect("a line");
        let rows = if posted { &lines[line].posted } else { &lines[line].allocated };
        rows.iter().map(|row| (row.source, row.quantity, row.at)).collect()
    }

    fn warehouse_line(story: &mut Story, allocated: i64, allocated_at: Option<Moment>, despatched: Option<i64>) {
        let row = WarehouseLine {
            order: "W1".into(),
            location: MAIN.into(),
            line: LineRef::Sku(sku("TEE")),
            quantity: Some(pieces(3)),
            allocated: pieces(allocated),
            allocated_at,
            despatched: despatched.map(pieces),
            cancelled: None,
            closed: false,
        };
        story.put(WMS, "W1|TEE", OrderRow::WarehouseLine(Box::new(row)));
    }

    #[test]
    fn what_the_warehouse_set_aside_stays_so_when_it_leaves() {
        let mut story = released_example();
        let at = story.now;
        warehouse_line(&mut story, 3, Some(at), Some(0));
        assert_eq!(allocations_of(&story, "TEE", false), [(WMS, pieces(3), at)]);
        warehouse_line(&mut story, 1, Some(at), Some(2));
        assert_eq!(allocations_of(&story, "TEE", false), [(WMS, pieces(3), at)]);
        // Without a time of allocation: the despatched pieces may have been allocated a moment before.
        let now = story.now;
        warehouse_line(&mut story, 1, None, Some(2));
        assert_eq!(allocations_of(&story, "TEE", false), [(WMS, pieces(1), now)]);
    }

    #[test]
    fn a_shop_that_counts_its_own_goods_excludes_what_was_ordered_in_it() {
        let mut story = placed_example();
        assert_eq!(allocations_of(&story, "TEE", false), [], "here the warehouse counts");
        story.rules.locations[0].counted_by = Some(SHOP);
        let placed_at = story.view(&story.state()).placed.header.map(|header| header.placed_at).expect("a header");
        assert_eq!(allocations_of(&story, "TEE", false), [(SHOP, pieces(3), placed_at)]);
        story.cancelled("A", 1);
        assert_eq!(allocations_of(&story, "TEE", false), [(SHOP, pieces(2), placed_at)]);
    }

    #[test]
    fn an_erp_that_counts_has_posted_its_shipments_and_what_undoes_them() {
        let mut story = released_example();
        story.rules.locations[0].counted_by = Some(ERP);
        let at = story.now;
        let posted = |pieces_: i64| {
            let (document, from) = ("S-1".into(), "SO-7".into());
            OrderRow::ErpPosted(ErpPosted {
                kind: PostedKind::Shipment,
                document,
                from,
                sku: sku("TEE"),
                quantity: pieces(pieces_),
                gross: None,
            })
        };
        story.put(ERP, "s|1", posted(2)).wait(Span::minutes(5));
        let undone_at = story.now;
        story.put(ERP, "s|2", posted(-2));
        assert_eq!(allocations_of(&story, "TEE", true), [(ERP, pieces(2), at), (ERP, pieces(-2), undone_at)]);
    }
}
