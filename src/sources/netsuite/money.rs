//! Money: deposits, cash refunds, customer refunds.
//!
//! A customer refund pays credit memos, or gives deposits back: each such part belongs to the order that its document leads to.

use std::sync::LazyLock;

use super::bodies::{self, body, size, sublist};
use super::cells::{amount, filled, flag, reference};
use super::context::RecordContext;
use super::document::{Document, ToldLines};
use super::posted::{is_voided, post};
use crate::envelope::{DecodeError, SpelledColumns, spelled};
use crate::facts::ids::join_key;
use crate::facts::order::{Payment, PostedKind, Refund, RefundState, Tender, Word};
use crate::facts::{Alias, Amount, EntityKind, Link, OrderRow, Place, Subject, Text, Watermark};
use crate::sources::facts_out::FactsOut;

/// Raise it when the meaning changes that this file gives to a record: records read again then count as newer.
pub(super) const REVISION: u16 = 1;

spelled! {
    mod part {
        DOCUMENT = "doc|internalid",
        AMOUNT = "amount",
        APPLIED = "apply",
    }
}

static PART: LazyLock<SpelledColumns> = LazyLock::new(|| SpelledColumns::new(part::NAMES));

fn tender(cx: &RecordContext<'_>, doc: &Document<'_>) -> Result<Tender, DecodeError> {
    let option = reference(&doc.head.cell(body::PAYMENT_OPTION))?;
    let display = filled(&doc.head.cell(body::PAYMENT_OPTION_NAME))?;
    let words = [option.name, display, option.id];
    let tender = words.iter().flatten().find_map(|word| cx.netsuite.tenders.get(word));
    Ok(tender.copied().unwrap_or(Tender::Card))
}

/// The provider's reference; scripts that have no field for it write it into the memo.
fn provider_reference(doc: &Document<'_>, memo_too: bool) -> Result<Text, DecodeError> {
    if let Some(told) = filled(&doc.head.cell(body::REFERENCE))? {
        return Ok((*told).into());
    }
    const SHORTEST: usize = 8;
    let memo = if memo_too { filled(&doc.head.cell(body::MEMO))? } else { None };
    let is_reference =
        |memo: &str| memo.len() >= SHORTEST && !memo.contains(char::is_whitespace) && memo.bytes().any(|byte| byte.is_ascii_digit());
    Ok(memo.filter(|memo| is_reference(memo)).map_or_else(Text::default, |memo| (*memo).into()))
}

/// A deposit of a customer for an order: money that was taken before anything was billed.
pub(super) fn deposit(cx: &RecordContext<'_>, doc: &Document<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
    let order = reference(&doc.head.cell(body::SALES_ORDER))?;
    let to = match (&order.id, order.number()) {
        (Some(id), _) => Some(cx.netsuite.document(id)),
        (None, Some(number)) => Some(cx.netsuite.numbered(number)),
        (None, None) => None,
    };
    match to {
        Some(to) => {
            out.alias(doc.alias(cx), Link::Alias(to), doc.place, doc.at);
            if let Some(number) = &doc.number {
                out.alias(cx.netsuite.numbered(number), Link::Alias(doc.alias(cx)), doc.place, doc.at);
            }
        }
        None => doc.links(cx, out),
    }
    let only_total = doc.head.cell(body::PAYMENT).is_null() && !doc.head.cell(body::TOTAL).is_null();
    let place = if only_total { body::TOTAL } else { body::PAYMENT };
    let voided = is_voided(doc)?;
    payment(cx, doc, place, voided, out)
}

/// Money that was taken, under the document's own name.
pub(super) fn payment(
    cx: &RecordContext<'_>,
    doc: &Document<'_>,
    cell: usize,
    voided: bool,
    out: &mut FactsOut<'_>,
) -> Result<(), DecodeError> {
    let taken = size(&doc.head.cell(cell))?;
    let taken = if voided { Amount::ZERO } else { taken };
    let row = Payment {
        authorised: taken,
        captured: taken,
        reference: provider_reference(doc, true)?,
        failed: voided,
        ..Payment::new(tender(cx, doc)?, currency(cx, doc)?)
    };
    out.order_by_alias(doc.alias(cx), doc.id.clone(), doc.place, doc.at, OrderRow::Payment(row));
    Ok(())
}

fn currency(cx: &RecordContext<'_>, doc: &Document<'_>) -> Result<crate::facts::Currency, DecodeError> {
    let (cell, name) = (doc.head.cell(body::CURRENCY), doc.head.cell(body::CURRENCY_NAME));
    let symbol = doc.head.cell(body::CURRENCY_SYMBOL);
    match cx.currency(&cell, &symbol) {
        Err(error) if !name.is_null() => cx.currency(&name, &symbol).map_err(|_| error),
        read => read,
    }
}

