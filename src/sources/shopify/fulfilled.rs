//! Fulfilments as an order's body lists them: which were made, their pieces, the carriers' numbers.

use std::borrow::Cow;

use super::context::{each, pieces, shopify_id, word};
use crate::envelope::{Cell, DecodeError, columns};
use crate::facts::{Quantity, Text};

columns! {
    pub(super) struct Fulfillment {
        id, order_id, status, shipment_status, location_id, created_at, updated_at, tracking_company, tracking_number, tracking_numbers, line_items,
    }

    pub(super) struct FulfilledLine { id, quantity, requires_shipping }
}

/// Pieces of a line in a fulfilment that was made.
pub(super) struct Shipped<'a> {
    /// The fulfilment's place in the list.
    pub(super) fulfilment: usize,
    pub(super) line: Cow<'a, str>,
    pub(super) quantity: Quantity,
    /// Unless the fulfilment says otherwise.
    pub(super) needs_shipping: bool,
}

/// What became of a fulfilment.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    Made,
    /// Asked for: nothing has left yet.
    Open,
    /// It failed, or was taken back: its pieces are to be sent again.
    TakenBack,
}

impl Fulfillment<'_> {
    pub(super) fn outcome(&self) -> Result<Outcome, DecodeError> {
        match &*word(&self.status)? {
            "success" => Ok(Outcome::Made),
            "pending" | "open" => Ok(Outcome::Open),
            "cancelled" | "error" | "failure" => Ok(Outcome::TakenBack),
            _ => Err(self.status.error("success, pending, open, cancelled, error or failure")),
        }
    }

    /// The carrier's numbers: the list, else the one number that older bodies give.
    pub(super) fn numbers(&self) -> Result<Vec<Text>, DecodeError> {
        let mut numbers = Vec::new();
        if !self.tracking_numbers.is_null() {
            let listed: Vec<&serde_json::value::RawValue> =
                serde_json::from_str(self.tracking_numbers.json()).map_err(|_| self.tracking_numbers.error("a list of numbers"))?;
            for json in listed {
                numbers.extend(number(&Cell::new("tracking_numbers", json.get()))?);
            }
        }
        if numbers.is_empty() {
            numbers.extend(number(&self.tracking_number)?);
        }
        Ok(numbers)
    }
}

/// A carrier's number, written as text or as a number; blank is none.
fn number(cell: &Cell<'_>) -> Result<Option<Text>, DecodeError> {
    let text = if cell.json().starts_with('"') { cell.filled()? } else { cell.opt_id()? };
    Ok(text.map(|text| text.trim().into()))
}

/// How many fulfilments failed or were taken back.
pub(super) fn over(fulfilments: &[Fulfillment<'_>]) -> Result<u32, DecodeError> {
    let mut over = 0;
    for (i, fulfilment) in fulfilments.iter().enumerate() {
        let outcome = fulfilment.outcome().map_err(|error| error.within(&format!("fulfillments[{i}]")))?;
        over += u32::from(outcome == Outcome::TakenBack);
    }
    Ok(over)
}

/// The pieces of all fulfilments that were made. An app may name a line once for each of its pieces: they are one part.
pub(super) fn shipped<'a>(fulfilments: &[Fulfillment<'a>]) -> Result<Vec<Shipped<'a>>, DecodeError> {
    let mut shipped = Vec::new();
    for (i, fulfilment) in fulfilments.iter().enumerate() {
        let mut read = || -> Result<(), DecodeError> {
            if fulfilment.outcome()? != Outcome::Made {
                return Ok(());
            }
            if fulfilment.line_items.is_null() {
                return Err(fulfilment.line_items.error("the list of its lines"));
            }
            each(&fulfilment.line_items, |part: FulfilledLine<'a>| {
                let (line, quantity) = (shopify_id(&part.id)?, pieces(&part.quantity)?);
                match shipped.iter_mut().find(|there: &&mut Shipped<'_>| there.fulfilment == i && there.line == line) {
                    Some(there) => there.quantity += quantity,
                    None => {
                        let needs_shipping = part.requires_shipping.opt_flag()?.unwrap_or(true);
                        shipped.push(Shipped { fulfilment: i, line, quantity, needs_shipping });
                    }
                }
                Ok(())
            })
        };
        read().map_err(|error| error.within(&format!("fulfillments[{i}]")))?;
    }
    Ok(shipped)
}
