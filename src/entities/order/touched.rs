//! When the rows of an order were written, by their sources' clocks: entries of the books are dated by it.

use crate::entities::Rows;
use crate::facts::{Moment, OrderRow};

/// The order's rows, asked for times alone.
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
}
