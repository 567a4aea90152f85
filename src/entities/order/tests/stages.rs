//! The stage tables: each line holds, and wins over all below it.

use super::super::standing::{OrderStage, PaymentWord, ReturnStage};
use super::super::testing::*;
use super::seen;
use crate::facts::OrderRow;
use crate::facts::order::*;
use crate::facts::time::Span;

type Tell = fn(&mut Story) -> &mut Story;

/// What happens after the example is placed and paid, and the stage that results. In each, the lines below it hold too.
const ORDER: &[(OrderStage, &str, Tell)] = &[
    (OrderStage::Placed, "nothing else", |order| order),
    (OrderStage::Recorded, "the ERP has it, not approved", |order| order.erp_record(ErpState::Pending)),
    (OrderStage::Recorded, "approved, but held", |order| order.recorded().held(true)),
    (OrderStage::Recorded, "two records of it", |order| order.recorded().document("SO-8", ErpState::Approved)),
    (OrderStage::Released, "every condition of the go-ahead holds", |order| order.recorded()),
    (OrderStage::Released, "the warehouse has it, though it is held", |order| order.held(true).warehouse_order(WarehouseState::New)),
    (OrderStage::Released, "allocated", |order| order.recorded().warehouse_order(WarehouseState::Allocated)),
    (OrderStage::Picking, "picking", |order| order.recorded().warehouse_order(WarehouseState::Picking)),
    (OrderStage::Picking, "picked", |order| order.recorded().warehouse_order(WarehouseState::Picked)),
    (OrderStage::Packed, "the furthest of two warehouse orders", |order| {
        order.recorded().warehouse_order(WarehouseState::Packed).put(
            WMS,
            "2",
            OrderRow::WarehouseOrder(WarehouseOrder { location: MAIN.into(), state: Word::Known(WarehouseState::Picking) }),
        )
    }),
    (OrderStage::PartDespatched, "some left", |order| order.recorded().warehouse_order(WarehouseState::Packed).despatched("D1", "TEE", 3)),
    (OrderStage::Despatched, "all that is wanted left", |order| order.despatched("D1", "TEE", 3).cancelled("B", 1)),
    (OrderStage::PartDespatched, "a parcel is out, but not all left", |order| {
        order.despatched("D1", "TEE", 3).scanned("D1", ScanMeaning::OutForDelivery)
    }),
    (OrderStage::OutForDelivery, "all left, one parcel is out", |order| {
        order.despatched("D1", "TEE", 3).despatched("D2", "CAP", 1).scanned("D2", ScanMeaning::OutForDelivery)
    }),
    (OrderStage::Despatched, "it was out, and came back to the depot", |order| {
        order
            .despatched("D1", "TEE", 3)
            .despatched("D1", "CAP", 1)
            .scanned("D1", ScanMeaning::OutForDelivery)
            .scanned("D1", ScanMeaning::Transit)
    }),
    (OrderStage::PartDelivered, "one parcel is there, the other out", |order| {
        order.despatched("D1", "TEE", 3).despatched("D2", "CAP", 1).delivered("D1").scanned("D2", ScanMeaning::OutForDelivery)
    }),
    (OrderStage::Delivered, "all that is wanted is there", |order| order.despatched("D1", "TEE", 3).delivered("D1").cancelled("B", 1)),
    (OrderStage::Delivered, "and what came back was there", |order| {
        order.despatched("D1", "TEE", 3).despatched("D1", "CAP", 1).delivered("D1").authorised("R", "TEE", 3).received(
            "RC",
            "TEE",
            3,
            Condition::Sellable,
        )
    }),
    (OrderStage::Cancelled, "nothing is wanted, nothing left", |order| {
        order.recorded().warehouse_order(WarehouseState::Packed).cancelled("A", 3).cancelled("B", 1)
    }),
    (OrderStage::Despatched, "cancelled, but some had left", |order| order.cancelled("A", 3).cancelled("B", 1).despatched("D1", "TEE", 1)),
];

#[test]
fn the_first_line_of_the_order_stages_that_holds_wins() {
    for (stage, says, tell) in ORDER {
        let mut order = placed_example();
        tell(&mut order);
        seen!(order, state, view);
        assert_eq!(view.standing.stage, *stage, "{says}");
    }
}

