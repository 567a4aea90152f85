//! What counts exclude: by their basis, by what their system has posted, by their own movements.

use super::*;
use crate::entities::rules::{CountingRules, ReportsRefunds, Role, SourceRules};
use crate::entities::sku::explain::explain;
use crate::facts::sku::{Allocation, Movement, ShopFigure};

const ERP: SourceId = SourceId(9);
const PLUS: SourceId = SourceId(10);

fn source(id: SourceId, name: &str, role: Role) -> SourceRules {
    SourceRules { id, name: name.into(), roles: vec![role], reports_refunds: ReportsRefunds::None, trust_header_count: false, quiet: None }
}

/// LDN has a warehouse system, and is counted by `counter`.
fn counted_by(counter: SourceId) -> Rules {
    let here = Location { wms: Some(WMS), counted_by: Some(counter), sellable_buckets: vec![], ..location("LDN", &["London"], None) };
    let sources = vec![
        source(WMS, "wms", Role::Wms),
        source(ERP, "erp", Role::Erp),
        source(SHOP, "magento", Role::Shop),
        source(PLUS, "plus", Role::Shop),
    ];
    Rules { sources, channels: vec![channel("uk", &["LDN"])], locations: vec![here], ..Rules::default() }
}

fn counting(mut rules: Rules, counter: SourceId, counting: CountingRules) -> Rules {
    rules.stock.sources.insert(counter, counting);
    rules
}

fn statement(source: SourceId, pieces: i64, at: Moment) -> Allocation {
    Allocation { source, location: "LDN".into(), quantity: quantity(pieces), at, version: None }
}

fn counts(pieces: i64, basis: Basis, counted_at: Moment) -> SkuRow {
    SkuRow::Count(Count { location: "LDN".into(), bucket: "".into(), quantity: quantity(pieces), basis, counted_at })
}

fn line(claim: i64, left: Vec<DemandDespatch>, allocated: Vec<Allocation>, posted: Vec<Allocation>) -> SkuRow {
    match demand(Some("LDN"), claim, left) {
        SkuRow::Demand(line) => SkuRow::Demand(Box::new(Demand { allocated, posted, ..*line })),
        other => other,
    }
}

fn movement(bucket: &str, pieces: i64, at: Moment) -> SkuRow {
    let (location, bucket) = ("LDN".into(), bucket.into());
    SkuRow::Movement(Movement { location, bucket, quantity: quantity(pieces), moved_at: at, cause: "adjustment".into() })
}

/// On hand 10; five pieces of open orders (Magento 3, Shopify 2), all allocated in the warehouse; safety stock 1. Free are 5, shown are 4,
/// whoever counts.
#[test]
fn ten_on_hand_and_five_on_order_show_four_whatever_the_count_leaves_out() {
    let allocated = |source| vec![statement(source, 3, minute(5))];
    let lines = |bench: &mut Bench, plus: Vec<Allocation>| {
        bench.put(SourceId::WAYBILL, "m|a", line(3, vec![], allocated(WMS), vec![]));
        bench.put(SourceId::WAYBILL, "s|a", line(2, vec![], [vec![statement(WMS, 2, minute(5))], plus].concat(), vec![]));
    };
    let mut on_hand = Bench::with(counted_by(WMS));
    on_hand.put(WMS, "c", counts(10, Basis::OnHand, minute(10)));
    lines(&mut on_hand, vec![]);
    let mut available = Bench::with(counted_by(WMS));
    available.put(WMS, "c", counts(5, Basis::Free, minute(10)));
    lines(&mut available, vec![]);
    let mut shopify = Bench::with(counted_by(PLUS));
    let figure = ShopFigure { shop: "plus".into(), location: "LDN".into(), quantity: quantity(8), basis: Basis::Free };
    shopify.log(1, PLUS, "c", SkuRow::ShopFigure(figure), minute(10));
    lines(&mut shopify, vec![statement(PLUS, 2, minute(0))]);
    for (mut bench, name) in [(on_hand, "on hand"), (available, "available"), (shopify, "Shopify's available")] {
        let figure = bench.figure().expect("counted");
        assert_eq!((figure.free, figure.shown), (quantity(5), quantity(4)), "{name}");
    }
}

