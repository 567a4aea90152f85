//! Stage *supplied*: whether intangible goods (downloads, licence keys, services, tips) count as despatched and delivered.
//!
//! They do once the order is complete, secured and recorded *as placed*: the money captured or authorised covers all that is not cancelled. Later
//! returns and refunds do not change that, so a licence key that was supplied can be returned.

use super::cancelled::Cancelled;
use super::erp::Erp;
use super::input::Input;
use super::paid::{self, Paid};
use super::placed::{Placed, PlacedLine};
use crate::entities::rules::Role;
use crate::facts::{Amount, Quantity};

/// Intangible goods, and whether they count as supplied.
#[derive(Clone, Debug)]
pub struct Supplied {
    /// In the order of the lines as placed: the line's goods are intangible, so nobody sends or hands them over.
    pub intangible: Vec<bool>,
    /// Intangible goods count as despatched.
    pub ready: bool,
}

impl Supplied {
    /// Pieces of a line that count as supplied: ordered - `cancelled`, once intangible goods are supplied; else none.
    pub fn pieces(&self, line: usize, ordered: Quantity, cancelled: Quantity) -> Quantity {
        if self.ready && self.intangible[line] { (ordered - cancelled).floor_zero() } else { Quantity::ZERO }
    }
}

/// Decides from the order as placed, its payments and its record in the ERP whether intangible goods are supplied.
pub(super) fn stage(input: &Input<'_>, placed: &Placed<'_>, paid: &Paid<'_>, erp: &Erp<'_>, cancelled: &Cancelled) -> Supplied {
    let intangible = |(i, line): (usize, &PlacedLine<'_>)| {
        let in_erp = &erp.lines[i];
        !in_erp.ships && !line.is_bundle && line.intangible(in_erp.by_supplier)
    };
    Supplied {
        intangible: placed.lines.iter().enumerate().map(intangible).collect(),
        ready: paid::complete(placed, paid) && secured(placed, paid, cancelled) && (erp.recorded || !input.rules.has(Role::Erp)),
    }
}

/// All that is not cancelled is captured or authorised, or the order is paid later.
fn secured(placed: &Placed<'_>, paid: &Paid<'_>, cancelled: &Cancelled) -> bool {
    let wanted = |i: usize| (placed.lines[i].ordered - cancelled.lines[i].most()).floor_zero();
    let of_lines: Amount = (0..placed.lines.len()).map(|i| placed.lines[i].value_of(wanted(i))).sum();
    let charged = (0..placed.lines.len()).any(|i| wanted(i).is_positive());
    let of_charges: Amount =
        placed.charges.iter().filter(|charge| charged && !charge.charge.removed).map(|charge| charge.charge.gross).sum();
    paid.pays_later || paid.captured + paid.authorised_open >= (of_lines + of_charges).floor_zero()
}
