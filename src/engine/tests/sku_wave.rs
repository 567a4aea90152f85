//! SKUs that tell other SKUs, within one epoch; and what a hot one costs.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::engine::{Core, EngineSettings, OutRecord, TopicNames};
use crate::entities::rules::{Channel, Location, Role, Rules, SourceRules};
use crate::facts::sku::{Basis, Count, Demand, DemandDespatch, KitPart, Product};
use crate::facts::time::Span;
use crate::facts::{
    Cause, Change, Currency, Fact, Moment, OrderKey, Place, Quantity, Row, RowKey, Sku, SkuRow, SourceId, Subject, TopicId, Version,
};

const ERP: SourceId = SourceId(4);
const WMS: SourceId = SourceId(7);

fn rules() -> Rules {
    let source = |id, name: &str, role| SourceRules {
        id,
        name: name.into(),
        roles: vec![role],
        reports_refunds: crate::entities::rules::ReportsRefunds::None,
        trust_header_count: false,
        quiet: None,
    };
    let channel = Channel {
        name: "uk".into(),
        brand: "brand".into(),
        shop: "shop".into(),
        pool: vec!["LDN".into()],
        safety_stock: Quantity::ZERO,
        safety_by_sku: vec![],
        price_list: "".into(),
        currency: Currency::new("GBP").expect("a currency"),
        zone: "UTC".into(),
        stores: Vec::new(),
        stock_id: Default::default(),
        takes_orders: true,
    };
    let location = Location {
        code: "LDN".into(),
        aliases: vec![],
        wms: Some(WMS),
        counted_by: Some(WMS),
        sellable_buckets: vec![],
        fixed_orders: false,
    };
    let sources = vec![source(ERP, "erp", Role::Erp), source(WMS, "wms", Role::Wms)];
    Rules { sources, channels: vec![channel], locations: vec![location], ..Rules::default() }
}

struct Bench {
    core: Core,
    version: u64,
    now: Moment,
}

impl Bench {
    fn new(shards: u16) -> Self {
        let settings = EngineSettings {
            sources: [].into(),
            rules: Arc::new(rules()),
            fingerprint: 1,
            names: TopicNames::new("waybill."),
            shards,
            live_at_start: vec![],
            record_bytes_max: 1_000_000,
            orders_whole: 1,
        };
        let mut bench = Self { core: Core::new(settings, Arc::from([])), version: 0, now: Moment(1_000_000_000) };
        bench.core.begin(bench.now);
        bench
    }

    fn put(&mut self, sku: &str, source: SourceId, id: &str, row: SkuRow) {
        self.version += 1;
        let place = Place::Arrival { partition: 0, offset: self.version as i64 };
        self.core.store.put(Fact {
            subject: Subject::Sku(Sku::new(sku).expect("a SKU")),
            key: RowKey { kind: row.kind(), source, id: id.into() },
            change: Change::Upsert(Row::Sku(row)),
            version: Version { incarnation: 0, place, upsert: true, adapter: 0 },
            cause: Cause { topic: TopicId(1), partition: 0, offset: self.version as i64 },
            at: self.now,
        });
    }

    fn count(&mut self, sku: &str, pieces: i64) {
        let (quantity, counted_at) = (Quantity::from_int(pieces), self.now);
        self.put(
            sku,
            WMS,
            "LDN",
            SkuRow::Count(Count { location: "LDN".into(), bucket: "".into(), quantity, basis: Basis::OnHand, counted_at }),
        );
    }

    fn line(&mut self, sku: &str, number: usize, pieces: i64, despatched: Vec<DemandDespatch>) {
        let id = number.to_string();
        let demand = Demand {
            order: OrderKey::new("shop", &id),
            number: id.as_str().into(),
            channel: "uk".into(),
            // A thousand in a second.
            placed_at: Moment(1_000_000_000 + number as i64),
            location: Some("LDN".into()),
            claim: Quantity::from_int(pieces),
            despatched,
            allocated: vec![],
            posted: vec![],
            price: None,
            via: vec![],
        };
        self.put(sku, SourceId::WAYBILL, &id, SkuRow::Demand(Box::new(demand)));
    }

    /// Seals and publishes. Gives the stock updates that it emitted (`key free`), the bytes of state that it wrote, and how long the seal took.
    fn epoch(&mut self) -> (Vec<String>, usize, Duration) {
        let began = Instant::now();
        let transaction = self.core.seal();
        let took = began.elapsed();
        let emitted = transaction.records.iter().filter(|record| &*record.topic == "waybill.stock-updates");
        let emitted = emitted.map(|record| {
            let key = String::from_utf8_lossy(record.key.as_deref().unwrap_or_default()).into_owned();
            let body: serde_json::Value = serde_json::from_slice(record.value.as_deref().unwrap_or(b"null")).expect("JSON");
            format!("{key} {}", body["free"].as_str().unwrap_or("withdrawn"))
        });
        let emitted = emitted.collect();
        let state = transaction.records.iter().filter(|record| &*record.topic == "waybill.changelog").map(|record| record.bytes()).sum();
        self.core.promote();
        self.core.publish();
        self.now = self.now + Span::seconds(1);
        self.core.begin(self.now);
        (emitted, state, took)
    }
}

