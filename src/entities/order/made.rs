//! The result of a stage, read-only.

use std::ops::Deref;

/// The result of a stage. Later stages, findings and events reach its fields through [`Deref`] alone, so an assignment to a field does not compile.
#[derive(Clone, Debug)]
pub struct Made<T>(T);

impl<T> Made<T> {
    /// Makes a result read-only.
    pub(super) fn new(made: T) -> Self {
        Self(made)
    }
}

impl<T> Deref for Made<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<'v, T> IntoIterator for &'v Made<Vec<T>> {
    type Item = &'v T;
    type IntoIter = std::slice::Iter<'v, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}
