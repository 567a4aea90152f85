//! Rows of posted documents: what every kind of them has alike.

use super::bodies::body;
use super::cells::flag;
use super::context::RecordContext;
use super::document::{Document, GoodsLine};
use crate::envelope::DecodeError;
use crate::facts::OrderRow;
use crate::facts::order::{ErpPosted, PostedKind};
use crate::sources::facts_out::FactsOut;

/// In ids of rows: goods that an invoice itself takes from stock.
pub(super) const GOODS: &str = "goods";
/// ... entries of the ledger.
pub(super) const LEDGER: &str = "ledger";

pub(super) fn posted(doc: &Document<'_>, kind: PostedKind, line: &GoodsLine) -> OrderRow {
    OrderRow::ErpPosted(ErpPosted {
        kind,
        document: doc.label(),
        from: doc.made_from.id.clone().unwrap_or_default(),
        sku: line.sku.clone(),
        quantity: line.quantity,
        gross: if kind == PostedKind::CreditNote { line.gross.filter(|gross| !gross.is_zero()) } else { None },
    })
}

/// A posted document's lines; of one that does not count none.
pub(super) fn post(cx: &RecordContext<'_>, doc: &Document<'_>, kind: PostedKind, counts: bool, out: &mut FactsOut<'_>) {
    doc.each_line((cx, out), (&doc.id, OrderRow::ERP_POSTED, doc.at), |line| {
        (counts && line.included && !line.of_kit && line.quantity.is_positive()).then(|| posted(doc, kind, line))
    });
}

/// The document was voided: it stays, and counts for nothing.
pub(super) fn is_voided(doc: &Document<'_>) -> Result<bool, DecodeError> {
    Ok(doc.state == Some('V') || flag(&doc.head.cell(body::VOIDED))?.unwrap_or(false))
}
