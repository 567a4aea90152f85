//! How Emarsys writes values: texts, mostly; a choice as its number or as its text in the account's language; times in several forms.

use std::borrow::Cow;

use jiff::civil::{Date, DateTime};

use super::context::Emarsys;
use crate::envelope::{Cell, DecodeError, Record};
use crate::facts::Moment;
use crate::facts::customer::ConsentState;
use crate::sources::local_time;

/// The text, trimmed; a number or truth value as it is written; empty for `null` and where there is nothing.
pub(super) fn text<'a>(cell: Cell<'a>) -> Result<Cow<'a, str>, DecodeError> {
    match cell.json().as_bytes().first() {
        None | Some(b'n') => Ok(Cow::Borrowed("")),
        Some(b'"') => Ok(match cell.text()? {
            Cow::Borrowed(whole) => Cow::Borrowed(whole.trim()),
            Cow::Owned(whole) => Cow::Owned(whole.trim().to_owned()),
        }),
        Some(b'{' | b'[') => Err(cell.error("text")),
        Some(_) => Ok(Cow::Borrowed(cell.json())),
    }
}

const TIME: &str = "a moment as in 2025-03-16T09:15:03Z or 2025-03-16 10:15:03";

impl Emarsys {
    /// A moment; `None` where there is none. Without an offset it is in the account's zone.
    pub(super) fn time(&self, cell: Cell<'_>, record: &Record<'_>) -> Result<Option<Moment>, DecodeError> {
        let text = text(cell)?;
        if text.is_empty() || text.starts_with("0000-00-00") {
            return Ok(None);
        }
        self.read_time(&text, record.timestamp).map(Some).ok_or_else(|| cell.error(TIME))
    }

    fn read_time(&self, text: &str, arrival: Moment) -> Option<Moment> {
        let (text, utc) = text.strip_suffix(" UTC").map_or((text, ""), |text| (text, "Z"));
        let mut written = text.replacen(' ', "T", 1) + utc;
        // An offset of hours only.
        let bytes = written.as_bytes();
        if bytes.len() > 13 && matches!(bytes[bytes.len() - 3], b'+' | b'-') && bytes[bytes.len() - 2..].iter().all(u8::is_ascii_digit) {
            written.push_str(":00");
        }
        if let Some(moment) = Moment::parse_rfc3339(&written) {
            return Some(moment);
        }
        let local: DateTime = match written.parse::<DateTime>() {
            Ok(local) => local,
            Err(_) => written.parse::<Date>().ok()?.at(0, 0, 0, 0),
        };
        local_time::moment(local, &self.common.zone, arrival)
    }

    /// The answer that a choice of the opt-in field stands for. Empty is not a refusal.
    pub(super) fn opt_in(&self, cell: Cell<'_>) -> Result<ConsentState, DecodeError> {
        let text = text(cell)?;
        if text.is_empty() {
            return Ok(ConsentState::Unset);
        }
        self.choices
            .get(&text)
            .copied()
            .ok_or_else(|| cell.error("1, 2, true, false or nothing; or a choice's text that is set under opt_in"))
    }
}
