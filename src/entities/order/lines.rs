//! The header and the lines of an order, as its owner, the shop, tells them.
//!
//! The row that carries the price is the sale, the leaf rows are the goods: one [`LineView`] for each sale, with the SKU of its goods. A
//! deleted header or line keeps its content: a deletion means nothing by itself.

use super::findings::Findings;
use super::view::LineView;
use crate::entities::Rows;
use crate::entities::rules::{Role, Rules};
use crate::facts::order::{Header, Line, LineKind, LineRole, Needs};
use crate::facts::{Amount, Cause, Currency, Moment, OrderRow, Quantity, SourceId};

/// The order as its shop placed it.
pub(super) struct Placed<'a> {
    pub header: Option<&'a Header>,
    pub gone: bool,
    /// When the header's newest version says it is from.
    pub at: Option<Moment>,
    pub cause: Option<Cause>,
    /// The source that the order was placed in; before the header is there, that of its lines.
    pub shop: Option<SourceId>,
    pub currency: Currency,
}

/// Sale lines, and what is odd about them.
pub(super) struct Lines<'a> {
    pub lines: Vec<LineView<'a>>,
    /// Leaf lines whose sale line is not there yet.
    pub orphan_leaves: usize,
    /// The newest moment of header and line rows: a source's quiet time runs from here.
    pub newest: Option<Moment>,
}

/// Shops before tills before the ERP: where an order's header is told by several, the one that it was placed in counts.
fn rank(source: SourceId, rules: &Rules) -> u8 {
    if rules.plays(source, Role::Shop) {
        0
    } else if rules.plays(source, Role::Pos) {
        1
    } else if rules.plays(source, Role::Erp) {
        2
    } else {
        3
    }
}

pub(super) fn placed<'a>(rows: &'a Rows<OrderRow>, rules: &Rules) -> Placed<'a> {
    let headers = rows.of_kind(OrderRow::HEADER).filter_map(|(key, stored)| match &stored.row {
        Some(OrderRow::Header(header)) => Some((key.source, &**header, stored)),
        _ => None,
    });
    match headers.min_by_key(|(source, _, _)| rank(*source, rules)) {
        Some((source, header, stored)) => Placed {
            header: Some(header),
            gone: stored.deleted,
            at: Some(stored.at),
            cause: Some(stored.cause),
            shop: Some(source),
            currency: header.currency,
        },
        None => {
            let shop = rows.of_kind(OrderRow::LINE).map(|(key, _)| key.source).min_by_key(|source| rank(*source, rules));
            Placed { header: None, gone: false, at: None, cause: None, shop, currency: currency_of_payments(rows) }
        }
    }
}

/// Before the header is there: any payment's currency, else "no currency" (ISO 4217 XXX).
fn currency_of_payments(rows: &Rows<OrderRow>) -> Currency {
    let told = rows.of_kind(OrderRow::PAYMENT).find_map(|(_, stored)| match &stored.row {
        Some(OrderRow::Payment(payment)) => Some(payment.currency),
        _ => None,
    });
    told.or(Currency::new("XXX")).unwrap_or_else(|| unreachable!("three letters are a currency"))
}

pub(super) fn lines<'a>(rows: &'a Rows<OrderRow>, placed: &Placed<'a>, findings: &mut Findings) -> Lines<'a> {
    let mut lines = Vec::new();
    let mut leaves: Vec<(&'a str, &'a Line)> = Vec::new();
    let mut newest = placed.at;
    let shop = placed.shop.unwrap_or(SourceId::WAYBILL);
    for (key, stored) in rows.of(OrderRow::LINE, shop) {
        let Some(OrderRow::Line(line)) = &stored.row else { continue };
        newest = newest.max(Some(stored.at));
        match line.role {
            LineRole::Text => {}
            LineRole::Leaf => leaves.push((&key.id, line)),
            LineRole::Sale | LineRole::Both => {
                if line.ordered.is_negative() {
                    findings.contradiction(&key.id, format!("line {} orders a negative quantity ({})", key.id, line.ordered), stored.cause);
                }
                lines.push(sale(&key.id, line, stored.deleted, placed.currency));
            }
        }
    }
    lines.sort_by(|a, b| (a.line.position, a.id).cmp(&(b.line.position, b.id)));
    leaves.sort_by(|a, b| (a.1.position, a.0).cmp(&(b.1.position, b.0)));
    let orphan_leaves = leaves.into_iter().filter(|(id, leaf)| !attach(&mut lines, id, leaf)).count();
    Lines { lines, orphan_leaves, newest }
}

/// Puts the goods to their sale; `false` while that is not there. The first leaf wins: bundles have no meaning yet.
fn attach<'a>(lines: &mut [LineView<'a>], id: &'a str, leaf: &'a Line) -> bool {
    let Some(parent) = &leaf.parent else { return false };
    let Some(sale) = lines.iter_mut().find(|line| line.id == parent) else { return false };
    if sale.leaf.is_none() {
        sale.leaf = Some(id);
        sale.goods = leaf;
        sale.sku = &leaf.sku;
        sale.ships = ships(leaf);
        sale.unit_cost = leaf.unit_cost.or(sale.line.unit_cost);
    }
    true
}

fn ships(goods: &Line) -> bool {
    goods.needs == Needs::Ship && matches!(goods.kind, LineKind::Goods | LineKind::GiftCard)
}

fn sale<'a>(id: &'a str, line: &'a Line, gone: bool, currency: Currency) -> LineView<'a> {
    LineView {
        id,
        line,
        goods: line,
        leaf: None,
        gone,
        gross: line.gross,
        tax: line.tax,
        currency,
        sku: &line.sku,
        ships: ships(line),
        location: None,
        n: line.ordered.floor_zero(),
        d: Quantity::ZERO,
        c: Quantity::ZERO,
        w: line.ordered.floor_zero(),
        stopped: Quantity::ZERO,
        authorised: Quantity::ZERO,
        received: Quantity::ZERO,
        accepted_goods: Quantity::ZERO,
        r: Quantity::ZERO,
        k: line.ordered.floor_zero(),
        delivered: Quantity::ZERO,
        refunded: Quantity::ZERO,
        settled_stock: Quantity::ZERO,
        settled_written_off: Quantity::ZERO,
        settled_other: Quantity::ZERO,
        shop_shipped: Quantity::ZERO,
        erp_shipped: Quantity::ZERO,
        shop_received: Quantity::ZERO,
        erp_received: Quantity::ZERO,
        unit_cost: line.unit_cost,
        despatched: Vec::new(),
    }
}

impl LineView<'_> {
    /// The value of `pieces` of this line: `round_half_up(gross x j / n)`.
    pub fn g(&self, pieces: Quantity) -> Amount {
        self.gross.share(pieces, self.n, self.currency)
    }

    /// The tax in [`Self::g`].
    pub fn t(&self, pieces: Quantity) -> Amount {
        self.tax.share(pieces, self.n, self.currency)
    }

    /// The sale's goods are there: the line carries them itself, or a leaf does.
    pub fn has_goods(&self) -> bool {
        self.line.role == LineRole::Both || self.leaf.is_some()
    }

    /// Cancelled and not despatched: n - w.
    pub fn unwanted(&self) -> Quantity {
        self.n - self.w
    }
}
