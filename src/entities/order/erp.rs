//! What the ERP says of the order: whether it is *recorded* and *approved*, where its lines are to be sent from, what they cost, and how far
//! its own books have got.
//!
//! An open document and the posted ones that name its number are one record. A deleted document is `gone`: it was recorded, and what was
//! approved before stays approved, until posted rows name it or an owner cancels. What is odd about the records is in [`super::record`].

use super::decisions::Decisions;
use super::findings::Findings;
use super::pooling::{self, Losses, Targets};
use super::view::{ErpView, LineView};
use crate::entities::Rows;
use crate::entities::rows::Stored;
use crate::entities::rules::{Role, Rules};
use crate::facts::order::{ErpLine, ErpRecord, ErpState, LineRef, PostedKind, Word};
use crate::facts::{Moment, OrderRow, Quantity, RowKey, SourceId};

/// Shipments and invoices are of the order itself; return receipts and credit notes are not.
fn of_sale(kind: PostedKind) -> bool {
    matches!(kind, PostedKind::Shipment | PostedKind::Invoice)
}

fn word(state: &Word<ErpState>, gone: bool) -> &'static str {
    match state {
        _ if gone => "gone",
        Word::Unknown(_) => "unknown",
        Word::Known(ErpState::Pending) => "pending",
        Word::Known(ErpState::Approved) => "approved",
        Word::Known(ErpState::Closed) => "closed",
        Word::Known(ErpState::Cancelled) => "cancelled",
        Word::Known(ErpState::Posted) => "posted",
    }
}

pub(super) type RecordRow<'a> = (&'a RowKey, &'a Stored<OrderRow>, &'a ErpRecord);

pub(super) fn records<'a>(rows: &'a Rows<OrderRow>, rules: &'a Rules) -> impl Iterator<Item = RecordRow<'a>> {
    rows.of_kind(OrderRow::ERP_RECORD).filter_map(move |(key, stored)| match &stored.row {
        Some(OrderRow::ErpRecord(record)) if rules.plays(key.source, Role::Erp) => Some((key, stored, record)),
        _ => None,
    })
}

/// The record, without the case of no ERP at all (the conditions know that).
pub(super) fn read<'a>(rows: &'a Rows<OrderRow>, rules: &'a Rules, decisions: &Decisions<'_>) -> ErpView<'a> {
    let mut erp = ErpView::default();
    // Open documents before gone ones, live before cancelled ones.
    let mut best = 3;
    for (key, stored, record) in records(rows, rules) {
        let cancelled = is_cancelled(record, stored.deleted, decisions);
        let known = record.state.known().is_some();
        erp.exists |= !cancelled;
        erp.recorded |= known && !cancelled;
        erp.approved |= matches!(record.state, Word::Known(ErpState::Approved | ErpState::Closed | ErpState::Posted)) && !cancelled;
        erp.states.push(if cancelled { "cancelled" } else { word(&record.state, stored.deleted) });
        let rank = if cancelled { 2 } else { u8::from(stored.deleted) };
        if rank < best {
            best = rank;
            erp.document = Some(&record.document);
            erp.source = Some(key.source);
        }
    }
    for (key, stored) in rows.of_kind(OrderRow::ERP_POSTED) {
        let Some(OrderRow::ErpPosted(posted)) = &stored.row else { continue };
        if stored.deleted || !of_sale(posted.kind) || !rules.plays(key.source, Role::Erp) {
            continue;
        }
        erp.exists = true;
        erp.recorded = true;
        erp.approved = true;
        if !erp.states.contains(&"posted") {
            erp.states.push("posted");
        }
        if best >= 2 && !posted.from.is_empty() {
            best = 1;
            erp.document = Some(&posted.from);
            erp.source = Some(key.source);
        }
    }
    erp
}

/// Cancelled by its state, or deleted and cancelled by a person's word.
fn is_cancelled(record: &ErpRecord, deleted: bool, decisions: &Decisions<'_>) -> bool {
    record.state == Word::Known(ErpState::Cancelled) || (deleted && decisions.chose("erp-record-gone", &record.document, "cancelled"))
}

/// Is this document a cancelled one?
fn cancelled(rows: &Rows<OrderRow>, rules: &Rules, decisions: &Decisions<'_>, document: &str) -> bool {
    records(rows, rules).any(|(_, stored, record)| record.document == document && is_cancelled(record, stored.deleted, decisions))
}

