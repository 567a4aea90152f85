//! How Peoplevox writes values: everything as text, with quotes and blanks around it.

use std::borrow::Cow;

use jiff::civil::DateTime;

use super::context::Peoplevox;
use crate::envelope::{Cell, DecodeError, Record};
use crate::facts::{Moment, Quantity, Sku, Text};
use crate::sources::local_time;

/// The text without quotes and blanks around it; a number or truth value as it is written; empty where there is none.
pub(super) fn text<'a>(cell: Cell<'a>) -> Result<Cow<'a, str>, DecodeError> {
    let whole = match cell.json().as_bytes().first() {
        None | Some(b'n') => return Ok(Cow::Borrowed("")),
        Some(b'"') => cell.text()?,
        Some(b'{' | b'[') => return Err(cell.error("text")),
        Some(_) => Cow::Borrowed(cell.json()),
    };
    Ok(match whole {
        Cow::Borrowed(whole) => Cow::Borrowed(bare(whole)),
        Cow::Owned(whole) => Cow::Owned(bare(&whole).to_owned()),
    })
}

fn bare(text: &str) -> &str {
    let text = text.trim();
    text.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')).map_or(text, str::trim)
}

/// Text that is there; `expected` is what a decode error asks for.
pub(super) fn filled<'a>(cell: Cell<'a>, expected: &str) -> Result<Cow<'a, str>, DecodeError> {
    let text = text(cell)?;
    if text.is_empty() { Err(cell.error(expected)) } else { Ok(text) }
}

pub(super) fn sku(cell: Cell<'_>) -> Result<Sku, DecodeError> {
    Sku::new(&text(cell)?).ok_or_else(|| cell.error(format!("an item code of 1 to {} bytes", Sku::BYTES_MAX)))
}

/// A number of pieces, which may be below zero (a count after a mistake).
pub(super) fn number(cell: Cell<'_>) -> Result<Quantity, DecodeError> {
    Quantity::parse(&text(cell)?).ok_or_else(|| cell.error("a number of pieces"))
}

pub(super) fn pieces(cell: Cell<'_>) -> Result<Quantity, DecodeError> {
    Quantity::parse(&text(cell)?).filter(|pieces| !pieces.is_negative()).ok_or_else(|| cell.error("a number of pieces from 0"))
}

/// `True`, `False`, or nothing.
pub(super) fn flag(cell: Cell<'_>) -> Result<Option<bool>, DecodeError> {
    let text = text(cell)?;
    match text {
        text if text.is_empty() => Ok(None),
        text if text.eq_ignore_ascii_case("true") => Ok(Some(true)),
        text if text.eq_ignore_ascii_case("false") => Ok(Some(false)),
        _ => Err(cell.error("True or False")),
    }
}

impl Peoplevox {
    /// A local time; `None` where there is none.
    pub(super) fn time(&self, cell: Cell<'_>, record: &Record<'_>) -> Result<Option<Moment>, DecodeError> {
        let text = text(cell)?;
        if text.is_empty() {
            return Ok(None);
        }
        let local = local(&text).and_then(|local| local_time::moment(local, &self.common.zone, record.timestamp));
        local.map(Some).ok_or_else(|| cell.error("a local time as in '14/03/2025 09:55'"))
    }

    /// The site that a row names, or the one that is set for rows that name none.
    pub(super) fn site(&self, cell: Cell<'_>) -> Result<Text, DecodeError> {
        let text = text(cell)?;
        Ok(if text.is_empty() { self.site.as_str().into() } else { text.into() })
    }
}

/// `dd/MM/yyyy`, `HH:mm` after it, and seconds after that if there are any; or ISO 8601, as templates write it.
fn local(text: &str) -> Option<DateTime> {
    if text.as_bytes().get(4) == Some(&b'-') {
        return text.parse().ok();
    }
    let (date, time) = text.split_once([' ', 'T'])?;
    let [day, month, year] = numbers(date, '/')?;
    let clock =
        if time.matches(':').count() == 1 { numbers(time, ':').map(|[hour, minute]| [hour, minute, 0]) } else { numbers(time, ':') };
    let [hour, minute, second] = clock?;
    let small = |number: i16| i8::try_from(number).ok();
    DateTime::new(year, small(month)?, small(day)?, small(hour)?, small(minute)?, small(second)?, 0).ok()
}

fn numbers<const N: usize>(text: &str, between: char) -> Option<[i16; N]> {
    let mut parts = text.trim().split(between);
    let mut numbers = [0; N];
    for number in &mut numbers {
        *number = parts.next().filter(|part| part.bytes().all(|b| b.is_ascii_digit()))?.parse().ok()?;
    }
    parts.next().is_none().then_some(numbers)
}
