//! Where the values of a row's fields come from.

use super::fields::{Field, FieldValue};
use super::jq::Expression;

/// Where a field's value comes from.
pub(super) enum ValueOrigin {
    Nowhere,
    Expression(Expression),
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

    /// The expression that a field is read by, if it is.
    pub(super) fn expression(&self, name: &str) -> Option<&Expression> {
        match self.origins.get(self.position(name)?) {
            Some(ValueOrigin::Expression(expression)) => Some(expression),
            _ => None,
        }
    }
}
