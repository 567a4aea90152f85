//! Worked examples: the specification's own, and what would hurt.

use super::testing::*;
use super::view::{OrderStage, PaymentWord, ReturnStage};
use crate::facts::order::*;
use crate::facts::{Amount, OrderRow};

#[test]
fn one_example_whole() {
    let mut order = released_example();
    // 1 captured
    let state = order.state();
    let view = order.view(&state);
    assert!(view.conditions.complete.holds && view.conditions.secured.holds && view.money.sound);
    let a = line(&view, "A");
    assert_eq!([1, 2, 3].map(|j| a.g(pieces(j))), [amount("21.15"), amount("42.29"), amount("63.44")]);
    assert_eq!([1, 2, 3].map(|j| a.t(pieces(j))), [amount("3.52"), amount("7.05"), amount("10.57")]);
    assert_eq!((view.money.captured, view.money.due, view.money.owed), (amount("94.36"), amount("0"), amount("94.36")));
    assert_eq!((a.unit_cost, line(&view, "B").unit_cost), (Some(amount("6.20")), Some(amount("9.10"))));
    assert_eq!(a.location, Some(MAIN));
    assert_eq!((view.stage, view.payment), (OrderStage::Released, PaymentWord::Paid));

    // 2 despatched 2 A
    order.despatched("D1", "TEE", 2);
    let state = order.state();
    let view = order.view(&state);
    assert_eq!((line(&view, "A").d, view.stage, view.money.due), (pieces(2), OrderStage::PartDespatched, amount("0")));

    // 3 cancelled 1 A and B: due once the warehouse has stopped them
    order.cancelled("A", 1).cancelled("B", 1);
    let state = order.state();
    assert_eq!(order.view(&state).money.due, amount("0"), "the warehouse has not answered yet");
    order.warehouse_total(2);
    let state = order.state();
    let view = order.view(&state);
    assert_eq!((line(&view, "A").w, line(&view, "A").stopped, line(&view, "B").w), (pieces(2), pieces(1), pieces(0)));
    assert_eq!((view.money.due, view.money.owed), (amount("47.07"), amount("47.29")));
    assert!(view.flags.contains(&"part-cancelled"));

    // 4 refund paid
    order.refunded("R1", "47.07").delivered("D1");
    let state = order.state();
    let view = order.view(&state);
    assert_eq!((view.money.refunded, view.money.due), (amount("47.07"), amount("47.07")));
    assert_eq!((view.stage, view.payment), (OrderStage::Delivered, PaymentWord::PartRefunded));
    assert_eq!((line(&view, "A").refunded, line(&view, "B").refunded), (pieces(1), pieces(1)));

    // 5 one A back, damaged
    order.authorised("RMA1", "TEE", 1).received("RC1", "TEE", 1, Condition::Damaged);
    let state = order.state();
    let view = order.view(&state);
    let a = line(&view, "A");
    assert_eq!((a.r, a.k, a.settled_written_off, a.settled_stock), (pieces(1), pieces(1), pieces(1), pieces(0)));
    assert_eq!(view.money.due, amount("68.21"), "47.07 + 21.14");
    assert_eq!(a.g(a.d) - a.g(a.d - a.r), amount("21.14"));
    assert_eq!(view.return_stage, ReturnStage::Received);

    // 6 refund paid
    order.refunded("R2", "21.14");
    let state = order.state();
    let view = order.view(&state);
    assert_eq!((view.money.refunded, view.money.owed, view.return_stage), (amount("68.21"), amount("26.15"), ReturnStage::Reversed));

    // 7 the other A back, good: shipping comes back with it
    order.authorised("RMA2", "TEE", 1).received("RC2", "TEE", 1, Condition::Sellable);
    let state = order.state();
    let view = order.view(&state);
    assert_eq!((view.money.due, view.money.owed), (amount("94.36"), amount("0")));
    assert_eq!((line(&view, "A").settled_stock, view.charges[0].stays), (pieces(1), false));

    // 8 refund paid
    order.refunded("R3", "26.15");
    let state = order.state();
    let view = order.view(&state);
    assert_eq!((view.money.refunded, view.payment, view.return_stage), (amount("94.36"), PaymentWord::Refunded, ReturnStage::Reversed));
    assert!(view.findings.is_empty(), "{:?}", view.findings);
}

