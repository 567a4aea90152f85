//! What came back, by line and by authorisation.

use crate::facts::order::{Condition, ReturnState, Word};
use crate::facts::{Moment, Quantity, SourceId};

/// What came back of a line.
#[derive(Clone, Copy, Debug, Default)]
pub struct ReturnedLine {
    /// Authorised to come back, for money.
    pub authorised: Quantity,
    /// Authorised to come back, for whatever reason.
    pub authorised_in_all: Quantity,
    /// Received back, in whatever condition.
    pub received: Quantity,
    /// Received in accepted condition, + not expected.
    pub accepted: Quantity,
    /// Returned and accepted for money: the least of despatched, authorised, accepted.
    pub returned: Quantity,
    /// Returned pieces whose goods are settled as stock, and as damaged or lost.
    pub settled_stock: Quantity,
    pub settled_written_off: Quantity,
    /// Returned pieces that are settled otherwise: none expected, or sent back to the customer.
    pub settled_other: Quantity,
    /// Received and authorised of the line itself: of a whole bundle nothing, its parts have it.
    pub unlogged: Quantity,
}

/// An authorisation, with its receipts.
#[derive(Clone, Debug)]
pub struct ReturnView<'a> {
    pub rma: &'a str,
    pub source: SourceId,
    pub lines: Vec<ReturnLineView<'a>>,
    pub receipts: Vec<ReceiptView<'a>>,
}

impl<'a> ReturnView<'a> {
    /// What tells it from others: two systems may give the same number.
    pub fn document(&self) -> (&'a str, SourceId) {
        (self.rma, self.source)
    }
}

/// A line of an authorisation.
#[derive(Clone, Debug)]
pub struct ReturnLineView<'a> {
    /// Index into the order's lines, once known.
    pub line: Option<usize>,
    pub quantity: Quantity,
    pub state: &'a Word<ReturnState>,
    pub deleted: bool,
    pub for_money: bool,
    pub goods_expected: bool,
    /// Approved (or closed, posted, gone after approval), and not to be rejected.
    pub authorised: bool,
    pub reason: &'a str,
    pub approved_at: Option<Moment>,
}

/// A receipt of goods that came back.
#[derive(Clone, Debug)]
pub struct ReceiptView<'a> {
    pub receipt: &'a str,
    pub source: SourceId,
    /// (index into the order's lines, quantity) after pooling.
    pub lines: Vec<(usize, Quantity)>,
    pub condition: &'a Word<Condition>,
    pub location: &'a str,
    pub bucket: &'a str,
    pub received_at: Moment,
    /// The receipt's row, while its goods, which can be sold again, wait for a count of their location that holds them.
    pub uncounted: Option<&'a str>,
}
