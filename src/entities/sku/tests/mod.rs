//! The figure against journey.md's examples, against any order of arrival, and against a slow answer from all rows that ever came.

mod basis;
mod explained;
mod kits;
mod pools;
mod prices;
mod shares;

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::stock::stock;
use super::sums::StockSums;
use super::*;
use crate::entities::keyed_rows::RunningSums;
use crate::entities::rules::{Channel, Location, Rules};
use crate::entities::{KeptRow, Put};
use crate::facts::sku::{Basis, Count, Demand, DemandDespatch, Despatched, Holding};
use crate::facts::time::Span;
use crate::facts::{
    Cause, Change, Currency, Moment, OrderKey, Place, Quantity, Row, RowKey, Sku, SkuRow, SourceId, Text, TopicId, Version,
};

const WMS: SourceId = SourceId(7);
const SHOP: SourceId = SourceId(8);
const CAUSE: Cause = Cause { topic: TopicId(1), partition: 0, offset: 0 };

fn quantity(n: i64) -> Quantity {
    Quantity::from_int(n)
}

fn minute(n: i64) -> Moment {
    Moment(0) + Span::minutes(n)
}

fn sku() -> Sku {
    Sku::new("TEE-BLK-M").expect("a SKU")
}

fn location(code: &str, aliases: &[&str], counted_by: Option<SourceId>) -> Location {
    let aliases = aliases.iter().map(|alias| Text::from(*alias)).collect();
    Location { code: code.into(), aliases, wms: counted_by, counted_by, sellable_buckets: vec!["main".into()], fixed_orders: false }
}

fn channel(name: &str, pool: &[&str]) -> Channel {
    Channel {
        name: name.into(),
        brand: "brand".into(),
        shop: "magento".into(),
        pool: pool.iter().map(|code| Text::from(*code)).collect(),
        safety_stock: quantity(1),
        safety_by_sku: vec![],
        price_list: "list".into(),
        currency: Currency::new("GBP").expect("a currency"),
        zone: "Europe/London".into(),
        stores: Vec::new(),
        stock_id: Default::default(),
        takes_orders: true,
    }
}

fn rules() -> Rules {
    Rules {
        channels: vec![channel("uk", &["LDN"]), channel("eu", &["LDN", "BER"])],
        locations: vec![location("LDN", &["London"], Some(WMS)), location("BER", &[], Some(WMS)), location("POP-UP", &[], None)],
        ..Rules::default()
    }
}

/// Of a system that has no version of its own, as most warehouses.
fn version(n: u64, upsert: bool) -> Version {
    Version { incarnation: 0, place: Place::Arrival { partition: 0, offset: n as i64 }, upsert, adapter: 0 }
}

/// A place in a log.
fn position(n: u64) -> Version {
    Version { incarnation: 0, place: Place::Position([n, 0, 0]), upsert: true, adapter: 0 }
}

struct Bench {
    rules: Rules,
    state: SkuState,
    version: u64,
}

impl Default for Bench {
    fn default() -> Self {
        Self::with(rules())
    }
}

impl Bench {
    fn with(rules: Rules) -> Self {
        Self { rules, state: SkuState::default(), version: 0 }
    }

    fn put(&mut self, source: SourceId, id: &str, row: SkuRow) -> Put {
        self.version += 1;
        self.put_version(self.version, source, id, row)
    }

    fn put_version(&mut self, n: u64, source: SourceId, id: &str, row: SkuRow) -> Put {
        let key = RowKey { kind: row.kind(), source, id: id.into() };
        self.state.put(key, Change::Upsert(Row::Sku(row)), version(n, true), CAUSE, Moment(0))
    }

    fn count(&mut self, pieces: i64, counted_at: Moment) {
        self.put(WMS, "LDN|main", count("LDN", "main", pieces, counted_at));
    }

    /// A seal, as its driver does it: settles, then looks.
    fn figure(&mut self) -> Option<ChannelStock> {
        self.figures().into_iter().find(|figure| figure.channel == "uk")
    }

