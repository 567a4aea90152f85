use super::picture::{Style, draw};
use super::{Facts, Play};
use crate::retailer::Settings;

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
        assert!(facts.killed.as_ref().is_some_and(|killed| killed.same), "seed {seed}: {shown}");
    }
}
