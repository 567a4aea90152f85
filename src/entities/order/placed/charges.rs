//! The shop's charges, and whether lines and charges add up to the header's total.

use super::line::PlacedLine;
use crate::entities::Rows;
use crate::facts::order::{Charge, Header};
use crate::facts::{Amount, Currency, OrderRow, SourceId};

/// A charge of the order: shipping, wrapping, duty ...
#[derive(Clone, Debug)]
pub struct PlacedCharge<'a> {
    /// kind + number.
    pub id: &'a str,
    /// The shop's row.
    pub charge: &'a Charge,
}

/// Lines + charges, compared with the header's total.
#[derive(Clone, Debug)]
pub struct PlacedTotals {
    /// Sum of all lines and charges as ordered.
    pub value: Amount,
    /// Header's total - lines - charges, where that is only rounding: it is added to the largest line.
    pub rounding: Amount,
    /// Lines + charges equal the total, give or take rounding.
    pub agree: bool,
}

pub(super) fn read<'a>(rows: &'a Rows<OrderRow>, shop: Option<SourceId>) -> Vec<PlacedCharge<'a>> {
    let of_shop = rows.live::<Charge>().filter(|each| Some(each.key.source) == shop);
    of_shop.map(|each| PlacedCharge { id: &each.key.id, charge: each.row }).collect()
}

/// Compares, and adds the rounding difference to the largest line (of equal ones the earlier).
pub(super) fn reconcile<'a>(
    header: Option<&Header>,
    currency: Currency,
    mut lines: Vec<PlacedLine<'a>>,
    charges: &[PlacedCharge<'_>],
) -> (PlacedTotals, Vec<PlacedLine<'a>>) {
    let of_lines: Amount = lines.iter().map(|line| line.gross).sum();
    let all: Amount = charges.iter().map(|charge| charge.charge.gross).sum();
    let staying: Amount = charges.iter().filter(|charge| !charge.charge.removed).map(|charge| charge.charge.gross).sum();
    let Some(header) = header else { return (PlacedTotals { value: of_lines + all, rounding: Amount::ZERO, agree: false }, lines) };
    let tolerance: Amount = lines.iter().map(|_| currency.minor_unit()).sum();
    // The header's total may still contain a charge that was removed after the order was placed.
    let rests = [header.total - of_lines - all, header.total - of_lines - staying];
    let rest = if rests[1].abs() < rests[0].abs() { rests[1] } else { rests[0] };
    let agree = rest.is_zero() || rest.abs() <= tolerance;
    if agree && !rest.is_zero() {
        let largest = (0..lines.len()).max_by_key(|&i| (lines[i].gross, std::cmp::Reverse(i)));
        if let Some(line) = largest.and_then(|i| lines.get_mut(i)) {
            line.gross += rest;
        }
    }
    (PlacedTotals { value: of_lines + all, rounding: if agree { rest } else { Amount::ZERO }, agree }, lines)
}