    fn figures(&mut self) -> Vec<ChannelStock> {
        let figures = stock(&sku(), &self.state, &self.rules);
        self.state.settle(&self.rules, minute(0));
        assert_eq!(stock(&sku(), &self.state, &self.rules), figures, "settling changed a figure");
        self.state.sealed(None);
        figures
    }

    fn free(&mut self) -> Quantity {
        self.figure().expect("counted").free
    }

    /// Puts a row of a log.
    fn log(&mut self, n: u64, source: SourceId, id: &str, row: SkuRow, at: Moment) {
        let key = RowKey { kind: row.kind(), source, id: id.into() };
        self.state.put(key, Change::Upsert(Row::Sku(row)), position(n), CAUSE, at);
    }

    fn written(&mut self) -> Quantity {
        self.figure().expect("counted").to_write
    }
}

fn count(location: &str, bucket: &str, pieces: i64, counted_at: Moment) -> SkuRow {
    SkuRow::Count(Count { location: location.into(), bucket: bucket.into(), quantity: quantity(pieces), basis: Basis::OnHand, counted_at })
}

fn holding(pieces: i64) -> SkuRow {
    SkuRow::Holding(Holding { shop: "magento".into(), stock: Default::default(), quantity: quantity(pieces) })
}

fn despatched(location: &str, pieces: i64, at: Moment) -> SkuRow {
    SkuRow::Despatched(Despatched { location: location.into(), quantity: quantity(pieces), despatched_at: at })
}

fn part(key: &str, location: &str, pieces: i64, at: Moment) -> DemandDespatch {
    DemandDespatch { key: key.into(), location: location.into(), quantity: quantity(pieces), despatched_at: at, source: WMS, version: None }
}

fn demand(location: Option<&str>, claim: i64, despatched: Vec<DemandDespatch>) -> SkuRow {
    SkuRow::Demand(Box::new(Demand {
        order: OrderKey::new("magento", "1"),
        number: "1".into(),
        channel: "uk".into(),
        placed_at: Moment(0),
        location: location.map(Text::from),
        claim: quantity(claim),
        despatched,
        allocated: Vec::new(),
        posted: Vec::new(),
        price: None,
        via: Vec::new(),
    }))
}

/// journey.md, Stock, "To write": free 5, safety 1, reservations -3.
#[test]
fn the_figure_to_write_never_dips_on_an_orders_way() {
    let mut bench = Bench::default();
    bench.count(8, minute(0));
    bench.put(SourceId::WAYBILL, "1|a", demand(Some("LDN"), 3, vec![]));
    bench.put(SHOP, "r1", holding(3));
    let figure = bench.figure().expect("counted");
    assert_eq!((figure.free, figure.shown, figure.to_write), (quantity(5), quantity(4), quantity(7)));
    // The warehouse ships: its own row and the order's are of one epoch.
    bench.put(WMS, "D1|TEE", despatched("LDN", 3, minute(10)));
    bench.put(SourceId::WAYBILL, "1|a", demand(Some("LDN"), 3, vec![part("D1|TEE", "LDN", 3, minute(10))]));
    assert_eq!(bench.written(), quantity(7));
    bench.count(5, minute(60));
    assert_eq!(bench.written(), quantity(7));
    bench.put(SHOP, "r2", holding(-3));
    assert_eq!(bench.written(), quantity(4));
}

#[test]
fn a_despatch_before_its_order_is_known_makes_the_figure_low_never_high() {
    let mut bench = Bench::default();
    bench.count(8, minute(0));
    bench.put(WMS, "D1|TEE", despatched("LDN", 3, minute(10)));
    let figure = bench.figure().expect("counted");
    assert_eq!((figure.unresolved, figure.free), (quantity(3), quantity(5)));
    // The line is known, what was despatched for it is not: both are reserved.
    bench.put(SourceId::WAYBILL, "1|a", demand(None, 3, vec![]));
    assert_eq!(bench.figure().expect("counted").free, quantity(2));
    // A line that names a part of it leaves the rest unresolved.
    bench.put(SourceId::WAYBILL, "1|a", demand(None, 3, vec![part("D1|TEE", "LDN", 2, minute(10))]));
    let figure = bench.figure().expect("counted");
    assert_eq!((figure.claims_open, figure.unresolved, figure.free), (quantity(3), quantity(1), quantity(4)));
    bench.put(SourceId::WAYBILL, "1|a", demand(None, 3, vec![part("D1|TEE", "LDN", 3, minute(10))]));
    assert_eq!(bench.figure().expect("counted").free, quantity(5));
}

