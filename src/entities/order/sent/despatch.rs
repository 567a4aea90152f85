//! Despatches: the rows of the source that counts, assigned to lines and parcels. Goods handed over at a counter are a parcel too, which is
//! delivered at once.

use crate::entities::RowOf;
use crate::entities::order::authority::{goods_count_from, role_for_goods};
use crate::entities::order::cancelled::Cancelled;
use crate::entities::order::erp::{Erp, canonical};
use crate::entities::order::input::{Contradiction, Input};
use crate::entities::order::listed;
use crate::entities::order::placed::{Placed, PlacedLine};
use crate::entities::order::pooling;
use crate::entities::order::supplied::Supplied;
use crate::entities::rules::{Authority, Role};
use crate::facts::order::{
    Despatch, ErpPosted, LineProgress, LineRef, Needs, PostedKind, Shipment, ShipmentLine, ShipmentPlace, ShippedSince,
};
use crate::facts::{Cause, Moment, OrderRow, Quantity, RowKey, SourceId};

/// The part of a despatch that belongs to a line.
#[derive(Clone, Debug)]
pub struct DespatchPart<'a> {
    /// The id of the warehouse's own row, under which the SKU stores it too.
    pub row: &'a str,
    /// The parcel it went in: the key of a [`super::ParcelView`].
    pub parcel: &'a str,
    /// The location that sent it.
    pub location: &'a str,
    /// Pieces for the line.
    pub quantity: Quantity,
    /// When it left.
    pub despatched_at: Moment,
}

/// Despatched goods that no line of the order has.
#[derive(Clone, Debug)]
pub struct Stray<'a> {
    /// The id of the warehouse's own row.
    pub row: &'a str,
    /// The parcel it went in.
    pub parcel: &'a str,
    /// The SKU or line id that the row names.
    pub goods: String,
    /// Pieces despatched.
    pub quantity: Quantity,
    /// The record of the row.
    pub cause: Cause,
}

/// One row that reports despatched goods.
pub(super) struct GoodsOut<'a> {
    row: &'a str,
    pub source: SourceId,
    parcel: &'a str,
    /// The name under which rows give the parcel's number.
    label: &'a str,
    line: LineRef,
    pub quantity: Quantity,
    pub location: &'a str,
    pub at: Moment,
    carrier: &'a str,
    service: &'a str,
    tracking: Option<&'a str>,
    cause: Cause,
    /// Handed over at a counter.
    handed_over: bool,
    pub targets: pooling::Targets,
}

impl<'a> GoodsOut<'a> {
    /// A departure without carrier, service and tracking number.
    fn of(source: SourceId, row: &'a str, parcel: &'a str, line: LineRef, quantity: Quantity, at: Moment, cause: Cause) -> Self {
        let (carrier, service, tracking) = ("", "", None);
        let targets = pooling::Targets::new();
        Self {
            row,
            source,
            parcel,
            label: parcel,
            line,
            quantity,
            location: "",
            at,
            carrier,
            service,
            tracking,
            cause,
            handed_over: false,
            targets,
        }
    }
}

/// The rows that count: those that name a line before those that name a SKU, then by time.
pub(super) fn departures<'a>(
    input: &Input<'a>,
    placed: &Placed<'a>,
    erp: &Erp<'a>,
    cancelled: &Cancelled,
    contradictions: &mut Vec<Contradiction>,
) -> Vec<GoodsOut<'a>> {
    let rules = input.rules;
    let mut departures: Vec<GoodsOut<'a>> = Vec::new();
    for RowOf { key, stored, row } in listed::newest(input.rows.live::<Despatch>()) {
        if !goods_count_from(rules, Authority::Despatches, key.source, &row.location) {
            continue;
        }
        if row.quantity.is_negative() {
            let sentence = format!("despatch {} has a negative quantity ({})", row.despatch, row.quantity);
            contradictions.push(Contradiction::new(&key.id, sentence, stored.cause));
            continue;
        }
        let targets = pooling::targets(&placed.lines, &row.line);
        let location = if row.location.is_empty() { location_of(&targets, erp) } else { canonical(rules, &row.location) };
        departures.push(GoodsOut {
            location,
            carrier: &row.carrier,
            service: &row.service,
            tracking: row.tracking.as_deref(),
            targets,
            ..GoodsOut::of(key.source, &key.id, &row.despatch, row.line.clone(), row.quantity, row.despatched_at, stored.cause)
        });
    }
    match role_for_goods(rules) {
        Role::Erp => departures.extend(corrected(posted_shipments(input, placed, erp), placed.late, contradictions)),
        Role::Shop => shipped_by_shop(input, placed, erp, &mut departures),
        _ => {}
    }
    add_handed_over(input, placed, erp, cancelled, &mut departures);
    departures.sort_by(|a, b| {
        let named = |departure: &GoodsOut<'_>| matches!(departure.line, LineRef::Sku(_));
        (named(a), a.at, a.row, a.source).cmp(&(named(b), b.at, b.row, b.source))
    });
    departures
}