/// Lines of records.
pub(super) fn record_lines<'a>(
    rows: &'a Rows<OrderRow>,
    rules: &'a Rules,
) -> impl Iterator<Item = (&'a RowKey, &'a Stored<OrderRow>, &'a ErpLine)> {
    rows.of_kind(OrderRow::ERP_LINE).filter_map(move |(key, stored)| match &stored.row {
        Some(OrderRow::ErpLine(row)) if rules.plays(key.source, Role::Erp) => Some((key, stored, &**row)),
        _ => None,
    })
}

pub(super) fn targets(lines: &[LineView<'_>], row: &ErpLine) -> Targets {
    let named = named(lines, row);
    if named.is_empty() { pooling::targets(lines, &LineRef::Sku(row.sku.clone())) } else { named }
}

/// The line that the row names, if the order has it.
fn named(lines: &[LineView<'_>], row: &ErpLine) -> Targets {
    row.order_line.as_ref().map(|id| pooling::targets(lines, &LineRef::Line(id.clone()))).unwrap_or_default()
}

/// Puts the record's location, cost and shipped totals to the lines. A cancelled record says nothing of them.
pub(super) fn put_to_lines<'a>(
    rows: &'a Rows<OrderRow>,
    rules: &'a Rules,
    decisions: &Decisions<'_>,
    lines: &mut [LineView<'a>],
    findings: &mut Findings,
) {
    let ordered: Vec<Quantity> = lines.iter().map(|line| line.n).collect();
    let mut shipped = vec![Quantity::ZERO; lines.len()];
    // What stands counts before what was deleted.
    let (gone, live): (Vec<_>, Vec<_>) = record_lines(rows, rules).partition(|(_, stored, _)| stored.deleted);
    let in_force = || live.iter().map(|(_, _, row)| *row).filter(|row| !cancelled(rows, rules, decisions, &row.document));
    let by_name: Targets = in_force().flat_map(|row| named(lines, row)).collect();
    // Asked for only where some row names a line.
    let mut by_sku = Targets::new();
    if live.iter().any(|(_, _, row)| row.order_line.is_some()) {
        by_sku.extend(in_force().filter(|row| row.order_line.is_none()).flat_map(|row| targets(lines, row)));
    }
    for (key, stored, row) in gone.into_iter().chain(live) {
        if row.quantity.is_negative() || row.shipped.is_negative() {
            let sentence = format!("line {} of the ERP's record {} tells a negative quantity of {}", key.id, row.document, row.sku);
            findings.contradiction(&key.id, sentence, stored.cause);
            continue;
        }
        if cancelled(rows, rules, decisions, &row.document) {
            continue;
        }
        let to = targets(lines, row);
        // Of a line speaks a row that names it; else one that names only its SKU; else one whose own line the order has not got (yet).
        let is_named = !named(lines, row).is_empty();
        let outdone = |i: &&usize| !is_named && (by_name.contains(i) || row.order_line.is_some() && by_sku.contains(i));
        for &i in to.iter().filter(|i| !outdone(i)) {
            lines[i].location = row.location.as_deref().filter(|code| !code.is_empty()).or(lines[i].location);
            lines[i].unit_cost = row.unit_cost.or(lines[i].unit_cost);
            lines[i].drop_ship |= row.drop_ship;
        }
        pooling::spread(row.shipped, &to, &[&ordered], &mut shipped);
    }
    let mut posted = vec![Quantity::ZERO; lines.len()];
    let mut returned = vec![Quantity::ZERO; lines.len()];
    for (key, stored) in rows.of_kind(OrderRow::ERP_POSTED) {
        let Some(OrderRow::ErpPosted(row)) = &stored.row else { continue };
        let into = match row.kind {
            PostedKind::Shipment => &mut posted,
            PostedKind::ReturnReceipt => &mut returned,
            PostedKind::Invoice | PostedKind::CreditNote => continue,
        };
        if stored.deleted || !rules.plays(key.source, Role::Erp) {
            continue;
        }
        // A correction is negative: it lowers what its SKU's last line has.
        let to = pooling::targets(lines, &LineRef::Sku(row.sku.clone()));
        match to.last() {
            Some(&last) if row.quantity.is_negative() => into[last] += row.quantity,
            _ => drop(pooling::spread(row.quantity, &to, &[&ordered], into)),
        }
    }
    for (i, line) in lines.iter_mut().enumerate() {
        line.erp_shipped = shipped[i].max(posted[i]);
        line.erp_received = returned[i].floor_zero();
        line.ships &= !line.drop_ship;
    }
}

/// What the ERP cancels of each line, and when the newest row says so: the lines of cancelled records, as long as no other record of the order
/// lives (a duplicate that a person deletes cancels nothing); lines closed short.
pub(super) fn lost(
    rows: &Rows<OrderRow>,
    rules: &Rules,
    decisions: &Decisions<'_>,
    erp: &ErpView<'_>,
    lines: &[LineView<'_>],
    by_shop: &[Quantity],
) -> (Vec<Quantity>, Option<Moment>) {
    let (mut losses, mut at) = (Losses::default(), None);
    for (key, stored, row) in record_lines(rows, rules).filter(|(_, _, row)| !row.quantity.is_negative() && !row.shipped.is_negative()) {
        let whole = cancelled(rows, rules, decisions, &row.document);
        if whole && erp.exists {
            continue;
        }
        let short = (row.quantity - row.shipped).floor_zero();
        let gone = if whole || closed_short(rows, key.source, row) { short } else { Quantity::ZERO };
        losses.add(&targets(lines, row), gone, row.quantity - gone);
        if gone.is_positive() {
            at = at.max(Some(stored.at));
        }
    }
    (losses.by_line(lines, by_shop), at)
}

/// Closed, and the shipments seen of the document's SKU come to what its lines say is shipped.
pub(super) fn closed_short(rows: &Rows<OrderRow>, source: SourceId, row: &ErpLine) -> bool {
    if !row.closed {
        return false;
    }
    let told = rows.of(OrderRow::ERP_LINE, source).filter_map(|(_, stored)| match &stored.row {
        Some(OrderRow::ErpLine(other)) if other.document == row.document && other.sku == row.sku => Some(other.shipped),
        _ => None,
    });
    let seen = rows.of(OrderRow::ERP_POSTED, source).filter_map(|(_, stored)| match &stored.row {
        Some(OrderRow::ErpPosted(posted))
            if !stored.deleted && posted.kind == PostedKind::Shipment && posted.from == row.document && posted.sku == row.sku =>
        {
            Some(posted.quantity)
        }
        _ => None,
    });
    told.sum::<Quantity>() == seen.sum()
}

/// Where a line is to be sent from: the ERP record's line, else the order line's, else the only shipping location of the pool.
pub(super) fn locate<'a>(rules: &'a Rules, channel: Option<&str>, lines: &mut [LineView<'a>]) {
    let only = channel.and_then(|name| rules.channel(name)).and_then(|channel| match &channel.pool[..] {
        [one] => Some(one.as_str()),
        pool => {
            let mut shipping = pool.iter().filter(|code| rules.location(code).is_some_and(|location| location.wms.is_some()));
            shipping.next().filter(|_| shipping.next().is_none()).map(|code| code.as_str())
        }
    });
    for line in lines {
        let told = line.location.or(line.goods.location.as_deref()).or(line.line.location.as_deref());
        line.location = told.filter(|code| !code.is_empty()).or(only).map(|code| canonical(rules, code));
    }
}

/// Which lines' SKUs the warehouse at their location does not know, as those SKUs have told.
pub(super) fn stocked(rows: &Rows<OrderRow>, rules: &Rules, lines: &mut [LineView<'_>]) {
    let told = rows.of_kind(OrderRow::NOT_STOCKED).filter(|(_, stored)| !stored.deleted);
    let lacking = told.filter_map(|(_, stored)| match &stored.row {
        Some(OrderRow::NotStocked(row)) => Some(row),
        _ => None,
    });
    for row in lacking {
        for line in lines.iter_mut().filter(|line| *line.sku == row.sku) {
            let there = line.location.and_then(|code| rules.location(code)).and_then(|location| location.wms);
            line.not_stocked |= there == Some(row.warehouse);
        }
    }
}

/// The location's own code, where the configuration knows the name.
pub(super) fn canonical<'a>(rules: &'a Rules, code: &'a str) -> &'a str {
    rules.location(code).map_or(code, |location| &location.code)
}
