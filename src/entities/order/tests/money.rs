//! Money: the specification's own examples to the cent, cancellations before and after the go-ahead, who refunded what.

use super::super::standing::{OrderStage, PaymentWord, ReturnStage};
use super::super::testing::*;
use super::super::view::OrderView;
use super::seen;
use crate::facts::OrderRow;
use crate::facts::order::*;
use crate::facts::time::Span;

#[test]
fn one_example_whole() {
    let mut order = released_example();
    // 1 captured
    let state = order.state();
    let view = order.view(&state);
    assert!(view.gates.complete.holds && view.gates.secured.holds && view.money.sound);
    let a = line(&view, "A");
    assert_eq!([1, 2, 3].map(|j| a.value_of(pieces(j))), [amount("21.15"), amount("42.29"), amount("63.44")]);
    assert_eq!([1, 2, 3].map(|j| a.tax_of(pieces(j))), [amount("3.52"), amount("7.05"), amount("10.57")]);
    assert_eq!((view.money.captured, view.money.due, view.money.owed), (amount("94.36"), amount("0"), amount("94.36")));
    assert_eq!((a.erp.unit_cost, line(&view, "B").erp.unit_cost), (Some(amount("6.20")), Some(amount("9.10"))));
    assert_eq!(a.erp.location, Some(MAIN));
    assert_eq!((view.standing.stage, view.standing.payment), (OrderStage::Released, PaymentWord::Paid));

    // 2 despatched 2 A
    order.despatched("D1", "TEE", 2);
    let state = order.state();
    let view = order.view(&state);
    assert_eq!(
        (line(&view, "A").sent.despatched, view.standing.stage, view.money.due),
        (pieces(2), OrderStage::PartDespatched, amount("0"))
    );

    // 3 cancelled 1 A and B: due once the warehouse has stopped them
    order.cancelled("A", 1).cancelled("B", 1);
    let state = order.state();
    assert_eq!(order.view(&state).money.due, amount("0"), "the warehouse has not answered yet");
    order.warehouse_total(2);
    let state = order.state();
    let view = order.view(&state);
    assert_eq!(
        (line(&view, "A").sent.wanted, line(&view, "A").kept.stopped, line(&view, "B").sent.wanted),
        (pieces(2), pieces(1), pieces(0))
    );
    assert_eq!((view.money.due, view.money.owed), (amount("47.07"), amount("47.29")));
    assert!(view.standing.flags.contains(&"part-cancelled"));

    // 4 refund paid
    order.refunded("R1", "47.07").delivered("D1");
    let state = order.state();
    let view = order.view(&state);
    assert_eq!((view.money.refunded, view.money.due), (amount("47.07"), amount("47.07")));
    assert_eq!((view.standing.stage, view.standing.payment), (OrderStage::Delivered, PaymentWord::PartRefunded));
    assert_eq!((line(&view, "A").refunded, line(&view, "B").refunded), (pieces(1), pieces(1)));

    // 5 one A back, damaged
    order.authorised("RMA1", "TEE", 1).received("RC1", "TEE", 1, Condition::Damaged);
    let state = order.state();
    let view = order.view(&state);
    let a = line(&view, "A");
    assert_eq!(
        (a.back.returned, a.kept.pieces, a.back.settled_written_off, a.back.settled_stock),
        (pieces(1), pieces(1), pieces(1), pieces(0))
    );
    assert_eq!(view.money.due, amount("68.21"), "47.07 + 21.14");
    assert_eq!(a.value_of(a.sent.despatched) - a.value_of(a.sent.despatched - a.back.returned), amount("21.14"));
    assert_eq!(view.standing.return_stage, ReturnStage::Received);

    // 6 refund paid
    order.refunded("R2", "21.14");
    let state = order.state();
    let view = order.view(&state);
    assert_eq!(
        (view.money.refunded, view.money.owed, view.standing.return_stage),
        (amount("68.21"), amount("26.15"), ReturnStage::Reversed)
    );

    // 7 the other A back, good: shipping comes back with it
    order.authorised("RMA2", "TEE", 1).received("RC2", "TEE", 1, Condition::Sellable);
    let state = order.state();
    let view = order.view(&state);
    assert_eq!((view.money.due, view.money.owed), (amount("94.36"), amount("0")));
    assert_eq!((line(&view, "A").back.settled_stock, view.money.charges[0].stays), (pieces(1), false));

    // 8 refund paid
    order.refunded("R3", "26.15");
    let state = order.state();
    let view = order.view(&state);
    assert_eq!(
        (view.money.refunded, view.standing.payment, view.standing.return_stage),
        (amount("94.36"), PaymentWord::Refunded, ReturnStage::Reversed)
    );
    assert!(view.findings.is_empty(), "{:?}", view.findings);
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
    assert_eq!((line(&view, "L").value_of(pieces(1)), line(&view, "L").tax_of(pieces(1))), (amount("107.10"), amount("17.10")));
    assert_eq!(view.money.due, amount("107.10"));
    let by_tender = |view: &OrderView<'_>| view.money.tenders.iter().map(|tender| (tender.tender, tender.due)).collect::<Vec<_>>();
    assert_eq!(by_tender(&view), [(Tender::Card, amount("107.10")), (Tender::GiftCard, amount("0"))]);
    order.refunded("R1", "107.10").authorised("RMA2", "LAMP", 1).authorised("RMA2", "SHADE", 1);
    order.received("RC2", "LAMP", 1, Condition::Sellable).received("RC2", "SHADE", 1, Condition::Sellable);
    seen!(order, state, view);
    assert_eq!(view.money.due, amount("273.70"));
    assert_eq!(by_tender(&view), [(Tender::Card, amount("173.70")), (Tender::GiftCard, amount("100.00"))]);
    order.refunded("R2", "66.60").refunded_by(FINANCE, "R3", Tender::GiftCard, "100.00");
    seen!(order, state, view);
    assert_eq!(
        (view.money.refunded, view.standing.return_stage, view.standing.payment),
        (amount("273.70"), ReturnStage::Reversed, PaymentWord::Refunded)
    );
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
    assert_eq!([1, 2, 3].map(|j| mug.value_of(pieces(j))), [amount("833"), amount("1667"), amount("2500")]);
    assert_eq!([1, 2, 3].map(|j| mug.tax_of(pieces(j))), [amount("76"), amount("151"), amount("227")]);
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
    assert_eq!((line(&view, "A").kept.stopped, view.money.due), (pieces(1), amount("21.15")));
    order.cancelled("A", 3).cancelled("B", 1);
    seen!(order, state, view);
    assert_eq!(
        (view.standing.stage, view.money.due, view.money.owed),
        (OrderStage::Cancelled, amount("94.36"), amount("0")),
        "shipping too"
    );
}

