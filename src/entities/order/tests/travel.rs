//! Parcels on their way: labels, scans late and out of order, lost, refused, and what a person must look at.

use super::super::testing::*;
use super::super::view::OrderStage;
use super::seen;
use crate::facts::order::*;
use crate::facts::time::Span;
use crate::facts::{Moment, OrderRow};

/// The whole order left in one parcel, `T-D1`.
fn despatched() -> Story {
    let mut order = released_example();
    order.despatched("D1", "TEE", 3).despatched("D1", "CAP", 1);
    order
}

fn left(order: &Story) -> Moment {
    let state = order.state();
    order.view(&state).parcels[0].despatched_at
}

#[test]
fn a_parcel_is_named_by_the_first_row_that_names_it() {
    let mut order = released_example();
    let row = |of: &str, carrier: &str, service: &str| {
        let (carrier, service) = (carrier.into(), service.into());
        let (line, quantity, location) = (LineRef::Sku(sku(of)), pieces(1), MAIN.into());
        Despatch { despatch: "D1".into(), line, quantity, location, despatched_at: PLACED, carrier, service, tracking: None }
    };
    order.put(WMS, "D1|CAP", OrderRow::Despatch(Box::new(row("CAP", "", ""))));
    order.put(WMS, "D1|TEE", OrderRow::Despatch(Box::new(row("TEE", "DPD", "next day"))));
    let state = order.state();
    let view = order.view(&state);
    assert_eq!((view.parcels.len(), view.parcels[0].carrier, view.parcels[0].service), (1, "DPD", "next day"));
}

fn newest(order: &Story) -> Option<ScanMeaning> {
    let state = order.state();
    order.view(&state).parcels[0].newest_scan.map(|(meaning, _)| meaning)
}

#[test]
fn the_newest_scan_is_by_its_own_time_however_late_it_comes() {
    let mut order = despatched();
    let at = left(&order);
    order.scan_of("T-D1", ScanMeaning::Delivered, at + Span::hours(20));
    order.scan_of("T-D1", ScanMeaning::OutForDelivery, at + Span::hours(16)).scan_of("T-D1", ScanMeaning::Transit, at + Span::hours(2));
    seen!(order, state, view);
    assert_eq!((view.stage, view.parcels[0].delivered_at), (OrderStage::Delivered, Some(at + Span::hours(20))));
    // At one time the further one.
    order.scan_of("T-D1", ScanMeaning::Attempted, at + Span::hours(20) + Span(1));
    assert_eq!(newest(&order), Some(ScanMeaning::Attempted));
}

#[test]
fn a_withdrawn_scan_counts_no_more_and_hides_no_other() {
    let mut order = despatched();
    let at = left(&order);
    order.scan_key("1", "T-D1", ScanMeaning::OutForDelivery, at + Span::hours(16));
    order.scan_key("2", "T-D1", ScanMeaning::Delivered, at + Span::hours(20));
    order.scan_key("2", "T-D1", ScanMeaning::Withdrawn, at + Span::hours(20));
    assert_eq!(newest(&order), Some(ScanMeaning::OutForDelivery));
}

#[test]
fn a_number_that_is_used_again_months_later_tells_nothing_of_the_first_parcel() {
    let mut order = despatched();
    let at = left(&order);
    order.scan_of("T-D1", ScanMeaning::Delivered, at + Span::hours(20));
    order.scan_of("T-D1", ScanMeaning::Lost, at + Span::days(121));
    // ... and an older parcel's scans nothing of this one.
    order.scan_of("T-D1", ScanMeaning::Returning, at + Span(-Span::days(40).0));
    assert_eq!(newest(&order), Some(ScanMeaning::Delivered));
}

#[test]
fn scans_of_a_replaced_label_count_until_it_was_replaced() {
    let mut order = despatched();
    let at = left(&order);
    order.now = at + Span::hours(3);
    order.scan_of("T-D1", ScanMeaning::Transit, at + Span::hours(1)).label("D1", "T-NEW", Some("T-D1"));
    assert_eq!(newest(&order), Some(ScanMeaning::Transit));
    // Somebody else's parcel now bears the old label.
    order.scan_of("T-D1", ScanMeaning::Delivered, at + Span::hours(30));
    assert_eq!(newest(&order), Some(ScanMeaning::Transit));
    order.scan_of("T-NEW", ScanMeaning::OutForDelivery, at + Span::hours(28));
    assert_eq!(newest(&order), Some(ScanMeaning::OutForDelivery));
}

#[test]
fn a_parcel_that_nobody_scans_is_late_after_three_days_and_lost_after_ten() {
    let mut order = despatched();
    let at = left(&order);
    order.now = at + Span::days(3);
    assert_eq!(order.exceptions(), ["parcel-late D1"]);
    let mut scanned = order.clone();
    scanned.scanned("D1", ScanMeaning::Transit);
    assert_eq!(scanned.exceptions(), [""; 0]);
    scanned.wait(Span::days(10));
    assert_eq!(scanned.exceptions(), ["parcel-lost D1"], "ten days since the last scan");
    order.now = at + Span::days(10);
    assert_eq!(order.exceptions(), ["parcel-late D1", "parcel-lost D1"]);
    order.now = at + Span::days(21);
    assert_eq!(order.exceptions(), [""; 0], "by now it counts as delivered");
    seen!(order, state, view);
    assert!(view.parcels[0].assumed && view.stage == OrderStage::Delivered);
}

