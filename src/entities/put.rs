//! What putting a row to an entity did.

/// What became of a row that was put.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Put {
    /// An older version, or a repeat: nothing happened.
    Stale,
    /// It is the newest now, with the content that was there before: the version must be kept, the view can't have changed.
    Same,
    /// It is the newest now, and its content, its deletion mark or its moment is another one.
    Changed,
}
