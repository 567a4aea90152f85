//! Why a record could not be decoded.

use std::fmt;

/// Why a record could not become facts: it goes whole to `dead-letters` and the partition goes on.
///
/// Reads like `field "OnHand": expected a whole number, found "12.5"`; the engine puts the place before it (`topic[partition]@offset`).
/// `found` may hold a person's data: it is written to the dead letter, beside the record itself, and never logged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecodeError {
    /// The field's path, or the part of the record (`key`, `value`, `header X-Shopify-Topic`).
    pub field: String,
    /// What can be read there, as in "a whole number".
    pub expected: String,
    /// What stands there instead, cut after 120 characters.
    pub found: String,
}

impl DecodeError {
    /// At most so many characters of what was found are repeated in the error.
    const FOUND_MAX: usize = 120;

    /// The error of one field.
    pub fn new(field: impl Into<String>, expected: impl Into<String>, found: impl fmt::Display) -> Self {
        let mut found = found.to_string();
        if let Some((cut, _)) = found.char_indices().nth(Self::FOUND_MAX) {
            found.truncate(cut);
            found.push('…');
        }
        Self { field: field.into(), expected: expected.into(), found }
    }

    /// The same error, its field named as a part of `outer`: `price` within `line_items[2]` is `line_items[2].price`.
    pub fn within(mut self, outer: &str) -> Self {
        let dot = if self.field.is_empty() { "" } else { "." };
        self.field = format!("{outer}{dot}{}", self.field);
        self
    }

    /// What may be logged and counted: the field and what was expected there, nothing of the record.
    pub fn summary(&self) -> String {
        format!("field \"{}\": expected {}", self.field, self.expected)
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "field \"{}\": expected {}, found \"{}\"", self.field, self.expected, self.found)
    }
}

impl std::error::Error for DecodeError {}