/// The view of a story as it stands.
macro_rules! seen {
    ($story:expr, $state:ident, $view:ident) => {
        let $state = $story.state();
        let $view = $story.view(&$state);
    };
}

#[test]
fn second_example_tax_included_two_tenders() {
    let mut order = Story::new("EUR");
    order.header("273.70").line("L", "LAMP", 2, "214.20", "34.20").line("S", "SHADE", 1, "53.55", "8.55").charge("5.95", "0.95");
    // The total of the example is 273.70 = 214.20 + 53.55 + 5.95.
    order.paid_by("card", Tender::Card, "173.70", "173.70").paid_by("gift", Tender::GiftCard, "100.00", "100.00");
    order.recorded().released(&[("L", 2), ("S", 1)]).despatched("D1", "LAMP", 1).despatched("D2", "LAMP", 1).despatched("D2", "SHADE", 1);
    order.delivered("D1").delivered("D2").authorised("RMA1", "LAMP", 1).received("RC1", "LAMP", 1, Condition::Damaged);
    seen!(order, state, view);
    assert_eq!((line(&view, "L").g(pieces(1)), line(&view, "L").t(pieces(1))), (amount("107.10"), amount("17.10")));
    assert_eq!(view.money.due, amount("107.10"));
    let by_tender = |view: &super::OrderView<'_>| view.money.tenders.iter().map(|tender| (tender.tender, tender.due)).collect::<Vec<_>>();
    assert_eq!(by_tender(&view), [(Tender::Card, amount("107.10")), (Tender::GiftCard, amount("0"))]);
    order.refunded("R1", "107.10").authorised("RMA2", "LAMP", 1).authorised("RMA2", "SHADE", 1);
    order.received("RC2", "LAMP", 1, Condition::Sellable).received("RC2", "SHADE", 1, Condition::Sellable);
    seen!(order, state, view);
    assert_eq!(view.money.due, amount("273.70"));
    assert_eq!(by_tender(&view), [(Tender::Card, amount("173.70")), (Tender::GiftCard, amount("100.00"))]);
    order.refunded("R2", "66.60").refunded_by(FINANCE, "R3", Tender::GiftCard, "100.00");
    seen!(order, state, view);
    assert_eq!((view.money.refunded, view.return_stage, view.payment), (amount("273.70"), ReturnStage::Reversed, PaymentWord::Refunded));
}

#[test]
fn third_example_no_minor_unit() {
    let mut order = Story::new("JPY");
    order.header("3100").line("M", "MUG", 3, "2500", "227").charge("600", "55");
    order.paid_by("card", Tender::Card, "2100", "2100").paid_by("gift", Tender::GiftCard, "1000", "1000");
    order.recorded().released(&[("M", 3)]).warehouse_order(WarehouseState::New).despatched("D1", "MUG", 2);
    order.cancelled("M", 1).warehouse_total(2);
    seen!(order, state, view);
    let mug = line(&view, "M");
    assert_eq!([1, 2, 3].map(|j| mug.g(pieces(j))), [amount("833"), amount("1667"), amount("2500")]);
    assert_eq!([1, 2, 3].map(|j| mug.t(pieces(j))), [amount("76"), amount("151"), amount("227")]);
    assert_eq!(view.money.due, amount("833"));
    order.authorised("RMA", "MUG", 1).received("RC", "MUG", 1, Condition::Damaged);
    seen!(order, state, view);
    assert_eq!((view.money.due, view.money.owed), (amount("1667"), amount("1433")));
}

#[test]
fn what_is_cancelled_before_the_go_ahead_is_due_at_once() {
    let mut order = placed_example();
    order.cancelled("A", 1);
    seen!(order, state, view);
    assert_eq!((line(&view, "A").stopped, view.money.due), (pieces(1), amount("21.15")));
    order.cancelled("A", 3).cancelled("B", 1);
    seen!(order, state, view);
    assert_eq!((view.stage, view.money.due, view.money.owed), (OrderStage::Cancelled, amount("94.36"), amount("0")), "shipping too");
}

