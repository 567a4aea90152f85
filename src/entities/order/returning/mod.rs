//! Stage *returning*: return authorisations and receipts as reported, before they are assigned to lines.

mod authorised;
mod posted;
mod receipts;

pub use authorised::Authorised;
pub use receipts::Received;

use super::decisions::Decisions;
use super::erp::Erp;
use super::input::{Contradiction, Input};
use super::placed::Placed;
use super::pooling::{self, Targets};
use crate::entities::rules::{Authority, Role};
use crate::entities::{RowOf, Rows};
use crate::facts::order::{GoodsExpected, LineRef, ReturnDocument, ReturnLine};
use crate::facts::{OrderRow, Quantity, SourceId};

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
    // What is authorised later under the same number needs a proof of its own.
    let proven = |row: &ReturnLine| {
        let decision = decisions.about("return-not-received", &row.rma).filter(|decision| decision.choice == "refund");
        decision.is_some_and(|decision| row.approved_at.is_none_or(|at| at <= decision.decided_at))
    };
    for RowOf { key, stored, row } in rows.all::<ReturnLine>().filter(|each| counts(each.key.source)) {
        let head = document(rows, key.source, &row.rma);
        authorised.push(Authorised {
            source: key.source,
            rma: &row.rma,
            id: &key.id,
            pooled: matches!(row.line, LineRef::Sku(_)),
            quantity: row.quantity,
            resolution: row.resolution,
            goods_expected: match row.goods_expected {
                // A person has seen the proof.
                GoodsExpected::Proof if proven(row) => GoodsExpected::No,
                expected => expected,
            },
            reason: &row.reason,
            state: head.map_or(&row.state, |(head, _)| &head.state),
            approved_at: head.and_then(|(head, _)| head.approved_at).or(row.approved_at),
            deleted: stored.deleted || head.is_some_and(|(_, deleted)| deleted),
            at: stored.at,
            cause: stored.cause,
            targets: pooling::targets(&placed.lines, &row.line),
        });
    }
    let of_posted = posted::authorised(input, placed, &authorised, counts);
    authorised.extend(of_posted);
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
