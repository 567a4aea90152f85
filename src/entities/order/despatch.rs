//! What left the house: despatches by the authority, put to lines; the parcels they went in, with their newest scan.

use super::authority::{house, tells_of_goods};
use super::erp::canonical;
use super::findings::{Clock, Findings};
use super::pooling;
use super::view::{DespatchPart, LineView, ParcelView};
use crate::entities::Rows;
use crate::entities::rows::Stored;
use crate::entities::rules::{Authority, Role, Rules};
use crate::facts::order::{LineRef, PostedKind, ScanMeaning, Tracking};
use crate::facts::{Cause, Moment, OrderRow, Quantity, SourceId, Version};

/// One row that says what left the house.
pub(super) struct Piece<'a> {
    row: &'a str,
    source: SourceId,
    parcel: &'a str,
    line: LineRef,
    pub quantity: Quantity,
    location: &'a str,
    at: Moment,
    carrier: &'a str,
    service: &'a str,
    tracking: Option<&'a str>,
    cause: Cause,
    pub targets: pooling::Targets,
}

/// The rows that count, the named lines first, then by time.
pub(super) fn pieces<'a>(rows: &'a Rows<OrderRow>, rules: &'a Rules, lines: &[LineView<'a>], findings: &mut Findings) -> Vec<Piece<'a>> {
    let mut pieces: Vec<Piece<'a>> = Vec::new();
    for (key, stored) in rows.of_kind(OrderRow::DESPATCH) {
        let Some(OrderRow::Despatch(row)) = &stored.row else { continue };
        if stored.deleted || !tells_of_goods(rules, Authority::Despatches, key.source, &row.location) {
            continue;
        }
        if row.quantity.is_negative() {
            let sentence = format!("despatch {} tells a negative quantity ({})", row.despatch, row.quantity);
            findings.contradiction(&key.id, sentence, stored.cause);
            continue;
        }
        pieces.push(Piece {
            row: &key.id,
            source: key.source,
            parcel: &row.despatch,
            line: row.line.clone(),
            quantity: row.quantity,
            location: canonical(rules, &row.location),
            at: row.despatched_at,
            carrier: &row.carrier,
            service: &row.service,
            tracking: row.tracking.as_deref(),
            cause: stored.cause,
            targets: pooling::targets(lines, &row.line),
        });
    }
    match house(rules) {
        Role::Erp => posted_shipments(rows, rules, lines, &mut pieces),
        Role::Shop => shipped_by_shop(rows, rules, lines, &mut pieces),
        _ => {}
    }
    pieces.sort_by(|a, b| {
        let named = |piece: &Piece<'_>| matches!(piece.line, LineRef::Sku(_));
        (named(a), a.at, a.row, a.source).cmp(&(named(b), b.at, b.row, b.source))
    });
    pieces
}

/// Without a warehouse system the ERP's posted shipments are what left the house.
fn posted_shipments<'a>(rows: &'a Rows<OrderRow>, rules: &'a Rules, lines: &[LineView<'a>], pieces: &mut Vec<Piece<'a>>) {
    for (key, stored) in rows.of_kind(OrderRow::ERP_POSTED) {
        let Some(OrderRow::ErpPosted(row)) = &stored.row else { continue };
        if stored.deleted || row.kind != PostedKind::Shipment || !rules.plays(key.source, Role::Erp) || !row.quantity.is_positive() {
            continue;
        }
        let line = LineRef::Sku(row.sku.clone());
        let targets = pooling::targets(lines, &line);
        let location = targets.first().and_then(|&i| lines[i].location).unwrap_or_default();
        pieces.push(Piece {
            row: &key.id,
            source: key.source,
            parcel: &row.document,
            line,
            quantity: row.quantity,
            location,
            at: stored.at,
            carrier: "",
            service: "",
            tracking: None,
            cause: stored.cause,
            targets,
        });
    }
}

/// Without warehouse system and ERP the shop's own shipped totals are.
fn shipped_by_shop<'a>(rows: &'a Rows<OrderRow>, rules: &'a Rules, lines: &[LineView<'a>], pieces: &mut Vec<Piece<'a>>) {
    if pieces.iter().any(|piece| rules.plays(piece.source, Role::Shop)) {
        return;
    }
    for (key, stored) in rows.of_kind(OrderRow::LINE_PROGRESS) {
        let Some(OrderRow::LineProgress(row)) = &stored.row else { continue };
        let Some(i) = lines.iter().position(|line| line.id == key.id) else { continue };
        if stored.deleted || !rules.plays(key.source, Role::Shop) || !row.shipped.is_positive() {
            continue;
        }
        pieces.push(Piece {
            row: &key.id,
            source: key.source,
            parcel: "shop",
            line: LineRef::Line(key.id.clone()),
            quantity: row.shipped,
            location: lines[i].location.unwrap_or_default(),
            at: stored.at,
            carrier: "",
            service: "",
            tracking: None,
            cause: stored.cause,
            targets: [i].into_iter().collect(),
        });
    }
}

