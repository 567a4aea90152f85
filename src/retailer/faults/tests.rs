//! Each fault alone: Waybill and the truth agree to the piece, and the fault did happen; and each once broken on purpose, which the
//! judge must catch.

use super::{Kind, Plan};
use crate::retailer::demo::picture::Style;
use crate::retailer::demo::{Facts, FaultFacts, Play};
use crate::retailer::judge::Invariant;
use crate::retailer::simulate::draw;
use crate::retailer::systems::Systems;
use crate::retailer::{Settings, SourceRecord, System};

const DAYS: u32 = 10;

fn lived(kind: Kind, orders: u32, seed: u64, tamper: impl FnMut(&mut SourceRecord) -> bool + 'static) -> Facts {
    played(Settings::with_faults(seed, orders, Plan { days: DAYS, kinds: vec![kind] }), tamper)
}

fn played(plan: Settings, tamper: impl FnMut(&mut SourceRecord) -> bool + 'static) -> Facts {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(async { Play::begin(plan).await?.with_tamper(Box::new(tamper)).run(|_| ()).await }).expect("a run to the end")
}

/// Lives through it, and agrees with the truth.
fn agrees(kind: Kind, orders: u32) -> FaultFacts {
    let facts = lived(kind, orders, 3, |_| true);
    let shown = draw(&facts, Style::Plain);
    assert!(facts.failures.is_empty() && facts.dead_letters == 0, "{kind:?}: {shown}");
    let faults = facts.faults.expect("faults");
    assert!(faults.nights >= DAYS && faults.forgotten > 0, "{kind:?}: {shown}");
    faults
}

fn exceptions(faults: &FaultFacts, kind: &str) -> (usize, usize, usize) {
    faults.exceptions.iter().find(|of| of.kind == kind).map_or((0, 0, 0), |of| (of.opened, of.open, of.must))
}

/// Something is broken: the judge must find a failure whose sentence has all of these words.
fn caught(kind: Kind, orders: u32, invariant: Invariant, words: &[&str], tamper: impl FnMut(&mut SourceRecord) -> bool + 'static) {
    names(&lived(kind, orders, 3, tamper), invariant, words);
}

fn names(facts: &Facts, invariant: Invariant, words: &[&str]) {
    let named = |sentence: &str| words.iter().all(|word| sentence.contains(word));
    let found = facts.failures.iter().any(|failure| failure.invariant == invariant && named(&failure.sentence));
    assert!(found, "expected {invariant:?} with {words:?}, found {:#?}", facts.failures);
}

fn text(record: &SourceRecord) -> String {
    String::from_utf8_lossy(record.value.as_deref().unwrap_or_default()).into_owned()
}

fn holds(record: &SourceRecord, topic: &str, words: &[&str]) -> bool {
    record.topic.ends_with(topic) && words.iter().all(|word| text(record).contains(word))
}

/// Loses the first record that fits.
fn without_first(fits: impl Fn(&SourceRecord) -> bool) -> impl FnMut(&mut SourceRecord) -> bool {
    let mut lost = false;
    move |record| {
        let loses = !lost && fits(record);
        lost |= loses;
        !loses
    }
}

fn replaced(record: &mut SourceRecord, from: &str, to: &str) {
    let value = text(record).replacen(from, to, 1);
    record.value = Some(value.into_bytes());
}

#[test]
fn the_last_piece_is_sold_twice_and_goods_come_later() {
    let faults = agrees(Kind::FlashSale, 150);
    assert_eq!(exceptions(&faults, "oversold"), (2, 0, 0), "in both channels, until the goods came");
    assert!(faults.second_shop > 5 && faults.diary[0].what.contains("a flash sale"));
}

#[test]
fn the_last_piece_is_sold_twice_and_no_more_come() {
    assert_eq!(exceptions(&agrees(Kind::LastSale, 150), "oversold"), (2, 2, 2));
}

#[test]
fn goods_that_are_not_told_are_missed_at_a_sale() {
    // The second shop's last order is lost on its way: nobody hears that too much was sold.
    let mut orders = 0;
    let lost = move |record: &mut SourceRecord| {
        orders += usize::from(holds(record, "shopify.orders", &[]));
        !(holds(record, "shopify.orders", &[]) && orders > 4)
    };
    caught(Kind::LastSale, 150, Invariant::Exceptions, &["oversold|", "is missing", "more is sold than there is"], lost);
}

