//! What is owed beside the goods: shipping, tips, duties, fees, and what cash is rounded by.

use super::context::{each, pieces, shopify_id};
use super::whole::{Body, ShippingLine};
use crate::envelope::{DecodeError, columns};
use crate::facts::order::{Charge, ChargeKind};
use crate::facts::{Amount, OrderRow, Quantity, Text};
use crate::sources::facts_out::FactsOut;

/// Raise it when the meaning changes that this file gives to a record: records read again then count as newer.
pub(super) const REVISION: u16 = 1;

columns! {
    struct Duty { tax_lines }
}

pub(super) fn charges(body: &Body<'_, '_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
    for (i, line) in body.shipping.iter().enumerate() {
        let (id, charge) = shipping(body, line).map_err(|error| error.within(&format!("shipping_lines[{i}]")))?;
        out.order(body.key.clone(), id, body.place, body.at, OrderRow::Charge(charge));
    }
    let rounding = Charge { kind: ChargeKind::Rounding, gross: cash_rounding(body)?, tax: Amount::ZERO, removed: false };
    for (id, charge) in [("tip", tip(body)?), ("duty", duty(body)?), ("fee", fee(body)?), ("rounding", rounding)] {
        if !charge.gross.is_zero() {
            out.order(body.key.clone(), id, body.place, body.at, OrderRow::Charge(charge));
        }
    }
    Ok(())
}

fn shipping(body: &Body<'_, '_>, line: &ShippingLine<'_>) -> Result<(Text, Charge), DecodeError> {
    let gross = body.gross(&line.price, &line.price_set, Quantity::from_int(1), &line.discount_allocations, &line.tax_lines)?;
    let charge = Charge { kind: ChargeKind::Shipping, gross, tax: body.purse.taxes(&line.tax_lines)?, removed: line.is_removed()? };
    Ok((Text::from_iter(["shipping-", &*shopify_id(&line.id)?]), charge))
}

/// A tip is told as the order's sum and, since POS takes tips, as a line too. It is one tip: the sum, or where there is none the lines. Once each
/// of its lines is refunded whole, it is taken away.
fn tip(body: &Body<'_, '_>) -> Result<Charge, DecodeError> {
    let mut of_lines = Amount::ZERO;
    let (mut lines, mut gone) = (0, 0);
    for (i, item) in body.items.iter().enumerate() {
        let mut add = || -> Result<(), DecodeError> {
            if item.is_tip()? {
                lines += 1;
                gone += u32::from(!item.current_quantity.is_null() && pieces(&item.current_quantity)?.is_zero());
                of_lines +=
                    body.gross(&item.price, &item.price_set, pieces(&item.quantity)?, &item.discount_allocations, &item.tax_lines)?;
            }
            Ok(())
        };
        add().map_err(|error| error.within(&format!("line_items[{i}]")))?;
    }
    let sum = body.purse.optional(&body.order.total_tip_received, &body.order.total_tip_received_set)?;
    let gross = if sum.is_zero() { of_lines } else { sum };
    Ok(Charge { kind: ChargeKind::Tip, gross, tax: Amount::ZERO, removed: lines > 0 && gone == lines })
}

/// Duties, and the taxes on them, which stand at the lines. Included duties are in the prices.
fn duty(body: &Body<'_, '_>) -> Result<Charge, DecodeError> {
    let included = body.order.duties_included.opt_flag()?.unwrap_or(false);
    let net = if included { Amount::ZERO } else { body.purse.set(&body.order.original_total_duties_set)? };
    let tax = if net.is_zero() { Amount::ZERO } else { duty_tax(body)? };
    let gross = if body.taxes_included { net } else { net + tax };
    Ok(Charge { kind: ChargeKind::Duty, gross, tax, removed: false })
}

fn duty_tax(body: &Body<'_, '_>) -> Result<Amount, DecodeError> {
    let mut tax = Amount::ZERO;
    for (i, item) in body.items.iter().enumerate() {
        each(&item.duties, |duty: Duty<'_>| body.purse.taxes(&duty.tax_lines).map(|of_duty| tax += of_duty))
            .map_err(|error| error.within(&format!("line_items[{i}]")))?;
    }
    Ok(tax)
}

/// Fees of a state or of the shop (delivery, packaging). A fee has no tax lines of its own: its tax is what no other part explains of the order's.
fn fee(body: &Body<'_, '_>) -> Result<Charge, DecodeError> {
    let net = body.purse.set(&body.order.original_total_additional_fees_set)?;
    let mut tax = Amount::ZERO;
    if !net.is_zero() {
        let mut known = duty_tax(body)?;
        for line in &body.shipping {
            known += body.purse.taxes(&line.tax_lines)?;
        }
        for item in &body.items {
            known += body.purse.taxes(&item.tax_lines)?;
        }
        let rest = body.purse.optional(&body.order.total_tax, &body.order.total_tax_set)? - known;
        // Taxes are rounded line by line: a minor unit or two is no fee's tax.
        let rounding: Amount = body.items.iter().map(|_| body.purse.currency.minor_unit()).sum();
        tax = if rest > rounding && rest < net { rest } else { Amount::ZERO };
    }
    let gross = if body.taxes_included { net } else { net + tax };
    Ok(Charge { kind: ChargeKind::Handling, gross, tax, removed: false })
}

/// What a sum that is paid in cash is rounded by, up or down; the order's total leaves it out.
pub(super) fn cash_rounding(body: &Body<'_, '_>) -> Result<Amount, DecodeError> {
    body.purse.set(&body.order.total_cash_rounding_payment_adjustment_set)
}
