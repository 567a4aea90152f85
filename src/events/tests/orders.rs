//! The ERP's record, the expected revenue, the go-ahead.

use super::*;
use crate::events::why::why;
use crate::facts::Quantity;

fn total(sent: &Sent, line: &str) -> Quantity {
    let lines = sent.body["lines"].as_array().expect("lines").iter();
    let found = lines.clone().find(|part| part["line"] == line);
    let field = if sent.topic == Topic::SalesOrders { "wanted" } else { "total" };
    found.map_or(Quantity::ZERO, |part| Quantity::parse(part[field].as_str().expect("a quantity")).expect("a quantity"))
}

#[test]
fn nothing_is_requested_of_an_order_that_is_not_whole() {
    let mut story = Story::new("GBP");
    story.header("94.36").line("A", "TEE", 3, "63.44", "10.57").captured("94.36");
    let mut run = Run::new(story);
    assert!(run.seal().is_empty());
    let state = run.story.state();
    let topics = why(&run.story.view(&state), &run.story.ledgers, &run.story.rules, run.story.now);
    let create = topics.iter().find(|topic| topic.topic == Topic::SalesOrders).expect("a topic");
    assert!(!create.open && create.due.starts_with("create") && create.requested == "nothing", "{create:?}");
    let shut = create.conditions.iter().find(|gate| gate.name == "complete").expect("a condition");
    assert!(!shut.holds && shut.brings == "magento" && !shut.waits_for.is_empty(), "{shut:?}");
    let sent = run.then(|story| story.line("B", "CAP", 1, "25.92", "4.32").charge("5.00", "0.83"));
    assert_eq!(words(&sent), ["sales-orders create", "journal-entries", "notifications confirmed"]);
}

#[test]
fn an_order_that_is_not_paid_waits_and_one_on_account_does_not() {
    let mut story = Story::new("GBP");
    story.header("63.44").line("A", "TEE", 3, "63.44", "10.57").paid_by("card", Tender::Card, "0", "0");
    let mut run = Run::new(story.clone());
    assert!(run.seal().is_empty());
    let sent = run.then(|story| story.paid_by("card", Tender::Card, "63.44", "0"));
    assert_eq!(words(&sent), ["sales-orders create", "notifications confirmed"], "authorised is enough for goods");
    story.header_with("63.44", |header| header.terms = Terms::OnAccount);
    assert!(words(&Run::new(story).seal()).contains(&"sales-orders create".to_owned()));
}

#[test]
fn created_once_changed_by_the_whole_image_cancelled_at_the_end() {
    let mut run = Run::new(placed_example());
    assert_eq!(one(&run.seal(), Topic::SalesOrders).text("action"), "create");
    let sent = run.then(|story| story.recorded());
    assert!(of(&sent, Topic::SalesOrders).is_empty(), "the image is as asked");
    let change = one(&run.then(|story| story.cancelled("A", 1)), Topic::SalesOrders);
    assert_eq!((change.text("action"), total(&change, "A"), total(&change, "B")), ("change", pieces(2), pieces(1)));
    assert_eq!((change.text("total"), change.text("lines.0.gross")), ("73.21", "42.29"));
    let sent = run.then(|story| story.refunded_by(FINANCE, "R1", Tender::StoreCredit, "21.15"));
    assert!(of(&sent, Topic::SalesOrders).is_empty(), "a refund is no change of the order");
    let cancel = one(&run.then(|story| story.cancelled("A", 3).cancelled("B", 1)), Topic::SalesOrders);
    assert_eq!((cancel.text("action"), cancel.text("total"), cancel.step()), ("cancel", "0", 3));
    // The ERP does so; the shop takes the cancellation back: never a second create.
    assert!(of(&run.then(|story| story.erp_record(ErpState::Cancelled)), Topic::SalesOrders).is_empty());
    let again = run.then(|story| story.erp_record(ErpState::Approved).cancelled("A", 0).cancelled("B", 0));
    assert_eq!(one(&again, Topic::SalesOrders).text("action"), "change");
}

#[test]
fn a_record_made_without_our_asking_is_adopted() {
    let mut run = Run::new(Story::new("GBP"));
    // The record comes first, and names an order whose lines are not there yet.
    run.then(|story| story.recorded().header("94.36").captured("94.36"));
    let sent = run.then(|story| story.line("A", "TEE", 3, "63.44", "10.57").line("B", "CAP", 1, "25.92", "4.32").charge("5.00", "0.83"));
    assert!(of(&sent, Topic::SalesOrders).is_empty(), "{:?}", words(&sent));
    let change = one(&run.then(|story| story.cancelled("A", 1)), Topic::SalesOrders);
    assert_eq!((change.text("action"), change.step()), ("change", 1));
}