#[test]
fn a_count_leaves_out_a_despatch_only_when_its_minute_is_over() {
    let mut bench = Bench::default();
    let left = vec![part("D1|TEE", "LDN", 3, minute(10))];
    bench.put(SourceId::WAYBILL, "1|a", demand(Some("London"), 3, left));
    bench.put(WMS, "D1|TEE", despatched("LDN", 3, minute(10)));
    bench.count(5, minute(10) + Span::seconds(59));
    assert_eq!(bench.figure().expect("counted").free, quantity(2), "the count may still hold it");
    bench.count(5, minute(11));
    assert_eq!(bench.figure().expect("counted").free, quantity(5));
}

/// A warehouse reports to the minute and its rows have no position: of a despatch in the count's own minute it is not known whether the count
/// holds it, whichever of the two rows came later.
#[test]
fn a_despatch_that_no_line_names_is_in_no_count_of_its_own_minute() {
    for count_first in [false, true] {
        let mut bench = Bench::default();
        let (counted, left) = ((WMS, "LDN|main", count("LDN", "main", 5, minute(10))), (WMS, "D1|TEE", despatched("LDN", 3, minute(10))));
        for (source, id, row) in if count_first { [counted, left] } else { [left, counted] } {
            bench.put(source, id, row);
        }
        let figure = bench.figure().expect("counted");
        assert_eq!((figure.unresolved, figure.free), (quantity(3), quantity(2)), "count first: {count_first}");
        bench.count(5, minute(11));
        assert_eq!(bench.free(), quantity(5), "count first: {count_first}");
    }
}

#[test]
fn count_and_despatch_end_equal_in_either_order_of_arrival() {
    let rows = [
        (WMS, "LDN|main", count("LDN", "main", 5, minute(60))),
        (WMS, "D1|TEE", despatched("LDN", 3, minute(10))),
        (SourceId::WAYBILL, "1|a", demand(Some("LDN"), 4, vec![part("D1|TEE", "LDN", 3, minute(10))])),
    ];
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        let mut bench = Bench::default();
        for index in order {
            let (source, id, row) = rows[index].clone();
            bench.put(source, id, row);
            bench.figure();
        }
        let figure = bench.figure().expect("counted");
        assert_eq!((figure.claims_open, figure.free), (quantity(1), quantity(4)), "{order:?}");
    }
}

#[test]
fn what_was_never_counted_by_the_locations_counter_has_no_figure() {
    let mut bench = Bench::default();
    bench.put(SHOP, "LDN|main", count("LDN", "main", 50, minute(0)));
    assert_eq!(bench.figure(), None);
    bench.put(WMS, "LDN|damaged", count("LDN", "damaged", 50, minute(0)));
    assert_eq!(bench.figure().expect("counted").free, quantity(0), "damaged pieces can't be sold");
}

#[test]
fn a_line_is_reserved_in_each_pool_that_holds_its_location() {
    let mut bench = Bench::default();
    bench.count(10, minute(0));
    bench.put(WMS, "BER|main", count("BER", "main", 10, minute(0)));
    bench.put(SourceId::WAYBILL, "1|a", demand(Some("BER"), 3, vec![]));
    bench.put(SourceId::WAYBILL, "2|a", demand(Some("nowhere"), 2, vec![]));
    let free: Vec<Quantity> = stock(&sku(), &bench.state, &rules()).into_iter().map(|figure| figure.free).collect();
    assert_eq!(free, [quantity(8), quantity(17)], "BER is in eu alone; an unknown location is reserved in the line's own channel");
}