#[test]
fn pieces_that_are_set_aside_after_a_count_of_free_ones_are_still_in_it() {
    let mut bench = Bench::with(counted_by(WMS));
    bench.put(WMS, "c", counts(10, Basis::Free, minute(10)));
    bench.put(SourceId::WAYBILL, "1|a", line(3, vec![], vec![statement(WMS, 2, minute(9)), statement(WMS, 1, minute(11))], vec![]));
    assert_eq!(bench.free(), quantity(9), "two were left out, one was not");
    bench.put(WMS, "c", counts(9, Basis::Free, minute(12)));
    assert_eq!(bench.free(), quantity(9));
}

/// Available does not move when what was allocated leaves: no new count comes, and the figure must not dip.
#[test]
fn what_was_set_aside_before_the_count_leaves_without_a_dip() {
    let mut bench = Bench::with(counted_by(WMS));
    bench.put(WMS, "c", counts(7, Basis::Free, minute(10)));
    let allocated = vec![statement(WMS, 3, minute(5))];
    bench.put(SourceId::WAYBILL, "1|a", line(3, vec![], allocated.clone(), vec![]));
    assert_eq!(bench.free(), quantity(7));
    bench.put(WMS, "D1|TEE", despatched("LDN", 2, minute(60)));
    bench.put(SourceId::WAYBILL, "1|a", line(3, vec![part("D1|TEE", "LDN", 2, minute(60))], allocated, vec![]));
    assert_eq!(bench.free(), quantity(7));
}

/// Shopify's available was 7 when an order of 3 was placed (10 less 3), and no level follows when the ERP posts the parcel: still 7 are free. Its
/// fulfilment shows it later, and nothing changes. Of an order that is placed after the level, what leaves is still in it.
#[test]
fn what_a_shop_has_committed_is_not_missed_twice_when_another_system_tells_that_it_left() {
    let mut bench = Bench::with(counted_by(PLUS));
    let level = ShopFigure { shop: "plus".into(), location: "LDN".into(), quantity: quantity(7), basis: Basis::Free };
    bench.log(1, PLUS, "c", SkuRow::ShopFigure(level), minute(10));
    let (committed, left) = (vec![statement(PLUS, 3, minute(9))], vec![part("D1|TEE", "LDN", 3, minute(60))]);
    bench.put(SourceId::WAYBILL, "1|a", line(3, vec![], committed.clone(), vec![]));
    assert_eq!(bench.free(), quantity(7), "placed");
    bench.put(SourceId::WAYBILL, "1|a", line(3, left.clone(), committed.clone(), vec![]));
    assert_eq!(bench.free(), quantity(7), "posted by the ERP");
    bench.put(SourceId::WAYBILL, "1|a", line(3, left, committed, vec![statement(PLUS, 2, minute(8))]));
    assert_eq!(bench.free(), quantity(7), "two of them shown by the shop as well");
    let left = vec![part("D2|TEE", "LDN", 1, minute(70))];
    bench.put(SourceId::WAYBILL, "2|a", line(1, left, vec![statement(PLUS, 1, minute(65))], vec![]));
    assert_eq!(bench.free(), quantity(6), "committed after the level");
}

