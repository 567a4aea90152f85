//! The ERP's documents: which of them is the order's record, and which pieces they cancel.

use crate::entities::order::decisions::Decisions;
use crate::entities::order::placed::PlacedLine;
use crate::entities::order::pooling::{self, Shortfalls, Targets};
use crate::entities::rules::{Role, Rules};
use crate::entities::{RowOf, Rows};
use crate::facts::order::{ErpLine, ErpPosted, ErpRecord, ErpState, LineRef, PostedKind, Word};
use crate::facts::{Moment, OrderRow, Quantity, SourceId};

/// Shipments and invoices belong to the sale; return receipts and credit notes do not.
fn of_sale(kind: PostedKind) -> bool {
    matches!(kind, PostedKind::Shipment | PostedKind::Invoice)
}

fn word(state: &Word<ErpState>, deleted: bool) -> &'static str {
    match state {
        _ if deleted => "gone",
        Word::Unknown(_) => "unknown",
        Word::Known(ErpState::Pending) => "pending",
        Word::Known(ErpState::Approved) => "approved",
        Word::Known(ErpState::Closed) => "closed",
        Word::Known(ErpState::Cancelled) => "cancelled",
        Word::Known(ErpState::Posted) => "posted",
    }
}

/// The heads of records, deleted ones too.
pub(in super::super) fn records<'a>(rows: &'a Rows<OrderRow>, rules: &'a Rules) -> impl Iterator<Item = RowOf<'a, ErpRecord>> {
    rows.all::<ErpRecord>().filter(|each| rules.plays(each.key.source, Role::Erp))
}

/// Lines of records, deleted ones too.
pub(in super::super) fn record_lines<'a>(rows: &'a Rows<OrderRow>, rules: &'a Rules) -> impl Iterator<Item = RowOf<'a, ErpLine>> {
    rows.all::<ErpLine>().filter(|each| rules.plays(each.key.source, Role::Erp))
}

/// All records of the order, summed up.
#[derive(Default)]
pub(super) struct Summary<'a> {
    pub document: Option<&'a str>,
    pub recorded: bool,
    pub approved: bool,
    pub exists: bool,
    pub states: Vec<&'static str>,
    pub source: Option<SourceId>,
}

pub(super) fn summary<'a>(rows: &'a Rows<OrderRow>, rules: &'a Rules, decisions: &Decisions<'_>) -> Summary<'a> {
    let mut erp = Summary::default();
    // Open documents before gone ones, live before cancelled ones.
    let mut best = 3;
    for RowOf { key, stored, row: record } in records(rows, rules) {
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
    for RowOf { key, row: posted, .. } in rows.live::<ErpPosted>() {
        if !of_sale(posted.kind) || !rules.plays(key.source, Role::Erp) {
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

/// Cancelled by its state, or deleted and cancelled by a person's decision.
fn is_cancelled(record: &ErpRecord, deleted: bool, decisions: &Decisions<'_>) -> bool {
    record.state == Word::Known(ErpState::Cancelled) || (deleted && decisions.chose("erp-record-gone", &record.document, "cancelled"))
}

/// Is this document a cancelled one?
pub(super) fn cancelled(rows: &Rows<OrderRow>, rules: &Rules, decisions: &Decisions<'_>, document: &str) -> bool {
    records(rows, rules).any(|each| each.row.document == document && is_cancelled(each.row, each.stored.deleted, decisions))
}

/// The lines of the order that the record's line is about.
pub(in super::super) fn targets(lines: &[PlacedLine<'_>], row: &ErpLine) -> Targets {
    let named = named(lines, row);
    if named.is_empty() { pooling::targets(lines, &LineRef::Sku(row.sku.clone())) } else { named }
}

/// The line that the row names, if the order has it.
pub(super) fn named(lines: &[PlacedLine<'_>], row: &ErpLine) -> Targets {
    row.order_line.as_ref().map(|id| pooling::targets(lines, &LineRef::Line(id.clone()))).unwrap_or_default()
}

/// Pieces of each line that the ERP cancels, and the time of the newest row that cancels some. Lines closed short are cancelled; so are the lines of
/// cancelled records, unless another record exists (deleting a duplicate cancels nothing). `exists`: there is a record that is not cancelled.
pub(in super::super) fn cancelled_lines(
    rows: &Rows<OrderRow>,
    rules: &Rules,
    decisions: &Decisions<'_>,
    exists: bool,
    lines: &[PlacedLine<'_>],
    by_shop: &[Quantity],
) -> (Vec<Quantity>, Option<Moment>) {
    let (mut shortfalls, mut at) = (Shortfalls::default(), None);
    for RowOf { key, stored, row } in record_lines(rows, rules) {
        if row.quantity.is_negative() || row.shipped.is_negative() {
            continue;
        }
        let whole = cancelled(rows, rules, decisions, &row.document);
        if whole && exists {
            continue;
        }
        let short = (row.quantity - row.shipped).floor_zero();
        let cancelled_pieces = if whole || closed_short(rows, key.source, row) { short } else { Quantity::ZERO };
        shortfalls.add(&targets(lines, row), cancelled_pieces, row.quantity - cancelled_pieces);
        if cancelled_pieces.is_positive() {
            at = at.max(Some(stored.at));
        }
    }
    (shortfalls.by_line(lines, by_shop), at)
}

/// The line is closed, and the posted shipments of its document and SKU add up to the shipped total on the lines. Until then, how much is short is not
/// known.
pub(in super::super) fn closed_short(rows: &Rows<OrderRow>, source: SourceId, row: &ErpLine) -> bool {
    if !row.closed {
        return false;
    }
    let of_source = rows.all::<ErpLine>().filter(|other| other.key.source == source);
    let shown = of_source.filter(|other| other.row.document == row.document && other.row.sku == row.sku).map(|other| other.row.shipped);
    let posted = rows.live::<ErpPosted>().filter(|posted| posted.key.source == source).map(|posted| posted.row);
    let of_document = posted.filter(|posted| posted.kind == PostedKind::Shipment && posted.from == row.document && posted.sku == row.sku);
    shown.sum::<Quantity>() == of_document.map(|posted| posted.quantity).sum()
}
