//! Derived facts of an order: for each SKU the demand of its lines, and returned goods that no count contains yet; for the customer a summary with
//! lines of the customer's history.
//!
//! Their source is Waybill itself. A fact is emitted if it differs from the one last emitted, and withdrawn when it is no longer derived. An order
//! derives nothing until its header is there; a test order derives nothing at all.

mod allocated;
mod history;

use xxhash_rust::xxh3::xxh3_64;

use self::allocated::{LineAllocations, claim, despatched};
use super::figures::LineView;
use super::standing::OrderStage;
use super::view::OrderView;
use crate::entities::Rows;
use crate::entities::rules::Rules;
use crate::entities::small_map::SmallMap;
use crate::entities::topics::Topic;
use crate::facts::customer::OrderSummary;
use crate::facts::ids::{join_key, split_key};
use crate::facts::order::{Header, Needs};
use crate::facts::sku::{Demand, LinePrice, Returned};
use crate::facts::{Amount, CustomerKey, CustomerRow, OrderRow, Quantity, Row, RowKey, Sku, SkuRow, SourceId, Subject, Text};

/// A derived fact: the entity that gets it, the row's key, the row.
pub type DerivedFact = (Subject, RowKey, Row);

/// All derived facts of the order.
pub fn derived_facts(view: &OrderView<'_>, rows: &Rows<OrderRow>, rules: &Rules) -> Vec<DerivedFact> {
    let Some(header) = view.placed.header.filter(|header| !header.test) else { return Vec::new() };
    let lines = view.lines.iter().zip(allocated::of(view, rows, rules));
    let mut all: Vec<DerivedFact> = lines.filter_map(|(line, allocations)| demand(view, rows, header, line, allocations)).collect();
    all.extend(returned(view));
    all.extend(summary(view, header, rules));
    all
}

/// Receipts whose goods no count contains yet.
fn returned<'v>(view: &'v OrderView<'_>) -> impl Iterator<Item = DerivedFact> + 'v {
    let receipts = view.back.returns.iter().flat_map(|returned| &returned.receipts).chain(&view.back.under_credit);
    receipts.filter_map(|receipt| {
        let row = receipt.uncounted?;
        let sku = view.lines.get(receipt.lines.first()?.0)?.sku;
        let waits =
            Returned { order: view.key.clone(), receipt: row.into(), location: receipt.location.into(), received_at: receipt.received_at };
        let key = RowKey { kind: SkuRow::RETURNED, source: SourceId::WAYBILL, id: join_key(&[&view.key.0, row]) };
        Some((Subject::Sku(sku.clone()), key, Row::Sku(SkuRow::Returned(Box::new(waits)))))
    })
}

/// Calls `emit` for each derived fact that differs from the one last emitted (`None`: withdrawn), and stores its digest in `last`. Returns true if a
/// SKU gets the demand of a line for the first time.
pub fn differences(
    view: &OrderView<'_>,
    rows: &Rows<OrderRow>,
    rules: &Rules,
    last: &mut SmallMap<Text, u64>,
    mut emit: impl FnMut(Subject, RowKey, Option<Row>),
) -> bool {
    let now = derived_facts(view, rows, rules);
    let keys: Vec<Text> = now.iter().map(|(subject, key, _)| last_key(subject, key)).collect();
    last.retain(|before, _| {
        let still = keys.contains(before);
        if !still && let Some((subject, key)) = subject_of(before) {
            emit(subject, key, None);
        }
        still
    });
    let mut first = false;
    let mut scratch = Vec::new();
    for ((subject, key, row), slot) in now.into_iter().zip(keys) {
        // Rows of ours always have a binary form.
        scratch = postcard::to_extend(&row, scratch).unwrap_or_default();
        let digest = xxh3_64(&scratch);
        scratch.clear();
        let before = last.insert(slot, digest);
        if before != Some(digest) {
            first |= before.is_none() && key.kind == SkuRow::DEMAND;
            emit(subject, key, Some(row));
        }
    }
    first
}

/// `sku|SKU|row id` of a line, `returned|SKU|row id` of returned goods, or `customer|customer|row id`, percent-encoded.
fn last_key(subject: &Subject, key: &RowKey) -> Text {
    match subject {
        Subject::Sku(sku) => join_key(&[if key.kind == SkuRow::RETURNED { "returned" } else { "sku" }, sku.as_str(), &key.id]),
        Subject::Customer(customer) => join_key(&["customer", &customer.0, &key.id]),
        // An order derives nothing for other entities.
        _ => Text::default(),
    }
}

