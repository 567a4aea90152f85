pub mod stand_in;

use stand_in::{Emitted, StandIn};

use super::{Failure, Invariant, Judge};
use crate::events::Topic;
use crate::facts::Moment;
use crate::retailer::order::Story;
use crate::retailer::{Retailer, Settings};

fn played(seed: u64, orders: u32) -> (Retailer, Vec<Emitted>) {
    let mut retailer = Retailer::new(Settings::new(seed, orders));
    let (said, _) = StandIn::run(&mut retailer);
    (retailer, said)
}

fn judged(retailer: &Retailer, said: &[Emitted]) -> Vec<Failure> {
    let mut judge = Judge::new();
    said.iter().for_each(|said| judge.hear(&said.heard()));
    judge.verdict(&retailer.truth())
}

/// The verdict after the list was doctored; it must name the order (or SKU) and the row.
fn doctored(change: impl FnOnce(&Retailer, &mut Vec<Emitted>), invariant: Invariant, names: &[&str]) {
    let (retailer, mut said) = played(7, 40);
    change(&retailer, &mut said);
    let failures = judged(&retailer, &said);
    let found = failures.iter().find(|failure| failure.invariant == invariant && names.iter().all(|name| failure.sentence.contains(name)));
    assert!(found.is_some(), "expected {invariant:?} with {names:?}, found {failures:#?}");
}

#[test]
fn a_run_that_went_right_is_found_right() {
    for seed in 1..=3 {
        let (retailer, said) = played(seed, 90);
        let failures = judged(&retailer, &said);
        assert!(failures.is_empty(), "seed {seed}: {} failures, first {:#?}", failures.len(), &failures[..failures.len().min(8)]);
    }
}

#[test]
fn every_story_is_told() {
    let (retailer, _) = played(5, 250);
    let truth = retailer.truth();
    for story in Story::ALL {
        assert!(truth.orders.iter().any(|order| order.story == story), "nobody lived {story:?}");
    }
    assert!(truth.orders.iter().any(|order| order.parcels.len() == 2), "no order came in two parcels");
    assert!(truth.orders.iter().any(|order| order.account.is_none()), "no guest");
    assert!(truth.orders.iter().any(|order| order.lines.iter().any(|line| line.child.is_some())), "nothing configurable");
    assert!(truth.orders.iter().all(|order| order.delivered_all() || !order.wants_any()), "somebody still waits");
}

#[test]
fn one_seed_gives_one_run() {
    let run = |seed| StandIn::run(&mut Retailer::new(Settings::new(seed, 30)));
    let ((said, records), (said_again, records_again)) = (run(11), run(11));
    assert_eq!(records, records_again);
    assert_eq!(said.iter().map(|said| &said.id).collect::<Vec<_>>(), said_again.iter().map(|said| &said.id).collect::<Vec<_>>());
    assert_ne!(records, run(12).1);
}

#[test]
fn records_come_in_the_order_of_time_and_some_twice() {
    let mut retailer = Retailer::new(Settings::new(3, 60));
    let (_, records) = StandIn::run(&mut retailer);
    let (sent, repeated) = retailer.records();
    assert_eq!(sent as usize, records.len());
    assert!(repeated > 0, "no connector ever repeated itself");
    for record in &records {
        if let Some(json) = &record.value {
            assert!(serde_json::from_slice::<serde_json::Value>(json).is_ok(), "{}: {}", record.topic, String::from_utf8_lossy(json));
        }
    }
    let header = records.iter().position(|record| record.topic.ends_with(".sales_order"));
    let reservation = records.iter().position(|record| record.topic.ends_with(".inventory_reservation"));
    assert!(header.is_some() && reservation.is_some());
}

#[test]
fn a_refund_emitted_twice_is_caught() {
    doctored(
        |_, said| {
            let place = said.iter().position(|said| said.topic == Topic::RefundRequests).expect("a refund");
            let mut again = said[place].clone();
            let mut value = again.value();
            value["step"] = serde_json::json!(2);
            again.id.push('2');
            again.body = serde_json::to_vec(&value).ok();
            said.insert(place + 1, again);
        },
        Invariant::Refunds,
        &["order 0000010", "2 refund-requests ask for", "refund RF-"],
    );
}

