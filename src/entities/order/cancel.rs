//! *c*, *w* and *stopped*: what is cancelled, what is still wanted, and what of the cancelled can't be sent any more.
//!
//! Cancelled is the largest of what shop, ERP and warehouse say, never their sum. The warehouse's rows name no cancelled quantity yet, so its
//! word alone cancels nothing: it only *stops* what another has cancelled.

use super::erp::canonical;
use super::returns::Returns;
use super::view::{LineView, WarehouseView};
use crate::entities::Rows;
use crate::entities::ledger::Ledgers;
use crate::entities::rules::{Role, Rules};
use crate::facts::order::{RefundState, ShopState, WarehouseState, Word};
use crate::facts::{Amount, Moment, OrderRow, Quantity, SourceId, Text};

/// What the shop's own books say of each line.
#[derive(Clone, Copy, Default)]
pub(super) struct Progress {
    cancelled: Quantity,
    credited: Quantity,
    /// The shop's own received-back total, where it keeps one.
    received: Option<Quantity>,
    /// Credits of goods that were not despatched: cancelled by another word.
    undespatched: Quantity,
}

/// Reads the shop's progress of each line (of the sale and of its leaf: the larger), and the shop's shipped total. `cancelled_at`: the newest
/// row that cancels something.
pub(super) fn progress(
    rows: &Rows<OrderRow>,
    shop: Option<SourceId>,
    lines: &mut [LineView<'_>],
    cancelled_at: &mut Option<Moment>,
) -> Vec<Progress> {
    let mut all = vec![Progress::default(); lines.len()];
    let Some(shop) = shop else { return all };
    for (key, stored) in rows.of(OrderRow::LINE_PROGRESS, shop) {
        let Some(OrderRow::LineProgress(row)) = &stored.row else { continue };
        if stored.deleted {
            continue;
        }
        let Some(i) = lines.iter().position(|line| line.id == key.id || line.leaf == Some(key.id.as_str())) else { continue };
        all[i].cancelled = all[i].cancelled.max(row.cancelled);
        all[i].credited = all[i].credited.max(row.credited);
        lines[i].shop_shipped = lines[i].shop_shipped.max(row.shipped);
        all[i].received = all[i].received.max(row.received);
        if row.cancelled.is_positive() || row.credited.is_positive() {
            *cancelled_at = (*cancelled_at).max(Some(stored.at));
        }
    }
    all
}

/// Which credits are of goods that were not despatched: of each SKU, what is credited beyond what was returned (r); the later line first.
pub(super) fn credits(lines: &[LineView<'_>], despatched: impl Fn(&[usize]) -> Quantity, returns: &Returns<'_>, progress: &mut [Progress]) {
    for first in 0..lines.len() {
        let group: super::pooling::Targets = (first..lines.len()).filter(|&i| lines[i].sku == lines[first].sku).collect();
        let credited: Quantity = group.iter().map(|&i| progress[i].credited).sum();
        if lines[..first].iter().any(|line| line.sku == lines[first].sku) || credited.is_zero() {
            continue;
        }
        let (authorised, there) = returns.sums(&group);
        let returned = despatched(&group).min(authorised).min(there);
        let mut rest = (credited - returned).floor_zero();
        for &i in group.iter().rev() {
            progress[i].undespatched = rest.min(progress[i].credited);
            rest -= progress[i].undespatched;
        }
    }
}

/// What despatches fill first: ordered less cancelled, before it is known what left.
pub(super) fn wanted_before(lines: &[LineView<'_>], progress: &[Progress]) -> Vec<Quantity> {
    lines.iter().zip(progress).map(|(line, told)| (line.n - told.cancelled - told.undespatched).floor_zero()).collect()
}

/// Sets c and w, and the shop's received total where it keeps none apart from its credits.
pub(super) fn wanted(lines: &mut [LineView<'_>], progress: &[Progress], by_erp: &[Quantity], state: Option<&Word<ShopState>>) {
    let whole = state == Some(&Word::Known(ShopState::Cancelled));
    for (i, line) in lines.iter_mut().enumerate() {
        let told = progress[i];
        let by_shop = if whole { line.n } else { told.cancelled + told.undespatched };
        line.c = by_shop.max(by_erp[i]);
        line.w = line.n - line.c.min((line.n - line.d).floor_zero());
        line.shop_received = told.received.unwrap_or(told.credited - told.undespatched);
    }
}

static NEW: Word<WarehouseState> = Word::Known(WarehouseState::New);

/// The warehouse's orders: state and total of one number are one order.
pub(super) fn warehouse<'a>(rows: &'a Rows<OrderRow>, rules: &'a Rules) -> Vec<WarehouseView<'a>> {
    let mut orders: Vec<WarehouseView<'a>> = Vec::new();
    for (key, stored) in rows.of_kind(OrderRow::WAREHOUSE_ORDER) {
        let Some(OrderRow::WarehouseOrder(row)) = &stored.row else { continue };
        if !stored.deleted && rules.plays(key.source, Role::Wms) {
            let location = canonical(rules, &row.location);
            orders.push(WarehouseView { source: key.source, number: &key.id, location, state: &row.state, pieces: None });
        }
    }
    for (key, stored) in rows.of_kind(OrderRow::WAREHOUSE_TOTAL) {
        let Some(OrderRow::WarehouseTotal(row)) = &stored.row else { continue };
        if stored.deleted || !rules.plays(key.source, Role::Wms) {
            continue;
        }
        match orders.iter_mut().find(|order| order.source == key.source && order.number == key.id) {
            Some(order) => {
                order.pieces = Some(row.pieces);
                if order.location.is_empty() {
                    order.location = canonical(rules, &row.location);
                }
            }
            None => {
                let location = canonical(rules, &row.location);
                orders.push(WarehouseView { source: key.source, number: &key.id, location, state: &NEW, pieces: Some(row.pieces) });
            }
        }
    }
    orders.sort_by(|a, b| (a.location, a.number, a.source).cmp(&(b.location, b.number, b.source)));
    orders
}

/// What decides whether a cancelled piece is *stopped*.
pub(super) struct Stopping<'a, 's> {
    pub rows: &'a Rows<OrderRow>,
    pub ledgers: &'s Ledgers,
    pub warehouse: &'s [WarehouseView<'a>],
    pub progress: &'s [Progress],
    pub shop: Option<SourceId>,
    pub rules: &'a Rules,
}

impl Stopping<'_, '_> {
    /// Sets `stopped`: of each line's cancelled pieces those that no go-ahead was made for; all, when each warehouse that was asked for the
    /// line confirms; those that the shop itself has refunded. Then k.
    pub fn apply(&self, lines: &mut [LineView<'_>]) {
        let mut budget =
            self.refunded_by_shop() - lines.iter().map(|line| line.g(line.d.min(line.n)) - line.g((line.d - line.r).min(line.n))).sum();
        for i in 0..lines.len() {
            let cancelled = lines[i].unwanted();
            let mut stopped = cancelled;
            if cancelled.is_positive() && lines[i].ships {
                let line = &lines[i];
                let released = self.released(line).max(line.d);
                stopped = cancelled.min((line.n - released).floor_zero());
                if stopped < cancelled && self.confirmed(line, lines) {
                    stopped = cancelled;
                }
                if stopped < cancelled {
                    stopped += self.credited(i, line, cancelled - stopped, &mut budget);
                }
            }
            lines[i].stopped = stopped;
            lines[i].k = lines[i].n - stopped - lines[i].r;
        }
    }

    /// Pieces of the line that a go-ahead was ever made for.
    fn released(&self, line: &LineView<'_>) -> Quantity {
        self.ledgers.fulfilment.values().map(|asked| asked.ever_asked(line.id, line.n)).sum()
    }

    /// Each warehouse that was asked for the line says cancelled, or a total of at most what is now wanted from its location.
    fn confirmed(&self, line: &LineView<'_>, lines: &[LineView<'_>]) -> bool {
        let fulfilment = &self.ledgers.fulfilment;
        let asked = fulfilment.iter().filter(|(_, asked)| asked.ever_asked(line.id, line.n).is_positive());
        asked.into_iter().all(|(location, asked)| {
            let wanted: Quantity =
                lines.iter().filter(|other| asked.ever_asked(other.id, other.n).is_positive()).map(|other| other.w).sum();
            self.stands_at(location, wanted)
        })
    }

    fn stands_at(&self, location: &Text, wanted: Quantity) -> bool {
        let location = canonical(self.rules, location);
        let mut orders = self.warehouse.iter().filter(|order| order.location == location || order.location.is_empty()).peekable();
        orders.peek().is_some()
            && orders
                .all(|order| *order.state == Word::Known(WarehouseState::Cancelled) || order.pieces.is_some_and(|pieces| pieces <= wanted))
    }

    /// What the shop itself has refunded, by its own rows.
    fn refunded_by_shop(&self) -> Amount {
        let Some(shop) = self.shop else { return Amount::ZERO };
        let refunds = self.rows.of(OrderRow::REFUND, shop).filter_map(|(_, stored)| match &stored.row {
            Some(OrderRow::Refund(row)) if !stored.deleted => Some(row),
            _ => None,
        });
        refunds.filter(|row| matches!(row.state, Word::Known(RefundState::Success | RefundState::Pending))).map(|row| row.amount).sum()
    }

    /// Credited, undespatched pieces whose value the shop's own refunds cover (a minor unit aside).
    fn credited(&self, i: usize, line: &LineView<'_>, open: Quantity, budget: &mut Amount) -> Quantity {
        let pieces = open.min(self.progress[i].undespatched);
        let value = line.g(line.n) - line.g(line.n - pieces);
        if !pieces.is_positive() || value > *budget + line.currency.minor_unit() {
            return Quantity::ZERO;
        }
        *budget -= value;
        pieces
    }
}
