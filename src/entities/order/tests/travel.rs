//! Parcels on their way: labels, scans late and out of order, lost, refused, and what a person must look at.

use super::super::standing::{OrderStage, ReturnStage};
use super::super::testing::*;
use super::seen;
use crate::entities::rules::ParcelsRefunded;
use crate::facts::order::*;
use crate::facts::time::Span;
use crate::facts::{Moment, OrderRow, SourceId};

/// The whole order left in one parcel, `T-D1`.
fn despatched() -> Story {
    let mut order = released_example();
    order.despatched("D1", "TEE", 3).despatched("D1", "CAP", 1);
    order
}

fn left(order: &Story) -> Moment {
    let state = order.state();
    order.view(&state).sent.parcels[0].despatched_at
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
    assert_eq!((view.sent.parcels.len(), view.sent.parcels[0].carrier, view.sent.parcels[0].service), (1, "DPD", "next day"));
}

fn newest(order: &Story) -> Option<ScanMeaning> {
    let state = order.state();
    order.view(&state).sent.parcels[0].newest_scan.map(|(meaning, _)| meaning)
}

#[test]
fn the_newest_scan_is_by_its_own_time_however_late_it_comes() {
    let mut order = despatched();
    let at = left(&order);
    order.scan_of("T-D1", ScanMeaning::Delivered, at + Span::hours(20));
    order.scan_of("T-D1", ScanMeaning::OutForDelivery, at + Span::hours(16)).scan_of("T-D1", ScanMeaning::Transit, at + Span::hours(2));
    seen!(order, state, view);
    assert_eq!((view.standing.stage, view.sent.parcels[0].delivered_at), (OrderStage::Delivered, Some(at + Span::hours(20))));
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
    assert!(view.sent.parcels[0].assumed && view.standing.stage == OrderStage::Delivered);
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
    assert_eq!(view.standing.flags, ["delayed"], "the date has passed");
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
    assert_eq!((view.standing.flags.as_slice(), view.standing.stage), (&["exception", "lost"][..], OrderStage::Despatched));
    let mut again = order.clone();
    again.decided_for("parcel-lost", "D1", "resend", Some("89.36"), &[("TEE", 3), ("CAP", 1)]);
    assert_eq!(again.exceptions(), [""; 0]);
    seen!(again, state, view);
    assert_eq!(view.sent.parcels[0].decided.map(|decided| decided.choice), Some("resend"));
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
    assert_eq!((view.standing.flags.as_slice(), order.exceptions().len()), (&["returning"][..], 0), "not yet here");
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

/// A decision to refund is one: the money of what is in the parcel is due, once.
#[test]
fn a_parcel_that_is_refunded_is_a_return_that_nobody_else_authorises() {
    let mut order = despatched();
    order.scanned("D1", ScanMeaning::Lost).decided("parcel-lost", "D1", "refund");
    seen!(order, state, view);
    assert_eq!(
        (line(&view, "A").back.returned, line(&view, "B").back.returned, view.standing.return_stage),
        (pieces(3), pieces(1), ReturnStage::Received)
    );
    assert_eq!(
        (view.back.returns[0].rma, view.back.returns[0].source, view.back.returns[0].lines[0].reason),
        ("D1", SourceId::WAYBILL, "lost")
    );
    // The ERP logs it too: it counts once.
    let mut logged = order.clone();
    logged.authorised("RMA", "TEE", 3);
    seen!(logged, state, view);
    assert_eq!(line(&view, "A").back.returned, pieces(3));
    // The decision covers the known content: a third shirt is reported later, and opens the exception again.
    let mut more = despatched();
    more.scanned("D1", ScanMeaning::Lost).decided_for("parcel-lost", "D1", "refund", None, &[("TEE", 2), ("CAP", 1)]);
    seen!(more, state, view);
    assert_eq!(
        (line(&view, "A").back.returned, line(&view, "B").back.returned, more.exceptions()),
        (pieces(2), pieces(1), vec!["parcel-lost D1".to_owned()])
    );
    order.scanned("D1", ScanMeaning::Delivered);
    seen!(order, state, view);
    assert_eq!((line(&view, "A").back.returned, view.back.returns.len()), (pieces(0), 0), "found: it is as if nobody had decided");
}

#[test]
fn what_a_person_gave_up_is_not_taken_for_delivered_and_what_comes_back_is_decided_anew() {
    let mut order = despatched();
    order.wait(Span::days(11)).decided("parcel-lost", "D1", "refund").wait(Span::days(30));
    seen!(order, state, view);
    assert_eq!((view.sent.parcels[0].delivered_at, line(&view, "A").back.returned), (None, pieces(3)));
    order.wait(Span::minutes(1)).scanned("D1", ScanMeaning::Returning);
    order.received("RC", "TEE", 3, Condition::Sellable).received("RC", "CAP", 1, Condition::Sellable);
    seen!(order, state, view);
    assert_eq!(
        (line(&view, "A").back.returned, order.exceptions()),
        (pieces(0), vec!["returned-to-sender D1".to_owned()]),
        "of this nobody has decided"
    );
    order.decided("returned-to-sender", "D1", "refund");
    seen!(order, state, view);
    assert_eq!((line(&view, "A").back.returned, view.back.returns[0].lines[0].reason), (pieces(3), "undelivered"));
}

/// By configuration: with the carrier's word, of what comes back with the warehouse's too; a person's other choice stands above it.
#[test]
fn the_carriers_word_refunds_where_it_is_so_configured() {
    let mut order = despatched();
    order.rules.parcels_refunded = ParcelsRefunded { lost: true, undelivered: true };
    let r = |order: &Story| {
        seen!(order, state, view);
        line(&view, "A").back.returned
    };
    let mut lost = order.clone();
    lost.scanned("D1", ScanMeaning::Lost);
    assert_eq!((r(&lost), lost.exceptions()), (pieces(3), vec![]));
    lost.decided("parcel-lost", "D1", "resend");
    assert_eq!(r(&lost), pieces(0));
    let mut silent = order.clone();
    silent.wait(Span::days(11));
    assert_eq!((r(&silent), silent.exceptions()), (pieces(0), vec!["parcel-late D1".to_owned(), "parcel-lost D1".to_owned()]));
    // It was given up, and comes back: of this nobody has decided, and the configuration holds.
    silent.decided("parcel-lost", "D1", "resend").wait(Span::days(1)).scanned("D1", ScanMeaning::Returning);
    silent.received("RC", "TEE", 3, Condition::Sellable);
    assert_eq!((r(&silent), silent.exceptions()), (pieces(3), vec![]));
    order.scanned("D1", ScanMeaning::Returning);
    assert_eq!(r(&order), pieces(0), "it is not here");
    order.received("RC", "CAP", 1, Condition::Sellable);
    assert_eq!((r(&order), order.exceptions()), (pieces(0), vec![]), "of the shirts nothing is here");
    order.received("RC", "TEE", 2, Condition::Sellable);
    assert_eq!(r(&order), pieces(2));
}

#[test]
fn of_two_returns_of_an_article_the_one_that_did_not_come_is_named_and_what_came_too_much_has_its_worth() {
    let mut order = despatched();
    order.delivered("D1").authorised("R1", "TEE", 1).authorised("R2", "TEE", 1).received("RC", "TEE", 1, Condition::Damaged);
    let mut waiting = order.clone();
    waiting.wait(Span::days(30));
    assert_eq!(waiting.exceptions(), ["return-not-received R2"]);
    order.received("RC", "TEE", 3, Condition::Damaged).wait(Span::hours(1));
    seen!(order, state, view);
    let over = view.findings.iter().find(|finding| finding.kind == "return-over").expect("one too many");
    assert_eq!(over.at_risk, Some(line(&view, "A").value_of(pieces(1))));
    assert_eq!(over.causes.len(), 1, "the receipt");
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
    let completion = order.ledgers.completion.entry("erp".into()).or_default();
    (completion.step, completion.totals) = (1, [("A".into(), pieces(3)), ("B".into(), pieces(1))].into());
    assert_eq!(order.exceptions(), [""; 0]);
    order.scan_key("1", "T-D1", ScanMeaning::Withdrawn, order.now);
    assert_eq!(order.exceptions(), ["completion-withdrawn"]);
    seen!(order, state, view);
    let found = view.findings.iter().find(|finding| finding.kind == "completion-withdrawn").expect("found");
    assert_eq!(found.sentence, "the order was reported complete, then the delivery of TEE, CAP was withdrawn");
    order.delivered("D1");
    assert_eq!(order.exceptions(), [""; 0]);
}
