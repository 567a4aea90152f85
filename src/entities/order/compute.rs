//! [`view`]: from rows, rules and tick to an [`OrderView`], step by step. Each step is a file of its own.

use super::cancel::{self, Stopping};
use super::conditions::{self, Grounds};
use super::findings::{Clock, Findings};
use super::lines::{self, Lines, Placed};
use super::times::Times;
use super::view::{ChargeView, Conditions, HoldView, LineView, Money, OrderView};
use super::{despatch, erp, money, returns, stages, words};
use crate::entities::Rows;
use crate::entities::ledger::Ledgers;
use crate::entities::rules::Rules;
use crate::facts::order::{Address, ShopState, Word};
use crate::facts::{Amount, Moment, OrderKey, OrderRow, SourceId};

/// Computes the view of an order at `tick`. A pure function: the same rows give the same view, in whatever order they came.
///
/// Of the ledgers two are read: was a go-ahead ever made (*stopped*); and the refunds requested, for the finding `refund-overasked`.
pub fn view<'a>(key: &'a OrderKey, rows: &'a Rows<OrderRow>, ledgers: &Ledgers, rules: &'a Rules, tick: Moment) -> OrderView<'a> {
    let mut clock = Clock::new(tick);
    let mut findings = Findings(Vec::new());
    let placed = lines::placed(rows, rules);
    let mut read = lines::lines(rows, &placed, &mut findings);
    let late = placed.header.map(|header| header.placed_at + rules.durations.order_incomplete);

    let erp = erp::read(rows, rules);
    let cancelled_by_erp = erp::put_to_lines(rows, rules, &erp, &mut read.lines);
    erp::locate(rules, placed.header.map(|header| header.channel.as_str()), &mut read.lines);

    let mut cancelled_at = None;
    let mut progress = cancel::progress(rows, placed.shop, &mut read.lines, &mut cancelled_at);
    let pieces = despatch::pieces(rows, rules, &read.lines, &mut findings);
    let back = returns::read(rows, rules, &read.lines, &mut findings);
    let despatched = |group: &[usize]| {
        pieces.iter().filter(|piece| piece.targets.first().is_some_and(|i| group.contains(i))).map(|piece| piece.quantity).sum()
    };
    cancel::credits(&read.lines, despatched, &back, &mut progress);
    let before = cancel::wanted_before(&read.lines, &progress);
    let mut parcels = despatch::put_to_lines(&pieces, &before, late, &mut read.lines, &mut findings);
    despatch::follow(rows, rules, &mut parcels, &mut read.lines, &mut clock);
    cancel::wanted(&mut read.lines, &progress, &cancelled_by_erp, placed.header.map(|header| &header.state));
    let outcome = back.put_to_lines(late, &mut read.lines, &mut findings);
    outcome.settle(rows, &mut read.lines);

    let mut charges = money::charges(rows, placed.shop);
    let totals = money::reconcile(&placed, &mut read.lines, &charges);
    let warehouse = cancel::warehouse(rows, rules);
    Stopping { rows, ledgers, warehouse: &warehouse, progress: &progress, shop: placed.shop, rules }.apply(&mut read.lines);

    let (money, refunds) = money::money(rows, rules, &placed, &read.lines, &mut charges, &totals, &mut clock, &mut findings);
    money::refunded_pieces(&money, &mut read.lines);

    let holds = holds(rows);
    let ship_to = address(rows, placed.shop, OrderRow::SHIP_TO);
    let whole = conditions::whole(&placed, &read, &totals, rules, &mut clock);
    let conditions = conditions::conditions(&Grounds {
        rows,
        rules,
        placed: &placed,
        read: &whole,
        money: &money,
        erp: &erp,
        holds: &holds,
        ship_to: ship_to.is_some(),
    });
    conditions::supply_without_goods(&conditions, &mut read.lines);
    words::find(rows, rules, &mut findings);
    judge(ledgers, &placed, &read, &charges, &money, &conditions, whole.proven && !totals.agree, late, &mut findings);
    wait(&mut findings, &mut clock);

    let lines = read.lines;
    OrderView {
        key,
        header: placed.header,
        header_gone: placed.gone,
        shop: placed.shop,
        ship_to,
        bill_to: address(rows, placed.shop, OrderRow::BILL_TO),
        stage: stages::order_stage(&lines, &parcels, &warehouse, &conditions, placed.header.is_some()),
        return_stage: stages::return_stage(&back, &outcome, &lines, &money),
        payment: stages::payment_word(&money),
        flags: stages::flags(placed.header, &lines, &parcels, &holds),
        lines,
        charges,
        money,
        erp,
        warehouse,
        parcels,
        returns: outcome.returns,
        unlogged: outcome.unlogged,
        refunds,
        holds,
        conditions,
        findings: findings.0,
        cancelled_at,
        times: Times::of(rows),
        next_change: clock.next_change(),
    }
}

