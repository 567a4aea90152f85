//! Despatch, completion, receipt and reversal notices: running totals for each receiver, told once.

use super::*;
use crate::events::order_completions::OrderCompletion;
use crate::events::request::Request;
use crate::facts::time::Span;

fn to<'s>(sent: &'s [Sent], topic: Topic, receiver: &str) -> Vec<&'s Sent> {
    of(sent, topic).into_iter().filter(|sent| sent.text("receiver") == receiver).collect()
}

fn quantities(sent: &Sent) -> Vec<(String, String)> {
    let lines = sent.body["lines"].as_array().expect("lines").iter();
    let text = |line: &serde_json::Value, field: &str| line[field].as_str().unwrap_or("").to_owned();
    lines.map(|line| (text(line, "quantity"), text(line, "total"))).collect()
}

/// A despatch without a tracking number.
fn untracked(despatch: &str, of: &str, n: i64, at: crate::facts::Moment) -> OrderRow {
    OrderRow::Despatch(Box::new(Despatch {
        despatch: despatch.into(),
        line: LineRef::Sku(sku(of)),
        quantity: pieces(n),
        location: MAIN.into(),
        despatched_at: at,
        carrier: "DPD".into(),
        service: "next day".into(),
        tracking: None,
    }))
}

#[test]
fn each_receiver_is_told_each_parcel_once() {
    let mut run = released();
    let sent = run.then(|story| story.despatched("D1", "TEE", 2));
    for (receiver, number) in [("shop", "1001"), ("erp", "SO-7")] {
        let [notice] = to(&sent, Topic::DespatchNotices, receiver)[..] else { panic!("one notice: {:?}", words(&sent)) };
        assert_eq!((notice.text("receiver_number"), notice.text("tracking"), notice.text("parcel")), (number, "T-D1", "D1"));
        assert_eq!(quantities(notice), [("2".into(), "2".into())]);
        assert_eq!(notice.text("ledger_key"), format!("magento|1001|{receiver}|D1"));
    }
    // The shop books it: nothing more. The second parcel is a ledger of its own.
    assert!(of(&run.then(|story| story.progress("A", |row| row.shipped = pieces(2))), Topic::DespatchNotices).is_empty());
    let sent = run.then(|story| story.despatched("D2", "TEE", 1).despatched("D2", "CAP", 1));
    assert_eq!(quantities(to(&sent, Topic::DespatchNotices, "shop")[0]), [("1".into(), "1".into()), ("1".into(), "1".into())]);
}

#[test]
fn what_the_receiver_has_booked_itself_is_not_told() {
    let mut run = released();
    // The shop had shipped all of it by hand before the warehouse's row came.
    let sent = run.then(|story| story.progress("A", |row| row.shipped = pieces(2)).despatched("D1", "TEE", 2));
    assert!(to(&sent, Topic::DespatchNotices, "shop").is_empty() && to(&sent, Topic::DespatchNotices, "erp").len() == 1);
    // ... and one of two of the next parcel.
    let sent = run.then(|story| story.progress("A", |row| row.shipped = pieces(3)).despatched("D2", "TEE", 1).despatched("D2", "CAP", 1));
    let notice = to(&sent, Topic::DespatchNotices, "shop")[0];
    assert_eq!(quantities(notice), [("0".into(), "1".into()), ("1".into(), "1".into())]);
}

#[test]
fn less_in_a_parcel_than_was_told_is_corrected_and_a_piece_that_moved_is_told_once() {
    let mut run = released();
    run.then(|story| story.despatched("D1", "TEE", 2));
    let sent = run.then(|story| story.despatched("D1", "TEE", 1));
    let notice = to(&sent, Topic::DespatchNotices, "erp")[0].clone();
    assert_eq!((notice.text("action"), quantities(&notice), notice.step()), ("correct", vec![("-1".into(), "1".into())], 2));
    let sent = run.then(|story| story.despatched("D2", "TEE", 1));
    assert_eq!(quantities(to(&sent, Topic::DespatchNotices, "shop")[0]), [("1".into(), "1".into())]);
    // It moves back, and a third one leaves: in one breath.
    let sent = run.then(|story| story.despatched("D1", "TEE", 2).despatched("D2", "TEE", 0).despatched("D3", "TEE", 1));
    let told: Vec<(&str, &str, String)> = to(&sent, Topic::DespatchNotices, "shop")
        .iter()
        .map(|sent| (sent.text("action"), sent.text("parcel"), quantities(sent)[0].1.clone()))
        .collect();
    assert_eq!(told, [("correct", "D2", "0".into()), ("notify", "D1", "2".into()), ("notify", "D3", "1".into())]);
}

#[test]
fn a_parcel_that_no_row_speaks_of_any_more_is_taken_back() {
    let mut run = released();
    run.then(|story| story.despatched("D1", "TEE", 2));
    let sent = run.then(|story| story.delete(OrderRow::DESPATCH, WMS, "D1|TEE"));
    let notice = to(&sent, Topic::DespatchNotices, "shop")[0];
    assert_eq!((notice.text("action"), notice.text("parcel"), quantities(notice)), ("correct", "D1", vec![("-2".into(), "0".into())]));
}

