//! A warehouse that cannot change an order: it is cancelled, and released anew under another number.

use super::*;
use crate::facts::time::Span;

/// Three TEE and a CAP asked of MAIN, whose warehouse has taken the order in.
fn released_at_a_fixed_warehouse() -> Run {
    let mut story = placed_example();
    story.rules.locations.iter_mut().for_each(|location| location.fixed_orders = true);
    let mut run = Run::new(story);
    run.seal();
    let sent = run.then(|story| story.recorded().erp_line("10000", "TEE", 3, None).erp_line("20000", "CAP", 1, None));
    assert_eq!(told(&sent), ["release 1001~MAIN~1 : A 3/3, B 1/1"]);
    run.then(|story| story.warehouse_order(WarehouseState::New));
    run
}

/// `action number replaces: line total/to send, ...`; the order is called 1001.
fn told(sent: &[Sent]) -> Vec<String> {
    let requests = of(sent, Topic::FulfilmentRequests).into_iter();
    let tell = |sent: &Sent| {
        let number = |field: &str| sent.text(field).replace(sent.text("number"), "1001");
        let text = |line: &serde_json::Value, field: &str| line[field].as_str().expect("a text").to_owned();
        let lines = sent.body["lines"].as_array().expect("lines").iter();
        let lines: Vec<String> =
            lines.map(|line| format!("{} {}/{}", text(line, "line"), text(line, "total"), text(line, "to_send"))).collect();
        format!("{} {} {}: {}", sent.text("action"), number("request_number"), number("replaces"), lines.join(", "))
    };
    requests.map(tell).collect()
}

#[test]
fn what_is_lowered_is_cancelled_and_released_anew_once_the_warehouse_has_confirmed() {
    let mut run = released_at_a_fixed_warehouse();
    let sent = run.then(|story| story.cancelled("A", 1));
    assert_eq!(told(&sent), ["cancel 1001~MAIN~1 : A 0/0, B 0/0"]);
    assert!(told(&run.then(|story| story.warehouse_order(WarehouseState::Picking))).is_empty(), "it may still send all of it");
    let sent = run.then(|story| story.warehouse_order(WarehouseState::Cancelled));
    assert_eq!(told(&sent), ["release 1001~MAIN~3 1001~MAIN~1: A 2/2, B 1/1"]);
}

#[test]
fn pieces_that_have_left_are_not_sent_again() {
    let mut run = released_at_a_fixed_warehouse();
    run.then(|story| story.despatched("D1", "TEE", 2));
    // The customer takes two more TEE while the rest is being picked.
    let sent = run.then(|story| story.line("A", "TEE", 5, "105.73", "17.62").header("136.65").captured("136.65"));
    assert_eq!(told(&sent), ["cancel 1001~MAIN~1 : A 2/0, B 0/0"]);
    let sent = run.then(|story| story.warehouse_order(WarehouseState::Cancelled));
    assert_eq!(told(&sent), ["release 1001~MAIN~3 1001~MAIN~1: A 5/3, B 1/1"]);
}

#[test]
fn what_is_cancelled_wholly_is_not_released_anew() {
    let mut run = released_at_a_fixed_warehouse();
    let sent = run.then(|story| story.cancelled("A", 3).cancelled("B", 1));
    assert_eq!(told(&sent), ["cancel 1001~MAIN~1 : A 0/0, B 0/0"]);
    assert!(told(&run.then(|story| story.warehouse_order(WarehouseState::Cancelled))).is_empty());
}

/// Three TEE and a CAP asked of MAIN, which tells of an order only when it has sent it.
fn released_at_a_silent_warehouse() -> Run {
    let mut story = placed_example();
    story.rules.locations.iter_mut().for_each(|location| location.fixed_orders = true);
    let mut run = Run::new(story);
    run.seal();
    run.then(|story| story.recorded().erp_line("10000", "TEE", 3, None).erp_line("20000", "CAP", 1, None));
    run
}

#[test]
fn a_persons_word_that_it_is_cancelled_is_enough() {
    for (kind, number) in [("cancel-unanswered", ""), ("release-unanswered", "MAIN")] {
        let mut run = released_at_a_silent_warehouse();
        let sent = run.then(|story| story.cancelled("A", 1));
        assert_eq!(told(&sent), ["cancel 1001~MAIN~1 : A 0/0, B 0/0"]);
        assert!(told(&run.then(|story| story.wait(Span::hours(2)))).is_empty(), "nobody has said that it did");
        let sent = run.then(|story| story.decided(kind, number, "stopped"));
        assert_eq!(told(&sent), ["release 1001~MAIN~3 1001~MAIN~1: A 2/2, B 1/1"], "{kind}");
        // The word was about the first order: of the second one nobody has spoken yet.
        let sent = run.then(|story| story.wait(Span::hours(2)).cancelled("A", 2));
        assert_eq!(told(&sent), ["cancel 1001~MAIN~3 : A 0/0, B 0/0"], "{kind}");
        assert!(told(&run.then(|story| story.wait(Span::hours(2)))).is_empty(), "{kind}");
        let sent = run.then(|story| story.decided(kind, number, "stopped"));
        assert_eq!(told(&sent), ["release 1001~MAIN~5 1001~MAIN~3: A 1/1, B 1/1"], "{kind}");
    }
}

#[test]
fn an_order_that_ended_by_a_persons_word_is_not_waited_for_again() {
    let mut run = released_at_a_silent_warehouse();
    run.then(|story| story.cancelled("A", 1));
    run.then(|story| story.wait(Span::hours(2)).decided("cancel-unanswered", "", "stopped"));
    run.then(|story| story.despatched("D1", "TEE", 2).despatched("D1", "CAP", 1).warehouse_order(WarehouseState::Closed));
    // One TEE more is wanted after all: the order was sent, so nothing is there to be cancelled.
    let sent = run.then(|story| story.line("A", "TEE", 4, "84.58", "14.10").header("115.50").captured("115.50"));
    assert_eq!(told(&sent).len(), 1);
    assert!(told(&sent)[0].starts_with("release 1001~MAIN~4 "), "{sent:?}");
}
