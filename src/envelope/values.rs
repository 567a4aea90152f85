//! Cells: the values of a row's columns as JSON text, decoded when the adapter asks for them.
//!
//! Nothing on the wire says what a column's bytes mean: `"Mr4="` may be a text or 129.90, 1741944413512 may be milliseconds or a number of
//! pieces. So a row decodes to [`Cell`]s, which borrow the column's JSON text and know the column's name. The adapter knows the column's type
//! and asks for it. A value that is not of that type is a [`DecodeError`] that names the column. No number passes through a float.
//!
//! | Asked for | Taken |
//! |---|---|
//! | [`Cell::text`] | a string |
//! | [`Cell::id`] | a string, or a whole number as text |
//! | [`Cell::int`] | a whole number, or one in a string |
//! | [`Cell::flag`] | `true`, `false`, 0, 1, or these in a string |
//! | [`Cell::amount`], [`Cell::quantity`] | by [`Decimals`] |
//! | [`Cell::moment`] | RFC 3339 text; a whole number counts [`TimeUnit`]s since 1970, or smaller ones where those would lead out of the years 1 to 9999 |
//! | [`Cell::date`] | `2025-03-14`; a whole number counts [`TimeUnit`]s since 1970, without a zone |
//!
//! Each has an `opt_` form: an absent column and `null` are `None`. A column that a source leaves out is absent and not an error until it is
//! required, and a column that the adapter does not know is passed over.

use std::borrow::Cow;

use base64::Engine as _;
use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::decode_error::DecodeError;
use super::row_image::RowImage;
use crate::facts::{Amount, Currency, Moment, Quantity, Sku};

/// How decimals are written: what `decimal.handling.mode` of the connector says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Decimals {
    /// `string`: `"129.9000"`; a JSON number is taken too.
    #[default]
    Text,
    /// `precise`: base64 of the unscaled big-endian two's complement, the scale known from the column; or `{"scale":2,"value":"Mr4="}`.
    Base64,
}

/// What a whole number counts, in a column of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TimeUnit {
    /// Days.
    Days,
    /// Seconds.
    Seconds,
    /// Milliseconds.
    Millis,
    /// Microseconds; what is below a millisecond is cut off.
    Micros,
    /// Nanoseconds; what is below a millisecond is cut off.
    Nanos,
}

/// A column's name and its JSON text; empty text where the row lacks the column.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cell<'a> {
    name: &'static str,
    json: &'a str,
}

impl<'de: 'a, 'a> Deserialize<'de> for Cell<'a> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <&'a RawValue>::deserialize(deserializer).map(|raw| Self { name: "", json: raw.get() })
    }
}

/// A row (or JSON object) whose members are [`Cell`]s: made by [`columns!`].
pub trait Columns<'a>: Sized {
    /// Decodes an object; `field` names it in a decode error.
    ///
    /// # Errors
    /// The text is no JSON object, or has a wanted member twice.
    fn read(field: &str, json: &'a str) -> Result<Self, DecodeError> {
        Self::of(field, &RowImage::new(json))
    }

    /// ... of which the members may be known already.
    ///
    /// # Errors
    /// As [`Self::read`].
    fn of(field: &str, image: &RowImage<'a>) -> Result<Self, DecodeError>;
}