/// Puts the pieces to lines (d, and the parts of each despatch), earlier lines first up to `wanted`, and makes the parcels.
pub(super) fn put_to_lines<'a>(
    pieces: &[Piece<'a>],
    wanted: &[Quantity],
    late: Option<Moment>,
    lines: &mut [LineView<'a>],
    findings: &mut Findings,
) -> Vec<ParcelView<'a>> {
    let ordered: Vec<Quantity> = lines.iter().map(|line| line.n).collect();
    let mut taken = vec![Quantity::ZERO; lines.len()];
    let mut parcels: Vec<ParcelView<'a>> = Vec::new();
    for piece in pieces {
        let parts = pooling::spread(piece.quantity, &piece.targets, &[wanted, &ordered], &mut taken);
        let parcel = parcel_of(&mut parcels, piece);
        if parts.is_empty() && piece.quantity.is_positive() {
            parcel.unresolved = true;
            let sentence = format!("despatch {} holds {}, which is not on the order", piece.parcel, name(&piece.line));
            findings.other_item("other-item-despatched", piece.row, sentence, piece.cause, late);
        }
        for (line, quantity) in parts {
            match parcel.lines.iter_mut().find(|(i, _)| *i == line) {
                Some((_, there)) => *there += quantity,
                None => parcel.lines.push((line, quantity)),
            }
            lines[line].despatched.push(DespatchPart {
                row: piece.row,
                parcel: piece.parcel,
                location: piece.location,
                quantity,
                despatched_at: piece.at,
            });
        }
    }
    for (i, line) in lines.iter_mut().enumerate() {
        line.d = taken[i];
        if line.d > line.n {
            let sentence = format!("{} of {} left the house, but {} were ordered on line {}", line.d, line.sku, line.n, line.id);
            let cause = pieces.iter().rev().find(|piece| piece.targets.contains(&i)).map(|piece| piece.cause);
            let at_risk = line.gross.share(line.d - line.n, line.n, line.currency);
            findings.add("rows-contradict", line.id, sentence, Some(at_risk), cause);
        }
    }
    parcels.sort_by(|a, b| (a.despatched_at, a.key).cmp(&(b.despatched_at, b.key)));
    parcels
}

fn name(line: &LineRef) -> &str {
    match line {
        LineRef::Line(id) => id,
        LineRef::Sku(sku) => sku.as_str(),
    }
}

fn parcel_of<'p, 'a>(parcels: &'p mut Vec<ParcelView<'a>>, piece: &Piece<'a>) -> &'p mut ParcelView<'a> {
    let place = match parcels.iter().position(|parcel| parcel.key == piece.parcel) {
        Some(place) => place,
        None => {
            parcels.push(ParcelView {
                key: piece.parcel,
                location: piece.location,
                carrier: piece.carrier,
                service: piece.service,
                tracking: None,
                despatched_at: piece.at,
                lines: Vec::new(),
                unresolved: false,
                newest_scan: None,
                delivered_at: None,
                assumed: false,
            });
            parcels.len() - 1
        }
    };
    let parcel = &mut parcels[place];
    // Whichever row of the parcel is looked at first, it is as old as its oldest row, and named by the first row that names it.
    parcel.despatched_at = parcel.despatched_at.min(piece.at);
    parcel.tracking = parcel.tracking.or(piece.tracking);
    if parcel.carrier.is_empty() {
        parcel.carrier = piece.carrier;
    }
    if parcel.service.is_empty() {
        parcel.service = piece.service;
    }
    parcel
}

/// The parcel's tracking number as its own row tells it, later than the despatch: it wins over the despatch's.
fn track<'a>(rows: &'a Rows<OrderRow>, parcel: &mut ParcelView<'a>) {
    let told = rows.of_kind(OrderRow::TRACKING).filter_map(|(key, stored)| match &stored.row {
        Some(OrderRow::Tracking(row)) if !stored.deleted && row.despatch == parcel.key => Some((stored.at, key, row)),
        _ => None,
    });
    let newest: Option<(_, _, &'a Tracking)> = told.max_by(|a, b| (a.0, a.1).cmp(&(b.0, b.1)));
    if let Some((_, _, row)) = newest {
        parcel.tracking = Some(&row.number);
        if !row.carrier.is_empty() {
            parcel.carrier = &row.carrier;
        }
    }
}

/// The newest scan of a tracking number: by its own time, then by rank, then by version.
fn newest_scan(rows: &Rows<OrderRow>, rules: &Rules, tracking: &str) -> Option<(ScanMeaning, Moment)> {
    let order = |stored: &Stored<OrderRow>, meaning, at| -> (Moment, ScanMeaning, Version) { (at, meaning, stored.version) };
    rows.of_kind(OrderRow::SCAN)
        .filter_map(|(key, stored)| match &stored.row {
            Some(OrderRow::Scan(scan))
                if !stored.deleted && scan.tracking == tracking && rules.counts_from(Authority::Deliveries, key.source) =>
            {
                scan.meaning.known().map(|meaning| order(stored, *meaning, scan.scanned_at))
            }
            _ => None,
        })
        .max()
        .map(|(at, meaning, _)| (meaning, at))
}

/// Scans, and what they deliver: a parcel without a final scan counts as delivered by time.
pub(super) fn follow<'a>(
    rows: &'a Rows<OrderRow>,
    rules: &'a Rules,
    parcels: &mut [ParcelView<'a>],
    lines: &mut [LineView<'a>],
    clock: &mut Clock,
) {
    for parcel in parcels {
        track(rows, parcel);
        parcel.newest_scan = parcel.tracking.and_then(|tracking| newest_scan(rows, rules, tracking));
        parcel.delivered_at = match parcel.newest_scan {
            Some((ScanMeaning::Delivered, at)) => Some(at),
            Some((ScanMeaning::Returning | ScanMeaning::Lost, _)) => None,
            _ => {
                let assumed_at = parcel.despatched_at + rules.durations.assume_delivered;
                parcel.assumed = clock.reached(assumed_at);
                parcel.assumed.then_some(assumed_at)
            }
        };
        if parcel.delivered_at.is_some() {
            for &(line, quantity) in &parcel.lines {
                lines[line].delivered += quantity;
            }
        }
    }
}
