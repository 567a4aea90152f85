//! The share that was caught, by which tests, and the survivors.

use std::collections::BTreeMap;

use crate::scope::Site;
use crate::trial::Verdict;

/// Of a changed stretch of code as much as fits on a line.
const SHOWN_MAX: usize = 160;

pub fn line(site: &Site) -> String {
    let what: String = if site.what.chars().count() > SHOWN_MAX {
        // Both ends: what it was, and what it became.
        let (was, is) = site.what.rsplit_once(" -> ").unwrap_or((&site.what, ""));
        let cut = |text: &str| match text.char_indices().nth(SHOWN_MAX / 2) {
            Some((at, _)) => format!("{} ...", &text[..at]),
            None => text.to_owned(),
        };
        format!("{} -> {}", cut(was), cut(is))
    } else {
        site.what.clone()
    };
    format!("{}:{} {}: {what}", site.file, site.line, site.function)
}

pub fn named(number: u32, site: &Site) -> String {
    format!("{number} {}", line(site))
}

pub fn verdict(verdict: Verdict) -> String {
    match verdict {
        Verdict::Caught { by, out_of_time: false } => format!("caught by {by}"),
        Verdict::Caught { by, out_of_time: true } => format!("caught by {by}, out of time"),
        Verdict::Survived => "SURVIVED".to_owned(),
    }
}

/// Prints it; returns the share that was caught.
pub fn show(mutants: &[(&u32, &Site)], verdicts: &BTreeMap<u32, Verdict>) -> f64 {
    let mut tally: BTreeMap<String, usize> = BTreeMap::new();
    verdicts.values().for_each(|found| *tally.entry(verdict(*found)).or_default() += 1);
    println!();
    tally.iter().for_each(|(verdict, count)| println!("{count:5} {verdict}"));
    let survivors: Vec<_> = mutants.iter().filter(|(number, _)| verdicts.get(number) == Some(&Verdict::Survived)).collect();
    if !survivors.is_empty() {
        println!("\nSurvivors (WAYBILL_MUTANT=<number> before a test binary of the copy puts one in):\n");
    }
    for (number, site) in &survivors {
        println!("{}\n        {}", named(**number, site), site.source);
    }
    let caught = verdicts.len() - survivors.len();
    let share = caught as f64 / verdicts.len().max(1) as f64;
    println!("\n{caught} of {} mutants caught: {:.1} %", verdicts.len(), share * 100.0);
    share
}
