//! Running totals cut into parts, each with the moment of the row that caused it.

use crate::entities::order::worth::Worth;
use crate::facts::{Amount, Moment, Quantity};

/// TimedAmounts of a total, each with its moment; `None`: no row tells it.
pub(super) type TimedAmounts = Vec<(Option<Moment>, Amount)>;

/// A total in the parts that rows tell of; what they do not explain belongs to the newest of them.
pub(super) fn parts_of(total: Amount, mut rows: Vec<(Moment, Amount)>) -> TimedAmounts {
    rows.sort_by_key(|(at, _)| *at);
    let (mut rest, mut parts) = (total, TimedAmounts::new());
    for (at, amount) in &rows {
        let part = (*amount).min(rest).floor_zero();
        rest -= part;
        parts.push((Some(*at), part));
    }
    if !rest.is_zero() {
        parts.push((rows.last().map(|(at, _)| *at), rest));
    }
    parts
}

/// Cumulative figures cut into parts: `worth_of` of the first pieces, then of more.
pub(super) fn cut<'p>(
    pieces: impl Iterator<Item = (Option<Moment>, Quantity)> + 'p,
    most: Quantity,
    worth_of: impl Fn(Quantity) -> Worth + 'p,
) -> impl Iterator<Item = (Option<Moment>, Worth)> + 'p {
    let mut so_far = Quantity::ZERO;
    pieces.map(move |(at, pieces)| {
        let before = so_far;
        so_far = (so_far + pieces).min(most);
        (at, worth_of(so_far).less(worth_of(before)))
    })
}
