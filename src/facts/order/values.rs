//! Values that rows of several kinds hold.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::facts::{Sku, Text};

/// A person's data: carried to who needs it, never shown in a log.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Personal(pub Text);

impl fmt::Debug for Personal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(personal)")
    }
}

/// A status or condition word: known, or kept as its source wrote it (exception `unknown-word`; it moves no stage and opens no gate).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Word<T> {
    /// A word with a meaning.
    Known(T),
    /// A word without one, as its source wrote it.
    Unknown(Text),
}

impl<T> Word<T> {
    /// The source's word, if it has no meaning.
    pub fn unknown(&self) -> Option<&Text> {
        match self {
            Self::Known(_) => None,
            Self::Unknown(text) => Some(text),
        }
    }

    /// The meaning, if it has one.
    pub fn known(&self) -> Option<&T> {
        match self {
            Self::Known(meaning) => Some(meaning),
            Self::Unknown(_) => None,
        }
    }
}

/// Which of the order's lines a row speaks of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum LineRef {
    /// The shop's line id.
    Line(Text),
    /// Only the SKU is named: its lines are pooled.
    Sku(Sku),
}
