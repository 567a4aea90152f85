//! Stage *returning*: return authorisations and receipts as reported, before they are assigned to lines.

mod receipts;

pub use receipts::Received;

use super::decisions::Decisions;
use super::erp::Erp;
use super::input::{Contradiction, Input};
use super::placed::Placed;
use super::pooling::{self, Targets};
use crate::entities::rules::{Authority, Role};
use crate::entities::{RowOf, Rows};
use crate::facts::order::{GoodsExpected, LineRef, Resolution, ReturnDocument, ReturnLine, ReturnState, Word};
use crate::facts::{Cause, Moment, OrderRow, Quantity, SourceId};

/// All authorisations and receipts that count.
#[derive(Clone, Debug)]
pub struct Returning<'a> {
    /// Rows that name a line before those that name only a SKU.
    pub authorised: Vec<Authorised<'a>>,
    /// Rows that name a line before those that name only a SKU, then by time of receipt.
    pub received: Vec<Received<'a>>,
    /// Rows that contradict each other.
    pub contradictions: Vec<Contradiction>,
}

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
    pub(super) targets: Targets,
}

impl<'a> Authorised<'a> {
    /// Number and system: two systems may use the same number.
    pub fn document(&self) -> (&'a str, SourceId) {
        (self.rma, self.source)
    }

    /// It was approved; it may be closed, posted or deleted since.
    fn approved(&self) -> bool {
        matches!(self.state, Word::Known(ReturnState::Approved | ReturnState::Closed | ReturnState::Posted))
    }

    /// Approved, not deleted or closed since, and its goods have to come back.
    pub fn awaited(&self) -> bool {
        *self.state == Word::Known(ReturnState::Approved) && !self.deleted && self.counts() && !self.not_expected()
    }

    /// Asked for and not approved yet. If it was deleted before its approval, it is withdrawn.
    pub fn asked(&self) -> bool {
        *self.state == Word::Known(ReturnState::Asked) && !self.deleted
    }

    /// The customer gets money for it.
    pub fn for_money(&self) -> bool {
        matches!(self.resolution, Resolution::Refund | Resolution::StoreCredit)
    }

    /// Authorised in the sense of rows.md.
    pub fn counts(&self) -> bool {
        self.approved() && self.resolution != Resolution::Reject && self.quantity.is_positive()
    }

    /// No goods need to come for it.
    pub fn not_expected(&self) -> bool {
        self.goods_expected != GoodsExpected::Yes
    }
}

impl Returning<'_> {
    /// Pieces of a group of lines: authorised for money; accepted, or authorised for money without goods being expected.
    pub(super) fn sums(&self, group: &[usize]) -> (Quantity, Quantity) {
        let of_group = |targets: &Targets| targets.first().is_some_and(|line| group.contains(line));
        let for_money = self.authorised.iter().filter(|row| row.counts() && row.for_money() && of_group(&row.targets));
        let (mut authorised, mut arrived) = (Quantity::ZERO, Quantity::ZERO);
        for row in for_money {
            authorised += row.quantity;
            if row.not_expected() {
                arrived += row.quantity;
            }
        }
        arrived += self.received.iter().filter(|row| row.accepted() && of_group(&row.targets)).map(|row| row.quantity).sum();
        (authorised, arrived)
    }
}

/// Reads authorisations and receipts.
pub(super) fn stage<'a>(input: &Input<'a>, decisions: &Decisions<'a>, placed: &Placed<'a>, erp: &Erp<'a>) -> Returning<'a> {
    let Input { rows, rules, .. } = input;
    let till = placed.till();
    let at_till = |source: SourceId| till == Some(source) || rules.plays(source, Role::Pos);
    let counts = |source: SourceId| rules.counts_from(Authority::Returns, source) || at_till(source);
    let mut authorised: Vec<Authorised<'a>> = Vec::new();
    for RowOf { key, stored, row } in rows.all::<ReturnLine>().filter(|each| counts(each.key.source)) {
        let head = document(rows, key.source, &row.rma);
        authorised.push(Authorised {
            source: key.source,
            rma: &row.rma,
            id: &key.id,
            pooled: matches!(row.line, LineRef::Sku(_)),
            quantity: row.quantity,
            resolution: row.resolution,
            goods_expected: row.goods_expected,
            reason: &row.reason,
            state: head.map_or(&row.state, |(head, _)| &head.state),
            approved_at: head.and_then(|(head, _)| head.approved_at).or(row.approved_at),
            deleted: stored.deleted || head.is_some_and(|(_, deleted)| deleted),
            at: stored.at,
            cause: stored.cause,
            targets: pooling::targets(&placed.lines, &row.line),
        });
    }
    authorised.sort_by(|a, b| (a.pooled, a.rma, a.id, a.source).cmp(&(b.pooled, b.rma, b.id, b.source)));
    let mut contradictions = Vec::new();
    let received = receipts::read(input, decisions, placed, erp, at_till, &mut contradictions);
    Returning { authorised, received, contradictions }
}

/// The head of the authorisation, where its authority keeps the state there; and whether it was deleted.
fn document<'a>(rows: &'a Rows<OrderRow>, source: SourceId, rma: &str) -> Option<(&'a ReturnDocument, bool)> {
    let of_source = rows.all::<ReturnDocument>().filter(|each| each.key.source == source);
    of_source.filter(|each| each.row.rma == rma).map(|each| (each.row, each.stored.deleted)).next()
}