#[test]
fn a_warehouse_that_is_silent_for_an_hour_is_believed_afterwards() {
    let faults = agrees(Kind::SilentWarehouse, 300);
    assert!(faults.diary[0].what.contains("the warehouse sends nothing"));
}

#[test]
fn what_a_silent_warehouse_never_tells_is_missed() {
    let lost = without_first(|record| holds(record, "despatch-summary", &[]));
    caught(Kind::SilentWarehouse, 60, Invariant::Orders, &["order 0000010", "despatched is"], lost);
}

#[test]
fn a_carrier_that_is_two_days_late_changes_nothing_in_the_end() {
    let faults = agrees(Kind::LateCarrier, 200);
    assert!(faults.exceptions.iter().all(|of| of.open == 0), "{:?}", faults.exceptions);
}

#[test]
fn a_delivery_that_is_never_told_is_missed() {
    let lost = without_first(|record| holds(record, "carrier.scans", &["\"delivered\""]));
    caught(Kind::LateCarrier, 60, Invariant::Orders, &["it is Delivered"], lost);
}

#[test]
fn snapshots_anew_change_nothing() {
    assert!(agrees(Kind::ShopSnapshot, 150).diary[0].what.contains("rows again"));
    assert!(agrees(Kind::ErpSnapshot, 150).diary[0].what.contains("rows again"));
}

#[test]
fn a_snapshot_with_a_wrong_row_is_caught() {
    let mut first = true;
    let wrong = move |record: &mut SourceRecord| {
        if holds(record, "sales_order_item", &["\"op\":\"r\"", "\"qty_canceled\":\"0.0000\"", "\"parent_item_id\":null"]) && first {
            replaced(record, "\"qty_canceled\":\"0.0000\"", "\"qty_canceled\":\"1.0000\"");
            first = false;
        }
        true
    };
    caught(Kind::ShopSnapshot, 150, Invariant::Exceptions, &["cancelled-but-despatched|", "no one need look at it"], wrong);
    let mut first = true;
    let wrong = move |record: &mut SourceRecord| {
        // After the first snapshot: the price list's second one.
        if holds(record, "Sales_Price", &["\"op\":\"r\""]) && record.timestamp.0 > 1_772_434_800_000 + 86_400_000 && first {
            replaced(record, "\"Unit Price\":\"", "\"Unit Price\":\"9");
            first = false;
        }
        true
    };
    caught(Kind::ErpSnapshot, 60, Invariant::Stock, &["product-updates says £9", "the ERP's price list"], wrong);
}

/// The row that ends a table tells that it was read whole: what it left out is asked for.
#[test]
fn a_snapshot_that_loses_rows_of_open_orders_is_caught() {
    // A few of many: a snapshot that leaves out most rows was asked for a part of the table.
    let lost = |table: &'static str| {
        let mut rows = 0;
        move |record: &mut SourceRecord| {
            let is_row = holds(record, table, &["\"op\":\"r\"", "\"snapshot\":\"true\""]);
            rows += u32::from(is_row);
            !(is_row && rows % 5 == 0)
        }
    };
    let says = &["snapshot-missing|", "no one need look at it", "line "];
    caught(Kind::ShopSnapshot, 150, Invariant::Exceptions, says, lost("sales_order_item"));
    caught(Kind::ErpSnapshot, 150, Invariant::Exceptions, says, lost("Sales_Line"));
}

#[test]
fn an_erp_that_renumbers_keeps_its_orders() {
    let faults = agrees(Kind::Renumbering, 300);
    assert!(!faults.diary[0].what.contains(" 0 open"), "{:?}", faults.diary);
    assert!(faults.exceptions.is_empty(), "{:?}", faults.exceptions);
}

#[test]
fn a_number_that_stays_beside_the_new_one_is_caught() {
    // The deletion of the former number is lost: there are two live records.
    let mut renumbered = false;
    let lost = move |record: &mut SourceRecord| {
        renumbered |= holds(record, "Sales_Header", &["\"op\":\"c\"", "VK-"]);
        !holds(record, "Sales_Header", &["\"op\":\"d\"", "\"No_\":\"SO-"]) || renumbered
    };
    caught(Kind::Renumbering, 300, Invariant::Exceptions, &["erp-duplicate|"], lost);
}

#[test]
fn stock_that_is_counted_at_night_alone_is_right_all_day() {
    assert!(agrees(Kind::NightCounts, 200).diary[0].what.contains("only at night"));
}

