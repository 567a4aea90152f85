//! Pools, buckets, transfers, goods on their way, backorders, orders that are not covered.

use super::*;
use crate::entities::sku::cover::uncovered;
use crate::entities::sku::findings::findings;
use crate::facts::sku::Expected;

#[test]
fn goods_in_transit_are_counted_and_sold_by_nobody() {
    let mut rules = rules();
    rules.locations.push(location("TRUCK", &[], Some(WMS)));
    rules.channels[0].pool.push("TRUCK".into());
    let mut bench = Bench::with(rules);
    bench.count(5, minute(0));
    bench.put(WMS, "TRUCK|main", count("TRUCK", "main", 7, minute(0)));
    assert_eq!(bench.free(), quantity(12), "a location like any other");
    bench.rules.stock.in_transit.push("TRUCK".into());
    assert_eq!(bench.free(), quantity(5));
}

/// A transfer is two movements: what has left one house and not reached the other is nowhere sellable.
#[test]
fn a_transfer_is_sellable_nowhere_while_it_is_on_its_way() {
    let mut bench = Bench::default();
    bench.rules.stock.sources.insert(WMS, crate::entities::rules::CountingRules { movements: true, ..Default::default() });
    bench.count(5, minute(0));
    bench.put(WMS, "BER|main", count("BER", "main", 5, minute(0)));
    let moved = |location: &str, pieces, at| {
        let (location, bucket) = (location.into(), "main".into());
        SkuRow::Movement(crate::facts::sku::Movement {
            location,
            bucket,
            quantity: quantity(pieces),
            moved_at: at,
            cause: "transfer".into(),
        })
    };
    let free = |bench: &mut Bench| -> Vec<Quantity> { bench.figures().into_iter().map(|figure| figure.free).collect() };
    bench.put(WMS, "t1-out", moved("BER", -3, minute(10)));
    assert_eq!(free(&mut bench), [quantity(5), quantity(7)]);
    bench.put(WMS, "t1-in", moved("London", 3, minute(99)));
    assert_eq!(free(&mut bench), [quantity(8), quantity(10)]);
}

#[test]
fn two_channels_that_sell_the_last_piece_both_show_none_and_one_is_short() {
    let mut bench = Bench::default();
    bench.count(1, minute(0));
    bench.rules.channels[1].pool = vec!["LDN".into()];
    bench.put(SourceId::WAYBILL, "1|a", demand(Some("LDN"), 1, vec![]));
    bench.put(SourceId::WAYBILL, "2|a", demand(Some("LDN"), 1, vec![]));
    let figures = bench.figures();
    assert_eq!(figures.iter().map(|figure| (figure.free, figure.shown)).collect::<Vec<_>>(), [(quantity(-1), quantity(0)); 2]);
}

#[test]
fn a_count_below_zero_is_used_as_it_is() {
    let mut bench = Bench::default();
    bench.count(-2, minute(0));
    let figure = bench.figure().expect("counted");
    assert_eq!((figure.free, figure.shown, figure.to_write), (quantity(-2), quantity(0), quantity(0)));
}

#[test]
fn safety_stock_is_no_shortage() {
    let mut bench = Bench::default();
    bench.rules.channels[0].safety_by_sku = vec![(sku(), quantity(5))];
    bench.count(3, minute(0));
    bench.put(SourceId::WAYBILL, "1|a", demand(Some("LDN"), 2, vec![]));
    let figure = bench.figure().expect("counted");
    assert_eq!((figure.free, figure.shown), (quantity(1), quantity(0)));
}

#[test]
fn the_next_receipt_is_the_earliest_one_at_a_location_of_the_pool() {
    let mut bench = Bench::default();
    bench.count(0, minute(0));
    let expected = |location: &str, pieces, at| {
        SkuRow::Expected(Expected { location: location.into(), quantity: quantity(pieces), expected_at: minute(at) })
    };
    bench.put(SHOP, "po1", expected("London", 12, 900));
    bench.put(SHOP, "po2", expected("BER", 5, 100));
    bench.put(SHOP, "po3", expected("LDN", 0, 50));
    let next: Vec<_> = bench.figures().into_iter().map(|figure| figure.next_expected).collect();
    assert_eq!(next, [Some((minute(900), quantity(12))), Some((minute(100), quantity(5)))]);
}

fn placed(number: i64, pieces: i64, at: Moment) -> SkuRow {
    match demand(Some("LDN"), pieces, vec![]) {
        SkuRow::Demand(line) => SkuRow::Demand(Box::new(Demand {
            order: OrderKey::new("magento", &number.to_string()),
            number: number.to_string().into(),
            placed_at: at,
            ..*line
        })),
        other => other,
    }
}

#[test]
fn claims_are_covered_in_the_order_of_placing_so_the_latest_are_not() {
    let mut bench = Bench::default();
    bench.count(5, minute(0));
    for number in 1..=4_i64 {
        let row = placed(number, 2, minute(number));
        bench.put(SourceId::WAYBILL, &format!("{number}|a"), row);
    }
    let figure = bench.figure().expect("counted");
    let found = uncovered(&bench.rules.channels[0], &figure, &bench.state, &bench.rules);
    let named: Vec<&str> = found.named.iter().map(|(_, number)| number.as_str()).collect();
    assert_eq!((figure.free, named, found.lines), (quantity(-3), vec!["4", "3"], 2));
}

