//! Stage *placed*: the order as the shop reports it: header, addresses, lines, charges, and whether they are all there.

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

use super::decisions::Decisions;
use super::input::{Contradiction, Input};
use crate::entities::{RowOf, Rows};
use crate::facts::order::{Address, Header, Line, Origin};
use crate::facts::{Cause, Currency, Moment, OrderRow, SourceId};

/// The order as its shop placed it.
#[derive(Clone, Debug)]
pub struct Placed<'a> {
    /// `None` until the shop's header is there. A deleted header still counts.
    pub header: Option<&'a Header>,
    /// The header's row was deleted.
    pub header_deleted: bool,
    /// The source's time of the newest header row.
    pub at: Option<Moment>,
    /// The record that the header is from.
    pub cause: Option<Cause>,
    /// The source that the order was placed in; before the header is there, that of its lines.
    pub shop: Option<SourceId>,
    /// The header's currency; before the header is there, that of a payment, else XXX.
    pub currency: Currency,
    /// The address that goods are sent to.
    pub ship_to: Option<&'a Address>,
    /// The address that is billed.
    pub bill_to: Option<&'a Address>,
    /// Sale lines by position, each with its goods.
    pub lines: Vec<PlacedLine<'a>>,
    /// Shipping, wrapping, duty ...
    pub charges: Vec<PlacedCharge<'a>>,
    /// Lines + charges, compared with the header's total.
    pub totals: PlacedTotals,
    /// Whether the lines are all there.
    pub whole: Whole,
    /// From when on a missing row of the order is late. `None` until the header is there.
    pub late: Option<Moment>,
    /// Rows that contradict each other.
    pub contradictions: Vec<Contradiction>,
}

impl Placed<'_> {
    /// The ship-to address is there, or none is needed.
    pub fn has_address(&self) -> bool {
        self.header.is_none_or(|header| !header.ships) || self.ship_to.is_some()
    }

    /// The till that sold the order. Its receipts of goods brought back count.
    pub fn till(&self) -> Option<SourceId> {
        self.shop.filter(|_| self.header.is_some_and(|header| header.origin == Origin::Pos))
    }
}

/// Reads the order as placed. `since`: when the first row of the order was stored.
pub(super) fn stage<'a>(input: &Input<'a>, decisions: &Decisions<'a>, since: Moment) -> Placed<'a> {
    let Input { rows, rules, clock } = input;
    let top = header::read(rows, rules);
    let mut contradictions = Vec::new();
    let read = lines::read(rows, &top, &mut contradictions);
    let charges = charges::read(rows, top.shop);
    let accepted = |difference| decisions.accepted("totals-differ", "", difference);
    let (totals, lines) = charges::reconcile(top.header, top.currency, read.lines, &charges, accepted);
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
