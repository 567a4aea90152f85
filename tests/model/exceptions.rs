//! Reference model, exceptions: what is open at the end, as (kind, entity), of the kinds that depend on rows alone (exceptions.md).

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;
use waybill::facts::order::{ErpState, ScanMeaning, Terms, Word};
use waybill::facts::time::Span;
use waybill::facts::{Moment, OrderRow, SkuRow};

use crate::fold::Facts;
use crate::goods::Parcel;
use crate::order::Order;
use crate::stock::{CHANNELS, figure, is_open};

/// By kind and entity: is the exception open? Where the model can't know, nothing stands.
pub type Open = BTreeMap<(&'static str, String), bool>;

/// Kinds that depend on an order's rows.
pub fn of_orders(orders: &BTreeMap<String, Order<'_>>, tick: Moment) -> Open {
    let mut open = Open::new();
    for (key, order) in orders {
        let mut say = |kind, holds| {
            open.insert((kind, key.clone()), holds);
        };
        let Some(header) = order.header else { continue };
        if order.is_test() || order.lines().is_empty() {
            continue;
        }
        let since = |span| header.placed_at + span <= tick;
        if !order.nothing_wanted() {
            say("order-incomplete", !order.complete && since(Span::minutes(15)));
        }
        say("totals-differ", order.totals_differ);
        if !order.goods.unknown_line {
            say("other-item-despatched", !order.goods.others.is_empty());
        }
        if !order.goods.pooled {
            say("over-despatched", order.goods.over);
            if !order.goods.over {
                say("rows-contradict", false);
            }
        }
        if !order.replaced_record && !order.goods.pooled {
            say("erp-duplicate", order.duplicate);
            say("erp-record-gone", gone(order, tick));
        }
        if order.settled && order.complete && !order.goods.pooled && !order.goods.over {
            let unpaid = !order.secured && !order.nothing_wanted() && header.terms == Terms::Prepaid;
            say("unpaid", unpaid && since(Span::days(3)));
        }
        // Whether a parcel is lost of which no piece is on a line is left open.
        if !order.goods.unknown_line && order.goods.others.is_empty() {
            say("parcel-lost", order.goods.parcels.iter().any(|parcel| lost(parcel, tick)));
        }
    }
    open
}

/// The carrier says so; or a parcel that can be scanned has not been for ten days.
fn lost(parcel: &Parcel, tick: Moment) -> bool {
    let holds = parcel.pieces.values().any(|count| !count.is_zero());
    let since = parcel.scanned_at.max(Some(parcel.despatched_at)).unwrap_or(parcel.despatched_at);
    let silent = parcel.tracking.is_some() && !parcel.delivered && since + Span::days(10) <= tick;
    holds && (parcel.scan == Some(ScanMeaning::Lost) || silent)
}

/// The ERP's last document is deleted, nothing was posted, nothing cancelled, for an hour.
fn gone(order: &Order<'_>, tick: Moment) -> bool {
    let posted = order.kept.iter().any(|kept| matches!(kept.row, OrderRow::ErpPosted(_)));
    let deleted = order.kept.iter().filter_map(|kept| match &kept.row {
        OrderRow::ErpRecord(record) if record.state != Word::Known(ErpState::Cancelled) => kept.gone,
        _ => None,
    });
    deleted.max().is_some_and(|last| last + Span::hours(1) <= tick) && !posted && !order.nothing_wanted()
}

/// `oversold`, `negative-count`.
pub fn of_stock(facts: &Facts, orders: &BTreeMap<String, Order<'_>>) -> Open {
    let mut open = Open::new();
    // A kit has no goods of its own: its parts are oversold.
    for (sku, kept) in facts.skus.iter().filter(|(sku, _)| sku.as_str() != "KIT") {
        let negative = kept.iter().any(|kept| matches!(&kept.row, SkuRow::Count(count) if count.quantity.is_negative()));
        open.insert(("negative-count", sku.to_string()), negative);
        if CHANNELS.iter().any(|channel| is_open(sku, channel, orders)) {
            continue;
        }
        let backorder = kept.iter().any(|kept| matches!(&kept.row, SkuRow::Product(product) if product.backorder_allowed));
        let short = CHANNELS.iter().any(|channel| figure(sku, channel, facts, orders).is_some_and(|figure| figure.free < Decimal::ZERO));
        open.insert(("oversold", sku.to_string()), short && !backorder);
    }
    open
}

/// `orphan-rows`: rows whose order is unknown, and that have waited for a day.
pub fn of_names(facts: &Facts, tick: Moment) -> BTreeSet<String> {
    facts.orphans.iter().filter(|(_, since)| **since + Span::days(1) <= tick).map(|(name, _)| name.to_string()).collect()
}
