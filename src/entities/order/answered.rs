//! Whether a warehouse has confirmed what it was asked for.

use super::figures::{LineView, OrderFigures};
use super::sent::{confirmed, ended};
use crate::entities::ledger::DocumentLedger;
use crate::facts::Quantity;

/// The warehouse at the location has ended an order for each release, and has no other. `asked`: its ledger.
pub fn has_ended(view: &OrderFigures<'_>, asked: &DocumentLedger, location: &str) -> bool {
    ended(&view.sent.warehouse, location, asked.releases)
}

/// Has the location confirmed the last totals that it was asked for, as far as this line is concerned? `asked`: its ledger; `line`: index of the
/// line. Where no total of the line was ever lowered, no confirmation is needed.
pub fn holds_to_what_was_asked(view: &OrderFigures<'_>, asked: &DocumentLedger, location: &str, line: usize) -> bool {
    let total = |of: &LineView<'_>| asked.totals.get(of.id).copied().unwrap_or_default();
    if view.lines.get(line).is_none_or(|of| asked.ever_asked(of.id, of.ordered) <= total(of)) {
        return true;
    }
    let wanted: Vec<Quantity> = view.lines.iter().map(total).collect();
    let ever: Vec<bool> = view.lines.iter().map(|of| asked.ever_asked(of.id, of.ordered).is_positive()).collect();
    confirmed(&view.sent.warehouse, location, line, &wanted, &ever)
}
