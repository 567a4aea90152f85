//! Stock: every SKU's last figure, what the shop sells, and the prices it shows.

use std::collections::BTreeMap;

use super::heard::Heard;
use super::{Failures, Invariant, ShopTruth, Truth};
use crate::retailer::units::pounds;

pub(super) fn check(heard: &Heard, truth: &Truth<'_>, failures: &mut Failures) {
    let open = open_claims(truth);
    for (article, sku) in truth.articles.iter().enumerate() {
        let claims = open.get(&article).copied().unwrap_or(0);
        for shop in &truth.shops {
            figure(heard, truth, shop, (article, sku), claims, failures);
        }
        // Without an ERP nobody keeps a price list.
        if truth.systems.has_erp() {
            price(heard, truth, article, sku, failures);
        }
    }
    for (channel, sku) in heard.stock.keys().filter(|(_, sku)| !truth.articles.contains(&sku.as_str())) {
        failures.add(Invariant::Stock, format!("stock {sku}: stock-updates for {channel} speaks of a SKU that nobody has"));
    }
}

/// Stock figures that differ: channel and article, and a sentence.
pub(super) fn differing(heard: &Heard, truth: &Truth<'_>) -> BTreeMap<(&'static str, usize), String> {
    let open = open_claims(truth);
    let mut found = BTreeMap::new();
    for (shop, (article, sku)) in truth.shops.iter().flat_map(|shop| truth.articles.iter().enumerate().map(move |of| (shop, of))) {
        let mut failures = Failures::default();
        figure(heard, truth, shop, (article, sku), open.get(&article).copied().unwrap_or(0), &mut failures);
        if let Some(first) = failures.0.into_iter().next() {
            found.insert((shop.channel, article), first.sentence);
        }
    }
    found
}

fn figure(heard: &Heard, truth: &Truth<'_>, shop: &ShopTruth, (article, sku): (usize, &str), claims: i64, failures: &mut Failures) {
    let really = truth.on_hand[article] - claims;
    let shown = really.max(0);
    let Some(said) = heard.stock.get(&(shop.channel.to_owned(), sku.to_owned())) else {
        let row = format!("(row Item inventory summary {sku})");
        failures.add(Invariant::Stock, format!("stock {sku}: stock-updates never spoke of it for {} {row}", shop.channel));
        return;
    };
    failures.same(Invariant::Stock, said.free, Some(really), |told, really| {
        let told = told.map_or("no whole number".to_owned(), |told| told.to_string());
        let (counted, said_claims) = (said.counted.unwrap_or(0), said.claims.unwrap_or(0));
        format!(
            "stock {sku}: stock-updates says {told} free (counted {counted}, claims {said_claims}), the warehouse has {} and {claims} are claimed, so {} are free; last despatches: {}",
            truth.on_hand[article],
            really.unwrap_or(0),
            last_parcels(truth, article)
        )
    });
    failures.same(Invariant::Stock, said.shown, Some(shown), |told, really| {
        format!("stock {sku}: stock-updates shows {}, may be sold {}", told.unwrap_or(0), really.unwrap_or(0))
    });
    failures.same(Invariant::Stock, shop.salable[article], shown, |sells, really| {
        format!("stock {sku}: {} sells {sells} (its figure is {}), may be sold {really}", shop.shop, shop.figures[article])
    });
}

/// Pieces that are wanted and still in the house, by article.
fn open_claims(truth: &Truth<'_>) -> BTreeMap<usize, i64> {
    let mut open = BTreeMap::new();
    for line in truth.orders.iter().flat_map(|order| &order.lines) {
        *open.entry(line.article).or_default() += (line.wanted() - line.despatched).max(0);
    }
    open
}

/// The last orders that sent it: where a wrong figure is looked for first.
fn last_parcels(truth: &Truth<'_>, article: usize) -> String {
    let of = |order: &'_ crate::retailer::order::Order| {
        let parcels = order.parcels.iter().filter(|parcel| parcel.pieces.iter().any(|(line, _)| order.lines[*line].article == article));
        parcels.map(|parcel| format!("{} (order {})", parcel.number, order.number)).collect::<Vec<_>>()
    };
    let all: Vec<String> = truth.orders.iter().rev().flat_map(|order| of(order)).take(3).collect();
    if all.is_empty() { "none".to_owned() } else { all.join(", ") }
}

fn price(heard: &Heard, truth: &Truth<'_>, article: usize, sku: &str, failures: &mut Failures) {
    let really = truth.prices[article];
    failures.same(Invariant::Stock, heard.prices.get(sku).copied().flatten(), Some(really), |told, _| {
        let told = told.map_or("no price".to_owned(), pounds);
        format!("product {sku}: product-updates says {told}, the ERP's price list {}", pounds(really))
    });
}
