//! The figures of an order: what the stages have made, and the lines through all of them.

use std::ops::Deref;

use super::back::{Back, ReturnedLine};
use super::erp::{Erp, LineInErp};
use super::gates::OrderGates;
use super::kept::{Kept, KeptLine};
use super::made::Made;
use super::money::Money;
use super::paid::Paid;
use super::placed::{Placed, PlacedLine};
use super::returning::Returning;
use super::sent::{Sent, SentLine};
use super::times::OrderTimes;
use crate::facts::{OrderKey, Quantity};

/// What the stages have made.
#[derive(Clone, Debug)]
pub struct OrderFigures<'a> {
    pub key: &'a OrderKey,
    pub placed: Made<Placed<'a>>,
    pub paid: Made<Paid<'a>>,
    pub erp: Made<Erp<'a>>,
    pub returning: Made<Returning<'a>>,
    pub sent: Made<Sent<'a>>,
    pub back: Made<Back<'a>>,
    pub money: Made<Money<'a>>,
    pub gates: Made<OrderGates<'a>>,
    /// The lines through all stages.
    pub lines: Made<Vec<LineView<'a>>>,
    /// Business times of the newest rows that move money or goods.
    pub times: OrderTimes,
}

/// A sale line with its goods, through all stages: as ordered, in the ERP, sent, back, kept.
#[derive(Clone, Debug)]
pub struct LineView<'a> {
    placed: PlacedLine<'a>,
    pub erp: Made<LineInErp<'a>>,
    pub sent: Made<SentLine<'a>>,
    pub back: Made<ReturnedLine>,
    pub kept: Made<KeptLine>,
    /// Cancelled or returned pieces whose refund is paid.
    pub refunded: Quantity,
}

/// The line as it was ordered.
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
}

/// What the stages have made of each line.
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
