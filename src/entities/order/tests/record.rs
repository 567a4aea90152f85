//! The ERP's record: gone, missing, there twice, other than asked.

use super::super::testing::*;
use super::seen;
use crate::entities::exceptions::{self, About};
use crate::facts::OrderRow;
use crate::facts::order::*;
use crate::facts::time::Span;

/// The worked example with the create entered as asked at the story's present.
fn asked() -> Story {
    let mut order = placed_example();
    let ledger = &mut order.ledgers.sales_order;
    ledger.step = 1;
    (ledger.asked_at, ledger.first_asked_at) = (Some(order.now), Some(order.now));
    ledger.totals = [("A".into(), pieces(3)), ("B".into(), pieces(1))].into();
    order
}

fn record(order: &mut Story) -> &mut Story {
    order.recorded().erp_line("10000", "TEE", 3, None).erp_line("20000", "CAP", 1, None)
}

#[test]
fn a_record_that_was_asked_for_and_does_not_come_is_missed_after_an_hour() {
    let mut order = asked();
    order.wait(Span::minutes(59));
    assert_eq!(order.exceptions(), [""; 0]);
    order.wait(Span::minutes(1));
    assert_eq!(order.exceptions(), ["erp-record-missing"]);
    let mut cancelled = order.clone();
    cancelled.cancelled("A", 3).cancelled("B", 1);
    assert_eq!(cancelled.exceptions(), [""; 0], "nobody wants it any more");
    order.recorded();
    assert_eq!(order.exceptions(), [""; 0]);
}

#[test]
fn a_deleted_record_keeps_its_quantities_and_asks_a_person_after_an_hour() {
    let mut order = released_example();
    order.document_deleted("SO-7");
    seen!(order, state, view);
    assert!(view.gates.recorded.holds && view.gates.approved.holds && view.erp.states == ["gone"]);
    assert_eq!((order.quantities("A"), order.exceptions()), ([3, 0, 3, 0, 0], vec![]));
    order.wait(Span::hours(1));
    assert_eq!(order.exceptions(), ["erp-record-gone SO-7"]);
    // Posted, back, under another number, cancelled in the shop: each settles it.
    let settled = |tell: fn(&mut Story) -> &mut Story| {
        let mut order = order.clone();
        tell(&mut order);
        order.exceptions()
    };
    assert_eq!(settled(|order| order.posted("SH-1", "SO-7", "TEE", 3)), [""; 0]);
    assert_eq!(settled(|order| order.recorded()), [""; 0]);
    assert_eq!(settled(|order| order.document("SO-8", ErpState::Approved)), [""; 0]);
    assert_eq!(settled(|order| order.cancelled("A", 3).cancelled("B", 1)), [""; 0]);
}

#[test]
fn goods_that_only_a_mirror_says_left_are_named_after_a_day() {
    let booked = |order: &mut Story| {
        order.progress("A", |row| row.shipped = pieces(2));
        order.wait(Span::days(1));
        order.exceptions()
    };
    let mut order = placed_example();
    order.recorded().warehouse_order(WarehouseState::New);
    assert_eq!(booked(&mut order.clone()), [""; 0], "nobody was asked: it may have left before Waybill was there");
    assert_eq!(booked(order.clone().released(&[("B", 1)])), [""; 0], "it was asked for another line");
    order.released(&[("A", 3)]);
    assert_eq!(booked(&mut order.clone()), ["mirror-only shop TEE"]);
    let posted = order.clone().posted("SH-1", "SO-7", "TEE", 2).wait(Span::days(1)).exceptions();
    assert_eq!(posted, ["mirror-only erp TEE"]);
    let mut lately = order.clone();
    lately.progress("A", |row| row.shipped = pieces(2)).wait(Span::hours(23));
    assert_eq!(lately.exceptions(), [""; 0], "the warehouse's word may still come");
    lately.wait(Span::hours(2)).despatched("D1", "TEE", 2);
    assert_eq!(lately.exceptions(), [""; 0], "both say so");
    order.progress("A", |row| row.shipped = pieces(3)).despatched("D1", "TEE", 2).wait(Span::days(1));
    assert_eq!(order.exceptions(), ["mirror-only shop TEE"], "one of three");
}

/// The ERP gave its document another number, posted that one in full and deleted it: what is posted is on its way, and nothing is amiss because the
/// first number went long ago.
#[test]
fn the_hour_of_a_deleted_record_runs_from_the_last_one() {
    let mut order = released_example();
    order.document_deleted("SO-7").document("VK-1", ErpState::Approved).wait(Span::hours(5));
    assert_eq!(order.exceptions(), [""; 0]);
    // The story moves on by a minute with each fact.
    order.document_deleted("VK-1").wait(Span::minutes(58));
    assert_eq!(order.exceptions(), [""; 0], "what is posted may still come");
    order.wait(Span::minutes(1));
    assert_eq!(order.exceptions(), ["erp-record-gone VK-1"], "one record is missing, not two");
}

