//! What left the house: despatches by the authority, put to lines and to the parcels they went in. What was handed over at a counter is a
//! parcel too, delivered at once.

use super::authority::{house, tells_of_goods};
use super::erp::canonical;
use super::findings::Findings;
use super::lines::Placed;
use super::pooling;
use super::view::{DespatchPart, LineView, ParcelView};
use crate::entities::Rows;
use crate::entities::rules::{Authority, Role, Rules};
use crate::facts::order::{LineRef, Needs, PostedKind};
use crate::facts::{Cause, Moment, OrderRow, Quantity, SourceId};

/// One row that says what left the house.
pub(super) struct Piece<'a> {
    row: &'a str,
    pub source: SourceId,
    parcel: &'a str,
    line: LineRef,
    pub quantity: Quantity,
    pub location: &'a str,
    pub at: Moment,
    carrier: &'a str,
    service: &'a str,
    tracking: Option<&'a str>,
    cause: Cause,
    /// Handed over at a counter.
    taken: bool,
    pub targets: pooling::Targets,
}

/// The rows that count, the named lines first, then by time.
pub(super) fn pieces<'a>(
    rows: &'a Rows<OrderRow>,
    rules: &'a Rules,
    lines: &[LineView<'a>],
    by_shop: &[Quantity],
    placed: &Placed<'_>,
    findings: &mut Findings,
) -> Vec<Piece<'a>> {
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
            taken: false,
            targets: pooling::targets(lines, &row.line),
        });
    }
    match house(rules) {
        Role::Erp => posted_shipments(rows, rules, lines, &mut pieces),
        Role::Shop => shipped_by_shop(rows, rules, lines, &mut pieces),
        _ => {}
    }
    handed_over(rows, lines, by_shop, placed, &mut pieces);
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
            taken: false,
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
            taken: false,
            targets: [i].into_iter().collect(),
        });
    }
}

/// The parcel of what was handed over: taken away at the counter when it was sold, collected when the shop says so.
pub const COUNTER: &str = "counter";

fn handed_over<'a>(
    rows: &'a Rows<OrderRow>,
    lines: &[LineView<'a>],
    by_shop: &[Quantity],
    placed: &Placed<'_>,
    pieces: &mut Vec<Piece<'a>>,
) {
    let (Some(header), Some(shop), Some(cause)) = (placed.header, placed.shop, placed.cause) else { return };
    for (i, line) in lines.iter().enumerate().filter(|(_, line)| !line.set) {
        let told = || pieces.iter().any(|piece| piece.targets.contains(&i));
        let (quantity, at, cause) = match line.goods.needs {
            Needs::Taken => ((line.n - by_shop[i]).floor_zero(), header.placed_at, cause),
            Needs::Collect if !told() => {
                let books = rows.of(OrderRow::LINE_PROGRESS, shop).find(|(key, _)| line.pieces_of(&key.id).is_some());
                let Some((_, stored)) = books.filter(|(_, stored)| !stored.deleted) else { continue };
                (line.shop_shipped, stored.at, stored.cause)
            }
            _ => continue,
        };
        if quantity.is_positive() {
            pieces.push(Piece {
                row: line.id,
                source: shop,
                parcel: COUNTER,
                line: LineRef::Line(line.id.into()),
                quantity,
                location: line.location.unwrap_or_default(),
                at,
                carrier: "",
                service: "",
                tracking: None,
                cause,
                taken: true,
                targets: [i].into_iter().collect(),
            });
        }
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
        if piece.targets.len() > 1 {
            piece.targets.iter().for_each(|&line| lines[line].pooled = true);
        }
        let parcel = parcel_of(&mut parcels, piece);
        if parts.is_empty() && piece.quantity.is_positive() {
            parcel.unresolved = true;
            let sentence = format!("despatch {} holds {}, which is not on the order", piece.parcel, pooling::name(&piece.line));
            if findings.other_item("other-item-despatched", piece.row, sentence, piece.cause, late) {
                findings.of_pieces(piece.quantity);
            }
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
            lines[line].despatched_by = lines[line].despatched_by.max(Some(piece.cause));
        }
    }
    for (i, line) in lines.iter_mut().enumerate() {
        line.d = taken[i];
    }
    parcels.sort_by(|a, b| (a.despatched_at, a.key).cmp(&(b.despatched_at, b.key)));
    parcels
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
                tracking_at: None,
                former: Vec::new(),
                taken: piece.taken,
                decided: None,
                despatched_at: piece.at,
                cause: piece.cause,
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