/// Where a row that names no location sent its goods from: where the ERP or the order says that the line is sent from.
fn location_of<'a>(targets: &[usize], erp: &Erp<'a>) -> &'a str {
    targets.first().and_then(|&i| erp.lines[i].location).unwrap_or_default()
}

/// Without a warehouse system the ERP's posted shipments count as despatches; a line below zero undoes one.
fn posted_shipments<'a>(input: &Input<'a>, placed: &Placed<'a>, erp: &Erp<'a>) -> Vec<GoodsOut<'a>> {
    let mut posted = Vec::new();
    for RowOf { key, stored, row } in input.rows.live::<ErpPosted>() {
        if row.kind != PostedKind::Shipment || !input.rules.plays(key.source, Role::Erp) || row.quantity.is_zero() {
            continue;
        }
        let line = LineRef::Sku(row.sku.clone());
        let targets = pooling::targets(&placed.lines, &line);
        posted.push(GoodsOut {
            location: location_of(&targets, erp),
            targets,
            ..GoodsOut::of(key.source, &key.id, &row.document, line, row.quantity, stored.at, stored.cause)
        });
    }
    posted
}

/// Applies corrections: a line below zero is taken from the shipments of its goods, those of its own document before others, the newest first. The
/// shipment that it undoes may come after it.
fn corrected<'a>(posted: Vec<GoodsOut<'a>>, late: Option<Moment>, contradictions: &mut Vec<Contradiction>) -> Vec<GoodsOut<'a>> {
    let (mut undone, mut made): (Vec<_>, Vec<_>) = posted.into_iter().partition(|row| row.quantity.is_negative());
    let order = |row: &GoodsOut<'a>| (row.at, row.row, row.source);
    undone.sort_by(|a, b| order(a).cmp(&order(b)));
    made.sort_by(|a, b| order(a).cmp(&order(b)));
    for row in undone {
        let mut less = Quantity::ZERO - row.quantity;
        for own in [true, false] {
            let same =
                |there: &&mut GoodsOut<'_>| there.line == row.line && there.source == row.source && (there.parcel == row.parcel) == own;
            for there in made.iter_mut().rev().filter(same) {
                let part = there.quantity.min(less);
                there.quantity -= part;
                less -= part;
            }
        }
        if less.is_positive() {
            let sentence = format!("posted shipment {} takes back {less} pieces more than were sent", row.parcel);
            contradictions.push(Contradiction { after: late, ..Contradiction::new(row.row, sentence, row.cause) });
        }
    }
    made.retain(|row| row.quantity.is_positive());
    made
}

