//! Goods: lines and their leaves, pooled SKUs, parcels and scans, returns and what became of them.

use super::super::standing::{OrderStage, ReturnStage};
use super::super::testing::*;
use super::super::view::OrderView;
use super::seen;
use crate::facts::OrderRow;
use crate::facts::order::*;
use crate::facts::time::Span;

#[test]
fn a_credit_memo_for_returned_goods_cancels_nothing() {
    let mut order = released_example();
    order.despatched("D1", "TEE", 3).despatched("D1", "CAP", 1).authorised("RMA", "TEE", 1).received("RC", "TEE", 1, Condition::Sellable);
    order.credited("A", 1);
    seen!(order, state, view);
    let a = line(&view, "A");
    assert_eq!(
        (a.sent.cancelled, a.back.returned, a.sent.wanted, a.kept.pieces, a.sent.shop_received),
        (pieces(0), pieces(1), pieces(3), pieces(2), pieces(1))
    );
    assert_eq!(view.money.due, amount("21.15"));
}

/// A warehouse tells two lots of one article in two rows.
#[test]
fn pieces_of_one_line_stand_once_in_their_parcel() {
    let mut order = released_example();
    order.despatched("D1", "TEE", 2).despatched_lot("D1", "TEE", "L2", 1);
    seen!(order, state, view);
    let a = view.lines.iter().position(|line| line.id == "A").expect("line A");
    assert_eq!((view.sent.parcels.len(), &view.sent.parcels[0].lines[..]), (1, &[(a, pieces(3))][..]));
}

#[test]
fn a_return_counts_when_it_is_authorised_and_there_in_accepted_condition() {
    let mut order = released_example();
    order.despatched("D1", "TEE", 3).despatched("D1", "CAP", 1).delivered("D1");
    let mut unlogged = order.clone();
    unlogged.received("RC", "TEE", 2, Condition::Sellable);
    seen!(unlogged, state, view);
    assert_eq!((line(&view, "A").back.returned, view.back.unlogged, view.standing.return_stage), (pieces(0), true, ReturnStage::Unlogged));

    let mut asked = order.clone();
    asked.return_line("RMA", "TEE", 2, ReturnState::Asked).received("RC", "TEE", 2, Condition::Sellable);
    seen!(asked, state, view);
    assert_eq!(line(&view, "A").back.returned, pieces(0));
    asked.delete(OrderRow::RETURN_LINE, ERP, "RMA|TEE");
    seen!(asked, state, view);
    assert_eq!(
        (line(&view, "A").back.returned, view.standing.return_stage),
        (pieces(0), ReturnStage::Unlogged),
        "asked for and deleted: withdrawn"
    );

    let mut logged = order.clone();
    logged.authorised("RMA", "TEE", 1);
    seen!(logged, state, view);
    assert_eq!((line(&view, "A").back.returned, view.standing.return_stage), (pieces(0), ReturnStage::Logged));
    logged.received("RC", "TEE", 2, Condition::Sellable);
    seen!(logged, state, view);
    assert_eq!((line(&view, "A").back.returned, line(&view, "A").back.received), (pieces(1), pieces(2)), "at most what was authorised");

    let mut rejected = order.clone();
    rejected.authorised("RMA", "TEE", 1).received("RC", "TEE", 1, Condition::Rejected);
    seen!(rejected, state, view);
    assert_eq!((line(&view, "A").back.returned, line(&view, "A").back.received, view.money.due), (pieces(0), pieces(1), amount("0")));

    let mut closed = order;
    closed.authorised("RMA", "TEE", 1).received("RC", "TEE", 1, Condition::Unspoken).delete(OrderRow::RETURN_LINE, ERP, "RMA|TEE");
    seen!(closed, state, view);
    let a = line(&view, "A");
    assert_eq!((a.back.returned, view.back.returns[0].lines[0].deleted), (pieces(1), true), "approved and deleted stays approved");
    assert_eq!((a.back.settled_stock, a.back.settled_written_off), (pieces(0), pieces(0)), "not settled yet");
    closed.put(
        WMS,
        "X1",
        OrderRow::Disposition(Disposition { line: LineRef::Sku(sku("TEE")), quantity: pieces(1), to: DisposedTo::Stock }),
    );
    seen!(closed, state, view);
    assert_eq!(line(&view, "A").back.settled_stock, pieces(1));
}