/// Declares a row: a struct of [`Cell`]s, each named as its column, or as the text after `=` where that is no Rust name.
///
/// ```text
/// columns! {
///     /// A sales order's header.
///     pub struct SalesHeader { document_type = "Document Type", no = "No_" }
/// }
/// ```
macro_rules! columns {
    ($($(#[$doc:meta])* $vis:vis struct $row:ident { $($field:ident $(= $name:literal)?),* $(,)? })+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, ::serde::Deserialize)]
        #[serde(default)]
        $vis struct $row<'a> {
            $(#[serde(borrow $(, rename = $name)?)] pub $field: $crate::envelope::values::Cell<'a>,)*
        }

        #[allow(dead_code)]
        impl $row<'_> {
            /// The names of its columns.
            $vis const NAMES: &'static [&'static str] = &[$($crate::envelope::values::column_name!($field $(, $name)?)),*];
        }

        #[allow(dead_code)]
        impl<'a> $row<'a> {
            /// Sets the cell of this name, if it is one of the columns; false when it has a value already.
            #[inline]
            $vis fn met(&mut self, name: &str, json: &'a str) -> bool {
                match name {
                    $($crate::envelope::values::column_name!($field $(, $name)?) => self.$field.set_once(json),)*
                    _ => true,
                }
            }

            /// Each cell under its column's name.
            $vis fn named(mut self) -> Self {
                $(self.$field = self.$field.named($crate::envelope::values::column_name!($field $(, $name)?));)*
                self
            }
        }

        impl<'a> $crate::envelope::values::Columns<'a> for $row<'a> {
            fn of(
                field: &str,
                image: &$crate::envelope::row_image::RowImage<'a>,
            ) -> Result<Self, $crate::envelope::decode_error::DecodeError> {
                let mut row = Self::default();
                if image.each(|name, json| row.met(name, json)).is_none() {
                    row = $crate::envelope::values::object(field, image.text())?;
                }
                Ok(row.named())
            }
        }
    )+};
}

macro_rules! column_name {
    ($field:ident) => {
        stringify!($field)
    };
    ($field:ident, $name:literal) => {
        $name
    };
}

pub(crate) use {column_name, columns};

/// Decodes a JSON object by serde; `field` names it in a decode error.
///
/// # Errors
/// The text is no JSON object, or has a wanted member twice.
pub fn object<'a, T: Deserialize<'a>>(field: &str, json: &'a str) -> Result<T, DecodeError> {
    if json.as_bytes().first() != Some(&b'{') {
        return Err(DecodeError::new(field, "a JSON object", json));
    }
    serde_json::from_str(json).map_err(|error| DecodeError::new(field, format!("a JSON object ({error})"), json))
}

/// Debezium writes this in place of a large value that the change did not touch. Read as a value, it would overwrite the real one.
const LEFT_OUT: &str = "__debezium_unavailable_value";

impl<'a> Cell<'a> {
    /// A cell made by hand, for values that are no member of a row.
    pub fn new(name: &'static str, json: &'a str) -> Self {
        Self { name, json }
    }

    /// Sets the value; false when there is one already.
    #[doc(hidden)]
    pub fn set_once(&mut self, json: &'a str) -> bool {
        let first = self.json.is_empty();
        self.json = json;
        first
    }

    /// The same value under this name.
    #[doc(hidden)]
    pub fn named(self, name: &'static str) -> Self {
        Self { name, ..self }
    }

