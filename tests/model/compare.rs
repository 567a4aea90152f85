//! Engine and reference model side by side, by theme: what the engine emitted, and what the specification asks for.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;
use serde_json::Value as Json;
use waybill::events::Topic;
use waybill::facts::order::ScanMeaning;
use waybill::facts::time::Span;
use waybill::facts::{Moment, Sku};

use crate::drive::Seen;
use crate::exceptions;
use crate::fold::{Facts, fold};
use crate::history::History;
use crate::order::{Order, order};
use crate::stock::{CHANNELS, figure, is_open};

/// What is compared.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Theme {
    /// Ordered, wanted, despatched and delivered of each line.
    Goods,
    /// Parcels: tracking, newest scan, delivered, assumed.
    Parcels,
    Stage,
    Flags,
    SalesOrders,
    Fulfilment,
    Despatches,
    Completions,
    Mails,
    Stock,
    Kits,
    Products,
    Offers,
    OrderExceptions,
    StockExceptions,
    Orphans,
}

impl Theme {
    pub const ALL: [Self; 16] = [
        Self::Goods,
        Self::Parcels,
        Self::Stage,
        Self::Flags,
        Self::SalesOrders,
        Self::Fulfilment,
        Self::Despatches,
        Self::Completions,
        Self::Mails,
        Self::Stock,
        Self::Kits,
        Self::Products,
        Self::Offers,
        Self::OrderExceptions,
        Self::StockExceptions,
        Self::Orphans,
    ];
}

fn number(json: &Json) -> Decimal {
    json.as_str().and_then(|text| text.parse().ok()).unwrap_or(Decimal::MIN)
}

/// All that the reference model computes from a history.
struct Answer<'f> {
    facts: &'f Facts,
    orders: BTreeMap<String, Order<'f>>,
}

fn compare(theme: Theme, history: &History, seen: &Seen, answer: &Answer<'_>) -> Result<(), String> {
    match theme {
        Theme::Products | Theme::Offers => return products(theme, history, seen, answer),
        Theme::Stock | Theme::Kits => return stock(theme, seen, answer),
        Theme::OrderExceptions => return kinds(exceptions::of_orders(&answer.orders, history.end), seen),
        Theme::StockExceptions => return kinds(exceptions::of_stock(answer.facts, &answer.orders), seen),
        Theme::Orphans => {
            let due = exceptions::of_names(answer.facts, history.end);
            let open: BTreeSet<String> = open(seen, "orphan-rows");
            return if due == open { Ok(()) } else { Err(format!("orphan-rows: due {due:?}, open {open:?}")) };
        }
        _ => {}
    }
    for (key, order) in &answer.orders {
        let status = seen.statements.get(&(Topic::OrderStatus, key.clone()));
        if order.header.is_none() || order.lines().is_empty() {
            continue;
        }
        match (theme, status) {
            (Theme::Goods, Some(status)) => lines(key, order, status)?,
            (Theme::Goods, None) => return Err(format!("no order-status: {key}")),
            (Theme::Parcels, Some(status)) => parcels(key, order, status)?,
            (Theme::Stage, Some(status)) if order.settled && !order.half_placed() && !order.goods.pooled && !order.contradicts() => {
                let (due, told) = (order.stage(), status["stage"].as_str().unwrap_or_default());
                if due != told {
                    return Err(format!("stage {told} where {due} holds: {key}"));
                }
            }
            (Theme::Flags, Some(status)) if order.settled && !order.goods.pooled && !order.contradicts() => flags(key, order, status)?,
            (Theme::SalesOrders, _) if !order.goods.pooled => crate::requests::sales_order(key, order, seen)?,
            (Theme::Fulfilment, _) if !order.goods.pooled => crate::requests::fulfilment(key, order, seen)?,
            (Theme::Despatches, _) => {
                let waited = |parcel: &crate::goods::Parcel| parcel.despatched_at + Span::minutes(30) <= history.end;
                crate::requests::despatches(key, order, seen, waited)?;
            }
            (Theme::Completions, _) => crate::requests::completions(key, order, seen)?,
            (Theme::Mails, _) => crate::requests::mails(key, order, seen, Moment(history.end.0 - crate::drive::HAD_FOR.0))?,
            _ => {}
        }
    }
    Ok(())
}