/// NAV, sum of item ledger 10; the warehouse despatched 2 at 11:30, NAV posts at 23:00; a count of 12:00 still holds them.
#[test]
fn a_system_that_books_at_night_holds_by_day_what_has_left() {
    let mut bench = Bench::with(counted_by(ERP));
    let noon = minute(12 * 60);
    bench.log(1, ERP, "c", counts(10, Basis::OnHand, noon), noon);
    let left = vec![part("D1|TEE", "LDN", 2, minute(11 * 60 + 30))];
    bench.put(WMS, "D1|TEE", despatched("LDN", 2, minute(11 * 60 + 30)));
    bench.put(SourceId::WAYBILL, "1|a", line(2, left.clone(), vec![], vec![]));
    bench.put(SourceId::WAYBILL, "2|a", line(3, vec![], vec![], vec![]));
    assert_eq!(bench.free(), quantity(5));
    // NAV posts the two, and counts 8: in either order of arrival the figure stays.
    let night = minute(23 * 60);
    let posted = vec![Allocation { version: Some(position(2)), ..statement(ERP, 2, night) }];
    bench.put(SourceId::WAYBILL, "1|a", line(2, left, vec![], posted));
    assert_eq!(bench.free(), quantity(5), "posted after the count");
    bench.log(3, ERP, "c", counts(8, Basis::OnHand, night), night);
    assert_eq!(bench.free(), quantity(5));
}

#[test]
fn an_undone_shipment_is_in_the_count_again() {
    let mut bench = Bench::with(counted_by(ERP));
    bench.log(9, ERP, "c", counts(10, Basis::OnHand, minute(60)), minute(60));
    let left = vec![part("D1|TEE", "LDN", 2, minute(5))];
    let posted = vec![statement(ERP, 2, minute(20)), statement(ERP, -2, minute(30))];
    bench.put(SourceId::WAYBILL, "1|a", line(2, left, vec![], posted));
    assert_eq!(bench.free(), quantity(8), "the goods have left, the ERP has them again");
}

#[test]
fn bookings_that_are_long_over_are_forgotten_and_the_figure_stays() {
    let mut bench = Bench::with(counted_by(ERP));
    let day = Span::days(1).0 / 60_000;
    bench.log(1, ERP, "c", counts(10, Basis::OnHand, minute(0)), minute(0));
    bench.put(WMS, "D1|TEE", despatched("LDN", 2, minute(10)));
    let posted = vec![Allocation { version: Some(position(2)), ..statement(ERP, 2, minute(30)) }];
    bench.put(SourceId::WAYBILL, "1|a", line(2, vec![part("D1|TEE", "LDN", 2, minute(10))], vec![], posted));
    for days in 1..8 {
        bench.log(10 + days as u64, ERP, "c", counts(8, Basis::OnHand, minute(days * day)), minute(days * day));
        assert_eq!(bench.free(), quantity(8), "day {days}");
    }
    assert!(bench.state.sums().departures.is_empty() && bench.state.sums().shares.is_empty() && bench.state.sums().departed.is_empty());
}

#[test]
fn a_counter_without_despatches_of_its_own_takes_them_after_its_booking_delay() {
    let delay = CountingRules { posting_delay: Some(Span::hours(2)), ..CountingRules::default() };
    let mut bench = Bench::with(counting(counted_by(ERP), ERP, delay));
    let left = vec![part("D1|TEE", "LDN", 2, minute(60))];
    bench.put(SourceId::WAYBILL, "1|a", line(2, left, vec![], vec![]));
    bench.put(ERP, "c", counts(10, Basis::OnHand, minute(60 + 119)));
    assert_eq!(bench.free(), quantity(8), "it may still hold them");
    bench.put(ERP, "c", counts(8, Basis::OnHand, minute(61 + 120)));
    assert_eq!(bench.free(), quantity(8));
}

/// One system's log orders its rows, whatever its clock says; what one transaction wrote is in the count.
#[test]
fn rows_of_one_log_are_ordered_by_it() {
    let with = |count: u64, row: u64, at: Moment| {
        let mut bench = Bench::with(counted_by(WMS));
        bench.log(count, WMS, "c", counts(8, Basis::OnHand, minute(60)), minute(60));
        let left = DemandDespatch { version: Some(position(row)), ..part("D1|TEE", "LDN", 2, at) };
        bench.put(SourceId::WAYBILL, "1|a", line(2, vec![left], vec![], vec![]));
        bench.free()
    };
    assert_eq!(with(7, 6, minute(61)), quantity(8), "its clock runs ahead, it was posted before");
    assert_eq!(with(7, 8, minute(50)), quantity(6), "posted after the count");
    assert_eq!(with(7, 8, minute(60)), quantity(8), "one transaction");
}

