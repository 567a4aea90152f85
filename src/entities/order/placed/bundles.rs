//! Composite products. The row with the price is the sale; the leaf rows are the goods.
//!
//! | a sale with | becomes |
//! | --- | --- |
//! | one leaf, a piece of it for a piece of the sale (configurable) | one line with the sale's price and the leaf's goods |
//! | leaves that carry prices themselves (a bundle priced by its parts) | a line for each leaf; the sale's own price is only their sum and is not used. That a discount left nothing of the prices changes nothing |
//! | leaves without prices (a bundle of a fixed price) | a line for each leaf, with its share of the price by `list price x pieces in a bundle`, rounded by largest remainder |
//! | ... of which some share is not known | a line for each leaf without value, and one for the bundle with its price: a bundle is sent or returned when all its parts are |

use super::line::{PartOf, PlacedLine, by_parcel};
use crate::facts::order::{Line, LineRole};
use crate::facts::{Amount, Cause, Currency, Quantity};

/// A leaf row.
pub(super) struct Leaf<'a> {
    pub id: &'a str,
    pub line: &'a Line,
    pub deleted: bool,
    pub removed: bool,
    pub cause: Cause,
}

/// The lines that a sale with these leaves becomes.
pub(super) fn expand<'a>(mut line: PlacedLine<'a>, leaves: &[Leaf<'a>]) -> Vec<PlacedLine<'a>> {
    let Some(first) = leaves.first() else { return vec![line] };
    let one = Quantity::from_int(1);
    let composite = leaves.len() > 1 || per_bundle(&line, first) != one || line.line.parts.is_some_and(|parts| parts > 1);
    if !composite || line.line.role == LineRole::Both {
        line.leaf = Some(first.id);
        line.goods = first.line;
        line.sku = &first.line.sku;
        line.by_parcel = by_parcel(first.line);
        return vec![line];
    }
    let mut parts: Vec<PlacedLine<'a>> = leaves.iter().map(|leaf| part(&line, leaf)).collect();
    if line.line.priced_by_parts || leaves.iter().any(|leaf| leaf.line.priced_by_parts || !leaf.line.gross.is_zero()) {
        return parts;
    }
    let weights: Option<Vec<Amount>> = leaves.iter().map(|leaf| Some(leaf.line.list_price?.times(per_bundle(&line, leaf)))).collect();
    let weights = weights.filter(|weights| weights.iter().any(|weight| weight.is_positive()) && !weights.iter().any(|w| w.is_negative()));
    match weights.or_else(|| (leaves.len() == 1).then(|| vec![Amount::parse("1").unwrap_or_default()])) {
        Some(weights) => {
            let (gross, tax) = (shares(line.gross, &weights, line.currency), shares(line.tax, &weights, line.currency));
            for (part, (gross, tax)) in parts.iter_mut().zip(gross.into_iter().zip(tax)) {
                (part.gross, part.tax) = (gross, tax);
            }
        }
        None => {
            line.is_bundle = true;
            line.by_parcel = false;
            parts.push(line);
        }
    }
    parts
}

/// Pieces of the part in one piece of the sale: from the part's row, else from the ordered quantities of both.
fn per_bundle(of: &PlacedLine<'_>, leaf: &Leaf<'_>) -> Quantity {
    let one = Quantity::from_int(1);
    if leaf.line.per_parent != one || !of.ordered.is_positive() || !leaf.line.ordered.is_positive() {
        return leaf.line.per_parent;
    }
    let ratio = leaf.line.ordered.decimal() / of.ordered.decimal();
    Quantity::new(ratio.round_dp(Quantity::SCALE_MAX)).unwrap_or(one)
}

fn part<'a>(of: &PlacedLine<'a>, leaf: &Leaf<'a>) -> PlacedLine<'a> {
    let mut part = PlacedLine::new(leaf.id, leaf.line, leaf.deleted || of.deleted, leaf.removed || of.removed, of.currency);
    part.part_of = Some(PartOf { sale: of.id, line: of.line, per_bundle: per_bundle(of, leaf) });
    part
}

/// Splits `whole` by weight. Shares are rounded down to the minor unit; the rest is given out a unit at a time to the largest remainders, of equal
/// ones to the earlier.
fn shares(whole: Amount, weights: &[Amount], currency: Currency) -> Vec<Amount> {
    let unit = currency.minor_unit();
    let all: Amount = weights.iter().copied().sum();
    let mut parts = Vec::with_capacity(weights.len());
    let mut remainders = Vec::with_capacity(weights.len());
    for (i, weight) in weights.iter().enumerate() {
        let exact = whole.decimal() * weight.decimal() / all.decimal();
        let floor = exact.trunc_with_scale(currency.minor_digits());
        parts.push(Amount::new(floor).unwrap_or_default());
        remainders.push((exact.abs() - floor.abs(), i));
    }
    let mut rest = whole - parts.iter().copied().sum();
    remainders.sort_by_key(|(remainder, i)| (std::cmp::Reverse(*remainder), *i));
    for (_, i) in remainders {
        let step = if rest.is_negative() { -unit } else { unit };
        if rest.abs() < unit {
            // Less than a minor unit remains only if the price has more digits than its currency.
            parts[i] += rest;
            break;
        }
        parts[i] += step;
        rest -= step;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn amounts(texts: &[&str]) -> Vec<Amount> {
        texts.iter().map(|text| Amount::parse(text).expect("an amount")).collect()
    }

    #[test]
    fn shares_add_up_and_the_rest_goes_to_the_largest_remainder_the_earlier_of_equals() {
        let gbp = Currency::new("GBP").expect("a currency");
        let whole = Amount::parse("10.00").expect("an amount");
        assert_eq!(shares(whole, &amounts(&["1", "1", "1"]), gbp), amounts(&["3.34", "3.33", "3.33"]));
        assert_eq!(shares(whole, &amounts(&["20", "10", "0"]), gbp), amounts(&["6.67", "3.33", "0"]));
        let jpy = Currency::new("JPY").expect("a currency");
        assert_eq!(shares(Amount::parse("1000").expect("an amount"), &amounts(&["1", "2"]), jpy), amounts(&["333", "667"]));
        assert_eq!(shares(-whole, &amounts(&["1", "2"]), gbp), amounts(&["-3.33", "-6.67"]));
        let two_left = Amount::parse("-10.01").expect("an amount");
        assert_eq!(shares(two_left, &amounts(&["1", "1", "1"]), gbp), amounts(&["-3.34", "-3.34", "-3.33"]));
    }
}