#[test]
fn nothing_captured_nothing_due() {
    let mut order = Story::new("GBP");
    order.header("30.00").line("A", "TEE", 1, "30.00", "5.00").paid_by("card", Tender::Card, "30.00", "0").cancelled("A", 1);
    seen!(order, state, view);
    assert_eq!((view.money.due, view.stage, view.payment), (amount("0"), OrderStage::Cancelled, PaymentWord::Authorised));
}

#[test]
fn what_is_cancelled_after_the_go_ahead_waits_for_the_warehouse() {
    let mut order = released_example();
    order.cancelled("A", 3).cancelled("B", 1);
    seen!(order, state, view);
    assert_eq!((view.money.due, line(&view, "A").w, line(&view, "A").stopped), (amount("0"), pieces(0), pieces(0)));
    order.released(&[("A", 0), ("B", 0)]);
    seen!(order, state, view);
    assert_eq!(view.money.due, amount("0"), "to ask for less is no answer");
    order.warehouse_order(WarehouseState::Cancelled);
    seen!(order, state, view);
    assert_eq!(view.money.due, amount("94.36"));
}

#[test]
fn pieces_that_were_never_released_are_stopped_though_others_were() {
    let mut order = placed_example();
    order.recorded().cancelled("A", 1).released(&[("A", 2), ("B", 1)]).warehouse_order(WarehouseState::Picking).warehouse_total(3);
    seen!(order, state, view);
    assert_eq!((line(&view, "A").stopped, view.money.due), (pieces(1), amount("21.15")));
    order.cancelled("A", 2);
    seen!(order, state, view);
    assert_eq!((line(&view, "A").w, line(&view, "A").stopped), (pieces(1), pieces(1)), "the second was");
}

#[test]
fn a_cancellation_that_crosses_the_despatch_cancels_nothing_that_left() {
    let mut order = released_example();
    order.cancelled("A", 3).cancelled("B", 1).despatched("D1", "TEE", 3).despatched("D1", "CAP", 1);
    seen!(order, state, view);
    assert_eq!((line(&view, "A").w, line(&view, "A").c, view.money.due), (pieces(3), pieces(3), amount("0")));
    assert_eq!(view.stage, OrderStage::Despatched);
}

#[test]
fn a_credit_memo_before_despatch_is_a_cancellation() {
    let mut order = placed_example();
    order.credited("B", 1);
    seen!(order, state, view);
    assert_eq!((line(&view, "B").w, line(&view, "B").c, view.money.due), (pieces(0), pieces(1), amount("25.92")));
    // The shop has paid it back itself: its own row tells so, finance mirrors it.
    order.refunded_by(SHOP, "txn-9", Tender::Card, "25.92");
    seen!(order, state, view);
    assert_eq!((view.money.refunded, view.money.refunds_agree), (amount("25.92"), false), "finance has not seen it yet");
    order.refunded_by(FINANCE, "txn-9", Tender::Card, "25.92");
    seen!(order, state, view);
    assert_eq!((view.money.refunded, view.money.due, view.money.refunds_agree), (amount("25.92"), amount("25.92"), true));
    assert_eq!(view.refunds.iter().filter(|refund| refund.counts).count(), 1);
}

#[test]
fn what_the_shop_itself_has_refunded_is_stopped_without_the_warehouse() {
    let mut order = released_example();
    order.credited("B", 1);
    seen!(order, state, view);
    assert_eq!((line(&view, "B").w, line(&view, "B").stopped), (pieces(0), pieces(0)));
    order.refunded_by(SHOP, "txn-9", Tender::Card, "25.92").refunded_by(FINANCE, "txn-9", Tender::Card, "25.92");
    seen!(order, state, view);
    assert_eq!((line(&view, "B").stopped, view.money.due, view.money.refunded), (pieces(1), amount("25.92"), amount("25.92")));
    assert!(view.findings.is_empty(), "{:?}", view.findings);
}

