//! Rows of an order that no stage reads: when they were written, by their sources' clocks (entries of the books are dated by it), and what another
//! keeper of the books has posted.

use crate::entities::Rows;
use crate::facts::order::Posting;
use crate::facts::{Moment, OrderRow};

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

    /// What another keeper of the books has posted.
    pub fn postings(&self) -> impl Iterator<Item = &'a Posting> {
        self.0.live::<Posting>().map(|each| each.row)
    }
}
