//! What a stage has made: nobody changes it any more.

use std::ops::Deref;

/// The result of a stage. It can be read and not changed: later stages, findings and events get at its fields through [`Deref`] alone, so an
/// assignment to a field does not compile.
#[derive(Clone, Debug)]
pub struct Made<T>(T);

impl<T> Made<T> {
    /// Closes what a stage has made.
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
