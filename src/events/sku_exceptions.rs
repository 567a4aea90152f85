//! Exceptions of a SKU: what a person must look at in its stock and prices. The statement is that of [`super::exceptions`], keyed by kind +
//! SKU + number.
//!
//! The view of the SKU has the findings. Here a finding is watched from the moment since which it holds, opened once it has held for its time, and
//! closed again.
//!
//! Every kind, what a person does about it and which decisions settle it stand in [`crate::entities::exceptions`].

use std::collections::BTreeMap;

use super::exceptions::ExceptionNotice;
use super::outlet::Outlet;
use crate::entities::exceptions::{self, About};
use crate::entities::last_emitted::LastEmitted;
use crate::entities::rules::Rules;
use crate::entities::sku::findings::SkuFinding;
use crate::entities::sku::state::Watched;
use crate::entities::sku::{SkuState, SkuView};
use crate::facts::ids::join_key;
use crate::facts::{Moment, Sku, SkuRow, Text};

/// Opens the findings that are due, and closes those that hold no more. Returns when the next of them is due.
pub(super) fn emit(sku: &Sku, state: &mut SkuState, findings: Vec<SkuFinding>, outlet: &mut Outlet<'_>) -> Option<Moment> {
    let tick = outlet.context.tick;
    let found: Vec<(Text, SkuFinding)> = findings
        .into_iter()
        .filter(|found| !is_decided(state, found))
        .map(|found| (join_key(&[found.kind, &found.number]), found))
        .collect();
    let SkuState { watched, last_emitted, .. } = state;
    close(sku, watched, &found, last_emitted, outlet);
    let mut next: Option<Moment> = None;
    for (slot, found) in found {
        let fresh = Watched { since: found.since, of: found.of, open: false };
        let watch = watched.entry(slot).or_insert_with(|| {
            outlet.changed = true;
            fresh
        });
        if watch.of != found.of {
            outlet.changed = true;
            *watch = fresh;
            outlet.emit_if_changed::<ExceptionNotice>(last_emitted, key(sku, &found), None);
        }
        let opens_at = watch.since + found.after;
        if opens_at <= tick {
            watch.open = true;
            let since = watch.since;
            outlet.emit_if_changed(last_emitted, key(sku, &found), Some(notice(sku, found, since)));
        } else {
            next = Some(next.map_or(opens_at, |next| next.min(opens_at)));
        }
    }
    next
}

/// The exceptions of the SKU that stand open, as they were emitted last.
pub fn standing(sku: &Sku, state: &SkuState, rules: &Rules, tick: Moment) -> Vec<ExceptionNotice> {
    let found = SkuView::of(sku, state, rules, tick).findings.into_iter();
    let open = |found: SkuFinding| {
        let watched = state.watched.get(&join_key(&[found.kind, &found.number]))?;
        (watched.open && !is_decided(state, &found)).then(|| notice(sku, found, watched.since))
    };
    found.filter_map(open).collect()
}

/// Closes the findings that hold no more.
fn close(
    sku: &Sku,
    watched: &mut BTreeMap<Text, Watched>,
    found: &[(Text, SkuFinding)],
    last_emitted: &mut LastEmitted,
    outlet: &mut Outlet<'_>,
) {
    let over: Vec<Text> = watched.keys().filter(|slot| !found.iter().any(|(there, _)| there == *slot)).cloned().collect();
    for slot in over {
        watched.remove(&slot);
        outlet.changed = true;
        if let Some((kind, number)) = slot.split_once('|') {
            let number = number.replace("%7C", "|").replace("%25", "%");
            outlet.emit_if_changed::<ExceptionNotice>(last_emitted, join_key(&[kind, sku.as_str(), &number]), None);
        }
    }
}

