//! Orders that replace each other.
//!
//! A shop that edits an order makes a new one, links the two, and then cancels the old one. Some shops also link a repeated order and cancel nothing.
//! So both orders wait for the cancellation; if it has not come after a while, each counts as an order of its own.

use crate::entities::Rows;
use crate::entities::order::clock::Clock;
use crate::entities::order::placed::Placed;
use crate::entities::rules::Rules;
use crate::facts::order::{Predecessor, ShopState, Word};
use crate::facts::{OrderKey, OrderRow};

pub(super) struct Replacement {
    pub not_replaced: bool,
    pub in_place: bool,
}

pub(super) fn read(rows: &Rows<OrderRow>, placed: &Placed<'_>, rules: &Rules, clock: &Clock) -> Replacement {
    let Some(header) = placed.header else { return Replacement { not_replaced: true, in_place: true } };
    let wait = rules.durations.replacement;
    let cancelled = header.state == Word::Known(ShopState::Cancelled);
    let not_replaced = header.replaced_by.is_none() || (!cancelled && placed.at.is_some_and(|at| clock.passed(at, wait)));
    let gone = |old: &OrderKey| rows.live::<Predecessor>().any(|each| each.row.cancelled && each.row.order == *old);
    let in_place = header.replaces.as_ref().is_none_or(gone) || clock.passed(header.placed_at, wait);
    Replacement { not_replaced, in_place }
}
