//! The tick of the epoch, and the next moment at which time alone changes the view.

use std::cell::Cell;

use crate::facts::Moment;
use crate::facts::time::Span;

/// The moment that a view is computed at. It remembers the earliest later moment that a stage asked about: the view changes then.
pub(super) struct Clock {
    /// The moment that the view is computed at.
    pub tick: Moment,
    next: Cell<Option<Moment>>,
}

impl Clock {
    /// A clock that nobody has asked yet.
    pub fn new(tick: Moment) -> Self {
        Self { tick, next: Cell::new(None) }
    }

    /// Has `moment` come? If not, it is remembered.
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

    /// The earliest moment that a stage asked about and that has not come.
    pub fn next_change(&self) -> Option<Moment> {
        self.next.get()
    }
}