#[test]
fn an_order_that_is_short_on_two_lines_is_named_once() {
    let mut bench = Bench::default();
    bench.count(0, minute(0));
    for (number, line) in [(1, "a"), (2, "a"), (2, "b")] {
        bench.put(SourceId::WAYBILL, &format!("{number}|{line}"), placed(number, 1, minute(number)));
    }
    let figure = bench.figure().expect("counted");
    let found = uncovered(&bench.rules.channels[0], &figure, &bench.state, &bench.rules);
    let named: Vec<&str> = found.named.iter().map(|(_, number)| number.as_str()).collect();
    assert_eq!((named, found.lines), (vec!["2", "1"], 3));
}

#[test]
fn twenty_orders_are_named_and_all_are_counted() {
    let mut bench = Bench::default();
    bench.count(0, minute(0));
    for number in 1..=200_i64 {
        // Many in one minute, and several minutes.
        let row = placed(number, 1, minute(number / 50) + Span(number));
        bench.put(SourceId::WAYBILL, &format!("{number}|a"), row);
    }
    let figure = bench.figure().expect("counted");
    let found = uncovered(&bench.rules.channels[0], &figure, &bench.state, &bench.rules);
    let named: Vec<i64> = found.named.iter().filter_map(|(_, number)| number.parse().ok()).collect();
    assert_eq!((named, found.lines), ((181..=200).rev().collect(), 200));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    /// Lines of a minute, of days, of years: those found stretch by stretch are those of a walk over all of them.
    #[test]
    fn lines_not_covered_are_those_of_a_walk_over_all_of_them(
        lines in proptest::collection::vec((0..3_u32, 0..40_i64, 1..4_i64), 1..80),
        counted in 0..60_i64,
    ) {
        let mut bench = Bench::default();
        bench.count(counted, minute(0));
        let mut all: Vec<(Moment, usize, i64)> = Vec::new();
        for (i, (scale, at, pieces)) in lines.into_iter().enumerate() {
            let at = Moment(-1_000 + at * [7, 90_000, 40_000_000][scale as usize]);
            all.push((at, i, pieces));
            // Some wait at the place itself, some have no location yet.
            let place = if i % 3 == 0 { None } else { Some("LDN") };
            let row = match (placed(i as i64, pieces, at), demand(place, pieces, vec![])) {
                (SkuRow::Demand(line), SkuRow::Demand(other)) => Demand { location: other.location, ..*line },
                _ => unreachable!("demands"),
            };
            bench.put(SourceId::WAYBILL, &format!("{i:03}"), SkuRow::Demand(Box::new(row)));
        }
        let figure = bench.figure().expect("counted");
        let found = uncovered(&bench.rules.channels[0], &figure, &bench.state, &bench.rules);
        let mut missing = all.iter().map(|(_, _, pieces)| pieces).sum::<i64>() - counted;
        all.sort();
        let mut named = Vec::new();
        for (_, i, pieces) in all.into_iter().rev() {
            if missing <= 0 {
                break;
            }
            missing -= pieces;
            named.push(i.to_string());
        }
        prop_assert_eq!(found.lines as usize, named.len());
        named.truncate(20);
        prop_assert_eq!(found.named.into_iter().map(|(_, number)| number.to_string()).collect::<Vec<_>>(), named);
    }
}

/// The shop has compensated a reservation twice: it adds 5 to its figure by itself.
#[test]
fn a_shop_that_holds_back_less_than_nothing_is_named() {
    let mut bench = Bench::default();
    bench.count(4, minute(0));
    bench.put(SHOP, "r1", holding(-2));
    assert_eq!(bench.written(), quantity(1), "what it adds is taken from its figure");
    let kinds = |bench: &mut Bench| -> Vec<(&'static str, String)> {
        let figures = bench.figures();
        let found = findings(&sku(), &bench.state, &bench.rules, minute(0), &figures);
        found.into_iter().map(|finding| (finding.kind, finding.number.to_string())).collect()
    };
    assert_eq!(kinds(&mut bench), []);
    bench.put(SHOP, "r2", holding(-3));
    assert_eq!(bench.written(), quantity(-2), "not cut: with nothing written it would sell two that are not there");
    assert_eq!(kinds(&mut bench)[0], ("shop-oversells", "uk".to_owned()));
}

#[test]
fn what_is_held_back_in_one_stock_is_subtracted_in_its_channels_alone() {
    let mut bench = Bench::default();
    bench.rules.channels[1].pool = vec!["LDN".into()];
    bench.count(10, minute(0));
    let of_stock = |stock: &str| match holding(3) {
        SkuRow::Holding(holding) => SkuRow::Holding(Holding { stock: stock.into(), ..holding }),
        other => other,
    };
    let held = |bench: &mut Bench| bench.figures().iter().map(|figure| figure.held_by_shop).collect::<Vec<_>>();
    bench.put(SHOP, "r1", of_stock("2"));
    assert_eq!(held(&mut bench), [quantity(3), quantity(3)], "nobody says which channel's it is");
    bench.rules.channels[1].takes_orders = false;
    assert_eq!(held(&mut bench), [quantity(3), quantity(3)], "the second sells the goods that the first's orders take");
    bench.rules.channels[1].pool.push("BER".into());
    assert_eq!(held(&mut bench), [quantity(3), quantity(0)], "no order takes goods of the second: nothing is held back there");
    bench.rules.channels[1].takes_orders = true;
    bench.rules.channels[0].stock_id = "2".into();
    assert_eq!(held(&mut bench), [quantity(3), quantity(0)]);
    bench.put(SHOP, "r2", of_stock("3"));
    assert_eq!(held(&mut bench), [quantity(3), quantity(3)], "the rest is of the channel that names none");
    bench.rules.channels[1].stock_id = "4".into();
    assert_eq!(held(&mut bench), [quantity(3), quantity(0)]);
}