/// A person has settled it, where a person can.
fn is_decided(state: &SkuState, found: &SkuFinding) -> bool {
    let choices = exceptions::kind(About::Sku, found.kind).map_or(&[][..], |kind| kind.decisions);
    let decides = |row: Option<&SkuRow>| match row {
        Some(SkuRow::Decision(decision)) => {
            decision.kind == found.kind && decision.number == found.number && choices.contains(&decision.choice.as_str())
        }
        _ => false,
    };
    !choices.is_empty() && state.of_kind(SkuRow::DECISION).any(|(_, kept)| decides(kept.live()))
}

fn key(sku: &Sku, found: &SkuFinding) -> Text {
    join_key(&[found.kind, sku.as_str(), &found.number])
}

fn notice(sku: &Sku, found: SkuFinding, since: Moment) -> ExceptionNotice {
    let causes = found.causes.iter().map(|cause| format!("{:08x}[{}]@{}", cause.topic.0, cause.partition, cause.offset).into());
    ExceptionNotice {
        id: String::new(),
        kind: found.kind.into(),
        entity: sku.as_str().into(),
        order_number: None,
        since,
        to_do: exceptions::to_do(About::Sku, found.kind).into(),
        at_risk: None,
        currency: None,
        causes: causes.collect(),
        number: found.number,
        sentence: found.sentence.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entities::rules::{Authority, Channel, CountingRules, Location, ReportsRefunds, Role, Rules, SourceRules};
    use crate::events::{SealContext, seal_sku};
    use crate::facts::order::Decision;
    use crate::facts::sku::{Basis, Count, Demand, LinePrice, Price, Product, ShopFigure};
    use crate::facts::time::Span;
    use crate::facts::{Amount, Cause, Change, Currency, OrderKey, Place, Quantity, Row, RowKey, SourceId, TopicId, Version};

    const ERP: SourceId = SourceId(4);
    const WMS: SourceId = SourceId(7);
    const SHOP: SourceId = SourceId(8);

    fn rules() -> Rules {
        let source = |id, name: &str, role| SourceRules {
            id,
            name: name.into(),
            roles: vec![role],
            reports_refunds: ReportsRefunds::None,
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
            price_list: "RETAIL".into(),
            currency: Currency::new("GBP").expect("a currency"),
            zone: "Europe/London".into(),
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
        let mut rules = Rules {
            sources: vec![source(ERP, "erp", Role::Erp), source(WMS, "wms", Role::Wms), source(SHOP, "shop", Role::Shop)],
            channels: vec![channel],
            locations: vec![location],
            authorities: [(Authority::Products, ERP), (Authority::Prices, ERP)].into(),
            ..Rules::default()
        };
        rules.stock.products_reported = true;
        rules
    }

    struct Bench {
        rules: Rules,
        state: SkuState,
        version: u64,
        now: Moment,
    }

    impl Bench {
        /// A SKU that the ERP knows, and of which the warehouse has five.
        fn new() -> Self {
            let mut bench = Self { rules: rules(), state: SkuState::default(), version: 0, now: Moment(0) + Span::days(1) };
            bench.put(ERP, "p", SkuRow::Product(Box::default())).count(WMS, 5);
            assert_eq!(bench.seal(), [""; 0]);
            bench
        }

        fn put(&mut self, source: SourceId, id: &str, row: SkuRow) -> &mut Self {
            let key = RowKey { kind: row.kind(), source, id: id.into() };
            self.change(key, Some(row))
        }

        fn change(&mut self, key: RowKey, row: Option<SkuRow>) -> &mut Self {
            self.version += 1;
            let cause = Cause { topic: TopicId(1), partition: 0, offset: self.version as i64 };
            let place = Place::Arrival { partition: 0, offset: self.version as i64 };
            let version = Version { incarnation: 0, place, upsert: row.is_some(), adapter: 0 };
            let change = row.map_or(Change::Delete, |row| Change::Upsert(Row::Sku(row)));
            self.state.put(key, change, version, cause, self.now);
            self
        }

        fn count(&mut self, source: SourceId, pieces: i64) -> &mut Self {
            let (location, quantity, counted_at) = ("LDN".into(), Quantity::from_int(pieces), self.now);
            self.put(source, "LDN", SkuRow::Count(Count { location, bucket: "".into(), quantity, basis: Basis::OnHand, counted_at }))
        }

        fn line(&mut self, number: &str, pieces: i64, price: Option<&str>) -> &mut Self {
            let price = price.map(|amount| LinePrice {
                amount: Amount::parse(amount).expect("an amount"),
                currency: Currency::new("GBP").expect("a currency"),
                tax_inside: true,
            });
            let demand = Demand {
                order: OrderKey::new("shop", number),
                number: number.into(),
                channel: "uk".into(),
                placed_at: self.now,
                location: Some("LDN".into()),
                claim: Quantity::from_int(pieces),
                despatched: vec![],
                allocated: vec![],
                posted: vec![],
                price,
                via: vec![],
            };
            self.put(SourceId::WAYBILL, &join_key(&[&OrderKey::new("shop", number).0, "a"]), SkuRow::Demand(Box::new(demand)))
        }

        fn figure(&mut self, pieces: i64) -> &mut Self {
            let (shop, location, quantity) = ("shop".into(), "default".into(), Quantity::from_int(pieces));
            self.put(SHOP, "f", SkuRow::ShopFigure(ShopFigure { shop, location, quantity, basis: Basis::OnHand }))
        }

        fn price(&mut self, amount: &str) -> &mut Self {
            let price = Price {
                list: "RETAIL".into(),
                currency: Currency::new("GBP").expect("a currency"),
                amount: Amount::parse(amount).expect("an amount"),
                tax_inside: true,
                unit: "".into(),
                minimum: Quantity::ZERO,
                from: None,
                to: None,
            };
            self.put(ERP, "price", SkuRow::Price(price))
        }

        fn wait(&mut self, span: Span) -> &mut Self {
            self.now = self.now + span;
            self
        }

        /// Exceptions that a seal says: `kind number: sentence`, or `kind number closed`.
        fn seal(&mut self) -> Vec<String> {
            let context = SealContext { rules: &self.rules, tick: self.now, generation: 1, live: &|_| true };
            let mut outlet = Outlet::new(context, self.state.revision + 1, vec![]);
            let sku = Sku::new("tee").expect("a SKU");
            let sealed = seal_sku(&sku, &mut self.state, &mut outlet, &mut Vec::new());
            self.state.revision += u64::from(sealed.changed);
            let of_exceptions = outlet.emissions.iter().filter(|emitted| emitted.topic == crate::events::Topic::Exceptions);
            of_exceptions
                .map(|emitted| match &emitted.body {
                    None => format!("{} closed", emitted.key),
                    Some(body) => {
                        let notice: ExceptionNotice = serde_json::from_slice(body).expect("a notice");
                        assert_eq!(emitted.key, join_key(&[&notice.kind, "TEE", &notice.number]));
                        format!("{} {}: {}", notice.kind, notice.number, notice.sentence)
                    }
                })
                .collect()
        }
    }

    #[test]
    fn what_is_sold_and_not_there_names_the_latest_orders_until_it_is_there() {
        let mut bench = Bench::new();
        bench.line("1", 4, None).wait(Span::minutes(1)).line("2", 2, None);
        assert_eq!(bench.seal(), ["oversold uk: 1 pieces are missing in uk: 1 line is not covered, of the orders 2"]);
        bench.wait(Span::minutes(1)).line("3", 1, None);
        assert_eq!(bench.seal(), ["oversold uk: 2 pieces are missing in uk: 2 lines are not covered, of the orders 3, 2"]);
        assert_eq!(bench.seal(), [""; 0]);
        bench.count(WMS, 7);
        assert_eq!(bench.seal(), ["oversold|TEE|uk closed"]);
        assert!(bench.state.watched.is_empty());
    }

    #[test]
    fn what_can_be_backordered_is_never_oversold() {
        let mut bench = Bench::new();
        bench.line("1", 9, None);
        assert_eq!(bench.seal().len(), 1);
        bench.put(ERP, "p", SkuRow::Product(Box::new(Product { backorder_allowed: true, ..Product::default() })));
        assert_eq!(bench.seal(), ["oversold|TEE|uk closed"]);
    }

    #[test]
    fn a_count_below_zero_stays_open_until_it_is_corrected() {
        let mut bench = Bench::new();
        bench.count(WMS, -2);
        let emitted = bench.seal();
        assert_eq!(emitted[0], "oversold uk: 2 pieces are missing in uk, of what has left already", "no line waits: none is named");
        assert_eq!(emitted[1], "negative-count wms|LDN%7C: wms counts -2 at LDN");
        bench.count(WMS, 0);
        assert_eq!(bench.seal().len(), 2, "both are closed");
    }

    #[test]
    fn two_systems_that_count_differently_for_a_day_open_an_exception() {
        let mut bench = Bench::new();
        bench.count(ERP, 8);
        assert_eq!(bench.seal(), [""; 0]);
        bench.wait(Span::hours(20)).count(WMS, 4);
        assert_eq!(bench.seal(), [""; 0], "another figure, and still not the same: the day goes on");
        bench.wait(Span::hours(4));
        assert_eq!(bench.seal(), ["counts-differ LDN|erp: wms counts 4 at LDN, erp has 8"]);
        bench.count(ERP, 4);
        assert_eq!(bench.seal(), ["counts-differ|TEE|LDN%7Cerp closed"]);
        bench.rules.stock.count_tolerance = Quantity::from_int(1);
        bench.count(ERP, 5).wait(Span::days(2));
        assert_eq!(bench.seal(), [""; 0], "within the tolerance");
    }

    #[test]
    fn a_count_that_grows_older_than_its_source_promises_opens_an_exception() {
        let mut bench = Bench::new();
        bench.rules.stock.sources.insert(WMS, CountingRules { stale_after: Some(Span::hours(36)), ..CountingRules::default() });
        bench.wait(Span::hours(35));
        assert_eq!(bench.seal(), [""; 0]);
        bench.wait(Span::hours(1));
        assert_eq!(bench.seal(), ["count-stale LDN|: wms last counted LDN at 1970-01-02T00:00:00Z"]);
        bench.count(WMS, 5);
        assert_eq!(bench.seal(), ["count-stale|TEE|LDN%7C closed"]);
    }

    #[test]
    fn a_shop_that_has_another_figure_for_an_hour_while_nothing_moves_opens_an_exception() {
        let mut bench = Bench::new();
        bench.figure(9);
        assert_eq!(bench.seal(), [""; 0]);
        bench.wait(Span::minutes(50)).figure(8);
        assert_eq!(bench.seal(), [""; 0], "it has moved: somebody is writing");
        bench.wait(Span::minutes(59));
        assert_eq!(bench.seal(), [""; 0]);
        bench.wait(Span::minutes(1));
        assert_eq!(bench.seal(), ["shop-stock-differs uk: shop has 8, it was told to have 5"]);
        bench.figure(5);
        assert_eq!(bench.seal(), ["shop-stock-differs|TEE|uk closed"]);
    }

    #[test]
    fn pieces_counted_where_nobody_knows_stay_open_until_the_location_is_known_or_empty() {
        let mut bench = Bench::new();
        let moon = |n| {
            let count = Count {
                location: "MOON".into(),
                bucket: "".into(),
                quantity: Quantity::from_int(n),
                basis: Basis::OnHand,
                counted_at: Moment(0),
            };
            SkuRow::Count(count)
        };
        bench.put(WMS, "moon", moon(10));
        assert_eq!(bench.seal(), ["unknown-location wms|MOON|: wms counts 10 at MOON, which the configuration does not know"]);
        bench.put(WMS, "moon", moon(0));
        assert_eq!(bench.seal(), ["unknown-location|TEE|wms%7CMOON%7C closed"]);
        bench.rules.locations.clear();
        bench.put(WMS, "moon", moon(9));
        assert_eq!(bench.seal(), [""; 0], "without any location nothing is known of places");
    }

    #[test]
    fn a_sku_that_no_source_of_products_knows_opens_an_exception_when_an_order_wants_it() {
        let mut bench = Bench::new();
        let product = RowKey { kind: SkuRow::PRODUCT, source: ERP, id: "p".into() };
        bench.state = SkuState::default();
        bench.count(WMS, 5).line("7", 1, None);
        assert_eq!(bench.seal(), [""; 0], "the product may still come");
        bench.wait(Span::minutes(15));
        assert_eq!(bench.seal(), ["unknown-sku : no source of products knows this SKU; order 7 wants it"]);
        bench.change(product, Some(SkuRow::Product(Box::default())));
        assert_eq!(bench.seal(), ["unknown-sku|TEE| closed"]);
    }

    #[test]
    fn where_no_source_has_products_no_sku_is_unknown() {
        let mut bench = Bench::new();
        bench.state = SkuState::default();
        bench.rules.stock.products_reported = false;
        bench.count(WMS, 5).line("7", 1, None).wait(Span::days(1));
        assert_eq!(bench.seal(), [""; 0]);
    }

    #[test]
    fn a_line_at_another_price_than_was_shown_waits_for_a_person() {
        let mut bench = Bench::new();
        bench.price("10").wait(Span::hours(1)).line("1", 1, Some("10")).line("2", 1, Some("1"));
        let expected = "price-differs shop%7C2|a: order 2 has it at 1.00 GBP, uk showed 10.00 when it was placed";
        assert_eq!(bench.seal(), [expected]);
        bench.count(WMS, 6);
        assert_eq!(bench.seal(), [""; 0], "it stays as it was emitted");
        let decision = |choice: &str| {
            SkuRow::Decision(Box::new(Decision {
                kind: "price-differs".into(),
                number: "shop%7C2|a".into(),
                choice: choice.into(),
                amount: None,
                lines: vec![],
                who: "ann".into(),
                why: "".into(),
                decided_at: Moment(0),
            }))
        };
        bench.put(SourceId::WAYBILL, "d", decision("perhaps"));
        assert_eq!(bench.seal(), [""; 0], "that is no choice");
        bench.put(SourceId::WAYBILL, "d", decision("honour"));
        assert_eq!(bench.seal(), ["price-differs|TEE|shop%257C2%7Ca closed"]);
    }

    #[test]
    fn a_wrong_price_is_found_in_whatever_order_the_rows_come() {
        let mut bench = Bench::new();
        let early = bench.now;
        bench.wait(Span::hours(1)).line("2", 1, Some("8"));
        let placed = bench.now;
        assert_eq!(bench.seal(), [""; 0], "no price is known yet");
        // The row of the price comes late, and says that it was written before the order.
        bench.now = early;
        bench.price("10");
        bench.now = placed;
        assert_eq!(bench.seal().len(), 1);
        // A later one shows that the line was right.
        bench.now = early + Span::minutes(30);
        bench.price("8");
        bench.now = placed;
        assert_eq!(bench.seal(), ["price-differs|TEE|shop%257C2%7Ca closed"]);
    }

    /// The list's price was changed after the order: what was shown before is not known.
    #[test]
    fn a_price_that_was_changed_since_the_order_accuses_nobody() {
        let mut bench = Bench::new();
        bench.price("10").wait(Span::hours(1)).line("1", 1, Some("8"));
        bench.wait(Span::hours(1)).price("12");
        assert_eq!(bench.seal(), [""; 0]);
    }
}
