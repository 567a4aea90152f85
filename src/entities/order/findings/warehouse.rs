//! On the way from the go-ahead to the despatch: cancelled pieces that left, lines closed short, a hold that comes too late, a go-ahead that
//! nobody answers, goods that are not on the order.

use super::finding::Finding;
use super::look::Look;
use crate::entities::RowOf;
use crate::entities::order::erp::{self, canonical};
use crate::entities::order::figures::LineView;
use crate::entities::order::pooling;
use crate::facts::order::{WarehouseState, Word};
use crate::facts::{Amount, Cause, Quantity};

pub(super) fn find(look: &Look<'_, '_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for line in look.figures.lines.iter().filter(|line| !line.set) {
        found.extend(left_although_cancelled(line));
        found.extend(short(look, line));
        found.extend(over(line));
    }
    found.extend(closed_without_a_quantity(look));
    found.extend(closed_without_lines(look));
    found.extend(closed_by_erp(look));
    found.extend(unanswered(look));
    found.extend(held(look));
    found.extend(receivers(look));
    found.extend(completed(look));
    found.extend(strays(look));
    found
}

/// The same place; who names none may be anywhere.
fn at(one: &str, other: &str) -> bool {
    one.is_empty() || other.is_empty() || one == other
}

/// The warehouse will do no more for an order in this state.
fn ended(state: &Word<WarehouseState>) -> bool {
    matches!(state, Word::Known(WarehouseState::Cancelled | WarehouseState::Closed))
}

/// Wanted, and not yet despatched.
fn to_send(line: &LineView<'_>) -> Quantity {
    (line.sent.wanted - line.sent.despatched).floor_zero()
}

fn open(look: &Look<'_, '_>, targets: &[usize]) -> bool {
    targets.iter().any(|&i| to_send(&look.figures.lines[i]).is_positive())
}

/// Cancelled pieces that left the house and have not come back. A credit that was made after the despatch cancels nothing that left.
fn left_although_cancelled(line: &LineView<'_>) -> Option<Finding> {
    let by = line.sent.cancelled_by;
    let cancelled = (by.shop - by.late_credit).max(by.erp).max(by.warehouse).min(line.ordered);
    let left = cancelled - (line.ordered - line.sent.despatched).floor_zero() - line.back.received;
    if !line.erp.ships || !left.is_positive() {
        return None;
    }
    let sentence = format!("{left} of {} left the house although {cancelled} of {} are cancelled", line.sku, line.ordered);
    let worth = line.value_of(left.min(line.ordered));
    Some(Finding::new("cancelled-but-despatched", line.id, sentence).at_risk(worth).pieces(left).caused_by(line.sent.cause))
}

/// Warehouse or ERP will not deliver pieces that the shop has not cancelled.
fn short(look: &Look<'_, '_>, line: &LineView<'_>) -> Option<Finding> {
    let open = (line.ordered - line.sent.despatched).floor_zero();
    let by = line.sent.cancelled_by;
    let short = by.erp.max(by.warehouse).min(open) - by.shop.min(open);
    if !short.is_positive() {
        return None;
    }
    let who = if by.warehouse >= by.erp { "the warehouse" } else { "the ERP" };
    let sentence = format!("{who} will not deliver {short} of {} {}, and the shop has not cancelled them", line.ordered, line.sku);
    let finding = Finding::new("short-closed", line.id, sentence).at_risk(line.value_of(short)).pieces(short);
    Some(finding.caused_by(cause_of_short(look, line)))
}

fn cause_of_short(look: &Look<'_, '_>, line: &LineView<'_>) -> Option<Cause> {
    let index = look.figures.lines.iter().position(|other| other.id == line.id)?;
    let rows = look.figures.sent.warehouse.iter().flat_map(|order| &order.lines);
    rows.filter(|row| row.lost.is_positive() && row.targets.contains(&index)).map(|row| row.cause).max()
}

