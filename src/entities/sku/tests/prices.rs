//! Prices by channel and by the clock.

use super::*;
use crate::entities::rules::Authority;
use crate::entities::sku::offer::{Shown, offers, shown};
use crate::facts::Amount;
use crate::facts::sku::{Offer as OfferRow, Price, Product};

const ERP: SourceId = SourceId(4);

fn amount(text: &str) -> Amount {
    Amount::parse(text).expect("an amount")
}

fn day(n: i64) -> Moment {
    Moment(0) + Span::days(n)
}

fn gbp() -> Currency {
    Currency::new("GBP").expect("a currency")
}

/// London's days of 1970 began an hour before those of UTC.
fn bench() -> Bench {
    let mut rules = rules();
    rules.authorities.insert(Authority::Products, ERP);
    rules.authorities.insert(Authority::Prices, ERP);
    let mut bench = Bench::with(rules);
    bench.put(ERP, "p", SkuRow::Product(Box::new(Product { sku_text: "tee".into(), sales_unit: "PCS".into(), ..Product::default() })));
    bench
}

fn price(text: &str) -> Price {
    Price {
        list: "list".into(),
        currency: gbp(),
        amount: amount(text),
        tax_inside: true,
        unit: "PCS".into(),
        minimum: Quantity::ZERO,
        from: None,
        to: None,
    }
}

fn offer(percent: Option<i64>, text: Option<&str>) -> OfferRow {
    OfferRow {
        name: "summer".into(),
        amount: text.map(amount),
        currency: None,
        percent: percent.map(quantity),
        from: None,
        until: None,
        active: true,
        channels: vec![],
    }
}

impl Bench {
    fn price(&mut self, id: &str, price: Price) -> &mut Self {
        self.put(ERP, id, SkuRow::Price(price));
        self
    }

    fn offer(&mut self, id: &str, offer: OfferRow) -> &mut Self {
        self.put(ERP, id, SkuRow::Offer(Box::new(offer)));
        self
    }

    fn shown(&self, at: Moment) -> Shown<'_> {
        shown(&self.rules.channels[0], &self.state, &self.rules, at)
    }

    /// (regular, offer) at a moment.
    fn asked(&self, at: Moment) -> (Option<String>, Option<String>) {
        let shown = self.shown(at);
        (shown.regular.map(|price| price.amount.to_string()), shown.reduced.map(|reduced| reduced.amount.to_string()))
    }
}

fn asks(regular: &str, reduced: Option<&str>) -> (Option<String>, Option<String>) {
    (Some(regular.to_owned()), reduced.map(str::to_owned))
}

#[test]
fn a_price_with_an_end_is_an_offer_beside_the_regular_one_and_its_last_day_is_whole() {
    let mut bench = bench();
    bench.price("a", price("10")).price("b", Price { from: Some(day(200)), to: Some(day(201)), ..price("8") });
    let hour = Span::hours(1);
    assert_eq!(bench.asked(day(199)), asks("10", None));
    assert_eq!(bench.shown(day(199)).changes, Some(day(200) + Span(-hour.0)), "London's midnight");
    assert_eq!(bench.asked(day(200) + Span(-hour.0)), asks("10", Some("8")));
    let reduced = bench.shown(day(201) + Span::hours(22)).reduced.expect("the last day is whole");
    assert_eq!((reduced.from, reduced.until), (Some(day(200) + Span(-hour.0)), Some(day(202) + Span(-hour.0))));
    assert_eq!((bench.asked(day(202) + Span(-hour.0)), bench.shown(day(202)).changes), (asks("10", None), None));
}

#[test]
fn a_new_list_price_replaces_the_old_one_whether_higher_or_lower() {
    let mut bench = bench();
    bench
        .price("a", price("10"))
        .price("b", Price { from: Some(day(200)), ..price("9") })
        .price("c", Price { from: Some(day(300)), ..price("12") });
    let regular = |at| bench.asked(day(at)).0;
    assert_eq!((regular(10), regular(250), regular(350)), (asks("10", None).0, asks("9", None).0, asks("12", None).0));
}

