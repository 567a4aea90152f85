//! What a type of row is: its fields, and how its facts are made.

use super::fields::Field;
use super::record::MappedRecord;
use crate::envelope::DecodeError;
use crate::sources::facts_out::FactsOut;

/// A row that a configuration can name.
pub(super) struct RowType {
    pub(super) name: &'static str,
    /// What it tells, for people.
    pub(super) about: &'static str,
    /// What there is one row for, for people: two records that agree in it tell of one row.
    pub(super) one_for: &'static str,
    /// The fields that say which row it is: those that a deletion needs.
    pub(super) key: &'static [&'static str],
    pub(super) fields: &'static [Field],
    /// Groups of fields of which one at least has to be mapped.
    pub(super) one_of: &'static [&'static [&'static str]],
    /// The field that holds when it happened.
    pub(super) at: Option<&'static str>,
    /// The word whose meaning, in rank order, decides between two states of one stamp.
    pub(super) rank: Option<&'static str>,
    pub(super) make: fn(&MappedRecord<'_>, &mut FactsOut<'_>) -> Result<(), DecodeError>,
}

/// Fields of a row of an order: those that are its own, then those that the order is found by.
macro_rules! of_order {
    ($($field:expr),* $(,)?) => {
        &[
            $($field,)*
            $crate::sources::mapped::fields::may("order", $crate::sources::mapped::fields::Form::Text, "this system's own id of the order"),
            $crate::sources::mapped::fields::may("order_number", $crate::sources::mapped::fields::Form::Text, "the order's public number"),
            $crate::sources::mapped::fields::may(
                "document",
                $crate::sources::mapped::fields::Form::Text,
                "a document of this system, whose order a row `erp-record` or `document` tells",
            ),
            $crate::sources::mapped::fields::may(
                "tracking",
                $crate::sources::mapped::fields::Form::Text,
                "the number of a parcel that the order was sent in",
            ),
        ]
    };
}

pub(super) use of_order;

/// How the order is found: the first of these that is filled.
pub(super) const ORDER: &[&str] = &["order", "order_number", "document", "tracking"];
/// Which of the order's lines it is.
pub(super) const LINE: &[&str] = &["line", "sku"];
