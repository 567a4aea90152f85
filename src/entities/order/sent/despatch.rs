//! What left the house: despatches by the authority, put to lines and to the parcels they went in. What was handed over at a counter is a
//! parcel too, delivered at once.

use crate::entities::RowOf;
use crate::entities::order::authority::{goods_count_from, role_for_goods};
use crate::entities::order::cancelled::Cancelled;
use crate::entities::order::erp::{Erp, canonical};
use crate::entities::order::input::{Contradiction, Input};
use crate::entities::order::placed::{Placed, PlacedLine};
use crate::entities::order::pooling;
use crate::entities::order::supplied::Supplied;
use crate::entities::rules::{Authority, Role};
use crate::facts::order::{Despatch, ErpPosted, LineProgress, LineRef, Needs, PostedKind};
use crate::facts::{Cause, Moment, Quantity, SourceId};

/// A part of a despatch that is for a line.
#[derive(Clone, Debug)]
pub struct DespatchPart<'a> {
    /// The key of the warehouse's own row, as its SKU keeps it.
    pub row: &'a str,
    /// The parcel it went in: the key of a [`super::ParcelView`].
    pub parcel: &'a str,
    pub location: &'a str,
    pub quantity: Quantity,
    pub despatched_at: Moment,
}

/// Despatched goods that no line of the order has.
#[derive(Clone, Debug)]
pub struct Stray<'a> {
    /// The key of the warehouse's own row.
    pub row: &'a str,
    pub parcel: &'a str,
    /// What the row calls the goods.
    pub goods: String,
    pub quantity: Quantity,
    pub cause: Cause,
}

/// One row that says what left the house.
pub(super) struct GoodsOut<'a> {
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
    handed_over: bool,
    pub targets: pooling::Targets,
}

impl<'a> GoodsOut<'a> {
    /// A departure of which only place and time are known.
    fn of(source: SourceId, row: &'a str, parcel: &'a str, line: LineRef, quantity: Quantity, at: Moment, cause: Cause) -> Self {
        let (carrier, service, tracking) = ("", "", None);
        let targets = pooling::Targets::new();
        Self { row, source, parcel, line, quantity, location: "", at, carrier, service, tracking, cause, handed_over: false, targets }
    }
}

/// The rows that count, the named lines first, then by time.
pub(super) fn departures<'a>(
    input: &Input<'a>,
    placed: &Placed<'a>,
    erp: &Erp<'a>,
    cancelled: &Cancelled,
    contradictions: &mut Vec<Contradiction>,
) -> Vec<GoodsOut<'a>> {
    let rules = input.rules;
    let mut departures: Vec<GoodsOut<'a>> = Vec::new();
    for RowOf { key, stored, row } in input.rows.live::<Despatch>() {
        if !goods_count_from(rules, Authority::Despatches, key.source, &row.location) {
            continue;
        }
        if row.quantity.is_negative() {
            let sentence = format!("despatch {} tells a negative quantity ({})", row.despatch, row.quantity);
            contradictions.push(Contradiction::new(&key.id, sentence, stored.cause));
            continue;
        }
        departures.push(GoodsOut {
            location: canonical(rules, &row.location),
            carrier: &row.carrier,
            service: &row.service,
            tracking: row.tracking.as_deref(),
            targets: pooling::targets(&placed.lines, &row.line),
            ..GoodsOut::of(key.source, &key.id, &row.despatch, row.line.clone(), row.quantity, row.despatched_at, stored.cause)
        });
    }
    match role_for_goods(rules) {
        Role::Erp => posted_shipments(input, placed, erp, &mut departures),
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

/// Without a warehouse system the ERP's posted shipments are what left the house.
fn posted_shipments<'a>(input: &Input<'a>, placed: &Placed<'a>, erp: &Erp<'a>, departures: &mut Vec<GoodsOut<'a>>) {
    for RowOf { key, stored, row } in input.rows.live::<ErpPosted>() {
        if row.kind != PostedKind::Shipment || !input.rules.plays(key.source, Role::Erp) || !row.quantity.is_positive() {
            continue;
        }
        let line = LineRef::Sku(row.sku.clone());
        let targets = pooling::targets(&placed.lines, &line);
        let location = targets.first().and_then(|&i| erp.lines[i].location).unwrap_or_default();
        departures.push(GoodsOut {
            location,
            targets,
            ..GoodsOut::of(key.source, &key.id, &row.document, line, row.quantity, stored.at, stored.cause)
        });
    }
}