#[test]
fn a_credit_memo_for_returned_goods_cancels_nothing() {
    let mut order = released_example();
    order.despatched("D1", "TEE", 3).despatched("D1", "CAP", 1).authorised("RMA", "TEE", 1).received("RC", "TEE", 1, Condition::Sellable);
    order.credited("A", 1);
    seen!(order, state, view);
    let a = line(&view, "A");
    assert_eq!((a.c, a.r, a.w, a.k, a.shop_received), (pieces(0), pieces(1), pieces(3), pieces(2), pieces(1)));
    assert_eq!(view.money.due, amount("21.15"));
}

#[test]
fn a_return_counts_when_it_is_authorised_and_there_in_accepted_condition() {
    let mut order = released_example();
    order.despatched("D1", "TEE", 3).despatched("D1", "CAP", 1).delivered("D1");
    let mut unlogged = order.clone();
    unlogged.received("RC", "TEE", 2, Condition::Sellable);
    seen!(unlogged, state, view);
    assert_eq!((line(&view, "A").r, view.unlogged, view.return_stage), (pieces(0), true, ReturnStage::Unlogged));

    let mut asked = order.clone();
    asked.return_line("RMA", "TEE", 2, ReturnState::Asked).received("RC", "TEE", 2, Condition::Sellable);
    seen!(asked, state, view);
    assert_eq!(line(&view, "A").r, pieces(0));
    asked.delete(OrderRow::RETURN_LINE, ERP, "RMA|TEE");
    seen!(asked, state, view);
    assert_eq!((line(&view, "A").r, view.return_stage), (pieces(0), ReturnStage::Unlogged), "asked for and deleted: withdrawn");

    let mut logged = order.clone();
    logged.authorised("RMA", "TEE", 1);
    seen!(logged, state, view);
    assert_eq!((line(&view, "A").r, view.return_stage), (pieces(0), ReturnStage::Logged));
    logged.received("RC", "TEE", 2, Condition::Sellable);
    seen!(logged, state, view);
    assert_eq!((line(&view, "A").r, line(&view, "A").received), (pieces(1), pieces(2)), "at most what was authorised");

    let mut rejected = order.clone();
    rejected.authorised("RMA", "TEE", 1).received("RC", "TEE", 1, Condition::Rejected);
    seen!(rejected, state, view);
    assert_eq!((line(&view, "A").r, line(&view, "A").received, view.money.due), (pieces(0), pieces(1), amount("0")));

    let mut closed = order;
    closed.authorised("RMA", "TEE", 1).received("RC", "TEE", 1, Condition::Unspoken).delete(OrderRow::RETURN_LINE, ERP, "RMA|TEE");
    seen!(closed, state, view);
    let a = line(&view, "A");
    assert_eq!((a.r, view.returns[0].lines[0].gone), (pieces(1), true), "approved and deleted stays approved");
    assert_eq!((a.settled_stock, a.settled_written_off), (pieces(0), pieces(0)), "nobody said what became of it");
    closed.put(
        WMS,
        "X1",
        OrderRow::Disposition(Disposition { line: LineRef::Sku(sku("TEE")), quantity: pieces(1), to: DisposedTo::Stock }),
    );
    seen!(closed, state, view);
    assert_eq!(line(&view, "A").settled_stock, pieces(1));
}

#[test]
fn a_return_whose_state_stands_at_its_head() {
    let mut order = released_example();
    order.despatched("D1", "TEE", 3).return_line("RMA", "TEE", 1, ReturnState::Asked).received("RC", "TEE", 1, Condition::Sellable);
    let head = |state| OrderRow::ReturnDocument(ReturnDocument { rma: "RMA".into(), state: Word::Known(state), approved_at: None });
    order.put(ERP, "5|RMA", head(ReturnState::Approved));
    seen!(order, state, view);
    assert_eq!(line(&view, "A").r, pieces(1));
    order.delete(OrderRow::RETURN_DOCUMENT, ERP, "5|RMA").delete(OrderRow::RETURN_LINE, ERP, "RMA|TEE");
    seen!(order, state, view);
    assert_eq!(line(&view, "A").r, pieces(1), "posted and tidied away by the ERP");
}

