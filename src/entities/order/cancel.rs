//! *c*, *w* and *stopped*: what is cancelled, what is still wanted, and what of the cancelled can't be sent any more.
//!
//! Cancelled is the largest of what shop, ERP and warehouse say, never their sum: a quantity named, a line removed by an edit, a credit of
//! goods that were not despatched, a line closed short, the whole order. A location that a line was moved away from says nothing of it.

use super::findings::Findings;
use super::lines::Placed;
use super::pooling::{self, Losses};
use super::returns::Returns;
use super::view::{CancelledBy, LineView, WarehouseView};
use super::warehouse;
use crate::entities::Rows;
use crate::entities::rules::{Role, Rules};
use crate::entities::topics::Ledgers;
use crate::facts::order::{RefundState, ShopState, Word};
use crate::facts::{Amount, Moment, OrderRow, Quantity, SourceId, Text};

/// What the shop's own books say of each line.
#[derive(Clone, Copy, Default)]
pub(super) struct Progress {
    cancelled: Quantity,
    credited: Quantity,
    credited_at: Option<Moment>,
    /// The shop's own received-back total, where it keeps one.
    received: Option<Quantity>,
    /// Credits of goods that were not despatched: cancelled by another word.
    undespatched: Quantity,
}

/// What is cancelled, by line and by who says so.
pub(super) struct Cancelled {
    progress: Vec<Progress>,
    by: Vec<CancelledBy>,
    /// Pieces that a warehouse says it has stopped.
    stopped: Vec<Quantity>,
    /// The newest row that cancels something.
    pub at: Option<Moment>,
}

