//! Stage *findings*: what a person has to look at, found in the finished figures. One file for each theme; each kind is described in
//! [`crate::entities::exceptions`], with what a person does about it.

mod books;
mod erp;
mod evidence;
mod finding;
mod mirrors;
mod money;
mod order;
mod parcels;
mod returns;
mod rows;
mod snapshot;
mod warehouse;
mod words;

pub use finding::Finding;
pub(super) use words::text;

use super::cancelled::Cancelled;
use super::decisions::Decisions;
use super::figures::OrderFigures;
use super::input::Input;
use crate::entities::topics::Ledgers;
use crate::facts::Quantity;
use crate::facts::order::Decision;
use evidence::Evidence;

/// The function of a theme.
type Theme = fn(&Evidence<'_, '_>) -> Vec<Finding>;

const THEMES: [Theme; 11] = [
    rows::find,
    order::find,
    money::find,
    books::find,
    warehouse::find,
    mirrors::find,
    returns::find,
    parcels::find,
    erp::find,
    words::find,
    snapshot::find,
];

/// All findings, by kind and number. The view is computed again when one of them opens.
pub(super) fn stage<'a>(
    input: &Input<'a>,
    ledgers: &Ledgers,
    decisions: &Decisions<'a>,
    cancelled: &Cancelled,
    figures: &OrderFigures<'a>,
) -> Vec<Finding> {
    let evidence = Evidence { rows: input.rows, rules: input.rules, clock: &input.clock, ledgers, decisions, cancelled, figures };
    let mut found: Vec<Finding> = THEMES.iter().flat_map(|find| find(&evidence)).collect();
    for finding in &mut found {
        finding.decided = decisions.about(finding.kind, &finding.number).is_some_and(|decision| covers(decision, finding));
    }
    for opens_at in found.iter().filter_map(|finding| finding.opens_at) {
        input.clock.reached(opens_at);
    }
    found.sort_by(|a, b| (a.kind, &a.number).cmp(&(b.kind, &b.number)));
    found
}

/// Does the decision cover all the money and pieces that are found now?
fn covers(decision: &Decision, finding: &Finding) -> bool {
    // What these settle is settled in the figures: the rest is still found.
    if matches!(&*decision.choice, "restocked" | "written-off") {
        return false;
    }
    if decision.amount.is_none() && finding.moved_at.is_some_and(|moved_at| moved_at > decision.decided_at) {
        return false;
    }
    let pieces: Quantity = decision.lines.iter().map(|(_, quantity)| *quantity).sum();
    let money = decision.amount.is_none_or(|amount| finding.at_risk.is_none_or(|at_risk| at_risk + finding.acted <= amount));
    money && (decision.lines.is_empty() || finding.pieces.is_none_or(|found| found <= pieces))
}
