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
    /// Lines + charges equal the total, give or take rounding; or a person has accepted that they do not.
    pub agree: bool,
    /// What a person has accepted as difference: total - lines - charges. It counts as a charge that nobody has named.
    pub accepted: Amount,
}

pub(super) fn read<'a>(rows: &'a Rows<OrderRow>, shop: Option<SourceId>) -> Vec<PlacedCharge<'a>> {
    let of_shop = rows.live::<Charge>().filter(|each| Some(each.key.source) == shop);
    of_shop.map(|each| PlacedCharge { id: &each.key.id, charge: each.row }).collect()
}

/// Brings each line to whole minor units, compares, and adds the rounding difference to the largest line (of equal ones the later). `accepted`:
/// up to which difference a person has accepted that the sums differ.
pub(super) fn reconcile<'a>(
    header: Option<&Header>,
    currency: Currency,
    mut lines: Vec<PlacedLine<'a>>,
    charges: &[PlacedCharge<'_>],
    accepted: impl Fn(Amount) -> bool,
) -> (PlacedTotals, Vec<PlacedLine<'a>>) {
    for line in &mut lines {
        (line.gross, line.tax) = (line.gross.rounded(currency), line.tax.rounded(currency));
    }
    let of_lines: Amount = lines.iter().map(|line| line.gross).sum();
    let all: Amount = charges.iter().map(|charge| charge.charge.gross).sum();
    let staying: Amount = charges.iter().filter(|charge| !charge.charge.removed).map(|charge| charge.charge.gross).sum();
    let (value, none) = (of_lines + all, Amount::ZERO);
    let Some(header) = header else { return (PlacedTotals { value, rounding: none, agree: false, accepted: none }, lines) };
    let tolerance: Amount = lines.iter().map(|_| currency.minor_unit()).sum();
    // The header's total may still contain a charge that was removed after the order was placed.
    let rests = [header.total - of_lines - all, header.total - of_lines - staying];
    let rest = if rests[1].abs() < rests[0].abs() { rests[1] } else { rests[0] };
    if rest.abs() > tolerance {
        let agree = accepted(rest.abs());
        return (PlacedTotals { value, rounding: none, agree, accepted: if agree { rest } else { none } }, lines);
    }
    if !rest.is_zero() {
        let largest = (0..lines.len()).max_by_key(|&i| (lines[i].gross, i));
        if let Some(line) = largest.and_then(|i| lines.get_mut(i)) {
            line.gross += rest;
        }
    }
    (PlacedTotals { value, rounding: rest, agree: true, accepted: none }, lines)
}
