//! Go-aheads to warehouses where not all is plain: two locations, whole or in parts, two records, an edited order, holds that come too late.

use super::*;
use crate::entities::order::testing::NORTH;
use crate::events::why::why;
use crate::facts::OrderKey;
use crate::facts::time::Span;

/// The totals asked of a location, by line: `A 3, B 1`.
fn totals(sent: &Sent) -> String {
    let lines = sent.body["lines"].as_array().expect("lines").iter();
    let line =
        |line: &serde_json::Value| format!("{} {}", line["line"].as_str().expect("a line"), line["total"].as_str().expect("a total"));
    lines.map(line).collect::<Vec<_>>().join(", ")
}

/// What is asked: `location action: totals`.
fn asked(sent: &[Sent]) -> Vec<String> {
    let requests = of(sent, Topic::FulfilmentRequests).into_iter();
    requests.map(|sent| format!("{} {}: {}", sent.text("location"), sent.text("action"), totals(sent))).collect()
}

fn shut(run: &Run) -> Vec<String> {
    let state = run.story.state();
    let topics = why(&run.story.view(&state), &run.story.ledgers, &run.story.rules, run.story.now);
    let release = topics.into_iter().filter(|topic| topic.topic == Topic::FulfilmentRequests);
    release.flat_map(|topic| topic.conditions).filter(|gate| !gate.holds).map(|gate| gate.name.to_owned()).collect()
}

fn at(location: &'static str) -> impl FnOnce(&mut ErpLine) {
    move |line| line.location = Some(location.into())
}

/// Placed and paid; two locations, the ERP says TEE from MAIN.
fn two_locations() -> Run {
    let mut story = placed_example();
    story.with_north();
    let mut run = Run::new(story);
    run.seal();
    run
}

#[test]
fn each_location_is_asked_for_its_own_lines() {
    let mut run = two_locations();
    let sent = run.then(|story| story.recorded().erp_line_with("1", "TEE", 3, at(MAIN)).erp_line_with("2", "CAP", 1, at(NORTH)));
    assert_eq!(asked(&sent), ["MAIN release: A 3", "NORTH release: B 1"]);
}

#[test]
fn a_line_without_a_location_waits_alone_unless_all_must_go_together() {
    let mut run = two_locations();
    let sent = run.then(|story| story.recorded().erp_line_with("1", "TEE", 3, at(MAIN)));
    assert_eq!(asked(&sent), ["MAIN release: A 3"]);
    let mut whole = two_locations();
    whole.then(|story| story.header_with("94.36", |header| header.advice = Advice::Whole));
    let sent = whole.then(|story| story.recorded().erp_line_with("1", "TEE", 3, at(MAIN)));
    assert_eq!((asked(&sent), shut(&whole)), (vec![], vec!["location".to_owned()]));
    let sent = whole.then(|story| story.erp_line_with("2", "CAP", 1, at(NORTH)));
    assert_eq!(asked(&sent), ["MAIN release: A 3", "NORTH release: B 1"], "together");
}

#[test]
fn a_location_that_the_configuration_does_not_know_is_not_asked() {
    let mut run = two_locations();
    let sent = run.then(|story| story.recorded().erp_line_with("1", "TEE", 3, at("MOON")).erp_line_with("2", "CAP", 1, at(NORTH)));
    assert_eq!(asked(&sent), ["NORTH release: B 1"]);
    assert_eq!(run.story.exceptions(), ["unknown-location MOON"]);
}

#[test]
fn a_line_that_moves_waits_until_its_old_location_has_confirmed_its_cancel() {
    let mut run = two_locations();
    run.then(|story| story.recorded().erp_line_with("1", "TEE", 3, at(MAIN)).erp_line_with("2", "CAP", 1, at(MAIN)));
    run.then(|story| story.warehouse_order(WarehouseState::New).warehouse_line("TEE", 3, |_| {}).warehouse_line("CAP", 1, |_| {}));
    let sent = run.then(|story| story.erp_line_with("1", "TEE", 3, at(NORTH)));
    assert_eq!(asked(&sent), ["MAIN change: A 0, B 1"], "North waits");
    let sent = run.then(|story| story.warehouse_line("TEE", 3, |row| (row.closed, row.cancelled) = (true, Some(pieces(3)))));
    assert_eq!(asked(&sent), ["NORTH release: A 3"]);
    assert_eq!(run.story.quantities("A")[1..3], [0, 3], "the old location's word cancels nothing");
}

#[test]
fn pieces_that_left_before_the_line_moved_stay_with_their_location() {
    let mut run = two_locations();
    run.then(|story| story.recorded().erp_line_with("1", "TEE", 3, at(MAIN)).erp_line_with("2", "CAP", 1, at(MAIN)));
    run.then(|story| story.warehouse_order(WarehouseState::PartDespatched).despatched("D1", "TEE", 1));
    let sent = run.then(|story| story.erp_line_with("1", "TEE", 3, at(NORTH)));
    assert_eq!(asked(&sent), ["MAIN change: A 1, B 1"]);
    let sent = run.then(|story| story.warehouse_line("TEE", 1, |_| {}));
    assert_eq!(asked(&sent), ["NORTH release: A 2"]);
}

#[test]
fn a_line_that_fell_to_nothing_stays_listed_and_is_not_asked_again() {
    let mut run = released();
    assert_eq!(asked(&run.then(|story| story.cancelled("B", 1))), ["MAIN change: A 3, B 0"]);
    assert_eq!(asked(&run.then(|story| story.progress("A", |row| row.shipped = pieces(0)))), [""; 0], "a further look asks nothing");
}