/// A snapshot reads all tables at one position; the shipment's row came several times there, the count's once. So often a row was told is no order of two rows.
#[test]
fn rows_of_one_event_are_not_ordered_by_how_often_each_was_told() {
    let mut bench = Bench::with(counted_by(WMS));
    bench.log(7, WMS, "c", counts(8, Basis::OnHand, minute(60)), minute(60));
    let told_again = Version { place: position(7).place.with_ordinal(3), ..position(7) };
    let left = DemandDespatch { version: Some(told_again), ..part("D1|TEE", "LDN", 2, minute(50)) };
    bench.put(SourceId::WAYBILL, "1|a", line(2, vec![left], vec![], vec![]));
    assert_eq!(bench.free(), quantity(8), "both were read at one moment: what had left is not counted");
}

/// The movements that a person is shown as terms of the figure.
fn moved(bench: &Bench) -> Quantity {
    explain(&sku(), &bench.state, &bench.rules).channels[0].movements.iter().map(|moved| moved.quantity).sum()
}

#[test]
fn movements_after_a_count_are_added_only_for_a_source_that_counts_now_and_then() {
    let movements = CountingRules { movements: true, ..CountingRules::default() };
    for (rules, free) in [(counting(counted_by(WMS), WMS, movements), 12), (counted_by(WMS), 10)] {
        let mut bench = Bench::with(rules);
        bench.put(WMS, "c", counts(10, Basis::OnHand, minute(60)));
        bench.put(WMS, "m1", movement("", 7, minute(60)));
        bench.put(WMS, "m2", movement("", 3, minute(61)));
        bench.put(WMS, "m3", movement("", -1, minute(90)));
        bench.put(ERP, "m4", movement("", 50, minute(90)));
        assert_eq!((bench.free(), moved(&bench)), (quantity(free), quantity(free - 10)));
        bench.put(WMS, "c", counts(12, Basis::OnHand, minute(120)));
        assert_eq!(bench.free(), quantity(12), "the new count holds them");
    }
}

/// A return goes into quarantine; the warehouse moves it to the shelf; the nightly count has it.
#[test]
fn a_return_is_sellable_once_when_its_inspector_says_so() {
    let mut rules = counting(counted_by(WMS), WMS, CountingRules { movements: true, ..CountingRules::default() });
    rules.locations[0].sellable_buckets = vec!["Available Stock".into()];
    let mut bench = Bench::with(rules);
    let count = |bucket: &str, pieces, counted_at| {
        let location = "LDN".into();
        SkuRow::Count(Count { location, bucket: bucket.into(), quantity: quantity(pieces), basis: Basis::OnHand, counted_at })
    };
    bench.put(WMS, "a", count("Available Stock", 5, minute(0)));
    bench.put(WMS, "grn", movement("Quarantine", 1, minute(60)));
    assert_eq!(bench.free(), quantity(5));
    assert_eq!(moved(&bench), quantity(0), "goods in quarantine are no term of the figure");
    bench.put(WMS, "out", movement("Quarantine", -1, minute(90)));
    bench.put(WMS, "in", movement("Available Stock", 1, minute(90)));
    assert_eq!(bench.free(), quantity(6));
    bench.put(WMS, "a", count("Available Stock", 6, minute(24 * 60)));
    bench.put(WMS, "q", count("Quarantine", 0, minute(24 * 60)));
    assert_eq!(bench.free(), quantity(6));
}

#[test]
fn a_shop_that_counts_its_own_goods_is_written_what_it_has() {
    let mut bench = Bench::with(counted_by(SHOP));
    let figure = ShopFigure { shop: "magento".into(), location: "LDN".into(), quantity: quantity(10), basis: Basis::OnHand };
    bench.log(1, SHOP, "c", SkuRow::ShopFigure(figure), minute(10));
    bench.put(SHOP, "r1", holding(3));
    bench.put(SourceId::WAYBILL, "1|a", line(3, vec![], vec![statement(SHOP, 3, minute(0))], vec![]));
    let figure = bench.figure().expect("counted");
    assert_eq!((figure.free, figure.shown, figure.to_write), (quantity(7), quantity(6), quantity(10)));
}

