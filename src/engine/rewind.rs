//! A small state of the whole application that is cheap to copy, as it stood before each epoch that is not committed.
//!
//! ```text
//! begin -> state changes -> promote -> [committed]     publish: gives the state as committed
//!          drop: as before              [not committed] demote: as before the promoted epoch
//! ```

/// The state, and how it stood.
#[derive(Debug, Default)]
pub(super) struct Rewindable<S> {
    /// As the open epoch sees it.
    pub state: S,
    /// As it was before the open epoch.
    before: S,
    /// The epoch that is being committed: how it stood before, and how it stands.
    under_way: Option<(S, S)>,
}

impl<S: Clone> Rewindable<S> {
    /// As a restore found it.
    pub fn restored(state: S) -> Self {
        Self { before: state.clone(), state, under_way: None }
    }

    /// Opens an epoch.
    pub fn begin(&mut self) {
        self.before.clone_from(&self.state);
    }

    /// How it stood before the open epoch.
    pub fn before(&self) -> &S {
        &self.before
    }

    /// The open epoch is dropped.
    pub fn drop_epoch(&mut self) {
        self.state.clone_from(&self.before);
    }

    /// The open epoch is sealed and handed over.
    pub fn promote(&mut self) {
        self.under_way = Some((self.before.clone(), self.state.clone()));
        self.before.clone_from(&self.state);
    }

    /// The promoted epoch is committed: the state as it is now known to all.
    pub fn publish(&mut self) -> Option<S> {
        self.under_way.take().map(|(_, committed)| committed)
    }

    /// The promoted epoch is not committed. The one that was built on it is dropped already.
    pub fn demote(&mut self) {
        if let Some((before, _)) = self.under_way.take() {
            self.before.clone_from(&before);
            self.state = before;
        }
    }
}
