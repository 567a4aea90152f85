//! Whatever order rows come in, and however often: the same view.

use super::super::testing::*;
use crate::facts::order::*;
use crate::facts::{Amount, Currency, OrderRow};

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
    order.warehouse_line("CAP", 1, |row| (row.closed, row.cancelled) = (true, Some(pieces(1)))).cancellation(ERP, "TEE", 1, false);
    order.label("D1", "T-NEW", Some("T-D1")).posted("SH-1", "SO-7", "TEE", 2).decided("short-closed", "B", "accept").held(true).held(false);
    order.scan_of("T-NEW", ScanMeaning::Withdrawn, PLACED).document("SO-8", ErpState::Approved).document_deleted("SO-8");
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
        order in proptest::strategy::Strategy::prop_shuffle(proptest::strategy::Just((0..long_story().facts.len()).collect::<Vec<_>>())),
        repeats in proptest::collection::vec(0usize..1000, 0..20),
        upto in 0usize..1000,
    ) {
        let story = long_story();
        let upto = upto % (story.facts.len() + 1);
        let straight: Vec<StoryFact> = story.facts[..upto].to_vec();
        let mut shuffled: Vec<StoryFact> = order.iter().filter(|i| **i < upto).map(|i| story.facts[*i].clone()).collect();
        for repeat in repeats.iter().filter(|_| upto > 0) {
            shuffled.insert(repeat % (shuffled.len() + 1), story.facts[repeat % upto].clone());
        }
        let (first, second) = (story.state_of(&straight), story.state_of(&shuffled));
        let (first, second) = (story.view(&first), story.view(&second));
        proptest::prop_assert_eq!(format!("{first:?}"), format!("{second:?}"));
        // And what must hold of any order's figures, whole or not.
        let money = &first.money;
        proptest::prop_assert!(money.due <= money.captured, "never more than was captured");
        for line in &first.lines {
            proptest::prop_assert!(line.sent.wanted <= line.ordered && line.kept.stopped <= line.ordered - line.sent.wanted && line.back.returned <= line.sent.despatched);
            proptest::prop_assert_eq!(line.kept.pieces, line.ordered - line.kept.stopped - line.back.returned);
            proptest::prop_assert!(line.back.settled_stock + line.back.settled_written_off + line.back.settled_other <= line.back.returned);
        }
        let due: Amount = money.tenders.iter().map(|tender| tender.due).sum();
        proptest::prop_assert_eq!(due, money.due);
    }
}

#[test]
fn before_its_header_an_order_has_the_currency_of_its_payments() {
    let mut order = Story::new("GBP");
    order.captured("20.00");
    let state = order.state();
    assert_eq!(order.view(&state).money.currency, Currency::new("GBP").expect("a currency"));
}
