//! The shop's parcels: from the fulfilments in an order's body, and from `fulfillments/create` and `update`, which hold one of them. A number that
//! is added to a parcel later may come in the latter alone.

use super::context::{Context, each, moment, shopify_id, word};
use super::fulfilled::{self, FulfilledLine, Fulfillment, Outcome, Shipped};
use super::whole::Body;
use crate::envelope::DecodeError;
use crate::facts::ids::join_key;
use crate::facts::order::{Despatch, LineRef, Needs, Scan, ScanMeaning, Word};
use crate::facts::{Alias, Link, Moment, OrderKey, OrderRow, Place, Subject, Text};
use crate::sources::facts_out::FactsOut;

/// Raise it when the meaning changes that this file gives to a record: records read again then count as newer.
pub(super) const REVISION: u16 = 3;

/// What a parcel's rows have in common.
struct Frame {
    order: OrderKey,
    place: Place,
    at: Moment,
}

/// The shop's parcels: their lines, numbers, and how far the shop says that they are. Goods that were handed over are in none.
pub(super) fn parcels(body: &Body<'_, '_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
    for (i, fulfilment) in body.fulfilments.iter().enumerate() {
        parcel(body, i, fulfilment, out).map_err(|error| error.within(&format!("fulfillments[{i}]")))?;
    }
    Ok(())
}

fn parcel(body: &Body<'_, '_>, place: usize, fulfilment: &Fulfillment<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
    let frame = Frame { order: body.key.clone(), place: body.place, at: body.at };
    let sent = |part: &&Shipped<'_>| part.fulfilment == place && body.needs_of(&part.line).is_none_or(|needs| needs == Needs::Ship);
    rows(&frame, fulfilment, body.shipped.iter().filter(sent), out)
}

/// One parcel, by itself. What is sent and what is handed over stands in the order's body; so its pieces count here only if a carrier has it.
pub(super) fn alone(cx: &Context<'_>, fulfilment: Fulfillment<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
    let changed_at = moment(&fulfilment.updated_at)?;
    let place = changed_at.map_or_else(|| cx.stamp_of_trigger(), |at| cx.stamp(at, 0));
    let frame = Frame { order: cx.order(&fulfilment.order_id)?, place, at: changed_at.unwrap_or(cx.taken_at) };
    let one = [fulfilment];
    // A subscription may leave the lines out.
    let shipped = if one[0].line_items.is_null() { Vec::new() } else { fulfilled::shipped(&one)? };
    let by_carrier = !one[0].numbers()?.is_empty();
    rows(&frame, &one[0], shipped.iter().filter(|part| by_carrier && part.needs_shipping), out)
}

fn rows<'s, 'a: 's>(
    frame: &Frame,
    fulfilment: &Fulfillment<'_>,
    sent: impl Iterator<Item = &'s Shipped<'a>>,
    out: &mut FactsOut<'_>,
) -> Result<(), DecodeError> {
    let Frame { order, place, at } = frame;
    let (place, at) = (*place, *at);
    let outcome = fulfilment.outcome()?;
    if outcome == Outcome::Open {
        return Ok(());
    }
    let id = shopify_id(&fulfilment.id)?;
    let numbers = fulfilment.numbers()?;
    let label = |number: &Text| (Alias::new(Alias::TRACKING, number), join_key(&[&id, number]));
    if outcome == Outcome::TakenBack {
        each(&fulfilment.line_items, |part: FulfilledLine<'_>| {
            let row = join_key(&[&id, &shopify_id(&part.id)?]);
            out.deleted(Subject::Order(order.clone()), OrderRow::DESPATCH, row, place, at);
            Ok(())
        })?;
        for (alias, scan) in numbers.iter().map(label) {
            out.deleted(Subject::Alias(alias), Link::KIND, order.0.clone(), place, at);
            out.deleted(Subject::Order(order.clone()), OrderRow::SCAN, scan, place, at);
        }
        return Ok(());
    }
    let made_at = moment(&fulfilment.created_at)?.unwrap_or(at);
    let carrier: Text = fulfilment.tracking_company.filled()?.unwrap_or_default().as_ref().into();
    for part in sent {
        let line = LineRef::Line(part.line.as_ref().into());
        let tracking = numbers.first().cloned();
        let despatch = Despatch { carrier: carrier.clone(), tracking, ..Despatch::new(id.as_ref().into(), line, part.quantity, made_at) };
        let row = join_key(&[&id, &part.line]);
        out.order(order.clone(), row, place, made_at, OrderRow::Despatch(Box::new(despatch)));
    }
    let meaning = meaning(&word(&fulfilment.shipment_status)?);
    let told_at = moment(&fulfilment.updated_at)?.unwrap_or(at);
    for number in &numbers {
        let (alias, row) = label(number);
        out.alias(alias, Link::Order(order.clone()), place, at);
        if let Some(meaning) = meaning {
            let scan = Scan { tracking: number.clone(), meaning: Word::Known(meaning), scanned_at: told_at };
            out.order(order.clone(), row, place, told_at, OrderRow::Scan(scan));
        }
    }
    Ok(())
}

/// The shop's word for where a parcel is. Words that are not known say nothing: a carrier's own scans say it better.
fn meaning(status: &str) -> Option<ScanMeaning> {
    Some(match status {
        "label_purchased" | "label_printed" | "confirmed" => ScanMeaning::Label,
        "in_transit" | "carrier_picked_up" => ScanMeaning::Transit,
        "delayed" => ScanMeaning::Delayed,
        "out_for_delivery" => ScanMeaning::OutForDelivery,
        "ready_for_pickup" => ScanMeaning::Collect,
        "attempted_delivery" => ScanMeaning::Attempted,
        "delivered" | "picked_up" => ScanMeaning::Delivered,
        _ => return None,
    })
}
