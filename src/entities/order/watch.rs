//! What a person must look at on the way from the go-ahead to the despatch: cancelled pieces that left, lines closed short, a hold that comes too
//! late, a go-ahead that nobody answers.

use super::findings::Findings;
use super::view::{HoldView, LineView, ParcelView, WarehouseView};
use crate::entities::Rows;
use crate::entities::rules::Rules;
use crate::entities::topics::Ledgers;
use crate::facts::order::{WarehouseState, Word};
use crate::facts::{Amount, OrderRow, Quantity};

/// The same place; who names none may be anywhere.
fn at(one: &str, other: &str) -> bool {
    one.is_empty() || other.is_empty() || one == other
}

/// The warehouse will do no more for an order in this state.
fn over(state: &Word<WarehouseState>) -> bool {
    matches!(state, Word::Known(WarehouseState::Cancelled | WarehouseState::Closed))
}

pub(super) struct Watch<'a, 's> {
    pub rows: &'a Rows<OrderRow>,
    pub rules: &'a Rules,
    pub ledgers: &'s Ledgers,
    pub lines: &'s [LineView<'a>],
    pub warehouse: &'s [WarehouseView<'a>],
    pub parcels: &'s [ParcelView<'a>],
    pub holds: &'s [HoldView<'a>],
}

impl Watch<'_, '_> {
    pub fn find(&self, findings: &mut Findings) {
        for line in self.lines.iter().filter(|line| !line.set) {
            self.left_although_cancelled(line, findings);
            self.short(line, findings);
        }
        self.untold_short(findings);
        self.unanswered(findings);
        self.held(findings);
        self.receivers(findings);
        self.completed(findings);
    }

    /// Cancelled pieces that left the house and have not come back. A credit that was made after the despatch cancels nothing that left.
    fn left_although_cancelled(&self, line: &LineView<'_>, findings: &mut Findings) {
        let by = line.cancelled_by;
        let cancelled = (by.shop - by.late_credit).max(by.erp).max(by.warehouse).min(line.n);
        let left = cancelled - (line.n - line.d).floor_zero() - line.received;
        if line.ships && left.is_positive() {
            let sentence = format!("{left} of {} left the house although {cancelled} of {} are cancelled", line.sku, line.n);
            let at_risk = Some(line.gross.share(left.min(line.n), line.n, line.currency));
            findings.add("cancelled-but-despatched", line.id, sentence, at_risk, line.despatched_by);
            findings.of_pieces(left);
        }
    }

    /// Warehouse or ERP will not deliver pieces that the shop has not cancelled.
    fn short(&self, line: &LineView<'_>, findings: &mut Findings) {
        let open = (line.n - line.d).floor_zero();
        let by = line.cancelled_by;
        let short = by.erp.max(by.warehouse).min(open) - by.shop.min(open);
        if short.is_positive() {
            let who = if by.warehouse >= by.erp { "the warehouse" } else { "the ERP" };
            let sentence = format!("{who} will not deliver {short} of {} {}, and the shop has not cancelled them", line.n, line.sku);
            let at_risk = Some(line.gross.share(short, line.n, line.currency));
            findings.add("short-closed", line.id, sentence, at_risk, self.cause_of_short(line));
            findings.of_pieces(short);
        }
    }

    fn cause_of_short(&self, line: &LineView<'_>) -> Option<crate::facts::Cause> {
        let index = self.lines.iter().position(|other| other.id == line.id)?;
        let rows = self.warehouse.iter().flat_map(|order| &order.lines);
        rows.filter(|row| row.lost.is_positive() && row.targets.contains(&index)).map(|row| row.cause).max()
    }