    /// The column's name.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The column's JSON text; empty where the row lacks the column.
    pub fn json(&self) -> &'a str {
        self.json
    }

    /// The row lacks the column, or it is `null`.
    pub fn is_null(&self) -> bool {
        self.json.is_empty() || self.json == "null"
    }

    /// The decode error of this cell's value: `expected` says what can be read here.
    pub fn error(&self, expected: impl Into<String>) -> DecodeError {
        let found = if self.json.is_empty() { "nothing" } else { self.json };
        let plain = found.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(found);
        DecodeError::new(self.name, expected, plain)
    }

    fn opt<T>(&self, read: impl FnOnce(&Self) -> Result<T, DecodeError>) -> Result<Option<T>, DecodeError> {
        if self.is_null() { Ok(None) } else { read(self).map(Some) }
    }

    /// What stands between the quotes of a string, escapes resolved; `None` for what is no string, and for a value that was left out.
    fn string(&self) -> Option<Cow<'a, str>> {
        let inner = self.json.strip_prefix('"')?.strip_suffix('"')?;
        if inner == LEFT_OUT {
            return None;
        }
        if inner.as_bytes().contains(&b'\\') {
            return serde_json::from_str(self.json).ok().map(Cow::Owned);
        }
        Some(Cow::Borrowed(inner))
    }

    /// The characters of a string or number: what a number may be read from.
    fn characters(&self) -> Option<Cow<'a, str>> {
        match self.json.as_bytes().first()? {
            b'"' => self.string(),
            b'-' | b'0'..=b'9' => Some(Cow::Borrowed(self.json)),
            _ => None,
        }
    }

    /// A string.
    pub fn text(&self) -> Result<Cow<'a, str>, DecodeError> {
        self.string().ok_or_else(|| self.error("text"))
    }

    /// A string; `None` for an absent column and `null`.
    pub fn opt_text(&self) -> Result<Option<Cow<'a, str>>, DecodeError> {
        self.opt(Self::text)
    }

    /// Text; an absent column and `null` are empty.
    pub fn text_or_empty(&self) -> Result<Cow<'a, str>, DecodeError> {
        Ok(self.opt_text()?.unwrap_or_default())
    }

    /// Text that is not blank, trimmed.
    pub fn filled(&self) -> Result<Option<Cow<'a, str>>, DecodeError> {
        Ok(self.opt_text()?.map(trimmed).filter(|text| !text.is_empty()))
    }

    /// An identifier: text that is not empty, or a whole number.
    pub fn id(&self) -> Result<Cow<'a, str>, DecodeError> {
        let whole = |text: &str| !text.is_empty() && (self.json.starts_with('"') || !text.contains(['.', 'e', 'E']));
        self.characters().filter(|text| whole(text)).ok_or_else(|| self.error("an identifier (text or a whole number)"))
    }

    /// An identifier; `None` for an absent column and `null`.
    pub fn opt_id(&self) -> Result<Option<Cow<'a, str>>, DecodeError> {
        self.opt(Self::id)
    }

    /// A whole number, or one in a string.
    pub fn int(&self) -> Result<i64, DecodeError> {
        self.characters().and_then(|text| text.trim().parse().ok()).ok_or_else(|| self.error("a whole number"))
    }

    /// A whole number; `None` for an absent column and `null`.
    pub fn opt_int(&self) -> Result<Option<i64>, DecodeError> {
        self.opt(Self::int)
    }

    /// `true` or `false`, 1 or 0, or one of these in a string.
    pub fn flag(&self) -> Result<bool, DecodeError> {
        match self.json.trim_matches('"') {
            "true" | "1" => Ok(true),
            "false" | "0" => Ok(false),
            _ => Err(self.error("yes or no (true, false, 1, 0)")),
        }
    }

    /// Yes or no; `None` for an absent column and `null`.
    pub fn opt_flag(&self) -> Result<Option<bool>, DecodeError> {
        self.opt(Self::flag)
    }

    /// A SKU.
    pub fn sku(&self) -> Result<Sku, DecodeError> {
        Sku::new(&self.text()?).ok_or_else(|| self.error(format!("a SKU of 1 to {} bytes", Sku::BYTES_MAX)))
    }

    /// A currency code of three letters.
    pub fn currency(&self) -> Result<Currency, DecodeError> {
        self.string().and_then(|code| Currency::new(&code)).ok_or_else(|| self.error("a currency code of three letters"))
    }

    /// An exact decimal. `scale` is the column's, for base64.
    pub fn decimal(&self, form: Decimals, scale: u32) -> Result<Decimal, DecodeError> {
        let (read, expected) = match form {
            Decimals::Text => (self.characters().and_then(|text| plain_decimal(&text)), "a decimal as text or number"),
            Decimals::Base64 => (self.unscaled(scale), "a decimal as base64 of its unscaled bytes"),
        };
        read.ok_or_else(|| self.error(expected))
    }

    fn unscaled(&self, scale: u32) -> Option<Decimal> {
        #[derive(Deserialize)]
        struct VariableScale<'v> {
            scale: u32,
            #[serde(borrow)]
            value: Cow<'v, str>,
        }
        match self.json.as_bytes().first()? {
            b'"' => unscaled_decimal(&self.string()?, scale),
            b'{' => {
                let variable: VariableScale<'_> = serde_json::from_str(self.json).ok()?;
                unscaled_decimal(&variable.value, variable.scale)
            }
            // `decimal.format = NUMERIC` of the converter.
            _ => plain_decimal(self.json),
        }
    }

    /// An amount of money. `scale` is the column's, for base64.
    pub fn amount(&self, form: Decimals, scale: u32) -> Result<Amount, DecodeError> {
        Amount::new(self.decimal(form, scale)?).ok_or_else(|| self.error("an amount of at most 8 decimal places, below 10^12"))
    }

    /// An amount; `None` for an absent column and `null`.
    pub fn opt_amount(&self, form: Decimals, scale: u32) -> Result<Option<Amount>, DecodeError> {
        self.opt(|cell| cell.amount(form, scale))
    }

    /// A quantity. `scale` is the column's, for base64.
    pub fn quantity(&self, form: Decimals, scale: u32) -> Result<Quantity, DecodeError> {
        Quantity::new(self.decimal(form, scale)?).ok_or_else(|| self.error("a quantity of at most 12 decimal places, below 10^12"))
    }

    /// A quantity; `None` for an absent column and `null`.
    pub fn opt_quantity(&self, form: Decimals, scale: u32) -> Result<Option<Quantity>, DecodeError> {
        self.opt(|cell| cell.quantity(form, scale))
    }

    /// A moment; `unit` is what a whole number counts.
    pub fn moment(&self, unit: TimeUnit) -> Result<Moment, DecodeError> {
        let read = match self.json.as_bytes().first() {
            Some(b'"') => self.string().and_then(|text| Moment::parse_rfc3339(&text)),
            Some(b'{') => return Err(self.error(STRUCTURED)),
            _ => self.json.parse().ok().and_then(|count| since_epoch(count, unit)),
        };
        read.ok_or_else(|| self.error("a moment of the years 1 to 9999"))
    }

    /// A moment; absent, `null` and the blank date of NAV (1753-01-01) are `None`.
    pub fn opt_moment(&self, unit: TimeUnit) -> Result<Option<Moment>, DecodeError> {
        Ok(self.opt(|cell| cell.moment(unit))?.filter(|moment| !BLANK_DAY.contains(&moment.0)))
    }

    /// A civil date; of a column with a time of day, the day.
    pub fn date(&self, unit: TimeUnit) -> Result<Date, DecodeError> {
        let read = match self.json.as_bytes().first() {
            Some(b'"') => self.string().and_then(|text| text.get(..10)?.parse().ok()),
            Some(b'{') => return Err(self.error(STRUCTURED)),
            _ => self.json.parse().ok().and_then(|count| since_epoch(count, date_unit(count, unit))).and_then(utc_date),
        };
        read.ok_or_else(|| self.error("a date of the years 1 to 9999"))
    }

    /// A civil date; absent, `null` and the blank date of NAV (1753-01-01) are `None`.
    pub fn opt_date(&self, unit: TimeUnit) -> Result<Option<Date>, DecodeError> {
        Ok(self.opt(|cell| cell.date(unit))?.filter(|date| *date != BLANK_DATE))
    }

    /// The object in this cell; `None` for absent and `null`.
    pub fn object<T: Columns<'a>>(&self) -> Result<Option<T>, DecodeError> {
        self.opt(|cell| T::read(cell.name, cell.json))
    }

    /// The values of the array in this cell, in order, each under the cell's name; none for absent and `null`.
    pub fn elements(&self) -> Result<Vec<Self>, DecodeError> {
        if self.is_null() {
            return Ok(Vec::new());
        }
        let items: Vec<&'a RawValue> = serde_json::from_str(self.json).map_err(|_| self.error("a list"))?;
        Ok(items.into_iter().map(|item| Self::new(self.name, item.get())).collect())
    }

    /// The objects of the array in this cell, in order; none for absent and `null`.
    pub fn objects<T: Columns<'a>>(&self) -> Result<Vec<T>, DecodeError> {
        if self.is_null() {
            return Ok(Vec::new());
        }
        let items: Vec<&'a RawValue> = serde_json::from_str(self.json).map_err(|_| self.error("a list"))?;
        items
            .iter()
            .enumerate()
            .map(|(i, item)| T::read("", item.get()).map_err(|error| error.within(&format!("{}[{i}]", self.name))))
            .collect()
    }
}

