//! Mails: at most once, never too late.

use super::*;
use crate::entities::ledger::Entered;
use crate::facts::time::Span;

fn kinds(sent: &[Sent]) -> Vec<String> {
    of(sent, Topic::Notifications).iter().map(|sent| sent.text("kind").to_owned()).collect()
}

#[test]
fn the_straight_story() {
    let mut run = Run::new(placed_example());
    let sent = run.seal();
    let mail = one(&sent, Topic::Notifications);
    assert_eq!((mail.text("kind"), mail.text("amount"), mail.text("to")), ("confirmed", "94.36", "anne@example.com"));
    assert_eq!(mail.text("ledger_key"), "magento|1001|confirmed");
    run.then(|story| story.recorded().warehouse_order(WarehouseState::New).warehouse_total(4));
    assert!(kinds(&run.then(|story| story.despatched("D1", "TEE", 2))).is_empty(), "more may be in the parcel");
    let mail = one(&run.wait(Span::minutes(1)), Topic::Notifications);
    assert_eq!((mail.text("kind"), mail.text("tracking"), mail.text("still_to_come")), ("despatched", "T-D1", "2"));
    assert_eq!(mail.text("ledger_key"), "magento|1001|despatched|D1");
    assert_eq!(kinds(&run.then(|story| story.delivered("D1"))), ["delivered"]);
    let sent = run.then(|story| story.authorised("RMA1", "TEE", 1).received("RC1", "TEE", 1, Condition::Sellable));
    let mail = one(&sent, Topic::Notifications);
    assert_eq!((mail.text("kind"), mail.text("lines.0.quantity")), ("return-received", "1"));
    let mail = one(&run.then(|story| story.refunded("R1", "20.00")), Topic::Notifications);
    assert_eq!((mail.text("kind"), mail.text("amount"), mail.text("refunded")), ("refund-made", "20", "20"));
    let mail = one(&run.then(|story| story.refunded("R2", "1.15")), Topic::Notifications);
    assert_eq!((mail.text("amount"), mail.text("refunded"), mail.text("by_tender.0.amount")), ("1.15", "21.15", "21.15"));
}

/// A warehouse tells a parcel line by line.
#[test]
fn the_mail_of_a_parcel_waits_until_its_rows_have_been_the_same_for_a_minute() {
    let mut run = released();
    let half = Span::seconds(30);
    assert!(kinds(&run.then(|story| story.despatched("D1", "TEE", 1))).is_empty());
    assert_eq!(run.next, Some(run.story.now + Span::minutes(1)), "the clock brings it");
    assert!(kinds(&run.then(|story| story.wait(half).despatched("D1", "TEE", 2))).is_empty());
    assert!(kinds(&run.wait(half)).is_empty(), "half a minute since the second row");
    let mail = one(&run.wait(half), Topic::Notifications);
    assert_eq!((mail.text("kind"), mail.text("lines.0.quantity"), mail.text("still_to_come")), ("despatched", "2", "2"));
    assert!(kinds(&run.wait(Span::hours(1))).is_empty());
    // The last parcel can't become more.
    let mail = one(&run.then(|story| story.despatched("D2", "TEE", 1).despatched("D2", "CAP", 1)), Topic::Notifications);
    assert_eq!((mail.text("parcel"), mail.text("still_to_come")), ("D2", "0"));
}

#[test]
fn cancellations_are_told_by_their_total() {
    let mut run = released();
    let mail = one(&run.then(|story| story.cancelled("A", 1)), Topic::Notifications);
    assert_eq!((mail.text("kind"), mail.text("amount"), mail.text("lines.0.quantity")), ("part-cancelled", "21.15", "1"));
    assert!(kinds(&run.then(|story| story.warehouse_total(3))).is_empty());
    let mail = one(&run.then(|story| story.cancelled("A", 3).cancelled("B", 1)), Topic::Notifications);
    assert_eq!((mail.text("kind"), mail.text("amount"), mail.text("ledger_key")), ("cancelled", "94.36", "magento|1001|cancelled|4"));
}

#[test]
fn a_mail_lapses_after_its_greatest_age() {
    let mut story = Story::new("GBP");
    story.header("63.44").line("A", "TEE", 3, "63.44", "10.57").paid_by("card", Tender::Card, "0", "0");
    let mut run = Run::new(story);
    run.seal();
    // It waits for the payment, which may come after days, and is told from then on.
    run.story.now = PLACED + Span::hours(50);
    run.seal();
    assert!(run.story.ledgers.notified.is_empty());
    let mut read_late = run.story.clone();
    assert_eq!(kinds(&run.then(|story| story.captured("63.44"))), ["confirmed"]);
    read_late.captured("63.44");
    read_late.now = PLACED + Span::hours(74);
    let mut read_late = Run::new(read_late);
    assert!(kinds(&read_late.seal()).is_empty(), "paid a day ago");
    assert_eq!(read_late.story.ledgers.notified["confirmed"], Entered::Overtaken);
    // Goods that left before the payment of an old order say it too.
    let mut sent = Story::new("GBP");
    sent.header("63.44").line("A", "TEE", 3, "63.44", "10.57").recorded().despatched("D1", "TEE", 3);
    sent.now = PLACED + Span::hours(50);
    sent.captured("63.44");
    assert!(!kinds(&Run::new(sent).seal()).iter().any(|kind| kind == "confirmed"));
}

#[test]
fn a_later_stage_overtakes() {
    let mut run = released();
    // The warehouse's row comes after the carrier's.
    let sent = run.then(|story| story.delivered("D1").despatched("D1", "TEE", 2));
    assert_eq!(kinds(&sent), ["delivered"]);
    assert_eq!(run.story.ledgers.notified["despatched|D1"], Entered::Overtaken);
    let mut cancelled = placed_example();
    cancelled.cancelled("A", 3).cancelled("B", 1);
    assert_eq!(kinds(&Run::new(cancelled).seal()), ["cancelled"]);
}

#[test]
fn kinds_that_are_off_and_orders_without_an_address_are_silent() {
    let mut run = Run::new(placed_example());
    run.story.rules.notifications.clear();
    assert!(kinds(&run.seal()).is_empty() && run.story.ledgers.notified.is_empty());
    let mut story = placed_example();
    story.header_with("94.36", |header| header.email = None);
    assert!(kinds(&Run::new(story).seal()).is_empty());
}

#[test]
fn a_refund_that_is_mirrored_or_pending_is_told_once() {
    let mut run = released();
    run.then(|story| story.despatched("D1", "TEE", 3).despatched("D1", "CAP", 1).delivered("D1"));
    let refund = |run: &Run, state| {
        OrderRow::Refund(Box::new(Refund {
            tender: Tender::Card,
            currency: run.story.currency,
            amount: amount("10.00"),
            state: Word::Known(state),
            reference: "PSP-1".into(),
            request: None,
            refunded_at: run.story.now,
            capture: "".into(),
        }))
    };
    let pending = refund(&run, RefundState::Pending);
    assert!(kinds(&run.then(|story| story.put(FINANCE, "F1", pending))).is_empty());
    let success = refund(&run, RefundState::Success);
    assert_eq!(kinds(&run.then(|story| story.put(FINANCE, "F1", success))), ["refund-made"]);
    let mirror = refund(&run, RefundState::Success);
    assert!(kinds(&run.then(|story| story.put(SHOP, "M1", mirror))).is_empty());
}
