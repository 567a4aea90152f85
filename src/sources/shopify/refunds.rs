//! Refunds and transactions: embedded in the order's body, in `refunds/create`, and alone.
//!
//! The money of a refund is its transactions, one row each, by the transaction's id, which is the same in each of the three. A refund without
//! transactions (an edit that removes a line, the cancellation of an unpaid order) moves no money.

use std::borrow::Cow;

use super::context::{Context, PAYMENT, amount, each, moment, opt_shopify_id, pieces, shopify_id, word};
use super::money::Purse;
use crate::envelope::{Cell, DecodeError, columns};
use crate::facts::order::{
    self, Credit, CreditLine, Dispute, DisputeState, LineRef, Payment, PaymentTransaction, RefundState, Tender, TransactionKind, Word,
};
use crate::facts::{Amount, Currency, Moment, OrderKey, OrderRow, Place, Quantity, Text};
use crate::sources::facts_out::FactsOut;

/// Raise it when the meaning changes that this file gives to a record: records read again then count as newer.
pub(super) const REVISION: u16 = 2;

columns! {
    pub(super) struct RefundBody {
        id, order_id, created_at, processed_at, returned = "return", refund_line_items, refund_shipping_lines, order_adjustments,
        transactions, total_duties_set, total_additional_fees_set,
    }

    struct RefundLine { id, line_item_id, quantity, restock_type, location_id, subtotal, subtotal_set, total_tax, total_tax_set }

    struct RefundedShipping { subtotal_amount_set, tax_amount_set }

    struct Adjustment { kind, amount, amount_set, tax_amount, tax_amount_set }

    struct OfReturn { id, admin_graphql_api_id }

    pub(super) struct TransactionBody {
        id, order_id, parent_id, kind, status, gateway, amount, currency, authorization, created_at, processed_at,
    }

    pub(super) struct DisputeBody { id, order_id, sort = "type", status, amount, currency, initiated_at }
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

/// What a refund in an order's body is for. It comes again with each body of the order, and stands as the newest has it.
pub(super) fn credit(
    (purse, taxes_included): (Purse, bool),
    order: &OrderKey,
    refund: &RefundBody<'_>,
    tips: &[Text],
    (place, at): (Place, Moment),
    out: &mut FactsOut<'_>,
) -> Result<(), DecodeError> {
    if refund.id.is_null() {
        return Ok(());
    }
    let id: Text = refund.id.id()?.as_ref().into();
    let credited_at = moment(&refund.processed_at)?.or(moment(&refund.created_at)?).unwrap_or(at);
    let mut credit = Credit::new(purse.currency, credited_at);
    let mut money = Amount::ZERO;
    for (i, transaction) in refund.transactions.objects::<TransactionBody<'_>>()?.iter().enumerate() {
        let in_order = || -> Result<Option<Amount>, DecodeError> {
            let counts = word(&transaction.kind)? == "refund" && !matches!(transaction.state()?, Word::Known(RefundState::Failed));
            Ok(if counts && transaction.currency.currency()? == purse.currency { Some(amount(&transaction.amount)?) } else { None })
        };
        if let Some(amount) = in_order().map_err(|error| error.within(&format!("transactions[{i}]")))? {
            money += amount;
            credit.refunds.push(transaction.id.id()?.as_ref().into());
        }
    }
    let with_tax = |net: Amount, tax: Amount| if taxes_included { net } else { net + tax };
    // A line of an exchange is refunded for nothing: the shop does not say what it was worth.
    let (mut goods, mut all_told) = (Amount::ZERO, true);
    for (i, part) in refund.refund_line_items.objects::<RefundLine<'_>>()?.iter().enumerate() {
        let mut put = || -> Result<(), DecodeError> {
            let net = purse.optional(&part.subtotal, &part.subtotal_set)?;
            let gross = Some(with_tax(net, purse.optional(&part.total_tax, &part.total_tax_set)?)).filter(|gross| !gross.is_zero());
            goods += gross.unwrap_or_default();
            all_told &= gross.is_some();
            let line: Text = shopify_id(&part.line_item_id)?.as_ref().into();
            if tips.contains(&line) {
                return Ok(());
            }
            let line = LineRef::Line(line);
            let line = CreditLine { credit: id.clone(), line, quantity: pieces(&part.quantity)?, gross };
            out.order(order.clone(), part.id.id()?.as_ref(), place, at, OrderRow::CreditLine(Box::new(line)));
            Ok(())
        };
        put().map_err(|error| error.within(&format!("refund_line_items[{i}]")))?;
    }
    for line in refund.refund_shipping_lines.objects::<RefundedShipping<'_>>()? {
        credit.shipping += with_tax(purse.set(&line.subtotal_amount_set)?, purse.set(&line.tax_amount_set)?);
    }
    let mut kept = Amount::ZERO;
    for adjustment in refund.order_adjustments.objects::<Adjustment<'_>>()? {
        let tax = purse.optional(&adjustment.tax_amount, &adjustment.tax_amount_set)?;
        let amount = purse.optional(&adjustment.amount, &adjustment.amount_set)? + tax;
        if word(&adjustment.kind)? == "shipping_refund" {
            credit.shipping -= amount;
        } else {
            kept += amount;
        }
    }
    credit.duty = purse.set(&refund.total_duties_set)? + purse.set(&refund.total_additional_fees_set)?;
    let named = goods + credit.shipping + credit.duty;
    if all_told && !credit.refunds.is_empty() {
        credit.goodwill = (money - named).floor_zero();
        credit.fee = (named - money).floor_zero().min(kept.floor_zero());
    } else if !credit.refunds.is_empty() {
        credit.goodwill = (-kept).floor_zero();
        credit.goods = Some((money - credit.shipping - credit.duty - credit.goodwill).floor_zero());
    }
    out.order(order.clone(), id, place, at, OrderRow::Credit(credit));
    Ok(())
}

