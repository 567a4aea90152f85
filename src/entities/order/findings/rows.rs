//! Rows that contradict each other, name unknown locations, or are in another currency.

use super::evidence::Evidence;
use super::finding::Finding;
use crate::entities::order::authority::role_for_goods;
use crate::entities::order::input::Contradiction;
use crate::entities::order::placed::{self, PlacedLine};
use crate::entities::rules::Role;
use crate::facts::order::{Despatch, ErpLine, Line, LineRole, OrderRowType, Receipt, ShipmentPlace, WarehouseLine, WarehouseOrder};
use crate::facts::{OrderRow, RowKey, Text};

pub(super) fn find(evidence: &Evidence<'_, '_>) -> Vec<Finding> {
    let figures = evidence.figures;
    let contradictions = [
        &figures.placed.contradictions,
        &figures.paid.contradictions,
        &figures.erp.contradictions,
        &evidence.cancelled.contradictions,
        &figures.returning.contradictions,
        &figures.sent.contradictions,
    ];
    let mut found: Vec<Finding> = contradictions.into_iter().flatten().map(contradiction).collect();
    found.extend(bundle_parts(evidence));
    found.extend(deleted_and_despatched(evidence));
    found.extend(without_parts(evidence));
    found.extend(currencies(evidence));
    found.extend(unknown_locations(evidence));
    found
}

fn contradiction(found: &Contradiction) -> Finding {
    let finding = Finding::new("rows-contradict", found.number.as_str(), found.sentence.clone()).caused_by(found.causes.iter().copied());
    Finding { shuts: true, ..finding.after(found.after) }
}

/// Bundles of a fixed price of which some part has no list price.
fn bundle_parts<'s>(evidence: &'s Evidence<'_, '_>) -> impl Iterator<Item = Finding> + 's {
    let lines = &evidence.figures.lines;
    lines.iter().filter(|line| line.is_bundle).map(move |bundle| {
        let parts = lines.iter().filter(|part| part.part_of.is_some_and(|of| of.sale == bundle.id));
        let unknown: Vec<&str> = parts.filter(|part| part.line.list_price.is_none()).map(|part| part.line.sku.as_str()).collect();
        let unknown = if unknown.is_empty() { "every part".to_owned() } else { unknown.join(", ") };
        let sentence = format!("the value of {unknown} in bundle {} (line {}) is not known", bundle.line.sku, bundle.id);
        Finding::new("bundle-part", bundle.id, sentence).at_risk(bundle.line.gross).caused_by(cause_of(evidence, bundle))
    })
}

/// The record of the shop's row of a line.
fn cause_of(evidence: &Evidence<'_, '_>, line: &PlacedLine<'_>) -> Option<crate::facts::Cause> {
    placed::line_row(evidence.rows, evidence.figures.placed.shop, line.id).map(|row| row.stored.cause)
}

/// Lines that the shop deleted and that were despatched.
fn deleted_and_despatched<'s>(evidence: &'s Evidence<'_, '_>) -> impl Iterator<Item = Finding> + 's {
    let header = evidence.figures.placed.header;
    let lines = evidence.figures.lines.iter().filter(move |_| header.is_some());
    lines.filter(|line| line.deleted && line.sent.despatched.is_positive() && !line.is_bundle).map(|line| {
        let by = line.sent.parts.first().map_or("a despatch", |part| part.row);
        let sentence =
            format!("line {} was deleted in the shop, but {} x {} were despatched ({by})", line.id, line.sent.despatched, line.sku);
        let finding = Finding::new("rows-contradict", format!("gone {}", line.id), sentence);
        finding.caused_by(line.sent.cause.into_iter().chain(cause_of(evidence, line)))
    })
}

/// Lines that consist of parts, of which none is there.
fn without_parts<'s>(evidence: &'s Evidence<'_, '_>) -> impl Iterator<Item = Finding> + 's {
    let late = evidence.figures.placed.late;
    let lines = evidence.figures.lines.iter().filter(move |_| late.is_some());
    lines.filter(|line| line.line.role == LineRole::Sale && !line.has_goods() && !line.deleted).map(move |line| {
        let sentence = format!("line {} ({}) consists of parts, and none of them is there", line.id, line.sku);
        Finding::new("rows-contradict", format!("parts {}", line.id), sentence).caused_by(cause_of(evidence, line)).after(late)
    })
}

/// Payments and refunds in another currency than the order's.
fn currencies<'s>(evidence: &'s Evidence<'_, '_>) -> impl Iterator<Item = Finding> + 's {
    let header = evidence.figures.placed.header;
    evidence.figures.paid.foreign.iter().filter(move |_| header.is_some()).map(|foreign| {
        let sentence = format!("{}, the order is in {}", foreign.sentence, evidence.figures.placed.currency);
        Finding::new("currency-differs", foreign.id.as_str(), sentence).caused_by([foreign.cause])
    })
}

/// Rows that name a location which the configuration does not know: one finding for each code.
fn unknown_locations(evidence: &Evidence<'_, '_>) -> Vec<Finding> {
    let mut found: Vec<Finding> = Vec::new();
    if evidence.rules.locations.is_empty() {
        return found;
    }
    let shop_sends = role_for_goods(evidence.rules) == Role::Shop;
    for (key, stored) in evidence.rows.iter().filter(|(_, stored)| !stored.deleted) {
        let Some(code) = stored.row.as_ref().and_then(|row| location(row, shop_sends)).filter(|code| !code.is_empty()) else { continue };
        if evidence.rules.location(code).is_some() || restocked_by_web_shop(evidence, key) {
            continue;
        }
        match found.iter_mut().find(|finding| finding.number == code.as_str()) {
            Some(finding) => finding.causes.push(stored.cause),
            None => {
                let source = evidence.rules.name_of(key.source);
                let sentence = format!("{source} names location {code}, which is not configured");
                found.push(Finding::new("unknown-location", code.as_str(), sentence).caused_by([stored.cause]));
            }
        }
    }
    found
}

/// A web shop names the places that it restocks at by ids of its own: nothing depends on them unless they are configured.
fn restocked_by_web_shop(evidence: &Evidence<'_, '_>, key: &RowKey) -> bool {
    key.kind == Receipt::KIND && evidence.rules.plays(key.source, Role::Shop) && evidence.figures.placed.till() != Some(key.source)
}

/// The location that the row names.
fn location(row: &OrderRow, shop_sends: bool) -> Option<&Text> {
    match row.kind() {
        ErpLine::KIND => ErpLine::of(row)?.location.as_ref(),
        Line::KIND => Line::of(row)?.location.as_ref(),
        Despatch::KIND => Some(&Despatch::of(row)?.location),
        WarehouseOrder::KIND => Some(&WarehouseOrder::of(row)?.location),
        WarehouseLine::KIND => Some(&WarehouseLine::of(row)?.location),
        Receipt::KIND => Some(&Receipt::of(row)?.location),
        // A shop's own places matter where it sends from them: elsewhere its shipments only repeat what a warehouse tells.
        ShipmentPlace::KIND if shop_sends => Some(&ShipmentPlace::of(row)?.location),
        _ => None,
    }
}