/// Without warehouse system and ERP the shop's own shipped totals are.
fn shipped_by_shop<'a>(input: &Input<'a>, placed: &Placed<'a>, erp: &Erp<'a>, departures: &mut Vec<GoodsOut<'a>>) {
    let by_shop = |source: SourceId| input.rules.plays(source, Role::Shop);
    if departures.iter().any(|departure| by_shop(departure.source)) {
        return;
    }
    for RowOf { key, stored, row } in input.rows.live::<LineProgress>() {
        let Some(i) = placed.lines.iter().position(|line| line.id == key.id) else { continue };
        if by_shop(key.source) && row.shipped.is_positive() {
            departures.push(GoodsOut {
                location: erp.lines[i].location.unwrap_or_default(),
                targets: [i].into_iter().collect(),
                ..GoodsOut::of(key.source, &key.id, "shop", LineRef::Line(key.id.clone()), row.shipped, stored.at, stored.cause)
            });
        }
    }
}

/// The parcel of what was handed over: taken away at the counter when it was sold, collected when the shop says so.
pub const COUNTER: &str = "counter";

fn add_handed_over<'a>(input: &Input<'a>, placed: &Placed<'a>, erp: &Erp<'a>, cancelled: &Cancelled, departures: &mut Vec<GoodsOut<'a>>) {
    let (Some(header), Some(shop), Some(cause)) = (placed.header, placed.shop, placed.cause) else { return };
    for (i, line) in placed.lines.iter().enumerate().filter(|(_, line)| !line.is_bundle) {
        let already = || departures.iter().any(|departure| departure.targets.contains(&i));
        let (quantity, at, cause) = match line.goods.needs {
            Needs::Taken => ((line.ordered - cancelled.lines[i].by_shop).floor_zero(), header.placed_at, cause),
            Needs::Collect if !already() => {
                // The newest row may be a deleted one: then the shop tells nothing.
                let mut books = input.rows.all::<LineProgress>().filter(|each| each.key.source == shop);
                let books = books.find(|each| line.pieces_of(&each.key.id).is_some());
                let Some(books) = books.filter(|each| !each.stored.deleted) else { continue };
                (cancelled.lines[i].shop_shipped, books.stored.at, books.stored.cause)
            }
            _ => continue,
        };
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

/// Pieces of a group of lines that left, and when the first did. Goods that nobody has to send have left once they are supplied.
pub(super) fn despatched_of(
    departures: &[GoodsOut<'_>],
    group: &[usize],
    placed: &Placed<'_>,
    cancelled: &Cancelled,
    supplied: &Supplied,
) -> (Quantity, Option<Moment>) {
    let of_group = || departures.iter().filter(|departure| departure.targets.first().is_some_and(|i| group.contains(i)));
    let despatched: Quantity = of_group().map(|departure| departure.quantity).sum();
    let without = group.iter().map(|&i| supplied.pieces(i, placed.lines[i].ordered, cancelled.lines[i].most())).sum();
    (despatched.max(without), of_group().map(|departure| departure.at).min())
}

/// The despatches of one line.
#[derive(Clone, Default)]
pub(super) struct Despatches<'a> {
    pub quantity: Quantity,
    pub parts: Vec<DespatchPart<'a>>,
    /// The record of the last.
    pub cause: Option<Cause>,
    /// Some of them name only the SKU, and other lines have it too.
    pub pooled: bool,
}

/// What is in a parcel, before it is known how it travels.
pub(super) struct PackedParcel<'a> {
    pub key: &'a str,
    pub location: &'a str,
    pub carrier: &'a str,
    pub service: &'a str,
    pub tracking: Option<&'a str>,
    pub handed_over: bool,
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

/// Puts the departures to lines, earlier lines first up to `wanted`, and makes the parcels.
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
                location: departure.location,
                carrier: departure.carrier,
                service: departure.service,
                tracking: None,
                handed_over: departure.handed_over,
                despatched_at: departure.at,
                cause: departure.cause,
                lines: Vec::new(),
                unresolved: false,
            });
            parcels.len() - 1
        }
    };
    let parcel = &mut parcels[place];
    // Whichever row of the parcel is looked at first, it is as old as its oldest row, and named by the first row that names it.
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
