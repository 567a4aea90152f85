//! Reference model, requests: what must stand in the ledgers at the end (gates.md). What was asked for may be more or less than what is wanted
//! now only while a gate is shut.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde_json::Value as Json;
use waybill::events::Topic;
use waybill::facts::order::Needs;
use waybill::facts::time::Span;
use waybill::facts::{Moment, OrderRow};

use crate::drive::Seen;
use crate::order::{Order, share};

type Lines = BTreeMap<String, Decimal>;

fn number(json: &Json) -> Decimal {
    json.as_str().and_then(|text| text.parse().ok()).unwrap_or(Decimal::MIN)
}

fn last<'s>(seen: &'s Seen, topic: Topic, key: &str) -> Option<&'s Json> {
    seen.ledgers.get(&(topic, key.to_owned())).and_then(|steps| steps.last())
}

fn lines(body: &Json, field: &str) -> Lines {
    let lines = body["lines"].as_array().into_iter().flatten();
    lines.map(|line| (line["line"].as_str().unwrap_or_default().to_owned(), number(&line[field]))).collect()
}

fn nonzero(lines: Lines) -> Lines {
    lines.into_iter().filter(|(_, count)| !count.is_zero()).collect()
}

/// Wanted pieces, and their value.
pub fn sales_order(key: &str, order: &Order<'_>, seen: &Seen) -> Result<(), String> {
    let last = last(seen, Topic::SalesOrders, key);
    let wanted: Lines = order.lines().iter().map(|line| (line.id.clone(), line.wanted)).collect();
    let value: Lines =
        order.lines().iter().map(|line| (line.id.clone(), share(line.line.gross.decimal(), line.wanted, line.ordered))).collect();
    if order.is_test() || order.contradicts() {
        return if order.is_test() && last.is_some() { Err("sales-orders of a test order".to_owned()) } else { Ok(()) };
    }
    let taken = order.lines().iter().any(|line| line.line.needs == Needs::Taken);
    let create =
        order.complete && order.secured && order.settled && !order.any_record && !order.totals_differ && (!order.nothing_wanted() || taken);
    let Some(last) = last else {
        return if create { Err("sales-orders not created: the order is complete and secured".to_owned()) } else { Ok(()) };
    };
    if !order.complete || order.totals_differ {
        return Ok(());
    }
    if order.nothing_wanted() && order.nothing_left() {
        return if last["action"] == "cancel" {
            Ok(())
        } else {
            Err(format!("sales-orders not cancelled: nothing is wanted, last was {last}"))
        };
    }
    // A line of which nothing was ordered may be left out.
    let (told, told_value) = (nonzero(lines(last, "wanted")), nonzero(lines(last, "gross")));
    let (wanted, value) = (nonzero(wanted), nonzero(value));
    if told != wanted || told_value != value {
        return Err(format!("sales-orders image differs: wanted {wanted:?} worth {value:?}, last was {last}"));
    }
    Ok(())
}

/// Totals of each location, by line.
pub fn fulfilment(key: &str, order: &Order<'_>, seen: &Seen) -> Result<(), String> {
    if order.contradicts() {
        return Ok(());
    }
    for location in ["NORTH", "SOUTH"] {
        let here = |line: &&crate::goods::Goods| {
            line.line.needs == Needs::Ship && order.locations.get(&line.id).is_some_and(|known| known == location)
        };
        let wanted: Lines = order.lines().iter().filter(here).map(|line| (line.id.clone(), line.wanted)).collect();
        let ledger = format!("{key}|{location}");
        let asked = last(seen, Topic::FulfilmentRequests, &ledger).map(|body| nonzero(lines(body, "total"))).unwrap_or_default();
        for (line, total) in &asked {
            // A line of which nobody knows the location any more stays where it was asked for.
            let lost = order.lines().iter().find(|other| other.id == *line && !order.locations.contains_key(line));
            let most = wanted.get(line).copied().or(lost.map(|line| line.wanted)).unwrap_or_default();
            if *total > most {
                return Err(format!("fulfilment-requests above what is wanted: {ledger} line {line} total {total}, wanted {most}"));
            }
        }
        // What has left already need not be asked for; while a line has no location it is open whether the others wait for it.
        let left = |line: &str| order.lines().iter().find(|other| other.id == line).map_or(Decimal::ZERO, |other| other.despatched);
        let missing = wanted.iter().any(|(line, w)| *w > left(line) && asked.get(line) != Some(w) && !order.lacking.contains(line));
        if order.released() && order.settled && !order.half_placed() && !order.totals_differ && missing {
            return Err(format!("fulfilment-requests differ: {ledger} wanted {wanted:?}, asked {asked:?}"));
        }
    }
    Ok(())
}