#[test]
fn no_record_is_asked_for_what_is_a_test_or_the_erps_own() {
    for change in [(|header| header.test = true) as fn(&mut Header), |header| header.origin = Origin::Erp] {
        let mut story = placed_example();
        story.header_with("94.36", change);
        let sent = Run::new(story).seal();
        assert!(of(&sent, Topic::SalesOrders).is_empty(), "{:?}", words(&sent));
    }
}

#[test]
fn without_receivers_nothing_is_carried() {
    let mut story = placed_example();
    story.rules.sources.retain(|source| source.id == SHOP || source.id == WMS);
    let mut run = Run::new(story);
    let sent = run.seal();
    // No ERP: recorded counts as fulfilled, but the line's location is known from the pool alone.
    assert_eq!(words(&sent), ["fulfilment-requests release", "notifications confirmed"]);
}

#[test]
fn revenue_is_expected_once_recorded_and_falls_with_what_is_wanted() {
    let mut run = Run::new(placed_example());
    assert!(of(&run.seal(), Topic::RevenueNotices).is_empty());
    let notice = one(&run.then(|story| story.recorded()), Topic::RevenueNotices);
    assert_eq!((notice.text("total.gross"), notice.text("total.tax"), notice.text("amount.net")), ("94.36", "15.72", "78.64"));
    let notice = one(&run.then(|story| story.cancelled("A", 1)), Topic::RevenueNotices);
    assert_eq!((notice.text("total.gross"), notice.text("amount.gross"), notice.text("amount.tax")), ("73.21", "-21.15", "-3.52"));
    // The ERP's own cancellation closes its record in the same breath.
    let sent = run.then(|story| story.erp_record(ErpState::Cancelled).cancelled("A", 3).cancelled("B", 1));
    let notice = one(&sent, Topic::RevenueNotices);
    assert_eq!((notice.text("total.gross"), notice.text("amount.gross")), ("0", "-73.21"));
}

#[test]
fn the_go_ahead_waits_for_the_erps_approval_and_for_holds() {
    let mut run = Run::new(placed_example());
    run.seal();
    let sent = run.then(|story| story.erp_record(ErpState::Pending));
    assert!(of(&sent, Topic::FulfilmentRequests).is_empty());
    let hold = |active| OrderRow::Hold(Hold { reason: "fraud check".into(), active });
    let sent = run.then(|story| story.put(SHOP, "fraud", hold(true)).recorded());
    assert!(of(&sent, Topic::FulfilmentRequests).is_empty());
    let state = run.story.state();
    let topics = why(&run.story.view(&state), &run.story.ledgers, &run.story.rules, run.story.now);
    let release = topics.iter().find(|topic| topic.topic == Topic::FulfilmentRequests).expect("a topic");
    let shut: Vec<&str> = release.conditions.iter().filter(|gate| !gate.holds).map(|gate| gate.name).collect();
    assert_eq!((release.open, shut, release.part.as_str()), (false, vec!["not-held"], MAIN));
    let sent = run.then(|story| story.put(SHOP, "fraud", hold(false)));
    let release = one(&sent, Topic::FulfilmentRequests);
    assert_eq!((release.text("action"), total(&release, "A"), total(&release, "B")), ("release", pieces(3), pieces(1)));
    assert_eq!(release.text("ledger_key"), "magento|1001|MAIN");
}

#[test]
fn a_shut_gate_takes_nothing_back_and_a_lower_total_waits_for_no_gate() {
    let mut run = released();
    assert_eq!(run.of(Topic::FulfilmentRequests).len(), 1);
    let hold = OrderRow::Hold(Hold { reason: "address".into(), active: true });
    let sent = run.then(|story| story.put(SHOP, "address", hold));
    assert!(of(&sent, Topic::FulfilmentRequests).is_empty(), "held: nothing is taken back");
    let lower = one(&run.then(|story| story.cancelled("A", 1)), Topic::FulfilmentRequests);
    assert_eq!((lower.text("action"), total(&lower, "A"), lower.text("lines.0.difference")), ("change", pieces(2), "-1"));
    let sent = run.then(|story| story.cancelled("A", 0));
    assert!(of(&sent, Topic::FulfilmentRequests).is_empty(), "a raise waits for the hold");
    // A raise of one line and a lower total of another while the gate is shut: the lower one alone.
    let lower = one(&run.then(|story| story.cancelled("B", 1)), Topic::FulfilmentRequests);
    assert_eq!((total(&lower, "A"), total(&lower, "B"), lower.text("action")), (pieces(2), pieces(0), "change"));
    let hold = OrderRow::Hold(Hold { reason: "address".into(), active: false });
    let raise = one(&run.then(|story| story.put(SHOP, "address", hold)), Topic::FulfilmentRequests);
    assert_eq!((total(&raise, "A"), raise.text("lines.0.difference"), raise.step()), (pieces(3), "1", 4));
}

