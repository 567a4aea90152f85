use super::picture::{Style, draw};
use super::{Facts, Play};
use crate::retailer::Settings;

fn played(seed: u64, orders: u32) -> Facts {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(async { Play::begin(Settings::new(seed, orders)).await?.run(|_| ()).await }).expect("a run to the end")
}

#[test]
fn every_order_ends_as_it_really_did() {
    let facts = played(1, 60);
    let shown = draw(&facts, Style::Plain);
    assert!(facts.failures.is_empty() && facts.dead_letters == 0, "{shown}");
    assert!(facts.killed.as_ref().is_some_and(|killed| killed.same), "{shown}");
}
