//! Lines of an order: what is sold, how it reaches the customer, and how far the shop's own books have got with it.

use super::context::{opt_shopify_id, pieces, shopify_id};
use super::items::LineItem;
use super::refunds::Restock;
use super::whole::{Body, Handover};
use crate::envelope::{Decimals, DecodeError};
use crate::facts::ids::join_key;
use crate::facts::order::{Line, LineKind, LineProgress, Needs};
use crate::facts::sku::Holding;
use crate::facts::{OrderRow, Quantity, SkuRow, Text};
use crate::sources::facts_out::FactsOut;

/// Raise it when the meaning changes that this file gives to a record: records read again then count as newer.
pub(super) const REVISION: u16 = 1;

/// The order's lines. A tip is none: it is a charge.
pub(super) fn lines(body: &Body<'_, '_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
    for (i, item) in body.items.iter().enumerate() {
        let mut put = || if item.is_tip()? { Ok(()) } else { line(body, i, item, out) };
        put().map_err(|error| error.within(&format!("line_items[{i}]")))?;
    }
    Ok(())
}

/// Some line needs a parcel.
pub(super) fn any_ships(body: &Body<'_, '_>) -> Result<bool, DecodeError> {
    let mut any = false;
    for (i, item) in body.items.iter().enumerate() {
        let needs = body.needs(item).map_err(|error| error.within(&format!("line_items[{i}]")))?;
        any |= needs == Needs::Ship;
    }
    Ok(any)
}

fn line(body: &Body<'_, '_>, i: usize, item: &LineItem<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
    let id: Text = shopify_id(&item.id)?.as_ref().into();
    let (sku, sku_text) = item.sku(&id)?;
    let (needs, tracked) = (body.needs(item)?, item.is_tracked()?);
    if tracked && !item.fulfillable_quantity.is_null() {
        let open = pieces(&item.fulfillable_quantity)?;
        let quantity = if body.cancelled { Quantity::ZERO } else { open };
        let holding = Holding { shop: body.cx.shopify.common.name.clone(), stock: Default::default(), quantity };
        out.sku(sku.clone(), join_key(&[&shopify_id(&body.order.id)?, &id]), body.place, body.at, SkuRow::Holding(holding));
    }
    let sold_at_till = needs == Needs::Taken || body.handover == Handover::AtTheTill;
    let ordered = item.quantity.quantity(Decimals::Text, 0)?;
    let gross = body.gross(&item.price, &item.price_set, ordered, &item.discount_allocations, &item.tax_lines)?;
    let line = Line {
        position: u32::try_from(i + 1).unwrap_or(u32::MAX),
        sku_text,
        description: if item.name.is_null() { item.title.text_or_empty()? } else { item.name.text()? }.as_ref().into(),
        tax: body.purse.taxes(&item.tax_lines)?,
        kind: if item.gift_card.opt_flag()?.unwrap_or(false) { LineKind::GiftCard } else { LineKind::Goods },
        needs,
        location: opt_shopify_id(&body.order.location_id)?.filter(|_| sold_at_till).map(|id| id.as_ref().into()),
        tracked,
        unit_price: Some(body.purse.money(&item.price, &item.price_set)?),
        ..Line::new(sku, ordered, gross)
    };
    // A body that leaves these members out holds no progress.
    if !body.order.refunds.is_null() && !body.order.fulfillments.is_null() {
        let progress = progress(body, item, &id)?;
        out.order(body.key.clone(), id.clone(), body.place, body.at, OrderRow::LineProgress(progress));
    }
    out.order(body.key.clone(), id, body.place, body.at, OrderRow::Line(Box::new(line)));
    Ok(())
}

/// What was taken off before it was sent is cancelled; what was refunded otherwise is credited. `quantity` never falls,
/// `current_quantity` does, also by an edit that makes no refund.
fn progress(body: &Body<'_, '_>, item: &LineItem<'_>, id: &str) -> Result<LineProgress, DecodeError> {
    let refunded = |cancelled| {
        let of_line = body.refunded.iter().filter(|part| part.line == id && (part.restock == Restock::Cancel) == cancelled);
        of_line.map(|part| part.quantity).sum()
    };
    let (cancelled, credited): (Quantity, Quantity) = (refunded(true), refunded(false));
    let taken_off = match item.current_quantity.is_null() {
        true => Quantity::ZERO,
        false => pieces(&item.quantity)? - pieces(&item.current_quantity)? - credited,
    };
    Ok(LineProgress { cancelled: cancelled.max(taken_off), credited, shipped: body.shipped_of(id), received: None })
}