#[test]
fn cancelled_before_the_go_ahead() {
    let mut run = Run::new(placed_example());
    run.seal();
    let sent = run.then(|story| story.cancelled("A", 3).cancelled("B", 1));
    assert_eq!(words(&sent), ["sales-orders cancel", "refund-requests", "journal-entries", "notifications cancelled"]);
    assert_eq!(one(&sent, Topic::RefundRequests).text("amount"), "94.36");
    assert!(run.of(Topic::FulfilmentRequests).is_empty());
    let sent = run.then(|story| story.recorded());
    assert!(of(&sent, Topic::FulfilmentRequests).is_empty(), "the ERP's record comes late");
}

#[test]
fn cancelled_after_the_go_ahead() {
    let mut run = released();
    let sent = run.then(|story| story.cancelled("A", 3).cancelled("B", 1));
    assert_eq!(
        words(&sent),
        ["sales-orders cancel", "revenue-notices", "fulfilment-requests cancel", "notifications cancelled"],
        "no money before the warehouse has answered"
    );
    let sent = run.then(|story| story.warehouse_order(WarehouseState::Cancelled));
    assert_eq!(one(&sent, Topic::RefundRequests).text("amount"), "94.36");
}

#[test]
fn a_cancellation_that_crosses_the_despatch() {
    let mut run = released();
    run.then(|story| story.cancelled("A", 3).cancelled("B", 1));
    // Two A had left: they are wanted after all, and stay so until they come back.
    let sent = run.then(|story| story.despatched("D1", "TEE", 2).warehouse_total(2));
    assert_eq!(one(&sent, Topic::RefundRequests).text("amount"), "47.07");
    assert_eq!(of(&sent, Topic::DespatchNotices).len(), 2);
    assert!(of(&sent, Topic::FulfilmentRequests).is_empty(), "the two are despatched; nothing more is to be sent: {:?}", words(&sent));
}

#[test]
fn another_address_goes_out_until_all_is_despatched() {
    let mut run = released();
    let address = |city: &str| {
        let address = Address { country: "GB".into(), city: Personal(city.into()), ..Address::default() };
        OrderRow::ShipTo(Box::new(address))
    };
    let sent = run.then(|story| story.put(SHOP, "shipping", address("York")));
    let change = one(&sent, Topic::FulfilmentRequests);
    assert_eq!((change.text("action"), change.text("ship_to.city"), change.text("lines.0.difference")), ("change", "York", "0"));
    run.then(|story| story.despatched("D1", "TEE", 3).despatched("D1", "CAP", 1));
    let sent = run.then(|story| story.put(SHOP, "shipping", address("Bath")));
    assert!(of(&sent, Topic::FulfilmentRequests).is_empty(), "{:?}", words(&sent));
}

#[test]
fn a_line_that_lost_its_row_cancels_nothing() {
    let mut run = released();
    let sent = run.then(|story| story.delete(OrderRow::LINE, SHOP, "A").delete(OrderRow::LINE, SHOP, "B"));
    assert!(sent.is_empty(), "{:?}", words(&sent));
}

#[test]
fn before_going_live_all_is_entered_and_nothing_sent() {
    let mut run = Run::new(placed_example());
    run.live = false;
    assert!(run.seal().is_empty());
    assert!(run.then(|story| story.recorded()).is_empty());
    let ledgers = &run.story.ledgers;
    assert_eq!((ledgers.sales_order.step, ledgers.fulfilment[MAIN].step, ledgers.revenue.step), (1, 1, 1));
    assert_eq!(ledgers.notified["confirmed"], crate::entities::ledger::Entered::BeforeLive);
    // Live, with no new row: what was due so far is done.
    run.live = true;
    assert!(run.seal().is_empty());
}
