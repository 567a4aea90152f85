//! What a type of row is: its fields, and how its facts are made.

use super::fields::Field;
use super::record::MappedRecord;
use crate::envelope::DecodeError;
use crate::sources::facts_out::FactsOut;

/// A row that a configuration can name.
pub(super) struct RowType {
    pub(super) name: &'static str,
    pub(super) fields: &'static [Field],
    /// Groups of fields of which one at least has to be mapped.
    pub(super) one_of: &'static [&'static [&'static str]],
    /// The field that holds when it happened.
    pub(super) at: Option<&'static str>,
    /// The word whose meaning, in rank order, decides between two states of one stamp.
    pub(super) rank: Option<&'static str>,
    pub(super) make: fn(&MappedRecord<'_>, &mut FactsOut<'_>) -> Result<(), DecodeError>,
}
