//! The image of a row: a JSON object, and its members where they were met on the way through what holds it.

use super::members::members;

/// Room for the columns of most tables.
const ROOM: usize = 32;

/// The members of an object: name and JSON text of each, in order.
pub(super) type MembersMet<'a> = Vec<(&'a str, &'a str)>;

/// Adds a member that was met; always true, for the next one is wanted too.
pub(super) fn meet<'a>(met: &mut MembersMet<'a>, name: &'a str, json: &'a str) -> bool {
    if met.capacity() == 0 {
        met.reserve(ROOM);
    }
    met.push((name, json));
    true
}

/// A row's image. Its text is stepped through once, whoever reads it: by what has read the record around it, or by the first who asks for its columns.
#[derive(Clone, Debug)]
pub struct RowImage<'a> {
    text: &'a str,
    met: Option<MembersMet<'a>>,
}

impl<'a> RowImage<'a> {
    /// An object of which only the text is known.
    pub fn new(text: &'a str) -> Self {
        Self { text, met: None }
    }

    /// An object of which all members were met.
    pub(super) fn of(text: &'a str, met: MembersMet<'a>) -> Self {
        Self { text, met: Some(met) }
    }

    /// The JSON text.
    pub fn text(&self) -> &'a str {
        self.text
    }

    /// As [`members`] does.
    pub fn each(&self, mut each: impl FnMut(&'a str, &'a str) -> bool) -> Option<()> {
        match &self.met {
            Some(met) => met.iter().all(|&(name, json)| each(name, json)).then_some(()),
            None => members(self.text, each),
        }
    }
}