#[test]
fn a_line_without_a_location_is_reserved_in_each_channel_that_sells_from_its_channels_pool() {
    let both = ["LDN", "BER"];
    let mut rules = Rules { channels: vec![channel("uk", &both), channel("eu", &["BER", "LDN"]), channel("de", &["BER"])], ..rules() };
    let free = |bench: &Bench, rules: &Rules| -> Vec<Quantity> {
        stock(&sku(), &bench.state, rules).into_iter().map(|figure| figure.free).collect()
    };
    let mut bench = Bench::with(rules.clone());
    bench.count(10, minute(0));
    bench.put(WMS, "BER|main", count("BER", "main", 10, minute(0)));
    bench.put(SourceId::WAYBILL, "1|a", demand(None, 3, vec![]));
    assert_eq!(free(&bench, &rules), [quantity(17), quantity(17), quantity(10)], "one piece is not sold in two shops");
    rules.channels[1].pool.pop();
    assert_eq!(free(&bench, &rules), [quantity(17), quantity(10), quantity(10)], "from where it will leave nobody knows yet");
}

#[test]
fn what_left_another_location_than_the_lines_is_reserved_there() {
    let mut bench = Bench::default();
    bench.count(10, minute(0));
    let left = vec![part("D1", "LDN", 2, minute(5)), part("D2", "POP-UP", 1, minute(5))];
    bench.put(SourceId::WAYBILL, "1|a", demand(Some("BER"), 3, left));
    assert_eq!(bench.figure().expect("counted").free, quantity(8));
}

#[test]
fn what_counts_leave_out_for_good_is_dropped_and_a_repeat_does_nothing() {
    let mut bench = Bench::default();
    let left = vec![part("D1|TEE", "LDN", 3, minute(10))];
    bench.count(5, minute(0));
    bench.put_version(100, SourceId::WAYBILL, "1|a", demand(Some("LDN"), 3, left.clone()));
    bench.put_version(100, WMS, "D1|TEE", despatched("LDN", 3, minute(10)));
    let day = Span::days(1).0 / 60_000;
    bench.count(5, minute(11 + day));
    assert_eq!(bench.figure().expect("counted").free, quantity(5));
    let key = RowKey { kind: SkuRow::DEMAND, source: SourceId::WAYBILL, id: "1|a".into() };
    assert!(bench.state.row(&key).expect("a mark").content().is_none());
    assert!(bench.state.sums().departures.is_empty() && bench.state.sums().named.is_empty());
    assert_eq!(bench.put_version(99, SourceId::WAYBILL, "1|a", demand(Some("LDN"), 3, vec![])), Put::Stale);
    assert_eq!(bench.put_version(100, WMS, "D1|TEE", despatched("LDN", 3, minute(10))), Put::Stale);
    assert_eq!(bench.figure().expect("counted").free, quantity(5));
    // Past the tombstone time the marks go too; the warehouse's row coming once more is taken at once.
    bench.state.take_touched();
    bench.state.settle(&rules(), minute(0) + Span::days(30));
    assert_eq!(bench.state.len(), 1, "the count");
    assert!(bench.state.take_touched().iter().all(|key| bench.state.row_bytes(key).is_none()));
    bench.put_version(100, WMS, "D1|TEE", despatched("LDN", 3, minute(10)));
    assert_eq!(bench.figure().expect("counted").free, quantity(5));
    // The order derives the line anew: another piece is wanted.
    bench.put_version(101, SourceId::WAYBILL, "1|a", demand(Some("LDN"), 4, left));
    assert_eq!(bench.figure().expect("counted").free, quantity(4));
}

#[test]
fn a_withdrawn_line_frees_its_claim_and_leaves_a_mark() {
    let mut bench = Bench::default();
    bench.count(5, minute(0));
    bench.put(SourceId::WAYBILL, "1|a", demand(Some("LDN"), 3, vec![]));
    let key = RowKey { kind: SkuRow::DEMAND, source: SourceId::WAYBILL, id: "1|a".into() };
    bench.state.put(key, Change::Delete, version(50, false), CAUSE, minute(1));
    assert_eq!(bench.put_version(49, SourceId::WAYBILL, "1|a", demand(Some("LDN"), 3, vec![])), Put::Stale);
    assert_eq!(bench.figure().expect("counted").free, quantity(5));
}