#[test]
fn an_order_of_a_kit_shows_at_its_parts_and_at_the_kit_in_the_same_epoch_and_each_is_emitted_once() {
    let mut bench = Bench::new(16);
    for (part, pieces) in [("CAMERA", 1), ("BATTERY", 2)] {
        bench.put("SET", ERP, part, SkuRow::KitPart(KitPart { part: Sku::new(part).expect("a SKU"), pieces: Quantity::from_int(pieces) }));
    }
    bench.count("CAMERA", 9);
    bench.count("BATTERY", 11);
    let (mut emitted, ..) = bench.epoch();
    emitted.sort();
    assert_eq!(emitted, ["uk|BATTERY 11", "uk|CAMERA 9", "uk|SET 5"]);
    bench.line("SET", 1, 2, vec![]);
    let (mut emitted, ..) = bench.epoch();
    emitted.sort();
    assert_eq!(emitted, ["uk|BATTERY 7", "uk|CAMERA 7", "uk|SET 3"]);
    assert_eq!(bench.epoch().0, [""; 0]);
}

#[test]
fn a_price_of_a_product_reaches_its_variations_in_the_same_epoch() {
    let mut bench = Bench::new(16);
    let product = |parent: Option<&str>| SkuRow::Product(Box::new(Product { parent: parent.map(Into::into), ..Product::default() }));
    bench.put("TEE", ERP, "TEE", product(None));
    bench.put("TEE-M", ERP, "TEE-M", product(Some("TEE")));
    let price = crate::facts::sku::Price {
        list: "".into(),
        currency: Currency::new("GBP").expect("a currency"),
        amount: crate::facts::Amount::from_int(10),
        tax_inside: false,
        unit: "".into(),
        minimum: Quantity::ZERO,
        from: None,
        to: None,
    };
    bench.put("TEE", ERP, "p", SkuRow::Price(price));
    let transaction = bench.core.seal();
    let of = |record: &&OutRecord| &*record.topic == "waybill.product-updates";
    let mut prices: Vec<String> = transaction
        .records
        .iter()
        .filter(of)
        .map(|record| {
            let body: serde_json::Value = serde_json::from_slice(record.value.as_deref().expect("a body")).expect("JSON");
            format!("{} {}", body["sku"], body["regular_price"])
        })
        .collect();
    prices.sort();
    assert_eq!(prices, ["\"TEE\" \"10\"", "\"TEE-M\" \"10\""]);
}

/// A SKU with so many open lines: the bytes of state that one more line writes, and the median time of a seal with one line changed.
fn cost_of_a_line(lines: usize, goods: Goods) -> (usize, Duration) {
    let mut bench = Bench::new(1);
    if goods == Goods::Backordered {
        bench.put("HOT", ERP, "HOT", SkuRow::Product(Box::new(Product { backorder_allowed: true, ..Product::default() })));
    }
    bench.count("HOT", if goods == Goods::Enough { lines as i64 * 2 } else { lines as i64 / 2 });
    for number in 0..lines {
        bench.line("HOT", number, 1, vec![]);
        if number % 1_000 == 999 {
            bench.epoch();
        }
    }
    bench.epoch();
    let mut times = Vec::new();
    let mut bytes = 0;
    for i in 0..201 {
        bench.line("HOT", (i * 37) % lines, 2 + i as i64 % 2, vec![]);
        let (_, state, took) = bench.epoch();
        bytes = bytes.max(state);
        times.push(took);
    }
    times.sort();
    (bytes, times[times.len() / 2])
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Goods {
    Enough,
    /// Half of the lines are not covered.
    Short,
    /// Half of the lines are not covered, and their orders learn when goods arrive.
    Backordered,
}

#[test]
#[ignore = "measures: cargo test --release --no-default-features --lib -- --ignored --nocapture a_hot_sku"]
fn a_hot_sku_costs_what_changed_however_many_lines_it_has() {
    for goods in [Goods::Enough, Goods::Short, Goods::Backordered] {
        let (small_bytes, small) = cost_of_a_line(500, goods);
        let (bytes, time) = cost_of_a_line(50_000, goods);
        println!("{goods:?}: 500 lines: {small_bytes} bytes, {small:?}; 50,000 lines: {bytes} bytes, {time:?}");
        assert!(bytes < small_bytes + 512, "state grows with the lines: {small_bytes} -> {bytes} bytes");
        assert!(time < small * 5 + Duration::from_micros(200), "the seal's time grows with the lines: {small:?} -> {time:?}");
    }
}