#[test]
fn one_sku_on_two_lines_is_pooled() {
    let mut order = Story::new("GBP");
    order.header("50.00").line("A", "TEE", 2, "20.00", "0").line("B", "TEE", 3, "30.00", "0").captured("50.00").recorded();
    order.cancelled("A", 1).despatched("D1", "TEE", 2);
    seen!(order, state, view);
    let d = |view: &super::OrderView<'_>| [line(view, "A").d, line(view, "B").d];
    assert_eq!(d(&view), [pieces(1), pieces(1)], "what is wanted of the earlier line first");
    assert_eq!(line(&view, "B").despatched[0].quantity, pieces(1));
    order.despatched("D2", "TEE", 2);
    seen!(order, state, view);
    assert_eq!(d(&view), [pieces(1), pieces(3)]);
    order.despatched("D3", "TEE", 1);
    seen!(order, state, view);
    assert_eq!((d(&view), line(&view, "A").w), ([pieces(2), pieces(3)], pieces(2)), "then what was ordered");
    order.despatched("D4", "TEE", 1);
    seen!(order, state, view);
    assert_eq!(d(&view), [pieces(2), pieces(4)], "what is too much stands on the last line");
    assert!(view.findings.iter().any(|finding| finding.kind == "rows-contradict" && finding.number == "B"));
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
    assert_eq!((line(&view, "A").r, line(&view, "B").r, view.money.due), (pieces(0), pieces(1), amount("10.00")));
}

#[test]
fn deletions_mean_nothing_by_themselves() {
    let mut order = released_example();
    order.delete(OrderRow::ERP_RECORD, ERP, "1|SO-7").delete(OrderRow::ERP_LINE, ERP, "1|SO-7|10000");
    seen!(order, state, view);
    assert!(view.conditions.recorded.holds && view.conditions.approved.holds && view.erp.states == ["gone"]);
    assert_eq!((line(&view, "A").unit_cost, line(&view, "A").w, view.money.due), (Some(amount("6.20")), pieces(3), amount("0")));
    order.delete(OrderRow::LINE, SHOP, "B").delete(OrderRow::HEADER, SHOP, "1001");
    seen!(order, state, view);
    assert!(view.header_gone && line(&view, "B").gone && view.conditions.complete.holds);
    assert_eq!((line(&view, "B").w, view.money.due), (pieces(1), amount("0")));
    order.despatched("D1", "CAP", 1);
    seen!(order, state, view);
    assert!(view.findings.iter().any(|finding| finding.kind == "rows-contradict"), "gone after it left the house");
}

#[test]
fn a_deletion_that_overtakes_its_row_leaves_the_same() {
    let mut order = released_example();
    order.delete(OrderRow::ERP_RECORD, ERP, "1|SO-7");
    let there = order.state();
    let mut facts = order.told.clone();
    facts.reverse();
    assert_eq!(order.told_as(&facts).rows, there.rows);
}

#[test]
fn posted_documents_count_as_the_record_that_they_came_from() {
    let mut order = placed_example();
    seen!(order, state, view);
    assert!(!view.conditions.recorded.holds);
    assert_eq!((view.conditions.recorded.brings.as_str(), view.stage), ("nav", OrderStage::Placed));
    let posted =
        ErpPosted { kind: PostedKind::Shipment, document: "SSH-1".into(), from: "SO-7".into(), sku: sku("TEE"), quantity: pieces(2) };
    order.put(ERP, "S|SSH-1|10000", OrderRow::ErpPosted(posted));
    seen!(order, state, view);
    assert!(view.conditions.recorded.holds && view.conditions.approved.holds);
    assert_eq!((view.erp.document, line(&view, "A").erp_shipped, line(&view, "A").d), (Some("SO-7"), pieces(2), pieces(0)), "a mirror");
}

#[test]
fn an_unknown_word_opens_no_gate() {
    let mut order = placed_example();
    let record = ErpRecord { document: "SO-7".into(), state: Word::Unknown("Schwebend".into()), created_at: None };
    order.put(ERP, "1|SO-7", OrderRow::ErpRecord(record));
    seen!(order, state, view);
    assert!(!view.conditions.recorded.holds && view.erp.exists);
    assert_eq!(view.findings.iter().map(|finding| finding.kind).collect::<Vec<_>>(), ["unknown-word"]);
}

