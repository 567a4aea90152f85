//! Rows of an open order that a complete new snapshot of their source does not contain (`snapshot-missing`). They stay as they are: a missing row
//! proves even less than a deletion. ERP documents from which something was posted are expected to disappear.

use super::evidence::Evidence;
use super::finding::Finding;
use crate::entities::rows::Stored;
use crate::entities::{RowOf, Rows};
use crate::facts::order::{ErpPosted, LeftOut};
use crate::facts::{OrderRow, RowKey, SourceId};

/// At most this many rows are named; of the others only the number is given.
const NAMED_MAX: usize = 3;

/// One finding for each source.
pub(super) fn find(evidence: &Evidence<'_, '_>) -> Vec<Finding> {
    let (rows, lines) = (evidence.rows, &evidence.figures.lines);
    let over = !lines.is_empty() && lines.iter().all(|line| line.sent.delivered >= line.sent.wanted);
    let mut missing: Vec<(RowOf<'_, LeftOut>, &Stored<OrderRow>)> = Vec::new();
    for left_out in rows.live::<LeftOut>().filter(|_| !over) {
        let row = rows.get(&RowKey { kind: left_out.row.kind, source: left_out.key.source, id: left_out.row.id.clone() });
        let row = row.filter(|row| !row.deleted && row.version < left_out.row.read && !is_posted(rows, left_out.key.source, row));
        missing.extend(row.map(|row| (left_out, row)));
    }
    let of_source = |of_source: &[(RowOf<'_, LeftOut>, &Stored<OrderRow>)]| {
        let (first, _) = of_source.first()?;
        let named: Vec<String> = of_source.iter().take(NAMED_MAX).map(|(left_out, _)| name(left_out.row)).collect();
        let more = if of_source.len() > named.len() { format!(" and {} more", of_source.len() - named.len()) } else { String::new() };
        let source = evidence.rules.name_of(first.key.source);
        let sentence =
            format!("a new snapshot of {source} does not contain rows of the order that it sent before: {}{more}", named.join(", "));
        let causes = [first.stored.cause].into_iter().chain(of_source.iter().map(|(_, row)| row.cause));
        let finding = Finding::new("snapshot-missing", source, sentence).caused_by(causes);
        // The table's other partitions may be read a little later than the one that holds its last row.
        Some(finding.after(first.stored.at + evidence.rules.durations.snapshot_missing))
    };
    missing.chunk_by(|(one, _), (other, _)| one.key.source == other.key.source).filter_map(of_source).collect()
}

/// Something was posted from the ERP's document that the row belongs to.
fn is_posted(rows: &Rows<OrderRow>, source: SourceId, row: &Stored<OrderRow>) -> bool {
    let document = match &row.row {
        Some(OrderRow::ErpRecord(record)) => &record.document,
        Some(OrderRow::ErpLine(line)) => &line.document,
        Some(OrderRow::ReturnDocument(document)) => &document.rma,
        Some(OrderRow::ReturnLine(line)) => &line.rma,
        _ => return false,
    };
    rows.live::<ErpPosted>().any(|posted| posted.key.source == source && posted.row.from == *document)
}

/// The row, for people.
fn name(left: &LeftOut) -> String {
    let what = match left.kind {
        OrderRow::HEADER => return "the order itself".into(),
        OrderRow::SHIP_TO => return "the address to ship to".into(),
        OrderRow::BILL_TO => return "the address to bill".into(),
        OrderRow::LINE | OrderRow::ERP_LINE | OrderRow::RETURN_LINE => "line",
        OrderRow::PAYMENT => "payment",
        OrderRow::REFUND => "refund",
        OrderRow::ERP_RECORD | OrderRow::RETURN_DOCUMENT => "document",
        OrderRow::ERP_POSTED => "posted document",
        _ => "row",
    };
    format!("{what} {}", left.id)
}