#[test]
fn a_return_whose_state_stands_at_its_head() {
    let mut order = released_example();
    order.despatched("D1", "TEE", 3).return_line("RMA", "TEE", 1, ReturnState::Asked).received("RC", "TEE", 1, Condition::Sellable);
    let head = |state| OrderRow::ReturnDocument(ReturnDocument { rma: "RMA".into(), state: Word::Known(state), approved_at: None });
    order.put(ERP, "5|RMA", head(ReturnState::Approved));
    seen!(order, state, view);
    assert_eq!(line(&view, "A").back.returned, pieces(1));
    order.delete(OrderRow::RETURN_DOCUMENT, ERP, "5|RMA").delete(OrderRow::RETURN_LINE, ERP, "RMA|TEE");
    seen!(order, state, view);
    assert_eq!(line(&view, "A").back.returned, pieces(1), "posted and tidied away by the ERP");
}

#[test]
fn one_sku_on_two_lines_is_pooled() {
    let mut order = Story::new("GBP");
    order.header("50.00").line("A", "TEE", 2, "20.00", "0").line("B", "TEE", 3, "30.00", "0").captured("50.00").recorded();
    order.cancelled("A", 1).despatched("D1", "TEE", 2);
    seen!(order, state, view);
    let d = |view: &OrderView<'_>| [line(view, "A").sent.despatched, line(view, "B").sent.despatched];
    assert_eq!(d(&view), [pieces(1), pieces(1)], "what is wanted of the earlier line first");
    assert_eq!(line(&view, "B").sent.parts[0].quantity, pieces(1));
    order.despatched("D2", "TEE", 2);
    seen!(order, state, view);
    assert_eq!(d(&view), [pieces(1), pieces(3)]);
    order.despatched("D3", "TEE", 1);
    seen!(order, state, view);
    assert_eq!((d(&view), line(&view, "A").sent.wanted), ([pieces(2), pieces(3)], pieces(2)), "then what was ordered");
    order.despatched("D4", "TEE", 1);
    seen!(order, state, view);
    assert_eq!(d(&view), [pieces(2), pieces(4)], "what is too much stands on the last line");
    assert!(view.findings.iter().any(|finding| finding.kind == "over-despatched" && finding.number == "B"));
}

#[test]
fn pooled_returns_follow_the_line_that_is_named() {
    let mut order = Story::new("GBP");
    order.header("50.00").line("A", "TEE", 2, "20.00", "0").line("B", "TEE", 3, "30.00", "0").captured("50.00").recorded();
    order.despatched("D1", "TEE", 5).authorised("RMA", "TEE", 1);
    let receipt = Receipt {
        receipt: "RC".into(),
        rma: Some("RMA".into()),
        line: LineRef::Line("B".into()),
        quantity: pieces(1),
        condition: Word::Known(Condition::Sellable),
        location: MAIN.into(),
        bucket: "RETURNS".into(),
        received_at: order.now,
    };
    order.put(WMS, "RC|1", OrderRow::Receipt(Box::new(receipt)));
    seen!(order, state, view);
    assert_eq!((line(&view, "A").back.returned, line(&view, "B").back.returned, view.money.due), (pieces(0), pieces(1), amount("10.00")));
}

#[test]
fn the_sale_carries_the_price_and_the_leaf_the_goods() {
    let mut order = Story::new("GBP");
    order.header("40.00").captured("40.00").recorded();
    order.line_with("10", "TEE", 2, "40.00", "0", |line| line.role = LineRole::Sale);
    seen!(order, state, view);
    assert!(!view.gates.complete.holds, "its goods are missing");
    order.line_with("11", "TEE-M", 2, "0", "0", |line| {
        line.role = LineRole::Leaf;
        line.parent = Some("10".into());
    });
    order.despatched("D1", "TEE-M", 1);
    seen!(order, state, view);
    assert!(view.gates.complete.holds);
    assert_eq!(
        (view.lines.len(), view.lines[0].id, view.lines[0].sku.as_str(), view.lines[0].sent.despatched),
        (1, "10", "TEE-M", pieces(1))
    );
}

#[test]
fn delivered_by_piece_by_the_newest_scan_or_by_time() {
    let mut order = released_example();
    order.despatched("D1", "TEE", 3).despatched("D2", "CAP", 1);
    seen!(order, state, view);
    assert_eq!(view.standing.stage, OrderStage::Despatched);
    order.scanned("D1", ScanMeaning::Transit).scanned("D1", ScanMeaning::OutForDelivery);
    seen!(order, state, view);
    assert_eq!(view.standing.stage, OrderStage::OutForDelivery);
    order.delivered("D1");
    seen!(order, state, view);
    assert_eq!((view.standing.stage, line(&view, "A").sent.delivered), (OrderStage::PartDelivered, pieces(3)));
    let assumed_at = view.sent.parcels[1].despatched_at + order.rules.durations.assume_delivered;
    assert_eq!(view.next_change, Some(view.sent.parcels[1].despatched_at + order.rules.durations.parcel_late), "first it is late");
    order.now = assumed_at;
    seen!(order, state, view);
    assert_eq!((view.standing.stage, view.sent.parcels[1].assumed, view.next_change), (OrderStage::Delivered, true, None));
    assert!(view.standing.flags.contains(&"assumed"));
    order.scanned("D2", ScanMeaning::Lost);
    seen!(order, state, view);
    assert_eq!((view.standing.stage, view.standing.flags.as_slice()), (OrderStage::PartDelivered, &["exception", "lost"][..]));
}

