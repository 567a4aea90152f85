//! Sales orders, fulfilments, invoices, cash sales.

use super::assumptions::{self, Kind};
use super::bodies::{self, body, sublist};
use super::cells::{filled, reference};
use super::context::RecordContext;
use super::document::{Document, ToldLines, put_list};
use super::posted::{GOODS, is_voided, post, posted};
use super::{flat, money};
use crate::envelope::{DecodeError, SpelledColumns, spelled};
use crate::facts::ids::join_key;
use crate::facts::order::{DocumentKind, ErpLine, ErpRecord, PostedKind, Tracking, Word};
use crate::facts::{Alias, Link, Moment, OrderRow, Text};
use crate::sources::facts_out::FactsOut;
use std::sync::LazyLock;

/// Raise it when the meaning changes that this file gives to a record: records read again then count as newer.
pub(super) const REVISION: u16 = 1;

spelled! {
    mod package {
        NUMBER = "packageTrackingNumber|packageTrackingNumberUps|packageTrackingNumberFedEx|packageTrackingNumberUsps|trackingNumber",
    }
}

static PACKAGE: LazyLock<SpelledColumns> = LazyLock::new(|| SpelledColumns::new(package::NAMES));

/// A sales order: the ERP's record of the shop's order.
pub(super) fn order(cx: &RecordContext<'_>, doc: &Document<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
    let alias = doc.alias(cx);
    if let Some(number) = &doc.number {
        out.alias(cx.netsuite.numbered(number), Link::Alias(alias.clone()), doc.place, doc.at);
    }
    if let Some(order) = &doc.order_number {
        out.alias(alias.clone(), Link::Alias(cx.netsuite.order(order)), doc.place, doc.at);
    }
    doc.cross_reference(cx, DocumentKind::Order, out);
    let state = match (doc.state, &doc.unknown_state) {
        (Some(letter), _) => Some(assumptions::erp_state(letter)),
        (None, Some(word)) => Some(Word::Unknown(word.clone())),
        (None, None) => None,
    };
    match state {
        Some(state) => {
            let record = ErpRecord { document: doc.id.clone(), state, created_at: doc.created_at };
            out.order_by_alias(alias, doc.id.clone(), doc.place, doc.at, OrderRow::ErpRecord(record));
        }
        None if doc.partial || matches!(doc.lines, ToldLines::Row(_)) => {}
        None => return Err(doc.head.cell(body::STATUS).error("the order's status (orderStatus or status)")),
    }
    let closed_whole = doc.state == Some(assumptions::CLOSED);
    doc.each_line((cx, out), (&doc.id, OrderRow::ERP_LINE, doc.at), |line| {
        let row = ErpLine {
            order_line: line.shop_line.clone(),
            item: line.item.clone(),
            location: line.location.clone(),
            drop_ship: line.drop_ship,
            shipped: line.fulfilled,
            invoiced: line.billed,
            gross: line.gross.filter(|gross| !gross.is_zero()),
            closed: (line.closed || closed_whole) && line.fulfilled < line.quantity,
            ..ErpLine::new(doc.id.clone(), line.sku.clone(), line.quantity)
        };
        (!line.of_kit).then(|| OrderRow::ErpLine(Box::new(row)))
    });
    Ok(())
}

/// What left on a fulfilment; picked and packed goods have not left.
pub(super) fn fulfilment(cx: &RecordContext<'_>, doc: &Document<'_>, json: &str, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
    if doc.made_from.of_others {
        return Ok(());
    }
    let shipped = match (doc.state, &doc.unknown_state) {
        (Some(letter), _) => letter == 'C',
        (None, Some(_)) => return Err(doc.head.cell(body::STATUS).error("Picked, Packed or Shipped, or a letter for it in shipStatus")),
        (None, None) if matches!(doc.lines, ToldLines::NotTold) => {
            doc.links(cx, out);
            return Ok(());
        }
        (None, None) => return Err(doc.head.cell(body::SHIP_STATUS).error("the fulfilment's status (A picked, B packed, C shipped)")),
    };
    if shipped {
        doc.needs_lines()?;
    }
    doc.links(cx, out);
    let left_at = left_at(cx, doc)?;
    doc.each_line((cx, out), (&doc.id, OrderRow::ERP_POSTED, left_at), |line| {
        let counts = shipped && line.included && !line.of_kit && line.quantity.is_positive();
        counts.then(|| posted(doc, PostedKind::Shipment, line))
    });
    if !matches!(doc.lines, ToldLines::NotTold | ToldLines::Linked(_)) {
        parcels(cx, doc, json, shipped, left_at, out)?;
    }
    Ok(())
}

