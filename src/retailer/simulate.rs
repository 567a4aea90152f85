//! The report of `waybill simulate`: the faults that were injected, and the truth beside what Waybill made of it.

use std::collections::BTreeMap;

use super::demo::picture::{Page, Style, books, kill, moment, speed, stock_and_refunds, verdict};
use super::demo::{ExceptionsOfKind, Facts, FaultFacts};
use super::judge::{Judge, Tally};
use super::shop::Shop;
use super::{Retailer, grouped};

impl Retailer {
    /// With fault injection: the faults that came, and the exceptions that people were asked to look at.
    pub(super) fn fault_facts(&self, judge: &Judge) -> Option<FaultFacts> {
        if !self.world.faults.is_on() {
            return None;
        }
        let heard = judge.exceptions_by_kind();
        let mut must: BTreeMap<&str, usize> = BTreeMap::new();
        let ending = |from| from < self.world.now;
        for (key, _) in self.world.faults.watch.iter().filter(|(_, watch)| watch.must && watch.until.is_none() && ending(watch.from)) {
            *must.entry(key.split('|').next().unwrap_or_default()).or_default() += 1;
        }
        let kinds: std::collections::BTreeSet<&str> = heard.keys().map(String::as_str).chain(must.keys().copied()).collect();
        let of = |kind: &&str| {
            let Tally { opened, open } = heard.get(*kind).copied().unwrap_or_default();
            ExceptionsOfKind { kind: (*kind).to_owned(), opened, open, must: must.get(kind).copied().unwrap_or(0) }
        };
        let mut mishaps = BTreeMap::new();
        for mishap in self.world.orders.iter().filter_map(|order| order.mishap) {
            *mishaps.entry(mishap.label()).or_default() += 1;
        }
        let second_shop = self.past.second_shop + self.world.orders.iter().filter(|order| order.shop == Shop::Shopify).count();
        Some(FaultFacts {
            diary: self.world.faults.diary.clone(),
            exceptions: kinds.iter().map(of).collect(),
            nights: 0,
            second_shop,
            mishaps,
            forgotten: self.past.orders,
        })
    }
}

/// Draws the report.
pub fn draw(facts: &Facts, style: Style) -> String {
    let mut page = Page { text: String::new(), style };
    let days = (facts.ended.0 - facts.opened.0 + 86_399_999) / 86_400_000;
    page.title(&format!(
        "{} orders of a made-up retailer with fault injection, {days} days, seed {}",
        grouped(facts.orders as u64),
        facts.seed
    ));
    if let Some(faults) = &facts.faults {
        what_came(&mut page, facts, faults);
        people(&mut page, faults);
    }
    stock_and_refunds(&mut page, facts);
    books(&mut page, facts);
    if let Some(killed) = &facts.killed {
        kill(&mut page, killed);
    }
    verdict(&mut page, facts);
    speed(&mut page, facts);
    if let Some(bytes) = peak_bytes() {
        page.line(&format!("  {:.2} GiB of memory at most, all systems and the judge included", bytes as f64 / (1u64 << 30) as f64));
    }
    page.text
}

fn what_came(page: &mut Page, facts: &Facts, faults: &FaultFacts) {
    page.section("What the shoppers did");
    for (story, count) in facts.stories_told() {
        page.line(&format!("  {:>7}  {story}", grouped(count as u64)));
    }
    let (second, forgotten) = (grouped(faults.second_shop as u64), grouped(faults.forgotten as u64));
    page.line(&format!("  {second} of them ordered in the second shop. {forgotten} were over, found right and forgotten on the way."));
    page.section("Which faults were injected");
    for happened in &faults.diary {
        let at = page.dim(&moment(happened.at));
        page.line(&format!("  {at}   {}", happened.what));
    }
    let off = facts.clocks.iter().map(|(system, seconds)| format!("{system} {:+} min", seconds / 60)).collect::<Vec<_>>().join(", ");
    page.line(&format!("  All the time the clocks are off: {off}."));
    page.line(&format!("  {} records came twice, and those of one transaction crossed over topics.", grouped(facts.repeated)));
    for (mishap, count) in &faults.mishaps {
        page.line(&format!("  {:>7}  {mishap}", grouped(*count as u64)));
    }
}

/// What people were asked to look at, against what they must look at.
fn people(page: &mut Page, faults: &FaultFacts) {
    page.section("What a person must look at, against what people were asked");
    page.line(&format!("         {:<28} {:>14} {:>12} {:>12}", "exception", "ever opened", "open now", "must be"));
    for of in &faults.exceptions {
        let mark = page.mark(of.open == of.must);
        page.line(&format!("  {mark} {:<28} {:>14} {:>12} {:>12}", of.kind, of.opened, of.open, of.must));
    }
    page.line(&format!("  In {} nights every SKU was compared with what the warehouse had.", faults.nights));
}

/// The most memory that this process ever had, where the system tells.
fn peak_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().trim_end_matches("kB").trim().parse::<u64>().ok()? * 1_024)
}