// ---- Against all rows that ever came ----

/// A row to put: which, with which version, and what of it.
#[derive(Clone, Debug)]
enum Act {
    Put { id: u8, version: u64, row: SkuRow, source: SourceId },
    Withdraw { id: u8, version: u64 },
    Seal,
    Restore,
}

/// Where and when a despatch left is a matter of its key alone.
fn left(key: u8) -> (&'static str, Moment) {
    (["LDN", "London", "BER", "POP-UP", "nowhere"][usize::from(key) % 5], minute(i64::from(key) * 97))
}

fn act() -> impl Strategy<Value = Act> {
    let parts = proptest::collection::vec((0..12_u8, 1..4_i64), 0..3);
    let places = prop_oneof![Just(None), Just(Some("LDN")), Just(Some("London")), Just(Some("BER")), Just(Some("nowhere"))];
    let line = (0..8_u8, 1..60_u64, 0..6_i64, parts, places).prop_map(|(id, version, wanted, mut parts, place)| {
        parts.dedup_by_key(|(key, _)| *key);
        let despatched: i64 = parts.iter().map(|(_, pieces)| pieces).sum();
        let parts = parts.iter().map(|(key, pieces)| part(&key.to_string(), left(*key).0, *pieces, left(*key).1)).collect();
        Act::Put { id, version, row: demand(place, wanted.max(despatched), parts), source: SourceId::WAYBILL }
    });
    let own = (0..12_u8, 1..60_u64, 0..6_i64).prop_map(|(id, version, pieces)| {
        let row = despatched(left(id).0, pieces, left(id).1);
        Act::Put { id, version, row, source: WMS }
    });
    // A newer count holds for a later moment, give or take less than the margin.
    let counted = (0..3_u8, 1..60_u64, 0..30_i64, 0..600_i64).prop_map(|(id, version, pieces, jitter)| {
        let (location, bucket) = [("LDN", "main"), ("BER", "main"), ("LDN", "damaged")][usize::from(id)];
        let row = count(location, bucket, pieces, minute(version as i64 * 60 - 300 + jitter));
        Act::Put { id, version, row, source: WMS }
    });
    let held =
        (0..6_u8, 1..60_u64, -3..4_i64).prop_map(|(id, version, pieces)| Act::Put { id, version, row: holding(pieces), source: SHOP });
    let withdraw = (0..8_u8, 1..60_u64).prop_map(|(id, version)| Act::Withdraw { id, version });
    prop_oneof![5 => line, 4 => own, 3 => counted, 1 => held, 1 => withdraw, 3 => Just(Act::Seal), 1 => Just(Act::Restore)]
}

/// Nothing is ever dropped, no sum is kept.
#[derive(Default)]
struct Slow(BTreeMap<RowKey, KeptRow<SkuRow>>);

impl Slow {
    fn rows(&self) -> impl Iterator<Item = (&RowKey, &SkuRow)> {
        self.0.iter().filter_map(|(key, kept)| Some((key, kept.live()?)))
    }

    /// When the count of a location (by any of its names) was made; `None`: never, or nobody counts there.
    fn counted_at(&self, code: &str) -> Option<Moment> {
        self.rows().find_map(|(key, row)| match row {
            SkuRow::Count(count) if count.location == code && count.bucket == "main" && key.source == WMS => Some(count.counted_at),
            _ => None,
        })
    }

    fn taken(&self, location: &str, at: Moment) -> bool {
        let minute_ends = Moment(at.0.div_euclid(60_000) * 60_000) + Span::minutes(1);
        match code(location) {
            Some("POP-UP") => true,
            Some(code) => self.counted_at(code).is_some_and(|counted_at| minute_ends <= counted_at),
            None => false,
        }
    }

