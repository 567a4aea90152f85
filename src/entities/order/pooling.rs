//! Rows that name only a SKU are for the lines of that SKU together: pooled (journey.md, Money).
//!
//! A quantity goes to the earlier line first, up to the first bound that is given (what is wanted), then to the earlier line first up to the
//! next (what was ordered); what is above all bounds stands on the last line.

use smallvec::SmallVec;

use super::view::LineView;
use crate::facts::Quantity;
use crate::facts::order::LineRef;

/// Indices of lines.
pub(super) type Targets = SmallVec<[usize; 4]>;

/// (line, quantity): what one row gives to each line.
pub(super) type Parts = SmallVec<[(usize, Quantity); 2]>;

/// The lines that a row speaks of; none when the order has no such line (yet).
pub(super) fn targets(lines: &[LineView<'_>], line_ref: &LineRef) -> Targets {
    match line_ref {
        LineRef::Line(id) => lines.iter().position(|line| line.id == id || line.leaf == Some(id.as_str())).into_iter().collect(),
        LineRef::Sku(sku) => {
            let of_goods: Targets = (0..lines.len()).filter(|&i| lines[i].sku == sku).collect();
            if of_goods.is_empty() { (0..lines.len()).filter(|&i| lines[i].line.sku == *sku).collect() } else { of_goods }
        }
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
