//! Stage *sent*: what was despatched in which parcels, what is cancelled, what is still wanted, what is delivered.

mod cancel;
mod despatch;
mod parcels;
mod warehouse;

pub use cancel::CancelledBy;
pub use despatch::{COUNTER, DespatchPart, Stray};
pub use parcels::{Decided, Fate, ParcelView};
pub(super) use parcels::{by_carriers_word, refunded};
pub use warehouse::{WarehouseLineView, WarehouseView};
pub(super) use warehouse::{confirmed, ended};

use self::cancel::CreditIsReturn;
use super::authority::goods_count_from;
use super::cancelled::Cancelled;
use super::decisions::Decisions;
use super::erp::{self, Erp};
use super::input::{Contradiction, Input};
use super::paid::Paid;
use super::placed::{Placed, PlacedLine, whole_bundles};
use super::returning::Returning;
use super::supplied::Supplied;
use crate::entities::rules::Authority;
use crate::facts::order::Credit;
use crate::facts::{Amount, Cause, Moment, Quantity};

/// Despatches and cancellations.
#[derive(Clone, Debug)]
pub struct Sent<'a> {
    /// In the order of the lines as placed.
    pub lines: Vec<SentLine<'a>>,
    /// Parcels by time of despatch.
    pub parcels: Vec<ParcelView<'a>>,
    /// Warehouse orders, by location.
    pub warehouse: Vec<WarehouseView<'a>>,
    /// Locations of which a person says that they have stopped what they were asked to cancel, and when; an empty text stands for all of them.
    pub said_stopped: Vec<(&'a str, Moment)>,
    /// Despatched goods that no line of the order has.
    pub strays: Vec<Stray<'a>>,
    /// The time of the newest row that cancels something.
    pub cancelled_at: Option<Moment>,
    /// Rows that contradict each other.
    pub contradictions: Vec<Contradiction>,
}

/// Despatched, cancelled, wanted and delivered pieces of a line.
#[derive(Clone, Debug)]
pub struct SentLine<'a> {
    /// As reported by the source that counts for the location; intangible goods count once they are supplied.
    pub despatched: Quantity,
    /// The largest total of shop, ERP and warehouse.
    pub cancelled: Quantity,
    /// The totals of each of them.
    pub cancelled_by: CancelledBy,
    /// The part of `cancelled` that the shop credited and that was not despatched.
    pub credited_unsent: Quantity,
    /// The part of `cancelled` that was not despatched and that a credit of the shop is for: `credited_unsent`, and what the shop has taken off the order
    /// and names in its credit.
    pub refunded_unsent: Quantity,
    /// Pieces that left and that the shop credited, whose return no other system has to authorise: the credit does.
    pub credited_back: Quantity,
    /// The credit says too that they have come back, or that nothing can.
    pub credit_receives: bool,
    /// The part of `cancelled` that a warehouse reports as stopped.
    pub stopped_by_warehouse: Quantity,
    /// Ordered, less what is cancelled and has not left: `ordered - min(cancelled, ordered - despatched)`.
    pub wanted: Quantity,
    /// Pieces in parcels that are delivered.
    pub delivered: Quantity,
    /// The shop's own shipped total: notices need not report it again.
    pub shop_shipped: Quantity,
    /// The shop's own received-back total: notices need not report it again.
    pub shop_received: Quantity,
    /// Despatches of this line's goods.
    pub parts: Vec<DespatchPart<'a>>,
    /// The newest record among them; `None`: nothing was despatched.
    pub cause: Option<Cause>,
    /// Some despatch names only the SKU, which other lines have too: its pieces may be assigned to these lines differently later.
    pub pooled: bool,
}

/// Assigns despatches to lines and parcels, and computes what is cancelled and wanted.
#[allow(clippy::too_many_arguments)] // A stage names each stage that it reads.
pub(super) fn stage<'a>(
    input: &Input<'a>,
    decisions: &Decisions<'a>,
    placed: &Placed<'a>,
    paid: &Paid<'a>,
    erp: &Erp<'a>,
    cancelled: &Cancelled,
    supplied: &Supplied,
    returning: &Returning<'a>,
) -> Sent<'a> {
    let lines = &placed.lines[..];
    let mut contradictions = Vec::new();
    let departures = despatch::departures(input, placed, erp, cancelled, &mut contradictions);
    let warehouse = warehouse::read(input, lines, erp, &departures, &mut contradictions);

    let left = |group: &[usize]| despatch::despatched_of(&departures, group, placed, cancelled, supplied);
    let credit = |i: usize| credit_is_return(input, placed, erp, supplied, i);
    let paper = || memos_on_paper(input, placed);
    let covers = paid.captured.is_positive().then(|| paid.refunded_for_goods(placed) + paper().map(|(amount, _)| amount).sum::<Amount>());
    let last = paid.refunds_of_shop(placed).map(|refund| refund.at).chain(paper().map(|(_, at)| at)).max();
    let refunds = cancel::ShopRefunds { covers, last };
    let named = paid.credited_lines();
    let mut totals = cancel::CancelledTotals::begin(lines, cancelled, left, returning, credit, refunds, &named);
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
            refunded_unsent: credited_unsent + (named[i].pieces - reported.credited).floor_zero().min(reported.booked_by_shop),
            credited_back: totals.credited_back[i],
            credit_receives: credit(i) != CreditIsReturn::Authorises,
            stopped_by_warehouse: reported.stopped_by_warehouse,
            wanted: line.ordered - all.min((line.ordered - despatched).floor_zero()),
            // Goods that need no parcel are delivered when they are despatched.
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
    let said_stopped = decisions.stopped().collect();
    Sent { lines: sent, parcels, warehouse, said_stopped, strays: assigned.strays, cancelled_at: totals.at, contradictions }
}

/// Credits that the shop has written and will not pay: finance does, when it is asked. So the paper is the shop's last word. Amount, and when.
fn memos_on_paper<'v, 'a: 'v>(input: &'v Input<'a>, placed: &'v Placed<'a>) -> impl Iterator<Item = (Amount, Moment)> + 'v {
    let of_shop = input.rows.live::<Credit>().filter(|each| placed.shop == Some(each.key.source) && each.row.refunds.is_empty());
    of_shop.filter_map(|each| {
        let amount = each.row.goods? + each.row.shipping + each.row.duty + each.row.goodwill - each.row.fee;
        amount.is_positive().then_some((amount, each.row.credited_at))
    })
}

/// What a credit of the shop says of a line's pieces that have left.
fn credit_is_return(input: &Input<'_>, placed: &Placed<'_>, erp: &Erp<'_>, supplied: &Supplied, line: usize) -> CreditIsReturn {
    let Some(shop) = placed.shop else { return CreditIsReturn::No };
    let location = erp.lines[line].location.unwrap_or_default();
    if supplied.intangible[line] {
        CreditIsReturn::Intangible
    } else if !input.rules.counts_from(Authority::Returns, shop) {
        CreditIsReturn::No
    } else if goods_count_from(input.rules, Authority::Receipts, shop, location) {
        CreditIsReturn::Whole
    } else {
        CreditIsReturn::Authorises
    }
}

/// Despatched pieces of a line that needs no parcel: those that shop or ERP report as shipped, or that count as supplied. `None`: it needs a parcel.
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
