//! Stage *sent*: what left the house in which parcels, what is cancelled, what is still wanted, what is delivered.

mod cancel;
mod despatch;
mod parcels;
mod warehouse;

pub use cancel::CancelledBy;
pub use despatch::{COUNTER, DespatchPart, Stray};
pub use parcels::{Decided, Fate, ParcelView};
pub(super) use parcels::{by_carriers_word, refunded};
pub(super) use warehouse::confirmed;
pub use warehouse::{WarehouseLineView, WarehouseView};

use super::cancelled::Cancelled;
use super::decisions::Decisions;
use super::erp::{self, Erp};
use super::input::{Contradiction, Input};
use super::placed::{Placed, PlacedLine, whole_bundles};
use super::returning::Returning;
use super::supplied::Supplied;
use crate::facts::{Cause, Moment, Quantity};

/// What left, and what is not to leave any more.
#[derive(Clone, Debug)]
pub struct Sent<'a> {
    /// In the order of the lines as placed.
    pub lines: Vec<SentLine<'a>>,
    /// By despatch.
    pub parcels: Vec<ParcelView<'a>>,
    /// Warehouse orders, by location.
    pub warehouse: Vec<WarehouseView<'a>>,
    /// Despatched goods that no line of the order has.
    pub strays: Vec<Stray<'a>>,
    /// When the newest row that cancels something says so.
    pub cancelled_at: Option<Moment>,
    pub contradictions: Vec<Contradiction>,
}

/// How far a line has got.
#[derive(Clone, Debug)]
pub struct SentLine<'a> {
    /// By whoever is to tell of goods at the location; goods that nobody has to send count once they are supplied.
    pub despatched: Quantity,
    /// The largest of shop's, ERP's and warehouse's total.
    pub cancelled: Quantity,
    /// Who says how much of it.
    pub cancelled_by: CancelledBy,
    /// Of the cancelled: credited by the shop, and not despatched.
    pub credited_unsent: Quantity,
    /// Of the cancelled: a warehouse says that it has stopped it.
    pub stopped_by_warehouse: Quantity,
    /// Ordered, less what is cancelled and has not left: `ordered - min(cancelled, ordered - despatched)`.
    pub wanted: Quantity,
    /// Pieces in parcels that are delivered.
    pub delivered: Quantity,
    /// The shop's own shipped and received-back totals: what notices need not tell it again.
    pub shop_shipped: Quantity,
    pub shop_received: Quantity,
    /// Despatches of this line's goods, and the record of the last.
    pub parts: Vec<DespatchPart<'a>>,
    pub cause: Option<Cause>,
    /// Some despatch names only the SKU, and other lines have it too: how its pieces are put to them may change.
    pub pooled: bool,
}

/// Puts despatches to lines and parcels, and works out what is cancelled and wanted.
#[allow(clippy::too_many_arguments)] // A stage names each stage that it reads.
pub(super) fn stage<'a>(
    input: &Input<'a>,
    decisions: &Decisions<'a>,
    placed: &Placed<'a>,
    erp: &Erp<'a>,
    cancelled: &Cancelled,
    supplied: &Supplied,
    returning: &Returning<'a>,
) -> Sent<'a> {
    let lines = &placed.lines[..];
    let mut contradictions = Vec::new();
    let departures = despatch::departures(input, placed, erp, cancelled, &mut contradictions);
    let warehouse = warehouse::read(input, lines, &departures, &mut contradictions);

    let left = |group: &[usize]| despatch::despatched_of(&departures, group, placed, cancelled, supplied);
    let mut totals = cancel::CancelledTotals::begin(lines, cancelled, left, returning);
    let (by_erp, at) = erp::cancelled_lines(input.rows, input.rules, decisions, erp.exists, lines, &totals.by_shop());
    totals.by_erp(&by_erp, at);
    totals.by_warehouse(&warehouse, lines, erp, cancelled);

    let assigned = despatch::assign_to_lines(&departures, &totals.wanted_before(lines), lines);
    let parcels = parcels::follow(input, decisions, assigned.parcels);
    let delivered = delivered(&parcels, lines.len());
    let mut sent: Vec<SentLine<'a>> = Vec::with_capacity(lines.len());
    for (i, (line, despatches)) in lines.iter().zip(assigned.lines).enumerate() {
        let (by, credited_unsent, reported) = (totals.by[i], totals.credited_unsent[i], &cancelled.lines[i]);
        let all = by.most();
        let without_parcel =
            without_parcel(line, &erp.lines[i], reported.shop_shipped, supplied.pieces(i, line.ordered, all), supplied.intangible[i]);
        let despatched = despatches.quantity.max(without_parcel.unwrap_or_default());
        sent.push(SentLine {
            despatched,
            cancelled: all,
            cancelled_by: by,
            credited_unsent,
            stopped_by_warehouse: reported.stopped_by_warehouse,
            wanted: line.ordered - all.min((line.ordered - despatched).floor_zero()),
            // What needs no parcel has arrived when it has left.
            delivered: if without_parcel.is_some() { delivered[i].max(despatched) } else { delivered[i] },
            shop_shipped: reported.shop_shipped,
            shop_received: reported.shop_received.unwrap_or(reported.credited - credited_unsent),
            parts: despatches.parts,
            cause: despatches.cause,
            pooled: despatches.pooled,
        });
    }
    for bundle in (0..lines.len()).filter(|&i| lines[i].is_bundle) {
        let wanted = whole_bundles(lines, bundle, |i| sent[i].wanted);
        let despatched = whole_bundles(lines, bundle, |i| sent[i].despatched);
        let delivered = whole_bundles(lines, bundle, |i| sent[i].delivered);
        let cancelled = lines[bundle].ordered - wanted;
        let all = &mut sent[bundle];
        (all.wanted, all.despatched, all.delivered, all.cancelled) = (wanted, despatched, delivered, cancelled);
    }
    Sent { lines: sent, parcels, warehouse, strays: assigned.strays, cancelled_at: totals.at, contradictions }
}

/// Pieces of a line that left without a parcel, where it needs none: what shop or ERP say they have supplied, or what counts as supplied with the
/// order; `None` where it needs one.
fn without_parcel(
    line: &PlacedLine<'_>,
    in_erp: &erp::LineInErp<'_>,
    shop_shipped: Quantity,
    supplied: Quantity,
    intangible: bool,
) -> Option<Quantity> {
    if in_erp.ships || line.is_bundle {
        return None;
    }
    if intangible {
        return Some(shop_shipped.min(line.ordered).max(supplied));
    }
    in_erp.by_supplier.then(|| in_erp.shipped.max(shop_shipped).min(line.ordered))
}

/// Pieces of each line in parcels that are delivered.
fn delivered(parcels: &[ParcelView<'_>], lines: usize) -> Vec<Quantity> {
    let mut delivered = vec![Quantity::ZERO; lines];
    for parcel in parcels.iter().filter(|parcel| parcel.delivered_at.is_some()) {
        for &(line, quantity) in &parcel.lines {
            delivered[line] += quantity;
        }
    }
    delivered
}
