//! Return authorisations, what was received of them, and credit memos.

use super::assumptions;
use super::bodies::body;
use super::context::RecordContext;
use super::document::{Document, LOAD_IT, ToldLines};
use super::posted::{is_voided, post};
use crate::envelope::DecodeError;
use crate::facts::ids::join_key;
use crate::facts::order::{DocumentKind, LineRef, PostedKind, ReturnDocument, ReturnLine, ReturnState, Word};
use crate::facts::{OrderRow, Text};
use crate::sources::facts_out::FactsOut;

/// Raise it when the meaning changes that this file gives to a record: records read again then count as newer.
pub(super) const REVISION: u16 = 2;

pub(super) fn authorisation(cx: &RecordContext<'_>, doc: &Document<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
    doc.links(cx, out);
    doc.cross_reference(cx, DocumentKind::Return, out);
    let state: Option<Word<ReturnState>> = match (doc.state, &doc.unknown_state) {
        (Some(letter), _) => Some(assumptions::return_state(letter)),
        (None, Some(word)) => Some(Word::Unknown(word.clone())),
        (None, None) => None,
    };
    if state.is_none() && !doc.partial && !matches!(doc.lines, ToldLines::Row(_)) {
        return Err(doc.head.cell(body::STATUS).error("the return's status (orderStatus or status)"));
    }
    // Goods that come back name the return's number, which an inline edit of its state does not tell.
    if doc.partial && state.is_some() && doc.number.is_none() {
        return Err(doc.head.cell(body::ORDER_STATUS).error(LOAD_IT));
    }
    if let Some(state) = &state {
        let mut head = |id: Text, rma: Text| {
            let row = ReturnDocument { rma, state: state.clone(), approved_at: None };
            out.order_by_alias(doc.alias(cx), id, doc.place, doc.at, OrderRow::ReturnDocument(row));
        };
        head(doc.id.clone(), doc.label());
        // Lines in a table of their own know the id alone.
        if doc.number.is_some() && (doc.partial || matches!(doc.lines, ToldLines::NotTold | ToldLines::Linked(_))) {
            head(join_key(&[&doc.id, "id"]), doc.id.clone());
        }
    }
    doc.each_line((cx, out), (&doc.id, OrderRow::RETURN_LINE, doc.at), |line| {
        let of_line = match &line.shop_line {
            Some(id) => LineRef::Line(id.clone()),
            None => LineRef::Sku(line.sku.clone()),
        };
        // What is closed is not awaited any more.
        let quantity = if line.closed { line.received.min(line.quantity) } else { line.quantity };
        let row = ReturnLine {
            state: state.clone().unwrap_or(Word::Known(ReturnState::Asked)),
            reason: line.reason.clone(),
            ..ReturnLine::new(doc.label(), of_line, quantity)
        };
        (!line.of_kit && quantity.is_positive()).then(|| OrderRow::ReturnLine(Box::new(row)))
    });
    Ok(())
}

/// Goods that came back. Receipts of purchases and transfers are none of a customer's.
pub(super) fn receipt(cx: &RecordContext<'_>, doc: &Document<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
    if doc.made_from.of_others {
        return Ok(());
    }
    doc.needs_lines()?;
    doc.links(cx, out);
    post(cx, doc, PostedKind::ReturnReceipt, true, out);
    Ok(())
}

/// What was credited. It moves no money.
pub(super) fn credit_memo(cx: &RecordContext<'_>, doc: &Document<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
    doc.needs_lines()?;
    doc.links(cx, out);
    let counts = !is_voided(doc)?;
    post(cx, doc, PostedKind::CreditNote, counts, out);
    Ok(())
}