/// Debezium's mode of that name writes a time as an object of its parts.
const STRUCTURED: &str = "a time as text or number (the connector's time.precision.mode is structured: set another)";

const BLANK_DATE: Date = Date::constant(1753, 1, 1);
/// 1753-01-01, in milliseconds: the "no date" of NAV, which SQL Server's `datetime` can't go below.
const BLANK_DAY: std::ops::Range<i64> = -6_847_804_800_000..-6_847_718_400_000;

fn trimmed(text: Cow<'_, str>) -> Cow<'_, str> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
        Cow::Owned(text) => Cow::Owned(text.trim().to_owned()),
    }
}

/// A plain decimal, exactly. Zeros at the end of the fraction do not count, so that `decimal(38,20)` of a database fits.
fn plain_decimal(text: &str) -> Option<Decimal> {
    let text = text.trim();
    if !text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'.' | b'-' | b'+')) {
        return Decimal::from_scientific(text).ok();
    }
    let short = if text.contains('.') { text.trim_end_matches('0') } else { text };
    Decimal::from_str_exact(short.strip_suffix('.').unwrap_or(short)).ok()
}

/// Base64 of big-endian two's complement of any length, times 10^-scale.
fn unscaled_decimal(base64: &str, scale: u32) -> Option<Decimal> {
    let mut bytes = [0; 64];
    let len = base64::engine::general_purpose::STANDARD.decode_slice(base64, &mut bytes).ok()?;
    let bytes = bytes.get(..len)?;
    let sign = if bytes.first()? & 0x80 == 0 { 0x00 } else { 0xff };
    let (extension, digits) = bytes.split_at(len.saturating_sub(16));
    if extension.iter().any(|byte| *byte != sign) || (len > 16 && (digits[0] & 0x80 == 0) != (sign == 0)) {
        return None;
    }
    let mut wide = [sign; 16];
    wide[16 - digits.len()..].copy_from_slice(digits);
    let (mut value, mut scale) = (i128::from_be_bytes(wide), scale);
    while scale > 0 && value % 10 == 0 {
        value /= 10;
        scale -= 1;
    }
    Decimal::try_from_i128_with_scale(value, scale).ok()
}