/// More left than was ordered, and has not come back.
fn over(line: &LineView<'_>) -> Option<Finding> {
    let over = line.sent.despatched - line.ordered - line.back.received;
    if !over.is_positive() {
        return None;
    }
    let (left, ordered) = (line.sent.despatched, line.ordered);
    let sentence = format!("{left} of {} left the house, but {ordered} were ordered on line {}", line.sku, line.id);
    Some(Finding::new("over-despatched", line.id, sentence).at_risk(line.value_of(over)).pieces(over).caused_by(line.sent.cause))
}

/// A line that the warehouse closed, and how much of it will not be sent nobody says (or the despatches seen do not come to it).
fn closed_without_a_quantity<'s>(look: &'s Look<'_, '_>) -> impl Iterator<Item = Finding> + 's {
    let rows = look.figures.sent.warehouse.iter().flat_map(|order| order.lines.iter().map(move |row| (order, row)));
    rows.filter(|(_, row)| row.unsaid && open(look, &row.targets)).map(|(order, row)| {
        let sku = pooling::name(&row.row.line);
        let sentence = format!("warehouse order {} closed {sku}, and how much of it will not be sent is not known", order.number);
        let finding = Finding::new("short-closed", format!("{} {sku}", order.number), sentence).caused_by([row.cause]);
        finding.after(row.at + look.rules.durations.short_closed)
    })
}

/// A warehouse order that is closed, and of which no lines are told: it cancels nothing by itself.
fn closed_without_lines<'s>(look: &'s Look<'_, '_>) -> impl Iterator<Item = Finding> + 's {
    let warehouse = &look.figures.sent.warehouse;
    warehouse.iter().filter(|order| order.lines.is_empty() && ended(order.state)).filter_map(|order| {
        let at_place = |line: &&LineView<'_>| line.erp.location.is_none_or(|code| at(order.location, code));
        let here = || look.figures.lines.iter().filter(|line| !line.set && line.erp.ships).filter(at_place);
        let pieces: Quantity = here().map(to_send).sum();
        let another = warehouse.iter().any(|other| !ended(other.state) && at(other.location, order.location));
        if !pieces.is_positive() || another {
            return None;
        }
        let sentence = format!("warehouse order {} is closed, and {pieces} pieces of it are still wanted", order.number);
        let worth: Amount = here().map(|line| line.value_of(to_send(line).min(line.ordered))).sum();
        let finding = Finding::new("short-closed", order.number, sentence).at_risk(worth).pieces(pieces);
        Some(finding.after(order.at + look.rules.durations.short_closed))
    })
}

/// A line that the ERP closed, and the shipments seen do not come to what it says.
fn closed_by_erp<'s>(look: &'s Look<'_, '_>) -> impl Iterator<Item = Finding> + 's {
    erp::record_lines(look.rows, look.rules).filter_map(|RowOf { key, stored, row }| {
        let short = (row.quantity - row.shipped).is_positive();
        let targets = erp::targets(&look.figures.placed.lines, row);
        if !row.closed || !short || !open(look, &targets) || erp::closed_short(look.rows, key.source, row) {
            return None;
        }
        let sentence = format!("the ERP closed {} in {}, and the shipments seen do not come to what it says", row.sku, row.document);
        let finding = Finding::new("short-closed", format!("{} {}", row.document, row.sku), sentence).caused_by([stored.cause]);
        Some(finding.after(stored.at + look.rules.durations.short_closed))
    })
}