#[test]
fn a_parcel_without_a_number_or_a_carrier_that_tells_is_not_missed() {
    let mut order = despatched();
    order.rules.sources.retain(|source| source.id != CARRIER);
    order.wait(Span::days(12));
    assert_eq!(order.exceptions(), [""; 0]);
}

#[test]
fn a_promised_date_that_passed_by_two_days_is_late() {
    let mut order = despatched();
    let at = left(&order);
    order.header_with("94.36", |header| header.promised_at = Some(at + Span::days(1))).scanned("D1", ScanMeaning::Transit);
    order.now = at + Span::days(2);
    seen!(order, state, view);
    assert_eq!(view.flags, ["delayed"], "the date has passed");
    assert_eq!(order.exceptions(), [""; 0]);
    order.now = at + Span::days(3);
    assert_eq!(order.exceptions(), ["parcel-late D1"]);
    order.delivered("D1");
    assert_eq!(order.exceptions(), [""; 0]);
}

#[test]
fn a_parcel_that_the_carrier_lost_is_sent_again_or_refunded_by_decision_or_found() {
    let mut order = despatched();
    order.scanned("D1", ScanMeaning::Lost);
    assert_eq!(order.exceptions(), ["parcel-lost D1"]);
    seen!(order, state, view);
    assert_eq!((view.flags.as_slice(), view.stage), (&["exception", "lost"][..], OrderStage::Despatched));
    let mut again = order.clone();
    again.decided_for("parcel-lost", "D1", "resend", Some("89.36"), &[("TEE", 3), ("CAP", 1)]);
    assert_eq!(again.exceptions(), [""; 0]);
    seen!(again, state, view);
    assert_eq!(view.parcels[0].decided, Some("resend"));
    // More is in it than was thought when it was decided.
    again.despatched("D1", "MUG", 1).despatched("D1", "CAP", 2);
    assert!(again.exceptions().contains(&"parcel-lost D1".into()), "{:?}", again.exceptions());
    order.scanned("D1", ScanMeaning::Delivered);
    assert_eq!(order.exceptions(), [""; 0]);
}

#[test]
fn a_refused_parcel_that_came_back_without_an_authorisation_asks_a_person_until_a_new_one_leaves() {
    let mut order = despatched();
    order.scanned("D1", ScanMeaning::Returning);
    seen!(order, state, view);
    assert_eq!((view.flags.as_slice(), order.exceptions().len()), (&["returning"][..], 0), "not yet here");
    order.received("RC", "TEE", 3, Condition::Sellable).received("RC", "CAP", 1, Condition::Sellable);
    assert_eq!(order.exceptions(), ["returned-to-sender D1"]);
    let mut authorised = order.clone();
    authorised.authorised("RMA", "TEE", 3).authorised("RMA", "CAP", 1);
    assert_eq!(authorised.exceptions(), [""; 0]);
    let mut decided = order.clone();
    decided.decided("returned-to-sender", "D1", "refund");
    assert_eq!(decided.exceptions(), [""; 0]);
    order.despatched("D2", "TEE", 3).despatched("D2", "CAP", 1);
    assert_eq!(order.exceptions(), [""; 0], "what is over has come back");
}

#[test]
fn more_than_was_ordered_and_what_was_not_ordered_at_all() {
    let mut order = despatched();
    order.despatched("D2", "TEE", 1).despatched("D2", "MUG", 1).wait(Span::minutes(15));
    assert_eq!(order.exceptions(), ["other-item-despatched D2|MUG", "over-despatched A"]);
    order.decided_for("over-despatched", "A", "accept", None, &[("TEE", 1)]).decided("other-item-despatched", "D2|MUG", "accept");
    assert_eq!(order.exceptions(), [""; 0]);
    order.despatched("D3", "TEE", 1);
    assert_eq!(order.exceptions(), ["over-despatched A"], "two are more than was decided about");
}

#[test]
fn a_completed_order_whose_scan_is_withdrawn_asks_a_person() {
    let mut order = despatched();
    order.scan_key("1", "T-D1", ScanMeaning::Delivered, order.now);
    let told = order.ledgers.completion.entry("erp".into()).or_default();
    (told.step, told.totals) = (1, [("A".into(), pieces(3)), ("B".into(), pieces(1))].into());
    assert_eq!(order.exceptions(), [""; 0]);
    order.scan_key("1", "T-D1", ScanMeaning::Withdrawn, order.now);
    assert_eq!(order.exceptions(), ["completion-withdrawn"]);
    seen!(order, state, view);
    let found = view.findings.iter().find(|finding| finding.kind == "completion-withdrawn").expect("found");
    assert_eq!(found.sentence, "the order was completed, and the delivery of TEE, CAP was withdrawn");
    order.delivered("D1");
    assert_eq!(order.exceptions(), [""; 0]);
}