#[test]
fn an_order_is_complete_when_its_lines_prove_themselves_whole() {
    let mut order = Story::new("GBP");
    order.header_with("30.00", |header| header.lines_expected = Some(3)).address().captured("30.00");
    order.line("A", "TEE", 1, "10.00", "0").line("B", "CAP", 1, "20.00", "0");
    seen!(order, state, view);
    assert!(!view.conditions.complete.holds, "the third is free, but it is to be sent");
    assert_eq!((view.conditions.complete.waits_for.as_str(), view.conditions.complete.brings.as_str()), ("2 of 3 lines", "magento"));
    let finding = &view.findings[0];
    assert_eq!((finding.kind, finding.opens_at), ("order-incomplete", Some(PLACED + order.rules.durations.order_incomplete)));
    assert_eq!(view.next_change, finding.opens_at);
    order.line("C", "GIFT", 1, "0", "0");
    seen!(order, state, view);
    assert!(view.conditions.complete.holds && view.findings.is_empty());

    let mut order = placed_example();
    order.line("C", "SOCK", 1, "7.00", "0");
    seen!(order, state, view);
    assert!(!view.money.sound && !view.conditions.complete.holds);
}

#[test]
fn sums_that_differ_though_all_lines_are_there() {
    let mut order = Story::new("GBP");
    order.header_with("35.00", |header| header.whole = true).address().captured("35.00").line("A", "TEE", 1, "30.00", "0");
    seen!(order, state, view);
    assert!(view.conditions.complete.holds && !view.money.sound);
    assert_eq!(view.findings[0].kind, "totals-differ");
    assert_eq!(view.findings[0].at_risk, Some(amount("5.00")));
}

#[test]
fn a_rounding_rest_goes_to_the_largest_line() {
    let mut order = Story::new("GBP");
    order.header("30.01").captured("30.01").line("A", "TEE", 1, "10.00", "0").line("B", "CAP", 1, "20.00", "0");
    seen!(order, state, view);
    assert!(view.money.sound && view.conditions.complete.holds);
    assert_eq!((view.money.rounding, line(&view, "B").gross), (amount("0.01"), amount("20.01")));
    order.cancelled("A", 1).cancelled("B", 1);
    seen!(order, state, view);
    assert_eq!(view.money.due, amount("30.01"), "all of it comes back");
}

#[test]
fn the_sale_carries_the_price_and_the_leaf_the_goods() {
    let mut order = Story::new("GBP");
    order.header("40.00").captured("40.00").recorded();
    order.line_with("10", "TEE", 2, "40.00", "0", |line| line.role = LineRole::Sale);
    seen!(order, state, view);
    assert!(!view.conditions.complete.holds, "its goods are missing");
    order.line_with("11", "TEE-M", 2, "0", "0", |line| {
        line.role = LineRole::Leaf;
        line.parent = Some("10".into());
    });
    order.despatched("D1", "TEE-M", 1);
    seen!(order, state, view);
    assert!(view.conditions.complete.holds);
    assert_eq!((view.lines.len(), view.lines[0].id, view.lines[0].sku.as_str(), view.lines[0].d), (1, "10", "TEE-M", pieces(1)));
}

#[test]
fn delivered_by_piece_by_the_newest_scan_or_by_time() {
    let mut order = released_example();
    order.despatched("D1", "TEE", 3).despatched("D2", "CAP", 1);
    seen!(order, state, view);
    assert_eq!(view.stage, OrderStage::Despatched);
    order.scanned("D1", ScanMeaning::Transit).scanned("D1", ScanMeaning::OutForDelivery);
    seen!(order, state, view);
    assert_eq!(view.stage, OrderStage::OutForDelivery);
    order.delivered("D1");
    seen!(order, state, view);
    assert_eq!((view.stage, line(&view, "A").delivered), (OrderStage::PartDelivered, pieces(3)));
    let assumed_at = view.parcels[1].despatched_at + order.rules.durations.assume_delivered;
    assert_eq!(view.next_change, Some(assumed_at));
    order.now = assumed_at;
    seen!(order, state, view);
    assert_eq!((view.stage, view.parcels[1].assumed, view.next_change), (OrderStage::Delivered, true, None));
    assert!(view.flags.contains(&"assumed"));
    order.scanned("D2", ScanMeaning::Lost);
    seen!(order, state, view);
    assert_eq!((view.stage, view.flags.as_slice()), (OrderStage::PartDelivered, &["lost"][..]));
}