/// A go-ahead was made, and the warehouse neither has an order nor sent anything.
fn unanswered<'s>(look: &'s Look<'_, '_>) -> impl Iterator<Item = Finding> + 's {
    look.ledgers.fulfilment.iter().filter_map(|(location, asked)| {
        let asked_at = asked.first_asked_at.filter(|_| asked.totals.values().any(|total| total.is_positive()))?;
        let code = canonical(look.rules, location);
        let sent = &look.figures.sent;
        let has = sent.warehouse.iter().any(|order| order.location == code || order.location.is_empty());
        if has || sent.parcels.iter().any(|parcel| parcel.location == code) {
            return None;
        }
        let pieces: Quantity = asked.totals.values().copied().sum();
        let sentence = format!("{location} was asked to send {pieces} pieces, and has no order");
        let worth = |line: &LineView<'_>| line.value_of(asked.totals.get(line.id).copied().unwrap_or_default().min(line.ordered));
        let at_risk: Amount = look.figures.lines.iter().map(worth).sum();
        let finding = Finding::new("release-unanswered", location.as_str(), sentence).at_risk(at_risk);
        Some(finding.after(asked_at + look.rules.durations.release_unanswered))
    })
}

/// Held, and a go-ahead is out for pieces that have not left.
fn held(look: &Look<'_, '_>) -> Option<Finding> {
    let first = look.figures.gates.holds.first()?;
    let asked =
        |line: &LineView<'_>| -> Quantity { look.ledgers.fulfilment.values().filter_map(|asked| asked.totals.get(line.id)).copied().sum() };
    let lines = look.figures.lines.iter();
    let at_stake: Quantity = lines.map(|line| (asked(line).min(line.sent.wanted) - line.sent.despatched).floor_zero()).sum();
    if !at_stake.is_positive() {
        return None;
    }
    let by = look.rules.name_of(first.source);
    let sentence = format!("{by} holds the order ({}), and the warehouse has the go-ahead for {at_stake} pieces", first.reason);
    Some(Finding::new("held-after-release", "", sentence).caused_by([first.cause]))
}

/// A receiver shows more despatched than is true, and was told so.
fn receivers(look: &Look<'_, '_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for (receiver, own) in [("shop", (|line| line.sent.shop_shipped) as fn(&LineView<'_>) -> Quantity), ("erp", |line| line.erp.shipped)] {
        let Some(at) = look.ledgers.despatch_corrected_at(receiver) else { continue };
        for line in look.figures.lines.iter().filter(|line| !line.set && own(line) > line.sent.despatched) {
            let left = line.sent.despatched;
            let sentence = format!("{receiver} shows {} of {} as despatched, {left} left", own(line), line.sku);
            let finding = Finding::new("despatch-corrected", format!("{receiver} {}", line.id), sentence).pieces(own(line) - left);
            found.push(finding.after(at + look.rules.durations.despatch_corrected));
        }
    }
    found
}

/// Told as completed, and what was told is not delivered any more.
fn completed(look: &Look<'_, '_>) -> Option<Finding> {
    let told = look.ledgers.completion.values().filter(|ledger| ledger.step > 0);
    let mut over: Vec<&LineView<'_>> = Vec::new();
    for (id, total) in told.flat_map(|ledger| &ledger.totals) {
        let line = look.figures.lines.iter().find(|line| line.id == id.as_str() && line.sent.delivered < *total);
        over.extend(line.filter(|line| !over.iter().any(|there| there.id == line.id)));
    }
    let first = over.first()?;
    let skus: Vec<&str> = over.iter().map(|line| line.sku.as_str()).collect();
    let sentence = format!("the order was completed, and the delivery of {} was withdrawn", skus.join(", "));
    let at_risk: Amount = over.iter().map(|line| line.value_of(line.sent.wanted)).sum();
    Some(Finding::new("completion-withdrawn", "", sentence).at_risk(at_risk).caused_by(first.sent.cause))
}

/// Goods that left and are not on the order. Opens only after a while: the line may come late; and never before the header is there.
fn strays<'s>(look: &'s Look<'_, '_>) -> impl Iterator<Item = Finding> + 's {
    let late = look.figures.placed.late;
    look.figures.sent.strays.iter().filter(move |_| late.is_some()).map(move |stray| {
        let sentence = format!("despatch {} holds {}, which is not on the order", stray.parcel, stray.goods);
        let finding = Finding::new("other-item-despatched", stray.row, sentence).pieces(stray.quantity);
        finding.caused_by([stray.cause]).after(late)
    })
}
