//! Conditions: complete, secured, recorded; deletions that mean nothing; words without a meaning.

use super::super::standing::{OrderStage, PaymentWord};
use super::super::testing::*;
use super::seen;
use crate::facts::OrderRow;
use crate::facts::order::*;

#[test]
fn deletions_mean_nothing_by_themselves() {
    let mut order = released_example();
    order.delete(OrderRow::ERP_RECORD, ERP, "1|SO-7").delete(OrderRow::ERP_LINE, ERP, "1|SO-7|10000");
    seen!(order, state, view);
    assert!(view.gates.recorded.holds && view.gates.approved.holds && view.erp.states == ["gone"]);
    assert_eq!(
        (line(&view, "A").erp.unit_cost, line(&view, "A").sent.wanted, view.money.due),
        (Some(amount("6.20")), pieces(3), amount("0"))
    );
    order.delete(OrderRow::LINE, SHOP, "B").delete(OrderRow::HEADER, SHOP, "1001");
    seen!(order, state, view);
    assert!(view.placed.header_deleted && line(&view, "B").deleted && view.gates.complete.holds);
    assert_eq!((line(&view, "B").sent.wanted, view.money.due), (pieces(1), amount("0")));
    order.despatched("D1", "CAP", 1);
    seen!(order, state, view);
    assert!(view.findings.iter().any(|finding| finding.kind == "rows-contradict"), "gone after it left the house");
}

#[test]
fn a_deletion_that_overtakes_its_row_leaves_the_same() {
    let mut order = released_example();
    order.delete(OrderRow::ERP_RECORD, ERP, "1|SO-7");
    let there = order.state();
    let mut facts = order.facts.clone();
    facts.reverse();
    assert_eq!(order.state_of(&facts).rows, there.rows);
}

#[test]
fn posted_documents_count_as_the_record_that_they_came_from() {
    let mut order = placed_example();
    seen!(order, state, view);
    assert!(!view.gates.recorded.holds);
    assert_eq!((view.gates.recorded.brings.as_str(), view.standing.stage), ("nav", OrderStage::Placed));
    let posted = ErpPosted {
        kind: PostedKind::Shipment,
        document: "SSH-1".into(),
        from: "SO-7".into(),
        sku: sku("TEE"),
        quantity: pieces(2),
        gross: None,
    };
    order.put(ERP, "S|SSH-1|10000", OrderRow::ErpPosted(posted));
    seen!(order, state, view);
    assert!(view.gates.recorded.holds && view.gates.approved.holds);
    assert_eq!(
        (view.erp.document, line(&view, "A").erp.shipped, line(&view, "A").sent.despatched),
        (Some("SO-7"), pieces(2), pieces(0)),
        "a mirror"
    );
}

#[test]
fn an_unknown_word_opens_no_gate() {
    let mut order = placed_example();
    let record = ErpRecord { document: "SO-7".into(), state: Word::Unknown("Schwebend".into()), created_at: None };
    order.put(ERP, "1|SO-7", OrderRow::ErpRecord(record));
    seen!(order, state, view);
    assert!(!view.gates.recorded.holds && view.erp.exists);
    assert_eq!(view.findings.iter().map(|finding| finding.kind).collect::<Vec<_>>(), ["unknown-word"]);
}

#[test]
fn an_order_is_complete_when_its_lines_prove_themselves_whole() {
    let mut order = Story::new("GBP");
    order.header_with("30.00", |header| header.lines_expected = Some(3)).address().captured("30.00");
    order.line("A", "TEE", 1, "10.00", "0").line("B", "CAP", 1, "20.00", "0");
    seen!(order, state, view);
    assert!(!view.gates.complete.holds, "the third is free, but it is to be sent");
    assert_eq!((view.gates.complete.waits_for.as_str(), view.gates.complete.brings.as_str()), ("2 of 3 lines", "magento"));
    let finding = &view.findings[0];
    assert_eq!((finding.kind, finding.opens_at), ("order-incomplete", Some(PLACED + order.rules.durations.order_incomplete)));
    assert_eq!(view.next_change, finding.opens_at);
    order.line("C", "GIFT", 1, "0", "0");
    seen!(order, state, view);
    assert!(view.gates.complete.holds && view.findings.is_empty());

    let mut order = placed_example();
    order.line("C", "SOCK", 1, "7.00", "0");
    seen!(order, state, view);
    assert!(!view.money.sound && !view.gates.complete.holds);
}

#[test]
fn sums_that_differ_though_all_lines_are_there() {
    let mut order = Story::new("GBP");
    order.header_with("35.00", |header| header.whole = true).address().captured("35.00").line("A", "TEE", 1, "30.00", "0");
    seen!(order, state, view);
    assert!(view.gates.complete.holds && !view.money.sound);
    assert_eq!(view.findings[0].kind, "totals-differ");
    assert_eq!(view.findings[0].at_risk, Some(amount("5.00")));
}

#[test]
fn without_the_roles_their_conditions_count_as_fulfilled() {
    let mut order = placed_example();
    order.rules.sources.retain(|source| source.id == SHOP);
    order.rules.locations[0].wms = None;
    order.progress("A", |row| row.shipped = pieces(2));
    seen!(order, state, view);
    assert!(view.gates.recorded.holds && view.gates.approved.holds);
    assert_eq!((line(&view, "A").sent.despatched, view.standing.stage), (pieces(2), OrderStage::PartDespatched));
}

#[test]
fn an_authorisation_secures_until_it_expires() {
    let mut order = Story::new("GBP");
    order.header("30.00").line("A", "TEE", 1, "30.00", "5.00");
    let expires_at = order.now + crate::facts::time::Span::days(7);
    let payment = Payment {
        tender: Tender::Card,
        currency: Some(order.currency),
        authorised: amount("30.00"),
        captured: amount("0"),
        expires_at: Some(expires_at),
        reference: "auth".into(),
        failed: false,
    };
    order.put(SHOP, "card", OrderRow::Payment(payment));
    seen!(order, state, view);
    assert!(view.gates.secured.holds && view.standing.payment == PaymentWord::Authorised);
    assert_eq!(view.next_change, Some(expires_at));
    order.now = expires_at;
    seen!(order, state, view);
    assert!(!view.gates.secured.holds);
    assert_eq!(view.gates.secured.waits_for, "payment of 30.00 GBP more");
}