fn subject_of(key: &str) -> Option<(Subject, RowKey)> {
    let mut parts = split_key(key);
    let (of, subject, id) = (parts.next()?, parts.next()?, parts.next()?);
    let (kind, subject) = match of.as_str() {
        "sku" => (SkuRow::DEMAND, Subject::Sku(Sku::new(&subject)?)),
        "returned" => (SkuRow::RETURNED, Subject::Sku(Sku::new(&subject)?)),
        "customer" => (CustomerRow::ORDER, Subject::Customer(CustomerKey(subject))),
        _ => return None,
    };
    Some((subject, RowKey { kind, source: SourceId::WAYBILL, id }))
}

/// The claim of a line on stock: max(ordered - cancelled, despatched).
fn demand(
    view: &OrderView<'_>,
    rows: &Rows<OrderRow>,
    header: &Header,
    line: &LineView<'_>,
    allocations: LineAllocations,
) -> Option<DerivedFact> {
    // Goods that are not tracked in stock claim nothing. Goods handed over at a counter are taken from stock too.
    let from_stock = line.erp.ships || (!line.erp.by_supplier && matches!(line.goods.needs, Needs::Taken | Needs::Collect));
    if !from_stock || !line.goods.tracked || line.is_bundle {
        return None;
    }
    let claim = claim(line);
    if claim.is_zero() && line.sent.parts.is_empty() {
        return None;
    }
    let price = line.line.unit_price.filter(|_| line.leaf.is_none());
    let demand = Demand {
        order: view.key.clone(),
        number: header.number.clone(),
        channel: header.channel.clone(),
        placed_at: header.placed_at,
        location: line.erp.location.map(Text::from),
        claim,
        despatched: line.sent.parts.iter().map(|part| despatched(rows, part)).collect(),
        allocated: allocations.allocated,
        posted: allocations.posted,
        price: price.map(|amount| LinePrice { amount, currency: header.currency, tax_inside: header.prices_include_tax }),
        via: Vec::new(),
    };
    let key = RowKey { kind: SkuRow::DEMAND, source: SourceId::WAYBILL, id: join_key(&[&view.key.0, line.id]) };
    Some((Subject::Sku(line.sku.clone()), key, Row::Sku(SkuRow::Demand(Box::new(demand)))))
}

fn summary(view: &OrderView<'_>, header: &Header, rules: &Rules) -> Option<DerivedFact> {
    let customer = header.customer.as_ref()?;
    let key = RowKey { kind: CustomerRow::ORDER, source: SourceId::WAYBILL, id: view.key.0.clone() };
    let fact = |summary| (Subject::Customer(customer.clone()), key, Row::Customer(CustomerRow::Order(Box::new(summary))));
    if view.forgotten.asked {
        return Some(fact(forgotten(view, header)));
    }
    let summary = OrderSummary {
        order: view.key.clone(),
        number: header.number.clone(),
        brand: header.brand.clone(),
        placed_at: header.placed_at,
        currency: header.currency,
        counts: view.standing.stage != OrderStage::Cancelled,
        spend: view.money.captured - view.money.refunded,
        returned: view.lines.iter().map(|line| line.back.returned).sum(),
        proven: !customer.is_guest(),
        forgotten: false,
        email: header.email_digest,
        address: header.email.clone().filter(|_| rules.tells_email_on(Topic::MarketingProfiles.name())),
        history: history::of(view, header, rules),
    };
    Some(fact(summary))
}