/// Writes bytes as base64, as Kafka Connect's JSON converter does.
pub(crate) fn base64_text(bytes: &[u8], out: &mut Vec<u8>) {
    let start = out.len();
    let length = bytes.len().div_ceil(3) * 4;
    out.resize(start + length, 0);
    // The room is just what padded base64 takes.
    let written = base64::engine::general_purpose::STANDARD.encode_slice(bytes, &mut out[start..]).unwrap_or_default();
    out.truncate(start + written);
}

/// A number of milliseconds that would be after the year 9999, or before the year 1, counts smaller units: Debezium writes microseconds or nanoseconds for
/// columns of that precision, and for all in the modes `microseconds` and `nanoseconds`. So counted no time from 1978 on can be taken for another, and
/// none that a shop has written lies before.
fn since_epoch(count: i64, unit: TimeUnit) -> Option<Moment> {
    if unit == TimeUnit::Millis {
        let smaller = [count, count.div_euclid(1_000), count.div_euclid(1_000_000)];
        return smaller.into_iter().find_map(Moment::checked);
    }
    let millis = match unit {
        TimeUnit::Days => count.checked_mul(86_400_000)?,
        TimeUnit::Seconds => count.checked_mul(1_000)?,
        TimeUnit::Millis => count,
        TimeUnit::Micros => count.div_euclid(1_000),
        TimeUnit::Nanos => count.div_euclid(1_000_000),
    };
    Moment::checked(millis)
}