#[test]
fn nothing_captured_nothing_due() {
    let mut order = Story::new("GBP");
    order.header("30.00").line("A", "TEE", 1, "30.00", "5.00").paid_by("card", Tender::Card, "30.00", "0").cancelled("A", 1);
    seen!(order, state, view);
    assert_eq!((view.money.due, view.standing.stage, view.standing.payment), (amount("0"), OrderStage::Cancelled, PaymentWord::Authorised));
}

#[test]
fn what_is_cancelled_after_the_go_ahead_waits_for_the_warehouse() {
    let mut order = released_example();
    order.cancelled("A", 3).cancelled("B", 1);
    seen!(order, state, view);
    assert_eq!((view.money.due, line(&view, "A").sent.wanted, line(&view, "A").kept.stopped), (amount("0"), pieces(0), pieces(0)));
    order.released(&[("A", 0), ("B", 0)]);
    seen!(order, state, view);
    assert_eq!(view.money.due, amount("0"), "to ask for less is no answer");
    order.warehouse_order(WarehouseState::Cancelled);
    seen!(order, state, view);
    assert_eq!(view.money.due, amount("94.36"));
}

/// SEKO has no record of a cancellation: somebody asks, and says what the answer was.
#[test]
fn a_person_says_stopped_for_a_warehouse_that_never_answers() {
    let mut order = released_example();
    order.cancelled("A", 3).cancelled("B", 1).released(&[("A", 0), ("B", 0)]).wait(Span::days(2));
    assert_eq!(order.exceptions(), ["cancel-unanswered"]);
    let mut whole = order.clone();
    whole.decided("cancel-unanswered", "", "stopped");
    seen!(whole, state, view);
    assert_eq!(view.money.due, amount("94.36"), "all that was cancelled by then");
    assert_eq!(whole.exceptions(), [""; 0]);
    let mut part = order.clone();
    part.decided_for("cancel-unanswered", "", "stopped", None, &[("TEE", 2)]);
    assert_eq!((part.quantities("A"), part.quantities("B")), ([3, 3, 0, 0, 2], [1, 1, 0, 0, 0]), "no more than it names");
    part.despatched("D1", "TEE", 3);
    assert_eq!(part.quantities("A"), [3, 3, 3, 3, 0], "what leaves all the same has left");
    let mut more = released_example();
    more.cancelled("A", 1).released(&[("A", 2), ("B", 1)]).wait(Span::days(2));
    more.decided("cancel-unanswered", "", "stopped").wait(Span::days(1)).cancelled("A", 2);
    more.wait(Span::days(2));
    assert_eq!(more.quantities("A")[4], 0, "what is cancelled later it does not cover, nor does it say which piece it speaks of");
    assert_eq!(more.exceptions(), ["cancel-unanswered"]);
}

