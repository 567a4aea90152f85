//! Rows of an order that no stage reads: when they were written, by their sources' clocks (entries of the books are dated by it), and what another
//! keeper of the books has posted.

use crate::entities::Rows;
use crate::facts::order::{Cancellation, LineRef, Posting};
use crate::facts::{Moment, OrderRow, RowKey, SourceId, Text};

/// The order's rows, asked for times, and for entries of another keeper of the books.
#[derive(Clone, Copy, Debug)]
pub struct Touched<'a>(&'a Rows<OrderRow>);

impl<'a> Touched<'a> {
    /// Of these rows.
    pub(super) fn new(rows: &'a Rows<OrderRow>) -> Self {
        Self(rows)
    }

    /// When the newest row of these kinds was written, whether it counts or not, or is deleted: what takes something back is such a row.
    pub fn newest(&self, kinds: &[u8]) -> Option<Moment> {
        self.0.iter().filter(|(key, _)| kinds.contains(&key.kind)).map(|(_, stored)| stored.at).max()
    }

    /// When the newest row was written that a system or a person told of.
    pub fn newest_told(&self) -> Option<Moment> {
        let told = |key: &RowKey| key.source != SourceId::WAYBILL || key.kind == OrderRow::DECISION;
        self.0.iter().filter(|(key, _)| told(key)).map(|(_, stored)| stored.at).max()
    }

    /// Why pieces were cancelled: the reasons that shop, ERP and warehouses give, with what each is about.
    pub fn cancelled_because(&self) -> impl Iterator<Item = (&'a LineRef, &'a Text)> {
        let of = |row: &'a Cancellation| (row.total.is_positive() && !row.reason.is_empty()).then_some((&row.line, &row.reason));
        self.0.live::<Cancellation>().filter_map(move |each| of(each.row))
    }

    /// What another keeper of the books has posted.
    pub fn postings(&self) -> impl Iterator<Item = &'a Posting> {
        self.0.live::<Posting>().map(|each| each.row)
    }
}
