//! [`view`]: from rows, rules and tick to an [`OrderView`], step by step. Each step is a file of its own.

use super::cancel::{Cancelled, Stopping};
use super::conditions::{self, Grounds, Replacement};
use super::decisions::Decisions;
use super::findings::{Clock, Findings};
use super::judge::Judge;
use super::lines::{self, Placed};
use super::mirrors::Mirrors;
use super::parcels::{self, Look};
use super::record::{self, Record};
use super::returns::{self, Outcome, Returns};
use super::returns_watch::ReturnsWatch;
use super::times::Times;
use super::view::{ErpView, HoldView, LineView, OrderView, ParcelView, WarehouseView};
use super::watch::Watch;
use super::{bundles, despatch, erp, left_out, money, stages, warehouse, words};
use crate::entities::Rows;
use crate::entities::rules::Rules;
use crate::entities::topics::Ledgers;
use crate::facts::order::{Address, Origin};
use crate::facts::{Moment, OrderKey, OrderRow, SourceId};

/// Computes the view of an order at `tick`. A pure function: the same rows give the same view, in whatever order they came.
///
/// `since`: when its first row was kept. Of the ledgers few things are read: was a go-ahead ever made (*stopped*); and for findings of "asked, no answer" what was asked, and when.
pub fn view<'a>(
    key: &'a OrderKey,
    rows: &'a Rows<OrderRow>,
    ledgers: &Ledgers,
    since: Moment,
    rules: &'a Rules,
    tick: Moment,
) -> OrderView<'a> {
    let mut clock = Clock::new(tick);
    let mut findings = Findings(Vec::new());
    let decisions = Decisions::read(rows);
    let placed = lines::placed(rows, rules);
    let mut read = lines::lines(rows, &placed, &mut findings);
    let late = placed.header.map(|header| header.placed_at.max(since) + rules.durations.order_incomplete);

    let erp = erp::read(rows, rules, &decisions);
    erp::put_to_lines(rows, rules, &decisions, &mut read.lines, &mut findings);
    erp::locate(rules, placed.header.map(|header| header.channel.as_str()), &mut read.lines);
    erp::stocked(rows, rules, &mut read.lines);
    let goods = Ground { rows, rules, decisions: &decisions, placed: &placed, erp: &erp, late };
    let goods = goods.goods(&mut read.lines, &mut clock, &mut findings);

    let mut charges = money::charges(rows, placed.shop);
    let totals = money::reconcile(&placed, &mut read.lines, &charges);
    let (warehouse, cancelled) = (&goods.warehouse, &goods.cancelled);
    Stopping { rows, ledgers, warehouse, cancelled, shop: placed.shop, rules }.apply(&mut read.lines);
    bundles::follow_parts(&mut read.lines);

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
        replacement: Replacement::read(rows, &placed, rules, &mut clock),
    });
    conditions::supply_without_goods(&conditions, &mut read.lines);
    bundles::follow_parts(&mut read.lines);

    let totals_differ = whole.proven && !totals.agree;
    let judge = Judge {
        rows,
        rules,
        ledgers,
        placed: &placed,
        read: &read,
        charges: &charges,
        money: &money,
        conditions: &conditions,
        totals_differ,
        late,
    };
    judge.find(&mut findings);
    let header = placed.header;
    let lines = &read.lines[..];
    Watch { rows, rules, ledgers, lines, warehouse: &goods.warehouse, parcels: &goods.parcels, holds: &holds }.find(&mut findings);
    Mirrors { rows, rules, ledgers, lines }.find(&mut findings);
    ReturnsWatch { rules, lines, money: &money, parcels: &goods.parcels, back: &goods.back, outcome: &goods.outcome, late }
        .find(&mut findings);
    Look { rules, header, lines, outcome: &goods.outcome }.at(&goods.parcels, &mut clock, &mut findings);
    let asked = &ledgers.sales_order;
    Record { rows, rules, header, erp: &erp, lines, asked, decisions: &decisions }.find(clock.tick, &mut findings);
    words::find(rows, rules, &mut findings);
    left_out::find(rows, rules, lines, &mut findings);
    record::unknown_locations(rows, rules, &mut findings);
    decisions.settle(&mut findings.0);
    wait(&mut findings, &mut clock);

    let lines = read.lines;
    let Goods { parcels, warehouse, back, outcome, cancelled } = goods;
    let released = stages::may_be_released(&conditions, &lines, &findings.0, rules);
    OrderView {
        key,
        header: placed.header,
        header_gone: placed.gone,
        shop: placed.shop,
        ship_to,
        bill_to: address(rows, placed.shop, OrderRow::BILL_TO),
        stage: stages::order_stage(&lines, &parcels, &warehouse, conditions.recorded.holds, released, placed.header.is_some()),
        return_stage: stages::return_stage(&back, &outcome, &lines, &money),
        payment: stages::payment_word(&money),
        flags: stages::flags(rows, placed.header, &lines, &parcels, &holds, &findings.0, &mut clock),
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
        cancelled_at: cancelled.at,
        times: Times::of(rows),
        next_change: clock.next_change(),
    }
}

