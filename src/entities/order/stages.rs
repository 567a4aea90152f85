//! Stages, payment word and flags (gates.md, "Stages": the first line that holds wins).

use super::findings::Clock;
use super::returns::{Outcome, Returns};
use super::view::{Conditions, Finding, HoldView, LineView, Money, OrderStage, ParcelView, PaymentWord, ReturnStage, WarehouseView};
use crate::entities::Rows;
use crate::entities::rules::Rules;
use crate::facts::order::{Header, ScanMeaning, WarehouseState, Word};
use crate::facts::{OrderRow, Quantity};

/// Does an open warehouse order say one of these?
fn any_in(warehouse: &[WarehouseView<'_>], states: &[WarehouseState]) -> bool {
    warehouse.iter().any(|order| order.state.known().is_some_and(|state| states.contains(state)))
}

/// The conditions of the go-ahead, but for being live.
pub(super) fn may_be_released(conditions: &Conditions, lines: &[LineView<'_>], findings: &[Finding], rules: &Rules) -> bool {
    let placed = |line: &LineView<'_>| line.location.is_some_and(|place| rules.locations.is_empty() || rules.location(place).is_some());
    conditions.all().iter().all(|gate| gate.holds)
        && !findings.iter().any(|finding| finding.shuts || finding.kind == "erp-duplicate")
        && lines.iter().filter(|line| line.ships && line.w.is_positive()).all(|line| placed(line) && !line.not_stocked)
}

pub(super) fn order_stage(
    lines: &[LineView<'_>],
    parcels: &[ParcelView<'_>],
    warehouse: &[WarehouseView<'_>],
    recorded: bool,
    may_be_released: bool,
    placed: bool,
) -> OrderStage {
    let some = |quantity: fn(&LineView<'_>) -> Quantity| lines.iter().any(|line| quantity(line).is_positive());
    let wanted = some(|line| line.w);
    let despatched = some(|line| line.d);
    let all_despatched = despatched && lines.iter().all(|line| line.d >= line.w);
    let out = |parcel: &ParcelView<'_>| matches!(parcel.newest_scan, Some((ScanMeaning::OutForDelivery, _)));
    if placed && !lines.is_empty() && !wanted && !despatched {
        OrderStage::Cancelled
    } else if wanted && lines.iter().all(|line| line.delivered >= line.w) {
        OrderStage::Delivered
    } else if some(|line| line.delivered) {
        OrderStage::PartDelivered
    } else if all_despatched && parcels.iter().any(out) {
        OrderStage::OutForDelivery
    } else if all_despatched {
        OrderStage::Despatched
    } else if despatched {
        OrderStage::PartDespatched
    } else if any_in(warehouse, &[WarehouseState::Packed]) {
        OrderStage::Packed
    } else if any_in(warehouse, &[WarehouseState::Picking, WarehouseState::Picked]) {
        OrderStage::Picking
    } else if may_be_released || warehouse.iter().any(has_order) {
        OrderStage::Released
    } else if recorded {
        OrderStage::Recorded
    } else {
        OrderStage::Placed
    }
}

/// The warehouse has the order (an unknown word moves no stage).
fn has_order(order: &WarehouseView<'_>) -> bool {
    !matches!(order.state, Word::Known(WarehouseState::Cancelled) | Word::Unknown(_))
}

pub(super) fn return_stage(returns: &Returns<'_>, outcome: &Outcome<'_>, lines: &[LineView<'_>], money: &Money) -> ReturnStage {
    if !returns.any_authorised() && !returns.any_asked() {
        return if returns.any_received() { ReturnStage::Unlogged } else { ReturnStage::None };
    }
    let settled = lines.iter().all(|line| line.settled_stock + line.settled_written_off + line.settled_other >= line.r);
    let all_there = outcome.expected.is_positive() && outcome.there >= outcome.expected;
    let accepted = lines.iter().all(|line| line.r >= line.authorised);
    let paid = money.due == money.refunded;
    if all_there && accepted && settled && paid {
        ReturnStage::Reversed
    } else if all_there && paid {
        ReturnStage::Refunded
    } else if all_there {
        ReturnStage::Received
    } else if outcome.there.is_positive() {
        ReturnStage::PartReceived
    } else if returns.any_authorised() {
        ReturnStage::Logged
    } else {
        ReturnStage::Asked
    }
}

pub(super) fn payment_word(money: &Money) -> PaymentWord {
    if money.captured - money.refunded > money.total && money.captured.is_positive() {
        PaymentWord::Overpaid
    } else if money.refunded.is_positive() {
        if money.refunded >= money.captured { PaymentWord::Refunded } else { PaymentWord::PartRefunded }
    } else if money.captured >= money.total {
        PaymentWord::Paid
    } else if money.captured.is_positive() {
        PaymentWord::PartPaid
    } else if money.authorised_open.is_positive() && money.authorised_open >= money.owed {
        PaymentWord::Authorised
    } else {
        PaymentWord::Open
    }
}

/// A SKU has told that its goods are not there yet, and the order still waits for them.
fn backordered(rows: &Rows<OrderRow>, lines: &[LineView<'_>]) -> bool {
    let mut told = rows.of_kind(OrderRow::BACKORDERED).filter(|(_, stored)| !stored.deleted).filter_map(|(_, stored)| stored.row.as_ref());
    told.any(|row| matches!(row, OrderRow::Backordered(row) if lines.iter().any(|line| line.id == row.line && line.w > line.d)))
}

pub(super) fn flags(
    rows: &Rows<OrderRow>,
    header: Option<&Header>,
    lines: &[LineView<'_>],
    parcels: &[ParcelView<'_>],
    holds: &[HoldView<'_>],
    findings: &[Finding],
    clock: &mut Clock,
) -> Vec<&'static str> {
    let newest = |meaning| parcels.iter().any(|parcel| parcel.newest_scan.is_some_and(|(newest, _)| newest == meaning));
    let wanted = lines.iter().any(|line| line.w.is_positive());
    let undelivered = lines.iter().any(|line| line.delivered < line.w);
    let promised = header.and_then(|header| header.promised_at).filter(|_| undelivered);
    let overdue = promised.is_some_and(|promised| clock.reached(promised));
    let open = findings.iter().any(|finding| !finding.decided && finding.opens_at.is_none_or(|at| at <= clock.tick));
    let all = [
        ("assumed", parcels.iter().any(|parcel| parcel.assumed)),
        ("backordered", backordered(rows, lines)),
        ("delayed", overdue || newest(ScanMeaning::Delayed)),
        ("exception", open),
        ("held", !holds.is_empty()),
        ("lost", newest(ScanMeaning::Lost)),
        ("part-cancelled", wanted && lines.iter().any(|line| line.unwanted().is_positive())),
        ("replaced", header.is_some_and(|header| header.replaced_by.is_some())),
        ("returning", newest(ScanMeaning::Returning)),
    ];
    all.into_iter().filter(|(_, holds)| *holds).map(|(flag, _)| flag).collect()
}