    /// A line that is closed, and how much of it will not be sent nobody says (or the despatches seen do not come to it); an order that is closed,
    /// of which no lines are told: it cancels nothing by itself.
    fn untold_short(&self, findings: &mut Findings) {
        let wait = self.rules.durations.short_closed;
        let open = |targets: &[usize]| targets.iter().any(|&i| self.lines[i].w > self.lines[i].d);
        for (order, row) in self.warehouse.iter().flat_map(|order| order.lines.iter().map(move |row| (order, row))) {
            if row.unsaid && open(&row.targets) {
                let sku = super::pooling::name(&row.row.line);
                let sentence = format!("warehouse order {} closed {sku}, and how much of it will not be sent is not known", order.number);
                findings.add("short-closed", &format!("{} {sku}", order.number), sentence, None, Some(row.cause));
                findings.after(row.at + wait);
            }
        }
        for order in self.warehouse.iter().filter(|order| order.lines.is_empty() && over(order.state)) {
            let here = |line: &&LineView<'_>| !line.set && line.ships && line.location.is_none_or(|code| at(order.location, code));
            let wanted = |line: &LineView<'_>| (line.w - line.d).floor_zero();
            let pieces: Quantity = self.lines.iter().filter(here).map(wanted).sum();
            let another = self.warehouse.iter().any(|other| !over(other.state) && at(other.location, order.location));
            if pieces.is_positive() && !another {
                let sentence = format!("warehouse order {} is closed, and {pieces} pieces of it are still wanted", order.number);
                let worth: Amount = self.lines.iter().filter(here).map(|line| line.g(wanted(line).min(line.n))).sum();
                findings.add("short-closed", order.number, sentence, Some(worth), None);
                findings.of_pieces(pieces);
                findings.after(order.at + wait);
            }
        }
        for (key, stored, row) in super::erp::record_lines(self.rows, self.rules) {
            let short = (row.quantity - row.shipped).is_positive();
            let targets = super::erp::targets(self.lines, row);
            if row.closed && short && open(&targets) && !super::erp::closed_short(self.rows, key.source, row) {
                let sentence =
                    format!("the ERP closed {} in {}, and the shipments seen do not come to what it says", row.sku, row.document);
                findings.add("short-closed", &format!("{} {}", row.document, row.sku), sentence, None, Some(stored.cause));
                findings.after(stored.at + wait);
            }
        }
    }

    /// A go-ahead was made, and the warehouse neither has an order nor sent anything.
    fn unanswered(&self, findings: &mut Findings) {
        for (location, asked) in &self.ledgers.fulfilment {
            let Some(asked_at) = asked.first_asked_at.filter(|_| asked.totals.values().any(|total| total.is_positive())) else { continue };
            let code = super::erp::canonical(self.rules, location);
            let has = self.warehouse.iter().any(|order| order.location == code || order.location.is_empty());
            if !has && !self.parcels.iter().any(|parcel| parcel.location == code) {
                let pieces: Quantity = asked.totals.values().copied().sum();
                let sentence = format!("{location} was asked to send {pieces} pieces, and has no order");
                let worth = |line: &LineView<'_>| line.g(asked.totals.get(line.id).copied().unwrap_or_default().min(line.n));
                let at_risk: Amount = self.lines.iter().map(worth).sum();
                findings.add("release-unanswered", location, sentence, Some(at_risk), None);
                findings.after(asked_at + self.rules.durations.release_unanswered);
            }
        }
    }

    /// Held, and a go-ahead is out for pieces that have not left.
    fn held(&self, findings: &mut Findings) {
        let asked = |line: &LineView<'_>| -> Quantity {
            self.ledgers.fulfilment.values().filter_map(|asked| asked.totals.get(line.id)).copied().sum()
        };
        let Some(first) = self.holds.first() else { return };
        let at_stake: Quantity = self.lines.iter().map(|line| (asked(line).min(line.w) - line.d).floor_zero()).sum();
        if at_stake.is_positive() {
            let by = self.rules.name_of(first.source);
            let sentence = format!("{by} holds the order ({}), and the warehouse has the go-ahead for {at_stake} pieces", first.reason);
            findings.add("held-after-release", "", sentence, None, Some(first.cause));
        }
    }

    /// A receiver shows more despatched than is true, and was told so.
    fn receivers(&self, findings: &mut Findings) {
        for (receiver, own) in [("shop", (|line| line.shop_shipped) as fn(&LineView<'_>) -> Quantity), ("erp", |line| line.erp_shipped)] {
            let Some(at) = self.ledgers.despatch_corrected_at(receiver) else { continue };
            for line in self.lines.iter().filter(|line| !line.set && own(line) > line.d) {
                let sentence = format!("{receiver} shows {} of {} as despatched, {} left", own(line), line.sku, line.d);
                findings.add("despatch-corrected", &format!("{receiver} {}", line.id), sentence, None, None);
                findings.of_pieces(own(line) - line.d);
                findings.after(at + self.rules.durations.despatch_corrected);
            }
        }
    }

    /// Told as completed, and what was told is not delivered any more.
    fn completed(&self, findings: &mut Findings) {
        let told = self.ledgers.completion.values().filter(|ledger| ledger.step > 0);
        let mut over: Vec<&LineView<'_>> = Vec::new();
        for (id, total) in told.flat_map(|ledger| &ledger.totals) {
            let line = self.lines.iter().find(|line| line.id == id.as_str() && line.delivered < *total);
            over.extend(line.filter(|line| !over.iter().any(|there| there.id == line.id)));
        }
        if let Some(first) = over.first() {
            let skus: Vec<&str> = over.iter().map(|line| line.sku.as_str()).collect();
            let sentence = format!("the order was completed, and the delivery of {} was withdrawn", skus.join(", "));
            let at_risk: Amount = over.iter().map(|line| line.g(line.w)).sum();
            findings.add("completion-withdrawn", "", sentence, Some(at_risk), first.despatched_by);
        }
    }
}
