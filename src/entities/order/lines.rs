//! The header and the lines of an order, as its owner, the shop, tells them.
//!
//! The row that carries the price is the sale, the leaf rows are the goods ([`super::bundles`]): one [`LineView`] for each SKU that is to be
//! sent. A deleted header or line keeps its content: a deletion means nothing by itself. A line that a newer whole body lists no more is
//! another thing: the shop has removed it.

use super::bundles::{self, Leaf};
use super::findings::Findings;
use super::view::{CancelledBy, LineView};
use crate::entities::Rows;
use crate::entities::rules::{Role, Rules};
use crate::facts::order::{Header, Line, LineKind, LineRole, Needs};
use crate::facts::{Amount, Cause, Currency, Moment, OrderRow, Quantity, SourceId, Version};

/// The order as its shop placed it.
pub(super) struct Placed<'a> {
    pub header: Option<&'a Header>,
    pub gone: bool,
    /// When the header's newest version says it is from.
    pub at: Option<Moment>,
    /// The version of the header's content.
    pub version: Option<Version>,
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
    /// Parts that a sale says it has and that are not there yet.
    pub missing_parts: usize,
    /// Sale lines, and the pieces ordered of them, before bundles are taken apart.
    pub sales: usize,
    pub sale_pieces: Quantity,
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
            version: Some(stored.said.as_deref().copied().unwrap_or(stored.version)),
            cause: Some(stored.cause),
            shop: Some(source),
            currency: header.currency,
        },
        None => {
            let shop = rows.of_kind(OrderRow::LINE).map(|(key, _)| key.source).min_by_key(|source| rank(*source, rules));
            Placed { header: None, gone: false, at: None, version: None, cause: None, shop, currency: currency_of_payments(rows) }
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
    let mut sales: Vec<(LineView<'a>, Cause)> = Vec::new();
    let mut leaves: Vec<Leaf<'a>> = Vec::new();
    let mut newest = placed.at;
    let shop = placed.shop.unwrap_or(SourceId::WAYBILL);
    let whole = placed.header.is_some_and(|header| header.whole);
    for (key, stored) in rows.of(OrderRow::LINE, shop) {
        let Some(OrderRow::Line(line)) = &stored.row else { continue };
        newest = newest.max(Some(stored.at));
        if line.ordered.is_negative() || line.per_parent.is_negative() {
            findings.contradiction(&key.id, format!("line {} orders a negative quantity ({})", key.id, line.ordered), stored.cause);
        }
        let removed = whole && !stored.deleted && placed.version.is_some_and(|body| stored.version < body);
        match line.role {
            LineRole::Text => {}
            LineRole::Leaf => leaves.push(Leaf { id: &key.id, line, gone: stored.deleted, removed, cause: stored.cause }),
            LineRole::Sale | LineRole::Both => {
                sales.push((sale(&key.id, line, stored.deleted, removed, placed.currency), stored.cause));
            }
        }
    }
    sales.sort_by(|(a, _), (b, _)| (a.line.position, a.id).cmp(&(b.line.position, b.id)));
    leaves.sort_by(|a, b| (a.line.position, a.id).cmp(&(b.line.position, b.id)));
    nested(&leaves, findings);
    let (count, sale_pieces) = (sales.len(), sales.iter().map(|(sale, _)| sale.n).sum());
    let (mut lines, mut missing_parts) = (Vec::with_capacity(count), 0);
    for (sale, cause) in sales {
        let (own, others): (Vec<Leaf<'a>>, Vec<Leaf<'a>>) =
            leaves.into_iter().partition(|leaf| leaf.line.parent.as_deref() == Some(sale.id));
        leaves = others;
        missing_parts += sale.line.parts.map_or(0, |parts| (parts as usize).saturating_sub(own.len()));
        lines.extend(bundles::expand(sale, &own, cause, findings));
    }
    Lines { lines, orphan_leaves: leaves.len(), missing_parts, sales: count, sale_pieces, newest }
}

/// Goods that name other goods as their sale: one of the two rows is wrong.
fn nested(leaves: &[Leaf<'_>], findings: &mut Findings) {
    for leaf in leaves {
        if let Some(parent) = leaves.iter().find(|parent| leaf.line.parent.as_deref() == Some(parent.id)) {
            let above = parent.line.parent.as_deref().unwrap_or("no line");
            let sentence = format!("line {} names line {} as its parent, which itself is a part of {above}", leaf.id, parent.id);
            findings.contradiction(&format!("parents {}", leaf.id), sentence, leaf.cause);
            findings.also(parent.cause);
        }
    }
}

pub(super) fn ships(goods: &Line) -> bool {
    goods.needs == Needs::Ship && matches!(goods.kind, LineKind::Goods | LineKind::GiftCard)
}

pub(super) fn sale<'a>(id: &'a str, line: &'a Line, gone: bool, removed: bool, currency: Currency) -> LineView<'a> {
    LineView {
        id,
        line,
        goods: line,
        leaf: None,
        part_of: None,
        set: false,
        gone,
        removed,
        gross: line.gross,
        tax: line.tax,
        currency,
        sku: &line.sku,
        ships: ships(line),
        drop_ship: false,
        location: None,
        not_stocked: false,
        n: line.ordered.floor_zero(),
        d: Quantity::ZERO,
        c: Quantity::ZERO,
        cancelled_by: CancelledBy::default(),
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
        despatched_by: None,
        pooled: false,
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
        self.line.role != LineRole::Sale || self.leaf.is_some() || self.set
    }

    /// Pieces of this line in one piece of the row with this id: of the line itself, of its leaf, of the bundle that it is a part of.
    pub fn pieces_of(&self, id: &str) -> Option<Quantity> {
        match self.part_of {
            Some(part) if part.sale == id && !self.set => Some(part.each),
            _ => (self.id == id || self.leaf == Some(id)).then_some(Quantity::from_int(1)),
        }
    }

    /// Sent by the supplier.
    pub fn by_supplier(&self) -> bool {
        self.drop_ship || self.goods.needs == Needs::DropShip
    }

    /// Cancelled and not despatched: n - w.
    pub fn unwanted(&self) -> Quantity {
        self.n - self.w
    }
}
