//! Returns, by line and by authorisation.

use crate::facts::order::{Condition, CrossReference, ReturnState, Word};
use crate::facts::{Moment, Quantity, SourceId};

/// Returned pieces of a line.
#[derive(Clone, Copy, Debug, Default)]
pub struct ReturnedLine {
    /// Authorised to come back, for money.
    pub authorised: Quantity,
    /// Authorised to come back, for money or not.
    pub authorised_in_all: Quantity,
    /// Received back, in any condition.
    pub received: Quantity,
    /// The part of `received` that never left, and that no number announced: the warehouse has put it back (cancelled on its bench, never handed over).
    pub put_back: Quantity,
    /// Received in accepted condition, plus authorised without goods being expected.
    pub accepted: Quantity,
    /// Returned and accepted for money: the least of despatched, authorised, accepted.
    pub returned: Quantity,
    /// Returned pieces for which the customer gets credit at the shop.
    pub for_store_credit: Quantity,
    /// Returned pieces for which he gets other goods.
    pub for_exchange: Quantity,
    /// Returned pieces that a counter has taken back: it pays for them itself.
    pub at_counter: Quantity,
    /// Returned pieces that are settled as stock.
    pub settled_stock: Quantity,
    /// Returned pieces that are written off as damaged or lost.
    pub settled_written_off: Quantity,
    /// Returned pieces that are settled otherwise: none expected, or sent back to the customer.
    pub settled_other: Quantity,
    /// Received without an authorisation; always 0 for a bundle, whose parts have their own.
    pub unlogged: Quantity,
}

/// A return authorisation with its receipts.
#[derive(Clone, Debug)]
pub struct ReturnView<'a> {
    /// Its number.
    pub rma: &'a str,
    /// The system that has it.
    pub source: SourceId,
    /// As people, and that system's interface, ask for it; `None` where it has one name alone.
    pub reference: Option<&'a CrossReference>,
    /// Its lines.
    pub lines: Vec<ReturnLineView<'a>>,
    /// Receipts that belong to it.
    pub receipts: Vec<ReceiptView<'a>>,
}

impl<'a> ReturnView<'a> {
    /// Number and system: two systems may use the same number.
    pub fn document(&self) -> (&'a str, SourceId) {
        (self.rma, self.source)
    }
}

/// A line of an authorisation.
#[derive(Clone, Debug)]
pub struct ReturnLineView<'a> {
    /// The id that its system gives to the line.
    pub id: &'a str,
    /// Index into the order's lines, once known.
    pub line: Option<usize>,
    /// Pieces.
    pub quantity: Quantity,
    /// Its own state, or that of its document.
    pub state: &'a Word<ReturnState>,
    /// Its row or document was deleted.
    pub deleted: bool,
    /// The customer gets money for it.
    pub for_money: bool,
    /// The goods have to come back.
    pub goods_expected: bool,
    /// It was approved (perhaps closed, posted or deleted since), and its resolution is not to reject.
    pub authorised: bool,
    /// The reason, as reported.
    pub reason: &'a str,
    /// When it was approved, if reported.
    pub approved_at: Option<Moment>,
}

/// A receipt of goods that came back.
#[derive(Clone, Debug)]
pub struct ReceiptView<'a> {
    /// Its number.
    pub receipt: &'a str,
    /// The system that reported it.
    pub source: SourceId,
    /// (index into the order's lines, quantity) after pooling.
    pub lines: Vec<(usize, Quantity)>,
    /// The condition of the goods, as reported.
    pub condition: &'a Word<Condition>,
    /// Where they were received.
    pub location: &'a str,
    /// The bucket that they were put in.
    pub bucket: &'a str,
    /// When they were received.
    pub received_at: Moment,
    /// The id of the receipt's row, while its goods can be sold again and no count of their location contains them yet.
    pub uncounted: Option<&'a str>,
}