#[test]
fn pieces_that_were_never_released_are_stopped_though_others_were() {
    let mut order = placed_example();
    order.recorded().cancelled("A", 1).released(&[("A", 2), ("B", 1)]).warehouse_order(WarehouseState::Picking).warehouse_total(3);
    seen!(order, state, view);
    assert_eq!((line(&view, "A").kept.stopped, view.money.due), (pieces(1), amount("21.15")));
    order.cancelled("A", 2);
    seen!(order, state, view);
    assert_eq!((line(&view, "A").sent.wanted, line(&view, "A").kept.stopped), (pieces(1), pieces(1)), "the second was");
}

#[test]
fn a_cancellation_that_crosses_the_despatch_cancels_nothing_that_left() {
    let mut order = released_example();
    order.cancelled("A", 3).cancelled("B", 1).despatched("D1", "TEE", 3).despatched("D1", "CAP", 1);
    seen!(order, state, view);
    assert_eq!((line(&view, "A").sent.wanted, line(&view, "A").sent.cancelled, view.money.due), (pieces(3), pieces(3), amount("0")));
    assert_eq!(view.standing.stage, OrderStage::Despatched);
}

#[test]
fn a_credit_memo_before_despatch_is_a_cancellation() {
    let mut order = placed_example();
    order.credited("B", 1);
    seen!(order, state, view);
    assert_eq!((line(&view, "B").sent.wanted, line(&view, "B").sent.cancelled, view.money.due), (pieces(0), pieces(1), amount("25.92")));
    // The shop has paid it back itself: its own row tells so, finance mirrors it.
    order.refunded_by(SHOP, "txn-9", Tender::Card, "25.92");
    seen!(order, state, view);
    assert_eq!((view.money.refunded, view.money.refunds_agree), (amount("25.92"), false), "finance has not seen it yet");
    order.refunded_by(FINANCE, "txn-9", Tender::Card, "25.92");
    seen!(order, state, view);
    assert_eq!((view.money.refunded, view.money.due, view.money.refunds_agree), (amount("25.92"), amount("25.92"), true));
    assert_eq!(view.money.refunds.iter().filter(|refund| refund.counts).count(), 1);
}

#[test]
fn what_the_shop_itself_has_refunded_is_stopped_without_the_warehouse() {
    let mut order = released_example();
    order.credited("B", 1);
    seen!(order, state, view);
    assert_eq!((line(&view, "B").sent.wanted, line(&view, "B").kept.stopped), (pieces(0), pieces(0)));
    order.refunded_by(SHOP, "txn-9", Tender::Card, "25.92").refunded_by(FINANCE, "txn-9", Tender::Card, "25.92");
    seen!(order, state, view);
    assert_eq!((line(&view, "B").kept.stopped, view.money.due, view.money.refunded), (pieces(1), amount("25.92"), amount("25.92")));
    assert!(view.findings.is_empty(), "{:?}", view.findings);
}

/// Shopify's refunds cancel what they name: the pieces are in no credit of the shop's, and the money is back all the same.
#[test]
fn what_the_shop_refunds_by_cancelling_is_stopped_without_the_warehouse() {
    let mut order = released_example();
    order.cancelled("B", 1).refunded_by(SHOP, "txn-9", Tender::Card, "25.92").refunded_by(FINANCE, "txn-9", Tender::Card, "25.92");
    seen!(order, state, view);
    assert_eq!(line(&view, "B").kept.stopped, pieces(0), "the refund does not say of which piece");
    let credit = Credit { refunds: vec!["txn-9".into()], ..Credit::new(order.currency, order.now) };
    let named = CreditLine { credit: "51".into(), line: LineRef::Line("B".into()), quantity: pieces(1), gross: Some(amount("25.92")) };
    order.put(SHOP, "51", OrderRow::Credit(credit)).put(SHOP, "51|1", OrderRow::CreditLine(Box::new(named)));
    seen!(order, state, view);
    assert_eq!((line(&view, "B").kept.stopped, view.money.due, view.money.refunded), (pieces(1), amount("25.92"), amount("25.92")));
    assert_eq!(line(&view, "A").kept.stopped, pieces(0));
    assert!(view.findings.is_empty(), "{:?}", view.findings);
}

