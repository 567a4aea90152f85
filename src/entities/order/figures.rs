//! The figures of an order: the results of the stages up to the gates, and each line with its part of every stage.

use std::ops::Deref;

use super::back::{Back, ReturnedLine};
use super::erp::{Erp, LineInErp};
use super::forgotten::Forgetting;
use super::gates::OrderGates;
use super::kept::{Kept, KeptLine};
use super::made::Made;
use super::money::Money;
use super::paid::Paid;
use super::placed::{Placed, PlacedLine};
use super::returning::Returning;
use super::sent::{Sent, SentLine};
use super::times::OrderTimes;
use super::touched::Touched;
use crate::facts::{Amount, OrderKey, Quantity};

/// The results of the stages up to the gates.
#[derive(Clone, Debug)]
pub struct OrderFigures<'a> {
    /// The order's key.
    pub key: &'a OrderKey,
    /// The order as its shop placed it.
    pub placed: Made<Placed<'a>>,
    /// Payments and refunds.
    pub paid: Made<Paid<'a>>,
    /// The order in the ERP.
    pub erp: Made<Erp<'a>>,
    /// Return authorisations and receipts, as reported.
    pub returning: Made<Returning<'a>>,
    /// Despatches, parcels, cancellations.
    pub sent: Made<Sent<'a>>,
    /// Returns, by line and by authorisation.
    pub back: Made<Back<'a>>,
    /// What is owed, due and refunded.
    pub money: Made<Money<'a>>,
    /// The conditions of requests.
    pub gates: Made<OrderGates<'a>>,
    /// Each line with its part of every stage.
    pub lines: Made<Vec<LineView<'a>>>,
    /// What becomes of the person.
    pub forgotten: Made<Forgetting>,
    /// Business times of the newest rows that move money or goods.
    pub times: OrderTimes,
    /// When rows were written.
    pub touched: Touched<'a>,
}

impl OrderFigures<'_> {
    /// The rounding tolerance: one minor unit for each piece that is back or cancelled, of lines of which the customer keeps a part.
    pub fn tolerance(&self) -> Amount {
        let gone = |line: &LineView<'_>| line.back.returned + line.kept.stopped;
        let partly = self.lines.iter().filter(|line| gone(line).is_positive() && line.kept.pieces.is_positive());
        partly.map(|line| self.money.currency.minor_unit().times(gone(line))).sum()
    }
}

/// A sale line with its goods and its part of every stage. The fields of [`PlacedLine`] are reached through [`Deref`].
#[derive(Clone, Debug)]
pub struct LineView<'a> {
    placed: PlacedLine<'a>,
    /// The line in the ERP.
    pub erp: Made<LineInErp<'a>>,
    /// Despatched, cancelled, wanted, delivered.
    pub sent: Made<SentLine<'a>>,
    /// Authorised, received, returned.
    pub back: Made<ReturnedLine>,
    /// Stopped, kept.
    pub kept: Made<KeptLine>,
    /// Cancelled or returned pieces whose refund is paid.
    pub refunded: Quantity,
}

/// The line as ordered.
impl<'a> Deref for LineView<'a> {
    type Target = PlacedLine<'a>;

    fn deref(&self) -> &PlacedLine<'a> {
        &self.placed
    }
}

impl LineView<'_> {
    /// Cancelled and not despatched: ordered - wanted.
    pub fn unwanted(&self) -> Quantity {
        self.ordered - self.sent.wanted
    }

    /// Cancelled, and it is not certain yet that they are not sent: their money waits.
    pub fn unstopped(&self) -> Quantity {
        (self.unwanted() - self.kept.stopped).floor_zero()
    }
}

/// Puts together the parts of each line from all stages.
pub(super) fn lines<'a>(
    placed: &Placed<'a>,
    erp: &Erp<'a>,
    sent: &Sent<'a>,
    back: &Back<'a>,
    kept: &Kept,
    money: &Money<'a>,
) -> Vec<LineView<'a>> {
    let line = |i: usize| LineView {
        placed: placed.lines[i].clone(),
        erp: Made::new(erp.lines[i].clone()),
        sent: Made::new(sent.lines[i].clone()),
        back: Made::new(back.lines[i]),
        kept: Made::new(kept.lines[i]),
        refunded: money.refunded_pieces[i],
    };
    (0..placed.lines.len()).map(line).collect()
}
