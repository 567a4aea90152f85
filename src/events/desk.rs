//! `exceptions` of the whole application: what waits for a person before it is sent, each kind in one exception that names number and sum.

use serde::Serialize;

use super::exceptions::ExceptionNotice;
use super::outlet::Outlet;
use crate::entities::exceptions::{About, to_do};
use crate::entities::held::{HeldWhy, Holds};
use crate::entities::last_emitted::LastEmitted;
use crate::entities::small_map::SmallMap;
use crate::entities::topics::Topic;
use crate::facts::ids::join_key;
use crate::facts::{Amount, Currency, Moment, Text};

/// What these exceptions are about, in place of an order.
pub const ENTITY: &str = "waybill";

/// Held requests of one topic, for one reason.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct HeldGroup {
    /// Why they are held.
    pub why: HeldWhy,
    /// The request topic.
    pub topic: Topic,
    /// How many.
    pub requests: u64,
    /// Those of them that would take something back.
    pub corrections: u64,
    /// The money that they would move, by currency.
    pub sums: SmallMap<Text, Amount>,
    /// The first twenty orders, by key.
    pub orders: Vec<Text>,
    /// Since when the first of them is held.
    pub since: Moment,
}

impl HeldGroup {
    /// A group without requests.
    pub fn new(why: HeldWhy, topic: Topic) -> Self {
        Self { why, topic, requests: 0, corrections: 0, sums: SmallMap::default(), orders: Vec::new(), since: Moment::MAX }
    }

    /// `3 refund-requests (17.85 EUR)`.
    pub fn sentence(&self) -> String {
        let corrects = if self.corrections > 0 { format!(", {} of them corrections", self.corrections) } else { String::new() };
        let sums = sums(&self.sums);
        let sums = if sums.is_empty() { String::new() } else { format!(" ({sums})") };
        format!("{} {}{sums}{corrects}", self.requests, self.topic.name())
    }
}

fn sums(sums: &SmallMap<Text, Amount>) -> String {
    let show = |(code, amount): (&Text, &Amount)| Currency::new(code).map(|currency| format!("{} {code}", amount.display(currency)));
    sums.iter().filter_map(show).collect::<Vec<_>>().join(", ")
}

/// Says what is held. `open`: the kinds that stand open, and since when.
pub fn emit(
    groups: &[HeldGroup],
    holds: &Holds,
    refunds_live: bool,
    open: &mut SmallMap<Text, Moment>,
    last_emitted: &mut LastEmitted,
    outlet: &mut Outlet<'_>,
) {
    for (kind, found) in found(groups, holds, refunds_live) {
        let key = join_key(&[kind, ENTITY, ""]);
        let Some(found) = found else {
            open.remove(&Text::from(kind));
            outlet.emit_if_changed::<ExceptionNotice>(last_emitted, key, None);
            continue;
        };
        let first = found.groups.iter().map(|group| group.since).min().unwrap_or(outlet.context.tick);
        let since = *open.entry(kind.into()).or_insert(first);
        outlet.emit_if_changed(last_emitted, key, Some(notice(kind, &found, since)));
    }
}

/// The exceptions of the whole application that stand open, as they were emitted last. `open`: since when each is.
pub fn standing(groups: &[HeldGroup], holds: &Holds, refunds_live: bool, open: &SmallMap<Text, Moment>) -> Vec<ExceptionNotice> {
    let stands = |(kind, found): (&'static str, Option<Found<'_>>)| Some(notice(kind, &found?, *open.get(kind)?));
    found(groups, holds, refunds_live).into_iter().filter_map(stands).collect()
}

/// What is held for one reason.
struct Found<'g> {
    sentence: String,
    groups: Vec<&'g HeldGroup>,
}

/// Each kind, with what is held if something is.
fn found<'g>(groups: &'g [HeldGroup], holds: &Holds, refunds_live: bool) -> [(&'static str, Option<Found<'g>>); 3] {
    let of = |why: HeldWhy| groups.iter().filter(move |group| group.why == why).collect::<Vec<_>>();
    let listed = |groups: &[&HeldGroup]| groups.iter().map(|group| group.sentence()).collect::<Vec<_>>().join("; ");
    let (rules, before, limit) = (of(HeldWhy::Rules), of(HeldWhy::BeforeLive), of(HeldWhy::Limit));
    let suspended = (!rules.is_empty()).then(|| format!("a change of rules or program alone would request: {}", listed(&rules)));
    // Before going live they are expected, and listed by `waybill held`.
    let in_flight = (!before.is_empty() && refunds_live).then(|| format!("due before going live, and not seen done: {}", listed(&before)));
    let limited = holds.refunds_held.as_ref().map(|(_, passed)| {
        let waiting = if limit.is_empty() { String::new() } else { format!("; {} wait", listed(&limit)) };
        format!("all refund requests are held: {passed}{waiting}")
    });
    let found = |sentence: Option<String>, groups| sentence.map(|sentence| Found { sentence, groups });
    [("requests-suspended", found(suspended, rules)), ("in-flight", found(in_flight, before)), ("refund-limit", found(limited, limit))]
}

fn notice(kind: &'static str, found: &Found<'_>, since: Moment) -> ExceptionNotice {
    let mut sums: SmallMap<&Text, Amount> = SmallMap::default();
    found.groups.iter().flat_map(|group| group.sums.iter()).for_each(|(code, amount)| *sums.entry(code).or_default() += *amount);
    // Sums in several currencies have no total: the sentence names them.
    let single = sums.iter().next().filter(|_| sums.len() == 1).and_then(|(code, amount)| Some((*amount, Currency::new(code)?)));
    ExceptionNotice {
        id: String::new(),
        kind: kind.into(),
        entity: ENTITY.into(),
        number: Text::default(),
        order_number: None,
        since,
        sentence: found.sentence.as_str().into(),
        to_do: to_do(About::Application, kind).into(),
        at_risk: single.map(|(amount, _)| amount),
        currency: single.map(|(_, currency)| currency),
        causes: Vec::new(),
    }
}