/// Without warehouse system and ERP the shop's own shipments count as despatches; of a line that is shipped further than they say, the shop's shipped
/// total too.
fn shipped_by_shop<'a>(input: &Input<'a>, placed: &Placed<'a>, erp: &Erp<'a>, departures: &mut Vec<GoodsOut<'a>>) {
    let by_shop = |source: SourceId| input.rules.plays(source, Role::Shop);
    shipments(input, placed, erp, departures);
    // What was taken along or collected is handed over: that is another departure.
    let handed_over = |line: &PlacedLine<'_>| matches!(line.goods.needs, Needs::Taken | Needs::Collect);
    for (i, line) in placed.lines.iter().enumerate().filter(|(_, line)| !line.is_bundle && !handed_over(line)) {
        // Of a sale with one leaf the leaf's own total says nothing: shops keep it or not.
        let pieces = |row: &RowOf<'a, LineProgress>| {
            let each = line
                .pieces_of(&row.key.id)
                .filter(|_| by_shop(row.key.source) && (line.id == row.key.id || line.leaf != Some(&row.key.id)));
            each.map_or(Quantity::ZERO, |each| row.row.shipped.times(each))
        };
        let Some((total, RowOf { key, stored, row })) = input
            .rows
            .live::<LineProgress>()
            .map(|row| (pieces(&row), row))
            .max_by_key(|(pieces, row)| (*pieces, std::cmp::Reverse(row.key)))
        else {
            continue;
        };
        let of_line = departures.iter().filter(|departure| by_shop(departure.source) && departure.targets.contains(&i));
        let told: Quantity = of_line.map(|departure| departure.quantity).sum();
        let rest = total - told;
        if rest.is_positive() {
            // Since when it is so; the row may have been saved again for another reason.
            let since = RowKey { kind: OrderRow::SHIPPED_SINCE, ..key.clone() };
            let since = input
                .rows
                .get(&since)
                .filter(|_| input.rows.get_live::<ShippedSince>(&since).is_some_and(|since| since.shipped == row.shipped));
            let (at, cause) = since.map_or((stored.at, stored.cause), |since| (since.at, since.cause));
            departures.push(GoodsOut {
                location: erp.lines[i].location.unwrap_or_default(),
                targets: [i].into_iter().collect(),
                ..GoodsOut::of(key.source, &key.id, "shop", LineRef::Line(line.id.into()), rest, at, cause)
            });
        }
    }
}

/// The shop's own shipments. A shipment may name a line twice: by the bundle and by its parts, by a sale and by its leaf. The larger counts.
fn shipments<'a>(input: &Input<'a>, placed: &Placed<'a>, erp: &Erp<'a>, departures: &mut Vec<GoodsOut<'a>>) {
    for RowOf { key: of, row: shipment, .. } in input.rows.live::<Shipment>().filter(|each| input.rules.plays(each.key.source, Role::Shop))
    {
        let place = RowKey { kind: OrderRow::SHIPMENT_PLACE, ..of.clone() };
        // The key lives as long as the rows do: found by walking.
        let place =
            input.rows.live::<ShipmentPlace>().find(|each| *each.key == place).map(|each| canonical(input.rules, &each.row.location));
        let rows: Vec<RowOf<'a, ShipmentLine>> =
            input.rows.live::<ShipmentLine>().filter(|each| each.key.source == of.source && each.row.shipment == of.id).collect();
        let mut named = vec![false; rows.len()];
        for (i, line) in placed.lines.iter().enumerate() {
            let mut largest: Option<(Quantity, usize)> = None;
            for (at, row) in rows.iter().enumerate() {
                let Some(each) = line.pieces_of(&row.row.line) else { continue };
                named[at] = true;
                let pieces = row.row.quantity.times(each);
                if !line.is_bundle && largest.is_none_or(|(most, _)| pieces > most) {
                    largest = Some((pieces, at));
                }
            }
            if let Some((pieces, at)) = largest.filter(|(pieces, _)| pieces.is_positive()) {
                let RowOf { key, stored, .. } = &rows[at];
                departures.push(GoodsOut {
                    label: &of.id,
                    location: place.or(erp.lines[i].location).unwrap_or_default(),
                    targets: [i].into_iter().collect(),
                    ..GoodsOut::of(
                        of.source,
                        &key.id,
                        &shipment.number,
                        LineRef::Line(line.id.into()),
                        pieces,
                        shipment.shipped_at,
                        stored.cause,
                    )
                });
            }
        }
        for (row, _) in rows.iter().zip(named).filter(|(row, named)| !named && row.row.quantity.is_positive()) {
            let line = LineRef::Line(row.row.line.clone());
            departures.push(GoodsOut {
                label: &of.id,
                location: place.unwrap_or_default(),
                ..GoodsOut::of(of.source, &row.key.id, &shipment.number, line, row.row.quantity, shipment.shipped_at, row.stored.cause)
            });
        }
    }
}

