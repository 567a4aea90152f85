//! Cancelled pieces of each line: the largest total of shop, ERP and warehouse, never their sum.
//!
//! Cancellations are: a reported quantity, a line removed by an edit, a credit of goods that were not despatched, a line closed short, a cancelled
//! order. If a line was moved to another location, warehouse orders at its former location do not count.

use super::WarehouseView;
use crate::entities::order::cancelled::Cancelled;
use crate::entities::order::erp::Erp;
use crate::entities::order::paid::CreditedLine;
use crate::entities::order::placed::PlacedLine;
use crate::entities::order::pooling::{Shortfalls, Targets};
use crate::entities::order::returning::Returning;
use crate::facts::{Amount, Moment, Quantity};

/// Cancelled pieces of a line, by owner.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct CancelledBy {
    /// By the shop, with credits of goods that were not despatched.
    pub shop: Quantity,
    /// By the ERP.
    pub erp: Quantity,
    /// By the warehouses.
    pub warehouse: Quantity,
    /// The part of `shop` that was credited after the first despatch: it is goodwill, and stops no despatch.
    pub late_credit: Quantity,
}

impl CancelledBy {
    /// The largest total of the owners.
    pub fn most(&self) -> Quantity {
        self.shop.max(self.erp).max(self.warehouse)
    }
}

/// What a credit of the shop says of pieces that have left, where no other system is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CreditIsReturn {
    /// Nothing: another system is the authority of returns, and the credit waits for its word.
    No,
    /// It authorises the return. The goods are received by the warehouse.
    Authorises,
    /// It authorises and receives: no other system receives goods.
    Whole,
    /// The goods are intangible: nothing can come back, and the credit is the only word on them.
    Intangible,
}

/// What the shop itself has refunded.
#[derive(Clone, Copy, Debug)]
pub(super) struct ShopRefunds {
    /// So much is covered: what went back for goods, with the fees that were kept of it. `None`: nothing was captured, so that nothing has to be.
    pub covers: Option<Amount>,
    /// When it last refunded something.
    pub last: Option<Moment>,
}

/// Of pieces that the shop credits, those whose value its refunds cover, give or take a minor unit a piece: until the refund is there, the credit
/// alone asks nobody for money. `named`: pieces of which a row says what is credited for them, which may be less than they are worth.
fn covered(line: &PlacedLine<'_>, named: CreditedLine, pieces: Quantity, budget: &mut Option<Amount>) -> Quantity {
    let Some(budget) = budget else { return pieces };
    let told = named.pieces.min(pieces);
    let value = named.gross.share(told, named.pieces, line.currency) + line.worth_of(pieces) - line.worth_of(told);
    if value > *budget + line.currency.minor_unit().times(pieces) {
        return Quantity::ZERO;
    }
    *budget = (*budget - value).floor_zero();
    pieces
}

/// Cancelled pieces by line, while the owners' totals are collected.
pub(super) struct CancelledTotals {
    pub by: Vec<CancelledBy>,
    pub credited_unsent: Vec<Quantity>,
    /// Credited pieces whose credit is their return, see [`CreditIsReturn`].
    pub credited_back: Vec<Quantity>,
    /// The time of the newest row that cancels something.
    pub at: Option<Moment>,
}