/// What a customer keeps of an order whose person is forgotten: that it is there.
fn forgotten(view: &OrderView<'_>, header: &Header) -> OrderSummary {
    OrderSummary {
        order: view.key.clone(),
        number: Text::default(),
        brand: header.brand.clone(),
        placed_at: header.placed_at,
        currency: header.currency,
        counts: false,
        spend: Amount::ZERO,
        returned: Quantity::ZERO,
        proven: false,
        forgotten: true,
        email: None,
        address: None,
        history: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entities::order::testing::{Story, pieces, released_example, sku};
    use crate::facts::order::Condition;

    /// The derived facts that a seal of the story emits.
    fn emit(story: &Story, last: &mut SmallMap<Text, u64>) -> Vec<(Subject, RowKey, Option<Row>)> {
        let state = story.state();
        let mut all = Vec::new();
        differences(&story.view(&state), &state.rows, &story.rules, last, |subject, key, row| all.push((subject, key, row)));
        all
    }

    fn demand_of(all: &[(Subject, RowKey, Option<Row>)], of: &str) -> Demand {
        let found = all.iter().find_map(|(subject, _, row)| match row {
            Some(Row::Sku(SkuRow::Demand(demand))) if *subject == Subject::Sku(sku(of)) => Some((**demand).clone()),
            _ => None,
        });
        found.expect("a demand")
    }

    #[test]
    fn a_line_claims_what_is_not_cancelled_or_has_left() {
        let mut story = released_example();
        let mut last = SmallMap::new();
        let all = emit(&story, &mut last);
        assert_eq!((demand_of(&all, "TEE").claim, demand_of(&all, "CAP").claim, all.len()), (pieces(3), pieces(1), 3));
        assert!(emit(&story, &mut last).is_empty(), "emitted already");
        story.despatched("D1", "TEE", 2).cancelled("A", 3);
        let all = emit(&story, &mut last);
        let demand = demand_of(&all, "TEE");
        assert_eq!((demand.claim, demand.despatched.len(), demand.despatched[0].key.as_str()), (pieces(2), 1, "D1|TEE"));
    }

    #[test]
    fn what_is_no_longer_derived_is_withdrawn_from_the_subject_that_had_it() {
        let mut story = released_example();
        let mut last = SmallMap::new();
        let before = emit(&story, &mut last);
        story.cancelled("B", 1);
        let after = emit(&story, &mut last);
        let cap = before.iter().find(|(subject, _, _)| *subject == Subject::Sku(sku("CAP"))).expect("emitted");
        assert!(after.contains(&(cap.0.clone(), cap.1.clone(), None)));
        story.header_with("94.36", |header| header.test = true);
        assert!(emit(&story, &mut last).iter().all(|(_, _, row)| row.is_none()) && last.is_empty());
    }

    #[test]
    fn of_an_order_whose_person_is_forgotten_the_customer_knows_only_that_it_is_there() {
        use crate::facts::order::Forgotten;
        let mut story = released_example();
        story.despatched("D1", "TEE", 3);
        let forgotten = |story: &Story| {
            let all = emit(story, &mut SmallMap::new());
            let summary = all.into_iter().find_map(|(_, _, row)| match row {
                Some(Row::Customer(CustomerRow::Order(summary))) => Some(summary),
                _ => None,
            });
            let summary = summary.expect("a summary");
            (summary.forgotten, summary.counts, summary.history.len())
        };
        let placed_at = crate::entities::order::testing::PLACED;
        let asked = |asked_at| OrderRow::Forgotten(Forgotten { asked_at });
        story.put(SourceId::WAYBILL, "account|magento|7", asked(crate::facts::Moment(placed_at.0 - 1)));
        assert_eq!(forgotten(&story), (false, true, 2), "it was placed later: a new relation");
        story.put(SourceId::WAYBILL, "account|magento|7", asked(placed_at));
        assert_eq!(forgotten(&story), (true, false, 0));
    }

    #[test]
    fn a_customers_history_has_one_line_for_each_thing_that_happened() {
        let mut story = released_example();
        story.despatched("D1", "TEE", 3).delivered("D1").cancelled("B", 1).warehouse_total(3);
        story.authorised("RMA", "TEE", 1).received("RC", "TEE", 1, Condition::Sellable).refunded("R1", "47.07");
        let all = emit(&story, &mut SmallMap::new());
        let summary = all.iter().find_map(|(_, _, row)| match row {
            Some(Row::Customer(CustomerRow::Order(summary))) => Some(summary),
            _ => None,
        });
        let summary = summary.expect("a summary");
        let lines: Vec<String> =
            summary.history.iter().map(|line| format!("{} {} {} {}", line.kind.name(), line.number, line.amount, line.state)).collect();
        assert_eq!(
            lines,
            [
                "purchase  94.36 delivered",
                "despatch D1 63.44 delivered",
                "delivery D1 63.44 delivered",
                "cancellation  25.92 part-cancelled",
                "return RMA 21.15 received",
                "refund finance|R1 47.07 paid",
            ]
        );
        assert_eq!((summary.spend.to_string(), summary.returned, summary.proven), ("47.29".into(), pieces(1), true));
    }
}
