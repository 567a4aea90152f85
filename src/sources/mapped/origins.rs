//! Where the values of a row's fields come from.

use super::fields::{Field, FieldValue};

/// Where something stands: in the record, or in the element of its list.
#[derive(Clone, Copy, Debug)]
pub(super) enum Slot {
    Record(usize),
    Element(usize),
}

/// Where a field's value comes from.
#[derive(Debug)]
pub(super) enum ValueOrigin {
    Nowhere,
    Path { slot: Slot, path: String },
    Constant(FieldValue),
}

/// Where the values of one row's fields come from.
pub(super) struct Origins {
    /// The row type's fields.
    pub(super) fields: &'static [Field],
    /// In the order of the fields.
    pub(super) origins: Vec<ValueOrigin>,
    /// Amounts count cents, or whatever the minor unit of their currency is.
    pub(super) minor_units: bool,
}

impl Origins {
    /// The place of this field among the row's fields.
    pub(super) fn position(&self, name: &str) -> Option<usize> {
        self.fields.iter().position(|field| field.name == name)
    }

    /// The path that a field is read from, for errors; the field's name where it is none.
    pub(super) fn path<'p>(&'p self, name: &'p str) -> &'p str {
        match self.position(name).and_then(|place| self.origins.get(place)) {
            Some(ValueOrigin::Path { path, .. }) => path,
            _ => name,
        }
    }
}
