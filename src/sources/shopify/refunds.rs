//! Refunds and transactions: embedded in the order's body, in `refunds/create`, and alone.
//!
//! The money of a refund is its transactions, one row each, by the transaction's id, which is the same in each of the three. A refund without
//! transactions (an edit that removes a line, the cancellation of an unpaid order) moves no money.

use std::borrow::Cow;

use super::context::{Context, PAYMENT, amount, moment, pieces};
use crate::envelope::{Cell, DecodeError, columns};
use crate::facts::order::{self, Condition, LineRef, Payment, Receipt, RefundState, ReturnLine, ReturnState, Tender, Word};
use crate::facts::{Currency, Moment, OrderKey, OrderRow, Place, Quantity, Text};
use crate::sources::facts_out::FactsOut;

/// Raise it when the meaning changes that this file gives to a record: records read again then count as newer.
pub(super) const REVISION: u16 = 1;

columns! {
    pub(super) struct RefundBody { id, order_id, created_at, processed_at, refund_line_items, transactions }

    struct RefundLine { id, line_item_id, quantity, restock_type, location_id }

    pub(super) struct TransactionBody { id, order_id, kind, status, gateway, amount, currency, authorization, created_at, processed_at }
}

/// `refunds/create`.
pub(super) fn refund(cx: &Context<'_>, refund: &RefundBody<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
    rows(cx, &cx.order(&refund.order_id)?, refund, out)
}

/// `order_transactions/create`: comes again when the status changes.
pub(super) fn transaction(cx: &Context<'_>, transaction: &TransactionBody<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
    row(cx, &cx.order(&transaction.order_id)?, transaction, out)
}

pub(super) fn rows(cx: &Context<'_>, order: &OrderKey, refund: &RefundBody<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
    for (i, transaction) in refund.transactions.objects::<TransactionBody<'_>>()?.iter().enumerate() {
        row(cx, order, transaction, out).map_err(|error| error.within(&format!("transactions[{i}]")))?;
    }
    Ok(())
}

/// A refund at the counter whose goods go back on the shelf is a return: authorisation and receipt in one.
pub(super) fn returned(
    order: &OrderKey,
    refund: &RefundBody<'_>,
    place: Place,
    at: Moment,
    out: &mut FactsOut<'_>,
) -> Result<(), DecodeError> {
    let received_at = moment(&refund.processed_at)?.or(moment(&refund.created_at)?).unwrap_or(at);
    for (i, part) in refund.refund_line_items.objects::<RefundLine<'_>>()?.iter().enumerate() {
        let mut put = || -> Result<(), DecodeError> {
            if !matches!(&*part.restock_type.text_or_empty()?, "return" | "legacy_restock") {
                return Ok(());
            }
            let rma: Text = refund.id.id()?.as_ref().into();
            let id: Text = part.id.id()?.as_ref().into();
            let line = LineRef::Line(part.line_item_id.id()?.as_ref().into());
            let quantity = pieces(&part.quantity)?;
            let authorised = ReturnLine {
                state: Word::Known(ReturnState::Approved),
                approved_at: Some(received_at),
                ..ReturnLine::new(rma.clone(), line.clone(), quantity)
            };
            let receipt = Receipt {
                rma: Some(rma.clone()),
                condition: Word::Known(Condition::Sellable),
                location: part.location_id.opt_id()?.map(|id| id.as_ref().into()).unwrap_or_default(),
                ..Receipt::new(rma, line, quantity, received_at)
            };
            out.order(order.clone(), id.clone(), place, received_at, OrderRow::ReturnLine(Box::new(authorised)));
            out.order(order.clone(), id, place, received_at, OrderRow::Receipt(Box::new(receipt)));
            Ok(())
        };
        put().map_err(|error| error.within(&format!("refund_line_items[{i}]")))?;
    }
    Ok(())
}

