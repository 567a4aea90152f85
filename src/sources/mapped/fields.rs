//! Fields of rows: what forms their values have, and how they are read from JSON or from a constant.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

use crate::envelope::{Cell, Decimals, DecodeError, TimeUnit};
use crate::facts::ids::Digester;
use crate::facts::{Amount, Currency, Moment, Quantity, Sku, Text};
use crate::sources::local_time;

/// A field of a row type.
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) form: Form,
    /// It has to be mapped, and every record has to have it.
    pub(super) must: bool,
}

pub(super) const fn must(name: &'static str, form: Form) -> Field {
    Field { name, form, must: true }
}

pub(super) const fn may(name: &'static str, form: Form) -> Field {
    Field { name, form, must: false }
}

/// What a field's value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Text,
    Sku,
    /// Pieces, from 0.
    Pieces,
    /// Pieces, which may be below zero.
    Number,
    /// Money, from 0.
    Amount,
    Currency,
    Moment,
    /// An address, of which only the digest is kept.
    Email,
    Flag,
    /// A word for one of these meanings; an unknown word is kept.
    Open(&'static [&'static str]),
    /// A word for one of these meanings; an unknown word is a decode error.
    Closed(&'static [&'static str]),
}

impl Form {
    pub(super) fn meanings(self) -> Option<&'static [&'static str]> {
        match self {
            Self::Open(names) | Self::Closed(names) => Some(names),
            _ => None,
        }
    }
}

/// A value, read.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum FieldValue {
    Text(Text),
    Sku(Sku),
    Number(Quantity),
    Amount(Amount),
    Currency(Currency),
    Moment(Moment),
    Email(crate::facts::Digest),
    Flag(bool),
    /// The place of the meaning in its list, or the word as it was written.
    Word(Result<usize, Text>),
}

/// What reading depends on beside the field.
pub(super) struct ValueReader<'r> {
    pub(super) zone: &'r TimeZone,
    pub(super) digester: &'r Digester,
    pub(super) times: &'r TimeForm,
    /// The record's timestamp.
    pub(super) arrival: Moment,
}

/// How a source writes times.
#[derive(Clone, Debug)]
pub(super) struct TimeForm {
    pub(super) unit: TimeUnit,
    /// As for `strptime`.
    pub(super) format: Option<String>,
}

/// The words of a field: what is written -> place of the meaning.
#[derive(Clone, Debug, Default)]
pub(super) struct WordTable(pub(super) Vec<(String, usize)>);

impl WordTable {
    /// The meaning of a word: configured, or the meaning's own name (`out_for_delivery` and `out for delivery` too).
    fn get(&self, word: &str, names: &[&str]) -> Option<usize> {
        let same = |(known, _): &&(String, usize)| known == word || known.chars().eq(word.chars().flat_map(char::to_lowercase));
        let plain = |b: u8| if matches!(b, b'_' | b' ') { b'-' } else { b.to_ascii_lowercase() };
        let configured = self.0.iter().find(same).map(|(_, place)| *place);
        configured.or_else(|| names.iter().position(|name| name.bytes().eq(word.bytes().map(plain))))
    }
}

impl ValueReader<'_> {
    /// Reads a cell; `None` where it is absent, `null` or blank.
    pub(super) fn read(&self, field: &Field, words: &WordTable, cell: Cell<'_>) -> Result<Option<FieldValue>, DecodeError> {
        if cell.is_null() || cell.json().trim_matches('"').trim().is_empty() {
            return Ok(None);
        }
        let value = match field.form {
            Form::Text => FieldValue::Text(scalar(cell)?.trim().into()),
            Form::Sku => {
                FieldValue::Sku(Sku::new(&scalar(cell)?).ok_or_else(|| cell.error(format!("a SKU of 1 to {} bytes", Sku::BYTES_MAX)))?)
            }
            Form::Number => FieldValue::Number(cell.quantity(Decimals::Text, 0)?),
            Form::Pieces => FieldValue::Number(not_below_zero(cell, cell.quantity(Decimals::Text, 0)?, Quantity::is_negative)?),
            Form::Amount => FieldValue::Amount(not_below_zero(cell, cell.amount(Decimals::Text, 0)?, Amount::is_negative)?),
            Form::Currency => FieldValue::Currency(cell.currency()?),
            Form::Moment => FieldValue::Moment(self.moment(cell).ok_or_else(|| cell.error("a moment"))?),
            Form::Email => FieldValue::Email(self.digester.email(&scalar(cell)?).ok_or_else(|| cell.error("an email address"))?),
            Form::Flag => FieldValue::Flag(cell.flag()?),
            Form::Open(names) => {
                let word = scalar(cell)?;
                FieldValue::Word(words.get(word.trim(), names).ok_or_else(|| word.trim().into()))
            }
            Form::Closed(names) => {
                let place = words.get(scalar(cell)?.trim(), names);
                FieldValue::Word(Ok(
                    place.ok_or_else(|| cell.error(format!("a word for one of {} (see words.{})", names.join(", "), field.name)))?
                ))
            }
        };
        Ok(Some(value))
    }

    /// RFC 3339; local, with or without a time of day; the set format; a whole number of the set unit.
    pub(super) fn moment(&self, cell: Cell<'_>) -> Option<Moment> {
        let text = scalar(cell).ok()?;
        let text = text.trim();
        if let Some(format) = &self.times.format {
            let read = jiff::fmt::strtime::parse(format, text).ok()?;
            return match read.to_timestamp() {
                Ok(moment) => Moment::checked(moment.as_millisecond()),
                Err(_) => self.local(read.to_datetime().or_else(|_| read.to_date().map(Date::into)).ok()?),
            };
        }
        if text.strip_prefix('-').unwrap_or(text).bytes().all(|b| b.is_ascii_digit()) {
            return Cell::new("", text).moment(self.times.unit).ok();
        }
        let local = || text.parse::<DateTime>().ok().and_then(|local| self.local(local));
        Moment::parse_rfc3339(text).or_else(local)
    }

    fn local(&self, local: DateTime) -> Option<Moment> {
        local_time::moment(local, self.zone, self.arrival)
    }
}

fn not_below_zero<T: Copy>(cell: Cell<'_>, value: T, negative: impl Fn(T) -> bool) -> Result<T, DecodeError> {
    if negative(value) { Err(cell.error("a number from 0")) } else { Ok(value) }
}

/// The text of a string, a number or a truth value.
fn scalar<'a>(cell: Cell<'a>) -> Result<std::borrow::Cow<'a, str>, DecodeError> {
    match cell.json().as_bytes().first() {
        Some(b'"') => cell.text(),
        Some(b'{' | b'[') | None => Err(cell.error("a text or a number")),
        Some(_) => Ok(std::borrow::Cow::Borrowed(cell.json())),
    }
}

/// The text at a path, for comparing; `None` for objects and lists.
pub(super) fn plain(json: &str) -> Option<std::borrow::Cow<'_, str>> {
    if json.is_empty() { Some("".into()) } else { scalar(Cell::new("", json)).ok() }
}
