//! What putting a row to an entity did.

/// What became of a row that was put.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Put {
    /// An older version, which says something else than what is kept: nothing happened. Rows of orders are told apart before they are put.
    PassedOver,
    /// An older version, or a repeat: nothing happened.
    Stale,
    /// It is the newest now, with the content that was there before: the version must be kept, the view can't have changed.
    Same,
    /// It is the newest now, and its content, its deletion mark or its moment is another one.
    Changed,
}

impl Put {
    /// Nothing happened.
    pub fn is_stale(self) -> bool {
        self <= Self::Stale
    }
}
