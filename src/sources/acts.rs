//! Acts: what people do at the desk beside deciding, as records of a topic that Waybill owns (`waybill.acts`). A dead letter is read again, as it came or
//! edited, or discarded; an exception gets a note or an owner. HTTP and the commands only write them: they take effect where the engine reads them, in
//! an epoch like all input, and so once.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::envelope::{DecodeError, RawRecord, RecordPlace, body};
use crate::facts::{Moment, Text};

/// The topic's name, without the configured prefix.
pub const TOPIC: &str = "acts";

/// The longest text of a person, in bytes: it stands in state.
const TEXT_BYTES_MAX: usize = 2_000;

/// What somebody did, as the topic has it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ActRecord {
    /// Who: a login.
    pub who: Text,
    /// When: RFC 3339, UTC.
    pub at: Moment,
    /// Why, for those who read it later.
    #[serde(default)]
    pub why: String,
    /// What.
    #[serde(flatten)]
    pub act: Act,
}

/// What somebody did.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "act", rename_all = "kebab-case")]
pub enum Act {
    /// A dead letter's record is read again as it came.
    Retry {
        /// Where it stands.
        place: RecordPlace,
        /// The record: nothing else may be fetched while an epoch is open.
        record: RawRecord,
    },
    /// It is read with another content, in its own place.
    Edit {
        /// Where it stands.
        place: RecordPlace,
        /// The record as it is to be read.
        record: RawRecord,
        /// What differs, by JSON path: what was there and what is there now.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        changes: Vec<Edited>,
    },
    /// It is to stay unread: nobody waits for it any more.
    Discard {
        /// Where it stands.
        place: RecordPlace,
    },
    /// So are all of one cause that were there at the moment of the act, also those of which only the number is kept.
    DiscardCause {
        /// The cause's id.
        cause: Text,
    },
    /// A note to an exception.
    Note {
        /// Its key: kind, entity, number.
        exception: Text,
        /// The note.
        note: String,
    },
    /// Somebody takes an exception up, or gives it to another.
    Own {
        /// Its key.
        exception: Text,
        /// A login; empty: nobody.
        owner: Text,
    },
}

/// A member that was edited.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Edited {
    /// Its path: `$.after.grand_total`.
    pub path: String,
    /// What was there; null: nothing.
    pub before: Value,
    /// What is there now; null: nothing.
    pub after: Value,
}

impl Act {
    /// Its word.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Retry { .. } => "retry",
            Self::Edit { .. } => "edit",
            Self::Discard { .. } => "discard",
            Self::DiscardCause { .. } => "discard-cause",
            Self::Note { .. } => "note",
            Self::Own { .. } => "own",
        }
    }

    /// What it is about: a record's place, a cause's id, an exception's key. Acts about one thing are read in their order.
    pub fn about(&self) -> String {
        match self {
            Self::Retry { place, .. } | Self::Edit { place, .. } | Self::Discard { place } => place.to_string(),
            Self::DiscardCause { cause } => cause.to_string(),
            Self::Note { exception, .. } | Self::Own { exception, .. } => exception.to_string(),
        }
    }

    /// The record that is to be read, and where it stands.
    pub fn record(&self) -> Option<(&RecordPlace, &RawRecord)> {
        match self {
            Self::Retry { place, record } | Self::Edit { place, record, .. } => Some((place, record)),
            _ => None,
        }
    }
}

/// Reads and checks an act.
///
/// # Errors
/// Names the member that is missing, unknown or wrong.
pub fn read(value: Option<&[u8]>) -> Result<ActRecord, DecodeError> {
    let text = body::text(value)?;
    let act: ActRecord =
        serde_json::from_str(text).map_err(|error| DecodeError::new("value", format!("an act as JSON ({error})"), text))?;
    if act.who.trim().is_empty() {
        return Err(DecodeError::new("who", "a login", ""));
    }
    let texts: [(&str, &str); 3] = match &act.act {
        Act::Note { note, exception } => [("why", &act.why), ("note", note), ("exception", exception)],
        Act::Own { owner, exception } => [("why", &act.why), ("owner", owner), ("exception", exception)],
        _ => [("why", &act.why); 3],
    };
    if let Some((member, text)) = texts.into_iter().find(|(_, text)| text.len() > TEXT_BYTES_MAX) {
        return Err(DecodeError::new(member, format!("at most {TEXT_BYTES_MAX} bytes"), format!("{} bytes", text.len())));
    }
    if matches!(&act.act, Act::Note { note, .. } if note.trim().is_empty()) {
        return Err(DecodeError::new("note", "a text", ""));
    }
    if matches!(act.act, Act::Discard { .. } | Act::DiscardCause { .. }) && act.why.trim().is_empty() {
        return Err(DecodeError::new("why", "why it may stay unread", ""));
    }
    Ok(act)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_act_is_read_as_it_was_written_and_what_is_missing_is_named() {
        let place: RecordPlace = "carrier.scans[0]@17".parse().expect("a place");
        let record = RawRecord { value: Some(b"\xffx".to_vec()), ..RawRecord::default() };
        let act = |act: Act| ActRecord { who: "kim".into(), at: Moment(1_000), why: "a gift".into(), act };
        for act in [
            act(Act::Retry { place: place.clone(), record: record.clone() }),
            act(Act::Edit { place: place.clone(), record, changes: vec![] }),
            act(Act::Discard { place }),
            act(Act::DiscardCause { cause: "00ff00ff".into() }),
            act(Act::Note { exception: "overpaid|magento%7C1|".into(), note: "asked finance".into() }),
            act(Act::Own { exception: "overpaid|magento%7C1|".into(), owner: "".into() }),
        ] {
            let text = serde_json::to_vec(&act).expect("JSON");
            assert_eq!(read(Some(&text)).expect("reads"), act);
        }
        let error = |text: &str| read(Some(text.as_bytes())).expect_err("refused").to_string();
        let discard = r#"{"act":"discard","place":"a[0]@1","who":"WHO","at":"2026-03-02T10:00:00Z","why":"WHY"}"#;
        assert!(error(&discard.replace("WHO", " ")).starts_with("field \"who\""));
        assert!(error(&discard.replace("WHY", " ")).starts_with("field \"why\""));
        assert!(error(&discard.replace("a[0]@1", "a")).contains("a record's place"));
        assert!(error(&discard.replace("discard", "burn")).contains("unknown variant"));
        assert!(error(&discard.replace("WHY", &"x".repeat(2_001))).contains("at most 2000 bytes"));
    }
}