#[test]
fn how_pieces_are_put_to_lines_of_one_sku_is_no_news() {
    let mut story = Story::new("GBP");
    story.header("50.00").line("A", "TEE", 2, "20.00", "0").line("B", "TEE", 3, "30.00", "0").captured("50.00");
    let mut run = Run::new(story);
    run.seal();
    run.then(|story| story.recorded());
    let sent = run.then(|story| story.despatched("D1", "TEE", 3));
    assert_eq!(quantities(to(&sent, Topic::DespatchNotices, "shop")[0]), [("2".into(), "2".into()), ("1".into(), "1".into())]);
    // A was the one that nobody wanted: all three are for B now.
    let sent = run.then(|story| story.cancelled("A", 2));
    assert!(of(&sent, Topic::DespatchNotices).is_empty(), "{:?}", words(&sent));
    let sent = run.then(|story| story.progress("B", |row| row.shipped = pieces(3)));
    assert!(of(&sent, Topic::DespatchNotices).is_empty(), "the shop has booked three of them: {:?}", words(&sent));
}

#[test]
fn a_notice_waits_half_an_hour_for_the_tracking_number_which_then_follows() {
    let mut run = released();
    let left = run.story.now;
    let sent = run.then(|story| story.put(WMS, "D1|TEE", untracked("D1", "TEE", 2, left)));
    assert!(of(&sent, Topic::DespatchNotices).is_empty());
    assert_eq!(run.next, Some(left + Span::minutes(30)), "the clock opens it");
    let sent = run.wait(Span::minutes(30));
    assert_eq!(to(&sent, Topic::DespatchNotices, "shop").len(), 1);
    assert!(to(&sent, Topic::DespatchNotices, "shop")[0].body["tracking"].is_null());
    assert_eq!(run.next, Some(left + Span::minutes(60)), "then the mail");
    let tracking = Tracking { despatch: "D1".into(), carrier: "DPD".into(), number: "T9".into(), replaces: None, beside: false };
    let sent = run.then(|story| story.put(WMS, "D1", OrderRow::Tracking(tracking)));
    let [notice] = to(&sent, Topic::DespatchNotices, "shop")[..] else { panic!("one notice: {:?}", words(&sent)) };
    assert_eq!((notice.text("tracking"), notice.step(), quantities(notice)), ("T9", 2, vec![("0".into(), "2".into())]));
}

#[test]
fn the_erp_hears_of_a_parcel_once_it_has_a_record_the_shop_at_once() {
    let mut story = Story::new("GBP");
    // The shop's second line and the payment are still on their way.
    story.header("94.36").line("A", "TEE", 3, "63.44", "10.57");
    let mut run = Run::new(story);
    run.seal();
    let sent = run.then(|story| story.despatched("D1", "TEE", 2));
    assert_eq!(words(&sent), ["despatch-notices notify shop"]);
    let sent = run.then(|story| story.recorded());
    assert_eq!(words(&sent), ["despatch-notices notify erp"]);
}

#[test]
fn completed_when_every_wanted_piece_is_delivered() {
    let mut run = released();
    run.then(|story| story.despatched("D1", "TEE", 3));
    let sent = run.then(|story| story.delivered("D1"));
    assert!(of(&sent, Topic::OrderCompletions).is_empty(), "the cap is wanted");
    // The cap is cancelled instead of sent.
    let sent = run.then(|story| story.cancelled("B", 1));
    assert_eq!(to(&sent, Topic::OrderCompletions, "erp").len(), 1);
    let notice = to(&sent, Topic::OrderCompletions, "shop")[0].clone();
    assert_eq!((notice.text("lines.0.delivered"), notice.body["assumed"].as_bool()), ("3", Some(false)));
    // It is wanted again, and delivered: a further step.
    run.then(|story| story.cancelled("B", 0).despatched("D2", "CAP", 1));
    let sent = run.then(|story| story.delivered("D2"));
    assert_eq!(to(&sent, Topic::OrderCompletions, "shop")[0].step(), 2);
}

#[test]
fn delivered_by_assumption_completes_only_if_configured() {
    let mut run = released();
    run.story.rules.assumed_completes = false;
    run.then(|story| story.despatched("D1", "TEE", 3).despatched("D1", "CAP", 1));
    run.wait(Span::days(22));
    assert!(run.of(Topic::OrderCompletions).is_empty());
    run.story.rules.assumed_completes = true;
    let sent = run.seal();
    assert_eq!(of(&sent, Topic::OrderCompletions).len(), 2);
    assert_eq!(of(&sent, Topic::OrderCompletions)[0].body["assumed"], true);
}

