//! Every term of a figure, as data.

use super::*;
use crate::entities::sku::explain::explain;

#[test]
fn the_terms_that_are_shown_make_the_figure() {
    let mut bench = Bench::default();
    bench.count(10, minute(60));
    // Two have left and are in the count, one has left since, two wait; a despatch names no order.
    let left = vec![part("D1|TEE", "LDN", 2, minute(10)), part("D2|TEE", "LDN", 1, minute(70))];
    bench.put(SourceId::WAYBILL, "1|a", demand(Some("London"), 5, left));
    bench.put(SourceId::WAYBILL, "2|a", demand(Some("LDN"), 1, vec![]));
    bench.put(WMS, "D3|TEE", despatched("LDN", 4, minute(80)));
    bench.put(SHOP, "r1", holding(3));
    let why = explain(&sku(), &bench.state, &bench.rules);
    let uk = why.channels.iter().find(|channel| channel.figure.channel == "uk").expect("the channel");
    let counted: Quantity = uk.counts_from.iter().map(|count| count.quantity).sum();
    let unresolved: Quantity = uk.unresolved_despatches.iter().map(|despatch| despatch.quantity).sum();
    assert_eq!((counted, uk.figure.claims_open, unresolved, uk.figure.free), (quantity(10), quantity(4), quantity(4), quantity(2)));
    let claims: Vec<(&str, Quantity)> = uk.claims.iter().map(|claim| (claim.location.as_deref().unwrap_or(""), claim.to_send)).collect();
    assert_eq!((claims, uk.more_claims), (vec![("London", quantity(2)), ("LDN", quantity(1))], (0, quantity(0))));
    assert_eq!(uk.unresolved_despatches[0].despatch, "D3|TEE");
    assert_eq!(why.held_by_shops, [("magento".into(), quantity(3))]);
    assert!(uk.counts_from[0].cause.is_some() && uk.counts_from[0].excludes.contains("1970-01-01T01:00:00Z"), "{:?}", uk.counts_from[0]);
}

#[test]
fn of_many_claims_a_hundred_are_shown_and_the_rest_is_summed_up() {
    let mut bench = Bench::default();
    bench.count(10, minute(60));
    for number in 0..130 {
        bench.put(SourceId::WAYBILL, &format!("{number}|a"), demand(Some("LDN"), 2, vec![]));
    }
    let why = explain(&sku(), &bench.state, &bench.rules);
    assert_eq!((why.channels[0].claims.len(), why.channels[0].more_claims), (100, (30, quantity(60))));
}
