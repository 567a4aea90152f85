//! What a seal comes to.

use crate::facts::Moment;

/// What the seal of a SKU, a customer or an alias came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sealed {
    /// Something was emitted or entered: the revision is raised, and the head must be written.
    pub changed: bool,
    /// When the view next changes by the clock alone.
    pub next: Option<Moment>,
}
