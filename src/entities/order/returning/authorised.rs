//! A return authorisation.

use crate::entities::order::pooling::Targets;
use crate::facts::order::{GoodsExpected, Resolution, ReturnState, Word};
use crate::facts::{Cause, Moment, Quantity, SourceId};

/// A line of a return authorisation, from the source that counts.
#[derive(Clone, Debug)]
pub struct Authorised<'a> {
    /// The system that has it.
    pub source: SourceId,
    /// The number of the authorisation.
    pub rma: &'a str,
    /// The row's id.
    pub id: &'a str,
    /// It names a SKU, and not a line.
    pub pooled: bool,
    /// Pieces.
    pub quantity: Quantity,
    /// What the customer gets for them.
    pub resolution: Resolution,
    /// Whether the goods have to come back.
    pub goods_expected: GoodsExpected,
    /// The reason, as reported.
    pub reason: &'a str,
    /// Its own state, or that of its document's head.
    pub state: &'a Word<ReturnState>,
    /// When it was approved, if reported.
    pub approved_at: Option<Moment>,
    /// Its row or its document's head was deleted.
    pub deleted: bool,
    /// The time of its row.
    pub at: Moment,
    /// The record of its row.
    pub cause: Cause,
    /// Lines of the order that it may be for.
    pub targets: Targets,
}

impl<'a> Authorised<'a> {
    /// Number and system: two systems may use the same number.
    pub fn document(&self) -> (&'a str, SourceId) {
        (self.rma, self.source)
    }

    /// It was approved; it may be closed, posted or deleted since. What was closed without an approval never was.
    pub(super) fn approved(&self) -> bool {
        match self.state {
            Word::Known(ReturnState::Approved | ReturnState::Posted) => true,
            Word::Known(ReturnState::Closed) => self.approved_at.is_some(),
            _ => false,
        }
    }

    /// The customer gets other goods for it.
    pub fn for_exchange(&self) -> bool {
        self.resolution == Resolution::Exchange
    }

    /// Approved, not deleted or closed since, and its goods, or a proof of them, have to come.
    pub fn awaited(&self) -> bool {
        *self.state == Word::Known(ReturnState::Approved) && !self.deleted && self.counts() && !self.not_expected()
    }

    /// Asked for and not approved yet. If it was deleted before its approval, it is withdrawn.
    pub fn asked(&self) -> bool {
        *self.state == Word::Known(ReturnState::Asked) && !self.deleted
    }

    /// The customer gets the worth of it back: as money, as credit, or as other goods that are paid with it.
    pub fn for_money(&self) -> bool {
        matches!(self.resolution, Resolution::Refund | Resolution::StoreCredit | Resolution::Exchange)
    }

    /// Authorised in the sense of rows.md.
    pub fn counts(&self) -> bool {
        self.approved() && self.resolution != Resolution::Reject && self.quantity.is_positive()
    }

    /// Nothing needs to come for it. A proof that has not come is not nothing: it is awaited as goods are.
    pub fn not_expected(&self) -> bool {
        self.goods_expected == GoodsExpected::No
    }
}