#[test]
fn a_rounding_rest_goes_to_the_largest_line() {
    let mut order = Story::new("GBP");
    order.header("30.01").captured("30.01").line("A", "TEE", 1, "10.00", "0").line("B", "CAP", 1, "20.00", "0");
    seen!(order, state, view);
    assert!(view.money.sound && view.gates.complete.holds);
    assert_eq!((view.money.rounding, line(&view, "B").gross), (amount("0.01"), amount("20.01")));
    order.cancelled("A", 1).cancelled("B", 1);
    seen!(order, state, view);
    assert_eq!(view.money.due, amount("30.01"), "all of it comes back");
}

#[test]
fn refunds_above_what_is_due_and_requests_above_both_are_found() {
    let mut order = released_example();
    order.refunded("R1", "50.00");
    seen!(order, state, view);
    let finding = view.findings.iter().find(|finding| finding.kind == "over-refunded").expect("found");
    assert_eq!(finding.at_risk, Some(amount("50.00")), "too much to be believed as goodwill");
    let mut order = released_example();
    order.ledgers.refund.total = amount("5.00");
    seen!(order, state, view);
    assert_eq!(view.findings.iter().map(|finding| finding.kind).collect::<Vec<_>>(), ["refund-overasked"]);
}

/// A shop rounds the price of each piece that it takes back; of a whole line, or a cancelled one, nothing is left to round.
#[test]
fn a_minor_unit_a_piece_is_forgiven_while_a_line_is_partly_back() {
    let over = |back: i64, refunded: &str| {
        let mut order = released_example();
        order.despatched("D1", "TEE", 3).authorised("RMA", "TEE", back).received("RC", "TEE", back, Condition::Sellable);
        order.refunded("R1", refunded);
        order.exceptions()
    };
    // One of three is 21.15 (63.44 / 3 is 21.1466), three are 63.44.
    // What is a little more is goodwill, and nobody is asked; half of the order is not.
    assert_eq!(over(1, "21.16"), [""; 0]);
    assert_eq!(over(1, "68.35"), ["over-refunded"]);
    assert_eq!(over(3, "110.63"), ["over-refunded"]);
}

/// The shop calls it store credit, finance the card: one reference is one refund. Two without a reference are two.
#[test]
fn rows_of_one_reference_are_one_refund_and_rows_without_are_not() {
    let refunded = |reference: &str| {
        let mut order = released_example();
        for (source, id, tender) in [(SHOP, "S1", Tender::StoreCredit), (FINANCE, "F1", Tender::Card)] {
            let row = Refund {
                tender,
                currency: crate::facts::Currency::new("GBP").expect("a currency"),
                amount: amount("10.00"),
                state: Word::Known(RefundState::Success),
                reference: reference.into(),
                request: None,
                refunded_at: PLACED,
                capture: "".into(),
            };
            order.put(source, id, OrderRow::Refund(Box::new(row)));
        }
        seen!(order, state, view);
        let tenders = view.money.tenders.iter().filter(|tender| !tender.refunded.is_zero());
        tenders.map(|tender| (tender.tender, tender.refunded)).collect::<Vec<_>>()
    };
    assert_eq!(refunded("ref-9"), [(Tender::Card, amount("10.00"))]);
    assert_eq!(refunded(""), [(Tender::Card, amount("10.00")), (Tender::StoreCredit, amount("10.00"))]);
}

#[test]
fn a_payment_in_another_currency_is_not_counted() {
    let mut order = placed_example();
    let payment = Payment {
        tender: Tender::Card,
        currency: crate::facts::Currency::new("USD"),
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

#[test]
fn what_has_left_of_an_order_that_is_sent_in_parts_is_worth_its_pieces_and_the_charges() {
    let mut order = Story::new("GBP");
    order.header("94.36").line("A", "TEE", 3, "63.44", "10.57").line("B", "CAP", 1, "25.92", "4.32").charge("5.00", "0.83");
    order.paid_by("card", Tender::Card, "94.36", "0").recorded().released(&[("A", 3), ("B", 1)]).despatched("D1", "TEE", 3);
    seen!(order, state, view);
    assert_eq!((order.exceptions().len(), view.standing.flags.contains(&"exception")), (0, false));
    order.wait(Span::days(3));
    seen!(order, state, view);
    assert!(view.standing.flags.contains(&"exception"));
    let found = view.findings.iter().find(|finding| finding.kind == "despatched-unpaid").expect("found");
    assert_eq!(found.at_risk, Some(amount("68.44")), "the cap has not left");
}
