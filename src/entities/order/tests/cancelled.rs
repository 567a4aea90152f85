//! What is cancelled, by whatever word, and when it can't be sent any more. Quantities: ordered, cancelled, wanted, despatched, stopped.

use super::super::testing::*;
use super::seen;
use crate::facts::OrderRow;
use crate::facts::order::*;
use crate::facts::time::Span;

#[test]
fn cancelled_is_the_largest_total_of_the_three_and_never_their_sum() {
    let mut order = released_example();
    order.cancelled("A", 1).cancellation(ERP, "TEE", 2, false).cancellation(WMS, "TEE", 1, false);
    assert_eq!(order.quantities("A"), [3, 2, 1, 0, 0]);
    order.cancellation(WMS, "TEE", 3, false);
    assert_eq!(order.quantities("A"), [3, 3, 0, 0, 0]);
}

#[test]
fn two_warehouses_each_cancel_pieces_of_their_own() {
    let mut order = released_example();
    let row =
        |n| OrderRow::Cancellation(Cancellation { line: LineRef::Sku(sku("TEE")), total: pieces(n), stopped: true, reason: "".into() });
    order.put(WMS, "TEE|1", row(1)).put(WMS, "TEE|2", row(1));
    assert_eq!(order.quantities("A"), [3, 2, 1, 0, 2], "the warehouse has stopped them itself");
}

#[test]
fn a_line_closed_short_is_cancelled_once_the_despatches_seen_add_up_to_its_own_total() {
    let mut order = released_example();
    // The warehouse's line says that 2 left, but only one despatch has been seen: nothing is known yet.
    order.despatched("D1", "TEE", 1).warehouse_line("TEE", 3, |row| (row.closed, row.despatched) = (true, Some(pieces(2))));
    assert_eq!(order.quantities("A"), [3, 0, 3, 1, 0]);
    assert_eq!(order.exceptions(), [""; 0]);
    order.wait(Span::hours(1));
    assert_eq!(order.exceptions(), ["short-closed 100000042 TEE"]);
    order.despatched("D2", "TEE", 1);
    assert_eq!(order.quantities("A"), [3, 1, 2, 2, 1]);
    assert_eq!(order.exceptions(), ["short-closed A"], "the shop has not cancelled it");
    order.cancelled("A", 1);
    assert_eq!((order.quantities("A"), order.exceptions().len()), ([3, 1, 2, 2, 1], 0));
}

#[test]
fn a_line_closed_without_a_total_cancels_only_what_the_warehouse_names() {
    let mut order = released_example();
    order.warehouse_line("TEE", 3, |row| row.closed = true);
    assert_eq!(order.quantities("A"), [3, 0, 3, 0, 0], "never what was ordered less what left");
    order.warehouse_line("TEE", 3, |row| (row.closed, row.cancelled) = (true, Some(pieces(2))));
    assert_eq!(order.quantities("A"), [3, 2, 1, 0, 2]);
}

/// SEKO's orders are dispatched once, and their lines say only what left.
#[test]
fn a_warehouse_that_does_not_repeat_what_it_was_asked_for_is_short_of_what_is_ordered_there() {
    let told = |left: i64| move |row: &mut WarehouseLine| (row.quantity, row.closed, row.despatched) = (None, true, Some(pieces(left)));
    let mut order = released_example();
    order.despatched("D1", "TEE", 2).warehouse_line("TEE", 0, told(2)).warehouse_line("CAP", 0, told(0));
    assert_eq!((order.quantities("A"), order.quantities("B")), ([3, 1, 2, 2, 1], [1, 1, 0, 0, 1]));
    assert_eq!(order.exceptions(), ["short-closed A", "short-closed B"]);
    let mut cancelled = order.clone();
    cancelled.cancelled("A", 1);
    assert_eq!(cancelled.quantities("A"), [3, 1, 2, 2, 1], "the same piece");
    let mut late = released_example();
    late.warehouse_line("TEE", 0, told(2));
    assert_eq!(late.quantities("A"), [3, 0, 3, 0, 0], "its despatches are not seen yet");
    let mut two = released_example();
    two.despatched("D1", "TEE", 2).warehouse_line("TEE", 0, told(1)).warehouse_line("TEE", 0, |row| {
        told(1)(row);
        row.order = "100000042-2".into();
    });
    assert_eq!(two.quantities("A"), [3, 1, 2, 2, 1], "two rows of one line are short together");
}