#[test]
fn a_person_says_what_a_deleted_record_means() {
    let mut order = released_example();
    order.document_deleted("SO-7").wait(Span::hours(1));
    let mut restored = order.clone();
    restored.decided("erp-record-gone", "SO-7", "restored");
    assert_eq!((restored.exceptions().len(), restored.quantities("A")[2]), (0, 3));
    order.decided("erp-record-gone", "SO-7", "cancelled");
    assert_eq!((order.quantities("A"), order.quantities("B")), ([3, 3, 0, 0, 0], [1, 1, 0, 0, 0]), "not stopped: the warehouse has it");
    assert_eq!(order.exceptions(), ["short-closed A", "short-closed B"], "the shop has not cancelled them");
    order.decided("erp-record-gone", "SO-7", "burnt");
    assert_eq!(order.quantities("A")[1], 0, "a choice that nobody knows settles nothing");
}

#[test]
fn two_live_records_are_one_too_many() {
    let mut order = released_example();
    order.document("SO-8", ErpState::Approved);
    assert_eq!(order.exceptions(), ["erp-duplicate"]);
    let state = order.state();
    assert_eq!(order.view(&state).findings[0].causes.len(), 2, "both records are named");
    let mut cancelled = order.clone();
    cancelled.document("SO-8", ErpState::Cancelled);
    assert_eq!(cancelled.exceptions(), [""; 0]);
    assert_eq!(cancelled.quantities("A")[1], 0, "a duplicate that is cancelled cancels nothing");
    order.document_deleted("SO-8");
    assert_eq!(order.exceptions(), [""; 0], "one is left");
    // What was posted from the open document is the same record; from another it is a second.
    order.posted("SH-1", "SO-7", "TEE", 3);
    assert_eq!(order.exceptions(), [""; 0]);
    order.posted("SH-2", "SO-9", "TEE", 3);
    assert_eq!(order.exceptions(), ["erp-duplicate"]);
}

#[test]
fn a_record_that_differs_from_what_was_asked_is_named_after_an_hour() {
    let mut order = asked();
    record(&mut order).wait(Span::hours(2));
    assert_eq!(order.exceptions(), [""; 0]);
    let differs = |tell: fn(&mut Story) -> &mut Story| {
        let mut order = order.clone();
        tell(&mut order);
        let state = order.state();
        let view = order.view(&state);
        let found = view.findings.iter().find(|finding| finding.kind == "erp-differs").cloned();
        found.map(|finding| finding.sentence).unwrap_or_default()
    };
    assert_eq!(differs(|order| order.erp_line("10000", "TEE", 2, None)), "SO-7 differs from what was asked for: 2 instead of 3 x TEE");
    assert_eq!(
        differs(|order| order.delete(OrderRow::ERP_LINE, ERP, "1|SO-7|20000")),
        "SO-7 differs from what was asked for: 0 instead of 1 x CAP"
    );
    assert_eq!(
        differs(|order| order.erp_line("30000", "MUG", 1, None)),
        "SO-7 differs from what was asked for: 1 x MUG more than the order has"
    );
    let priced = |order: &mut Story, gross: &str| {
        let order = order.erp_line_with("20000", "CAP", 1, |line| line.gross = Some(amount(gross))).sealed();
        order.wait(Span::hours(1)).exceptions()
    };
    assert_eq!(priced(&mut order.clone(), "25.93"), [""; 0], "rounded otherwise");
    assert_eq!(priced(&mut order.clone(), "24.50"), ["erp-differs SO-7"]);
    // What was posted or closed is not compared: it holds what is left.
    assert_eq!(differs(|order| order.erp_line("10000", "TEE", 2, None).document_deleted("SO-7").posted("SH-1", "SO-7", "TEE", 2)), "");
    let mut accepted = order.clone();
    accepted.erp_line("10000", "TEE", 2, None).sealed().wait(Span::hours(2)).decided("erp-differs", "SO-7", "accept");
    assert_eq!(accepted.exceptions(), [""; 0]);
}

/// A document that is posted in full loses its lines, and its own deletion may arrive later; one that is renumbered arrives again line by line.
#[test]
fn a_record_differs_only_when_it_has_for_an_hour() {
    let mut order = asked();
    record(&mut order).wait(Span::hours(2)).delete(OrderRow::ERP_LINE, ERP, "1|SO-7|20000").sealed();
    order.wait(Span::minutes(59));
    assert_eq!(order.exceptions(), [""; 0]);
    let mut whole = order.clone();
    whole.erp_line("20000", "CAP", 1, None).sealed().wait(Span::hours(3));
    assert_eq!(whole.exceptions(), [""; 0]);
    order.wait(Span::minutes(1)).sealed();
    assert_eq!(order.exceptions(), ["erp-differs SO-7"]);
    whole.delete(OrderRow::ERP_LINE, ERP, "1|SO-7|20000").sealed().wait(Span::minutes(59));
    assert_eq!(whole.exceptions(), [""; 0], "it was equal in between");
}

