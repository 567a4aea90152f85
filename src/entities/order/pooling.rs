//! Pooling (journey.md, Money): a row that names only a SKU counts for all lines of that SKU together.
//!
//! Its quantity fills the lines from the first to the last, up to the first bound (what is wanted); the rest fills them up to the next bound (what
//! was ordered). What exceeds all bounds goes to the last line.

use smallvec::SmallVec;

use super::placed::PlacedLine;
use crate::facts::order::LineRef;
use crate::facts::{Amount, Quantity};

/// Indices of lines.
pub(super) type Targets = SmallVec<[usize; 4]>;

/// (index of the line, quantity): the part of one row's quantity that each line gets.
pub(super) type Parts = SmallVec<[(usize, Quantity); 2]>;

/// The line id or SKU by which a row names its line.
pub(super) fn name(line_ref: &LineRef) -> &str {
    match line_ref {
        LineRef::Line(id) => id,
        LineRef::Sku(sku) => sku.as_str(),
    }
}

/// The lines that a row is about; none when the order has no such line (yet).
pub(super) fn targets(lines: &[PlacedLine<'_>], line_ref: &LineRef) -> Targets {
    match line_ref {
        LineRef::Line(id) => {
            lines.iter().position(|line| !line.is_bundle && (line.id == id || line.leaf == Some(id.as_str()))).into_iter().collect()
        }
        LineRef::Sku(sku) => {
            let of_goods: Targets = (0..lines.len()).filter(|&i| !lines[i].is_bundle && lines[i].sku == sku).collect();
            if of_goods.is_empty() {
                (0..lines.len()).filter(|&i| !lines[i].is_bundle && lines[i].line.sku == *sku).collect()
            } else {
                of_goods
            }
        }
    }
}

/// Pieces that an owner (ERP, warehouse) will not deliver, by group of lines that a row names together: (lines, short, kept). `kept` is what its
/// rows still promise: no more than ordered - kept counts as short.
#[derive(Default)]
pub(super) struct Shortfalls(Vec<(Vec<usize>, Quantity, Quantity)>);

impl Shortfalls {
    /// Adds one row's short and kept pieces.
    pub fn add(&mut self, targets: &[usize], short: Quantity, kept: Quantity) {
        match self.0.iter_mut().find(|(there, _, _)| there == targets) {
            Some((_, all_short, all_kept)) => {
                *all_short += short;
                *all_kept += kept;
            }
            None => self.0.push((targets.to_vec(), short, kept)),
        }
    }

    /// Short pieces of each line. In a group, lines that the shop has cancelled take them first, then the last line: earlier lines are sent first.
    pub fn by_line(&self, lines: &[PlacedLine<'_>], by_shop: &[Quantity]) -> Vec<Quantity> {
        let mut by_line = vec![Quantity::ZERO; lines.len()];
        for (targets, short, kept) in &self.0 {
            let ordered: Quantity = targets.iter().map(|&i| lines[i].ordered).sum();
            let mut rest = (*short).min(ordered - *kept).floor_zero();
            for &i in targets {
                let part = (by_shop[i] - by_line[i]).min(lines[i].ordered - by_line[i]).floor_zero().min(rest);
                by_line[i] += part;
                rest -= part;
            }
            for &i in targets.iter().rev() {
                let part = (lines[i].ordered - by_line[i]).floor_zero().min(rest);
                by_line[i] += part;
                rest -= part;
            }
        }
        by_line
    }
}

/// Splits `quantity` over `targets`, and adds it to `taken`. `bounds` are by line.
pub(super) fn spread(mut quantity: Quantity, targets: &[usize], bounds: &[&[Quantity]], taken: &mut [Quantity]) -> Parts {
    let mut parts = Parts::new();
    let Some(&last) = targets.last() else { return parts };
    let mut give = |line: usize, part: Quantity, taken: &mut [Quantity]| {
        taken[line] += part;
        match parts.iter_mut().find(|(to, _)| *to == line) {
            Some((_, there)) => *there += part,
            None => parts.push((line, part)),
        }
    };
    if targets.len() > 1 {
        for bound in bounds {
            for &line in targets {
                let part = (bound[line] - taken[line]).floor_zero().min(quantity);
                if part.is_positive() {
                    give(line, part, taken);
                    quantity -= part;
                }
            }
        }
    }
    if quantity.is_positive() {
        give(last, quantity, taken);
    }
    parts
}

/// Pieces of a line whose worth the rest of a sum covers, give or take a minor unit a piece: all of them, or none. What it uses up is taken from the sum,
/// which may end below zero by that rounding, so that lines do not each round anew.
pub(super) fn covered(line: &PlacedLine<'_>, pieces: Quantity, budget: &mut Amount) -> Quantity {
    let value = line.worth_of(pieces);
    if !pieces.is_positive() || value > *budget + line.currency.minor_unit().times(pieces) {
        return Quantity::ZERO;
    }
    *budget -= value;
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    /// First what is wanted of each line, then what was ordered, the rest on the last: one part for each line in the end.
    #[test]
    fn a_row_gives_each_line_one_part() {
        let pieces = |all: &[i64]| all.iter().map(|n| Quantity::from_int(*n)).collect::<Vec<_>>();
        let (wanted, ordered) = (pieces(&[1, 1]), pieces(&[2, 3]));
        for (quantity, parts) in [(1, vec![(0, 1)]), (2, vec![(0, 1), (1, 1)]), (3, vec![(0, 2), (1, 1)]), (6, vec![(0, 2), (1, 4)])] {
            let mut taken = pieces(&[0, 0]);
            let given = spread(Quantity::from_int(quantity), &[0, 1], &[&wanted, &ordered], &mut taken);
            let due: Vec<(usize, Quantity)> = parts.iter().map(|(line, pieces)| (*line, Quantity::from_int(*pieces))).collect();
            assert_eq!(given.to_vec(), due, "{quantity} pieces");
            assert_eq!(taken.iter().copied().sum::<Quantity>(), Quantity::from_int(quantity));
        }
    }
}
