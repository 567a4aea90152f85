//! Stage *standing*: stage, return stage, payment word and flags (gates.md, "Stages": of the lines of each table the first that holds wins).

use serde::{Deserialize, Serialize};

use super::clock::Clock;
use super::figures::{LineView, OrderFigures};
use super::findings::Finding;
use super::gates::OrderGates;
use super::input::Input;
use super::money::Money;
use super::returning::Authorised;
use super::sent::{ParcelView, WarehouseView};
use crate::entities::Rows;
use crate::entities::rules::Rules;
use crate::facts::order::{Backordered, ScanMeaning, WarehouseState, Word};
use crate::facts::{OrderRow, Quantity};

/// How an order stands, in words.
#[derive(Clone, Debug)]
pub struct OrderStanding {
    /// How far the order is.
    pub stage: OrderStage,
    /// How far its returns are.
    pub return_stage: ReturnStage,
    /// How far it is paid.
    pub payment: PaymentWord,
    /// `held`, `delayed`, `backordered` ..., sorted.
    pub flags: Vec<&'static str>,
}

/// How far an order is: the first of these that holds. It depends on the rows alone, not on earlier stages, so it can go back (a scan is withdrawn, a
/// record disappears, a line is added).
///
/// ```text
///  placed ──> recorded ──> released ──> picking ──> packed
///    │            │            │            │          │        nothing is wanted, nothing despatched
///    └────────────┴────────────┴────────────┴──────────┴──────────────────────────────────────> cancelled
///                              │            │          │        something despatched
///                              └────────────┴──────────┴──> part-despatched ──> despatched ──> out-for-delivery
///                                                                 │                 │                 │
///                                                                 └──> part-delivered <───────────────┤
///                                                                           └──────> delivered <──────┘
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OrderStage {
    /// Nothing is wanted any more, and nothing was despatched.
    Cancelled,
    /// Every wanted piece is delivered.
    Delivered,
    /// Some piece is delivered.
    PartDelivered,
    /// All that is wanted is despatched, and the newest scan of a parcel is out for delivery.
    OutForDelivery,
    /// All that is wanted is despatched.
    Despatched,
    /// Something is despatched.
    PartDespatched,
    /// The most advanced of the warehouse's open orders is packed.
    Packed,
    /// The most advanced of the warehouse's open orders is being picked or is picked.
    Picking,
    /// Every condition of the go-ahead holds, or the warehouse has the order.
    Released,
    /// The ERP has, or has had, a record of it.
    Recorded,
    /// The shop has it.
    Placed,
}

/// How far the goods that come back are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReturnStage {
    /// Nothing comes back.
    None,
    /// Something came back that no authorisation covers.
    Unlogged,
    /// All came back and is accepted, settled and paid back.
    Reversed,
    /// All came back, and what is due is paid back.
    Refunded,
    /// All that was authorised came back.
    Received,
    /// A part of it came back.
    PartReceived,
    /// A return is authorised.
    Logged,
    /// A return is asked for.
    Asked,
}

/// How far the order is paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PaymentWord {
    /// Nothing is captured, and no open authorisation covers what is owed.
    Open,
    /// The payment is authorised, not captured.
    Authorised,
    /// A part is captured.
    PartPaid,
    /// All that is owed is captured.
    Paid,
    /// More is captured than is owed.
    Overpaid,
    /// A part of what was captured is refunded.
    PartRefunded,
    /// All that was captured is refunded.
    Refunded,
    /// The payer's bank disputes the payment.
    Disputed,
}

/// Computes stage, return stage, payment word and flags.
pub(super) fn stage(input: &Input<'_>, figures: &OrderFigures<'_>, findings: &[Finding]) -> OrderStanding {
    OrderStanding {
        stage: order_stage(figures, may_be_released(&figures.gates, &figures.lines, findings, input.rules)),
        return_stage: return_stage(figures),
        payment: payment_word(&figures.money),
        flags: flags(input.rows, figures, findings, &input.clock),
    }
}

/// Is some warehouse order in one of these states?
fn any_in(warehouse: &[WarehouseView<'_>], states: &[WarehouseState]) -> bool {
    warehouse.iter().any(|order| order.state.known().is_some_and(|state| states.contains(state)))
}

/// The conditions of the go-ahead hold.
fn may_be_released(gates: &OrderGates<'_>, lines: &[LineView<'_>], findings: &[Finding], rules: &Rules) -> bool {
    let placed = |line: &LineView<'_>| line.erp.location.is_some_and(|place| rules.locations.is_empty() || rules.location(place).is_some());
    gates.all().iter().all(|gate| gate.holds)
        && !findings.iter().any(|finding| finding.shuts || finding.kind == "erp-duplicate")
        && lines.iter().filter(|line| line.erp.ships && line.sent.wanted.is_positive()).all(|line| placed(line) && !line.erp.not_stocked)
}