/// It is not known yet from which of the pool's locations the line is sent: what one of their counts may still hold is subtracted.
#[test]
fn a_line_without_a_location_is_set_aside_once_every_count_of_its_pool_is_newer() {
    for (london, berlin) in [(10, 20), (20, 10)] {
        let mut rules = counted_by(WMS);
        rules.locations.push(Location { sellable_buckets: vec![], ..location("BER", &[], Some(WMS)) });
        rules.channels = vec![channel("uk", &["LDN", "BER"])];
        let mut bench = Bench::with(rules);
        let count = |code: &str, counted_at| {
            SkuRow::Count(Count {
                location: code.into(),
                bucket: "".into(),
                quantity: quantity(5),
                basis: Basis::Free,
                counted_at: minute(counted_at),
            })
        };
        bench.put(WMS, "l", count("LDN", london));
        bench.put(WMS, "b", count("BER", berlin));
        let waiting = match demand(None, 3, vec![]) {
            SkuRow::Demand(line) => SkuRow::Demand(Box::new(Demand { allocated: vec![statement(WMS, 2, minute(15))], ..*line })),
            other => other,
        };
        bench.put(SourceId::WAYBILL, "1|a", waiting);
        assert_eq!(bench.free(), quantity(7), "London counted at {london}, Berlin at {berlin}");
        bench.put(WMS, "l", count("LDN", 30));
        bench.put(WMS, "b", count("BER", 30));
        assert_eq!(bench.free(), quantity(9), "both counts leave the two out");
    }
}

/// Two parcels of a line, each posted by a row of its own: the count stands between the two.
#[test]
fn each_booking_of_a_line_is_judged_by_its_own_place_in_the_log() {
    let mut bench = Bench::with(counted_by(ERP));
    bench.log(5, ERP, "c", counts(8, Basis::OnHand, minute(25)), minute(25));
    bench.put(WMS, "D1|TEE", despatched("LDN", 2, minute(5)));
    bench.put(WMS, "D2|TEE", despatched("LDN", 2, minute(6)));
    let left = vec![part("D1|TEE", "LDN", 2, minute(5)), part("D2|TEE", "LDN", 2, minute(6))];
    let posted = |n, at| Allocation { version: Some(position(n)), ..statement(ERP, 2, minute(at)) };
    bench.put(SourceId::WAYBILL, "1|a", line(4, left, vec![], vec![posted(2, 20), posted(9, 30)]));
    assert_eq!(bench.free(), quantity(6), "the second is not in the count yet");
    bench.log(10, ERP, "c", counts(6, Basis::OnHand, minute(31)), minute(31));
    assert_eq!(bench.free(), quantity(6));
}

/// What a count has held for long is no term of any figure any more: the row goes, or movements would pile up for ever.
#[test]
fn movements_that_counts_have_held_for_long_are_dropped() {
    let movements = CountingRules { movements: true, ..CountingRules::default() };
    let mut bench = Bench::with(counting(counted_by(WMS), WMS, movements));
    bench.put(WMS, "c", counts(10, Basis::OnHand, minute(60)));
    bench.put(WMS, "m1", movement("", 3, minute(61)));
    let there = |bench: &Bench| {
        let key = RowKey { kind: SkuRow::MOVEMENT, source: WMS, id: "m1".into() };
        bench.state.row(&key).is_some_and(|kept| kept.content().is_some())
    };
    assert_eq!((bench.free(), there(&bench)), (quantity(13), true));
    let days = Span::days(3).0 / 60_000;
    bench.put(WMS, "c", counts(13, Basis::OnHand, minute(60 + days)));
    assert_eq!((bench.free(), there(&bench)), (quantity(13), false));
}