/// What the record has not followed an hour after it was asked for differs then, though it was looked at in between only as it was asked.
#[test]
fn a_record_that_follows_no_change_differs_an_hour_after_the_request() {
    let mut order = asked();
    record(&mut order).sealed().wait(Span::hours(2));
    order.ledgers.sales_order.totals = [("A".into(), pieces(2)), ("B".into(), pieces(1))].into();
    order.ledgers.sales_order.asked_at = Some(order.now);
    order.sealed().wait(Span::hours(1));
    assert_eq!(order.exceptions(), ["erp-differs SO-7"]);
}

#[test]
fn an_order_that_is_not_paid_is_chased_after_three_days() {
    let mut order = Story::new("GBP");
    order.header("63.44").line("A", "TEE", 3, "63.44", "10.57").paid_by("card", Tender::Card, "0", "0");
    order.now = PLACED + Span::days(3);
    assert_eq!(order.exceptions(), ["unpaid"]);
    let mut on_account = order.clone();
    on_account.header_with("63.44", |header| header.terms = Terms::OnAccount);
    assert_eq!(on_account.exceptions(), [""; 0]);
    let mut cancelled = order.clone();
    cancelled.cancelled("A", 3);
    assert_eq!(cancelled.exceptions(), [""; 0]);
    order.paid_by("card", Tender::Card, "63.44", "0");
    assert_eq!(order.exceptions(), [""; 0]);
}

#[test]
fn a_location_that_nobody_has_configured_is_named_once() {
    let mut order = released_example();
    order.erp_line_with("10000", "TEE", 3, |line| line.location = Some("MOON".into()));
    order.erp_line_with("20000", "CAP", 1, |line| line.location = Some("MOON".into()));
    assert_eq!(order.exceptions(), ["unknown-location MOON"]);
}

#[test]
fn an_order_of_the_erps_own_is_not_compared_with_anything() {
    let mut order = asked();
    order.header_with("94.36", |header| header.origin = Origin::Erp).wait(Span::hours(2));
    assert_eq!(order.exceptions(), [""; 0]);
}

#[test]
fn what_disappears_after_its_despatch_and_parts_that_belong_nowhere_are_named_with_both_rows() {
    let mut order = released_example();
    order.despatched("D1", "TEE", 3).delete(OrderRow::LINE, SHOP, "A");
    seen!(order, state, view);
    let finding = view.findings.iter().find(|finding| finding.kind == "rows-contradict").expect("found");
    assert_eq!((finding.number.as_str(), finding.causes.len()), ("gone A", 2));
    assert_eq!(order.quantities("A"), [3, 0, 3, 3, 0], "the order goes on with what holds");

    let mut parts = Story::new("GBP");
    parts.header("10.00").line_with("S", "SET", 1, "10.00", "0", |line| line.role = LineRole::Sale).captured("10.00");
    parts.wait(Span::minutes(15));
    assert_eq!(parts.exceptions(), ["order-incomplete", "rows-contradict parts S"], "a parent without parts");
    let leaf = |parent: &'static str| move |line: &mut Line| (line.role, line.parent) = (LineRole::Leaf, Some(parent.into()));
    parts.line_with("L1", "MUG", 1, "0", "0", leaf("S")).line_with("L2", "LID", 1, "0", "0", leaf("L1"));
    seen!(parts, state, view);
    let finding = view.findings.iter().find(|finding| finding.number == "parents L2").expect("found");
    assert_eq!((finding.causes.len(), finding.shuts), (2, true), "a part of a part");
}

#[test]
fn every_finding_is_of_a_kind_that_the_table_knows() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/entities/order/findings");
    let mut kinds = Vec::new();
    for entry in std::fs::read_dir(folder).expect("the folder").flatten() {
        let text = std::fs::read_to_string(entry.path()).unwrap_or_default();
        for call in ["Finding::new(\"", "finding(look, \""] {
            kinds.extend(text.split(call).skip(1).filter_map(|rest| rest.split('"').next()).map(str::to_owned));
        }
    }
    assert!(kinds.len() > 20, "{kinds:?}");
    let unknown: Vec<&String> = kinds.iter().filter(|kind| exceptions::kind(About::Order, kind).is_none()).collect();
    assert_eq!(unknown, [""; 0], "give it an entry in src/entities/exceptions.rs");
}

/// One document in two rows: as long as one of them stands the record is there.
#[test]
fn a_document_is_gone_when_its_last_row_is() {
    let mut order = released_example();
    let record = ErpRecord { document: "SO-7".into(), state: Word::Known(ErpState::Approved), created_at: None };
    order.put(ERP, "2|SO-7", OrderRow::ErpRecord(record)).delete(OrderRow::ERP_RECORD, ERP, "1|SO-7").wait(Span::hours(2));
    assert_eq!(order.exceptions(), [""; 0]);
    order.delete(OrderRow::ERP_RECORD, ERP, "2|SO-7").wait(Span::hours(1));
    assert_eq!(order.exceptions(), ["erp-record-gone SO-7"]);
}
