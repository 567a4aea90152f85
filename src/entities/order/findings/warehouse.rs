//! Between go-ahead and despatch: cancelled pieces despatched, lines closed short, a hold that comes too late, a go-ahead without an answer, goods
//! that are not on the order.

use super::evidence::Evidence;
use super::finding::Finding;
use crate::entities::RowOf;
use crate::entities::ledger::DocumentLedger;
use crate::entities::order::answered::has_ended;
use crate::entities::order::erp::{self, canonical};
use crate::entities::order::figures::LineView;
use crate::entities::order::pooling;
use crate::facts::order::{WarehouseState, Word};
use crate::facts::{Amount, Cause, Quantity};

pub(super) fn find(evidence: &Evidence<'_, '_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for line in evidence.figures.lines.iter().filter(|line| !line.is_bundle) {
        found.extend(left_although_cancelled(line));
        found.extend(short(evidence, line));
        found.extend(over(line));
    }
    found.extend(closed_without_a_quantity(evidence));
    found.extend(closed_without_lines(evidence));
    found.extend(closed_by_erp(evidence));
    found.extend(unanswered(evidence));
    found.extend(held(evidence));
    found.extend(receivers(evidence));
    found.extend(completed(evidence));
    found.extend(strays(evidence));
    found
}

/// The same location; an empty one may be any.
fn at(one: &str, other: &str) -> bool {
    one.is_empty() || other.is_empty() || one == other
}

/// The warehouse sends nothing more for an order in this state: it is closed, or all of it has left.
fn ended(state: &Word<WarehouseState>) -> bool {
    matches!(state, Word::Known(WarehouseState::Cancelled | WarehouseState::Closed | WarehouseState::Despatched))
}

/// Wanted, and not yet despatched.
fn to_send(line: &LineView<'_>) -> Quantity {
    (line.sent.wanted - line.sent.despatched).floor_zero()
}

fn open(evidence: &Evidence<'_, '_>, targets: &[usize]) -> bool {
    targets.iter().any(|&i| to_send(&evidence.figures.lines[i]).is_positive())
}

/// Cancelled pieces that were despatched, have not come back, and are not settled as a return without goods either. Credits made after the despatch are goodwill, and cancel none of them.
fn left_although_cancelled(line: &LineView<'_>) -> Option<Finding> {
    let by = line.sent.cancelled_by;
    let cancelled = (by.shop - by.late_credit).max(by.erp).max(by.warehouse).min(line.ordered);
    let left = cancelled - (line.ordered - line.sent.despatched).floor_zero() - line.back.received.max(line.back.returned);
    if !line.erp.ships || !left.is_positive() {
        return None;
    }
    let sentence = format!("{left} x {} were despatched although {cancelled} of {} are cancelled", line.sku, line.ordered);
    let worth = line.value_of(left.min(line.ordered));
    Some(Finding::new("cancelled-but-despatched", line.id, sentence).at_risk(worth).pieces(left).caused_by(line.sent.cause))
}

/// Warehouse or ERP will not deliver pieces that the shop has not cancelled.
fn short(evidence: &Evidence<'_, '_>, line: &LineView<'_>) -> Option<Finding> {
    let open = (line.ordered - line.sent.despatched).floor_zero();
    let by = line.sent.cancelled_by;
    let short = by.erp.max(by.warehouse).min(open) - by.shop.min(open);
    if !short.is_positive() {
        return None;
    }
    let who = if by.warehouse >= by.erp { "the warehouse" } else { "the ERP" };
    let sentence = format!("{who} will not deliver {short} of {} x {}, and the shop has not cancelled them", line.ordered, line.sku);
    let finding = Finding::new("short-closed", line.id, sentence).at_risk(line.value_of(short)).pieces(short);
    Some(finding.caused_by(cause_of_short(evidence, line)))
}

fn cause_of_short(evidence: &Evidence<'_, '_>, line: &LineView<'_>) -> Option<Cause> {
    let index = evidence.figures.lines.iter().position(|other| other.id == line.id)?;
    let rows = evidence.figures.sent.warehouse.iter().flat_map(|order| &order.lines);
    rows.filter(|row| row.short.is_positive() && row.targets.contains(&index)).map(|row| row.cause).max()
}

/// More was despatched than ordered, and has not come back.
fn over(line: &LineView<'_>) -> Option<Finding> {
    let over = line.sent.despatched - line.ordered - line.back.received;
    if !over.is_positive() {
        return None;
    }
    let (left, ordered) = (line.sent.despatched, line.ordered);
    let sentence = format!("{left} x {} were despatched, but {ordered} ordered on line {}", line.sku, line.id);
    Some(Finding::new("over-despatched", line.id, sentence).at_risk(line.value_of(over)).pieces(over).caused_by(line.sent.cause))
}