fn lines(key: &str, order: &Order<'_>, status: &Json) -> Result<(), String> {
    if order.goods.pooled {
        return Ok(());
    }
    for line in order.lines() {
        let Some(told) = status["lines"].as_array().into_iter().flatten().find(|told| told["line"] == line.id.as_str()) else {
            return Err(format!("line missing in order-status: {key} {}", line.id));
        };
        // Whether digital lines are supplied depends on what is owed, and so on what was stopped.
        if line.line.needs == waybill::facts::order::Needs::Digital && !order.settled && order.recorded {
            continue;
        }
        for (field, due) in
            [("ordered", line.ordered), ("despatched", line.despatched), ("wanted", line.wanted), ("delivered", line.delivered)]
        {
            if number(&told[field]) != due {
                let over = if order.goods.over { " (of an order with too many sent)" } else { "" };
                let needs = line.line.needs;
                return Err(format!("{field} of a {needs:?} line{over}: {key} line {} is {due}, order-status says {told}", line.id));
            }
        }
    }
    Ok(())
}

fn parcels(key: &str, order: &Order<'_>, status: &Json) -> Result<(), String> {
    for parcel in order.goods.parcels.iter().filter(|parcel| parcel.pieces.values().any(|count| !count.is_zero())) {
        let Some(told) = status["parcels"].as_array().into_iter().flatten().find(|told| told["parcel"] == parcel.number.as_str()) else {
            return Err(format!("parcel missing in order-status: {key} {}", parcel.number));
        };
        let told_is = (told["tracking"].as_str(), told["assumed"].as_bool(), told["delivered_at"].is_string());
        let due = (parcel.tracking.as_deref(), Some(parcel.assumed), parcel.delivered);
        if told_is != due {
            return Err(format!("parcel (tracking, assumed, delivered) differs: {key} {} is {due:?}, told {told}", parcel.number));
        }
        let word = match parcel.scan {
            // A label says no more than that it will leave.
            None | Some(ScanMeaning::Label) => "despatched".into(),
            Some(ScanMeaning::Transit) => "in-transit".into(),
            Some(ScanMeaning::Collect) => "ready-to-collect".into(),
            Some(scan) => serde_json::to_value(scan).expect("a word"),
        };
        if told["stage"] != word && !parcel.assumed {
            return Err(format!("parcel's stage differs: {key} {} is {word}, told {told}", parcel.number));
        }
    }
    Ok(())
}

fn flags(key: &str, order: &Order<'_>, status: &Json) -> Result<(), String> {
    let known = ["held", "part-cancelled", "assumed", "returning", "lost"];
    let told: BTreeSet<&str> =
        status["flags"].as_array().into_iter().flatten().filter_map(Json::as_str).filter(|flag| known.contains(flag)).collect();
    let due = order.flags();
    let off: Vec<_> = due.symmetric_difference(&told).collect();
    if off.is_empty() { Ok(()) } else { Err(format!("flags {off:?}: {key} has {due:?}, told {told:?}")) }
}

fn stock(theme: Theme, seen: &Seen, answer: &Answer<'_>) -> Result<(), String> {
    for sku in answer.facts.skus.keys() {
        let kit = sku.as_str() == "KIT";
        let parts = ["TEE", "CAP", "MUG"].map(crate::history::sku);
        if kit != (theme == Theme::Kits) {
            continue;
        }
        for channel in &CHANNELS {
            let open = |sku| is_open(sku, channel, &answer.orders);
            if open(sku) || kit && parts.iter().any(open) {
                continue;
            }
            let due = figure(sku, channel, answer.facts, &answer.orders);
            let told = seen.statements.get(&(Topic::StockUpdates, format!("{}|{sku}", channel.name)));
            let said = told.map(|body| (number(&body["free"]), number(&body["shown"]), number(&body["to_write"])));
            match (&due, said) {
                (None, None) => {}
                (Some(due), Some(said)) if kit && (due.shown, due.to_write) == (said.1, said.2) => {}
                (Some(due), Some(said)) if (due.free, due.shown, due.to_write) == said => {}
                _ => {
                    let told = told.map(Json::to_string);
                    return Err(format!("stock differs: {}|{sku} is {due:?}, told {told:?}", channel.name));
                }
            }
        }
    }
    Ok(())
}