#[test]
fn a_night_count_that_is_wrong_is_caught_in_that_night() {
    let mut counts = 0;
    let wrong = move |record: &mut SourceRecord| {
        if holds(record, "item-inventory-summary", &[]) && record.timestamp.0.rem_euclid(86_400_000) / 3_600_000 == 2 {
            counts += 1;
            if counts == 1 {
                replaced(record, "\"On hand\":\"", "\"On hand\":\"1");
                replaced(record, "\"Available\":\"", "\"Available\":\"1");
            }
        }
        true
    };
    caught(Kind::NightCounts, 200, Invariant::Stock, &["at 2026-03-", "stock-updates says"], wrong);
}

#[test]
fn clocks_that_are_wrong_change_nothing() {
    let facts = lived(Kind::WrongClocks, 150, 3, |_| true);
    assert!(facts.failures.is_empty(), "{}", draw(&facts, Style::Plain));
    assert!(facts.clocks.iter().any(|(_, seconds)| seconds.abs() > 300), "{:?}", facts.clocks);
}

/// A clock that is not wrong by minutes but by days: its rows are taken for old ones.
#[test]
fn a_clock_that_runs_days_behind_is_caught() {
    let wrong = |record: &mut SourceRecord| {
        if holds(record, "carrier.scans", &[]) {
            replaced(record, "\"datetime\":\"2026", "\"datetime\":\"2025");
        }
        true
    };
    caught(Kind::WrongClocks, 60, Invariant::Orders, &["it is Delivered"], wrong);
}

#[test]
fn mishaps_are_what_people_are_asked_to_look_at() {
    let faults = agrees(Kind::Mishaps, 700);
    assert!(faults.mishaps.len() >= 4, "{:?}", faults.mishaps);
    for kind in ["unpaid", "over-refunded", "erp-differs"] {
        let (_, open, must) = exceptions(&faults, kind);
        assert!(open > 0 && open == must, "{kind}: {:?}", faults.exceptions);
    }
}

#[test]
fn a_mishap_that_nobody_hears_of_is_missed() {
    // What somebody types into a line of the ERP's is lost, and all that is told of that line later.
    let mut lost_lines = std::collections::BTreeSet::new();
    let lost = move |record: &mut SourceRecord| {
        if !holds(record, "Sales_Line", &[]) {
            return true;
        }
        let value: serde_json::Value = serde_json::from_str(&text(record)).unwrap_or_default();
        let quantity = |image: &str| value[image]["Quantity"].as_str().and_then(|text| text.parse::<f64>().ok());
        if quantity("before").zip(quantity("after")).is_some_and(|(before, after)| after > before) {
            lost_lines.insert(record.key.clone());
        }
        !lost_lines.contains(&record.key)
    };
    caught(Kind::Mishaps, 700, Invariant::Exceptions, &["erp-differs|", "is missing"], lost);
}

/// A retailer of these systems, and of those that nearly everybody has.
fn retailer_of(systems: &[System]) -> Settings {
    let all: Vec<System> = [System::Carrier, System::Finance].iter().chain(systems).copied().collect();
    Settings::with_faults(3, 60, Plan { days: DAYS, kinds: Vec::new() }).with_systems(Systems::of(&all))
}

#[test]
fn consent_that_is_taken_back_and_never_told_is_missed() {
    let wrong = |record: &mut SourceRecord| {
        if holds(record, "emarsys.contacts", &["\"opt_in\":\"2\""]) {
            replaced(record, "\"opt_in\":\"2\"", "\"opt_in\":\"1\"");
        }
        !holds(record, "emarsys.unsubscribes", &[])
    };
    let facts = played(retailer_of(&[System::Magento, System::Nav, System::Peoplevox, System::Emarsys]), wrong);
    names(&facts, Invariant::Consent, &["marketing-profiles says Yes", "the last answer is No"]);
}

#[test]
fn a_cancellation_of_which_nobody_says_that_it_was_done_is_missed() {
    let lost = |record: &mut SourceRecord| !holds(record, "waybill.decisions", &["stopped"]);
    let facts = played(retailer_of(&[System::Magento, System::Nav, System::Seko]), lost);
    names(&facts, Invariant::Orders, &["fewer pieces after the go-ahead", "waits for the right quantities"]);
    names(&facts, Invariant::Exceptions, &["cancel-unanswered|", "is still open"]);
}