#[test]
fn a_tracking_number_that_comes_later_than_the_parcel() {
    let mut order = released_example();
    order.despatched("D1", "TEE", 3);
    order.put(
        WMS,
        "D1",
        OrderRow::Tracking(Tracking { despatch: "D1".into(), carrier: "UPS".into(), number: "1Z".into(), replaces: None, beside: false }),
    );
    let scan = Scan { tracking: "1Z".into(), meaning: Word::Known(ScanMeaning::Delivered), scanned_at: order.now };
    order.put(CARRIER, "1Z|1", OrderRow::Scan(scan));
    seen!(order, state, view);
    assert_eq!((view.sent.parcels[0].tracking, view.sent.parcels[0].carrier), (Some("1Z"), "UPS"));
    assert!(view.sent.parcels[0].delivered_at.is_some());
}

#[test]
fn mirrors_are_never_added() {
    let mut order = released_example();
    order.despatched("D1", "TEE", 2);
    let mirror = Despatch {
        despatch: "SHIP-9".into(),
        line: LineRef::Sku(sku("TEE")),
        quantity: pieces(2),
        location: MAIN.into(),
        despatched_at: order.now,
        carrier: "".into(),
        service: "".into(),
        tracking: None,
    };
    order.put(SHOP, "SHIP-9|TEE", OrderRow::Despatch(Box::new(mirror)));
    order.refunded("R1", "10.00").refunded_by(ERP, "CM-1", Tender::Card, "10.00");
    seen!(order, state, view);
    assert_eq!((line(&view, "A").sent.despatched, view.sent.parcels.len(), view.money.refunded), (pieces(2), 1, amount("10.00")));
}

#[test]
fn lines_that_need_no_warehouse_are_supplied_when_secured_and_recorded() {
    let mut order = Story::new("GBP");
    order.header_with("10.00", |header| header.ships = false).captured("10.00");
    order.line_with("E", "EBOOK", 1, "10.00", "0", |line| line.needs = Needs::Digital);
    seen!(order, state, view);
    assert_eq!((view.lines[0].sent.despatched, view.standing.stage), (pieces(0), OrderStage::Placed));
    order.recorded();
    seen!(order, state, view);
    assert_eq!((view.lines[0].sent.despatched, view.standing.stage), (pieces(1), OrderStage::Delivered));
}

#[test]
fn good_goods_are_stock_once_a_count_holds_them_and_asked_about_after_three_days() {
    let mut order = released_example();
    order.despatched("D1", "TEE", 3).authorised("RMA", "TEE", 1);
    let at = order.now;
    order.uncounted("RC", "TEE", 1, Condition::Sellable).wait(Span::days(3));
    seen!(order, state, view);
    assert_eq!((line(&view, "A").back.returned, line(&view, "A").back.settled_stock), (pieces(1), pieces(0)));
    assert_eq!(view.back.returns[0].receipts[0].uncounted, Some("RC|TEE"));
    let asked = |view: &OrderView<'_>| view.findings.iter().any(|finding| finding.kind == "goods-not-settled");
    assert!(asked(&view));
    order.counted("RC", "TEE", at);
    seen!(order, state, view);
    assert_eq!((line(&view, "A").back.settled_stock, view.back.returns[0].receipts[0].uncounted), (pieces(1), None));
    assert!(!asked(&view));
}

