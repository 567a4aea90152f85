//! Rows of an open order that a whole new snapshot of their source did not find (`snapshot-missing`). They stay as they are: that a row is not there
//! says even less than a deletion. A document of the ERP of which something is posted is expected to be gone.

use super::findings::Findings;
use super::view::LineView;
use crate::entities::Rows;
use crate::entities::rows::Stored;
use crate::entities::rules::Rules;
use crate::facts::order::LeftOut;
use crate::facts::{OrderRow, RowKey, SourceId};

/// So many rows are named; the number of all is told beside.
const NAMED_MAX: usize = 3;

/// One finding for each source.
pub(super) fn find(rows: &Rows<OrderRow>, rules: &Rules, lines: &[LineView<'_>], findings: &mut Findings) {
    let over = !lines.is_empty() && lines.iter().all(|line| line.delivered >= line.w);
    let mut missing: Vec<(SourceId, &Stored<OrderRow>, &LeftOut, &Stored<OrderRow>)> = Vec::new();
    for (key, told) in rows.of_kind(OrderRow::LEFT_OUT).filter(|(_, told)| !over && !told.deleted) {
        let Some(OrderRow::LeftOut(left)) = &told.row else { continue };
        let row = rows.get(&RowKey { kind: left.kind, source: key.source, id: left.id.clone() });
        let row = row.filter(|row| !row.deleted && row.version < left.read && !is_posted(rows, key.source, row));
        missing.extend(row.map(|row| (key.source, told, left, row)));
    }
    for of_source in missing.chunk_by(|one, other| one.0 == other.0) {
        let Some((source, told, ..)) = of_source.first() else { continue };
        let named: Vec<String> = of_source.iter().take(NAMED_MAX).map(|(_, _, left, _)| name(left)).collect();
        let more = if of_source.len() > named.len() { format!(" and {} more", of_source.len() - named.len()) } else { String::new() };
        let source = rules.name_of(*source);
        let sentence = format!("a new snapshot of {source} leaves out what it told of the order before: {}{more}", named.join(", "));
        findings.add("snapshot-missing", source, sentence, None, Some(told.cause));
        of_source.iter().for_each(|(.., row)| findings.also(row.cause));
        // The table's other partitions may be read a little later than the one that holds its last row.
        findings.after(told.at + rules.durations.snapshot_missing);
    }
}

/// Something was posted from the ERP's document that the row is of.
fn is_posted(rows: &Rows<OrderRow>, source: SourceId, row: &Stored<OrderRow>) -> bool {
    let document = match &row.row {
        Some(OrderRow::ErpRecord(record)) => &record.document,
        Some(OrderRow::ErpLine(line)) => &line.document,
        Some(OrderRow::ReturnDocument(document)) => &document.rma,
        Some(OrderRow::ReturnLine(line)) => &line.rma,
        _ => return false,
    };
    let posted = rows.of(OrderRow::ERP_POSTED, source).filter(|(_, stored)| !stored.deleted);
    posted.into_iter().any(|(_, stored)| matches!(&stored.row, Some(OrderRow::ErpPosted(posted)) if posted.from == *document))
}

/// The row, as people call it.
fn name(left: &LeftOut) -> String {
    let what = match left.kind {
        OrderRow::HEADER => return "the order itself".into(),
        OrderRow::SHIP_TO => return "the address to ship to".into(),
        OrderRow::BILL_TO => return "the address to bill".into(),
        OrderRow::LINE | OrderRow::ERP_LINE | OrderRow::RETURN_LINE => "line",
        OrderRow::PAYMENT => "payment",
        OrderRow::REFUND => "refund",
        OrderRow::ERP_RECORD | OrderRow::RETURN_DOCUMENT => "document",
        OrderRow::ERP_POSTED => "what was posted as",
        _ => "row",
    };
    format!("{what} {}", left.id)
}