/// When the goods left: the day is told, the time is that of the change, unless it was made on a later day.
fn left_at(cx: &RecordContext<'_>, doc: &Document<'_>) -> Result<Moment, DecodeError> {
    let end = cx.end_of_day(&doc.head.cell(body::SHIPPED))?;
    Ok(end.map_or(doc.at, |end| doc.at.min(Moment(end.0 - 1))))
}

/// The numbers of a fulfilment's parcels: a carrier's kind of parcel has a list of its own. A parcel's number leads to the order.
fn parcels(
    cx: &RecordContext<'_>,
    doc: &Document<'_>,
    json: &str,
    shipped: bool,
    at: Moment,
    out: &mut FactsOut<'_>,
) -> Result<(), DecodeError> {
    let mut numbers: Vec<Text> = Vec::new();
    if matches!(doc.lines, ToldLines::Row(_)) {
        numbers = flat::tracking(cx, json)?;
    } else {
        for place in [sublist::PACKAGE, sublist::PACKAGE_UPS, sublist::PACKAGE_FEDEX, sublist::PACKAGE_USPS] {
            for (name, json) in bodies::objects(&doc.sublists.cell(place))?.unwrap_or_default() {
                let row = PACKAGE.read(&name, json)?;
                let number = filled(&row.cell(package::NUMBER)).map_err(|error| error.within(&name))?;
                numbers.extend(number.map(|number| Text::from(&*number)));
            }
        }
    }
    numbers.retain(|_| shipped);
    numbers.sort_unstable();
    numbers.dedup();
    let method = reference(&doc.head.cell(body::SHIP_METHOD))?.name;
    let carrier: Text = match method {
        Some(name) => (*name).into(),
        None => filled(&doc.head.cell(body::SHIP_METHOD_NAME))?.map_or_else(Text::default, |name| (*name).into()),
    };
    for number in &numbers {
        out.alias(Alias::new(Alias::TRACKING, number), Link::Alias(doc.alias(cx)), doc.place, at);
    }
    // A search shows one parcel a row.
    let beside = numbers.len() > 1 || matches!(doc.lines, ToldLines::Row(_));
    let row = |number: &Text| {
        let tracking = Tracking { despatch: doc.label(), carrier: carrier.clone(), number: number.clone(), replaces: None, beside };
        (number.clone(), OrderRow::Tracking(tracking))
    };
    if matches!(doc.lines, ToldLines::Row(_)) {
        for (number, tracking) in numbers.iter().map(row) {
            out.order_by_alias(doc.alias(cx), join_key(&[&doc.id, "row", &number]), doc.place, at, tracking);
        }
    } else {
        put_list(out, &doc.alias(cx), (&doc.id, OrderRow::TRACKING), (doc.place, at), numbers.iter().map(row));
    }
    Ok(())
}

/// An invoice or a cash sale. One that was made from no order takes its goods from stock by itself.
pub(super) fn billed(cx: &RecordContext<'_>, doc: &Document<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
    doc.needs_lines()?;
    doc.links(cx, out);
    let voided = is_voided(doc)?;
    post(cx, doc, PostedKind::Invoice, !voided, out);
    let alone = doc.made_from.id.is_none() && doc.made_from.number.is_none();
    if alone || matches!(doc.lines, ToldLines::Whole(_)) {
        let base = join_key(&[&doc.id, GOODS]);
        doc.each_line((cx, out), (&base, OrderRow::ERP_POSTED, doc.at), |line| {
            (alone && !voided && !line.of_kit && line.quantity.is_positive()).then(|| posted(doc, PostedKind::Shipment, line))
        });
    }
    if doc.kind == Kind::CashSale && !doc.head.cell(body::TOTAL).is_null() && !matches!(doc.lines, ToldLines::Row(_)) {
        money::payment(cx, doc, body::TOTAL, voided, out)?;
    }
    Ok(())
}