/// A line that the warehouse closed without reporting how many pieces are short, or whose despatches do not add up to its despatched total.
fn closed_without_a_quantity<'s>(evidence: &'s Evidence<'_, '_>) -> impl Iterator<Item = Finding> + 's {
    let rows = evidence.figures.sent.warehouse.iter().flat_map(|order| order.lines.iter().map(move |row| (order, row)));
    rows.filter(|(_, row)| row.short_unknown && open(evidence, &row.targets)).map(|(order, row)| {
        let sku = pooling::name(&row.row.line);
        let sentence = format!("warehouse order {} closed {sku}; how many pieces of it will not be sent is not known", order.number);
        let finding = Finding::new("short-closed", format!("{} {sku}", order.number), sentence).caused_by([row.cause]);
        finding.after(row.at + evidence.rules.durations.short_closed)
    })
}

/// A warehouse order that is closed, or all of which has left as it says, and lines of which it has no row that says so: by itself it cancels nothing of
/// them. Its report may have lost a row, too.
fn closed_without_lines<'s>(evidence: &'s Evidence<'_, '_>) -> impl Iterator<Item = Finding> + 's {
    let warehouse = &evidence.figures.sent.warehouse;
    warehouse.iter().filter(|order| ended(order.state)).filter_map(|order| {
        let at_place = |line: &LineView<'_>| line.erp.location.is_none_or(|code| at(order.location, code));
        let settled = |i: usize| {
            order.lines.iter().any(|row| row.targets.contains(&i) && (row.row.closed || row.short_unknown || row.short.is_positive()))
        };
        let lines = || evidence.figures.lines.iter().enumerate();
        let here = || lines().filter(|(i, line)| !line.is_bundle && line.erp.ships && at_place(line) && !settled(*i)).map(|(_, line)| line);
        let pieces: Quantity = here().map(to_send).sum();
        let another = warehouse.iter().any(|other| !ended(other.state) && at(other.location, order.location));
        if !pieces.is_positive() || another {
            return None;
        }
        let durations = &evidence.rules.durations;
        let (sentence, patience) = match order.state {
            Word::Known(WarehouseState::Despatched) => {
                let untold = format!("its despatches do not name {pieces} pieces that are wanted of it");
                (format!("all of warehouse order {} has left, as it says; {untold}", order.number), durations.despatch_untold)
            }
            _ => {
                (format!("warehouse order {} is closed, and {pieces} pieces of it are still wanted", order.number), durations.short_closed)
            }
        };
        let worth: Amount = here().map(|line| line.value_of(to_send(line).min(line.ordered))).sum();
        let finding = Finding::new("short-closed", order.number, sentence).at_risk(worth).pieces(pieces);
        Some(finding.after(order.at + patience))
    })
}

/// A line that the ERP closed, and whose posted shipments do not add up to its shipped total.
fn closed_by_erp<'s>(evidence: &'s Evidence<'_, '_>) -> impl Iterator<Item = Finding> + 's {
    erp::record_lines(evidence.rows, evidence.rules).filter_map(|RowOf { key, stored, row }| {
        let short = (row.quantity - row.shipped).is_positive();
        let targets = erp::targets(&evidence.figures.placed.lines, row);
        if !row.closed || !short || !open(evidence, &targets) || erp::closed_short(evidence.rows, key.source, row) {
            return None;
        }
        let sentence =
            format!("the ERP closed {} in {}, but its posted shipments do not add up to its shipped total", row.sku, row.document);
        let finding = Finding::new("short-closed", format!("{} {}", row.document, row.sku), sentence).caused_by([stored.cause]);
        Some(finding.after(stored.at + evidence.rules.durations.short_closed))
    })
}

/// A go-ahead was made, and the warehouse has neither reported an order nor sent anything.
fn unanswered<'s>(evidence: &'s Evidence<'_, '_>) -> impl Iterator<Item = Finding> + 's {
    evidence.ledgers.fulfilment.iter().filter_map(|(location, asked)| {
        let code = canonical(evidence.rules, location);
        let sent = &evidence.figures.sent;
        if asked.cancelled && evidence.rules.has_fixed_orders(code) {
            return not_replaced(evidence, location, asked);
        }
        let asked_at = asked.first_asked_at.filter(|_| asked.totals.values().any(|total| total.is_positive()))?;
        let has = sent.warehouse.iter().any(|order| order.location == code || order.location.is_empty());
        if has || sent.parcels.iter().any(|parcel| parcel.location == code) {
            return None;
        }
        let pieces: Quantity = asked.totals.values().copied().sum();
        let sentence = format!("{location} was asked to send {pieces} pieces, and has not reported an order");
        let worth = |line: &LineView<'_>| line.value_of(asked.totals.get(line.id).copied().unwrap_or_default().min(line.ordered));
        let at_risk: Amount = evidence.figures.lines.iter().map(worth).sum();
        let finding = Finding::new("release-unanswered", location.as_str(), sentence).at_risk(at_risk).moved(asked.asked_at);
        Some(finding.after(asked_at + evidence.rules.durations.release_unanswered))
    })
}

