//! Running sums of purchases against sums from scratch.

use proptest::prelude::*;

use super::passing;
use super::purchases::PurchaseSums;
use super::*;
use crate::entities::keyed_rows::RunningSums;
use crate::entities::rules::Rules;
use crate::facts::customer::OrderSummary;
use crate::facts::{
    Amount, Cause, Change, Currency, CustomerKey, CustomerRow, Digest, Moment, OrderKey, Place, Quantity, Row, RowKey, SourceId, TopicId,
    Version,
};

const CAUSE: Cause = Cause { topic: TopicId(1), partition: 0, offset: 0 };

fn put(state: &mut CustomerState, kind: u8, id: &str, version: u64, row: Option<CustomerRow>) {
    let key = RowKey { kind, source: SourceId::WAYBILL, id: id.into() };
    let version = Version { incarnation: 0, place: Place::Position([version, 0, 0]), upsert: row.is_some(), adapter: 0 };
    let change = row.map_or(Change::Delete, |row| Change::Upsert(Row::Customer(row)));
    state.put(key, change, version, CAUSE, Moment(0));
}

/// A customer with many orders is walked when who stands for it changes, and never for one order.
#[test]
fn an_order_costs_one_fact_however_many_others_there_are() {
    use crate::facts::customer::Merge;
    let (customer, rules) = (CustomerKey::account("magento", "7"), Rules::default());
    let mut state = CustomerState::default();
    let bought = |spend| {
        CustomerRow::Order(Box::new(OrderSummary {
            order: OrderKey::new("magento", "1"),
            number: "1".into(),
            brand: "day".into(),
            placed_at: Moment(1),
            currency: Currency::new("GBP").expect("a currency"),
            counts: true,
            spend: Amount::from_int(spend),
            returned: Quantity::ZERO,
            proven: true,
            forgotten: false,
            email: None,
            address: None,
            history: vec![],
        }))
    };
    let mut passed = Vec::new();
    for number in 0..1_000 {
        put(&mut state, CustomerRow::ORDER, &format!("magento|{number}"), 1, Some(bought(1)));
    }
    passing::pass_on(&customer, &mut state, &rules, &mut passed);
    assert_eq!(passed, [], "it stands for itself");
    let merge = Merge { kept: CustomerKey::account("magento", "8") };
    put(&mut state, CustomerRow::MERGE, "8", 1, Some(CustomerRow::Merge(merge)));
    passing::pass_on(&customer, &mut state, &rules, &mut passed);
    assert_eq!(passed.len(), 1_001, "that it leads there, and each order");
    passed.clear();
    state.take_unsealed();
    put(&mut state, CustomerRow::ORDER, "magento|500", 2, Some(bought(2)));
    passing::pass_on(&customer, &mut state, &rules, &mut passed);
    assert_eq!((passed.len(), state.take_unsealed().len()), (1, 1));
}

fn summary() -> impl Strategy<Value = OrderSummary> {
    (0..2_u8, 0..3_u8, 0..2_u8, any::<bool>(), 0..5_i64, 0..9_i64).prop_map(|(brand, email, currency, counts, placed, spend)| {
        OrderSummary {
            order: OrderKey::new("magento", "1"),
            number: "1".into(),
            brand: ["day", "night"][usize::from(brand)].into(),
            placed_at: Moment(placed),
            currency: Currency::new(["GBP", "EUR"][usize::from(currency)]).expect("a currency"),
            counts,
            spend: Amount::from_int(spend),
            returned: Quantity::from_int(spend / 2),
            proven: true,
            forgotten: false,
            email: (email > 0).then_some(Digest([email; 16])),
            address: None,
            history: vec![],
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn purchases_are_those_from_scratch(acts in proptest::collection::vec((0..6_u8, 1..40_u64, proptest::option::weighted(0.8, summary())), 1..60)) {
        let mut state = CustomerState::default();
        for (id, n, summary) in acts {
            let key = RowKey { kind: CustomerRow::ORDER, source: SourceId::WAYBILL, id: id.to_string().into() };
            let version = Version { incarnation: 0, place: Place::Position([n, 0, 0]), upsert: summary.is_some(), adapter: 0 };
            let change = summary.map_or(Change::Delete, |summary| Change::Upsert(Row::Customer(CustomerRow::Order(Box::new(summary)))));
            state.put(key, change, version, CAUSE, Moment(0));
        }
        let mut sums = PurchaseSums::default();
        let mut restored = CustomerState::default();
        for (key, kept) in state.of_kind(CustomerRow::ORDER) {
            sums.enter(key, kept);
            restored.load_row(key.clone(), &state.row_bytes(key).expect("it is there")).expect("decodes");
        }
        prop_assert_eq!(&sums, state.sums());
        prop_assert_eq!(&sums, restored.sums());
        // Recomputed from scratch, slowly, for one brand and address.
        let orders = || state.of_kind(CustomerRow::ORDER).filter_map(|(_, kept)| match kept.live() {
            Some(CustomerRow::Order(order)) if order.counts && order.brand == "day" && order.email == Some(Digest([1; 16])) => Some(order),
            _ => None,
        });
        let bought = state.bought(&"day".into(), &[Digest([1; 16])].into());
        prop_assert_eq!(bought.orders, orders().count() as u64);
        prop_assert_eq!((bought.first(), bought.last()), (orders().map(|o| o.placed_at).min(), orders().map(|o| o.placed_at).max()));
        let total: Amount = bought.spend.values().map(|(_, amount)| *amount).sum();
        prop_assert_eq!(total, orders().map(|order| order.spend).sum());
    }
}
