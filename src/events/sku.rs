//! The seal of a SKU: stock and product of each channel, as they stand now; what a person must look at; derived facts.

use super::outlet::Outlet;
use super::sealed::Sealed;
use super::{product_updates, sku_exceptions, stock_updates};
use crate::entities::sku::{Derived, DerivedRow, SkuState, SkuView};
use crate::facts::{Cause, Change, Fact, Sku, Version};

/// Drops what can't change the figures any more, emits what changed, and gives when the view next changes by the clock. `facts`: takes the derived
/// facts, for other SKUs (kits and their parts, products and their variations) and for orders.
pub fn seal_sku(sku: &Sku, state: &mut SkuState, outlet: &mut Outlet<'_>, facts: &mut Vec<Fact>) -> Sealed {
    let (rules, tick) = (outlet.context.rules, outlet.context.tick);
    state.settle(rules, tick);
    let SkuView { figures, findings, derived: Derived { facts: derived, last } } = SkuView::of(sku, state, rules, tick);
    stock_updates::emit(sku, state, &figures, outlet);
    let next_offer = product_updates::emit(sku, state, outlet);
    let next_exception = sku_exceptions::emit(sku, state, findings, outlet);
    let version = Version::derived(outlet.context.generation, outlet.revision);
    let cause = outlet.causes.first().copied().unwrap_or(Cause::NONE);
    outlet.changed |= !derived.is_empty();
    facts.extend(derived.into_iter().map(|DerivedRow { to, key, row }| {
        let change = row.map_or(Change::Delete, Change::Upsert);
        let version = Version { upsert: matches!(change, Change::Upsert(_)), ..version };
        Fact { subject: to, key, change, version, cause, at: tick }
    }));
    state.last_derived = last;
    let next = [state.sealed(next_offer), next_exception].into_iter().flatten().min();
    Sealed { changed: outlet.changed, next }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::entities::rules::{Authority, Channel, Location, Rules};
    use crate::events::{SealContext, Topic};
    use crate::facts::sku::{Basis, Count, Price, Product};
    use crate::facts::time::Span;
    use crate::facts::{Amount, Cause, Change, Currency, Moment, Place, Quantity, Row, RowKey, SkuRow, SourceId, TopicId, Version};

    const ERP: SourceId = SourceId(4);
    const WMS: SourceId = SourceId(7);

    fn rules() -> Rules {
        let channel = Channel {
            name: "uk".into(),
            brand: "brand".into(),
            shop: "magento".into(),
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
        let authorities = [(Authority::Products, ERP), (Authority::Prices, ERP)].into();
        Rules { channels: vec![channel], locations: vec![location], authorities, ..Rules::default() }
    }

    #[derive(Default)]
    struct Bench {
        rules: Rules,
        state: SkuState,
        version: u64,
    }

    impl Bench {
        fn new() -> Self {
            Self { rules: rules(), ..Self::default() }
        }

        fn change(&mut self, source: SourceId, kind: u8, id: &str, row: Option<SkuRow>) {
            self.version += 1;
            let cause = Cause { topic: TopicId(1), partition: 0, offset: 0 };
            let version = Version { incarnation: 0, place: Place::Position([self.version, 0, 0]), upsert: row.is_some(), adapter: 0 };
            let change = row.map_or(Change::Delete, |row| Change::Upsert(Row::Sku(row)));
            self.state.put(RowKey { kind, source, id: id.into() }, change, version, cause, Moment(0));
        }

        fn put(&mut self, source: SourceId, id: &str, row: SkuRow) {
            self.change(source, row.kind(), id, Some(row));
        }

        fn seal(&mut self, tick: Moment) -> (Vec<(Topic, String, Option<Value>)>, Option<Moment>) {
            let context = SealContext { rules: &self.rules, tick, generation: 1, live: &|_| true };
            let mut outlet = Outlet::new(context, self.state.revision + 1, vec![]);
            let sealed = seal_sku(&Sku::new("tee").expect("a SKU"), &mut self.state, &mut outlet, &mut Vec::new());
            self.state.revision += u64::from(sealed.changed);
            let body = |bytes: Vec<u8>| serde_json::from_slice(&bytes).expect("JSON");
            let emitted =
                outlet.emissions.into_iter().map(|emitted| (emitted.topic, emitted.key.to_string(), emitted.body.map(body))).collect();
            (emitted, sealed.next)
        }
    }

    fn count(pieces: i64, counted_at: i64) -> SkuRow {
        let quantity = Quantity::from_int(pieces);
        SkuRow::Count(Count { location: "LDN".into(), bucket: "".into(), quantity, basis: Basis::OnHand, counted_at: Moment(counted_at) })
    }

    #[test]
    fn a_newer_moment_of_an_equal_count_is_no_news() {
        let mut bench = Bench::new();
        assert_eq!(bench.seal(Moment(0)), (vec![], None), "never counted: no figure");
        bench.put(WMS, "LDN", count(4, 60_000));
        let (emitted, _) = bench.seal(Moment(0));
        assert_eq!(emitted.len(), 1);
        assert_eq!((emitted[0].1.as_str(), &emitted[0].2.as_ref().expect("a body")["to_write"]), ("uk|TEE", &"4".into()));
        bench.put(WMS, "LDN", count(4, 120_000));
        assert_eq!(bench.seal(Moment(0)).0, []);
        bench.change(WMS, SkuRow::COUNT, "LDN", None);
        let (emitted, _) = bench.seal(Moment(0));
        assert_eq!(emitted[0].2.as_ref().expect("a body")["to_write"], "0", "the counter has none there");
        bench.rules.channels[0].pool.clear();
        assert_eq!(bench.seal(Moment(0)).0, [(Topic::StockUpdates, "uk|TEE".into(), None)]);
    }

    fn day(n: i64) -> Moment {
        Moment(0) + Span::days(n)
    }

    fn price(amount: i64, from: Option<i64>, to: Option<i64>) -> SkuRow {
        SkuRow::Price(Price {
            list: "RETAIL".into(),
            currency: Currency::new("GBP").expect("a currency"),
            amount: Amount::from_int(amount),
            tax_inside: true,
            unit: "".into(),
            minimum: Quantity::ZERO,
            from: from.map(day),
            to: to.map(day),
        })
    }

    /// The regular price and the offer price that were emitted.
    fn prices(emitted: &[(Topic, String, Option<Value>)]) -> Option<(&Value, &Value)> {
        emitted
            .iter()
            .find(|(topic, ..)| *topic == Topic::ProductUpdates)
            .and_then(|(_, _, body)| body.as_ref())
            .map(|body| (&body["regular_price"], &body["offer_price"]))
    }

    /// London kept summer time all through 1970: its days began an hour before those of UTC.
    #[test]
    fn a_price_begins_and_ends_with_the_days_of_the_channels_zone() {
        let mut bench = Bench::new();
        bench.put(ERP, "TEE", SkuRow::Product(Box::new(Product { sku_text: "Tee".into(), ..Product::default() })));
        bench.put(ERP, "a", price(10, None, None));
        bench.put(ERP, "b", price(8, Some(200), Some(201)));
        let hour = Span::hours(1);
        let (emitted, next) = bench.seal(day(199));
        assert_eq!(prices(&emitted), Some((&"10".into(), &Value::Null)));
        assert_eq!(next, Some(day(200) + Span(-hour.0)));
        assert_eq!(bench.seal(day(199) + hour), (vec![], next), "nothing is looked at, the moment stays");
        let (emitted, next) = bench.seal(day(200) + Span(-hour.0));
        assert_eq!(prices(&emitted), Some((&"10".into(), &"8".into())));
        assert_eq!(next, Some(day(202) + Span(-hour.0)), "the last day is whole");
        let (emitted, next) = bench.seal(day(202) + Span(-hour.0));
        assert_eq!((prices(&emitted), next), (Some((&"10".into(), &Value::Null)), None));
    }

    #[test]
    fn products_count_from_their_owner_and_a_deleted_one_is_not_for_sale() {
        let mut bench = Bench::new();
        bench.put(WMS, "TEE", SkuRow::Product(Box::default()));
        assert_eq!(bench.seal(day(1)).0, []);
        bench.put(ERP, "TEE", SkuRow::Product(Box::new(Product { sku_text: "Tee".into(), ..Product::default() })));
        let (emitted, _) = bench.seal(day(1));
        assert_eq!(emitted[0].2.as_ref().expect("a body")["blocked"], false);
        bench.change(ERP, SkuRow::PRODUCT, "TEE", None);
        let (emitted, _) = bench.seal(day(1));
        assert_eq!(emitted[0].2.as_ref().expect("a body")["blocked"], true);
    }
}
