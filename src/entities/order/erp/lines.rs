//! The order's lines in the ERP: location, cost, and the ERP's own totals.

use super::location::canonical;
use super::record::{cancelled, named, record_lines, targets};
use crate::entities::order::decisions::Decisions;
use crate::entities::order::input::{Contradiction, Input};
use crate::entities::order::placed::{Placed, PlacedLine};
use crate::entities::order::pooling::{self, Targets};
use crate::entities::rules::{Role, Rules};
use crate::entities::{RowOf, Rows};
use crate::facts::ids::own_part;
use crate::facts::order::{ErpLine, ErpPosted, LineRef, Needs, NotStocked, PostedKind};
use crate::facts::{Amount, OrderRow, Quantity, RowKey, Text};

/// A line of the order in the ERP.
#[derive(Clone, Debug)]
pub struct LineInErp<'a> {
    /// A warehouse sends the goods: they need a parcel, and the supplier does not send them.
    pub ships: bool,
    /// The supplier sends the goods, according to the ERP or the shop.
    pub by_supplier: bool,
    /// The location that sends it: from the line of the ERP's record, else from the order's line, else the only shipping location of the channel.
    pub location: Option<&'a str>,
    /// Where the order itself wants it sent from: the shop's word, else the only shipping location of the channel.
    pub wanted_location: Option<&'a str>,
    /// The ERP's own id of its line; empty while it has none.
    pub line_id: Text,
    /// The ERP's own id of the goods; empty where its lines name them by SKU alone.
    pub item: Text,
    /// The warehouse there does not know the SKU.
    pub not_stocked: bool,
    /// The cost of one piece, in the currency of unit costs.
    pub unit_cost: Option<Amount>,
    /// The ERP's own shipped total: notices need not report it again.
    pub shipped: Quantity,
    /// The ERP's own received-back total.
    pub received: Quantity,
}

/// A line on the ERP's record.
#[derive(Clone, Default)]
struct LineOnRecord<'a> {
    id: Option<&'a str>,
    item: Option<&'a str>,
    location: Option<&'a str>,
    unit_cost: Option<Amount>,
    drop_ship: bool,
}

pub(super) fn read<'a>(
    input: &Input<'a>,
    decisions: &Decisions<'_>,
    placed: &Placed<'a>,
    contradictions: &mut Vec<Contradiction>,
) -> Vec<LineInErp<'a>> {
    let Input { rows, rules, .. } = input;
    let lines = &placed.lines[..];
    let (on_record, by_lines) = read_records(rows, rules, decisions, lines, contradictions);
    let (posted, returned) = posted(rows, rules, lines);
    let only = only_location(rules, placed);
    let mut in_erp: Vec<LineInErp<'a>> = Vec::with_capacity(lines.len());
    for (i, line) in lines.iter().enumerate() {
        let of_shop = line.goods.location.as_deref().or(line.line.location.as_deref());
        let location = on_record[i].location.or(of_shop);
        in_erp.push(LineInErp {
            wanted_location: of_shop.filter(|code| !code.is_empty()).or(only).map(|code| canonical(rules, code)),
            line_id: on_record[i].id.map(own_part).unwrap_or_default(),
            item: on_record[i].item.unwrap_or_default().into(),
            ships: line.by_parcel && !on_record[i].drop_ship,
            by_supplier: on_record[i].drop_ship || line.goods.needs == Needs::DropShip,
            location: location.filter(|code| !code.is_empty()).or(only).map(|code| canonical(rules, code)),
            not_stocked: false,
            unit_cost: on_record[i].unit_cost.or(line.goods.unit_cost).or(line.line.unit_cost),
            shipped: by_lines[i].max(posted[i]),
            received: returned[i].floor_zero(),
        });
    }
    // SKUs derive a fact for the order when a warehouse does not know them.
    for RowOf { row, .. } in rows.live::<NotStocked>() {
        for (_, in_erp) in lines.iter().zip(&mut in_erp).filter(|(line, _)| *line.sku == row.sku) {
            let there = in_erp.location.and_then(|code| rules.location(code)).and_then(|location| location.wms);
            in_erp.not_stocked |= there == Some(row.warehouse);
        }
    }
    in_erp
}