fn order_stage(figures: &OrderFigures<'_>, may_be_released: bool) -> OrderStage {
    let lines = &figures.lines[..];
    let (parcels, warehouse) = (&figures.sent.parcels, &figures.sent.warehouse);
    let placed = figures.placed.header.is_some();
    let some = |quantity: fn(&LineView<'_>) -> Quantity| lines.iter().any(|line| quantity(line).is_positive());
    let wanted = some(|line| line.sent.wanted);
    let despatched = some(|line| line.sent.despatched);
    let all_despatched = despatched && lines.iter().all(|line| line.sent.despatched >= line.sent.wanted);
    let out = |parcel: &ParcelView<'_>| matches!(parcel.newest_scan, Some((ScanMeaning::OutForDelivery, _)));
    if placed && !lines.is_empty() && !wanted && !despatched {
        OrderStage::Cancelled
    } else if wanted && lines.iter().all(|line| line.sent.delivered >= line.sent.wanted) {
        OrderStage::Delivered
    } else if some(|line| line.sent.delivered) {
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
    } else if figures.gates.recorded.holds {
        OrderStage::Recorded
    } else {
        OrderStage::Placed
    }
}

/// The warehouse has the order. A state without a meaning does not count.
fn has_order(order: &WarehouseView<'_>) -> bool {
    !matches!(order.state, Word::Known(WarehouseState::Cancelled) | Word::Unknown(_))
}

fn return_stage(figures: &OrderFigures<'_>) -> ReturnStage {
    let (returning, back, money) = (&figures.returning, &figures.back, &figures.money);
    let authorised = || returning.authorised.iter().chain(&back.refunded_parcels);
    let any_authorised = authorised().any(Authorised::counts) || back.expected.is_positive();
    if !any_authorised && !authorised().any(Authorised::asked) {
        let of_no_line = returning.received.iter().any(|row| row.targets.is_empty() && row.quantity.is_positive());
        let received = of_no_line || figures.lines.iter().any(|line| line.back.received > line.back.put_back);
        return if received { ReturnStage::Unlogged } else { ReturnStage::None };
    }
    let settled = |line: &LineView<'_>| line.back.settled_stock + line.back.settled_written_off + line.back.settled_other;
    let all_settled = figures.lines.iter().all(|line| settled(line) >= line.back.returned);
    let all_arrived = back.expected.is_positive() && back.arrived >= back.expected;
    let accepted = figures.lines.iter().all(|line| line.back.returned >= line.back.authorised);
    let paid = money.due == money.refunded;
    if all_arrived && accepted && all_settled && paid {
        ReturnStage::Reversed
    } else if all_arrived && paid {
        ReturnStage::Refunded
    } else if all_arrived {
        ReturnStage::Received
    } else if back.arrived.is_positive() {
        ReturnStage::PartReceived
    } else if any_authorised {
        ReturnStage::Logged
    } else {
        ReturnStage::Asked
    }
}

fn payment_word(money: &Money<'_>) -> PaymentWord {
    if money.dispute_open {
        PaymentWord::Disputed
    } else if money.captured - money.refunded > money.total && money.captured.is_positive() {
        PaymentWord::Overpaid
    } else if money.refunded.is_positive() {
        if money.refunded >= money.captured { PaymentWord::Refunded } else { PaymentWord::PartRefunded }
    } else if money.captured >= money.total || (money.captured.is_positive() && money.captured >= money.owed) {
        PaymentWord::Paid
    } else if money.captured.is_positive() {
        PaymentWord::PartPaid
    } else if money.authorised_open.is_positive() && money.authorised_open >= money.owed {
        PaymentWord::Authorised
    } else {
        PaymentWord::Open
    }
}

/// A SKU has derived for this order that its goods are not in stock yet, and the order still waits for them.
fn backordered(rows: &Rows<OrderRow>, lines: &[LineView<'_>]) -> bool {
    let waits = |line: &LineView<'_>| line.sent.wanted > line.sent.despatched;
    rows.live::<Backordered>().any(|each| lines.iter().any(|line| line.id == each.row.line && waits(line)))
}

fn flags(rows: &Rows<OrderRow>, figures: &OrderFigures<'_>, findings: &[Finding], clock: &Clock) -> Vec<&'static str> {
    let (header, lines, parcels) = (figures.placed.header, &figures.lines[..], &figures.sent.parcels);
    let newest = |meaning| parcels.iter().any(|parcel| parcel.newest_scan.is_some_and(|(newest, _)| newest == meaning));
    let wanted = lines.iter().any(|line| line.sent.wanted.is_positive());
    let undelivered = lines.iter().any(|line| line.sent.delivered < line.sent.wanted);
    let promised = header.and_then(|header| header.promised_at).filter(|_| undelivered);
    let overdue = promised.is_some_and(|promised| clock.reached(promised));
    let open = findings.iter().any(|finding| finding.is_open(clock.tick));
    let all = [
        ("assumed", parcels.iter().any(|parcel| parcel.assumed)),
        ("backordered", backordered(rows, lines)),
        ("delayed", overdue || newest(ScanMeaning::Delayed)),
        ("exception", open),
        ("held", !figures.gates.holds.is_empty()),
        ("lost", newest(ScanMeaning::Lost)),
        ("part-cancelled", wanted && lines.iter().any(|line| line.unwanted().is_positive())),
        ("replaced", header.is_some_and(|header| header.replaced_by.is_some())),
        ("returning", newest(ScanMeaning::Returning)),
    ];
    all.into_iter().filter(|(_, holds)| *holds).map(|(flag, _)| flag).collect()
}
