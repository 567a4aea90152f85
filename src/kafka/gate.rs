//! What may hold a record back before it is handed over: what it takes to decode it is not there yet.

use crate::envelope::Record;

/// A gate before the batch. A record that may not pass holds back its partition, and no other; nothing is lost.
pub trait RecordGate: Send + Sync + std::fmt::Debug {
    /// May the record be handed over? If not, the gate sees to it that it may soon.
    fn may_pass(&self, record: &Record<'_>) -> bool;

    /// `ring` is called whenever records may pass that could not before.
    fn on_opened(&self, ring: Box<dyn Fn() + Send + Sync>);

    /// What keeps records waiting, in a sentence for `/readyz`.
    fn waits_for(&self) -> Option<String>;
}