fn refund(cx: &RecordContext<'_>, doc: &Document<'_>, amount: Amount) -> Result<OrderRow, DecodeError> {
    let pending = doc.unknown_state.as_deref().is_some_and(|word| word.replace(' ', "").eq_ignore_ascii_case("pendingapproval"));
    let state = match () {
        () if is_voided(doc)? => RefundState::Failed,
        () if pending => RefundState::Pending,
        () => RefundState::Success,
    };
    let row = Refund {
        state: Word::Known(state),
        reference: provider_reference(doc, false)?,
        ..Refund::new(tender(cx, doc)?, currency(cx, doc)?, amount, doc.at)
    };
    Ok(OrderRow::Refund(Box::new(row)))
}

/// A cash refund credits goods and pays the money back in one document.
pub(super) fn cash_refund(cx: &RecordContext<'_>, doc: &Document<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
    doc.needs_lines()?;
    doc.links(cx, out);
    let counts = !is_voided(doc)?;
    post(cx, doc, PostedKind::CreditNote, counts, out);
    if !matches!(doc.lines, ToldLines::Row(_)) || !doc.head.cell(body::TOTAL).is_null() {
        let row = refund(cx, doc, size(&doc.head.cell(body::TOTAL))?)?;
        out.order_by_alias(doc.alias(cx), doc.id.clone(), doc.place, doc.at, row);
    }
    Ok(())
}

/// Documents that it pays, each with its part.
fn parts(doc: &Document<'_>) -> Result<Vec<(Text, Amount)>, DecodeError> {
    let mut parts: Vec<(Text, Amount)> = Vec::new();
    for (place, member) in [(sublist::APPLY, "apply"), (sublist::DEPOSIT, "deposit")] {
        let cell = doc.sublists.cell(place);
        let objects = match bodies::objects(&cell)? {
            Some(objects) => objects,
            None if cell.is_null() => Vec::new(),
            None => {
                let expected = "what it is paid for (read the record with expandSubResources=true)";
                return Err(DecodeError::new(member, expected, "a link to it"));
            }
        };
        for (name, json) in objects {
            let row = PART.read(&name, json)?;
            let within = |error: DecodeError| error.within(&name);
            if !flag(&row.cell(part::APPLIED)).map_err(within)?.unwrap_or(true) {
                continue;
            }
            let (id, paid) = (row.cell(part::DOCUMENT), row.cell(part::AMOUNT));
            let Some(paid) = amount(&paid).map_err(within)?.filter(|paid| !paid.is_zero()) else { continue };
            let id = reference(&id).map_err(within)?.id.ok_or_else(|| within(id.error("the document's internal id")))?;
            match parts.iter_mut().find(|(there, _)| **there == *id) {
                Some((_, there)) => *there += paid.abs(),
                None => parts.push(((*id).into(), paid.abs())),
            }
        }
    }
    Ok(parts)
}

/// Money that goes back to a customer, for credit memos or deposits. Of several documents each order gets its part. One that names none is led by its
/// memo, where that is an order's number.
pub(super) fn customer_refund(cx: &RecordContext<'_>, doc: &Document<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
    let parts = parts(doc)?;
    let alias = doc.alias(cx);
    if let Some(number) = &doc.number {
        out.alias(cx.netsuite.numbered(number), Link::Alias(alias.clone()), doc.place, doc.at);
    }
    let total = doc.head.cell(body::TOTAL);
    if let [(_, _), (_, _), ..] = parts[..] {
        let (place, at) = (doc.place, doc.at);
        for (document, paid) in &parts {
            let row = refund(cx, doc, *paid)?;
            out.order_by_alias(cx.netsuite.document(document), join_key(&[&doc.id, document]), place, at, row);
        }
        out.deleted(Subject::Alias(alias), OrderRow::REFUND, doc.id.clone(), place, at);
        out.watermark(EntityKind::Orders, OrderRow::REFUND, join_key(&[&doc.id, ""]), below(place), at, Watermark::Raised);
        return Ok(());
    }
    let to: Option<Alias> = match &parts[..] {
        [(document, _)] => Some(cx.netsuite.document(document)),
        _ => match (&doc.made_from.id, &doc.order_number) {
            (Some(id), _) => Some(cx.netsuite.document(id)),
            (None, Some(order)) => Some(cx.netsuite.order(order)),
            (None, None) => {
                let memo = filled(&doc.head.cell(body::MEMO))?;
                memo.filter(|memo| !memo.contains(char::is_whitespace)).map(|memo| cx.netsuite.order(&memo))
            }
        },
    };
    if let Some(to) = to {
        out.alias(alias.clone(), Link::Alias(to), doc.place, doc.at);
    }
    let paid = match parts[..] {
        // What was paid beyond the memo is of no document.
        [(_, paid)] if total.is_null() => paid,
        _ => size(&total)?,
    };
    let row = refund(cx, doc, paid)?;
    out.order_by_alias(alias, doc.id.clone(), doc.place, doc.at, row);
    Ok(())
}

/// Just below this place: rows of the same record stand above the mark.
fn below(place: Place) -> Place {
    match place {
        Place::Stamp { millis, rank, tie } => match tie.checked_sub(1) {
            Some(tie) => Place::Stamp { millis, rank, tie },
            None => Place::Stamp { millis: millis - 1, rank, tie: u64::MAX },
        },
        other => other,
    }
}