impl Cancelled {
    /// Reads what the shop's books say of each line (of the sale and of its leaf: the larger), and the totals that owners name in rows of
    /// their own.
    pub fn read(rows: &Rows<OrderRow>, rules: &Rules, placed: &Placed<'_>, lines: &mut [LineView<'_>], findings: &mut Findings) -> Self {
        let none = || vec![Quantity::ZERO; lines.len()];
        let mut all = Self { progress: vec![Progress::default(); lines.len()], by: Vec::new(), stopped: none(), at: None };
        let mut named = [none(), none(), none()];
        all.totals(rows, rules, placed, lines, &mut named, findings);
        if let Some(shop) = placed.shop {
            all.books(rows, shop, lines);
        }
        let whole = placed.header.is_some_and(|header| header.state == Word::Known(ShopState::Cancelled));
        for (i, line) in lines.iter().enumerate() {
            let by_shop = all.progress[i].cancelled.max(named[0][i]);
            let shop = if whole || line.removed { line.n } else { by_shop };
            all.by.push(CancelledBy { shop, erp: named[1][i], warehouse: named[2][i], late_credit: Quantity::ZERO });
        }
        if whole {
            all.at = all.at.max(placed.at);
        }
        all
    }

    fn books(&mut self, rows: &Rows<OrderRow>, shop: SourceId, lines: &mut [LineView<'_>]) {
        for (key, stored) in rows.of(OrderRow::LINE_PROGRESS, shop) {
            let Some(OrderRow::LineProgress(row)) = &stored.row else { continue };
            if stored.deleted {
                continue;
            }
            for (line, told) in lines.iter_mut().zip(&mut self.progress) {
                let Some(each) = line.pieces_of(&key.id) else { continue };
                told.cancelled = told.cancelled.max(row.cancelled.times(each));
                if row.credited.is_positive() {
                    told.credited = told.credited.max(row.credited.times(each));
                    told.credited_at = told.credited_at.max(Some(stored.at));
                }
                line.shop_shipped = line.shop_shipped.max(row.shipped.times(each));
                told.received = told.received.max(row.received.map(|received| received.times(each)));
            }
            if row.cancelled.is_positive() || row.credited.is_positive() {
                self.at = self.at.max(Some(stored.at));
            }
        }
    }

    /// Totals named in rows of their own: of the shop, of the ERP (the larger of its rows), of the warehouses (each has its own pieces).
    fn totals(
        &mut self,
        rows: &Rows<OrderRow>,
        rules: &Rules,
        placed: &Placed<'_>,
        lines: &[LineView<'_>],
        named: &mut [Vec<Quantity>; 3],
        findings: &mut Findings,
    ) {
        let ordered: Vec<Quantity> = lines.iter().map(|line| line.n).collect();
        for (key, stored) in rows.of_kind(OrderRow::CANCELLATION) {
            let Some(OrderRow::Cancellation(row)) = &stored.row else { continue };
            let who = match key.source {
                source if Some(source) == placed.shop => 0,
                source if rules.plays(source, Role::Erp) => 1,
                source if rules.plays(source, Role::Wms) => 2,
                _ => continue,
            };
            if stored.deleted {
                continue;
            }
            if row.total.is_negative() {
                let sentence = format!("a negative quantity of {} is cancelled ({})", pooling::name(&row.line), row.total);
                findings.contradiction(&key.id, sentence, stored.cause);
                continue;
            }
            let mut parts = vec![Quantity::ZERO; lines.len()];
            pooling::spread(row.total, &pooling::targets(lines, &row.line), &[&ordered], &mut parts);
            for (i, part) in parts.into_iter().enumerate() {
                named[who][i] = if who == 2 { named[who][i] + part } else { named[who][i].max(part) };
                if row.stopped && who == 2 {
                    self.stopped[i] += part;
                }
            }
            if row.total.is_positive() {
                self.at = self.at.max(Some(stored.at));
            }
        }
    }

    /// Which credits are of goods that were not despatched: of each SKU, what is credited beyond what was returned (r); the later line first.
    pub fn credits(&mut self, lines: &[LineView<'_>], despatched: impl Fn(&[usize]) -> (Quantity, Option<Moment>), returns: &Returns<'_>) {
        for first in 0..lines.len() {
            let group: pooling::Targets = (first..lines.len()).filter(|&i| lines[i].sku == lines[first].sku).collect();
            let credited: Quantity = group.iter().map(|&i| self.progress[i].credited).sum();
            if lines[..first].iter().any(|line| line.sku == lines[first].sku) || credited.is_zero() {
                continue;
            }
            let (authorised, there) = returns.sums(&group);
            let (left, left_at) = despatched(&group);
            let mut rest = (credited - left.min(authorised).min(there)).floor_zero();
            for &i in group.iter().rev() {
                let told = &mut self.progress[i];
                told.undespatched = rest.min(told.credited);
                rest -= told.undespatched;
                self.by[i].shop = self.by[i].shop.max(told.cancelled + told.undespatched);
                if left_at.is_some() && told.credited_at > left_at {
                    self.by[i].late_credit = told.undespatched;
                }
            }
        }
    }

    /// What the shop says of each line.
    pub fn by_shop(&self) -> Vec<Quantity> {
        self.by.iter().map(|by| by.shop).collect()
    }

    /// What the ERP's records cancel, by line: cancelled, or closed short.
    pub fn by_erp(&mut self, lost: &[Quantity], at: Option<Moment>) {
        for (by, lost) in self.by.iter_mut().zip(lost) {
            by.erp = by.erp.max(*lost);
        }
        self.at = self.at.max(at);
    }

    /// What the warehouses will not send. A warehouse order at another location than the line's is not asked: the line was moved.
    pub fn by_warehouse(&mut self, orders: &[WarehouseView<'_>], lines: &[LineView<'_>]) {
        let mut losses = Losses::default();
        for order in orders {
            for row in &order.lines {
                let moved = |&i: &usize| !order.location.is_empty() && lines[i].location.is_some_and(|place| place != order.location);
                if row.targets.is_empty() || row.targets.iter().all(moved) {
                    continue;
                }
                losses.add(&row.targets, row.lost, row.row.quantity - row.lost);
                if row.lost.is_positive() {
                    self.at = self.at.max(Some(row.at));
                }
            }
        }
        for (by, lost) in
            self.by.iter_mut().zip(losses.by_line(lines, &self.progress.iter().map(|told| told.cancelled).collect::<Vec<_>>()))
        {
            by.warehouse = by.warehouse.max(lost);
        }
    }

    /// What despatches fill first: ordered less cancelled, before it is known what left.
    pub fn wanted_before(&self, lines: &[LineView<'_>]) -> Vec<Quantity> {
        lines.iter().zip(&self.by).map(|(line, by)| (line.n - by.shop.max(by.erp).max(by.warehouse)).floor_zero()).collect()
    }

    /// Sets c and w, and the shop's received total where it keeps none apart from its credits.
    pub fn put_to_lines(&self, lines: &mut [LineView<'_>]) {
        for (i, line) in lines.iter_mut().enumerate() {
            let (by, told) = (self.by[i], self.progress[i]);
            line.cancelled_by = by;
            line.c = by.shop.max(by.erp).max(by.warehouse);
            line.w = line.n - line.c.min((line.n - line.d).floor_zero());
            line.shop_received = told.received.unwrap_or(told.credited - told.undespatched);
        }
    }
}

/// What decides whether a cancelled piece is *stopped*.
pub(super) struct Stopping<'a, 's> {
    pub rows: &'a Rows<OrderRow>,
    pub ledgers: &'s Ledgers,
    pub warehouse: &'s [WarehouseView<'a>],
    pub cancelled: &'s Cancelled,
    pub shop: Option<SourceId>,
    pub rules: &'a Rules,
}

impl Stopping<'_, '_> {
    /// Sets `stopped`: of each line's cancelled pieces those that no go-ahead was made for; all, when each warehouse that was asked for the
    /// line confirms; those that a warehouse says it has stopped; those that the shop itself has refunded. Then k.
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
                stopped = stopped.max(cancelled.min(self.cancelled.stopped[i]));
                if stopped < cancelled && self.confirmed(i, lines) {
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

    /// Each warehouse that was asked for the line says cancelled, closed short, or a total of at most what is now wanted from its location.
    fn confirmed(&self, i: usize, lines: &[LineView<'_>]) -> bool {
        let fulfilment = &self.ledgers.fulfilment;
        let asked = fulfilment.iter().filter(|(_, asked)| asked.ever_asked(lines[i].id, lines[i].n).is_positive());
        asked.into_iter().all(|(location, asked)| {
            let elsewhere = |line: &LineView<'_>| -> Quantity {
                let others = fulfilment.iter().filter(|(other, _)| *other != location);
                others.filter_map(|(_, other)| other.totals.get(line.id)).copied().sum()
            };
            let wanted: Vec<Quantity> = lines.iter().map(|line| (line.w - elsewhere(line)).floor_zero()).collect();
            let ever: Vec<bool> = lines.iter().map(|line| asked.ever_asked(line.id, line.n).is_positive()).collect();
            warehouse::confirmed(self.warehouse, self.at(location), i, &wanted, &ever)
        })
    }

    fn at<'t>(&'t self, location: &'t Text) -> &'t str {
        super::erp::canonical(self.rules, location)
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
        let pieces = open.min(self.cancelled.progress[i].undespatched);
        let value = line.g(line.n) - line.g(line.n - pieces);
        if !pieces.is_positive() || value > *budget + line.currency.minor_unit() {
            return Quantity::ZERO;
        }
        *budget -= value;
        pieces
    }
}