#[test]
fn what_came_back_is_told_by_condition_once() {
    let mut run = released();
    run.then(|story| story.despatched("D1", "TEE", 3).despatched("D1", "CAP", 1).delivered("D1"));
    let sent = run.then(|story| story.authorised("RMA1", "TEE", 2).received("RC1", "TEE", 1, Condition::Sellable));
    assert_eq!(of(&sent, Topic::ReceiptNotices).len(), 2);
    let notice = to(&sent, Topic::ReceiptNotices, "erp")[0].clone();
    assert_eq!((notice.text("rma"), notice.text("lines.0.condition"), notice.text("lines.0.bucket")), ("RMA1", "sellable", "RETURNS"));
    let sent = run.then(|story| story.received("RC2", "TEE", 1, Condition::Damaged));
    let notice = to(&sent, Topic::ReceiptNotices, "erp")[0].clone();
    assert_eq!((notice.step(), notice.text("lines.0.condition"), quantities(&notice)[0].clone()), (2, "damaged", ("1".into(), "1".into())));
    assert_eq!(quantities(&notice)[1], ("0".into(), "1".into()), "the sellable one was told before");
    // The warehouse changes its mind about the first: it did not come back again.
    let sent = run.then(|story| story.received("RC1", "TEE", 1, Condition::Damaged));
    assert!(of(&sent, Topic::ReceiptNotices).is_empty(), "{:?}", words(&sent));
}

#[test]
fn a_receipt_that_the_shop_has_booked_itself_is_told_to_the_erp_alone() {
    let mut run = released();
    run.then(|story| story.despatched("D1", "TEE", 3).despatched("D1", "CAP", 1).delivered("D1"));
    let sent = run.then(|story| {
        story.progress("A", |row| row.received = Some(pieces(1))).authorised("RMA1", "TEE", 1).received(
            "RC1",
            "TEE",
            1,
            Condition::Sellable,
        )
    });
    assert_eq!(words(&of(&sent, Topic::ReceiptNotices).into_iter().cloned().collect::<Vec<_>>()), ["receipt-notices notify erp"]);
}

#[test]
fn reversed_when_settled_and_whole_when_nothing_is_kept() {
    let mut run = released();
    run.then(|story| story.despatched("D1", "TEE", 3).delivered("D1"));
    let sent = run.then(|story| story.authorised("RMA1", "TEE", 3).received("RC1", "TEE", 2, Condition::Damaged));
    let notice = to(&sent, Topic::OrderReversals, "shop")[0].clone();
    assert_eq!((notice.text("lines.0.total"), notice.text("lines.0.written_off"), notice.body["whole"].as_bool()), ("2", "2", Some(false)));
    // Nobody told the third one's condition: it is accepted, and not settled before the warehouse says what became of it.
    let sent = run.then(|story| story.received("RC2", "TEE", 1, Condition::Unspoken));
    assert!(of(&sent, Topic::OrderReversals).is_empty() && of(&sent, Topic::RefundRequests).len() == 1);
    let stock = Disposition { line: LineRef::Sku(sku("TEE")), quantity: pieces(1), to: DisposedTo::Stock };
    let sent = run.then(|story| story.put(WMS, "1", OrderRow::Disposition(stock)));
    let notice = to(&sent, Topic::OrderReversals, "shop")[0].clone();
    assert_eq!(
        (quantities(&notice)[0].clone(), notice.text("lines.0.to_stock"), notice.body["whole"].as_bool()),
        (("1".into(), "3".into()), "1", Some(false))
    );
    // The cap that never left is cancelled and stopped: now nothing is kept.
    run.then(|story| story.cancelled("B", 1));
    let sent = run.then(|story| story.warehouse_total(3));
    let notice = to(&sent, Topic::OrderReversals, "erp")[0].clone();
    assert_eq!((notice.body["whole"].as_bool(), quantities(&notice)[0].clone()), (Some(true), ("0".into(), "3".into())));
}

#[test]
fn why_speaks_of_completion_once_the_order_is_known() {
    let why = |story: &Story| {
        let state = story.state();
        let view = story.view(&state);
        OrderCompletion::why(&view, &state.ledgers.completion, &story.rules, story.now).len()
    };
    assert_eq!(why(&placed_example()), 2, "for shop and ERP");
    let mut headless = Story::new("GBP");
    headless.line("A", "TEE", 3, "63.44", "10.57");
    assert_eq!(why(&headless), 0);
}

/// What is handed over at a counter of the shop itself the shop knows; the ERP does not.
#[test]
fn of_a_counters_sale_the_erp_alone_is_told() {
    let mut story = Story::new("GBP");
    story.header_with("20.00", |header| header.origin = Origin::Pos).line("A", "TEE", 1, "20.00", "3.33").captured("20.00").recorded();
    let mut run = Run::new(story);
    run.seal();
    let sent = run.then(|story| story.despatched("D1", "TEE", 1));
    assert_eq!((to(&sent, Topic::DespatchNotices, "shop").len(), to(&sent, Topic::DespatchNotices, "erp").len()), (0, 1));
}