#[test]
fn one_id_twice_is_caught() {
    doctored(
        |_, said| {
            let refund = said.iter().find(|said| said.topic == Topic::RefundRequests).expect("a refund").clone();
            said.push(refund);
        },
        Invariant::Events,
        &["refund-requests", "came twice"],
    );
}

#[test]
fn a_despatch_subtracted_twice_is_caught() {
    doctored(
        |retailer, said| {
            let order = retailer.truth().orders.iter().find(|order| !order.parcels.is_empty()).expect("a parcel").order.clone();
            let sku = retailer.truth().articles[order.lines[0].article].to_owned();
            let last = said.iter_mut().rev().find(|said| said.topic == Topic::StockUpdates && said.key.ends_with(&sku)).expect("its stock");
            let mut value = last.value();
            let free: i64 = value["free"].as_str().and_then(|free| free.parse().ok()).expect("a figure");
            value["free"] = serde_json::json!((free - order.lines[0].ordered).to_string());
            last.body = serde_json::to_vec(&value).ok();
        },
        Invariant::Stock,
        &["stock ", "free", "last despatches: DES"],
    );
}

#[test]
fn a_lost_request_leaves_its_order_waiting() {
    // The record of the ERP was dropped: Waybill never gave the go-ahead, and the warehouse never heard of the order.
    let mut retailer = Retailer::new(Settings::new(7, 1));
    while let Some(next) = retailer.next_at().filter(|next| *next < Moment(1_772_434_800_000 + 86_400_000)) {
        retailer.step(next, &[]);
    }
    let failures = judged(&retailer, &[]);
    assert!(
        failures.iter().any(|failure| failure.sentence.contains("order 000001000") && failure.sentence.contains("the ERP has no record")),
        "{failures:#?}"
    );
}

#[test]
fn a_row_lost_at_a_restore_is_caught() {
    // The despatch row is gone: what was said of the pieces is taken back.
    doctored(
        |_, said| {
            let last = said
                .iter_mut()
                .rev()
                .find(|said| said.topic == Topic::OrderStatus && said.value()["stage"] == "delivered")
                .expect("delivered");
            let mut value = last.value();
            value["lines"][0]["despatched"] = serde_json::json!("0");
            last.body = serde_json::to_vec(&value).ok();
        },
        Invariant::Orders,
        &["order 0000010", "despatched is 0 by order-status", "Despatch summary DES"],
    );
}

#[test]
fn an_entry_that_is_missing_or_lopsided_is_caught() {
    doctored(
        |_, said| {
            let place = said.iter().position(|said| said.topic == Topic::JournalEntries).expect("an entry");
            said.remove(place);
        },
        Invariant::Books,
        &["order 0000010", "journal-entries leave", "payment"],
    );
    doctored(
        |_, said| {
            let entry = said.iter_mut().find(|said| said.topic == Topic::JournalEntries).expect("an entry");
            let mut value = entry.value();
            value["postings"][0]["debit"] = serde_json::json!("99999.99");
            entry.body = serde_json::to_vec(&value).ok();
        },
        Invariant::Events,
        &["order 0000010", "out of balance"],
    );
}

#[test]
fn a_parcel_told_twice_or_never_is_caught() {
    doctored(
        |_, said| {
            let place = said.iter().position(|said| said.topic == Topic::DespatchNotices).expect("a notice");
            said.remove(place);
        },
        Invariant::Notices,
        &["order 0000010", "despatch-notices told the shop 0", "DES"],
    );
    doctored(
        |_, said| {
            let place = said.iter().position(|said| said.topic == Topic::OrderCompletions).expect("a completion");
            said.remove(place);
        },
        Invariant::Notices,
        &["order 0000010", "0 order-completions for the shop"],
    );
}
