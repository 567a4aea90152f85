//! What a person must look at about goods that come back: nobody authorised them, more came than was to come or nothing, they were rejected, or
//! nobody says what became of them.

use super::findings::Findings;
use super::receipts::Received;
use super::returns::{Outcome, Returns};
use super::view::{LineView, Money, ParcelView};
use crate::entities::rules::Rules;
use crate::facts::order::ScanMeaning;
use crate::facts::{Cause, Moment, Quantity};

pub(super) struct ReturnsWatch<'a, 's> {
    pub rules: &'a Rules,
    pub lines: &'s [LineView<'a>],
    pub money: &'s Money,
    pub parcels: &'s [ParcelView<'a>],
    pub back: &'s Returns<'a>,
    pub outcome: &'s Outcome<'a>,
    /// When an order's rows should all be there: before, despatch and authorisation may still come.
    pub late: Option<Moment>,
}

impl ReturnsWatch<'_, '_> {
    pub fn find(&self, findings: &mut Findings) {
        let Some(late) = self.late else { return };
        for (i, line) in self.lines.iter().enumerate().filter(|(_, line)| !line.set) {
            self.unlogged(i, line, findings);
            self.over(i, line, late, findings);
            self.unsettled(i, line, findings);
        }
        self.rejected(late, findings);
        self.not_received(findings);
    }

    /// Pieces that came back of a line, with the receipts that brought them.
    fn receipts_of(&self, line: usize) -> impl Iterator<Item = (&Received<'_>, Quantity)> {
        let parts = self.back.received.iter().zip(self.outcome.receipts());
        parts.flat_map(move |(row, parts)| parts.iter().filter(move |(of, _)| *of == line).map(move |(_, pieces)| (row, *pieces)))
    }

    /// Goods that nobody authorised to come back; of a parcel that came back undelivered `returned-to-sender` asks.
    fn unlogged(&self, i: usize, line: &LineView<'_>, findings: &mut Findings) {
        let back = self.outcome.back(i);
        if back.authorised.is_positive() || !back.received.is_positive() {
            return;
        }
        let undelivered: Quantity = self
            .parcels
            .iter()
            .filter(|parcel| matches!(parcel.newest_scan, Some((ScanMeaning::Returning, _))))
            .flat_map(|parcel| parcel.lines.iter().filter(|(of, _)| *of == i).map(|(_, pieces)| *pieces))
            .sum();
        let unlogged = back.received - undelivered;
        if !unlogged.is_positive() {
            return;
        }
        let Some((first, _)) = self.receipts_of(i).min_by_key(|(row, _)| row.received_at) else { return };
        let sentence = format!("{unlogged} of {} came back (receipt {}), and nobody authorised it", line.sku, first.receipt);
        findings.add("return-unlogged", line.id, sentence, Some(line.g(unlogged.min(line.n))), Some(first.cause));
        findings.of_pieces(unlogged);
        self.also(self.receipts_of(i).map(|(row, _)| row.cause), findings);
        findings.after(first.received_at + self.rules.durations.return_unlogged);
    }

    /// More came back than was authorised, or than had left.
    fn over(&self, i: usize, line: &LineView<'_>, late: Moment, findings: &mut Findings) {
        let back = self.outcome.back(i);
        let over = back.received - back.authorised.min(line.d);
        if !back.authorised.is_positive() || !over.is_positive() {
            return;
        }
        let sentence = format!(
            "{} of {} came back, {} were authorised to and {} had left: {over} count for nothing",
            back.received, line.sku, back.authorised, line.d
        );
        findings.add("return-over", line.id, sentence, Some(line.g(over.min(line.n))), None);
        findings.of_pieces(over);
        self.also(self.receipts_of(i).map(|(row, _)| row.cause), findings);
        findings.after(late);
    }

