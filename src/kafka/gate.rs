//! What stands between the log and its records: what may hold one back before it is handed over, and what writes one in another form.

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

/// Writes records in another form than the engine makes them in.
pub trait RecordEncoder: Send + Sync + std::fmt::Debug {
    /// What has to be there before the first record is written. Asked until it is.
    ///
    /// # Errors
    /// It is not there.
    fn prepare(&self) -> Result<(), Unprepared>;

    /// The value of a record of this topic; `None`: it is written as it is.
    ///
    /// # Errors
    /// It can't be written so: what is wrong, and what to do.
    fn encode(&self, topic: &str, value: &[u8]) -> Option<Result<Vec<u8>, String>>;

    /// The header `content-type` of what it writes.
    fn content_type(&self) -> &'static str;
}

/// Why records can't be written yet: a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unprepared {
    /// Asking again may help.
    Waits(String),
    /// Only a person can.
    Never(String),
}