fn row(cx: &Context<'_>, order: &OrderKey, transaction: &TransactionBody<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
    if transaction.kind.text()? != "refund" {
        return Ok(());
    }
    let id = transaction.id.id()?;
    let state = transaction.state()?;
    // Failed after pending, success after both.
    let rank = match &state {
        Word::Known(RefundState::Pending) => 0,
        Word::Unknown(_) => 1,
        Word::Known(RefundState::Failed) => 2,
        Word::Known(RefundState::Success) => 3,
    };
    let refunded_at = moment(&transaction.processed_at)?.or(moment(&transaction.created_at)?).unwrap_or(cx.taken_at);
    let tender = cx.tender(&transaction.gateway.text_or_empty()?);
    let (currency, amount) = (transaction.currency.currency()?, amount(&transaction.amount)?);
    let refund = order::Refund {
        state,
        reference: transaction.authorization.opt_id()?.unwrap_or_default().as_ref().into(),
        ..order::Refund::new(tender, currency, amount, refunded_at)
    };
    // The bodies that hold a transaction have no stamp in common: its state orders them, and among equal states any fixed rule will do.
    let tie = xxhash_rust::xxh3::xxh3_64_with_seed(refund.reference.as_bytes(), refunded_at.0.unsigned_abs());
    let place = Place::Stamp { millis: 0, rank, tie };
    out.order(order.clone(), id.as_ref(), place, refunded_at, OrderRow::Refund(Box::new(refund)));
    Ok(())
}

impl TransactionBody<'_> {
    fn state(&self) -> Result<Word<RefundState>, DecodeError> {
        Ok(match &*self.status.text()? {
            "pending" => Word::Known(RefundState::Pending),
            "success" => Word::Known(RefundState::Success),
            "failure" | "error" => Word::Known(RefundState::Failed),
            other => Word::Unknown(other.into()),
        })
    }
}

/// Pieces of a line in a refund.
pub(super) struct RefundedPieces<'a> {
    pub line: Cow<'a, str>,
    /// Taken off before they were sent.
    pub cancelled: bool,
    pub quantity: Quantity,
}

pub(super) fn refunded_pieces<'a>(refunds: &[RefundBody<'a>]) -> Result<Vec<RefundedPieces<'a>>, DecodeError> {
    let mut all = Vec::new();
    for refund in refunds {
        for part in refund.refund_line_items.objects::<RefundLine<'a>>()? {
            let cancelled = part.restock_type.text_or_empty()? == "cancel";
            all.push(RefundedPieces { line: part.line_item_id.id()?, cancelled, quantity: pieces(&part.quantity)? });
        }
    }
    Ok(all)
}

/// Running totals by tender, from all transactions of an order. Row id -> payment; gift cards and store credit apart from the rest.
pub(super) fn payments(cx: &Context<'_>, cell: &Cell<'_>, currency: Currency) -> Result<Vec<(&'static str, Payment)>, DecodeError> {
    let mut payments: Vec<(&'static str, Payment)> = Vec::new();
    for (i, transaction) in cell.objects::<TransactionBody<'_>>()?.iter().enumerate() {
        add(cx, transaction, currency, &mut payments).map_err(|error| error.within(&format!("transactions[{i}]")))?;
    }
    Ok(payments)
}

fn add(
    cx: &Context<'_>,
    transaction: &TransactionBody<'_>,
    currency: Currency,
    to: &mut Vec<(&'static str, Payment)>,
) -> Result<(), DecodeError> {
    if transaction.status.text()? != "success" {
        return Ok(());
    }
    let tender = cx.tender(&transaction.gateway.text_or_empty()?);
    let id = match tender {
        Tender::GiftCard => "gift-card",
        Tender::StoreCredit => "store-credit",
        _ => PAYMENT,
    };
    let at = to.iter().position(|(known, _)| *known == id).unwrap_or_else(|| {
        to.push((id, Payment::new(tender, currency)));
        to.len() - 1
    });
    let Some((_, payment)) = to.get_mut(at) else { return Ok(()) };
    let amount = amount(&transaction.amount)?;
    match &*transaction.kind.text()? {
        "authorization" => payment.authorised += amount,
        "capture" => payment.captured += amount,
        "sale" => {
            payment.authorised += amount;
            payment.captured += amount;
        }
        "void" => payment.authorised = payment.captured,
        _ => return Ok(()),
    }
    if let Some(reference) = transaction.authorization.opt_id()? {
        payment.reference = reference.as_ref().into();
    }
    Ok(())
}
