//! Refunds: never twice, never less, to the cent.

use super::*;
use crate::events::refund_requests::RefundRequest;
use crate::events::request::Request;

/// The worked example, two A despatched, one A and B cancelled and stopped: 47.07 asked.
fn asked() -> Run {
    let mut run = released();
    run.then(|story| story.despatched("D1", "TEE", 2));
    run.then(|story| story.cancelled("A", 1).cancelled("B", 1));
    let sent = run.then(|story| story.warehouse_total(2));
    let request = one(&sent, Topic::RefundRequests);
    assert_eq!((request.text("total"), request.text("amount")), ("47.07", "47.07"));
    run
}

fn requests(run: &Run) -> Vec<(String, String)> {
    run.of(Topic::RefundRequests).iter().map(|sent| (sent.text("total").to_owned(), sent.text("amount").to_owned())).collect()
}

#[test]
fn a_cancellation_waits_until_the_warehouse_has_answered() {
    let mut run = released();
    run.then(|story| story.cancelled("A", 1));
    assert!(requests(&run).is_empty());
    let state = run.story.state();
    let why = RefundRequest::why(&run.story.view(&state), &run.story.ledgers.refund, &run.story.rules, run.story.now).remove(0);
    assert!(why.open && why.waits.iter().any(|gate| gate.name == "stopped" && !gate.holds && gate.brings == "peoplevox"), "{why:?}");
    run.then(|story| story.warehouse_total(3));
    assert_eq!(requests(&run), [("21.15".into(), "21.15".into())]);
}

#[test]
fn our_own_refund_coming_back_asks_nothing_more() {
    let mut run = asked();
    let sent = run.then(|story| story.refunded("R1", "47.07"));
    assert!(of(&sent, Topic::RefundRequests).is_empty(), "{:?}", words(&sent));
}

#[test]
fn what_it_is_made_of() {
    let mut run = asked();
    run.then(|story| story.refunded("R1", "47.07").delivered("D1"));
    let sent = run.then(|story| story.authorised("RMA1", "TEE", 2).received("RC1", "TEE", 2, Condition::Sellable));
    let request = one(&sent, Topic::RefundRequests);
    assert_eq!((request.text("total"), request.text("amount")), ("94.36", "47.29"));
    let reasons: Vec<_> =
        (0..3).map(|i| (request.text(&format!("by_reason.{i}.reason")), request.text(&format!("by_reason.{i}.total")))).collect();
    assert_eq!(reasons, [("cancel", "47.07"), ("return", "42.29"), ("shipping", "5")]);
    assert_eq!((request.text("by_line.0.line"), request.text("by_line.0.gross"), request.text("by_line.0.tax")), ("A", "63.44", "10.57"));
    assert_eq!((request.text("by_tender.0.total"), request.text("by_tender.0.amount")), ("94.36", "47.29"));
    assert_eq!(request.body["rmas"], serde_json::json!(["RMA1"]));
}

#[test]
fn the_shop_refunds_a_part_by_hand_while_ours_is_asked() {
    let mut run = asked();
    // The shop pays 20.00 itself; finance, which sees all refunds, tells of it too.
    let sent = run.then(|story| story.refunded_by(SHOP, "H1", Tender::Card, "20.00").refunded("H1", "20.00"));
    assert!(of(&sent, Topic::RefundRequests).is_empty());
    // Finance pays the total less what is refunded already.
    let sent = run.then(|story| story.refunded("R1", "27.07"));
    assert!(of(&sent, Topic::RefundRequests).is_empty());
    // One A comes back: only its worth is asked for.
    let sent = run.then(|story| story.authorised("RMA1", "TEE", 1).received("RC1", "TEE", 1, Condition::Sellable));
    let request = one(&sent, Topic::RefundRequests);
    assert_eq!((request.text("total"), request.text("amount")), ("68.21", "21.14"));
}

#[test]
fn two_requests_that_cross() {
    let mut run = asked();
    // The second is due before the first is paid.
    let sent = run.then(|story| story.authorised("RMA1", "TEE", 1).received("RC1", "TEE", 1, Condition::Sellable));
    let request = one(&sent, Topic::RefundRequests);
    assert_eq!((request.text("total"), request.text("amount"), request.step()), ("68.21", "21.14", 2));
    // The second is paid first, then the first.
    for (id, sum) in [("R2", "21.14"), ("R1", "47.07")] {
        let sent = run.then(|story| story.refunded(id, sum));
        assert!(of(&sent, Topic::RefundRequests).is_empty(), "{id}");
    }
    assert_eq!(requests(&run).len(), 2);
}

#[test]
fn refunded_above_what_is_due_asks_nothing_until_due_passes_it() {
    let mut run = released();
    run.then(|story| story.despatched("D1", "TEE", 3).despatched("D1", "CAP", 1).delivered("D1"));
    run.then(|story| story.refunded("GOODWILL", "30.00"));
    // One A back: 21.14 due, 30.00 refunded already.
    run.then(|story| story.authorised("RMA1", "TEE", 1).received("RC1", "TEE", 1, Condition::Sellable));
    assert!(requests(&run).is_empty());
    run.then(|story| story.authorised("RMA2", "TEE", 1).received("RC2", "TEE", 1, Condition::Sellable));
    assert_eq!(requests(&run), [("42.29".into(), "12.29".into())]);
}

