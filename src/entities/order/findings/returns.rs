//! Returned goods: not authorised, more than authorised, not received, rejected, not on the order, or not settled.

use super::evidence::Evidence;
use super::finding::Finding;
use crate::entities::order::figures::LineView;
use crate::entities::order::pooling::Parts;
use crate::entities::order::returning::{Authorised, Received};
use crate::facts::order::ScanMeaning;
use crate::facts::{Amount, Moment, Quantity};

pub(super) fn find(evidence: &Evidence<'_, '_>) -> Vec<Finding> {
    // Without a header, despatch and authorisation may still arrive.
    let Some(late) = evidence.figures.placed.late else { return Vec::new() };
    let mut found = Vec::new();
    for (i, line) in evidence.figures.lines.iter().enumerate().filter(|(_, line)| !line.is_bundle) {
        found.extend(unlogged(evidence, i, line));
        found.extend(over(evidence, i, line, late));
        found.extend(unsettled(evidence, i, line));
    }
    found.extend(rejected(evidence, late));
    found.extend(not_received(evidence));
    found.extend(other_items(evidence, late));
    found
}

/// Receipts, each with the part that each line gets.
fn receipts<'s, 'a>(evidence: &'s Evidence<'a, '_>) -> impl Iterator<Item = (&'s Received<'a>, &'s Parts)> + Clone {
    evidence.figures.returning.received.iter().zip(&evidence.figures.back.receipts)
}

/// Receipts that brought pieces of a line.
fn receipts_of<'s, 'a>(evidence: &'s Evidence<'a, '_>, line: usize) -> impl Iterator<Item = &'s Received<'a>> {
    receipts(evidence).flat_map(move |(row, parts)| parts.iter().filter(move |(of, _)| *of == line).map(move |_| row))
}

/// Received goods without an authorisation. Undelivered parcels that came back are found by `returned-to-sender` instead.
fn unlogged(evidence: &Evidence<'_, '_>, i: usize, line: &LineView<'_>) -> Option<Finding> {
    if line.back.authorised_in_all.is_positive() || !line.back.received.is_positive() {
        return None;
    }
    let returning = |newest: Option<(ScanMeaning, Moment)>| matches!(newest, Some((ScanMeaning::Returning, _)));
    let parcels = evidence.figures.sent.parcels.iter().filter(|parcel| returning(parcel.newest_scan));
    let undelivered: Quantity = parcels.flat_map(|parcel| parcel.lines.iter().filter(|(of, _)| *of == i).map(|(_, pieces)| *pieces)).sum();
    let unlogged = line.back.received - line.back.put_back - undelivered;
    if !unlogged.is_positive() {
        return None;
    }
    let first = receipts_of(evidence, i).min_by_key(|row| row.received_at)?;
    let sentence = format!("{unlogged} x {} came back (receipt {}) without an authorisation", line.sku, first.receipt);
    let finding = Finding::new("return-unlogged", line.id, sentence).at_risk(line.value_of(unlogged.min(line.ordered))).pieces(unlogged);
    let finding = finding.caused_by([first.cause].into_iter().chain(receipts_of(evidence, i).map(|row| row.cause)));
    Some(finding.after(first.received_at + evidence.rules.durations.return_unlogged))
}

/// More came back than was authorised or despatched. The refund of a lost parcel authorises no goods that come under a number that was refused.
fn over(evidence: &Evidence<'_, '_>, i: usize, line: &LineView<'_>, late: Moment) -> Option<Finding> {
    let (received, left) = (line.back.received, line.sent.despatched);
    let returning = &evidence.figures.returning;
    let refused = |row: &Received<'_>| {
        let mut named = returning.authorised.iter().filter(|authorised| Some(authorised.rma) == row.rma).peekable();
        named.peek().is_some() && named.all(|authorised| !authorised.counts())
    };
    let lost: Quantity = if receipts_of(evidence, i).any(refused) {
        let parcels = evidence.figures.back.refunded_parcels.iter();
        parcels.filter(|row| row.not_expected() && row.targets.contains(&i)).map(|row| row.quantity).sum()
    } else {
        Quantity::ZERO
    };
    let authorised = (line.back.authorised_in_all - lost).floor_zero();
    let over = received - authorised.min(left);
    if !line.back.authorised_in_all.is_positive() || !over.is_positive() {
        return None;
    }
    let sentence =
        format!("{received} x {} came back; {authorised} were authorised and {left} despatched, so {over} do not count", line.sku);
    let finding = Finding::new("return-over", line.id, sentence).at_risk(line.value_of(over.min(line.ordered))).pieces(over);
    Some(finding.caused_by(receipts_of(evidence, i).map(|row| row.cause)).after(late))
}

