//! Status and condition words without a meaning (`unknown-word`). They are stored as their source wrote them, and change no stage and no gate.

use super::evidence::Evidence;
use super::finding::Finding;
use crate::facts::OrderRow;
use crate::facts::ids::join_key;
use crate::facts::order::Word;

/// One finding for each word of each source.
pub(super) fn find(evidence: &Evidence<'_, '_>) -> Vec<Finding> {
    let mut found: Vec<Finding> = Vec::new();
    for (key, stored) in evidence.rows.iter().filter(|(_, stored)| !stored.deleted) {
        let Some((what, word)) = stored.row.as_ref().and_then(OrderRow::unknown_word) else { continue };
        let source = evidence.rules.name_of(key.source);
        let number = join_key(&[source, what, word]);
        match found.iter_mut().find(|finding| finding.number == number) {
            Some(finding) => finding.causes.push(stored.cause),
            None => {
                let sentence = format!("{source} reports the {what} \"{word}\", a word without a meaning");
                found.push(Finding::new("unknown-word", number.as_str(), sentence).caused_by([stored.cause]));
            }
        }
    }
    found
}

/// A word for people: its meaning in kebab case; without one, as its source wrote it.
pub(in super::super) fn text<T: serde::Serialize>(word: &Word<T>) -> String {
    match word {
        Word::Known(meaning) => serde_json::to_value(meaning).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default(),
        Word::Unknown(text) => text.to_string(),
    }
}