#[test]
fn the_offer_is_the_lowest_valid_price_below_the_regular_one() {
    let mut bench = bench();
    bench.price("a", price("10")).offer("o1", offer(Some(15), None)).offer("o2", offer(None, Some("8.99")));
    assert_eq!(bench.asked(day(1)), asks("10", Some("8.5")));
    bench.offer("o3", offer(None, Some("11")));
    assert_eq!(bench.asked(day(1)), asks("10", Some("8.5")), "dearer than the regular price is no offer");
    bench.offer("o1", OfferRow { active: false, ..offer(Some(15), None) });
    assert_eq!(bench.asked(day(1)), asks("10", Some("8.99")));
    bench.offer("o2", OfferRow { channels: vec!["eu".into()], ..offer(None, Some("8.99")) });
    assert_eq!(bench.asked(day(1)), asks("10", None), "another channel's");
}

#[test]
fn half_a_penny_of_a_percentage_is_rounded_up_as_all_values_are() {
    let mut bench = bench();
    bench.price("a", price("8.77")).offer("o", offer(Some(50), None));
    assert_eq!(bench.asked(day(1)), asks("8.77", Some("4.39")));
}

#[test]
fn an_offer_begins_and_ends_by_its_own_moments() {
    let mut bench = bench();
    bench.price("a", price("10")).offer("o", OfferRow { from: Some(minute(60)), until: Some(minute(90)), ..offer(Some(10), None) });
    assert_eq!((bench.asked(minute(59)), bench.shown(minute(59)).changes), (asks("10", None), Some(minute(60))));
    assert_eq!((bench.asked(minute(60)), bench.shown(minute(60)).changes), (asks("10", Some("9")), Some(minute(90))));
    assert_eq!((bench.asked(minute(90)), bench.shown(minute(90)).changes), (asks("10", None), None));
}

#[test]
fn prices_of_other_lists_currencies_units_quantities_and_tax_modes_are_not_shown() {
    let mut bench = bench();
    bench
        .price("a", price("10"))
        .price("list", Price { list: "VIP".into(), ..price("1") })
        .price("currency", Price { currency: Currency::new("EUR").expect("a currency"), ..price("2") })
        .price("unit", Price { unit: "BOX".into(), ..price("3") })
        .price("quantity", Price { minimum: quantity(10), ..price("4") })
        .price("tax", Price { tax_inside: false, to: Some(day(900)), ..price("5") });
    assert_eq!(bench.asked(day(1)), asks("10", None), "a price without tax is not below one with it");
    bench.rules.stock.prices_include_tax.insert("uk".into(), false);
    assert_eq!(bench.asked(day(1)), asks("5", None), "the channel shows prices without tax");
}

#[test]
fn a_block_begins_by_the_clock() {
    let mut bench = bench();
    let product = Product { sku_text: "tee".into(), blocked_from: Some(day(5)), ..Product::default() };
    bench.put(ERP, "p", SkuRow::Product(Box::new(product)));
    let blocked = |at| offers(&bench.state, &bench.rules, at).0.iter().map(|offer| offer.blocked).collect::<Vec<_>>();
    assert_eq!((blocked(day(4)), blocked(day(5))), (vec![false; 2], vec![true; 2]));
    assert_eq!(offers(&bench.state, &bench.rules, day(4)).1, Some(day(5)));
}

/// An item's price holds for its variations, unless they have one of their own.
#[test]
fn a_variation_without_a_price_of_its_own_has_its_products() {
    let mut bench = bench();
    bench.put(SourceId::WAYBILL, "ITEM|4|a", SkuRow::Price(price("10")));
    assert_eq!(bench.asked(day(1)), asks("10", None));
    bench.price("own", price("12"));
    assert_eq!(bench.asked(day(1)), asks("12", None));
}