/// Accepted pieces that are not settled.
fn unsettled(evidence: &Evidence<'_, '_>, i: usize, line: &LineView<'_>) -> Option<Finding> {
    let back = &line.back;
    let open = back.returned - back.settled_stock - back.settled_written_off - back.settled_other;
    let waiting = || receipts_of(evidence, i).filter(|row| row.accepted() && !row.settles());
    let row = waiting().min_by_key(|row| row.received_at).filter(|_| open.is_positive())?;
    let sentence = format!("{open} x {} came back, and are neither in stock nor written off", line.sku);
    let finding = Finding::new("goods-not-settled", line.id, sentence).at_risk(line.value_of(open.min(line.ordered))).pieces(open);
    let finding = finding.moved(waiting().map(|row| row.received_at).max());
    Some(finding.caused_by([row.cause]).after(row.received_at + evidence.rules.durations.goods_not_settled))
}

/// Receipts that the warehouse rejects.
fn rejected(evidence: &Evidence<'_, '_>, late: Moment) -> Vec<Finding> {
    let mut found: Vec<Finding> = Vec::new();
    for row in evidence.figures.returning.received.iter().filter(|row| row.rejected() && row.quantity.is_positive()) {
        if found.iter().any(|there| there.number == row.receipt) {
            continue;
        }
        let same = receipts(evidence).filter(|(other, _)| other.rejected() && other.receipt == row.receipt);
        let (mut pieces, mut worth, mut goods) = (Quantity::ZERO, None::<Amount>, Vec::new());
        for (other, parts) in same.clone() {
            pieces += other.quantity;
            for (i, quantity) in parts {
                let line = &evidence.figures.lines[*i];
                *worth.get_or_insert_default() += line.value_of((*quantity).min(line.ordered));
                goods.push(format!("{quantity} x {}", line.sku));
            }
        }
        let goods = if goods.is_empty() { format!("{pieces} pieces") } else { goods.join(", ") };
        let sentence = format!("receipt {} rejects {goods}: they do not count until a person decides", row.receipt);
        let finding = Finding::new("return-condition", row.receipt, sentence).at_risk(worth).pieces(pieces);
        found.push(finding.caused_by(same.map(|(other, _)| other.cause)).after(late));
    }
    found
}

/// Authorisations that are still open and whose goods have not come.
fn not_received(evidence: &Evidence<'_, '_>) -> Vec<Finding> {
    let authorised = || evidence.figures.returning.authorised.iter().chain(&evidence.figures.back.refunded_parcels);
    let (mut found, mut looked_at) = (Vec::new(), Vec::new());
    for row in authorised() {
        let document = row.document();
        if looked_at.contains(&document) {
            continue;
        }
        looked_at.push(document);
        let open: Vec<&Authorised<'_>> = authorised().filter(|other| other.document() == document && other.awaited()).collect();
        let Some(since) = open.iter().map(|other| other.approved_at.unwrap_or(other.at)).max() else { continue };
        found.extend(missing(evidence, row.rma, document, &open, since));
    }
    found
}

/// The pieces of an authorisation that have not come. Pieces received under another number, or under none, are not missing.
fn missing(
    evidence: &Evidence<'_, '_>,
    rma: &str,
    document: (&str, crate::facts::SourceId),
    open: &[&Authorised<'_>],
    since: Moment,
) -> Option<Finding> {
    let figures = evidence.figures;
    let returned = figures.back.returns.iter().find(|view| view.document() == document);
    let received = |i: usize| -> Quantity {
        let receipts = returned.iter().flat_map(|view| &view.receipts).flat_map(|receipt| &receipt.lines);
        receipts.filter(|(line, _)| *line == i).map(|(_, pieces)| *pieces).sum()
    };
    let (mut missing, mut goods) = (Quantity::ZERO, Vec::new());
    let mut refunded = figures.money.refunded > figures.money.due;
    for (i, line) in figures.lines.iter().enumerate() {
        let expected: Quantity = open.iter().filter(|row| row.targets.first() == Some(&i)).map(|row| row.quantity).sum();
        let of_line = line.back.authorised_in_all - if line.is_bundle { Quantity::ZERO } else { line.back.received };
        let short = (expected - received(i)).min(of_line).floor_zero();
        if short.is_positive() {
            missing += short;
            goods.push(format!("{short} x {}", line.sku));
            refunded |= line.refunded > line.kept.stopped;
        }
    }
    if missing.is_zero() {
        return None;
    }
    let already = if refunded { ", though it is refunded already" } else { "" };
    let sentence = format!("return {rma} was authorised, and {} has not come back{already}", goods.join(", "));
    let durations = &evidence.rules.durations;
    let wait = if refunded { durations.return_not_received_refunded } else { durations.return_not_received };
    let finding = Finding::new("return-not-received", rma, sentence).pieces(missing);
    Some(finding.caused_by(open.iter().map(|row| row.cause)).after(since + wait))
}

/// Receipts of goods that are not on the order. Opens after a while only, since the line may arrive late.
fn other_items<'s>(evidence: &'s Evidence<'_, '_>, late: Moment) -> impl Iterator<Item = Finding> + 's {
    receipts(evidence).filter(|(row, parts)| parts.is_empty() && row.quantity.is_positive()).map(move |(row, _)| {
        let sentence = format!("receipt {} contains goods that are not on the order", row.receipt);
        Finding::new("return-other-item", row.receipt, sentence).caused_by([row.cause]).after(late)
    })
}