/// A transaction that takes or reserves money.
fn taken(cx: &Context<'_>, order: &OrderKey, transaction: &TransactionBody<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
    let kind = match &*word(&transaction.kind)? {
        "authorization" => TransactionKind::Authorisation,
        "capture" | "sale" => TransactionKind::Capture,
        "void" => TransactionKind::Void,
        _ => return Ok(()),
    };
    let (rank, failed) = match transaction.state()? {
        Word::Known(RefundState::Success) => (3, false),
        Word::Known(RefundState::Failed) => (2, true),
        _ => return Ok(()),
    };
    let made_at = moment(&transaction.processed_at)?.or(moment(&transaction.created_at)?).unwrap_or(cx.taken_at);
    let reference: Text = transaction.authorization.opt_id()?.unwrap_or_default().as_ref().into();
    let tie = xxhash_rust::xxh3::xxh3_64_with_seed(reference.as_bytes(), made_at.0.unsigned_abs());
    let row = PaymentTransaction {
        kind,
        tender: Some(cx.tender(&transaction.gateway.text_or_empty()?)),
        currency: Some(transaction.currency.currency()?),
        amount: Some(amount(&transaction.amount)?),
        reference,
        parent: transaction.parent_id.opt_id()?.unwrap_or_default().as_ref().into(),
        failed,
        made_at,
    };
    let place = Place::Stamp { millis: 0, rank, tie };
    out.order(order.clone(), transaction.id.id()?.as_ref(), place, made_at, OrderRow::PaymentTransaction(Box::new(row)));
    Ok(())
}

/// `disputes/create`, `update`. An inquiry takes no money yet.
pub(super) fn dispute(cx: &Context<'_>, dispute: &DisputeBody<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
    if dispute.order_id.is_null() {
        return Ok(());
    }
    let state = match &*word(&dispute.status)? {
        "needs_response" | "under_review" => Word::Known(DisputeState::Open),
        "won" => Word::Known(DisputeState::Won),
        "lost" | "accepted" | "charge_refunded" => Word::Known(DisputeState::Lost),
        other => Word::Unknown(other.into()),
    };
    let inquiry = word(&dispute.sort)? == "inquiry";
    let amount = if inquiry { Amount::ZERO } else { amount(&dispute.amount)? };
    let disputed_at = moment(&dispute.initiated_at)?.unwrap_or(cx.taken_at);
    let row = Dispute { currency: dispute.currency.currency()?, amount, state, disputed_at };
    out.order(cx.order(&dispute.order_id)?, dispute.id.id()?.as_ref(), cx.stamp(cx.taken_at, 0), disputed_at, OrderRow::Dispute(row));
    Ok(())
}