/// What left in each parcel: notified to the shop, and to the ERP once it has the order.
pub fn despatches(
    key: &str,
    order: &Order<'_>,
    seen: &Seen,
    tracking_waited: impl Fn(&crate::goods::Parcel) -> bool,
) -> Result<(), String> {
    // While lines may still come, a parcel waits for the lines that its rows name.
    let strange = (order.goods.unknown_line || !order.goods.others.is_empty()) && !order.complete;
    if order.is_test() || order.goods.pooled || order.goods.over || strange || order.is_pos() {
        return Ok(());
    }
    let books = order.kept.iter().any(|kept| match &kept.row {
        OrderRow::ErpPosted(_) => true,
        OrderRow::LineProgress(progress) => !progress.shipped.is_zero(),
        _ => false,
    });
    if books {
        // A receiver that knows by itself is told less.
        return Ok(());
    }
    for receiver in ["shop", "erp"] {
        for parcel in &order.goods.parcels {
            if !tracking_waited(parcel) && parcel.tracking.is_none() || receiver == "erp" && !order.recorded {
                continue;
            }
            let ledger = format!("{key}|{receiver}|{}", parcel.number);
            let told = last(seen, Topic::DespatchNotices, &ledger).map(|body| nonzero(lines(body, "total"))).unwrap_or_default();
            let due = nonzero(parcel.pieces.clone());
            if told != due {
                return Err(format!("despatch-notices differ: {ledger} left {due:?}, told {told:?}"));
            }
        }
    }
    Ok(())
}

/// Delivered totals, once every wanted piece is.
pub fn completions(key: &str, order: &Order<'_>, seen: &Seen) -> Result<(), String> {
    if order.is_test() || order.contradicts() || order.goods.pooled || order.is_pos() {
        return Ok(());
    }
    let assumed = order.goods.parcels.iter().any(|parcel| parcel.assumed);
    let due = order.complete && order.recorded && !order.held && order.delivered(false) && !assumed;
    for receiver in ["shop", "erp"] {
        let ledger = format!("{key}|{receiver}");
        let told = last(seen, Topic::OrderCompletions, &ledger).map(|body| nonzero(lines(body, "delivered")));
        let delivered = nonzero(order.lines().iter().map(|line| (line.id.clone(), line.delivered)).collect());
        match told {
            None if due => return Err(format!("order-completions not told: {ledger} delivered {delivered:?}")),
            // What was told and is not delivered any more can't be undone: a person is told.
            Some(told) if due && told != delivered => {
                let less = |(line, told): (&String, &Decimal)| delivered.get(line).is_none_or(|delivered| delivered < told);
                if told.iter().any(less) && crate::compare::open(seen, "completion-withdrawn").contains(key) {
                    continue;
                }
                return Err(format!("order-completions differ: {ledger} delivered {delivered:?}, told {told:?}"));
            }
            _ => {}
        }
    }
    Ok(())
}

/// The mail of each parcel, where all came at once: due while the parcel is young and not delivered, and nothing more can be in it. A parcel
/// after which more is to come waits until time has passed.
pub fn mails(key: &str, order: &Order<'_>, seen: &Seen, tick: Moment) -> Result<(), String> {
    if order.is_test() || order.contradicts() || order.goods.pooled || order.is_pos() {
        return Ok(());
    }
    let to_come: Decimal = order
        .lines()
        .iter()
        .filter(|line| line.line.needs == Needs::Ship)
        .map(|line| (line.wanted - line.despatched).max(Decimal::ZERO))
        .sum();
    for parcel in &order.goods.parcels {
        let ledger = format!("{key}|despatched|{}", parcel.number);
        let mails = seen.ledgers.get(&(Topic::Notifications, ledger.clone()));
        if seen.at_once {
            let tracked = parcel.tracking.is_some() || parcel.despatched_at + Span::minutes(60) <= tick;
            let young = tick < parcel.despatched_at + Span::days(1);
            let due = order.complete && !parcel.delivered && young && tracked && to_come.is_zero();
            if due != mails.is_some() {
                return Err(format!("mail of a parcel {}: {ledger}", if due { "should be sent" } else { "was sent and should not be" }));
            }
        }
        let Some(mail) = mails.and_then(|mails| mails.last()).filter(|_| seen.at_once) else { continue };
        let by_sku = |lines: Vec<(String, Decimal)>| {
            let mut sums = Lines::new();
            lines.into_iter().for_each(|(sku, count)| *sums.entry(sku).or_default() += count);
            nonzero(sums)
        };
        let sku = |id: &String| order.lines().iter().find(|line| line.id == *id).map(|line| line.line.sku.to_string()).unwrap_or_default();
        let due = by_sku(parcel.pieces.iter().map(|(id, count)| (sku(id), *count)).collect());
        let lines = mail["lines"].as_array().into_iter().flatten();
        let told = by_sku(lines.map(|line| (line["sku"].as_str().unwrap_or_default().to_owned(), number(&line["quantity"]))).collect());
        if due != told || number(&mail["still_to_come"]) != to_come {
            return Err(format!("mail of a parcel differs: {ledger} holds {due:?}, to come {to_come}, told {mail}"));
        }
    }
    Ok(())
}
