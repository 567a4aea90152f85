//! Worked examples: the specification's own, and what would hurt.

use super::testing::*;
use super::view::{OrderStage, PaymentWord, ReturnStage};
use crate::facts::order::*;

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
