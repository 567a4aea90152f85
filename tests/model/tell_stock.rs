//! Stock and products: what is counted, moved, held back, shown and priced.

use waybill::facts::sku::{Basis, Count, Holding, KitPart, Movement, Offer, Price, Product, ShopFigure, UsedIn, WarehouseItem};
use waybill::facts::time::Span;
use waybill::facts::{Moment, Sku, SkuRow};

use crate::history::{By, Teller, cents, pieces, sku};
use crate::tell_order::gbp;
use crate::world::{BEGIN, ERP, SEKO, WEB, WMS};

pub fn tell(teller: &mut Teller) {
    let north = basis(teller, 30);
    let south = basis(teller, 50);
    for sku in teller.skus.clone() {
        counts(teller, &sku, "NORTH", WMS, By::Arrival, north);
        counts(teller, &sku, "SOUTH", SEKO, By::Position, south);
        shop(teller, &sku);
        product(teller, &sku);
        prices(teller, &sku);
    }
    if teller.skus.len() >= 2 && teller.chance.percent(40) {
        kit(teller);
    }
}

fn basis(teller: &mut Teller, percent_free: u64) -> Basis {
    if teller.chance.percent(percent_free) { Basis::Free } else { Basis::OnHand }
}

fn some_time(teller: &mut Teller) -> Moment {
    BEGIN + Span::seconds(teller.chance.between(0, 3_600 * 24 * 4))
}

/// All buckets of a location are counted at one moment.
fn counts(teller: &mut Teller, sku: &Sku, location: &str, source: usize, by: By, basis: Basis) {
    let buckets: &[&str] = if teller.chance.percent(25) { &["PICK", "QUARANTINE"] } else { &["MAIN"] };
    for _ in 0..teller.chance.below(3) {
        let at = some_time(teller);
        let row = |bucket: &str, quantity| {
            let count = Count { location: location.into(), bucket: bucket.into(), quantity: pieces(quantity), basis, counted_at: at };
            Teller::sku_row(sku, format!("{location}|{bucket}"), at, SkuRow::Count(count))
        };
        let rows = buckets.iter().map(|bucket| row(bucket, teller.chance.between(-1, 9))).collect();
        teller.tell(source, by, at, rows);
    }
    if location == "SOUTH" {
        movements(teller, sku, buckets[0]);
    }
}

fn movements(teller: &mut Teller, sku: &Sku, bucket: &str) {
    for number in 0..teller.chance.below(3) {
        let at = some_time(teller);
        let quantity = pieces(teller.chance.between(-2, 5));
        let movement = Movement { location: "SOUTH".into(), bucket: bucket.into(), quantity, moved_at: at, cause: "receipt".into() };
        let row = Teller::sku_row(sku, format!("M{number}"), at, SkuRow::Movement(movement));
        teller.tell(SEKO, By::Position, at, vec![row]);
    }
}

fn shop(teller: &mut Teller, sku: &Sku) {
    for number in 0..teller.chance.below(3) {
        let at = some_time(teller);
        let holding = Holding { shop: "web".into(), stock: Default::default(), quantity: pieces(teller.chance.between(-1, 3)) };
        let row = Teller::sku_row(sku, format!("R{number}"), at, SkuRow::Holding(holding));
        teller.tell(WEB, By::Position, at, vec![row]);
    }
    if teller.chance.percent(30) {
        let at = some_time(teller);
        let figure = ShopFigure {
            shop: "web".into(),
            location: "default".into(),
            quantity: pieces(teller.chance.between(0, 9)),
            basis: Basis::OnHand,
        };
        teller.tell(WEB, By::Position, at, vec![Teller::sku_row(sku, "default", at, SkuRow::ShopFigure(figure))]);
    }
}

fn product(teller: &mut Teller, sku: &Sku) {
    for _ in 0..teller.chance.below(3) {
        let at = some_time(teller);
        let product = Product {
            sku_text: sku.as_str().into(),
            sales_unit: Default::default(),
            name: format!("{sku} {}", teller.chance.below(3)).into(),
            parent: teller.chance.percent(20).then(|| "MODEL".into()),
            options: if teller.chance.percent(30) { vec![("Size".into(), "M".into())] } else { Vec::new() },
            blocked: teller.chance.percent(10),
            category: "C".into(),
            backorder_allowed: teller.chance.percent(15),
            blocked_from: teller.chance.percent(10).then(|| at + Span::days(3)),
            untracked: teller.chance.percent(4),
        };
        teller.tell(ERP, By::Position, at, vec![Teller::sku_row(sku, sku.as_str(), at, SkuRow::Product(Box::new(product)))]);
    }
    if teller.chance.percent(12) {
        let at = some_time(teller);
        let item = WarehouseItem { known: teller.chance.percent(50), blocked: false };
        teller.tell(WMS, By::Stamp, at, vec![Teller::sku_row(sku, sku.as_str(), at, SkuRow::WarehouseItem(item))]);
    }
}

fn prices(teller: &mut Teller, sku: &Sku) {
    for number in 0..teller.chance.below(3) {
        let at = some_time(teller);
        let list = *teller.chance.pick(&["RETAIL", "RETAIL", "OUTLET"]);
        let from = teller.chance.percent(50).then(|| BEGIN + Span::days(teller.chance.between(-3, 6)));
        let to = teller.chance.percent(30).then(|| BEGIN + Span::days(teller.chance.between(0, 9)));
        let minimum = pieces(if teller.chance.percent(20) { 10 } else { 1 });
        let price = Price {
            list: list.into(),
            currency: gbp(),
            amount: cents(teller.chance.between(500, 900)),
            tax_inside: true,
            unit: Default::default(),
            minimum,
            from,
            to,
        };
        teller.tell(ERP, By::Position, at, vec![Teller::sku_row(sku, format!("{list}/{number}"), at, SkuRow::Price(price))]);
    }
    if teller.chance.percent(30) {
        let at = some_time(teller);
        let percent = teller.chance.percent(50);
        let offer = Offer {
            name: "sale".into(),
            amount: (!percent).then(|| cents(teller.chance.between(300, 800))),
            currency: (!percent).then(gbp),
            percent: percent.then(|| pieces(teller.chance.between(5, 50))),
            from: teller.chance.percent(60).then(|| BEGIN + Span::days(teller.chance.between(0, 5))),
            until: teller.chance.percent(60).then(|| BEGIN + Span::days(teller.chance.between(2, 9))),
            active: teller.chance.percent(85),
            channels: if teller.chance.percent(30) { vec!["outlet".into()] } else { Vec::new() },
        };
        teller.tell(ERP, By::Position, at, vec![Teller::sku_row(sku, "offer", at, SkuRow::Offer(Box::new(offer)))]);
    }
}

/// Two of the first and one of the second.
fn kit(teller: &mut Teller) {
    let kit = sku("KIT");
    let parts = [(teller.skus[0].clone(), 2), (teller.skus[1].clone(), 1)];
    for (part, count) in parts {
        let at = some_time(teller);
        let inside = KitPart { part: part.clone(), pieces: pieces(count) };
        let used = UsedIn { kit: kit.clone(), pieces: pieces(count), above: Vec::new() };
        let rows = vec![
            Teller::sku_row(&kit, part.as_str(), at, SkuRow::KitPart(inside)),
            Teller::sku_row(&part, kit.as_str(), at, SkuRow::UsedIn(used)),
        ];
        teller.tell(ERP, By::Position, at, rows);
    }
}