impl CancelledTotals {
    /// Begins with the reported totals and the credits of goods that were not despatched: of each SKU, the credited pieces beyond the returned ones,
    /// the last line first. `left`: despatched pieces of a group of lines, and the time of the first despatch.
    pub fn begin(
        lines: &[PlacedLine<'_>],
        cancelled: &Cancelled,
        left: impl Fn(&[usize]) -> (Quantity, Option<Moment>),
        returning: &Returning<'_>,
        credit: impl Fn(usize) -> CreditIsReturn,
        refunds: ShopRefunds,
        named_credits: &[CreditedLine],
    ) -> Self {
        let named = cancelled.lines.iter().map(|line| CancelledBy {
            shop: line.by_shop,
            erp: line.by_erp,
            warehouse: line.by_warehouse,
            late_credit: Quantity::ZERO,
        });
        let none = || vec![Quantity::ZERO; lines.len()];
        let mut all = Self { by: named.collect(), credited_unsent: none(), credited_back: none(), at: cancelled.at };
        let ordered = |group: &Targets| -> Quantity { group.iter().map(|&i| lines[i].ordered).sum() };
        let mut budget = refunds.covers;
        for first in 0..lines.len() {
            let group: Targets = (first..lines.len()).filter(|&i| lines[i].sku == lines[first].sku).collect();
            let credited: Quantity = group.iter().map(|&i| cancelled.lines[i].credited).sum();
            if lines[..first].iter().any(|line| line.sku == lines[first].sku) || credited.is_zero() {
                continue;
            }
            let (authorised, arrived) = returning.sums(&group);
            let (left, left_at) = left(&group);
            let by_rows = left.min(authorised).min(arrived);
            // Credited before anything left: the pieces were cancelled, and left all the same.
            let before = refunds.last.is_some() && refunds.last < left_at;
            // Pieces that were never sent take a credit first, but for those that the shop has cancelled: these were not paid, or are credited apart.
            let booked: Quantity = group.iter().map(|&i| cancelled.lines[i].booked_by_shop).sum();
            let unsent = (ordered(&group) - left - booked).floor_zero();
            let of_sent = (credited - unsent).floor_zero();
            let shop_sent = group.iter().map(|&i| cancelled.lines[i].shop_shipped.min(lines[i].ordered)).sum();
            let by_credit = match credit(first) {
                CreditIsReturn::No => Quantity::ZERO,
                CreditIsReturn::Authorises | CreditIsReturn::Whole if before => Quantity::ZERO,
                CreditIsReturn::Authorises | CreditIsReturn::Whole => (of_sent - authorised).floor_zero(),
                CreditIsReturn::Intangible => (credited.min(shop_sent) - by_rows).floor_zero(),
            };
            let mut back = by_credit;
            let mut rest = (credited - by_rows - by_credit).floor_zero();
            for &i in group.iter().rev() {
                let reported = &cancelled.lines[i];
                let unsent = rest.min(reported.credited);
                rest -= unsent;
                all.credited_unsent[i] = unsent;
                let (line, of_line) = (&lines[i], back.min(reported.credited - unsent));
                back -= of_line;
                all.credited_back[i] = covered(line, named_credits[i], of_line, &mut budget);
                all.by[i].shop = all.by[i].shop.max(reported.booked_by_shop + unsent);
                if left_at.is_some() && reported.credited_at > left_at {
                    all.by[i].late_credit = unsent;
                }
            }
        }
        all
    }

    /// The shop's total of each line.
    pub fn by_shop(&self) -> Vec<Quantity> {
        self.by.iter().map(|by| by.shop).collect()
    }

    /// Adds what the ERP's records cancel or close short, by line.
    pub fn by_erp(&mut self, short: &[Quantity], at: Option<Moment>) {
        for (by, short) in self.by.iter_mut().zip(short) {
            by.erp = by.erp.max(*short);
        }
        self.at = self.at.max(at);
    }

    /// Adds what the warehouses will not send. A warehouse order at another location than the line's does not count: the line was moved.
    pub fn by_warehouse(&mut self, orders: &[WarehouseView<'_>], lines: &[PlacedLine<'_>], erp: &Erp<'_>, cancelled: &Cancelled) {
        let mut shortfalls = Shortfalls::default();
        for order in orders {
            for row in &order.lines {
                let moved = |&i: &usize| !order.location.is_empty() && erp.lines[i].location.is_some_and(|place| place != order.location);
                if row.targets.is_empty() || row.targets.iter().all(moved) {
                    continue;
                }
                shortfalls.add(&row.targets, row.short, row.quantity - row.short);
                if row.short.is_positive() {
                    self.at = self.at.max(Some(row.at));
                }
            }
        }
        let booked: Vec<Quantity> = cancelled.lines.iter().map(|line| line.booked_by_shop).collect();
        for (by, short) in self.by.iter_mut().zip(shortfalls.by_line(lines, &booked)) {
            by.warehouse = by.warehouse.max(short);
        }
    }

    /// Ordered less cancelled, before despatches are counted: despatches fill these pieces first.
    pub fn wanted_before(&self, lines: &[PlacedLine<'_>]) -> Vec<Quantity> {
        lines.iter().zip(&self.by).map(|(line, by)| (line.ordered - by.most()).floor_zero()).collect()
    }
}
