//! Returns as the shop keeps them: `returns/request`, `approve`, `decline`, `cancel`, `close`, `reopen`. Which of them come with lines differs; each
//! gives the state. A refund of a return stands for it where none of these is landed.

use super::context::{Context, each, pieces, shopify_id, word};
use crate::envelope::{DecodeError, columns};
use crate::facts::ids::join_key;
use crate::facts::order::{LineRef, ReturnDocument, ReturnLine, ReturnState, Word};
use crate::facts::{OrderRow, Quantity, Text};
use crate::sources::facts_out::FactsOut;

/// Raise it when the meaning changes that this file gives to a record: records read again then count as newer.
pub(super) const REVISION: u16 = 1;

columns! {
    pub(super) struct ReturnBody { id, status, order, order_id, return_line_items }

    struct OfOrder { id }
    struct ReturnItem { quantity, return_reason, fulfillment_line_item }
    struct FulfilledItem { line_item }
    struct ReturnedItem { id }
}

impl ReturnBody<'_> {
    fn state(&self) -> Result<Word<ReturnState>, DecodeError> {
        Ok(match &*word(&self.status)? {
            "" => return Err(self.status.error("requested, open, closed, declined or canceled")),
            "requested" => Word::Known(ReturnState::Asked),
            "open" => Word::Known(ReturnState::Approved),
            "closed" => Word::Known(ReturnState::Closed),
            "declined" => Word::Known(ReturnState::Rejected),
            "canceled" | "cancelled" => Word::Known(ReturnState::Withdrawn),
            other => Word::Unknown(other.into()),
        })
    }
}

pub(super) fn translate(cx: &Context<'_>, body: &ReturnBody<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
    let order = match body.order.object::<OfOrder<'_>>()? {
        Some(order) => cx.order(&order.id).map_err(|error| error.within("order"))?,
        None => cx.order(&body.order_id)?,
    };
    let rma: Text = shopify_id(&body.id)?.as_ref().into();
    let (state, place, at) = (body.state()?, cx.stamp_of_trigger(), cx.taken_at);
    let mut lines: Vec<(Text, Quantity, Text)> = Vec::new();
    each(&body.return_line_items, |item: ReturnItem<'_>| {
        let (line, quantity) = (item.line()?, pieces(&item.quantity)?);
        match lines.iter_mut().find(|(there, ..)| *there == line) {
            Some((_, sum, _)) => *sum += quantity,
            None => lines.push((line, quantity, item.return_reason.text_or_empty()?.as_ref().into())),
        }
        Ok(())
    })?;
    for (line, quantity, reason) in lines {
        let row = ReturnLine { state: state.clone(), reason, ..ReturnLine::new(rma.clone(), LineRef::Line(line.clone()), quantity) };
        out.order(order.clone(), join_key(&[&rma, &line]), place, at, OrderRow::ReturnLine(Box::new(row)));
    }
    // What is only asked for may be refunded without a further word: then the refund's own row counts.
    if state != Word::Known(ReturnState::Asked) {
        let row = ReturnDocument { rma: rma.clone(), state, approved_at: None };
        out.order(order, rma, place, at, OrderRow::ReturnDocument(row));
    }
    Ok(())
}

impl ReturnItem<'_> {
    /// The order's line.
    fn line(&self) -> Result<Text, DecodeError> {
        let sent: FulfilledItem<'_> =
            self.fulfillment_line_item.object()?.ok_or_else(|| self.fulfillment_line_item.error("the line of a fulfilment"))?;
        let within = |error: DecodeError| error.within("fulfillment_line_item");
        let item: Option<ReturnedItem<'_>> = sent.line_item.object().map_err(within)?;
        let item = item.ok_or_else(|| within(sent.line_item.error("the order's line")))?;
        Ok(shopify_id(&item.id).map_err(|error| within(error.within("line_item")))?.as_ref().into())
    }
}