/// The name of the parcel of goods handed over: taken away when they were sold, or collected when the shop reports it.
pub const COUNTER: &str = "counter";

fn add_handed_over<'a>(input: &Input<'a>, placed: &Placed<'a>, erp: &Erp<'a>, cancelled: &Cancelled, departures: &mut Vec<GoodsOut<'a>>) {
    let (Some(header), Some(shop), Some(cause)) = (placed.header, placed.shop, placed.cause) else { return };
    for (i, line) in placed.lines.iter().enumerate().filter(|(_, line)| !line.is_bundle) {
        let already = || departures.iter().any(|departure| departure.targets.contains(&i));
        let (quantity, at, cause) = match line.goods.needs {
            Needs::Taken => ((line.ordered - cancelled.lines[i].by_shop).floor_zero(), header.placed_at, cause),
            Needs::Collect if !already() => {
                // If the shop's row of the line is deleted, nothing counts as collected.
                let mut books = input.rows.all::<LineProgress>().filter(|each| each.key.source == shop);
                let books = books.find(|each| line.pieces_of(&each.key.id).is_some());
                let Some(books) = books.filter(|each| !each.stored.deleted) else { continue };
                (cancelled.lines[i].shop_shipped, books.stored.at, books.stored.cause)
            }
            _ => continue,
        };
        if line.goods.needs == Needs::Taken && role_for_goods(input.rules) == Role::Erp {
            told_by_erp_too(departures, i, quantity);
        }
        if quantity.is_positive() {
            departures.push(GoodsOut {
                location: erp.lines[i].location.unwrap_or_default(),
                handed_over: true,
                targets: [i].into_iter().collect(),
                ..GoodsOut::of(shop, line.id, COUNTER, LineRef::Line(line.id.into()), quantity, at, cause)
            });
        }
    }
}

/// The ERP posts what a till sold as a shipment: these are the pieces that the customer took along, not further ones.
fn told_by_erp_too(departures: &mut Vec<GoodsOut<'_>>, line: usize, taken: Quantity) {
    let mut rest = taken;
    departures.sort_by_key(|departure| departure.targets.len());
    for departure in departures.iter_mut().filter(|departure| !departure.handed_over && departure.targets.contains(&line)) {
        let part = departure.quantity.min(rest);
        departure.quantity -= part;
        rest -= part;
    }
    departures.retain(|departure| departure.quantity.is_positive());
}

/// Despatched pieces of a group of lines, and the time of the first despatch. Intangible goods count once they are supplied.
pub(super) fn despatched_of(
    departures: &[GoodsOut<'_>],
    group: &[usize],
    placed: &Placed<'_>,
    cancelled: &Cancelled,
    supplied: &Supplied,
) -> (Quantity, Option<Moment>) {
    let of_group = || departures.iter().filter(|departure| departure.targets.first().is_some_and(|i| group.contains(i)));
    let despatched: Quantity = of_group().map(|departure| departure.quantity).sum();
    let without = group.iter().map(|&i| {
        let (ordered, reported) = (placed.lines[i].ordered, &cancelled.lines[i]);
        let by_shop = if supplied.intangible[i] { reported.shop_shipped.min(ordered) } else { Quantity::ZERO };
        supplied.pieces(i, ordered, reported.most()).max(by_shop)
    });
    (despatched.max(without.sum()), of_group().map(|departure| departure.at).min())
}

/// The despatches of one line.
#[derive(Clone, Default)]
pub(super) struct Despatches<'a> {
    pub quantity: Quantity,
    pub parts: Vec<DespatchPart<'a>>,
    /// The newest record among them.
    pub cause: Option<Cause>,
    /// Some of them name only the SKU, which other lines have too.
    pub pooled: bool,
}

