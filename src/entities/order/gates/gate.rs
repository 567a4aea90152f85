//! A condition as data.

use serde::Serialize;

use crate::facts::Moment;

/// Whether a condition holds; if not, what it waits for, and which source will bring it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Gate {
    /// Its name: `complete`, `secured` ...
    pub name: &'static str,
    /// The condition is fulfilled.
    pub holds: bool,
    /// What it waits for, for people: `2 of 3 lines`, `the ERP's record of the order`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub waits_for: String,
    /// Name of the source that will bring it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub brings: String,
    /// Since when it waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Moment>,
}

impl Gate {
    /// A condition. `words` gives what it waits for and the source that brings it; it is called only if the condition does not hold.
    pub fn new(name: &'static str, holds: bool, since: Option<Moment>, words: impl FnOnce() -> (String, String)) -> Self {
        if holds {
            return Self { name, holds, waits_for: String::new(), brings: String::new(), since: None };
        }
        let (waits_for, brings) = words();
        Self { name, holds, waits_for, brings, since }
    }
}