#[test]
fn a_tracking_number_that_comes_later_than_the_parcel() {
    let mut order = released_example();
    order.despatched("D1", "TEE", 3);
    order.put(WMS, "D1", OrderRow::Tracking(Tracking { despatch: "D1".into(), carrier: "UPS".into(), number: "1Z".into() }));
    let scan = Scan { tracking: "1Z".into(), meaning: Word::Known(ScanMeaning::Delivered), scanned_at: order.now };
    order.put(CARRIER, "1Z|1", OrderRow::Scan(scan));
    seen!(order, state, view);
    assert_eq!((view.parcels[0].tracking, view.parcels[0].carrier), (Some("1Z"), "UPS"));
    assert!(view.parcels[0].delivered_at.is_some());
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
    assert_eq!((line(&view, "A").d, view.parcels.len(), view.money.refunded), (pieces(2), 1, amount("10.00")));
}

#[test]
fn refunds_above_what_is_due_and_requests_above_both_are_found() {
    let mut order = released_example();
    order.refunded("R1", "10.00");
    seen!(order, state, view);
    let finding = view.findings.iter().find(|finding| finding.kind == "over-refunded").expect("found");
    assert_eq!(finding.at_risk, Some(amount("10.00")));
    let mut order = released_example();
    order.ledgers.refund.total = amount("5.00");
    seen!(order, state, view);
    assert_eq!(view.findings.iter().map(|finding| finding.kind).collect::<Vec<_>>(), ["refund-overasked"]);
}

#[test]
fn without_the_roles_their_conditions_count_as_fulfilled() {
    let mut order = placed_example();
    order.rules.sources.retain(|source| source.id == SHOP);
    order.rules.locations[0].wms = None;
    order.progress("A", |row| row.shipped = pieces(2));
    seen!(order, state, view);
    assert!(view.conditions.recorded.holds && view.conditions.approved.holds);
    assert_eq!((line(&view, "A").d, view.stage), (pieces(2), OrderStage::PartDespatched));
}

#[test]
fn an_authorisation_secures_until_it_expires() {
    let mut order = Story::new("GBP");
    order.header("30.00").line("A", "TEE", 1, "30.00", "5.00");
    let expires_at = order.now + crate::facts::time::Span::days(7);
    let payment = Payment {
        tender: Tender::Card,
        currency: order.currency,
        authorised: amount("30.00"),
        captured: amount("0"),
        expires_at: Some(expires_at),
        reference: "auth".into(),
        failed: false,
    };
    order.put(SHOP, "card", OrderRow::Payment(payment));
    seen!(order, state, view);
    assert!(view.conditions.secured.holds && view.payment == PaymentWord::Authorised);
    assert_eq!(view.next_change, Some(expires_at));
    order.now = expires_at;
    seen!(order, state, view);
    assert!(!view.conditions.secured.holds);
    assert_eq!(view.conditions.secured.waits_for, "payment of 30.00 GBP more");
}

#[test]
fn lines_that_need_no_warehouse_are_supplied_when_secured_and_recorded() {
    let mut order = Story::new("GBP");
    order.header_with("10.00", |header| header.ships = false).captured("10.00");
    order.line_with("E", "EBOOK", 1, "10.00", "0", |line| line.needs = Needs::Digital);
    seen!(order, state, view);
    assert_eq!((view.lines[0].d, view.stage), (pieces(0), OrderStage::Placed));
    order.recorded();
    seen!(order, state, view);
    assert_eq!((view.lines[0].d, view.stage), (pieces(1), OrderStage::Delivered));
}

#[test]
fn a_payment_in_another_currency_is_not_counted() {
    let mut order = placed_example();
    let payment = Payment {
        tender: Tender::Card,
        currency: crate::facts::Currency::new("USD").expect("a currency"),
        authorised: amount("5.00"),
        captured: amount("5.00"),
        expires_at: None,
        reference: "usd".into(),
        failed: false,
    };
    order.put(SHOP, "other", OrderRow::Payment(payment));
    seen!(order, state, view);
    assert_eq!((view.money.captured, view.money.sound), (amount("94.36"), false));
}

