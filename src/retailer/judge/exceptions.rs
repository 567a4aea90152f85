//! Exceptions that opened, against those that must (and may) open by the truth: none missing, none spurious, each opened and closed in time.

use std::collections::BTreeMap;

use super::heard::{ExceptionHeard, Heard};
use super::{Failures, Invariant};
use crate::facts::Moment;
use crate::facts::time::Span;
use crate::retailer::faults::{Watch, Watchlist};

/// Waybill may know of it so much later than it happened: records stall on their way, and are worked on in epochs.
const GRACE: Span = Span::hours(3);
/// Clocks that are off make it earlier.
const EARLY: Span = Span::hours(1);
/// Goods that came in are known once they are counted, which may be at night.
const GRACE_OF_COUNTS: Span = Span::hours(27);

/// How many exceptions of a kind there were.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub opened: usize,
    pub open: usize,
}

pub(super) fn tally(heard: &Heard) -> BTreeMap<String, Tally> {
    let mut by_kind: BTreeMap<String, Tally> = BTreeMap::new();
    for (key, all) in &heard.exceptions {
        let tally = by_kind.entry(key.split('|').next().unwrap_or_default().to_owned()).or_default();
        tally.opened += all.len();
        tally.open += all.iter().filter(|said| said.closed.is_none()).count();
    }
    by_kind
}

pub(super) fn check(heard: &Heard, watch: Option<&Watchlist>, now: Moment, failures: &mut Failures) {
    let Some(list) = watch else {
        let open = heard.exceptions.iter().filter_map(|(key, all)| Some((key, all.last().filter(|last| last.closed.is_none())?)));
        open.for_each(|(key, said)| failures.add(Invariant::Exceptions, format!("exception {key} is open: {}", said.sentence)));
        return;
    };
    for (key, said) in heard.exceptions.iter().flat_map(|(key, all)| all.iter().map(move |said| (key, said))) {
        spurious(key, said, list.of(key), now, failures);
    }
    for (key, watch) in list.iter().filter(|(_, watch)| watch.must) {
        missing(key, watch, heard.exceptions.get(key).map_or(&[], Vec::as_slice), now, failures);
    }
}

fn grace(key: &str) -> Span {
    if key.starts_with("oversold|") { GRACE_OF_COUNTS } else { GRACE }
}

/// No exception opened that should not have.
fn spurious(key: &str, said: &ExceptionHeard, list: &[Watch], now: Moment, failures: &mut Failures) {
    let grace = grace(key);
    let explains = |watch: &&Watch| said.opened + EARLY >= watch.from && watch.until.is_none_or(|until| said.opened <= until + grace);
    let Some(watch) = list.iter().find(explains) else {
        let open = if said.closed.is_some() { "was opened" } else { "is open" };
        let sentence = format!("exception {key} {open} since {} and no one need look at it: {}", said.opened, said.sentence);
        failures.add(Invariant::Exceptions, sentence);
        return;
    };
    if let (None, Some(until)) = (said.closed, watch.until)
        && until + grace < now
    {
        let sentence = format!("exception {key} is still open, but since {until} it is over ({}): {}", watch.why, said.sentence);
        failures.add(Invariant::Exceptions, sentence);
    }
}

/// Every exception that must open did, and was open for as long as it must be.
fn missing(key: &str, watch: &Watch, said: &[ExceptionHeard], now: Moment, failures: &mut Failures) {
    let grace = grace(key);
    let until = watch.until.unwrap_or(now);
    if until <= watch.from + grace {
        return;
    }
    let covers = |said: &&ExceptionHeard| {
        said.opened <= watch.from + grace && said.closed.is_none_or(|closed| watch.until.is_some() && closed + EARLY >= until)
    };
    if !said.iter().any(|said| covers(&said)) {
        let open = said.iter().map(|said| match said.closed {
            Some(closed) => format!("{} to {closed}", said.opened),
            None => format!("{} on", said.opened),
        });
        let open: Vec<String> = open.collect();
        let was = if open.is_empty() { "it was never open".to_owned() } else { format!("it was open from {}", open.join(", from ")) };
        let sentence = format!("exception {key} is missing: {}, from {} to {until}; {was}", watch.why, watch.from);
        failures.add(Invariant::Exceptions, sentence);
    }
}