#[test]
fn no_go_ahead_while_the_erp_has_two_records() {
    let mut run = Run::new(placed_example());
    run.seal();
    let sent = run.then(|story| story.recorded().document("SO-8", ErpState::Approved));
    assert_eq!((asked(&sent), shut(&run)), (vec![], vec!["one-record".to_owned()]));
    assert_eq!(asked(&run.then(|story| story.document_deleted("SO-8"))), ["MAIN release: A 3, B 1"]);
}

#[test]
fn a_deleted_hold_holds_until_a_row_says_it_is_over() {
    let mut run = Run::new(placed_example());
    run.seal();
    run.then(|story| story.held(true).recorded());
    assert_eq!(asked(&run.then(|story| story.delete(OrderRow::HOLD, SHOP, "fraud"))), [""; 0]);
    assert_eq!(asked(&run.then(|story| story.held(false))).len(), 1);
}

#[test]
fn an_order_in_anothers_place_waits_for_the_cancellation_of_the_first() {
    let old = OrderKey::new("magento", "1000");
    let mut story = placed_example();
    story.header_with("94.36", |header| header.replaces = Some(old.clone()));
    let mut run = Run::new(story);
    assert!(of(&run.seal(), Topic::SalesOrders).is_empty());
    let state = run.story.state();
    assert_eq!(run.story.view(&state).next_change, Some(PLACED + Span::hours(1)), "the clock alone lets it go");
    let mut repeated = run.story.clone();
    repeated.now = PLACED + Span::hours(1);
    let mut repeated = Run::new(repeated);
    assert_eq!(one(&repeated.seal(), Topic::SalesOrders).text("action"), "create", "the first lives on: a mere repetition");
    let gone = |cancelled| OrderRow::Predecessor(Predecessor { order: OrderKey::new("magento", "1000"), cancelled });
    assert!(of(&run.then(|story| story.put(SHOP, "magento|1000", gone(false))), Topic::SalesOrders).is_empty());
    let sent = run.then(|story| story.put(SHOP, "magento|1000", gone(true)));
    assert_eq!(one(&sent, Topic::SalesOrders).text("action"), "create");
}

#[test]
fn an_order_that_another_replaces_is_not_released_and_is_let_go_if_it_is_not_cancelled() {
    let mut run = Run::new(placed_example());
    run.seal();
    run.then(|story| story.header_with("94.36", |header| header.replaced_by = Some(OrderKey::new("magento", "1002"))));
    assert_eq!(asked(&run.then(|story| story.recorded())), [""; 0]);
    assert_eq!(asked(&run.wait(Span::hours(1))), ["MAIN release: A 3, B 1"], "an order repeated, not edited");
    let sent = run.then(|story| {
        story.header_with("94.36", |header| {
            header.replaced_by = Some(OrderKey::new("magento", "1002"));
            header.state = Word::Known(ShopState::Cancelled);
        })
    });
    assert_eq!(asked(&sent), ["MAIN cancel: A 0, B 0"]);
    assert!(of(&sent, Topic::Notifications).is_empty(), "the customer edited it: {:?}", words(&sent));
}

#[test]
fn a_go_ahead_without_an_answer_and_a_hold_that_comes_too_late_ask_a_person() {
    let mut run = Run::new(placed_example());
    run.seal();
    run.then(|story| story.recorded());
    assert_eq!(run.story.exceptions(), [""; 0]);
    run.wait(Span::hours(1));
    assert_eq!(run.story.exceptions(), ["release-unanswered MAIN"]);
    run.then(|story| story.warehouse_order(WarehouseState::New).warehouse_total(4));
    assert_eq!(run.story.exceptions(), [""; 0]);
    run.then(|story| story.held(true));
    assert_eq!(run.story.exceptions(), ["held-after-release"]);
    let mut lifted = run.story.clone();
    assert_eq!(lifted.held(false).exceptions(), [""; 0]);
    let mut cancelled = run.story.clone();
    assert_eq!(cancelled.cancelled("A", 3).cancelled("B", 1).exceptions(), [""; 0]);
    run.then(|story| story.despatched("D1", "TEE", 3).despatched("D1", "CAP", 1));
    assert_eq!(run.story.exceptions(), [""; 0]);
}

#[test]
fn what_is_asked_for_is_looked_at_again_when_its_answer_is_due() {
    let mut run = Run::new(placed_example());
    run.story.rules.notifications.clear();
    let hour = |run: &Run| Some(run.story.now + Span::hours(1));
    run.seal_once();
    assert_eq!(run.next, hour(&run), "the record");
    run.story.recorded();
    run.seal_once();
    assert_eq!(run.next, hour(&run), "the go-ahead");
    run.then(|story| story.warehouse_order(WarehouseState::New).warehouse_total(4).despatched("D1", "TEE", 2));
    run.story.despatched("D1", "TEE", 1);
    run.seal_once();
    assert_eq!(run.next, hour(&run), "the correction");
}

#[test]
fn a_receiver_that_keeps_more_than_is_true_after_its_correction_asks_a_person() {
    let mut run = released();
    run.then(|story| story.despatched("D1", "TEE", 2));
    run.then(|story| story.progress("A", |row| row.shipped = pieces(2)));
    run.then(|story| story.despatched("D1", "TEE", 1));
    run.wait(Span::minutes(59));
    assert_eq!(run.story.exceptions(), [""; 0]);
    run.wait(Span::minutes(1));
    assert_eq!(run.story.exceptions(), ["despatch-corrected shop A"]);
    let state = run.story.state();
    let pieces_of = |kind| run.story.view(&state).findings.iter().find(|finding| finding.kind == kind).and_then(|finding| finding.pieces);
    assert_eq!(pieces_of("despatch-corrected"), Some(pieces(1)));
    run.then(|story| story.progress("A", |row| row.shipped = pieces(1)));
    assert_eq!(run.story.exceptions(), [""; 0]);
}