#[test]
fn a_closed_order_that_says_nothing_of_a_line_asks_a_person_after_an_hour() {
    let mut order = released_example();
    let told = |row: &mut WarehouseLine| (row.quantity, row.closed, row.despatched) = (None, true, Some(pieces(3)));
    order.despatched("D1", "TEE", 3).warehouse_line("TEE", 0, told).warehouse_order(WarehouseState::Closed);
    assert_eq!((order.quantities("B"), order.exceptions().len()), ([1, 0, 1, 0, 0], 0));
    order.wait(Span::hours(1));
    assert_eq!(order.exceptions(), ["short-closed 100000042"]);
}

/// Its lines are not reported: its cancellation gives no quantities, and a person has to look.
#[test]
fn a_warehouse_order_that_is_cancelled_unasked_asks_a_person_after_an_hour() {
    let mut order = released_example();
    order.warehouse_order(WarehouseState::Cancelled);
    assert_eq!((order.quantities("A"), order.exceptions().len()), ([3, 0, 3, 0, 0], 0));
    order.wait(Span::hours(1));
    assert_eq!(order.exceptions(), ["short-closed 100000042"]);
    let mut sent = order.clone();
    sent.despatched("D1", "TEE", 3).despatched("D2", "CAP", 1);
    assert_eq!(sent.exceptions(), [""; 0], "it was sent all the same");
    order.cancelled("A", 3).cancelled("B", 1);
    assert_eq!(order.exceptions(), [""; 0], "nobody wants it any more");
}

#[test]
fn the_erp_closes_a_line_short_by_its_own_shipments() {
    let mut order = released_example();
    order.despatched("D1", "TEE", 2);
    order.erp_line_with("10000", "TEE", 3, |line| (line.closed, line.shipped) = (true, pieces(2)));
    assert_eq!(order.quantities("A"), [3, 0, 3, 2, 0], "the shipment is not posted yet");
    order.posted("SH-1", "SO-7", "TEE", 2);
    assert_eq!(order.quantities("A")[1..3], [1, 2]);
}

#[test]
fn a_warehouse_that_a_line_was_moved_away_from_cancels_nothing_of_it() {
    let mut order = placed_example();
    order.with_north().recorded().erp_line_with("10000", "TEE", 3, |line| line.location = Some(MAIN.into()));
    order.warehouse_line("TEE", 3, |row| (row.closed, row.cancelled) = (true, Some(pieces(3))));
    assert_eq!(order.quantities("A")[1..3], [3, 0]);
    order.erp_line_with("10000", "TEE", 3, |line| line.location = Some(NORTH.into()));
    assert_eq!(order.quantities("A")[1..3], [0, 3]);
}

#[test]
fn what_another_warehouse_order_still_holds_is_not_cancelled() {
    let mut order = released_example();
    // The import failed and was made again under another number.
    order.warehouse_line("TEE", 3, |row| (row.closed, row.cancelled) = (true, Some(pieces(3))));
    order.warehouse_line("TEE", 3, |row| row.order = "100000042-2".into());
    assert_eq!(order.quantities("A")[1..3], [0, 3]);
}

#[test]
fn pooled_lines_lose_what_the_shop_cancelled_first_and_else_the_later_line() {
    let mut order = Story::new("GBP");
    order.header("50.00").line("A", "TEE", 2, "20.00", "0").line("B", "TEE", 3, "30.00", "0").captured("50.00").recorded();
    let mut short = order.clone();
    short.warehouse_line("TEE", 5, |row| (row.closed, row.cancelled) = (true, Some(pieces(1))));
    assert_eq!((short.quantities("A")[1], short.quantities("B")[1]), (0, 1));
    order.cancelled("A", 1).warehouse_line("TEE", 5, |row| row.cancelled = Some(pieces(1)));
    assert_eq!((order.quantities("A")[1], order.quantities("B")[1]), (1, 0), "one piece is cancelled, by two");
}

#[test]
fn a_line_that_a_newer_whole_body_lists_no_more_is_removed() {
    let mut order = Story::new("GBP");
    let whole = |header: &mut Header| header.whole = true;
    order
        .line("A", "TEE", 3, "63.44", "10.57")
        .line("B", "CAP", 1, "25.92", "4.32")
        .header_with("89.36", whole)
        .address()
        .captured("89.36");
    // All rows of one body have one version.
    let newest = order.facts[2].2;
    order.facts.iter_mut().take(2).for_each(|fact| fact.2 = newest);
    assert_eq!((order.quantities("A"), order.quantities("B")), ([3, 0, 3, 0, 0], [1, 0, 1, 0, 0]));
    order.header_with("89.36", whole).line("A", "TEE", 3, "63.44", "10.57");
    assert_eq!((order.quantities("A")[2], order.quantities("B")), (3, [1, 1, 0, 0, 1]));
    // The deletion of the order's row is not a body.
    order.line("B", "CAP", 1, "25.92", "4.32").delete(OrderRow::HEADER, SHOP, "1001");
    assert_eq!(order.quantities("B")[2], 1);
}

