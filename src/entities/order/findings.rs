//! What a person must look at, collected while the view is computed; and the earliest moment at which the clock alone changes the view.

use super::view::Finding;
use crate::facts::time::Span;
use crate::facts::{Amount, Cause, Moment, Quantity};

/// Collects findings.
pub(super) struct Findings(pub Vec<Finding>);

impl Findings {
    pub fn add(&mut self, kind: &'static str, number: &str, sentence: String, at_risk: Option<Amount>, cause: Option<Cause>) {
        let causes = cause.into_iter().collect();
        let number = number.to_owned();
        self.0.push(Finding { kind, number, sentence, at_risk, pieces: None, decided: false, shuts: false, opens_at: None, causes });
    }

    /// The finding made last is about so many pieces.
    pub fn of_pieces(&mut self, pieces: Quantity) {
        if let Some(finding) = self.0.last_mut() {
            finding.pieces = Some(pieces);
        }
    }

    /// Rows that cannot all be true: nothing is requested from their figures. `number` tells several of one order apart.
    pub fn contradiction(&mut self, number: &str, sentence: String, cause: Cause) {
        self.add("rows-contradict", number, sentence, None, Some(cause));
        if let Some(finding) = self.0.last_mut() {
            finding.shuts = true;
        }
    }

    /// The finding made last is caused by this record too.
    pub fn also(&mut self, cause: Cause) {
        if let Some(finding) = self.0.last_mut()
            && !finding.causes.contains(&cause)
        {
            finding.causes.push(cause);
        }
    }

    /// The finding made last opens only after this moment.
    pub fn after(&mut self, opens_at: Moment) {
        if let Some(finding) = self.0.last_mut() {
            finding.opens_at = Some(opens_at);
        }
    }

    /// Goods of a SKU that no line has. Opens only after a while: the line may come late; and never before the header is there.
    pub fn other_item(&mut self, kind: &'static str, number: &str, sentence: String, cause: Cause, opens_at: Option<Moment>) -> bool {
        if opens_at.is_some() {
            self.add(kind, number, sentence, None, Some(cause));
            if let Some(finding) = self.0.last_mut() {
                finding.opens_at = opens_at;
            }
        }
        opens_at.is_some()
    }
}

/// The tick, and the earliest later moment that anybody asked about.
pub(super) struct Clock {
    pub tick: Moment,
    next: Option<Moment>,
}

impl Clock {
    pub fn new(tick: Moment) -> Self {
        Self { tick, next: None }
    }

    /// Has `moment` come? If not, the view changes then.
    pub fn reached(&mut self, moment: Moment) -> bool {
        if moment <= self.tick {
            return true;
        }
        self.next = Some(self.next.map_or(moment, |next| next.min(moment)));
        false
    }

    /// Has `span` passed since?
    pub fn passed(&mut self, since: Moment, span: Span) -> bool {
        self.reached(since + span)
    }

    pub fn next_change(self) -> Option<Moment> {
        self.next
    }
}
