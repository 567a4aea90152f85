//! Whether a warehouse has confirmed what it was asked for.

use super::figures::{LineView, OrderFigures};
use super::sent::{confirmed, ended};
use crate::entities::ledger::DocumentLedger;
use crate::facts::{Moment, Quantity};

/// The warehouse at the location has ended an order for each release, and has no other; or it was asked to cancel what it has, and a person has said
/// since that it did. `asked`: its ledger.
pub fn has_ended(view: &OrderFigures<'_>, asked: &DocumentLedger, location: &str) -> bool {
    let since = |at: Moment| asked.cancelled && asked.asked_at.is_some_and(|asked_at| at >= asked_at);
    ended(&view.sent.warehouse, location, asked.releases)
        || view.sent.said_stopped.iter().any(|(place, at)| (place.is_empty() || *place == location) && since(*at))
}

/// Orders that the warehouse has reported at the location.
pub fn reported(view: &OrderFigures<'_>, location: &str) -> u32 {
    let there = view.sent.warehouse.iter().filter(|order| order.location == location || order.location.is_empty());
    u32::try_from(there.count()).unwrap_or(u32::MAX)
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
