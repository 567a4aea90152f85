//! What systems call their documents beside the names that their other rows have for them.

use crate::entities::Rows;
use crate::facts::order::{CrossReference, DocumentKind};
use crate::facts::{OrderRow, SourceId};

/// The names of the record that rows call `document`.
pub(super) fn of_order<'a>(rows: &'a Rows<OrderRow>, source: SourceId, document: &str) -> Option<&'a CrossReference> {
    named(rows, source, DocumentKind::Order, document)
}

/// The names of the return authorisation that rows call `rma`.
pub(in super::super) fn of_return<'a>(rows: &'a Rows<OrderRow>, source: SourceId, rma: &str) -> Option<&'a CrossReference> {
    named(rows, source, DocumentKind::Return, rma)
}

fn named<'a>(rows: &'a Rows<OrderRow>, source: SourceId, of: DocumentKind, name: &str) -> Option<&'a CrossReference> {
    let of_source = rows.all::<CrossReference>().filter(|each| each.key.source == source).map(|each| each.row);
    of_source.filter(|row| row.of == of).find(|row| row.id == name || row.number == name)
}