/// Refunds that are paid, of all bodies of refunds in an order, in this currency.
pub(super) fn paid_back(refunds: &[RefundBody<'_>], currency: Currency) -> Result<Amount, DecodeError> {
    let mut sum = Amount::ZERO;
    for transaction in refunds.iter().map(|refund| refund.transactions.objects::<TransactionBody<'_>>()) {
        for transaction in transaction? {
            let paid = word(&transaction.kind)? == "refund" && transaction.state()? == Word::Known(RefundState::Success);
            if paid && transaction.currency.currency()? == currency {
                sum += amount(&transaction.amount)?;
            }
        }
    }
    Ok(sum)
}

fn row(cx: &Context<'_>, order: &OrderKey, transaction: &TransactionBody<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
    if word(&transaction.kind)? != "refund" {
        return taken(cx, order, transaction, out);
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
        capture: transaction.parent_id.opt_id()?.unwrap_or_default().as_ref().into(),
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
        Ok(match &*word(&self.status)? {
            "" => return Err(self.status.error("pending, success, failure or error")),
            "pending" => Word::Known(RefundState::Pending),
            "success" => Word::Known(RefundState::Success),
            "failure" | "error" => Word::Known(RefundState::Failed),
            other => Word::Unknown(other.into()),
        })
    }
}

/// What becomes of the goods of a refund's line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Restock {
    /// Taken off before they were sent.
    Cancel,
    /// They were sent, and go back on the shelf.
    Return,
    /// Only money goes back.
    Money,
}

/// Pieces of a line in a refund.
pub(super) struct RefundedPieces<'a> {
    pub id: Text,
    pub refund: Text,
    pub line: Cow<'a, str>,
    pub restock: Restock,
    pub quantity: Quantity,
    pub location: Option<Text>,
    pub at: Option<Moment>,
    /// The return that the refund is of.
    pub of_return: Option<Text>,
}

impl RefundedPieces<'_> {
    /// The number of the authorisation: the return's, else the refund's own.
    pub(super) fn rma(&self) -> Text {
        self.of_return.clone().unwrap_or_else(|| self.refund.clone())
    }
}

pub(super) fn refunded_pieces<'a>(refunds: &[RefundBody<'a>]) -> Result<Vec<RefundedPieces<'a>>, DecodeError> {
    let mut all = Vec::new();
    for (i, refund) in refunds.iter().enumerate() {
        refund.pieces(&mut all).map_err(|error| error.within(&format!("refunds[{i}]")))?;
    }
    Ok(all)
}

impl<'a> RefundBody<'a> {
    fn pieces(&self, all: &mut Vec<RefundedPieces<'a>>) -> Result<(), DecodeError> {
        let at = moment(&self.processed_at)?.or(moment(&self.created_at)?);
        let of_return = match self.returned.object::<OfReturn<'_>>()? {
            Some(of) if of.id.is_null() => opt_shopify_id(&of.admin_graphql_api_id).map_err(|error| error.within("return"))?,
            Some(of) => opt_shopify_id(&of.id).map_err(|error| error.within("return"))?,
            None => None,
        };
        let of_return: Option<Text> = of_return.map(|id| id.as_ref().into());
        each(&self.refund_line_items, |part: RefundLine<'a>| {
            let restock = match &*word(&part.restock_type)? {
                "cancel" => Restock::Cancel,
                "return" | "legacy_restock" => Restock::Return,
                // Bodies of before 2018 do not say it by line: what was sent is returned, what was not is taken off.
                "no_restock" | "" => Restock::Money,
                _ => return Err(part.restock_type.error("cancel, return, no_restock or legacy_restock")),
            };
            all.push(RefundedPieces {
                id: shopify_id(&part.id)?.as_ref().into(),
                refund: shopify_id(&self.id)?.as_ref().into(),
                line: shopify_id(&part.line_item_id)?,
                restock,
                quantity: pieces(&part.quantity)?,
                location: opt_shopify_id(&part.location_id)?.map(|id| id.as_ref().into()),
                at,
                of_return: of_return.clone(),
            });
            Ok(())
        })
    }
}

/// The transactions of an order that take or reserve money, a row each.
pub(super) fn transactions(cx: &Context<'_>, order: &OrderKey, cell: &Cell<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
    for (i, transaction) in cell.objects::<TransactionBody<'_>>()?.iter().enumerate() {
        row(cx, order, transaction, out).map_err(|error| error.within(&format!("transactions[{i}]")))?;
    }
    Ok(())
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
    if word(&transaction.status)? != "success" {
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
    match &*word(&transaction.kind)? {
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
