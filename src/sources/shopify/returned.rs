//! What came back, as the refunds in an order's body tell it.

use super::context::{pieces, shopify_id};
use super::refunds::Restock;
use super::whole::Body;
use crate::facts::ids::join_key;
use crate::facts::order::{Condition, GoodsExpected, LineRef, Needs, Receipt, ReturnLine, ReturnState, Word};
use crate::facts::{OrderRow, Quantity, Subject};
use crate::sources::facts_out::FactsOut;

/// Raise it when the meaning changes that this file gives to a record: records read again then count as newer.
pub(super) const REVISION: u16 = 1;

/// What the shop has taken back of what it sent, as authorisation and receipt in one: refunded pieces that go back on the shelf; and without a
/// receipt those that were sent and stay with the customer or are lost. (Where another system is the authority of returns, the rows are a mirror.)
/// What was never sent, and what cannot be sent, is not returned: it is credited.
pub(super) fn rows(body: &Body<'_, '_>, out: &mut FactsOut<'_>) {
    let (place, key) = (body.place, &body.key);
    for (i, part) in body.refunded.iter().enumerate() {
        let needs = body.needs_of(&part.line);
        if part.restock == Restock::Cancel || needs == Some(Needs::Digital) {
            continue;
        }
        let pieces = if part.restock == Restock::Return { part.quantity } else { kept_outside(body, i, needs) };
        let (rma, line) = (part.rma(), LineRef::Line(part.line.as_ref().into()));
        let received_at = part.at.unwrap_or(body.at);
        let mut authorised = ReturnLine {
            state: Word::Known(ReturnState::Approved),
            approved_at: Some(received_at),
            goods_expected: if part.restock == Restock::Return { GoodsExpected::Yes } else { GoodsExpected::No },
            ..ReturnLine::new(rma.clone(), line.clone(), pieces)
        };
        if let Some(of) = &part.of_return {
            // The same row as the return's own webhooks give; refunded in parts it is authorised as far.
            let same = body.refunded.iter().filter(|other| other.of_return.as_ref() == Some(of) && other.line == part.line);
            authorised.quantity = same.map(|other| other.quantity).sum();
            authorised.goods_expected = GoodsExpected::Yes;
            let row = join_key(&[of, &part.line]);
            out.order(key.clone(), row, place, received_at, OrderRow::ReturnLine(Box::new(authorised)));
        } else if pieces.is_positive() {
            out.order(key.clone(), part.id.clone(), place, received_at, OrderRow::ReturnLine(Box::new(authorised)));
        } else {
            out.deleted(Subject::Order(key.clone()), OrderRow::RETURN_LINE, part.id.clone(), place, received_at);
        }
        if part.restock == Restock::Return {
            let receipt = Receipt {
                rma: Some(rma),
                condition: Word::Known(Condition::Sellable),
                location: part.location.clone().unwrap_or_default(),
                ..Receipt::new(part.refund.clone(), line, pieces, received_at)
            };
            out.order(key.clone(), part.id.clone(), place, received_at, OrderRow::Receipt(Box::new(receipt)));
        }
    }
}

/// Pieces of a refund's line that were sent and do not come back: of those that are refunded without going to the shelf, the ones beyond what was
/// taken off before it was sent.
fn kept_outside(body: &Body<'_, '_>, place: usize, needs: Option<Needs>) -> Quantity {
    let part = &body.refunded[place];
    let same = |restock: Restock| body.refunded.iter().filter(move |other| other.line == part.line && other.restock == restock);
    let Some(item) = body.items.iter().find(|item| shopify_id(&item.id).is_ok_and(|id| id == part.line)) else { return Quantity::ZERO };
    let ordered = pieces(&item.quantity).unwrap_or_default();
    let sent = if needs == Some(Needs::Taken) { ordered } else { body.shipped_of(&part.line).min(ordered) };
    let open = if body.cancelled { Quantity::ZERO } else { pieces(&item.fulfillable_quantity).unwrap_or_default() };
    let never_sent = ordered - sent - open - same(Restock::Cancel).map(|other| other.quantity).sum();
    let before: Quantity = body.refunded[..place]
        .iter()
        .filter(|other| other.line == part.line && other.restock == Restock::Money)
        .map(|other| other.quantity)
        .sum();
    let outside = |pieces: Quantity| {
        (pieces - never_sent.floor_zero()).floor_zero().min((sent - same(Restock::Return).map(|other| other.quantity).sum()).floor_zero())
    };
    outside(before + part.quantity) - outside(before)
}