/// The unit of a date: as milliseconds, so small a number would be of the first minutes of 1970, but it is the number of days until some day this side
/// of the year 2243, as Debezium writes a column of dates without a time.
fn date_unit(count: i64, unit: TimeUnit) -> TimeUnit {
    let is_of_days = unit == TimeUnit::Millis && count.unsigned_abs() < 100_000;
    if is_of_days { TimeUnit::Days } else { unit }
}

fn utc_date(moment: Moment) -> Option<Date> {
    let stamp = jiff::Timestamp::from_millisecond(moment.0).ok()?;
    Some(jiff::tz::Offset::UTC.to_datetime(stamp).date())
}

#[cfg(test)]
mod tests {
    use super::*;

    columns! {
        struct Sample { id, total, no = "No_", placed_at, lines }
        struct Part { price }
    }

    fn cell(json: &str) -> Cell<'_> {
        Cell::new("total", json)
    }

    #[test]
    fn a_value_that_was_left_out_is_never_taken_for_the_value() {
        let left_out = cell("\"__debezium_unavailable_value\"");
        let error = left_out.text().expect_err("no text").to_string();
        assert!(error.contains("__debezium_unavailable_value"), "{error}");
        assert!(left_out.opt_text().is_err() && left_out.filled().is_err() && left_out.id().is_err() && left_out.text_or_empty().is_err());
    }

    /// MySQL's `tinyint(1)` is a number in a snapshot and may be a boolean behind it (debezium/debezium#1262, airbytehq/airbyte#18619).
    #[test]
    fn flags_are_read_in_every_form() {
        for (json, flag) in [("1", true), ("0", false), ("true", true), ("false", false), ("\"1\"", true), ("\"false\"", false)] {
            assert_eq!(cell(json).flag().ok(), Some(flag), "{json}");
        }
        assert_eq!(cell("null").opt_flag().ok(), Some(None));
        for other in ["2", "\"\"", "\"yes\"", "[1]"] {
            assert!(cell(other).flag().is_err(), "{other}");
        }
    }

    #[test]
    fn decimals_of_base64_keep_sign_and_every_digit() {
        let vectors = [
            ("AA==", "0"),
            ("AQ==", "0.01"),
            ("/w==", "-0.01"),
            ("AIA=", "1.28"),
            ("gA==", "-1.28"),
            ("/38=", "-1.29"),
            ("Mr4=", "129.90"),
            ("zUI=", "-129.90"),
            ("WvMQej//", "999999999999.99"),
        ];
        for (base64, value) in vectors {
            let json = format!("\"{base64}\"");
            assert_eq!(cell(&json).amount(Decimals::Base64, 2).ok(), Amount::parse(value), "{base64}");
        }
        // 129.90 again, in 20 bytes.
        let long = format!("\"{}\"", base64::engine::general_purpose::STANDARD.encode([&[0; 18][..], &[0x32, 0xbe]].concat()));
        assert_eq!(cell(&long).amount(Decimals::Base64, 2).ok(), Amount::parse("129.90"));
        assert_eq!(cell(r#"{"scale":1,"value":"AQ=="}"#).amount(Decimals::Base64, 2).ok(), Amount::parse("0.1"));
    }

    #[test]
    fn decimals_of_text_are_exact_whatever_their_length() {
        for (json, value) in [
            ("\"113.0500\"", "113.05"),
            ("113.05", "113.05"),
            ("\"-0.0000\"", "0"),
            ("\"1234567890.50000000000000000000\"", "1234567890.5"),
            ("1e2", "100"),
        ] {
            assert_eq!(cell(json).amount(Decimals::Text, 0).ok(), Amount::parse(value), "{json}");
        }
        let error = cell("\"Mr4=\"").amount(Decimals::Text, 0).expect_err("no decimal");
        assert_eq!(error.to_string(), "field \"total\": expected a decimal as text or number, found \"Mr4=\"");
    }

    #[test]
    fn times_of_every_encoding_are_one_moment() {
        let moment = Moment::parse_rfc3339("2025-03-14T09:26:53.512Z");
        for (json, unit) in [
            ("\"2025-03-14T09:26:53.512Z\"", TimeUnit::Millis),
            ("\"2025-03-14T10:26:53.512+01:00\"", TimeUnit::Millis),
            ("1741944413512", TimeUnit::Millis),
            ("1741944413512000", TimeUnit::Micros),
            ("1741944413512000000", TimeUnit::Nanos),
        ] {
            assert_eq!(cell(json).moment(unit).ok(), moment, "{json}");
        }
        assert_eq!(cell("20164").date(TimeUnit::Days).ok(), "2025-03-17".parse().ok());
        assert_eq!(cell("-6847804800000").opt_moment(TimeUnit::Millis), Ok(None));
        assert_eq!(cell("-6847804800000").opt_date(TimeUnit::Millis), Ok(None));
        // The mode that the connector was set to shows in the size of the number.
        for json in ["1741944413512", "1741944413512000", "1741944413512999000"] {
            assert_eq!(cell(json).moment(TimeUnit::Millis).ok(), moment, "{json}");
        }
        for json in ["20164", "1742169600000", "1742169600000000", "1742169600000000000", "\"2025-03-17Z\"", "\"2025-03-17T00:00:00Z\""] {
            assert_eq!(cell(json).date(TimeUnit::Millis).ok(), "2025-03-17".parse().ok(), "{json}");
        }
        // So many days, or so many milliseconds: 100,000 of them are the second minute of 1970.
        for (json, date) in [("99999", "2243-10-16"), ("-99999", "1696-03-18"), ("100000", "1970-01-01")] {
            assert_eq!(cell(json).date(TimeUnit::Millis).ok(), date.parse().ok(), "{json}");
        }
        // Debezium leaves zeros of a fraction away (DBZ-5996, debezium/debezium#4186).
        for (json, millis) in
            [("\"2023-01-11T12:30:00.123123Z\"", 123), ("\"2023-01-11T12:30:00.123Z\"", 123), ("\"2023-01-11T12:30:00Z\"", 0)]
        {
            assert_eq!(cell(json).moment(TimeUnit::Millis).map(|moment| moment.0), Ok(1_673_440_200_000 + millis), "{json}");
        }
        assert_eq!(cell("-6847804800000000").opt_date(TimeUnit::Millis), Ok(None));
        assert!(cell("99999999999999999").moment(TimeUnit::Days).is_err());
        for error in
            [cell(r#"{"seconds":1,"nanos":0}"#).moment(TimeUnit::Millis).err(), cell(r#"{"year":2025}"#).date(TimeUnit::Millis).err()]
        {
            assert!(error.expect("refused").to_string().contains("time.precision.mode is structured"));
        }
    }

    #[test]
    fn a_row_names_its_columns_in_errors() {
        let row = Sample::read("after", r#"{"id":"7","No_":"S-1","total":true,"other":[1,{"a":2}],"lines":[{"price":"1"},{"price":"x"}]}"#)
            .expect("a row");
        assert_eq!((row.id.int(), row.no.text().as_deref()), (Ok(7), Ok("S-1")));
        let error = row.total.amount(Decimals::Text, 4).expect_err("a flag is no amount");
        assert_eq!(error.to_string(), "field \"total\": expected a decimal as text or number, found \"true\"");
        let error = row.placed_at.moment(TimeUnit::Millis).expect_err("absent");
        assert_eq!(error.to_string(), "field \"placed_at\": expected a moment of the years 1 to 9999, found \"nothing\"");
        let parts: Vec<Part<'_>> = row.lines.objects().expect("a list");
        assert_eq!(parts.len(), 2);
        assert!(Sample::read("after", "[]").is_err());
    }
}
