//! What people note about open exceptions, and who has taken them up. Kept while the exception is open; what was written stays in the topic `audit`.

use imbl::OrdMap;
use serde::{Deserialize, Serialize};

use crate::facts::{Moment, Text};

/// So many notes of one exception are kept, the newest.
const NOTES_MAX: usize = 20;

/// What people have said of one open exception, without settling it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ExceptionCase {
    /// Who has taken it up: a login; empty: nobody.
    pub owner: Text,
    /// The newest last.
    pub notes: Vec<CaseNote>,
}

/// A note to an exception.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CaseNote {
    /// Who wrote it: a login.
    pub who: Text,
    /// When.
    pub at: Moment,
    /// The note.
    pub text: String,
}

/// By the exception's key: kind, entity, number. Copies share what is equal.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cases(pub OrdMap<Text, ExceptionCase>);

impl Cases {
    /// Adds a note. Gives how many there were.
    pub(super) fn note(&mut self, exception: &Text, note: CaseNote) -> usize {
        let case = self.0.entry(exception.clone()).or_default();
        let before = case.notes.len();
        if before >= NOTES_MAX {
            case.notes.remove(0);
        }
        case.notes.push(note);
        before
    }

    /// Names who takes it up. Gives who had it.
    pub(super) fn own(&mut self, exception: &Text, owner: Text) -> Text {
        let mut case = self.0.get(exception).cloned().unwrap_or_default();
        let before = std::mem::replace(&mut case.owner, owner);
        if case == ExceptionCase::default() {
            self.0.remove(exception);
        } else {
            self.0.insert(exception.clone(), case);
        }
        before
    }

    /// The exception is closed.
    pub(super) fn close(&mut self, exception: &str) {
        if !self.0.is_empty() {
            self.0.remove(&Text::from(exception));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_notes_are_kept_and_a_case_without_words_is_none() {
        let (mut cases, key) = (Cases::default(), Text::from("overpaid|magento%7C1|"));
        assert_eq!((cases.own(&key, "kim".into()), cases.own(&key, "".into())), ("".into(), "kim".into()));
        assert!(cases.0.is_empty());
        (0..30).for_each(|number| _ = cases.note(&key, CaseNote { who: "kim".into(), at: Moment(number), text: number.to_string() }));
        let notes: Vec<&str> = cases.0[&key].notes.iter().map(|note| note.text.as_str()).collect();
        assert_eq!((notes.len(), notes[0], notes[19]), (20, "10", "29"));
        cases.own(&key, "kim".into());
        cases.close(&key);
        assert!(cases.0.is_empty());
    }
}
