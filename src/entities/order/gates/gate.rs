//! A condition as data.

use serde::Serialize;

use crate::facts::Moment;

/// Whether a condition holds; if not, which row it waits for, and which source is to bring it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Gate {
    pub name: &'static str,
    pub holds: bool,
    /// For people: `2 of 3 lines`, `the ERP's record of the order`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub waits_for: String,
    /// Name of the source that is to bring it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub brings: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Moment>,
}

impl Gate {
    /// A condition that holds, or waits for what `words` say: the row, and who brings it. The words are made only while it is shut.
    pub fn new(name: &'static str, holds: bool, since: Option<Moment>, words: impl FnOnce() -> (String, String)) -> Self {
        if holds {
            return Self { name, holds, waits_for: String::new(), brings: String::new(), since: None };
        }
        let (waits_for, brings) = words();
        Self { name, holds, waits_for, brings, since }
    }
}
