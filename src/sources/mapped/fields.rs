//! Fields of rows: what forms their values have, and how they are read from what an expression gives, or from a constant.

use std::borrow::Cow;

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

use super::jq::{Number, Value};
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
    /// What it holds, for people.
    pub(super) says: &'static str,
}

pub(super) const fn must(name: &'static str, form: Form, says: &'static str) -> Field {
    Field { name, form, must: true, says }
}

pub(super) const fn may(name: &'static str, form: Form, says: &'static str) -> Field {
    Field { name, form, must: false, says }
}

/// What a field's value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Text,
    /// A list of texts; a text alone is a list of one.
    Texts,
    Sku,
    /// Pieces, from 0.
    Pieces,
    /// Pieces, which may be below zero.
    Number,
    /// Money, from 0.
    Amount,
    /// Money, which may be below zero.
    Balance,
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

    /// For people.
    pub(super) fn says(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Texts => "list of texts",
            Self::Sku => "SKU",
            Self::Pieces => "pieces, from 0",
            Self::Number => "pieces",
            Self::Amount => "money, from 0",
            Self::Balance => "money",
            Self::Currency => "currency",
            Self::Moment => "time",
            Self::Email => "email address",
            Self::Flag => "yes or no",
            Self::Open(_) => "word",
            Self::Closed(_) => "known word",
        }
    }
}

/// A value, read.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum FieldValue {
    Text(Text),
    Texts(Vec<Text>),
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

/// What cannot be read there: what is expected. Which value of which record it was is added by who knows that.
type Expected = Cow<'static, str>;

/// The decode error of a value.
pub(super) fn unreadable(expected: impl Into<String>, value: &Value) -> DecodeError {
    let found = match value {
        Value::Null => "nothing".to_owned(),
        Value::Text(text) => text.to_string(),
        value => value.to_string(),
    };
    DecodeError::new("", expected, found)
}

impl ValueReader<'_> {
    /// Reads a value; `None` where it is `null` or blank.
    pub(super) fn read(&self, field: &Field, words: &WordTable, value: &Value) -> Result<Option<FieldValue>, DecodeError> {
        match value {
            Value::Null => return Ok(None),
            Value::Text(text) if text.trim().is_empty() => return Ok(None),
            _ => {}
        }
        self.filled(field, words, value).map(Some).map_err(|expected| unreadable(expected, value))
    }

    fn filled(&self, field: &Field, words: &WordTable, value: &Value) -> Result<FieldValue, Expected> {
        Ok(match field.form {
            Form::Text => FieldValue::Text(scalar(value)?.trim().into()),
            Form::Texts => FieldValue::Texts(texts(value)?),
            Form::Sku => FieldValue::Sku(Sku::new(&scalar(value)?).ok_or_else(|| format!("a SKU of 1 to {} bytes", Sku::BYTES_MAX))?),
            Form::Number => FieldValue::Number(pieces(value)?),
            Form::Pieces => FieldValue::Number(not_below_zero(pieces(value)?, Quantity::is_negative)?),
            Form::Amount => FieldValue::Amount(not_below_zero(amount(value)?, Amount::is_negative)?),
            Form::Balance => FieldValue::Amount(amount(value)?),
            Form::Currency => {
                FieldValue::Currency(scalar(value).ok().and_then(|code| Currency::new(&code)).ok_or("a currency code of three letters")?)
            }
            Form::Moment => FieldValue::Moment(self.moment(value).ok_or("a moment")?),
            Form::Email => FieldValue::Email(self.digester.email(&scalar(value)?).ok_or("an email address")?),
            Form::Flag => FieldValue::Flag(flag(value).ok_or("yes or no (true, false, 1, 0)")?),
            Form::Open(names) => {
                let word = scalar(value)?;
                FieldValue::Word(words.get(word.trim(), names).ok_or_else(|| word.trim().into()))
            }
            Form::Closed(names) => {
                let place = words.get(scalar(value)?.trim(), names);
                FieldValue::Word(Ok(place.ok_or_else(|| format!("a word for one of {} (see words.{})", names.join(", "), field.name))?))
            }
        })
    }

    /// RFC 3339; local, with or without a time of day; the set format; a whole number of the set unit.
    pub(super) fn moment(&self, value: &Value) -> Option<Moment> {
        let text = scalar(value).ok()?;
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

fn not_below_zero<T: Copy>(value: T, negative: impl Fn(T) -> bool) -> Result<T, Expected> {
    if negative(value) { Err("a number from 0".into()) } else { Ok(value) }
}

fn decimal(value: &Value) -> Result<rust_decimal::Decimal, Expected> {
    let text = match value {
        Value::Number(Number::Decimal(decimal)) => return Ok(*decimal),
        Value::Number(_) | Value::Text(_) => scalar(value)?,
        _ => return Err("a decimal as text or number".into()),
    };
    // A text is written as a number would be.
    Cell::new("", text.trim()).decimal(Decimals::Text, 0).map_err(|_| "a decimal as text or number".into())
}

fn pieces(value: &Value) -> Result<Quantity, Expected> {
    Quantity::new(decimal(value)?).ok_or_else(|| "a quantity of at most 12 decimal places, below 10^12".into())
}

fn amount(value: &Value) -> Result<Amount, Expected> {
    Amount::new(decimal(value)?).ok_or_else(|| "an amount of at most 8 decimal places, below 10^12".into())
}

fn flag(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(flag) => Some(*flag),
        _ => match scalar(value).ok()?.trim() {
            "true" | "1" => Some(true),
            "false" | "0" => Some(false),
            _ => None,
        },
    }
}

fn texts(value: &Value) -> Result<Vec<Text>, Expected> {
    match value.items() {
        Some(items) => items.iter().filter(|item| !matches!(item, Value::Null)).map(|item| Ok(scalar(item)?.trim().into())).collect(),
        None => Ok(vec![scalar(value)?.trim().into()]),
    }
}

/// The text of a text, a number or a truth value.
fn scalar(value: &Value) -> Result<Cow<'_, str>, Expected> {
    match value {
        Value::Text(text) => Ok(Cow::Borrowed(text)),
        Value::Number(_) | Value::Bool(_) => Ok(Cow::Owned(value.to_string())),
        _ => Err("a text or a number".into()),
    }
}