    /// (claims open, unresolved, counted) of a pool.
    fn reserved(&self, name: &str, pool: &[&str]) -> (Quantity, Quantity, Quantity) {
        let (mut claims, mut unresolved, mut counted) = Default::default();
        let holds = |location: &str| code(location).is_some_and(|code| pool.contains(&code));
        for (key, row) in self.rows() {
            match row {
                SkuRow::Demand(line) => {
                    let at_home = match line.location.as_deref().and_then(code) {
                        Some(code) => pool.contains(&code),
                        None => line.channel == name,
                    };
                    let mut rest = line.claim;
                    for part in &line.despatched {
                        rest -= part.quantity;
                        let here = if code(&part.location).is_some() { holds(&part.location) } else { at_home };
                        if here && !self.taken(&part.location, part.despatched_at) {
                            claims += part.quantity;
                        }
                    }
                    if at_home {
                        claims += rest;
                    }
                }
                SkuRow::Despatched(own) if holds(&own.location) && !self.taken(&own.location, own.despatched_at) => {
                    let named = self.rows().filter_map(|(_, row)| if let SkuRow::Demand(line) = row { Some(line) } else { None });
                    let named = named.flat_map(|line| &line.despatched).filter(|part| part.key == key.id).map(|part| part.quantity);
                    unresolved += (own.quantity - named.sum()).floor_zero();
                }
                SkuRow::Count(count) if holds(&count.location) && count.bucket == "main" => counted += count.quantity,
                _ => {}
            }
        }
        (claims, unresolved, counted)
    }
}

fn code(location: &str) -> Option<&str> {
    match location {
        "London" => Some("LDN"),
        "LDN" | "BER" | "POP-UP" => Some(location),
        _ => None,
    }
}

fn reload(state: &SkuState) -> SkuState {
    let mut copy = SkuState::default();
    for kind in 1..=SkuRow::LAST {
        for (key, _) in state.of_kind(kind) {
            let bytes = state.row_bytes(key).expect("it is there");
            // A record of the same row read before the newest one is replaced by it.
            copy.load_row(key.clone(), &bytes).expect("decodes");
            copy.load_row(key.clone(), &bytes).expect("decodes");
        }
    }
    copy.load_head(&state.head_bytes()).expect("decodes");
    copy
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn running_sums_and_figures_are_those_from_scratch(acts in proptest::collection::vec(act(), 1..80)) {
        let (mut bench, mut slow) = (Bench::default(), Slow::default());
        for act in acts {
            match act {
                Act::Put { id, version: n, row, source } => {
                    let key = RowKey { kind: row.kind(), source, id: id.to_string().into() };
                    slow.0.entry(key).or_default().upsert(row.clone(), version(n, true), CAUSE, Moment(0));
                    bench.put_version(n, source, &id.to_string(), row);
                }
                Act::Withdraw { id, version: n } => {
                    let key = RowKey { kind: SkuRow::DEMAND, source: SourceId::WAYBILL, id: id.to_string().into() };
                    slow.0.entry(key.clone()).or_default().delete(version(n, false), CAUSE, Moment(0));
                    bench.state.put(key, Change::Delete, version(n, false), CAUSE, Moment(0));
                }
                Act::Seal => { bench.figure(); }
                Act::Restore => bench.state = reload(&bench.state),
            }
        }
        bench.figure();
        let mut sums = StockSums::default();
        for kind in 1..=SkuRow::LAST {
            for (key, kept) in bench.state.of_kind(kind) {
                sums.enter(key, kept);
            }
        }
        prop_assert_eq!(&sums, bench.state.sums());
        for figure in stock(&sku(), &bench.state, &rules()) {
            let pool: &[&str] = if figure.channel == "uk" { &["LDN"] } else { &["LDN", "BER"] };
            let (claims, unresolved, counted) = slow.reserved(&figure.channel, pool);
            prop_assert_eq!(figure.claims_open, claims, "claims of {}", &figure.channel);
            prop_assert_eq!(figure.unresolved, unresolved, "unresolved of {}", &figure.channel);
            prop_assert_eq!(figure.free, counted - claims - unresolved, "free of {}", &figure.channel);
        }
    }
}
