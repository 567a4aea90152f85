//! What the ERP says of the order: whether it is *recorded* and *approved*, where its lines are to be sent from, what they cost, and how far
//! its own books have got.
//!
//! An open document and the posted ones that name its number are one record. A deleted document is `gone`: it was recorded, and what was
//! approved before stays approved.

use super::pooling::{self, Targets};
use super::view::{ErpView, LineView};
use crate::entities::Rows;
use crate::entities::rows::Stored;
use crate::entities::rules::{Role, Rules};
use crate::facts::order::{ErpLine, ErpRecord, ErpState, LineRef, PostedKind, Word};
use crate::facts::{OrderRow, Quantity, RowKey};

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

type RecordRow<'a> = (&'a RowKey, &'a Stored<OrderRow>, &'a ErpRecord);

fn records<'a>(rows: &'a Rows<OrderRow>, rules: &'a Rules) -> impl Iterator<Item = RecordRow<'a>> {
    rows.of_kind(OrderRow::ERP_RECORD).filter_map(move |(key, stored)| match &stored.row {
        Some(OrderRow::ErpRecord(record)) if rules.plays(key.source, Role::Erp) => Some((key, stored, record)),
        _ => None,
    })
}

/// The record, without the case of no ERP at all (the conditions know that).
pub(super) fn read<'a>(rows: &'a Rows<OrderRow>, rules: &'a Rules) -> ErpView<'a> {
    let mut erp = ErpView::default();
    // Open documents before gone ones, live before cancelled ones.
    let mut best = 3;
    for (key, stored, record) in records(rows, rules) {
        let cancelled = record.state == Word::Known(ErpState::Cancelled);
        let known = record.state.known().is_some();
        erp.exists |= !cancelled;
        erp.recorded |= known && !cancelled;
        erp.approved |= matches!(record.state, Word::Known(ErpState::Approved | ErpState::Closed | ErpState::Posted));
        erp.states.push(word(&record.state, stored.deleted));
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

/// Is this document a cancelled one?
fn cancelled(rows: &Rows<OrderRow>, rules: &Rules, document: &str) -> bool {
    records(rows, rules).any(|(_, _, record)| record.document == document && record.state == Word::Known(ErpState::Cancelled))
}

fn targets(lines: &[LineView<'_>], row: &ErpLine) -> Targets {
    if let Some(id) = &row.order_line {
        let named = pooling::targets(lines, &LineRef::Line(id.clone()));
        if !named.is_empty() {
            return named;
        }
    }
    pooling::targets(lines, &LineRef::Sku(row.sku.clone()))
}

/// Puts the record's location, cost and shipped totals to the lines; returns what the ERP cancelled, by line.
///
/// A cancelled record cancels its lines only when no other record of the order lives: a duplicate that a person deletes cancels nothing.
pub(super) fn put_to_lines<'a>(rows: &'a Rows<OrderRow>, rules: &'a Rules, erp: &ErpView<'a>, lines: &mut [LineView<'a>]) -> Vec<Quantity> {
    let ordered: Vec<Quantity> = lines.iter().map(|line| line.n).collect();
    let mut shipped = vec![Quantity::ZERO; lines.len()];
    let mut lost = vec![Quantity::ZERO; lines.len()];
    for (key, stored) in rows.of_kind(OrderRow::ERP_LINE) {
        let Some(OrderRow::ErpLine(row)) = &stored.row else { continue };
        if !rules.plays(key.source, Role::Erp) {
            continue;
        }
        let to = targets(lines, row);
        if cancelled(rows, rules, &row.document) {
            if !erp.exists {
                pooling::spread(row.quantity - row.shipped, &to, &[&ordered], &mut lost);
            }
            continue;
        }
        for &i in &to {
            lines[i].location = row.location.as_deref().filter(|code| !code.is_empty()).or(lines[i].location);
            lines[i].unit_cost = row.unit_cost.or(lines[i].unit_cost);
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
    }
    lost
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

/// The location's own code, where the configuration knows the name.
pub(super) fn canonical<'a>(rules: &'a Rules, code: &'a str) -> &'a str {
    rules.location(code).map_or(code, |location| &location.code)
}