/// What the goods are read from.
struct Ground<'a, 's> {
    rows: &'a Rows<OrderRow>,
    rules: &'a Rules,
    decisions: &'s Decisions<'a>,
    placed: &'s Placed<'a>,
    erp: &'s ErpView<'a>,
    late: Option<Moment>,
}

/// Where the goods are: what left in which parcels, what is cancelled, what came back.
struct Goods<'a> {
    parcels: Vec<ParcelView<'a>>,
    warehouse: Vec<WarehouseView<'a>>,
    back: Returns<'a>,
    outcome: Outcome<'a>,
    cancelled: Cancelled,
}

impl<'a> Ground<'a, '_> {
    /// Sets d, c, w, delivered, r and what is settled of each line.
    fn goods(&self, lines: &mut [LineView<'a>], clock: &mut Clock, findings: &mut Findings) -> Goods<'a> {
        let (rows, rules) = (self.rows, self.rules);
        let mut cancelled = Cancelled::read(rows, rules, self.placed, lines, findings);
        let pieces = despatch::pieces(rows, rules, lines, &cancelled.by_shop(), self.placed, findings);
        let warehouse = warehouse::read(rows, rules, lines, &pieces, findings);
        let till = self.placed.shop.filter(|_| self.placed.header.is_some_and(|header| header.origin == Origin::Pos));
        let mut back = returns::read(rows, rules, self.decisions, lines, till, findings);
        let left = |group: &[usize]| {
            let of_group = || pieces.iter().filter(|piece| piece.targets.first().is_some_and(|i| group.contains(i)));
            (of_group().map(|piece| piece.quantity).sum(), of_group().map(|piece| piece.at).min())
        };
        cancelled.credits(lines, left, &back);
        let (by_erp, at) = erp::lost(rows, rules, self.decisions, self.erp, lines, &cancelled.by_shop());
        cancelled.by_erp(&by_erp, at);
        cancelled.by_warehouse(&warehouse, lines);
        let before = cancelled.wanted_before(lines);
        let mut parcels = despatch::put_to_lines(&pieces, &before, self.late, lines, findings);
        parcels::follow(rows, rules, self.decisions, &mut parcels, lines, clock);
        back.refund_parcels(&parcels, lines, rules);
        conditions::told_without_goods(lines);
        cancelled.put_to_lines(lines);
        let outcome = back.put_to_lines(self.late, lines, findings);
        outcome.settle(rows, lines);
        Goods { parcels, warehouse, back, outcome, cancelled }
    }
}

/// Holds in force, of whatever source. A hold whose row was deleted stays: only a row that says so ends it.
fn holds(rows: &Rows<OrderRow>) -> Vec<HoldView<'_>> {
    rows.of_kind(OrderRow::HOLD)
        .filter_map(|(key, stored)| match &stored.row {
            Some(OrderRow::Hold(hold)) if hold.active => Some(HoldView { source: key.source, reason: &hold.reason, cause: stored.cause }),
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

/// Findings that open later are a reason to look again then.
fn wait(findings: &mut Findings, clock: &mut Clock) {
    for finding in &findings.0 {
        if let Some(opens_at) = finding.opens_at {
            clock.reached(opens_at);
        }
    }
    findings.0.sort_by(|a, b| (a.kind, &a.number).cmp(&(b.kind, &b.number)));
}
