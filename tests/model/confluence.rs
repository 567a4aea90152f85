//! The engine against itself: with records shuffled, repeated, cut into other epochs, with crashes and restores, the same events stand at the end.
//! No id stands twice, no ledger has a gap, a restart emits nothing.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;
use waybill::events::Topic;

use crate::compare::{Theme, disagreement};
use crate::drive::{Plan, Seen, play};
use crate::history::History;
use crate::plan::plan;
use crate::runs::Plans;
use crate::world::Entry;

/// Exceptions that speak of a ledger: what was asked for depends on when it was.
const OF_LEDGERS: &[&str] = &[
    "erp-record-missing",
    "erp-differs",
    "release-unanswered",
    "cancel-unanswered",
    "held-after-release",
    "cancelled-but-despatched",
    "despatch-corrected",
    "mirror-only",
    "completion-withdrawn",
    "refund-overasked",
    "refund-unpaid",
    "shop-stock-differs",
    "requests-suspended",
    "over-refunded",
];

/// Exceptions that speak of when rows came; `compare` looks at them run by run.
const OF_ARRIVAL: &[&str] = &["orphan-rows"];

/// Exceptions that speak of what is owed, and so of what was stopped.
const OF_STOPPED: &[&str] = &["unpaid", "overpaid", "despatched-unpaid"];

/// What two runs are compared in: each statement without what may differ.
fn comparable(seen: &Seen, history: &History) -> BTreeMap<(Topic, String), Json> {
    let mut statements = seen.statements.clone();
    statements.retain(|(topic, _), body| {
        let kind = body["kind"].as_str().unwrap_or_default();
        let of_the_way = OF_LEDGERS.contains(&kind) || OF_ARRIVAL.contains(&kind);
        *topic != Topic::Exceptions || !of_the_way && (history.answered || !OF_STOPPED.contains(&kind))
    });
    for ((topic, _), body) in &mut statements {
        let Some(fields) = body.as_object_mut() else { continue };
        if *topic == Topic::Exceptions {
            for of_moments in ["since", "causes", "sentence", "at_risk"] {
                fields.remove(of_moments);
            }
        }
        if *topic == Topic::StockUpdates {
            for count in fields.get_mut("counts").and_then(Json::as_array_mut).into_iter().flatten() {
                count.as_object_mut().map(|count| count.remove("counted_at"));
            }
        }
        if *topic == Topic::OrderStatus {
            // `exception` may be one of a ledger's.
            if let Some(flags) = fields.get_mut("flags").and_then(Json::as_array_mut) {
                flags.retain(|flag| flag != "exception");
            }
        }
        // What "stopped" decides, where a warehouse has not answered.
        if !history.answered && *topic == Topic::OrderStatus {
            for of_stopped in ["payment", "return_stage", "stage", "text"] {
                fields.remove(of_stopped);
            }
        }
        if !history.answered && matches!(topic, Topic::MarketingProfiles | Topic::CustomerHistory) {
            fields.clear();
        }
    }
    statements
}

/// The first difference of two runs, in words.
fn difference(history: &History, plain: &Seen, other: &Seen) -> Option<String> {
    let (plain, other) = (comparable(plain, history), comparable(other, history));
    let keys: BTreeSet<_> = plain.keys().chain(other.keys()).collect();
    for key in keys {
        let (one, two) = (plain.get(key), other.get(key));
        if one != two {
            let show = |body: Option<&Json>| body.map_or("(nothing)".to_owned(), Json::to_string);
            let fields = differing(one, two);
            let (topic, key) = key;
            return Some(format!("{topic:?} differs in {fields}: {key}\n  in one epoch: {}\n  played otherwise: {}", show(one), show(two)));
        }
    }
    None
}

/// Names of the fields in which two bodies differ; of one that is missing, its kind.
fn differing(one: Option<&Json>, two: Option<&Json>) -> String {
    match (one.and_then(Json::as_object), two.and_then(Json::as_object)) {
        (Some(one), Some(two)) => {
            let names: BTreeSet<_> = one.keys().chain(two.keys()).filter(|name| one.get(*name) != two.get(*name)).cloned().collect();
            names.into_iter().collect::<Vec<_>>().join(", ")
        }
        (one, two) => {
            let kind = one.or(two).and_then(|body| body.get("kind")).and_then(Json::as_str).unwrap_or("being there");
            format!("{kind}, there {} in one epoch", if one.is_some() { "only" } else { "not" })
        }
    }
}

/// Plays a history at once and otherwise: both runs end with the same events, and with those of the reference model.
pub fn check(history: &History, plans: Plans, themes: &[Theme]) -> Result<(), String> {
    check_with(history, plans, themes, plan)
}

/// As [`check`], played by other plans.
pub fn check_with(history: &History, plans: Plans, themes: &[Theme], plan: impl Fn(&[Entry], u64) -> Plan) -> Result<(), String> {
    let plain = play(&history.entries, &Plan::plain(history.entries.len()), history.end)?;
    fault(&plain)?;
    disagreement(history, &plain, themes)?;
    for number in 0..plans.0 {
        let plan = plan(&history.entries, history.seed.wrapping_mul(31).wrapping_add(number));
        let by_plan = |sentence| format!("{sentence}\nby {plan:?}");
        let other = play(&history.entries, &plan, history.end).map_err(by_plan)?;
        fault(&other).map_err(by_plan)?;
        difference(history, &plain, &other).map_or(Ok(()), Err).map_err(by_plan)?;
        disagreement(history, &other, themes).map_err(by_plan)?;
    }
    Ok(())
}

/// What must never be.
fn fault(seen: &Seen) -> Result<(), String> {
    seen.faults.first().map_or(Ok(()), |fault| Err(fault.clone()))
}