/// A whole life of an order: every kind of row, two SKUs pooled over three lines, deletions.
fn long_story() -> Story {
    let mut order = Story::new("GBP");
    order.header_with("114.36", |header| header.lines_expected = Some(3)).address();
    order.line("A", "TEE", 3, "63.44", "10.57").line("B", "CAP", 1, "25.92", "4.32").line("C", "TEE", 1, "20.00", "3.33");
    order.charge("5.00", "0.83").paid_by("card", Tender::Card, "114.36", "0").captured("114.36");
    order.recorded().erp_line("10000", "TEE", 4, Some("6.20")).erp_line("20000", "CAP", 1, Some("9.10"));
    order.released(&[("A", 3), ("B", 1), ("C", 1)]).warehouse_order(WarehouseState::New).warehouse_total(5);
    order.despatched("D1", "TEE", 2).scanned("D1", ScanMeaning::Transit).cancelled("A", 1).cancelled("B", 1);
    order.warehouse_total(3).warehouse_order(WarehouseState::Picking).despatched("D2", "TEE", 1).delivered("D1").delivered("D2");
    order.refunded("R1", "47.07").authorised("RMA1", "TEE", 1).received("RC1", "TEE", 1, Condition::Damaged).credited("A", 2);
    order.return_line("RMA2", "TEE", 1, ReturnState::Asked).return_line("RMA2", "TEE", 1, ReturnState::Approved);
    order.received("RC2", "TEE", 2, Condition::Unspoken).delete(OrderRow::RETURN_LINE, ERP, "RMA1|TEE");
    order.put(WMS, "X1", OrderRow::Disposition(Disposition { line: LineRef::Sku(sku("TEE")), quantity: pieces(1), to: DisposedTo::Stock }));
    order.refunded_by(SHOP, "R1", Tender::Card, "47.07").refunded("R2", "21.14").delete(OrderRow::ERP_RECORD, ERP, "1|SO-7");
    order.delete(OrderRow::LINE, SHOP, "C").put(
        CARRIER,
        "T-D2|9",
        OrderRow::Scan(Scan { tracking: "T-D2".into(), meaning: Word::Unknown("teleported".into()), scanned_at: PLACED }),
    );
    order
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(300))]

    /// The order in which rows come, and how often, never shows in the view; nor does a cut of the story at any place.
    #[test]
    fn the_order_of_arrival_never_shows(
        order in proptest::strategy::Strategy::prop_shuffle(proptest::strategy::Just((0..long_story().told.len()).collect::<Vec<_>>())),
        repeats in proptest::collection::vec(0usize..1000, 0..20),
        upto in 0usize..1000,
    ) {
        let story = long_story();
        let upto = upto % (story.told.len() + 1);
        let straight: Vec<Told> = story.told[..upto].to_vec();
        let mut shuffled: Vec<Told> = order.iter().filter(|i| **i < upto).map(|i| story.told[*i].clone()).collect();
        for repeat in repeats.iter().filter(|_| upto > 0) {
            shuffled.insert(repeat % (shuffled.len() + 1), story.told[repeat % upto].clone());
        }
        let (first, second) = (story.told_as(&straight), story.told_as(&shuffled));
        let (first, second) = (story.view(&first), story.view(&second));
        proptest::prop_assert_eq!(format!("{first:?}"), format!("{second:?}"));
        // And what must hold of any order's figures, whole or not.
        let money = &first.money;
        proptest::prop_assert!(money.due <= money.captured, "never more than was captured");
        for line in &first.lines {
            proptest::prop_assert!(line.w <= line.n && line.stopped <= line.n - line.w && line.r <= line.d);
            proptest::prop_assert_eq!(line.k, line.n - line.stopped - line.r);
            proptest::prop_assert!(line.settled_stock + line.settled_written_off + line.settled_other <= line.r);
        }
        let due: Amount = money.tenders.iter().map(|tender| tender.due).sum();
        proptest::prop_assert_eq!(due, money.due);
    }
}