/// The whole order was sent and delivered, then this; two tees are authorised where an authorisation is.
const RETURNS: &[(ReturnStage, &str, Tell)] = &[
    (ReturnStage::None, "nothing", |order| order),
    (ReturnStage::Unlogged, "a receipt that nobody authorised", |order| order.received("RC", "TEE", 1, Condition::Sellable)),
    (ReturnStage::Asked, "only asked for", |order| order.return_line("R", "TEE", 2, ReturnState::Asked)),
    (ReturnStage::None, "asked for, and withdrawn", |order| order.return_line("R", "TEE", 2, ReturnState::Withdrawn)),
    (ReturnStage::None, "asked for, and rejected", |order| order.return_line("R", "TEE", 2, ReturnState::Rejected)),
    (ReturnStage::Logged, "approved", |order| order.authorised("R", "TEE", 2)),
    (ReturnStage::PartReceived, "some are there", |order| order.authorised("R", "TEE", 2).received("RC", "TEE", 1, Condition::Sellable)),
    (ReturnStage::Received, "all are there", |order| order.authorised("R", "TEE", 2).received("RC", "TEE", 2, Condition::Sellable)),
    (ReturnStage::Received, "one was rejected, the other is not paid", |order| {
        order.authorised("R", "TEE", 2).received("RC", "TEE", 1, Condition::Rejected).received("RC2", "TEE", 1, Condition::Sellable)
    }),
    (ReturnStage::Refunded, "paid, and what became of them is not known", |order| {
        order.authorised("R", "TEE", 2).received("RC", "TEE", 2, Condition::Unspoken).refunded("F", "42.29")
    }),
    (ReturnStage::Reversed, "paid, and back on the shelf", |order| {
        order.authorised("R", "TEE", 2).received("RC", "TEE", 2, Condition::Sellable).refunded("F", "42.29")
    }),
    (ReturnStage::Reversed, "paid, and written off", |order| {
        order.authorised("R", "TEE", 2).received("RC", "TEE", 2, Condition::Damaged).refunded("F", "42.29")
    }),
];

#[test]
fn the_first_line_of_the_return_stages_that_holds_wins() {
    for (stage, says, tell) in RETURNS {
        let mut order = released_example();
        order.despatched("D1", "TEE", 3).despatched("D1", "CAP", 1).delivered("D1");
        tell(&mut order);
        seen!(order, state, view);
        assert_eq!(view.standing.return_stage, *stage, "{says}");
    }
}

const PAYMENTS: &[(PaymentWord, &str, Tell)] = &[
    (PaymentWord::Open, "nothing", |order| order.paid_by("card", Tender::Card, "0", "0")),
    (PaymentWord::Authorised, "authorised", |order| order.paid_by("card", Tender::Card, "94.36", "0")),
    (PaymentWord::PartPaid, "a part", |order| order.captured("50.00")),
    (PaymentWord::Paid, "all", |order| order.captured("94.36")),
    (PaymentWord::Overpaid, "twice", |order| order.paid_by("bank", Tender::Bank, "94.36", "94.36")),
    (PaymentWord::PartRefunded, "some is back", |order| order.refunded("F", "10.00")),
    (PaymentWord::Refunded, "all is back", |order| order.refunded("F", "94.36")),
];

#[test]
fn the_payment_word_follows_what_was_paid_and_refunded() {
    for (word, says, tell) in PAYMENTS {
        let mut order = placed_example();
        tell(&mut order);
        seen!(order, state, view);
        assert_eq!(view.standing.payment, *word, "{says}");
    }
}

/// Of the order in one parcel.
const FLAGS: &[(&[&str], &str, Tell)] = &[
    (&[], "nothing", |order| order),
    (&["held"], "somebody stopped it", |order| order.held(true)),
    (&["delayed"], "the carrier says so", |order| order.scanned("D1", ScanMeaning::Delayed)),
    (&["delayed"], "the promised date has passed", |order| order.header_with("94.36", |header| header.promised_at = Some(PLACED))),
    (&["returning"], "on its way back", |order| order.scanned("D1", ScanMeaning::Returning)),
    (&["exception", "lost"], "the carrier lost it, a person must look", |order| order.scanned("D1", ScanMeaning::Lost)),
    (&["replaced"], "edited", |order| {
        order.header_with("94.36", |header| header.replaced_by = Some(crate::facts::OrderKey::new("magento", "1002")))
    }),
    (&["part-cancelled"], "one more was ordered, and cancelled", |order| {
        order.header("104.36").line("C", "SOCK", 1, "10.00", "0").captured("104.36").cancelled("C", 1)
    }),
    (&["assumed"], "nobody scanned it for three weeks", |order| order.wait(Span::days(21))),
];

#[test]
fn flags_stand_beside_the_stage() {
    for (flags, says, tell) in FLAGS {
        let mut order = released_example();
        order.despatched("D1", "TEE", 3).despatched("D1", "CAP", 1);
        tell(&mut order);
        seen!(order, state, view);
        assert_eq!(view.standing.flags, *flags, "{says}");
    }
}
