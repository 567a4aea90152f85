//! Stage *cancelled*: the cancellations that shop, ERP and warehouses report in rows of their own, and the shop's own totals of each line.
//!
//! Other cancellations depend on what was despatched (credits of goods that were not, documents that were cancelled or closed short): they are
//! computed in [`super::sent`].

use super::input::{Contradiction, Input};
use super::placed::{Placed, PlacedLine};
use super::pooling;
use crate::entities::RowOf;
use crate::entities::rules::Role;
use crate::facts::order::{Cancellation, LineProgress, ShopState, Word};
use crate::facts::{Moment, Quantity, SourceId};

/// Reported cancellations, by line.
#[derive(Clone, Debug)]
pub struct Cancelled {
    /// In the order of the lines as placed.
    pub lines: Vec<CancelledLine>,
    /// The time of the newest row that cancels something.
    pub at: Option<Moment>,
    /// Rows that contradict each other.
    pub contradictions: Vec<Contradiction>,
}

/// What the rows report of one line: totals, never deltas.
#[derive(Clone, Copy, Debug, Default)]
pub struct CancelledLine {
    /// Cancelled by the shop: the largest total that it reports; all that was ordered, if the line was removed or the order cancelled.
    pub by_shop: Quantity,
    /// Cancelled by the ERP.
    pub by_erp: Quantity,
    /// Cancelled by the warehouses.
    pub by_warehouse: Quantity,
    /// The part of `by_warehouse` that they report as stopped.
    pub stopped_by_warehouse: Quantity,
    /// The shop's own cancelled total of the line.
    pub booked_by_shop: Quantity,
    /// Credited by the shop. Credited pieces that were not returned are cancelled ones.
    pub credited: Quantity,
    /// The time of the newest row that credits pieces of the line.
    pub credited_at: Option<Moment>,
    /// The shop's own shipped total: notices need not report it again.
    pub shop_shipped: Quantity,
    /// The shop's own received-back total, if it keeps one besides its credits.
    pub shop_received: Option<Quantity>,
}

impl CancelledLine {
    /// The largest total of the owners.
    pub fn most(&self) -> Quantity {
        self.by_shop.max(self.by_erp).max(self.by_warehouse)
    }
}

/// Who reports a cancellation.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Owner {
    Shop,
    Erp,
    Warehouse,
}

/// Reads the shop's totals of each line (of the sale and of its leaf: the larger), and the totals that owners report in rows of their own.
pub(super) fn stage(input: &Input<'_>, placed: &Placed<'_>) -> Cancelled {
    let mut all = Cancelled { lines: vec![CancelledLine::default(); placed.lines.len()], at: None, contradictions: Vec::new() };
    all.named(input, placed);
    if let Some(shop) = placed.shop {
        all.books(input, shop, &placed.lines);
    }
    let whole = placed.header.is_some_and(|header| header.state == Word::Known(ShopState::Cancelled));
    for (line, reported) in placed.lines.iter().zip(&mut all.lines) {
        reported.by_shop = if whole || line.removed { line.ordered } else { reported.by_shop.max(reported.booked_by_shop) };
    }
    if whole {
        all.at = all.at.max(placed.at);
    }
    all
}

impl Cancelled {
    fn books(&mut self, input: &Input<'_>, shop: SourceId, lines: &[PlacedLine<'_>]) {
        for RowOf { key, stored, row } in input.rows.live::<LineProgress>().filter(|each| each.key.source == shop) {
            for (line, reported) in lines.iter().zip(&mut self.lines) {
                let Some(each) = line.pieces_of(&key.id) else { continue };
                reported.booked_by_shop = reported.booked_by_shop.max(row.cancelled.times(each));
                if row.credited.is_positive() {
                    reported.credited = reported.credited.max(row.credited.times(each));
                    reported.credited_at = reported.credited_at.max(Some(stored.at));
                }
                reported.shop_shipped = reported.shop_shipped.max(row.shipped.times(each));
                reported.shop_received = reported.shop_received.max(row.received.map(|received| received.times(each)));
            }
            if row.cancelled.is_positive() || row.credited.is_positive() {
                self.at = self.at.max(Some(stored.at));
            }
        }
    }

    /// Totals reported in rows of their own: of the rows of shop and ERP the largest; those of warehouses are added, since each has its own pieces.
    fn named(&mut self, input: &Input<'_>, placed: &Placed<'_>) {
        let ordered: Vec<Quantity> = placed.lines.iter().map(|line| line.ordered).collect();
        for RowOf { key, stored, row } in input.rows.live::<Cancellation>() {
            let owner = match key.source {
                source if Some(source) == placed.shop => Owner::Shop,
                source if input.rules.plays(source, Role::Erp) => Owner::Erp,
                source if input.rules.plays(source, Role::Wms) => Owner::Warehouse,
                _ => continue,
            };
            if row.total.is_negative() {
                let sentence = format!("the cancelled quantity of {} is negative ({})", pooling::name(&row.line), row.total);
                self.contradictions.push(Contradiction::new(&key.id, sentence, stored.cause));
                continue;
            }
            let mut parts = vec![Quantity::ZERO; placed.lines.len()];
            pooling::spread(row.total, &pooling::targets(&placed.lines, &row.line), &[&ordered], &mut parts);
            for (reported, part) in self.lines.iter_mut().zip(parts) {
                match owner {
                    Owner::Shop => reported.by_shop = reported.by_shop.max(part),
                    Owner::Erp => reported.by_erp = reported.by_erp.max(part),
                    Owner::Warehouse => {
                        reported.by_warehouse += part;
                        if row.stopped {
                            reported.stopped_by_warehouse += part;
                        }
                    }
                }
            }
            if row.total.is_positive() {
                self.at = self.at.max(Some(stored.at));
            }
        }
    }
}
