//! Stage *kept*: which cancelled pieces can't be sent any more (*stopped*), and which pieces the customer keeps.
//!
//! The only stage that computes figures from ledgers: a piece for which no go-ahead was ever made can't be sent.

use super::back::Back;
use super::decisions::Decisions;
use super::erp::{Erp, canonical};
use super::input::Input;
use super::paid::Paid;
use super::placed::{Placed, PlacedLine, whole_bundles};
use super::pooling;
use super::sent::{self, Sent, WarehouseView};
use crate::entities::topics::Ledgers;
use crate::facts::ids::RequestNumber;
use crate::facts::order::{WarehouseState, Word};
use crate::facts::{Amount, Quantity};

/// Stopped and kept pieces.
#[derive(Clone, Debug)]
pub struct Kept {
    /// In the order of the lines as placed.
    pub lines: Vec<KeptLine>,
}

/// Stopped and kept pieces of a line.
#[derive(Clone, Copy, Debug, Default)]
pub struct KeptLine {
    /// Cancelled pieces that can't be sent any more: no go-ahead was made for them; or each warehouse that was asked for the line confirms; or a
    /// warehouse reports that it has stopped them; or the shop itself has refunded them; or a person says so for a warehouse that never answers.
    pub stopped: Quantity,
    /// Pieces that the customer keeps: ordered - stopped - returned.
    pub pieces: Quantity,
}

/// Computes stopped and kept pieces.
#[allow(clippy::too_many_arguments)] // A stage names each stage that it reads.
pub(super) fn stage<'a>(
    input: &Input<'a>,
    decisions: &Decisions<'a>,
    ledgers: &Ledgers,
    placed: &Placed<'a>,
    paid: &Paid<'a>,
    erp: &Erp<'a>,
    sent: &Sent<'a>,
    back: &Back<'a>,
) -> Kept {
    let lines = &placed.lines[..];
    let stopping = Stopping { input, decisions, ledgers, placed, erp, sent };
    let mut budget = paid.refunded_for_goods(placed)
        - (0..lines.len())
            .map(|i| {
                let (line, despatched, returned) = (&lines[i], sent.lines[i].despatched, back.lines[i].returned);
                line.value_of(despatched.min(line.ordered)) - line.value_of((despatched - returned).min(line.ordered))
            })
            .sum();
    let mut kept: Vec<KeptLine> = Vec::with_capacity(lines.len());
    for (i, line) in lines.iter().enumerate() {
        let stopped = stopping.stopped(i, &mut budget);
        kept.push(KeptLine { stopped, pieces: line.ordered - stopped - back.lines[i].returned });
    }
    for bundle in (0..lines.len()).filter(|&i| lines[i].is_bundle) {
        let stopped = whole_bundles(lines, bundle, |i| kept[i].stopped).min(lines[bundle].ordered - sent.lines[bundle].wanted);
        let returned = back.lines[bundle].returned.min(lines[bundle].ordered - stopped);
        kept[bundle] = KeptLine { stopped, pieces: lines[bundle].ordered - stopped - returned };
    }
    Kept { lines: kept }
}

/// What is read to decide whether a cancelled piece is *stopped*.
struct Stopping<'a, 's> {
    input: &'s Input<'a>,
    decisions: &'s Decisions<'a>,
    ledgers: &'s Ledgers,
    placed: &'s Placed<'a>,
    erp: &'s Erp<'a>,
    sent: &'s Sent<'a>,
}

impl Stopping<'_, '_> {
    fn unwanted(&self, i: usize) -> Quantity {
        self.placed.lines[i].ordered - self.sent.lines[i].wanted
    }

    /// Stopped pieces of a line. `budget`: the part of the shop's own refunds that no other piece has used up.
    fn stopped(&self, i: usize, budget: &mut Amount) -> Quantity {
        let (line, sent) = (&self.placed.lines[i], &self.sent.lines[i]);
        let cancelled = self.unwanted(i);
        if !cancelled.is_positive() || !self.erp.lines[i].ships {
            return cancelled;
        }
        let asked = self.released(line);
        let released = if self.taken_up(i, asked) { line.ordered } else { asked.max(sent.despatched) };
        let mut stopped = cancelled.min((line.ordered - released).floor_zero());
        stopped = stopped.max(cancelled.min(sent.stopped_by_warehouse)).max(cancelled.min(self.decided(i)));
        if stopped < cancelled && asked.is_positive() && self.confirmed(i) {
            stopped = cancelled;
        }
        if stopped < cancelled {
            stopped += self.credited(i, cancelled - stopped, budget);
        }
        stopped
    }