#[test]
fn stopped_when_the_warehouse_closes_short_or_says_a_total_of_at_most_what_is_wanted() {
    let mut order = released_example();
    order.cancelled("A", 1);
    assert_eq!(order.quantities("A"), [3, 1, 2, 0, 0]);
    let mut lower = order.clone();
    lower.warehouse_line("TEE", 3, |_| {});
    assert_eq!(lower.quantities("A")[4], 0, "it still has three");
    lower.warehouse_line("TEE", 2, |_| {});
    assert_eq!(lower.quantities("A")[4], 1);
    let mut closed = order.clone();
    closed.despatched("D1", "TEE", 2).warehouse_line("TEE", 3, |row| (row.closed, row.despatched) = (true, Some(pieces(2))));
    assert_eq!(closed.quantities("A")[4], 1);
    let mut named = order.clone();
    named.cancellation(WMS, "TEE", 1, true);
    assert_eq!(named.quantities("A")[4], 1);
}

#[test]
fn pieces_that_left_although_they_were_cancelled_ask_a_person_until_they_are_back() {
    let mut order = released_example();
    order.cancelled("A", 3).despatched("D1", "TEE", 2);
    assert_eq!(order.quantities("A"), [3, 3, 2, 2, 0]);
    assert_eq!(order.exceptions(), ["cancelled-but-despatched A"]);
    let mut kept = order.clone();
    kept.decided("cancelled-but-despatched", "A", "kept");
    assert_eq!(kept.exceptions(), [""; 0]);
    order.authorised("RMA", "TEE", 2).received("RC", "TEE", 2, Condition::Sellable);
    assert_eq!(order.exceptions(), [""; 0]);
}

#[test]
fn a_credit_for_goodwill_after_the_despatch_is_no_cancellation_that_left() {
    let mut order = released_example();
    order.despatched("D1", "TEE", 3).credited("A", 1);
    assert!(!order.exceptions().contains(&"cancelled-but-despatched A".into()), "{:?}", order.exceptions());
    let mut before = released_example();
    before.credited("A", 1).despatched("D1", "TEE", 3);
    assert!(before.exceptions().contains(&"cancelled-but-despatched A".into()), "{:?}", before.exceptions());
}

#[test]
fn negative_quantities_are_named_and_taken_for_nothing() {
    let mut order = released_example();
    order.warehouse_line("TEE", -3, |_| {}).erp_line_with("10000", "TEE", -3, |_| {}).cancellation(WMS, "CAP", -1, false);
    assert_eq!(order.exceptions(), ["rows-contradict 100000042|TEE", "rows-contradict 1|SO-7|10000", "rows-contradict CAP"]);
    assert_eq!(order.quantities("A"), [3, 0, 3, 0, 0]);
}

/// A person who is asked about it sees when the newest word came; a row that takes its word back is none.
#[test]
fn when_it_was_cancelled_is_when_the_newest_row_says_so() {
    let mut order = released_example();
    order.cancellation(ERP, "TEE", 0, false);
    seen!(order, state, view);
    assert_eq!(view.sent.cancelled_at, None);
    let cancelled_at = order.now;
    order.cancellation(ERP, "TEE", 1, false);
    seen!(order, state, view);
    assert_eq!(view.sent.cancelled_at, Some(cancelled_at));
}

#[test]
fn what_a_warehouse_will_not_send_names_its_newest_word() {
    let mut order = released_example();
    let short = |row: &mut WarehouseLine| (row.closed, row.cancelled) = (true, Some(pieces(1)));
    order.warehouse_line("TEE", 1, short);
    let newest = order.facts.len() as i64 + 1;
    order.warehouse_line("TEE", 3, |row| {
        short(row);
        row.order = "100000042-2".into();
    });
    order.warehouse_line("CAP", 1, |_| {});
    seen!(order, state, view);
    let found = view.findings.iter().find(|finding| finding.kind == "short-closed").expect("found");
    assert_eq!(found.causes.iter().map(|cause| cause.offset).collect::<Vec<_>>(), [newest], "{}", found.sentence);
}