#[test]
fn what_fell_is_never_asked_back() {
    let mut run = asked();
    let sent = run.then(|story| story.cancelled("A", 0).warehouse_total(3));
    assert!(of(&sent, Topic::RefundRequests).is_empty());
    assert_eq!(run.story.ledgers.refund.total, amount("47.07"));
    let sent = run.then(|story| story.cancelled("A", 1).warehouse_total(2));
    assert!(of(&sent, Topic::RefundRequests).is_empty(), "it was asked for already");
}

#[test]
fn only_what_was_captured_comes_back() {
    let mut story = Story::new("GBP");
    story.header("94.36").line("A", "TEE", 3, "63.44", "10.57").line("B", "CAP", 1, "25.92", "4.32").charge("5.00", "0.83");
    story.paid_by("card", Tender::Card, "94.36", "40.00");
    let mut run = Run::new(story);
    run.seal();
    let sent = run.then(|story| story.cancelled("A", 3).cancelled("B", 1));
    let request = one(&sent, Topic::RefundRequests);
    assert_eq!((request.text("total"), request.text("by_tender.0.total")), ("40", "40"));
    let reasons = request.body["by_reason"].as_array().expect("reasons").iter();
    let sum: crate::facts::Amount = reasons.map(|part| amount(part["total"].as_str().expect("an amount"))).sum();
    assert_eq!(sum, amount("40"), "the parts add up to the total");
}

#[test]
fn nothing_captured_nothing_asked() {
    let mut story = Story::new("GBP");
    story.header("63.44").line("A", "TEE", 3, "63.44", "10.57").paid_by("card", Tender::Card, "63.44", "0");
    let mut run = Run::new(story);
    run.seal();
    run.then(|story| story.cancelled("A", 3));
    assert!(requests(&run).is_empty());
}

#[test]
fn a_return_needs_approval_and_goods() {
    let mut run = released();
    run.then(|story| story.despatched("D1", "TEE", 2).delivered("D1"));
    run.then(|story| story.return_line("RMA1", "TEE", 1, ReturnState::Asked));
    run.then(|story| story.received("RC1", "TEE", 1, Condition::Sellable));
    assert!(requests(&run).is_empty(), "only asked for");
    run.then(|story| story.authorised("RMA1", "TEE", 1));
    assert_eq!(requests(&run).len(), 1);
    run.then(|story| story.authorised("RMA2", "TEE", 1));
    assert_eq!(requests(&run).len(), 1, "its goods are not there");
    run.then(|story| story.received("RC2", "TEE", 1, Condition::Rejected));
    assert_eq!(requests(&run).len(), 1, "rejected");
}

#[test]
fn figures_that_do_not_add_up_ask_for_no_money() {
    let mut story = placed_example();
    story.header("99.99").progress("A", |row| row.cancelled = pieces(3)).progress("B", |row| row.cancelled = pieces(1));
    let mut run = Run::new(story);
    run.seal();
    assert!(requests(&run).is_empty() && run.of(Topic::JournalEntries).is_empty());
    run.then(|story| story.header("94.36"));
    assert_eq!(requests(&run), [("94.36".into(), "94.36".into())]);
}

#[test]
fn a_refund_by_hand_on_another_tender_leaves_the_card_its_room() {
    let mut story = Story::new("EUR");
    story.header("273.70").line("L", "LAMP", 2, "214.20", "34.20").line("S", "SHADE", 1, "53.55", "8.55").charge("5.95", "0.95");
    story.paid_by("card", Tender::Card, "173.70", "173.70").paid_by("gift", Tender::GiftCard, "100.00", "100.00");
    let mut run = Run::new(story);
    run.seal();
    // 214.20 due: 173.70 to the card, 40.50 to the gift card.
    let sent = run.then(|story| story.cancelled("L", 2));
    let request = one(&sent, Topic::RefundRequests);
    assert_eq!((request.text("by_tender.0.total"), request.text("by_tender.1.total")), ("173.7", "40.5"));
    // Somebody gives the whole gift card back by hand; then the shade is cancelled too.
    run.then(|story| story.refunded_by(FINANCE, "H1", Tender::GiftCard, "100.00"));
    let sent = run.then(|story| story.cancelled("S", 1));
    let request = one(&sent, Topic::RefundRequests);
    assert_eq!((request.text("total"), request.text("amount")), ("273.7", "59.5"));
    assert_eq!((request.text("by_tender.0.total"), request.text("by_tender.1.total")), ("173.7", "100"));
    let parts: crate::facts::Amount = (0..2).map(|i| request.amount(&format!("by_tender.{i}.amount"))).sum();
    assert_eq!(parts, amount("59.5"));
}
