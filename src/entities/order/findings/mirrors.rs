//! Goods that only a mirror reports as despatched: the shop or the ERP shows them as shipped, and the source that counts does not.
//!
//! What a mirror reports does not count. Only goods that a warehouse was asked for are checked: despatches from before Waybill was installed may be
//! missing in the warehouse's feed.

use super::evidence::Evidence;
use super::finding::Finding;
use crate::entities::order::erp::{record_lines, targets};
use crate::entities::order::figures::LineView;
use crate::entities::rules::Role;
use crate::facts::order::{ErpPosted, LineProgress, PostedKind};
use crate::facts::{Cause, Moment, Quantity, Sku};

pub(super) fn find(evidence: &Evidence<'_, '_>) -> Vec<Finding> {
    let lines = &evidence.figures.lines[..];
    let mut found = Vec::new();
    for (name, own) in [("shop", (|line| line.sent.shop_shipped) as fn(&LineView<'_>) -> Quantity), ("erp", |line| line.erp.shipped)] {
        let ahead = |line: &&LineView<'_>| line.erp.ships && !line.is_bundle && own(line) > line.sent.despatched && asked(evidence, line);
        // If it was sent a correction, `despatch-corrected` checks whether it lowers its total.
        if !lines.iter().any(|line| ahead(&line)) || evidence.ledgers.despatch_corrected_at(name).is_some() {
            continue;
        }
        let mut looked_at: Vec<&Sku> = Vec::new();
        for line in lines.iter().filter(ahead) {
            // The two systems may assign pieces of one SKU to different lines of it, so only the sums are compared.
            let sum = |of: fn(&LineView<'_>) -> Quantity| -> Quantity { of_sku(evidence, line.sku).map(of).sum() };
            let (booked, left) = (sum(own), sum(|line| line.sent.despatched));
            if looked_at.contains(&line.sku) || booked <= left {
                continue;
            }
            looked_at.push(line.sku);
            let shown_by = if name == "shop" { of_shop(evidence, line.sku) } else { of_erp(evidence, line.sku) };
            let Some(newest) = shown_by.iter().map(|(at, _)| *at).max() else { continue };
            let sentence = format!("{name} shows {booked} x {} as shipped; the warehouse has reported {left}", line.sku);
            let finding = Finding::new("mirror-only", format!("{name} {}", line.sku), sentence).pieces(booked - left);
            found.push(finding.caused_by(shown_by.iter().map(|(_, cause)| *cause)).after(newest + evidence.rules.durations.mirror_only));
        }
    }
    found
}

fn of_sku<'s, 'a>(evidence: &'s Evidence<'a, '_>, sku: &'s Sku) -> impl Iterator<Item = &'s LineView<'a>> {
    evidence.figures.lines.iter().filter(move |line| line.sku == sku && line.erp.ships && !line.is_bundle)
}

fn asked(evidence: &Evidence<'_, '_>, line: &LineView<'_>) -> bool {
    evidence.ledgers.fulfilment.values().any(|asked| asked.totals.get(line.id).is_some_and(|total| total.is_positive()))
}

fn of_shop(evidence: &Evidence<'_, '_>, sku: &Sku) -> Vec<(Moment, Cause)> {
    let shipped = evidence.rows.live::<LineProgress>().filter(|each| each.row.shipped.is_positive());
    let of_sku = shipped.filter(|each| of_sku(evidence, sku).any(|line| line.pieces_of(&each.key.id).is_some()));
    of_sku.map(|each| (each.stored.at, each.stored.cause)).collect()
}

fn of_erp(evidence: &Evidence<'_, '_>, sku: &Sku) -> Vec<(Moment, Cause)> {
    let posted = evidence.rows.live::<ErpPosted>().filter(|each| evidence.rules.plays(each.key.source, Role::Erp));
    let posted = posted.filter(|each| each.row.kind == PostedKind::Shipment && each.row.sku == *sku);
    let lines = record_lines(evidence.rows, evidence.rules).filter(|each| each.row.shipped.is_positive());
    let placed = &evidence.figures.placed.lines;
    let lines = lines.filter(|each| targets(placed, each.row).iter().any(|&line| placed[line].sku == sku));
    let lines = lines.map(|each| (each.stored.at, each.stored.cause));
    posted.map(|each| (each.stored.at, each.stored.cause)).chain(lines).collect()
}