/// The content of a parcel, before its scans are read.
pub(super) struct PackedParcel<'a> {
    pub key: &'a str,
    /// The name under which rows give its number.
    pub label: &'a str,
    pub location: &'a str,
    pub carrier: &'a str,
    pub service: &'a str,
    pub tracking: Option<&'a str>,
    pub handed_over: bool,
    /// The source of its rows.
    pub source: SourceId,
    pub despatched_at: Moment,
    pub cause: Cause,
    pub lines: Vec<(usize, Quantity)>,
    pub unresolved: bool,
}

/// Despatches, by line and by parcel.
pub(super) struct AssignedDespatches<'a> {
    pub lines: Vec<Despatches<'a>>,
    pub parcels: Vec<PackedParcel<'a>>,
    pub strays: Vec<Stray<'a>>,
}

/// Assigns departures to lines, earlier lines first up to `wanted`, and makes the parcels.
pub(super) fn assign_to_lines<'a>(departures: &[GoodsOut<'a>], wanted: &[Quantity], lines: &[PlacedLine<'a>]) -> AssignedDespatches<'a> {
    let ordered: Vec<Quantity> = lines.iter().map(|line| line.ordered).collect();
    let mut taken = vec![Quantity::ZERO; lines.len()];
    let mut assigned = AssignedDespatches { lines: vec![Despatches::default(); lines.len()], parcels: Vec::new(), strays: Vec::new() };
    for departure in departures {
        let parts = pooling::spread(departure.quantity, &departure.targets, &[wanted, &ordered], &mut taken);
        if departure.targets.len() > 1 {
            departure.targets.iter().for_each(|&line| assigned.lines[line].pooled = true);
        }
        let parcel = parcel_of(&mut assigned.parcels, departure);
        if parts.is_empty() && departure.quantity.is_positive() {
            parcel.unresolved = true;
            let goods = pooling::name(&departure.line).to_owned();
            assigned.strays.push(Stray {
                row: departure.row,
                parcel: departure.parcel,
                goods,
                quantity: departure.quantity,
                cause: departure.cause,
            });
        }
        for (line, quantity) in parts {
            match parcel.lines.iter_mut().find(|(i, _)| *i == line) {
                Some((_, there)) => *there += quantity,
                None => parcel.lines.push((line, quantity)),
            }
            let (row, parcel, location) = (departure.row, departure.parcel, departure.location);
            let of_line = &mut assigned.lines[line];
            of_line.parts.push(DespatchPart { row, parcel, location, quantity, despatched_at: departure.at });
            of_line.cause = of_line.cause.max(Some(departure.cause));
        }
    }
    for (of_line, taken) in assigned.lines.iter_mut().zip(taken) {
        of_line.quantity = taken;
    }
    assigned.parcels.sort_by(|a, b| (a.despatched_at, a.key).cmp(&(b.despatched_at, b.key)));
    assigned
}

fn parcel_of<'p, 'a>(parcels: &'p mut Vec<PackedParcel<'a>>, departure: &GoodsOut<'a>) -> &'p mut PackedParcel<'a> {
    let place = match parcels.iter().position(|parcel| parcel.key == departure.parcel) {
        Some(place) => place,
        None => {
            parcels.push(PackedParcel {
                key: departure.parcel,
                label: departure.label,
                location: departure.location,
                carrier: departure.carrier,
                service: departure.service,
                tracking: None,
                handed_over: departure.handed_over,
                source: departure.source,
                despatched_at: departure.at,
                cause: departure.cause,
                lines: Vec::new(),
                unresolved: false,
            });
            parcels.len() - 1
        }
    };
    let parcel = &mut parcels[place];
    // The parcel's time is that of its oldest row; its number, carrier and service come from the first row that has them.
    parcel.despatched_at = parcel.despatched_at.min(departure.at);
    parcel.tracking = parcel.tracking.or(departure.tracking);
    if parcel.carrier.is_empty() {
        parcel.carrier = departure.carrier;
    }
    if parcel.service.is_empty() {
        parcel.service = departure.service;
    }
    parcel
}
