//! Stage *placed*: the order as its owner, the shop, tells it: header, addresses, lines, charges, and whether they are all there.

mod bundles;
mod charges;
mod header;
mod line;
mod lines;
mod whole;

pub use charges::{PlacedCharge, PlacedTotals};
pub(super) use line::whole_bundles;
pub use line::{PartOf, PlacedLine};
pub use whole::Whole;

use super::input::{Contradiction, Input};
use crate::entities::{RowOf, Rows};
use crate::facts::order::{Address, Header, Line, Origin};
use crate::facts::{Cause, Currency, Moment, OrderRow, SourceId};

/// The order as its shop placed it.
#[derive(Clone, Debug)]
pub struct Placed<'a> {
    /// `None` until the shop's header is there; a deleted header still counts, marked `header_deleted`.
    pub header: Option<&'a Header>,
    pub header_deleted: bool,
    /// When the header's newest version says it is from.
    pub at: Option<Moment>,
    /// The record that the header is from.
    pub cause: Option<Cause>,
    /// The source that the order was placed in; before the header is there, that of its lines.
    pub shop: Option<SourceId>,
    pub currency: Currency,
    pub ship_to: Option<&'a Address>,
    pub bill_to: Option<&'a Address>,
    /// Sale lines in the order of their position; goods of a leaf line stand with their sale.
    pub lines: Vec<PlacedLine<'a>>,
    pub charges: Vec<PlacedCharge<'a>>,
    pub totals: PlacedTotals,
    pub whole: Whole,
    /// When the order's rows should all be there: whoever waits for one is late from then. `None` until the header is there.
    pub late: Option<Moment>,
    pub contradictions: Vec<Contradiction>,
}

impl Placed<'_> {
    /// An address is there, where one is needed.
    pub fn has_address(&self) -> bool {
        self.header.is_none_or(|header| !header.ships) || self.ship_to.is_some()
    }

    /// The source that sold the order over a counter: it tells of what is brought back there.
    pub fn till(&self) -> Option<SourceId> {
        self.shop.filter(|_| self.header.is_some_and(|header| header.origin == Origin::Pos))
    }
}

/// Reads the order as placed. `since`: when its first row was kept.
pub(super) fn stage<'a>(input: &Input<'a>, since: Moment) -> Placed<'a> {
    let Input { rows, rules, clock } = input;
    let top = header::read(rows, rules);
    let mut contradictions = Vec::new();
    let read = lines::read(rows, &top, &mut contradictions);
    let charges = charges::read(rows, top.shop);
    let (totals, lines) = charges::reconcile(top.header, top.currency, read.lines, &charges);
    let whole = whole::whole(&top, &lines, &read.counts, &totals, rules, clock);
    Placed {
        header: top.header,
        header_deleted: top.deleted,
        at: top.at,
        cause: top.cause,
        shop: top.shop,
        currency: top.currency,
        ship_to: address(rows, top.shop, OrderRow::SHIP_TO),
        bill_to: address(rows, top.shop, OrderRow::BILL_TO),
        lines,
        charges,
        totals,
        whole,
        late: top.header.map(|header| header.placed_at.max(since) + rules.durations.order_incomplete),
        contradictions,
    }
}

fn address(rows: &Rows<OrderRow>, shop: Option<SourceId>, kind: u8) -> Option<&Address> {
    rows.of(kind, shop?).find_map(|(_, stored)| match &stored.row {
        Some(OrderRow::ShipTo(address) | OrderRow::BillTo(address)) if !stored.deleted => Some(&**address),
        _ => None,
    })
}

/// The shop's row of a line.
pub(super) fn line_row<'a>(rows: &'a Rows<OrderRow>, shop: Option<SourceId>, id: &str) -> Option<RowOf<'a, Line>> {
    rows.all::<Line>().find(|each| Some(each.key.source) == shop && each.key.id == id)
}
