//! How SEKO writes values: its JSON is made from XML, so a text that looks like a number is one, and nothing is an empty object.

use std::borrow::Cow;

use crate::envelope::{Cell, DecodeError};
use crate::facts::{Quantity, Sku};

/// The text, trimmed; a number as it is written; empty for `{}`, `null`, and where there is nothing.
pub(super) fn text<'a>(cell: Cell<'a>) -> Result<Cow<'a, str>, DecodeError> {
    let json = cell.json();
    match json.as_bytes().first() {
        None | Some(b'n') => Ok(Cow::Borrowed("")),
        Some(b'"') => Ok(match cell.text()? {
            Cow::Borrowed(whole) => Cow::Borrowed(whole.trim()),
            Cow::Owned(whole) => Cow::Owned(whole.trim().to_owned()),
        }),
        Some(b'{') if is_empty_object(json) => Ok(Cow::Borrowed("")),
        Some(b'-' | b'0'..=b'9') => Ok(Cow::Borrowed(json)),
        Some(_) => Err(cell.error("a text, a number, or {} for none")),
    }
}

pub(super) fn is_empty_object(json: &str) -> bool {
    json.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).is_some_and(|inner| inner.trim_ascii().is_empty())
}

/// Text that is there; `expected` is what a decode error asks for.
pub(super) fn filled<'a>(cell: Cell<'a>, expected: &str) -> Result<Cow<'a, str>, DecodeError> {
    let text = text(cell)?;
    if text.is_empty() { Err(cell.error(expected)) } else { Ok(text) }
}

pub(super) fn sku(cell: Cell<'_>) -> Result<Sku, DecodeError> {
    Sku::new(&text(cell)?).ok_or_else(|| cell.error(format!("a product code of 1 to {} bytes", Sku::BYTES_MAX)))
}

pub(super) fn pieces(cell: Cell<'_>) -> Result<Quantity, DecodeError> {
    Quantity::parse(&text(cell)?).filter(|pieces| !pieces.is_negative()).ok_or_else(|| cell.error("a number of pieces from 0"))
}

/// Pieces in a column of a summary: a column that is not there holds none.
pub(super) fn counted(cell: Cell<'_>) -> Result<Quantity, DecodeError> {
    let text = text(cell)?;
    if text.is_empty() { Ok(Quantity::ZERO) } else { Quantity::parse(&text).ok_or_else(|| cell.error("a number of pieces")) }
}

/// A whole number from 0; `None` where there is none.
pub(super) fn number(cell: Cell<'_>) -> Result<Option<u64>, DecodeError> {
    let text = text(cell)?;
    if text.is_empty() { Ok(None) } else { text.parse().map(Some).map_err(|_| cell.error("a whole number from 0")) }
}