    /// Cancelled pieces of the line of which a person says that the warehouse will not send them, in all. Without lines the decision is about what was
    /// cancelled by then: where something was cancelled since, nobody knows which pieces it speaks of.
    fn decided(&self, i: usize) -> Quantity {
        let line = &self.placed.lines[i];
        let Some(decision) = self.decisions.about("cancel-unanswered", "").filter(|decision| decision.choice == "stopped") else {
            return Quantity::ZERO;
        };
        if decision.lines.is_empty() {
            let known = self.sent.cancelled_at.is_none_or(|at| at <= decision.decided_at);
            return if known { line.ordered } else { Quantity::ZERO };
        }
        let named = decision.lines.iter().filter(|(named, _)| pooling::targets(&self.placed.lines, named).contains(&i));
        named.map(|(_, pieces)| *pieces).sum()
    }

    /// Pieces of the line that a go-ahead was ever made for.
    fn released(&self, line: &PlacedLine<'_>) -> Quantity {
        self.ledgers.fulfilment.values().map(|asked| asked.ever_asked(line.id, line.ordered)).sum()
    }

    /// A warehouse has an open order for the line, or for more pieces, than a go-ahead was made for (by Waybill): it may send the pieces, unless it
    /// promises no more than is wanted. An order that names no lines, at a location that had a go-ahead for as many pieces, is the order of that go-ahead.
    /// `asked`: pieces of the line that a go-ahead was made for.
    fn taken_up(&self, i: usize, asked: Quantity) -> bool {
        let place = self.erp.lines[i].location.map(|place| canonical(self.input.rules, place));
        let here = |order: &&WarehouseView<'_>| order.location.is_empty() || place.is_none_or(|place| place == order.location);
        let over = |order: &WarehouseView<'_>| {
            matches!(order.state, Word::Known(WarehouseState::Cancelled | WarehouseState::Closed | WarehouseState::Despatched))
        };
        let asked_there = |order: &WarehouseView<'_>| -> Quantity {
            let there = |location: &str| order.location.is_empty() || canonical(self.input.rules, location) == order.location;
            let asked = self.ledgers.fulfilment.iter().filter(|(location, _)| there(location));
            asked.flat_map(|(_, asked)| self.placed.lines.iter().map(|line| asked.ever_asked(line.id, line.ordered))).sum()
        };
        let has_it = |order: &WarehouseView<'_>| {
            if order.lines.is_empty() {
                let asked = asked_there(order);
                asked.is_zero() || order.pieces.is_some_and(|pieces| pieces > asked)
            } else {
                asked.is_zero() && order.lines.iter().any(|row| row.targets.contains(&i))
            }
        };
        let wanted: Vec<Quantity> = self.sent.lines.iter().map(|sent| sent.wanted).collect();
        let all = vec![true; wanted.len()];
        let open = self.sent.warehouse.iter().filter(here).filter(|order| !over(order) && has_it(order));
        open.into_iter().any(|order| !sent::confirmed(&self.sent.warehouse, order.location, i, &wanted, &all))
    }

    /// Each warehouse that was asked for the line reports it as cancelled or closed short, or a total of at most what is now wanted from there.
    fn confirmed(&self, i: usize) -> bool {
        let (lines, fulfilment) = (&self.placed.lines, &self.ledgers.fulfilment);
        let asked = fulfilment.iter().filter(|(_, asked)| asked.ever_asked(lines[i].id, lines[i].ordered).is_positive());
        asked.into_iter().all(|(location, asked)| {
            let elsewhere = |line: &PlacedLine<'_>| -> Quantity {
                let others = fulfilment.iter().filter(|(other, _)| *other != location);
                others.filter_map(|(_, other)| other.totals.get(line.id)).copied().sum()
            };
            let wanted: Vec<Quantity> =
                lines.iter().zip(&self.sent.lines).map(|(line, sent)| (sent.wanted - elsewhere(line)).floor_zero()).collect();
            let ever: Vec<bool> = lines.iter().map(|line| asked.ever_asked(line.id, line.ordered).is_positive()).collect();
            let code = canonical(self.input.rules, location);
            let within = asked.totals.get(lines[i].id).is_none_or(|total| *total <= wanted[i]);
            if self.input.rules.has_fixed_orders(code) && within {
                // The order of the last release was made for no more than that: what went before it has to be ended.
                let number = self.placed.header.map(|header| RequestNumber::of(&header.number, location, asked.released));
                let before = |order: &&WarehouseView<'_>| number.as_deref() != Some(order.number);
                let before: Vec<WarehouseView<'_>> = self.sent.warehouse.iter().filter(before).cloned().collect();
                return sent::confirmed(&before, code, i, &wanted, &ever) || sent::confirmed(&self.sent.warehouse, code, i, &wanted, &ever);
            }
            sent::confirmed(&self.sent.warehouse, code, i, &wanted, &ever)
        })
    }

    /// Pieces that the shop's credits are for, cancelled and not despatched, whose value is covered by the shop's own refunds, give or take a minor unit a piece.
    fn credited(&self, i: usize, open: Quantity, budget: &mut Amount) -> Quantity {
        let line = &self.placed.lines[i];
        pooling::covered(line, open.min(self.sent.lines[i].refunded_unsent), budget)
    }
}