/// Location, cost and shipped total of each line, from the records that are not cancelled.
fn read_records<'a>(
    rows: &'a Rows<OrderRow>,
    rules: &'a Rules,
    decisions: &Decisions<'_>,
    lines: &[PlacedLine<'a>],
    contradictions: &mut Vec<Contradiction>,
) -> (Vec<LineOnRecord<'a>>, Vec<Quantity>) {
    let ordered: Vec<Quantity> = lines.iter().map(|line| line.ordered).collect();
    let (mut on_record, mut shipped) = (vec![LineOnRecord::default(); lines.len()], vec![Quantity::ZERO; lines.len()]);
    // Live rows come last, so that they win over deleted ones.
    let (deleted, live): (Vec<_>, Vec<_>) = record_lines(rows, rules).partition(|each| each.stored.deleted);
    let in_force = || live.iter().map(|each| each.row).filter(|row| !cancelled(rows, rules, decisions, &row.document));
    let by_name: Targets = in_force().flat_map(|row| named(lines, row)).collect();
    // Needed only if some row names a line.
    let mut by_sku = Targets::new();
    if live.iter().any(|each| each.row.order_line.is_some()) {
        by_sku.extend(in_force().filter(|row| row.order_line.is_none()).flat_map(|row| targets(lines, row)));
    }
    for RowOf { key, stored, row } in deleted.iter().chain(&live) {
        let (row, key): (&'a ErpLine, &'a RowKey) = (row, key);
        if row.quantity.is_negative() || row.shipped.is_negative() {
            let sentence = format!("line {} of the ERP's record {} has a negative quantity of {}", key.id, row.document, row.sku);
            contradictions.push(Contradiction::new(&key.id, sentence, stored.cause));
            continue;
        }
        if cancelled(rows, rules, decisions, &row.document) {
            continue;
        }
        let to = targets(lines, row);
        // For each line, rows that name it win over rows that name only its SKU; these win over rows that name a line which the order does not have (yet).
        let is_named = !named(lines, row).is_empty();
        let superseded = |i: &&usize| !is_named && (by_name.contains(i) || row.order_line.is_some() && by_sku.contains(i));
        for &i in to.iter().filter(|i| !superseded(i)) {
            on_record[i].location = row.location.as_deref().filter(|code| !code.is_empty()).or(on_record[i].location);
            on_record[i].id = Some(&key.id);
            on_record[i].item = row.item.as_deref().or(on_record[i].item);
            on_record[i].unit_cost = row.unit_cost.or(on_record[i].unit_cost);
            on_record[i].drop_ship |= row.drop_ship;
        }
        pooling::spread(row.shipped, &to, &[&ordered], &mut shipped);
    }
    (on_record, shipped)
}

/// Pieces of each line that the ERP has posted as shipped, and as received back.
fn posted(rows: &Rows<OrderRow>, rules: &Rules, lines: &[PlacedLine<'_>]) -> (Vec<Quantity>, Vec<Quantity>) {
    let ordered: Vec<Quantity> = lines.iter().map(|line| line.ordered).collect();
    let (mut shipped, mut returned) = (vec![Quantity::ZERO; lines.len()], vec![Quantity::ZERO; lines.len()]);
    for RowOf { row, .. } in rows.live::<ErpPosted>().filter(|each| rules.plays(each.key.source, Role::Erp)) {
        let into = match row.kind {
            PostedKind::Shipment => &mut shipped,
            PostedKind::ReturnReceipt => &mut returned,
            PostedKind::Invoice | PostedKind::CreditNote => continue,
        };
        // A correction is negative: it is taken from the SKU's last line.
        let to = pooling::targets(lines, &LineRef::Sku(row.sku.clone()));
        match to.last() {
            Some(&last) if row.quantity.is_negative() => into[last] += row.quantity,
            _ => drop(pooling::spread(row.quantity, &to, &[&ordered], into)),
        }
    }
    (shipped, returned)
}

/// The location that the order's channel ships from, if there is only one.
fn only_location<'a>(rules: &'a Rules, placed: &Placed<'_>) -> Option<&'a str> {
    let channel = placed.header.and_then(|header| rules.channel(&header.channel))?;
    match &channel.pool[..] {
        [one] => Some(one.as_str()),
        pool => {
            let mut shipping = pool.iter().filter(|code| rules.location(code).is_some_and(|location| location.wms.is_some()));
            shipping.next().filter(|_| shipping.next().is_none()).map(|code| code.as_str())
        }
    }
}