/// SEKO's note of a return says nothing of the condition, and what it says of shelves names no order.
#[test]
fn a_person_says_what_became_of_goods_whose_condition_nobody_tells() {
    let mut order = released_example();
    order.despatched("D1", "TEE", 3).delivered("D1").authorised("RMA", "TEE", 3);
    order.received("RC", "TEE", 2, Condition::Unspoken).wait(Span::days(3));
    let settled = |view: &OrderView<'_>| {
        let back = &line(view, "A").back;
        (back.settled_stock, back.settled_written_off, back.settled_other)
    };
    seen!(order, state, view);
    assert_eq!(settled(&view), (pieces(0), pieces(0), pieces(0)));
    assert_eq!(order.exceptions(), ["goods-not-settled A"]);
    let mut whole = order.clone();
    whole.decided("goods-not-settled", "A", "restocked");
    seen!(whole, state, view);
    assert_eq!((settled(&view), whole.exceptions().len()), ((pieces(2), pieces(0), pieces(0)), 0));
    whole.wait(Span::days(1)).received("RD", "TEE", 1, Condition::Unspoken).wait(Span::days(3));
    seen!(whole, state, view);
    assert_eq!(settled(&view), (pieces(2), pieces(0), pieces(0)), "of what comes later it says nothing");
    assert_eq!(whole.exceptions(), ["goods-not-settled A"]);
    let mut part = order.clone();
    part.decided_for("goods-not-settled", "A", "written-off", None, &[("TEE", 1)]);
    seen!(part, state, view);
    assert_eq!(settled(&view), (pieces(0), pieces(1), pieces(0)), "no more than it names");
    assert_eq!(part.exceptions(), ["goods-not-settled A"]);
    order.decided("goods-not-settled", "A", "accept");
    seen!(order, state, view);
    assert_eq!((settled(&view), order.exceptions().len()), ((pieces(0), pieces(0), pieces(0)), 0), "it is only closed");
}

#[test]
fn each_line_that_came_back_waits_for_its_own_goods() {
    let mut order = released_example();
    order.despatched("D1", "TEE", 3).despatched("D1", "CAP", 1).delivered("D1");
    order.authorised("RMA", "TEE", 1).authorised("RMB", "CAP", 1);
    order.uncounted("RC", "TEE", 1, Condition::Sellable).wait(Span::days(2));
    order.uncounted("RD", "CAP", 1, Condition::Sellable).wait(Span::days(1));
    assert_eq!(order.exceptions(), ["goods-not-settled A"], "the cap came two days later");
    order.wait(Span::days(2));
    assert_eq!(order.exceptions(), ["goods-not-settled A", "goods-not-settled B"]);
}

/// The warehouse names no authorisation: it is the one that authorises the article, not one that was only asked for, nor another article's.
#[test]
fn a_receipt_without_a_number_is_for_the_return_that_authorises_its_article() {
    let mut order = released_example();
    order.despatched("D1", "TEE", 3).despatched("D2", "CAP", 1).delivered("D1").delivered("D2");
    order.authorised("R1", "CAP", 1).return_line("R2", "TEE", 1, ReturnState::Asked).authorised("R3", "TEE", 1);
    order.received("RC", "TEE", 1, Condition::Damaged);
    seen!(order, state, view);
    let receipts: Vec<(&str, usize)> = view.back.returns.iter().map(|returned| (returned.rma, returned.receipts.len())).collect();
    assert_eq!(receipts, [("R1", 0), ("R2", 0), ("R3", 1)]);
}

#[test]
fn a_warehouse_order_is_where_the_first_of_its_rows_says_that_names_a_place() {
    let mut order = placed_example();
    let nowhere = WarehouseOrder { location: "".into(), state: Word::Known(WarehouseState::New) };
    order.put(WMS, "100000042", OrderRow::WarehouseOrder(nowhere)).warehouse_total(4);
    seen!(order, state, view);
    assert_eq!(view.sent.warehouse.iter().map(|order| order.location).collect::<Vec<_>>(), [MAIN]);
}

/// Received as damaged, and repaired: the warehouse puts it back into stock, and nothing is written off.
#[test]
fn damaged_goods_that_are_put_into_stock_are_not_written_off_too() {
    let mut order = released_example();
    order.despatched("D1", "TEE", 3).delivered("D1").authorised("R1", "TEE", 2).received("RC", "TEE", 2, Condition::Damaged);
    order.put(WMS, "X1", OrderRow::Disposition(Disposition { line: LineRef::Sku(sku("TEE")), quantity: pieces(1), to: DisposedTo::Stock }));
    seen!(order, state, view);
    let line = view.lines.iter().find(|line| line.id == "A").expect("line A");
    assert_eq!((line.back.settled_stock, line.back.settled_written_off), (pieces(1), pieces(1)));
}

/// Without warehouse system and ERP the shop's own figures count, each for its line.
#[test]
fn a_shop_alone_tells_what_left_of_each_line() {
    let mut order = placed_example();
    order.rules.sources.retain(|source| source.id == SHOP);
    order.rules.locations.iter_mut().for_each(|location| location.wms = None);
    order.progress("B", |row| row.shipped = pieces(1));
    assert_eq!((order.quantities("A")[3], order.quantities("B")[3]), (0, 1));
}