/// A warehouse that cannot change an order was asked to cancel it, and has not said that it did: what is wanted can't be asked for anew.
fn not_replaced(evidence: &Evidence<'_, '_>, location: &str, asked: &DocumentLedger) -> Option<Finding> {
    let code = canonical(evidence.rules, location);
    let here = |line: &&LineView<'_>| !line.is_bundle && line.erp.ships && line.erp.location == Some(code);
    let open: Quantity = evidence.figures.lines.iter().filter(here).map(to_send).sum();
    if !open.is_positive() || has_ended(evidence.figures, asked, code) {
        return None;
    }
    let sentence =
        format!("{location} was asked to cancel its order, and has not said that it did: {open} pieces wait to be asked for anew");
    let at_risk: Amount = evidence.figures.lines.iter().filter(here).map(|line| line.value_of(to_send(line).min(line.ordered))).sum();
    let finding = Finding::new("release-unanswered", location, sentence).at_risk(at_risk).pieces(open).moved(asked.asked_at);
    Some(finding.after(asked.asked_at? + evidence.rules.durations.release_unanswered))
}

/// The order is held, and there is a go-ahead for pieces that are not despatched.
fn held(evidence: &Evidence<'_, '_>) -> Option<Finding> {
    let first = evidence.figures.gates.holds.first()?;
    let asked = |line: &LineView<'_>| -> Quantity {
        evidence.ledgers.fulfilment.values().filter_map(|asked| asked.totals.get(line.id)).copied().sum()
    };
    let lines = evidence.figures.lines.iter();
    let at_stake: Quantity = lines.map(|line| (asked(line).min(line.sent.wanted) - line.sent.despatched).floor_zero()).sum();
    if !at_stake.is_positive() {
        return None;
    }
    let by = evidence.rules.name_of(first.source);
    let sentence = format!("{by} holds the order ({}), but the warehouse has the go-ahead for {at_stake} pieces", first.reason);
    Some(Finding::new("held-after-release", "", sentence).caused_by([first.cause]))
}

/// A receiver shows more despatched than is true, although it was sent a correction.
fn receivers(evidence: &Evidence<'_, '_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for (receiver, own) in [("shop", (|line| line.sent.shop_shipped) as fn(&LineView<'_>) -> Quantity), ("erp", |line| line.erp.shipped)] {
        let Some(at) = evidence.ledgers.despatch_corrected_at(receiver) else { continue };
        for line in evidence.figures.lines.iter().filter(|line| !line.is_bundle && own(line) > line.sent.despatched) {
            let left = line.sent.despatched;
            let sentence = format!("{receiver} shows {} x {} as despatched; {left} were", own(line), line.sku);
            let finding = Finding::new("despatch-corrected", format!("{receiver} {}", line.id), sentence).pieces(own(line) - left);
            found.push(finding.after(at + evidence.rules.durations.despatch_corrected));
        }
    }
    found
}

/// The order was reported complete, and some of its lines are not delivered any more.
fn completed(evidence: &Evidence<'_, '_>) -> Option<Finding> {
    let completions = evidence.ledgers.completion.values().filter(|ledger| ledger.step > 0);
    let mut over: Vec<&LineView<'_>> = Vec::new();
    for (id, total) in completions.flat_map(|ledger| &ledger.totals) {
        let line = evidence.figures.lines.iter().find(|line| line.id == id.as_str() && line.sent.delivered < *total);
        over.extend(line.filter(|line| !over.iter().any(|there| there.id == line.id)));
    }
    let first = over.first()?;
    let skus: Vec<&str> = over.iter().map(|line| line.sku.as_str()).collect();
    let sentence = format!("the order was reported complete, then the delivery of {} was withdrawn", skus.join(", "));
    let at_risk: Amount = over.iter().map(|line| line.value_of(line.sent.wanted)).sum();
    Some(Finding::new("completion-withdrawn", "", sentence).at_risk(at_risk).caused_by(first.sent.cause))
}

/// Despatched goods that are not on the order. Opens after a while only, since the line may arrive late, and not before the header is there.
fn strays<'s>(evidence: &'s Evidence<'_, '_>) -> impl Iterator<Item = Finding> + 's {
    let late = evidence.figures.placed.late;
    evidence.figures.sent.strays.iter().filter(move |_| late.is_some()).map(move |stray| {
        let sentence = format!("despatch {} contains {}, which is not on the order", stray.parcel, stray.goods);
        let finding = Finding::new("other-item-despatched", stray.row, sentence).pieces(stray.quantity);
        finding.caused_by([stray.cause]).after(late)
    })
}
