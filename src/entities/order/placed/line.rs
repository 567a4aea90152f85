//! A line as ordered.

use crate::facts::order::{Line, LineKind, LineRole, Needs};
use crate::facts::{Amount, Currency, Quantity, Sku};

/// A sale line with its goods, as ordered.
#[derive(Clone, Debug)]
pub struct PlacedLine<'a> {
    /// The shop's line id.
    pub id: &'a str,
    /// The sale: the row that carries the price.
    pub line: &'a Line,
    /// The row of the goods: the leaf, or the line itself.
    pub goods: &'a Line,
    /// The leaf's line id, where a leaf line carries the goods.
    pub leaf: Option<&'a str>,
    /// The bundle that this line is a part of.
    pub part_of: Option<PartOf<'a>>,
    /// This line stands for a whole bundle. It has the price, since the shares of its parts (lines of their own) are not known.
    pub is_bundle: bool,
    /// The shop deleted the line's row. By itself that cancels nothing.
    pub deleted: bool,
    /// A newer complete body of the order does not list the line any more: the shop has removed it.
    pub removed: bool,
    /// `line.gross`; on the largest line, plus the order's rounding difference. [`PlacedLine::value_of`] divides it.
    pub gross: Amount,
    /// The tax in `gross`.
    pub tax: Amount,
    /// The order's currency.
    pub currency: Currency,
    /// The SKU that is picked: the leaf's, or the line's own.
    pub sku: &'a Sku,
    /// As ordered, its goods are sent by parcel. The ERP may report later that the supplier sends them.
    pub by_parcel: bool,
    /// Pieces ordered, at least 0.
    pub ordered: Quantity,
}

/// Where a part of a bundle belongs.
#[derive(Clone, Copy, Debug)]
pub struct PartOf<'a> {
    /// The shop's line id of the bundle.
    pub sale: &'a str,
    /// The bundle's row.
    pub line: &'a Line,
    /// Pieces of this part in one bundle.
    pub per_bundle: Quantity,
}

impl<'a> PlacedLine<'a> {
    pub(super) fn new(id: &'a str, line: &'a Line, deleted: bool, removed: bool, currency: Currency) -> Self {
        Self {
            id,
            line,
            goods: line,
            leaf: None,
            part_of: None,
            is_bundle: false,
            deleted,
            removed,
            gross: line.gross,
            tax: line.tax,
            currency,
            sku: &line.sku,
            by_parcel: by_parcel(line),
            ordered: line.ordered.floor_zero(),
        }
    }

    /// The value of `pieces` of this line: `round_half_up(gross x pieces / ordered)`.
    pub fn value_of(&self, pieces: Quantity) -> Amount {
        self.gross.share(pieces, self.ordered, self.currency)
    }

    /// What the order is worth less without the last `pieces` of this line.
    pub fn worth_of(&self, pieces: Quantity) -> Amount {
        self.value_of(self.ordered) - self.value_of(self.ordered - pieces)
    }

    /// The tax in [`Self::value_of`].
    pub fn tax_of(&self, pieces: Quantity) -> Amount {
        self.tax.share(pieces, self.ordered, self.currency)
    }

    /// The row of the goods is there: the line itself, or a leaf.
    pub fn has_goods(&self) -> bool {
        self.line.role != LineRole::Sale || self.leaf.is_some() || self.is_bundle
    }

    /// How many pieces of this line one piece of the row with this id stands for: the row of the line itself, of its leaf, or of its bundle. `None`:
    /// the row is about another line.
    pub fn pieces_of(&self, id: &str) -> Option<Quantity> {
        match self.part_of {
            Some(part) if part.sale == id && !self.is_bundle => Some(part.per_bundle),
            _ => (self.id == id || self.leaf == Some(id)).then_some(Quantity::from_int(1)),
        }
    }

    /// Pieces of `part` in one bundle, if this line is the bundle that it is a part of.
    fn pieces_per_bundle(&self, part: &PlacedLine<'_>) -> Option<Quantity> {
        part.part_of.filter(|of| of.sale == self.id).map(|of| of.per_bundle)
    }

    /// The goods are not sent or handed over: a download, a licence key, a service, a tip.
    pub fn intangible(&self, by_supplier: bool) -> bool {
        self.goods.needs == Needs::Digital || (!by_supplier && matches!(self.goods.kind, LineKind::Service | LineKind::Tip))
    }
}

/// How many bundles are complete, given the pieces of each line (`of`): as many as every part allows, at most what was ordered.
pub(in super::super) fn whole_bundles(lines: &[PlacedLine<'_>], bundle: usize, of: impl Fn(usize) -> Quantity) -> Quantity {
    let parts = lines.iter().enumerate().filter_map(|(i, part)| Some((i, lines[bundle].pieces_per_bundle(part)?)));
    parts.map(|(i, each)| bundles(of(i), each)).min().unwrap_or_default().min(lines[bundle].ordered)
}

fn bundles(pieces: Quantity, each: Quantity) -> Quantity {
    if !each.is_positive() {
        return Quantity::ZERO;
    }
    Quantity::new((pieces.decimal() / each.decimal()).floor()).unwrap_or_default()
}

pub(super) fn by_parcel(goods: &Line) -> bool {
    goods.needs == Needs::Ship && matches!(goods.kind, LineKind::Goods | LineKind::GiftCard)
}