    /// Accepted pieces of which nobody knows what became of them, for days.
    fn unsettled(&self, i: usize, line: &LineView<'_>, findings: &mut Findings) {
        let open = line.r - line.settled_stock - line.settled_written_off - line.settled_other;
        let waiting = self.receipts_of(i).filter(|(row, _)| row.accepted() && !row.settles());
        let Some((row, _)) = waiting.min_by_key(|(row, _)| row.received_at).filter(|_| open.is_positive()) else { return };
        let sentence = format!("{open} of {} came back, and are neither in stock nor written off", line.sku);
        findings.add("goods-not-settled", line.id, sentence, Some(line.g(open.min(line.n))), Some(row.cause));
        findings.of_pieces(open);
        findings.after(row.received_at + self.rules.durations.goods_not_settled);
    }

    /// Receipts whose goods the warehouse rejects.
    fn rejected(&self, late: Moment, findings: &mut Findings) {
        let mut looked_at: Vec<&str> = Vec::new();
        for row in self.back.received.iter().filter(|row| row.rejected() && row.quantity.is_positive()) {
            if looked_at.contains(&row.receipt) {
                continue;
            }
            looked_at.push(row.receipt);
            let same = self.back.received.iter().zip(self.outcome.receipts());
            let same = same.filter(|(other, _)| other.rejected() && other.receipt == row.receipt);
            let (mut pieces, mut worth, mut goods) = (Quantity::ZERO, None, Vec::new());
            for (other, parts) in same.clone() {
                pieces += other.quantity;
                for (i, quantity) in parts {
                    let line = &self.lines[*i];
                    *worth.get_or_insert_default() += line.g((*quantity).min(line.n));
                    goods.push(format!("{quantity} of {}", line.sku));
                }
            }
            let goods = if goods.is_empty() { format!("{pieces} pieces") } else { goods.join(", ") };
            let sentence = format!("receipt {} rejects {goods}: it counts for nothing until somebody decides", row.receipt);
            findings.add("return-condition", row.receipt, sentence, worth, None);
            findings.of_pieces(pieces);
            self.also(same.map(|(other, _)| other.cause), findings);
            findings.after(late);
        }
    }

    /// Authorisations that still stand, and whose goods nobody has received.
    fn not_received(&self, findings: &mut Findings) {
        let mut looked_at = Vec::new();
        for row in &self.back.authorised {
            let document = row.document();
            if looked_at.contains(&document) {
                continue;
            }
            looked_at.push(document);
            let of_document = || self.back.authorised.iter().filter(|other| other.document() == document);
            let open = || of_document().filter(|other| other.awaited());
            let Some(since) = open().map(|other| other.approved_at.unwrap_or(other.at)).max() else { continue };
            let returned = self.outcome.returns.iter().find(|view| view.document() == document);
            let received = |i: usize| -> Quantity {
                let receipts = returned.iter().flat_map(|view| &view.receipts).flat_map(|receipt| &receipt.lines);
                receipts.filter(|(line, _)| *line == i).map(|(_, pieces)| *pieces).sum()
            };
            let (mut missing, mut goods) = (Quantity::ZERO, Vec::new());
            let mut refunded = self.money.refunded > self.money.due;
            for (i, line) in self.lines.iter().enumerate() {
                let expected: Quantity = open().filter(|other| other.targets.first() == Some(&i)).map(|other| other.quantity).sum();
                // What came under another number, or under none, is there all the same.
                let back = self.outcome.back(i);
                let short = (expected - received(i)).min(back.authorised - back.received).floor_zero();
                if short.is_positive() {
                    missing += short;
                    goods.push(format!("{short} of {}", line.sku));
                    refunded |= line.refunded > line.stopped;
                }
            }
            if missing.is_zero() {
                continue;
            }
            let already = if refunded { ", though it is refunded already" } else { "" };
            let sentence = format!("return {} was authorised, and {} did not come back{already}", row.rma, goods.join(", "));
            findings.add("return-not-received", row.rma, sentence, None, None);
            findings.of_pieces(missing);
            self.also(open().map(|other| other.cause), findings);
            let durations = &self.rules.durations;
            findings.after(since + if refunded { durations.return_not_received_refunded } else { durations.return_not_received });
        }
    }

    fn also(&self, causes: impl Iterator<Item = Cause>, findings: &mut Findings) {
        causes.for_each(|cause| findings.also(cause));
    }
}
