//! Stock: every SKU's last figure, what the shop sells, and the prices it shows.

use std::collections::BTreeMap;

use super::heard::Heard;
use super::{Failures, Invariant, Truth};
use crate::retailer::pounds;

pub(super) fn check(heard: &Heard, truth: &Truth<'_>, failures: &mut Failures) {
    let open = open_claims(truth);
    for (article, sku) in truth.articles.iter().enumerate() {
        let claims = open.get(&article).copied().unwrap_or(0);
        let really = truth.on_hand[article] - claims;
        let shown = really.max(0);
        let Some(said) = heard.stock.get(*sku) else {
            failures.add(Invariant::Stock, format!("stock {sku}: stock-updates never spoke of it (row Item inventory summary {sku})"));
            continue;
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
        failures.same(Invariant::Stock, truth.shop_salable[article], shown, |sells, really| {
            format!("stock {sku}: Magento sells {sells} (inventory_source_item has {}), may be sold {really}", truth.shop_figures[article])
        });
        price(heard, truth, article, sku, failures);
    }
    for sku in heard.stock.keys().filter(|sku| !truth.articles.contains(&sku.as_str())) {
        failures.add(Invariant::Stock, format!("stock {sku}: stock-updates speaks of a SKU that nobody has"));
    }
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
    let all: Vec<String> = truth.orders.iter().rev().flat_map(of).take(3).collect();
    if all.is_empty() { "none".to_owned() } else { all.join(", ") }
}

fn price(heard: &Heard, truth: &Truth<'_>, article: usize, sku: &str, failures: &mut Failures) {
    let really = truth.prices[article];
    failures.same(Invariant::Stock, heard.prices.get(sku).copied().flatten(), Some(really), |told, _| {
        let told = told.map_or("no price".to_owned(), pounds);
        format!("product {sku}: product-updates says {told}, NAV's Sales Price is {}", pounds(really))
    });
}
