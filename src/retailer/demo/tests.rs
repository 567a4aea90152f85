use super::picture::{Style, draw};
use super::{EventFile, Facts, Play};
use crate::retailer::systems::Systems;
use crate::retailer::{Hurry, Settings, System};

const SEEDS: u64 = 3;
const ORDERS: u32 = 60;

fn played(seed: u64, orders: u32) -> Facts {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(async { Play::begin(Settings::new(seed, orders)).await?.run(|_| ()).await }).expect("a run to the end")
}

#[test]
fn every_order_ends_as_it_really_did() {
    for seed in 1..=SEEDS {
        let facts = played(seed, ORDERS);
        let shown = draw(&facts, Style::Plain);
        assert!(facts.failures.is_empty() && facts.dead_letters == 0, "seed {seed}: {shown}");
        assert!(facts.killed.as_ref().is_some_and(|killed| killed.changed.is_none()), "seed {seed}: {shown}");
    }
}

#[test]
fn without_a_crm_the_rest_goes_its_way() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let plan = Settings::new(4, 40).with_systems(Systems::ONE_SHOP.without(System::Crm));
    let written = std::rc::Rc::new(std::cell::RefCell::new(std::collections::BTreeSet::new()));
    let seen = std::rc::Rc::clone(&written);
    let facts = runtime.block_on(async {
        let spy = Box::new(move |record: &crate::retailer::SourceRecord| _ = seen.borrow_mut().insert(record.topic));
        Play::begin(plan).await?.with_spy(spy).run(|_| ()).await
    });
    let facts = facts.expect("a run to the end");
    assert!(facts.failures.is_empty() && facts.dead_letters == 0, "{}", draw(&facts, Style::Plain));
    assert!(written.borrow().iter().all(|topic| !topic.starts_with("crm.")), "{written:?}");
}

/// What a run on a Kafka is like, without the Kafka: everybody is in a hurry.
#[test]
fn a_retailer_in_a_hurry_is_served_as_well() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    for (seed, times) in [(1, 3_600), (2, 14_400)] {
        let plan = Settings { hurry: Hurry::new(times), ..Settings::new(seed, ORDERS) };
        let facts = runtime.block_on(async { Play::begin(plan).await?.run(|_| ()).await }).expect("a run to the end");
        let shown = draw(&facts, Style::Plain);
        assert!(facts.failures.is_empty() && facts.dead_letters == 0, "seed {seed}: {shown}");
        assert!(facts.ended.0 - facts.opened.0 < 36 * 3_600_000, "the days take minutes, and the aftermath: {shown}");
    }
}

#[test]
fn the_file_of_events_holds_them_all() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("events.jsonl");
    let events = EventFile::create(&path).expect("a file");
    let facts = runtime.block_on(async { Play::begin(Settings::new(5, 20)).await?.with_events(Some(events)).run(|_| ()).await });
    let text = std::fs::read_to_string(&path).expect("the file is there");
    let lines: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).expect("a line is JSON")).collect();
    assert_eq!(lines.len() as u64, facts.expect("a run to the end").events.values().sum::<u64>());
    let request = lines.iter().find(|line| line["topic"] == "waybill.sales-orders").expect("orders go to the ERP");
    assert_eq!(request["headers"]["id"], request["value"]["id"], "{request}");
}