/// Holds in force, of whatever source.
fn holds(rows: &Rows<OrderRow>) -> Vec<HoldView<'_>> {
    rows.of_kind(OrderRow::HOLD)
        .filter_map(|(key, stored)| match &stored.row {
            Some(OrderRow::Hold(hold)) if !stored.deleted && hold.active => Some(HoldView { source: key.source, reason: &hold.reason }),
            _ => None,
        })
        .collect()
}

fn address(rows: &Rows<OrderRow>, shop: Option<SourceId>, kind: u8) -> Option<&Address> {
    rows.of(kind, shop?).find_map(|(_, stored)| match &stored.row {
        Some(OrderRow::ShipTo(address) | OrderRow::BillTo(address)) if !stored.deleted => Some(&**address),
        _ => None,
    })
}

/// Findings about the order as a whole.
#[allow(clippy::too_many_arguments)] // Each is a part of the view that is being made.
fn judge(
    ledgers: &Ledgers,
    placed: &Placed<'_>,
    read: &Lines<'_>,
    charges: &[ChargeView<'_>],
    money: &Money,
    conditions: &Conditions,
    totals_differ: bool,
    late: Option<Moment>,
    findings: &mut Findings,
) {
    let Some(header) = placed.header else { return };
    let show = |amount: Amount| amount.display(money.currency);
    if !conditions.complete.holds && header.state != Word::Known(ShopState::Cancelled) {
        let sentence = format!("the order waits for {}", conditions.complete.waits_for);
        findings.add("order-incomplete", "", sentence, Some(header.total), placed.cause);
        if let Some(finding) = findings.0.last_mut() {
            finding.opens_at = late;
        }
    }
    if totals_differ {
        let of_charges = charges.iter().map(|charge| charge.charge.gross).sum();
        let of_lines = show(money.value - of_charges);
        let sentence = format!(
            "lines of {of_lines} and charges of {} do not make the total of {} {}",
            show(of_charges),
            show(header.total),
            money.currency
        );
        findings.add("totals-differ", "", sentence, Some((header.total - money.value).abs()), placed.cause);
    }
    for line in read.lines.iter().filter(|line| line.gone && line.d.is_positive()) {
        let sentence = format!("line {} was deleted in the shop, but {} of {} left the house", line.id, line.d, line.sku);
        findings.add("rows-contradict", &format!("gone {}", line.id), sentence, None, None);
    }
    if !conditions.complete.holds {
        return;
    }
    let tolerance = tolerance(&read.lines, money);
    let over = money.refunded - money.due;
    if over > tolerance {
        let sentence = format!("{} {} is refunded, {} was due", show(money.refunded), money.currency, show(money.due));
        findings.add("over-refunded", "", sentence, Some(over), None);
    }
    let asked = ledgers.refund.total;
    let over = asked - money.due.max(money.refunded);
    if over > tolerance {
        let sentence = format!(
            "a refund of {} {} was requested in all, {} is due and {} is refunded",
            show(asked),
            money.currency,
            show(money.due),
            show(money.refunded)
        );
        findings.add("refund-overasked", "", sentence, Some(over), None);
    }
}

/// One minor unit a piece while a line is partly back; nothing when it is wholly back or cancelled.
fn tolerance(lines: &[LineView<'_>], money: &Money) -> Amount {
    let partly = lines.iter().filter(|line| line.r.is_positive() && line.k.is_positive());
    partly.map(|line| money.currency.minor_unit().times(line.r)).sum()
}

/// Findings that open later are a reason to look again then.
fn wait(findings: &mut Findings, clock: &mut Clock) {
    for finding in &findings.0 {
        if let Some(opens_at) = finding.opens_at {
            clock.reached(opens_at);
        }
    }
    findings.0.sort_by(|a, b| (a.kind, &a.number).cmp(&(b.kind, &b.number)));
}