fn products(theme: Theme, history: &History, seen: &Seen, answer: &Answer<'_>) -> Result<(), String> {
    for (sku, kept) in &answer.facts.skus {
        for channel in &CHANNELS {
            let Some(due) = crate::products::shown(kept, channel, history.end) else { continue };
            let place = format!("{}|{sku}", channel.name);
            let Some(told) = seen.statements.get(&(Topic::ProductUpdates, place.clone())) else {
                return Err(format!("no product-updates: {place}"));
            };
            let differs = |field: &str| Err(format!("product's {field} differs: {place} is {due:?}, told {told}"));
            if theme == Theme::Offers {
                let offer = told.get("offer_price").map(|price| price.as_str().map(|_| number(price)));
                if due.regular.is_ok() && !offer.is_some_and(|offer| alike(offer, due.offer)) {
                    return differs("offer price");
                }
                continue;
            }
            if told["name"] != due.name.as_str() {
                return differs("name");
            }
            if told["parent"].as_str() != due.parent.as_deref() {
                return differs("parent");
            }
            if told["blocked"].as_bool() != Some(due.blocked) {
                return differs("blocked");
            }
            if told["options"].as_array().map_or(0, Vec::len) != due.options.len() {
                return differs("options");
            }
            let price = told["regular_price"].as_str().map(|_| number(&told["regular_price"]));
            if due.regular.is_ok_and(|regular| regular != price) {
                return differs("regular price");
            }
        }
    }
    Ok(())
}

/// A percentage may be rounded as what is left or as what is taken off: a penny apart.
fn alike(one: Option<Decimal>, two: Option<Decimal>) -> bool {
    match (one, two) {
        (Some(one), Some(two)) => (one - two).abs() <= Decimal::new(1, 2),
        (one, two) => one == two,
    }
}

/// Entities of which an exception of this kind is open.
pub fn open(seen: &Seen, kind: &str) -> BTreeSet<String> {
    let open = seen.statements.iter().filter(|((topic, _), body)| *topic == Topic::Exceptions && body["kind"] == kind);
    open.map(|(_, body)| body["entity"].as_str().unwrap_or_default().to_owned()).collect()
}

fn kinds(due: exceptions::Open, seen: &Seen) -> Result<(), String> {
    for ((kind, entity), due) in due {
        let is = open(seen, kind).contains(&entity);
        if due != is {
            return Err(format!("{kind} {}: {entity}", if is { "is open and should not be" } else { "should be open" }));
        }
    }
    Ok(())
}

/// Where the reference model differs from what was seen of a history.
pub fn disagreement(history: &History, seen: &Seen, themes: &[Theme]) -> Result<(), String> {
    let facts = fold(history, &seen.arrived);
    let lacks = |location: &str, sku: &Sku| facts.lacks(location, sku);
    let orders = facts.orders.iter().map(|(key, kept)| (key.0.to_string(), order(kept, &lacks, history.end))).collect();
    let answer = Answer { facts: &facts, orders };
    themes.iter().try_for_each(|theme| compare(*theme, history, seen, &answer))
}

/// The themes to compare: those of `MODEL_THEMES` (as in "Goods Stock", "none", "all"), else all.
pub fn themes() -> Vec<Theme> {
    match std::env::var("MODEL_THEMES") {
        Ok(names) if names == "all" => Theme::ALL.to_vec(),
        Ok(names) => {
            let named = |theme: &Theme| names.split_whitespace().any(|name| name == format!("{theme:?}"));
            Theme::ALL.into_iter().filter(named).collect()
        }
        Err(_) => Theme::ALL.to_vec(),
    }
}
