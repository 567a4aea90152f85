//! The tick of the epoch, and the earliest later moment at which the clock alone changes the view.

use std::cell::Cell;

use crate::facts::Moment;
use crate::facts::time::Span;

/// The one moment that a view is computed at. Who asks whether a later moment has come makes the view change then: it is remembered.
pub(super) struct Clock {
    pub tick: Moment,
    next: Cell<Option<Moment>>,
}

impl Clock {
    pub fn new(tick: Moment) -> Self {
        Self { tick, next: Cell::new(None) }
    }

    /// Has `moment` come? If not, the view changes then.
    pub fn reached(&self, moment: Moment) -> bool {
        if moment <= self.tick {
            return true;
        }
        self.next.set(Some(self.next.get().map_or(moment, |next| next.min(moment))));
        false
    }

    /// Has `span` passed since?
    pub fn passed(&self, since: Moment, span: Span) -> bool {
        self.reached(since + span)
    }

    /// The earliest moment that was asked about and has not come.
    pub fn next_change(&self) -> Option<Moment> {
        self.next.get()
    }
}
